"""adoption: which of a node's containers a returned kubelet took over, and which 'Recovery completed' is its own."""

from typing import Any

import pytest

from analyzer.detectors.adoption import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.run import Run
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, bounds, case, cited, edge, event, node, outage, pod, run


def _found(*runs: Run, outages: tuple[Outage, ...] = (), events: tuple[Event, ...] = (), **more: Any) -> list[Finding]:
    where = node(A, outages or (outage(100, edge(200, 1, 2, text="back")),), events=events)
    return list(DETECTOR.find(case(where, pods=[pod("web-1", runs, **more)])))


def _recovered(when: float) -> Event:
    return event(when, E.RECOVERY_COMPLETED, f"recovered at {when:g}")


def test_all_that_is_said_of_a_return() -> None:
    adopted = [run("c2", 10), run("c1", 10, noticed=[event(s, E.CONTAINER_SEEN_RUNNING, f"seen at {s}") for s in (90, 201, 202)])]
    lost = run("c3", 10, 150)
    [found] = _found(*adopted, lost, run("later", 201), events=(_recovered(205), _recovered(206)))
    assert (found.kind, found.severity, found.confidence, found.expected, found.node) == ("adoption", "info", "certain", False, A)
    assert (bounds(found.start), bounds(found.end)) == ((199, 200, 202), (205, 205, 205))
    assert found.summary == f"The kubelet of {A} came back at 10:03:20.0Z to running containers: 2 adopted, 1 lost."
    assert found.details == {
        "recovery_completed_at": "2026-03-01T10:03:25.000000Z",
        "adopted": ["c1", "c2"],
        "removed": [],
        "restarted": [],
        "lost": ["c3"],
    }
    assert cited(found) == ["end of c3", "back", "seen at 201", "recovered at 205"]


def test_one_that_was_no_longer_wanted_is_removed() -> None:
    [found] = _found(run("c1", 10, 203), marked=edge(150))
    assert (found.severity, found.details["removed"], found.details["adopted"]) == ("warning", ["c1"], [])
    assert found.summary.endswith(": 1 removed.")
    assert cited(found) == ["back", "end of c1"]


def test_without_recovery_completed_it_is_likely() -> None:
    [found] = _found(run("c1", 10))
    assert (found.confidence, found.details["recovery_completed_at"], bounds(found.end)) == ("likely", None, (199, 200, 202))
    [found] = _found(run("c1", 10), outages=(outage(100, 200, "unknown"),), events=(_recovered(205),))
    assert found.confidence == "likely"


@pytest.mark.parametrize(("when", "own"), [(199.999, False), (200, True), (800, True), (800.001, False)])
def test_its_own_recovery_comes_within_ten_minutes(when: float, own: bool) -> None:
    [found] = _found(run("c1", 10), events=(_recovered(when),))
    assert (found.details["recovery_completed_at"] is not None) == own


@pytest.mark.parametrize(("when", "own"), [(300, True), (300.001, False)])
def test_what_completed_after_its_own_end_is_the_next_ones(when: float, own: bool) -> None:
    twice = outage(100, 200), outage(300, 400)
    first, second = _found(run("c1", 10), outages=twice, events=(_recovered(when), _recovered(450)))
    assert (first.details["recovery_completed_at"] is not None) == own
    assert second.details["recovery_completed_at"] == "2026-03-01T10:07:30.000000Z"
    late = outage(100, 200), outage(900, 950)
    assert _found(run("c1", 10), outages=late, events=(_recovered(801),))[0].details["recovery_completed_at"] is None


def test_each_return_has_its_own_recovery() -> None:
    times = outage(100, 200), outage(300, 400), outage(500, 600)
    found = _found(run("c1", 10), outages=times, events=tuple(map(_recovered, (250, 450, 650))))
    assert [bounds(f.end)[1] for f in found] == [250, 450, 650]


def test_a_return_to_nothing_that_runs_is_no_finding() -> None:
    assert not _found(run("c1", 10, 150))
    assert not _found(run("c1", 10, 200))
    assert not _found(run("c1", 101))
    assert not _found(run("c1", 10), outages=(outage(100, None),))
    assert not _found(run("c1", 10), outages=(outage(100, 200, "rebooted", boot_lost=True),))


def test_a_return_to_nothing_does_not_hide_the_next() -> None:
    twice = outage(5, 8), outage(100, 200)
    assert [bounds(f.start)[1] for f in _found(run("c1", 10), outages=twice)] == [200]
