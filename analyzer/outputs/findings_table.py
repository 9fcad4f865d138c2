"""Findings as rows, each with its summary below: what fits in 80 columns, and more where there is more room."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.outputs.screen import BOLD, DIM, SEVERITY, Screen
from analyzer.outputs.story_margins import deadlines
from analyzer.outputs.words import printable
from analyzer.proof import Edge

PROSE = 120
"""Sentences are no wider than this, whatever the screen is: an eye loses its line."""
_ROOMY = 120
"""From so many columns on a finding also tells its margins."""
_INDENT = "  "


@dataclass(frozen=True)
class _Column:
    """``width``: at least; ``gap``: before it."""

    head: str
    of: Callable[[Finding], str]
    width: int = 0
    gap: str = "  "


def _when(finding: Finding) -> str:
    """To the second; the day of the end only where it is another."""
    start, end = finding.start.time, finding.end.time
    if end is None:
        until = "open"
    else:
        until = f"{end:%H:%M:%S}" if start is not None and start.date() == end.date() else f"{end:%m-%d %H:%M:%S}"
    return f"{start:%Y-%m-%d %H:%M:%S} – {until}" if start else f"before the evidence – {until}"


def _lasted(finding: Finding) -> str:
    start, end = finding.start.time, finding.end.time
    return seconds(end - start) if start is not None and end is not None else "-"


def _bounds(edge: Edge) -> str:
    """How much earlier, and how much later, it may have been: '-41.5 ms', '-1.0 s +2.0 s'."""
    if edge.time is None or edge.earliest is None or edge.latest is None:
        return "-" if edge.time is None else "unknown"
    sides = (("-", edge.time - edge.earliest), ("+", edge.latest - edge.time))
    return " ".join(sign + _brief(off) for sign, off in sides if off > timedelta()) or "exact"


def _brief(duration: timedelta) -> str:
    total = duration.total_seconds()
    return f"{total * 1000:.3g} ms" if total < 0.9995 else seconds(duration)


_ALWAYS = (
    _Column("SEVERITY", lambda f: f.severity.upper(), 8, ""),
    _Column("KIND", lambda f: f.kind, 19, " "),
    _Column("ID", lambda f: f.id, 12, " "),
    _Column("FROM – UNTIL (UTC)", _when),
)
_ROOM_FOR = (
    _Column("LASTED", _lasted),
    _Column("SURE", lambda f: f.confidence),
    _Column("NODE", lambda f: f.node or "-"),
    _Column("FROM IS OFF BY", lambda f: _bounds(f.start)),
    _Column("UNTIL IS OFF BY", lambda f: _bounds(f.end)),
)
"""In the order in which they find room."""


def rows(findings: Sequence[Finding], screen: Screen, *, more: Callable[[Finding], Sequence[str]] = lambda _: ()) -> list[str]:
    """A head if there is more to tell than severity, kind, id and times; then each finding. ``more``: lines that follow its own."""
    if not findings:
        return []
    told = [(c, [printable(c.of(f)) for f in findings]) for c in (*_ALWAYS, *_ROOM_FOR)]
    widths = [max(c.width, len(c.head), *map(len, texts)) for c, texts in told]
    shown, taken = [], 0
    for (column, texts), width in zip(told, widths, strict=True):
        taken += len(column.gap) + width
        if column not in _ALWAYS and taken > screen.width:
            break
        shown.append((column, texts, width))
    head = "".join(f"{column.gap}{column.head:<{width}}" for column, _, width in shown).rstrip()
    lines = [screen.paint(head, DIM)] if len(shown) > len(_ALWAYS) else []
    for number, finding in enumerate(findings):
        cells = [f"{column.gap}{texts[number]:<{width}}" for column, texts, width in shown]
        row = "".join(cells[1:]).rstrip() + ("  (by design)" if finding.expected else "")
        lines.append(screen.paint(cells[0], *SEVERITY[finding.severity]) + row)
        lines.append(filled(finding.summary, screen, _INDENT))
        margins = _margins(finding) if screen.width >= _ROOMY else ""
        lines += [screen.paint(filled(margins, screen, _INDENT), DIM)] if margins else []
        lines += more(finding)
    return lines


def filled(text: str, screen: Screen, indent: str = "", hanging: str = "") -> str:
    """Wrapped, but no name cut, not at its hyphens either: it is there to be copied."""
    return textwrap.fill(
        printable(text),
        min(screen.width, PROSE),
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_on_hyphens=False,
        break_long_words=False,
    )


def counted(findings: Sequence[Finding], screen: Screen) -> str:
    """'11 findings: 1 critical, 10 warning'."""
    by = [(severity, sum(f.severity == severity for f in findings)) for severity in SEVERITY]
    told = ", ".join(screen.paint(f"{n:,} {severity}", *SEVERITY[severity]) for severity, n in by if n)
    return screen.paint(f"{len(findings):,} finding" + ("" if len(findings) == 1 else "s"), BOLD) + f": {told}"


def _margins(finding: Finding) -> str:
    """By how much an outage missed its deadlines, or overran them."""
    told = deadlines(finding)
    known = told if any(f"{name}_margin_s" in told for name in ("not_ready", "eviction")) else told.get("by_default") or {}
    parts = []
    for name, words in (("not_ready", "NotReady"), ("eviction", "eviction")):
        best, bounds = known.get(f"{name}_margin_s"), known.get(f"{name}_margin_bounds_s")
        if isinstance(best, int | float):
            span = sorted(map(abs, bounds)) if isinstance(bounds, list) and bounds[0] * bounds[1] > 0 else []
            between = f" ({_seconds(span[0])} to {_seconds(span[1])})" if span and span[0] != span[1] else ""
            parts.append(f"{words} {_seconds(abs(best))}{between} {'after' if best > 0 else 'before'} its end")
    assumed = " (by Kubernetes' default settings)" if parts and known is not told else ""
    return f"deadlines: {', '.join(parts)}{assumed}" if parts else ""


def _seconds(value: float) -> str:
    return seconds(timedelta(seconds=value))
