"""Sightings of one happening by two clocks: a node's own (its journal, its runtime's events) and the API server's.

What the API did before the node could (bound a pod, made it, marked it) and what the node did before the API could tell of it (started
a container, started its kubelet). The API server's own clock stamps an event's creation, objects and their managedFields; an event's
first and last time are the sender's, for a kubelet's events those of its node.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.objects import Version, mapping, mappings, parse_time, text
from analyzer.proof import Proof
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS
from analyzer.vocabulary import EventKind as E

_SECOND = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)
_SOON = timedelta(seconds=2)
"""What follows at once does so within this, on a node that is not overloaded."""
_LATER = timedelta(seconds=10)
"""A pod is scheduled, and its sandbox made, within this of its creation, if nothing is in the way."""
_FIRST_ROUND = timedelta(seconds=15)
"""Within this of its start a kubelet has heard of all the pods that it had before."""
_STARTS = (E.KUBELET_STARTED, E.KUBELET_READY)
_OWN = (E.POD_ADDED, E.POD_DELETE_SEEN, E.CONTAINER_KILLING, E.CONTAINER_CREATED, E.CONTAINER_STARTED, E.KUBELET_READY)
"""What ``_own`` reads of a node's lines."""
_ASKED = (E.POD_EVICTED, E.POD_DELETED, E.POD_DELETE_ASKED)
_SLACK = timedelta(milliseconds=200)
"""Who did a thing tells of it just after: a kubelet may hear that a pod is bound before the scheduler has said so."""
LOCAL = (*RUNTIME_STREAMS, RUNTIME_LOG, "systemd", "runtime-unit", "kubelet", "journald")
"""Components whose lines bear the clock of the node that they are of."""


Key = tuple[str, str]
"""The sort of a happening (of _SORTS), and whose: a pod's uid, a container, a node."""


@dataclass(frozen=True)
class _Sort:
    """``lag``: within it one follows the other; ``usual``: how far the sharpest of several upper bounds is from the truth."""

    lag: timedelta
    api_first: bool = False
    usual: timedelta | None = None
    first_shown: bool = False  # of what the node tells, the first alone
    first_known: bool = False  # of what the API tells, the first alone
    loose: bool = False  # it bounds nothing


_SORTS: dict[str, _Sort] = {
    "bound": _Sort(_SOON, api_first=True, usual=_SLACK),  # scheduled, and heard of by the kubelet
    "made": _Sort(_LATER, api_first=True, first_shown=True),  # made in the API or scheduled, and its first container made
    "marked": _Sort(_SOON, api_first=True, usual=_SLACK),  # asked to be deleted, and heard of by the kubelet
    "begun": _Sort(_SOON, first_known=True),  # heard of by the kubelet, and its first event there
    "started": _Sort(_SOON),  # a container started, and the event of it
    "running": _Sort(_LATER, first_known=True),  # a container started, and the pod's status with it
    "kubelet": _Sort(_SOON),  # the kubelet started, and the event of it
    "killed": _Sort(_SOON, loose=True),  # a kubelet tells that it kills only when a hook has run, up to the grace period later
}


@dataclass(frozen=True)
class Pair:
    """``least``/``most``: offsets (node minus API) at which both tell of one happening within its usual lag; ``low``/``high``: what
    it says for sure, on one side; ``lag``: how far ``high`` usually is from the truth (None: not known); ``happening``, ``known``: the
    node's and the API's half."""

    node: str
    happening: str
    known: str
    least: timedelta
    most: timedelta
    low: timedelta | None
    high: timedelta | None
    lag: timedelta | None
    shown: Proof  # the node's half: it has a time
    proofs: tuple[Proof, ...]

    @property
    def moment(self) -> datetime:
        assert self.shown.time is not None
        return self.shown.time


@dataclass(frozen=True)
class _Half:
    """One side of a pair: the earliest and the latest moment that it may mean, by its own clock."""

    low: datetime
    high: datetime
    proof: Proof
    node: str | None = None


