"""Who wrote in a source: the same, however it was cut into batches."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analyzer.activity import Activity
from analyzer.formats.lines import conform
from analyzer.vocabulary import RECORDS

START = datetime(2026, 11, 22, 7, tzinfo=UTC)


def records(rows: list[tuple[int | None, str]]) -> pl.DataFrame:
    times = [None if second is None else START + timedelta(seconds=second) for second, _ in rows]
    frame = pl.DataFrame(
        {
            "line": range(1, len(rows) + 1),
            "time": pl.Series(times, dtype=RECORDS["time"]),
            "resolution_us": 1,
            "identifier": [writer for _, writer in rows],
            "message": [f"line {number}" for number in range(1, len(rows) + 1)],
        }
    )
    return conform(frame, RECORDS)


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 99), st.sampled_from(["kubelet", "dockerd"])), min_size=1, max_size=40),
    st.lists(st.integers(0, 40), max_size=6),
)
def test_borders_of_batches_mean_nothing(rows: list[tuple[int | None, str]], cuts: list[int]) -> None:
    whole = records(rows)
    once, parted = Activity(), Activity()
    once.add(whole)
    borders = sorted({0, *(cut for cut in cuts if cut < len(rows)), len(rows)})
    for begin, end in pairwise(borders):
        parted.add(whole[begin:end])
    assert parted.frame().equals(once.frame())


def test_what_is_told_of_a_writer() -> None:
    activity = Activity()
    activity.add(records([(5, "kubelet"), (1, "kubelet"), (9, "dockerd"), (None, "kubelet")]))
    activity.add(records([(30, "kubelet")]))
    rows = activity.frame().select("identifier", "records", "first_text", "last_text", "pace_us").rows()
    assert rows == [("kubelet", 3, "line 2", "line 1", 25_000_000), ("dockerd", 1, "line 3", "line 3", None)]
