"""Two incidents side by side, as before and after a change of a timeout: settings, margins, windows, counts; and both on one clock.

Silence stays unknown here too: what an incident does not tell is a dash, and of what was open when its evidence ends, it is 'at least'.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from analyzer.analysis import Analysis
from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.lifecycle.coverage import family
from analyzer.outputs.report.abreast import drawn
from analyzer.outputs.report.embed import plain
from analyzer.outputs.report.page import story_of
from analyzer.outputs.report.verdict import covered, verdict
from analyzer.outputs.report.workloads import lasted, signed, workloads
from analyzer.outputs.words import upper
from analyzer.vocabulary import FindingKind as F

_HEADLINE = 3


class Side:
    """One of the two, as what can be counted in it. Findings that are by design count only where it is said."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis

    @cached_property
    def of(self) -> dict[str, list[Finding]]:
        found: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.analysis.findings:
            if not finding.expected:
                found[finding.kind].append(finding)
        return found

    def lasted(self, finding: Finding) -> float:
        return lasted(finding, self.analysis.life)

    @cached_property
    def api(self) -> bool:
        """Whether anything tells of the API's view: else that nothing was found there says nothing."""
        known = ("kubernetes", "event-table", "audit")
        return any(family(c.source_kind) in known for c in self.analysis.life.coverage)

    @cached_property
    def asked(self) -> bool:
        """Whether of any controller it is known how many pods were asked for."""
        return any(c.wanted is not None for c in self.analysis.life.controllers)

    def least(self, key: str, group: str | None = None) -> float | None:
        """The smallest of a deadline's figures over all outages; of a group of figures within them."""
        told = []
        for outage in self.of.get(F.KUBELET_OUTAGE, ()):
            figures = outage.details.get("deadlines") or {}
            told.append((figures.get(group) or {} if group else figures).get(key))
        return min((float(v) for v in told if isinstance(v, int | float)), default=None)

    def settings(self) -> dict[str, str]:
        """How this cluster was set, in words, as far as its outages tell; several values where they differ."""
        found: dict[str, list[str]] = defaultdict(list)
        for outage in self.of.get(F.KUBELET_OUTAGE, ()):
            for key, value in ((outage.details.get("deadlines") or {}).get("settings") or {}).items():
                words = f"{signed(float(value['value_s']))} ({'assumed' if value['assumed'] else value['from']})"
                if words not in found[key]:
                    found[key].append(words)
        return {key: " or ".join(values) for key, values in found.items()}


@dataclass(frozen=True)
class Measure:
    """``better``: less or more of it is, or neither. ``open``: kinds of finding of which an open one makes it 'at least'."""

    label: str
    of: Callable[[Side], float | None]
    write: Callable[[float], str]
    better: str | None = "less"
    open: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    label: str
    one: str
    other: str
    change: str = ""
    verdict: str = ""  # better, worse


def _number(value: float) -> str:
    return f"{value:,.0f}".replace("-", "−")


def _pod_seconds(value: float) -> str:
    return f"{value:,.1f} pod·s".replace("-", "−")


_Figure = Callable[[Side], float | None]


def _count(kind: str, test: Callable[[Finding], bool] = lambda _: True) -> _Figure:
    return lambda side: sum(1 for f in side.of.get(kind, ()) if test(f))


def _sum(kind: str) -> _Figure:
    return lambda side: sum(side.lasted(f) for f in side.of.get(kind, ()))


def _api(figure: _Figure) -> _Figure:
    """Not known where nothing tells of the API's view."""
    return lambda side: figure(side) if side.api else None


def _asked(figure: _Figure) -> _Figure:
    """Not known where nothing tells how many were asked for."""
    return lambda side: figure(side) if side.asked else None


def _longest(kind: str) -> _Figure:
    return lambda side: max((side.lasted(f) for f in side.of.get(kind, ())), default=None)


def _excess(kind: str) -> _Figure:
    return lambda side: sum(abs(float(f.details.get("excess_pod_seconds") or 0)) for f in side.of.get(kind, ()))


def _least(key: str, group: str | None = None) -> _Figure:
    return lambda side: side.least(key, group)


def _outcome(outcome: str) -> _Figure:
    return _count(F.ORPHANED_CONTAINER, lambda f: f.details.get("outcome") == outcome)


