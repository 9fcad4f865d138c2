"""The columns of an event table: where its header puts them, and the cells of its rows.

``kubectl get events`` has changed its columns at least eight times; with ``-o custom-columns`` people name them as they like. Cells are
aligned under the header by tabwriter, two blanks or more apart; but what ``-w`` prints later is aligned anew, as is what follows a
message of several lines. Such rows are read by what each column can hold.
"""

import re
from dataclasses import dataclass
from typing import Final

import polars as pl

from analyzer.formats.kubernetes import ages

RFC1123: Final = r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"  # 0.8 to 1.0
GO: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} \S+"  # -w since 1.2
RFC3339: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"  # custom-columns
SEEN: Final = rf"{ages.AGE}(?: \(x\d+ over {ages.AGE}\))?"
"""How long ago; of several the last, their number, and the first: ``kubectl describe`` (1.9), ``kubectl events`` (1.23)."""
TIME: Final = f"(?:{RFC1123}|{GO}|{RFC3339}|{SEEN})"

_HEADS: Final = {
    "NAMESPACE": ("NAMESPACE", "NS", "PROJECT"),
    "LAST SEEN": ("LASTSEEN", "LAST", "LASTTIME", "LASTTIMESTAMP", "AGE"),
    "FIRST SEEN": ("FIRSTSEEN", "FIRST", "FIRSTTIME", "FIRSTTIMESTAMP"),
    "TIME": ("TIME", "TIMESTAMP", "EVENTTIME", "CREATED", "CREATEDAT", "CREATIONTIMESTAMP"),
    "COUNT": ("COUNT",),
    "NAME": ("NAME", "OBJECTNAME", "INVOLVEDOBJECTNAME"),
    "KIND": ("KIND", "OBJECTKIND", "INVOLVEDOBJECTKIND"),
    "OBJECT": ("OBJECT",),
    "SUBOBJECT": ("SUBOBJECT", "SUBOBJECTPATH", "FIELDPATH"),
    "CONDITION": ("CONDITION",),
    "TYPE": ("TYPE",),
    "REASON": ("REASON",),
    "SOURCE": ("SOURCE", "FROM", "COMPONENT", "REPORTER", "REPORTINGCOMPONENT"),
    "HOST": ("HOST", "NODE", "SOURCEHOST"),
    "MESSAGE": ("MESSAGE", "MSG", "NOTE"),
}
_CANONICAL: Final = {written: name for name, heads in _HEADS.items() for written in heads}

_CELLS: Final = {
    "NAMESPACE": r"\S+",
    "LAST SEEN": f"{TIME}|<none>",
    "FIRST SEEN": f"{TIME}|<none>",
    "TIME": f"{TIME}|<none>",
    "COUNT": r"\d+|<none>",
    "NAME": r"\S+",
    "KIND": r"\S+",
    "OBJECT": r"\S+",
    "SUBOBJECT": r"spec\.\S+|implicitly required container \S+|<none>",  # the second, to 1.2: the sandbox
    "CONDITION": r"\S+",
    "TYPE": r"Normal|Warning|<none>",
    "REASON": r"\S+",
    "SOURCE": r"\{[^}\n]*\}|[^\s,]+(?:, \S+)?",  # {kubelet node} to 1.3, then: kubelet, node
    "HOST": r"\S+",
    "MESSAGE": r".*?",
}
_MAY_BE_EMPTY: Final = frozenset({"SUBOBJECT", "CONDITION", "TYPE", "SOURCE", "HOST", "MESSAGE"})
_LONGEST: Final = 20_000  # characters of a single row that is looked at by what its cells hold
_TIMES: Final = ("LAST SEEN", "FIRST SEEN", "TIME")

_ANY: Final = r"[A-Z][A-Z()%-]*(?: [A-Z()%-]+)*"
_NAMED: Final = "(?i:" + "|".join(["(?:LAST|FIRST)[ _-]SEEN", *sorted(_CANONICAL, key=len, reverse=True)]) + ")"
HEADER: Final = rf"^(?:{_ANY}(?: {{2,}}{_ANY})+|{_NAMED}(?: {{2,}}{_NAMED})+)\s*(?:\n|$)"
"""The header of any table that kubectl prints, or of an event table whose columns somebody named."""
ROW: Final = rf"^(?:\S+ {{2,}}){{0,3}}(?:{TIME}|<none>)(?: {{2,}}|\s*$)"
"""How a row of an event table begins."""


@dataclass(frozen=True)
class Layout:
    """The columns' names, and the characters where they begin."""

    names: tuple[str, ...]
    begins: tuple[int, ...]

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

    def split(self, line: str) -> dict[str, str] | None:
        """The cells of a single line, by name; None: no such row. (``cells`` does the same for many rows of one header.)"""
        edges = (*self.begins, len(line))
        cells = {name: line[begin:end].strip() for name, begin, end in zip(self.names, edges, edges[1:], strict=False)}
        fits = all(
            not line[max(begin - 2, 0) : begin].strip() and line[begin : begin + 1] != " " for begin in self.begins if line[begin:].strip()
        )
        when = next(name for name in self.names if name in _TIMES)
        if fits and re.fullmatch(_CELLS[when], cells[when]):
            return cells
        found = re.match(self.pattern, line.strip()) if len(line) <= _LONGEST else None
        return {name: (found[f"c{number}"] or "").strip() for number, name in enumerate(self.names)} if found else None


def layout(header: str, *, about: bool = True) -> Layout | None:
    """The columns of an event table's header; None if it is of another table. ``about``: its rows name what they are about."""
    for cell in (r"\S+(?: \S+)*", r"\S+"):  # the documentation of 1.0 has a header with single blanks
        found = list(re.finditer(cell, header))
        names = tuple(_CANONICAL.get(re.sub("[ _.-]", "", cell[0]).upper(), "") for cell in found)
        if "" not in names:
            break
    told = set(names)
    named = not about or told & {"NAME", "OBJECT"}
    if "" in told or len(told) < len(names) or not {"REASON", "MESSAGE"} <= told or not told & set(_TIMES) or not named:
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
    when = next(name for name in columns.names if name in _TIMES)
    seen = pl.struct(under).struct.field(when).str.contains(f"^(?:{_CELLS[when]})$")
    frame = (
        pl.DataFrame({"raw": rows}).with_row_index("row").with_columns((pl.all_horizontal(fits) & seen).fill_null(False).alias("aligned"))
    )
    aligned = frame.filter("aligned").select("row", *under)
    if aligned.height == frame.height:
        return aligned.drop("row")
    by_kind = raw.str.extract_groups(columns.pattern).struct
    typed = [by_kind.field(f"c{number}").fill_null("").str.strip_chars().alias(name) for number, name in enumerate(columns.names)]
    shaped = raw.str.contains(columns.pattern)
    others = frame.filter(~pl.col("aligned")).select("row", *(pl.when(shaped).then(cell).alias(cell.meta.output_name()) for cell in typed))
    return pl.concat([aligned, others]).sort("row").drop("row")
