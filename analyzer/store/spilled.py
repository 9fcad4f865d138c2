"""Rows in a temporary file instead of memory: as Arrow lays them out, mapped where they lie.

The file has no name, so nothing stays of it, however the process ends; what it holds is as long there as somebody has a column of it.
Where no file can be written (no place, no right, a full disk) the rows are in memory, as they would be without all this.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]

from analyzer import handover, limits
from analyzer.store.mapping import mapped, relieve

Rows = npt.NDArray[np.int64] | npt.NDArray[np.int32]
Cells = npt.NDArray[np.int32]
"""A row each; of texts four numbers wide: length, the first bytes, buffer, place."""

AT_ONCE: Final = 1 << 17
"""So many rows are worked on together where all of them would take too much memory: some megabytes for each of their columns."""
_LARGE_FILES: Final = "/var/tmp"
"""On a disk, as a rule; what is temporary elsewhere may be in memory."""
_HANDED: Final = 1 << 18
"""Bytes of a table that go to another process by a file: it may have to wait there with many others."""
_ALIGNED: Final = 64
_INLINE: Final = 12
"""Texts of so many bytes stand in the column itself; of a longer one: in which of its buffers, and where there."""
_LONGEST: Final = 1 << 30
"""Bytes of texts in one buffer: places in it are numbers of 31 bits."""


def stretches(count: int) -> Iterator[slice]:
    """Of so many rows those that are worked on together; of none one stretch without any. In between, mapped files are given back."""
    for low in range(0, max(count, 1), AT_ONCE):
        yield slice(low, low + AT_ONCE)
        relieve()


def slices(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The same as frames."""
    return (frame[here] for here in stretches(frame.height))


def least() -> int:
    """Bytes of a table that are worth a file. Most evidence has fewer, and a process of many tables can afford so many of each."""
    return limits.current().memory // 16


