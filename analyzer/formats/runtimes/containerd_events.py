"""``ctr events`` and ``nerdctl events``: ``TIME NAMESPACE TOPIC JSON``, the time as Go prints it (``2026-11-22 08:38:11.147 +0000 UTC``).

Trailing zeros of the fraction are cut, so that 0 to 9 digits are nanoseconds all the same. The JSON is protobuf's: what is zero is
absent (an exit status of 0), and ``exited_at`` is a string or ``{seconds, nanos}``, by the version of the library. An event without
content has none. All namespaces are told: docker's containers are in 'moby'.
``nerdctl events --format json`` gives objects ``{Timestamp, ID, Namespace, Topic, Status, Event}`` with the content as a string.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import msgspec
import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.json_documents import batches, mostly
from analyzer.formats.lines import beginning, filled
from analyzer.formats.tables import numbered, packed, parted, shaped
from analyzer.formats.times import since_1970, utc
from analyzer.vocabulary import RECORDS, TIME

_LINE: Final = (
    r"^(?P<date>\d{4}-\d\d-\d\d) (?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))? (?P<zone>[+-]\d{4}) \S+"
    r" (?P<namespace>\S*) (?P<topic>/\S+)(?: (?P<payload>\{.*\}|null)?)?\s*$"
)
_LIKE: Final = re.compile(_LINE)
_SLICE: Final = 20_000  # events of JSON that are framed at a time
_KEPT: Final = ("container_id", "id", "pid", "exit_status", "image", "key", "name")


class _Payload(msgspec.Struct):
    container_id: str | None = None
    id: str | None = None
    pid: int | None = None
    exit_status: int | None = None
    image: str | None = None
    key: str | None = None  # of a snapshot
    name: str | None = None  # of an image
    labels: dict[str, str] | None = None
    exited_at: str | dict[str, int] | None = None


_decoder = msgspec.json.Decoder(_Payload | None)


def _moment(written: str | dict[str, int] | None) -> str | None:
    """RFC 3339, whichever way protobuf rendered it."""
    if not isinstance(written, dict):
        return written
    try:
        whole = datetime.fromtimestamp(written.get("seconds", 0), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError("exited_at is no time") from error
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{written.get('nanos', 0):09d}Z"


def _understand(namespace: str, topic: str, text: str | None) -> tuple[str, str]:
    """Message and fields. ValueError: the payload is broken."""
    payload = (_decoder.decode(text) if text else None) or _Payload()
    if topic.startswith("/containers/"):
        payload.container_id = payload.id
    if topic == "/tasks/exit":
        payload.exit_status = payload.exit_status or 0
    kept: dict[str, Any] = {name: value for name in _KEPT if (value := getattr(payload, name)) is not None}
    kept["namespace"] = namespace
    if payload.exited_at is not None:
        kept["exited_at"] = _moment(payload.exited_at)
    labels = {key: value for key, value in (payload.labels or {}).items() if key.startswith(("io.kubernetes.", "io.cri-containerd."))}
    if labels:
        kept["labels"] = labels
    subject = payload.container_id or payload.id or payload.key or payload.name
    return f"{topic} {subject}" if subject else topic, packed(kept)


def _framed(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines with their parts and their ``time``, null where a line has no such shape or date."""
    frame = lines.with_columns(pl.col("raw").str.extract_groups(_LINE).alias("part")).unnest("part")
    return frame.with_columns(time=utc(*map(pl.col, ("date", "clock", "fraction", "zone"))))


def _batch(lines: pl.DataFrame, first: int) -> Batch:
    frame = _framed(lines)
    rows: list[tuple[str, str]] = []
    broken: dict[int, str] = {}
    for index, (namespace, topic, payload, time) in enumerate(frame.select("namespace", "topic", "payload", "time").iter_rows()):
        try:
            if time is None:
                raise ValueError("no containerd event" if topic is None else "no such date")
            rows.append(_understand(namespace, topic, payload))
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            broken[index] = str(error)
    kept, rejects = parted(frame, broken)
    return Batch(records=_records(kept, rows, first), rejects=rejects)


def _records(kept: pl.DataFrame, rows: list[tuple[str, str]], first: int) -> pl.DataFrame:
    columns = pl.DataFrame(rows, schema={name: RECORDS[name] for name in ("message", "fields")}, orient="row")
    records = pl.concat([kept, columns], how="horizontal").with_columns(
        pl.int_range(first, first + len(rows), dtype=pl.Int64).alias("record"),
        pl.lit(1).alias("resolution_us"),
        pl.lit("containerd").alias("identifier"),
    )
    return shaped(records, RECORDS)


class _Envelope(msgspec.Struct, rename="pascal"):
    timestamp: str
    topic: str
    namespace: str = ""
    event: str | dict[str, Any] | None = None


_envelopes = msgspec.json.Decoder(_Envelope)


def _unwrapped(envelope: _Envelope) -> tuple[int, str, str]:
    """Microseconds since 1970, message, fields. ValueError: it is no event."""
    if not envelope.topic.startswith("/"):
        raise ValueError("no containerd event")
    content = msgspec.json.encode(envelope.event).decode() if isinstance(envelope.event, dict) else envelope.event
    return since_1970(envelope.timestamp), *_understand(envelope.namespace, envelope.topic, content)


def _json_batch(values: pl.DataFrame, first: int) -> Batch:
    found: list[tuple[int, str, str]] = []
    broken: dict[int, str] = {}
    for index, raw in enumerate(values["raw"].to_list()):
        try:
            found.append(_unwrapped(_envelopes.decode(raw)))
        except (ValueError, RecursionError) as error:
            broken[index] = str(error)
    kept, rejects = parted(values, broken)
    kept = kept.with_columns(pl.Series("time", [time for time, _, _ in found], pl.Int64).cast(TIME))
    return Batch(records=_records(kept, [row[1:] for row in found], first), rejects=rejects)


class ContainerdEvents:
    """The output of ``ctr events``."""

    name = "containerd-events"
    family = "containerd"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first lines have the shape of an event."""
        lines = beginning(head)[:20]
        return 2 * sum(1 for line in lines if _LIKE.match(line)) > len(lines)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        return numbered(filled(stream), _batch)


class ContainerdJson:
    """The output of ``nerdctl events --format json``."""

    name = "containerd-json"
    family = "containerd"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first values are events."""
        return mostly(head, _is_event)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        yield from batches(stream, _SLICE, _json_batch)


def _is_event(content: Any) -> bool:
    try:
        _unwrapped(msgspec.convert(content, _Envelope))
    except ValueError:
        return False
    return True


FORMAT = ContainerdEvents()
JSON = ContainerdJson()
