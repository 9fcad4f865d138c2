"""Cited records as they stand in their sources, with what stands around them; from the store, where the sources are not at hand."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import polars as pl

from analyzer import formats
from analyzer.analysis import Analysis
from analyzer.evidence import Source, walk
from analyzer.evidence.places import excerpts
from analyzer.exceptions import SourceError
from analyzer.formats import ReadContext
from analyzer.formats.base import empty
from analyzer.proof import Proof
from analyzer.vocabulary import RECORDS

_WIDE = 2000
"""Characters of a line that are kept."""
_EXCERPT = 32 * 1024
"""Bytes of a cited record that are looked at."""
_SHORT = 16
"""Lines of a record that are shown as they are; of a longer one the first, and those about what is cited."""

_SAME = 200
"""Characters that are compared."""
_COLUMNS = ["line", "offset", "message", "raw"]

Place = tuple[str, int | None, int | None]
"""Source, line, offset."""
_Rows = dict[int, str]
"""Lines by their numbers."""


@dataclass(frozen=True)
class Raw:
    """A line as it stands there. ``label``: its number, or @ and the offset of its entry; ``cited``: it belongs to the cited record."""

    label: str
    text: str
    cited: bool


def place(proof: Proof) -> Place:
    return proof.source, proof.line, proof.offset


def surroundings(analysis: Analysis, proofs: Sequence[Proof], paths: Sequence[str | Path], context: int) -> dict[Place, list[Raw]]:
    """By place, with ``context`` lines or entries on both sides; what cannot be read again is not in it."""
    wanted: dict[str, dict[Place, Proof]] = {}
    for proof in proofs:
        wanted.setdefault(proof.source, {}).setdefault(place(proof), proof)
    known = dict(analysis.sources.filter(pl.col("format").is_not_null()).select("source", "format").iter_rows())
    found: dict[Place, list[Raw]] = {}
    for source in walk(paths) if paths else ():
        if source.name in wanted:
            cited = list(wanted[source.name].values())
            try:
                if lines := [p for p in cited if p.line is not None]:
                    found |= _from_lines(source, lines, context)
                if entries := [p for p in cited if p.line is None and p.offset is not None]:
                    found |= _from_entries(source, known.get(source.name), entries, context)
            except (OSError, EOFError, SourceError, ValueError):
                continue  # what came before the damage is shown
    left = {name: missing for name, some in wanted.items() if (missing := [p for key, p in some.items() if key not in found])}
    return found | _from_store(analysis, left, context)


def _from_lines(source: Source, proofs: list[Proof], context: int) -> dict[Place, list[Raw]]:
    """The lines around each; a record may go on for many lines before it comes to what is cited."""
    by_line: dict[int, list[Proof]] = {}
    for proof in proofs:
        by_line.setdefault(proof.line or 0, []).append(proof)
    starts = {number for line in by_line for number in range(line - context, line + 1)}
    found: dict[Place, list[Raw]] = {}
    before: _Rows = {}
    with source.open() as stream:
        for number, excerpt in excerpts(stream, starts, _EXCERPT):
            lines = [line.decode(errors="replace").rstrip("\r")[:_WIDE] for line in excerpt.removesuffix(b"\n").split(b"\n")]
            before[number] = lines[0]
            size = _record(lines)
            for proof in by_line.get(number, ()):
                rows = [Raw(str(n), before[n], cited=False) for n in range(number - context, number) if n in before]
                rows += _cited(lines[:size], proof.text, context, number)
                if size == 1 or rows[-1].label == str(number + size - 1):
                    rows += [Raw(str(number + size + i), line, cited=False) for i, line in enumerate(lines[size : size + context])]
                found[place(proof)] = rows
    return found | _within_lines(source, [p for p in proofs if len(before.get(p.line or 0, "")) == _WIDE], before)


def _within_lines(source: Source, proofs: list[Proof], lines: _Rows) -> dict[Place, list[Raw]]:
    """Of a line too long to be shown, what stands at the offset: all items of a list may be in one."""
    found: dict[Place, list[Raw]] = {}
    if proofs:
        with source.open() as stream:
            for proof in sorted((p for p in proofs if p.offset is not None), key=lambda p: p.offset or 0):
                stream.seek(proof.offset or 0)
                text = stream.read(_WIDE).partition(b"\n")[0].decode(errors="replace")
                if text[:_SAME] != lines[proof.line or 0][:_SAME]:  # it does not begin with the line
                    found[place(proof)] = [Raw(str(proof.line), text, cited=True)]
    return found


def _record(lines: list[str]) -> int:
    """How many lines belong to the record that begins with the first: a document or an export entry, to the next that begins like it;
    else as long as the lines are indented."""
    mark = re.match(r"\s*(?:__[A-Z]+=|- |\{$|apiVersion:|kind:|Name:)", lines[0])
    if mark is not None:
        following = (n for n, line in enumerate(lines[1:], 1) if not line.strip() or line.startswith(mark[0]))
    else:
        following = (n for n, line in enumerate(lines[1:], 1) if not line[:1].isspace() or lines[0][:1].isspace())
    return next(following, len(lines))


def _cited(lines: list[str], text: str, context: int, first: int | None) -> list[Raw]:
    """A record's lines, or of a long one the first and those where it says what is cited. ``first``: the number of the first line."""
    at = _focus(lines, text)
    shown = range(len(lines)) if len(lines) <= _SHORT else sorted({0, *range(max(at - context, 0), min(at + context + 1, len(lines)))})
    return [Raw("" if first is None else str(first + n), lines[n], cited=True) for n in shown]


