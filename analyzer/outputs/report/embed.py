"""What log content must become before it stands in a page: text of bounded length; and a hash of each script and style for the policy."""

import base64
import hashlib
from datetime import UTC, datetime

from analyzer.outputs.words import printable

NAME = 253
"""Characters: no name in Kubernetes is longer. A longer one is no name, and loses its middle."""
TEXT = 2000
"""Characters of a message or a line that are shown."""


def plain(text: object) -> str:
    """Log content without control characters and marks of direction; tabs become spaces. Still to be escaped by whatever shows it."""
    words = str(text)
    return words if words.isprintable() else printable(words.replace("\t", " "))


def name(text: object) -> str:
    """A name, as plain text."""
    return plain(short(str(text), NAME))


def told(text: object, limit: int = TEXT) -> str:
    """A line or a message, as plain text: what is cut off is counted."""
    whole = str(text)
    return plain(whole) if len(whole) <= limit else f"{plain(whole[:limit])}… ({len(whole):,} characters)"


def short(text: str, limit: int) -> str:
    """At most ``limit`` characters: the middle goes, because pods of one controller differ at the end."""
    if len(text) <= limit:
        return text
    tail = (limit - 1) * 2 // 3
    return f"{text[: limit - 1 - tail]}…{text[-tail:]}"


def content_hash(text: str) -> str:
    """A script or a style as a content security policy names it."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def clock(moment: datetime | None) -> str:
    """UTC with microseconds, to be read."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%fZ") if moment else "not within the evidence"
