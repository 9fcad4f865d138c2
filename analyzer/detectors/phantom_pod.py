"""phantom-pod: containers of a pod ran on though the API knew the pod no more, and nobody was ending them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from analyzer.detectors.base import Case, Detector, clock, seconds, unique
from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.event_table import ticks
from analyzer.lifecycle.gone import Gone, gone
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Edge
from analyzer.vocabulary import Confidence, FindingKind, Severity
from analyzer.vocabulary import EventKind as E

_AWAY = timedelta(seconds=1)
_REACTION = timedelta(seconds=10)
_GRACE = timedelta(seconds=30)
"""A living kubelet acts within ten seconds; of one that logs little only the end of the containers tells that it did."""
_HOW = {
    "force": "its object was deleted by force",
    "request": "its object was deleted",
    "watch": "a watch saw its object go",
    "heard": "the kubelet or the scheduler heard of it",
    "kubelet": "the kubelet was not told of it any more",
    "name": "another pod of its name was made",
    "dump": "a later dump of the API lacks it",
}
_SURE = ("force", "request", "watch", "heard", "kubelet", "name")


def find(case: Case) -> Iterator[Finding]:
    for pod in case.life.pods.ran:
        left = gone(case.life, pod)
        runs = _ran_on(case, pod, left.edge.time) if left is not None and left.edge.time is not None else []
        if left is not None and runs and _kept(case, pod, left, runs):
            yield _finding(case, pod, left, runs)


def _ran_on(case: Case, pod: Pod, since: datetime) -> list[Run]:
    """Application containers that surely ran then, or began later. One without a recorded end counts only if its end would be known."""
    some = [r for r in pod.apps if r.end.time is None or (r.end.earliest or r.end.time) > since]
    return [r for r in some if r.end.time is not None or _watched(case, r, since)]


def _watched(case: Case, run: Run, since: datetime) -> bool:
    """Whether the runtime (or, of this container, the kubelet) told anything later on: else nothing says that it ran on."""
    node = case.life.nodes.get(run.node or "")
    seen = [*run.noticed, *run.kills]
    if any(e.time > since and e.kind is not E.CONTAINER_SEEN_DEAD for e in seen):
        return True
    return node is not None and bool((node.runtime_times[-1:] > ticks(since)).any())


def _kept(case: Case, pod: Pod, left: Gone, runs: list[Run]) -> bool:
    """Whether the kubelet let it live: away, cut off from the API, or it did not act. Ending it in time is ordinary."""
    since = left.edge.time
    node = case.life.nodes.get(pod.node or "")
    if since is None or node is None:
        return False
    if left.how == "kubelet":
        return True  # found at its return
    if node.outage_at(since) or node.lost_at(since):
        allowed = _AWAY
    elif left.how == "dump":
        return False  # a living kubelet tells by itself
    else:
        allowed = _REACTION if node.talkative else _REACTION + _GRACE
    acts = [k.time for r in runs for k in r.kills] + [e.time for e in pod.told(E.POD_DELETE_SEEN, E.POD_UNWANTED)]
    acts += [r.end.time for r in runs if r.end.time is not None]
    reaction = min((t for t in acts if t >= since - _AWAY), default=case.life.end)
    return reaction - since > allowed


def _finding(case: Case, pod: Pod, left: Gone, runs: list[Run]) -> Finding:
    start, controller = left.edge, case.life.owner_of(pod)
    open_ends = [r for r in runs if r.end.time is None]
    last = max((r for r in runs if r.end.time is not None), key=lambda r: r.end.time or case.life.start, default=None)
    end = Edge(None, start.time, None)
    if last is not None and not open_ends:
        end = replace(last.end, rule="the last of its containers ended")
    acts = [k.time for r in runs for k in r.kills]
    acts += [e.time for e in pod.told(E.POD_UNWANTED) if end.time and e.time <= end.time]  # some kubelets kill a cgroup, and send no signal
    stopped = any(start.time is None or time >= start.time for time in acts)
    outcome = "running" if open_ends else "removed" if stopped else "exited"
    away = _away(case, pod, start.time)
    others = [p for p in case.life.pods_named(pod.namespace, pod.name) if p is not pod and _meets(p, start.time, end.time)]
    lasted = seconds((end.time or case.life.end) - start.time) if start.time else "an unknown time"
    since = "from" if left.how in ("force", "request") or start.earliest == start.time else "at the latest from"
    told = f"{len(runs)} container(s) of pod {pod.name or pod.uid} ran on {pod.node} for {lasted}, {since} {clock(start.time)}"
    told += f" to {clock(end.time)}, though the API knew the pod no more ({_HOW[left.how]})"
    told += {"kubelet-down": "; its kubelet was away", "unreachable": "; the API could not reach its node"}.get(away, "")
    told += f"; another pod of its name ran on {others[0].node}" if others else ""
    confidence = Confidence.LIKELY if left.how in _SURE else Confidence.POSSIBLE
    if left.how in _SURE and (left.how != "watch" or start.earliest is not None) and not open_ends:
        confidence = Confidence.CERTAIN
    proofs = [*start.proofs, *(p for r in runs for p in (*r.start.proofs[:1], *r.end.proofs[:1]))]
    return Finding(
        kind=FindingKind.PHANTOM_POD,
        severity=Severity.CRITICAL if others else Severity.WARNING,
        confidence=confidence,
        expected=False,
        start=start,
        end=end,
        summary=told + ".",
        node=pod.node,
        namespace=pod.namespace,
        controller=controller.title if controller else None,
        pod=pod.name,
        pod_uid=pod.uid,
        details={
            "cause": away,
            "gone_by": left.how,
            "outcome": outcome,
            "containers": sorted(r.container_id for r in runs),
            "namesake_uid": others[0].uid if others else None,
        },
        evidence=unique(proofs),
    )


def _away(case: Case, pod: Pod, since: datetime | None) -> str:
    """Why the kubelet did not end it."""
    node = case.life.nodes.get(pod.node or "")
    if node is None or since is None:
        return "unknown"
    just = since - timedelta(seconds=1)
    if node.outage_at(since) or node.outage_at(just):
        return "kubelet-down"
    return "unreachable" if node.lost_at(since) or node.lost_at(just) else "not-acted"


def _meets(other: Pod, start: datetime | None, end: datetime | None) -> bool:
    """Whether a container of the other pod ran meanwhile."""
    return any(
        r.start.time is not None and (end is None or r.start.time < end) and (r.end.time is None or start is None or r.end.time > start)
        for r in other.apps
    )


DETECTOR = Detector(
    FindingKind.PHANTOM_POD,
    "Containers of the pod ran from start to end though the API knew it no more.",
    "what tells of the object's end (a watch, the audit log, the control plane's or the kubelet's log, dumps), and what ran on its node",
    "a later version of the pod's object, a die event of its containers before the start, or a 'Killing' of it within seconds",
    find,
)
