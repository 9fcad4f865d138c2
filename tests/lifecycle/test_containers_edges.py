"""Runs of one container, to the bound: whose word counts, and how near two words must be to be of one thing."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from analyzer.lifecycle.containers import Run, Status, runs
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, B, at, uid
from tests.lifecycle.pieces import bounds, edge, event, in_order, seconds

LONG = "c" * 64


def word(second: float, kind: E, component: str = "docker", of: str = LONG, pod: str | None = "web", **more: Any) -> Event:
    names = {"namespace": "default", "pod": pod, "pod_uid": uid(pod) if pod else None, "container": "app" if pod else None, "node": A}
    return event(second, kind, component, container_id=of, **{**names, **more})


def made(second: float, *more: str, **names: Any) -> Event:
    return word(second, E.CONTAINER_CREATED, *more, **names)


def started(second: float, *more: str, **names: Any) -> Event:
    return word(second, E.CONTAINER_STARTED, *more, **names)


def died(second: float, *more: str, **names: Any) -> Event:
    return word(second, E.CONTAINER_DIED, *more, **names)


def destroyed(second: float, *more: str, **names: Any) -> Event:
    return word(second, E.CONTAINER_DESTROYED, *more, **names)


def seen(second: float, **names: Any) -> Event:
    """The kubelet's relist saw it run."""
    return word(second, E.CONTAINER_SEEN_RUNNING, "kubelet", **names)


def dead(second: float, **names: Any) -> Event:
    return word(second, E.CONTAINER_SEEN_DEAD, "kubelet", **names)


def killing(second: float, **names: Any) -> Event:
    return word(second, E.CONTAINER_KILLING, "kubelet", **names)


def status(
    begin: float | None, end: float | None = None, code: int | None = None, of: str = LONG, told: float | None = None, **more: Any
) -> Status:
    values = {"namespace": "default", "pod": "web", "pod_uid": uid("web"), "container": "app", "node": A} | more
    times = (None if s is None else at(s) for s in (begin, end))
    return Status(of, *values.values(), *times, code, pieces.proof(90, "objects"), None if told is None else at(told))  # type: ignore[arg-type]


def found(*events: Event, statuses: Iterable[Status] = (), lost: Iterable[Outage] = ()) -> list[Run]:
    return runs(in_order(*events), statuses, list(lost))


def told(run: Run) -> tuple[Any, Any, str | None, int | None]:
    """Bounds of start and end, how it ended."""
    return bounds(run.start), bounds(run.end), run.end_reason, run.exit_code


def one(*events: Event, statuses: Iterable[Status] = (), lost: Iterable[Outage] = ()) -> tuple[Any, Any, str | None, int | None]:
    (run,) = found(*events, statuses=statuses, lost=lost)
    return told(run)


NOWHERE = (None, None, None)

# --- by the runtime's word


def test_a_run_from_start_to_death() -> None:
    plain = ((2, 2, 2), (8, 8, 8.5), "died", 137)
    end = died(8, value=137, resolution=500_001)
    assert one(made(1), started(2), end) == plain
    assert one(made(1), started(2), end, destroyed(9)) == plain
    assert one(made(1), started(2), end, destroyed(9), destroyed(10)) == plain, "what was removed is gone"
    assert one(made(1), started(2), end, died(8.2, value=1)) == plain, "a second word of its death"


def test_a_second_start_without_a_death_between() -> None:
    first, second = found(started(2), started(5), died(8, value=1))
    assert told(first) == ((2, 2, 2), (2, 5, 5), "noticed", None)
    assert told(second) == ((5, 5, 5), (8, 8, 8), "died", 1)
    assert "started again" in first.end.rule
    assert [p.proves for p in first.end.proofs] == ["it was started again"]
    again = found(started(2), died(3, value=1), started(5), died(8, value=2), started(9))
    assert [told(r)[1:] for r in again] == [((3, 3, 3), "died", 1), ((8, 8, 8), "died", 2), (NOWHERE, None, None)]


def test_what_was_removed_had_ended() -> None:
    (run,) = found(started(2), destroyed(9))
    assert told(run) == ((2, 2, 2), (2, 9, 9), "destroyed", None)
    assert "removed" in run.end.rule
    assert found(made(1), destroyed(9)) == []


