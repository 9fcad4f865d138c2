"""How sure a finding is: certain only if each thing it says is told by a sign, not by silence; and what would settle a doubt."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from analyzer.detectors.base import Case, clock, seconds
from analyzer.findings import Finding
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.orphans import Orphan
from analyzer.lifecycle.windows import overlap
from analyzer.lifecycle.witness import alive_at, surely_running, witnessed
from analyzer.proof import Edge
from analyzer.vocabulary import Confidence, FindingKind
from analyzer.vocabulary import EventKind as E

_KNOWN: Final = timedelta(seconds=5)
"""An edge whose bounds lie further apart than this is not known for certain."""
_SHORT: Final = timedelta(seconds=2)
"""Times of the API have whole seconds, and views of one happening differ by as much."""
_RECORDED: Final = timedelta(seconds=60)
"""What else a node writes, for so long after its kubelet fell silent, shows that its log went on."""
_MISSED: Final = timedelta(seconds=15)
"""A node controller that misses heartbeats says so each time it looks: every five seconds by default."""
_LEVELS: Final = tuple(Confidence)


@dataclass(frozen=True)
class Doubt:
    """``level``: what the finding is at most; ``depends_on``: what it takes for granted; ``settled_by``: what would tell."""

    level: Confidence
    depends_on: str
    settled_by: str


Rule = Callable[[Case, Finding], Iterator[Doubt]]


def tempered(case: Case, finding: Finding) -> Finding:
    """The finding as sure as its doubts leave it, with what it depends on, and what would settle that."""
    doubts = [*_edges(finding), *(RULES[finding.kind](case, finding) if finding.kind in RULES else ())]
    if not doubts:
        return finding
    level = _LEVELS[max(_LEVELS.index(d.level) for d in (*doubts, Doubt(finding.confidence, "", "")))]
    more: dict[str, Any] = {
        "depends_on": list(dict.fromkeys(d.depends_on for d in doubts)),
        "settled_by": list(dict.fromkeys(d.settled_by for d in doubts)),
    }
    return replace(finding, confidence=level, details={**finding.details, **more})


def _edges(finding: Finding) -> Iterator[Doubt]:
    for name, edge in (("start", finding.start), ("end", finding.end)):
        if _vague(edge):
            between = f"between {clock(edge.earliest) if edge.earliest else 'an unknown moment'} and {_later(edge.latest)}"
            yield Doubt(Confidence.LIKELY, f"its {name} lies somewhere {between}", _SOURCES.get(finding.kind, _ANY))


def _vague(edge: Edge) -> bool:
    return edge.time is not None and (edge.earliest is None or edge.latest is None or edge.latest - edge.earliest > _KNOWN)


def _later(moment: datetime | None) -> str:
    return clock(moment) if moment is not None else "an unknown moment"


# --- outages, and what follows from them


def _outage(case: Case, finding: Finding) -> Iterator[Doubt]:
    outage = case.outages.get((finding.node, finding.start.time))
    if outage is not None:
        yield from _of_outage(case, outage)


def _of_outage(case: Case, outage: Outage) -> Iterator[Doubt]:
    node = case.life.nodes[outage.node]
    start, end = outage.start.time, outage.end.time or case.life.end
    journal = f"the whole journal of {outage.node} (journalctl without -u) over that time"
    if start is None:
        return
    if outage.cause == "unknown":
        yield Doubt(Confidence.LIKELY, "no line tells how the kubelet's process ended", journal)
    if outage.end.time is None and not _stays_down(node, start, end):
        tells = "that the kubelet did not come back before the end is told by silence alone"
        yield Doubt(Confidence.LIKELY, tells, journal)
    heard = node.reported_after(start + _SHORT)
    if heard is not None and heard < end - _SHORT:
        tells = f"the API heard of the kubelet at {clock(heard)}, in between: lines of it are missing"
        yield Doubt(Confidence.POSSIBLE, tells, journal)
    yield from _lost(case, outage.node, ("journal", "klog"), start, end)


def _lost(case: Case, node: str | None, kinds: tuple[str, ...], start: datetime, end: datetime) -> Iterator[Doubt]:
    """Holes of the logs that the finding rests on, in it or at its edges."""
    for hole in case.life.holes(node, kinds):
        if not hole.by_nature and hole.overlaps(start - _KNOWN, end + _KNOWN):
            yield Doubt(Confidence.LIKELY, f"lines are missing on {node}: {hole.why}", hole.settled_by or _ANY)


def _stays_down(node: NodeLife, start: datetime, end: datetime) -> bool:
    """Whether anything but the kubelet's silence says so: the control plane missed its heartbeats until about the end; or the rest of
    the node's journal went on."""
    if any(node.index.between(kind, max(start, end - _MISSED), end) for kind in (E.NODE_HEARTBEAT_MISSED, E.NODE_NOT_READY)):
        return not node.index.between(E.NODE_READY, start, end)
    journals = {s.first.source for s in node.spells if s.of_kubelet}
    others = (s for s in node.spells if s.first.source in journals and not s.of_kubelet and s.identifier not in (None, "systemd"))
    return any(s.end >= min(end, start + _RECORDED) and s.end > start for s in others)


