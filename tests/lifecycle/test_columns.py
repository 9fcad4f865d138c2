"""What is read off columns is what was read off each event."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.lifecycle import containers, event_table, lives
from analyzer.lifecycle.containers import Run, Status
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import EventIndex, Events, any_of, of_kinds
from analyzer.lifecycle.intervals import Covered, Span, intersect
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.lives import read
from analyzer.lifecycle.signs import Signs
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind as E

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
KINDS = (
    *(E.CONTAINER_CREATED, E.CONTAINER_STARTED, E.CONTAINER_DIED, E.CONTAINER_DESTROYED, E.CONTAINER_SIGNALLED),
    *(E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_DEAD, E.CONTAINER_KILLING),
)
IDS = ["a" * 64, "b" * 64, "b" * 12, "c" * 64, "d" * 64]

some_events = st.lists(
    st.builds(
        lambda seconds, kind, component, identity, node, uid, container, resolution, value: Event(
            time=START + timedelta(seconds=seconds),
            resolution=resolution,
            kind=kind,
            component=component,
            message="",
            source=f"{component}.log",
            line=1,
            offset=None,
            text=f"{kind} {identity}",
            node=node,
            namespace="default",
            pod="web",
            pod_uid=uid,
            container=container,
            container_id=identity,
            value=value,
        ),
        st.integers(0, 40),
        st.sampled_from(KINDS),
        st.sampled_from(["docker", "docker", "docker", "containerd", "runtime-log", "kubelet"]),
        st.sampled_from(IDS),
        st.sampled_from(["node-a", "node-b", None]),
        st.sampled_from(["uid-1", "uid-1", None]),
        st.sampled_from(["app", "POD", None]),
        st.sampled_from([1, 1_000_000]),
        st.sampled_from([None, 0, 137]),
    ),
    max_size=25,
).map(lambda some: sorted(some, key=lambda e: e.time))


def from_columns(events: list[Event]) -> Events:
    """Without the events that they are of: each is made anew."""
    frame = Events.of_list(events).columns(*event_table._SCHEMA)
    return Events.of_frame(frame)


def _edge(edge: Edge) -> tuple[Any, ...]:
    return edge.time, edge.earliest, edge.latest, edge.proofs, edge.rule


def _told(runs: list[Run]) -> list[tuple[Any, ...]]:
    names = ("container_id", "node", "namespace", "pod", "pod_uid", "container", "end_reason", "exit_code", "seen")
    return [(*(getattr(r, n) for n in names), _edge(r.start), _edge(r.end), list(r.kills), list(r.noticed)) for r in runs]


@given(some_events)
def test_plain_runs_are_as_each_of_them_would_be_told(events: list[Event]) -> None:
    _are_told_the_same(events)


def _are_told_the_same(events: list[Event], statuses: Iterable[Status] = (), lost: Iterable[Outage] = ()) -> None:
    """Off the columns and one by one; and where few are taken out of the columns at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lives, "_AT_ONCE", 2)
        fast = containers.runs(from_columns(events), statuses, list(lost))
        for name in ("plain", "noticed"):
            patch.setattr(containers, name, lambda told, *_: ([], told))
        slow = containers.runs(Events.of_list(events), statuses, list(lost))
    assert _told(fast) == _told(slow)


