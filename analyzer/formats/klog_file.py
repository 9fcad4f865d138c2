"""Plain klog (glog) files of any component: ``I1122 07:09:48.357765   12753 replica_set.go:559] message``.

The header has neither year nor zone; the file's own first lines may tell the year and the host, and lines that print the process's own
time its zone (go_times). Lines of other writers
in the same file (logrus, Go's log, 'Flag --x has been deprecated') are records without a time; klog's JSON (``ts``: Unix
time in milliseconds, in seconds in some early versions) is one with a time. So is a sentence of PID 1 (journal_cat).
"""

import re
from collections.abc import Iterator
from datetime import timedelta, timezone, tzinfo
from itertools import pairwise
from typing import BinaryIO

import polars as pl

from analyzer.formats import go_times
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.containers.container_text import Writer
from analyzer.formats.journals.journal_cat import Between
from analyzer.formats.journals.journal_said import SAID
from analyzer.formats.lines import beginning, conform, join_continuations, records
from analyzer.formats.times import Years, behind, first_year, moments, rereadable, to_utc
from analyzer.vocabulary import RECORDS, TIME

# What may stand before the header: blanks, and the file's name if grep picked the line.
_LEAD = r"^[\x00 \t]*(?:[A-Za-z0-9_./-]+:)?"
STAMP = r"[IWEF](?P<month>[0-9]{2})(?P<day>[0-9]{2}) (?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2})\.(?P<fraction>[0-9]{6}) +(?P<pid>[0-9]{1,10})"
"""How a header begins."""
_HEADER = STAMP + r" [^\s:\]]+:[0-9]+\]"
_KLOG = rf"(?P<lead>{_LEAD}){_HEADER}"
_JSON = r'^\{"ts":(\d+(?:\.\d+)?),"'
_OTHERS = r'^(?:time="|\{"|\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d|Flag --)'
_PREFACE = r"^(?:Log file created at: (?P<year>\d{4})/|Running on machine: (?P<node>\S+)|Binary: Built with |Log line format: \[IWEF\])"
_NOT_KLOG = f"{_OTHERS}|{_PREFACE}"
_SECONDS_END = 1e11  # as seconds: the year 5138; as milliseconds: 1973

_LIKE_KLOG = re.compile(_LEAD + _HEADER)
_LIKE_OTHERS = re.compile(rf"{_JSON}caller\":|{_PREFACE}")
_LIKE_SAID = re.compile(rf"{SAID}|^Flag --")


