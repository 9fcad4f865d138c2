"""Before anything is read: which sources there are, of which format each is, which are copies, and in which order to read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

import polars as pl

from analyzer import formats
from analyzer.evidence import Source
from analyzer.evidence.layouts import place
from analyzer.evidence.looked import Looked, look
from analyzer.formats import Format
from analyzer.grammars.base import one_line
from analyzer.vocabulary import SourceStatus

_AGED = frozenset({"event-table", "mixed"})
"""Families that may write ages: when they were captured has to fit to what the others tell."""


@dataclass(frozen=True)
class Options:
    """What the user says of the evidence: overrides of what is inferred."""

    node: str | None = None
    format: str | None = None
    zone: tzinfo | None = None
    year: int | None = None
    captured: datetime | None = None


@dataclass
class Planned:
    """A source before it is read."""

    source: Source
    sha256: str
    size: int
    format: Format | None
    status: SourceStatus
    detail: str | None = None
    duplicate_of: str | None = None
    known: bool = False
    writer: str | None = None
    """Who wrote it, as its place in a bundle tells: for records that do not say it themselves."""

    @property
    def source_id(self) -> str:
        return self.sha256[:16]

    @property
    def phase(self) -> int:
        """What lacks its date is read after what has one, and what counts back from its capture after both."""
        if self.format is None or self.format.family in _AGED:
            return 2
        return 0 if self.format.dated else 1


def make_plan(paths: Sequence[str | Path], options: Options, known: pl.DataFrame) -> list[Planned]:
    """All sources, in the order of names; ``known``: the store already has them."""
    have = set(zip(known["source"].to_list(), known["sha256"].to_list(), strict=True))
    original = known.filter(pl.col("status") != str(SourceStatus.DUPLICATE))
    first = dict(zip(original["sha256"].to_list(), original["source"].to_list(), strict=True))
    plan: list[Planned] = []
    for looked in look(paths):
        source, planned = looked.source, _plan_one(looked, options)
        planned.known = (source.name, planned.sha256) in have
        if planned.size and planned.sha256 in first and not planned.known:
            planned.status, planned.duplicate_of = SourceStatus.DUPLICATE, first[planned.sha256]
            planned.detail = f"the same bytes as {planned.duplicate_of}"
        first.setdefault(planned.sha256, source.name)
        here = place(source.name, source.root)
        planned.writer = here.container if here else None
        plan.append(planned)
    return plan


def _plan_one(looked: Looked, options: Options) -> Planned:
    source, sha256, size, head = looked.source, looked.sha256, looked.size, looked.head
    if looked.fault is not None:
        return Planned(source, "", 0, None, SourceStatus.FAILED, detail=one_line(looked.fault))
    if not size:
        return Planned(source, sha256, 0, None, SourceStatus.EMPTY, detail=source.problem)
    chosen = formats.named(options.format) if options.format else formats.detect(head, source.name)
    if chosen is None:
        status = SourceStatus.FAILED if source.problem else SourceStatus.UNRECOGNISED
        return Planned(source, sha256, size, None, status, detail=source.problem or _guess(head))
    return Planned(source, sha256, size, chosen, SourceStatus.READ, detail=source.problem)


def _guess(head: bytes) -> str:
    """A word on what a source that no format knows might be, so that the user need not look."""
    if b"\0" in head[:4096]:
        return "binary data"
    return "text of no known format"
