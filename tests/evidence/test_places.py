"""Lines of a source, found again by counting bytes."""

import io

from hypothesis import given
from hypothesis import strategies as st

import analyzer.evidence.places as places
from analyzer.evidence.places import excerpts


def expected(content: bytes, lines: set[int], size: int) -> list[tuple[int, bytes]]:
    begins = [0] + [i + 1 for i, byte in enumerate(content) if byte == 10]
    return [(n, content[begins[n - 1] :][:size]) for n in sorted(lines) if 0 < n <= len(begins) and begins[n - 1] < len(content)]


@given(
    st.lists(st.sampled_from([b"a", b"bc", b"", b"\r", b"x" * 9]), max_size=12).map(b"\n".join),
    st.sets(st.integers(0, 15)),
    st.integers(1, 12),
    st.integers(1, 7),
)
def test_each_line_is_where_it_is(content: bytes, lines: set[int], size: int, block: int) -> None:
    """However the blocks lie."""
    known, places._BLOCK = places._BLOCK, block
    try:
        assert list(excerpts(io.BytesIO(content), lines, size)) == expected(content, lines, size)
    finally:
        places._BLOCK = known


def test_it_reads_no_further_than_it_must() -> None:
    stream = io.BytesIO(b"line\n" * 1_000_000)
    assert list(excerpts(stream, {2}, 4)) == [(2, b"line")]
    assert stream.tell() <= 1024 * 1024
