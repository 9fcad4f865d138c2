"""overshoot-window: its cause, what that is taken for, and how sure it is, at the edges."""

from typing import Any

import pytest

from analyzer.detectors.replicas import OVERSHOOT
from analyzer.findings import Finding
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.orphans import Orphan
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
    not_ready,
    outage,
    pod,
    run,
    workload,
)


def _over(*pods: Pod, nodes: tuple[NodeLife, ...] = (), wanted: int = 1, source: str = "objects", **more: Any) -> list[Finding]:
    known = workload(pods, nodes, wanted, source, **more)
    return list(OVERSHOOT.find(known))


def _two(**more: Any) -> tuple[Pod, Pod]:
    """The second beside the first from 100 to 200."""
    return pod("web-1", [run("c1", 10)]), pod("web-2", [run("c2", 100, 200)], **more)


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
    [found] = _over(_two()[0], elsewhere, nodes=(away,), source=source, events=(RUNTIME,))
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
    known = workload((first, second), (), 1, "objects")
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


def test_each_controller_is_judged_by_itself() -> None:
    inferred = controller(*_two(), wanted=1, source="inferred")
    certain = controller(*_two(), wanted=1)
    assert len(list(OVERSHOOT.find(case(controllers=[inferred, certain])))) == 1
