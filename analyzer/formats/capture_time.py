"""Files that hold nothing but the moment of capture: must-gather's ``timestamp``, the output of ``date`` in a sosreport.

Go's ``time.String`` with its monotonic reading, a line for each beginning and end; or one line of that without it, of RFC 3339, or of
``date`` in the C locale where its zone is UTC or GMT. More lines of such times may be anything.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.lines import beginning, conform, filled
from analyzer.formats.tables import numbered
from analyzer.vocabulary import RECORDS, TIME

_MOST: Final = 20  # lines
_GO: Final = r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.\d+)? ?(Z|[+-]\d\d:?\d\d)(?: [A-Z][A-Za-z]*| [+-]\d\d(?:\d\d)?)?(?: m=[+-][\d.]+)?"
_DATE: Final = r"[A-Z][a-z]{2} ([A-Z][a-z]{2} [ \d]\d) (\d\d:\d\d:\d\d) (?:UTC|GMT) (\d{4})"
_LINE: Final = re.compile(rf"(?:{_GO}|{_DATE})\s*")


class CaptureTime:
    """Moments, one a line."""

    name = "capture-time"
    family = "capture"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        lines = beginning(head[: _MOST * 100])
        told = 0 < len(lines) <= _MOST and all(_LINE.fullmatch(line) for line in lines)
        return told and (len(lines) == 1 or all(" m=" in line for line in lines))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        return numbered(filled(stream), _moments)


def _moments(frame: pl.DataFrame, first: int) -> Batch:
    go, date = (pl.col("raw").str.extract_groups(f"^{pattern}").struct for pattern in (_GO, _DATE))
    zone = go.field("3").str.replace("Z", "+0000").str.replace(":", "")
    written = pl.concat_str(go.field("1"), go.field("2"), zone, separator=" ").str.to_datetime("%Y-%m-%d %H:%M:%S %z", strict=False)
    told = pl.concat_str(date.field("1"), date.field("3"), date.field("2"), separator=" ")
    local = told.str.to_datetime("%b %e %Y %H:%M:%S", strict=False).dt.replace_time_zone("UTC")
    rows = frame.with_columns(time=pl.coalesce(written.cast(TIME), local.cast(TIME)))
    rows = rows.with_columns(resolution_us=pl.lit(1_000_000, pl.Int64), message=pl.lit("captured")).with_row_index("record", first)
    return Batch(records=conform(rows, RECORDS))


FORMAT = CaptureTime()
