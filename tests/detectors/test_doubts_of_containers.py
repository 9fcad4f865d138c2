"""What makes findings about single containers doubtful: orphans and adoptions."""

from typing import Any

import pytest

from analyzer.detectors import orphaned_container
from analyzer.detectors.base import Case
from analyzer.detectors.doubts import tempered
from analyzer.findings import Finding
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.run import Run
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.detectors.doubting import a_finding, a_hole, covered, doubts_of
from tests.detectors.made import A, case, edge, event, node, outage, pod, run, writing

# --- orphans


def _orphans(ran: Run, *nodes: NodeLife, coverage: tuple[Coverage, ...] = (), marked: Edge | None = None) -> tuple[Case, Finding]:
    known = case(*nodes, pods=[pod("web-1", [ran], marked=marked)], coverage=list(coverage))
    [found] = orphaned_container.DETECTOR.find(known)
    return known, found


def _seen(when: float, kind: E = E.CONTAINER_SEEN_RUNNING) -> Event:
    return event(when, kind)


def _orphan_doubts(ran: Run, *nodes: NodeLife, **more: Any) -> list[str]:
    return doubts_of(*_orphans(ran, *nodes, **more))


def test_an_orphan_seen_at_both_ends_is_certain() -> None:
    assert _orphan_doubts(run("c", 100, 150), node(A, [outage(100, 200)])) == []


def test_an_orphan_depends_on_what_its_outage_depends_on() -> None:
    assert _orphan_doubts(run("c", 100, 150), node(A, [outage(100, 200, "unknown")])) == ["no line tells how the kubelet's process ended"]


def test_an_orphan_without_a_name_may_be_a_sandbox() -> None:
    known, found = _orphans(run("c", 100, 150, container=None), node(A, [outage(100, 200)]))
    assert doubts_of(known, found) == ["its name is not told: it may be the pod's sandbox, which is no orphan"]
    assert tempered(known, found).details["settled_by"] == [f"docker inspect, crictl inspect or the runtime's journal of {A}"]


@pytest.mark.parametrize(("start", "end", "doubtful"), [(50, 95, False), (50, 96, True), (154, 300, True), (155, 300, False)])
@pytest.mark.parametrize("kind", ["docker", "containerd", "journal"])
def test_a_hole_in_the_runtimes_events_while_it_ran_alone_is_a_doubt(kind: str, start: float, end: float, doubtful: bool) -> None:
    away = node(A, [outage(100, 151)])
    doubts = _orphan_doubts(run("c", 100, 150), away, coverage=(covered(kind, a_hole(start, end)),))
    expected = doubtful if kind != "journal" else end > 95 and start < 156
    assert bool([d for d in doubts if d.startswith("lines are missing")]) == expected


@pytest.mark.parametrize(("last", "doubtful"), [(198, False), (197.999, True)])
def test_a_spell_that_runs_on_past_its_last_sign_is_told_by_silence(last: float, doubtful: bool) -> None:
    ran = run("c", 100, None, noticed=[_seen(last)], kills=[])
    away = node(A, [outage(100, 200)])
    doubts = _orphan_doubts(ran, away)
    told = "that it ran to 10:03:20.0Z is told by the silence of the runtime's events: nothing shows it running after 10:03:17.9Z"
    assert doubts == ([told] if doubtful else [])


def test_a_spell_without_any_sign_is_told_by_silence_from_its_start() -> None:
    doubts = _orphan_doubts(run("c", None), node(A, [outage(100, 200)]))
    assert doubts == [
        "that it ran to 10:03:20.0Z is told by the silence of the runtime's events: nothing shows it running at all",
        "no sign shows it running when the spell began",
    ]


@pytest.mark.parametrize(("first", "doubtful"), [(102, False), (102.001, True)])
def test_a_spell_that_begins_before_its_first_sign_is_doubtful(first: float, doubtful: bool) -> None:
    ran = run("c", None, edge(150, text="end"), noticed=[_seen(first)])
    assert _orphan_doubts(ran, node(A, [outage(100, 200)])) == (["no sign shows it running when the spell began"] if doubtful else [])


def test_a_living_kubelet_would_have_told_of_its_end_but_not_of_a_pod_that_is_to_go() -> None:
    """The control plane asked at 100 that the pod go; the kubelet, that tells of its containers, writes on and does nothing."""
    told = [event(20, E.CONTAINER_SEEN_RUNNING), event(30, E.POD_ADDED)]
    alive = node(A, events=told, spells=[writing(0, 1000)])
    ran = run("c", 10)
    doubts = _orphan_doubts(ran, alive, marked=edge(100))
    assert any("nothing shows it running after 10:00:10.0Z" in d for d in doubts)


