"""How many replicas were asked for, over time, and how that is known.

From API objects; else from what the controller-manager logged ('need N') and from events (a controller creates and deletes until
it has what it was asked for); else from the steady state, and marked so. A user's --desired goes before all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from analyzer.lifecycle.events import Event
from analyzer.lifecycle.intervals import Span, Step, count, intersect, value_at
from analyzer.lifecycle.objects import Version, parse_time
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Proof
from analyzer.vocabulary import APP_KINDS_WITH_REPLICAS
from analyzer.vocabulary import EventKind as E

Replaceable = Callable[[Pod, datetime], bool]
"""Whether a controller had reason, at a moment, to make another in a pod's stead though no deletion of it is told."""

_BURST = timedelta(seconds=5)
"""A controller's creations and deletions within this of each other are one action."""


@dataclass(frozen=True)
class Wanted:
    """Replicas as steps; the first step (time None) holds before anything is known (0: nothing was asked for yet)."""

    steps: tuple[Step, ...]
    source: str  # stated, objects, controller-manager, events, inferred
    proofs: tuple[Proof, ...] = ()

    def at(self, moment: datetime | None) -> int:
        return value_at(list(self.steps), moment)


def wanted(
    kind: str,
    pods: list[Pod],
    events: list[Event],
    versions: list[Version],
    stated: int | None,
    calm: list[Span],
    replaceable: Replaceable,
) -> Wanted | None:
    """The replicas asked of one controller; None for kinds without a fixed number (DaemonSet, Job) and where nothing tells."""
    if stated is not None:
        return Wanted((Step(None, stated),), "stated")
    if kind not in APP_KINDS_WITH_REPLICAS:
        return None
    changes = _needs(kind, pods, events, replaceable)
    if changes is None:
        changes = _scaled(pods, events) if kind == "Deployment" else _from_actions(pods, events, replaceable)
    seen = _from_objects(versions)
    if seen is not None:
        return seen if changes is None else _joined(seen, changes)
    return changes or _steady(pods, calm)


def _from_objects(versions: list[Version]) -> Wanted | None:
    """spec.replicas of each version; a change counts from the moment by which the new version was surely written."""
    steps: list[Step] = []
    proofs: list[Proof] = []
    created: datetime | None = None
    for version in versions:
        replicas = 0 if version.watch == "DELETED" else version.spec.get("replicas")
        if not isinstance(replicas, int):
            continue
        created = created or parse_time(version.meta.get("creationTimestamp"))
        moment = version.earliest if steps else created
        if not steps or steps[-1].value != replicas:
            steps.append(Step(moment, replicas))
            proofs.append(version.proof(f"spec.replicas {replicas}", "the replicas asked for"))
    if not steps:
        return None
    return Wanted((Step(None, 0), *steps) if created else tuple(steps), "objects", tuple(proofs))


def _joined(seen: Wanted, changes: Wanted) -> Wanted:
    """Objects say what the number is, events when it changed, also between two dumps; where they disagree, objects are right."""
    if changes.steps[-1].value != seen.steps[-1].value or len(changes.steps) < len(seen.steps):
        return seen
    return Wanted(changes.steps, "objects", (*seen.proofs, *changes.proofs))


_SAYS = {"audit": "somebody asked the API for this many", "controller-manager": "the controller-manager says how many are needed"}


def _needs(kind: str, pods: list[Pod], events: list[Event], replaceable: Replaceable) -> Wanted | None:
    """Requests in the audit log; else, but for deployments, the controller-manager's 'need N'."""
    told = [e for e in events if e.kind is E.DESIRED_REPLICAS and e.value is not None]
    asked = [e for e in told if e.component == "audit" and (e.controller or "").startswith(f"{kind}/")]
    chosen = asked or [e for e in told if e.component != "audit" and kind != "Deployment"]
    if not chosen:
        return None
    steps = [Step(None, _before(chosen[0], pods, replaceable))]
    proofs: list[Proof] = []
    for event in chosen:
        if steps[-1].value != event.value:
            steps.append(Step(event.time, event.value or 0))
        if len(proofs) < len(steps):
            proofs.append(event.proof(_SAYS[chosen[0].component]))
    return Wanted(tuple(steps), chosen[0].component, tuple(proofs))


def _before(first: Event, pods: list[Pod], replaceable: Replaceable) -> int:
    """What was asked for before the first word of it: the same, if it makes up for a pod that is lost or deleted; none, if all are
    made anew; else it is a change from what ran."""
    need, creating = first.value or 0, first.attributes.get("creating")
    if creating == need:
        return 0
    gone = [p for p in pods if p.marked and p.marked.time and p.apps and abs(p.marked.time - first.time) <= _BURST]
    if first.component != "audit" and (gone or any(replaceable(p, first.time) for p in pods if p.apps)):
        return need
    ran = value_at(count([[(r.start.time, r.end.time) for r in p.apps] for p in pods]), first.time)
    return need if first.component != "audit" and creating is not None and ran != need - creating else ran


