"""Bytes into frames of lines, a chunk at a time, and lines into records that span several of them.

A frame of lines has the columns ``line`` (Int64, 1-based), ``offset`` (Int64, byte offset of the line's first byte) and
``raw`` (String, without the line end). No loop runs over lines: newlines are searched with numpy, and the strings are
views into the chunk's own buffer.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import polars.selectors as cs
import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]

from analyzer import limits
from analyzer.few import nulls
from analyzer.formats.base import CHUNK
from analyzer.vocabulary import TEXT_LIMIT

BOM = b"\xef\xbb\xbf"
LONGEST = 64 * 1024 * 1024
"""So many bytes are held to find the end of what may hold line ends itself."""

_CACHED = 1024 * 1024
"""Bytes that are looked through in one go: what they are compared to stays in the processor's cache."""

Positions = npt.NDArray[np.int64]
LINES = pl.Schema({"line": pl.Int64, "offset": pl.Int64, "raw": pl.String})


class TooLong(NamedTuple):
    """A line that was passed over: where it begins, how many bytes it has, and the first of them."""

    line: int
    offset: int
    length: int
    head: bytes


class Overseen:
    """A stream that is told which of its lines were passed over: ``too_long``, by offset."""

    def __init__(self, stream: BinaryIO) -> None:
        self.read, self.seek, self.tell, self.seekable = stream.read, stream.seek, stream.tell, stream.seekable
        self.too_long: dict[int, TooLong] = {}


def chunks(stream: BinaryIO, size: int = CHUNK, longest: int | None = None) -> Iterator[pl.DataFrame]:
    r"""Frames of whole lines; ``size`` is the number of bytes read at a time.

    Undecodable bytes become U+FFFD, a byte order mark at the beginning is dropped, ``\r\n`` counts as a line end,
    blank lines are ``""``, and a last line without a line end is a line. A line of more bytes than ``longest`` (the limit of a record)
    is passed over, and an ``Overseen`` stream is told: memory stays bounded.
    """
    return (frame for frame, _ in blocks(stream, size, longest))


def blocks(stream: BinaryIO, size: int = CHUNK, longest: int | None = None) -> Iterator[tuple[pl.DataFrame, bytes]]:
    """The same, each with the bytes that its lines were cut from, from the first line's first byte on."""
    longest = longest or limits.current().record
    rest, line, offset, first = b"", 1, 0, True
    while True:
        block = stream.read(size)
        newline = block.rfind(b"\n") + 1
        if block and not newline and len(rest) + len(block) <= longest:
            rest += block
            continue
        if block and not newline:
            head = (rest + block)[:TEXT_LIMIT]
            length, block = _passed_over(stream, size, len(rest) + len(block))
            _note(stream, TooLong(line, offset, length, head))
            line, offset, rest, first, newline = line + 1, offset + length + 1, b"", False, block.rfind(b"\n") + 1
            if not block:  # the line ended with what was read, which need not be the end
                continue
        data, rest = b"".join((rest, memoryview(block)[:newline])), block[newline:]
        if not block:
            data, rest = data + rest, b""
        if first and data.startswith(BOM):
            data, offset = data[len(BOM) :], len(BOM)
        first = False
        if data:
            frame = (_again if len(data) <= _SMALL else split)(data, line, offset)
            line += frame.height - (0 if data.endswith(b"\n") else 1)
            yield _short(frame, data, offset, longest, stream), data
            offset += len(data)
        if not block and not rest:
            return


def _passed_over(stream: BinaryIO, size: int, length: int) -> tuple[int, bytes]:
    """The length of a line of which so much has been read, and what was read beyond its end."""
    while block := stream.read(size):
        end = block.find(b"\n")
        if end >= 0:
            return length + end, block[end + 1 :]
        length += len(block)
    return length, b""


def _short(frame: pl.DataFrame, data: bytes, offset: int, longest: int, stream: BinaryIO) -> pl.DataFrame:
    """Without the lines that are too long."""
    if len(data) <= longest:
        return frame
    begins = frame["offset"].to_numpy() - offset
    lengths = np.diff(begins, append=len(data) + (not data.endswith(b"\n"))) - 1
    long = lengths > longest
    for index in np.flatnonzero(long).tolist():
        begin = int(begins[index])
        number = int(frame["line"][index])
        _note(stream, TooLong(number, offset + begin, int(lengths[index]), data[begin : begin + min(TEXT_LIMIT, int(lengths[index]))]))
    return frame.filter(pl.Series(~long)) if long.any() else frame


def _note(stream: BinaryIO, line: TooLong) -> None:
    told = getattr(stream, "too_long", None)
    if told is not None:
        told[line.offset] = line


def filled(stream: BinaryIO) -> Iterator[pl.DataFrame]:
    """``chunks`` without blank lines."""
    return (frame.filter(pl.col("raw").str.contains(r"\S")) for frame in chunks(stream))


@lru_cache(maxsize=2)
def beginning(head: bytes) -> tuple[str, ...]:
    """The lines of a source's first bytes that are not blank, for a look at them; the last one may be cut off.

    One format after the other looks at the same ones.
    """
    return tuple(line for line in head.decode(errors="replace").lstrip("\ufeff").splitlines() if line.strip("\0 \t"))


