"""How many replicas were asked for, over time, and how that is known.

From API objects; else from what the controller-manager logged ('need N') and from events (a controller creates and deletes until
it has what it was asked for); else from the steady state, and marked so. A user's --desired goes before all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Protocol

from analyzer.lifecycle.events import Event
from analyzer.lifecycle.intervals import Covered, Span, Step, count, value_at
from analyzer.lifecycle.objects import Version, parse_time
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Proof
from analyzer.vocabulary import APP_KINDS_WITH_REPLICAS
from analyzer.vocabulary import EventKind as E


class Replaceable(Protocol):
    """Whether a controller had reason, at a moment, to make another in a pod's stead though no deletion of it is told.

    ``untold``: nothing of the API is there that could tell; then a node without a kubelet, or cut off, is reason enough.
    """

    def __call__(self, pod: Pod, moment: datetime, *, untold: bool = False) -> bool: ...


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
    pods: Sequence[Pod],
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
        changes = _scaled(pods, events) if kind == "Deployment" else _from_actions(pods, replaceable)
    seen = _from_objects(versions)
    if seen is not None:
        return seen if changes is None or _never_changed(versions) else _joined(seen, changes)
    return changes or _from_nodes(kind, pods, calm, replaceable)


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


def _never_changed(versions: list[Version]) -> bool:
    """Whether the newest version is of the first generation: then its spec is as it was made (1.2+; ReplicationControllers too)."""
    return bool(versions) and versions[-1].watch != "DELETED" and versions[-1].meta.get("generation") == 1


def _joined(seen: Wanted, changes: Wanted) -> Wanted:
    """Objects say what the number is, events when it changed, also between two dumps; where they disagree, objects are right.

    A number that no object ever had is as sure as what told it.
    """
    if changes.steps[-1].value != seen.steps[-1].value or len(changes.steps) < len(seen.steps):
        return seen
    known = {step.value for step in seen.steps}
    source = "objects" if all(step.value in known for step in changes.steps[1:]) else changes.source
    return Wanted(changes.steps, source, (*seen.proofs, *changes.proofs))


_SAYS = {"audit": "somebody asked the API for this many", "controller-manager": "the controller-manager says how many are needed"}


def _needs(kind: str, pods: Sequence[Pod], events: list[Event], replaceable: Replaceable) -> Wanted | None:
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


def _before(first: Event, pods: Sequence[Pod], replaceable: Replaceable) -> int:
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


def _scaled(pods: Sequence[Pod], events: list[Event]) -> Wanted | None:
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


@dataclass(frozen=True)
class _Act:
    """A controller makes a pod, or one of its pods departs."""

    time: datetime
    made: bool
    pod: Pod
    proof: Proof | None


def _from_actions(pods: Sequence[Pod], replaceable: Replaceable) -> Wanted | None:
    """What a controller has after each burst of creations and departures is what it was asked for (ReplicaSet, RC, StatefulSet).

    A pod that departs while another is made is replaced; so are, where nothing tells of a departure (Kubernetes 1.0 leaves no
    event), pods on a node that the API had lost, up to as many as are made.
    """
    created = {p.key: e for p in pods for e in p.told(E.POD_CREATED)[::-1]}
    if not created:
        return None
    says = "the controller made pods until it had what it was asked for"
    acts = [_Act(created[p.key].time, True, p, created[p.key].proof(says)) for p in pods if p.key in created]
    acts += [_Act(asked, False, pod, None) for asked, pod in _departing(pods)]
    steps, proofs = _steps(pods, acts, replaceable)
    return Wanted(steps, "events", proofs)


def _steps(
    pods: Sequence[Pod], acts: list[_Act], replaceable: Replaceable, template: Callable[[Pod], str] = lambda _: ""
) -> tuple[tuple[Step, ...], tuple[Proof, ...]]:
    """How many a controller has after each burst of acts. While it has pods of two templates, a rollout is under way: as before it."""
    made_at_all = {a.pod.key for a in acts if a.made}
    have = {p.key: p for p in pods if p.key not in made_at_all and p.apps}
    steps = [Step(None, len(have))]
    proofs: list[Proof] = []
    for burst in _bursts(sorted(acts, key=lambda a: (a.time, not a.made, a.pod.key))):
        made = {a.pod.key: a.pod for a in burst if a.made}
        gone = {a.pod.key for a in burst if not a.made and a.pod.key in have.keys() | made.keys()}
        short = len(made) - len(gone)
        if short > 0:
            left = (p for key, p in sorted(have.items()) if key not in gone and key not in made)
            when = max(a.time for a in burst if a.made)
            gone |= {p.key for p in islice((p for p in left if replaceable(p, when)), short)}
        have = {key: p for key, p in (have | made).items() if key not in gone}
        if steps[-1].value != len(have) and len({template(p) for p in have.values()}) <= 1:
            steps.append(Step(burst[0].time, len(have)))
            proofs += [a.proof for a in burst if a.proof is not None][:1]
    return tuple(steps), tuple(proofs)


def _departing(pods: Sequence[Pod]) -> Iterator[tuple[datetime, Pod]]:
    """Pods whose deletion may mean that fewer are wanted: not if their node was given up, nor if a pod of their name is made again
    (a StatefulSet makes the new one only when the old one has ended)."""
    latest: dict[str | None, datetime] = {}
    for pod in pods:
        first = _seen_first(pod)
        if first is not None and first > latest.get(pod.name, first - _BURST):
            latest[pod.name] = first
    for pod in pods:
        asked = pod.marked.time if pod.marked is not None else None
        if asked is not None and pod.evicted is None and not latest.get(pod.name, asked) > asked:
            yield asked, pod


def _seen_first(pod: Pod) -> datetime | None:
    """The first word of it, or its first start: when it was made, or soon after."""
    told = [e.time for e in pod.told(E.POD_CREATED, E.POD_ADDED)]
    return min([*told, *(r.start.time for r in pod.apps if r.start.time is not None)], default=None)


def _bursts(acts: list[_Act]) -> Iterator[list[_Act]]:
    burst: list[_Act] = []
    for act in acts:
        if burst and act.time - burst[-1].time > _BURST:
            yield burst
            burst = []
        burst.append(act)
    if burst:
        yield burst


def _from_nodes(kind: str, pods: Sequence[Pod], calm: list[Span], replaceable: Replaceable) -> Wanted | None:
    """Without a word of the API: what nodes were given to run, and told to end while nothing was made in its stead.

    Taken only if it agrees with what ran for longest, and not of pods that end by themselves, as a job's do.
    """
    steady = _steady(pods, calm)
    if steady is None or any(_done(p) for p in pods):
        return steady
    says = "a kubelet was told to end a pod, or given one, and the number stayed so"
    acts: list[_Act] = []
    for pod in pods:
        first = _seen_first(pod)
        if first is not None and not any(r.start.time is None for r in pod.apps):
            acts.append(_Act(first, True, pod, None))
    for asked, pod in _departing(pods):
        told = next(iter(pod.told(E.POD_DELETE_SEEN, E.POD_UNWANTED)), None)
        acts.append(_Act(asked, False, pod, told.proof(says) if told is not None else None))
    template = (lambda p: (p.name or "").rpartition("-")[0]) if kind == "Deployment" else lambda _: ""
    steps, proofs = _steps(pods, acts, partial(replaceable, untold=True), template)
    return Wanted(steps, "inferred", proofs) if _longest(list(steps), calm) == steady.at(None) else steady


def _done(pod: Pod) -> bool:
    """Whether its containers ended by themselves, and nobody started them again or asked for it."""
    return (
        bool(pod.apps) and pod.marked is None and all(r.end.time is not None and r.end_reason == "died" and not r.kills for r in pod.apps)
    )


def _steady(pods: Sequence[Pod], calm: list[Span]) -> Wanted | None:
    """Nothing says: the number of running pods that held for the longest time is taken for the number asked for.

    ``calm``: the time in which no node was lost; only if nothing ran then, all of the time counts.
    """
    value = _longest(count([[(r.start.time, r.end.time) for r in pod.apps] for pod in pods]), calm)
    return None if value is None else Wanted((Step(None, value),), "inferred")


def _longest(steps: list[Step], spans: list[Span]) -> int | None:
    """The number (0 left out) that held for the longest time within the spans."""
    held = _held(steps, spans)
    return max(held, key=lambda value: (held[value], -value)) if held else None


def _held(steps: list[Step], spans: list[Span]) -> dict[int, timedelta]:
    """How long each number of pods (0 left out) ran within the spans."""
    held: dict[int, timedelta] = {}
    within = Covered(spans)
    for at, step in enumerate(steps):
        until = steps[at + 1].time if at + 1 < len(steps) else None
        lasted = within.between(step.time, until) if step.value else timedelta()
        if lasted:
            held[step.value] = held.get(step.value, timedelta()) + lasted
    return held
