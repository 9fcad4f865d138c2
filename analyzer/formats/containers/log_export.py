"""Log entries as a collector has stored them and gives them back: one JSON object each, in lines, an array or an answer; or YAML.

An entry of the journal becomes again what it was; one of a container has that container's name as its identifier. Cloud Logging
also holds Kubernetes events: those are API objects. It gives the newest entry first, and may hold an entry several times: these
share their ``insertId``.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.formats.base import CHUNK, HEAD, Batch, ReadContext
from analyzer.formats.containers.container_text import KLOG, Fineness, Writer, pids, utc
from analyzer.formats.containers.log_export_fields import (
    KUBERNETES,
    PAYLOADS,
    TIMES,
    as_json,
    first,
    journal_fields,
    klog_parts,
    payload,
    text,
    unfolded,
)
from analyzer.formats.journals.journal_fields import NEEDED, assemble
from analyzer.formats.json_documents import Value, mostly, peeked, slices
from analyzer.formats.kubernetes import api_yaml
from analyzer.formats.kubernetes.api_objects import Collector
from analyzer.formats.kubernetes.yaml_pieces import pieces
from analyzer.formats.lines import BOM, conform
from analyzer.formats.tables import Reject, packed, reject_frame, storable
from analyzer.vocabulary import RECORDS

_SLICE: Final = 20_000  # entries that are held at a time
_EPOCH: Final = re.compile(r"(\d{9,19})(?:\.(\d+))?")
_UNITS: Final = ((11, 6), (14, 3), (17, 0))  # up to so many digits a Unix time has seconds, milliseconds, microseconds
_ENTRIES: Final = re.compile(r'\s*\{\s*"entries"\s*:\s*\[\s*\{\s*"(?:insertId|logName|textPayload|jsonPayload|labels|timestamp|resource)"')
_ANSWER: Final = re.compile(r'\s*\{\s*"(?:took"\s*:\s*[0-9]|status"\s*:\s*"success"\s*,\s*"data"\s*:\s*\{\s*"resultType"\s*:\s*"streams")')
"""How answers begin that are too long to be looked at as a whole: Cloud Logging's, and Elasticsearch's and Loki's."""
_YAML: Final = re.compile(rb"^(?:- |  )?(insertId|logName|timestamp|textPayload|jsonPayload|structPayload|struct_payload): ?", re.MULTILINE)
_EXTRA: Final = {"written": pl.String, "us": pl.Int64, "digits": pl.Int64, "kubernetes": pl.String}
_SCHEMA: Final = {"line": pl.Int64, "offset": pl.Int64, "raw": pl.String, **dict.fromkeys(NEEDED, pl.String), **_EXTRA}
_MOMENTS: Final = ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")
_JOURNALD: Final = ("_SYSTEMD_UNIT", "SYSTEMD_UNIT", "systemd.unit", "SYSLOG_IDENTIFIER", "_HOSTNAME", "_BOOT_ID", "systemd_unit")
_HOSTS: Final = ("hostname", "host", "HOSTNAME", "host.name")
_OWN: Final = frozenset({"log", "stream", "time", "attrs"})  # docker's json-file


class Epoch(NamedTuple):
    """Unix time in microseconds, and how many digits of the second were written."""

    us: int
    digits: int


