"""phantom-pod at its edges: what ran on after the API knew the pod no more, whether the kubelet let it, and how sure that is."""

from dataclasses import replace
from typing import Any

import pytest

from analyzer.detectors import phantom_pod
from analyzer.findings import Finding
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.gone import Gone
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.run import Run
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, B, bounds, case, cited, controller, edge, event, node, not_ready, outage, pod, proof, run


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> dict[str, Gone]:
    """What is told of the end of a pod's object, by the pod's name. (tests/lifecycle has how that is found out.)"""
    told: dict[str, Gone] = {}
    monkeypatch.setattr(phantom_pod, "gone", lambda _, each: told.get(each.name))
    return told


def _found(
    left: dict[str, Gone], of: Pod, where: NodeLife | None, how: str = "force", when: Edge | None = None, **more: Any
) -> list[Finding]:
    left["web-0"] = Gone(when or edge(100, text="deleted"), how)
    others = more.pop("others", ())
    known = case(*([where] if where is not None else []), pods=[of, *others], **more)
    return list(phantom_pod.DETECTOR.find(known))


def _pod(*runs: Run, **more: Any) -> Pod:
    return pod("web-0", runs, **more)


def _away() -> NodeLife:
    return node(A, [outage(90, 300)])


def test_all_that_is_said_of_a_pod_that_ran_on(left: dict[str, Gone]) -> None:
    ran = _pod(run("c2", 10, 400), run("c1", 10, edge(250, 1, 2, text="end of c1")), run("c0", 10, 100))
    owner = controller(ran, kind="StatefulSet")
    [found] = _found(left, ran, _away(), controllers=[owner])
    assert (found.kind, found.severity, found.confidence, found.expected) == ("phantom-pod", "warning", "certain", False)
    assert (bounds(found.start), bounds(found.end)) == ((100, 100, 100), (400, 400, 400))
    assert found.end.rule == "the last of its containers ended"
    assert found.summary == (
        f"2 container(s) of pod web-0 ran on {A} for 5 min 0 s, from 10:01:40.0Z to 10:06:40.0Z,"
        " though the API knew the pod no more (its object was deleted by force); its kubelet was away."
    )
    assert found.details == {
        "cause": "kubelet-down",
        "gone_by": "force",
        "outcome": "exited",
        "containers": ["c1", "c2"],
        "namesake_uid": None,
    }
    subject = (found.node, found.namespace, found.controller, found.pod, found.pod_uid, found.container)
    assert subject == (A, "default", "StatefulSet/web", "web-0", "uid-web-0", None)
    assert cited(found) == ["start of c1", "start of c2", "deleted", "end of c1", "end of c2"]


def test_of_each_container_one_record_of_either_end_is_cited(left: dict[str, Gone]) -> None:
    began, ended = (replace(edge(s), proofs=(proof(s, what), proof(s, f"{what} again"))) for s, what in ((10, "start"), (400, "end")))
    [found] = _found(left, _pod(run("c1", began, ended), run("c2", 10, 300)), _away())
    assert cited(found) == ["start", "start of c2", "deleted", "end of c2", "end"]


def test_a_pod_that_runs_to_the_end_of_the_evidence(left: dict[str, Gone]) -> None:
    alive = node(A, [outage(90, 300)], events=[event(500, E.CONTAINER_STARTED, component="docker")])
    [found] = _found(left, _pod(run("c1", 10), run("c2", 10, 150)), alive)
    assert bounds(found.end) == (100, None, None)
    assert " for 15 min 0 s, from 10:01:40.0Z to the end of the evidence, " in found.summary
    assert (found.details["outcome"], found.details["containers"]) == ("running", ["c1", "c2"])
    assert (found.confidence, found.controller) == ("likely", None)


def test_a_pod_without_a_name_is_told_by_its_uid(left: dict[str, Gone]) -> None:
    nameless = _pod(run("c", 10, 200))
    nameless.name = None
    left[None] = Gone(edge(100), "force")  # type: ignore[index]
    [found] = _found(left, nameless, _away())
    assert " of pod uid-web-0 ran on " in found.summary


# --- what ran on


@pytest.mark.parametrize(
    ("end", "ran_on"),
    [
        (edge(90), False),
        (edge(100), False),
        (edge(100.001), True),
        (edge(150, 50, 0), False),
        (edge(150, 49.999, 0), True),
        (edge(150, None, 0), True),
    ],
)
def test_only_what_surely_ended_later_ran_on(left: dict[str, Gone], end: Edge, ran_on: bool) -> None:
    assert bool(_found(left, _pod(run("c", 10, end)), _away(), "kubelet")) == ran_on


@pytest.mark.parametrize(
    ("sign", "ran_on"),
    [
        (event(100, E.CONTAINER_SEEN_RUNNING), False),
        (event(100.001, E.CONTAINER_SEEN_RUNNING), True),
        (event(150, E.CONTAINER_SEEN_DEAD), False),
        (event(150, E.CONTAINER_SIGNALLED), True),
    ],
)
def test_what_is_not_seen_to_end_ran_on_if_anything_was_told_of_it_later(left: dict[str, Gone], sign: Event, ran_on: bool) -> None:
    assert bool(_found(left, _pod(run("c", 10, noticed=[sign])), _away(), "kubelet")) == ran_on
    assert bool(_found(left, _pod(run("c", 10, kills=[sign])), _away(), "kubelet")) == ran_on


