"""overshoot-window and undershoot-window: more, or fewer, pods running than were asked for, and why."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl

from analyzer.detectors.base import Case, Detector, clock, seconds, unique
from analyzer.findings import Finding
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.windows import Window, edge, windows
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS, Confidence, FindingKind, Severity
from analyzer.vocabulary import EventKind as E

_NEAR = timedelta(seconds=5)
"""Cause and effect: a controller, a scheduler and a kubelet act within this of each other."""
_STARTING = timedelta(minutes=10)
"""Pods that take longer than this to start for the first time have a problem."""
_SAME = timedelta(seconds=1)
_BY_DESIGN = ("rollout", "scale-down", "termination")
_MEANT = {
    "crash": "; the kubelet was there to restart it",
    "unknown": "; the container runtime was restarted, and the kubelet was there to restart its containers",
}
"""What to say of a cause that is no fault of node or control plane."""
_CONFIDENCE = {
    "stated": Confidence.CERTAIN,
    "objects": Confidence.CERTAIN,
    "controller-manager": Confidence.CERTAIN,
    "audit": Confidence.CERTAIN,
    "events": Confidence.LIKELY,
}


def overshoots(case: Case) -> Iterator[Finding]:
    for controller in case.life.controllers:
        if not controller.ran:
            continue  # of none it is known what ran, so nobody asks how many were asked for
        for window in windows(controller, case.life.start, case.life.end, over=True):
            cause = _over_cause(case, controller, window)
            if cause == "unknown" and controller.wanted is not None and controller.wanted.source == "inferred":
                continue  # a scale-up that no evidence tells of looks the same
            expected = cause in _BY_DESIGN
            ordinal = controller.kind == "StatefulSet"
            severity = Severity.INFO if expected else Severity.CRITICAL if ordinal else Severity.WARNING
            yield _finding(case, controller, window, FindingKind.OVERSHOOT_WINDOW, cause, expected=expected, severity=severity)


def undershoots(case: Case) -> Iterator[Finding]:
    seen_from = _seen_from(case)
    for controller in case.life.controllers:
        if not controller.ran:
            continue
        if any(_unknown(pod, seen_from) for pod in controller.pods):
            continue  # some pods may have run unseen: too few cannot be told
        if controller.wanted is None or (controller.owner_inferred and controller.wanted.source == "inferred"):
            continue  # what the names look like may be a DaemonSet or a Job: then fewer is nothing
        begin = max((seen_from[r.node] for p in controller.ran for r in p.apps if r.node in seen_from), default=case.life.end)
        if controller.wanted.source == "inferred":  # then it holds from when so many ran at all
            begin = max(begin, _first_full(controller) or case.life.end)
        for window in windows(controller, begin, case.life.end, over=False):
            cause, expected = _under_cause(case, controller, window)
            severity = Severity.INFO if expected else Severity.WARNING
            yield _finding(case, controller, window, FindingKind.UNDERSHOOT_WINDOW, cause, expected=expected, severity=severity)


def _finding(
    case: Case, controller: Controller, window: Window, kind: FindingKind, cause: str, *, expected: bool, severity: Severity
) -> Finding:
    assert controller.wanted is not None
    over = kind is FindingKind.OVERSHOOT_WINDOW
    lasted = seconds((window.end or case.life.end) - window.start)
    counts = (
        f"{window.peak} pod{'' if window.peak == 1 else 's'} where {window.desired} {'was' if window.desired == 1 else 'were'} asked for"
    )
    told = f"{controller.title} ran {counts}, for {lasted} from {clock(window.start)} to {clock(window.end)}"
    told += f" (cause: {cause}{_MEANT.get(cause, ', by design') if expected else ''})."
    start, end = edge(controller, window.start, window.start), edge(controller, window.end, case.life.end)
    proofs = [*start.proofs, *end.proofs, *controller.wanted.proofs[:3]]
    proofs += [p for pod in window.pods for r in pod.apps[:1] for p in r.start.proofs]
    return Finding(
        kind=kind,
        severity=severity,
        confidence=_confidence(case, controller.wanted.source, window),
        expected=expected,
        start=start,
        end=end,
        summary=told,
        namespace=controller.namespace,
        controller=controller.title,
        details={
            "desired": window.desired,
            "desired_from": controller.wanted.source,
            "peak": window.peak,
            "excess_pod_seconds": window.pod_seconds if over else -window.pod_seconds,
            "pods": sorted(p.name for p in window.pods if p.name),
            "cause": cause,
        },
        evidence=unique(proofs),
    )


def _confidence(case: Case, source: str, window: Window) -> Confidence:
    """By how the number asked for is known; one step less where what ran is told by the API or the kubelet, not by the runtime."""
    levels = list(Confidence)
    known = levels.index(_CONFIDENCE.get(source, Confidence.POSSIBLE))
    nodes = {r.node for pod in window.pods for r in pod.apps}
    return levels[min(known + (0 if nodes <= case.runtime_nodes else 1), len(levels) - 1)]


def _over_cause(case: Case, controller: Controller, window: Window) -> str:
    end = window.end or case.life.end
    for orphan in (o for pod in window.pods for o in case.orphans_of.get(pod.key, ())):
        began, ended = orphan.start.time, orphan.end.time or case.life.end
        adopted = orphan.outcome == "adopted" and orphan.superseded_at is None
        if began and began < end and ended > window.start and not adopted:
            return "orphan"
    if any(_lost(case, p, window.start) for p in window.pods):
        return "orphan"
    if _rollout(controller, window, case.life.end):
        return "rollout"
    if window.desired_moved:
        return "scale-down"
    going = [p for p in window.pods if p.marked is not None and p.marked.time is not None and p.marked.time <= window.start + _NEAR]
    if going and all(any(r.end.time is not None for r in p.apps) or p.marked for p in going):
        return "termination"
    return "unknown"


def _lost(case: Case, pod: Pod, moment: datetime) -> bool:
    """Whether the control plane had lost the pod's node: then what runs there runs on without it."""
    node = case.life.nodes.get(pod.node or "")
    return node is not None and node.out_of_reach(moment)


