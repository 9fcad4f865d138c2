"""``kubectl get events`` and ``kubectl events`` as people paste them: tables, in every generation's columns since 0.8.

Old tables have times (0.8 to 1.0: RFC 1123; ``-w`` since 1.2: as Go prints them; ``-o custom-columns``: RFC 3339), each with its zone.
Ages count back from the moment of printing, which the table does not tell: they stand for an interval if the capture time is known, else
such rows are kept without a time. Messages of several lines go on below their row (to 1.19; since then kubectl cuts them off).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import polars as pl

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.kubernetes import ages
from analyzer.formats.kubernetes.event_names import KINDS, inferred
from analyzer.formats.kubernetes.event_table_columns import GO, HEADER, RFC1123, RFC3339, ROW, Layout, cells, layout
from analyzer.formats.lines import beginning, chunks, join_continuations, records
from analyzer.formats.tables import reject_frame, shaped
from analyzer.formats.times import rereadable
from analyzer.vocabulary import RECORDS, REJECTS, TEXT_LIMIT, TIME

_LEAD: Final = 3
"""So many foreign lines may stand before the header: a prompt, what a tool says of its call."""
_SIZE: Final = CHUNK // 8
"""Bytes of a table that are held at a time: each cell of it is a string of its own, several times over."""
_NOTHING: Final = r"^No (?:events|resources) found(?: in \S+ namespace)?\.?\s*$"
"""What kubectl says instead of a table without rows."""
_SUFFIX: Final = r"\.[0-9a-f]{15,16}$"
"""What an event's name has behind its object's: since 1.11 tables print the former."""
_SECOND: Final = 1_000_000
_AGED: Final = rf"^(?:\S+ {{2,}}){{0,3}}({ages.AGE})(?: \(x\d+ over [^)]*\))?(?: {{2,}}|\s*$)"
_TAIL: Final = 3
_FRESH: Final = 3  # seconds: two, and the one that an age of two may be longer
_ANY_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
_WATCHED: Final = "its rows were printed as events came (--watch): ages count back from moments that are not told"

TOLD: Final = dict.fromkeys(
    ("kind", "name", "namespace", "reason", "message", "reporter", "host", "subobject", "type", "count", "first_seen", "last_seen"),
    pl.String(),
)
"""What a rendering tells of an event, as written."""

_UTC: Final[dict[str, Any]] = {"time_unit": "us", "time_zone": "UTC", "strict": False}


class Table:
    """The header that holds, and how many records there were; both last from one frame to the next."""

    def __init__(self, captured: datetime | None, captured_as: str = "") -> None:
        self._captured = captured
        self._captured_as = captured_as
        self._header = ""
        self._first = 0

    def batch(self, frame: pl.DataFrame) -> Batch:
        """Records of a frame with line, offset and raw, each row a row of the table or a header."""
        headers = pl.col("raw").str.contains(HEADER)
        line = pl.col("raw").str.extract(r"^([^\n]*)")
        under = frame.with_columns(
            headers.alias("is_header"), pl.when(headers).then(line).forward_fill().fill_null(self._header).alias("header")
        )
        self._header = str(under["header"][-1]) if frame.height else self._header
        made: list[pl.DataFrame] = []
        refused: list[pl.DataFrame] = [reject_frame([])]
        for part in under.filter(~pl.col("is_header")).partition_by("header", maintain_order=True):
            nothing = part["raw"].str.contains(_NOTHING)
            made.append(part.filter(nothing).with_columns(pl.col("raw").str.strip_chars().alias("message")))
            part = part.filter(~nothing)
            columns = layout(part["header"][0]) if part.height else None
            if columns is None:
                refused.append(_refused(part.with_columns(reason=pl.lit("not under the header of an event table"))))
                continue
            rows = understood(part, columns, self._captured)
            made.append(rows.filter(pl.col("reason").is_null()))
            refused.append(_refused(rows.filter(pl.col("reason").is_not_null())))
        found = pl.concat(made, how="diagonal").sort("offset") if made else pl.DataFrame(schema={"line": pl.Int64})
        ordinals = pl.int_range(self._first, self._first + found.height, dtype=pl.Int64).alias("record")
        self._first += found.height
        records = shaped(found.with_columns(ordinals), RECORDS)
        return Batch(records=records, rejects=pl.concat(refused).sort("offset"), notes=notes(records, self._captured, self._captured_as))


def notes(records: pl.DataFrame, captured: datetime | None, captured_as: str) -> tuple[str, ...]:
    """What is to be said of the source: what its ages were counted back from, or that nothing tells it."""
    if not records["fields"].str.contains(r'"(?:first|last)_seen":"\d+[smhdy]').any():
        return ()
    if captured is not None:
        return (f"ages count back from {captured:%Y-%m-%d %H:%M:%S}Z, {captured_as}",)
    return (ages.UNRESOLVED,) if records["time"].is_null().any() else ()


def _refused(rows: pl.DataFrame) -> pl.DataFrame:
    return shaped(rows.with_columns(pl.col("raw").str.head(TEXT_LIMIT)), REJECTS)


def understood(rows: pl.DataFrame, columns: Layout, captured: datetime | None) -> pl.DataFrame:
    """The rows with the columns of RECORDS that a table fills, and the ``reason`` why one is none."""
    table = cells(rows["raw"], columns)

    def cell(*names: str) -> pl.Expr:
        """The first of these columns that there is."""
        return next((pl.col(name).replace(["", "<none>"], None) for name in names if name in columns.names), pl.lit(None, pl.String))

    kind, name = cell("KIND"), cell("NAME").str.replace(_SUFFIX, "")
    if "OBJECT" in columns.names:
        kind, name = cell("OBJECT").str.extract(r"^([^/]*)/"), cell("OBJECT").str.extract(r"([^/]*)$")
    source = cell("SOURCE").str.strip_chars("{}")
    written = kind.str.extract(r"^([^.]*)").str.to_lowercase().replace_strict(KINDS, default=kind, return_dtype=pl.String)
    told = table.select(
        kind=pl.when(name.is_not_null()).then(written),
        name=name,
        namespace=cell("NAMESPACE"),
        reason=cell("REASON"),
        message=cell("MESSAGE").fill_null(""),
        reporter=source.str.extract(r"^([^\s,]+)"),
        host=pl.coalesce(source.str.extract(r"^[^\s,]+,? +(\S+)"), cell("HOST")),
        subobject=cell("SUBOBJECT"),
        type=cell("TYPE"),
        count=cell("COUNT"),
        first_seen=cell("FIRST SEEN", "TIME", "LAST SEEN"),
        last_seen=cell("LAST SEEN", "TIME", "FIRST SEEN"),
    ).with_columns(
        kind=pl.when(pl.col("kind").is_not_null() | pl.col("name").is_null())
        .then("kind")
        .otherwise(inferred(pl.col("reason"), pl.col("reporter"), pl.col("message"), pl.col("name")))
    )
    return rows.with_columns(
        interpreted(told, captured)
        .with_columns(
            reason=pl.when(pl.col("kind").is_null())
            .then(pl.lit("not a row of the table above it"))
            .when(pl.col("dated") & pl.col("time").is_null())
            .then(pl.lit("no such date"))
        )
        .select("time", "resolution_us", "fields", "message", "reason")
    )


def interpreted(told: pl.DataFrame, captured: datetime | None) -> pl.DataFrame:
    """What was told of events, with the columns of RECORDS that follow from it; ``dated``: a date is written."""
    told = told.with_columns(
        first_seen=pl.coalesce(pl.col("first_seen").str.extract(r" over (.+)\)$"), pl.col("first_seen")),
        last_seen=pl.col("last_seen").str.replace(r" \(x\d+ over .+\)$", ""),
        count=pl.coalesce(pl.col("last_seen").str.extract(r" \(x(\d{1,18}) over "), pl.col("count")).cast(pl.Int64, strict=False),
    )
    subject = pl.concat_str(pl.col("kind", "name").fill_null(""), separator="/") + " " + pl.col("reason").fill_null("")
    first, width = _moment("first_seen", captured)
    last, last_width = _moment("last_seen", captured)
    moments = told.with_columns(last=last.dt.to_string("iso:strict"), last_resolution_us=pl.when(last.is_not_null()).then(last_width))
    return moments.with_columns(
        time=pl.coalesce(first, last),
        resolution_us=pl.when(first.is_not_null()).then(width).otherwise(last_width).fill_null(_SECOND),
        fields=pl.struct(pl.all()).struct.json_encode(),
        message=(subject + ": " + pl.col("message")).str.strip_chars(),
        dated=pl.any_horizontal(pl.col("first_seen", "last_seen").str.contains(f"^(?:{RFC1123}|{GO}|{RFC3339})")),
    )


def _moment(name: str, captured: datetime | None) -> tuple[pl.Expr, pl.Expr]:
    """A written time in UTC, or the earliest that an age allows; and how long after that it may have been, in microseconds."""
    seen = pl.col(name)
    old = seen.str.extract(r"^[A-Z][a-z]{2}, (.+)$").str.to_datetime("%d %b %Y %H:%M:%S %z", **_UTC)
    new = seen.str.extract(r"^(\d{4}-\S+ \S+ [+-]\d{4}) \S+$").str.to_datetime("%Y-%m-%d %H:%M:%S%.f %z", **_UTC)
    iso = seen.str.extract(r"^(\d{4}-\S+T\S+)$").str.to_datetime("%+", **_UTC)
    early, width = ages.resolved(seen, captured)
    exact = pl.when(seen.str.contains(r":\d\d\.\d")).then(1).otherwise(_SECOND)
    return pl.coalesce(old, new, iso, early).cast(TIME), pl.coalesce(width, exact).cast(pl.Int64)


def _starts(frame: pl.DataFrame) -> pl.Series:
    """Headers, rows, and whatever follows a header: a header goes on no further."""
    headers = frame["raw"].str.contains(HEADER)
    return headers | headers.shift(1, fill_value=False) | frame["raw"].str.contains(f"{ROW}|{_NOTHING}")


class EventTable:
    """Tables of Kubernetes events, as kubectl prints them."""

    name = "kubernetes-event-table"
    family = "event-table"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """One of the first lines is an event table's header, and a row of such a table, or nothing, follows it."""
        lines = beginning(head)
        for number, line in enumerate(lines[: _LEAD + 1]):
            if re.match(_NOTHING, line) and number + 1 == len(lines):
                return line.startswith("No events")
            if layout(line) is not None:
                following = [below for below in lines[number + 1 : number + 3] if layout(below) is None][:1]
                return bool(pl.Series(following, dtype=pl.String).str.contains(ROW).all())
        return False

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        with rereadable(stream) as again:
            watched = context.captured is not None and _watched(again)
            table = Table(None if watched else context.captured, context.captured_as)
            for frame, starts in records(again, _starts, _SIZE):
                batch = table.batch(join_continuations(frame, starts).filter(pl.col("raw").str.contains(r"\S")))
                yield replace(batch, notes=(_WATCHED,)) if watched and batch.notes else batch


def _watched(stream: BinaryIO) -> bool:
    """Whether rows were printed as events came (``--watch``): then each age counts back from another moment. Comes back.

    The last ones are of seconds then, behind others in no order; a table that was printed at once ends so only if it is sorted.
    """
    begin = stream.tell()
    seconds = pl.Series([], dtype=pl.Int64)
    ordered = True
    for frame in chunks(stream, _SIZE):
        age = frame["raw"].str.extract(_AGED)
        there = ages.resolved(pl.col("age"), _ANY_MOMENT)[0]
        back = pl.DataFrame({"age": age}).select((pl.lit(_ANY_MOMENT) - there).dt.total_seconds()).to_series()
        whole = pl.concat([seconds, back.drop_nulls().cast(pl.Int64)])
        ordered = ordered and whole.is_sorted(descending=True)
        seconds = whole.tail(_TAIL)
    stream.seek(begin)
    return not ordered and seconds.len() == _TAIL and bool((seconds <= _FRESH).all())


FORMAT = EventTable()
