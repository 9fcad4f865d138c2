"""duplicate-container at its edges: when two attempts surely ran at once, for how long, and what had brought it about."""

from typing import Any

import pytest

from analyzer.detectors.duplicate_container import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.run import Run
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, B, bounds, case, cited, controller, edge, event, node, outage, pod, run


def _found(*runs: Run, nodes: tuple[NodeLife, ...] = (), **more: Any) -> list[Finding]:
    return list(DETECTOR.find(case(*nodes, pods=[pod("web-0", runs)], **more)))


def _two(ended: float | None = 150, *, older: dict[str, Any] | None = None, newer_end: float | None = 300) -> tuple[Run, Run]:
    return run("old", 10, ended, **(older or {})), run("new", 100, newer_end)


def test_all_that_is_said_of_two_attempts_at_once() -> None:
    old = run("old", 10, edge(150, 1, 0.5, text="end of old"))
    new = run("new", edge(100, 0.5, 1, text="start of new"), 300)
    [found] = _found(old, new)
    assert (found.kind, found.severity, found.confidence, found.expected) == ("duplicate-container", "warning", "certain", False)
    assert (bounds(found.start), bounds(found.end)) == ((99.5, 100, 101), (149, 150, 150.5))
    assert found.end.rule == "the first of the two ended"
    assert found.summary == (f"Two attempts of container app of pod web-0 ran at once on {A} for 50.0 s, from 10:01:40.0Z to 10:02:30.0Z.")
    assert found.details == {
        "cause": "unknown",
        "attempts": [
            {"container_id": "old", "start": "2026-03-01T10:00:10.000000Z", "end": "2026-03-01T10:02:30.000000Z"},
            {"container_id": "new", "start": "2026-03-01T10:01:40.000000Z", "end": "2026-03-01T10:05:00.000000Z"},
        ],
        "overlaps": 1,
        "overlap_s": 50.0,
    }
    assert (found.pod, found.container, found.container_id) == ("web-0", "app", None)
    assert cited(found) == ["start of old", "start of new", "end of old", "end of new"]


def test_two_sandboxes_of_a_pod() -> None:
    runs = _two()
    for each in runs:
        each.container = "POD"
    [found] = _found(*runs)
    assert found.summary.startswith("Two sandboxes of pod web-0 ran at once")


@pytest.mark.parametrize(
    ("kind", "sandbox", "severity"),
    [("StatefulSet", False, "critical"), ("StatefulSet", True, "warning"), ("ReplicaSet", False, "warning")],
)
def test_two_of_one_ordinal_are_critical(kind: str, sandbox: bool, severity: str) -> None:
    owned = pod("web-0", _two())
    for each in owned.runs:
        each.container = "POD" if sandbox else "app"
    [found] = DETECTOR.find(case(pods=[owned], controllers=[controller(owned, kind=kind)]))
    assert found.severity == severity
    assert found.controller == f"{kind}/web"


def test_runs_of_no_pod_that_is_known_are_named_by_their_uid() -> None:
    runs = _two()
    for each in runs:
        each.pod_uid = "uid-x"
    [found] = DETECTOR.find(case(runs=runs))
    assert " of pod uid-x ran at once" in found.summary
    runs[1].pod = "bare"
    [found] = DETECTOR.find(case(runs=runs))
    assert " of pod bare ran at once" in found.summary
    assert found.controller is None


# --- what is an overlap


@pytest.mark.parametrize(
    ("begun", "ended", "at_once"),
    [
        (edge(100), edge(101), False),
        (edge(100), edge(101.001), True),
        (edge(100, 0, 50), edge(151), False),
        (edge(100, 0, 50), edge(151.001), True),
        (edge(100), edge(151, 50, 0), False),
        (edge(100), edge(151.001, 50, 0), True),
        (edge(100), edge(150, None, 0), False),
        (edge(100, 0, None), edge(150), False),
        (edge(None), edge(150), False),
        (edge(100), edge(90), False),
    ],
)
def test_the_older_must_have_ended_more_than_a_second_after_the_newer_began(begun: Edge, ended: Edge, at_once: bool) -> None:
    assert bool(_found(run("old", 10, ended), run("new", begun, 300))) == at_once


@pytest.mark.parametrize(
    ("sign", "at_once"),
    [
        (event(102, E.CONTAINER_SEEN_RUNNING), False),
        (event(102.001, E.CONTAINER_SEEN_RUNNING), True),
        (event(150, E.CONTAINER_SEEN_DEAD), False),
    ],
)
def test_one_that_nobody_saw_end_ran_on_if_it_was_seen_two_seconds_later(sign: Event, at_once: bool) -> None:
    assert bool(_found(*_two(ended=None, older={"noticed": [sign]}))) == at_once


