"""When a writer wrote nothing: the same, however its lines are cut into batches and in whatever order they come."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analyzer import silences
from analyzer.silences import Silences
from analyzer.vocabulary import TIME

START = datetime(2026, 11, 22, 7, tzinfo=UTC)
Rows = list[tuple[float, str]]


def timed(rows: Rows) -> pl.DataFrame:
    count = len(rows)
    return pl.DataFrame(
        {
            "node": ["n"] * count,
            "identifier": [writer for _, writer in rows],
            "pid": pl.Series([7] * count, dtype=pl.Int64),
            "time": pl.Series([START + timedelta(seconds=second) for second, _ in rows], dtype=TIME),
            "line": range(1, count + 1),
            "offset": pl.Series([None] * count, dtype=pl.Int64),
            "text": [f"line {n}" for n in range(1, count + 1)],
        }
    )


def told(*parts: pl.DataFrame) -> pl.DataFrame:
    found = Silences()
    for part in parts:
        found.add(part)
    return found.frame()


@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["kubelet", "dockerd"])), min_size=40, max_size=80),
    st.lists(st.integers(0, 80), max_size=6),
    st.randoms(use_true_random=False),
)
def test_neither_borders_of_batches_nor_their_order_matter(rows: Rows, cuts: list[int], random: object) -> None:
    whole = timed(rows)
    borders = sorted({0, *(cut for cut in cuts if cut < len(rows)), len(rows)})
    parts = [whole[begin:end] for begin, end in pairwise(borders)]
    once = told(whole)
    assert told(*parts).equals(once)
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert told(*parts).equals(once)


@given(st.lists(st.integers(0, 2000), min_size=20, max_size=60))
def test_silences_are_the_longest_steps(seconds: list[int]) -> None:
    found = told(timed([(second, "kubelet") for second in seconds])).filter(~pl.col("whole"))
    steps = [b - a for a, b in pairwise(sorted(set(seconds))) if b - a > 1]
    lengths = (found["first_time"] - found["last_time"]).dt.total_seconds().to_list()
    assert sorted(lengths, reverse=True) == sorted(steps, reverse=True)[: silences._LONGEST]
    for row in found.iter_rows(named=True):
        assert (row["last_time"] - START).total_seconds() == seconds[row["last_line"] - 1]
        assert row["first_text"] == f"line {row['first_line']}"


def test_all_that_a_source_holds_is_quiet_only_when_everybody_is() -> None:
    rows: Rows = [(float(n), "kubelet") for n in range(0, 100, 2)] + [(float(n), "dockerd") for n in range(1, 100, 2)]
    rows += [(200.0, "kubelet"), (150.0, "dockerd")]
    found = told(timed(rows)).filter(pl.col("whole"))
    assert (found["first_time"] - found["last_time"]).dt.total_seconds().to_list() == [51, 50]


def test_memory_is_bounded_whatever_the_number_of_silences() -> None:
    found = Silences()
    for begin in range(0, 60_000, 10_000):
        found.add(timed([(3.0 * n, "kubelet") for n in range(begin, begin + 10_000)] + [(3.0 * (begin + 10_000) + 500, "kubelet")]))
    assert found._told is not None
    assert found._told.height <= silences._MOST
    longest = found.frame().filter(~pl.col("whole"))
    assert (longest["first_time"] - longest["last_time"]).dt.total_seconds().max() == 503
    assert longest["floor_us"].unique().to_list() == [4_000_000]


def test_who_wrote_little_has_no_silences() -> None:
    assert told(timed([(n * 10.0, "kubelet") for n in range(10)])).is_empty()
    assert Silences().frame().is_empty()
