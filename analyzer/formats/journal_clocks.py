"""The clock inside a message: what its writer took for the time, beside what the journal says.

klog's header has neither year nor zone; klog's JSON (``ts``) and logrus (``time="2026-11-22T08:47:19Z"``) tell UTC itself.
"""

import polars as pl

from analyzer.formats.klog_file import STAMP, stamps
from analyzer.formats.times import minutes_east, moments

_CANDIDATE = r'^(?:[IWEF]\d{4} |\{"ts":|time="\d)'
_LOGRUS = (
    r'^time="(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)T(?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d)"'
)
_INTEGERS = ("year", "month", "day")


def clocks(messages: pl.Series, year: pl.Series) -> pl.DataFrame:
    """``inner`` (naive Datetime us; klog's is in ``year``) and ``sure`` (it is UTC, in its own year); null where there is none."""
    rows = pl.DataFrame({"message": messages, "year": year.cast(pl.Int64)}).with_row_index("row")
    found = rows.filter(pl.col("message").str.contains(_CANDIDATE))
    klog = found["message"].str.extract_groups("^" + STAMP).struct.unnest().with_columns(pl.col("month", "day").cast(pl.Int64))
    inner = klog.with_columns(found["year"]).select(moments(*map(pl.col, ("year", "month", "day", "clock", "fraction")))).to_series()
    found = found.with_columns(klog=inner, exact=_exact(found["message"]))
    found = found.select("row", inner=pl.coalesce("exact", "klog"), sure=pl.col("exact").is_not_null())
    return rows.select("row").join(found, on="row", how="left", maintain_order="left").drop("row")


def _exact(messages: pl.Series) -> pl.Series:
    parts = messages.str.extract_groups(_LOGRUS).struct.unnest().with_columns(pl.col(_INTEGERS).cast(pl.Int64), message=messages)
    written = moments(*map(pl.col, (*_INTEGERS, "clock", "fraction"))) - pl.duration(minutes=minutes_east(pl.col("zone")), time_unit="us")
    return parts.select(pl.coalesce(written, stamps(pl.col("message")).cast(pl.Datetime("us")))).to_series()
