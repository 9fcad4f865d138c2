"""A journal's text, line by line: ``TIME HOST IDENTIFIER[PID]: MESSAGE``, and what stands between the lines.

A style is how a line begins: the time, in one of several ways. All else is the same in all of them.
"""

import re
from collections.abc import Mapping

import polars as pl

from analyzer.formats.journals.journal_fields import rejected
from analyzer.formats.journals.journal_losses import Losses
from analyzer.formats.journals.journal_months import MONTH, number
from analyzer.formats.journals.journal_said import MARK
from analyzer.formats.journals.journal_syslog import undone
from analyzer.formats.lines import join_continuations

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


def style(line: str) -> str | None:
    """The style of a line, if it is a record's first."""
    for name, pattern in _LOOKS.items():
        begin = pattern.match(line)
        if begin and (name != "short" or number(begin["month"])) and _ENTRY.match(line, begin.end()):
            return name
    return None


def starts(lines: pl.DataFrame, styles: Mapping[str, str]) -> pl.Series:
    """Which lines begin a record: those of the styles, and marks of lines that were taken out."""
    return lines.select(pl.any_horizontal([pl.col("raw").str.contains(pattern) for pattern in (*styles.values(), _MARK)])).to_series()


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
        rows = rows.filter(pl.col("raw") != "", ~pl.col("raw").str.contains(HEADER))
        orphan = rows["start"].cum_sum() == 0  # continues nothing
        unread = rows.filter(orphan).with_columns(reason=pl.lit("no time at the beginning of the line"))
        entries = undone(_joined(parsed(rows.filter(~orphan), self.styles))).with_row_index("record", self.count)
        self.losses.of_messages(entries["message"])
        self.count += entries.height
        return _with_unit(entries), rejected(unread)

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


def resumed(rows: pl.DataFrame) -> pl.DataFrame:
    """Marks of suppressed lines with the time at which the log goes on, or ends."""
    mark = rows["message"].str.contains(_MARK) & rows["identifier"].is_null()
    if not mark.any():
        return rows
    for name in ("time", "resolution_us"):
        other = pl.when(~mark).then(name)
        rows = rows.with_columns(pl.when(mark).then(pl.coalesce(other.backward_fill(), other.forward_fill())).otherwise(name).alias(name))
    return rows


def parsed(lines: pl.DataFrame, styles: Mapping[str, str]) -> pl.DataFrame:
    """Lines with the parts of their beginning; those that continue a record have none but ``message``."""
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
