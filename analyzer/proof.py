"""Proofs and edges: which record says what, and how sure a moment is."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_FOUR_DIGITS = 1000


def rfc3339(time: datetime | None) -> str | None:
    """UTC with microseconds and ``Z``: the only form of time in the findings document."""
    if time is None:
        return None
    told = time.astimezone(UTC).replace(tzinfo=None)
    if told.year < _FOUR_DIGITS:  # of such a year strftime and isoformat write different numbers of digits
        return told.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return told.isoformat(timespec="microseconds") + "Z"


@dataclass(frozen=True, order=True, slots=True)
class Proof:
    """One cited record: ``source``:``line`` (or byte ``offset``) says ``text``, which proves ``proves``."""

    time: datetime | None
    source: str
    line: int | None
    offset: int | None
    text: str
    proves: str

    def document(self) -> dict[str, Any]:
        place = {"line": self.line} if self.line is not None else {"offset": self.offset}
        return {
            "source": self.source,
            **place,
            "time": rfc3339(self.time),
            "text": self.text,
            "proves": self.proves,
        }

    @property
    def place(self) -> str:
        return f"{self.source}:{self.line}" if self.line is not None else f"{self.source}@{self.offset}"


@dataclass(frozen=True, slots=True)
class Edge:
    """A moment: best estimate, and the bounds between which it surely lies. ``time`` None: not within the evidence.

    ``rule``: why these proofs make this edge, one plain clause for a reader."""

    time: datetime | None
    earliest: datetime | None
    latest: datetime | None
    proofs: tuple[Proof, ...] = ()
    rule: str = ""