def _focus(lines: list[str], text: str) -> int:
    """Which of a record's lines says it: the whole text, or what follows its first words, or the name of what is told."""
    said = text.partition(": ")[2]
    for needle in (text[:60], re.sub(r" \(x\d+\)$", "", said)[:60], said.partition(" ")[0].rpartition(".")[2]):
        found = next((n for n, line in enumerate(lines) if needle and needle in line.replace('\\"', '"')), None)
        if found is not None:
            return found
    return 0


def _from_entries(source: Source, known: str | None, proofs: list[Proof], context: int) -> dict[Place, list[Raw]]:
    """Formats without lines: their records are at offsets."""
    cited = {p.offset: p for p in proofs}
    found: dict[Place, list[Raw]] = {}
    if known is None:
        return found
    with source.open() as stream:
        for frame in _overlapping(formats.named(known).read(stream, ReadContext(datetime.now(UTC).year)), context):
            for row in frame.with_row_index("at").filter(pl.col("offset").is_in(list(cited))).iter_rows(named=True):
                near = frame.slice(max(row["at"] - context, 0), min(row["at"], context) + context + 1)
                proof = cited[row["offset"]]
                rows = [raw for some in near.iter_rows(named=True) for raw in _record_rows(some, proof, context)]
                if len(rows) > len(found.get(place(proof), ())):  # at the edge of a batch it is met twice
                    found[place(proof)] = rows
    return found


def _overlapping(batches: Iterator[formats.Batch], context: int) -> Iterator[pl.DataFrame]:
    """Two batches of records at a time, so that neighbours are seen together."""
    frames = (batch.records.select(_COLUMNS) for batch in batches if not batch.records.is_empty())
    for before, after in pairwise(chain([empty(RECORDS).select(_COLUMNS)], frames)):
        yield pl.concat([before.tail(2 * context), after])


def _record_rows(row: dict[str, Any], proof: Proof, context: int) -> list[Raw]:
    """A record as a store or a format has it: whole if it is the cited one, else what it says."""
    lines = (row["raw"] or row["message"] or "").split("\n")
    if not _is_of(row, proof):
        return [Raw(_label(row), lines[0] if len(lines) == 1 else (row["message"] or "").replace("\n", " "), cited=False)]
    rows = _cited(lines, proof.text, context, row["line"])
    return rows if row["line"] is not None else [replace(rows[0], label=_label(row)), *rows[1:]]


def _from_store(analysis: Analysis, wanted: dict[str, list[Proof]], context: int) -> dict[Place, list[Raw]]:
    """From the records, by their ordinals; a document of the API is among the objects."""
    ids = {row["source"]: row["source_id"] for row in analysis.sources.iter_rows(named=True)}
    found: dict[Place, list[Raw]] = {}
    for name, proofs in wanted.items():
        mine = pl.col("source_id") == ids.get(name, "")
        at = pl.col("line").is_in([p.line for p in proofs if p.line is not None])
        at |= pl.col("line").is_null() & pl.col("offset").is_in([p.offset for p in proofs if p.line is None])
        records = analysis.store.scan("records").filter(mine).select("record", *_COLUMNS)
        cited = records.filter(at).collect().sort("record").rows(named=True)
        near = {n for row in cited for n in range(row["record"] - context, row["record"] + context + 1)}
        around = {row["record"]: row for row in records.filter(pl.col("record").is_in(sorted(near))).collect().iter_rows(named=True)}
        objects = analysis.store.scan("objects").filter(mine & at).select("line", "offset", "document").collect().rows(named=True)
        for proof in proofs:
            record = next((row["record"] for row in cited if _is_of(row, proof)), None)
            if record is not None:
                span = [around[n] for n in range(record - context, record + context + 1) if n in around]
                found[place(proof)] = [raw for row in span for raw in _record_rows(row, proof, context)]
            else:
                found[place(proof)] = [Raw(_label(row), row["document"], cited=True) for row in objects if _is_of(row, proof)]
    return found


def _is_of(row: dict[str, Any], proof: Proof) -> bool:
    """Whether a row stands where the proof says. All items of a list may stand in one line."""
    return bool(row["line"] == proof.line) and proof.offset in (None, row["offset"])


def _label(row: dict[str, Any]) -> str:
    return str(row["line"]) if row["line"] is not None else f"@{row['offset']}"
