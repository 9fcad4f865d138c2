"""What makes findings about numbers of pods doubtful: overshoots, undershoots, imbalances."""

from typing import Any

import pytest

from analyzer.detectors.base import Case
from analyzer.detectors.doubts import tempered
from analyzer.findings import Finding
from analyzer.lifecycle.run import Run
from analyzer.vocabulary import EventKind as E
from tests.detectors.doubting import a_finding, a_hole, covered, doubts_of
from tests.detectors.made import A, B, case, controller, edge, event, node, pod, run, writing


def _over(*runs: Run, start: float = 100, end: float | None = 200, wanted: int | None = 0, **more: Any) -> tuple[Case, Finding]:
    made = controller(*(pod(f"p{n}", [r]) for n, r in enumerate(runs)), wanted=wanted)
    known = case(pods=made.pods, controllers=[made], **more)
    fields = {"namespace": "default", "controller": made.title, "node": None, "details": {"cause": "orphan"}}
    return known, a_finding("overshoot-window", edge(start), edge(end), **fields)


def test_more_pods_that_surely_ran_are_certain() -> None:
    assert doubts_of(*_over(run("c", 100, 200))) == []
    assert doubts_of(*_over(run("c", 100, 1000), end=None)) == []


@pytest.mark.parametrize(
    ("start", "end", "surely"),
    [
        (102, 200, None),
        (102.5, 200, "10:01:42.5Z to 10:03:20.0Z (1 min 37 s)"),
        (100, 198, None),
        (100, 197.5, "10:01:40.0Z to 10:03:17.5Z (1 min 37 s)"),
    ],
)
def test_what_lasted_for_certain_is_told_where_it_is_shorter_by_two_seconds(start: float, end: float, surely: str | None) -> None:
    known, found = _over(run("c", start, end))
    assert doubts_of(known, found) == ([f"surely it lasted from {surely}; the rest is told by silence"] if surely else [])
    if surely:
        assert tempered(known, found).details["settled_by"] == [f"docker inspect, crictl inspect or the runtime's journal of {A}"]


def test_of_several_sure_stretches_the_longest_is_told() -> None:
    told = "surely it lasted from 10:01:50.0Z to 10:02:30.0Z (40.0 s); the rest is told by silence"
    assert doubts_of(*_over(run("c", 100, 105), run("d", 110, 150), run("e", 190, 200))) == [told]
    whole = doubts_of(*_over(run("c", 100, 149), run("d", 151, 200)))
    assert whole == ["surely it lasted from 10:01:40.0Z to 10:02:29.0Z (49.0 s); the rest is told by silence"]


def test_that_they_ran_at_once_may_be_told_by_silence_alone() -> None:
    known, found = _over(run("c", 50), run("d", None, node=B), wanted=1)
    known.life.pods[1].node = B
    assert doubts_of(known, found) == ["that all these pods ran at once is told by the silence of the runtime's events alone"]
    assert tempered(known, found).details["settled_by"] == [f"docker inspect, crictl inspect or the runtime's journal of {A}, {B}"]


def test_a_cause_that_is_not_known_and_lines_that_are_missing_are_doubts() -> None:
    known, found = _over(run("c", 100, 200), coverage=[covered("docker", a_hole(150, 160))])
    assert doubts_of(known, found) == [f"lines are missing on {A}: lines were dropped"]
    known, found = _over(run("c", 100, 200), coverage=[covered("docker", a_hole(150, 160), of=B)])
    assert doubts_of(known, found) == []
    found.details["cause"] = "unknown"
    assert doubts_of(known, found) == ["nothing in the evidence explains it"]


@pytest.mark.parametrize("wanted", [None, 0])
def test_an_overshoot_of_no_known_number_or_start_is_left(wanted: int | None) -> None:
    known, found = _over(run("c", None), wanted=wanted)
    assert bool(doubts_of(known, found)) == (wanted is not None)
    unbegun = a_finding("overshoot-window", edge(None), found.end, namespace="default", controller=found.controller)
    assert doubts_of(known, unbegun) == []
    assert doubts_of(known, a_finding("overshoot-window", found.start, found.end, namespace="other", controller=found.controller)) == []


@pytest.mark.parametrize(("cause", "doubtful"), [("unknown", True), ("starting", True), ("crash", False), ("rollout", False)])
def test_too_few_pods_for_no_reason_may_have_been_filled_unseen(cause: str, doubtful: bool) -> None:
    doubts = doubts_of(case(), a_finding("undershoot-window", edge(1), edge(2), details={"cause": cause}))
    assert doubts == (["a pod that started unseen would fill it"] if doubtful else [])


@pytest.mark.parametrize(
    ("ran", "doubtful"),
    [
        (run("c", 940), False),  # seen within the last minute
        (run("c", 950), False),
        (run("c", 939), True),
        (run("c", None), True),
        (run("c", 10, 20), False),  # it is not one of those that run
    ],
)
def test_pods_of_which_nothing_was_seen_for_a_minute_may_have_moved(ran: Run, doubtful: bool) -> None:
    made = controller(pod("p", [ran]))
    found = a_finding("imbalance", edge(100), edge(None), namespace="default", controller=made.title)
    doubts = doubts_of(case(pods=made.pods, controllers=[made]), found)
    assert doubts == (["that the pods stayed where they are is told by silence"] if doubtful else [])
    assert doubts_of(case(), found) == []


def test_a_kubelet_that_tells_of_its_containers_and_writes_on_shows_that_they_stayed() -> None:
    made = controller(pod("p", [run("c", 10)]))
    found = a_finding("imbalance", edge(100), edge(None), namespace="default", controller=made.title)
    tells, spells = [event(5, E.CONTAINER_SEEN_RUNNING)], [writing(0, 1000)]
    assert doubts_of(case(node(A, events=tells, spells=spells), pods=made.pods, controllers=[made]), found) == []
    assert len(doubts_of(case(node(A, events=tells), pods=made.pods, controllers=[made]), found)) == 1
