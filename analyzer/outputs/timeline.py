"""The lanes of one object in the terminal: a node, a pod, a controller or a container, over time; its findings and its events below."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from analyzer.analysis import Analysis
from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.model import Lifecycle
from analyzer.outputs import lane_drawing as draw
from analyzer.outputs.lane_drawing import Axis
from analyzer.outputs.object_lanes import UNRECORDED, Chosen, Group, Lane, choose
from analyzer.outputs.screen import BOLD, DIM, SEVERITY, Screen
from analyzer.outputs.words import count, printable
from analyzer.selection import Selection

NODES, CONTAINERS, FINDINGS, EVENTS = 12, 40, 12, 30
"""So many are drawn or listed; what is left out is counted."""
_NEAR = 12
"""So many events are listed, if there are as many: those that findings cite, and those next to them."""
_INDENT = "  "
_LABEL = 0.36
"""Labels take no more of the width than this."""
_STAMP = re.compile(r"(?:[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*Z )")
"""A line's own time, which stands before it already."""


def lanes(analysis: Analysis, name: str, screen: Screen, *, everything: bool = False) -> list[str]:
    """Lanes as wide as the screen, then findings and events, a line each. Raises UsageError for a name that nothing bears.

    ``everything``: all lanes, findings and events, and these not cut to the width.
    """
    chosen = choose(analysis, name)
    begin, end = _window(analysis.life, chosen)
    if analysis.selection is not None:
        begin, end = _asked(analysis.life, analysis.selection, begin, end)
        chosen.events = [e for e in chosen.events if begin <= e.time <= end]
    chosen.findings = [f for f in chosen.findings if (f.start.time or begin) <= end and (f.end.time or end) >= begin]
    groups, hidden = (chosen.groups, []) if everything else _shown(chosen.groups, begin, end)
    findings = chosen.findings if everything else sorted(chosen.findings, key=_gravest)[:FINDINGS]
    margin = _margin(groups, chosen, findings, hidden, screen)
    axis = Axis(begin, end, screen.width - margin - 2)
    page = _Page(axis, margin, screen)
    for group in groups:
        page.group(group)
    page.hidden(hidden)
    for controller in chosen.counts:
        page.replicas(controller, named=len(chosen.counts) > 1)
    in_time = sorted(sorted(findings, key=_gravest), key=lambda f: (f.start.time or begin).replace(microsecond=0))
    page.findings(in_time, len(chosen.findings) - len(findings))
    key = draw.legend(page.used, screen)
    head = [
        screen.paint(printable(chosen.title), BOLD),
        f"{_full(begin)} to {_full(end)} (UTC), {seconds(end - begin)}; one column is {_fine(axis.span)}",
        "",
    ]
    return [*head, *page.axis_lines(), *page.lines, *(["", *key] if key else []), "", *_listed(chosen, screen, everything)]


