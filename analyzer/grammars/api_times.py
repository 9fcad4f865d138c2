"""When an event of the API happened, of many at once: the first occurrence, and the last of several.

firstTimestamp and lastTimestamp have seconds and may be null; eventTime has microseconds; the event's name ends in the hexadecimal
UnixNano of its first occurrence (client-go GenerateEventName, all versions to 2025): the best time there is. Until v1beta2 (2014)
there was but one ``timestamp``.
"""

from datetime import UTC, datetime
from functools import reduce

import polars as pl

from analyzer.vocabulary import EARLIEST, LATEST, TIME

_SECOND = 1_000_000
_TO_SECONDS = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-5][0-9]"
_USUAL = {
    _TO_SECONDS + "Z$": "%Y-%m-%dT%H:%M:%SZ",  # in a quarter of the time
    _TO_SECONDS + r"\.[0-9]{1,6}Z$": "%Y-%m-%dT%H:%M:%S%.fZ",
}
_NANOS = r"\.([0-9a-f]{15,16})\n?$"
_WRITTEN = ("first", "last", "exact", "created", "series")


def occurrences(told: pl.DataFrame) -> pl.DataFrame:
    """``time`` and ``resolution_us`` of the first occurrence, ``end`` and ``end_us`` of the last if there were several.

    Of columns of text: first, last, exact, created, series, how the event is ``called``, and ``several`` if it was counted more than
    once. A resolution of a second means: within it.
    """
    first, last, exact, created, series = map(pl.col, _WRITTEN)
    sharp = pl.coalesce(exact, _named(pl.coalesce(first, exact), created))
    several = series.is_not_null() | pl.col("several").is_not_null()  # a series counts from 1 or from 2, as its client was of age
    moment = moments(pl.concat([told[name] for name in _WRITTEN]))
    columns = [moment[n * told.height : (n + 1) * told.height].alias(name) for n, name in enumerate(_WRITTEN)]
    times = told.select("called", "several").hstack(columns).with_columns(sharp=sharp)
    times = times.select(
        time=pl.coalesce("sharp", first, last, created),
        resolution_us=pl.when(pl.col("sharp").is_null()).then(_SECOND).otherwise(1),
        end=pl.when(several).then(pl.coalesce(series, last)),
        end_us=pl.when(series.is_null()).then(_SECOND).otherwise(1),
    )
    return times.with_columns(end=pl.when(pl.col("end") - pl.col("time") > pl.duration(seconds=1)).then("end"))


def moments(texts: pl.Series) -> pl.Series:
    """Written times; null: none. Go's zero time is how some clients write null."""
    text = pl.col("text")
    usual = (
        pl.when(text.str.contains(like)).then(text).str.to_datetime(form, time_unit="us", strict=False) for like, form in _USUAL.items()
    )
    times = texts.to_frame("text").select("text", time=reduce(pl.Expr.fill_null, usual).dt.replace_time_zone("UTC"))
    others = times.select(text.is_not_null() & pl.col("time").is_null() & (text != "")).to_series().arg_true()
    found = times["time"]
    if others.len():
        found = found.scatter(others, pl.Series([_moment(text) for text in texts.gather(others)], dtype=TIME))
    return found.to_frame().select(pl.when(pl.all().is_between(EARLIEST, LATEST, closed="left")).then(pl.all())).to_series()


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _named(written: pl.Expr, created: pl.Expr) -> pl.Expr:
    """The moment in an event's name, if it is one: other producers use other suffixes.

    The name and the time of the first occurrence are one reading of one clock, so they differ by less than the second that the latter
    is cut to. The API server writes the creation by its own clock when the event has reached it, which may be an hour later (sent
    again after an outage): it only tells that the suffix is a time at all.
    """
    suffix = pl.col("called").str.extract(_NANOS).str.to_integer(base=16, dtype=pl.UInt64)
    moment = (suffix // 1000).cast(pl.Int64).cast(TIME)
    near = pl.when(written.is_null()).then(pl.duration(days=1)).otherwise(pl.duration(seconds=2))
    return pl.when((moment - pl.coalesce(written, created)).abs() < near).then(moment)
