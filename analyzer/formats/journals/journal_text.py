"""What journalctl prints as text, and what syslog writes to files, with a time of day: ``TIME HOST IDENTIFIER[PID]: MESSAGE``.

journalctl -o short (no year; month by locale), short-precise, short-iso (zone with a colon from systemd 255 on),
short-iso-precise, short-full and with-unit (zone as an abbreviation), short-unix; rsyslog's traditional and file formats.
"""

import re
from collections.abc import Callable, Generator, Iterator
from typing import BinaryIO

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.journals.journal_lines import HEADER, WALL_CLOCK, Framing, parsed, resumed, starts, style, yearless
from analyzer.formats.journals.journal_zone import Told, Zone
from analyzer.formats.lines import beginning, chunks, conform, records
from analyzer.formats.times import Years, dated, first_year, minutes_east, rereadable
from analyzer.vocabulary import RECORDS, TIME

_END = re.compile(r"^-- (?:Logs begin|Journal begins) at \w+ [\d-]+ [\d:]+ (\S+), ends? at \w+ (\d{4})-(\d\d)-(\d\d) [\d:]+ (\S+?)\.? ?--")


class JournalText:
    """Lines that begin with a time; ``dated`` says whether with a year."""

    family = "journal"

    def __init__(self, name: str, dated: bool) -> None:
        self.name = name
        self.dated = dated

    def sniff(self, head: bytes, name: str) -> bool:
        """Half of the lines that are neither blank, indented nor the journal's own must be records of this kind."""
        lines = beginning(head)[:200]
        if lines and all(re.match(HEADER, line) for line in lines):
            return not self.dated and any(line.startswith("-- No entries --") or _END.match(line) for line in lines)
        found = [known for line in lines for known in [style(line)] if known in WALL_CLOCK]
        others = sum(1 for line in lines if not line[0].isspace() and not re.match(HEADER, line)) - len(found)
        return bool(found) and len(found) >= others and self.dated is (2 * found.count("short") <= len(found))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        with rereadable(stream) as source:
            header, begin = _Header(), source.tell()
            years = Years(context.year if self.dated else _first_year(source, context.year, header))
            reader = _Reader(years, Zone(context, header.east))
            for lines, begins in records(source, lambda lines: starts(lines, WALL_CLOCK)):
                yield reader.batch(lines, begins, lambda: reader.ahead(source, begin))
            if notes := (*reader.zone.notes(), *reader.framing.losses.notes()):
                yield Batch(notes=notes)


FORMAT = JournalText("journal-text", dated=True)
YEARLESS = JournalText("journal-short", dated=False)


class _Header:
    """What the journal's own first line tells (systemd to 251): when it ends, and in which zone its reader was."""

    def __init__(self) -> None:
        self.ends: list[tuple[int, int, int]] = []
        self._zones: set[str] = set()

    def see(self, lines: pl.DataFrame) -> None:
        for text in lines.filter(pl.col("raw").str.starts_with("-- "))["raw"]:
            if end := _END.match(text):
                self.ends.append((int(end[2]), int(end[3]), int(end[4])))
                self._zones |= {end[1], end[5]}

    @property
    def east(self) -> int | None:
        """Minutes east of Greenwich, if all that is told agrees: summer and winter time do not."""
        if not self._zones:
            return None
        told = set(pl.DataFrame({"zone": sorted(self._zones)}, schema={"zone": pl.String}).select(minutes_east(pl.col("zone"))).to_series())
        return told.pop() if len(told) == 1 else None


def _first_year(stream: BinaryIO, last: int, header: _Header) -> int:
    """The year in which the source begins. The journal's own header says when it ends, better than ``last`` does."""
    final: list[tuple[int, int]] = []

    def dates(lines: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        header.see(lines)
        month, day = yearless(lines)
        known = [series.drop_nulls() for series in (month, day)]
        if len(known[0]):
            final[:] = [(int(known[0][-1]), int(known[1][-1]))]
        return month, day

    year = first_year(stream, last, dates)
    if header.ends and final:
        end = max(header.ends)
        later = final[0][0] * 31 + final[0][1] > end[1] * 31 + end[2] + 1
        year += end[0] - later - last
    return year


class _Reader:
    """What holds from one chunk to the next: the year, the zone, and the framing's own."""

    def __init__(self, years: Years, zone: Zone) -> None:
        self.years = years
        self.zone = zone
        self.framing = Framing(WALL_CLOCK)

    def batch(self, lines: pl.DataFrame, begins: pl.Series, ahead: Callable[[], Generator[Told]]) -> Batch:
        entries, rejects = self.framing.entries(lines, begins)
        rows = _dated(entries, self.years)
        return Batch(records=conform(self._timed(rows, ahead()), RECORDS), rejects=rejects)

    def ahead(self, source: BinaryIO, begin: int) -> Generator[Told]:
        """Local times and messages of the whole source."""
        at, years = source.tell(), Years(self.years.year)
        source.seek(begin)
        try:
            for chunk in chunks(source):
                rows = _dated(parsed(chunk.filter(starts(chunk, WALL_CLOCK)).with_columns(start=True), WALL_CLOCK), years)
                yield rows["local"], rows["message"]
        finally:
            source.seek(at)

    def _timed(self, rows: pl.DataFrame, ahead: Generator[Told]) -> pl.DataFrame:
        digits = pl.coalesce("digits", pl.when(pl.col("unix").is_not_null()).then(6), 0)
        rows = rows.with_columns(time=self.zone.utc(rows["local"], rows["zone"], rows["message"], ahead)).with_columns(
            time=pl.coalesce(pl.col("unix").cast(TIME), "time"),
            resolution_us=pl.lit(10, pl.Int64).pow(6 - digits),
        )
        return resumed(rows)


def _dated(rows: pl.DataFrame, years: Years) -> pl.DataFrame:
    """With ``local``, the naive time as written."""
    lacking = rows["year"].is_null() & rows["digits"].is_not_null()
    if lacking.any():
        years_of = years.of(rows["month"].set(~lacking, None), rows["day"].set(~lacking, None))
        rows = rows.with_columns(year=pl.coalesce("year", years_of))
    return rows.with_columns(local=dated(*map(pl.col, ("year", "month", "day", "since"))))
