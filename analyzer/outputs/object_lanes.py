"""What a name on the command line stands for (a node, a pod, a controller, a container), and what is to be drawn of it: its lanes, by
node, its replicas, its findings and its events."""

import difflib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from analyzer.analysis import Analysis
from analyzer.exceptions import UsageError
from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.lives import read_kills
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.outputs.states import States, readiness, supervision
from analyzer.outputs.words import printable
from analyzer.selection import controller_names, pod_names
from analyzer.vocabulary import EventKind as E

_REPEATED = {E.KUBELET_FLAG, E.KUBELET_PART_STARTED, E.RUNTIME_CALLED, E.NODE_HEARTBEAT_MISSED, E.NODE_STATUS_FAILED, E.NODE_LEASE_FAILED}
"""Told so often, or so many at once, that they would crowd out all else."""
_OF_NODES = {
    *(k for k in E if k.value.startswith(("kubelet_", "recovery_", "runtime_", "node_"))),
    E.LOG_SUPPRESSED,
    E.SYNC_SKIPPED,
    E.CLEANUP_SKIPPED,
} - _REPEATED
_SHORT = 12
"""Hex digits of a short container id."""

UP, DOWN, READY, NOT_READY, UNRECORDED = "kubelet up", "kubelet down", "Ready", "not Ready", "not recorded"
"""What a node's lanes show; a container's lane shows a State."""

Piece = tuple[datetime, datetime, str]
"""From, to, what: a State, or one of the words above."""


@dataclass(frozen=True)
class Lane:
    """``whose`` and ``what`` make its label: a node's kubelet, a pod's container."""

    whose: str
    what: str
    pieces: list[Piece]


@dataclass
class Group:
    """The lanes of one node: its own, and those of the containers that it ran."""

    own: list[Lane] = field(default_factory=list)
    containers: list[Lane] = field(default_factory=list)


@dataclass
class Chosen:
    """What a name stands for."""

    title: str
    groups: list[Group] = field(default_factory=list)
    counts: list[Controller] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    @property
    def lanes(self) -> list[Lane]:
        return [lane for group in self.groups for lane in (*group.own, *group.containers)]


def choose(analysis: Analysis, name: str) -> Chosen:
    """By node, pod, controller, container id, container name: the first that fits. Raises UsageError for a name that nothing bears.

    ``name``: a node; a pod (NAME, NAMESPACE/NAME or uid); a controller (KIND/NAME or NAME); a container (its id's beginning, or name).
    """
    life = analysis.life
    if name in life.nodes:
        return _node(analysis, life.nodes[name])
    pods = [p for p in life.pods if name in pod_names(p.namespace, p.name, p.uid)]
    if pods:
        several = f" ({len(pods)} of this name)" if len(pods) > 1 else ""
        return _pods(analysis, f"pod {pods[0].namespace}/{pods[0].name}{several}", pods)
    owners = [c for c in life.controllers if name in controller_names(c.namespace, c.title)]
    if owners:
        chosen = _pods(analysis, ", ".join(f"{c.title} in {c.namespace}" for c in owners), [p for c in owners for p in c.pods], owners)
        chosen.counts = owners
        chosen.events = _merged([*chosen.events, *(e for c in owners for e in c.scalings), *_about(life, owners)])
        return chosen
    runs = _containers(life, name)
    if runs:
        names = {r.node for r in runs if r.node}
        title = f"container {runs[0].container_id[:_SHORT]}" if len(runs) == 1 else f"containers {name} ({len(runs)})"
        return Chosen(title, _grouped(life, runs, names), [], _findings(analysis, names, runs=runs), _of_containers(life, runs))
    raise UsageError(f"no node, pod, controller or container is called {printable(name)}{_near(life, name)}")


def _containers(life: Lifecycle, name: str) -> list[Run]:
    by_id = [r for r in life.runs if re.fullmatch(r"[0-9a-f]{4,64}", name) and r.container_id.startswith(name)]
    return by_id or [r for r in life.runs if r.container == name and not r.sandbox]


def _near(life: Lifecycle, name: str) -> str:
    """Names like it, to be offered."""
    known = {
        *life.nodes,
        *(p.name for p in life.pods if p.name),
        *(c.title for c in life.controllers),
        *(c.name for c in life.controllers),
        *(r.container for r in life.runs if r.container and not r.sandbox),
    }
    holding = sorted(k for k in known if name and name.lower() in k.lower())
    found = list(dict.fromkeys([*difflib.get_close_matches(name, sorted(known), 3, 0.5), *holding]))[:5]
    return f"; near to it: {', '.join(printable(k) for k in found)}" if found else " (podopsy analyze names those with findings)"


