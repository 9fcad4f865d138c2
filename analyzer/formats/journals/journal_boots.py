"""``journalctl --list-boots``: a line a boot, with its first and its last entry. A boot that began is a reboot; it stands nowhere else.

`` -1 11111111222233334444555555555555 Mon 2023-08-21 20:23:09 EDT Mon 2023-08-21 20:24:53 EDT``; to systemd 251 without a
heading, and with a dash between the times. The zone is the reader's.
"""

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.journals.journal_fields import rejected
from analyzer.formats.journals.journal_zone import Told, Zone
from analyzer.formats.lines import beginning, chunks, conform
from analyzer.formats.times import moments
from analyzer.vocabulary import RECORDS


def _moment(which: str) -> str:
    date = rf"(?P<{which}_year>\d{{4}})-(?P<{which}_month>\d\d)-(?P<{which}_day>\d\d)"
    return rf"\S{{2,12}} {date} (?P<{which}_clock>\d\d:\d\d:\d\d) (?P<{which}_zone>[A-Za-z]{{1,5}}|[+-]\d\d(?:\d\d)?)"


_LINE = rf"^ *-?\d+ (?P<boot>[0-9a-f]{{32}}) {_moment('first')}(?: |—){_moment('last')}\s*$"
_HEADING = r"^IDX BOOT ID +FIRST ENTRY +LAST ENTRY *$"
_LOOKS = re.compile(_LINE)


class JournalBoots:
    """Boots as lines."""

    name = "journal-boots"
    family = "journal"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        lines = [line for line in beginning(head)[:20] if not re.match(_HEADING, line)]
        return bool(lines) and bool(_LOOKS.match(lines[0]))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        zone, count = Zone(context), 0
        for lines in chunks(stream):
            lines = lines.filter(pl.col("raw").str.strip_chars() != "", ~pl.col("raw").str.contains(_HEADING))
            known = lines["raw"].str.contains(_LINE)
            unread = lines.filter(~known).with_columns(reason=pl.lit("no boot with its first and last entry"))
            rows = lines.filter(known)
            parts = rows["raw"].str.extract_groups(_LINE).struct.unnest()
            first, last = (_utc(parts, which, zone) for which in ("first", "last"))
            told = pl.format("boot {}: first {} last {}", parts["boot"], first.dt.strftime("%FT%TZ"), last.dt.strftime("%FT%TZ"))
            rows = rows.with_columns(time=first, resolution_us=pl.lit(1_000_000, pl.Int64), boot_id=parts["boot"], message=told)
            rows = rows.with_row_index("record", count)
            count += rows.height
            yield Batch(records=conform(rows, RECORDS), rejects=rejected(unread))
        if notes := tuple(zone.notes()):
            yield Batch(notes=notes)


FORMAT = JournalBoots()


def _nothing_ahead() -> Generator[Told]:
    yield from ()


def _utc(parts: pl.DataFrame, which: str, zone: Zone) -> pl.Series:
    year, month, day = (pl.col(f"{which}_{part}").cast(pl.Int64) for part in ("year", "month", "day"))
    local = parts.select(moments(year, month, day, pl.col(f"{which}_clock"), pl.lit(None, pl.String))).to_series()
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, parts.height)
    return zone.utc(local, parts[f"{which}_zone"], nothing, _nothing_ahead())
