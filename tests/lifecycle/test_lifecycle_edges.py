"""What a lifecycle is made of: nodes, indexes, ends that are presumed, and from when to when the evidence goes."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from analyzer.exceptions import EvidenceError
from analyzer.lifecycle import model
from analyzer.lifecycle.clocks import Clock, Clocks
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.lifecycle.model import NodeLife
from analyzer.store import MemoryStore
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import ORIGIN, A, B, at
from tests.lifecycle.parts import controller, edge, events, life, node_life, outage, pod, proof, run, said, spell, version, writes

# --- the lifecycle's own indexes


def test_runs_of_applications_by_node() -> None:
    web, other, sandbox, homeless = run(5), run(6, node=B), run(4, container="POD"), run(7, node=None)
    found = life(node_life(), node_life(B), pods=[pod(web, other, sandbox, homeless)])
    assert found.apps_of(A).alive(at(10)) == [web]
    assert found.apps_of(B).alive(at(10)) == [other]
    assert found.apps_of("node-c").alive(at(10)) == []


def test_pods_by_run_by_name_and_by_version() -> None:
    old, new, bare = pod(run(5), uid="uid-1"), pod(run(50), uid="uid-2"), pod(name="solo", uid=None)
    one, two, node = version(uid="uid-1"), version(uid="uid-1", number=8), version("Node", A, uid="uid-1")
    sets = version("ReplicaSet", uid="uid-1")
    unnumbered = version(name="solo", uid="")
    web = controller(old, new)
    found = life(node_life(), pods=[old, new, bare], controllers=[web], versions=[one, two, node, sets, unnumbered])
    assert found.pod_of(new.runs[0]) is new
    assert found.pod_of(run(5)) is None
    assert found.pods_named("default", "web-0") == [old, new]
    assert found.pods_named("kube-system", "web-0") == []
    assert found.pod_versions == {"uid-1": [one, two], "default/solo": [unnumbered]}
    assert [found.owner_of(p) for p in (old, new, bare)] == [web, web, None]


def test_holes_of_families_of_sources() -> None:
    kinds = ((A, "kubelet"), (A, "docker"), (B, "kubelet"), (A, "kubelet"))
    holes = [Hole(at(n), at(n + 1), "", "silence") for n in range(4)]
    covered = [Coverage(node, kind, at(0), at(99), (hole,)) for (node, kind), hole in zip(kinds, holes, strict=True)]
    found = life(node_life(), coverage=covered)
    assert found.holes(A, ("kubelet",)) == [holes[0], holes[3]]
    assert found.holes(A, ("runtime", "kubelet")) == [holes[1], holes[0], holes[3]]
    assert found.holes(None, ("kubelet", "runtime")) == []


@pytest.mark.parametrize(("component", "audited"), [("audit", True), ("api", False)])
def test_whether_an_audit_log_was_read(component: str, audited: bool) -> None:
    assert life(node_life(), said=[said(5, E.POD_DELETE_ASKED, component)]).audited is audited


# --- ends that nothing tells of


def presumed(**change: Any) -> Any:
    """web-0, asked to go at second 100 on a node of which nothing else tells."""
    node = change.pop("node", node_life())
    told = change.pop("said", [])
    ran = change.pop("ran", run(5))
    of = pod(ran, run(4, container="POD"), marked=change.pop("marked", edge(100)), **change)
    model._presume_ends([of], {node.name: node}, events(*told))
    return ran


def test_a_deleted_pod_is_taken_to_end_with_its_deletion_where_nothing_tells() -> None:
    ran = presumed()
    assert (ran.end.time, ran.end.earliest, ran.end.latest, ran.end_reason) == (at(100), at(100), None, "presumed")
    assert ran.end.proofs == (proof(100),)
    assert presumed(ran=run(100)).end.time == at(100)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"marked": None}, id="nobody asked"),
        pytest.param({"marked": edge(None)}, id="nobody says when"),
        pytest.param({"node": node_life(B)}, id="nothing of its node"),
        pytest.param({"ran": run(100.1)}, id="it began later"),
        pytest.param({"node": node_life(outages=[outage(90, 110)])}, id="no kubelet"),
        pytest.param({"node": node_life(not_ready=[spell(90, 110)])}, id="lost"),
        pytest.param({"said": [said(1, E.CONTAINER_STARTED, "docker", id="x")]}, id="its runtime tells"),
        pytest.param({"said": [said(1, E.CONTAINER_SEEN_DEAD, id="x")]}, id="its kubelet tells"),
    ],
)
def test_else_it_is_not(change: dict[str, Any]) -> None:
    assert presumed(**change).end.time is None


@pytest.mark.parametrize(
    "told",
    [
        said(1, E.CONTAINER_STARTED, "docker"),  # of no container
        said(1, E.CONTAINER_STARTED, "docker", id="x", node=B),
        said(1, E.POD_ADDED, id="x"),  # says nothing of ends
    ],
)
def test_who_does_not_tell_of_the_containers_of_the_node_is_not_asked(told: Any) -> None:
    assert presumed(said=[told]).end.time == at(100)


def test_an_end_that_is_told_stays() -> None:
    assert presumed(ran=run(5, 130)).end.time == at(130)
    assert presumed(ran=run(5, 90)).end.time == at(90)


# --- calm


def test_troubled_until_a_minute_after() -> None:
    cut = [said(second, E.NODE_LEASE_FAILED) for second in (300, 320)]
    node = node_life(outages=[outage(100, 110), outage(500, None)], not_ready=[spell(200, 210, "kubelet")], said=cut)
    found = [tuple(None if t is None else (t - ORIGIN).total_seconds() for t in span) for span in model._troubled(node)]
    assert sorted(found, key=str) == [(100, 170), (200, 270), (300, 380), (500, None)]


# --- a node


def made(*told: Any, wrote: Any = None) -> NodeLife:
    return model._node(A, events(*told), [writes(0, 50)] if wrote is None else wrote, [], at(1000))


def verdict(second: float, ready: bool = False, reporter: str = "node-controller") -> Any:
    return said(second, E.NODE_READY if ready else E.NODE_NOT_READY, "api", attributes={"reporter": reporter})


@pytest.mark.parametrize(
    ("verdicts", "vanished"),
    [
        ([verdict(100)], True),
        ([verdict(100, reporter="kubelet")], False),
        ([verdict(100, reporter="attacher")], True),
        ([verdict(90, True), verdict(100)], True),
        ([verdict(100, True), verdict(100)], True),
        ([verdict(100), verdict(110, True)], False),
        ([verdict(90), verdict(95, True), verdict(100)], True),
        ([verdict(100), verdict(105, True), verdict(110, True)], False),
    ],
)
def test_a_node_that_the_api_never_saw_again_has_vanished(verdicts: list[Any], vanished: bool) -> None:
    node = made(*verdicts)
    assert [(o.start.time, o.end.time, o.boot_lost) for o in node.outages] == ([(at(50), None, True)] if vanished else [])
    assert node.until == at(1000)


@pytest.mark.parametrize(
    ("told", "wrote", "has"),
    [
        ([], [], False),
        ([], [writes(0, 50)], True),
        ([], [writes(0, 50, "dockerd")], False),
        ([], [writes(0, 50, "dockerd"), writes(0, 50)], True),
        ([said(1, E.POD_ADDED)], [], True),
        ([said(1, E.KUBELET_STOPPED, "systemd")], [], True),
        ([said(1, E.NODE_READY, "api")], [], False),
    ],
)
def test_whether_its_kubelet_s_log_is_there(told: list[Any], wrote: list[Any], has: bool) -> None:
    assert made(*told, wrote=wrote).has_kubelet_log is has


# --- from when to when


Source = tuple[str, str, float | None, float | None]


def span(*sources: Source, versions: Any = (), clocks: Clocks | None = None) -> tuple[datetime, datetime]:
    """Sources by name, status, start and end."""
    store = MemoryStore()
    for name, status, start, end in sources:
        times = {"start": None if start is None else at(start), "end": None if end is None else at(end)}
        store.writer(name).commit({"source_id": name, "source": name, "status": status, **times})
    return model._span(store, list(versions), clocks or Clocks())


def test_from_the_first_to_the_last_record_of_what_was_read() -> None:
    some = [("a", "read", 10, 50), ("b", "read", 5, 40), ("c", "read", 20, 60)]
    assert span(*some) == (at(5), at(60))
    others = [("d", "damaged", 1, 99), ("e", "unread", 1, 99), ("f", "read", None, None)]
    assert span(*some, *others) == (at(5), at(60))
    assert span(*some, versions=[version(written=1), version(written=99)]) == (at(5), at(60))


def test_by_the_api_server_s_clock() -> None:
    ahead = Clock(A, *(timedelta(seconds=s) for s in (9, 11, 10)), votes=3)
    assert ahead.skewed
    assert span(("a", "read", 10, 50), ("b", "read", 5, 40), clocks=Clocks((ahead,), {"b": A})) == (at(-5), at(50))


def test_of_dumps_alone_from_the_first_to_the_last_write() -> None:
    assert span(versions=[version(written=s) for s in (30, None, 10, 20)]) == (at(10), at(30))
    with pytest.raises(EvidenceError, match="nothing in the evidence bears a time"):
        span(versions=[version(written=None, until=50)])
