"""What a format is: it recognises the beginning of a source, and frames its bytes into records or objects."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO, Protocol, runtime_checkable

import polars as pl

from analyzer.evidence.looked import HEAD as HEAD
from analyzer.vocabulary import OBJECTS, RECORDS, REJECTS

CHUNK = 32 * 1024 * 1024
"""Bytes of a source that are held at a time (line formats)."""


@dataclass(frozen=True)
class ReadContext:
    """What a source cannot say itself.

    year: for formats that write none: the year of the source's LAST record; where the date leaps by more than half a year
        from one record to the next, the year has changed.
    zone: for formats that write local times without an offset.
    stated: the user named that zone. If not, what a source tells of its zone goes before it.
    captured: when the evidence was captured, for formats that write ages; None: unknown. captured_as: how that is known.
    """

    year: int
    zone: tzinfo = UTC
    stated: bool = False
    captured: datetime | None = None
    captured_as: str = "as stated"


@dataclass
class Batch:
    """A part of a source: frames without ``source_id`` (the pipeline adds it).

    family: of this part, where it is not the format's own. notes: what was assumed or lost, in words, for the source's detail.
    lost: messages that were lost on the way, how many by how they were ('left out by ...'): added up over the source.
    """

    records: pl.DataFrame = field(default_factory=lambda: _NO_RECORDS.clone())
    objects: pl.DataFrame = field(default_factory=lambda: _NO_OBJECTS.clone())
    rejects: pl.DataFrame = field(default_factory=lambda: _NO_REJECTS.clone())
    family: str | None = None
    notes: tuple[str, ...] = ()
    lost: Mapping[str, int] = field(default_factory=dict)


def empty(schema: pl.Schema) -> pl.DataFrame:
    """An empty frame with the schema's columns but ``source_id``."""
    return pl.DataFrame(schema={k: v for k, v in schema.items() if k != "source_id"})


_NO_RECORDS: pl.DataFrame = empty(RECORDS)
_NO_OBJECTS: pl.DataFrame = empty(OBJECTS)
_NO_REJECTS: pl.DataFrame = empty(REJECTS)


class Format(Protocol):
    """One format. ``name`` is stable: it stands in the sources table and is what --format takes."""

    name: str
    family: str  # 'journal', 'klog', 'docker', 'containerd', 'cri', 'kubernetes': says which grammars apply
    dated: bool  # False: its times lack the year

    def sniff(self, head: bytes, name: str) -> bool:
        """Whether a source that begins with these (decompressed) bytes is of this format."""
        ...

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        """Frame the whole stream. Never raises on content: what can't be read becomes a reject."""
        ...


@runtime_checkable
class Divisible(Format, Protocol):
    """A format of lines that can be read apart, from any line that begins an object on."""

    def divides(self, head: bytes) -> bool:
        """Whether a source that begins with these bytes has a line for each object, as far as they tell."""
        ...
