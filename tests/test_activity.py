"""Who wrote in a source: the same, however it was cut into batches."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
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


MARKED = st.sampled_from(["a line", "Generating status for", "SyncLoop (PLEG)", "Update machine info:", "é" * 600])


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 9), st.sampled_from(["kubelet", "dockerd"]), st.none() | MARKED), min_size=1, max_size=20)
)
def test_few_records_tell_the_same_as_many(rows: list[tuple[int | None, str, str | None]]) -> None:
    """Each of many is one of few, whose moments, texts and places may be those of several at the same time."""
    frame = records([(second, writer) for second, writer, _ in rows])
    frame = frame.with_columns(message=pl.Series([text for *_, text in rows], dtype=pl.String), raw=pl.lit("raw"))
    few, many = Activity(), Activity()
    few.add(frame)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analyzer.activity.FEW", 0)
        many.add(frame)
    assert few.frame().equals(many.frame())
    assert few.frame().schema == many.frame().schema


def test_a_writer_that_comes_later_is_asked_for_its_own_verbosity() -> None:
    """One that was restarted writes at the level that all others showed before."""
    activity = Activity()
    for pid in (7, 8):
        frame = records([(pid, "kubelet"), (pid, "kubelet")])
        activity.add(frame.with_columns(pid=pl.lit(pid, pl.Int64), message=pl.lit("SyncLoop (PLEG): ...")))
    assert activity.frame().select("pid", "verbosity").rows() == [(7, 2), (8, 2)]


def test_what_is_told_of_a_writer() -> None:
    activity = Activity()
    activity.add(records([(5, "kubelet"), (1, "kubelet"), (9, "dockerd"), (None, "kubelet")]))
    activity.add(records([(30, "kubelet")]))
    rows = activity.frame().select("identifier", "records", "first_text", "last_text", "pace_us").rows()
    assert rows == [("kubelet", 3, "line 2", "line 1", 25_000_000), ("dockerd", 1, "line 3", "line 3", None)]
