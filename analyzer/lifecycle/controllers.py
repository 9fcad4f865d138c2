"""Controllers: which pods are whose, topmost owner first; and how many pods each was asked for, over time."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property

import orjson
import polars as pl

from analyzer.lifecycle.desired import Replaceable, Wanted, wanted
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.intervals import Span, Step, count
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.runs import RunIndex
from analyzer.vocabulary import EventKind as E

Name = tuple[str, str, str]
"""namespace, KIND, name."""

_POD_SUFFIX = re.compile(r"^(?P<owner>.+)-[0-9a-z]{5}$")
_HASHED = re.compile(r"^(?P<deployment>.+)-[0-9a-z]{8,10}$")
_ORDINAL = re.compile(r"^(?P<owner>.+)-\d+$")


@dataclass
class Controller:
    """One workload: its pods, and the replicas asked for."""

    namespace: str
    kind: str
    name: str
    pods: list[Pod] = field(default_factory=list)
    wanted: Wanted | None = None
    owner_inferred: bool = False  # its kind and name are read off the pods' names
    scalings: list[Event] = field(default_factory=list)  # of its replica sets
    surge: int | None = None

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}"

    @cached_property
    def runs(self) -> RunIndex:
        """Runs of the application containers of all its pods."""
        return RunIndex([r for pod in self.pods for r in pod.apps])

    def running(self) -> list[Step]:
        """Pods with at least one running application container, over all nodes, by the runtime's truth."""
        return self._running

    @cached_property
    def _running(self) -> list[Step]:
        return count([[(r.start.time, r.end.time) for r in pod.apps] for pod in self.pods])


def controllers(
    events: Events,
    objects: list[Version],
    pods: list[Pod],
    stated: dict[Name, int],
    calm: list[Span],
    replaceable: Replaceable,
) -> list[Controller]:
    """All controllers that own a pod, sorted by namespace, kind and name."""
    parents = _parents(events, objects)
    known = _known_names(events, objects, pods)
    found: dict[Name, Controller] = {}
    for pod in pods:
        owner, inferred = _owner(pod, known)
        if owner is None:
            continue
        name = (pod.namespace or "default", *owner)
        name = parents.get(name, name)
        if owner[0] == "ReplicaSet" and name[1] == "ReplicaSet" and inferred:
            hashed = _HASHED.match(owner[1])
            name = (name[0], "Deployment", hashed["deployment"]) if hashed else name
        controller = found.setdefault(name, Controller(*name, owner_inferred=inferred))
        controller.pods.append(pod)
        controller.owner_inferred = controller.owner_inferred and inferred
    by_controller = _events_by_controller(events, parents, found)
    versions: dict[Name, list[Version]] = defaultdict(list)
    for version in objects:
        versions[(version.namespace, version.kind, version.name)].append(version)
    for name, controller in found.items():
        told = by_controller.get(name, [])
        controller.scalings = [e for e in told if e.kind is E.REPLICA_SET_SCALED]
        controller.wanted = wanted(controller.kind, controller.pods, told, versions.get(name, []), stated.get(name), calm, replaceable)
    return [found[name] for name in sorted(found)]


def _parents(events: Events, objects: list[Version]) -> dict[Name, Name]:
    """Replica set to deployment: from the object's owner, else from the deployment's event that names the set."""
    parents: dict[Name, Name] = {}
    for event in events.of(E.REPLICA_SET_SCALED):
        if event.controller:
            kind, _, name = event.controller.partition("/")
            parents[(event.namespace or "default", "ReplicaSet", event.attributes["replica_set"])] = (
                event.namespace or "default",
                kind,
                name,
            )
    for version in objects:
        if version.owner is not None and version.kind != "Pod":
            parents[(version.namespace, version.kind, version.name)] = (version.namespace, *version.owner)
    return parents


def _known_names(events: Events, objects: list[Version], pods: list[Pod]) -> dict[tuple[str, str], str]:
    """(namespace, name) to KIND, of everything that makes pods."""
    known = {(v.namespace, v.name): v.kind for v in objects if v.kind not in ("Pod", "Node")}
    sets = pl.when(pl.col("kind") == str(E.REPLICA_SET_SCALED)).then("attributes").alias("sets")
    told = events.where(events.having("controller")).columns("k8s_namespace_name", "controller", "kind", "attributes")
    for namespace, controller, scaled in told.select("k8s_namespace_name", "controller", sets).unique(maintain_order=True).iter_rows():
        kind, _, name = controller.partition("/")
        if kind != "?":
            known.setdefault((namespace or "default", name), kind)
            if scaled is not None:
                known.setdefault((namespace or "default", orjson.loads(scaled)["replica_set"]), "ReplicaSet")
    for pod in pods:
        if pod.owner:
            known.setdefault((pod.namespace or "default", pod.owner[1]), pod.owner[0])
    return known


def _owner(pod: Pod, known: dict[tuple[str, str], str]) -> tuple[tuple[str, str] | None, bool]:
    """The pod's direct owner, and whether it was only inferred from names."""
    if pod.static:
        return None, False
    if pod.owner is not None:
        return pod.owner, False
    if pod.name is None:
        return None, False
    for pattern in (_POD_SUFFIX, _ORDINAL):
        match = pattern.match(pod.name)
        kind = known.get((pod.namespace or "default", match["owner"])) if match else None
        if match and kind:
            return (kind, match["owner"]), True
    match = _POD_SUFFIX.match(pod.name)
    if match is None:
        return None, False
    hashed = _HASHED.match(match["owner"])
    return (("ReplicaSet" if hashed and _is_hash(match["owner"]) else "ReplicationController"), match["owner"]), True


def _is_hash(name: str) -> bool:
    """pod-template-hash: 8 to 10 of decimal digits or of the API's safe alphabet (no vowels, since 1.9)."""
    tail = name.rsplit("-", 1)[-1]
    return bool(re.fullmatch(r"[0-9]{6,10}|[bcdfghjklmnpqrstvwxz2456789]{8,10}", tail)) or (bool(re.fullmatch(r"[0-9a-f]{8,10}", tail)))


def _events_by_controller(events: Events, parents: dict[Name, Name], found: dict[Name, Controller]) -> dict[Name, list[Event]]:
    """What tells how many each controller (or a replica set of it) is to have. '?/name' is settled by which controller there is."""
    told: dict[Name, list[Event]] = defaultdict(list)
    for event in events.where(events.having("controller") & events.are(E.DESIRED_REPLICAS, E.REPLICA_SET_SCALED)):
        kind, _, name = (event.controller or "").partition("/")
        namespace = event.namespace or "default"
        kinds = ("ReplicaSet", "ReplicationController") if kind == "?" else (kind,)
        for candidate in kinds:
            direct = (namespace, candidate, name)
            target = parents.get(direct, direct)
            if target in found:
                told[target].append(event)
                break
    return told
