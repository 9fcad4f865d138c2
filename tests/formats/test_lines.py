"""Lines of any bytes, at any chunk size, say where they are and lose nothing."""

import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.formats.lines import BOM, Overseen, chunks, join_continuations, records

WORDS = [b"\n", b"\r\n", b"\r", b"\xe2\x82\xac", b"\xe2", b"\0", BOM, b"  x", b"# a"]
PIECES = st.lists(st.one_of(st.binary(max_size=6), st.sampled_from(WORDS)), max_size=30).map(b"".join)


def lines(data: bytes, size: int = 1 << 20, **options: int) -> list[tuple[int, int, str]]:
    return [row for frame in chunks(io.BytesIO(data), size, **options) for row in frame.rows()]


def reference(data: bytes) -> list[tuple[int, int, str]]:
    """The same, slowly."""
    offset = 3 if data.startswith(BOM) else 0
    rows = []
    for number, line in enumerate(data[offset:].split(b"\n"), 1):
        rows.append((number, offset, line.removesuffix(b"\r").decode(errors="replace")))
        offset += len(line) + 1
    if rows[-1][1] == len(data):
        rows.pop()
    return rows


@given(PIECES, st.integers(1, 40))
def test_any_bytes_at_any_chunk_size(data: bytes, size: int) -> None:
    got = lines(data, size)
    expected = [(n, o, t) for n, o, t in reference(data)]
    # A carriage return that ends the source without a newline is dropped as well: half a line end.
    assert got == expected
    assert all(data[offset:].startswith(text.encode()) or "�" in text for _, offset, text in got)


def test_blank_lines_and_line_ends() -> None:
    assert lines(b"") == []
    assert lines(b"\n") == [(1, 0, "")]
    assert lines(b"a\r\n\r\nb") == [(1, 0, "a"), (2, 3, ""), (3, 5, "b")]
    assert lines(BOM + b"a\nb\n") == [(1, 3, "a"), (2, 5, "b")]


def test_undecodable_bytes_keep_their_neighbours_in_place() -> None:
    assert lines(b"\xff\xfe\xff\nok\n") == [(1, 0, "\ufffd\ufffd\ufffd"), (2, 4, "ok")]


@settings(max_examples=300)
@given(st.lists(st.integers(0, 60), max_size=8), st.booleans(), st.integers(1, 90), st.integers(1, 40))
def test_a_line_that_is_too_long_is_passed_over_and_told(lengths: list[int], ended: bool, size: int, longest: int) -> None:
    data = b"\n".join(b"%d" % (n % 10) * length for n, length in enumerate(lengths)) + (b"\n" if ended and lengths else b"")
    stream = Overseen(io.BytesIO(data))
    read = [row for frame in chunks(stream, size, longest) for row in frame.rows()]  # type: ignore[arg-type]
    whole = lines(data, 1000)
    assert read == [row for row in whole if len(row[2]) <= longest]
    long = [row for row in whole if len(row[2]) > longest]
    assert [(t.line, t.offset, t.length) for t in stream.too_long.values()] == [(*row[:2], len(row[2])) for row in long]
    assert all(row[2].startswith(told.head.decode()) for row, told in zip(long, stream.too_long.values(), strict=True))


def test_join_continuations() -> None:
    frame = pl.DataFrame({"line": [1, 2, 3, 4], "offset": [0, 2, 4, 6], "raw": ["a", " b", "c", " d"]})
    joined = join_continuations(frame, frame["raw"].str.starts_with(" ").not_())
    assert joined.rows() == [(1, 0, "a\n b"), (3, 4, "c\n d")]
    assert joined.columns == frame.columns


@pytest.mark.parametrize("text", ["", "a", " a\n b\nc\n d", "a\n b\n\n c\nd\ne\n f"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_records_of_a_chunk_are_whole(text: str, size: int) -> None:
    whole, got = joined(text, 1000), joined(text, max(size, 8))
    assert got == whole
    assert "\n".join(row[2] for row in whole) == text


def starts(frame: pl.DataFrame) -> pl.Series:
    return frame["raw"].str.starts_with(" ").not_() & (frame["raw"] != "")


def joined(text: str, size: int) -> list[tuple[int, int, str]]:
    parts = records(io.BytesIO(text.encode()), starts, size)
    return [row for frame, mask in parts for row in join_continuations(frame, mask).rows()]
