"""A journal's text, line by line: ``TIME HOST IDENTIFIER[PID]: MESSAGE``, and what stands between the lines.

A style is how a line begins: the time, in one of several ways. All else is the same in all of them.
"""

import re
from collections.abc import Mapping
from functools import lru_cache, reduce
from operator import or_

import numpy as np
import polars as pl

from analyzer.formats.journals.journal_fields import rejected
from analyzer.formats.journals.journal_layouts import NONE, Leads, leads
from analyzer.formats.journals.journal_losses import Losses
from analyzer.formats.journals.journal_months import MONTH, number, numbers
from analyzer.formats.journals.journal_said import MARK
from analyzer.formats.journals.journal_syslog import undone
from analyzer.formats.lines import Positions, join_continuations
from analyzer.formats.times import since_midnight
from analyzer.formats.views import pieces

BEGIN = r"^[\x00 \t]*"
_CLOCK = r"(?P<clock>[0-9][0-9]:[0-9][0-9]:[0-9][0-9])(?:[.,](?P<fraction>[0-9]{1,6}))?"
_DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9][0-9])-(?P<day>[0-9][0-9])"
WALL_CLOCK = {  # from the most to the least common; each is followed by a blank
    "short": rf"{BEGIN}(?P<month>{MONTH}) {{1,5}}(?P<day>[0-9]{{1,2}}) {_CLOCK} ",
    "iso": rf"{BEGIN}{_DATE}T{_CLOCK}(?P<zone>Z|[+-][0-9][0-9]:?[0-9][0-9])? ",
    "full": rf"{BEGIN}\w{{3}} {_DATE} {_CLOCK} (?P<zone>[A-Za-z]{{2,5}}|[+-][0-9][0-9](?:[0-9][0-9])?) ",
    "unix": rf"{BEGIN}(?P<unix>[0-9]{{9,10}}\.[0-9]{{6}}) ",
}
MONOTONIC = {"monotonic": rf"{BEGIN}\[ *(?P<monotonic>[0-9]+\.[0-9]{{6}})(?: <[ 0-9.]+\*?>| *)\] "}
"""short-monotonic; short-delta adds what has passed since the line before, with an asterisk if by the wall clock."""
_COLUMNS = ("year", "month", "day", "since", "digits", "unix", "zone", "monotonic", "node", "identifier", "pid", "message")
_PARTS = ("year", "month", "day", "clock", "fraction", "zone", "unix", "monotonic", "node", "identifier", "pid", "message")
_REST = r"(?:(?P<node>[^\s\[]*[^\s\[:]) )?(?:(?P<identifier>[^\n]+?)(?:\[(?P<pid>[0-9]{1,10})\])?:(?: |\n|$))?"
HEADER = r"^(?:-- |--$|░░|Hint: Some lines were ellipsized|lines \d+-\d+|\(END\))"
"""All that the journal and its pager say of themselves, and catalog text (-x)."""
_BOOT = r"^-- (?:Boot (?P<boot>[0-9a-f]{32})|(?P<reboot>Reboot)) --"
_MARK = rf"^{MARK}$"
_SERVICE = r"([\w@.:\\-]+\.service)"
_UNIT = r"^[^\s/]+\.(?:service|scope|slice|socket|mount|timer|target|path|swap|device|automount)(?:/|$)"
_ENTRY = re.compile(r"\S*[^\s\[:] [^\[:]{1,64}(?:\[\d+\])?:(?: |$)|[^\s\[:]+\[\d+\]:(?: |$)")
_LOOKS = {style: re.compile(pattern) for style, pattern in (WALL_CLOCK | MONOTONIC).items()}


@lru_cache(maxsize=512)  # three formats ask of the same lines
def style(line: str) -> str | None:
    """The style of a line, if it is a record's first."""
    for name, pattern in _LOOKS.items():
        begin = pattern.match(line)
        if begin and (name != "short" or number(begin["month"])) and _ENTRY.match(line, begin.end()):
            return name
    return None


def starts(lines: pl.DataFrame, styles: Mapping[str, str]) -> pl.Series:
    """Which lines begin a record: those of the styles, and marks of lines that were taken out."""
    known = pl.Series("raw", leads(lines["raw"], styles).known, pl.Boolean)
    if known.all():
        return known
    left = (~known).arg_true()
    found = [lines["raw"].gather(left).str.contains(pattern) for pattern in (*styles.values(), _MARK)]
    return known.scatter(left, reduce(or_, found))


