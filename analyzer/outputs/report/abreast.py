"""Two incidents on one clock, which begins when the first kubelet of each went away: a few lanes each, as numbers for an SVG."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from analyzer.analysis import Analysis
from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.lifecycle.intervals import count as counted
from analyzer.vocabulary import FindingKind as F

WIDTH, LABEL, LANE, HEAD, GAP = 1000, 190, 22, 26, 14
_KINDS = {
    F.KUBELET_OUTAGE: ("kubelet down", "down"),
    F.NODE_UNREACHABLE: ("API: not Ready", "lost"),
    F.ORPHANED_CONTAINER: ("containers orphaned", "orphaned"),
    F.OVERSHOOT_WINDOW: ("more than asked for", "over"),
    F.UNDERSHOOT_WINDOW: ("fewer than asked for", "under"),
}
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 604800)


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    look: str
    title: str


@dataclass
class Drawing:
    """``lanes``: (y, label, how many at most); ``heads``: (y, 0 or 1); ``ticks``: (x, words)."""

    height: int = 0
    zero: float = 0.0
    lanes: list[tuple[float, str, str]] = field(default_factory=list)
    heads: list[tuple[float, int]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    ticks: list[tuple[float, str]] = field(default_factory=list)
    width: int = WIDTH
    label: int = LABEL


def drawn(one: Analysis, other: Analysis) -> Drawing:
    sides = [_Side(one), _Side(other)]
    low, high = min(s.low for s in sides), max(s.high for s in sides)
    room = max((high - low) * 0.04, timedelta(seconds=1))
    low, high = low - room, high + room
    made = Drawing()

    def x(after: timedelta) -> float:
        return round(LABEL + (after - low) / (high - low) * (WIDTH - LABEL), 2)

    step = next((s for s in _STEPS if (high - low).total_seconds() / s <= 9), _STEPS[-1])
    first = int(low.total_seconds() // step) + 1
    made.ticks = [
        (x(timedelta(seconds=n * step)), _tick(n * step))
        for n in range(first, int(high.total_seconds() // step) + 1)
        if x(timedelta(seconds=n * step)) < WIDTH - 20
    ]
    made.zero = x(timedelta())
    y = 30
    for number, side in enumerate(sides):
        made.heads.append((y, number))
        y += HEAD
        for kind, (label, look) in _KINDS.items():
            bars = side.bars(kind)
            most = max((n for _, _, n in bars), default=0)
            made.lanes.append((y, label, f"up to {most}" if most > 1 else "" if most else "none"))
            for start, end, n in bars:
                tall = max((LANE - 6) * n / most, 3)
                words = f"{label}: {n}, from {_tick(start.total_seconds())} to {_tick(end.total_seconds())} ({seconds(end - start)})"
                made.bars.append(Bar(x(start), y + LANE - 3 - tall, max(x(end) - x(start), 1), tall, look, words))
            y += LANE
        y += GAP
    made.height = y
    return made


class _Side:
    """One incident's findings that are not by design, by the time since its first outage (without one, since the first of them)."""

    def __init__(self, analysis: Analysis) -> None:
        self._life = analysis.life
        self._shown = [f for f in analysis.findings if not f.expected and f.kind in _KINDS]
        outages = [self._start(f) for f in self._shown if f.kind == F.KUBELET_OUTAGE]
        self._zero = min(outages or [self._start(f) for f in self._shown] or [self._life.start])
        self.low = min((self._start(f) - self._zero for f in self._shown), default=timedelta())
        self.high = max((self._end(f) - self._zero for f in self._shown), default=timedelta(seconds=1))

    def _start(self, finding: Finding) -> datetime:
        return finding.start.time or self._life.start

    def _end(self, finding: Finding) -> datetime:
        return finding.end.time or self._life.end

    def bars(self, kind: str) -> list[tuple[timedelta, timedelta, int]]:
        """How many findings of a kind were open, as stretches."""
        spans: Iterable[list[tuple[datetime | None, datetime | None]]] = (
            [(self._start(f), self._end(f))] for f in self._shown if f.kind == kind
        )
        steps = counted(spans)
        known = [(step.time - self._zero, step.value) for step in steps if step.time is not None]
        return [(start, end, value) for (start, value), (end, _) in pairwise(known) if value]


def _tick(after: float) -> str:
    """Time since the beginning, with its sign."""
    sign, size = ("−" if after < 0 else "+"), abs(after)
    if size < 60:
        return f"{sign}{size:g} s" if size == int(size) else f"{sign}{size:.1f} s"
    if size < 3600:
        return f"{sign}{int(size // 60)} min" + (f" {int(size % 60)} s" if size % 60 >= 1 else "")
    return f"{sign}{int(size // 3600)} h" + (f" {int(size % 3600 // 60)} min" if size % 3600 >= 60 else "")
