"""Good input into bad: what disks, transfers, editors and people do to logs."""

from collections.abc import Callable, Sequence
from random import Random

LONGEST = 64 * 1024
"""Bytes of an input: what breaks at a length shows at a smaller one, but for limits, which have tests of their own."""

_ODD = (
    b"\0", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\r", b"\n", b"\r\n", b"\x1e", b"\x85",
    b'"', b"\\", b"\\u0000", b"\\ud800", b"{", b"}", b"[", b"]", b":", b",", b"=", b"|", b"\t", b" ", b"%", b"(", b")", b"*a", b"&a",
    b"!!", b"---\n", b"\xe2\x80\xa8", b"null", b"true", b"NaN", b"-0", b"1e999", b"0x7f", b"'",
    b"\x1b]0;x\x07", b"</script>", b"=cmd()", b"../../x", b"\xe2\x80\xae",
)  # fmt: skip
_NUMBERS = (
    b"0", b"-1", b"1", b"60", b"99", b"255", b"65536", b"2147483648", b"4294967296", b"9223372036854775807", b"9223372036854775808",
    b"18446744073709551616", b"-9223372036854775809", b"0001", b"9999", b"10000", b"1e308", b"0.0000000001", b"9" * 40, b"9" * 400,
)  # fmt: skip
_DIGITS = b"0123456789"


def mutated(rng: Random, seed: bytes, other: bytes) -> bytes:
    """One to a few changes; ``other``: a second good input, to take parts from."""
    data = seed
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        data = rng.choice(_CHANGES)(rng, data, other)[:LONGEST]
    return data


def _span(rng: Random, data: bytes, most: int = 256) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.randrange(min(most, len(data)) + 1))


def _flip(rng: Random, data: bytes, _: bytes) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes((data[at] ^ (1 << rng.randrange(8)),)) + data[at + 1 :]


def _insert(rng: Random, data: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(_ODD) * rng.choice((1, 1, 1, 2, 100, 5000)) + data[at:]


def _overwrite(rng: Random, data: bytes, _: bytes) -> bytes:
    start, end = _span(rng, data, 64)
    return data[:start] + rng.randbytes(end - start) + data[end:]


def _blank(rng: Random, data: bytes, _: bytes) -> bytes:
    """Zeros, as a file has them where a power loss cut it."""
    start, end = _span(rng, data, 4096)
    return data[:start] + b"\0" * (end - start) + data[end:]


def _drop(rng: Random, data: bytes, _: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:start] + data[end:]


def _truncate(rng: Random, data: bytes, _: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)] if rng.random() < 0.7 else data[rng.randrange(len(data) + 1) :]


def _repeat(rng: Random, data: bytes, _: bytes) -> bytes:
    start, end = _span(rng, data)
    return data[:end] + data[start:end] * rng.choice((1, 2, 50)) + data[end:]


def _splice(rng: Random, data: bytes, other: bytes) -> bytes:
    start, end = _span(rng, other, 4096)
    at = rng.randrange(len(data) + 1)
    return data[:at] + other[start:end] + data[at:]


def _number(rng: Random, data: bytes, _: bytes) -> bytes:
    """A number becomes one at the edge of what a program can hold."""
    at = rng.randrange(len(data) + 1)
    start = next((i for i in range(at, len(data)) if data[i] in _DIGITS), None)
    if start is None:
        return data
    end = next((i for i in range(start, len(data)) if data[i] not in _DIGITS), len(data))
    return data[:start] + rng.choice(_NUMBERS) + data[end:]


def _lines(rng: Random, data: bytes, other: bytes) -> bytes:
    """Lines in another order, twice, missing, or of another source."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    what = rng.randrange(5)
    if what == 0:
        lines.insert(rng.randrange(len(lines) + 1), lines[at])
    elif what == 1:
        del lines[at]
    elif what == 2:
        rng.shuffle(lines)
    elif what == 3:
        lines.insert(at, rng.choice(other.split(b"\n")))
    else:
        lines[at : at + 2] = [b"".join(lines[at : at + 2])]  # a line end is lost
    return b"\n".join(lines)


def _nest(rng: Random, data: bytes, _: bytes) -> bytes:
    start, end = _span(rng, data)
    opened, closed = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"), (b"- ", b""), (b"&a [", b", *a]")))
    depth = rng.choice((1, 3, 200, 2000))
    return data[:start] + opened * depth + data[start:end] + closed * depth + data[end:]


def _recode(rng: Random, data: bytes, _: bytes) -> bytes:
    text = data.decode(errors="replace")
    return rng.choice((lambda: text.encode("utf-16"), lambda: text.encode("latin-1", "replace"), lambda: data.replace(b"\n", b"\r\n")))()


_CHANGES: Sequence[Callable[[Random, bytes, bytes], bytes]] = (
    _flip, _flip, _insert, _insert, _overwrite, _blank, _drop, _drop, _truncate, _repeat,
    _splice, _number, _number, _lines, _lines, _nest, _recode,
)  # fmt: skip
