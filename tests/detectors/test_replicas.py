"""overshoot-window and undershoot-window: the cause of each, what it is taken for, and how sure that is, at the edges."""

from typing import Any

import pytest

from analyzer.detectors.base import Case
from analyzer.detectors.replicas import OVERSHOOT, UNDERSHOOT
from analyzer.findings import Finding
from analyzer.lifecycle.desired import Wanted
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.orphans import Orphan
from analyzer.lifecycle.pods import Pod
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, B, at, bounds, case, cited, controller, edge, event, node, not_ready, outage, pod, proof, run

_RUNTIME = event(0, E.CONTAINER_STARTED, component="docker", container_id="x")
_OF_B = event(0, E.CONTAINER_STARTED, component="docker", container_id="y", node=B)


def _over(*pods: Pod, nodes: tuple[NodeLife, ...] = (), wanted: int = 1, source: str = "objects", **more: Any) -> list[Finding]:
    known = _case(pods, nodes, wanted, source, **more)
    return list(OVERSHOOT.find(known))


def _under(*pods: Pod, nodes: tuple[NodeLife, ...] = (), wanted: int = 1, source: str = "objects", **more: Any) -> list[Finding]:
    return list(UNDERSHOOT.find(_case(pods, nodes, wanted, source, **more)))


def _case(
    pods: tuple[Pod, ...],
    nodes: tuple[NodeLife, ...],
    wanted: int,
    source: str,
    events: tuple[Event, ...] = (_RUNTIME, _OF_B),
    steps: tuple[Step, ...] = (),
    **more: Any,
) -> Case:
    made = controller(*pods, wanted=wanted, source=source, **more)
    if steps:
        made.wanted = Wanted(steps, source, tuple(proof(n, f"scaled {n}") for n in (100, 101, 102, 103)))
    return case(*nodes, pods=pods, controllers=[made], events=events)


def _two(**more: Any) -> tuple[Pod, Pod]:
    """The second beside the first from 100 to 200."""
    return pod("web-1", [run("c1", 10)]), pod("web-2", [run("c2", 100, 200)], **more)


# --- overshoots


def test_all_that_is_said_of_an_overshoot() -> None:
    first, second = _two()
    second.runs[0].start = edge(100, 1, 2, text="start of c2")
    first.runs.append(run("again", 20, 30))
    [found] = _over(first, second)
    assert (found.kind, found.severity, found.confidence, found.expected) == ("overshoot-window", "warning", "certain", False)
    assert (bounds(found.start), bounds(found.end)) == ((99, 100, 102), (200, 200, 200))
    assert found.summary == (
        "ReplicaSet/web ran 2 pods where 1 was asked for, for 1 min 40 s from 10:01:40.0Z to 10:03:20.0Z (cause: unknown)."
    )
    assert found.details == {
        "desired": 1,
        "desired_from": "objects",
        "peak": 2,
        "excess_pod_seconds": 100.0,
        "pods": ["web-1", "web-2"],
        "cause": "unknown",
    }
    assert (found.namespace, found.controller, found.node) == ("default", "ReplicaSet/web", None)
    assert cited(found) == ["start of c1", "start of c2", "end of c2"]


def test_an_overshoot_to_the_end_of_the_evidence() -> None:
    [found] = _over(pod("a", [run("a", 10)]), pod("b", [run("b", 990)]), wanted=0)
    assert bounds(found.start)[1] == 10
    assert bounds(found.end) == (1000, None, None)
    assert "ran 2 pods where 0 were asked for, for 16 min 30 s from 10:00:10.0Z to the end of the evidence (" in found.summary
    assert found.details["excess_pod_seconds"] == 1000.0