def spilled(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows out of a file. Texts of theirs are to be ``owned``: all that they are views into is written."""
    try:
        return _mapped({name: (frame[name], None) for name in frame.columns}, frame.height, with_texts=True)
    except OSError:
        return frame


class Frames:
    """Frames of one table, in order: those that wait in memory, and those that lie in files."""

    def __init__(self, frames: Iterable[pl.DataFrame] = ()) -> None:
        self.all = list(frames)
        self._sizes = [int(frame.estimated_size()) for frame in self.all]  # 0: does not wait
        self._waiting = sum(self._sizes)

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process large ones go by files. What can't go like that is in memory there."""
        return _arrived, ([_handed(frame) for frame, _ in self._joined()],)

    def add(self, frame: pl.DataFrame) -> None:
        self.absorb(Frames([frame]))

    def add_mapped(self, frame: pl.DataFrame) -> None:
        """It lies in a file."""
        self.all.append(frame)
        self._sizes.append(0)

    def absorb(self, others: "Frames") -> None:
        self.all += others.all
        self._sizes += others._sizes
        self._waiting += others._waiting

    def spill(self) -> None:
        """Put those that wait into files, neighbours into one, if they are large together."""
        if self._waiting > least():
            kept = [spilled(frame) if waits else frame for frame, waits in self._joined()]
            self.all, self._sizes, self._waiting = kept, [0] * len(kept), 0

    def _joined(self) -> Iterator[tuple[pl.DataFrame, bool]]:
        """Neighbours that wait as one, the others as they are; and whether it waits."""
        for waits, run in groupby(zip(self.all, self._sizes, strict=True), key=lambda each: each[1] > 0):
            frames = [frame for frame, _ in run]
            yield from [(pl.concat(frames), True)] if waits else [(frame, False) for frame in frames]


def _handed(frame: pl.DataFrame) -> "pl.DataFrame | tuple[handover.Token, _Layout]":
    """Where it cannot be written or laid out, or nobody takes it: as it is."""
    if frame.estimated_size() > _HANDED:
        with suppress(OSError, TypeError), _file() as file:
            layout = _laid_out({name: (frame[name], None) for name in frame.columns}, frame.height, file, with_texts=True)
            return handover.give(file.fileno()), layout
    return frame


def _arrived(sent: "Iterable[pl.DataFrame | tuple[handover.Token, _Layout]]") -> Frames:
    frames = Frames()
    for each in sent:
        if isinstance(each, pl.DataFrame):
            frames.add(each)
        else:
            token, layout = each
            with handover.take(token) as file:
                frames.add_mapped(layout.frame(file.fileno()))
    return frames


def gathered(columns: Mapping[str, tuple[pl.Series, Rows | None]]) -> pl.DataFrame:
    """Each column's cells at some rows (None: all; negative: null), all of the same number; out of a file, if they are large.

    A file holds where the texts lie, not the texts: these stay where they are.
    """
    height = max((len(column) if rows is None else len(rows) for column, rows in columns.values()), default=0)
    if sum(16 if column.dtype == pl.String else 8 for column, _ in columns.values()) * height > least():
        try:
            return _mapped(columns, height, with_texts=False)
        except OSError:
            pass
    return pl.DataFrame([_taken(column, rows).alias(name) for name, (column, rows) in columns.items()])


def _taken(column: pl.Series, rows: Rows | None) -> pl.Series:
    if rows is None:
        return column
    at = pl.Series(rows)
    return column.gather(at.set(at < 0, None) if len(rows) and rows.min() < 0 else at)


@dataclass(frozen=True)
class _Layout:
    """Where in a file the columns of a frame are."""

    size: int
    height: int
    columns: "Mapping[str, _Written]"

    def frame(self, file: int) -> pl.DataFrame:
        """The file can be closed then."""
        whole = mapped(file, self.size)
        return pl.DataFrame([pl.Series(_Capsule(column.array(whole, self.height))).alias(name) for name, column in self.columns.items()])


def _mapped(columns: Mapping[str, tuple[pl.Series, Rows | None]], height: int, *, with_texts: bool) -> pl.DataFrame:
    """Raises OSError where the file cannot be written."""
    with _file() as file:
        return _laid_out(columns, height, file, with_texts=with_texts).frame(file.fileno())


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile(dir=_place(), prefix="podopsy-")


def _laid_out(columns: Mapping[str, tuple[pl.Series, Rows | None]], height: int, file: IO[bytes], *, with_texts: bool) -> _Layout:
    out = _Out(file)
    written = {name: _Written(_Column(column), rows, out, with_texts) for name, (column, rows) in columns.items()}
    file.flush()
    return _Layout(out.size, height, written)


def _place() -> str:
    """Where the user wants temporary files, else where there is room for large ones."""
    stated = any(os.environ.get(name) for name in ("TMPDIR", "TEMP", "TMP"))
    return _LARGE_FILES if not stated and os.access(_LARGE_FILES, os.W_OK | os.X_OK) else tempfile.gettempdir()


class _Out:
    """A file that is written from its beginning to its end."""

    def __init__(self, file: Any) -> None:
        self._file, self.size = file, 0

    def begin(self) -> int:
        """Where the next stretch begins."""
        gap = -self.size % _ALIGNED
        self._file.write(bytes(gap))
        self.size += gap
        return self.size

    def write(self, some: Any) -> None:
        view = memoryview(some)
        if view.nbytes:  # of nothing there is no view of bytes
            self._file.write(view.cast("B"))
        self.size += view.nbytes


class _Column:
    """A column as Arrow has it, in pieces. Raises TypeError for cells that are neither of whole bytes nor texts."""

    def __init__(self, column: pl.Series) -> None:
        array = pa.chunked_array(column)
        self.type = array.type
        self.of_texts = pa.types.is_string_view(array.type)
        self.width = 16 if self.of_texts else array.type.bit_width // 8
        if not self.width:
            raise TypeError(f"cells of {array.type} have no bytes of their own")
        self.pieces = [piece for piece in array.chunks if len(piece)]

    def valid(self) -> npt.NDArray[np.bool_] | None:
        """Which cells are not null; None: all."""
        if not any(piece.null_count for piece in self.pieces):
            return None
        return np.concatenate([_valid(piece) for piece in self.pieces])

    def together(self, pieces: Iterable[Cells]) -> Cells:
        """Cells of all its pieces; one alone as it is."""
        if len(self.pieces) == 1:
            return next(iter(pieces))
        whole = np.empty((sum(map(len, self.pieces)), self.width // 4), np.int32)
        at = 0
        for cells in pieces:
            whole[at : at + len(cells)] = cells
            at += len(cells)
        return whole

    def cells(self) -> Iterator[tuple[Cells, list[pa.Buffer]]]:
        """Of each piece: its cells, and the buffers that they point into."""
        for piece in self.pieces:
            _, cells, *texts = piece.buffers()
            shown = np.frombuffer(cells, np.int32, len(piece) * self.width // 4, piece.offset * self.width)
            yield shown.reshape(len(piece), -1), texts


def _valid(piece: pa.Array) -> npt.NDArray[np.bool_]:
    bits = piece.buffers()[0]
    if bits is None:
        return np.ones(len(piece), np.bool_)
    return np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[piece.offset : piece.offset + len(piece)].astype(np.bool_)


class _Written:
    """A column that stands in a file: where its cells begin, which of them are null, and where its texts are."""

    def __init__(self, column: _Column, rows: Rows | None, out: _Out, with_texts: bool) -> None:
        self.type = column.type
        self._texts: list[pa.Buffer | tuple[int, int]] = []
        valid = column.valid()
        pointed: Iterable[Cells] = (self._pointed(column, cells, texts, out if with_texts else None) for cells, texts in column.cells())
        if with_texts:  # before the cells, which are to lie together
            pointed = list(pointed)
        self._begin = out.begin()
        if rows is None:
            for cells in pointed:
                out.write(np.ascontiguousarray(cells))
        else:
            whole = column.together(pointed)
            for here in stretches(len(rows)):
                out.write(_at(whole, rows[here]))
            valid = _at(valid, rows) if valid is not None else rows >= 0 if len(rows) and rows.min() < 0 else None
        self._valid = pa.py_buffer(np.packbits(valid, bitorder="little")) if valid is not None else None

    def _pointed(self, column: _Column, cells: Cells, texts: list[pa.Buffer], out: _Out | None) -> Cells:
        """The cells of a piece, pointing into the buffers of all; these are written, if at all, one behind the other."""
        if not column.of_texts or not texts:
            return cells
        where = []
        for text in texts:
            if out is None:
                where.append((len(self._texts), 0))
                self._texts.append(text)
                continue
            last = self._texts[-1] if self._texts else None
            if isinstance(last, tuple) and last[0] + last[1] == out.size and last[1] + len(text) <= _LONGEST:
                where.append((len(self._texts) - 1, last[1]))
                self._texts[-1] = (last[0], last[1] + len(text))
            else:
                where.append((len(self._texts), 0))
                self._texts.append((out.begin(), len(text)))
            out.write(text)
        if where == [(n, 0) for n in range(len(where))]:
            return cells
        moved = np.array(where, np.int32)
        cells = cells.copy()
        long = np.flatnonzero(cells[:, 0] > _INLINE)
        of = cells[long, 2]
        cells[long, 2] = moved[of, 0]
        cells[long, 3] += moved[of, 1]
        return cells

    def array(self, whole: pa.Buffer, height: int) -> pa.Array:
        cells = whole.slice(self._begin, height * (16 if pa.types.is_string_view(self.type) else self.type.bit_width // 8))
        texts = [whole.slice(*text) if isinstance(text, tuple) else text for text in self._texts]
        return pa.Array.from_buffers(self.type, height, [self._valid, cells, *texts])


def _at(cells: Any, rows: Rows) -> Any:
    """Nothing where a row is negative."""
    if not len(cells):
        return np.zeros((len(rows), *cells.shape[1:]), cells.dtype)
    found = cells[rows]
    found[rows < 0] = 0
    return found


class _Capsule:
    """What the Arrow PyCapsule interface asks for, and nothing else: given the array, polars would import pyarrow.compute."""

    def __init__(self, array: pa.Array) -> None:
        self._array = array

    def __arrow_c_array__(self, requested_schema: object | None = None) -> Any:
        return self._array.__arrow_c_array__(requested_schema)
