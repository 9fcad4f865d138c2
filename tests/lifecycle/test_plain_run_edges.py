"""Which containers are told plainly; and what is read off the columns of those that are."""

from typing import Any

import pytest

from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.lives import read
from analyzer.lifecycle.plain_runs import plain
from analyzer.lifecycle.run import UNKNOWN_EDGE, Run
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at, cid
from tests.lifecycle.parts import events, said

ID, OTHER = cid("app"), cid("other")
NAMED = {"namespace": "default", "pod": "web-0", "uid": "uid-web-0", "container": "app"}


def of(second: float, kind: E, component: str = "docker", **told: Any) -> Any:
    return said(second, kind, component, **{"id": ID} | NAMED | told)


MADE, STARTED = of(4, E.CONTAINER_CREATED), of(5, E.CONTAINER_STARTED)
DIED, GONE = of(50, E.CONTAINER_DIED), of(60, E.CONTAINER_DESTROYED)
SEEN, DEAD = of(6, E.CONTAINER_SEEN_RUNNING, "kubelet"), of(51, E.CONTAINER_SEEN_DEAD, "kubelet")
LOGGED = [of(5, E.CONTAINER_STARTED, "runtime-log"), of(50, E.CONTAINER_DIED, "runtime-log")]


def found(*some: Any, others: tuple[str, ...] = ()) -> tuple[list[Run], Events]:
    return plain(events(*some), others)


@pytest.mark.parametrize(
    ("some", "told_plainly"),
    [
        pytest.param([STARTED], True, id="it runs"),
        pytest.param([MADE, STARTED, DIED, GONE], True, id="it ran"),
        pytest.param([MADE, STARTED, DIED], True, id="it is not removed yet"),
        pytest.param([STARTED, SEEN, DIED, DEAD], True, id="the kubelet saw it"),
        pytest.param([STARTED, SEEN], True, id="the kubelet saw it run"),
        pytest.param([MADE, DIED], False, id="its start is not told"),
        pytest.param([STARTED, of(6, E.CONTAINER_STARTED), DIED], False, id="started twice"),
        pytest.param([STARTED, DIED, of(51, E.CONTAINER_DIED)], False, id="died twice"),
        pytest.param([STARTED, DIED, GONE, of(61, E.CONTAINER_DESTROYED)], False, id="removed twice"),
        pytest.param([STARTED, GONE], False, id="removed without a death"),
        pytest.param([of(4, E.CONTAINER_DIED), STARTED], False, id="dead before its start"),
        pytest.param([STARTED, of(40, E.CONTAINER_DESTROYED), DIED], False, id="removed before its death"),
        pytest.param([STARTED, DEAD], False, id="the kubelet's word is all that tells of the end"),
        pytest.param([STARTED, of(50, E.CONTAINER_DIED, "containerd")], False, id="two runtimes tell"),
        pytest.param([of(5, E.CONTAINER_STARTED, "containerd"), DIED], False, id="two runtimes, the other way round"),
        pytest.param(LOGGED, True, id="the daemon's log tells"),
        pytest.param([of(5, E.CONTAINER_STARTED, "kubelet")], False, id="no runtime tells"),
        pytest.param([of(4, E.CONTAINER_CREATED, "containerd"), STARTED], False, id="another made it"),
        *(pytest.param([of(5, E.CONTAINER_STARTED, **{name: None})], False, id=f"no {name}") for name in NAMED),
        pytest.param([of(5, E.CONTAINER_STARTED, pod=None), DIED], True, id="another event names the pod"),
    ],
)
def test_told_plainly(some: list[Any], told_plainly: bool) -> None:
    runs, rest = found(*some)
    assert (len(runs), len(rest)) == ((1, 0) if told_plainly else (0, len(some)))
    assert found(*some, others=(ID,))[0] == [], "more is told elsewhere"
    assert len(found(*some, others=(OTHER,))[0]) == len(runs)


def test_of_nothing_there_is_nothing() -> None:
    runs, rest = found()
    assert (runs, len(rest)) == ([], 0)


def test_the_others_stay() -> None:
    twice = [of(s, E.CONTAINER_STARTED, id=OTHER) for s in (7, 8)]
    runs, rest = found(STARTED, *twice, DIED)
    assert ([r.container_id for r in runs], list(rest)) == ([ID], twice)


