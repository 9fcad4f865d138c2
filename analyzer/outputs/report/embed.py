"""What log content must become before it stands in a page: markup for plotly, JSON inside a script element, a hash for the policy."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from analyzer.outputs.text import printable

_IN_SCRIPT = {b"<": b"\\u003c", b">": b"\\u003e", b"&": b"\\u0026", "\u2028".encode(): b"\\u2028", "\u2029".encode(): b"\\u2029"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plain(text: object) -> str:
    """Log content without control characters; tabs become spaces. Still to be escaped by whatever shows it."""
    return printable(str(text).replace("\t", " "))


def markup(text: object) -> str:
    """Log content as plotly shows it: its text and hover labels know <a>, <b>, <br> and more, TeX between $ and $, and entities."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("$", "&#36;")


def short(text: str, limit: int) -> str:
    """At most ``limit`` characters: the middle goes, because pods of one controller differ at the end."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) * 2 // 3
    return f"{text[: limit - 1 - tail]}…{text[-tail:]}"


def script_json(value: Any) -> str:
    """JSON that can stand in a <script> element: nothing in it ends the element or a line of the script."""
    raw = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    for mark, escaped in _IN_SCRIPT.items():
        raw = raw.replace(mark, escaped)
    return raw.decode()


def script_hash(text: str) -> str:
    """The script as a content security policy names it."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def epoch_ms(moment: datetime) -> float:
    """Milliseconds with three decimals: plotly's dates, exact to the microsecond."""
    delta = moment - _EPOCH
    return (delta.days * 86_400_000_000 + delta.seconds * 1_000_000 + delta.microseconds) / 1000


def clock(moment: datetime | None) -> str:
    """UTC with microseconds, to be read."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%fZ") if moment else "not within the evidence"
