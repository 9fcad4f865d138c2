"""Clocks: by how much each node's clock was ahead of the API server's, from pairs of sightings of one happening.

What the API server did first (a pod bound to the node, a deletion asked for) the node's logs can tell only later; what happened on the
node first (a container's start, the kubelet's own start) the API can have recorded only later. Each pair bounds the offset on one
side. Which sightings belong together is settled by vote: the offset at which most happenings pair within their usual lag.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.sightings import Pair, pairs, reported, written_by
from analyzer.proof import Edge, Proof, rfc3339

_SURE = timedelta(milliseconds=100)
"""An offset is corrected only if zero lies outside of its bounds by more than this: schedulers and buffers take their time."""
_VOTES = 2
"""So many happenings must agree on an offset; a further offset of the same node needs one more."""
_AGAINST = 2
"""An offset needs more than so many times the votes against it and for none: what happens in bursts agrees by chance."""
_CLOCKS = 4
"""More steps of one clock than this are not told apart."""
_ZERO = timedelta(0)


@dataclass(frozen=True)
class Clock:
    """One node's clock, while it kept one offset: shown time minus the API server's, between ``low`` and ``high`` (None: unbounded).

    ``since``: the shown time from which it holds (None: from the beginning); ``sources``: those it holds for (empty: all of the node).
    """

    node: str
    low: timedelta | None
    high: timedelta | None
    best: timedelta | None
    votes: int
    since: datetime | None = None
    sources: frozenset[str] = frozenset()
    proofs: tuple[Proof, ...] = ()

    @property
    def correction(self) -> timedelta:
        """What is taken off the shown times: nothing while the bounds allow that the clock was right."""
        if self.low is not None and self.low > _SURE:
            return self.best if self.best is not None else self.low
        if self.high is not None and self.high < -_SURE:
            return self.best if self.best is not None else self.high
        return _ZERO

    @property
    def skewed(self) -> bool:
        return self.correction != _ZERO

    def document(self) -> dict[str, Any]:
        """As it stands in the findings document; ``since`` and ``sources`` only where the node had more than one offset."""
        offsets = {"offset_s": self.best, "low_s": self.low, "high_s": self.high}
        told = {name: None if value is None else round(value.total_seconds(), 6) for name, value in offsets.items()}
        more = {"since": rfc3339(self.since)} if self.since else {}
        return {"node": self.node, **told, **more, **({"sources": sorted(self.sources)} if self.sources else {})}

    def widened(self, edge: Edge) -> Edge:
        """A corrected edge with what the correction adds to its bounds; a clock bounded on one side leaves the other open."""
        early = edge.earliest - (self.high - self.correction) if edge.earliest and self.high is not None else None
        late = edge.latest + (self.correction - self.low) if edge.latest and self.low is not None else None
        return replace(edge, earliest=early, latest=late)


@dataclass(frozen=True)
class Clocks:
    """All clocks, and which source was written by which: ``of_source`` names the node whose clock stamped a source's lines."""

    clocks: tuple[Clock, ...] = ()
    of_source: Mapping[str, str] = field(default_factory=dict)
    reported: Mapping[str, Clock] = field(default_factory=dict)  # by node: the clock of what its kubelet reports to the API

    def of(self, node: str | None, source: str, shown: datetime | None) -> Clock | None:
        """The clock of a node (else: of whoever wrote the source) in a source, at a shown moment."""
        mine = self._by_node.get(node if node is not None else self.of_source.get(source, ""), ())
        own = [c for c in mine if source in c.sources] or [c for c in mine if not c.sources]
        if not own:
            return None
        at = bisect_right([c.since or datetime.min.replace(tzinfo=shown.tzinfo) for c in own], shown) if shown is not None else 1
        return own[max(at - 1, 0)]

    def reporting(self, node: str | None) -> timedelta:
        """What a node's reports to the API are off."""
        clock = self.reported.get(node or "")
        return clock.correction if clock is not None else _ZERO

    @property
    def skewed(self) -> bool:
        """Whether any time must be corrected."""
        return any(c.skewed for c in self.clocks) or any(c.skewed for c in self.reported.values())

    @cached_property
    def _any(self) -> bool:
        return any(c.skewed for c in self.clocks)

    @cached_property
    def _by_node(self) -> dict[str, list[Clock]]:
        found: dict[str, list[Clock]] = defaultdict(list)
        for clock in self.clocks:
            found[clock.node].append(clock)
        return found

    def true(self, moment: datetime, source: str, node: str | None = None) -> datetime:
        """A moment shown in a source, by the API server's clock."""
        clock = self.of(node, source, moment)
        return moment - clock.correction if clock is not None else moment

    def proof(self, proof: Proof, node: str | None = None) -> Proof:
        return replace(proof, time=self.true(proof.time, proof.source, node)) if proof.time is not None else proof

    def widened(self, edge: Edge) -> Edge:
        """An edge whose bounds tell how sure the correction of its proofs' clocks is."""
        if not self._any:
            return edge
        used = {id(c): c for p in edge.proofs if (c := self.of(None, p.source, p.time)) is not None and c.skewed}
        for clock in used.values():
            edge = clock.widened(edge)
        return edge