class _Page:
    """Lines, as they are made: a label, then what is drawn."""

    def __init__(self, axis: Axis, margin: int, screen: Screen) -> None:
        self._axis, self._margin, self._screen = axis, margin, screen
        self.lines: list[str] = []
        self.used: set[str] = set()

    def _row(self, label: str, text: str) -> None:
        self.lines.append(f"{label:<{self._margin}}  {text}".rstrip())

    def axis_lines(self) -> list[str]:
        labels, marks = draw.ticks(self._axis, self._screen)
        return [f"{'UTC':<{self._margin}}  {labels}", " " * (self._margin + 2) + marks]

    def group(self, group: Group) -> None:
        for lane, indent, empty in (*((one, "", UNRECORDED) for one in group.own), *((one, _INDENT, None) for one in group.containers)):
            cells = [what or empty for what in draw.cells(lane.pieces, self._axis)]
            self.used |= {c for c in cells if c}
            label = indent + _fit(printable(lane.whose), printable(lane.what), self._margin - len(indent), self._screen)
            self._row(label, draw.drawn(cells, self._screen))

    def hidden(self, lanes: Sequence[Lane]) -> None:
        """How many of the lanes that are not drawn were in which state: in trouble, or there at all."""
        if not lanes:
            return
        self.lines.append(self._screen.paint(f"and {count(len(lanes), 'more lane')} (--all draws them); how many of them were", DIM))
        by_state: dict[str, list[int]] = {}
        for lane in lanes:
            for at, what in enumerate(draw.cells(lane.pieces, self._axis)):
                if what:
                    by_state.setdefault(what, [0] * self._axis.columns)[at] += 1
        for what in sorted(by_state, key=lambda w: draw.RANK[w]):
            peak = max(by_state[what])
            label = _fit(str(what), f"(up to {peak:,})", self._margin - len(_INDENT), self._screen)
            bars = draw.heights(by_state[what], peak, self._screen)
            self._row(_INDENT + label, self._screen.paint(bars, *draw.LOOKS[what].colours))

    def replicas(self, controller: Controller, *, named: bool) -> None:
        """Pods running and asked for; and where they differ."""
        running = controller.running()
        asked = list(controller.wanted.steps) if controller.wanted is not None else []
        if named:
            self.lines.append(_fit(printable(controller.namespace), printable(controller.title), self._screen.width, self._screen))
        for label, steps in (("pods running", running), ("asked for", asked)):
            values = draw.peaks(steps, self._axis) if steps else []
            self._row(label, self._screen.paint(draw.written(values, self._screen), BOLD) if steps else "not known")
        if asked:
            differing = draw.excess(running, asked, self._axis)
            if any(differing):
                self._row("too many / too few", draw.shortfall(differing, self._screen))

    def findings(self, findings: Sequence[Finding], left: int) -> None:
        if findings:
            self.lines.append("")
        for finding in findings:
            label = _fit(finding.severity[:4].upper(), printable(finding.kind), self._margin, self._screen)
            drawn = draw.spanned(finding, self._axis, self._screen)
            padding = " " * (self._margin - len(label) + 2)
            self.lines.append(self._screen.paint(label, *SEVERITY[finding.severity]) + padding + drawn)
        if left:
            self.lines.append(self._screen.paint(f"and {count(left, 'more finding')} (--all)", DIM))


# --- what of it is drawn


def _shown(groups: list[Group], begin: datetime, end: datetime) -> tuple[list[Group], list[Lane]]:
    """Those in which most happens, in the order in which they are given; and the lanes of the others."""

    def trouble(lanes: Iterable[Lane]) -> int:
        return max((draw.RANK[w] for one in lanes for s, e, w in one.pieces if w in draw.TROUBLE and s <= end and e >= begin), default=0)

    def there(lane: Lane) -> bool:
        return any(s <= end and e >= begin for s, e, _ in lane.pieces)

    order = sorted(range(len(groups)), key=lambda n: -trouble([*groups[n].own, *groups[n].containers]))
    kept = [groups[n] for n in sorted(order[:NODES])]
    others = [groups[n] for n in sorted(order[NODES:])]
    containers = [lane for group in kept for lane in group.containers]
    if len(containers) > CONTAINERS:
        ranked = sorted(containers, key=lambda one: (-trouble([one]), not there(one)))
        few = {id(one) for one in ranked[:CONTAINERS]}
        kept = [Group(group.own, [one for one in group.containers if id(one) in few]) for group in kept]
    else:
        few = {id(one) for one in containers}
    left = [one for one in containers if id(one) not in few]
    return kept, [*left, *(lane for group in others for lane in (*group.own, *group.containers))]


def _gravest(finding: Finding) -> tuple[bool, int, bool]:
    """For sorting: of what is equally grave, that of a node or controller first, of which that of its containers is a part."""
    return finding.expected, list(SEVERITY).index(finding.severity), finding.container_id is not None


def _window(life: Lifecycle, chosen: Chosen) -> tuple[datetime, datetime]:
    """From the first to the last change of it, with some room; all of the evidence if nothing changed."""
    edges = {t for lane in chosen.lanes for s, e, what in lane.pieces if what != UNRECORDED for t in (s, e)}
    edges |= {s.time for c in chosen.counts for s in c.running() if s.time is not None}
    inner = sorted(t for t in edges if life.start < t < life.end)
    if not inner:
        return life.start, max(life.end, life.start + timedelta(seconds=1))
    room = max((inner[-1] - inner[0]) * 0.08, timedelta(seconds=2))
    return inner[0] - min(room, inner[0] - life.start), inner[-1] + min(room, life.end - inner[-1])


