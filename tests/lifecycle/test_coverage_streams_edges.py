"""Holes of streams of events, to the bound: what a replay, a late stream, a daemon that was down and a silent stream leave out."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from analyzer.lifecycle.coverage_hole import Hole, Where
from analyzer.lifecycle.coverage_streams import begins_late, event_ttl, replay_limit, runtime_down, unheard
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.run import Run
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, B, at, cid
from tests.lifecycle.pieces import edge, event, in_order, proof, seconds, wrote

DOCKER = Where(A, "docker-text")
STREAMS = {A: {"docker-text": "docker"}}


def spans(found: Iterable[tuple[Where, Hole]]) -> list[tuple[float | None, float | None]]:
    return [(seconds(hole.start), seconds(hole.end)) for _, hole in found]


# --- replays


def replayed(*records: int, begin: float | None = 5, family: str = "docker", first: float = 100) -> list[tuple[Where, Hole]]:
    rows = [wrote(first + n, 500, "events", records=r, pid=n, first_line=7 + n, identifier=None) for n, r in enumerate(records)]
    begins = {A: at(begin)} if begin is not None else {}
    return list(replay_limit(pieces.lines(*rows, form="docker-text", family=family), begins))


@pytest.mark.parametrize(("records", "full"), [(63, False), (64, True), (65, False), (255, False), (256, True), (257, False)])
def test_as_many_as_dockerd_keeps_are_a_replay_that_dropped_the_earlier(records: int, full: bool) -> None:
    found = replayed(records)
    assert spans(found) == ([(5, 100)] if full else [])
    assert [where for where, _ in found] == [DOCKER] * full


def test_a_replay_is_counted_over_all_of_its_source() -> None:
    ((_, hole),) = replayed(60, 4)
    assert spans([(DOCKER, hole)]) == [(5, 100)]
    assert hole.why == "docker replays no more than its last 64 events, and these are 64: earlier ones were dropped"
    assert [(p.source, p.line, p.text, seconds(p.time)) for p in hole.proofs] == [("events", 7, "at 100", 100)]
    assert (hole.cause, hole.by_nature) == ("replay-limit", True)
    assert hole.settled_by.endswith("journal from 2026-03-01 10:00:05 to 10:01:40 UTC")
    assert replayed(64, 64) == []
    assert replayed(64, family="containerd") == [] == replayed(64, family="audit")
    assert replayed(64, begin=100) == [] == replayed(64, begin=None), "nothing is known of before"
    assert spans(replayed(64, begin=99.9)) == [(99.9, 100)]


# --- late streams


@pytest.mark.parametrize(("gone", "late"), [(20, True), (10, True), (9.9, False), (94.9, True), (95, False), (120, False), (None, False)])
def test_a_stream_that_begins_after_an_outage_is_late(gone: float | None, late: bool) -> None:
    outages = {A: [pieces.outage(edge(gone, gone, gone, proof(20)) if gone is not None else edge(None))]}
    found = list(begins_late({DOCKER: at(100)}, {A: at(10)}, outages, set()))
    assert spans(found) == ([(10, 100)] if late else [])
    assert list(begins_late({DOCKER: at(100)}, {A: at(10)}, outages, {DOCKER})) == [], "it is known why"
    assert list(begins_late({DOCKER: at(100)}, {A: at(10)}, {B: outages[A]}, set())) == []
    for _, hole in found:
        assert hole.why.startswith("the first of the runtime's events comes 90 s after the node's other evidence")
        assert (hole.cause, hole.by_nature, [p.line for p in hole.proofs]) == ("begins-late", False, [1])


# --- a daemon that is down


def mark(second: float, message: str = "Docker Application Container Engine", stopped: bool = True, node: str | None = A) -> Event:
    return event(second, E.RUNTIME_STOPPED if stopped else E.RUNTIME_STARTED, "runtime-unit", node=node, message=message)


def downs(*marks: Event, streams: Mapping[str, Mapping[str, str]] = STREAMS) -> list[tuple[Where, Hole]]:
    return list(runtime_down(in_order(*marks), streams, at(500)))


def test_a_daemon_that_is_down_records_nothing() -> None:
    up = mark(60, stopped=False)
    ((where, hole),) = downs(mark(50), up)
    assert (where, spans([(where, hole)])) == (DOCKER, [(50, 60)])
    assert (hole.why, hole.cause, hole.by_nature) == ("docker was down, and did not record what ended meanwhile", "runtime-down", True)
    assert [p.proves for p in hole.proofs] == ["the runtime's daemon ended", "it started again"]
    assert spans(downs(mark(50), mark(55), up)) == [(50, 60)], "the first word of it"
    assert spans(downs(mark(50), up, mark(70), mark(80, stopped=False))) == [(50, 60), (70, 80)]
    assert spans(downs(up, mark(70))) == [(70, 500)], "to the end of the evidence"
    assert [p.proves for p in downs(mark(70))[0][1].proofs] == ["the runtime's daemon ended"]
    assert downs(up) == []
    assert downs(mark(50, node=B), up) == []
    assert downs(mark(50, node=None)) == []


@pytest.mark.parametrize(
    ("family", "message", "counts"),
    [
        ("docker", "Stopped docker.service", True),
        ("docker", "Stopped containerd.service", False),
        ("containerd", "Stopped Containerd container runtime", True),
        ("containerd", "Stopped crio.service", False),
        ("cri", "Stopped CRI-O", True),
        ("cri", "Stopped crio.service", True),
        ("cri", "Stopped containerd.service", True),
        ("cri", "Stopped docker.service", False),
        ("podman", "Stopped Podman API Service", True),
        ("other", "Stopped docker.service", False),
    ],
)
def test_each_family_has_its_daemon(family: str, message: str, counts: bool) -> None:
    assert len(downs(mark(50, message), streams={A: {"x": family}})) == counts


# --- streams without a word of what others saw


def heard(*seconds: float, node: str = A, kind: E = E.CONTAINER_CREATED, of: str = "other") -> list[Event]:
    return [event(s, kind, "docker", node=node, container_id=cid(of), line=int(s)) for s in seconds]


def ran(
    begin: float | None, end: float | None = None, reason: str | None = None, of: str = "mine", proofs: bool = True, **more: Any
) -> Run:
    """A run of which others tell: its edges are cited."""
    made = pieces.run(of, begin, end, id=of, **more)
    cited = (proof(1, "others", 9),) if proofs else ()
    made.start = Edge(made.start.time, made.start.earliest, made.start.latest, cited) if begin is not None else made.start
    if end is not None:
        made.end, made.end_reason = Edge(at(end), None, at(end), cited), reason
    return made


TOLD = heard(10, 40, 100, 110, 200)


def missing(
    *runs: Run, told: Iterable[Event] = TOLD, outages: Iterable[Outage] = (), down: Iterable[tuple[Where, Hole]] = ()
) -> list[tuple[Where, Hole]]:
    return list(unheard(runs, in_order(*told), STREAMS, {A: list(outages)}, list(down)))


@pytest.mark.parametrize(
    ("second", "span"),
    [(50, (40, 100)), (103, (40, 100)), (105, (40, 100)), (105.1, (100, 110)), (112, (110, 200)), (99, (40, 100)), (44, (40, 100))],
)
def test_it_was_within_the_longest_step_between_two_events_up_to_five_seconds_before(second: float, span: tuple[float, float]) -> None:
    assert spans(missing(ran(second))) == [span]


@pytest.mark.parametrize(("second", "told"), [(15, False), (15.1, True), (194.9, True), (195, False), (5, False), (300, False)])
def test_only_well_within_the_stream_is_its_silence_a_hole(second: float, told: bool) -> None:
    assert len(missing(ran(second))) == told
    assert len(missing(ran(5, second, "reported"), told=[*TOLD, *heard(12, of="mine")])) == told
    assert len(missing(ran(None, second, "reported"), told=[*TOLD, *heard(12, of="mine")])) == told


def test_what_the_hole_says() -> None:
    ((where, hole),) = missing(ran(50))
    assert where == DOCKER
    assert hole.why == "others saw a container start or end in between, and the runtime's events do not tell it: events are missing"
    assert [(p.source, p.line, p.proves) for p in hole.proofs] == [
        ("docker.log", 40, "the last event before"),
        ("others", 9, ""),
        ("docker.log", 100, "the first event after"),
    ]
    assert hole.settled_by.endswith("from 2026-03-01 10:00:40 to 10:01:40 UTC")
    ((_, hole),) = missing(*(ran(s, of=f"c{s}") for s in range(50, 55)))
    assert "others saw 5 containers start" in hole.why
    assert len(hole.proofs) == 6
    ((_, two), (_, one)) = missing(ran(150), ran(50), ran(51, of="second"))
    assert ["2 containers" in h.why for h in (two, one)] == [True, False], "in the order of time"


def test_what_the_stream_made_or_saw_end_is_no_hole() -> None:
    made = heard(12, of="mine")
    assert missing(ran(50), told=[*TOLD, *made]) == [], "it tells of its making, perhaps of another start"
    assert missing(ran(50), told=[*TOLD, *heard(12, of="mine", kind=E.CONTAINER_STARTED)]) == []
    assert len(missing(ran(50), told=[*TOLD, *heard(12, of="mine", kind=E.CONTAINER_SIGNALLED)])) == 1
    short = [event(12, E.CONTAINER_CREATED, "docker", node=A, container_id=cid("mine")[:12])]
    assert missing(ran(50), told=[*TOLD, *short]) == []
    assert len(missing(ran(50), told=[*TOLD, *heard(12, of="mine", node=B)])) == 1, "another node's stream"
    ends = ran(5, 50, "noticed")
    assert spans(missing(ends, told=[*TOLD, *made])) == [(40, 100)]
    for kind in (E.CONTAINER_DIED, E.CONTAINER_DESTROYED, E.CONTAINER_STOPPED):
        assert missing(ends, told=[*TOLD, *made, *heard(55, of="mine", kind=kind)]) == []
    died = [event(55, E.CONTAINER_DIED, "docker", node=A, container_id=cid("mine")[:12])]
    assert missing(ends, told=[*TOLD, *made, *died]) == []
    assert missing(ran(5, 50, "died"), told=[*TOLD, *made]) == [], "its end is told"
    assert missing(ran(50), told=[event(12, E.CONTAINER_CREATED, "kubelet", node=A, container_id=cid("x"))]) == [], "no stream at all"
    assert missing(ran(50, node=B)) == [] == missing(ran(50, node=None))
    assert missing(ran(50, proofs=False)) == [], "nobody says so"


def test_an_end_counts_only_of_what_is_known_to_have_run_within_the_stream() -> None:
    assert spans(missing(ran(20, 150, "reported"))) == [(10, 40), (110, 200)]
    assert missing(ran(15, 150, "reported")) == [], "it may have ended before, and been found late"
    assert missing(ran(None, 150, "reported")) == []
    killed = pieces.run("mine", None, 150, id="mine", kills=[event(149, E.CONTAINER_KILLING)])
    killed.end, killed.end_reason = Edge(at(150), None, at(150), (proof(150),)), "noticed"
    assert spans(missing(killed)) == [(110, 200)], "its kubelet stopped it then"
    killed.kills = [event(149, E.CONTAINER_SIGNALLED)]
    assert missing(killed) == []


def test_of_a_run_without_a_start_the_first_sight_counts() -> None:
    seen = [event(s, E.CONTAINER_SEEN_RUNNING, line=int(s)) for s in (50, 150)]
    ((_, hole),) = missing(ran(None, noticed=[event(20, E.CONTAINER_SEEN_DEAD), *seen]))
    assert spans([(DOCKER, hole)]) == [(40, 100)]
    assert [p.proves for p in hole.proofs][1] == "the kubelet saw it begin to run"
    assert missing(ran(None)) == []


@pytest.mark.parametrize(("started", "late"), [(90, True), (89.9, False), (150, True), (150.1, False), (20, False)])
@pytest.mark.parametrize("kind", [E.KUBELET_READY, E.KUBELET_STARTED])
def test_what_a_kubelet_notices_right_after_its_own_start_may_be_old(started: float, late: bool, kind: E) -> None:
    begin = event(started, kind, node=A)
    sight = event(150, E.CONTAINER_SEEN_RUNNING)
    assert len(missing(ran(150, noticed=[sight]), told=[*TOLD, begin])) == (not late)
    twice = [*TOLD, begin, event(30, kind, node=A)]
    assert len(missing(ran(150, noticed=[sight]), told=twice)) == (not late), "its last start counts"
    assert len(missing(ran(150), told=[*TOLD, begin])) == 1, "the API says when it began"
    end = event(150, E.CONTAINER_SEEN_DEAD)
    assert len(missing(ran(5, 150, "noticed", noticed=[end]), told=[*TOLD, begin, *heard(12, of="mine")])) == (not late)


@pytest.mark.parametrize(
    ("start", "end", "explains"),
    [(50, 60, True), (100, None, True), (100.1, None, False), (30, 40, True), (30, 39.9, False), (None, 60, False)],
)
def test_a_lost_boot_explains_what_a_stream_leaves_out(start: float | None, end: float | None, explains: bool) -> None:
    away = edge(start), edge(end)
    assert len(missing(ran(50), outages=[pieces.outage(*away, boot_lost=True)])) == (not explains)
    assert len(missing(ran(50), outages=[pieces.outage(*away)])) == 1, "the kubelet's absence alone does not"


@pytest.mark.parametrize(("where", "span", "explains"), [(A, (99, 120), True), (A, (100, 120), False), (B, (40, 100), False)])
def test_a_daemon_that_was_down_explains_it_too(where: str, span: tuple[float, float], explains: bool) -> None:
    hole = Hole(at(span[0]), at(span[1]), "", "runtime-down")
    assert len(missing(ran(50), down=[(Where(where, "docker-text"), hole)])) == (not explains)


# --- dumps of the API's events


def dump(*items: tuple[float, dict[str, Any]], watch: str | None = None, kind: str = "Event") -> list[tuple[Where, Hole]]:
    """Events last seen at these seconds."""
    objects = [
        {
            "source_id": "events",
            "line": n,
            "kind": kind,
            "name": f"e{n}",
            "watch": watch,
            "document": json.dumps(says or {"lastTimestamp": at(s).isoformat()}),
        }
        for n, (s, says) in enumerate(items, 1)
    ]
    store = pieces.memory(sources=[pieces.source("events", "kubernetes-json")], objects=objects)
    return list(event_ttl(store, at(0)))


@pytest.mark.parametrize(
    ("span", "forgot"), [(49.99, False), (50, True), (60, True), (65, True), (65.01, False)], ids=["short", "low", "hour", "high", "long"]
)
def test_the_oldest_of_a_dump_is_about_an_hour_old(span: float, forgot: bool) -> None:
    found = dump((100 + span * 60, {}), (100, {}), (2000, {}))
    assert spans(found) == ([(0, 100)] if forgot else [])
    for where, hole in found:
        assert where == Where(None, "kubernetes-json")
        assert [(p.line, p.text) for p in hole.proofs] == [(2, "Event e2")]
        assert (hole.cause, hole.by_nature) == ("event-ttl", True)
    assert dump((100 + span * 60, {}), (100, {}), watch="ADDED") == [] == dump((100 + span * 60, {}), (100, {}), kind="Pod")


def test_an_event_is_as_old_as_it_was_last_seen() -> None:
    old, last = {"metadata": {"creationTimestamp": at(0).isoformat()}}, (3700, {})
    assert spans(dump((0, {**old, "eventTime": at(100).isoformat()}), last)) == [(0, 100)]
    assert spans(dump((0, {**old, "eventTime": at(50).isoformat(), "lastTimestamp": at(100).isoformat()}), last)) == [(0, 100)]
    series = {"series": {"lastObservedTime": at(200).isoformat()}, "lastTimestamp": at(100).isoformat()}
    assert spans(dump((0, {**old, **series}), last)) == [(0, 200)]
    assert spans(dump((0, {"metadata": {"creationTimestamp": at(150).isoformat()}}), last)) == [(0, 150)]
    assert dump((0, {}), (3600, {})) == [], "it is all of the evidence"
    assert spans(dump((0, {"lastTimestamp": None}), (100, {}), last)) == [(0, 100)]
