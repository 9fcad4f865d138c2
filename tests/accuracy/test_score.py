"""What counts as a match, as false, as nothing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.accuracy.inputs import INPUTS, captures, files
from bench.accuracy.poll import read_poll
from bench.accuracy.score import score, unexpected
from bench.accuracy.truth import Bracket, Spell, Truth, derive

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: float) -> datetime:
    return BEGIN + timedelta(seconds=second)


def edge(second: float) -> Bracket:
    return Bracket(at(second), at(second + 1))


def finding(kind: str, start: float | None, end: float | None, **other: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(["node", "namespace", "controller", "pod", "container", "container_id"])
    times = {key: None if t is None else at(t).isoformat() for key, t in [("start", start), ("end", end)]}
    return {"kind": kind, "expected": False, "details": {}, **nothing, **times, **other}


def truth(*spells: Spell) -> Truth:
    return Truth(at(0), at(100), spells)


OUTAGE = Spell("kubelet-outage", ("node-1",), edge(10), edge(20))
ORPHAN = Spell("orphaned-container", ("node-1", "a" * 12), edge(10), edge(20), outcome="adopted")
ADOPTION = Spell("adoption", ("node-1",), edge(20), None, adopted=frozenset({"a" * 12}))
WINDOW = Spell("overshoot-window", ("default", "Deployment/web"), edge(30), None)


def test_distance_is_measured_from_the_bracket() -> None:
    tally = score(truth(OUTAGE), [finding("kubelet-outage", 9.5, 20.7, node="node-1")])["kubelet-outage"]
    assert (tally.matched, tally.start_errors, tally.end_errors, tally.f1) == (1, [-0.5], [0.0], 1.0)


@pytest.mark.parametrize(("start", "end", "node"), [(7.4, 20.5, "node-1"), (10.5, 23.6, "node-1"), (10.5, None, "node-1"), (10, 20, "x")])
def test_no_match(start: float, end: float | None, node: str) -> None:
    tally = score(truth(OUTAGE), [finding("kubelet-outage", start, end, node=node)])["kubelet-outage"]
    assert (tally.matched, tally.missed, tally.false, tally.f1) == (0, 1, 1, 0.0)


def test_outcome_and_sets_are_judged() -> None:
    findings = [
        finding("orphaned-container", 10, 20, node="node-1", container_id="a" * 64, details={"outcome": "removed"}),
        finding("adoption", 20.5, 21.5, node="node-1", details={"adopted": ["a" * 64], "removed": []}),
    ]
    tallies = score(truth(ORPHAN, ADOPTION), findings)
    assert (tallies["orphaned-container"].matched, tallies["orphaned-container"].right) == (1, 0)
    assert (tallies["adoption"].matched, tallies["adoption"].right, tallies["adoption"].end_errors) == (1, 1, [])


@pytest.mark.parametrize("end", [None, 99.0, 105.0])
def test_open_window(end: float | None) -> None:
    found = finding("overshoot-window", 30.5, end, namespace="default", controller="Deployment/web")
    assert score(truth(WINDOW), [found])["overshoot-window"].matched == 1


def test_expected_overshoot_elsewhere_counts_as_nothing() -> None:
    elsewhere = [finding("overshoot-window", 60, 70, namespace="default", controller="Deployment/web", expected=e) for e in (True, False)]
    tally = score(truth(), elsewhere)["overshoot-window"]
    assert (tally.false, tally.unjudged) == (1, 1)
    assert unexpected(elsewhere) == {"overshoot-window": 1}


def test_what_the_polls_cannot_see_counts_as_nothing() -> None:
    findings = [
        finding("kubelet-outage", 40.1, 41.2, node="node-1"),
        finding("orphaned-container", 50, 60, node="node-1", container_id="b" * 64, details={"cause": "pod-deleted"}),
    ]
    tallies = score(truth(), findings)
    assert [tallies[k].unjudged for k in ("kubelet-outage", "orphaned-container")] == [1, 1]
    assert tallies["kubelet-outage"].f1 is None


def test_nothing_found_is_missed() -> None:
    assert score(truth(OUTAGE, ORPHAN), [])["orphaned-container"].missed == 1


def told(spell: Spell) -> dict[str, Any]:
    """The finding that a perfect tool makes of a spell."""
    start, end = (edge.high.isoformat() if edge else None for edge in (spell.start, spell.end))
    details = {"outcome": spell.outcome, "adopted": sorted(spell.adopted), "removed": sorted(spell.removed)}
    found = {**finding(spell.kind, None, None, details=details), "start": start, "end": end}
    names = {"orphaned-container": ("node", "container_id"), "overshoot-window": ("namespace", "controller")}.get(spell.kind, ("node",))
    return found | dict(zip(names, spell.who, strict=True))


@pytest.mark.corpus
def test_perfect_findings_score_one_on_every_capture(corpus: Path) -> None:
    folders = captures(corpus, "*", all_runtimes=True)
    assert folders
    for folder in folders:
        true = derive(read_poll(folder / "truth.jsonl"))
        for tally in score(true, [told(spell) for spell in true.spells]).values():
            assert tally.f1 in (None, 1.0)
            assert tally.right == tally.matched
            assert tally.remarks == []


@pytest.mark.corpus
@pytest.mark.parametrize("kind", INPUTS)
def test_no_input_tells_the_truth(corpus: Path, kind: str) -> None:
    for folder in captures(corpus, "*", all_runtimes=True):
        chosen = [str(path.relative_to(folder)) for path in files(folder, kind)]
        assert any("kubelet" in name or name.endswith((".journal", ".journal~")) for name in chosen)
        assert not any(word in name for name in chosen for word in ("truth", "actions", "README"))