def test_of_what_was_asked_for_the_first_three_records_are_cited() -> None:
    [found] = _over(*_two(), steps=(Step(None, 2), Step(at(100), 1)))
    assert [c for c in cited(found) if c.startswith("scaled")] == ["scaled 100", "scaled 101", "scaled 102"]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("stated", "certain"),
        ("objects", "certain"),
        ("controller-manager", "certain"),
        ("audit", "certain"),
        ("events", "likely"),
        ("inferred", "possible"),
    ],
)
def test_how_sure_it_is_depends_on_who_tells_the_number_and_on_who_tells_what_ran(source: str, told: str) -> None:
    levels = ["certain", "likely", "possible", "possible"]
    away = node(A, [outage(50, 150)])
    late = _two(marked=edge(100))
    [found] = _over(*late, nodes=(away,), source=source)
    assert found.confidence == told
    [found] = _over(*_two(marked=edge(100)), nodes=(away,), source=source, events=())
    assert found.confidence == levels[levels.index(told) + 1]
    elsewhere = pod("web-2", [run("c2", 100, 200, node=B)], node=B, marked=edge(100))
    [found] = _over(_two()[0], elsewhere, nodes=(away,), source=source, events=(_RUNTIME,))
    assert found.confidence == levels[levels.index(told) + 1]  # of one node the runtime tells, of the other it does not


def test_more_than_was_inferred_for_no_known_cause_may_be_a_scale_up() -> None:
    assert not _over(*_two(), source="inferred")
    assert _over(*_two(marked=edge(100)), source="inferred")
    assert _over(*_two(), source="events")


@pytest.mark.parametrize(
    ("kind", "marked", "severity"), [("StatefulSet", 100, "info"), ("StatefulSet", None, "critical"), ("ReplicaSet", None, "warning")]
)
def test_two_of_one_ordinal_are_critical_unless_meant(kind: str, marked: float | None, severity: str) -> None:
    [found] = _over(*_two(marked=None if marked is None else edge(marked)), kind=kind)
    assert (found.severity, found.expected) == (severity, severity == "info")


def _cause(found: list[Finding]) -> str:
    [one] = found
    assert f"(cause: {one.details['cause']}" in one.summary
    assert one.summary.endswith(", by design).") == one.expected
    return str(one.details["cause"])


def _with_orphan(start: float | None, end: float | None, outcome: str = "removed", superseded: float | None = None) -> list[Finding]:
    first, second = _two()
    known = _case((first, second), (), 1, "objects")
    replaced = None if superseded is None else at(superseded)
    spell = Orphan(first.runs[0], first, "kubelet-down", outcome, edge(start), edge(end), None, None, replaced)
    known.orphans = [spell]
    return list(OVERSHOOT.find(known))


@pytest.mark.parametrize(
    ("start", "end", "cause"),
    [
        (50, 100, "unknown"),  # over when the window begins
        (50, 100.001, "orphan"),
        (199.999, 300, "orphan"),
        (200, 300, "unknown"),  # begins when the window is over
        (50, None, "orphan"),
        (None, 300, "unknown"),
    ],
)
def test_an_orphan_that_ran_in_the_window_is_its_cause(start: float | None, end: float | None, cause: str) -> None:
    assert _cause(_with_orphan(start, end)) == cause


@pytest.mark.parametrize(
    ("outcome", "superseded", "cause"),
    [("adopted", None, "unknown"), ("adopted", 90, "orphan"), ("removed", None, "orphan"), ("removed", 90, "orphan")],
)
def test_an_orphan_that_was_adopted_is_the_cause_only_if_another_took_its_place(outcome: str, superseded: float | None, cause: str) -> None:
    assert _cause(_with_orphan(50, 150, outcome, superseded)) == cause


def test_a_pod_on_a_node_that_the_control_plane_had_lost_is_an_orphan() -> None:
    assert _cause(_over(*_two(), nodes=(node(A, lost=[not_ready(90, 150)]),))) == "orphan"
    assert _cause(_over(*_two(), nodes=(node(A, lost=[not_ready(90, 95)]),))) == "unknown"
    assert _cause(_over(*_two(), nodes=(node(A, lost=[not_ready(90, 150, "kubelet")]),))) == "unknown"
    assert _cause(_over(*_two(), nodes=(node(B, lost=[not_ready(90, 150, node=B)]),))) == "unknown"


def _templates(first: str, second: str, **more: Any) -> tuple[Pod, Pod]:
    one, two = _two(**more)
    one.owner, two.owner = ("ReplicaSet", first), ("ReplicaSet", second)
    return one, two