def _orphan(case: Case, finding: Finding) -> Iterator[Doubt]:
    orphan = case.orphaned.get((finding.container_id, finding.start.time))
    if orphan is None:
        return
    if orphan.outage is not None:
        yield from _of_outage(case, orphan.outage)
        yield from _fate(orphan, orphan.outage)
    if orphan.run.container is None:
        tells = "its name is not told: it may be the pod's sandbox, which is no orphan"
        yield Doubt(Confidence.LIKELY, tells, _INSPECT.format(orphan.run.node))
    until = orphan.end.time or case.life.end
    yield from _lost(case, orphan.run.node, ("runtime",), orphan.start.time or case.life.start, until)
    node = case.life.nodes.get(orphan.run.node or "")
    if node is not None and node.outages_begun(orphan.start.time, until) > 1:
        tells = "a kubelet that lived in between is taken to have looked at no pod: it is not said to have recovered"
        yield Doubt(Confidence.LIKELY, tells, f"the whole journal of {orphan.run.node} over that time")
    marked = orphan.pod is not None and orphan.pod.marked is not None
    first, last = witnessed(orphan.run, None if marked else node)
    if last is None or last < until - _SHORT:
        since = f"after {clock(last)}" if last is not None else "at all"
        tells = f"that it ran to {clock(until)} is told by the silence of the runtime's events: nothing shows it running {since}"
        yield Doubt(Confidence.LIKELY, tells, _INSPECT.format(orphan.run.node))
    if first is None or (orphan.start.time is not None and first > orphan.start.time + _SHORT):
        yield Doubt(Confidence.LIKELY, "no sign shows it running when the spell began", _INSPECT.format(orphan.run.node))


def _fate(orphan: Orphan, outage: Outage) -> Iterator[Doubt]:
    """What became of a container that ended about when the kubelet returned, or by somebody's hand while it is said to be away."""
    ended = orphan.run.end.time
    if ended is None:
        return
    back = outage.end
    about = _vague(back) and (back.earliest or ended) <= ended <= (back.latest or ended)
    if about or (orphan.outcome == "exited" and any(k.time <= ended for k in orphan.run.kills)):
        tells = "whether the kubelet ended it or was still away cannot be told"
        yield Doubt(Confidence.LIKELY, tells, f"the journal of {outage.node} about {clock(ended)}")


def _adoption(case: Case, finding: Finding) -> Iterator[Doubt]:
    outage = case.returns.get((finding.node, finding.start.time))
    if outage is None or outage.end.time is None:
        return
    yield from _of_outage(case, outage)
    if _vague(outage.start):
        yield Doubt(Confidence.LIKELY, "when the kubelet had gone is not known: what it left running is", f"the journal of {finding.node}")
    if any(r.container is None for r in case.life.apps_of(outage.node).alive(outage.end.time)):
        tells = "the names of some are not told: they may be sandboxes of pods"
        yield Doubt(Confidence.LIKELY, tells, _INSPECT.format(outage.node))
    adopted = set(finding.details.get("adopted") or ())
    for run in case.life.apps_of(outage.node).alive(outage.end.time):
        if run.container_id in adopted and not alive_at(run, outage.end.time):  # no kubelet of the node lived through the outage
            tells = "that all of them ran on is told by the silence of the runtime's events"
            yield Doubt(Confidence.LIKELY, tells, _INSPECT.format(outage.node))
            return


