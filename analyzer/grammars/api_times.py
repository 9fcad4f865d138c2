"""When an event of the API happened, of many at once: the first occurrence, and the last of several.

firstTimestamp and lastTimestamp have seconds and may be null; eventTime has microseconds; the event's name ends in the hexadecimal
UnixNano of its first occurrence (client-go GenerateEventName, all versions to 2025): the best time there is. Until v1beta2 (2014)
there was but one ``timestamp``.
"""

from datetime import UTC, datetime

import polars as pl

from analyzer.vocabulary import EARLIEST, LATEST, TIME

_SECOND = 1_000_000
_TO_SECONDS = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-5][0-9]:[0-5][0-9]"
_USUAL = (
    (_TO_SECONDS + "Z$", "%Y-%m-%dT%H:%M:%SZ"),
    (_TO_SECONDS + r"\.[0-9]{1,6}Z$", "%Y-%m-%dT%H:%M:%S%.fZ"),
)  # the former in a quarter of the time
_NANOS = r"\.([0-9a-f]{15,16})\n?$"


def occurrences(told: pl.DataFrame) -> pl.DataFrame:
    """``time`` and ``resolution_us`` of the first occurrence, ``end`` and ``end_us`` of the last if there were several.

    Of columns of text: first, last, exact, created, series, how the event is ``called``, and ``several`` if it was counted more than
    once. A resolution of a second means: within it.
    """
    times = pl.DataFrame([moments(told[name]) for name in ("first", "last", "exact", "created", "series")])
    first, last, exact, created, series = map(pl.col, times.columns)
    times = times.with_columns(named=_named(told["called"], times.select(pl.coalesce(first, exact)).to_series(), times["created"]))
    sharp = pl.coalesce(exact, "named")
    times = times.select(
        time=pl.coalesce(sharp, first, last, created),
        resolution_us=pl.when(sharp.is_null()).then(_SECOND).otherwise(1),
        end=pl.coalesce(series, last),
        end_us=pl.when(series.is_null()).then(_SECOND).otherwise(1),
        several=series.is_not_null() | told["several"].is_not_null(),  # a series counts from 1 or from 2, as its client was of age
    )
    apart = pl.col("several") & (pl.col("end") - pl.col("time") > pl.duration(seconds=1)).fill_null(False)
    return times.with_columns(end=pl.when(apart).then("end")).drop("several")


def moments(texts: pl.Series) -> pl.Series:
    """Written times; null: none. Go's zero time is how some clients write null."""
    if texts.null_count() == len(texts):
        return texts.cast(TIME)
    times = pl.Series(texts.name, [None], pl.Datetime("us")).new_from_index(0, len(texts))
    others = texts.is_not_null()
    for pattern, form in _USUAL:
        usual = texts.str.contains(pattern) & others
        if usual.any():
            read = texts.to_frame().select(pl.when(usual).then(pl.all()).str.to_datetime(form, time_unit="us", strict=False)).to_series()
            times, others = read.zip_with(usual, times), others & ~usual
    times = times.dt.replace_time_zone("UTC")
    if others.any():
        times = times.scatter(others.arg_true(), pl.Series([_moment(text) for text in texts.filter(others)], dtype=TIME))
    return times.to_frame().select(pl.when(pl.all().is_between(EARLIEST, LATEST, closed="left")).then(pl.all())).to_series()


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _named(names: pl.Series, written: pl.Series, created: pl.Series) -> pl.Series:
    """The moment in an event's name, if it is one: other producers use other suffixes.

    The name and the time of the first occurrence are one reading of one clock, so they differ by less than the second that the latter
    is cut to. The API server writes the creation by its own clock when the event has reached it, which may be an hour later (sent
    again after an outage): it only tells that the suffix is a time at all.
    """
    suffix = names.str.extract(_NANOS).str.to_integer(base=16, dtype=pl.UInt64)
    moment = (suffix // 1000).cast(pl.Int64).cast(TIME)
    off = (moment - pl.coalesce(written, created)).abs()
    near = pl.when(written.is_null()).then(pl.duration(days=1)).otherwise(pl.duration(seconds=2))
    return pl.select(pl.when(off < near).then(moment)).to_series()
