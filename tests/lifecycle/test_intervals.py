"""Interval algebra against a naive model: a set of minutes, of which the first and the last stand for all before and after."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from analyzer.lifecycle.intervals import Span, Step, count, intersect, subtract, union, value_at

ORIGIN = datetime(2026, 3, 1, tzinfo=UTC)
LAST = 20
MINUTES = range(-1, LAST + 1)
"""Edges lie on 0..20. Minute -1: all that comes before the first edge; minute 20: all that comes after the last."""

BOUND = st.none() | st.integers(0, LAST)
SPANS = st.lists(st.tuples(BOUND, BOUND), max_size=6)
Pairs = list[tuple[int | None, int | None]]


def spans(pairs: Pairs) -> list[Span]:
    return [(_moment(start), _moment(end)) for start, end in pairs]


def _moment(minute: int | None) -> datetime | None:
    return None if minute is None else ORIGIN + timedelta(minutes=minute)


def covered(pairs: Pairs) -> set[int]:
    return {m for m in MINUTES for start, end in pairs if (start is None or start <= m) and (end is None or m < end)}


def minutes(found: Iterable[Span]) -> set[int]:
    """The minutes of spans whose edges lie on whole minutes."""
    pairs = [(_minute(start), _minute(end)) for start, end in found]
    return covered(pairs)


def _minute(moment: datetime | None) -> int | None:
    return None if moment is None else int((moment - ORIGIN) / timedelta(minutes=1))


def assert_normal(found: list[Span]) -> None:
    """Not empty, in order, and neither overlapping nor touching."""
    assert all(start is None or end is None or start < end for start, end in found)
    for (_, end), (start, _) in pairwise(found):
        assert end is not None
        assert start is not None
        assert end < start


@given(SPANS)
def test_union(pairs: Pairs) -> None:
    found = union(spans(pairs))
    assert_normal(found)
    assert minutes(found) == covered(pairs)


@given(SPANS, SPANS)
def test_intersect(left: Pairs, right: Pairs) -> None:
    found = intersect(spans(left), spans(right))
    assert_normal(found)
    assert minutes(found) == covered(left) & covered(right)


@given(SPANS, SPANS)
def test_subtract(left: Pairs, right: Pairs) -> None:
    found = subtract(spans(left), spans(right))
    assert_normal(found)
    assert minutes(found) == covered(left) - covered(right)


@given(st.lists(SPANS, max_size=5))
def test_count(groups: list[Pairs]) -> None:
    steps = count([spans(group) for group in groups])
    assert steps[0].time is None
    assert all(a.value != b.value for a, b in pairwise(steps))
    for minute in MINUTES:
        assert value_at(steps, _moment(minute)) == sum(minute in covered(group) for group in groups)


def test_bounds() -> None:
    whole: Span = (None, None)
    at = _moment(5)
    assert union([]) == []
    assert union([(None, at), (at, None)]) == [whole]
    assert subtract([whole], [(at, None)]) == [(None, at)]
    assert subtract([whole], [whole]) == []
    assert intersect([whole], [whole]) == [whole]
    assert count([[whole], [(at, None)]]) == [Step(None, 1), Step(at, 2)]
    assert value_at([Step(None, 1), Step(at, 2)], None) == 1