def test_a_death_without_a_start() -> None:
    (run,) = found(died(8, value=3))
    assert told(run) == ((None, None, 8), (8, 8, 8), "died", 3)
    assert "before the evidence begins" in run.start.rule
    (run,) = found(made(2.9), died(8, value=3))
    assert told(run) == ((2.9, 2.9, 8), (8, 8, 8), "died", 3)
    assert [p.proves for p in run.start.proofs] == ["the runtime made it; of its start nothing is told"]
    assert found(made(3), died(8)) == [], "it ended within five seconds of its making: its start had failed"


def test_the_stream_of_events_goes_before_the_daemon_s_log() -> None:
    log = [started(2.5, "runtime-log"), died(8.5, "runtime-log", value=1)]
    assert one(started(2), died(8, value=137), *log) == ((2, 2, 2), (8, 8, 8), "died", 137)
    assert one(made(1), *log) == ((2.5, 2.5, 2.5), (8.5, 8.5, 8.5), "died", 1), "a making alone tells of no run"
    assert one(died(8, "containerd", value=137), *log)[2:] == ("died", 137)
    assert one(started(2), died(8, "containerd", value=1))[1:] == (NOWHERE, None, None), "of two runtimes' words one is taken"


def test_that_it_was_stopped_counts_only_in_the_daemon_s_log() -> None:
    """CRI-O logs no death."""
    stopped = E.CONTAINER_STOPPED
    (run,) = found(started(2, "runtime-log"), word(8, stopped, "runtime-log"), destroyed(20, "runtime-log"))
    assert told(run) == ((2, 2, 2), (2, 8, 8), "destroyed", None)
    assert [p.proves for p in run.end.proofs] == ["the runtime stopped it: it had ended by then"]
    assert "stopped" in run.end.rule
    assert one(started(2), word(8, stopped)) == ((2, 2, 2), NOWHERE, None, None)
    assert found(word(8, stopped, "runtime-log")) == []


# --- by the API's word

STATUS = status(2, 8, 5)


def test_the_status_fills_what_the_runtime_leaves_open() -> None:
    assert one(died(8), statuses=[status(3)])[0] == (3, 3, 4), "whole seconds"
    assert one(died(8), statuses=[status(8)])[0] == (None, None, 8), "of a later run"
    assert one(died(8), statuses=[status(None)])[0] == (None, None, 8)
    assert one(started(2.5), died(8), statuses=[status(1, 9, 5)]) == ((2.5, 2.5, 2.5), (8, 8, 8), "died", None)
    (run,) = found(started(2), statuses=[STATUS])
    assert told(run) == ((2, 2, 2), (8, 8, 9), "reported", 5)
    assert [p.proves for p in run.end.proofs] == ["the API's status says when it ended"]
    assert "in whole seconds" in run.end.rule
    assert one(started(2), destroyed(30), statuses=[STATUS])[1:] == ((8, 8, 9), "reported", 5)
    assert one(started(9), statuses=[STATUS])[1:] == (NOWHERE, None, None), "it is of an earlier run"
    assert one(started(9), destroyed(30), statuses=[STATUS])[1:] == ((9, 30, 30), "destroyed", None)
    assert one(started(8), statuses=[STATUS])[2] == "reported"


@pytest.mark.parametrize(("second", "reason"), [(9, "reported"), (10, "reported"), (10.1, None)])
def test_a_status_is_not_believed_of_a_container_seen_running_later(second: float, reason: str | None) -> None:
    assert one(started(2), seen(second), statuses=[STATUS])[2] == reason


def test_of_several_statuses_one_with_an_end_counts() -> None:
    assert one(statuses=[status(2), STATUS]) == ((2, 2, 3), (8, 8, 9), "reported", 5)
    assert one(statuses=[STATUS, status(3)]) == ((2, 2, 3), (8, 8, 9), "reported", 5)
    assert one(statuses=[STATUS, status(3, 9)]) == ((2, 2, 3), (8, 8, 9), "reported", 5)
    assert one(statuses=[status(2), status(3)])[0] == (2, 2, 3)