def split(data: bytes, line: int = 1, offset: int = 0) -> pl.DataFrame:
    """The lines of these bytes; ``line`` and ``offset`` are those of the first one."""
    begins, ends = edges(data)
    borders = np.append(np.column_stack((begins, ends)).ravel(), len(data))
    numbers = np.arange(line, line + len(begins), dtype=np.int64)
    return pl.DataFrame({"line": numbers, "offset": begins + offset, "raw": strings(data, borders)}, schema=LINES)


_SMALL = 64 * 1024
_again = lru_cache(maxsize=1)(split)
"""What looks for a year or a zone reads its source twice: a small one is cut into lines but once."""


def edges(data: bytes) -> tuple[Positions, Positions]:
    """Where each line begins and where it ends, its line end left out."""
    buffer = np.frombuffer(data, np.uint8)
    newlines = np.concatenate([np.flatnonzero(buffer[at : at + _CACHED] == 10) + at for at in range(0, len(buffer), _CACHED)])
    if not data.endswith(b"\n"):
        newlines = np.append(newlines, len(data))
    begins = np.concatenate(([0], newlines[:-1] + 1))
    returns = (newlines > begins) & (buffer[newlines - 1] == 13)
    return begins, newlines - returns


def strings(data: bytes, borders: Positions) -> pl.Series:
    """Every other of the strings between the borders (first, third ...): views into ``data`` if all of it is UTF-8."""
    array = pa.LargeStringArray.from_buffers(len(borders) - 1, pa.py_buffer(borders), pa.py_buffer(data))
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        decoded = [data[begin:end].decode(errors="replace") for begin, end in zip(borders[:-1:2], borders[1::2], strict=True)]
        return pl.Series("raw", decoded, pl.String)
    return adopted(array).gather_every(2).alias("raw")


def adopted(array: pa.Array) -> pl.Series:
    """An array of strings as a series. Given the array itself, polars would import pyarrow.compute, which takes a quarter of a second."""
    return pl.Series(_Capsule(array))


class _Capsule:
    """What the Arrow PyCapsule interface asks for, and nothing else."""

    def __init__(self, array: pa.Array) -> None:
        self._array = array

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        schema, array = self._array.__arrow_c_array__(requested_schema)
        return schema, array


def conform(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The schema's columns but ``source_id``, in its order; those that the frame lacks are null."""
    there = set(frame.columns)
    return pl.DataFrame(
        [
            frame.get_column(name).cast(dtype) if name in there else nulls(name, dtype, frame.height)
            for name, dtype in schema.items()
            if name != "source_id"
        ]
    )


def join_continuations(frame: pl.DataFrame, starts: pl.Series) -> pl.DataFrame:
    r"""Lines that start no record are appended to the record before them.

    String columns are joined with ``\n``, of all others the first line's value holds. The frame's first line starts a
    record, whatever ``starts`` says of it.
    """
    if frame.height < 2 or starts[1:].all():
        return frame
    begins = starts.clone()
    begins[0] = True
    alone = begins & begins.shift(-1, fill_value=True)
    joined = (
        frame.with_columns(begins.cum_sum().alias("_record"))
        .filter(~alone)
        .group_by("_record", maintain_order=True)
        .agg(cs.string().str.join("\n"), (cs.all() - cs.string() - cs.by_name("_record")).first())
        .select(frame.columns)
    )
    return pl.concat([frame.filter(alone), joined]).sort("offset")


def records(stream: BinaryIO, starts: Callable[[pl.DataFrame], pl.Series], size: int = CHUNK) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    """Frames of lines that hold whole records, with a mask of the lines that start one.

    The last record of a chunk waits for the next chunk, and a frame for the source's last record: what belongs together is
    seen together. Only a record longer than ``size`` bytes is cut.
    """
    return whole(chunks(stream, size), starts, size)


def whole(
    frames: Iterable[pl.DataFrame], starts: Callable[[pl.DataFrame], pl.Series], size: int = CHUNK
) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    """The same for lines that have been taken apart already: frames that have ``offset``, whatever else they have."""
    parts = iter(frames)
    begin = list(islice(parts, 2))
    if len(begin) == 1:  # nothing to wait for
        yield begin[0], starts(begin[0])
        return
    rest: pl.DataFrame | None = None
    ready: tuple[pl.DataFrame, pl.Series] | None = None
    for chunk in chain(begin, parts):
        frame = chunk if rest is None else pl.concat([rest, chunk])
        mask = starts(frame)
        last = mask.arg_max() if not mask.any() else frame.height - 1 - (mask.reverse().arg_max() or 0)
        last = last or 0
        if last == 0 and (frame.is_empty() or int(frame["offset"][-1]) - int(frame["offset"][0]) < size):
            rest = frame
            continue
        cut = last or frame.height
        rest = frame[cut:] if cut < frame.height else None
        if ready is not None:
            yield ready
        ready = frame[:cut], mask[:cut]
    if rest is not None:
        mask = starts(rest)
        if ready is not None:
            mask[0] = True  # as the frame that it was cut from told
        ready = (rest, mask) if ready is None else (pl.concat([ready[0], rest]), pl.concat([ready[1], mask]))
    if ready is not None:
        yield ready
