"""imbalance: all replicas on fewer nodes than before, though the node is back; who is to be moved, and since when it is so."""

from typing import Any

import pytest

from analyzer.detectors.imbalance import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.pods import Pod
from tests.detectors.made import A, B, bounds, case, cited, controller, node, not_ready, outage, pod, run

C = "node-c"


def _found(*pods: Pod, nodes: tuple[NodeLife, ...] = (), kind: str = "ReplicaSet") -> list[Finding]:
    made: Controller = controller(*pods, kind=kind)
    return list(DETECTOR.find(case(*(nodes or _back()), node(B), pods=pods, controllers=[made])))


def _back(start: float | None = 100, end: float | None = 200, *lost: Any) -> tuple[NodeLife, ...]:
    return (node(A, [outage(start, end)], lost),)


def _of_a(start: float | None = 10, end: float | None = 210) -> Pod:
    return pod("old", [run("o", start, end)])


def _of_b(name: str = "web-b", start: float | None = 10, end: float | None = None, where: str = B) -> Pod:
    return pod(name, [run(f"of {name}", start, end, node=where)], node=where)


def test_all_that_is_said_of_pods_that_do_not_come_back() -> None:
    replaced = _of_b("web-c", 150)
    replaced.runs.append(run("again", 160, node=B))
    [found] = _found(_of_a(), _of_b(), replaced, nodes=_back(100, 200, not_ready(140, 205)))
    assert (found.kind, found.severity, found.confidence, found.expected, found.node) == ("imbalance", "warning", "certain", False, A)
    assert (bounds(found.start), bounds(found.end)) == ((210, 210, 210), (210, None, None))
    assert found.summary == (
        f"Since 10:03:30.0Z all 2 pods of ReplicaSet/web run on {B}, none on {A}, which is Ready again;"
        " Kubernetes does not rebalance: delete pod web-c to let the scheduler place it anew."
    )
    assert found.details == {
        "before": {A: 1, B: 1},
        "after": {B: 2, A: 0},
        "move": {"pod": "web-c", "from": B, "to": A, "command": "kubectl -n default delete pod web-c"},
    }
    assert (found.namespace, found.controller) == ("default", "ReplicaSet/web")
    assert cited(found) == ["start of of web-b", "start of of web-c", "back", "end of o"]


@pytest.mark.parametrize(
    ("lost", "since"),
    [((), 200), ((not_ready(140, 205),), 205), ((not_ready(140, 195),), 200), ((not_ready(10, 300), not_ready(310, 320)), 320)],
)
def test_it_is_so_since_the_node_is_ready_again(lost: tuple[Any, ...], since: float) -> None:
    [found] = _found(_of_a(end=150), _of_b(), _of_b("web-c", 120), nodes=_back(100, 200, *lost))
    assert bounds(found.start)[1] == since


def test_the_last_outage_counts() -> None:
    pods = _of_a(end=150), _of_b(), _of_b("web-c", 120)
    [found] = _found(*pods, nodes=(node(A, [outage(5, 8), outage(100, 200)]),))
    assert bounds(found.start)[1] == 200
    pods = _of_a(end=310), _of_b(), _of_b("web-c", 120)
    assert not _found(*pods, nodes=(node(A, [outage(100, 200), outage(300, None)]),))


@pytest.mark.parametrize(("ended", "since"), [(100, 200), (199, 200), (300, 300)])
def test_it_is_so_since_the_last_one_left_the_node(ended: float, since: float) -> None:
    [found] = _found(_of_a(end=ended), _of_b(), _of_b("web-c", 120))
    assert bounds(found.start)[1] == since


def test_what_left_the_node_before_the_outage_says_nothing() -> None:
    earlier = pod("earlier", [run("e", 10, 99.9)])
    assert not _found(earlier, _of_b(), _of_b("web-c", 120))
    assert _found(earlier, _of_a(), _of_b(), _of_b("web-c", 120))


# --- when it is one


