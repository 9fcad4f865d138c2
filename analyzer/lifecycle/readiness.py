"""The API's view of a node: the spells in which it was not Ready or Unknown.

Reported by the node controller (heartbeats lost) or, for a few seconds after its start, by the kubelet itself.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.objects import Version, mappings, parse_time, stamp
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind as E

_SAME = timedelta(seconds=2)
"""Reports of one change by log, event and object differ by up to this."""
_LOST = "this is the first word that the API held the node for not Ready"
_BACK = "this is the first word after it that the node was Ready again"
_OPEN = "nothing says that it was Ready again"


@dataclass
class Spell:
    """Not Ready from ``start`` to ``end`` (time None: to the end of the evidence)."""

    node: str
    start: Edge
    end: Edge
    reporters: set[str] = field(default_factory=set)  # node-controller, kubelet
    status: str = "Unknown"
    evidence: list[Proof] = field(default_factory=list)

    @property
    def by_kubelet(self) -> bool:
        """Whether only the kubelet said so, of itself: the node controller did not hold the node for lost."""
        return self.reporters == {"kubelet"}

    def covers(self, moment: datetime) -> bool:
        start, end = self.start.time, self.end.time
        return start is not None and start <= moment and (end is None or moment < end)


@dataclass(frozen=True)
class _Change:
    time: datetime
    resolution: int
    ready: bool
    reporter: str
    proof: Proof


def spells(node: str, events: Events, objects: list[Version]) -> list[Spell]:
    """Spells of one node, in order."""
    found: list[Spell] = []
    current: Spell | None = None
    for change in _changes(node, events, objects):
        if not change.ready:
            if current is None:
                latest = change.time + timedelta(microseconds=change.resolution - 1)
                edge = Edge(change.time, change.time, latest, (change.proof,), rule=_LOST)
                current = Spell(node, edge, Edge(None, change.time, None, rule=_OPEN))
                found.append(current)
            current.reporters.add(change.reporter)
            current.evidence.append(change.proof)
        elif current is not None and current.start.time is not None and change.time > current.start.time:
            latest = change.time + timedelta(microseconds=change.resolution - 1)
            current.end = Edge(change.time, change.time, latest, (change.proof,), rule=_BACK)
            current.evidence.append(change.proof)
            current = None
    return found


def _changes(node: str, events: Events, objects: list[Version]) -> list[_Change]:
    changes = [
        _Change(
            e.time, e.resolution, e.kind is E.NODE_READY, e.attributes.get("reporter") or e.component, e.proof("the API's view of the node")
        )
        for e in events.of(E.NODE_READY, E.NODE_NOT_READY)
        if e.node == node
    ]
    for version in objects:
        if version.kind == "Node" and version.name == node:
            changes += _condition(version, changes)
    return sorted(changes, key=lambda c: (c.time, c.resolution, c.proof))


def _condition(version: Version, known: list[_Change]) -> list[_Change]:
    """The Ready condition's last transition, unless an event tells of the same change more precisely."""
    for condition in mappings(version.status.get("conditions")):
        moment = parse_time(condition.get("lastTransitionTime"))
        if condition.get("type") != "Ready" or moment is None:
            continue
        ready = condition.get("status") == "True"
        if any(c.ready == ready and abs(c.time - moment) <= _SAME for c in known):
            return []
        reporter = "node-controller" if condition.get("status") == "Unknown" else "kubelet"
        proof = version.proof(
            f"Ready {condition.get('status')} since {stamp(moment)} ({condition.get('reason')})", "the API's view of the node"
        )
        return [_Change(moment, 1_000_000, ready, reporter, proof)]
    return []
