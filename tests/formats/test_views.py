"""Strings as views: what is cut out of them is what slicing gives, wherever they lie."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.views import addresses, buffers, pieces, texts, windows

WORDS = st.lists(st.text("abcdefghij ", max_size=40), max_size=8)


@given(st.lists(WORDS, max_size=4), st.integers(0, 5), st.integers(0, 30))
def test_pieces_are_slices(parts: list[list[str]], begin: int, length: int) -> None:
    """Of strings in several buffers, as frames that were put together have them."""
    strings = pl.concat([pl.Series("s", part, pl.String) for part in parts]) if parts else pl.Series("s", [], pl.String)
    found = texts(strings)
    assert found.lengths.tolist() == strings.str.len_bytes().to_list()
    long = found.begins >= 0
    assert long.tolist() == [len(text) > 12 for text in strings]
    size = np.minimum(length, found.lengths[long] - begin)
    cut = pieces(found.buffers, found.begins[long] + begin, size)
    assert cut.to_list() == [text[begin : begin + min(length, len(text) - begin)] for text in strings if len(text) > 12]


@given(st.binary(max_size=60), st.data())
def test_windows_end_in_zeros(data: bytes, draw: st.DataObject) -> None:
    begins = draw.draw(st.lists(st.integers(0, len(data))))
    width = draw.draw(st.integers(1, 20))
    array = np.frombuffer(data, np.uint8)
    found = windows([array, array], np.array([begin | draw.draw(st.sampled_from([0, 1])) << 32 for begin in begins], np.int64), width)
    assert [row.tobytes() for row in found] == [data[begin : begin + width].ljust(width, b"\0") for begin in begins]


def test_bytes_beyond_a_buffer() -> None:
    """A buffer's offsets have but 31 bits."""
    offsets = np.array([0, 1 << 29, (1 << 30) - 1, 1 << 30, (1 << 31) + 7], np.int64)
    assert addresses(offsets).tolist() == [0, 1 << 29, (1 << 30) - 1, 1 << 32, (2 << 32) + 7]
    assert [len(part) for part in buffers(np.zeros(100, np.uint8))] == [100]
