"""One node's clock, moved: all times that its own sources bear, rewritten consistently by whole seconds."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

_ISO = re.compile(rb"\b(\d{4})-(\d\d)-(\d\d)([T ])(\d\d):(\d\d):(\d\d)(?=[^\d:])")
_KLOG = re.compile(rb"\b([IWEF])(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)(?=\.\d{6})")
_SYSLOG = re.compile(rb"(?m)^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)(?= )")
_MICROS = re.compile(rb'((?:__REALTIME_TIMESTAMP|_SOURCE_REALTIME_TIMESTAMP)(?:=|"\s*:\s*"))(\d+)')
_DOCKER = re.compile(rb'("time":)(\d{10})(,"timeNano":)(\d{10})')
_KLOG_JSON = re.compile(rb'(\\?"ts\\?":)(\d{10})(?=\d{3}\.)')
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def shift(content: bytes, seconds: int, year: int) -> bytes:
    """A text source as it would have been with the clock that much ahead. ``year``: of times without one."""
    off = timedelta(seconds=seconds)

    def iso(m: re.Match[bytes]) -> bytes:
        moment = _moment(*(int(m[i]) for i in (1, 2, 3, 5, 6, 7)))
        if moment is None or moment.year < 2000:
            return m[0]
        return (moment + off).strftime(f"%Y-%m-%d{m[4].decode()}%H:%M:%S").encode()

    def klog(m: re.Match[bytes]) -> bytes:
        moment = _moment(year, *(int(m[i]) for i in (2, 3, 4, 5, 6)))
        return m[1] + (moment + off).strftime("%m%d %H:%M:%S").encode() if moment else m[0]

    def syslog(m: re.Match[bytes]) -> bytes:
        moment = _moment(year, _MONTHS.index(m[1]) + 1, int(m[2]), int(m[3]), int(m[4]), int(m[5])) if m[1] in _MONTHS else None
        if moment is None:
            return m[0]
        later = moment + off
        return _MONTHS[later.month - 1] + f" {later.day:2d} {later:%H:%M:%S}".encode()

    def whole(m: re.Match[bytes]) -> bytes:
        return m[1] + str(int(m[2]) + seconds).encode()

    rules: list[tuple[re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]]] = [
        (_ISO, iso),
        (_KLOG, klog),
        (_SYSLOG, syslog),
        (_MICROS, lambda m: m[1] + str(int(m[2]) + seconds * 1_000_000).encode()),
        (_DOCKER, lambda m: m[1] + str(int(m[2]) + seconds).encode() + m[3] + str(int(m[4]) + seconds).encode()),
        (_KLOG_JSON, whole),
    ]
    for pattern, rewrite in rules:
        content = pattern.sub(rewrite, content)
    return content


def shift_node(evidence: Path, node: str, seconds: int, year: int) -> None:
    """All sources of a node, in place."""
    for path in sorted((evidence / node).rglob("*")):
        if path.is_file():
            path.write_bytes(shift(path.read_bytes(), seconds, year))


def _moment(*parts: int) -> datetime | None:
    try:
        return datetime(*parts).replace(tzinfo=UTC)  # type: ignore[arg-type]
    except ValueError:
        return None