class KlogFile:
    """Lines with a klog header, and what comes between them."""

    name = "klog"
    family = "klog"
    dated = False

    def sniff(self, head: bytes, name: str) -> bool:
        """Half of the lines that are not indented must be klog's, with one in the first twenty; or the first and two more."""
        lines = beginning(head)[:200]
        found = [number for number, line in enumerate(lines) if _LIKE_KLOG.match(line) or _LIKE_OTHERS.match(line)]
        others = sum(1 for line in lines if not line[0].isspace() and not _LIKE_SAID.match(line)) - len(found)
        return bool(found) and ((found[0] < 20 and len(found) >= others) or (found[0] == 0 and len(found) >= 3))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        east: set[int] = set()

        def dates(lines: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
            east.update(go_times.told(lines["raw"])["east"].drop_nulls())
            return _dates(lines)

        with rereadable(stream) as source:
            years = Years(first_year(source, context.year, dates))
            told = next(iter(east)) if len(east) == 1 and not context.stated else None
            notes = () if told is None else (f"times are {behind(told)}, as the times inside tell",)
            reader = _Reader(years, context.zone if told is None else timezone(timedelta(minutes=told)), notes)
            for lines, starts in records(source, reader.starts):
                yield reader.batch(lines, starts)
            yield from reader.rest()


FORMAT = KlogFile()


def stamps(line: pl.Expr) -> pl.Expr:
    """Microseconds since 1970 of a line of klog's JSON; null for all others."""
    stamp = line.str.extract(_JSON, 1).cast(pl.Float64)
    return pl.when(stamp < _SECONDS_END).then(stamp * 1e6).otherwise(stamp * 1e3).round().cast(pl.Int64, strict=False)


def _dates(lines: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    parts = lines["raw"].str.extract_groups(_LEAD + _HEADER).struct.unnest()
    return parts["month"].cast(pl.Int64), parts["day"].cast(pl.Int64)


class _Reader:
    """What holds from one chunk to the next."""

    def __init__(self, years: Years, zone: tzinfo, notes: tuple[str, ...]) -> None:
        self.years = years
        self.zone = zone
        self.notes = notes  # for the first batch
        self.node: str | None = None
        self.count = 0
        self.between = Between()
        self.writer = Writer()
        self._waiting: pl.DataFrame | None = None
        self._first: int | None = None  # line of the first klog header: what stands before it continues nothing

    def starts(self, lines: pl.DataFrame) -> pl.Series:
        raw = lines["raw"]
        klog = raw.str.contains(_LEAD + _HEADER)
        if self._first is None and (first := klog.arg_max()) is not None and klog[first]:
            self._first = int(lines["line"][first])
        said = raw.str.contains(SAID)  # in one line: what follows it is no part of it
        other = raw.str.contains(_NOT_KLOG) | said | said.shift(1, fill_value=False)
        early = lines["line"] < self._first if self._first is not None else raw.is_not_null()
        return klog | other | early

    def batch(self, lines: pl.DataFrame, starts: pl.Series) -> Batch:
        framed = join_continuations(lines, starts).filter(pl.col("raw") != "")
        preface = framed["raw"].str.extract_groups(_PREFACE).struct.unnest()
        told = framed["raw"].str.contains(_PREFACE)
        borders = [*told.arg_true().to_list(), framed.height]
        parts = [self._rows(framed[: borders[0]])]
        for border, following in pairwise(borders):
            if year := preface["year"][border]:
                self.years.restart(int(year))
            self.node = preface["node"][border] or self.node
            parts.append(self._rows(framed[border + 1 : following]))
        rows = pl.concat(parts if self._waiting is None else [self._waiting, *parts])
        known = rows.height - self.between.waiting(rows)
        self._waiting = rows[known:]
        return self._batch(rows[:known])

    def rest(self) -> Iterator[Batch]:
        """What waited for a time that does not come, and what is to be told of the whole."""
        if self._waiting is not None and self._waiting.height:
            yield self._batch(self._waiting)
        if notes := self.between.notes():
            yield Batch(notes=notes)

    def _batch(self, rows: pl.DataFrame) -> Batch:
        rows = self.between.place(rows).with_row_index("record", self.count)
        self.count += rows.height
        writer = pl.lit(self.writer.see(rows["message"]), pl.String)
        own = pl.col("pid").is_not_null() | pl.col("message").str.starts_with('{"ts":')
        notes, self.notes = self.notes, ()
        return Batch(records=conform(rows.with_columns(identifier=pl.when(own).then(writer)), RECORDS), notes=notes)

    def _rows(self, framed: pl.DataFrame) -> pl.DataFrame:
        parts = framed["raw"].str.extract_groups(_KLOG).struct.unnest()
        parts = parts.with_columns(pl.col("month", "day", "pid").cast(pl.Int64))
        parts = parts.with_columns(self.years.of(parts["month"], parts["day"]).alias("year"))
        local = parts.select(moments(*map(pl.col, ("year", "month", "day", "clock", "fraction")))).to_series()
        return framed.with_columns(
            time=pl.coalesce(to_utc(local, self.zone), stamps(pl.col("raw")).cast(TIME)),
            resolution_us=pl.lit(1, pl.Int64),
            node=pl.lit(self.node, pl.String),
            pid=parts["pid"],
            message=pl.col("raw").str.strip_prefix(parts["lead"].fill_null("")),
        )
