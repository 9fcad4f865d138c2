"""A large source of lines in parts that can be read apart: where to cut it, and which lines each part has.

A part is read as a source of its own, and then put where it belongs: ordinals, lines and offsets begin where it does. That is what
reading all of it would give as long as each line of each part but the last one is a record; whoever reads them checks that.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from analyzer.evidence import Source
from analyzer.evidence.packed import Shared
from analyzer.formats import HEAD, Batch, Divisible, Format

WORTH = 512 * 1024 * 1024
"""Smaller sources are not cut: a process of its own takes half a second to begin."""
_PART = 32 * 1024 * 1024
_WINDOW = 1024 * 1024
"""So many bytes are looked through for a place to cut at, and are counted in one go."""
_BORDER = b"}\n{"
"""Between two lines that are an object each, whatever else the source holds."""


@dataclass(frozen=True)
class Part:
    """Bytes from ``begin`` to before ``end``; ``line``: how many lines come before; ``lines``: how many it has itself."""

    begin: int
    end: int
    line: int
    lines: int

    def of(self, source: Source) -> Source:
        """The part as a source, of a source that lies on disk."""
        assert source.path is not None
        return replace(source, opener=partial(_stretch, source.path, self.begin, self.end))

    def placed(self, batch: Batch) -> Batch:
        """A batch of it as one of the whole."""
        moved = (pl.col("line") + self.line, pl.col("offset") + self.begin)
        records, objects, rejects = batch.records, batch.objects, batch.rejects
        if records.height:
            records = records.with_columns(*moved, pl.col("record") + self.line)
        if objects.height:
            objects = objects.with_columns(moved)
        if rejects.height:
            rejects = rejects.with_columns(moved)
        return replace(batch, records=records, objects=objects, rejects=rejects)


def divisible(source: Source, size: int, format: Format | None) -> bool:
    """Whether a source is large, lies on disk as it is, and has lines that can be read apart."""
    if source.path is None or size < WORTH or not isinstance(format, Divisible):
        return False
    with source.open() as stream:
        return format.divides(stream.read(HEAD))


def parts(path: Path, size: int) -> Iterator[Part]:
    """The parts of a file of this size, in order. All lines are in them, and each in one."""
    with path.open("rb") as file:
        begin = line = 0
        while begin < size:
            end = _border(file, begin + _PART, size)
            lines = _lines(file, begin, end)
            yield Part(begin, end, line, lines)
            begin, line = end, line + lines


def _border(file: BinaryIO, wanted: int, size: int) -> int:
    """Where to cut, at this place or soon after; the end, if there is no good place on the way."""
    while wanted < size:
        file.seek(wanted)
        found = file.read(_WINDOW).find(_BORDER)
        if found >= 0:
            return wanted + found + len(_BORDER) - 1
        wanted += _PART
    return size


def _lines(file: BinaryIO, begin: int, end: int) -> int:
    file.seek(begin)
    sizes = (min(_WINDOW, end - at) for at in range(begin, end, _WINDOW))
    return sum(int(np.count_nonzero(np.frombuffer(file.read(size), np.uint8) == ord("\n"))) for size in sizes)


def _stretch(path: Path, begin: int, end: int) -> BinaryIO:
    return Shared(path.open("rb")).slice(begin, end - begin)
