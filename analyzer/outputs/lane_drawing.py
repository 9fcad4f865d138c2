"""Lanes as characters: what each column of a stretch of time shows. Nothing is told by a colour alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from analyzer.findings import Finding
from analyzer.lifecycle.intervals import Step, value_at
from analyzer.outputs.object_lanes import DOWN, NOT_READY, READY, UNRECORDED, UP, Piece
from analyzer.outputs.screen import BOLD, CYAN, DIM, GREEN, MAGENTA, RED, SEVERITY, YELLOW, Screen
from analyzer.outputs.states import State

_DAY = 86400
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)
_DAYS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_APART = 11
"""Columns from one time of the axis to the next, at least."""
_HEIGHTS, _HEIGHTS_TYPED = "▁▂▃▄▅▆▇█", ".:-=+*%#"


@dataclass(frozen=True)
class Look:
    """A character, its likeness in ASCII, and its colours; the characters differ too. ``words``: as the legend has it."""

    block: str
    ascii: str
    colours: tuple[int, ...]
    words: str


LOOKS: dict[str, Look] = {  # what matters least first: a cell shows the last of what it holds
    State.RUNNING: Look("─", "-", (), "running (nothing tells whether supervised)"),
    State.SUPERVISED: Look("█", "=", (GREEN,), "supervised"),
    UP: Look("█", "=", (GREEN,), "kubelet up"),
    READY: Look("█", "=", (GREEN,), "Ready"),
    State.ADOPTED: Look("▓", "+", (CYAN,), "adopted"),
    UNRECORDED: Look("·", ".", (DIM,), "not recorded"),
    NOT_READY: Look("▚", "!", (YELLOW,), "not Ready"),
    State.ORPHANED: Look("░", "o", (BOLD, YELLOW), "orphaned"),
    State.REMOVING: Look("▒", "x", (MAGENTA,), "being removed"),
    DOWN: Look("╳", "X", (RED,), "kubelet down"),
}
RANK = {what: number for number, what in enumerate(LOOKS)}
TROUBLE = frozenset({NOT_READY, State.ORPHANED, State.REMOVING, DOWN})
"""What a reader looks for first."""


@dataclass(frozen=True)
class Axis:
    """A stretch of time, so many columns wide."""

    begin: datetime
    end: datetime
    columns: int

    @property
    def span(self) -> timedelta:
        """Of one column."""
        return (self.end - self.begin) / self.columns

    def at(self, moment: datetime) -> int:
        """The column that shows a moment; that of one outside is the first or the last."""
        return min(max(int((moment - self.begin) / self.span), 0), self.columns - 1)

    def over(self, start: datetime, end: datetime) -> range:
        """The columns of a stretch: at least one, so that nothing short is lost; none if it lies outside."""
        if end < self.begin or start > self.end:
            return range(0)
        first = self.at(start)
        return range(first, max(min(int((end - self.begin) / self.span - 1e-9), self.columns - 1), first) + 1)


def ticks(axis: Axis, screen: Screen) -> tuple[str, str]:
    """Times above ticks, at round moments; the date where there is a new one."""
    total = (axis.end - axis.begin).total_seconds()
    step = next((s for s in (*_STEPS, *(d * _DAY for d in _DAYS)) if total / s * _APART <= axis.columns), total)
    form = "%H:%M:%S.%f" if step < 1 else "%H:%M:%S" if step < 60 else "%H:%M" if step < _DAY else "%m-%d"
    midnight = axis.begin.replace(hour=0, minute=0, second=0, microsecond=0)
    into_day = (axis.begin - midnight).total_seconds()
    number = ceil(into_day / step)
    labels, marks = [" "] * axis.columns, [screen.glyph("─", "-")] * axis.columns
    free = 0
    while (after := step * number - into_day) < total:
        moment = axis.begin + timedelta(seconds=after)
        at = axis.at(moment)
        new_day = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
        text = f"{moment:%m-%d}" if new_day else moment.strftime(form)[: 10 if step < 1 else None]
        marks[at] = screen.glyph("┬", "+")
        if at >= free and at + len(text) <= axis.columns:
            labels[at : at + len(text)] = text
            free = at + len(text) + 1
        number += 1
    return "".join(labels).rstrip(), "".join(marks)


# --- states


def cells(pieces: Iterable[Piece], axis: Axis) -> list[str | None]:
    """What each column shows: of several things the one that matters most."""
    shown: list[str | None] = [None] * axis.columns
    for start, end, what in pieces:
        for at in axis.over(start, end):
            known = shown[at]
            if known is None or RANK[what] > RANK[known]:
                shown[at] = what
    return shown


def drawn(shown: Sequence[str | None], screen: Screen) -> str:
    parts: list[str] = []
    at = 0
    while at < len(shown):
        what, run = shown[at], 1
        while at + run < len(shown) and shown[at + run] == what:
            run += 1
        parts.append(screen.paint(look(what, screen) * run, *LOOKS[what].colours) if what else " " * run)
        at += run
    return "".join(parts)


def look(what: str, screen: Screen) -> str:
    return screen.glyph(LOOKS[what].block, LOOKS[what].ascii)


def legend(used: Iterable[str], screen: Screen) -> list[str]:
    """Each character once, with all that it stands for; in lines no wider than the screen."""
    words: dict[str, list[str]] = {}
    for what in sorted(used, key=lambda w: RANK[w]):
        words.setdefault(look(what, screen), []).append(what)
    entries = [(f"{glyph} {', '.join(LOOKS[w].words for w in what)}", what[0], glyph) for glyph, what in words.items()]
    lines: list[list[tuple[str, str, str]]] = [[]]
    for entry in entries:
        if lines[-1] and sum(len(e[0]) + 2 for e in lines[-1]) + len(entry[0]) > screen.width:
            lines.append([])
        lines[-1].append(entry)
    return ["  ".join(screen.paint(glyph, *LOOKS[what].colours) + text[1:] for text, what, glyph in line) for line in lines]


def heights(counts: Sequence[int], peak: int, screen: Screen) -> str:
    """How many there were of something in each column, as bars; ``peak`` is the highest."""
    scale = screen.glyph(_HEIGHTS, _HEIGHTS_TYPED)
    return "".join(scale[max(-(-count * len(scale) // peak), 1) - 1] if count else " " for count in counts)


# --- numbers


def peaks(steps: Sequence[Step], axis: Axis) -> list[int]:
    """The largest value in each column."""
    values = [0] * axis.columns
    for number, step in enumerate(steps):
        until = steps[number + 1].time if number + 1 < len(steps) else None
        for at in axis.over(step.time or axis.begin, until or axis.end):
            values[at] = max(values[at], step.value)
    return values


def excess(running: Sequence[Step], wanted: Sequence[Step], axis: Axis) -> list[int]:
    """How many more (less than nothing: fewer) ran than were asked for; of a column the most."""
    edges = sorted({axis.begin, *(s.time for s in (*running, *wanted) if s.time is not None and axis.begin < s.time < axis.end)})
    values = [0] * axis.columns
    for start, end in zip(edges, [*edges[1:], axis.end], strict=True):
        more = value_at(list(running), start) - value_at(list(wanted), start)
        for at in axis.over(start, end) if more else ():
            values[at] = max(values[at], more, key=abs)
    return values


def written(values: Sequence[int], screen: Screen) -> str:
    """Each value where it begins; where there is no room to write it, '~'."""
    fill = screen.glyph("─", "-")
    return "".join(str(v) + fill * (n - len(str(v))) if len(str(v)) <= n else "~" * n for v, n in _runs(values))


def shortfall(values: Sequence[int], screen: Screen) -> str:
    """Where there were more or fewer than asked for, and by how many."""
    parts = []
    for value, length in _runs(values):
        mark = screen.glyph("▲", "^") if value > 0 else screen.glyph("▼", "v")
        number = f"{value:+}" if len(f"{value:+}") < length else ""
        text = (number + mark * (length - len(number))) if value else " " * length
        parts.append(screen.paint(text, *((BOLD, YELLOW) if value > 0 else (BOLD, RED))) if value else text)
    return "".join(parts)


def _runs(values: Sequence[int]) -> list[tuple[int, int]]:
    """Each value that holds over some columns, and over how many."""
    found: list[tuple[int, int]] = []
    for value in values:
        if found and found[-1][0] == value:
            found[-1] = (value, found[-1][1] + 1)
        else:
            found.append((value, 1))
    return found


# --- findings


def spanned(finding: Finding, axis: Axis, screen: Screen) -> str:
    """From its start to its end, dotted as far as either is not sure, with its id inside, or beside it where it is too short for that."""
    start, end = finding.start.time or finding.start.earliest or axis.begin, finding.end.time or axis.end
    text = [" "] * axis.columns
    for low, high in ((finding.start.earliest, finding.start.latest), (finding.end.earliest, finding.end.latest)):
        if low is not None and high is not None:
            for at in axis.over(low, high):
                text[at] = screen.glyph("┄", ".")
    columns = axis.over(start, end) or range(axis.at(start), axis.at(start) + 1)
    for at in columns:
        text[at] = screen.glyph("┄", ".") if finding.expected else screen.glyph("─", "-")
    first, last = columns[0], columns[-1]
    text[last] = ">" if finding.end.time is None or end > axis.end else screen.glyph("┤", "|")
    text[first] = "<" if finding.start.time is None or start < axis.begin else screen.glyph("├", "|")
    if first == last:
        text[first] = screen.glyph("◆", "*")
    room, wide = last - first - 1, len(finding.id)
    if room >= wide:
        at = first + 1 + (room - wide) // 2
    elif last + 2 + wide <= axis.columns:
        at = last + 2
    else:
        at = max(first - wide - 1, 0)
    text[at : at + wide] = finding.id
    return screen.paint("".join(text[: axis.columns]).rstrip(), *SEVERITY[finding.severity])
