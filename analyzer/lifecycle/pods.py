"""Pods: whose they are, where they run, and when the API wanted them gone."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analyzer.grammars.base import container_id
from analyzer.lifecycle.containers import Run, Status
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events, coded
from analyzer.lifecycle.objects import Version, mapping, mappings, number, parse_time, stamp, text
from analyzer.lifecycle.pod import Pod as Pod
from analyzer.lifecycle.pod_list import Pods as Pods
from analyzer.lifecycle.pod_names import Others, plain
from analyzer.lifecycle.settling import Said, settle
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E

_LOST_NODE = re.compile(r"node\.(?:alpha\.)?kubernetes\.io/(?:(?P<unreachable>unreachable)|not-?ready)", re.IGNORECASE)
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_AT_ONCE = timedelta(seconds=1)
"""API times have seconds."""
_MIRROR = "kubernetes.io/config.mirror"
_CREATED_BY = re.compile(r'"reference":\{"kind":"(\w+)","namespace":"[^"]*","name":"([^"]+)"')
_ASKED = "the deletionTimestamp lies a grace period after the request: the request is the edge"
_GONE = "a watch shows the object deleted: it was marked for deletion by then"


def statuses(objects: Iterable[Version]) -> Iterator[Status]:
    """containerStatuses of all pod versions, with the times of the current and the last state; and the runtime's snapshots."""
    for version in objects:
        if version.kind == "Container":
            yield from _snapshot(version)
        if version.kind != "Pod":
            continue
        for field_name in ("initContainerStatuses", "containerStatuses"):
            for entry in mappings(version.status.get(field_name)):
                yield from _statuses_of(version, entry)


def _snapshot(version: Version) -> Iterator[Status]:
    """A container as the runtime's inspect showed it: what the API's status says, said by the runtime."""
    told = version.document
    started, finished = parse_time(told.get("startedAt")), parse_time(told.get("finishedAt"))
    identity = container_id(text(told.get("containerID")))
    if identity is None or started is None:
        return
    says = f"started {stamp(started)}" + (f", finished {stamp(finished)}" if finished else ", running" if told.get("running") else "")
    yield Status(
        container_id=identity,
        namespace=text(told.get("namespace")) or "",
        pod=text(told.get("pod")) or "",
        pod_uid=text(told.get("podUID")) or "",
        container=text(told.get("container")) or "",
        node=None,
        started=started,
        finished=finished if finished is not None and finished >= started else None,
        exit_code=number(told.get("exitCode")),
        proof=version.proof(says, "the runtime's own record of the container"),
    )


def _statuses_of(version: Version, entry: dict[str, Any]) -> Iterator[Status]:
    for field_name in ("state", "lastState"):
        state = mapping(entry.get(field_name))
        running, ended = mapping(state.get("running")), mapping(state.get("terminated"))
        told = ended or running
        identity = container_id(text(ended.get("containerID")) or (text(entry.get("containerID")) if field_name == "state" else None))
        started, finished = parse_time(told.get("startedAt")), parse_time(ended.get("finishedAt"))
        if identity is None or started is None or started.year < 2000:
            continue
        if finished is not None and finished < started:
            finished = None
        says = f"container {entry.get('name')} started {stamp(started)}" + (f", finished {stamp(finished)}" if finished else "")
        yield Status(
            container_id=identity,
            namespace=version.namespace,
            pod=version.name,
            pod_uid=version.uid,
            container=str(entry.get("name")),
            node=text(version.spec.get("nodeName")),
            started=started,
            finished=finished,
            exit_code=number(ended.get("exitCode")),
            proof=version.proof(says, "the API's container status"),
            seen=version.kubelet_wrote if running and not ended else None,
        )


