"""A stretch of which a source tells nothing, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from analyzer.proof import Proof

Gap = tuple[datetime, datetime, str]
"""From, to, and why nothing is known of it."""


@dataclass(frozen=True)
class Hole:
    """``cause``: suppressed, silence, between-files, boot-missing, runtime-down, replay-limit, begins-late,
    unheard or event-ttl.

    ``of``: whose lines are missing (a unit's or a writer's name), where it is not everybody's. ``by_nature``: such a source has such
    holes, nobody took lines out. ``settled_by``: what would tell what happened in it.
    """

    start: datetime
    end: datetime
    why: str
    cause: str
    proofs: tuple[Proof, ...] = ()
    settled_by: str = ""
    of: str | None = None
    by_nature: bool = False

    @property
    def gap(self) -> Gap:
        return self.start, self.end, self.why

    def overlaps(self, start: datetime, end: datetime) -> bool:
        return self.start < end and start < self.end


class Where(NamedTuple):
    """Whose evidence: a node (None: the cluster), and the kind of source."""

    node: str | None
    source_kind: str


Found = Iterable[tuple[Where, Hole]]


def told(start: datetime, end: datetime) -> str:
    """A stretch as one would ask for it: 'from 2026-03-01 10:00:00 to 10:05:00 UTC'."""
    until = f"{end:%H:%M:%S}" if start.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    return f"from {start:%Y-%m-%d %H:%M:%S} to {until} UTC"