class Framing:
    """Lines into records, from one chunk to the next: what boot it is, how many there were, and what was lost."""

    def __init__(self, styles: Mapping[str, str]) -> None:
        self.styles = styles
        self.boot: str | None = None
        self.reboots = 0
        self.count = 0
        self.losses = Losses()

    def entries(self, lines: pl.DataFrame, begins: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Records with their parts as text, not yet with a time; and the rejects of lines that belong to none."""
        rows = self._booted(lines.with_columns(start=begins))
        self.losses.of_lines(rows["raw"])
        told = leads(rows["raw"], self.styles)
        rows = rows.filter(~_said_by_itself(rows["raw"], told))
        unread = rows.clear()
        if not rows["start"][:1].all():  # what continues nothing
            first = rows["start"].arg_max() or 0 if rows["start"].any() else rows.height
            unread, rows = rows[:first], rows[first:]
        unread = unread.with_columns(reason=pl.lit("no time at the beginning of the line"))
        entries = undone(_joined(parsed(rows, self.styles, told))).with_row_index("record", self.count)
        self.losses.of_messages(entries["message"])
        self.count += entries.height
        return _with_unit(entries), rejected(unread)

    def _booted(self, lines: pl.DataFrame) -> pl.DataFrame:
        """With the boot that the separators before a line tell of; before the first one it is not known."""
        separators = lines["raw"].str.starts_with("-- ")
        if not separators.any():
            return lines.with_columns(pl.lit(self.boot, pl.String).alias("boot_id"))
        parts = lines["raw"].set(~separators, None).str.extract_groups(_BOOT).struct.unnest()
        reboot = parts["reboot"].is_not_null()
        ordinal = reboot.cum_sum() + self.reboots
        boots = pl.select(pl.coalesce(parts["boot"], pl.when(reboot).then(pl.format("reboot-{}", ordinal)))).to_series()
        boots = boots.forward_fill().fill_null(pl.Series([self.boot], dtype=pl.String)) if self.boot else boots.forward_fill()
        self.reboots += int(reboot.sum())
        self.boot = boots[-1] if len(boots) else self.boot
        return lines.with_columns(boot_id=boots)


def _said_by_itself(text: pl.Series, told: Leads) -> pl.Series:
    """Which lines are blank, or the journal's own: none that begins with a time in a common layout."""
    left = np.flatnonzero(~told.known)
    itself = pl.Series(np.zeros(len(text), np.bool_))
    return itself.scatter(left, (text.gather(left) == "") | text.gather(left).str.contains(HEADER)) if len(left) else itself


def resumed(rows: pl.DataFrame) -> pl.DataFrame:
    """Marks of suppressed lines with the time at which the log goes on, or ends."""
    if not rows["identifier"].null_count():
        return rows
    mark = rows["identifier"].is_null() & rows["message"].set(rows["identifier"].is_not_null(), None).str.contains(_MARK).fill_null(False)
    if not mark.any():
        return rows
    for name in ("time", "resolution_us"):
        other = pl.when(~mark).then(name)
        rows = rows.with_columns(pl.when(mark).then(pl.coalesce(other.backward_fill(), other.forward_fill())).otherwise(name).alias(name))
    return rows


def parsed(lines: pl.DataFrame, styles: Mapping[str, str], told: Leads | None = None) -> pl.DataFrame:
    """Lines with the parts of their beginning; those that continue a record have none but ``message``.

    year, month, day; ``since``: microseconds since midnight, null if there is no such time of day; ``digits``: of the second's
    fraction, null without a time of day; ``unix``: microseconds; ``monotonic``: as written. ``told``: the same of these lines, if known.
    """
    if told is None or len(told.known) != lines.height:
        told = leads(lines["raw"], styles)
    rows, fast = _quickly(lines, told)
    if 0 < len(rows) == lines.height:
        return fast
    left = np.ones(lines.height, np.bool_)
    left[rows] = False
    slow = _by_pattern(lines.filter(pl.Series(left)), styles)
    return pl.concat([fast, slow]).sort("offset") if len(rows) else slow


def _quickly(lines: pl.DataFrame, told: Leads) -> tuple[Positions, pl.DataFrame]:
    """Lines whose time is of a known layout, and whose host and writer end with the first colon: they are looked at but once each."""
    colon = lines["raw"].str.find(": ", literal=True).fill_null(0).to_numpy().astype(np.int64)
    rows = np.flatnonzero(told.known & (colon >= told.numbers["width"]))
    if not len(rows):
        return rows, lines
    buffers, begins, lengths = told.found.buffers, told.found.begins[rows], told.found.lengths[rows]
    width, colon = told.numbers["width"][rows], colon[rows]
    writer = pieces(buffers, begins + width, colon + 2 - width)
    distinct = writer.unique()
    parts = distinct.str.extract_groups(f"^(?P<whole>{_REST})").struct.unnest()
    whole = (parts["whole"] == distinct) & parts["identifier"].is_not_null()
    which = writer.replace_strict(distinct, pl.int_range(len(distinct), eager=True), return_dtype=pl.Int64)
    if not whole.all():
        mine = whole.gather(which).arg_true().to_numpy()
        rows, begins, lengths, colon, which = rows[mine], begins[mine], lengths[mine], colon[mine], which.gather(mine)
    if not len(rows):
        return rows, lines
    frame = lines if len(rows) == lines.height else lines[rows]
    numbers = [told.column(name, rows) for name in ("year", "month", "day", "since", "digits", "unix")]
    zones = pl.Series("zone", told.zones, pl.String).gather(told.column("zone", rows))
    timed = [_monotonic(told, rows), *(parts[name].gather(which) for name in ("node", "identifier"))]
    pid = parts["pid"].cast(pl.Int64).gather(which)
    message = pieces(buffers, begins + colon + 2, lengths - colon - 2).alias("message")
    return rows, frame.with_columns(*numbers, zones, *timed, pid, message)


def _monotonic(told: Leads, rows: Positions) -> pl.Series:
    begins, spans = told.numbers["monotonic"][rows], told.numbers["span"][rows]
    if int(spans.max()) == NONE:
        return pl.Series("monotonic", [None], pl.String).new_from_index(0, len(rows))
    written = pieces(told.found.buffers, told.found.begins[rows] + np.maximum(begins, 0), np.maximum(spans, 0)).alias("monotonic")
    return written.set(written == "", None)


def yearless(lines: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Month and day of the lines whose date lacks the year; null of all others."""
    short = {"short": WALL_CLOCK["short"]}
    told = leads(lines["raw"], short)
    rows = np.arange(lines.height)
    month, day = told.column("month", rows), told.column("day", rows)
    if not told.known.all():
        left = np.flatnonzero(~told.known)
        parts = lines["raw"].gather(left).str.extract_groups(short["short"]).struct.unnest()
        month = month.scatter(left, numbers(parts["month"]))
        day = day.scatter(left, parts["day"].cast(pl.Int64, strict=False))
    return month, day


def _by_pattern(lines: pl.DataFrame, styles: Mapping[str, str]) -> pl.DataFrame:
    """The same, line by line."""
    left, parts = lines, [lines.clear().with_columns(pl.lit(None, pl.String).alias(name) for name in _PARTS)]
    for pattern in styles.values():
        mine = left["raw"].str.contains(pattern)
        if mine.any():
            found = left.filter(mine)
            # The message is what is left: a group for it would make the match many times slower.
            groups = found["raw"].str.extract_groups(f"(?P<lead>{pattern}{_REST})").struct.unnest()
            found = found.hstack(groups).with_columns(message=pl.col("raw").str.strip_prefix(pl.col("lead")))
            parts.append(found.drop("lead"))
            left = left.filter(~mine)
    mark = left["raw"].str.contains(_MARK)
    parts += [left.filter(mark).with_columns(message="raw"), left.filter(~mark)]
    rows = pl.concat(parts, how="diagonal").sort("offset")
    month = pl.coalesce(pl.col("month").cast(pl.Int64, strict=False), numbers(rows["month"]))
    digits = pl.when(pl.col("clock").is_not_null()).then(pl.col("fraction").str.len_bytes().fill_null(0))
    return rows.with_columns(
        pl.col("year", "day", "pid").cast(pl.Int64),
        month=month,
        since=since_midnight(pl.col("clock"), pl.col("fraction")),
        digits=digits.cast(pl.Int64),
        unix=pl.col("unix").str.replace(".", "", literal=True).cast(pl.Int64),
    ).select(*lines.columns, *_COLUMNS)


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
    names = rows["identifier"].unique()
    units = names.filter(names.str.contains(_UNIT))
    named = pl.col("zone").is_not_null() & pl.col("identifier").is_in(units.to_list())
    rows = rows.with_columns(
        unit=pl.when(named).then(pl.col("identifier").str.split("/").list.first()) if len(units) else pl.lit(None, pl.String)
    )
    own = (pl.col("identifier").is_in(["systemd", "init"]) & (pl.col("pid").fill_null(1) == 1)) | (pl.col("unit") == "init.scope")
    manager = rows.select(own.fill_null(False).arg_true()).to_series()
    if len(units):
        rows = rows.with_columns(
            identifier=pl.coalesce(
                pl.when(pl.col("unit") == "init.scope").then(pl.lit("systemd")), pl.col("unit").str.replace(r"\.\w+$", ""), "identifier"
            )
        )
    if manager.is_empty():
        return rows
    return rows.with_columns(rows["unit"].scatter(manager, rows["message"].gather(manager).str.extract(_SERVICE, 1)))
