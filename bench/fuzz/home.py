"""Work where polars works: in the thread of its pool.

A step of polars that might use many threads is handed to its pool, even if that has one: which is woken, and waited for. With a handful
of rows that takes longer than the step. In the pool's own thread it is a call, and an input takes a quarter less.
"""

from collections.abc import Callable

import polars as pl

from analyzer import ahead

_TWO = pl.DataFrame({"a": [1], "b": [1]})  # of a single column it would stay in the thread that asks


def at_home(work: Callable[[], None]) -> None:
    """Does the work in the pool's thread, if there is but one; there may be no other thread then that needs it."""
    if pl.thread_pool_size() != 1:
        work()
        return
    ahead.limit(1)

    def inside(column: pl.Series) -> pl.Series:
        work()
        return column

    _TWO.select(pl.col("a").map_batches(inside, return_dtype=pl.Int64), pl.col("b") + 1)