def test_an_orphan_through_several_outages_takes_the_kubelets_between_for_idle() -> None:
    """The second kubelet ended before it had recovered."""
    recovered = event(50, E.RECOVERY_COMPLETED)
    between = node(A, [outage(100, 150), outage(155, 200)], events=[recovered])
    known, found = _orphans(run("c", 100, 199), between)
    told = "a kubelet that lived in between is taken to have looked at no pod: it is not said to have recovered"
    assert doubts_of(known, found) == [told]
    assert tempered(known, found).details["settled_by"] == [f"the whole journal of {A} over that time"]
    assert _orphan_doubts(run("c", 100, 152), between) == []  # it ended before the second


@pytest.mark.parametrize(
    ("back", "ended", "doubtful"),
    [
        (edge(200, 10, 10), 190, True),
        (edge(200, 10, 10), 189.999, False),
        (edge(200, 10, 10), 210, True),
        (edge(200, 10, 10), 210.001, False),
        (edge(200, 2, 2), 199, False),  # it is known well when the kubelet was back
        (edge(200, None, 10), 150, True),
        (edge(200, 10, None), 300, True),
    ],
)
def test_an_end_within_the_bounds_of_the_return_may_be_the_kubelets(back: Edge, ended: float, doubtful: bool) -> None:
    known, found = _orphans(run("c", 100, ended), node(A, [outage(100, back)]))
    told = "whether the kubelet ended it or was still away cannot be told"
    assert (told in doubts_of(known, found)) == doubtful
    if doubtful:
        assert any(s.startswith(f"the journal of {A} about 10:0") for s in tempered(known, found).details["settled_by"])


@pytest.mark.parametrize(("signalled", "doubtful"), [(150, True), (150.001, False)])
def test_an_end_by_a_hand_while_the_kubelet_is_said_to_be_away_is_doubtful(signalled: float, doubtful: bool) -> None:
    ran = run("c", 100, 150, kills=[event(signalled, E.CONTAINER_SIGNALLED)])
    doubts = _orphan_doubts(ran, node(A, [outage(100, 200)]))
    assert ("whether the kubelet ended it or was still away cannot be told" in doubts) == doubtful


# --- adoptions


def _adopted(away: Outage, *runs: Run, **more: Any) -> list[str]:
    known = case(node(A, [away], **more), runs=runs)
    return doubts_of(known, a_finding("adoption", away.end, away.end, details={"adopted": [r.container_id for r in runs]}))


def _met_again(name: str = "c", **more: Any) -> Run:
    return run(name, 10, None, noticed=[_seen(205)], **more)


def test_an_adoption_that_the_kubelet_tells_is_certain() -> None:
    assert _adopted(outage(100, 200), _met_again()) == []


def test_an_adoption_depends_on_what_its_outage_depends_on() -> None:
    assert _adopted(outage(100, 200, "unknown"), _met_again()) == ["no line tells how the kubelet's process ended"]
    told = ["when the kubelet had gone is not known: what it left running is"]
    assert _adopted(outage(edge(100, 6), 200), _met_again()) == told


def test_containers_without_names_may_be_sandboxes() -> None:
    assert _adopted(outage(100, 200), _met_again(), _met_again("d", container=None)) == [
        "the names of some are not told: they may be sandboxes of pods"
    ]
    ended = run("d", 10, 150, container=None)
    assert _adopted(outage(100, 200), _met_again(), ended) == []


def test_that_one_ran_on_may_be_told_by_silence() -> None:
    told = ["that all of them ran on is told by the silence of the runtime's events"]
    assert _adopted(outage(100, 200), _met_again(), run("d", 10)) == told
    assert _adopted(outage(100, 200), run("c", 10), run("d", 10)) == told
    assert _adopted(outage(100, 200), run("c", None)) == told
    assert _adopted(outage(100, 200), run("c", 10, 150)) == []  # it is not said to have run then


def test_only_those_said_to_be_adopted_must_have_run_on() -> None:
    away = outage(100, 200)
    known = case(node(A, [away]), runs=[run("c", 10)])
    assert doubts_of(known, a_finding("adoption", away.end, away.end, details={"adopted": []})) == []
    assert doubts_of(known, a_finding("adoption", away.end, away.end)) == []


def test_an_adoption_is_known_by_node_and_return() -> None:
    away = outage(100, 200, "unknown")
    assert doubts_of(case(node(A, [away])), a_finding("adoption", edge(201), edge(201))) == []
    still = outage(100, None, "unknown")
    assert doubts_of(case(node(A, [still])), a_finding("adoption", edge(None), edge(None))) == []
