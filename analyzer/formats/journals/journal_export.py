"""``journalctl -o export``, systemd's Journal Export Format: entries of ``NAME=value`` lines, with a blank line after each.

A value that is not plain text stands as ``NAME``, a line end, its length (64 bits, little-endian), its bytes and a line
end. Such bytes may hold anything, blank lines too, so that their lines are set aside before entries are told apart.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.journals.journal_fields import NEEDED, assemble, rejected
from analyzer.formats.lines import BOM, LONGEST, Positions, edges, strings

_HEAD = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:[A-Z0-9_]+=.*\n){0,40}?__REALTIME_TIMESTAMP=\d+\r?\n")
_NAME = re.compile(rb"[A-Z0-9_]{1,64}")
_FIELDS = pl.Schema({"entry": pl.Int64, "line": pl.Int64, "name": pl.String, "value": pl.String})


class JournalExport:
    """Entries as lines of fields."""

    name = "journal-export"
    family = "journal"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        return bool(_HEAD.match(head))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        rest, line, offset, count = b"", 1, 0, 0
        while True:
            block = stream.read(CHUNK)
            data = rest + block
            if offset == 0 and data.startswith(BOM):
                data, offset = data[len(BOM) :], len(BOM)
            scan = _scan(data, final=not block or len(data) > LONGEST)
            rest = data[scan.cut :]
            if scan.cut:
                batch = _batch(data, scan, line, offset, count)
                count += batch.records.height
                yield batch
            line += data.count(b"\n", 0, scan.cut)
            offset += scan.cut
            if not block:
                return


FORMAT = JournalExport()


@dataclass
class _Scan:
    """Where the lines of whole entries are: those of text, those that end an entry, those that are neither."""

    begins: Positions
    ends: Positions
    equals: Positions  # of a line's first '='; beyond its end: there is none
    text: npt.NDArray[np.bool_]
    blank: npt.NDArray[np.bool_]
    binary: list[tuple[int, str, str]]  # line index, name, value
    broken: list[tuple[int, str]]  # line index, reason
    cut: int


def _scan(data: bytes, final: bool) -> _Scan:
    begins, ends = edges(data) if data else (np.zeros(0, np.int64), np.zeros(0, np.int64))
    signs = np.append(np.flatnonzero(np.frombuffer(data, np.uint8) == ord("=")), len(data) + 1)
    equals = signs[np.searchsorted(signs, begins)]
    blank = ends == begins
    text = (equals < ends) & ~blank
    binary: list[tuple[int, str, str]] = []
    broken: list[tuple[int, str]] = []
    covered, limit = 0, len(data)
    for index in np.flatnonzero(~text & ~blank).tolist():
        begin, end = int(begins[index]), int(ends[index])
        if begin < covered:
            continue
        value = _binary(data, begin, end)
        if isinstance(value, bytes):
            covered = end + 1 + 8 + len(value) + 1
            inside = slice(index + 1, int(np.searchsorted(begins, covered)))
            text[inside] = blank[inside] = False
            binary.append((index, data[begin:end].decode(), value.decode(errors="replace")))
        elif value is None and not final:
            limit = begin  # the rest of it has not been read yet
            break
        else:
            broken.append((index, value or "the source ends within a binary field"))
            if value is None:
                text[index + 1 :] = blank[index + 1 :] = False
                break
    cut = len(data)
    if not final:
        ended = len(begins) - (not data.endswith(b"\n"))  # a carriage return at the end need not be a line end's
        last = np.flatnonzero((blank & (begins < limit))[:ended])
        cut = data.index(b"\n", int(ends[last[-1]])) + 1 if len(last) else 0
    whole = begins < cut
    return _Scan(
        begins[whole],
        ends[whole],
        equals[whole],
        text[whole],
        blank[whole],
        [field for field in binary if whole[field[0]]],
        [line for line in broken if whole[line[0]]],
        cut,
    )


def _binary(data: bytes, begin: int, end: int) -> bytes | str | None:
    """The value of the binary field whose name lies there; why it is none; None if more bytes are needed."""
    if not _NAME.fullmatch(data, begin, end):
        return "neither a field nor the name of one"
    if end + 9 > len(data):
        return None
    length = int.from_bytes(data[end + 1 : end + 9], "little")
    stop = end + 9 + length
    if length > LONGEST:
        return "impossible length of a binary field"
    if stop >= len(data):
        return None
    return data[end + 9 : stop] if data[stop] == ord("\n") else "wrong length of a binary field"


def _batch(data: bytes, scan: _Scan, line: int, offset: int, first: int) -> Batch:
    entry = np.cumsum(scan.blank)
    broken = pl.DataFrame(
        [
            (line + i, offset + int(scan.begins[i]), reason, data[scan.begins[i] : scan.ends[i]].decode(errors="replace"))
            for i, reason in scan.broken
        ],
        schema={"line": pl.Int64, "offset": pl.Int64, "reason": pl.String, "raw": pl.String},
        orient="row",
    )
    own = scan.text.copy()
    own[[i for i, _, _ in scan.binary]] = True
    numbers, firsts = np.unique(entry[own], return_index=True)
    lines = np.flatnonzero(own)[firsts]
    if not len(numbers):
        return Batch(rejects=rejected(broken))
    begins = scan.begins[lines]
    stops = np.append(scan.begins[scan.blank], scan.cut)[numbers]
    raw = strings(data, np.append(np.column_stack((begins, stops)).ravel(), len(data)))
    entries = pl.DataFrame({"entry": numbers, "line": lines + line, "offset": begins + offset, "raw": raw})
    entries = entries.with_columns(pl.col("raw").str.strip_chars_end("\r\n"))
    batch = assemble(entries.hstack(_columns(_fields(data, scan, entry), numbers)), first)
    return Batch(records=batch.records, rejects=pl.concat([batch.rejects, rejected(broken)]).sort("offset"))


def _columns(fields: pl.DataFrame, entries: npt.NDArray[Any]) -> list[pl.Series]:
    """The NEEDED fields of each entry, as columns; of a field that stands more than once the last."""
    rows = np.searchsorted(entries, fields["entry"].to_numpy())
    which = fields["name"].replace_strict(NEEDED, range(len(NEEDED)), return_dtype=pl.Int64).to_numpy()
    at = np.full((len(NEEDED), len(entries)), -1)
    at[which, rows] = np.arange(fields.height)
    places = pl.Series(at.ravel())
    values = fields["value"].gather(places.set(places < 0, None))
    return [values[row * len(entries) : (row + 1) * len(entries)].alias(name) for row, name in enumerate(NEEDED)]


def _fields(data: bytes, scan: _Scan, entry: npt.NDArray[Any]) -> pl.DataFrame:
    """Needed fields in the order in which they stand."""
    lines = np.flatnonzero(scan.text)
    equals = scan.equals[lines]
    borders = np.column_stack((scan.begins[lines], equals, equals + 1, scan.ends[lines])).ravel()
    both = strings(data, np.append(borders, len(data)))
    text = pl.DataFrame({"entry": entry[lines], "line": lines, "name": both.gather_every(2), "value": both.gather_every(2, 1)})
    binary = [(int(entry[i]), i, name, value) for i, name, value in scan.binary]
    frame = pl.concat([text.cast(_FIELDS), pl.DataFrame(binary, schema=_FIELDS, orient="row")])
    return frame.filter(pl.col("name").is_in(NEEDED)).sort("line")
