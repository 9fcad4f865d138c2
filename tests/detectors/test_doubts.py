"""What makes a finding doubtful, and what would settle it: each doubt alone, at its edges.

``tests/lifecycle/test_doubts.py`` has whole incidents; here stand the moments at which a doubt begins.
"""

from typing import Any

import pytest

from analyzer.detectors.doubts import tempered
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.proof import Edge
from analyzer.vocabulary import Confidence
from analyzer.vocabulary import EventKind as E
from tests.detectors.doubting import a_finding, a_hole, covered, doubts_of
from tests.detectors.made import A, B, case, edge, event, node, outage, writing

_JOURNAL = f"the whole journal of {A} (journalctl without -u) over that time"


# --- edges


@pytest.mark.parametrize(
    ("known", "doubtful"),
    [
        (edge(10, 0, 5), False),
        (edge(10, 2.5, 2.5), False),
        (edge(10, 0, 5.001), True),
        (edge(10, 5.001, 0), True),
        (edge(10, None, 0), True),
        (edge(10, 0, None), True),
        (edge(None), False),
    ],
)
def test_an_edge_is_doubtful_if_its_bounds_are_more_than_five_seconds_apart(known: Edge, doubtful: bool) -> None:
    for start, end in ((known, edge(20)), (edge(5), known)):
        found = tempered(case(), a_finding("phantom-pod", start, end))
        assert (found.confidence == "likely") == ("depends_on" in found.details) == doubtful


def test_a_vague_edge_is_told_with_its_bounds() -> None:
    found = tempered(case(), a_finding("phantom-pod", edge(10, 6, 1), edge(20, None, None)))
    assert found.details == {
        "depends_on": [
            "its start lies somewhere between 10:00:04.0Z and 10:00:11.0Z",
            "its end lies somewhere between an unknown moment and an unknown moment",
        ],
        "settled_by": ["the runtime's events or journal of all nodes over that time"],
    }


@pytest.mark.parametrize(
    ("kind", "settles"),
    [
        ("kubelet-outage", "the node's whole journal over that time"),
        ("adoption", "the node's whole journal over that time"),
        ("node-unreachable", "the controller-manager's log, the audit log or a watch of the API over that time"),
        ("clock-skew", "pod objects and events of the same pods"),
        ("overshoot-window", "the runtime's events or journal of all nodes over that time"),
        ("installed-by-others", "more of the sources that tell of it"),
    ],
)
def test_what_would_settle_an_edge(kind: str, settles: str) -> None:
    assert tempered(case(), a_finding(kind, edge(10, None), edge(20))).details["settled_by"] == [settles]


def test_a_finding_without_doubts_stays_as_it_is() -> None:
    sure = a_finding("phantom-pod", edge(10), edge(20), details={"cause": "x"})
    assert tempered(case(), sure) is sure


@pytest.mark.parametrize("level", list(Confidence))
def test_a_doubt_makes_nothing_surer_and_its_details_stay(level: Confidence) -> None:
    found = tempered(case(), a_finding("phantom-pod", edge(10, None), edge(20), confidence=level, details={"cause": "x"}))
    assert found.confidence == (Confidence.LIKELY if level == Confidence.CERTAIN else level)
    assert found.details["cause"] == "x"


# --- outages


def _of_outage(away: Outage, *events: Event, coverage: tuple[Coverage, ...] = (), spells: tuple[Any, ...] = ()) -> list[str]:
    known = case(node(A, [away], events=events, spells=spells), coverage=list(coverage))
    return doubts_of(known, a_finding("kubelet-outage", away.start, away.end))


def _report(when: float) -> Event:
    return event(when, E.CONTAINER_SEEN_RUNNING, component="api", attributes={"reporter": "kubelet"})


def test_an_outage_with_lines_at_both_ends_is_certain() -> None:
    assert _of_outage(outage(100, 200)) == []


def test_an_outage_is_known_by_node_and_start() -> None:
    away = outage(100, 200, "unknown")
    assert doubts_of(case(node(A, [away])), a_finding("kubelet-outage", edge(101), away.end)) == []
    assert doubts_of(case(node(A, [away])), a_finding("kubelet-outage", away.start, away.end, node=B)) == []


def test_an_end_that_no_line_tells_is_a_doubt() -> None:
    away = outage(100, 200, "unknown")
    found = tempered(case(node(A, [away])), a_finding("kubelet-outage", away.start, away.end))
    assert (found.confidence, found.details["depends_on"]) == ("likely", ["no line tells how the kubelet's process ended"])
    assert found.details["settled_by"] == [_JOURNAL]


