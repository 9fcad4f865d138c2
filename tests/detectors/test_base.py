"""What all detectors share: words for durations and moments, each record cited once, and what is derived from the lifecycle."""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.detectors.base import clock, confidence, seconds, unique
from analyzer.lifecycle.orphans import Orphan
from analyzer.proof import Proof
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, B, at, case, controller, edge, event, node, outage, pod, run


@pytest.mark.parametrize(
    ("lasted", "told"),
    [
        (0, "0.0 s"),
        (7.14, "7.1 s"),
        (59.9, "59.9 s"),
        (60, "1 min 0 s"),
        (125.9, "2 min 5 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (2 * 3600 + 4 * 60 + 59, "2 h 4 min"),
        (30 * 3600 + 61, "30 h 1 min"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(lasted: float, told: str) -> None:
    assert seconds(timedelta(seconds=lasted)) == told


def test_a_duration_that_nobody_knows_is_unknown() -> None:
    assert seconds(None) == "an unknown time"


@pytest.mark.parametrize(("micros", "told"), [(0, ".0"), (99_999, ".0"), (100_000, ".1"), (999_999, ".9")])
def test_a_moment_is_told_to_the_tenth_of_a_second_that_has_begun(micros: int, told: str) -> None:
    assert clock(datetime(2026, 3, 1, 9, 5, 7, micros, UTC)) == f"09:05:07{told}Z"


def test_no_moment_is_the_end_of_the_evidence() -> None:
    assert clock(None) == "the end of the evidence"


def _at(when: float | None, source: str, line: int | None = None, offset: int | None = None, proves: str = "") -> Proof:
    return Proof(None if when is None else at(when), source, line, offset, "", proves)


def test_proofs_are_cited_by_time_then_place_and_those_without_a_time_last() -> None:
    ordered = [
        _at(1, "b", line=9),
        _at(2, "a", line=3),
        _at(2, "a", line=4),
        _at(2, "b", line=1),
        _at(3, "c", offset=7),
        _at(3, "c", offset=8),
        _at(None, "a", line=1),
    ]
    assert list(unique(reversed(ordered))) == ordered


def test_a_record_is_cited_once_with_what_it_was_first_cited_for() -> None:
    cited = unique([_at(1, "a", line=1, proves="this"), _at(1, "a", line=1, proves="that"), _at(1, "a", line=2), _at(1, "b", line=1)])
    assert [(p.source, p.line, p.proves) for p in cited] == [("a", 1, "this"), ("a", 2, ""), ("b", 1, "")]


def test_records_at_several_offsets_of_a_source_are_several() -> None:
    assert len(unique([_at(1, "a", offset=0), _at(1, "a", offset=1), _at(1, "a", offset=0)])) == 2


@pytest.mark.parametrize(
    ("certain", "likely", "told"),
    [(True, True, "certain"), (True, False, "certain"), (False, True, "likely"), (False, False, "possible")],
)
def test_confidence_is_what_is_certain_else_what_is_likely(certain: bool, likely: bool, told: str) -> None:
    assert confidence(certain=certain, likely=likely) == told


def test_what_is_not_certain_is_likely_unless_it_is_said() -> None:
    assert confidence(certain=False) == "likely"


# --- what several detectors derive


def test_a_run_is_named_with_its_pod_and_its_controller() -> None:
    ran = run("c1", 1, pod="other")
    owned = pod("web-1", [ran])
    known = case(pods=[owned], controllers=[controller(owned)])
    everything = {
        "node": A,
        "namespace": "default",
        "controller": "ReplicaSet/web",
        "pod": "web-1",
        "pod_uid": "uid-web-1",
        "container": "app",
        "container_id": "c1",
    }
    assert known.subject(ran) == everything
    assert known.subject(ran, attempt=False) == {**everything, "container_id": None}


def test_a_run_of_no_pod_is_named_as_it_names_itself() -> None:
    ran = run("c1", 1, pod="bare", namespace="jobs")
    subject = case(runs=[ran]).subject(ran)
    assert (subject["namespace"], subject["pod"], subject["controller"]) == ("jobs", "bare", None)
    owned = run("c2", 1)
    lonely = case(pods=[pod("p", [owned])]).subject(owned)
    assert (lonely["pod"], lonely["controller"]) == ("p", None)


def test_evictions_are_the_first_word_on_each_pod_by_node_and_time() -> None:
    first, second, third = (event(s, E.POD_EVICTED) for s in (10, 20, 30))
    some = [
        pod("b", evicted=second),
        pod("a", evicted=first),
        pod("c", node=B, evicted=third),
        pod("d"),
        pod("e", node=None, evicted=first),
    ]
    assert case(pods=some).evictions == {A: [first, second], B: [third]}


def test_outages_are_found_by_their_start_and_by_their_end() -> None:
    one, two, open_ended = outage(10, 20), outage(30, 40), outage(50, None, node=B)
    known = case(node(A, [one, two]), node(B, [open_ended]))
    assert known.outages == {(A, at(10)): one, (A, at(30)): two, (B, at(50)): open_ended}
    assert known.returns == {(A, at(20)): one, (A, at(40)): two, (B, None): open_ended}


def test_controllers_are_found_by_namespace_and_title() -> None:
    made = controller(pod("p"))
    assert case(controllers=[made]).controllers == {("default", "ReplicaSet/web"): made}


@pytest.mark.parametrize(("component", "tells"), [("docker", True), ("containerd", True), ("kubelet", False), ("api", False)])
def test_nodes_of_which_the_runtime_itself_tells(component: str, tells: bool) -> None:
    told = event(1, E.CONTAINER_STARTED, component=component, container_id="c")
    assert case(events=[told]).runtime_nodes == ({A} if tells else set())


def _orphan(name: str, start: float, **more: object) -> Orphan:
    fields: dict[str, object] = {"pod": None, "outage": None, **more}
    return Orphan(run(name, 0), cause="kubelet-down", outcome="running", start=edge(start), end=edge(None), **fields)  # type: ignore[arg-type]


def test_orphans_are_found_by_pod_by_container_and_by_the_outage_in_which_they_were_replaced() -> None:
    owned, away = pod("web-1"), outage(10, None)
    of_pod = [_orphan("c1", 10, pod=owned), _orphan("c2", 12, pod=owned)]
    replaced = [_orphan("c3", 10, outage=away, superseded_at=at(20)), _orphan("c4", 10, outage=away, superseded_at=at(21))]
    neither = [_orphan("c5", 10, outage=away), _orphan("c6", 10, superseded_at=at(20))]
    known = case()
    known.orphans = [*of_pod, *replaced, *neither]
    assert known.orphans_of == {"uid-web-1": of_pod}
    assert known.superseded == {id(away): replaced}
    assert known.orphaned[("c2", at(12))] is of_pod[1]
    assert len(known.orphaned) == 6