def test_without_the_runtime_the_status_goes_before_the_relist() -> None:
    assert one(seen(4), dead(7), statuses=[STATUS]) == ((2, 2, 3), (8, 8, 9), "reported", 5)
    assert one(seen(4), dead(7, value=1), statuses=[status(2)]) == ((2, 2, 3), (4, 7, 7), "noticed", 1)
    assert one(seen(4), dead(7, value=1), statuses=[status(None, 8, 5)]) == ((2, 4, 4), (8, 8, 9), "reported", 5)
    assert found(statuses=[status(None, 8)]) == [], "nobody says that it ran"


# --- by the kubelet's word


def test_the_relist_sees_a_start_up_to_two_seconds_late() -> None:
    (run,) = found(seen(4), dead(7, value=1))
    assert told(run) == ((2, 4, 4), (4, 7, 7), "noticed", 1)
    assert [p.proves for p in (*run.start.proofs, *run.end.proofs)] == [
        "the kubelet saw it running",
        "the kubelet noticed that it had ended",
    ]
    (run,) = found(dead(7, value=1))
    assert told(run) == ((None, None, 7), (None, 7, 7), "noticed", 1)
    assert one(seen(4), dead(7), seen(9))[1:] == (NOWHERE, None, None), "it was seen running after that"
    assert one(seen(4), dead(7), seen(7))[1:] == (NOWHERE, None, None)
    assert one(seen(4), dead(7, value=1), dead(8, value=2))[2:] == ("noticed", 1), "the first word"
    assert one(started(5), dead(4), dead(7, value=1))[1:] == ((5, 7, 7), "noticed", 1), "what was before its start is of another run"
    assert one(started(5), seen(5.5), destroyed(9), dead(7))[1:] == ((5, 9, 9), "destroyed", None)


@pytest.mark.parametrize(("second", "known"), [(99.9, True), (100, False), (104, False), (104.1, True)])
@pytest.mark.parametrize("first", [E.KUBELET_READY, E.POD_ADDED], ids=["ready", "first-word"])
def test_the_first_relist_tells_of_what_there_is(second: float, known: bool, first: E) -> None:
    """Within four seconds of the kubelet's start, or of its first word, whichever is told."""
    begin = event(100, first, node=A, pid=7 if first is E.POD_ADDED else None)
    (run,) = found(begin, seen(second))
    assert bounds(run.start) == ((second - 2, second, second) if known else (None, None, second))
    assert ("since when" in run.start.rule) != known
    assert len(found(begin, dead(second))) == known, "dead when the kubelet began: nobody knows since when"


def test_the_kubelet_of_another_node_and_a_later_word_say_nothing_of_the_first_relist() -> None:
    assert one(event(100, E.KUBELET_READY, node=B), seen(103))[0] == (101, 103, 103)
    words = [event(s, E.POD_ADDED, node=A, pid=7, boot_id="a") for s in (50, 102)]
    assert one(*words, seen(103))[0] == (101, 103, 103)
    assert one(*words, event(102, E.POD_ADDED, node=A, pid=8, boot_id="a"), seen(103))[0] == (None, None, 103)
    assert one(*words, event(102, E.POD_ADDED, node=A, pid=7, boot_id="b"), seen(103))[0] == (None, None, 103)
    assert one(event(102, E.POD_ADDED, node=A), seen(103))[0] == (101, 103, 103), "without a PID it may be of an old process"


# --- which words are of which run


def test_what_is_noticed_and_done_belongs_to_the_run_until_two_seconds_after_its_end() -> None:
    events = [started(2), seen(2.5), killing(7), word(7, E.CONTAINER_SIGNALLED), died(8), dead(10), started(12), seen(12.5), killing(13)]
    first, second = found(*events, destroyed(40))
    assert [(e.kind, seconds(e.time)) for e in first.noticed] == [(E.CONTAINER_SEEN_RUNNING, 2.5), (E.CONTAINER_SEEN_DEAD, 10)]
    assert [e.kind for e in first.kills] == [E.CONTAINER_KILLING, E.CONTAINER_SIGNALLED]
    assert [seconds(e.time) for e in (*second.noticed, *second.kills)] == [12.5, 13]
    (run,) = found(seen(1), started(2), died(8), dead(10.1), statuses=[status(2)])
    assert run.noticed == []