def test_what_is_told_of_a_run() -> None:
    (run,), _ = found(MADE, STARTED, of(50, E.CONTAINER_DIED, value=137, resolution=1_000_000), GONE)
    assert (run.container_id, run.node, run.namespace, run.pod, run.pod_uid, run.container) == (ID, A, *NAMED.values())
    assert (run.end_reason, run.exit_code) == ("died", 137)
    assert (run.start.time, run.start.earliest, run.start.latest) == (at(5), at(5), at(5))
    assert (run.end.time, run.end.earliest, run.end.latest) == (at(50), at(50), at(50.999999))
    assert [(p.time, p.proves) for p in (*run.start.proofs, *run.end.proofs)] == [
        (at(5), "the runtime started it"),
        (at(50), "the runtime saw it end"),
    ]
    assert run.start.rule == run.end.rule != ""
    (run,), _ = found(MADE, STARTED)
    assert (run.end, run.end_reason, run.exit_code) == (UNKNOWN_EDGE, None, None)


@pytest.mark.parametrize(("resolution", "late"), [(1, 0), (2, 0.000001), (1000, 0.000999)])
def test_how_far_the_true_moment_may_lie_after_the_written_one(resolution: int, late: float) -> None:
    (run,), _ = found(of(5, E.CONTAINER_STARTED, resolution=resolution))
    assert run.start.latest == at(5 + late)


def test_names_are_the_first_that_are_told() -> None:
    (run,), _ = found(of(4, E.CONTAINER_CREATED, container="first"), of(5, E.CONTAINER_STARTED, container="second"))
    assert run.container == "first"
    (run,), _ = found(of(4, E.CONTAINER_CREATED, container=None), of(5, E.CONTAINER_STARTED), of(50, E.CONTAINER_DIED, container="last"))
    assert run.container == "app"


def test_a_runtime_s_node_goes_before_another_s() -> None:
    (run,), _ = found(of(3, E.CONTAINER_KILLING, "kubelet", node=B), of(5, E.CONTAINER_STARTED, node=None), DIED)
    assert run.node == A
    (run,), _ = found(of(3, E.CONTAINER_KILLING, "kubelet", node=B), of(5, E.CONTAINER_STARTED, node=None))
    assert run.node == B
    (run,), _ = found(of(5, E.CONTAINER_STARTED, node=None))
    assert run.node is None


def test_what_was_done_to_it_and_noticed_of_it_while_it_ran_or_just_after() -> None:
    done = [of(s, k) for s in (4.9, 5, 30, 50, 52, 52.1) for k in (E.CONTAINER_SIGNALLED, E.CONTAINER_KILLING)]
    noticed = [of(s, k, "kubelet") for s in (4.9, 5, 30, 52, 52.1) for k in (E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_DEAD)]
    (run,), _ = found(STARTED, DIED, *done, *noticed)
    assert (list(run.kills), list(run.noticed)) == (done[2:10], noticed[2:8])
    (run,), _ = found(STARTED, *done)
    assert list(run.kills) == done[2:]


def test_each_run_has_its_own() -> None:
    runs, _ = found(
        *(STARTED, of(6, E.CONTAINER_STARTED, id=OTHER), of(7, E.CONTAINER_SIGNALLED, id=OTHER), of(8, E.CONTAINER_SIGNALLED)),
        *(of(9, E.CONTAINER_DIED, id=OTHER, value=3), of(40, E.CONTAINER_SIGNALLED, id=OTHER), of(41, E.CONTAINER_STARTED, id="third")),
        of(42, E.CONTAINER_STARTED, id="third"),
    )
    assert [(r.container_id, [e.time for e in r.kills], r.end.time, r.exit_code) for r in runs] == [
        (ID, [at(8)], None, None),
        (OTHER, [at(7)], at(9), 3),
    ]


# --- proofs are made when they are read


def from_columns(*some: Any) -> Events:
    """Without the events that they are of: each is made anew."""
    return Events.of_frame(events(*some).columns(*events(*some)._table.frame.columns))


def test_an_edge_makes_its_proof_once() -> None:
    (run,), _ = plain(from_columns(STARTED, DIED), ())
    assert run.start.proofs is run.start.proofs
    assert [p.time for p in (*run.start.proofs, *run.end.proofs)] == [at(5), at(50)]


def test_reading_runs_makes_all_their_events_and_no_others() -> None:
    signal = of(30, E.CONTAINER_SIGNALLED)
    table = from_columns(STARTED, SEEN, signal, DIED, *(of(s, E.CONTAINER_STARTED, id=OTHER) for s in range(100, 10_200)))
    (run,), _ = plain(table, ())
    made = table._table.made
    assert made == {}
    read([run])
    assert sorted(event.time for event in made.values()) == [at(5), at(6), at(30), at(50)]


def test_runs_of_which_nothing_is_to_be_made() -> None:
    read([])
    other = Run(ID, A, *NAMED.values(), UNKNOWN_EDGE)
    read([other])
    assert other.start.proofs == ()
