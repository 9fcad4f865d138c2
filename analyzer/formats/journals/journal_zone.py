"""Whose zone the times of a journal's text are in: the reader's, who ran journalctl; and it is not written.

The messages inside bear their writer's clock (journal_clocks). The difference, in quarters of an hour, tells how far
the written times are from UTC: for certain where that clock is UTC, and if the node's processes run in UTC where it is
klog's. The difference holds until it changes (winter time).
"""

from collections.abc import Generator, Iterable
from datetime import tzinfo

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.few import nulls
from analyzer.formats.base import ReadContext
from analyzer.formats.journals.journal_clocks import clocks, klog_times
from analyzer.formats.times import behind, minutes_east, to_utc
from analyzer.vocabulary import TIME

_QUARTER = 15 * 60 * 1_000_000
_SLACK = 2 * 60 * 1_000_000
"""A message is that much older than its record at most; a larger difference is of another making."""
_HALF_A_YEAR = 183 * 86_400_000_000
_EASTMOST, _WESTMOST = 14 * 60, -12 * 60  # minutes
_RUN = 3
"""So many messages in a row must agree on a difference before it is believed."""
_CHANGES = 3
"""A source whose difference changes more often has writers in several zones: the most common one holds."""

Told = tuple[pl.Series, pl.Series]
"""Local times, and the messages with them."""
Minutes = npt.NDArray[np.int64]


class Zone:
    """The zone of one source's written times, from one batch to the next."""

    def __init__(self, context: ReadContext, header: int | None = None) -> None:
        """``header``: minutes east of Greenwich, if the journal's own header tells."""
        self.zone: tzinfo = context.zone
        self.stated = context.stated
        self.header = None if context.stated else header
        self.before: int | None = None  # minutes east, as the last message told
        self._last: int | None = None  # that message's time, in us UTC
        self._told: list[int] = []
        self._sure = False
        self._looked = False
        self._taken: set[str] = set()  # abbreviations that were taken for the context's zone; "" for none

    def utc(self, local: pl.Series, zone: pl.Series, message: pl.Series, ahead: Generator[Told]) -> pl.Series:
        """Naive local times as UTC. ``zone``: what is written beside them, an offset or an abbreviation, or null.

        ``ahead``: times and messages of the whole source, if these do not tell.
        """
        east = _east(zone)
        unknown = local.is_not_null() & east.is_null()
        if unknown.any():
            if self.stated:
                return _shifted(local, east).fill_null(to_utc(local, self.zone))
            found = self._inferred(local.filter(unknown), message.filter(unknown))
            if found is None and not self._looked:
                self._looked = True
                found = self._foreseen(ahead, int(unknown.sum()))
            named = bool(zone.filter(unknown).is_not_null().any())
            if found is None or (named and not (found != 0).any()):  # UTC has no other name
                self._taken |= {str(text or "") for text in zone.filter(unknown).unique()}
                return _shifted(local, east).fill_null(to_utc(local, self.zone))
            east = east.scatter(unknown.arg_true(), found)
        return _shifted(local, east)

    def _foreseen(self, ahead: Generator[Told], size: int) -> pl.Series | None:
        """Minutes east of the first messages of the source that tell."""
        for local, message in ahead:
            told = _differences(local, message)[0].drop_nulls().to_numpy()
            if self.before is None and len(told):
                self.before = int(told[_steady(told, 1)][0])
                break
        ahead.close()
        return None if self.before is None else _all(self.before, size)

    def notes(self) -> Iterable[str]:
        """How the zone was found, for the reader."""
        if self._told and not self._taken:
            inside = "times" if self._sure else "klog headers"
            yield f"times are {', then '.join(dict.fromkeys(map(behind, self._told)))}, as the {inside} inside tell"
        elif self.header is not None:
            yield f"times are {behind(self.header)}, as the journal's header tells"
        for text in sorted(self._taken):
            what = f"the zone {text} of its times is ambiguous" if text else "its times lack the zone"
            yield f"{what}: taken as {self.zone.tzname(None) or self.zone}"

    def _inferred(self, local: pl.Series, message: pl.Series) -> pl.Series | None:
        """Minutes east of each; None if nothing tells."""
        if self.header is not None:
            return _all(self.header, len(local))
        difference, sure = _differences(local, message)
        rows = difference.is_not_null().arg_true().to_numpy()
        values = difference.drop_nulls().to_numpy()
        if len(values):
            steady = _steady(values, _RUN if self.before is not None else 1)
            rows, values = rows[steady], values[steady]
        if not len(values):
            return None if self.before is None else _all(self.before, len(local))
        self._sure |= sure
        self._told += [int(v) for v in values[np.append(True, values[1:] != values[:-1])] if [int(v)] != self._told[-1:]]
        offsets = self._spread(local.dt.epoch("us").fill_null(0).to_numpy(), rows, values)
        self.before = int(values[-1])
        self._last = int(local.dt.epoch("us")[int(rows[-1])]) - self.before * 60_000_000
        return pl.Series(offsets, dtype=pl.Int64)

    def _spread(self, local: Minutes, rows: Minutes, values: Minutes) -> Minutes:
        """The difference of each row, given that of some: the nearest one's, and between two the one that keeps time in order."""
        at = np.searchsorted(rows, np.arange(len(local)), side="right")
        first = values[0] if self.before is None else self.before
        earlier = np.append(first, values)[at]
        later = np.append(values, values[-1])[at]
        known = local[rows] - values * 60_000_000
        begin = np.append(known[0] if self._last is None else self._last, known)[at]
        end = np.append(known, known[-1])[at]
        moment = local - earlier * 60_000_000
        ordered = (moment >= np.minimum(begin, end) - _SLACK) & (moment <= np.maximum(begin, end) + _SLACK)
        spread: Minutes = np.where(ordered | (earlier == later), earlier, later)
        spread[rows] = values
        return spread


