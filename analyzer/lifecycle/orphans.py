"""Orphans: application containers that ran while nobody supervised them; and what became of each at the kubelet's return.

Set algebra: alive by the runtime's truth, minus (a kubelet process lives and the pod is wanted). 'Recovery completed' and PLEG's
ContainerStarted are logged at every start, also for containers that are killed milliseconds later: they prove no adoption.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.lives import read, read_kills
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.replaced import Substitute, requested, substitutes
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind as E

_FIRST_SYNC = timedelta(seconds=40)
"""A returned kubelet removes what is not wanted in its first rounds: 0.2 s (1.20) to 10 s (1.0) after its main loop begins."""
_REACTION = timedelta(seconds=10)
"""A live kubelet that hears of a deletion acts within this; with few lines logged only the runtime's signal shows it,
which a preStop hook may delay by the grace period."""
_GRACE = timedelta(seconds=30)
_RUNNING = "nothing tells of its end, nor of a kubelet that took it over"


@dataclass(frozen=True)
class Orphan:
    """One container and spell. ``outcome``: adopted, removed, exited, running (to the end of the evidence)."""

    run: Run
    pod: Pod | None
    cause: str  # kubelet-down, pod-deleted
    outcome: str
    start: Edge
    end: Edge
    outage: Outage | None
    superseded_by: Pod | None = None
    superseded_at: datetime | None = None
    evidence: tuple[Proof, ...] = ()


def orphans(life: Lifecycle) -> list[Orphan]:
    """All orphaned spells, by start, node and container id."""
    instead = substitutes(life)
    found = [o for node in life.nodes.values() for o in _of_absences(life, absences(node), instead)]
    known: dict[int, list[Edge]] = defaultdict(list)
    for orphan in found:
        known[id(orphan.run)].append(orphan.end)
    found += [o for o in _of_deletions(life, instead) if not any(_ends_after(end, o.start) for end in known[id(o.run)])]
    return sorted(found, key=lambda o: (o.start.time or life.start, o.run.node or "", o.run.container_id))


def _ends_after(end: Edge, start: Edge) -> bool:
    return end.time is None or (start.time is not None and end.time > start.time)


def absences(node: NodeLife) -> list[tuple[Outage, list[Outage]]]:
    """How long nobody supervised the node, as one outage, and the outages that it is made of: kubelets in between came to nothing."""
    groups: list[list[Outage]] = []
    for outage in node.outages:
        back = groups[-1][-1].end.time if groups else None
        if back is not None and outage.start.time is not None and _came_to_nothing(node, back, outage.start.time):
            groups[-1].append(outage)
        else:
            groups.append([outage])
    return [(replace(parts[0], end=parts[-1].end), parts) for parts in groups]


def _came_to_nothing(node: NodeLife, start: datetime, end: datetime) -> bool:
    """Whether a kubelet ended soon, before it had found the containers that exist, as others of its node say that they did."""
    index = node.index
    return end - start <= _FIRST_SYNC and index.has(E.RECOVERY_COMPLETED) and not index.between(E.RECOVERY_COMPLETED, start, end)


def met(life: Lifecycle, outage: Outage) -> list[Run]:
    """Application containers that ran on the node when its kubelet went away."""
    start = outage.start.time
    if start is None or outage.boot_lost:
        return []
    return life.apps_of(outage.node).alive(start)


def verdict(life: Lifecycle, outage: Outage, run: Run) -> str:
    """What the returned kubelet made of a container: adopted, removed, restarted; or lost: it had ended before."""
    back = outage.end.time
    if back is None:
        return "running"
    if run.end.time is not None and run.end.time < back:
        return "lost"
    pod = life.pod_of(run)
    if pod is not None and _unwanted(life.nodes[outage.node], pod, run, back):
        return "removed"
    if run.end.time is not None and run.end.time <= back + _FIRST_SYNC and pod is not None:
        again = any(r.container == run.container and r.start.time and back <= r.start.time <= run.end.time + _FIRST_SYNC for r in pod.apps)
        fresh = any(back <= e.time <= back + _FIRST_SYNC for e in pod.told(E.POD_SANDBOX_NEEDED))
        if again and (fresh or run.kills):
            return "restarted"
    return "adopted"


def _unwanted(node: NodeLife, pod: Pod, run: Run, back: datetime) -> bool:
    """Whether the pod was no longer wanted when the kubelet came back."""
    marked = pod.marked
    if marked is not None and marked.time is not None:
        if marked.time <= back:
            return True  # by then at the latest
        if marked.earliest is not None:
            return False
    if run.end.time is None or run.end.time > back + _FIRST_SYNC + _GRACE:
        return False
    acted = min((k.time for k in run.kills if k.time >= back - timedelta(seconds=1)), default=None)
    told = min((e.time for e in pod.told(E.POD_UNWANTED) if e.time >= back), default=None)
    first = min((t for t in (acted, told) if t is not None), default=None)
    if first is None or first > back + _FIRST_SYNC:
        return False
    hears = (E.POD_DELETE_SEEN,) if node.index.has(E.POD_DELETE_SEEN) else (E.POD_UPDATED, E.POD_REMOVE_SEEN)  # to 1.3 a mark is a change
    heard = any(back <= e.time <= first for e in pod.told(*hears))  # then it was deleted after the return
    replaced_in_place = any(r.start.time is not None and r.start.time > run.end.time for r in pod.apps)
    return not heard and not replaced_in_place and not (told is not None and _was_known(node, pod, run, told))


def _was_known(node: NodeLife, pod: Pod, run: Run, told: datetime) -> bool:
    """A kubelet of 1.0 says nothing of pods: to it each deleted one is 'unwanted'. Of those it never knew it has no reference, and
    says so when it has killed a container, if it lives to do so."""
    killed = any(k.kind is E.CONTAINER_KILLING for k in run.kills)
    if not killed or run.end.time is None or node.index.has(E.POD_ADDED) or node.outage_at(run.end.time) is not None:
        return False
    own = {r.container_id for r in pod.runs}
    strangers = node.index.between(E.CONTAINER_UNKNOWN, told, run.end.time + _REACTION)
    return not any(e.container_id in own for e in strangers)


def _of_absences(life: Lifecycle, some: list[tuple[Outage, list[Outage]]], instead: dict[str, Substitute]) -> Iterator[Orphan]:
    read(run for whole, _ in some for run in met(life, whole))
    return (orphan for whole, parts in some for orphan in _of_absence(life, whole, parts, instead))


def _of_absence(life: Lifecycle, outage: Outage, parts: list[Outage], instead: dict[str, Substitute]) -> Iterator[Orphan]:
    for run in met(life, outage):
        outcome, end = _outcome(life, outage, run)
        pod = life.pod_of(run)
        substitute = instead.get(pod.key) if pod is not None and outcome != "adopted" else None
        if substitute is not None and not _within(outage, substitute.at):
            substitute = None
        evidence = [*outage.start.proofs, *run.start.proofs, *(end.proofs if outcome != "running" else ())]
        if outcome == "removed" and pod is not None and pod.marked is not None:
            evidence += pod.marked.proofs[:1]
        if outcome == "adopted":
            evidence += [e.proof("the kubelet saw it running after its return") for e in seen_after(outage, run)[:1]]
        if substitute is not None:
            evidence += [p for r in substitute.pod.apps[:1] for p in r.start.proofs]
        during = next((part for part in parts if substitute is not None and part.covers(substitute.at)), parts[0])
        yield _orphan(run, pod, "kubelet-down", outcome, outage.start, end, during, substitute, evidence)


def _within(outage: Outage, moment: datetime) -> bool:
    start, end = outage.start.time, outage.end.time
    return start is not None and start < moment and (end is None or moment <= end + _REACTION)


def _orphan(
    run: Run,
    pod: Pod | None,
    cause: str,
    outcome: str,
    start: Edge,
    end: Edge,
    outage: Outage | None,
    substitute: Substitute | None,
    evidence: Iterable[Proof],
) -> Orphan:
    by, at = (substitute.pod, substitute.at) if substitute is not None else (None, None)
    return Orphan(run, pod, cause, outcome, start, end, outage, by, at, tuple(dict.fromkeys(evidence)))


def _outcome(life: Lifecycle, outage: Outage, run: Run) -> tuple[str, Edge]:
    found = verdict(life, outage, run)
    if found == "running":
        return ("running", Edge(None, outage.start.time, None, rule=_RUNNING)) if run.end.time is None else ("exited", run.end)
    if found == "adopted":
        return "adopted", outage.end
    if found == "lost":
        return "exited", run.end
    return ("removed", run.end) if run.end.time is not None else ("running", Edge(None, outage.end.time, None, rule=_RUNNING))


def seen_after(outage: Outage, run: Run) -> list[Event]:
    """When the returned kubelet saw the container running."""
    back = outage.end.time
    return [e for e in run.noticed if back is not None and e.kind is E.CONTAINER_SEEN_RUNNING and e.time >= back]


def _of_deletions(life: Lifecycle, instead: dict[str, Substitute]) -> Iterator[Orphan]:
    """Deleted in the API, but the kubelet, though alive, did not act: cut off from it, or stuck."""
    candidates = list(_requested(life, instead))
    read_kills(run for pod, _, request, _ in candidates for run in pod.apps if request.time is not None and run.alive(request.time))
    for pod, node, request, substitute in candidates:
        asked = request.time
        assert asked is not None
        heard = [e.time for e in pod.told(E.POD_DELETE_SEEN, E.POD_UNWANTED)]
        for run in pod.apps:
            if not run.alive(asked):
                continue
            acts = [*heard, *(k.time for k in run.kills), *([run.end.time] if run.end.time else [])]
            reaction = min((t for t in acts if t >= asked - timedelta(seconds=1)), default=None)
            allowed = timedelta(seconds=1) if node.out_of_reach(asked) else _REACTION if node.talkative else _REACTION + _GRACE
            if (reaction or life.end) - asked <= allowed:
                continue
            outcome = "running" if run.end.time is None else "removed" if _killed(pod, run, run.end.time) else "exited"
            evidence = [*request.proofs, *run.start.proofs, *run.end.proofs]
            evidence += [p for r in substitute.pod.apps[:1] for p in r.start.proofs] if substitute is not None else []
            yield _orphan(run, pod, "pod-deleted", outcome, request, run.end, None, substitute, evidence)


def _requested(life: Lifecycle, instead: dict[str, Substitute]) -> Iterator[tuple[Pod, NodeLife, Edge, Substitute | None]]:
    """Pods that ran when they were to go, on a node whose kubelet was there."""
    for pod in life.pods.ran:
        node = life.nodes.get(pod.node or "")
        substitute = instead.get(pod.key)
        request = _request(node, pod, substitute) if node is not None else None
        asked = request.time if request is not None else None
        if request is None or asked is None or node is None or node.outage_at(asked):
            continue
        if any(run.alive(asked) for run in pod.apps):
            yield pod, node, request, substitute


def _killed(pod: Pod, run: Run, end: datetime) -> bool:
    """Whether the kubelet ended it. Of a pod that the API no longer knows some only say that they kill it: with its cgroup, no signal."""
    return bool(run.kills) or any(e.time <= end for e in pod.told(E.POD_UNWANTED))


def _request(node: NodeLife, pod: Pod, substitute: Substitute | None) -> Edge | None:
    """When the deletion was asked for: as told; else, of a node out of reach, before another was made in its stead."""
    if pod.marked is not None and pod.marked.earliest is not None:
        return pod.marked
    if substitute is not None and node.out_of_reach(substitute.made):
        return requested(node, pod, substitute)
    return None
