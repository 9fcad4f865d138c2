"""Findings against truth: who is matched with whom, and how far off the edges are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from bench.accuracy.truth import Bracket, Spell, Truth

KINDS = ("kubelet-outage", "orphaned-container", "adoption", "overshoot-window")
TOLERANCE = 2.5
"""Seconds that an edge may lie outside of its bracket."""

SHORTEST = timedelta(seconds=2)
"""A finding shorter than this may lie between two ticks: if nothing matches it, it counts as nothing."""


@dataclass
class Tally:
    """The score of one kind of finding, over one capture or many."""

    matched: int = 0
    false: int = 0
    missed: int = 0
    unjudged: int = 0
    start_errors: list[float] = field(default_factory=list)
    end_errors: list[float] = field(default_factory=list)
    right: int = 0  # of the matched: the outcome (orphans), the sets (adoptions)
    remarks: list[str] = field(default_factory=list)
    judged: list[tuple[str, bool]] = field(default_factory=list)  # of each judged finding: its confidence, and whether it is right

    @property
    def f1(self) -> float | None:
        """None where there was nothing to find and nothing was found."""
        total = 2 * self.matched + self.false + self.missed
        return 2 * self.matched / total if total else None

    def add(self, other: "Tally") -> None:
        self.matched += other.matched
        self.false += other.false
        self.missed += other.missed
        self.unjudged += other.unjudged
        self.start_errors += other.start_errors
        self.end_errors += other.end_errors
        self.right += other.right
        self.remarks += other.remarks
        self.judged += other.judged


def spread(errors: Sequence[float]) -> tuple[float, float] | None:
    """Median and maximum of the sizes of the errors, in seconds."""
    sizes = [abs(e) for e in errors]
    return (median(sizes), max(sizes)) if sizes else None


def score(truth: Truth, findings: Iterable[dict[str, Any]]) -> dict[str, Tally]:
    """One tally a kind."""
    found = list(findings)
    return {
        kind: _score_kind([s for s in truth.spells if s.kind == kind], [f for f in found if f["kind"] == kind], truth) for kind in KINDS
    }


def unexpected(findings: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Findings that are not by design, counted by kind."""
    counts: dict[str, int] = {}
    for finding in findings:
        if not finding["expected"]:
            counts[finding["kind"]] = counts.get(finding["kind"], 0) + 1
    return dict(sorted(counts.items()))


def _score_kind(spells: list[Spell], findings: list[dict[str, Any]], truth: Truth) -> Tally:
    """One to one, the closest first."""
    pairs = []
    for s, spell in enumerate(spells):
        for f, finding in enumerate(findings):
            errors = _errors(spell, finding, truth)
            if errors and max(map(abs, errors)) <= TOLERANCE:
                pairs.append((sum(map(abs, errors)), s, f, errors))
    tally = Tally()
    spells_left, findings_left = set(range(len(spells))), set(range(len(findings)))
    for _, s, f, (start_error, end_error) in sorted(pairs):
        if s not in spells_left or f not in findings_left:
            continue
        spells_left.discard(s)
        findings_left.discard(f)
        if not spells[s].scored:
            tally.unjudged += 1
            continue
        tally.matched += 1
        tally.start_errors.append(start_error)
        if spells[s].kind != "adoption":
            tally.end_errors.append(end_error)
        tally.judged.append((str(findings[f].get("confidence")), _is_right(spells[s], findings[f])))
        if tally.judged[-1][1]:
            tally.right += 1
        else:
            tally.remarks.append(f"wrong verdict: {describe(spells[s])} against {_told(findings[f])}")
    for s in sorted(spells_left):
        if spells[s].scored:
            tally.missed += 1
            tally.remarks.append(f"missed: {describe(spells[s])}")
    for f in sorted(findings_left):
        if _is_beyond_judgement(findings[f], [spells[s] for s in spells_left], truth):
            tally.unjudged += 1
        else:
            tally.false += 1
            tally.judged.append((str(findings[f].get("confidence")), False))
            tally.remarks.append(f"false: {_told(findings[f])}")
    return tally