def _differences(local: pl.Series, message: pl.Series) -> tuple[pl.Series, bool]:
    """Minutes that a record's time is east of the clock in its message, null where that tells nothing; and whether it is UTC."""
    found = clocks(message)
    sure = found["exact"].is_not_null().any()  # then klog's, in whatever zone, need not be asked
    rows = pl.DataFrame({"local": local, "inner": found["exact"] if sure else klog_times(found, local.dt.year())})
    # The year may be a guess, and is another one in another zone: it is not compared.
    inner = pl.col("inner").dt.offset_by(pl.format("{}y", pl.col("local").dt.year() - pl.col("inner").dt.year()))
    rows = rows.with_columns(inner).with_columns(leap=(pl.col("local") - pl.col("inner")).dt.total_microseconds())
    year = pl.when(pl.col("leap") > _HALF_A_YEAR).then(pl.lit("1y")).when(pl.col("leap") < -_HALF_A_YEAR).then(pl.lit("-1y"))
    inner = pl.col("inner").dt.offset_by(year.otherwise(pl.lit("0y")))
    rows = rows.with_columns(inner).with_columns(leap=(pl.col("local") - pl.col("inner")).dt.total_microseconds())
    quarters = (pl.col("leap") / _QUARTER).round()
    minutes = (quarters * 15).cast(pl.Int64)
    near = ((pl.col("leap") - quarters * _QUARTER).abs() <= _SLACK) & minutes.is_between(_WESTMOST, _EASTMOST)
    return rows.select(pl.when(near).then(minutes)).to_series(), sure


def _steady(values: Minutes, run: int) -> npt.NDArray[np.bool_]:
    """Which of consecutive differences to believe: those that hold for ``run`` messages, or as long as any does."""
    begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    lengths = np.diff(np.append(begins, len(values)))
    believed: npt.NDArray[np.bool_] = np.repeat(lengths >= min(_RUN, max(run, int(lengths.max()))), lengths)
    left = values[believed]
    if np.count_nonzero(left[1:] != left[:-1]) > _CHANGES:
        distinct, counts = np.unique(values, return_counts=True)
        believed = values == distinct[counts.argmax()]
    return believed


def _east(zone: pl.Series) -> pl.Series:
    """Minutes east of Greenwich; there are few distinct zones."""
    if zone.null_count() == len(zone):
        return nulls("zone", pl.Int64(), len(zone))
    distinct = zone.unique()
    minutes = distinct.alias("zone").to_frame().select(minutes_east(pl.col("zone"))).to_series()
    if len(distinct) < 2:
        return minutes.new_from_index(0, len(zone)) if len(zone) else minutes
    return zone.replace_strict(distinct, minutes, return_dtype=pl.Int64)


def _all(minutes: int, size: int) -> pl.Series:
    return pl.Series([minutes], dtype=pl.Int64).new_from_index(0, size)


def _shifted(local: pl.Series, east: pl.Series) -> pl.Series:
    return (local - (east * 60_000_000).cast(pl.Duration("us"))).dt.replace_time_zone("UTC").cast(TIME)
