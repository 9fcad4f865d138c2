"""A stretch of time, cut out of a source: as if that part of the log had been lost."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_TIMES = re.compile(
    rb'"(?:__REALTIME_TIMESTAMP)"\s*:\s*"(?P<micros>\d{16})"|"timeNano":(?P<nanos>\d{19})|^__REALTIME_TIMESTAMP=(?P<field>\d{16})'
    rb"|^\"?(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?)",
    re.MULTILINE,
)
_EVENT_TIMES = ("eventTime", "lastTimestamp", "firstTimestamp")


def moment(record: bytes) -> float | None:
    """The time that a record bears, in seconds of the epoch."""
    match = _TIMES.search(record)
    if match is None:
        return None
    if match["iso"]:
        return datetime.fromisoformat(match["iso"].decode()).replace(tzinfo=UTC).timestamp()
    return int(match["nanos"]) / 1e9 if match["nanos"] else int(match["micros"] or match["field"]) / 1e6


def cut(path: Path, start: float, end: float) -> bool:
    """Take what the source says of [start, end) out of it, in place. False: it bears no times, and stays as it is."""
    content = path.read_bytes()
    if path.suffix == ".json" and content.lstrip()[:1] == b"{" and b'"items"' in content[:200_000] and path.name.startswith("events"):
        return _cut_list(path, json.loads(content), start, end)
    if path.suffix == ".yaml":
        return _cut_yaml(path, content, start, end)
    by_blank = b"\n__REALTIME_TIMESTAMP=" in content[:2000]
    records = re.split(rb"(?<=\n)(?=\n)", content) if by_blank else content.splitlines(keepends=True)
    kept: list[bytes] = []
    timed = lost = False
    for record in records:
        at = moment(record)
        if at is not None:
            timed, lost = True, start <= at < end
        if not lost:
            kept.append(record)
    path.write_bytes(b"".join(kept))
    return timed


def _cut_list(path: Path, document: dict[str, Any], start: float, end: float) -> bool:
    document["items"] = [i for i in document["items"] if not _within(i, start, end)]
    path.write_text(json.dumps(document))
    return True


def _within(event: dict[str, Any], start: float, end: float) -> bool:
    told = next((event[k] for k in _EVENT_TIMES if event.get(k)), None)
    return told is not None and start <= datetime.fromisoformat(told).timestamp() < end


def _cut_yaml(path: Path, content: bytes, start: float, end: float) -> bool:
    """kubectl's -o yaml: an item begins with a dash in the first column."""
    kept = []
    for item in re.split(rb"(?m)^(?=- )", content):
        told = dict(re.findall(rb'(?m)^  (eventTime|lastTimestamp|firstTimestamp): "([^"]+)"', item))
        event = {k: told[k.encode()].decode() for k in _EVENT_TIMES if k.encode() in told}
        if not _within(event, start, end):
            kept.append(item)
    path.write_bytes(b"".join(kept))
    return True
