"""How most lines of a journal's text begin: with a time whose digits stand in the same columns in all of them.

A layout is learnt from a line that a style's pattern knows, and then compared to all lines at once: where it has a digit they must have
one, and else the same character. Since a pattern tells digits from other characters only, it would know all of them, and the same parts.
What no layout fits is left to the patterns: a line is read in the same way by both.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.formats.journals.journal_months import number
from analyzer.formats.lines import Positions
from analyzer.formats.views import INLINE, Bytes, Texts, texts, windows

_SAMPLES = 16  # lines that are looked at for layouts
_ROUNDS = 4
_WORD = 8
_ALL = np.uint64(0x0101010101010101)  # eight times True
_DIGIT = re.compile(rb"[0-9]")
_MIXED = re.compile(r"[^0-9][0-9]")  # a month such as 'thg 11'
NONE = -1
"""In numbers: not written."""


@dataclass(frozen=True)
class _Layout:
    """``lead``: a line's beginning, up to where the host stands; ``spans``: the parts of the time that it has, by name."""

    lead: bytes
    spans: Mapping[str, tuple[int, int]]

    @cached_property
    def _bounds(self) -> tuple[Bytes, Bytes]:
        """Of each column, the least byte and how much above it one may be; beyond the lead any byte will do."""
        low = np.frombuffer(_DIGIT.sub(b"0", self.lead).ljust(self.width, b"\0"), np.uint8)
        span = [9 if 48 <= byte < 58 else 0 for byte in self.lead]
        return low, np.array(span + [255] * (self.width - len(span)), np.uint8)

    @property
    def width(self) -> int:
        """Of the window that is compared: whole words."""
        return -(-len(self.lead) // _WORD) * _WORD

    def fits(self, found: Texts, rows: Positions) -> tuple[Positions, Bytes]:
        """Which of the rows begin so, and their columns, in which a digit is its value."""
        rows = rows[found.lengths[rows] > max(len(self.lead), INLINE)]
        low, span = self._bounds
        columns = windows(found.buffers, found.begins[rows], self.width) - low
        fits = ((columns <= span).view(np.uint64) == _ALL).all(axis=1)
        return (rows, columns) if fits.all() else (rows[fits], columns[fits])

    def number(self, columns: Bytes, name: str) -> Positions | int:
        """The digits of a part as a number, or the month by its name; NONE if it is none."""
        begin, end = self.spans[name]
        if name == "month" and not self.lead[begin:end].isdigit():
            return number(self.lead[begin:end].decode("ascii")) or NONE
        return _number(columns, [at for at in range(begin, end) if 48 <= self.lead[at] < 58])


def _number(columns: Bytes, digits: list[int]) -> Positions:
    total = np.zeros(len(columns), np.int64)
    for at in digits:
        total *= 10
        total += columns[:, at]
    return total


@dataclass
class Leads:
    """Lines whose beginnings are of common layouts: ``known`` says which, ``fits`` has their rows and columns by layout."""

    found: Texts
    known: npt.NDArray[np.bool_]
    fits: list[tuple[_Layout, Positions, Bytes]]
    zones: list[str | None] = field(default_factory=list)

    @cached_property
    def numbers(self) -> dict[str, Positions]:
        """Of each line, NONE where a part is not written.

        since: microseconds since midnight, NONE if there is no such time of day. digits: of the second's fraction. unix: microseconds.
        zone: an index into ``zones``. monotonic, span: where it lies in the line, and its length. width: bytes up to the host.
        """
        told = {name: np.full(len(self.known), NONE, np.int64) for name in _NUMBERS}
        for layout, rows, columns in self.fits:
            for name, values in _numbers(layout, columns, self.zones):
                told[name][rows] = values
        return told

    def column(self, name: str, rows: Positions) -> pl.Series:
        """The numbers of these rows, null for NONE."""
        values = pl.Series(name, self.numbers[name][rows])
        return values.set(values == NONE, None) if (values == NONE).any() else values


_NUMBERS = ("year", "month", "day", "since", "digits", "unix", "zone", "monotonic", "span", "width")


def leads(lines: pl.Series, styles: Mapping[str, str]) -> Leads:
    """The lines' beginnings, of those that are of a layout that is common here."""
    found = texts(lines)
    told = Leads(found, np.zeros(len(found.lengths), np.bool_), [])
    left = np.flatnonzero(found.lengths > INLINE)
    for _ in range(_ROUNDS):
        before = len(left)
        for layout in _layouts(lines, left, styles):
            rows, columns = layout.fits(found, left)
            if len(rows):
                told.fits.append((layout, rows, columns))
                told.known[rows] = True
                left = left[~told.known[left]]
        if not before // 2 > len(left) > _SAMPLES:
            break
    return told


def _layouts(lines: pl.Series, left: Positions, styles: Mapping[str, str]) -> list[_Layout]:
    """Those of some of the lines."""
    layouts: dict[bytes, _Layout] = {}
    for at in np.unique(np.linspace(0, len(left) - 1, _SAMPLES).astype(np.int64)).tolist() if len(left) else ():
        line = lines[int(left[at])]
        match = next((match for pattern in styles.values() if (match := re.match(pattern, line))), None)
        if match and match[0].isascii() and not _MIXED.search(match.groupdict().get("month") or ""):
            spans = {name: match.span(name) for name, text in match.groupdict().items() if text is not None}
            lead = match[0].encode("ascii")
            layouts.setdefault(_DIGIT.sub(b"0", lead), _Layout(lead, spans))
    return list(layouts.values())


def _numbers(layout: _Layout, columns: Bytes, zones: list[str | None]) -> Iterator[tuple[str, Positions | int]]:
    """What a layout's lines tell, by name. Zones are added to ``zones``."""
    yield "width", len(layout.lead)
    for name in ("year", "month", "day", "unix"):
        if name in layout.spans:
            yield name, layout.number(columns, name)
    if "clock" in layout.spans:
        begin, _ = layout.spans["clock"]
        hour, minute, second = (_number(columns, [begin + at, begin + at + 1]) for at in (0, 3, 6))
        first, last = layout.spans.get("fraction", (0, 0))
        micros = _number(columns, list(range(first, last))) * 10 ** (6 - (last - first))
        since = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros
        yield "since", np.where((hour < 24) & (minute < 60) & (second < 61), since, NONE)
        yield "digits", last - first
    if "zone" in layout.spans:
        begin, end = layout.spans["zone"]
        zone = layout.lead[begin:end].decode("ascii")
        digits = [at for at in range(begin, end) if 48 <= layout.lead[at] < 58]
        values, which = np.unique(_number(columns, digits), return_inverse=True)  # few in one source
        yield "zone", which.ravel() + len(zones)
        for value in values.tolist():
            written = iter(f"{value:0{len(digits)}}")
            zones.append("".join(next(written) if character.isdigit() else character for character in zone))
    if "monotonic" in layout.spans:
        begin, end = layout.spans["monotonic"]
        yield "monotonic", begin
        yield "span", end - begin
