"""undershoot-window: its cause, whether that is as meant, and where too few cannot be told, at the edges."""

from typing import Any

import pytest

from analyzer.detectors.replicas import UNDERSHOOT
from analyzer.findings import Finding
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import (
    RUNTIME,
    A,
    B,
    at,
    bounds,
    case,
    cited,
    controller,
    edge,
    event,
    node,
    outage,
    pod,
    run,
    workload,
)


def _under(*pods: Pod, nodes: tuple[NodeLife, ...] = (), wanted: int = 1, source: str = "objects", **more: Any) -> list[Finding]:
    return list(UNDERSHOOT.find(workload(pods, nodes, wanted, source, **more)))


def _left(ended: float = 100, again: float | None = 200, **more: Any) -> Pod:
    """Its container ended, and ran again."""
    later = [] if again is None else [run("c2", again)]
    return pod("web-1", [run("c1", 0, ended), *later], **more)


def test_all_that_is_said_of_an_undershoot() -> None:
    [found] = _under(_left(again=190.5), nodes=(node(),))
    assert (found.kind, found.severity, found.confidence, found.expected) == ("undershoot-window", "info", "certain", True)
    assert (bounds(found.start), bounds(found.end)) == ((100, 100, 100), (190.5, 190.5, 190.5))
    assert found.summary == (
        "ReplicaSet/web ran 0 pods where 1 was asked for, for 1 min 30 s from 10:01:40.0Z to 10:03:10.5Z"
        " (cause: crash; the kubelet was there to restart it)."
    )
    assert found.details == {
        "desired": 1,
        "desired_from": "objects",
        "peak": 0,
        "excess_pod_seconds": -90.5,
        "pods": [],
        "cause": "crash",
    }
    assert cited(found) == ["end of c1", "start of c2"]


def test_one_pod_where_two_were_asked_for() -> None:
    [found] = _under(_left(), pod("web-2", [run("d", 0)]), nodes=(node(),), wanted=2)
    assert " ran 1 pod where 2 were asked for," in found.summary
    assert cited(found) == ["start of d", "end of c1", "start of c2"]


def _why(found: list[Finding]) -> tuple[str, bool]:
    [one] = [f for f in found if bounds(f.start)[1] == 100]
    assert one.severity == ("info" if one.expected else "warning")
    return str(one.details["cause"]), one.expected


def _why_left(ran: Pod | None = None, *nodes: NodeLife, **more: Any) -> tuple[str, bool]:
    return _why(_under(ran or _left(), nodes=nodes or (node(),), **more))


def test_a_crash_is_as_meant_while_a_kubelet_is_there() -> None:
    assert _why_left() == ("crash", True)
    assert _why_left(None, node(A, [outage(90, 150)])) == ("crash", False)
    assert _why_left(None, node(A, [outage(90, 100)])) == ("crash", True)
    assert _why_left(None, node(B)) == ("crash", True)  # of its node nothing is known


@pytest.mark.parametrize("kind", [E.RUNTIME_STOPPED, E.RUNTIME_STARTED, E.RUNTIME_UNREACHABLE])
@pytest.mark.parametrize(("when", "cause"), [(94.999, "crash"), (95, "unknown"), (105, "unknown"), (105.001, "crash")])
def test_a_runtime_that_stopped_within_five_seconds_took_it_along(kind: E, when: float, cause: str) -> None:
    told = event(when, kind, component="systemd")
    assert _why_left(None, node(A, events=[told])) == (cause, True)
    assert _why_left(None, node(A, [outage(90, 150)], events=[told])) == (cause, False)


def test_a_node_that_went_down_is_a_node_loss() -> None:
    assert _why_left(None, node(A, [outage(90, 150, "rebooted", boot_lost=True)])) == ("node-loss", False)
    assert _why_left(None, node(A, [outage(90, 99, "rebooted", boot_lost=True)])) == ("crash", True)
    gone = _left()
    gone.runs[0].end_reason = "node-lost"
    assert _why_left(gone) == ("node-loss", False)


@pytest.mark.parametrize(("marked", "why"), [(105, ("starting", True)), (105.001, ("crash", True)), (None, ("crash", True))])
def test_where_it_was_deleted_its_controller_makes_another(marked: float | None, why: tuple[str, bool]) -> None:
    assert _why_left(_left(marked=edge(marked))) == why


def test_all_that_left_must_have_been_deleted() -> None:
    some = _left(marked=edge(90)), pod("web-2", [run("d", 5, 100), run("d2", 300)])
    assert _why(_under(*some, nodes=(node(),), wanted=2)) == ("crash", True)
    some = pod("web-2", [run("d", 5, 100.5), run("d2", 300)]), _left(marked=edge(90))
    assert _why(_under(*some, nodes=(node(),), wanted=2)) == ("crash", True)


@pytest.mark.parametrize(("other", "cause"), [(98.9, "starting"), (99, "node-loss"), (101, "node-loss"), (101.1, "starting")])
def test_what_left_within_a_second_of_the_start_decides(other: float, cause: str) -> None:
    lost = pod("web-2", [run("d", 0, other, end_reason="node-lost")])
    stays = pod("web-3", [run("e", 0)])
    found = _under(_left(marked=edge(90)), lost, stays, nodes=(node(),), wanted=2 if other < 100 else 3)  # it begins at 100
    first = min(found, key=lambda f: f.start.time or at(0))
    assert first.details["cause"] == cause


@pytest.mark.parametrize(("lasts", "why"), [(600, ("starting", True)), (600.001, ("unknown", False))])
def test_a_number_that_grew_is_met_within_ten_minutes(lasts: float, why: tuple[str, bool]) -> None:
    grown = pod("a", [run("a", 10)]), pod("b", [run("b", 100 + lasts)])
    assert _why(_under(*grown, nodes=(node(),), steps=(Step(None, 1), Step(at(100), 2)))) == why


