"""Few rows: to ask polars for something takes longer than to do it, and a must-gather has thousands of sources of few rows.

What is done on series instead of frames, or by Python, gives the same; it pays below some dozens of rows.
"""

from functools import lru_cache

import polars as pl

FEW = 50


def kept(frame: pl.DataFrame, mask: pl.Series) -> pl.DataFrame:
    """``frame.filter(mask)``."""
    if frame.height >= FEW:
        return frame.filter(mask)
    if not mask.null_count() and mask.all():
        return frame
    return pl.DataFrame([column.filter(mask) for column in frame.get_columns()]) if mask.any() else frame.clear()


def known(mask: pl.Series) -> pl.Series:
    """A mask without nulls: what is not known is False."""
    return mask.fill_null(False) if mask.null_count() else mask


def nulls(name: str, dtype: pl.DataType, height: int) -> pl.Series:
    """A column of nulls."""
    return _null(name, dtype).new_from_index(0, height)


@lru_cache(maxsize=512)
def _null(name: str, dtype: pl.DataType) -> pl.Series:
    return pl.Series(name, [None], dtype)
