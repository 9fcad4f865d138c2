"""Times of many events at once, against each of them looked at alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.grammars.api_times import moments, occurrences
from analyzer.vocabulary import EARLIEST, LATEST

COLUMNS = ("first", "last", "exact", "created", "series", "called", "several")
NEAR = datetime(2026, 11, 22, 7, 4, 2, tzinfo=UTC)
TIMES = st.none() | st.sampled_from(
    [
        "", "x", "2026-11-22T07:04:02Z", "2026-11-22T07:04:03Z", "2026-11-22T07:04:03.000001Z", "2026-11-22T09:09:02.123456789Z",
        "2026-11-22T23:59:60Z", "2026-02-30T00:00:00Z", "2026-11-22T08:04:02+01:00", "2026-11-22", "0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00", "２026-11-22T07:04:02Z",
        "2026-11-22T24:00:00Z", "2026-11-22T07:04:02z", "2026-11-22T07:04:02Z\n", "2026-1-22T7:04:02Z",
    ]
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(["", "x", "x.ffffffffffffffff", "x.000000000000000", "x.18EA4C1217864B1E"]),
    st.integers(-(3 * 10**9), 3 * 10**9).map(lambda off: f"x.{int(NEAR.timestamp()) * 10**9 + off:x}"),
    st.integers(-90_000, 90_000).map(lambda off: f"x.{(int(NEAR.timestamp()) + off) * 10**9:x}\n"),
)
ROWS = st.fixed_dictionaries({**dict.fromkeys(COLUMNS[:5], TIMES), "called": NAMES, "several": st.sampled_from([None, " (x2)"])})


def alone(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment < LATEST else None


def named(name: str, written: datetime | None, created: datetime | None) -> datetime | None:
    stem, _, suffix = name.removesuffix("\n").rpartition(".")
    near, off = (written, timedelta(seconds=2)) if written else (created, timedelta(days=1))
    if not stem or near is None or len(suffix) not in (15, 16) or suffix != suffix.lower():
        return None
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(suffix, 16) // 1000)
    return moment if abs(moment - near) < off else None


@given(st.lists(ROWS, max_size=6))
def test_occurrences(rows: list[dict[str, Any]]) -> None:
    found = occurrences(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)))
    for row, told in zip(rows, found.iter_rows(named=True), strict=True):
        first, last, exact, created, series = (alone(row[name]) for name in COLUMNS[:5])
        sharp = exact or named(row["called"], first or exact, created)
        begin, end = sharp or first or last or created, series or last
        assert (told["time"], told["resolution_us"]) == (begin, 1 if sharp else 1_000_000)
        several = (series or row["several"]) and begin and end and end - begin > timedelta(seconds=1)
        assert told["end"] == (end if several else None)
        assert told["end_us"] == (1 if series else 1_000_000)


@pytest.mark.parametrize("texts", [[], [None], ["", None]])
def test_nothing(texts: list[str | None]) -> None:
    assert moments(pl.Series(texts, dtype=pl.String)).to_list() == [None] * len(texts)
