"""Controllers: which pods are whose, topmost owner first; and how many pods each was asked for, over time."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
import orjson
import polars as pl

from analyzer.lifecycle.desired import Replaceable, Wanted, wanted
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events, Rows
from analyzer.lifecycle.intervals import Span, Step, count
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.ownership import alike, deployment, makers, owner_of
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.runs import RunIndex
from analyzer.vocabulary import EventKind as E

Name = tuple[str, str, str]
"""namespace, KIND, name."""


@dataclass
class Controller:
    """One workload: its pods, and the replicas asked for."""

    namespace: str
    kind: str
    name: str
    pods: Pods
    owner_inferred: bool = False  # its kind and name are read off the pods' names
    scalings: list[Event] = field(default_factory=list)  # of its replica sets
    reckon: Callable[[], Wanted | None] | None = None  # what ``wanted`` is

    @cached_property
    def wanted(self) -> Wanted | None:
        """The replicas that it was asked for. Of millions of pods most are of controllers of which nobody asks this."""
        return self.reckon() if self.reckon is not None else None

    def __getstate__(self) -> dict[str, Any]:
        """What is in other words (``analyzer.redaction``) could not be reckoned anew: names tell something."""
        return {"wanted": self.wanted, **vars(self), "reckon": None}

    @property
    def ran(self) -> list[Pod]:
        """Those of its pods of which runs are known."""
        return self.pods.ran

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}"

    @cached_property
    def runs(self) -> RunIndex:
        """Runs of the application containers of all its pods."""
        return RunIndex([r for pod in self.ran for r in pod.apps])

    def running(self) -> list[Step]:
        """Pods with at least one running application container, over all nodes, by the runtime's truth."""
        return self._running

    @cached_property
    def _running(self) -> list[Step]:
        return count([[(r.start.time, r.end.time) for r in pod.apps] for pod in self.ran])


def controllers(
    events: Events,
    objects: list[Version],
    pods: Pods,
    stated: dict[Name, int],
    calm: list[Span],
    replaceable: Replaceable,
) -> list[Controller]:
    """All controllers that own a pod, sorted by namespace, kind and name. ``pods``: all."""
    parents = _parents(events, objects)
    found = {}
    for name, (numbers, inferred) in _shared_out(pods, _known_names(events, objects, pods), parents).items():
        found[name] = Controller(*name, pods.some(numbers), inferred)
    by_controller = _events_by_controller(events, parents, found)
    versions: dict[Name, list[Version]] = defaultdict(list)
    for version in objects:
        versions[(version.namespace, version.kind, version.name)].append(version)
    for name, controller in found.items():
        told = by_controller.get(name, [])
        controller.scalings = [e for e in told if e.kind is E.REPLICA_SET_SCALED]
        asked = versions.get(name, []), stated.get(name), calm, replaceable
        controller.reckon = partial(wanted, controller.kind, controller.pods, told, *asked)
    return [found[name] for name in sorted(found)]


def _shared_out(pods: Pods, known: dict[tuple[str, str], str], parents: dict[Name, Name]) -> dict[Name, tuple[Rows, bool]]:
    """By controller the numbers of its pods, and whether it is inferred of all of them that they are its."""
    names: dict[Name, int] = {}
    sure: set[int] = set()
    owners = np.full(len(pods), -1, dtype=np.int32)
    for numbers, pod in alike(pods):
        owner, inferred = owner_of(pod, known)
        if owner is not None:
            name = _topmost((pod.namespace or "default", *owner), parents, inferred=inferred)
            owners[numbers] = code = names.setdefault(name, len(names))
            sure |= set() if inferred else {code}
    order = np.argsort(owners, kind="stable")
    edges = np.searchsorted(owners[order], np.arange(len(names) + 1))
    return {name: (order[edges[code] : edges[code + 1]], code not in sure) for name, code in names.items()}


def _topmost(name: Name, parents: dict[Name, Name], *, inferred: bool) -> Name:
    found = parents.get(name, name)
    above = deployment(name[2]) if inferred and name[1] == found[1] == "ReplicaSet" else None
    return (found[0], "Deployment", above) if above is not None else found


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


def _known_names(events: Events, objects: list[Version], pods: Pods) -> dict[tuple[str, str], str]:
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
    for namespace, (kind, name) in makers(pods):
        known.setdefault((namespace or "default", name), kind)
    return known


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
