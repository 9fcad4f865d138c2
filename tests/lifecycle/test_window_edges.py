"""Windows of too many and too few: what is told of each, and what proves its edges."""

import pytest

from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.desired import Wanted
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.run import Run
from analyzer.lifecycle.windows import Window, edge, overlap, windows
from analyzer.proof import Edge
from tests.lifecycle.incident import ORIGIN, at
from tests.lifecycle.parts import controller, pod, proof, run

Told = tuple[float, float | None, int, int, float]


def web(*lives: tuple[float | None, float | None], wanted: int = 1, later: tuple[tuple[float, int], ...] = ()) -> Controller:
    pods = [pod(run(start, end, name=f"web-{n}"), name=f"web-{n}") for n, (start, end) in enumerate(lives)]
    return controller(*pods, wanted=wanted, later=later)


def told(window: Window) -> Told:
    """Start, end, desired, peak, pod seconds."""
    end = None if window.end is None else (window.end - ORIGIN).total_seconds()
    return (window.start - ORIGIN).total_seconds(), end, window.desired, window.peak, window.pod_seconds


def found(of: Controller, *, over: bool = True, start: float = 0, end: float = 1000) -> list[Told]:
    return [told(w) for w in windows(of, at(start), at(end), over=over)]


def test_from_the_start_of_the_second_to_the_end_of_the_first() -> None:
    of = web((5, 50), (20, None))
    assert found(of) == [(20, 50, 1, 2, 30)]
    assert found(of, over=False) == [(0, 5, 1, 0, 5)]
    (window,) = windows(of, at(0), at(1000), over=True)
    assert ([p.name for p in window.pods], window.desired_moved) == (["web-0", "web-1"], False)


def test_pods_of_a_window_are_those_that_ran_in_it() -> None:
    of = web((5, 20), (10, 30), (30, 40), (15, None))
    (window,) = windows(of, at(0), at(1000), over=True)
    assert told(window) == (10, 40, 1, 3, 5 + 10 + 10 + 10)
    assert [p.name for p in window.pods] == ["web-0", "web-1", "web-2", "web-3"]
    of = web((5, 10), (10, 30), (15, 30), (30, None))
    (window,) = windows(of, at(0), at(1000), over=True)
    assert [p.name for p in window.pods] == ["web-1", "web-2"]


@pytest.mark.parametrize(("end", "count"), [(20.9, 0), (21, 1)])
def test_a_window_lasts_a_second(end: float, count: int) -> None:
    assert len(found(web((5, end), (20, None)))) == count


@pytest.mark.parametrize(("again", "count"), [(40.9, 1), (41, 2)])
def test_a_gap_lasts_a_second(again: float, count: int) -> None:
    assert len(found(web((5, None), (20, 40), (again, 60)))) == count


def test_the_peak_is_where_most_were_too_many_or_too_few() -> None:
    assert found(web((5, 60), (10, 50), (20, 40), (30, 35))) == [(10, 50, 1, 4, 40 + 20 + 5)]
    assert found(web((0, 100), (0, 50), (70, 100), wanted=3), over=False, end=90) == [(0, None, 3, 1, 50 + 40 + 20)]
    assert found(web((0, None), (0, None), (0, None), (50, 60), wanted=2, later=((50, 3),))) == [(0, 60, 2, 3, 60)]
    assert found(web((0, None), (0, None), (0, None), wanted=2, later=((50, 1), (60, 3)))) == [(0, 60, 1, 3, 50 + 20)]
    assert found(web((0, 90), wanted=2, later=((50, 4), (60, 1))), over=False, end=80) == [(0, 60, 4, 1, 50 + 30)]


def test_pod_seconds_are_told_to_the_millisecond() -> None:
    assert found(web((5, 50.12345), (20, None)))[0][4] == 30.123


@pytest.mark.parametrize(("until", "end"), [(None, None), (1000, None), (1001, None), (999.9, 999.9)])
def test_what_goes_on_when_the_evidence_ends_has_no_end(until: float | None, end: float | None) -> None:
    assert found(web((5, until), (20, until)))[0][1] == end


def test_it_begins_with_the_evidence_at_the_earliest() -> None:
    assert found(web((None, 50), (None, 40)), start=10) == [(10, 40, 1, 2, 30)]


@pytest.mark.parametrize(("second", "moved"), [(20, True), (20.1, True), (19.9, False)])
def test_whether_the_number_asked_for_moved(second: float, moved: bool) -> None:
    of = web((5, None), (20, None), wanted=2, later=((second, 1),))
    assert [w.desired_moved for w in windows(of, at(0), at(1000), over=True)] == [moved]


def test_changes_of_one_moment_are_one_step() -> None:
    """The count and what was asked for go up together."""
    assert found(web((5, None), (20, None), later=((20, 2),))) == []
    assert found(web((5, None), (20, None), later=((20, 2),)), over=False) == [(0, 5, 1, 0, 5)]


def test_when_within_a_window_more_ran_than_were_asked_for() -> None:
    running = [Step(None, 1), Step(at(10), 3), Step(at(20), 1), Step(at(20.5), 2), Step(at(30), 0), Step(at(40), 2)]
    wanted = [Step(None, 1), Step(at(25), 2)]
    spans = overlap(running, wanted, at(0), at(50))
    assert spans == [(at(10), at(25))]
    assert overlap(running, [Step(None, 1)], at(12), at(45)) == [(at(12), at(30)), (at(40), at(45))]
    assert overlap(running, [Step(None, 3)], at(0), at(50)) == []


# --- edges


def bounds(of: Edge) -> tuple[float | None, ...]:
    return tuple(None if t is None else (t - ORIGIN).total_seconds() for t in (of.time, of.earliest, of.latest))


def test_an_edge_that_never_came_lies_after_what_is_known() -> None:
    told = edge(web((5, None)), None, at(700))
    assert (bounds(told), told.proofs) == ((None, 700, None), ())
    assert told.rule


def test_an_edge_is_as_sure_as_what_ended_or_began_then() -> None:
    one, two, other = run(5, 50, name="a"), run(50, 90, name="b"), run(50, 60, name="c")
    one.end, two.start = (
        Edge(at(50), at(48), at(51), (proof(50, "end"),)),
        Edge(at(50), at(49), at(53), (proof(50, "start"),)),
    )
    other.start = Edge(at(50), None, None, (proof(50, "loose"),))
    of = controller(*(pod(r, name=str(r.pod)) for r in (one, two, other)))
    told = edge(of, at(50), at(0))
    assert (bounds(told), [p.text for p in told.proofs]) == ((50, 48, 53), ["start", "loose", "end"])
    assert told.rule
    assert bounds(edge(of, at(70), at(0))) == (70, 70, 70)
    assert edge(of, at(90), at(0)).proofs == (proof(90),)
    assert edge(of, at(60), at(0)).proofs == (proof(60),), "the other edge of the run says nothing of this one"


def test_what_changed_the_number_asked_for_is_cited_too() -> None:
    of = web((5, None), (20, None))
    of.wanted = Wanted((Step(None, 2), Step(at(20), 1), Step(at(30), 3)), "events", (proof(20, "scaled"), proof(30), proof(21)))
    assert [p.text for p in edge(of, at(20), at(0)).proofs] == ["at 20", "scaled"]
    assert edge(of, at(21), at(0)).proofs == (), "no step was then"
    assert edge(controller(wanted=None), at(20), at(0)).proofs == ()


def test_a_run_of_one_moment_is_cited_once() -> None:
    one: Run = run(50, 50)
    assert len(edge(controller(pod(one)), at(50), at(0)).proofs) == 2, "its start and its end"
