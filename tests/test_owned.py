"""What is kept of a batch does not keep the batch."""

import polars as pl

from analyzer.owned import owned


def held(series: pl.Series) -> int:
    """Bytes of all buffers that an array of strings holds on to."""
    array = series.to_arrow(compat_level=pl.CompatLevel.newest())
    return sum(len(buffer) for buffer in array.buffers() if buffer is not None)


def test_some_rows_hold_no_more_than_themselves() -> None:
    batch = pl.DataFrame({"number": range(1000), "text": [f"{n} " + "x" * 10_000 for n in range(1000)]})
    some = batch[:2]
    kept = owned(some)
    assert held(some["text"]) > 5_000_000
    assert held(kept["text"]) < 100_000
    assert kept.equals(some)


def test_nulls_stay() -> None:
    frame = pl.DataFrame({"text": [None, "", "a"]}, schema={"text": pl.String})
    assert owned(frame).equals(frame)
