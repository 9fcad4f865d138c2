"""What events add to pods: whose they are, where, and the earliest word that they were to go. Asked of arrays, all pods together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events, Mask, Rows, instant, of_kinds, ticks
from analyzer.lifecycle.pod import Pod
from analyzer.lifecycle.recorded import Recorded
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind as E

_TICK: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_AT_ONCE: Final = timedelta(seconds=1)
"""API times have seconds."""
_MARKS: Final = {  # what tells that a pod was marked for deletion (or, to 1.0, deleted at once), and how
    E.POD_EVICTED: "the control plane deleted the pod because of its node",
    E.POD_DELETED: "its controller deleted the pod",
    E.POD_DELETE_ASKED: "somebody asked the API to delete the pod",
    E.POD_DELETE_SEEN: "the deletion had reached the kubelet",
    E.POD_CONTAINER_KILLING: "the kubelet was stopping it",
    E.CONTAINER_KILLING: "the kubelet was stopping it",
    E.POD_UNWANTED: "the kubelet found it running but not wanted",
    E.POD_REMOVE_SEEN: "the pod was gone from the API",
}
MARKED: Final = tuple(kind for kind in _MARKS if kind is not E.CONTAINER_KILLING)
"""Kinds of events that tell it of a pod; killing a container is said of a restart in place, too."""
_EXACT: Final = (E.POD_EVICTED, E.POD_DELETED, E.POD_DELETE_ASKED)
_READ: Final = (
    *(E.POD_CREATED, E.POD_SCHEDULED, E.POD_ADDED),
    *(E.POD_EVICTED, E.POD_DELETED, E.POD_DELETE_ASKED, E.POD_DELETE_SEEN, E.POD_UNWANTED, E.POD_REMOVE_SEEN),
)
"""Kinds of events that are looked at later on, pod by pod."""
_TOLD: Final = "this is the first record that tells of the deletion, and it was written when it was asked for"
_HEARD: Final = "this is the first record that tells of the deletion; it was asked for at some moment before"


@dataclass(frozen=True)
class Said:
    """Events, and whose each is: its place among ``pods`` (-1: nobody's)."""

    events: Events
    owners: Rows
    pods: Sequence[Pod]

    def first(self, mask: Mask) -> Rows:
        """Of each pod, where the first of some events stands; -1: there is none."""
        at = np.flatnonzero(mask & (self.owners >= 0))[::-1]
        found = np.full(len(self.pods), -1, dtype=np.int64)
        found[self.owners[at]] = at
        return found

    def values(self, first: Rows, *columns: str) -> Iterator[tuple[Any, ...]]:
        """The pods that have such an event, its place, and what stands in its columns."""
        at = first[first >= 0]
        pods = [self.pods[owner] for owner in np.flatnonzero(first >= 0).tolist()]
        return zip(pods, at.tolist(), *(self.events.column(name).gather(at).to_list() for name in columns), strict=True)


def settle(pods: Sequence[Pod], said: Said) -> None:
    """``pods``: all, also those of which no event tells."""
    events = said.events
    events.where(events.are(*_READ)).read()
    for pod, _, controller in said.values(said.first(events.are(E.POD_CREATED) & events.having("controller")), "controller"):
        if pod.owner is None:
            kind, _, name = controller.partition("/")
            pod.owner = (kind, name)
    for pod, _, node in said.values(said.first(events.are(E.POD_SCHEDULED, E.POD_ADDED) & events.having("node")), "node"):
        pod.node = pod.node or node
    for pod, at in said.values(said.first(events.are(E.POD_EVICTED))):
        pod.evicted = events[at]
    for pod in pods:
        if pod.node is None:
            pod.node = next((r.node for r in pod.runs if r.node), None)
        pod.static = pod.static or bool(pod.node and pod.name and pod.name.endswith(f"-{pod.node}")) or (pod.owner or ("",))[0] == "Node"
    _mark(said)


def _mark(said: Said) -> None:
    """When each was to go, by the first word of it."""
    events, killed = said.events, dict(_killed_before_removal(said))
    for pod, at, kind, resolution in said.values(said.first(events.are(*MARKED) & ~_of_restarts(said)), "kind", "resolution_us"):
        time, kill = instant(int(events.times[at])), killed.get(id(pod))
        known = pod.marked
        more = known.proofs if known is not None else ()
        if known is not None and known.time is not None and known.time + _AT_ONCE <= (time if kill is None else min(time, kill.time)):
            continue
        if kill is not None and kill.time < time:
            proofs = (kill.proof(_MARKS[kill.kind]), *more)
            pod.marked = Edge(kill.time, None, _latest(kill.time, kill.resolution), proofs, rule=_HEARD)
        else:
            pod.marked = mark(events, at, kind, resolution, more)


def mark(events: Events, at: int, kind: str, resolution: int | None, more: tuple[Proof, ...] = ()) -> Edge:
    """When a pod was to go, as the event at a place tells, which is of a kind; ``more``: other proofs of it."""
    time, exact = instant(int(events.times[at])), kind in _EXACT
    bounds = time if exact else None, _latest(time, resolution or 1)
    rule = _TOLD if exact else _HEARD
    return Recorded(time, *bounds, rule=rule, told=events, row=int(events.rows[at]), proves=_MARKS[E(kind)], more=more)


def _latest(time: datetime, resolution: int) -> datetime:
    return time + _TICK * (resolution - 1) if resolution > _SECOND else time


def _of_restarts(said: Said) -> Mask:
    """Killing is said of a restart in place too: of a deletion only if nothing of the pod starts afterwards."""
    killing = said.events.are(E.POD_CONTAINER_KILLING) & (said.owners >= 0)
    last = np.full(len(said.pods) + 1, np.iinfo(np.int64).min)
    for owner in np.unique(said.owners[killing]).tolist():
        last[owner] = max((ticks(r.start.time) for r in said.pods[owner].apps if r.start.time is not None), default=last[owner])
    found: Mask = killing & (said.events.times < last[said.owners])
    return found


def _killed_before_removal(said: Said) -> Iterator[tuple[int, Event]]:
    """To 1.3 a kubelet says of a deletion only that it stops the containers, and when the object is gone. By the ``id`` of the pod."""
    for pod, at in said.values(said.first(said.events.are(E.POD_REMOVE_SEEN))):
        removed = instant(int(said.events.times[at]))
        last = max((r.start.time for r in pod.apps if r.start.time is not None), default=None)
        kills = (k for r in pod.apps for k in of_kinds(r.kills, E.CONTAINER_KILLING) if k.time <= removed)
        first = min((k for k in kills if last is None or k.time >= last), key=lambda k: k.time, default=None)
        if first is not None:
            yield id(pod), first