_OVER, _UNDER, _ORPHAN, _OUTAGE = F.OVERSHOOT_WINDOW, F.UNDERSHOOT_WINDOW, F.ORPHANED_CONTAINER, F.KUBELET_OUTAGE
GROUPS: dict[str, list[Measure]] = {
    "Outages of kubelets": [
        Measure("outages", _count(_OUTAGE), _number),
        Measure("longest outage", _longest(_OUTAGE), signed, open=(_OUTAGE,)),
        Measure("outages with evictions", _api(_count(_OUTAGE, lambda f: f.details.get("effect") == "evicted")), _number),
        Measure("spells of not Ready", _api(_count(F.NODE_UNREACHABLE)), _number),
        Measure("time not Ready, in all", _api(_sum(F.NODE_UNREACHABLE)), signed, open=(F.NODE_UNREACHABLE,)),
    ],
    "Margins, of the outage that came closest (negative: it was too late)": [
        Measure("back before not Ready by", _least("not_ready_margin_s"), signed, "more"),
        Measure("back before eviction by", _least("eviction_margin_s"), signed, "more"),
        Measure("back before not Ready by, at Kubernetes' default settings", _least("not_ready_margin_s", "by_default"), signed, "more"),
        Measure("not Ready after", _least("not_ready_after_s"), signed, None),
        Measure("evicted after", _least("evicted_after_s"), signed, None),
        Measure("replaced after", _least("replaced_after_s"), signed, None),
    ],
    "Containers without a kubelet": [
        Measure("orphaned spells", _count(_ORPHAN), _number),
        Measure("time unsupervised, over all containers", _sum(_ORPHAN), signed, open=(_ORPHAN,)),
        Measure("adopted", _outcome("adopted"), _number, None),
        Measure("removed", _outcome("removed"), _number),
        Measure("ended by themselves", _outcome("exited"), _number),
        Measure("still running at the end", _outcome("running"), _number),
    ],
    "Windows (those by design do not count)": [
        Measure("windows with more pods than asked for", _asked(_count(_OVER)), _number),
        Measure("longest of them", _longest(_OVER), signed, open=(_OVER,)),
        Measure("more than asked for, in all", _asked(_excess(_OVER)), _pod_seconds, open=(_OVER,)),
        Measure("windows with fewer pods than asked for", _asked(_count(_UNDER)), _number),
        Measure("longest of those", _longest(_UNDER), signed, open=(_UNDER,)),
        Measure("fewer than asked for, in all", _asked(_excess(_UNDER)), _pod_seconds, open=(_UNDER,)),
    ],
}
_KEY = ("outages with evictions", "back before eviction by", "back before not Ready by", "windows with more pods than asked for")


def compared(one: Analysis, other: Analysis) -> dict[str, Any]:
    """The template's variables, but for titles and command."""
    sides = (Side(one), Side(other))
    groups = [("Settings", list(_settings(*sides)))] + [(title, [_row(m, *sides) for m in some]) for title, some in GROUPS.items()]
    by_controller, more = workloads(one, other)
    rows = [row for _, some in groups for row in some]
    changed = [r for label in _KEY for r in rows if r.label == label and r.verdict]
    headline = "; ".join(f"{r.label}: {r.one} → {r.other} ({r.verdict})" for r in changed[:_HEADLINE])
    return {
        "headline": upper(headline) or "In evictions, margins and windows the two do not differ.",
        "groups": [(title, some) for title, some in groups if some],
        "kinds": list(_kinds(*sides)),
        "controllers": by_controller,
        "more": more,
        "picture": drawn(one, other),
        "sides": [_told(s.analysis) for s in sides],
    }


def _row(measure: Measure, one: Side, other: Side) -> Row:
    values = measure.of(one), measure.of(other)
    words = [_words(measure, side, value) for side, value in zip((one, other), values, strict=True)]
    before, after = values
    if before is None or after is None:
        return Row(measure.label, words[0], words[1])
    change = after - before
    same = measure.write(before) == measure.write(after)
    told_ = "the same" if same else ("+" if change > 0 else "") + measure.write(change)
    better = "" if same or measure.better is None else "better" if (change < 0) == (measure.better == "less") else "worse"
    return Row(measure.label, words[0], words[1], told_, better)


def _words(measure: Measure, side: Side, value: float | None) -> str:
    if value is None:
        return "–"
    unended = any(f.end.time is None for kind in measure.open for f in side.of.get(kind, ()))
    return ("at least " if unended else "") + measure.write(value)


def _settings(one: Side, other: Side) -> Iterator[Row]:
    known = one.settings(), other.settings()
    for key in sorted({*known[0], *known[1]}):
        pair = [plain(side.get(key, "–")) for side in known]
        change = "" if "–" in pair else "the same" if pair[0] == pair[1] else "changed"
        yield Row(key, pair[0], pair[1], change)


def _kinds(one: Side, other: Side) -> Iterator[Row]:
    measures = [Measure(plain(kind), _count(kind), _number) for kind in sorted({*one.of, *other.of})]
    yield from (_row(m, one, other) for m in measures)


def _told(analysis: Analysis) -> dict[str, Any]:
    life = analysis.life
    span = f"{life.start:%Y-%m-%d %H:%M:%S}Z to {life.end:%Y-%m-%d %H:%M:%S}Z ({seconds(life.end - life.start)})"
    return {"span": span, "verdict": verdict(analysis), "story": story_of(analysis), "covered": covered(analysis)}
