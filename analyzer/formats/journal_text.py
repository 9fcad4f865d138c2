"""What journalctl prints as text, and what syslog writes to files: ``TIME HOST IDENTIFIER[PID]: MESSAGE``.

journalctl -o short (no year; month by locale), short-precise, short-iso (zone with a colon from systemd 255 on),
short-iso-precise, short-full and with-unit (zone as an abbreviation), short-unix; rsyslog's traditional and file formats.
"""

import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.journal_fields import rejected
from analyzer.formats.lines import conform, join_continuations, records
from analyzer.formats.times import Years, first_year, moments, rereadable, to_utc
from analyzer.vocabulary import RECORDS, TIME

_MONTHS = {  # as strftime's %b writes them, lower case, without a trailing point
    name: number
    for names in (
        "jan feb mar apr may jun jul aug sep oct nov dec",  # English
        "jan feb mär apr mai jun jul aug sep okt nov dez",  # German
        "janv févr mars avril mai juin juil août sept oct nov déc",  # French
        "ene feb mar abr may jun jul ago sep oct nov dic",  # Spanish
        "gen feb mar apr mag giu lug ago set ott nov dic",  # Italian
        "jan fev mar abr mai jun jul ago set out nov dez",  # Portuguese
        "jan feb mrt apr mei jun jul aug sep okt nov dec",  # Dutch
        "sty lut mar kwi maj cze lip sie wrz paź lis gru",  # Polish
        "янв фев мар апр мая июн июл авг сен окт ноя дек",  # Russian
        "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",  # Chinese, Japanese
        "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",  # Korean
    )
    for number, name in enumerate(names.split(), 1)
} | {"mrz": 3, "märz": 3, "juni": 6, "juli": 7, "sept": 9, "avr": 4, "май": 5}

_CLOCK = r"(?P<clock>[0-9][0-9]:[0-9][0-9]:[0-9][0-9])(?:[.,](?P<fraction>[0-9]{1,6}))?"
_DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9][0-9])-(?P<day>[0-9][0-9])"
_BEGIN = r"^[\x00 \t]*"
_STYLES = {  # how a line begins, from the most to the least common; each is followed by a blank
    "short": rf"{_BEGIN}(?P<month>[^\W0-9_]{{3,9}}\.?|[0-9]{{1,2}}[月월]) {{1,2}}(?P<day>[0-9]{{1,2}}) {_CLOCK} ",
    "iso": rf"{_BEGIN}{_DATE}T{_CLOCK}(?P<zone>Z|[+-][0-9][0-9]:?[0-9][0-9])? ",
    "full": rf"{_BEGIN}\w{{3}} {_DATE} {_CLOCK} (?P<zone>[A-Z]{{2,5}}|[+-][0-9][0-9](?:[0-9][0-9])?) ",
    "unix": rf"{_BEGIN}(?P<unix>[0-9]{{9,10}}\.[0-9]{{6}}) ",
}
_PARTS = ("year", "month", "day", "clock", "fraction", "zone", "unix", "node", "identifier", "pid", "message")
_REST = r"(?:(?P<node>[^\s\[]*[^\s\[:]) )?(?:(?P<identifier>[^\n]+?)(?:\[(?P<pid>[0-9]{1,10})\])?:(?: |\n|$))?"
# All that the journal and its pager say of themselves, and catalog text (-x).
_HEADER = r"^(?:-- |--$|░░|Hint: Some lines were ellipsized|lines \d+-\d+)"
_BOOT = r"^-- (?:Boot (?P<boot>[0-9a-f]{32})|(?P<reboot>Reboot)) --"
_END = re.compile(r"^-- (?:Logs begin|Journal begins) at .*?, ends? at \w+ (\d{4})-(\d\d)-(\d\d) ")
_SERVICE = r"([\w@.:\\-]+\.service)"
_UNIT = r"^[^\s/]+\.(?:service|scope|slice|socket|mount|timer|target|path|swap|device|automount)(?:/|$)"
_LOOKS = {style: re.compile(pattern.replace("[月월]", "(?:月|월)")) for style, pattern in _STYLES.items()}
_ENTRY = re.compile(r"\S*[^\s\[:] [^\[:]{1,64}(?:\[\d+\])?:(?: |$)|[^\s\[:]+\[\d+\]:(?: |$)")


