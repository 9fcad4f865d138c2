"""What the returned kubelet made of a container: each answer at the moments that part it from the next."""

from typing import Any

import pytest

from analyzer.lifecycle.orphans import orphans
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import at
from tests.lifecycle.orphan_case import Case, about, killed
from tests.lifecycle.parts import edge, outage, run, said

# --- what became of it


@pytest.mark.parametrize(
    ("end", "verdict", "found"),
    [
        (None, "adopted", ("adopted", 200)),
        (199.9, "lost", ("exited", 199.9)),
        (200, "adopted", ("adopted", 200)),
        (300, "adopted", ("adopted", 200)),
    ],
)
def test_it_had_ended_before_the_return_or_was_adopted(end: float | None, verdict: str, found: tuple[str, float]) -> None:
    case = Case(run(5, end))
    assert case.verdict == verdict
    assert case.told == [("kubelet-down", found[0], 100, found[1])]


def test_without_a_return_it_runs_until_it_ends() -> None:
    case = Case(away=[outage(100, None)])
    assert (case.verdict, case.told) == ("running", [("kubelet-down", "running", 100, None)])
    (orphan,) = orphans(case.life)
    assert (orphan.end.earliest, orphan.end.latest) == (at(100), None)
    assert orphan.end.rule
    case = Case(run(5, 300), away=[outage(100, None)])
    assert (case.verdict, case.told) == ("running", [("kubelet-down", "exited", 100, 300)])


@pytest.mark.parametrize(
    ("marked", "verdict"),
    [(50, "removed"), (150, "removed"), (200, "removed"), (200.1, "adopted"), (None, "adopted")],
)
def test_what_was_deleted_by_the_return_is_removed(marked: float | None, verdict: str) -> None:
    assert Case(run(5, 203), marked=edge(marked)).verdict == verdict


def test_what_is_to_be_removed_may_run_to_the_end_of_the_evidence() -> None:
    case = Case(marked=edge(150))
    assert case.told == [("kubelet-down", "running", 100, None)]
    (orphan,) = orphans(case.life)
    assert (orphan.end.earliest, orphan.end.latest) == (at(200), None)
    assert Case(run(5, 203), marked=edge(150)).told == [("kubelet-down", "removed", 100, 203)]


def test_a_deletion_heard_of_after_the_return_was_asked_for_at_some_time_before() -> None:
    """Without a request that is told, what the kubelet did says whether it was before the return."""
    late = edge(202, known=False)
    assert Case(killed(204, 202), marked=late).verdict == "removed"
    assert Case(killed(204, 202), marked=edge(202)).verdict == "adopted"
    assert Case(run(5, 204), marked=late).verdict == "adopted", "nobody ended it"


@pytest.mark.parametrize(("second", "verdict"), [(198.9, "adopted"), (199, "removed"), (240, "removed"), (240.1, "adopted")])
def test_killed_in_the_kubelet_s_first_rounds(second: float, verdict: str) -> None:
    assert Case(killed(250, second)).verdict == verdict


@pytest.mark.parametrize(("second", "verdict"), [(199.9, "adopted"), (200, "removed"), (240, "removed"), (240.1, "adopted")])
def test_called_unwanted_in_its_first_rounds(second: float, verdict: str) -> None:
    assert Case(run(5, 250), on_pod=[about(second, E.POD_UNWANTED)]).verdict == verdict


@pytest.mark.parametrize(("end", "verdict"), [(202, "removed"), (270, "removed"), (270.1, "adopted"), (None, "adopted")])
def test_it_ends_within_its_grace_period(end: float | None, verdict: str) -> None:
    case = Case(run(5, end, kills=[about(201, E.CONTAINER_SIGNALLED)]))
    assert case.verdict == verdict


def test_the_first_of_what_was_done_and_said_counts() -> None:
    unwanted = [about(201, E.POD_UNWANTED)]
    assert Case(killed(250, 245), on_pod=unwanted).verdict == "removed"
    assert Case(killed(250, 245, 210)).verdict == "removed"
    assert Case(killed(250, 210), on_pod=[about(245, E.POD_UNWANTED)]).verdict == "removed"