sightings = st.lists(
    st.builds(
        lambda ms, kind, component, identity, node, place, attributes, value: Event(
            time=START + timedelta(milliseconds=ms),
            resolution=1,
            kind=kind,
            component=component,
            message="",
            source=f"{node}.log",
            line=place if place != 2 else None,
            offset=place if place else None,
            text=f"{kind} {identity}",
            node=node,
            **(POD_OF[identity] if kind in (E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_DEAD) else {}),
            container_id=identity,
            pid=7,
            boot_id="b",
            value=value,
            attributes=attributes,
        ),
        st.one_of(st.integers(0, 40).map(lambda n: n * 1000), st.integers(0, 40).map(lambda n: n * 50), st.just(34_000)),
        st.sampled_from([E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_DEAD, E.CONTAINER_KILLING]),
        st.sampled_from(["kubelet", "kubelet", "kubelet", "api", "docker"]),
        st.sampled_from([letter * 64 for letter in "abcdef"]),
        st.sampled_from(["node-a", "node-a", "node-b", None]),
        st.integers(0, 3),
        st.sampled_from([{}, {}, {}, {"sandbox": "a" * 64}, {"of": "sandbox"}]),
        st.sampled_from([None, 0, 137]),
    ),
    max_size=16,
)
kubelet_starts = st.lists(
    st.builds(
        lambda seconds, node, pid: Event(
            START + timedelta(seconds=seconds), 1, E.KUBELET_READY, "kubelet", "", "k.log", 1, None, "", node=node, pid=pid, boot_id="b"
        ),
        st.integers(-8, 40),
        st.sampled_from(["node-a", "node-b", None]),
        st.sampled_from([None, 7, 8]),
    ),
    max_size=3,
)
runtime_words = st.lists(
    st.builds(
        lambda seconds, kind, identity: Event(
            *(START + timedelta(seconds=seconds), 1, kind, "docker", "", "docker.log", 1, None, str(kind), "node-a"),
            namespace="default",
            pod="web-1",
            pod_uid="uid-1",
            container="app",
            container_id=identity,
        ),
        st.integers(0, 40),
        st.sampled_from([E.CONTAINER_STARTED, E.CONTAINER_DIED, E.CONTAINER_SIGNALLED]),
        st.sampled_from(["a" * 64, "f" * 64]),
    ),
    max_size=2,
)
POD_OF: dict[str, dict[str, Any]] = {
    "a" * 64: {"pod_uid": "uid-1"},
    "b" * 64: {"pod_uid": "uid-1"},
    "c" * 64: {"pod_uid": "uid-1", "container": "app", "namespace": "default", "pod": "web-1"},
    "d" * 64: {"pod_uid": "uid-2"},
    "e" * 64: {"pod_uid": "uid-2", "container": ""},
    "f" * 64: {},
}
a_status = st.builds(
    lambda identity, begin, end: Status(
        *(identity, "default", "web-2", "uid-2", "app", "node-a"),
        *(None if s is None else START + timedelta(seconds=s) for s in (begin, end)),
        exit_code=3,
        proof=Proof(None, "o", 1, None, "", ""),
        seen=None if begin is None else START + timedelta(seconds=begin),
    ),
    st.sampled_from(["d" * 64, "a" * 64]),
    st.sampled_from([None, 3, 20]),
    st.sampled_from([None, 30]),
)
an_outage = st.integers(5, 40).map(
    lambda s: Outage("node-a", Edge(START + timedelta(seconds=s), None, None), Edge(None, None, None), "stopped", boot_lost=True)
)


@settings(max_examples=300)
@given(sightings, kubelet_starts, runtime_words, st.lists(a_status, max_size=1), st.lists(an_outage, max_size=1))
def test_what_a_kubelet_alone_tells_of_is_as_each_would_be_told(
    seen: list[Event], starts: list[Event], words: list[Event], statuses: list[Status], lost: list[Outage]
) -> None:
    _are_told_the_same(sorted([*starts, *seen, *words], key=lambda e: e.time), statuses, lost)


def test_a_plain_container_is_read_off_the_columns() -> None:
    kinds = (E.CONTAINER_CREATED, E.CONTAINER_STARTED, E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SIGNALLED, E.CONTAINER_DIED)
    common: dict[str, Any] = {"source": "s", "line": 1, "offset": None, "node": "n", "namespace": "d", "pod": "p", "pod_uid": "u"}
    events = [
        Event(START + timedelta(seconds=n), 1, kind, "docker", "", text=str(kind), container="app", container_id="a" * 64, **common)
        for n, kind in enumerate(kinds)
    ]
    table = from_columns(events)
    found, rest = containers.plain(table, set())
    assert not len(rest)
    read(found)
    (run,) = found
    assert [e.kind for e in run.kills] == [E.CONTAINER_SIGNALLED]
    assert [p.text for p in (*run.start.proofs, *run.end.proofs)] == [str(E.CONTAINER_STARTED), str(E.CONTAINER_DIED)]
    assert not len(containers.plain(table, {"a" * 64})[0])