class JournalText:
    """Lines that begin with a time; ``dated`` says whether with a year."""

    family = "journal"

    def __init__(self, name: str, dated: bool) -> None:
        self.name = name
        self.dated = dated

    def sniff(self, head: bytes, name: str) -> bool:
        """Half of the lines that are neither blank, indented nor the journal's own must be records of this kind."""
        lines = [line for line in head.decode(errors="replace").splitlines()[:200] if line.strip("\0 \t\ufeff")]
        if lines and all(re.match(_HEADER, line) for line in lines):
            return not self.dated and any(line.startswith("-- No entries --") or _END.match(line) for line in lines)
        found = [style for line in lines for style in [_style(line)] if style]
        others = sum(1 for line in lines if not line[0].isspace() and not re.match(_HEADER, line)) - len(found)
        return bool(found) and len(found) >= others and self.dated is (2 * found.count("short") <= len(found))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        with rereadable(stream) as source:
            years = Years(context.year if self.dated else _first_year(source, context.year))
            reader = _Reader(years, context.zone)
            for lines, starts in records(source, _starts):
                yield reader.batch(lines, starts)


FORMAT = JournalText("journal-text", dated=True)
YEARLESS = JournalText("journal-short", dated=False)


def _style(line: str) -> str | None:
    for style, pattern in _LOOKS.items():
        begin = pattern.match(line)
        if begin and (style != "short" or _month_number(begin["month"])) and _ENTRY.match(line, begin.end()):
            return style
    return None


def _month_number(name: str) -> int | None:
    return _MONTHS.get(name.lower().removesuffix("."))


def _starts(lines: pl.DataFrame) -> pl.Series:
    return lines.select(pl.any_horizontal([pl.col("raw").str.contains(pattern) for pattern in _STYLES.values()])).to_series()


def _months(names: pl.Series) -> pl.Series:
    return names.str.to_lowercase().str.strip_suffix(".").replace_strict(_MONTHS, default=None, return_dtype=pl.Int64)