def epoch(written: str) -> Epoch | None:
    """Unix time in seconds, milliseconds, microseconds or nanoseconds: which, the magnitude tells (1973 to 5138)."""
    match = _EPOCH.fullmatch(written)
    if match is None or not match[1].strip("0"):
        return None
    whole, fraction = match[1], match[2] or ""
    for longest, missing in _UNITS:
        if len(whole) <= longest:
            return Epoch(int(whole + (fraction + "0" * missing)[:missing]), 6 - missing + len(fraction))
    return Epoch(int(whole) // 1000, 9)  # nanoseconds


class _Reader:
    """What holds from one slice to the next."""

    def __init__(self) -> None:
        self._count = 0
        self._writer = Writer()
        self._fineness = Fineness()
        self._seen: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._objects = Collector(CHUNK)

    def batch(self, values: list[Value], broken: list[Reject]) -> Batch:
        rows: list[dict[str, Any]] = []
        rejects = list(broken)
        entries = [(value, entry) for value in values for entry in unfolded(value.content)]
        again = self._again([entry for _, entry in entries])
        for (value, entry), repeated in zip(entries, again, strict=True):
            whole = value.text if entry is value.content else as_json(entry) if isinstance(entry, dict) else value.text
            if repeated:
                rejects.append(Reject(value.line, value.offset, "an entry that was given before (the same insertId)", whole))
            elif isinstance(entry, dict) and isinstance(payload(entry).get("involvedObject"), dict):
                self._objects.add(value.line, value.offset, _event(entry), whole)
            elif isinstance(row := _row(entry), str):
                rejects.append(Reject(value.line, value.offset, row, whole))
            else:
                rows.append({"line": value.line, "offset": value.offset, "raw": storable(whole), **row})
        records, undated = self._records(pl.DataFrame(rows, schema=_SCHEMA))
        objects = self._objects.flush()
        lost = pl.concat([reject_frame(rejects), undated, objects.rejects]).sort("offset", maintain_order=True)
        return Batch(records=records, objects=objects.objects, rejects=lost)

    def _again(self, entries: list[Any]) -> list[bool]:
        """Which entries have an insertId, log and time that came before."""
        keys = [
            storable(f"{entry['insertId']} {entry.get('logName')} {first(entry, TIMES)}")
            if isinstance(entry, dict) and "insertId" in entry
            else None
            for entry in entries
        ]
        named = pl.Series("key", keys, pl.String).to_frame().with_row_index("row").drop_nulls()
        hashes = named["key"].hash().to_numpy()
        at = np.searchsorted(self._seen, hashes)
        known = self._seen[np.minimum(at, len(self._seen) - 1)] == hashes if len(self._seen) else np.zeros(len(hashes), np.bool_)
        repeated = known | ~named["key"].is_first_distinct().to_numpy()
        fresh = np.sort(hashes[~repeated])
        self._seen = np.insert(self._seen, np.searchsorted(self._seen, fresh), fresh)
        rows = set(named["row"].filter(pl.Series(repeated)).to_list())
        return [row in rows for row in range(len(entries))]

    def _records(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        rows = rows.with_columns(us=pl.coalesce("us", utc(rows["written"])))
        undated = rows.filter(pl.col("us").is_null()).select("line", "offset", "raw")
        lost = reject_frame([Reject(line, offset, "no readable time", raw) for line, offset, raw in undated.iter_rows()])
        rows = rows.filter(pl.col("us").is_not_null())
        journal = [pl.when(pl.col(name).str.contains(r"^[1-9][0-9]{14,15}$")).then(name) for name in _MOMENTS]
        rows = rows.with_columns(journal)
        as_text = self._fineness.see(rows["written"].filter(rows["digits"].is_null()))
        as_number = 10 ** (6 - pl.col("digits").clip(0, 6))
        fine = pl.when(pl.any_horizontal(pl.col(_MOMENTS).is_not_null())).then(1).otherwise(pl.coalesce(as_number, as_text))
        rows = rows.with_columns(fine.cast(pl.Int64).alias("fine"), pl.coalesce("__REALTIME_TIMESTAMP", pl.col("us").cast(pl.String)))
        records = assemble(rows, self._count).records
        self._count += records.height
        unknown = pl.all_horizontal(pl.col("identifier", "unit").is_null())
        told = self._writer.see(records.filter(unknown)["message"])
        records = records.with_columns(
            resolution_us=rows["fine"],
            identifier=pl.when(unknown).then(pl.lit(told, pl.String)).otherwise("identifier"),
            pid=pl.coalesce("pid", pids(records["message"])),
            fields=pl.coalesce(rows["kubernetes"], "fields"),
        )
        return conform(records, RECORDS), lost


def _row(entry: Any) -> dict[str, Any] | str:
    """The fields of the journal that an entry has, or why it is none."""
    if not isinstance(entry, dict):
        return "no log entry"
    message, written = text(entry), storable(first(entry, TIMES))
    if message is None:
        return "a log entry without a text"
    row = {name: storable(value) for name, value in journal_fields(entry).items()}
    parts = None if re.match(KLOG, message) else klog_parts(entry)
    if parts is not None:
        message = _with_header(message, parts, written or "")
        row["_PID"] = None  # the header's
    container = {name: value for name, keys in KUBERNETES.items() if (value := first(entry, keys))}
    moment = epoch(written) if written else None
    return row | {
        "MESSAGE": storable(message),
        "written": written,
        "us": moment.us if moment else None,
        "digits": moment.digits if moment else None,
        "kubernetes": packed(container) if "k8s_container_name" in container else None,
    }


def _with_header(message: str, parts: tuple[str, str, str], written: str) -> str:
    """klog's line as it was, if the time is as fine as the header's was: the collector took it from there."""
    severity, thread, source = parts
    micros = utc(pl.Series([written]))[0] if Fineness().see(pl.Series([written])) == 1 else None
    if micros is None:
        return message
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    return f"{severity}{moment:%m%d %H:%M:%S.%f} {thread:>7} {source}] {message}"


def _event(entry: dict[str, Any]) -> dict[str, Any]:
    """The Kubernetes event in an entry. The exporter's time is that of the last occurrence."""
    event = dict(payload(entry))
    if not any(event.get(key) for key in ("firstTimestamp", "lastTimestamp", "eventTime")):
        event["lastTimestamp"] = first(entry, TIMES)
    return event


class LogExport:
    """Exports of Cloud Logging (``cloud``; gcloud prints YAML unless told otherwise), or of any other collector."""

    family = "export"
    dated = True

    def __init__(self, name: str, cloud: bool) -> None:
        self.name = name
        self._cloud = cloud

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first entries are such."""
        if head.removeprefix(BOM).lstrip(b" \t\r\n\x1e\0")[:1] in (b"{", b"["):
            return mostly(head, self._told, _ENTRIES if self._cloud else _ANSWER)
        return self._cloud and _is_yaml(head)

    def _told(self, content: Any) -> bool:
        entries = list(unfolded(content))
        found = sum(1 for entry in entries if (_is_cloud if self._cloud else _is_entry)(entry))
        return bool(found) and 2 * found > len(entries)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        head, whole = peeked(stream, HEAD)
        reader = _Reader()
        if head.removeprefix(BOM).lstrip(b" \t\r\n\x1e\0")[:1] in (b"{", b"["):
            for values, rejects in slices(whole, _SLICE):
                yield reader.batch(values, rejects)
        else:
            yield from _from_yaml(whole, reader)


def _from_yaml(stream: BinaryIO, reader: _Reader) -> Iterator[Batch]:
    values: list[Value] = []
    rejects: list[Reject] = []
    for piece in pieces(stream):
        if isinstance(piece, Reject):
            rejects.append(piece)
        else:
            written = piece.text.decode(errors="replace")
            try:
                content = api_yaml.parse(written)
            except (ValueError, RecursionError) as error:
                rejects.append(Reject(piece.line, piece.offset, f"broken YAML: {error}".splitlines()[0], written))
                continue
            if content is not None:
                values.append(Value(piece.line, piece.offset, written, content))
        if len(values) + len(rejects) >= _SLICE:
            yield reader.batch(values, rejects)
            values, rejects = [], []
    yield reader.batch(values, rejects)


def _is_cloud(entry: Any) -> bool:
    """A LogEntry of Cloud Logging; ``log`` and ``metadata`` are those of its first version (to 2016)."""
    if not isinstance(entry, dict) or first(entry, ("timestamp", "metadata.timestamp", "receiveTimestamp")) is None:
        return False
    held = any(isinstance(entry.get(key), dict) for key in PAYLOADS) or isinstance(entry.get("textPayload"), str)
    return held and any(isinstance(entry.get(key), str) for key in ("insertId", "logName"))


def _is_yaml(head: bytes) -> bool:
    keys = {match[1] for match in _YAML.finditer(head)}
    return bool(keys & {b"insertId", b"logName"}) and b"timestamp" in keys and len(keys) >= 3


def _is_entry(entry: Any) -> bool:
    """A time, a text, and something that a collector adds; what has formats of its own is none."""
    if not isinstance(entry, dict) or entry.keys() <= _OWN or _is_cloud(entry):
        return False
    if "__REALTIME_TIMESTAMP" in entry or {"kind", "apiVersion"} <= entry.keys() or "involvedObject" in entry:
        return False
    written, message = storable(first(entry, TIMES)), text(entry)
    if written is None or message is None or (epoch(written) is None and utc(pl.Series([written]))[0] is None):
        return False
    of_loki = "line" in entry and isinstance(entry.get("labels"), dict)
    collected = "@timestamp" in entry or isinstance(entry.get("kubernetes"), dict) or of_loki
    return collected or first(entry, (*_JOURNALD, *_HOSTS)) is not None or bool(re.match(KLOG, message))


CLOUD: Final = LogExport("cloud-logging", cloud=True)
ANY: Final = LogExport("log-export", cloud=False)