@pytest.mark.parametrize(
    ("told", "ran_on"),
    [
        ([], False),
        ([(100, "docker")], False),
        ([(100.001, "docker")], True),
        ([(50, "docker"), (100.001, "docker")], True),
        ([(200, "kubelet")], False),
        ([(200, "runtime-log")], True),
    ],
)
def test_what_is_not_seen_to_end_ran_on_if_its_runtime_told_of_anything_later(
    left: dict[str, Gone], told: list[tuple[float, str]], ran_on: bool
) -> None:
    events = [event(when, E.CONTAINER_STARTED, component=component) for when, component in told]
    assert bool(_found(left, _pod(run("c", 10)), node(A, [outage(90, 300)], events=events))) == ran_on


def test_sandboxes_do_not_count(left: dict[str, Gone]) -> None:
    assert not _found(left, _pod(run("c", 10, 400, container="POD")), _away())


def test_what_began_later_counts(left: dict[str, Gone]) -> None:
    [found] = _found(left, _pod(run("c", 150, 400)), _away())
    assert found.details["containers"] == ["c"]


# --- whether the kubelet let it live


_QUIET: tuple[Event, ...] = ()
_TALKS = (event(5, E.POD_ADDED),)


@pytest.mark.parametrize(
    ("where", "allowed"),
    [
        (node(A, [outage(90, 300)], events=_TALKS), 1),
        (node(A, lost=[not_ready(90, 300)], events=_TALKS), 1),
        (node(A, lost=[not_ready(90, 300, "kubelet")], events=_TALKS), 10),
        (node(A, [outage(90, 100)], events=_TALKS), 10),
        (node(A, events=_TALKS), 10),
        (node(A, events=_QUIET), 40),
    ],
)
def test_so_long_a_kubelet_may_take(left: dict[str, Gone], where: NodeLife, allowed: float) -> None:
    assert not _found(left, _pod(run("c", 10, 100 + allowed)), where)
    assert _found(left, _pod(run("c", 10, 100.001 + allowed)), where)


@pytest.mark.parametrize(("acted", "kept"), [(98.999, True), (99, False), (110, False), (110.001, True)])
@pytest.mark.parametrize("by", ["signal", E.POD_DELETE_SEEN, E.POD_UNWANTED])
def test_a_kubelet_that_acts_in_time_did_not_let_it_live(left: dict[str, Gone], acted: float, kept: bool, by: Any) -> None:
    signals = [event(acted, E.CONTAINER_SIGNALLED)] if by == "signal" else []
    words = [event(acted, by)] if by != "signal" else []
    ran = _pod(run("c", 10, 400, kills=signals), events=words)
    assert bool(_found(left, ran, node(A, events=_TALKS))) == kept


def test_a_kubelet_that_does_nothing_to_the_end_let_it_live_if_that_is_long_enough(left: dict[str, Gone]) -> None:
    seen = run("c", 10, noticed=[event(105, E.CONTAINER_SEEN_RUNNING)])
    assert not _found(left, _pod(seen), node(A, events=_TALKS), end=110)
    assert _found(left, _pod(seen), node(A, events=_TALKS), end=111)


def test_what_a_later_dump_lacks_counts_only_while_the_kubelet_was_away(left: dict[str, Gone]) -> None:
    ran = _pod(run("c", 10, 400))
    assert not _found(left, ran, node(A, events=_TALKS), "dump")
    [found] = _found(left, ran, _away(), "dump")
    assert found.confidence == "possible"
    assert "(a later dump of the API lacks it)" in found.summary


def test_what_a_returned_kubelet_was_not_told_of_ran_on_however_soon_it_ended(left: dict[str, Gone]) -> None:
    [found] = _found(left, _pod(run("c", 10, 100.1)), node(A, [outage(50, 100)], events=_TALKS), "kubelet")
    assert found.details["cause"] == "kubelet-down"


def test_of_a_pod_on_no_known_node_nothing_is_said(left: dict[str, Gone]) -> None:
    assert not _found(left, _pod(run("c", 10, 400)), None)
    assert not _found(left, _pod(run("c", 10, 400), node=None), _away())
    known = case(_away(), pods=[_pod(run("c", 10, 400))])
    left.clear()
    assert not list(phantom_pod.DETECTOR.find(known))
    left["web-0"] = Gone(edge(None), "force")
    assert not list(phantom_pod.DETECTOR.find(known))


# --- what is said of it


