"""``journalctl -o verbose``: a line with the time and the cursor, then each field on a line of its own.

``Mon 2023-08-21 20:24:53.803082 EDT [s=...;i=...;b=...;m=...;t=60378061d404a;x=...]``: ``t`` is the time of receipt in
microseconds, hexadecimal. Fields are indented by four blanks, further lines of a value to where it begins. What is no
printable text stands as ``[82B blob data]``. Between boots ``-- Boot ... --``.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import BinaryIO

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.journals.journal_fields import NEEDED, assemble, rejected
from analyzer.formats.journals.journal_lines import HEADER
from analyzer.formats.journals.journal_losses import Losses
from analyzer.formats.lines import join_continuations, records

_ENTRY = (
    r"^[\x00 ]?[^\s\[]{2,12} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6} \S+ "
    r"\[(?:s|i|b)=[0-9a-f]+;[^\]\n]*\bt=(?P<t>[0-9a-f]{1,16})(?:;[^\]\n]*)?\]$"
)
_FIELD = r"^    (?P<name>[A-Z_][A-Z0-9_]{0,63})=(?P<value>.*)$"
_INDENT = 4
_LOOKS = re.compile(_ENTRY.replace("$", r"\r?$"))


class JournalVerbose:
    """Entries as indented fields below a line with the time."""

    name = "journal-verbose"
    family = "journal"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        lines = head.decode(errors="replace").splitlines()[:200]
        return any(_LOOKS.match(line) and re.match(_FIELD, after) for line, after in pairwise(lines))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        count, losses = 0, Losses()
        for lines, _ in records(stream, _starts):
            batch = _batch(lines, count)
            losses.of_messages(batch.records["message"])
            count += batch.records.height
            yield batch
        if notes := losses.notes():
            yield Batch(notes=notes)


FORMAT = JournalVerbose()


def _starts(lines: pl.DataFrame) -> pl.Series:
    return lines["raw"].str.contains(_ENTRY)


def _batch(lines: pl.DataFrame, first: int) -> Batch:
    lines = lines.filter(pl.col("raw") != "", ~pl.col("raw").str.contains(HEADER)).with_columns(begin=_entries(pl.col("raw")))
    lines = lines.with_columns(entry=pl.col("begin").cum_sum())
    orphan = pl.col("entry") == 0
    unread = lines.filter(orphan).with_columns(reason=pl.lit("no line with a time and a cursor before it"))
    lines = lines.filter(~orphan)
    entries = join_continuations(lines.select("line", "offset", "raw", "entry"), lines["begin"])
    micros = pl.col("raw").str.extract(_ENTRY.removesuffix("$"), 1).str.to_integer(base=16, strict=False).cast(pl.String)
    entries = entries.with_columns(__REALTIME_TIMESTAMP=micros)
    values = _fields(lines.filter(~pl.col("begin")))
    for name in NEEDED:
        if name not in entries.columns:
            column = values.filter(pl.col("name") == name).unique("entry", keep="last", maintain_order=True)
            entries = entries.join(column.select("entry", pl.col("value").alias(name)), on="entry", how="left", maintain_order="left")
    batch = assemble(entries, first)
    return Batch(records=batch.records, rejects=pl.concat([batch.rejects, rejected(unread)]).sort("offset"))


def _entries(raw: pl.Expr) -> pl.Expr:
    return raw.str.contains(_ENTRY)


def _fields(lines: pl.DataFrame) -> pl.DataFrame:
    r"""``entry``, ``name`` and ``value`` of each field; the lines of a value are joined with ``\n``."""
    parts = lines["raw"].str.extract_groups(_FIELD).struct.unnest()
    rows = lines.select("entry", "raw").hstack(parts).with_columns(begin=pl.col("name").is_not_null())
    width = (pl.col("name").str.len_bytes() + _INDENT + 1).forward_fill()
    aligned = pl.col("raw").str.slice(0, width).str.strip_chars(" ") == ""
    more = pl.when(aligned).then(pl.col("raw").str.slice(width)).otherwise(pl.col("raw").str.strip_chars_start(" "))
    rows = rows.with_columns(value=pl.coalesce("value", more), field=pl.col("begin").cum_sum())
    needed = pl.col("name").forward_fill().is_in(NEEDED) & (pl.col("field") > 0)
    return rows.filter(needed).group_by("field", maintain_order=True).agg(pl.col("entry", "name").first(), pl.col("value").str.join("\n"))
