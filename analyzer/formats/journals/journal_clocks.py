"""The clock inside a message: what its writer took for the time, beside what the journal says.

klog's header has neither year nor zone, but for those lines that tell the process's own (go_times); klog's JSON (``ts``) and logrus
(``time="2026-11-22T08:47:19Z"``) tell UTC itself.
"""

import polars as pl

from analyzer.formats import go_times
from analyzer.formats.klog_file import STAMP, stamps
from analyzer.formats.times import minutes_east, moments

_CANDIDATE = r'^(?:[IWEF]\d{4} |\{"ts":|time="\d)'
_LOGRUS = (
    r'^time="(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)T(?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<zone>Z|[+-]\d\d:\d\d)"'
)
_PARTS = ("year", "month", "day", "clock", "fraction")


def clocks(messages: pl.Series) -> pl.DataFrame:
    """A row a message: ``month``, ``day``, ``clock`` and ``fraction`` of klog's header, ``exact`` (naive, UTC); null if it has none."""
    rows = messages.alias("message").to_frame().with_row_index("row")
    found = rows.filter(pl.col("message").str.contains(_CANDIDATE))
    klog = found["message"].str.extract_groups("^" + STAMP).struct.unnest().drop("pid")
    klog = klog.with_columns(pl.col("month", "day").cast(pl.Int64), row=found["row"], exact=_exact(found["message"]))
    return rows.select("row").join(klog, on="row", how="left", maintain_order="left").drop("row")


def klog_times(found: pl.DataFrame, year: pl.Series) -> pl.Series:
    """Naive times of klog's headers, in these years."""
    return found.with_columns(year=year.cast(pl.Int64)).select(moments(*map(pl.col, _PARTS))).to_series()


def _exact(messages: pl.Series) -> pl.Series:
    parts = (
        messages.str.extract_groups(_LOGRUS).struct.unnest().with_columns(pl.col("year", "month", "day").cast(pl.Int64), message=messages)
    )
    written = moments(*map(pl.col, _PARTS)) - pl.duration(minutes=minutes_east(pl.col("zone")), time_unit="us")
    told = go_times.told(messages)
    own = told.select(pl.col("local") - pl.duration(minutes="east", time_unit="us")).to_series()
    return parts.select(pl.coalesce(written, stamps(pl.col("message")).cast(pl.Datetime("us")), own)).to_series()