@pytest.mark.parametrize(
    ("heard", "verdict"),
    [
        (about(199, E.POD_DELETE_SEEN), "removed"),
        (about(200, E.POD_DELETE_SEEN), "adopted"),
        (about(202, E.POD_DELETE_SEEN), "adopted"),
        (about(203, E.POD_DELETE_SEEN), "adopted"),
        (about(203.1, E.POD_DELETE_SEEN), "removed"),
        (about(202, E.POD_UPDATED), "adopted"),
        (about(202, E.POD_REMOVE_SEEN), "adopted"),
    ],
)
def test_deleted_after_the_return_it_had_been_adopted(heard: Any, verdict: str) -> None:
    """The kubelet heard of it, then acted."""
    own = [heard] if heard.kind is E.POD_DELETE_SEEN else []
    assert Case(killed(205, 203), on_pod=[heard], on_node=own).verdict == verdict


def test_where_its_kubelet_says_delete_an_update_is_no_deletion() -> None:
    updated = about(202, E.POD_UPDATED)
    assert Case(killed(205, 203), on_pod=[updated], on_node=[said(500, E.POD_DELETE_SEEN)]).verdict == "removed"


def test_replaced_in_place_it_had_been_adopted() -> None:
    assert Case(killed(205, 203), run(206)).verdict == "restarted"
    assert Case(killed(205, 203), run(206, container="side")).verdict == "adopted"
    assert Case(killed(205, 203), run(204, container="side")).verdict == "removed", "it began before"
    assert Case(killed(205, 203), run(None, container="side")).verdict == "removed"


@pytest.mark.parametrize(
    ("end", "again", "verdict"),
    [(205, 206, "restarted"), (205, 245, "restarted"), (205, 245.1, "adopted"), (240, 241, "restarted"), (240.1, 241, "adopted")],
)
def test_a_container_that_was_ended_and_made_anew(end: float, again: float, verdict: str) -> None:
    assert Case(killed(end, 203), run(again)).verdict == verdict


@pytest.mark.parametrize(("second", "verdict"), [(199.9, "adopted"), (200, "restarted"), (240, "restarted"), (240.1, "adopted")])
def test_one_that_ends_by_itself_is_restarted_only_with_a_new_sandbox(second: float, verdict: str) -> None:
    assert Case(run(5, 205), run(206)).verdict == "adopted"
    assert Case(run(5, 205), run(206), on_pod=[about(second, E.POD_SANDBOX_NEEDED)]).verdict == verdict


def test_another_that_began_before_the_return_is_no_restart() -> None:
    assert Case(run(5, 205), run(199), on_pod=[about(201, E.POD_SANDBOX_NEEDED)]).verdict == "adopted"
    assert Case(run(5, 205), run(200), on_pod=[about(201, E.POD_SANDBOX_NEEDED)]).verdict == "restarted"
    assert Case(run(5, 205), run(206, container="side"), on_pod=[about(201, E.POD_SANDBOX_NEEDED)]).verdict == "adopted"
    assert Case(run(5), on_pod=[about(201, E.POD_SANDBOX_NEEDED)]).verdict == "adopted"


# --- a kubelet of 1.0


def unwanted(*on_node: Any, kind: E = E.CONTAINER_KILLING, **more: Any) -> str:
    """It calls the pod unwanted at 202, kills it at 203; it has ended at 205."""
    return Case(killed(205, 203, kind=kind), on_pod=[about(202, E.POD_UNWANTED)], on_node=on_node, **more).verdict


def test_what_it_calls_unwanted_it_may_have_known() -> None:
    stranger = "web-0/app/5"
    assert unwanted() == "adopted", "it had a reference to it, for it does not say that it had none"
    assert unwanted(said(204, E.CONTAINER_UNKNOWN, id=stranger)) == "removed"
    assert unwanted(said(204, E.CONTAINER_UNKNOWN, id="another")) == "adopted"
    assert unwanted(said(201.9, E.CONTAINER_UNKNOWN, id=stranger)) == "adopted", "that was before"
    assert unwanted(said(202, E.CONTAINER_UNKNOWN, id=stranger)) == "removed"
    assert unwanted(said(215, E.CONTAINER_UNKNOWN, id=stranger)) == "removed"
    assert unwanted(said(215.1, E.CONTAINER_UNKNOWN, id=stranger)) == "adopted"


def test_where_the_kubelet_would_say_more_unwanted_is_unwanted() -> None:
    assert unwanted(said(1, E.POD_ADDED)) == "removed", "it tells of pods"
    assert unwanted(kind=E.CONTAINER_SIGNALLED) == "removed", "it did not live to say so"
    assert unwanted(away=[outage(100, 200), outage(204, 230)]) == "removed", "nor did this one"
    assert unwanted(away=[outage(100, 200), outage(206, 230)]) == "adopted"