def pods(events: Events, objects: list[Version], runs: list[Run]) -> Pods:
    """All pods that anything speaks of, sorted by namespace, name and uid."""
    of_pods = [version for version in objects if version.kind == "Pod"]
    named = events.having("k8s_pod_uid") | events.having("k8s_pod_name")
    told = events if named.all() else events.where(named)
    some, theirs = plain(told, _more_told(of_pods, runs))
    told = told.where(~theirs)
    book = _Book()
    for version in of_pods:
        if version.uid:
            _from_object(book.get(version.namespace, version.name, _mirrored(version) or version.uid), version)
    for run in runs:
        if run.pod_uid:
            book.get(run.namespace, run.pod, run.pod_uid).runs.append(run)
    spoken = told.columns("k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid").filter(pl.col("k8s_pod_uid") != "").drop("row")
    for namespace, name, uid in spoken.unique(maintain_order=True).iter_rows():  # uids first, so that names find them
        book.get(namespace, name, uid)
    for version in sorted(of_pods, key=lambda version: not version.namespace):  # namespaces first, so that bare names find them
        if not version.uid:
            started = parse_time(version.status.get("startTime"))
            _from_object(book.named(version.namespace or None, version.name, started), version)
    for run in runs:
        if not run.pod_uid:
            book.named(run.namespace, run.pod, run.start.time).runs.append(run)
    said = _shared_out(told, book)
    found = book.all()
    settle(found, said)
    return Pods.all(found, some)


def _more_told(objects: list[Version], runs: list[Run]) -> Others:
    uids = {_mirrored(version) or version.uid for version in objects} | {run.pod_uid or "" for run in runs}
    return Others(uids - {""}, {version.name for version in objects} | {run.pod for run in runs if run.pod})


def _shared_out(of_pods: Events, book: "_Book") -> Said:
    """To each pod its events."""
    uids, codes = coded(of_pods.column("k8s_pod_uid").replace("", None))
    pods = [book.known(uid) for uid in uids]
    place = {id(pod): at for at, pod in enumerate(pods)}
    owners = codes.astype(np.int64)
    for at in np.flatnonzero(~of_pods.having("k8s_pod_uid")).tolist():
        pod = book.of(of_pods[at])
        owners[at] = -1 if pod is None else place.setdefault(id(pod), len(pods))
        if pod is not None and owners[at] == len(pods):
            pods.append(pod)
    for pod, part in zip(pods, of_pods.shared_out(owners, len(pods)), strict=True):
        pod.events = part
    return Said(of_pods, owners, pods)


class _Book:
    """Pods by uid; by name where the uid is not known, then the one that lived at that time."""

    def __init__(self) -> None:
        self._by_uid: dict[str, Pod] = {}
        self._by_name: dict[tuple[str | None, str | None], list[Pod]] = {}
        self._by_bare_name: dict[str | None, list[Pod]] = {}

    def get(self, namespace: str | None, name: str | None, uid: str) -> Pod:
        pod = self._by_uid.get(uid)
        if pod is None:
            pod = self._by_uid[uid] = self._made(namespace, name, uid)
        elif pod.name is None and name:
            pod.namespace, pod.name = namespace, name
            self._enter(pod)
        return pod

    def _made(self, namespace: str | None, name: str | None, uid: str | None) -> Pod:
        pod = Pod(namespace, name, uid)
        self._enter(pod)
        return pod

    def _enter(self, pod: Pod) -> None:
        self._by_name.setdefault((pod.namespace, pod.name), []).append(pod)
        self._by_bare_name.setdefault(pod.name, []).append(pod)

    def known(self, uid: str) -> Pod:
        """One of those that were got by their uid."""
        return self._by_uid[uid]

    def of(self, event: Event) -> Pod | None:
        """The pod that an event without a uid speaks of. Of several of one name: on a node the one that was there, of a new one the next
        to begin."""
        named = self._by_name.get((event.namespace, event.pod)) or []
        if len(named) > 1 and event.namespace is not None:
            begun = [(first, p) for p in named if (first := _first(p)) is not None]
            if event.kind is E.POD_CREATED:
                later = [(first, p) for first, p in begun if first >= event.time - _AT_ONCE]
                if later:
                    return min(later, key=lambda x: x[0])[1]
            here = [(first, p) for first, p in begun if event.node is None or event.node == _node_of(p)]
            before = [(first, p) for first, p in here if first <= event.time + _AT_ONCE]
            if before:
                return max(before, key=lambda x: x[0])[1]
        return self.at(event.namespace, event.pod, event.time)

    def at(self, namespace: str | None, name: str | None, moment: datetime) -> Pod | None:
        if namespace is None:  # 'Killing unwanted pod "x"' names no namespace
            named = self._by_bare_name.get(name) or []
        else:
            named = self._by_name.get((namespace, name)) or [self._made(namespace, name, None)]
        live = [p for p in named if any(r.began_by(moment) for r in p.runs)]
        return (live or named)[-1] if named else None

    def named(self, namespace: str | None, name: str | None, moment: datetime | None) -> Pod:
        """The pod of a rendering that tells no uid (``kubectl describe``, tables), and often no namespace either."""
        return self.at(namespace, name, moment or _ALWAYS) or self._made(namespace, name, None)

    def all(self) -> list[Pod]:
        return list({id(p): p for named in self._by_name.values() for p in named}.values())


