"""When the API knew a pod no more, as near as the evidence tells.

From 1.1 on a deletion marks a pod, and its object goes when the kubelet has ended it: then nothing of it runs. The object goes at once if
it is deleted by force (grace period 0), and in 1.0 at every deletion. What tells: a watch's DELETED, the words of the control plane and
of the kubelet, an audited request, another pod of its name (a name is given once at a time), a later dump that lacks it.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from analyzer.lifecycle.events import Event
from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.objects import Listing, Version
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind as E

_FIRST_SYNC = timedelta(seconds=40)
"""A returned kubelet removes what is not wanted in its first rounds."""
_AT_ONCE = timedelta(seconds=1)
_NAMED = (E.POD_ADDED, E.POD_DELETE_SEEN, E.POD_UPDATED, E.POD_RECONCILED)
_HEARD = {
    E.POD_OBJECT_GONE: "the API knew the pod no more",
    E.POD_REMOVE_SEEN: "the kubelet heard that the object was gone",
    E.POD_GONE: "the scheduler heard that the object was gone",
}

_WORDS = (E.POD_FORCE_DELETED, E.POD_EVICTED, *_HEARD, E.POD_UNWANTED, E.CONTAINER_KILLING)


@dataclass(frozen=True)
class Gone:
    """``edge.time``: the best estimate, else when it was surely gone. ``how``: request, force, watch, heard, kubelet, name, dump."""

    edge: Edge
    how: str


def gone(life: Lifecycle, pod: Pod) -> Gone | None:
    """None: nothing tells that its object was gone. Static pods have none of their own."""
    if pod.static or not pod.apps or _untold(life, pod):
        return None
    exact = _at_once(life, pod)
    if exact is not None:
        return exact
    found = [g for g in (_by_word(pod), _by_namesake(life, pod), _by_return(life, pod), _by_dump(life, pod)) if g is not None]
    best = min(found, key=lambda g: (g.edge.time or life.end, g.how), default=None)
    if best is None or best.edge.time is None:
        return None
    return Gone(replace(best.edge, earliest=_last_known(life, pod, best.edge.time)), best.how)


def _untold(life: Lifecycle, pod: Pod) -> bool:
    """Whether there is nothing that could tell of it, as with most pods."""
    others = life.audited or life.listings or pod.key in life.pod_versions or len(life.pods_named(pod.namespace, pod.name)) > 1
    return not others and not pod.tells(*_WORDS)


def _at_once(life: Lifecycle, pod: Pod) -> Gone | None:
    """By a request that leaves no object behind: its moment is known."""
    told: list[Gone] = []
    for event in pod.events if life.audited else pod.told(E.POD_FORCE_DELETED, E.POD_EVICTED):
        if event.kind is E.POD_FORCE_DELETED:
            told.append(Gone(_edge(event, "the control plane removed the object by force", "its object was removed by force"), "force"))
        elif event.component == "audit" and event.attributes.get("grace") == 0:
            told.append(Gone(_edge(event, "deleted with no grace period", "it was deleted with a grace period of 0"), "force"))
        elif event.kind is E.POD_EVICTED and "Delete pod " in event.message:  # 1.0
            told.append(Gone(_edge(event, "the object was deleted", "Kubernetes 1.0 deletes a pod's object at once"), "request"))
    deleted = _watched(life, pod)
    if deleted is not None:
        told.append(_by_watch(pod, deleted))
    return min(told, key=lambda g: (g.edge.time or life.end, g.how), default=None)


def _by_watch(pod: Pod, deleted: Version) -> Gone:
    """The version says between which events it was written; without a mark the request itself was the end of the object."""
    proof = deleted.proof("DELETED", "the API object was gone")
    asked = pod.marked
    if "deletionTimestamp" not in deleted.meta and asked is not None and asked.time is not None and asked.time == asked.earliest:
        return Gone(Edge(asked.time, asked.earliest, asked.latest, (*asked.proofs, proof), "it was deleted without a mark"), "watch")
    time = deleted.latest or deleted.earliest
    return Gone(Edge(time, deleted.earliest, deleted.latest, (proof,), "a watch of the API saw its object go"), "watch")


def _watched(life: Lifecycle, pod: Pod) -> Version | None:
    found = life.pod_versions.get(pod.key, ())
    return next((v for v in found if v.watch == "DELETED" and (v.latest or v.earliest) is not None), None)


def _edge(event: Event, proves: str, rule: str) -> Edge:
    latest = event.time + timedelta(microseconds=event.resolution - 1)
    return Edge(event.time, event.time, latest, (event.proof(proves),), rule)


def _by_word(pod: Pod) -> Gone | None:
    first = min(pod.told(*_HEARD), key=lambda e: e.time, default=None)
    if first is None:
        return None
    return Gone(Edge(first.time, None, first.time, (first.proof(_HEARD[first.kind]),), _HEARD[first.kind]), "heard")


def _by_namesake(life: Lifecycle, pod: Pod) -> Gone | None:
    """Two objects of one name never are at once: the older was gone when the next one was made."""
    mine = min((r.start.time for r in pod.apps if r.start.time is not None), default=None)
    if pod.uid is None or mine is None:
        return None
    made: list[tuple[datetime, Pod]] = []
    for other in life.pods_named(pod.namespace, pod.name):
        starts = [r.start.time for r in other.apps if r.start.time is not None]
        if other is not pod and other.uid is not None and not other.static and starts and min(starts) > mine:
            made.append((min([min(starts), *([other.created] if other.created else [])]), other))
    if not made:
        return None
    moment, other = min(made, key=lambda m: m[0])
    proofs = tuple(p for r in other.apps[:1] for p in r.start.proofs)
    return Gone(Edge(moment, None, moment, proofs, "another pod of its name was made: a name is given once at a time"), "name")


def _by_return(life: Lifecycle, pod: Pod) -> Gone | None:
    """A kubelet that came back killed it unasked: the API, of which it had all pods of its node, did not name this one to it.

    To 1.22 it says 'Killing unwanted pod', later only that it kills the containers. That it would have told of a pod that it was
    named ('SyncLoop (ADD'), its log must show; in 1.0 it says 'No ref for pod' of containers that it never knew.
    """
    node = life.nodes.get(pod.node or "")
    if node is None:
        return None
    told = pod.told(E.POD_UNWANTED, E.CONTAINER_KILLING) if node.returns else []
    for event in sorted((e for e in told if e.kind is E.POD_UNWANTED or e.component == "kubelet"), key=lambda e: e.time):
        at = bisect_right(node.returns, event.time)
        back = node.returns[at - 1] if at else None
        if back is None or event.time > back + _FIRST_SYNC:
            continue
        if any(back <= e.time <= event.time + _AT_ONCE for e in pod.told(*_NAMED)):
            continue
        unknown = {e.container_id for e in node.index.between(E.CONTAINER_UNKNOWN, event.time, event.time + _FIRST_SYNC)}
        if any(r.container_id in unknown for r in pod.apps) or node.index.has(E.POD_ADDED):
            rule = "the kubelet came back, and the API did not name the pod to it"
            return Gone(Edge(back, None, event.time, (event.proof("the kubelet found it running but not wanted"),), rule), "kubelet")
    return None


def _by_dump(life: Lifecycle, pod: Pod) -> Gone | None:
    """A dump that lists others of its controller, but not this one. It may have been narrowed to some nodes: no certainty.

    Such a dump is not dated: it may be much later than the newest time in it. So it counts only if it surely is from before the
    containers' end, and if nobody knew the pod afterwards.
    """
    controller, node = life.owner_of(pod), life.nodes.get(pod.node or "")
    if controller is None or pod.uid is None or node is None or not (node.outages or node.not_ready) or not life.listings:
        return None
    mine = (pod.namespace or "", pod.name or "", pod.uid)
    begun = min((r.start.time for r in pod.apps if r.start.time is not None), default=life.start)
    ends = [r.end.time for r in pod.apps]
    last = None if None in ends else max(t for t in ends if t is not None)
    marked = pod.marked.time if pod.marked is not None and pod.marked.earliest is not None else None
    for listing in life.listings:
        if listing.since <= begun or mine in listing.pods:
            continue
        if not any((p.namespace or "", p.name or "", p.uid or "") in listing.pods for p in controller.pods):
            continue
        if last is not None and (listing.until is None or listing.until >= last):
            continue
        later = marked is not None and marked > listing.since
        if later or any(e.time > listing.since for e in pod.told(*_NAMED)):
            continue
        if not any(mine in other.pods for other in life.listings):
            return None  # nothing shows that such dumps would name it
        return Gone(Edge(listing.since, None, None, (_lacking(listing, pod),), "a later dump of the pods does not hold it"), "dump")
    return None


def _lacking(listing: Listing, pod: Pod) -> Proof:
    return listing.last.proof(f"listed with {len(listing.pods) - 1} other(s), without {pod.name}", "a dump of its time lacks the pod")


def _last_known(life: Lifecycle, pod: Pod, before: datetime) -> datetime | None:
    """The last word of the API on the object."""
    told = [v.earliest for v in life.pod_versions.get(pod.key, ()) if v.watch != "DELETED" and v.earliest is not None]
    told += [e.time for e in pod.events if e.component in ("api", "audit")]
    told += [pod.marked.time] if pod.marked is not None and pod.marked.time is not None and pod.marked.earliest is not None else []
    return max((t for t in told if t <= before), default=None)
