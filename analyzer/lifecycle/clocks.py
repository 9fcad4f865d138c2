"""Clocks: by how much each node's clock was ahead of the API server's, from pairs of sightings of one happening.

What the API server did first (a pod bound to the node, a deletion asked for) the node's logs can tell only later; what happened on the
node first (a container's start, the kubelet's own start) the API can have recorded only later. Each pair bounds the offset on one
side. Which sightings belong together is settled by vote: the offset at which most happenings pair within their usual lag.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any

from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.pairs import Pairs
from analyzer.lifecycle.sightings import pairs, reported, written_by
from analyzer.proof import Edge, Proof, rfc3339

_SURE = timedelta(milliseconds=100)
"""An offset is corrected only if zero lies outside of its bounds by more than this: schedulers and buffers take their time."""
_VOTES = 2
"""So many happenings must agree on an offset; a further offset of the same node needs one more."""
_CLOCKS = 4
"""More steps of one clock than this are not told apart."""
_ZERO = timedelta(0)
_TICK = timedelta(microseconds=1)


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
        own = self.all_of(node if node is not None else self.of_source.get(source, ""), source)
        if not own:
            return None
        at = bisect_right([c.since or datetime.min.replace(tzinfo=shown.tzinfo) for c in own], shown) if shown is not None else 1
        return own[max(at - 1, 0)]

    def all_of(self, node: str, source: str) -> list[Clock]:
        """The clocks of a node in a source, in the order of time."""
        mine = self._by_node.get(node, ())
        return [c for c in mine if source in c.sources] or [c for c in mine if not c.sources]

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
    found = tuple(clock for node, some in pairs(events, versions).by_node() for clock in _of_node(node, some))
    told = {node: _of_node(node, some)[:1] for node, some in reported(events).by_node()}
    return Clocks(found, written_by(events), {node: clock[0] for node, clock in told.items() if clock})


def _of_node(node: str, pairs: Pairs) -> list[Clock]:
    """The offset on which most agree; then, of what is left, others: after a step of the clock, or of sources in another zone."""
    groups: list[Pairs] = []
    while len(pairs) and len(groups) < _CLOCKS:
        group = pairs.agreed()
        if group.votes < _VOTES + bool(groups):
            break
        groups.append(group)
        pairs = pairs.without(group)
    if not groups:
        return []
    steps = [groups[0]]
    others: list[Clock] = []
    for group in groups[1:]:
        if group.sources.isdisjoint(source for g in steps for source in g.sources):
            others.append(_clock(node, group, None, frozenset(group.sources)))
        elif all(_apart(group, g) for g in steps):
            steps.append(group)
    steps.sort(key=lambda g: g.span)
    since = [None] + [_between(a, b) for a, b in pairwise(steps)]
    return [_clock(node, g, s, frozenset()) for g, s in zip(steps, since, strict=True)] + sorted(others, key=lambda c: sorted(c.sources))


def _apart(group: Pairs, other: Pairs) -> bool:
    """Whether one ended before the other began, by the shown times."""
    (begin, end), (since, until) = group.span, other.span
    return end < since or until < begin


def _between(before: Pairs, after: Pairs) -> datetime:
    """When the step was: nothing tells it better than the middle between the last of one and the first of the other."""
    low, high = before.span[1], after.span[0]
    return low + (high - low) / 2


def _clock(node: str, group: Pairs, since: datetime | None, sources: frozenset[str]) -> Clock:
    """Bounds from the sharpest pair on each side."""
    lower, upper = group.sharpest("low"), group.sharpest("high")
    low = lower["low"] * _TICK if lower else None
    high = upper["high"] * _TICK if upper else None
    best = None
    if low is not None and high is not None and upper is not None:
        best = max(low, high - upper["lag"] * _TICK) if upper["lag"] is not None and high >= low else low + (high - low) / 2
        low, high = min(low, high), max(low, high)
    proofs = tuple(p for pair in (lower, upper) if pair is not None for p in group.cite(pair))
    return Clock(node, low, high, best, group.votes, since, sources, proofs)
