"""Strings where they lie: polars holds a string as a view (its length, and which bytes of which buffer), which numpy can read and make.

So thousands of strings are looked at column by column, or cut into pieces, without one being copied. A string of up to 12 bytes lies in
the view itself (Arrow's columnar format, 'Variable-size Binary View Layout'): ``Texts`` says of those only how long they are.
An address is a buffer's number in the upper, an offset in it in the lower 32 bits, so that bytes are counted on from an address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]

from analyzer.formats.lines import Positions, adopted

Bytes = npt.NDArray[np.uint8]
INLINE = 12
"""Strings of so many bytes or fewer lie in the view."""
_WIDTH = 32  # bits of an address that are the offset
_BUFFER = 1 << 30  # what a buffer of ``buffers`` begins with; offsets in a view are signed numbers of 32 bits
_MOST = 64  # buffers; with more of them the strings are copied into one
_KEPT = np.tril(np.full((INLINE + 1, INLINE), 0xFF, np.uint8), -1)  # of a short string's bytes, by its length


@dataclass(frozen=True)
class Texts:
    """Strings: ``begins`` are addresses, -1 where the string lies in the view; ``lengths`` in bytes."""

    buffers: Sequence[Bytes]
    begins: Positions
    lengths: Positions


def texts(strings: pl.Series) -> Texts:
    """Where the strings lie, none of which is null."""
    array = strings.to_arrow(compat_level=pl.CompatLevel.newest())
    if len(array.buffers()) - 2 > _MOST:
        array = _copied(strings).to_arrow(compat_level=pl.CompatLevel.newest())
    _, views, *buffers = array.buffers()
    if not len(array):
        return Texts((), np.empty(0, np.int64), np.empty(0, np.int64))
    words = np.frombuffer(views, np.uint32).reshape(-1, 4)[array.offset : array.offset + len(array)].astype(np.int64)
    begins = np.where(words[:, 0] > INLINE, words[:, 2] << _WIDTH | words[:, 3], -1)
    return Texts([np.frombuffer(buffer, np.uint8) for buffer in buffers], begins, words[:, 0])


def buffers(data: Bytes) -> list[Bytes]:
    """Bytes of any number as buffers; see ``addresses``."""
    return [data[at : at + 2 * _BUFFER - 1] for at in range(0, len(data), _BUFFER)]


def addresses(offsets: Positions) -> Positions:
    """Where these offsets of what became ``buffers`` lie, for strings of less than a GiB."""
    return offsets // _BUFFER << _WIDTH | offsets % _BUFFER


def address(buffer: int, offsets: Positions) -> Positions:
    """Offsets in a buffer as addresses."""
    return buffer << _WIDTH | offsets


def windows(buffers: Sequence[Bytes], begins: Positions, width: int) -> Bytes:
    """The ``width`` bytes from each address on, a row each; zeros where the buffer is shorter."""
    if len(buffers) == 1:
        return _windows(buffers[0], begins, width)
    found = np.empty((len(begins), width), np.uint8)
    which = begins >> _WIDTH
    borders = np.flatnonzero(which[1:] != which[:-1]) + 1
    if len(borders) < 2 * len(buffers):  # as they lie
        parts: list[slice | Positions] = [slice(*edges) for edges in pairwise([0, *borders.tolist(), len(begins)])]
    else:
        parts = [np.flatnonzero(which == number) for number in np.unique(which)]
    for part in parts:
        mine = begins[part]
        found[part] = _windows(buffers[int(mine[0] >> _WIDTH)], mine & ((1 << _WIDTH) - 1), width) if len(mine) else 0
    return found


def _windows(buffer: Bytes, begins: Positions, width: int) -> Bytes:
    last = len(buffer) - width
    late = np.flatnonzero(begins > last)
    if not len(late):
        return np.lib.stride_tricks.sliding_window_view(buffer, width)[begins] if len(begins) else np.empty((0, width), np.uint8)
    cut = max(last, 0)
    end = np.append(buffer[cut:], np.zeros(width, np.uint8))
    found = np.empty((len(begins), width), np.uint8)
    found[late] = np.lib.stride_tricks.sliding_window_view(end, width)[begins[late] - cut]
    early = np.flatnonzero(begins <= last)
    if len(early):
        found[early] = np.lib.stride_tricks.sliding_window_view(buffer, width)[begins[early]]
    return found


def pieces(buffers: Sequence[Bytes], begins: Positions, lengths: Positions) -> pl.Series:
    """Strings that lie at these addresses: whole characters of UTF-8, which is not checked.

    IndexError: one of them does not lie in its buffer.
    """
    return adopted(_viewed(buffers, begins, lengths))


def decoded(buffers: Sequence[Bytes], begins: Positions, lengths: Positions) -> pl.Series:
    """A copy of what lies at these addresses; what is no UTF-8 becomes U+FFFD. IndexError: one of them does not lie in its buffer."""
    array = _viewed(buffers, begins, lengths)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        raw = pa.Array.from_buffers(pa.binary_view(), len(array), array.buffers())
        return pl.Series([piece.decode(errors="replace") for piece in raw.to_pylist()], dtype=pl.String)
    return _copied(adopted(array))


def _copied(strings: pl.Series) -> pl.Series:
    """In a buffer of their own."""
    return adopted(strings.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _viewed(buffers: Sequence[Bytes], begins: Positions, lengths: Positions) -> pa.Array:
    if not len(begins):
        return pa.array([], pa.string_view())
    ends = (begins & ((1 << _WIDTH) - 1)) + lengths
    sizes = np.array([len(buffer) for buffer in buffers], np.int64)
    if int(lengths.min()) < 0 or int(begins.min()) < 0 or (ends > (sizes[begins >> _WIDTH] if len(sizes) > 1 else sizes[0])).any():
        raise IndexError("a string that does not lie in its buffer")
    views = np.empty((len(begins), 4), np.uint32)
    views[:, 0] = lengths
    views[:, 1] = windows(buffers, begins, 4).view(np.uint32).ravel()
    views[:, 2] = begins >> _WIDTH
    views[:, 3] = begins & ((1 << _WIDTH) - 1)
    short = np.flatnonzero(lengths <= INLINE)
    if len(short):
        views[short, 1:] = (windows(buffers, begins[short], INLINE) & _KEPT[lengths[short]]).view(np.uint32)
    return pa.Array.from_buffers(pa.string_view(), len(views), [None, pa.py_buffer(views), *map(pa.py_buffer, buffers)])