@given(some_events, st.randoms())
def test_events_come_as_they_are_asked_for(events: list[Event], random: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_table, "_SMALL", 0)
        table = from_columns(events)
        asked = [random.randrange(len(events)) for _ in range(2 * len(events))]
        assert list(table.at(np.array(asked, dtype=np.int64))) == [events[at] for at in asked]
        assert list(table) == events
        assert table[::-1] == events[::-1]
        assert list(reversed(table)) == events[::-1]


@given(some_events)
def test_events_of_kinds_components_and_nodes(events: list[Event]) -> None:
    table = from_columns(events)
    wanted = KINDS[:3]
    assert of_kinds(table, *wanted) == of_kinds(events, *wanted) == [e for e in events if e.kind in wanted]
    assert list(table.by("docker", "kubelet")) == [e for e in events if e.component in ("docker", "kubelet")]
    assert list(table.where(table.having("k8s_pod_uid"))) == [e for e in events if e.pod_uid]
    for node, some in table.by_node().items():
        assert list(some) == [e for e in events if e.node == node]
    owners = np.array([len(e.component) - 6 for e in events], dtype=np.int64)  # docker: 0
    for owner, part in enumerate(table.shared_out(owners, 4)):
        mine = [e for e in events if len(e.component) - 6 == owner]
        assert list(part) == mine
        assert len(part) == len(mine)
        assert (part == ()) is (not mine), "who has none gets none"
        for some in (wanted, wanted[:1], ()):
            assert of_kinds(part, *some) == [e for e in mine if e.kind in some]
            assert any_of(part, *some) == any_of(mine, *some) == any(e.kind in some for e in mine)


@given(some_events, st.integers(0, 40), st.integers(0, 40))
def test_events_between_two_moments(events: list[Event], low: int, high: int) -> None:
    index, start, end = EventIndex(from_columns(events)), START + timedelta(seconds=low), START + timedelta(seconds=high)
    for kind in KINDS:
        assert index.between(kind, start, end) == [e for e in events if e.kind is kind and start <= e.time <= end]
        assert index.all(kind) == [e for e in events if e.kind is kind]


@given(some_events, st.integers(-1, 41))
def test_signs_before_and_after_a_moment(events: list[Event], seconds: int) -> None:
    moment = START + timedelta(seconds=seconds)
    lines, others = [e.proof("a line") for e in events[::3]], [e for e in events if e.component == "docker"]
    signs = Signs(lines, from_columns(others), "an event")
    order = sorted([*lines, *(e.proof("an event") for e in others)], key=lambda p: (p.time or START, p.source, p.line or 0))
    assert signs.last_before(moment) == next((p for p in reversed(order) if p.time is not None and p.time <= moment), None)
    assert signs.first_after(moment) == next((p for p in order if p.time is not None and p.time > moment), None)


moments = st.integers(0, 30).map(lambda n: START + timedelta(seconds=n))
spans = st.lists(st.tuples(moments, moments), max_size=8)


def _seconds(some: list[Span]) -> set[datetime]:
    ticks = [START + timedelta(seconds=n) for n in range(31)]
    return {t for t in ticks for low, high in some if (low is None or low <= t) and (high is None or t < high)}


@given(spans, spans, moments, moments)
def test_what_spans_share_and_cover(left: list[Span], right: list[Span], low: datetime, high: datetime) -> None:
    shared = intersect(left, right)
    assert _seconds(shared) == _seconds(left) & _seconds(right)
    assert all(a[1] is not None and b[0] is not None and a[1] < b[0] for a, b in pairwise(shared))
    assert Covered(left).between(low, high) == timedelta(seconds=len(_seconds(left) & _seconds([(low, high)])))
    assert Covered(left).between(None, None) == timedelta(seconds=len(_seconds(left)))
