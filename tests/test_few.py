"""What is done with few rows gives what polars gives."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analyzer.few import FEW, kept, known, nulls


@given(st.lists(st.none() | st.booleans(), max_size=6), st.sampled_from([1, FEW]))
def test_rows_are_kept_by_a_mask(mask: list[bool | None], times: int) -> None:
    frame = pl.DataFrame(
        {"a": [str(n) for n in range(len(mask) * times)], "b": [None] * len(mask) * times}, schema={"a": pl.String, "b": pl.Int64}
    )
    series = pl.Series(mask * times, dtype=pl.Boolean)
    assert kept(frame, series).equals(frame.filter(series))
    assert kept(frame, series).schema == frame.schema
    assert known(series).to_list() == [bool(value) for value in mask * times]


def test_columns_of_nulls() -> None:
    for height in (0, 1, 3):
        column = nulls("a", pl.Datetime("us", "UTC"), height)
        assert (column.name, column.dtype, column.to_list()) == ("a", pl.Datetime("us", "UTC"), [None] * height)
