"""The columns of an event table: where its header puts them, and the cells of its rows.

``kubectl get events`` has changed its columns at least eight times. Cells are aligned under the header by tabwriter, two blanks or more
apart; but what ``-w`` prints later is aligned anew, as is what follows a message of several lines. Such rows are read by what
each column can hold.
"""

import re
from dataclasses import dataclass
from typing import Final

import polars as pl

RFC1123: Final = r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"  # 0.8 to 1.0
GO: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} \S+"  # -w since 1.2
AGE: Final = r"(?:(?:\d+[a-z]{1,2})+(?: \(x\d+ over [^)\n]*\))?|<unknown>|<invalid>)"  # since 1.1; with a count: kubectl events, 1.23
TIME: Final = f"(?:{RFC1123}|{GO}|{AGE})"

_CELLS: Final = {
    "NAMESPACE": r"\S+",
    "LASTSEEN": TIME,
    "FIRSTSEEN": TIME,
    "TIME": TIME,
    "LAST SEEN": TIME,
    "FIRST SEEN": TIME,
    "COUNT": r"\d+",
    "NAME": r"\S+",
    "KIND": r"\S+",
    "OBJECT": r"\S+",
    "SUBOBJECT": r"spec\.\S+|implicitly required container \S+",  # the latter, to 1.2: the sandbox
    "CONDITION": r"\S+",
    "TYPE": r"Normal|Warning",
    "REASON": r"\S+",
    "SOURCE": r"\{[^}\n]*\}|[^\s,]+(?:, \S+)?",  # {kubelet node} to 1.3, then: kubelet, node
    "MESSAGE": r".*?",
}
_MAY_BE_EMPTY: Final = frozenset({"SUBOBJECT", "CONDITION", "TYPE", "SOURCE", "MESSAGE"})
_TIMES: Final = frozenset(name for name, holds in _CELLS.items() if holds is TIME)

HEADER: Final = r"^[A-Z][A-Z()%-]*(?: [A-Z()%-]+)*(?:\s{2,}[A-Z][A-Z()%-]*(?: [A-Z()%-]+)*)+[ \t]*(?:\n|$)"
"""The header of any table that kubectl prints."""
ROW: Final = rf"^(?:\S+ {{2,}})?{TIME}(?: {{2,}}|\s*$)"
"""How a row of an event table begins."""


@dataclass(frozen=True)
class Layout:
    """The columns' names, and the characters where they begin."""

    names: tuple[str, ...]
    begins: tuple[int, ...]

    @property
    def named_by_event(self) -> bool:
        """Whether NAME is the event's own (since 1.11, where heads have blanks), not the object's."""
        return "LASTSEEN" not in self.names and "TIME" not in self.names

    @property
    def pattern(self) -> str:
        """A row by what its columns can hold, wherever they stand: group n is column n."""
        cells = []
        for number, name in enumerate(self.names):
            last = number == len(self.names) - 1
            holds = ".*" if name == "MESSAGE" and last else _CELLS[name]
            cell = f"(?P<c{number}>{holds})" + (r"\s*" if last else " {2,}")
            cells.append(f"(?:{cell})?" if name in _MAY_BE_EMPTY and not last else cell)
        return "(?s)^" + "".join(cells) + "$"


def layout(header: str) -> Layout | None:
    """The columns of an event table's header; None if it is of another table."""
    found = list(re.finditer(r"\S+(?: \S+)*", header))
    names = tuple(cell[0] for cell in found)
    told = set(names)
    if (
        not told <= set(_CELLS)
        or len(told) < len(names)
        or not {"REASON", "MESSAGE"} <= told
        or not told & _TIMES
        or not told & {"KIND", "OBJECT"}
    ):
        return None
    return Layout(names, tuple(cell.start() for cell in found))


def cells(rows: pl.Series, columns: Layout) -> pl.DataFrame:
    r"""The cells of rows (``raw``; continuation lines of the message behind ``\n``), trimmed. All null: no such row.

    A message in the middle of a row loses nothing: what follows on further lines is appended to it.
    """
    raw, line = pl.col("raw"), pl.col("raw").str.extract(r"^([^\n]*)")
    ends = (*columns.begins[1:], None)
    under: list[pl.Expr] = []
    fits: list[pl.Expr] = []
    for name, begin, end in zip(columns.names, columns.begins, ends, strict=True):
        cell = (raw if end is None else line).str.slice(begin, None if end is None else end - begin)
        fits.append(cell.str.contains(r"^(?:\S|\s*$)") & (line.str.slice(max(begin - 2, 0), min(begin, 2)).str.strip_chars() == ""))
        if name == "MESSAGE" and end is not None:
            cell = cell.str.strip_chars_end() + raw.str.slice(line.str.len_chars())
        under.append(cell.str.strip_chars().alias(name))
    by_kind = raw.str.extract_groups(columns.pattern).struct
    typed = [by_kind.field(f"c{number}").fill_null("").str.strip_chars().alias(name) for number, name in enumerate(columns.names)]
    frame = pl.DataFrame({"raw": rows}).with_columns(
        aligned=pl.all_horizontal(fits) & pl.struct(under).struct.field(_time_of(columns)).str.contains(f"^{TIME}$"),
        shaped=raw.str.contains(columns.pattern),
    )
    return frame.select(
        pl.when("aligned").then(at).when("shaped").then(by).otherwise(None).alias(name)
        for name, at, by in zip(columns.names, under, typed, strict=True)
    )


def _time_of(columns: Layout) -> str:
    return next(name for name in columns.names if name in _TIMES)
