"""Who wrote in a source, from when to when: signs of life, how long a writer is usually quiet, when it was quiet for long.

A source is read in batches whose borders mean nothing: what is told of a writer is the same however they lie.
"""

import polars as pl

from analyzer.owned import owned
from analyzer.silences import Silences
from analyzer.verbosity import levels
from analyzer.vocabulary import ACTIVITY

_PACE = 12
"""So many of a writer's last moments show how long it is usually quiet."""
_WRITER = ["node", "identifier", "pid", "boot_id"]
_COLUMNS = [c for c in ACTIVITY if c != "source_id"]


class Activity:
    """Adds up batches of records (RECORDS without ``source_id``) of one source."""

    def __init__(self) -> None:
        self._told: pl.DataFrame | None = None
        self._silences = Silences()

    def add(self, records: pl.DataFrame) -> None:
        timed = records.filter(pl.col("time").is_not_null())
        if timed.is_empty():
            return
        text = pl.coalesce("message", "raw").str.slice(0, 500)
        timed = timed.with_columns(text.alias("text"))
        self._silences.add(timed)
        found = _merged(
            timed.select(
                *_WRITER,
                "resolution_us",
                records=pl.lit(1, pl.Int64),
                first_time="time",
                first_line="line",
                first_offset="offset",
                first_text="text",
                last_time="time",
                last_line="line",
                last_offset="offset",
                last_text="text",
                verbosity=levels(timed["message"], self._least()),
                verbosity_text="text",
            ),
            moments=pl.col("last_time"),
        )
        found = owned(found)
        self._told = found if self._told is None else _merged(pl.concat([self._told, found]), pl.col("moments").explode())

    def absorb(self, later: "Activity") -> None:
        """Of the next part of the same source."""
        self._silences.absorb(later._silences)
        if self._told is None or later._told is None:
            self._told = later._told if self._told is None else self._told
        else:
            self._told = _merged(pl.concat([self._told, later._told]), pl.col("moments").explode())

    @property
    def seen(self) -> bool:
        """Whether any record had a time."""
        return self._told is not None

    def frame(self) -> pl.DataFrame:
        """ACTIVITY without ``source_id``, one row a writer, in the order in which they begin to write."""
        if self._told is None:
            return pl.DataFrame(schema={c: ACTIVITY[c] for c in _COLUMNS})
        pace = pl.col("moments").list.diff().list.max().dt.total_microseconds()
        shown = pl.when(pl.col("verbosity").is_not_null()).then("verbosity_text")
        return self._told.with_columns(pace_us=pace, verbosity_text=shown).select(_COLUMNS)

    def silences(self) -> pl.DataFrame:
        """SILENCES without ``source_id``: of those who wrote enough to have a pace."""
        return self._silences.frame()

    def _least(self) -> int:
        """What every writer is known to show already: no line of that level tells more."""
        least = None if self._told is None else self._told["verbosity"].fill_null(0).min()
        return least if isinstance(least, int) else 0


def _merged(parts: pl.DataFrame, moments: pl.Expr) -> pl.DataFrame:
    """One row a writer, of rows in the order in which they were written. ``moments``: the last ones that each row knows."""
    first, last = pl.col("first_time").arg_min(), pl.col("last_time").arg_max()
    highest = pl.col("verbosity").fill_null(0).arg_max()
    return parts.group_by(_WRITER, maintain_order=True).agg(
        pl.col("resolution_us").max(),
        pl.col("records").sum(),
        pl.col("first_time").min(),
        pl.col("first_line", "first_offset").get(first),
        pl.col("first_text").get(first),
        pl.col("last_time").max(),
        pl.col("last_line", "last_offset").get(last),
        pl.col("last_text").get(last),
        pl.col("verbosity").get(highest),
        pl.col("verbosity_text").get(highest),
        moments.unique().sort().tail(_PACE).alias("moments"),
    )
