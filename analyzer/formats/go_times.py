"""In which zone a process runs, from what it prints of its own clock: Go's ``time.String`` with a monotonic reading, beside klog's header.

``I0803 17:17:48.1 ... LastHeartbeatTime:2021-08-03 17:17:48.05 +0800 CST m=+5.83``: the kubelet says so at each start ('Node became
not ready', 1.7 to 1.27). It counts where both tell of about the same moment: then both are in the process's zone.
"""

import polars as pl

from analyzer.few import nulls
from analyzer.formats.times import minutes_east, moments

_OWN = " m="
_LINE = (
    r"^[IWEF](?P<month>\d\d)(?P<day>\d\d) (?P<clock>\d\d:\d\d:\d\d)\.(?P<fraction>\d{6}) .*?"
    r"(?P<year>\d{4})-(?P<month2>\d\d)-(?P<day2>\d\d) (?P<clock2>\d\d:\d\d:\d\d)(?:\.\d+)? (?P<zone>[+-]\d{4}) \S+ m=[+-]\d"
)
_TOLD = {"local": pl.Datetime("us"), "east": pl.Int64()}
_NEAR = 2 * 60 * 1_000_000


def told(messages: pl.Series) -> pl.DataFrame:
    """A row a message: ``local``, the header's time with its year (naive), and ``east``, minutes east of Greenwich; else null."""
    rows = messages.alias("message").to_frame().with_row_index("row")
    found = rows.filter(pl.col("message").str.contains(_OWN, literal=True).fill_null(False))
    if found.is_empty():
        return pl.DataFrame([nulls(name, dtype, len(messages)) for name, dtype in _TOLD.items()])
    parts = found["message"].str.extract_groups(_LINE).struct.unnest()
    parts = parts.with_columns(pl.col("year", "month", "day", "month2", "day2").cast(pl.Int64), row=found["row"])
    header = moments(*map(pl.col, ("year", "month", "day", "clock", "fraction")))
    own = moments(*map(pl.col, ("year", "month2", "day2", "clock2", "fraction")))
    near = (header - own).dt.total_microseconds().abs() <= _NEAR
    parts = parts.select("row", local=pl.when(near).then(header), east=pl.when(near).then(minutes_east(pl.col("zone"))))
    return rows.select("row").join(parts, on="row", how="left", maintain_order="left").drop("row")
