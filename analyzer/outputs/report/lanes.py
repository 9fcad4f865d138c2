"""Which lanes the picture has: of each node its kubelet, the API's view of it, and its containers, a lane each.

All of them go to the page; how many it draws singly, and how many as one band, it decides by what fits.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analyzer.analysis import Analysis
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.coverage import family
from analyzer.lifecycle.intervals import Span, union
from analyzer.lifecycle.lives import read_kills
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.outputs.states import State, States, Stretch, readiness, supervision
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind as E
from analyzer.vocabulary import FindingKind as F

UNKNOWN_NODE = "(node unknown)"
KUBELET, API, RUNTIME = "kubelet", "api", "runtime"
"""A node's lanes; the last one stands for its containers."""
UP, DOWN, READY, NOT_READY, HOLE = "kubelet up", "kubelet down", "Ready", "not Ready", "not recorded"
_LANE_OF = {"journal": KUBELET, "klog": KUBELET, "runtime": RUNTIME}
_AT_API = ("kubernetes", "event-table")
_BRIEF = timedelta(seconds=10)
"""What lies outside of a lane's records is not told where it is shorter: so long a kubelet is silent between two records, too."""


_Ids = dict[tuple[str, str | None, datetime | None], str]
"""Findings by kind, node and start."""


@dataclass(frozen=True)
class Bar:
    """A stretch of a node's lane. ``why``: of a hole."""

    lane: str
    state: str
    start: datetime
    end: datetime
    edges: tuple[Edge | None, Edge | None] = (None, None)
    finding: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class Mark:
    """A moment of a node's kubelet, or of a container."""

    what: str
    time: datetime
    proof: Proof


@dataclass
class Lane:
    """One container of one pod on one node; one that ran twice at once has two."""

    pod: Pod
    container: str | None
    runs: list[tuple[Run, list[Stretch]]] = field(default_factory=list)


@dataclass
class Node:
    name: str
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)  # lanes of which nothing tells


def nodes(analysis: Analysis) -> Iterator[Node]:
    """By the gravest thing that was found there, then by name; of a selection, what it keeps."""
    life, kept = analysis.life, analysis.selection
    ids = {(f.kind, f.node, f.start.time): f.id for f in analysis.findings if f.kind in (F.KUBELET_OUTAGE, F.NODE_UNREACHABLE)}
    holes = _holes(life)
    found = {name: _node(life, node, ids, holes) for name, node in life.nodes.items() if kept is None or kept.node(name)}
    states, pods = States(life), _pods(analysis)
    read_kills(run for pod in pods for run in pod.apps if kept is None or kept.run(run))
    for pod in pods:
        by_place: dict[tuple[str, str], list[tuple[Run, list[Stretch]]]] = defaultdict(list)
        for run in pod.apps:
            if (kept is None or kept.run(run)) and (stretches := states.of(run)):
                by_place[run.node or UNKNOWN_NODE, run.container or "?"].append((run, stretches))
        for place, runs in sorted(by_place.items(), key=lambda p: p[0]):
            node = found.setdefault(place[0], Node(place[0], untold=[KUBELET, API]))
            node.lanes += _tracks(pod, place[1], runs)
    rank: dict[str | None, int] = {}
    for number, finding in enumerate(analysis.findings):
        if not finding.expected:
            rank.setdefault(finding.node, number)
    last = len(analysis.findings)
    yield from sorted(found.values(), key=lambda n: (rank.get(n.name, last), n.name))


def _pods(analysis: Analysis) -> list[Pod]:
    """As they follow on their nodes: by controller, then as they began."""
    life = analysis.life

    def place(pod: Pod) -> tuple[bool, str, datetime, str, str, str]:
        owner = life.owner_of(pod)
        began = min((r.start.time or life.start for r in pod.apps), default=life.start)
        return owner is None, owner.title if owner else "", began, pod.namespace or "", pod.name or "", pod.key

    return sorted((p for p in life.pods if p.runs), key=place)


def _tracks(pod: Pod, container: str, runs: list[tuple[Run, list[Stretch]]]) -> list[Lane]:
    tracks: list[Lane] = []
    for run, stretches in runs:
        lane = next((t for t in tracks if t.runs[-1][1][-1].end <= stretches[0].start), None)
        if lane is None:
            tracks.append(lane := Lane(pod, container))
        lane.runs.append((run, stretches))
    return tracks


def _node(life: Lifecycle, node: NodeLife, ids: _Ids, holes: dict[str | None, list[Bar]]) -> Node:
    made = Node(node.name)
    for start, end, outage in supervision(life, node):
        edges = (outage.start, outage.end) if outage else (None, None)
        finding = ids.get((F.KUBELET_OUTAGE, node.name, outage.start.time)) if outage else None
        made.bars.append(Bar(KUBELET, DOWN if outage else UP, start, end, edges, finding))
    spells = {s.start.time: s for s in node.not_ready}
    for start, end, ready in readiness(life, node):
        spell = None if ready else spells.get(start)
        edges = (spell.start, spell.end) if spell else (None, None)
        finding = None if ready else ids.get((F.NODE_UNREACHABLE, node.name, start))
        made.bars.append(Bar(API, READY if ready else NOT_READY, start, end, edges, finding))
    for lane in (KUBELET, API):
        told = [b for b in made.bars if b.lane == lane]
        if not told:
            made.untold.append(lane)
            continue
        first, last = min(b.start for b in told), max(b.end for b in told)
        outside = ((life.start, first, "before its first record"), (last, life.end, "after its last record"))
        made.bars += [Bar(lane, HOLE, start, end, why=why) for start, end, why in outside if end - start > _BRIEF]
    made.bars += [*holes.get(node.name, ()), *holes.get(None, ())]
    made.marks = [
        Mark("Recovery completed", e.time, e.proof("the kubelet has found the containers that exist"))
        for e in node.events
        if e.kind is E.RECOVERY_COMPLETED
    ]
    return made


def _holes(life: Lifecycle) -> dict[str | None, list[Bar]]:
    """Where silence proves nothing, by node; None: on the API's side, which is all nodes' alike."""
    spans: dict[tuple[str | None, str, str], list[Span]] = defaultdict(list)
    for covered in life.coverage:
        kind = family(covered.source_kind)
        lane = _LANE_OF.get(kind) if covered.node is not None else API if kind in _AT_API else None
        if lane is not None:
            for hole in covered.holes:
                spans[covered.node, lane, hole.why].append((max(hole.start, life.start), min(hole.end, life.end)))
    found: dict[str | None, list[Bar]] = defaultdict(list)
    for (node, lane, why), some in spans.items():
        found[node] += [Bar(lane, HOLE, start, end, why=why) for start, end in union(some) if start and end]
    return found


STATES = [*(str(s) for s in State), UP, DOWN, READY, NOT_READY, HOLE]
"""The states that a bar may show, by number."""
