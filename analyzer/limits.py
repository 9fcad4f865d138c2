"""How much a hostile or broken input may cost: one place for all limits, each of which can be set.

The environment variable PODOPSY_LIMITS holds what differs from the defaults (``record=64M,ratio=1000``), so that child processes
know it, too; ``podopsy --limit NAME=VALUE`` adds to it.
"""

import os
import re
from dataclasses import dataclass, fields, replace
from functools import lru_cache

from analyzer.exceptions import UsageError

VARIABLE = "PODOPSY_LIMITS"
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_VALUE = re.compile(r"(\d{1,15})([KMGT]?)", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """What goes beyond one is a reject, or a source that is told to be cut off; the rest goes on.

    ratio: so many bytes may come of one packed byte, counted over all that is packed in one file. Logs come to 20 to 60 with gzip, and
        to 200 at most with xz; gzip itself ends at 1,032, and is allowed two fifths of this.
    slack: bytes that a file may give whatever its ratio.
    unpacked: bytes that a file may give at all.
    members: of the archives in a file, together.
    depth: archives within archives.
    record: bytes of a line, a JSON value, an object in YAML.
    memory: bytes that an analysis is to hold of its tables: of one that has more than a sixteenth of it a temporary file is made, and as
        much may have been looked at there before it is given back. What is known of containers and of API objects comes on top.
    """

    ratio: int = 500
    slack: int = 256 << 20
    unpacked: int = 1 << 40
    members: int = 250_000
    depth: int = 8
    record: int = 16 << 20
    memory: int = 1 << 30


NAMES = tuple(field.name for field in fields(Limits))


def current() -> Limits:
    """Those that hold in this process. Raises UsageError."""
    return _parsed(os.environ.get(VARIABLE, ""))


def add(settings: list[str]) -> None:
    """From now on, in this process and its children. Raises UsageError."""
    os.environ[VARIABLE] = ",".join(filter(None, [os.environ.get(VARIABLE, ""), *settings]))
    current()


@lru_cache(maxsize=4)
def _parsed(text: str) -> Limits:
    found: dict[str, int] = {}
    for setting in filter(None, text.split(",")):
        name, _, value = (part.strip() for part in setting.partition("="))
        match = _VALUE.fullmatch(value)
        if name not in NAMES or match is None:
            raise UsageError(f"limit {setting}: write NAME=NUMBER (K, M, G, T behind it), with one of {', '.join(NAMES)}")
        found[name] = int(match[1]) * _UNITS[match[2].upper()]
    return replace(Limits(), **found)


def amount(size: int) -> str:
    """Bytes as a limit is written: ``16M``."""
    unit = next((u for u in ("T", "G", "M", "K") if size >= _UNITS[u] and size % _UNITS[u] == 0), "")
    return f"{size // _UNITS[unit]}{unit}"
