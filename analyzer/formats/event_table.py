"""``kubectl get events`` and ``kubectl events`` as people paste them: tables, in every generation's columns since 0.8.

Only old tables have times (0.8 to 1.0: RFC 1123; ``-w`` since 1.2: as Go prints them), each with its zone. Ages count back from a
moment that the table does not tell: such rows are kept without a time. Messages of several lines go on below their row (to 1.19;
since then kubectl cuts them off).
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import polars as pl

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.event_table_columns import GO, HEADER, RFC1123, ROW, Layout, cells, layout
from analyzer.formats.lines import join_continuations, records
from analyzer.formats.tables import reject_frame, shaped
from analyzer.vocabulary import RECORDS, REJECTS, TEXT_LIMIT, TIME

_LEAD: Final = 3
"""So many foreign lines may stand before the header: a prompt, what a tool says of its call."""
_SIZE: Final = CHUNK // 8
"""Bytes of a table that are held at a time: each cell of it is a string of its own, several times over."""
_FIRST: Final = ("FIRSTSEEN", "FIRST SEEN", "TIME")
_LAST: Final = ("LASTSEEN", "LAST SEEN", "TIME")
_KINDS: Final = {
    kind.lower(): kind
    for kind in (
        *("Pod", "Node", "ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"),
        *("HorizontalPodAutoscaler", "PodDisruptionBudget", "PersistentVolumeClaim", "PersistentVolume", "Service", "Namespace"),
    )
}
"""1.14 and later print the kind of ``get events``' objects in lower case."""
_SUFFIX: Final = r"\.[0-9a-f]{15,16}$"
"""What an event's name has behind its object's."""

_UTC: Final[dict[str, Any]] = {"time_unit": "us", "time_zone": "UTC", "strict": False}


class _Table:
    """The header that holds, and how many records there were; both last from one frame to the next."""

    def __init__(self) -> None:
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
            columns = layout(part["header"][0])
            if columns is None:
                refused.append(_refused(part.with_columns(reason=pl.lit("not under the header of an event table"))))
                continue
            rows = _understood(part, columns)
            made.append(rows.filter(pl.col("reason").is_null()))
            refused.append(_refused(rows.filter(pl.col("reason").is_not_null())))
        found = pl.concat(made).sort("offset") if made else pl.DataFrame(schema={"line": pl.Int64})
        ordinals = pl.int_range(self._first, self._first + found.height, dtype=pl.Int64).alias("record")
        self._first += found.height
        return Batch(records=shaped(found.with_columns(ordinals), RECORDS), rejects=pl.concat(refused).sort("offset"))


def _refused(rows: pl.DataFrame) -> pl.DataFrame:
    return shaped(rows.with_columns(pl.col("raw").str.head(TEXT_LIMIT)), REJECTS)


def _understood(rows: pl.DataFrame, columns: Layout) -> pl.DataFrame:
    """The rows with the columns of RECORDS that a table fills, and the ``reason`` why one is none."""
    table = cells(rows["raw"], columns)

    def cell(*names: str) -> pl.Expr:
        """The first of these columns that there is."""
        return next((pl.col(name).replace("", None) for name in names if name in columns.names), pl.lit(None, pl.String))

    kind = cell("KIND")
    if "OBJECT" in columns.names:
        kind, name = cell("OBJECT").str.extract(r"^([^/]*)"), cell("OBJECT").str.extract(r"/(.*)$")
    elif columns.named_by_event:
        name = cell("NAME").str.replace(_SUFFIX, "")
    else:
        name = cell("NAME")
    source = cell("SOURCE").str.strip_chars("{}")
    told = table.select(
        kind=kind.replace(_KINDS),
        name=name,
        namespace=cell("NAMESPACE"),
        reason=cell("REASON"),
        message=cell("MESSAGE").fill_null(""),
        reporter=source.str.extract(r"^([^\s,]+)"),
        host=source.str.extract(r"^[^\s,]+,? +(\S+)"),
        subobject=cell("SUBOBJECT"),
        type=cell("TYPE"),
        count=cell("COUNT").cast(pl.Int64, strict=False),
        first_seen=cell(*_FIRST),
        last_seen=cell(*_LAST),
    )
    subject = pl.concat_str(pl.col("kind", "name").fill_null(""), separator="/") + " " + pl.col("reason").fill_null("")
    dated = pl.any_horizontal(pl.col("first_seen", "last_seen").str.contains(f"^(?:{RFC1123}|{GO})"))
    first, last = _moment("first_seen"), _moment("last_seen")
    return rows.with_columns(
        told.select(
            time=pl.coalesce(first, last),
            resolution_us=pl.lit(1_000_000, pl.Int64),
            fields=pl.struct(pl.all(), last.dt.to_string("iso:strict").alias("last")).struct.json_encode(),
            message=(subject + ": " + pl.col("message")).str.strip_chars(),
            reason=pl.when(pl.col("kind").is_null())
            .then(pl.lit("not a row of the table above it"))
            .when(dated & pl.coalesce(first, last).is_null())
            .then(pl.lit("no such date")),
        )
    )


def _moment(name: str) -> pl.Expr:
    """A written time in UTC; null where it is an age."""
    old = pl.col(name).str.extract(r"^[A-Z][a-z]{2}, (.+)$").str.to_datetime("%d %b %Y %H:%M:%S %z", **_UTC)
    new = pl.col(name).str.extract(r"^(\d{4}-\S+ \S+ [+-]\d{4}) \S+$").str.to_datetime("%Y-%m-%d %H:%M:%S%.f %z", **_UTC)
    return pl.coalesce(old, new).cast(TIME)


def _starts(frame: pl.DataFrame) -> pl.Series:
    """Headers, rows, and whatever follows a header: a header goes on no further."""
    headers = frame["raw"].str.contains(HEADER)
    return headers | headers.shift(1, fill_value=False) | frame["raw"].str.contains(ROW)


class EventTable:
    """Tables of Kubernetes events, as kubectl prints them."""

    name = "kubernetes-event-table"
    family = "event-table"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """One of the first lines is an event table's header, and a row of such a table, or nothing, follows it."""
        lines = [line for line in head.decode(errors="replace").removeprefix("\ufeff").splitlines() if line.strip()]
        for number, line in enumerate(lines[: _LEAD + 1]):
            if layout(line) is not None:
                following = [below for below in lines[number + 1 : number + 3] if layout(below) is None][:1]
                return bool(pl.Series(following, dtype=pl.String).str.contains(ROW).all())
        return False

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        table = _Table()
        for frame, starts in records(stream, _starts, _SIZE):
            yield table.batch(join_continuations(frame, starts).filter(pl.col("raw").str.contains(r"\S")))


FORMAT = EventTable()