def _node(analysis: Analysis, node: NodeLife) -> Chosen:
    life = analysis.life
    runs = [r for r in life.runs if r.node == node.name and not r.sandbox]
    found = [f for f in analysis.findings if f.node == node.name]
    return Chosen(f"node {node.name}", _grouped(life, runs, {node.name}), [], found, node.events.of(*_OF_NODES))


def _pods(analysis: Analysis, title: str, pods: Sequence[Pod], owners: Sequence[Controller] = ()) -> Chosen:
    """With the nodes that it ran on, or was to run on."""
    runs = [r for p in pods for r in p.apps]
    names = {n for n in (*(r.node for r in runs), *(p.node for p in pods)) if n}
    events = _merged([*_of_containers(analysis.life, runs), *(e for p in pods for e in p.events)])
    return Chosen(title, _grouped(analysis.life, runs, names), [], _findings(analysis, names, pods, owners, runs), events)


def _findings(
    analysis: Analysis, nodes: Collection[str], pods: Sequence[Pod] = (), owners: Sequence[Controller] = (), runs: Sequence[Run] = ()
) -> list[Finding]:
    """Those of it, and those of its nodes as a whole, which explain them."""
    uids, names = {p.uid for p in pods if p.uid}, {(p.namespace, p.name) for p in pods if p.name}
    titles, ids = {(c.namespace, c.title) for c in owners}, {r.container_id[:_SHORT] for r in runs}

    def concerns(f: Finding) -> bool:
        if f.container_id:
            return f.container_id[:_SHORT] in ids
        if f.pod_uid or f.pod:
            return f.pod_uid in uids if f.pod_uid else (f.namespace, f.pod) in names
        return (f.namespace or "default", f.controller) in titles if f.controller else f.node in nodes

    return [f for f in analysis.findings if concerns(f)]


# --- lanes


def _grouped(life: Lifecycle, runs: Sequence[Run], names: Collection[str]) -> list[Group]:
    """By node, those that ran something first to last as their first container began; a lane for each container of each pod."""
    states = States(life)
    read_kills(runs)
    by_node: dict[str, dict[tuple[str, str], list[Piece]]] = defaultdict(lambda: defaultdict(list))
    for run in sorted(runs, key=lambda r: (r.start.time or life.start, r.pod or "", r.container or "", r.container_id)):
        pieces = [(s.start, s.end, str(s.state)) for s in states.of(run)]
        by_node[run.node or "?"][run.pod or run.pod_uid or "?", run.container or "?"] += pieces
    groups = []
    for name in sorted({*names, *by_node}):
        own = node_lanes(life, life.nodes[name]) if name in life.nodes else []
        groups.append(Group(own, [Lane(*whose, pieces) for whose, pieces in by_node.get(name, {}).items()]))
    return groups


def node_lanes(life: Lifecycle, node: NodeLife) -> list[Lane]:
    """The kubelet, and the API's view of the node. Where they hold nothing, nothing was recorded: silence, which proves nothing."""
    kubelet = [(s, e, UP if outage is None else DOWN) for s, e, outage in supervision(life, node)]
    api = [(s, e, READY if ready else NOT_READY) for s, e, ready in readiness(life, node)]
    kubelet += _holes(life, node.name, ("journal", "klog"))
    api += _holes(life, None, ("kubernetes", "event-table"))
    return [Lane(node.name, "kubelet", kubelet), Lane(node.name, "Ready", api)]


def _holes(life: Lifecycle, node: str | None, families: tuple[str, ...]) -> list[Piece]:
    spans = ((max(h.start, life.start), min(h.end, life.end)) for h in life.holes(node, families))
    return [(start, end, UNRECORDED) for start, end in spans if start < end]


# --- events


def _of_containers(life: Lifecycle, runs: Sequence[Run]) -> list[Event]:
    ids = {r.container_id[:_SHORT] for r in runs}
    told = life.events.where(life.events.having("container_id"))
    mask = told.column("container_id").str.head(_SHORT).is_in(sorted(ids)).to_numpy()
    return list(told.where(mask))


def _about(life: Lifecycle, owners: Sequence[Controller]) -> Iterable[Event]:
    names = {(c.namespace, c.title) for c in owners} | {(c.namespace, f"?/{c.name}") for c in owners}
    told = life.events.where(life.events.having("controller"))
    return (e for e in told if e.controller and (e.namespace or "default", e.controller) in names)


def _merged(events: Iterable[Event]) -> list[Event]:
    return sorted({id(e): e for e in events}.values(), key=_order)


def _order(event: Event) -> tuple[datetime, str, int, str]:
    return event.time, event.source, event.line or 0, event.kind
