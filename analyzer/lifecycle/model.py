"""The lifecycle of everything, rebuilt: what detectors and outputs read."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import polars as pl

from analyzer.attribution import Reading
from analyzer.exceptions import EvidenceError
from analyzer.lifecycle import clocks, containers, controllers, correction, kubelets, objects, pods, readiness, signs
from analyzer.lifecycle.clocks import Clocks
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.controllers import Controller, Name
from analyzer.lifecycle.coverage import Coverage, Silence, coverage, family
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.lifecycle.event_table import EventIndex, Events, Rows, instant, ticks
from analyzer.lifecycle.events import load_events
from analyzer.lifecycle.intervals import Span, subtract, union
from analyzer.lifecycle.kubelets import Outage, foresee
from analyzer.lifecycle.links import cut_offs
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.runs import RunIndex
from analyzer.proof import Edge
from analyzer.store import Store
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS, SourceStatus
from analyzer.vocabulary import EventKind as E

_AT_ONCE = timedelta(seconds=2)
_TELLING = (E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_DEAD, E.CONTAINER_KILLING)
"""What a kubelet says at V(2) of the life of containers: where it does, its silence on one tells something."""
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_HEARD = timedelta(seconds=45)
"""A kubelet that is back hears of deletions within this: its watch may hang on the old connection for half a minute."""
_AFTERMATH = timedelta(seconds=60)
_PRESUMED = "neither the runtime nor the kubelet of its node tells: it is taken to end when its pod was deleted"


@dataclass
class NodeLife:
    """One node: its kubelet's outages, the API's view, and what it wrote."""

    name: str
    outages: list[Outage]
    not_ready: list[readiness.Spell]
    events: Events
    spells: list[signs.Spell]
    has_kubelet_log: bool
    until: datetime = _ALWAYS  # the end of the evidence

    @cached_property
    def index(self) -> EventIndex:
        return EventIndex(self.events)

    @cached_property
    def talkative(self) -> bool:
        """Whether its kubelet logs what it does with pods (verbosity 2): then its silence about one says something."""
        return any(self.index.has(kind) for kind in (E.POD_ADDED, E.POD_DELETE_SEEN, E.CONTAINER_KILLING))

    @cached_property
    def tells_of_containers(self) -> bool:
        """Whether its kubelet logs what its relist sees: then it would tell of a container's end."""
        return self.index.has(E.CONTAINER_SEEN_RUNNING) or self.index.has(E.CONTAINER_SEEN_DEAD)

    @cached_property
    def _kubelet_times(self) -> Rows:
        return self.events.by("kubelet").times

    @cached_property
    def runtime_times(self) -> Rows:
        """When its runtime told anything, in microseconds."""
        return self.events.by(*RUNTIME_STREAMS, RUNTIME_LOG).times

    @cached_property
    def _reports(self) -> Rows:
        return self.events.times[self.events.reports("kubelet")]

    def reported_after(self, moment: datetime) -> datetime | None:
        """When its kubelet first told the API of anything, after a moment."""
        at = int(np.searchsorted(self._reports, ticks(moment), "right"))
        return instant(int(self._reports[at])) if at < len(self._reports) else None

    def kubelet_wrote(self, low: datetime, high: datetime) -> bool:
        """Whether the kubelet wrote a line that was understood, after ``low`` and before ``high``."""
        at = int(np.searchsorted(self._kubelet_times, ticks(low), "right"))
        return at < len(self._kubelet_times) and bool(self._kubelet_times[at] < ticks(high))

    @cached_property
    def returns(self) -> list[datetime]:
        """When its kubelet came back, in order."""
        return sorted(o.end.time for o in self.outages if o.end.time is not None)

    @cached_property
    def _gone(self) -> list[datetime]:
        """When its kubelet went, in order."""
        return sorted(o.start.time for o in self.outages if o.start.time is not None)

    def outages_begun(self, low: datetime | None, high: datetime) -> int:
        """How many outages of its kubelet began from ``low`` (None: the beginning) on and before ``high``."""
        return max(bisect_left(self._gone, high) - (bisect_left(self._gone, low) if low is not None else 0), 0)

    @cached_property
    def _going(self) -> tuple[list[datetime], list[datetime]]:
        """In order, when its kubelet went; and of each and those after it, the earliest moment at which one may have gone."""
        known = sorted((o.start.time, o.start.earliest or o.start.time) for o in self.outages if o.start.time is not None)
        earliest = list(accumulate(reversed([early for _, early in known]), min))
        return [time for time, _ in known], earliest[::-1]

    @cached_property
    def _kubelet_spells(self) -> tuple[list[datetime], list[datetime]]:
        """In order, when its kubelet began to write; and of each spell and those before it, the last end."""
        known = sorted((s.start, s.end) for s in self.spells if s.of_kubelet)
        return [start for start, _ in known], list(accumulate((end for _, end in known), max))

    def kubelet_writes_until(self, moment: datetime) -> datetime:
        """Until when the kubelet that wrote at a moment went on, and was not away."""
        begun, ends = self._kubelet_spells
        at = bisect_right(begun, moment)
        until = max(ends[at - 1], moment) if at else moment
        gone, earliest = self._going
        after = bisect_right(gone, moment)
        return min(until, earliest[after]) if after < len(gone) else until

    def outage_at(self, moment: datetime) -> Outage | None:
        """The outage of its kubelet under way at a moment. Outages do not overlap."""
        at = bisect_right(self.outages, moment, key=lambda o: o.start.time or moment)
        return self.outages[at - 1] if at and self.outages[at - 1].covers(moment) else None

    def lost_at(self, moment: datetime) -> bool:
        """Whether the node controller held the node for lost at a moment."""
        spell = self.not_ready_at(moment)
        return spell is not None and not spell.by_kubelet

    @cached_property
    def cut_offs(self) -> list[tuple[datetime, datetime]]:
        """When its kubelet could not deliver its heartbeats."""
        return cut_offs(self.events)

    @cached_property
    def away(self) -> list[Span]:
        """When it had no kubelet, was held for lost, or was cut off: what ran there ran on without the control plane."""
        lost = [(s.start.time, s.end.time) for s in self.not_ready if not s.by_kubelet]
        return union([*((o.start.time, o.end.time) for o in self.outages), *lost, *self.cut_offs])

    def may_have_let_go(self, pod: Pod, moment: datetime) -> bool:
        """Whether a pod may have been given up by a moment at which the node was away, though nothing tells of that deletion.

        Not if it ran on undisturbed after the node was back: by then its kubelet would have heard.
        """
        span = next(((a, b) for a, b in self.away if (a is None or a <= moment) and (b is None or moment <= b + _AT_ONCE)), None)
        if span is None:
            return False
        limit = span[1] + _HEARD if span[1] is not None else None
        if pod.marked is not None and pod.marked.time is not None:
            return limit is None or pod.marked.time <= limit
        return limit is None or limit > self.until or not any(r.alive(limit) for r in pod.apps)

    def may_be_replaced(self, pod: Pod, moment: datetime, *, untold: bool) -> bool:
        """Whether a controller had reason, at a moment, to make another in the stead of a pod of this node (``desired.Replaceable``)."""
        if pod.evicted is not None and pod.evicted.time <= moment + _AT_ONCE:
            return True
        if pod.marked is not None and pod.marked.earliest is not None:  # it is told when it was deleted
            return pod.marked.earliest <= moment + _AT_ONCE and self.not_ready_at(moment) is not None
        late = pod.marked is not None  # when it was deleted is not told, only when that was noticed
        return (late or untold or self.not_ready_at(moment) is not None) and self.may_have_let_go(pod, moment)

    def out_of_reach_since(self, moment: datetime) -> datetime | None:
        """Since when, at a moment, the node controller held it for lost or its kubelet could not reach the API; None: neither."""
        spell = self.not_ready_at(moment)
        lost = spell.start.time if spell is not None and not spell.by_kubelet else None
        cut = next((start for start, end in self.cut_offs if start <= moment <= end), None)
        return min((since for since in (lost, cut) if since is not None), default=None)

    def out_of_reach(self, moment: datetime) -> bool:
        """Whether what runs there ran on without the control plane at a moment, as far as one of the two says so."""
        return self.out_of_reach_since(moment) is not None

    def not_ready_at(self, moment: datetime) -> readiness.Spell | None:
        """The spell in which the API held it for not Ready, at a moment. Spells do not overlap."""
        at = bisect_right(self.not_ready, moment, key=lambda s: s.start.time or moment)
        return self.not_ready[at - 1] if at and self.not_ready[at - 1].covers(moment) else None