@pytest.mark.parametrize(("stopped", "outcome"), [(None, "exited"), (99.9, "exited"), (100, "removed"), (350, "removed")])
def test_who_ended_it(left: dict[str, Gone], stopped: float | None, outcome: str) -> None:
    kills = [] if stopped is None else [event(stopped, E.CONTAINER_SIGNALLED)]
    [found] = _found(left, _pod(run("c", 10, 400, kills=kills)), node(A, [outage(90, 300)]), "kubelet")
    assert found.details["outcome"] == outcome


@pytest.mark.parametrize(("said", "outcome"), [(99.9, "exited"), (100, "removed"), (400, "removed"), (400.1, "exited")])
def test_a_kubelet_that_calls_a_pod_unwanted_ends_it(left: dict[str, Gone], said: float, outcome: str) -> None:
    """Also where it sends no signal: it kills the cgroup."""
    ran = _pod(run("c", 10, 400), events=[event(said, E.POD_UNWANTED)])
    [found] = _found(left, ran, node(A, [outage(90, 300)]), "kubelet")
    assert found.details["outcome"] == outcome


@pytest.mark.parametrize(
    ("where", "cause", "told"),
    [
        (node(A, [outage(100, 300)]), "kubelet-down", "; its kubelet was away."),
        (node(A, [outage(50, 99.001)]), "kubelet-down", "; its kubelet was away."),
        (node(A, [outage(50, 99)]), "not-acted", ")."),
        (node(A, lost=[not_ready(100, 300)]), "unreachable", "; the API could not reach its node."),
        (node(A, lost=[not_ready(50, 99.001)]), "unreachable", "; the API could not reach its node."),
        (node(A, lost=[not_ready(50, 99)]), "not-acted", ")."),
        (node(A, [outage(100, 300)], [not_ready(100, 300)]), "kubelet-down", "; its kubelet was away."),
    ],
)
def test_why_the_kubelet_did_not_end_it(left: dict[str, Gone], where: NodeLife, cause: str, told: str) -> None:
    [found] = _found(left, _pod(run("c", 10, 400)), where)
    assert found.details["cause"] == cause
    assert found.summary.endswith(told)


@pytest.mark.parametrize(
    ("how", "when", "since"),
    [
        ("force", edge(100, 5), "from"),
        ("request", edge(100, None), "from"),
        ("watch", edge(100, 0), "from"),
        ("watch", edge(100, 5), "at the latest from"),
        ("heard", edge(100, None), "at the latest from"),
    ],
)
def test_since_when_as_far_as_that_is_known(left: dict[str, Gone], how: str, when: Edge, since: str) -> None:
    [found] = _found(left, _pod(run("c", 10, 400)), _away(), how, when)
    assert f" for 5 min 0 s, {since} 10:01:40.0Z" in found.summary


@pytest.mark.parametrize(
    ("how", "when", "ends", "told"),
    [
        ("force", edge(100, None), True, "certain"),
        ("request", edge(100), True, "certain"),
        ("heard", edge(100, None), True, "certain"),
        ("kubelet", edge(100, None), True, "certain"),
        ("name", edge(100, None), True, "certain"),
        ("watch", edge(100, 5), True, "certain"),
        ("watch", edge(100, None), True, "likely"),  # a watch that began without the object
        ("force", edge(100), False, "likely"),
        ("dump", edge(100), True, "possible"),
        ("dump", edge(100), False, "possible"),
    ],
)
def test_how_sure_it_is(left: dict[str, Gone], how: str, when: Edge, ends: bool, told: str) -> None:
    ran = run("c", 10, 400) if ends else run("c", 10, noticed=[event(350, E.CONTAINER_SEEN_RUNNING)])
    [found] = _found(left, _pod(ran), _away(), how, when)
    assert found.confidence == told


@pytest.mark.parametrize(
    ("start", "end", "meets"),
    [
        (10, 90, False),
        (10, 100, False),
        (10, 100.001, True),
        (399.999, None, True),
        (400, None, False),
        (150, 200, True),
        (None, 200, False),
    ],
)
def test_another_pod_of_its_name_that_ran_meanwhile(left: dict[str, Gone], start: float | None, end: float | None, meets: bool) -> None:
    other = _pod(run("d", start, end, node=B), node=B)
    other.uid = "uid-other"
    ran = _pod(run("c", 10, 400))
    left["web-0"] = Gone(edge(100), "force")
    known = case(_away(), pods=[ran, other])
    found = next(f for f in phantom_pod.DETECTOR.find(known) if f.pod_uid == "uid-web-0")
    assert found.severity == ("critical" if meets else "warning")
    assert found.details["namesake_uid"] == ("uid-other" if meets else None)
    assert found.summary.endswith(f"; another pod of its name ran on {B}." if meets else "; its kubelet was away.")


def test_another_pod_of_its_name_to_the_end_of_the_evidence(left: dict[str, Gone]) -> None:
    other = _pod(run("d", 900, node=B), node=B)
    other.uid = "uid-other"
    ran = _pod(run("c", 10, noticed=[event(350, E.CONTAINER_SEEN_RUNNING)]))
    found = _found(left, ran, _away(), others=[other])
    assert [f.details["namesake_uid"] for f in found] == ["uid-other"]