def _tolerations(version: Version) -> Iterator[tuple[str, int | None]]:
    """For how long it stays bound to a node that is tainted as lost (1.6 and later). A key left out tolerates all taints."""
    for entry in mappings(version.spec.get("tolerations")):
        match = _LOST_NODE.fullmatch(text(entry.get("key")) or "")
        everything = entry.get("key") in (None, "") and entry.get("operator") == "Exists"
        if entry.get("effect") in (None, "", "NoExecute") and (match or everything):
            for name in ("unreachable", "not-ready") if match is None else ("unreachable" if match["unreachable"] else "not-ready",):
                yield name, number(entry.get("tolerationSeconds"))


def _first(pod: Pod) -> datetime | None:
    """When it was made, or began to run; long ago, if it ran already when the evidence begins."""
    if pod.created is not None:
        return pod.created
    starts = [_LONG_AGO if r.start.time is None else r.start.time for r in pod.runs]
    return min(starts, default=None)


def _node_of(pod: Pod) -> str | None:
    return pod.node or next((r.node for r in pod.runs if r.node), None)


def _mirrored(version: Version) -> str | None:
    """Of a mirror that a kubelet made in the API the uid of its static pod, by which the kubelet and the runtime know it."""
    return text(mapping(version.meta.get("annotations")).get(_MIRROR))


def _from_object(pod: Pod, version: Version) -> None:
    pod.node = text(version.spec.get("nodeName")) or pod.node
    pod.grace = number(version.spec.get("terminationGracePeriodSeconds")) or pod.grace
    pod.tolerates.update(_tolerations(version))
    annotations = mapping(version.meta.get("annotations"))
    pod.static = pod.static or _MIRROR in annotations
    pod.created = parse_time(version.meta.get("creationTimestamp")) or pod.created
    if version.owner is not None:
        pod.owner = version.owner
    elif "kubernetes.io/created-by" in annotations:  # to 1.8
        match = _CREATED_BY.search(str(annotations["kubernetes.io/created-by"]))
        pod.owner = (match[1], match[2]) if match else pod.owner
    due = parse_time(version.meta.get("deletionTimestamp"))
    if due is not None:  # the time of the request plus the grace period
        grace = version.meta.get("deletionGracePeriodSeconds")
        asked = due - timedelta(seconds=grace if isinstance(grace, int) else 30)
        proof = version.proof(f"deletionTimestamp {stamp(due)}, grace period {grace} s", "the API had marked the pod for deletion")
        if pod.marked is None or pod.marked.time is None or asked < pod.marked.time:
            pod.marked = Edge(asked, asked, asked + timedelta(seconds=1), (proof,), rule=_ASKED)
    elif version.watch == "DELETED" and pod.marked is None and version.latest is not None:
        proof = version.proof("DELETED", "the API object was gone")
        pod.marked = Edge(version.latest, version.earliest, version.latest, (proof,), rule=_GONE)
