"""Pairs as columns: on which offset most agree, and which of them are cited."""

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.lifecycle.pairs import _elected
from analyzer.proof import Proof
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.paired import Pair, table

SECOND = timedelta(seconds=1)
Interval = tuple[int, int, int]


def pair(
    low: float | None,
    high: float | None,
    source: str = "journal",
    line: int | None = 1,
    offset: int | None = None,
    moment: float = 1,
    *,
    node: str = A,
) -> Pair:
    spans = [None if length is None else length * SECOND for length in (low, high)]
    shown = Proof(at(moment), source, line, offset, "", "")
    return Pair(node, "h", "k", -SECOND, SECOND, spans[0], spans[1], None, shown, (shown,))


def sharpest(*some: Pair) -> tuple[int | None, int | None]:
    """Which of some bounds from below, and which from above."""
    pairs = table(some)
    lower, upper = pairs.sharpest("low"), pairs.sharpest("high")
    return lower and lower["row"], upper and upper["row"]


def test_the_highest_lower_and_the_lowest_upper_bound_are_the_sharpest() -> None:
    assert sharpest(pair(1, 5), pair(2, 6), pair(None, None), pair(1, 4)) == (1, 3)
    assert sharpest(pair(None, 5)) == (None, 0)
    assert sharpest(pair(1, None)) == (0, None)
    assert sharpest() == (None, None)


def test_of_those_as_sharp_place_and_moment_decide_as_text() -> None:
    assert sharpest(pair(1, 5, "b"), pair(1, 5, "a", 7)) == (0, 1)
    assert sharpest(pair(1, 5, line=9), pair(1, 5, line=10)) == (0, 1)
    assert sharpest(pair(1, 5, line=1), pair(1, 5, line=10)) == (1, 0), "'1 ' comes before '10'"
    assert sharpest(pair(1, 5, line=None, offset=9), pair(1, 5, line=None, offset=10)) == (0, 1)
    assert sharpest(pair(1, 5, line=None, offset=0), pair(1, 5, line=0)) == (0, 1), "'@' comes after ':'"
    assert sharpest(pair(1, 5, moment=2), pair(1, 5, moment=1)) == (0, 1)
    assert sharpest(pair(1, 5), pair(1, 5)) == (0, 0)
    assert sharpest(pair(1, 5, line=None), pair(1, 4, line=None)) == (0, 1), "one whose place is not known"


def test_those_of_each_node_in_the_order_of_names() -> None:
    parts = table([pair(1, 2, node=B), pair(3, 4), pair(5, 6, node=B)]).by_node()
    assert [(node, some.frame["row"].to_list()) for node, some in parts] == [(A, [1]), (B, [0, 2])]
    assert not list(table([]).by_node())


def best(some: list[Interval]) -> int:
    """Offset by offset."""
    edges = sorted({0, *(low for _, low, _ in some), *(high for *_, high in some)})

    def votes(edge: int) -> tuple[int, int, int, int]:
        over = [whose for whose, low, high in some if low <= edge <= high]
        return len(set(over)), len(over), -abs(edge), -edge

    return max(edges, key=votes)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-9, 9), st.integers(0, 6)), min_size=1, max_size=12))
def test_the_elected_offset_lies_in_the_intervals_of_most_happenings(some: list[Interval]) -> None:
    some = [(whose, low, low + length) for whose, low, length in some]
    whose, low, high = (np.array(column) for column in zip(*some, strict=True))
    assert _elected(low, high, whose) == best(some)


def test_many_edges_keep_happenings_apart() -> None:
    some = [(whose, 2 * n, 2 * n + 1) for n in range(70) for whose in (n % 3, n % 5)] + [(7, 50, 51)]
    whose, low, high = (np.array(column) for column in zip(*some, strict=True))
    assert _elected(low, high, whose) == best(some) == 50
