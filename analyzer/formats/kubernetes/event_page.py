"""``event-filter.html`` of OpenShift's must-gather (``oc adm must-gather``, since 4.4): a page with all events once more.

Its rows tell the last time an event was seen (or was made, where that is null), with the zone of who gathered; how often; the time of
day when it was first seen, of any day: that is left to the documents; namespace, component, name, reason and message. Neither the
kind of the object nor its host: so a row fills holes that the documents leave, and doubles none of them. Its time may be a second off.
"""

import html
import re
from collections.abc import Iterator
from typing import BinaryIO, Final

import polars as pl

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.kubernetes.event_names import inferred
from analyzer.formats.kubernetes.event_table import TOLD, interpreted
from analyzer.formats.lines import join_continuations, records
from analyzer.formats.tables import numbered, shaped
from analyzer.vocabulary import RECORDS, REJECTS, TEXT_LIMIT

_HEAD: Final = re.compile(rb'<table\s[^>]*id="events".*<th[^>]*data-field="relatedobject"', re.DOTALL)
_CELL: Final = r"\s*<td[^>]*>\s*<p[^>]*>(.*?)</p>\s*</td>"
_ROW: Final = (
    r'(?s)^\s*<tr>\s*<td[^>]*>\s*<time datetime="([^"]*)"[^>]*>[^<]*</time>\s*(?:<small>\(x(\d+)\)</small>)?\s*</td>'
    rf"{_CELL}{_CELL}{_CELL}{_CELL}"
    r"\s*<td[^>]*>(.*?)</td>\s*</tr>"
)
_COLUMNS: Final = ("seen", "count", "namespace", "reporter", "name", "reason", "message")
_RESOLUTION: Final = 2_000_000
_SIZE: Final = CHUNK // 8


class EventPage:
    """Events as must-gather shows them."""

    name = "must-gather-event-page"
    family = "event-table"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """A page with must-gather's table of events."""
        return head.lstrip().lower().startswith(b"<!doctype html") and _HEAD.search(head) is not None

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        return numbered((join_continuations(*part) for part in records(stream, _starts, _SIZE)), _batch)


def _starts(frame: pl.DataFrame) -> pl.Series:
    return frame["raw"].str.contains(r"^\s*(?:<tr>|</?tbody>)")


def _batch(frame: pl.DataFrame, first: int) -> Batch:
    """What is no row at all is the page's own; a row that cannot be read is told."""
    rows = frame.filter(pl.col("raw").str.contains("<time ", literal=True))
    parts = rows["raw"].str.extract_groups(_ROW).struct.rename_fields(list(_COLUMNS)).struct.unnest()
    plain = parts.with_columns(pl.Series(name, _plain(parts[name]), pl.String) for name in _COLUMNS)
    seen = plain["seen"].str.replace(r"^(\d{4}-\S+ \S+ [+-]\d{4} \S+).*$", "$1")
    kind = inferred(pl.col("reason"), pl.col("reporter"), pl.col("message").fill_null(""), pl.col("name"))
    told = plain.with_columns(kind=kind, first_seen=seen, last_seen=seen, message=pl.col("message").str.strip_chars().fill_null(""))
    read = interpreted(told.select((pl.col(c) if c in told.columns else pl.lit(None, pl.String)).alias(c) for c in TOLD), None)
    whole = rows.hstack(read.select("time", "fields", "message"))
    broken = whole.filter(pl.col("time").is_null()).with_columns(
        pl.lit("no row of must-gather's events").alias("reason"), pl.col("raw").str.head(TEXT_LIMIT)
    )
    whole = whole.filter(pl.col("time").is_not_null()).with_columns(pl.lit(_RESOLUTION, pl.Int64).alias("resolution_us"))
    ordinals = pl.int_range(first, first + whole.height, dtype=pl.Int64, eager=True).alias("record")
    return Batch(records=shaped(whole.with_columns(ordinals), RECORDS), rejects=shaped(broken, REJECTS))


def _plain(texts: pl.Series) -> list[str | None]:
    """Without HTML's escapes, which most texts have none of."""
    return [html.unescape(text) if text and "&" in text else text or None for text in texts.to_list()]


FORMAT = EventPage()
