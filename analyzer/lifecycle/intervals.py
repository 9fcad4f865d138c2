"""Interval algebra on half-open spans [start, end) of moments; ``None`` as start or end is without bound on that side."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

_LOW = datetime.min.replace(tzinfo=UTC)
_HIGH = datetime.max.replace(tzinfo=UTC)

Span = tuple[datetime | None, datetime | None]


def union(spans: Iterable[Span]) -> list[Span]:
    """Disjoint spans that cover the same moments, in order; spans that touch become one."""
    merged: list[tuple[datetime, datetime]] = []
    for start, end in sorted((_low(s), _high(e)) for s, e in spans):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [_span(s, e) for s, e in merged]


def intersect(left: Iterable[Span], right: Iterable[Span]) -> list[Span]:
    """Moments in both."""
    found: list[Span] = []
    mine, others = ([(_low(s), _high(e)) for s, e in union(spans)] for spans in (left, right))
    at = 0
    for start, end in mine:
        while at < len(others) and others[at][1] <= start:
            at += 1
        meets = at
        while meets < len(others) and others[meets][0] < end:
            found.append(_span(max(start, others[meets][0]), min(end, others[meets][1])))
            meets += 1
    return found


def subtract(left: Iterable[Span], right: Iterable[Span]) -> list[Span]:
    """Moments in the left that are not in the right."""
    edges = [(_low(s), _high(e)) for s, e in union(right)]
    gaps: list[Span] = []
    at = _LOW
    for start, end in edges:
        gaps.append(_span(at, start))
        at = end
    gaps.append(_span(at, _HIGH))
    return intersect(left, gaps)


class Covered:
    """How much of some spans, each with both ends, lies between two moments."""

    def __init__(self, spans: Iterable[Span]) -> None:
        known = [(_low(s), _high(e)) for s, e in union(spans)]
        self._starts = [start for start, _ in known]
        self._ends = [end for _, end in known]
        self._before = list(accumulate((end - start for start, end in known), initial=timedelta()))

    def between(self, low: datetime | None, high: datetime | None) -> timedelta:
        return max(self._until(_high(high)) - self._until(_low(low)), timedelta())

    def _until(self, moment: datetime) -> timedelta:
        at = bisect_right(self._starts, moment)
        return self._before[at] - max(self._ends[at - 1] - moment, timedelta()) if at else timedelta()


@dataclass(frozen=True)
class Step:
    """From ``time`` on (None: from the beginning), ``value``."""

    time: datetime | None
    value: int


def count(spans: Iterable[Iterable[Span]]) -> list[Step]:
    """How many of the groups are in at least one of their spans, as steps; changes of the same moment are one step."""
    changes: dict[datetime, int] = {}
    for group in spans:
        for start, end in union(group):
            changes[_low(start)] = changes.get(_low(start), 0) + 1
            changes[_high(end)] = changes.get(_high(end), 0) - 1
    steps, value = [Step(None, changes.pop(_LOW, 0))], 0
    value = steps[0].value
    for time in sorted(changes):
        if time != _HIGH and changes[time]:
            value += changes[time]
            steps.append(Step(time, value))
    return steps


def value_at(steps: list[Step], moment: datetime | None) -> int:
    """The value of steps (in order) at a moment."""
    value = steps[0].value
    for step in steps[1:]:
        if step.time is not None and moment is not None and step.time <= moment:
            value = step.value
    return value


def _low(moment: datetime | None) -> datetime:
    return _LOW if moment is None else moment


def _high(moment: datetime | None) -> datetime:
    return _HIGH if moment is None else moment


def _span(start: datetime, end: datetime) -> Span:
    return (None if start == _LOW else start, None if end == _HIGH else end)
