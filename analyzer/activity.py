"""Who wrote in a source, from when to when: signs of life, how long a writer is usually quiet, when it was quiet for long.

A source is read in batches whose borders mean nothing: what is told of a writer is the same however they lie. Where there are very many
writers, fewer of them are told apart (``told_apart``).
"""

from typing import Any

import polars as pl

from analyzer.few import FEW, kept
from analyzer.owned import owned
from analyzer.silences import Silences
from analyzer.told_apart import LAST, MOST, alone, named
from analyzer.verbosity import levels
from analyzer.vocabulary import ACTIVITY, TIME

_PACE = 12
"""So many of a writer's last moments show how long it is usually quiet."""
_WRITER = ["node", "identifier", "pid", "boot_id"]
_COLUMNS = [c for c in ACTIVITY if c != "source_id"]
_NOTHING = pl.DataFrame(schema={c: ACTIVITY[c] for c in _COLUMNS})
_PLACE = ("time", "line", "offset", "text")
_TAKEN = [
    pl.col(*_WRITER, "resolution_us", "time", "line", "offset", "message"),
    pl.coalesce("message", "raw").str.slice(0, 500).alias("text"),
]
_SHOWN = [
    pl.col("moments").list.diff().list.max().dt.total_microseconds().alias("pace_us"),
    pl.when(pl.col("verbosity").is_not_null()).then("verbosity_text").alias("verbosity_text"),
]


_NUMBERS = {"first_time": pl.Int64(), "last_time": pl.Int64(), "moments": pl.List(pl.Int64)}
_TOLD = {
    name: _NUMBERS.get(name) or ACTIVITY[name]
    for name in (
        *(*_WRITER, "resolution_us", "records"),
        *(f"{which}_{part}" for which in ("first", "last") for part in _PLACE),
        *("verbosity", "verbosity_text", "moments"),
    )
}
_AS_TIMES = [pl.col("first_time", "last_time").cast(TIME), pl.col("moments").cast(pl.List(TIME))]
"""Moments are made as numbers, which takes a tenth of what it takes to make them of Python's own times."""


class Activity:
    """Adds up batches of records (RECORDS without ``source_id``) of one source."""

    def __init__(self) -> None:
        self._told: pl.DataFrame | None = None
        self._step = 0  # of told_apart
        self._silences = Silences()

    def add(self, records: pl.DataFrame) -> None:
        untimed = records["time"].null_count()
        if untimed == records.height:
            return
        timed = (kept(records, records["time"].is_not_null()) if untimed else records).select(_TAKEN)
        self._silences.add(timed)
        timed = named(timed, self._step)
        shown = levels(timed["message"], self._least(timed))
        self._add(of_few(timed, shown) if timed.height < FEW else owned(_of_many(timed, shown)))

    def absorb(self, later: "Activity") -> None:
        """Of the next part of the same source."""
        self._silences.absorb(later._silences)
        self._take(later._step)
        if later._told is not None:
            self._add(_put_together(later._told, self._step) if later._step < self._step else later._told)

    def _add(self, found: pl.DataFrame) -> None:
        """Of writers that are told apart as those here are."""
        self._told = found if self._told is None else _merged(pl.concat([self._told, found]), pl.col("moments").explode())
        while self._told.height > MOST and self._step < LAST:
            self._take(self._step + 1)

    def _take(self, step: int) -> None:
        """Tell no more apart than at some step."""
        if self._told is not None and step > self._step:
            self._told = _put_together(self._told, step)
        self._step = max(self._step, step)

    @property
    def seen(self) -> bool:
        """Whether any record had a time."""
        return self._told is not None

    def frame(self) -> pl.DataFrame:
        """ACTIVITY without ``source_id``, one row a writer, in the order in which they begin to write."""
        if self._told is None:
            return _NOTHING
        told = self._told
        if self._step:  # of several writers together no verbosity is told
            told = told.with_columns(pl.when(alone(told, self._step)).then(pl.col("verbosity", "verbosity_text")))
        return told.with_columns(_SHOWN)[_COLUMNS]

    def silences(self) -> pl.DataFrame:
        """SILENCES without ``source_id``: of those who wrote enough to have a pace."""
        return self._silences.frame()

    def _least(self, timed: pl.DataFrame) -> int:
        """What every writer is known to show already, those of these records too: no line of that level tells more."""
        least = None if self._told is None else self._told["verbosity"].fill_null(0).min()
        if self._told is None or not isinstance(least, int) or not least:
            return 0
        new = timed.select(_WRITER).join(self._told.select(_WRITER), on=_WRITER, how="anti", nulls_equal=True)
        return 0 if new.height else least


def of_few(timed: pl.DataFrame, shown: pl.Series) -> pl.DataFrame:
    """The same as ``_of_many``, of few records. ``shown``: the level that each shows."""
    resolutions, places = timed["resolution_us"].to_list(), list(zip(*(timed[part].to_list() for part in _PLACE[1:]), strict=True))
    times, verbosity = timed["time"].cast(pl.Int64).to_list(), shown.to_list()
    writers: dict[tuple[Any, ...], list[int]] = {}
    for at, writer in enumerate(zip(*(timed[name].to_list() for name in _WRITER), strict=True)):
        writers.setdefault(writer, []).append(at)
    rows = []
    for writer, mine in writers.items():
        first, last = min(mine, key=times.__getitem__), max(mine, key=times.__getitem__)
        highest = max(mine, key=lambda at: verbosity[at] or 0)
        coarsest = max((us for at in mine if (us := resolutions[at]) is not None), default=None)
        moments = sorted({times[at] for at in mine})[-_PACE:]
        edges = (times[first], *places[first], times[last], *places[last])
        rows.append((*writer, coarsest, len(mine), *edges, verbosity[highest], places[highest][-1], moments))
    return pl.DataFrame(rows, schema=_TOLD, orient="row").with_columns(_AS_TIMES)


def _of_many(timed: pl.DataFrame, shown: pl.Series) -> pl.DataFrame:
    places = {f"{which}_{part}": part for which in ("first", "last") for part in _PLACE}
    one = timed.select(*_WRITER, "resolution_us", records=pl.lit(1, pl.Int64), **places, verbosity=shown, verbosity_text="text")
    return _merged(one, moments=pl.col("last_time"))


def _merged(parts: pl.DataFrame, moments: pl.Expr) -> pl.DataFrame:
    """One row a writer, of rows in the order in which they were written. ``moments``: the last ones that each row knows."""
    # Of several at the same time the first: arg_max of a column that is known to be sorted would be the last of them.
    first, last = pl.col("first_time").arg_min(), (pl.col("last_time") == pl.col("last_time").max()).arg_max()
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


def _put_together(told: pl.DataFrame, step: int) -> pl.DataFrame:
    """One row for all writers that are not told apart at a step, of rows in the order in which their writers began."""
    first, last = ([f"{which}_{part}" for part in ("time", "line", "offset")] for which in ("first", "last"))
    before, after = (pl.col(f"{which}_{part}" for part in _PLACE) for which in ("first", "last"))
    found = (
        named(told, step)
        .group_by(_WRITER, maintain_order=True)
        .agg(
            pl.col("resolution_us").max(),
            pl.col("records").sum(),
            before.sort_by(first).first(),
            after.sort_by(last, descending=[True, False, False]).first(),
            pl.col("verbosity", "verbosity_text").first(),
            pl.col("moments").explode().unique().sort().tail(_PACE),
        )
    )
    return found[told.columns]