def _asked(life: Lifecycle, selection: Selection, begin: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The time asked for, as far as there is evidence; a side that is not asked for is where the object's changes end."""
    low = max(selection.start, life.start) if selection.start else min(begin, selection.end or begin)
    high = min(selection.end, life.end) if selection.end else max(end, low)
    return low, max(high, low + timedelta(milliseconds=1))


# --- labels


def _margin(groups: Sequence[Group], chosen: Chosen, findings: Sequence[Finding], hidden: Sequence[Lane], screen: Screen) -> int:
    """As wide as the widest label, within reason."""
    labels = [len(f"{one.whose} {one.what}") for group in groups for one in group.own]
    labels += [len(_INDENT) + len(f"{one.whose} {one.what}") for group in groups for one in group.containers]
    labels += [18] * bool(chosen.counts) + [24] * bool(hidden) + [5 + len(f.kind) for f in findings]
    return min(max(labels, default=8), max(int(screen.width * _LABEL), 24))


def _fit(whose: str, what: str, room: int, screen: Screen) -> str:
    """Of a name that is too long the middle is left out: its beginning tells whose it is, its end which of them."""
    kept = what if len(what) <= room // 2 or len(f"{whose} {what}") <= room else _middle(what, room // 2, screen)
    return f"{_middle(whose, room - len(kept) - 1, screen)} {kept}"


def _middle(text: str, room: int, screen: Screen) -> str:
    if len(text) <= room:
        return text
    mark = screen.glyph("…", "~")
    tail = max((room - 1) * 3 // 5, 0)
    return text[: max(room - 1 - tail, 0)] + mark + text[len(text) - tail :]


# --- events


def _listed(chosen: Chosen, screen: Screen, everything: bool) -> list[str]:
    """Those that findings cite, and what is near to them; how many are left out stands where they were."""
    events = chosen.events
    if not events:
        return ["no events"]
    cited = {(p.source, p.line, p.offset) for f in chosen.findings for p in f.evidence}
    kept = range(len(events)) if everything else _telling(events, [(e.source, e.line, e.offset) in cited for e in events])
    days = {e.time.date() for e in events}
    form = "%H:%M:%S" if len(days) == 1 else "%Y-%m-%d %H:%M:%S"
    kinds, components = (max(len(w) for w in words) for words in ([events[n].kind for n in kept], [events[n].component for n in kept]))
    when = f"UTC, {events[0].time:%Y-%m-%d}" if len(days) == 1 else "UTC"
    lines = [screen.paint(f"{count(len(events), 'event')} ({when}; * cited by a finding above)", BOLD)]
    following = 0
    for number in kept:
        lines += [screen.paint(_left(number - following, screen), DIM)] if number > following else []
        lines.append(_told(events[number], form, kinds, components, cited, screen, everything))
        following = number + 1
    return [*lines, screen.paint(_left(len(events) - following, screen), DIM)] if following < len(events) else lines


def _told(
    event: Event, form: str, kinds: int, components: int, cited: set[tuple[str, int | None, int | None]], screen: Screen, everything: bool
) -> str:
    mark = "*" if (event.source, event.line, event.offset) in cited else " "
    stamp = f"{event.time.strftime(form)}.{event.time.microsecond // 1000:03}"
    text = printable(f"{mark}{stamp}  {event.kind:<{kinds}}  {event.component:<{components}}  ".replace("\t", " "))
    text += printable(_STAMP.sub("", event.text, count=1).replace("\t", " ") if _STAMP.match(event.text) else event.text.replace("\t", " "))
    return text if everything or len(text) <= screen.width else text[: screen.width - 1] + screen.glyph("…", "~")


def _telling(events: Sequence[Event], cited: Sequence[bool]) -> list[int]:
    """Which of the events are listed, in their order."""
    marked = [n for n, is_cited in enumerate(cited) if is_cited][:EVENTS] or [0, len(events) - 1]

    def far(number: int) -> int:
        at = bisect_left(marked, number)
        return min(abs(number - marked[n]) for n in (at - 1, at) if 0 <= n < len(marked))

    return sorted(sorted(range(len(events)), key=lambda n: (far(n), n))[: max(len(marked), _NEAR)])


def _left(number: int, screen: Screen) -> str:
    return f" {screen.glyph('…', '...')} {number:,} more"


def _full(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"


def _fine(span: timedelta) -> str:
    """A column's length: of a close look in milliseconds."""
    return seconds(span) if span >= timedelta(seconds=0.1) else f"{span.total_seconds() * 1000:.3g} ms"
