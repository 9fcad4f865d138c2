"""Written times into UTC: local times without a zone, and dates without a year."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from typing import BinaryIO

import numpy as np
import polars as pl

from analyzer.few import FEW
from analyzer.formats.lines import chunks
from analyzer.vocabulary import TIME

_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_HALF_A_YEAR = 186  # in days of a year of 12 months of 31 days


def to_utc(local: pl.Series, zone: tzinfo) -> pl.Series:
    """Naive local times (Datetime us) as UTC; of the hour that a change to winter time repeats, the first one is meant.

    Offsets change at full quarters of an hour at most, so that each quarter's offset is looked up but once.
    """
    if zone is UTC:
        return local.dt.replace_time_zone("UTC").cast(TIME)
    quarter = local.dt.truncate("15m")
    known = quarter.drop_nulls().unique()
    offsets = [_offset(moment, zone) for moment in known.to_list()]
    table = pl.DataFrame({"quarter": known, "offset": pl.Series(offsets, dtype=pl.Duration("us"))})
    offset = quarter.alias("quarter").to_frame().join(table, on="quarter", how="left", maintain_order="left")["offset"]
    return (local - offset).dt.replace_time_zone("UTC").cast(TIME)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    try:
        return moment.replace(tzinfo=zone).utcoffset() or timedelta()
    except OverflowError:
        return timedelta()


def since_1970(text: str) -> int:
    """Microseconds since 1970 of RFC 3339, finer digits cut off. ValueError: it is none, or has no zone."""
    try:
        moment = datetime.fromisoformat(text)
        since = moment.astimezone(UTC) - _1970
    except (ValueError, OverflowError) as error:
        raise ValueError("no such time") from error
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return since // timedelta(microseconds=1)


_ABBREVIATIONS = {  # minutes east of Greenwich, of those that mean one zone only: not CST, IST, BST ...
    **dict.fromkeys(("Z", "UTC", "GMT", "UCT", "WET"), 0),
    **dict.fromkeys(("CET", "WEST", "MET", "WAT"), 60),
    **dict.fromkeys(("EET", "CEST", "MEST", "CAT", "SAST"), 120),
    **dict.fromkeys(("EEST", "MSK", "EAT", "IDT"), 180),
    **dict.fromkeys(("PKT",), 300),
    **dict.fromkeys(("WIB",), 420),
    **dict.fromkeys(("HKT", "SGT", "AWST", "WITA"), 480),
    **dict.fromkeys(("JST", "KST", "WIT"), 540),
    **dict.fromkeys(("ACST",), 570),
    **dict.fromkeys(("AEST", "ChST"), 600),
    **dict.fromkeys(("ACDT",), 630),
    **dict.fromkeys(("AEDT",), 660),
    **dict.fromkeys(("NZST",), 720),
    **dict.fromkeys(("NZDT",), 780),
    **dict.fromkeys(("NST",), -210),
    **dict.fromkeys(("NDT",), -150),
    **dict.fromkeys(("ADT",), -180),
    **dict.fromkeys(("EDT",), -240),
    **dict.fromkeys(("EST", "CDT"), -300),
    **dict.fromkeys(("MDT",), -360),
    **dict.fromkeys(("MST", "PDT"), -420),
    **dict.fromkeys(("PST", "AKDT"), -480),
    **dict.fromkeys(("AKST", "HDT"), -540),
    **dict.fromkeys(("HST",), -600),
}


def minutes_east(zone: pl.Expr) -> pl.Expr:
    """Minutes east of Greenwich of ``+05:30``, ``+0530``, ``+05`` or an abbreviation that means one zone only; else null."""
    hours = zone.str.extract(r"^([+-]\d\d)", 1).cast(pl.Int64)
    minutes = zone.str.extract(r"^...:?(\d\d)$", 1).cast(pl.Int64).fill_null(0)
    numeric = hours * 60 + pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    return pl.coalesce(numeric, zone.replace_strict(_ABBREVIATIONS, default=None, return_dtype=pl.Int64))


def behind(minutes: int) -> str:
    """An offset in words: '5:30 h ahead of UTC'."""
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"{hours}{f':{rest:02}' if rest else ''} h {'ahead of' if minutes > 0 else 'behind'} UTC"


def moments(year: pl.Expr, month: pl.Expr, day: pl.Expr, clock: pl.Expr, fraction: pl.Expr) -> pl.Expr:
    """Naive Datetime of integers, ``HH:MM:SS`` and up to six digits behind the point; null where there is no such moment."""
    return dated(year, month, day, since_midnight(clock, fraction))


def dated(year: pl.Expr, month: pl.Expr, day: pl.Expr, since: pl.Expr) -> pl.Expr:
    """Naive Datetime of a date and microseconds since its midnight; null where there is no such date."""
    return pl.map_batches([year, month, day, since], _dated, return_dtype=pl.Datetime("us"))


def _dated(parts: Sequence[pl.Series]) -> pl.Series:
    """numpy counts days in months; as an expression this takes twenty steps."""
    year, month, day, since = (np.atleast_1d(part.cast(pl.Float64).to_numpy()) for part in parts)  # nulls are NaN, which is between nothing
    known = (year >= 1) & (year <= 9999) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31) & (since == since)
    months = (np.where(known, (year - 1970) * 12 + month - 1, 0)).astype(np.int64).astype("M8[M]")
    days = months.astype("M8[D]") + np.where(known, day - 1, 0).astype(np.int64)
    known &= days.astype("M8[M]") == months
    moments = days.astype("M8[us]") + np.where(known, since, 0).astype(np.int64)
    return pl.Series(parts[0].name, np.where(known, moments, np.datetime64("NaT", "us")))


def since_midnight(clock: pl.Expr, fraction: pl.Expr) -> pl.Expr:
    """Microseconds of ``HH:MM:SS`` and up to six digits behind the point; null where there is no such time of day."""
    return pl.map_batches([clock, fraction], _since_midnight, return_dtype=pl.Int64)


def _since_midnight(parts: Sequence[pl.Series]) -> pl.Series:
    clock, fraction = parts
    if len(clock) >= FEW:
        return pl.select(of_day(pl.lit(clock), pl.lit(fraction))).to_series().alias(clock.name)
    fractions = fraction.to_list() * (len(clock) if len(fraction) == 1 else 1)
    return pl.Series(clock.name, [_of_day(*both) for both in zip(clock.to_list(), fractions, strict=True)], pl.Int64)


def _of_day(clock: str | None, fraction: str | None) -> int | None:
    digits = [clock[:2], clock[3:5], clock[6:8], f"{fraction or ''}000000"[:6]] if clock is not None else [""]
    if not all(part.isdigit() and part.isascii() for part in digits):
        return None
    hour, minute, second, micros = map(int, digits)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros if hour < 24 and minute < 60 and second < 61 else None


def of_day(clock: pl.Expr, fraction: pl.Expr) -> pl.Expr:
    """The same for many."""
    hour, minute, second = (clock.str.slice(at, 2).cast(pl.Int64, strict=False) for at in (0, 3, 6))
    micros = (fraction.fill_null("") + "000000").str.slice(0, 6).cast(pl.Int64, strict=False)
    since = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros
    return pl.when((hour < 24) & (minute < 60) & (second < 61)).then(since)


def utc(date: pl.Expr, clock: pl.Expr, fraction: pl.Expr, zone: pl.Expr) -> pl.Expr:
    """Of ``YYYY-MM-DD``, ``HH:MM:SS``, digits behind the point and ``+HH:MM`` or ``+HHMM`` (none: UTC); null if there is no such date."""
    return pl.map_batches([date, clock, fraction, zone], _utc, return_dtype=TIME)


def _utc(parts: Sequence[pl.Series]) -> pl.Series:
    date, clock, fraction, zone = parts
    if len(date) >= FEW:
        return pl.select(utc_of_many(*map(pl.lit, parts))).to_series().alias(date.name)
    whole = (date + " " + clock).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False).cast(pl.Int64)
    shifts = [_shift(*both) for both in zip(fraction.to_list(), zone.to_list(), strict=True)]
    return (whole + pl.Series(shifts, dtype=pl.Int64)).cast(TIME).alias(date.name)


def _shift(fraction: str | None, zone: str | None) -> int:
    """Microseconds from a whole second as written to the moment in UTC."""
    digits = (zone or "").replace(":", "", 1)
    hours, minutes = digits[1:3], digits[3:5]
    east = int(hours) * 60 + int(minutes) if hours.isdigit() and minutes.isdigit() else 0
    return int((fraction or "")[:6].ljust(6, "0")) - (-east if digits.startswith("-") else east) * 60_000_000


def utc_of_many(date: pl.Expr, clock: pl.Expr, fraction: pl.Expr, zone: pl.Expr) -> pl.Expr:
    """The same for many."""
    micros = fraction.str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64).fill_null(0)
    digits = zone.str.replace(":", "", literal=True)
    minutes = digits.str.slice(1, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(3, 2).cast(pl.Int64, strict=False)
    east = pl.when(digits.str.starts_with("-")).then(-minutes).otherwise(minutes).fill_null(0)
    whole = pl.concat_str(date, clock, separator=" ").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    shift = pl.duration(microseconds=micros, time_unit="us") - pl.duration(minutes=east, time_unit="us")
    return (whole + shift).dt.replace_time_zone("UTC").cast(TIME)


class Years:
    """The year of each date of a source that writes none: it changes where the date leaps by more than half a year.

    Smaller steps back are the clock's, or another file's that was appended; a leap forward is a source in reverse order.
    """

    def __init__(self, first: int) -> None:
        self.year = first  # of the date that was last seen
        self._day: int | None = None

    def of(self, month: pl.Series, day: pl.Series) -> pl.Series:
        """Years of consecutive dates; null where there is no date."""
        days = month.cast(pl.Int64) * 31 + day.cast(pl.Int64)
        known = days.drop_nulls().to_numpy()
        if not len(known):
            return pl.Series([None] * len(days), dtype=pl.Int64)
        before = np.concatenate(([known[0] if self._day is None else self._day], known[:-1]))
        leaps = (before - known > _HALF_A_YEAR).astype(np.int64) - (known - before > _HALF_A_YEAR)
        years = self.year + np.cumsum(leaps)
        self.year, self._day = int(years[-1]), int(known[-1])
        if len(known) == len(days):
            return pl.Series(years)
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, len(days)).scatter(days.is_not_null().arg_true(), years)

    def restart(self, year: int) -> None:
        """From here on dates are of ``year``, whatever came before."""
        self.year, self._day = year, None


@contextmanager
def rereadable(stream: BinaryIO) -> Iterator[BinaryIO]:
    """The stream itself, or a copy of what is left of it, if it cannot be read twice."""
    if stream.seekable():
        yield stream
        return
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield copy


def first_year(stream: BinaryIO, last: int, dates: Callable[[pl.DataFrame], tuple[pl.Series, pl.Series]]) -> int:
    """The year of a source's first date, given that of its last one. Reads ahead, and comes back.

    ``dates`` gives month and day of a frame of lines.
    """
    begin = stream.tell()
    years = Years(0)
    for frame in chunks(stream):
        years.of(*dates(frame))
    stream.seek(begin)
    return last - years.year