def test_a_number_that_grew_and_is_never_met() -> None:
    steps = (Step(None, 1), Step(at(100), 2))
    assert _why(_under(pod("a", [run("a", 10)]), nodes=(node(),), steps=steps)) == ("unknown", False)
    short = workload((pod("a", [run("a", 10)]),), (node(),), 1, "objects", steps=steps)
    short.life.end = at(700)
    assert _why(list(UNDERSHOOT.find(short))) == ("starting", True)


def test_a_number_that_grew_as_one_left_is_starting() -> None:
    some = _left(), pod("b", [run("b", 10)])
    assert _why(_under(*some, nodes=(node(),), steps=(Step(None, 1), Step(at(100), 2)))) == ("starting", True)


def _rolled(leaving: int) -> list[Finding]:
    old = [pod(f"old-{n}", [run(f"o{n}", 5, 100)], owner=("ReplicaSet", "web-a")) for n in range(leaving)]
    new = [pod(f"new-{n}", [run(f"n{n}", 6)], owner=("ReplicaSet", (n % 2 and "web-a") or "web-b")) for n in range(2)]
    return _under(*old, *new, nodes=(node(),), wanted=3)


def test_up_to_two_pods_that_leave_in_a_rollout_are_replaced() -> None:
    assert _why(_rolled(1)) == ("rollout", True)
    assert _why(_rolled(2)) == ("rollout", True)
    assert _why(_rolled(3)) == ("crash", True)


def test_a_lost_node_counts_before_a_rollout() -> None:
    old = pod("old", [run("o", 5, 100, end_reason="node-lost")], owner=("ReplicaSet", "web-a"))
    new = pod("n1", [run("n1", 6)], owner=("ReplicaSet", "web-a")), pod("n2", [run("n2", 6)], owner=("ReplicaSet", "web-b"))
    assert _why(_under(old, *new, nodes=(node(),), wanted=3)) == ("node-loss", False)


# --- where too few cannot be told


@pytest.mark.parametrize(
    ("unseen", "tells"),
    [
        ({"node": "node-c", "created": at(500)}, False),  # of its node nothing tells
        ({"node": A, "created": at(500)}, True),
        ({"node": A, "created": at(0)}, True),
        ({"node": A, "created": at(-1)}, False),  # older than what tells
        ({"node": A}, False),
        ({"node": None}, True),  # never placed
        ({"node": A, "events": [event(500, E.POD_SCHEDULED)]}, True),
        ({"node": A, "events": [event(500, E.POD_SCHEDULED), event(-1, E.POD_CREATED)]}, False),
        ({"node": A, "events": [event(500, E.POD_ADDED)]}, False),
    ],
)
def test_a_pod_that_may_have_run_unseen_leaves_the_count_unknown(unseen: dict[str, Any], tells: bool) -> None:
    assert bool(_under(_left(), pod("other", **unseen), nodes=(node(),))) == tells


def test_a_node_tells_from_its_first_container_on() -> None:
    said = (
        event(50, E.CONTAINER_STARTED, component="docker", container_id="z"),
        event(20, E.POD_ADDED, component="kubelet"),
        event(10, E.CONTAINER_STARTED, component="api", container_id="z"),
    )
    made_at = [pod("other", created=at(s)) for s in (50, 49)]
    assert [bool(_under(_left(), p, nodes=(node(),), events=said)) for p in made_at] == [True, False]
    logs = event(30, E.CONTAINER_SEEN_RUNNING, component="kubelet", container_id="z"), *said
    assert _under(_left(), made_at[1], nodes=(node(),), events=logs)
    runtime = event(30, E.CONTAINER_STARTED, component="runtime-log", container_id="z"), *said
    assert _under(_left(), made_at[1], nodes=(node(),), events=runtime)


def test_the_count_begins_when_all_its_nodes_tell() -> None:
    late = event(150, E.CONTAINER_STARTED, component="docker", container_id="y", node=B)
    pods = _left(), pod("web-2", [run("d", 160, node=B)], node=B)
    [found] = _under(*pods, nodes=(node(), node(B)), events=(RUNTIME, late))
    assert bounds(found.start)[1] == 150
    assert not _under(_left(), nodes=(node(),), events=())


def test_a_number_that_names_alone_tell_is_none() -> None:
    assert not _under(_left(), nodes=(node(),), owner_inferred=True, source="inferred")
    assert _under(_left(), nodes=(node(),), owner_inferred=True)
    assert _under(_left(), nodes=(node(),), source="inferred")
    nobody = workload((_left(),), (node(),), 1, "objects")
    nobody.life.controllers[0].wanted = None
    assert not list(UNDERSHOOT.find(nobody))


def test_an_inferred_number_holds_from_when_so_many_ran() -> None:
    pods = pod("a", [run("a", 50), run("a2", 700)]), pod("b", [run("b", 60, 100), run("b2", 300)])
    asked = _under(*pods, nodes=(node(),), wanted=2)
    inferred = _under(*pods, nodes=(node(),), wanted=2, source="inferred")
    assert [bounds(f.start)[1] for f in asked] == [0, 100]
    assert [bounds(f.start)[1] for f in inferred] == [100]
    assert not _under(*pods, nodes=(node(),), wanted=3, source="inferred")


def test_each_controller_is_judged_by_itself() -> None:
    unknown, known = controller(pod("x", node="node-c"), wanted=1), controller(_left(), wanted=1)
    unasked = controller(_left(), wanted=None)
    both = case(node(), pods=[*unknown.pods, *known.pods], controllers=[unknown, unasked, known], events=[RUNTIME])
    assert len(list(UNDERSHOOT.find(both))) == 1