@pytest.mark.parametrize(("value", "at_once"), [(15, True), (None, True), (0, False)])
def test_who_is_sent_a_signal_lives_but_signal_0_says_nothing(value: int | None, at_once: bool) -> None:
    signal = event(150, E.CONTAINER_SIGNALLED, value=value)
    assert bool(_found(*_two(ended=None, older={"kills": [signal]}))) == at_once


def test_the_first_sign_of_life_counts_and_is_cited() -> None:
    signs = [event(s, E.CONTAINER_SEEN_RUNNING, f"seen at {s}") for s in (170, 160, 101)]
    [found] = _found(*_two(ended=None, newer_end=None, older={"noticed": signs}))
    assert bounds(found.end) == (160, None, None)
    assert found.end.rule == ""
    assert "seen at 160" in cited(found)
    assert "seen at 170" not in cited(found)
    assert (found.confidence, found.details["overlap_s"]) == ("likely", 900.0)  # to the end of the evidence


def test_the_newer_one_may_end_first() -> None:
    [found] = _found(*_two(ended=400, newer_end=300))
    assert bounds(found.end)[1] == 300
    sign = [event(150, E.CONTAINER_SEEN_RUNNING)]
    [found] = _found(*_two(ended=None, newer_end=300, older={"noticed": sign}))
    assert bounds(found.end)[1] == 300


@pytest.mark.parametrize("reason", ["reported", "noticed"])
def test_only_the_runtimes_own_words_are_certain(reason: str) -> None:
    assert [f.confidence for f in _found(*_two(older={"end_reason": reason}))] == ["likely"]
    assert [f.confidence for f in _found(run("old", 10, 150), run("new", edge(100), 300))] == ["likely"]  # nothing tells of its start


def test_only_attempts_of_one_container_of_one_pod_on_one_node() -> None:
    old, new = _two()
    assert _found(old, new)
    for other in ({"container": "side"}, {"node": B}, {"pod_uid": "uid-other"}):
        assert not _found(old, run("new", 100, 300, **other))
    for unnamed in ({"container": None}, {"node": None}):
        assert not _found(run("old", 10, 150, **unnamed), run("new", 100, 300, **unnamed))
    assert not list(DETECTOR.find(case(runs=[run("old", 10, 150), run("new", 100, 300)])))  # without a uid
    assert not _found(run("same", 10, 150), run("same", 100, 300))


def test_several_overlaps_of_a_container_are_one_finding() -> None:
    runs = [run("c1", 10, 150), run("c2", 100, 220), run("c3", 200, 400), run("c4", 500, 600)]
    [found] = _found(*runs)
    assert bounds(found.start)[1] == 100
    assert bounds(found.end)[1] == 220
    assert (found.details["overlaps"], found.details["overlap_s"]) == (2, 70.0)
    assert [a["container_id"] for a in found.details["attempts"]] == ["c1", "c2", "c3"]
    runs[1].end_reason = "noticed"
    assert [f.confidence for f in _found(*runs)] == ["likely"]


# --- why


@pytest.mark.parametrize(
    ("back", "cause"), [(100, "kubelet-restart"), (100.001, "unknown"), (40, "kubelet-restart"), (39.999, "unknown"), (None, "unknown")]
)
def test_a_kubelet_that_had_come_back_a_minute_before_at_most_did_not_know_of_it(back: float | None, cause: str) -> None:
    [found] = _found(*_two(), nodes=(node(A, [outage(5, back)]),))
    assert found.details["cause"] == cause
    assert found.summary.endswith(", after the kubelet came back." if cause != "unknown" else "10:02:30.0Z.")


@pytest.mark.parametrize("kind", [E.RUNTIME_STARTED, E.RUNTIME_STARTING, E.RUNTIME_READY, E.RUNTIME_RESTORED])
@pytest.mark.parametrize(("back", "cause"), [(100, "runtime-restart"), (100.001, "unknown"), (40, "runtime-restart"), (39.999, "unknown")])
def test_a_runtime_that_had_come_back_a_minute_before_at_most(kind: E, back: float, cause: str) -> None:
    [found] = _found(*_two(), nodes=(node(A, events=[event(back, kind)]),))
    assert found.details["cause"] == cause
    assert found.summary.endswith(", after the container runtime came back." if cause != "unknown" else "10:02:30.0Z.")


def test_a_kubelet_counts_before_a_runtime_and_other_nodes_do_not() -> None:
    both = node(A, [outage(5, 90)], events=[event(95, E.RUNTIME_STARTED)])
    assert [f.details["cause"] for f in _found(*_two(), nodes=(both,))] == ["kubelet-restart"]
    elsewhere = node(B, [outage(5, 90, node=B)])
    assert [f.details["cause"] for f in _found(*_two(), nodes=(elsewhere,))] == ["unknown"]
