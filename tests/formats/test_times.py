"""Written times: few of them by Python, many by polars, and the same of both; dates as Python's own calendar has them."""

from datetime import datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analyzer.few import FEW
from analyzer.formats.times import dated, since_midnight, utc

TWO = st.integers(0, 99).map(lambda n: f"{n:02}")
CLOCKS = st.none() | st.tuples(TWO, TWO, TWO).map(":".join)
FRACTIONS = st.none() | st.from_regex("[0-9]{0,9}", fullmatch=True)
DATES = st.none() | st.tuples(st.integers(0, 9999).map(lambda n: f"{n:04}"), TWO, TWO).map("-".join)
ZONES = st.sampled_from([None, "", "Z", "+0530", "-03:30", "+00:00", "-0000", "+01"])


def few_and_many(frame: pl.DataFrame, expression: pl.Expr) -> None:
    many = pl.concat([frame] * FEW).select(expression).to_series()
    assert many[: frame.height].equals(frame.select(expression).to_series())


@given(st.lists(st.tuples(CLOCKS, FRACTIONS), min_size=1, max_size=4))
def test_times_of_day(rows: list[tuple[str | None, str | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"clock": pl.String, "fraction": pl.String}, orient="row")
    few_and_many(frame, since_midnight(pl.col("clock"), pl.col("fraction")))


@given(st.lists(st.tuples(DATES, CLOCKS, FRACTIONS, ZONES), min_size=1, max_size=4))
def test_moments_with_a_zone(rows: list[tuple[str | None, ...]]) -> None:
    names = ("date", "clock", "fraction", "zone")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    few_and_many(frame, utc(*map(pl.col, names)))


PART = st.none() | st.integers(-1, 32)


@given(st.none() | st.integers(-2, 10_001), PART, PART, st.none() | st.integers(0, 86_400_999_999))
def test_dates(year: int | None, month: int | None, day: int | None, since: int | None) -> None:
    try:
        expected = datetime(year, month, day) + timedelta(microseconds=since)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        expected = None
    schema = dict.fromkeys(("year", "month", "day", "since"), pl.Int64)
    found = pl.DataFrame([(year, month, day, since)], schema=schema, orient="row").select(dated(*map(pl.col, schema)))
    assert found.dtypes == [pl.Datetime("us")]
    if (year, month, day) != (9999, 12, 31):  # the end of which Python cannot go beyond
        assert found.item() == expected