def _scaled(pods: list[Pod], events: list[Event]) -> Wanted | None:
    """A deployment's ScalingReplicaSet events. While two sets have replicas, a rollout is under way: the number is that of before."""
    scalings = [e for e in events if e.kind is E.REPLICA_SET_SCALED and e.value is not None]
    if not scalings:
        return None
    sizes: dict[str, int] = {}
    for pod in pods:  # what ran before the first of them
        if pod.owner and any(r.began_by(scalings[0].time) for r in pod.apps):
            sizes[pod.owner[1]] = sizes.get(pod.owner[1], 0) + 1
    steps = [Step(None, sum(sizes.values()))]
    proofs: list[Proof] = []
    for event in scalings:
        sizes[event.attributes["replica_set"]] = event.value or 0
        live = [n for n in sizes.values() if n] or [0]
        if len(live) == 1 and steps[-1].value != live[0]:
            steps.append(Step(event.time, live[0]))
            proofs.append(event.proof("the deployment was scaled to this"))
    return Wanted(tuple(steps), "events", tuple(proofs))


def _from_actions(pods: list[Pod], events: list[Event], replaceable: Replaceable) -> Wanted | None:
    """What a controller has after each burst of creations and departures is what it was asked for (ReplicaSet, RC, StatefulSet).

    A pod that departs while another is made is replaced; so are, where nothing tells of a departure (Kubernetes 1.0 leaves no
    event), pods on a node that the API had lost, up to as many as are made.
    """
    created = {e.pod: e for e in events if e.kind is E.POD_CREATED and e.pod}
    if not created:
        return None
    acts = [_Act(e.time, True, name, e) for name, e in created.items()]
    acts += [_Act(p.marked.time, False, p.name, None) for p in pods if p.name and p.marked and p.marked.time and _departs(p, created)]
    acts.sort(key=lambda a: (a.time, not a.made, a.name))
    by_name = {p.name: p for p in pods}
    have = {p.name for p in pods if p.name and p.name not in created and p.apps}
    steps = [Step(None, len(have))]
    proofs: list[Proof] = []
    for burst in _bursts(acts):
        made = {a.name for a in burst if a.made}
        gone = {a.name for a in burst if not a.made and a.name in have | made}
        short = len(made) - len(gone)
        if short > 0:
            candidates = (n for n in sorted(have - gone - made) if n in by_name and replaceable(by_name[n], burst[0].time))
            gone |= set(islice(candidates, short))
        have = (have | made) - gone
        if steps[-1].value != len(have):
            steps.append(Step(burst[0].time, len(have)))
            proofs += [a.event.proof("the controller made pods until it had what it was asked for") for a in burst if a.event][:1]
    return Wanted(tuple(steps), "events", tuple(proofs))


def _departs(pod: Pod, created: dict[str, Event]) -> bool:
    """Whether a deletion may mean that fewer are wanted: not if its node was given up, nor if a pod of its name is made again
    (a StatefulSet makes the new one only when the old one has ended)."""
    again = created.get(pod.name or "")
    return pod.evicted is None and not (again is not None and pod.marked and pod.marked.time and again.time > pod.marked.time)


@dataclass(frozen=True)
class _Act:
    time: datetime
    made: bool
    name: str
    event: Event | None


def _bursts(acts: list[_Act]) -> Iterator[list[_Act]]:
    burst: list[_Act] = []
    for act in acts:
        if burst and act.time - burst[-1].time > _BURST:
            yield burst
            burst = []
        burst.append(act)
    if burst:
        yield burst


def _steady(pods: list[Pod], calm: list[Span]) -> Wanted | None:
    """Nothing says: the number of running pods that held for the longest time is taken for the number asked for.

    ``calm``: the time in which no node was lost; only if nothing ran then, all of the time counts.
    """
    steps = count([[(r.start.time, r.end.time) for r in pod.apps] for pod in pods])
    held = _held(steps, calm)
    if not held:
        return None
    return Wanted((Step(None, max(held, key=lambda value: (held[value], -value))),), "inferred")


def _held(steps: list[Step], spans: list[Span]) -> dict[int, timedelta]:
    """How long each number of pods (0 left out) ran within the spans."""
    held: dict[int, timedelta] = {}
    for at, step in enumerate(steps):
        until = steps[at + 1].time if at + 1 < len(steps) else None
        for since, end in intersect([(step.time, until)], spans) if step.value else ():
            if since is not None and end is not None:
                held[step.value] = held.get(step.value, timedelta()) + (end - since)
    return held