def test_the_last_that_the_kubelet_wrote_to_the_api_while_it_ran() -> None:
    (run,) = found(started(2), died(8), statuses=[status(2, told=s) for s in (1, 3, 7, 8, 9)])
    assert seconds(run.seen) == 7
    (run,) = found(started(2), died(8), statuses=[status(2, told=9)])
    assert run.seen is None


def test_runs_are_in_the_order_of_their_starts_what_ran_before_first() -> None:
    ids = ["f" * 64, "a" * 64, "e" * 64, "b" * 64]
    order = found(started(5, of=ids[0]), started(5, of=ids[1]), died(9, of=ids[2]), started(4, of=ids[3]))
    assert [r.container_id[0] for r in order] == ["e", "b", "a", "f"]


# --- names


def test_a_container_of_which_no_pod_is_known_is_none_of_ours() -> None:
    assert found(started(2, pod=None), died(8, pod=None)) == []
    assert len(found(started(2, pod=None), died(8, pod=None, pod_uid="u"))) == 1
    assert len(found(started(2, pod=None), died(8, pod=None), statuses=[status(None)])) == 1


def test_whose_it_is_is_said_by_whoever_says_it_first() -> None:
    (run,) = found(started(2, pod=None, node=None), seen(3, pod="web", node=B, container="side"), dead(9, pod="other"))
    assert (run.node, run.namespace, run.pod, run.pod_uid, run.container) == (B, "default", "web", uid("web"), "side")
    (run,) = found(seen(1, node=B), started(2, node=A), dead(9))
    assert run.node == A, "where the runtime tells of it, it runs"
    (run,) = found(started(2, pod=None, node=None), statuses=[status(None, node="n", pod="p", container="c", pod_uid="u")])
    assert (run.node, run.pod, run.pod_uid, run.container) == ("n", "p", "u", "c")


def test_the_short_id_is_the_long_one_s() -> None:
    (run,) = found(started(2, of=LONG[:12]), died(8, of=LONG))
    assert (run.container_id, told(run)[:2]) == (LONG, ((2, 2, 2), (8, 8, 8)))
    assert found(started(2, of=LONG[:12]), statuses=[STATUS])[0].container_id == LONG
    assert found(started(2, of=LONG[:12]))[0].container_id == LONG[:12]
    assert {r.container_id for r in found(started(2, of=LONG[:11]), died(8, of=LONG))} == {LONG[:11], LONG}
    assert {r.container_id for r in found(started(2, of=LONG[:12]), died(8, of=LONG[:63]))} == {LONG[:12], LONG[:63]}
    (run,) = found(seen(2.5, of=LONG), started(2, of=LONG[:12]), dead(9, of=LONG[:12]))
    assert [seconds(e.time) for e in run.noticed] == [2.5, 9], "in the order of time"


def test_a_daemon_s_log_names_the_sandbox_that_names_the_pod() -> None:
    box = "b" * 64
    log: dict[str, Any] = {"pod": None, "node": None, "attributes": {"sandbox": box}}
    events = [started(2, "runtime-log", **log), died(8, "runtime-log", **log)]
    named = started(1, "runtime-log", of=box, container="POD")
    (run,) = [r for r in found(named, *events) if r.container_id == LONG]
    assert (run.pod, run.pod_uid, run.namespace, run.node, run.container) == ("web", uid("web"), "default", A, None)
    assert [r for r in found(started(1, "runtime-log", of=box), *events) if r.container_id == LONG] == [], "that is no sandbox"
    later = started(5, "runtime-log", of=box, pod="later", container="POD")
    assert {r.pod for r in found(named, later, *events) if r.container_id == LONG} == {"later"}, "the last word"
    nameless = started(5, "runtime-log", of=box, pod=None, container="POD")
    assert {r.pod for r in found(named, nameless, *events) if r.container_id == LONG} == {"web"}


