"""What is surely so of runs: from one sign to another; and runs asked by time."""

from typing import Any

import pytest

from analyzer.lifecycle.run import Run
from analyzer.lifecycle.runs import RunIndex
from analyzer.lifecycle.witness import alive_at, surely_running, witnessed
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import ORIGIN, A, at
from tests.lifecycle.parts import controller, edge, node_life, outage, pod, proof, run, said, writes


def seen(second: float, kind: E = E.CONTAINER_SEEN_RUNNING) -> Any:
    return said(second, kind, id="x")


def seconds(ran: Run, node: Any = None) -> tuple[float | None, ...]:
    return tuple(None if t is None else (t - ORIGIN).total_seconds() for t in witnessed(ran, node))


@pytest.mark.parametrize(
    ("ran", "signs"),
    [
        pytest.param(run(5), (5, 5), id="its start"),
        pytest.param(run(None), (None, None), id="nothing"),
        pytest.param(run(5, 50), (5, 50), id="its end"),
        pytest.param(run(None, 50), (50, 50), id="its end alone"),
        pytest.param(run(None, noticed=[seen(30), seen(20)]), (20, 30), id="seen running"),
        pytest.param(run(5, noticed=[seen(30, E.CONTAINER_SEEN_DEAD)]), (5, 5), id="seen dead"),
        pytest.param(run(5, kills=[seen(30, E.CONTAINER_SIGNALLED)]), (5, 30), id="a signal"),
        pytest.param(run(5, kills=[seen(30, E.CONTAINER_KILLING)]), (5, 5), id="the kubelet's intent"),
        pytest.param(run(5, seen=at(40)), (5, 40), id="told to the API"),
        pytest.param(run(None, seen=at(40)), (40, 40), id="told to the API alone"),
    ],
)
def test_the_first_and_the_last_sign(ran: Run, signs: tuple[float | None, ...]) -> None:
    assert seconds(ran) == signs


def test_only_what_is_sure_of_the_edges_is_a_sign() -> None:
    ran = run(5, 50)
    ran.start, ran.end = Edge(at(5), at(3), at(7), (proof(5),)), Edge(at(50), at(45), at(52), (proof(50),))
    assert seconds(ran) == (7, 45)
    ran.end = Edge(at(50), at(45), at(52))
    assert seconds(ran) == (7, 7), "an end that nothing proves"
    ran.end = Edge(at(50), None, at(52), (proof(50),))
    assert seconds(ran) == (7, 7)
    ran.start = Edge(at(5), at(3), None)
    assert seconds(ran) == (None, None)
    ran.start = Edge(None, None, at(7))
    assert seconds(ran) == (None, None)


def watching(*words: Any, outages: Any = ()) -> Any:
    return node_life(outages=outages, spells=[writes(0, 90)], said=words or [said(1, E.CONTAINER_SEEN_DEAD)])


def test_a_kubelet_that_tells_of_containers_would_have_told_of_the_end() -> None:
    assert seconds(run(5), watching()) == (5, 90)
    assert seconds(run(5, 50), watching()) == (5, 50), "it did"
    assert seconds(run(None), watching()) == (None, None)
    assert seconds(run(5), watching(said(1, E.POD_ADDED))) == (5, 5), "this one would not"
    assert seconds(run(95), watching()) == (95, 95)
    assert seconds(run(5), watching(outages=[outage(60, 70)])) == (5, 60)
    assert seconds(run(65), watching(outages=[outage(60, 70)])) == (65, 65)
    assert seconds(run(60, seen=at(65)), watching(outages=[outage(66, 70, early=62)])) == (60, 65), "no sign is taken back"


@pytest.mark.parametrize(("second", "alive"), [(4, False), (5, True), (50, True), (51, False)])
def test_alive_between_signs(second: float, alive: bool) -> None:
    assert alive_at(run(5, seen=at(50)), at(second)) is alive
    assert not alive_at(run(None), at(second))


def test_pods_that_surely_ran() -> None:
    def steps(*pods: Any) -> list[tuple[float | None, int]]:
        found = surely_running(controller(*pods), {A: watching()})
        return [(None if s.time is None else (s.time - ORIGIN).total_seconds(), s.value) for s in found]

    assert steps(pod(run(5, 50)), pod(run(20, 30), run(25, 60, container="side"))) == [(None, 0), (5, 1), (20, 2), (50, 1), (60, 0)]
    assert steps(pod(run(5))) == [(None, 0), (5, 1), (90, 0)]
    assert steps(pod(run(5, seen=at(30)), marked=edge(40))) == [(None, 0), (5, 1), (30, 0)], "its kubelet may have been told to end it"
    assert steps(pod(run(5, node="node-c", seen=at(30)))) == [(None, 0), (5, 1), (30, 0)]
    assert steps(pod(run(5, node=None, seen=at(30)))) == [(None, 0), (5, 1), (30, 0)]
    assert steps(pod(run(None))) == [(None, 0)]


# --- runs by time


def names(some: list[Run]) -> str:
    return "".join(str(r.container) for r in some)


INDEX = RunIndex([run(10, 20, "a"), run(None, 10, "b"), run(20, None, "c"), run(None, None, "d"), run(20, 30, "e")])


def test_runs_alive_at_a_moment() -> None:
    assert [names(INDEX.alive(at(s))) for s in (9, 10, 19, 20, 29, 30)] == ["bd", "ad", "ad", "cde", "cde", "cd"]


@pytest.mark.parametrize(("low", "high", "some"), [(0, 10, "bd"), (10, 20, "ad"), (10, 20.1, "acde"), (9.9, 11, "abd"), (30, 40, "cd")])
def test_runs_of_which_a_part_lies_between(low: float, high: float, some: str) -> None:
    assert names(INDEX.overlapping(at(low), at(high))) == some


@pytest.mark.parametrize(
    ("low", "high", "began", "ended"), [(10, 20, "ace", "ab"), (10.1, 19.9, "", ""), (20, 30, "ce", "ae"), (0, 9, "", "")]
)
def test_runs_that_began_or_ended_between(low: float, high: float, began: str, ended: str) -> None:
    assert (names(INDEX.began(at(low), at(high))), names(INDEX.ended(at(low), at(high)))) == (began, ended)


@pytest.mark.parametrize(("second", "alive", "began"), [(9, False, False), (10, True, True), (19, True, True), (20, False, True)])
def test_a_run_from_its_start_to_before_its_end(second: float, alive: bool, began: bool) -> None:
    one = run(10, 20)
    assert (one.alive(at(second)), one.began_by(at(second))) == (alive, began)
    assert run(None, None).alive(at(second))
    assert (run(1, container="POD").sandbox, run(1).sandbox) == (True, False)


def test_applications_of_a_pod_without_its_sandbox() -> None:
    assert [r.container for r in pod(run(5, container="POD"), run(6), run(7, container="side")).apps] == ["app", "side"]