def pairs(events: Events, versions: list[Version]) -> list[Pair]:
    """All candidates, of which those that belong together agree on the offset."""
    own = events.told_by(*LOCAL)
    told = events.where(~own)
    if not len(told) and not versions:
        return []
    uids = _uids(events, versions)
    local, api = defaultdict(list), defaultdict(list)
    for event in told:
        for key, half in _told(event, uids):
            api[key].append(half)
    for version in versions:
        for key, half in _written(version):
            api[key].append(half)
    began: dict[str, datetime] = {}  # the latest start of each node's kubelet
    for event in events.where(own & events.are(*_STARTS, *_OWN) & events.having("node")):
        assert event.node is not None
        if event.kind in _STARTS:
            began[event.node] = event.time
        if event.kind is E.POD_ADDED and event.node in began and event.time - began[event.node] <= _FIRST_ROUND:
            continue  # it tells of the pods that there are
        for key in _own(event, uids):
            if key in api:
                local[key].append(_half(event, "by the node's clock"))
    return [pair for key in sorted(local) for pair in _paired(key, local[key], api[key])]


def reported(events: Events) -> list[Pair]:
    """The same for what kubelets report to the API: their clock's reading against the creation of the event there."""
    found = []
    for event in events.by("api"):
        created = parse_time(event.attributes.get("created"))
        if event.node and created is not None and event.attributes.get("reporter") == "kubelet":
            shown, known = _half(event, "by the kubelet's clock"), _Half(created, created + _SECOND, event.proof("its creation"))
            pair = _before(shown, known, _SOON)
            found.append(replace(pair, high=pair.most, lag=_SOON))  # events are sent at once, but while the API cannot be reached
    return found


def _uids(events: Events, versions: list[Version]) -> dict[tuple[str, str], str]:
    """Pods by namespace and name, where the name was given to one only: some lines name no uid."""
    named: dict[tuple[str, str], set[str]] = defaultdict(set)
    for namespace, pod, uid in events.columns("k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid").drop("row").unique().iter_rows():
        if pod and uid:
            named[(namespace or "default", pod)].add(uid)
    for version in versions:
        if version.kind == "Pod" and version.uid:
            named[(version.namespace, version.name)].add(version.uid)
    return {name: next(iter(uids)) for name, uids in named.items() if len(uids) == 1}


def _pod(event: Event, uids: dict[tuple[str, str], str]) -> str | None:
    return event.pod_uid or uids.get((event.namespace or "default", event.pod or ""))


def _half(event: Event, proves: str) -> _Half:
    late = timedelta(microseconds=max(event.resolution - 1, 0))
    return _Half(event.time, event.time + late, event.proof(proves), event.node)


def _own(event: Event, uids: dict[tuple[str, str], str]) -> Iterator[Key]:
    """What the node's lines tell of, under the name by which the API's half is found."""
    pod = _pod(event, uids)
    if event.kind is E.POD_ADDED and pod:
        yield ("bound", pod)
        yield ("begun", pod)
    elif event.kind is E.POD_DELETE_SEEN and pod:
        yield ("marked", pod)
    elif event.kind is E.CONTAINER_KILLING and pod:
        yield ("killed", pod)
    elif event.kind is E.CONTAINER_CREATED and event.pod_uid:
        yield ("made", event.pod_uid)
    elif event.kind is E.CONTAINER_STARTED and event.component in RUNTIME_STREAMS:
        if event.container_id:
            yield ("running", event.container_id[:12])
        if event.pod_uid and event.container:
            yield ("started", f"{event.pod_uid}/{event.container}")
    elif event.kind is E.KUBELET_READY and event.node:
        yield ("kubelet", event.node)