@pytest.mark.parametrize(("running", "name"), [(34, "POD"), (34.1, None)])
def test_who_is_said_to_die_and_then_to_start_is_a_sandbox(running: float, name: str | None) -> None:
    (run,) = found(dead(4, container=None), seen(running, container=None))
    assert run.container == name
    (run,) = found(dead(4, container="app"), seen(5, container="app"))
    assert run.container == "app"
    (run,) = found(seen(4, container=None), dead(5, container=None))
    assert run.container is None
    (run,) = found(dead(4, container=None), dead(5, container=None), seen(6, container=None))
    assert run.container is None


def named(*events: Event) -> dict[str, str | None]:
    return {r.container_id[0]: r.container for r in found(*events)}


def test_of_nameless_mates_the_last_of_the_first_burst_is_the_sandbox() -> None:
    a, b, c = ({"of": letter * 64, "container": None} for letter in "abc")
    assert named(seen(4, **a, line=1), seen(4.1, **b, line=2), seen(5, **c, line=3)) == {"a": None, "b": "POD", "c": None}
    assert named(seen(4, **a, line=1), seen(4.11, **b, line=2)) == {"a": "POD", "b": None}
    assert named(seen(4, **a, line=3), seen(4, **b, line=2)) == {"a": "POD", "b": None}, "as the lines stand"
    raw = [replace(seen(4, **names), line=None, offset=offset) for names, offset in ((a, 3), (b, 2))]
    assert named(*raw) == {"a": "POD", "b": None}, "as the bytes stand"
    whole = [replace(seen(4, **names), line=0, offset=offset) for names, offset in ((a, 2), (b, 3))]
    assert named(*whole) == {"a": None, "b": "POD"}, "a line that is none"
    assert named(seen(4, **b), seen(4, **a)) == {"a": "POD", "b": None}, "at one place, by the id"
    assert named(seen(4, **a, line=1), seen(4, **b, line=2), killing(9, **b)) == {"a": "POD", "b": None}, "no one kills a sandbox so"
    signal = word(9, E.CONTAINER_SIGNALLED, **b)
    assert named(seen(4, **a, line=1), seen(4, **b, line=2), signal) == {"a": None, "b": "POD"}, "a signal may be meant for it"
    assert named(seen(4, **a)) == {"a": None}, "alone it may be either"
    assert named(seen(4, **a), seen(4, of="b" * 64, container="POD")) == {"a": None, "b": "POD"}
    assert named(seen(4, **a), seen(4, of="b" * 64)) == {"a": "POD", "b": "app"}
    assert named(seen(4, **a), seen(4, of="b" * 64, container=None, pod_uid="other")) == {"a": None, "b": None}, "of two pods"
    assert named(seen(4, **a), died(4, **b)) == {"a": "POD", "b": None}, "whom the relist never saw cannot be told"


# --- the end of the node


def test_no_container_outlives_its_node() -> None:
    gone = pieces.outage(edge(6, 5, 7, pieces.proof(5)), edge(20), boot_lost=True)
    lost = ((5, 6, 7), "node-lost", None)
    assert one(started(2), lost=[gone])[1:] == lost
    assert one(started(2), destroyed(30), lost=[gone])[1:] == lost
    assert one(started(2), statuses=[status(2, 8, 5)], lost=[gone])[1:3] == lost[:2]
    assert one(started(2), died(8, value=1), lost=[gone])[1:] == ((8, 8, 8), "died", 1), "the runtime recorded its death"
    assert one(started(2), destroyed(6), lost=[gone])[2] == "destroyed", "it was over by then"
    assert one(started(6), lost=[gone])[1:] == lost
    assert one(started(6.1), lost=[gone])[2] is None, "it began afterwards"
    assert one(started(2), lost=[pieces.outage(edge(6), node=B)])[2] is None
    assert one(started(2), lost=[pieces.outage(edge(None))])[2] is None
    assert one(started(6.5), lost=[gone, pieces.outage(edge(40))])[1] == (40, 40, 40), "the next end of its node"
    assert one(started(2), lost=[gone, pieces.outage(edge(40))])[1] == (5, 6, 7), "the first one"