def clocks(events: Events, versions: list[Version]) -> Clocks:
    """The clocks of all nodes of which pairs tell, by node and time."""
    found = tuple(clock for node, some in sorted(_by_node(pairs(events, versions)).items()) for clock in _of_node(node, some))
    told = {node: _of_node(node, some)[:1] for node, some in sorted(_by_node(reported(events)).items())}
    return Clocks(found, written_by(events), {node: clock[0] for node, clock in told.items() if clock})


def _by_node(some: Iterable[Pair]) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = defaultdict(list)
    for pair in some:
        found[pair.node].append(pair)
    return found


def _of_node(node: str, pairs: list[Pair]) -> list[Clock]:
    """The offset on which most agree; then, of what is left, others: after a step of the clock, or of sources in another zone."""
    groups: list[list[Pair]] = []
    while pairs and len(groups) < _CLOCKS:
        group = _elected(pairs)
        if _votes(group) < _VOTES + bool(groups):
            break
        groups.append(group)
        told, known = {p.happening for p in group}, {p.known for p in group}
        pairs = [p for p in pairs if p.happening not in told and p.known not in known]
    if not groups:
        return []
    steps = [groups[0]]
    others: list[Clock] = []
    for group in groups[1:]:
        sources = frozenset(p.shown.source for p in group)
        if sources.isdisjoint(p.shown.source for g in steps for p in g):
            others.append(_clock(node, group, None, sources))
        elif all(_apart(group, g) for g in steps):
            steps.append(group)
    steps.sort(key=lambda g: min(p.moment for p in g))
    since = [None] + [_between(a, b) for a, b in pairwise(steps)]
    return [_clock(node, g, s, frozenset()) for g, s in zip(steps, since, strict=True)] + sorted(others, key=lambda c: sorted(c.sources))


def _apart(group: list[Pair], other: list[Pair]) -> bool:
    """Whether one ended before the other began, by the shown times."""
    a, b = [p.moment for p in group], [p.moment for p in other]
    return max(a) < min(b) or max(b) < min(a)


def _between(before: list[Pair], after: list[Pair]) -> datetime:
    """When the step was: nothing tells it better than the middle between the last of one and the first of the other."""
    low, high = max(p.moment for p in before), min(p.moment for p in after)
    return low + (high - low) / 2


def _elected(pairs: list[Pair]) -> list[Pair]:
    """The pairs that agree on the offset that most happenings allow; of several the one nearest to zero."""
    edges = sorted({p.least for p in pairs} | {p.most for p in pairs} | {_ZERO})
    changes: dict[timedelta, list[Pair]] = defaultdict(list)
    for pair in pairs:
        changes[pair.least].append(pair)
    ends = sorted(pairs, key=lambda p: p.most)
    counted: Counter[str] = Counter()
    best: tuple[tuple[int, int], timedelta] | None = None
    at = 0
    for edge in edges:  # the depth is greatest at some edge: intervals are closed
        while at < len(ends) and ends[at].most < edge:
            gone = ends[at].happening
            counted[gone] -= 1
            if not counted[gone]:
                del counted[gone]
            at += 1
        for pair in changes.get(edge, ()):
            counted[pair.happening] += 1
        depth = (len(counted), counted.total())
        if best is None or (depth, -abs(edge)) > (best[0], -abs(best[1])):
            best = (depth, edge)
    assert best is not None
    agreed, plain = ([p for p in pairs if p.least <= offset <= p.most] for offset in (best[1], _ZERO))
    for_it = {id(p) for p in agreed}
    against = [p for p in plain if id(p) not in for_it]
    return plain if _votes(agreed) <= _AGAINST * _votes(against) else agreed


def _votes(group: list[Pair]) -> int:
    """How many happenings agree, as either side tells them apart."""
    return min(len({p.happening for p in group}), len({p.known for p in group}))


def _clock(node: str, group: list[Pair], since: datetime | None, sources: frozenset[str]) -> Clock:
    """Bounds from the sharpest pair on each side."""
    lower = max((p for p in group if p.low is not None), key=lambda p: (p.low, p.happening), default=None)
    upper = min((p for p in group if p.high is not None), key=lambda p: (p.high, p.happening), default=None)
    low, high = lower.low if lower else None, upper.high if upper else None
    best = None
    if low is not None and high is not None and upper is not None:
        best = max(low, high - upper.lag) if upper.lag is not None and high >= low else low + (high - low) / 2
        low, high = min(low, high), max(low, high)
    proofs = tuple(p for pair in (lower, upper) if pair is not None for p in pair.proofs)
    return Clock(node, low, high, best, _votes(group), since, sources, proofs)