def _first_year(stream: BinaryIO, last: int) -> int:
    """The year in which the source begins. The journal's own header says when it ends, better than ``last`` does."""
    ends: list[tuple[int, int, int]] = []
    final: list[tuple[int, int]] = []

    def dates(lines: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
        for text in lines.filter(pl.col("raw").str.starts_with("-- "))["raw"]:
            if end := _END.match(text):
                ends.append((int(end[1]), int(end[2]), int(end[3])))
        parts = lines["raw"].str.extract_groups(_STYLES["short"]).struct.unnest()
        month, day = _months(parts["month"]), parts["day"].cast(pl.Int64, strict=False)
        known = [series.drop_nulls() for series in (month, day)]
        if len(known[0]):
            final[:] = [(int(known[0][-1]), int(known[1][-1]))]
        return month, day

    year = first_year(stream, last, dates)
    if ends and final:
        end = max(ends)
        later = final[0][0] * 31 + final[0][1] > end[1] * 31 + end[2] + 1
        year += end[0] - later - last
    return year


class _Reader:
    """What holds from one chunk to the next: the year, the boot, and how many records there were."""

    def __init__(self, years: Years, zone: tzinfo) -> None:
        self.years = years
        self.zone = zone
        self.boot: str | None = None
        self.reboots = 0
        self.count = 0

    def batch(self, lines: pl.DataFrame, starts: pl.Series) -> Batch:
        rows = self._booted(lines.with_columns(start=starts))
        rows = rows.filter(pl.col("raw") != "", ~pl.col("raw").str.contains(_HEADER))
        orphan = rows["start"].cum_sum() == 0  # continues nothing
        unread = rows.filter(orphan).with_columns(reason=pl.lit("no time at the beginning of the line"))
        entries = _joined(_parsed(rows.filter(~orphan))).with_row_index("record", self.count)
        self.count += entries.height
        return Batch(records=conform(_with_unit(self._timed(entries)), RECORDS), rejects=rejected(unread))

    def _booted(self, lines: pl.DataFrame) -> pl.DataFrame:
        """With the boot that the separators before a line tell of; before the first one it is not known."""
        parts = lines["raw"].str.extract_groups(_BOOT).struct.unnest()
        reboot = parts["reboot"].is_not_null()
        ordinal = reboot.cum_sum() + self.reboots
        boots = pl.select(pl.coalesce(parts["boot"], pl.when(reboot).then(pl.format("reboot-{}", ordinal)))).to_series()
        boots = boots.forward_fill().fill_null(pl.Series([self.boot], dtype=pl.String)) if self.boot else boots.forward_fill()
        self.reboots += int(reboot.sum())
        self.boot = boots[-1] if len(boots) else self.boot
        return lines.with_columns(boot_id=boots)

    def _timed(self, rows: pl.DataFrame) -> pl.DataFrame:
        yearless = pl.col("year").is_null() & pl.col("clock").is_not_null()
        month = pl.coalesce(pl.col("month").cast(pl.Int64, strict=False), _months(rows["month"]))
        rows = rows.with_columns(pl.col("year", "day").cast(pl.Int64), month=month)
        dates = rows.select(pl.when(yearless).then("month"), pl.when(yearless).then("day"))
        rows = rows.with_columns(year=pl.coalesce("year", self.years.of(dates["month"], dates["day"])))
        local = rows.select(moments(*map(pl.col, ("year", "month", "day", "clock", "fraction")))).to_series()
        digits = pl.coalesce(pl.col("fraction").str.len_bytes(), pl.when(pl.col("unix").is_not_null()).then(6), 0)
        unix = pl.col("unix").str.replace(".", "", literal=True).cast(pl.Int64).cast(TIME)
        exact = local.dt.replace_time_zone("UTC") - rows.select(pl.duration(minutes=_offset(pl.col("zone")), time_unit="us")).to_series()
        return rows.with_columns(
            time=pl.coalesce(unix, exact.cast(TIME), to_utc(local, self.zone)),
            resolution_us=digits.replace_strict({n: 10 ** (6 - n) for n in range(7)}, return_dtype=pl.Int64),
        )


def _offset(zone: pl.Expr) -> pl.Expr:
    """Minutes east of Greenwich; null where an abbreviation does not say it."""
    hours = zone.str.extract(r"^([+-]\d\d)", 1).cast(pl.Int64)
    minutes = zone.str.extract(r"^...:?(\d\d)$", 1).cast(pl.Int64).fill_null(0)
    numeric = hours * 60 + pl.when(zone.str.starts_with("-")).then(-minutes).otherwise(minutes)
    return pl.when(zone.is_in(["Z", "UTC", "GMT"])).then(0).otherwise(numeric)


def _parsed(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines with the parts of their beginning; those that continue a record have none but ``message``."""
    left, parts = lines, [lines.clear().with_columns(pl.lit(None, pl.String).alias(name) for name in _PARTS)]
    for pattern in _STYLES.values():
        mine = left["raw"].str.contains(pattern)
        if mine.any():
            found = left.filter(mine)
            # The message is what is left: a group for it would make the match many times slower.
            groups = found["raw"].str.extract_groups(f"(?P<lead>{pattern}{_REST})").struct.unnest()
            found = found.hstack(groups).with_columns(message=pl.col("raw").str.strip_prefix(pl.col("lead")))
            parts.append(found.drop("lead"))
            left = left.filter(~mine)
    parts.append(left)
    return pl.concat(parts, how="diagonal").sort("offset").with_columns(pl.col("pid").cast(pl.Int64))


def _joined(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a record. What continues a message loses the blanks that journalctl puts before it to align it."""
    if rows["start"].all():
        return rows
    width = (pl.col("raw").str.len_chars() - pl.col("message").str.len_chars()).forward_fill()
    aligned = pl.col("raw").str.slice(0, width).str.strip_chars(" ") == ""
    own = pl.when(aligned).then(pl.col("raw").str.slice(width)).otherwise(pl.col("raw").str.strip_chars_start(" \t"))
    rows = rows.with_columns(message=pl.coalesce("message", own))
    # Only raw and message span lines: the other strings are null but in the first.
    whole = join_continuations(rows.select("line", "offset", "raw", "message"), rows["start"])
    return whole.join(rows.filter("start").drop("line", "raw", "message"), on="offset", how="left", maintain_order="left")


def _with_unit(rows: pl.DataFrame) -> pl.DataFrame:
    """The unit: where it stands instead of the identifier (with-unit), and of what process 1 speaks of.

    The identifier is then that of process 1, or the unit's name without its suffix.
    """
    named = pl.col("zone").is_not_null() & pl.col("identifier").str.contains(_UNIT)
    unit = pl.when(named).then(pl.col("identifier").str.split("/").list.first())
    manager = (pl.col("identifier").is_in(["systemd", "init"]) & (pl.col("pid").fill_null(1) == 1)) | (unit == "init.scope")
    return rows.with_columns(
        unit=pl.when(manager).then(pl.col("message").str.extract(_SERVICE, 1)).otherwise(unit),
        identifier=pl.coalesce(pl.when(unit == "init.scope").then(pl.lit("systemd")), unit.str.replace(r"\.\w+$", ""), "identifier"),
    )