def test_pods_of_two_templates_are_a_rollout() -> None:
    assert _cause(_over(*_templates("web-a", "web-b"))) == "rollout"
    assert _cause(_over(*_templates("web-a", "web-a"))) == "unknown"
    others = _templates("web-a", "web-b")
    others[1].owner = ("Job", "web-b")
    assert _cause(_over(*others)) == "unknown"


@pytest.mark.parametrize(("scaled", "cause"), [(-500, "rollout"), (-500.001, "unknown"), (205, "rollout"), (205.001, "unknown")])
def test_a_rollout_scales_within_ten_minutes_before_the_window_until_just_after(scaled: float, cause: str) -> None:
    told = event(scaled, E.REPLICA_SET_SCALED)
    assert _cause(_over(*_templates("web-a", "web-b"), kind="Deployment", scalings=[told])) == cause


def test_templates_are_read_off_names_where_nothing_else_tells_them() -> None:
    named = pod("web-7d9c5b8f6-aaaaa", [run("c1", 10)]), pod("web-5f6d7c8b9-bbbbb", [run("c2", 100, 200)])
    assert _cause(_over(*named, kind="Deployment", owner_inferred=True)) == "rollout"
    assert _cause(_over(*named, kind="Deployment")) == "unknown"
    assert _cause(_over(*named, kind="ReplicaSet", owner_inferred=True)) == "unknown"
    alike = pod("web-7d9c5b8f6-aaaaa", [run("c1", 10)]), pod("web-7d9c5b8f6-bbbbb", [run("c2", 100, 200)])
    assert _cause(_over(*alike, kind="Deployment", owner_inferred=True)) == "unknown"
    owned = pod("web-7d9c5b8f6-aaaaa", [run("c1", 10)], owner=("Job", "x")), pod("web-5f6d7c8b9-bbbbb", [run("c2", 100, 200)])
    assert _cause(_over(*owned, kind="Deployment", owner_inferred=True)) == "unknown"  # of one of them it is told: a Job's


def test_a_window_that_begins_with_a_smaller_number_is_a_scale_down() -> None:
    both = pod("a", [run("a", 10)]), pod("b", [run("b", 10, 130)])
    assert _cause(_over(*both, steps=(Step(None, 2), Step(at(100), 1)))) == "scale-down"


@pytest.mark.parametrize(("marked", "cause"), [(105, "termination"), (105.001, "unknown"), (50, "termination")])
def test_a_pod_that_was_going_when_another_came_is_its_termination(marked: float, cause: str) -> None:
    leaving = pod("a", [run("a", 10, 130)], marked=edge(marked))
    assert _cause(_over(leaving, pod("b", [run("b", 100)]))) == cause
    unending = pod("a", [run("a", 10)], marked=edge(marked))
    assert _cause(_over(unending, pod("b", [run("b", 100)]))) == cause


def test_a_deletion_whose_moment_nobody_knows_explains_nothing() -> None:
    assert _cause(_over(pod("a", [run("a", 10)], marked=edge(None)), pod("b", [run("b", 100)]))) == "unknown"


# --- undershoots


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
    short = _case((pod("a", [run("a", 10)]),), (node(),), 1, "objects", steps=steps)
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
    [found] = _under(*pods, nodes=(node(), node(B)), events=(_RUNTIME, late))
    assert bounds(found.start)[1] == 150
    assert not _under(_left(), nodes=(node(),), events=())


def test_a_number_that_names_alone_tell_is_none() -> None:
    assert not _under(_left(), nodes=(node(),), owner_inferred=True, source="inferred")
    assert _under(_left(), nodes=(node(),), owner_inferred=True)
    assert _under(_left(), nodes=(node(),), source="inferred")
    nobody = _case((_left(),), (node(),), 1, "objects")
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
    both = case(node(), pods=[*unknown.pods, *known.pods], controllers=[unknown, unasked, known], events=[_RUNTIME])
    assert len(list(UNDERSHOOT.find(both))) == 1
    inferred = controller(*_two(), wanted=1, source="inferred")
    certain = controller(*_two(), wanted=1)
    assert len(list(OVERSHOOT.find(case(controllers=[inferred, certain])))) == 1