def _told(event: Event, uids: dict[tuple[str, str], str]) -> Iterator[tuple[Key, _Half]]:
    """The API's half, where an event of the API, the control plane's log or the audit log is one."""
    pod = _pod(event, uids)
    by_kubelet = event.attributes.get("reporter") == "kubelet"
    half = _half(event, "by the API's clock")
    created = parse_time(event.attributes.get("created")) if by_kubelet else None
    if event.kind is E.POD_SCHEDULED and pod:
        yield ("bound", pod), half
        yield ("made", pod), half
    elif event.kind in _ASKED and pod and not by_kubelet:
        yield ("marked", pod), half
    elif created is not None:
        half = _Half(created, created + _SECOND - _TICK, event.proof(f"created by the API's clock at {created:%H:%M:%S}Z"))
        if event.kind is E.NODE_KUBELET_STARTING and event.node:
            yield ("kubelet", event.node), half
        elif pod:
            yield ("begun", pod), half
            if event.kind is E.POD_CONTAINER_KILLING:
                yield ("killed", pod), half
            if event.kind is E.POD_CONTAINER_STARTED and event.container:
                yield ("started", f"{pod}/{event.container}"), half


def _written(version: Version) -> Iterator[tuple[Key, _Half]]:
    """What pod objects tell: when the API server made the pod, and by when it knew of a container that runs."""
    if version.kind != "Pod" or not version.uid:
        return
    created = parse_time(version.meta.get("creationTimestamp"))
    if created is not None:
        proof = version.proof(f"creationTimestamp {created:%Y-%m-%dT%H:%M:%SZ}", "by the API's clock")
        yield ("made", version.uid), _Half(created, created + _SECOND - _TICK, proof)
    latest = version.kubelet_wrote
    if latest is None:
        return
    for entry in mappings(version.status.get("containerStatuses")):
        identity = (text(entry.get("containerID")) or "").rpartition("/")[2]
        if identity and mapping(mapping(entry.get("state")).get("running")):
            proof = version.proof(f"the kubelet wrote at {latest:%Y-%m-%dT%H:%M:%SZ} that {identity[:12]} runs", "by the API's clock")
            yield ("running", identity[:12]), _Half(latest, latest + _SECOND - _TICK, proof)


def _paired(key: Key, own: list[_Half], api: list[_Half]) -> Iterator[Pair]:
    sort = _SORTS[key[0]]
    if sort.first_shown:
        own = sorted(own, key=lambda h: (h.low, h.proof))[:1]
    if sort.first_known:
        api = sorted(api, key=lambda h: (h.high, h.proof))[:1]
    for shown in own:
        for known in api:
            pair = _after(shown, known, sort) if sort.api_first else _before(shown, known, sort.lag)
            yield replace(pair, low=None, high=None) if sort.loose else pair


def _names(shown: _Half, known: _Half) -> tuple[str, str]:
    """What stands in one line is one happening: a kubelet that restarts tells of all its pods at once."""
    return f"{shown.proof.place} {shown.low}", f"{known.proof.place} {known.low}"


def _after(shown: _Half, known: _Half, sort: "_Sort") -> Pair:
    """The node told of it after the API had done it."""
    high = shown.high - known.low + _SLACK
    proofs = (known.proof, shown.proof)
    return Pair(
        shown.node or "", *_names(shown, known), shown.low - known.high - sort.lag, high, None, high, sort.usual, shown.proof, proofs
    )


def _before(shown: _Half, known: _Half, lag: timedelta) -> Pair:
    """The API told of it after the node had done it."""
    low = shown.low - known.high - _SLACK
    proofs = (shown.proof, known.proof)
    return Pair(shown.node or "", *_names(shown, known), low, shown.high - known.low + lag, low, None, None, shown.proof, proofs)


def written_by(events: Events) -> dict[str, str]:
    """By source that one node's own components wrote: the node."""
    told = events.where(events.told_by(*LOCAL)).columns("source", "node").drop("row").drop_nulls().unique()
    return dict(told.filter(pl.len().over("source") == 1).iter_rows())
