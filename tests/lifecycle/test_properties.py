"""Windows of too many and too few pods against a count at each moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.desired import Wanted
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.windows import FLICKER, Window, windows
from analyzer.proof import Edge
from analyzer.vocabulary import SANDBOX
from tests.lifecycle.incident import at

END = 60
"""The evidence: from second 0 to second 60. Edges lie on whole seconds, the shortest gap that is no flicker."""

BOUND = st.none() | st.integers(-5, END + 5)
RUN = st.tuples(BOUND, BOUND, st.booleans()).filter(lambda run: run[0] is None or run[1] is None or run[0] < run[1])
RUNS = st.lists(RUN, max_size=3)
STEPS = st.lists(st.tuples(st.integers(-5, END + 5), st.integers(0, 4)), max_size=4, unique_by=lambda step: step[0]).map(sorted)
Bounds = list[tuple[int | None, int | None, bool]]


def edge(second: int | None) -> Edge:
    time = None if second is None else at(second)
    return Edge(time, time, time)


@dataclass(frozen=True)
class Case:
    """Pods with runs (start, end, whether it is the sandbox), and what was asked for."""

    pods: list[Bounds]
    first: int
    steps: list[tuple[int, int]]

    def controller(self) -> Controller:
        made = []
        for number, runs in enumerate(self.pods):
            pod = Pod("default", f"web-{number}", f"uid-{number}")
            for start, end, sandbox in runs:
                name = SANDBOX if sandbox else "web"
                pod.runs.append(Run("c" * 12, "n", "default", pod.name, pod.uid, name, edge(start), edge(end)))
            made.append(pod)
        wanted = Wanted((Step(None, self.first), *(Step(at(second), value) for second, value in self.steps)), "stated")
        return Controller("default", "ReplicaSet", "web", Pods.of(made), reckon=lambda: wanted)

    def running(self, second: int) -> set[int]:
        return {n for n, runs in enumerate(self.pods) if any(_alive(run, second) for run in runs)}

    def asked(self, second: int) -> int:
        return [self.first, *(value for start, value in self.steps if start <= second)][-1]

    def beyond(self, second: int, over: bool) -> int:
        much = len(self.running(second)) - self.asked(second)
        return max(0, much if over else -much)


def _alive(run: tuple[int | None, int | None, bool], second: int) -> bool:
    start, end, sandbox = run
    return not sandbox and (start is None or start <= second) and (end is None or second < end)


CASES = st.builds(Case, st.lists(RUNS, max_size=5), st.integers(0, 4), STEPS)


def found(case: Case, over: bool) -> list[Window]:
    return windows(case.controller(), at(0), at(END), over=over)


def _second(moment: datetime | None) -> int:
    return END if moment is None else round((moment - at(0)).total_seconds())


@pytest.mark.parametrize("over", [True, False])
@given(case=CASES)
def test_windows_are_the_seconds_beyond(case: Case, over: bool) -> None:
    seconds = {s for w in found(case, over) for s in range(_second(w.start), _second(w.end))}
    assert seconds == {s for s in range(END) if case.beyond(s, over)}


@pytest.mark.parametrize("over", [True, False])
@given(case=CASES)
def test_each_window_is_measured(case: Case, over: bool) -> None:
    last = None
    for window in found(case, over):
        span = range(_second(window.start), _second(window.end))
        assert last is None or window.start - last >= FLICKER
        last = window.end
        worst = max(case.beyond(s, over) for s in span)
        assert abs(window.peak - window.desired) == worst
        assert (window.peak > window.desired) is over
        assert any((len(case.running(s)), case.asked(s)) == (window.peak, window.desired) for s in span)
        assert window.pod_seconds == sum(case.beyond(s, over) for s in span)
        assert {int((pod.name or "").split("-")[1]) for pod in window.pods} == set().union(*(case.running(s) for s in span))
        assert window.desired_moved == (_second(window.start) in {second for second, _ in case.steps})
        assert (window.end is None) == bool(case.beyond(END - 1, over) and END - 1 in span)


@given(st.integers(0, 4), st.integers(1, 999_999))
def test_what_is_shorter_than_a_flicker_makes_no_window(steady: int, length: int) -> None:
    controller = Case([[(None, None, False)]] * steady, steady, []).controller()
    controller.pods = Pods.of([*controller.pods, _blink("web-9", length)])
    assert windows(controller, at(0), at(END), over=True) == []


@given(st.integers(1, 4), st.integers(1, 999_999))
def test_what_is_shorter_than_a_flicker_splits_no_window(missing: int, length: int) -> None:
    controller = Case([], missing, []).controller()
    controller.pods = Pods.of([*controller.pods, _blink("web-9", length)])
    (window,) = windows(controller, at(0), at(END), over=False)
    assert (window.start, window.end, window.peak) == (at(0), None, 0)


def _blink(name: str, length: int) -> Pod:
    """A pod that ran for a part of a second."""
    start, end = (Edge(t, t, t) for t in (at(30), at(30) + timedelta(microseconds=length)))
    return Pod("default", name, "uid-9", runs=[Run("d" * 12, "n", "default", name, "uid-9", "web", start, end)])


def test_without_a_number_asked_for_there_is_no_window() -> None:
    controller = Case([[(0, None, False)]], 0, []).controller()
    controller.wanted = None
    assert windows(controller, at(0), at(END), over=True) == []