@pytest.mark.parametrize(
    ("nodes", "one"),
    [
        (_back(), True),
        (_back(100, None), False),  # not back
        (_back(100, 200, not_ready(140, None)), False),  # not Ready
        (_back(100, 200, not_ready(140, 150), not_ready(160, None)), False),
        (_back(None, 200), False),
        ((node(A),), False),
        ((node(A, [outage(5, 8), outage(100, 200)]),), True),
        ((node(A, [outage(100, 200), outage(300, 400)]),), False),  # when it went the last time, nothing ran there any more
    ],
)
def test_the_node_must_be_back_and_ready_after_an_outage_that_found_pods_there(nodes: tuple[NodeLife, ...], one: bool) -> None:
    assert bool(_found(_of_a(), _of_b(), _of_b("web-c", 120), nodes=nodes)) == one


@pytest.mark.parametrize(
    ("of_a", "one"),
    [
        (_of_a(100, 210), True),
        (_of_a(100.001, 210), False),  # it came later
        (_of_a(None, 210), True),
        (_of_a(10, 100), True),
        (_of_a(10, 99.999), False),
        (_of_a(10, None), False),  # still there
    ],
)
def test_a_pod_must_have_been_there_before_and_none_be_there_after(of_a: Pod, one: bool) -> None:
    assert bool(_found(of_a, _of_b(), _of_b("web-c", 120))) == one


def test_two_pods_at_least_must_be_left_on_fewer_nodes_than_before() -> None:
    assert not _found(_of_a(), _of_b())
    assert not _found(_of_a(), _of_b(), _of_b("web-c", 120, where=C))  # as many nodes as before
    assert _found(_of_a(), _of_b(), _of_b("web-d", 10, where=C), _of_b("web-c", 120, where=C))
    assert not _found(_of_a(), _of_b("web-b", 10), _of_b("web-c", 120, end=500))  # one of them ended


@pytest.mark.parametrize(
    ("kind", "one"), [("Deployment", True), ("ReplicaSet", True), ("StatefulSet", True), ("DaemonSet", False), ("Job", False)]
)
def test_only_what_has_replicas_is_balanced(kind: str, one: bool) -> None:
    assert bool(_found(_of_a(), _of_b(), _of_b("web-c", 120), kind=kind)) == one


def test_pods_without_a_node_count_for_nothing() -> None:
    nowhere = pod("nowhere", [run("n", 10, node=None)], node=None)
    [found] = _found(_of_a(), nowhere, _of_b(), _of_b("web-c", 120))
    assert found.details["before"] == {A: 1, B: 1}
    assert found.details["after"] == {B: 2, A: 0}


# --- who is to be moved


def test_the_newest_pod_of_the_fullest_node_is_to_be_moved() -> None:
    before = _of_a(), _of_b("b0", 10, 105), _of_b("c0", 10, 105, where=C)
    [found] = _found(*before, _of_b("b1", 150), _of_b("c1", 140, where=C), _of_b("c2", 120, where=C))
    assert found.details["before"] == {A: 1, B: 1, C: 1}
    assert found.details["move"]["from"] == C
    assert found.details["move"]["pod"] == "c1"


def test_of_equals_the_first_node_and_the_last_pod_are_taken() -> None:
    pods = _of_b("b1", 120), _of_b("b2", 120), _of_b("c1", 130, where=C), _of_b("c2", 130, where=C)
    [found] = _found(_of_a(), *reversed(pods), _of_b("c0", 10, where=C, end=110), _of_b("b0", 10, end=110))
    assert found.details["move"] == {"pod": "b2", "from": B, "to": A, "command": "kubectl -n default delete pod b2"}


def test_a_pod_is_as_new_as_its_newest_container() -> None:
    restarted = _of_b("b1", 10)
    restarted.runs.append(run("again", 500, node=B))
    [found] = _found(_of_a(), restarted, _of_b("b2", 120), _of_b("b3", None))
    assert found.details["move"]["pod"] == "b1"


def test_of_several_nodes_the_last_tells_how_it_stands() -> None:
    both = node(A, [outage(100, 200)]), node(C, [outage(90, 220, node=C)])
    found = _found(_of_a(), _of_b("web-d", 10, 150, where=C), _of_b(), _of_b("web-c", 120), nodes=both)
    assert [f.node for f in found] == [C]