@dataclass
class Lifecycle:
    """All of it. Lists are sorted; ``start``/``end``: first and last moment in the evidence. Of the ``pods`` most are made when they are
    asked for: who goes through all of them has them all made."""

    start: datetime
    end: datetime
    nodes: dict[str, NodeLife]
    runs: list[Run]
    pods: Pods
    controllers: list[Controller]
    events: Events
    coverage: list[Coverage] = field(default_factory=list)
    clocks: Clocks = field(default_factory=Clocks)  # all times are by the API server's clock, as far as these tell
    versions: list[objects.Version] = field(default_factory=list)  # of API objects, by kind, namespace, name and version
    listings: list[objects.Listing] = field(default_factory=list)  # dumps of pods, by time

    @cached_property
    def silence(self) -> Silence:
        """Whether silence proves something, by node and family of sources."""
        return Silence(self.coverage)

    @cached_property
    def audited(self) -> bool:
        """Whether an audit log is in the evidence."""
        return bool(self.events.told_by("audit").any())

    def holes(self, node: str | None, kinds: tuple[str, ...]) -> list[Hole]:
        """Holes in a node's sources of some families (``lifecycle.coverage.family``)."""
        return [hole for kind in kinds for hole in self._holes.get((node, kind), ())]

    @cached_property
    def _holes(self) -> dict[tuple[str | None, str], list[Hole]]:
        found: dict[tuple[str | None, str], list[Hole]] = defaultdict(list)
        for covered in self.coverage:
            found[(covered.node, family(covered.source_kind))] += covered.holes
        return found

    def apps_of(self, node: str) -> RunIndex:
        """Runs of application containers on a node."""
        return self._apps_by_node.get(node) or RunIndex([])

    def pod_of(self, run: Run) -> Pod | None:
        return self._by_run.get(id(run))

    def owner_of(self, pod: Pod) -> Controller | None:
        if pod.number is None:
            return self._owners.get(pod.key)
        return self.controllers[code] if (code := int(self._owners_of_plain[pod.number])) >= 0 else None

    @cached_property
    def _owners_of_plain(self) -> Rows:
        found = np.full(len(self.pods.plain), -1, dtype=np.int64)
        for code, controller in enumerate(self.controllers):
            found[controller.pods.plain_numbers] = code
        return found

    def pods_named(self, namespace: str | None, name: str | None) -> list[Pod]:
        """All that bore a name, one after the other, where there were several."""
        return self._pods_by_name.get((namespace, name), [])

    @cached_property
    def _pods_by_name(self) -> dict[tuple[str | None, str | None], list[Pod]]:
        named: dict[tuple[str | None, str | None], list[Pod]] = defaultdict(list)
        for pod in self.pods.made:
            named[pod.namespace, pod.name].append(pod)
        return named

    @cached_property
    def pod_versions(self) -> dict[str, list[objects.Version]]:
        """Versions of pods by Pod.key."""
        found: dict[str, list[objects.Version]] = defaultdict(list)
        for version in self.versions:
            if version.kind == "Pod":
                found[version.uid or f"{version.namespace}/{version.name}"].append(version)
        return found

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Runs are known by their ``id``, which is another one now."""
        vars(self).update(state)
        self.__post_init__()

    def __post_init__(self) -> None:
        self._by_run = {id(run): pod for pod in self.pods.ran for run in pod.runs}
        apps: dict[str, list[Run]] = defaultdict(list)
        for run in self.runs:
            if run.node is not None and not run.sandbox:
                apps[run.node].append(run)
        self._apps_by_node = {node: RunIndex(some) for node, some in apps.items()}
        self._owners = {pod.key: c for c in self.controllers for pod in c.pods.made}


def build(store: Store, desired: Mapping[Name, int] | None = None) -> Lifecycle:
    """Rebuild the lifecycle from a store. ``desired``: replica counts that the user states."""
    store = Reading(store)
    events = load_events(store)
    versions = objects.versions(store)
    known = clocks.clocks(events, versions)
    events = correction.events(known, events)
    spells = correction.spells(known, signs.spells(store))
    start, end = _span(store, versions, known)
    by_node = {node: some for node, some in events.by_node().items() if node}
    spells_of: dict[str, list[signs.Spell]] = defaultdict(list)
    for spell in spells:
        spells_of[spell.node].append(spell)
    foresee(by_node, events)
    versions_of: dict[str, list[objects.Version]] = defaultdict(list)
    for version in versions:
        if version.kind == "Node":
            versions_of[version.name].append(version)
    nodes = {
        name: _node(name, by_node.get(name) or Events.of_list([]), spells_of.get(name, []), versions_of.get(name, []), end)
        for name in sorted({*by_node, *spells_of, *versions_of})
    }
    lost = [o for node in nodes.values() for o in node.outages if o.boot_lost]
    runs = containers.runs(events, correction.statuses(known, pods.statuses(versions)), lost)
    all_pods = pods.pods(events, versions, runs)
    _presume_ends(all_pods.ran, nodes, events)

    def replaceable(pod: Pod, moment: datetime, *, untold: bool = False) -> bool:
        node = nodes.get(pod.node or "")
        return node is not None and node.may_be_replaced(pod, moment, untold=untold)

    calm = subtract([(start, end)], [s for node in nodes.values() for s in _troubled(node)])
    owners = controllers.controllers(events, versions, all_pods, dict(desired or {}), calm or [(start, end)], replaceable)
    dumps = objects.listings(store, versions)
    outages = {name: node.outages for name, node in nodes.items()}
    covered = coverage(store, known, events, runs, outages, start, end)
    return Lifecycle(start, end, nodes, runs, all_pods, owners, events, covered, versions=versions, listings=dumps, clocks=known)


def _presume_ends(all_pods: Sequence[Pod], nodes: dict[str, NodeLife], events: Events) -> None:
    """On a node of which neither runtime nor kubelet tells, a pod that the API deleted is taken to end then: nothing will say when.

    Not while its kubelet was away or the API had lost the node: then it may have run on.
    """
    telling = events.having("container_id") & (events.told_by(*RUNTIME_STREAMS, RUNTIME_LOG) | events.are(*_TELLING))
    watched = set(events.where(telling).column("node").unique())
    for pod in all_pods:
        node = nodes.get(pod.node or "")
        asked = pod.marked.time if pod.marked is not None else None
        if asked is None or pod.marked is None or pod.node in watched or node is None:
            continue
        if node.outage_at(asked) or node.not_ready_at(asked):
            continue
        for run in pod.apps:
            if run.end.time is None and run.began_by(asked):
                run.end, run.end_reason = Edge(asked, asked, None, pod.marked.proofs, rule=_PRESUMED), "presumed"


def _node(name: str, events: Events, spells: list[signs.Spell], versions: list[objects.Version], end: datetime) -> NodeLife:
    not_ready = readiness.spells(name, events, versions)
    lost = [e for e in events.of(E.NODE_NOT_READY) if e.attributes.get("reporter") != "kubelet"]
    back = max((e.time for e in events.of(E.NODE_READY)), default=None)
    final = [e for e in lost if back is None or e.time >= back]
    outages = kubelets.outages(name, events, spells, final)
    has_log = bool(events.told_by("kubelet", "systemd").any()) or any(s.of_kubelet for s in spells)
    return NodeLife(name, outages, not_ready, events, spells, has_log, end)


def _troubled(node: NodeLife) -> Iterator[Span]:
    """When a node's kubelet was away, or the API held it for lost, and the minute after."""
    spans = [(o.start.time, o.end.time) for o in node.outages] + [(s.start.time, s.end.time) for s in node.not_ready]
    for start, end in [*spans, *node.cut_offs]:
        yield start, end + _AFTERMATH if end else None


def _span(store: Store, versions: list[objects.Version], known: Clocks) -> tuple[datetime, datetime]:
    """From the first to the last record; of dumps alone, from the first to the last write that they tell of."""
    sources = store.table("sources").filter(pl.col("status") == str(SourceStatus.READ)).drop_nulls(["start", "end"])
    spans = [(known.true(start, name), known.true(end, name)) for name, start, end in sources.select("source", "start", "end").iter_rows()]
    if spans:
        return min(start for start, _ in spans), max(end for _, end in spans)
    written = [v.earliest for v in versions if v.earliest is not None]
    if not written:
        raise EvidenceError("nothing in the evidence bears a time (give the kubelet's journal, docker events or Kubernetes events)")
    return min(written), max(written)
