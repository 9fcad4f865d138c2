"""What a container was, moment by moment."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.lifecycle.containers import Run
from analyzer.outputs.states import State, States, readiness, supervision
from tests.browser import hostile


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return hostile.analysis()


def states(analysis: Analysis, run: Run) -> list[tuple[State, float, float]]:
    return [
        (s.state, (s.start - hostile.START).total_seconds(), (s.end - hostile.START).total_seconds()) for s in States(analysis.life).of(run)
    ]


def test_removed_by_the_returned_kubelet(analysis: Analysis) -> None:
    run = next(r for r in analysis.life.runs if r.container_id[0] == "a")
    assert states(analysis, run) == [(State.SUPERVISED, 1, 10), (State.ORPHANED, 10, 41.5), (State.REMOVING, 41.5, 43)]


def test_adopted(analysis: Analysis) -> None:
    run = next(r for r in analysis.life.runs if r.container_id[0] == "b")
    assert states(analysis, run) == [(State.SUPERVISED, 0, 10), (State.ORPHANED, 10, 40), (State.ADOPTED, 40, 60)]


def test_supervision_unknown_without_a_kubelet_log(analysis: Analysis) -> None:
    run = next(r for r in analysis.life.runs if r.container_id[0] == "c")
    assert states(analysis, run) == [(State.RUNNING, 32, 60)]


def test_outside_the_evidence(analysis: Analysis) -> None:
    run = replace(analysis.life.runs[0], start=hostile.edge(70), end=hostile.edge(80))
    assert states(analysis, run) == []


def test_lanes_of_a_node(analysis: Analysis) -> None:
    node, other = analysis.life.nodes.values()
    assert [outage is None for _, _, outage in supervision(analysis.life, node)] == [True, False, True]
    assert supervision(analysis.life, other) == []
    assert [ready for _, _, ready in readiness(analysis.life, node)] == [True, False, True]


@pytest.mark.parametrize("name", ["quick-restart", "long-outage-return", "normal-operations", "node-power-loss", "kubelet-stays-down"])
def test_stretches_fill_each_run_without_overlap(sample_logs: Path, name: str) -> None:
    life = analyze([sample_logs / name]).life
    of = States(life)
    for run in life.runs:
        stretches = of.of(run)
        for a, b in pairwise(stretches):
            assert a.end == b.start
            assert (a.state, a.orphan) != (b.state, b.orphan)
        if stretches:
            assert stretches[0].start == max(run.start.time or life.start, life.start)
            assert stretches[-1].end == min(run.end.time or life.end, life.end)