@pytest.mark.parametrize(("heard", "doubtful"), [(102, False), (102.001, True), (150, True), (197.999, True), (198, False)])
def test_what_the_api_heard_of_the_kubelet_well_within_an_outage_is_a_doubt(heard: float, doubtful: bool) -> None:
    away = outage(100, 200)
    found = tempered(case(node(A, [away], events=[_report(heard)])), a_finding("kubelet-outage", away.start, away.end))
    assert found.confidence == ("possible" if doubtful else "certain")
    if doubtful:
        assert found.details["settled_by"] == [_JOURNAL]


@pytest.mark.parametrize(
    ("start", "end", "doubtful"),
    [(50, 95, False), (50, 95.001, True), (204.999, 300, True), (205, 300, False), (120, 130, True)],
)
@pytest.mark.parametrize("kind", ["journal", "klog", "docker"])
def test_a_hole_in_the_logs_within_five_seconds_of_an_outage_is_a_doubt(kind: str, start: float, end: float, doubtful: bool) -> None:
    doubts = _of_outage(outage(100, 200), coverage=(covered(kind, a_hole(start, end)),))
    assert doubts == ([f"lines are missing on {A}: lines were dropped"] if doubtful and kind != "docker" else [])


def test_a_hole_that_the_source_has_by_nature_is_none_and_what_settles_one_may_not_be_known() -> None:
    away = outage(100, 200)
    assert _of_outage(away, coverage=(covered("journal", a_hole(120, 130, by_nature=True)),)) == []
    several = covered("journal", a_hole(110, 115, by_nature=True), a_hole(120, 130, settled_by=""))
    found = tempered(case(node(A, [away]), coverage=[several]), a_finding("kubelet-outage", away.start, away.end))
    assert found.details["settled_by"] == ["more of the sources that tell of it"]


_SILENCE = ["that the kubelet did not come back before the end is told by silence alone"]


def test_an_outage_without_an_end_is_told_by_silence() -> None:
    assert _of_outage(outage(100, None)) == _SILENCE
    assert _of_outage(outage(100, 200)) == []


@pytest.mark.parametrize("kind", [E.NODE_HEARTBEAT_MISSED, E.NODE_NOT_READY])
@pytest.mark.parametrize(("missed", "settled"), [(984.999, False), (985, True), (1000, True)])
def test_heartbeats_missed_until_the_end_settle_that_it_did_not_come_back(kind: E, missed: float, settled: bool) -> None:
    assert _of_outage(outage(100, None), event(missed, kind)) == ([] if settled else _SILENCE)
    assert _of_outage(outage(100, None), event(missed, kind), event(500, E.NODE_READY)) == _SILENCE
    assert _of_outage(outage(100, None), event(missed, kind), event(99, E.NODE_READY)) == ([] if settled else _SILENCE)


def test_heartbeats_missed_before_a_late_outage_say_nothing_of_it() -> None:
    assert _of_outage(outage(995, None), event(990, E.NODE_HEARTBEAT_MISSED)) == _SILENCE
    assert _of_outage(outage(995, None), event(995, E.NODE_HEARTBEAT_MISSED)) == []


@pytest.mark.parametrize(
    ("start", "until", "identifier", "source", "settled"),
    [
        (100, 160, "sshd", "journal", True),  # a minute is enough
        (100, 170, "sshd", "journal", True),
        (100, 159.999, "sshd", "journal", False),
        (100, 160, "systemd", "journal", False),  # it tells of the unit: nothing else
        (100, 160, None, "journal", False),
        (100, 160, "sshd", "another", False),
        (100, 160, "kubelet", "journal", False),
        (950, 1000, "sshd", "journal", True),  # no minute is left: to the end
        (950, 999, "sshd", "journal", False),
    ],
)
def test_the_rest_of_the_journal_that_goes_on_settles_it_too(
    start: float, until: float, identifier: str | None, source: str, settled: bool
) -> None:
    spells = (writing(0, start - 1), writing(50, until, identifier, source=source))
    assert _of_outage(outage(start, None), spells=spells) == ([] if settled else _SILENCE)


def test_a_journal_that_ends_with_the_kubelet_settles_nothing() -> None:
    assert _of_outage(outage(1000, None), spells=(writing(0, 999), writing(0, 1000, "sshd"))) == _SILENCE
    assert _of_outage(outage(999, None), spells=(writing(0, 999), writing(0, 1000, "sshd"))) == []


def test_an_outage_whose_start_is_before_the_evidence_depends_on_nothing_more() -> None:
    assert _of_outage(outage(None, 200, "unknown")) == []