def _rollout(controller: Controller, window: Window, evidence_end: datetime) -> bool:
    """Pods of more than one template ran, and the deployment was scaling its replica sets."""
    owners = {p.owner[1] for p in window.pods if p.owner and p.owner[0] == "ReplicaSet"}
    if controller.owner_inferred and controller.kind == "Deployment":
        owners |= {p.name.rpartition("-")[0] for p in window.pods if p.name and not p.owner}
    end = (window.end or evidence_end) + _NEAR
    scaling = any(window.start - timedelta(minutes=10) <= e.time <= end for e in controller.scalings)
    return len(owners) > 1 and (scaling or not controller.scalings)


def _under_cause(case: Case, controller: Controller, window: Window) -> tuple[str, bool]:
    """Why, and whether Kubernetes is meant to do so. What left at the window's start decides."""
    ended = controller.runs.ended(window.start - _SAME, window.start + _SAME)
    left = [(p, r) for r in ended if (p := case.life.pod_of(r)) is not None]
    if any(r.end_reason == "node-lost" or _node_going(case, p, window.start) for p, r in left):
        return "node-loss", False
    if _rollout(controller, window, case.life.end) and len(left) <= 2:
        return "rollout", True
    if window.desired_moved or not left:
        return ("starting", True) if (window.end or case.life.end) - window.start <= _STARTING else ("unknown", False)
    if all(_deleted(p, window.start) for p, _ in left):
        return "starting", True  # its controller makes another
    watched = all(_supervised(case, p, window.start) for p, _ in left)
    if any(_runtime_stopped(case, p, window.start) for p, _ in left):
        return "unknown", watched
    return "crash", watched  # with a kubelet there to restart it, with back-off, all goes as it is meant to


def _deleted(pod: Pod, moment: datetime) -> bool:
    return pod.marked is not None and pod.marked.time is not None and pod.marked.time <= moment + _NEAR


def _supervised(case: Case, pod: Pod, moment: datetime) -> bool:
    node = case.life.nodes.get(pod.node or "")
    return node is None or node.outage_at(moment) is None


def _node_going(case: Case, pod: Pod, moment: datetime) -> bool:
    """Whether the pod's node was on its way down: its kubelet gone, and the next one started on another boot."""
    node = case.life.nodes.get(pod.node or "")
    outage = node.outage_at(moment) if node is not None else None
    return outage is not None and outage.boot_lost


def _runtime_stopped(case: Case, pod: Pod, moment: datetime) -> bool:
    """Whether the container runtime of its node was stopped or restarted just then."""
    node = case.life.nodes.get(pod.node or "")
    kinds = (E.RUNTIME_STOPPED, E.RUNTIME_STARTED, E.RUNTIME_UNREACHABLE)
    return node is not None and any(node.index.between(kind, moment - _NEAR, moment + _NEAR) for kind in kinds)


def _seen_from(case: Case) -> dict[str, datetime]:
    """By node: from when on the evidence tells what ran there. Nodes without such evidence are not in it."""
    told = case.life.events.by(*RUNTIME_STREAMS, RUNTIME_LOG, "kubelet").columns("node", "container_id", "time")  # in order of time
    told = told.filter(pl.col("node") != "", pl.col("container_id") != "")
    return dict(told.unique("node", keep="first", maintain_order=True).select("node", "time").iter_rows())


def _first_full(controller: Controller) -> datetime | None:
    """When as many pods ran as are wanted, for the first time."""
    return next((s.time for s in controller.running() if s.time and controller.wanted and s.value >= controller.wanted.at(s.time)), None)


def _unknown(pod: Pod, seen_from: dict[str, datetime]) -> bool:
    """A pod that may have run without a trace: on a node of which nothing tells, or older than what does."""
    if pod.apps:
        return False
    if pod.node is None:
        return False  # never placed, so it never ran
    made = pod.created or min((e.time for e in pod.told(E.POD_CREATED, E.POD_SCHEDULED)), default=None)
    return pod.node not in seen_from or made is None or made < seen_from[pod.node]


OVERSHOOT = Detector(
    FindingKind.OVERSHOOT_WINDOW,
    "More pods of the controller had a running container, over all nodes and by the runtime's truth, than were asked for.",
    "the runtime's events of all nodes, and API objects, events or the controller-manager's log for the number asked for",
    "an earlier die event of one of the counted containers, or another number of replicas asked for at that time",
    overshoots,
)
UNDERSHOOT = Detector(
    FindingKind.UNDERSHOOT_WINDOW,
    "Fewer pods of the controller had a running container than were asked for.",
    "the runtime's events of all nodes, and API objects, events or the controller-manager's log for the number asked for",
    "a start of another container of the controller's pods before the start, on any node, or another number of replicas asked for",
    undershoots,
)