def _errors(spell: Spell, finding: dict[str, Any], truth: Truth) -> tuple[float, float] | None:
    """How far each edge is off; None: about something else, or open where the truth is not."""
    if not _same_who(spell, finding):
        return None
    start = _edge_error(spell.start, _time(finding["start"]), truth.first, early=True)
    end = 0.0 if spell.kind == "adoption" else _edge_error(spell.end, _time(finding["end"]), truth.last, early=False)
    return None if start is None or end is None else (start, end)


def _edge_error(edge: Bracket | None, time: datetime | None, bound: datetime, early: bool) -> float | None:
    """An open edge is as good as one that lies where the polls begin or end."""
    if edge is None:
        beyond = time is None or (time <= bound if early else time >= bound)
        return 0.0 if beyond else (time - bound).total_seconds() if time else None
    if time is None:
        return edge.distance(bound)
    return edge.distance(time)


def _same_who(spell: Spell, finding: dict[str, Any]) -> bool:
    match spell.kind:
        case "orphaned-container":
            return spell.who == (finding["node"], str(finding["container_id"])[:12])
        case "overshoot-window":
            return spell.who == (finding["namespace"], finding["controller"])
        case _:
            return spell.who == (finding["node"],)


def _is_right(spell: Spell, finding: dict[str, Any]) -> bool:
    details = finding["details"]
    match spell.kind:
        case "orphaned-container":
            return bool(details.get("outcome") == spell.outcome)
        case "adoption":
            found = [frozenset(str(c)[:12] for c in details.get(verdict) or ()) for verdict in ("adopted", "removed")]
            return found == [spell.adopted, spell.removed]
        case _:
            return True


def _is_beyond_judgement(finding: dict[str, Any], missed: Sequence[Spell], truth: Truth) -> bool:
    """Whether the polls can't say that an unmatched finding is false."""
    start, end = _time(finding["start"]), _time(finding["end"])
    if end and (end < truth.first or (start and end - start < SHORTEST)):
        return True
    if start and start > truth.last:
        return True
    if finding["kind"] == "orphaned-container":
        return bool(finding["details"].get("cause") == "pod-deleted")  # the polls did not ask the API which pods it wants
    if finding["kind"] == "overshoot-window":
        return bool(finding["expected"]) or any(not s.scored and _same_who(s, finding) and _overlap(s, start, end) for s in missed)
    return False


def _overlap(spell: Spell, start: datetime | None, end: datetime | None) -> bool:
    after = spell.start and end and end < spell.start.low
    before = spell.end and start and start > spell.end.high
    return not (after or before)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _clock(time: datetime | None) -> str:
    return f"{time:%H:%M:%S}.{time.microsecond // 1000:03}" if time else "open"


def describe(spell: Spell) -> str:
    """A spell in one line."""
    start, end = (f"{_clock(e.low)}~{_clock(e.high)}" if e else "open" for e in (spell.start, spell.end))
    span = start if spell.kind == "adoption" else f"{start} to {end}"
    sets = {"adopted": sorted(spell.adopted), "removed": sorted(spell.removed)} if spell.kind == "adoption" else ""
    return " ".join(str(w) for w in (spell.kind, *spell.who, span, spell.outcome, sets, "" if spell.scored else "(short)") if w)


def _told(finding: dict[str, Any]) -> str:
    who = (finding[k] for k in ("node", "namespace", "controller", "pod", "container") if finding[k])
    details = {k: v for k, v in finding["details"].items() if k in ("outcome", "cause", "adopted", "removed")}
    span = f"{_clock(_time(finding['start']))} to {_clock(_time(finding['end']))}"
    words = [finding["kind"], *who, span, str(details), str(finding.get("confidence", "")), "expected" if finding["expected"] else ""]
    return " ".join(words).strip()
