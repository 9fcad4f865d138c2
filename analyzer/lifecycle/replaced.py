"""Which pod was made in whose stead, while the node of the old one was out of reach. One for one, in the order in which the new ones ran.

A pod was given up if the API had marked it, if it was not wanted when its kubelet heard of it, or, where nothing tells of a deletion
(Kubernetes 1.0 removes the object without a word; without the API nothing does), if more ran than were asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.intervals import value_at
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind as E

_MADE = (E.POD_CREATED, E.POD_SCHEDULED, E.POD_ADDED)
_AFTER = timedelta(seconds=10)
"""What was made in the last moments before a kubelet's return may run after it."""
_TOGETHER = timedelta(seconds=5)
"""A controller makes up for a deleted pod within this."""


@dataclass(frozen=True)
class Substitute:
    """``made``: when it was made at the latest; ``at``: when it ran."""

    pod: Pod
    made: datetime
    at: datetime
    proof: Proof


def substitutes(life: Lifecycle) -> dict[str, Substitute]:
    """By the key of the pod that was given up."""
    return {key: new for controller in life.controllers for key, new in _of_controller(life, controller)}


def _of_controller(life: Lifecycle, controller: Controller) -> Iterator[tuple[str, Substitute]]:
    if not controller.ran:
        return
    away = {p.node: node for p in controller.pods if (node := life.nodes.get(p.node or "")) is not None and node.away}
    if not away:
        return
    during = [new for new in _fresh(controller) if any(_away_about(node, new) for node in away.values())]
    left = sorted((p for p in controller.pods if p.node in away), key=lambda p: p.key)
    ended = sorted((p.marked.time, p.key) for p in controller.pods if p.marked and p.marked.time and _in_reach(life, p))
    replaced: set[str] = set()
    for new in sorted(during, key=lambda s: (s.at, s.pod.key)):
        ordinary = _ordinary(ended, new, replaced)
        if ordinary is not None:
            replaced.add(ordinary)
            continue
        old = [p for p in left if p.key not in replaced and p.node != new.pod.node and _out_of_reach(life, p, new)]
        sure = [p for p in old if _given_up(life, p, new)]
        chosen = min(sure, key=lambda p: (p.marked.time if p.marked and p.marked.time else life.end, p.key), default=None)
        if chosen is None and _too_many(controller, new, replaced):
            chosen = next((p for p in old if _may_be_gone(life, p, new)), None)
        if chosen is not None:
            replaced.add(chosen.key)
            yield chosen.key, new


def _in_reach(life: Lifecycle, pod: Pod) -> bool:
    """Whether its kubelet was there to hear of its deletion at once."""
    node, asked = life.nodes.get(pod.node or ""), pod.marked.time if pod.marked is not None else None
    return node is not None and asked is not None and not _away(node, asked)


def _ordinary(ended: list[tuple[datetime, str]], new: Substitute, replaced: set[str]) -> str | None:
    """A pod whose deletion its kubelet heard of at once: the new one was made in its stead, and in no other's."""
    near = ended[bisect_left(ended, (new.made - _TOGETHER, "")) : bisect_right(ended, (new.made + _TOGETHER, "~"))]
    return next((key for _, key in near if key not in replaced and key != new.pod.key), None)


def _fresh(controller: Controller) -> Iterator[Substitute]:
    """Its pods of which the first start is told."""
    for pod in controller.ran:
        first = min((r.start for r in pod.apps if r.start.time is not None), key=lambda e: e.time or datetime.max, default=None)
        if first is None or first.time is None or not first.proofs or any(r.start.time is None for r in pod.apps):
            continue
        made: Event | None = min(pod.told(*_MADE), key=lambda e: e.time, default=None)
        if made is not None and made.time <= first.time:
            yield Substitute(pod, made.time, first.time, made.proof("another pod was made in its stead"))
        else:
            yield Substitute(pod, first.time, first.time, first.proofs[0])


def _out_of_reach(life: Lifecycle, pod: Pod, new: Substitute) -> bool:
    """Whether a pod ran before the new one was made, and its node was without a kubelet, or lost or cut off, at that time."""
    node = life.nodes.get(pod.node or "")
    if node is None or not any(r.began_by(new.made) for r in pod.apps):
        return False
    return _away_about(node, new) and _was_there(node, pod, new)


def _away_about(node: NodeLife, new: Substitute) -> bool:
    return any(_away(node, moment) for moment in (new.made, new.at, new.at - _AFTER))


def _away(node: NodeLife, moment: datetime) -> bool:
    return node.outage_at(moment) is not None or node.out_of_reach(moment)


def _was_there(node: NodeLife, pod: Pod, new: Substitute) -> bool:
    """Whether it ran on when its node went out of reach: one that ended before has nothing that could be superseded."""
    outage = node.outage_at(new.at) or node.outage_at(new.made) or node.outage_at(new.at - _AFTER)
    moment = outage.start.time if outage is not None and not node.out_of_reach(new.made) else new.made
    return moment is not None and any(r.alive(moment) or r.alive(new.made) for r in pod.apps)


def _given_up(life: Lifecycle, pod: Pod, new: Substitute) -> bool:
    """Whether its deletion is told, or was noticed when its node was within reach again."""
    marked = pod.marked
    if marked is None or marked.time is None:
        return False
    if marked.earliest is not None:
        return marked.time <= new.at
    return life.nodes[pod.node or ""].may_have_let_go(pod, new.made)


def _may_be_gone(life: Lifecycle, pod: Pod, new: Substitute) -> bool:
    told = pod.marked is not None and pod.marked.earliest is not None  # then it was deleted later
    return not told and life.nodes[pod.node or ""].may_have_let_go(pod, new.made)


def _too_many(controller: Controller, new: Substitute, replaced: set[str]) -> bool:
    """Whether more than were asked for ran when the new one began, those left out that are known to be on their way."""
    if controller.wanted is None:
        return False
    leaving = [
        p
        for p in controller.ran
        if any(r.alive(new.at) for r in p.apps)
        and (p.key in replaced or (p.marked is not None and p.marked.time is not None and p.marked.time <= new.at))
    ]
    return value_at(controller.running(), new.at) - len(leaving) > controller.wanted.at(new.at)


def requested(node: NodeLife, pod: Pod, new: Substitute) -> Edge:
    """When a deletion was asked for of which nothing tells: before the substitute was made, after the node had gone out of reach."""
    since = node.out_of_reach_since(new.made)
    proofs = (new.proof, *(pod.marked.proofs if pod.marked is not None else ()))
    return Edge(new.made, since, new.made, proofs)