# --- counts of pods


def _controller(case: Case, finding: Finding) -> Controller | None:
    return case.controllers.get((finding.namespace, finding.controller))


def _overshoot(case: Case, finding: Finding) -> Iterator[Doubt]:
    """Certain where pods that surely ran are more than were asked for, from the start to the end."""
    controller = _controller(case, finding)
    if controller is None or controller.wanted is None or finding.start.time is None:
        return
    start, end = finding.start.time, finding.end.time or case.life.end
    if finding.details.get("cause") == "unknown":
        yield Doubt(Confidence.LIKELY, "nothing in the evidence explains it", "the controller-manager's log or the audit log")
    for node in sorted({str(r.node) for r in controller.runs.overlapping(start, end) if r.node}):
        yield from _lost(case, node, ("runtime",), start, end)
    sure = overlap(surely_running(controller, case.life.nodes), list(controller.wanted.steps), start, end)
    nodes = ", ".join(sorted({str(p.node) for p in controller.pods if p.node}))
    if not sure:
        tells = "that all these pods ran at once is told by the silence of the runtime's events alone"
        yield Doubt(Confidence.LIKELY, tells, _INSPECT.format(nodes))
        return
    (begun, ended), *others = sure
    if others or begun > start + _SHORT or ended < end - _SHORT:
        longest = max(sure, key=lambda span: span[1] - span[0])
        lasted = seconds(longest[1] - longest[0])
        tells = f"surely it lasted from {clock(longest[0])} to {clock(longest[1])} ({lasted}); the rest is told by silence"
        yield Doubt(Confidence.LIKELY, tells, _INSPECT.format(nodes))


def _undershoot(_: Case, finding: Finding) -> Iterator[Doubt]:
    if finding.details.get("cause") in ("unknown", "starting"):
        tells = "a pod that started unseen would fill it"
        yield Doubt(Confidence.LIKELY, tells, "the runtime's events of all nodes over that time")


def _imbalance(case: Case, finding: Finding) -> Iterator[Doubt]:
    controller = _controller(case, finding)
    if controller is None:
        return
    ran = [r for p in controller.ran for r in p.apps if r.alive(case.life.end)]
    known = (witnessed(r, case.life.nodes.get(r.node or "")) for r in ran)
    if any(last is None or last < case.life.end - _RECORDED for _, last in known):
        yield Doubt(Confidence.LIKELY, "that the pods stayed where they are is told by silence", "kubectl get pods -o wide")


_INSPECT: Final = "docker inspect, crictl inspect or the runtime's journal of {}"
_JOURNAL: Final = "the node's whole journal over that time"
_RUNTIME: Final = "the runtime's events or journal of all nodes over that time"
_API: Final = "the controller-manager's log, the audit log or a watch of the API over that time"
_ANY: Final = "more of the sources that tell of it"
_SOURCES: Final[Mapping[str, str]] = {
    kind: {
        FindingKind.KUBELET_OUTAGE: _JOURNAL,
        FindingKind.ADOPTION: _JOURNAL,
        FindingKind.NODE_UNREACHABLE: _API,
        FindingKind.CLOCK_SKEW: "pod objects and events of the same pods",
    }.get(kind, _RUNTIME)
    for kind in FindingKind
}
RULES: Final[Mapping[str, Rule]] = {
    FindingKind.KUBELET_OUTAGE: _outage,
    FindingKind.ORPHANED_CONTAINER: _orphan,
    FindingKind.ADOPTION: _adoption,
    FindingKind.OVERSHOOT_WINDOW: _overshoot,
    FindingKind.UNDERSHOOT_WINDOW: _undershoot,
    FindingKind.IMBALANCE: _imbalance,
}
