"""Which lanes the picture has: by node its kubelet and the API's view of it, then a lane for each container of each pod."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from analyzer.analysis import Analysis
from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.intervals import union
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.outputs.report.embed import clock, markup, short
from analyzer.outputs.states import RANK, State, States, Stretch, ends, readiness, supervision
from analyzer.vocabulary import EventKind as E
from analyzer.vocabulary import FindingKind as F

MANY = 300
"""Beyond this many lanes, containers of pods that nothing happened to share one lane a node."""
MOST = 1200
"""Beyond this many lanes, so do those that come last by the severity of what was found about them."""
_LABEL = 46
_UNKNOWN_NODE = "(node unknown)"

UP, DOWN, READY, NOT_READY = "kubelet up", "kubelet down", "API: Ready", "API: not Ready"
STOPPED, STARTED, RECOVERED, EVICTED, ENDED = "kubelet stopped", "kubelet started", "Recovery completed", "pod evicted", "container ended"


@dataclass(frozen=True)
class Bar:
    start: datetime
    end: datetime
    state: str
    hover: str  # plotly markup
    finding: str | None = None


@dataclass(frozen=True)
class Mark:
    time: datetime
    what: str
    hover: str
    finding: str | None = None


@dataclass
class Lane:
    """``pods``: keys of those shown in it; ``containers``: their ids. A heading has no bars."""

    node: str
    label: str  # plotly markup
    heading: bool = False
    bars: list[Bar] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    pods: set[str] = field(default_factory=set)
    containers: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Lanes:
    """From top to bottom; ``note`` says what is not drawn by itself."""

    lanes: list[Lane]
    note: str | None


def build(analysis: Analysis) -> Lanes:
    """All lanes of one analysis."""
    builder = _Builder(analysis)
    chosen, collapsed = builder.chosen()
    by_node: dict[str, list[Pod]] = defaultdict(list)
    rest: dict[str, list[Run]] = defaultdict(list)
    for pod in chosen:
        for place in sorted({r.node or _UNKNOWN_NODE for r in pod.apps}):
            by_node[place].append(pod)
    for pod in collapsed:
        for run in pod.apps:
            rest[run.node or _UNKNOWN_NODE].append(run)
    lanes: list[Lane] = []
    for name in [*analysis.life.nodes, *sorted({*by_node, *rest} - set(analysis.life.nodes))]:
        lanes.append(Lane(name, f"<b>{markup(short(name, _LABEL))}</b>", heading=True))
        node = analysis.life.nodes.get(name)
        if node is not None:
            lanes += [builder.kubelet(node), builder.api(node)]
        for pod in by_node[name]:
            lanes += builder.containers(name, pod)
        if rest[name]:
            lanes.append(builder.rest(name, rest[name]))
    total = sum(len({(p.key, r.container) for r in p.apps}) for p in collapsed)
    note = None
    if collapsed:
        note = f"{total} containers of {len(collapsed)} pods share one lane a node: more than {MANY} lanes would hide what happened."
    return Lanes(lanes, note)


class _Builder:
    def __init__(self, analysis: Analysis) -> None:
        self._life, self._states = analysis.life, States(analysis.life)
        self._stretches: dict[int, list[Stretch]] = {}
        self._orphan_findings: dict[tuple[str | None, datetime | None], str] = {}
        self._node_findings: dict[tuple[str, str | None, datetime | None], str] = {}
        self._severity: dict[str, int] = {}
        for rank, finding in enumerate(analysis.findings):
            if finding.kind is F.ORPHANED_CONTAINER:
                self._orphan_findings[(finding.container_id, finding.start.time)] = finding.id
            if finding.kind in (F.KUBELET_OUTAGE, F.NODE_UNREACHABLE, F.ADOPTION):
                self._node_findings[(finding.kind, finding.node, finding.start.time)] = finding.id
            if not finding.expected:
                for key in self._named(finding):
                    self._severity.setdefault(key, rank)

    @staticmethod
    def _named(finding: Finding) -> Iterable[str]:
        yield from (k for k in (finding.pod_uid, f"{finding.namespace}/{finding.pod}" if finding.pod else None) if k)

    def _of(self, run: Run) -> list[Stretch]:
        if id(run) not in self._stretches:
            self._stretches[id(run)] = self._states.of(run)
        return self._stretches[id(run)]

    def chosen(self) -> tuple[list[Pod], list[Pod]]:
        """Pods that get lanes of their own, as they follow on their nodes, and pods that do not."""
        pods = [p for p in self._life.pods if any(self._of(r) for r in p.apps)]
        owners = self._life.owners
        pods.sort(
            key=lambda p: ((o := owners.get(p.key)) is None, o.title if o else "", self._began(p), p.namespace or "", p.name or "", p.key)
        )
        lanes = {p.key: len({(r.node, r.container) for r in p.apps}) for p in pods}
        if sum(lanes.values()) <= MANY:
            return pods, []
        touched = [p for p in pods if p.key in self._severity or p.evicted is not None or any(ends(self._of(r)) for r in p.apps)]
        last = len(self._severity) + 10**9
        own: set[str] = set()
        room = MOST
        for pod in sorted(touched, key=lambda p: self._severity.get(p.key, last)):
            room -= lanes[pod.key]
            if room < 0:
                break
            own.add(pod.key)
        return [p for p in pods if p.key in own], [p for p in pods if p.key not in own]

    def _began(self, pod: Pod) -> datetime:
        return min((r.start.time or self._life.start for r in pod.apps), default=self._life.start)

    def kubelet(self, node: NodeLife) -> Lane:
        lane = Lane(node.name, "kubelet")
        for start, end, outage in supervision(self._life, node):
            state = UP if outage is None else DOWN
            cause = f" ({outage.cause})" if outage else ""
            finding = self._node_findings.get((F.KUBELET_OUTAGE, node.name, outage.start.time)) if outage else None
            lane.bars.append(Bar(start, end, state, self._hover(f"{node.name}: {state}{cause}", start, end), finding))
        for outage in node.outages:
            finding = self._node_findings.get((F.KUBELET_OUTAGE, node.name, outage.start.time))
            for edge, what in ((outage.start, STOPPED), (outage.end, STARTED)):
                if edge.time is not None:
                    lane.marks.append(Mark(edge.time, what, f"{markup(node.name)}: {what} ({outage.cause})<br>{clock(edge.time)}", finding))
        for event in node.events:
            if event.kind is E.RECOVERY_COMPLETED:
                lane.marks.append(Mark(event.time, RECOVERED, f"{markup(node.name)}: {RECOVERED}<br>{clock(event.time)}"))
        if not lane.bars:
            lane.label = "kubelet: no log"
        return lane

    def api(self, node: NodeLife) -> Lane:
        lane = Lane(node.name, "Ready, by the API")
        for start, end, ready in readiness(self._life, node):
            state = READY if ready else NOT_READY
            finding = None if ready else self._node_findings.get((F.NODE_UNREACHABLE, node.name, start))
            lane.bars.append(Bar(start, end, state, self._hover(f"{node.name}: {state}", start, end), finding))
        if not lane.bars:
            lane.label = "Ready, by the API: no evidence"
        return lane

    def containers(self, node: str, pod: Pod) -> list[Lane]:
        """A lane for each container of the pod on this node; one that ran twice at once gets two."""
        lanes: list[Lane] = []
        runs: dict[str, list[Run]] = defaultdict(list)
        for run in pod.apps:
            if (run.node or _UNKNOWN_NODE) == node and self._of(run):
                runs[run.container or "?"].append(run)
        for container in sorted(runs):
            tracks: list[tuple[datetime, Lane]] = []
            for run in runs[container]:
                stretches = self._of(run)
                at = next((n for n, (until, _) in enumerate(tracks) if until <= stretches[0].start), len(tracks))
                if at == len(tracks):
                    title = f"{pod.name or run.pod_uid} · {container}"
                    tracks.append((stretches[-1].end, Lane(node, markup(short(title, _LABEL)), pods={pod.key})))
                tracks[at] = (stretches[-1].end, tracks[at][1])
                self._draw(tracks[at][1], run, stretches)
            lanes += [lane for _, lane in tracks]
        if pod.evicted is not None and lanes and pod.node in (node, None):
            hover = f"{markup(pod.name)}: {EVICTED}<br>{clock(pod.evicted.time)}"
            lanes[0].marks.append(Mark(pod.evicted.time, EVICTED, hover))
        return lanes

    def _draw(self, lane: Lane, run: Run, stretches: list[Stretch]) -> None:
        lane.containers.add(run.container_id)
        name = f"{run.pod} · {run.container}"
        life = f"ran {clock(run.start.time) if run.start.time else 'from before the evidence'} to "
        life += clock(run.end.time) if run.end.time else "beyond the evidence"
        life += f", exit code {run.exit_code}" if run.exit_code is not None else ""
        for stretch in stretches:
            orphan = stretch.orphan
            finding = self._orphan_findings.get((run.container_id, orphan.start.time)) if orphan else None
            hover = (
                self._hover(f"{name}: {stretch.state}", stretch.start, stretch.end) + f"<br>{life}<br>container {markup(run.container_id)}"
            )
            lane.bars.append(Bar(stretch.start, stretch.end, stretch.state, hover, finding))
        if run.end.time is not None:
            how = f"{ENDED} ({run.end_reason})" + (f", exit code {run.exit_code}" if run.exit_code is not None else "")
            lane.marks.append(Mark(run.end.time, ENDED, f"{markup(name)}<br>{markup(how)}<br>{clock(run.end.time)}"))

    def rest(self, node: str, runs: list[Run]) -> Lane:
        """One lane for all that is not drawn by itself: where at least one of them ran."""
        lane = Lane(node, f"… {len({(r.pod_uid or r.pod, r.container) for r in runs})} more containers")
        lane.pods = {pod.key for r in runs if (pod := self._life.pod_of(r)) is not None}
        lane.containers = {r.container_id for r in runs}
        by_state: dict[State, list[tuple[datetime | None, datetime | None]]] = defaultdict(list)
        for run in runs:
            for stretch in self._of(run):
                by_state[stretch.state].append((stretch.start, stretch.end))
        for state in sorted(by_state, key=RANK.__getitem__):
            for start, end in union(by_state[state]):
                if start is not None and end is not None:
                    lane.bars.append(Bar(start, end, state, self._hover(f"{node}: some of {len(runs)} runs {state}", start, end)))
        return lane

    @staticmethod
    def _hover(title: str, start: datetime, end: datetime) -> str:
        return f"<b>{markup(title)}</b><br>{clock(start)} to {clock(end)} ({seconds(end - start)})"
