"""The lanes of one object in the terminal: a node, a pod, a controller or a container, over time; and its events below."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analyzer.analysis import Analysis
from analyzer.detectors.base import seconds
from analyzer.exceptions import UsageError
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.outputs.states import RANK, State, States, readiness, supervision
from analyzer.outputs.words import printable
from analyzer.selection import Selection, controller_names, pod_names
from analyzer.vocabulary import EventKind as E

EVENTS = 200
"""Events listed; of a longer list the first and the last ones."""
_REPEATED = {E.KUBELET_FLAG, E.KUBELET_PART_STARTED, E.RUNTIME_CALLED, E.NODE_HEARTBEAT_MISSED, E.NODE_STATUS_FAILED, E.NODE_LEASE_FAILED}
"""Told so often, or so many at once, that they would crowd out all else."""
_OF_NODES = {
    *(k for k in E if k.value.startswith(("kubelet_", "recovery_", "runtime_", "node_"))),
    E.LOG_SUPPRESSED,
    E.SYNC_SKIPPED,
    E.CLEANUP_SKIPPED,
} - _REPEATED
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)

Piece = tuple[datetime, datetime, str]
"""From, to, what: a State, or one of the words of _LOOKS."""
_UP, _DOWN, _READY, _NOT_READY = "kubelet up", "kubelet down", "Ready", "not Ready"


@dataclass(frozen=True)
class _Look:
    block: str
    ascii: str
    colour: int  # ANSI 256; the characters differ too


_LOOKS: dict[str, _Look] = {  # what matters least first: a cell shows the last of what it holds
    State.RUNNING: _Look("─", "-", 245),
    State.SUPERVISED: _Look("█", "=", 67),
    State.ADOPTED: _Look("▓", "+", 33),
    State.ORPHANED: _Look("░", "o", 214),
    State.REMOVING: _Look("▒", "x", 175),
    _UP: _Look("█", "=", 72),
    _READY: _Look("█", "=", 108),
    _NOT_READY: _Look("▚", "?", 178),
    _DOWN: _Look("╳", "X", 166),
}
_ORDER = {what: rank for rank, what in enumerate(_LOOKS)} | {str(s): RANK[s] for s in State}


@dataclass
class _Chosen:
    """What a name stands for: lanes by label, and the events that concern it."""

    title: str
    rows: list[tuple[str, list[Piece]]] = field(default_factory=list)
    counts: list[Controller] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


def lanes(analysis: Analysis, name: str, width: int, *, colour: bool, ascii_only: bool = False) -> list[str]:
    """Lanes ``width`` columns wide (at least 60), then the events, a line each. Raises UsageError for a name that nothing bears.

    ``name``: a node; a pod (NAME, NAMESPACE/NAME or uid); a controller (KIND/NAME or NAME); a container (its id's beginning, or name).
    """
    width = max(width, 60)
    chosen = _choose(analysis.life, name)
    begin, end = _window(analysis.life, chosen)
    if analysis.selection is not None:
        begin, end = _asked(analysis.life, analysis.selection, begin, end)
        chosen.events = [e for e in chosen.events if begin <= e.time <= end]
    margin = min(max([len(label) for label, _ in chosen.rows] + [16 if chosen.counts else 0, 8]), width // 2 - 6)
    columns = width - margin - 2
    lines = [printable(chosen.title), f"{_full(begin)} to {_full(end)} (UTC); one column is {seconds((end - begin) / columns)}", ""]
    lines += [" " * (margin + 2) + line for line in _axis(begin, end, columns, ascii_only)]
    used: set[str] = set()
    for label, pieces in chosen.rows:
        cells = _cells(pieces, begin, end, columns)
        used |= {c for c in cells if c}
        lines.append(f"{_fit(printable(label), margin, ascii_only):<{margin}}  {_paint(cells, colour, ascii_only)}".rstrip())
    for controller in chosen.counts:
        lines += _numbers(controller, begin, end, columns, margin, colour)
    legend = [f"{_paint([what], colour, ascii_only)} {what}" for what in _LOOKS if what in used]
    lines += ["", "  ".join(legend)] if legend else []
    return [*lines, "", *_listed(chosen.events)]


# --- which object


def _choose(life: Lifecycle, name: str) -> _Chosen:
    """By node, pod, controller, container id, container name: the first that fits."""
    states = States(life)
    if name in life.nodes:
        return _node(life, states, life.nodes[name])
    pods = [p for p in life.pods if name in pod_names(p.namespace, p.name, p.uid)]
    if pods:
        return _pods(life, states, f"pod {_qualified(pods[0])}" + (f" ({len(pods)} of this name)" if len(pods) > 1 else ""), pods)
    owners = [c for c in life.controllers if name in controller_names(c.namespace, c.title)]
    if owners:
        chosen = _pods(life, states, ", ".join(f"{c.title} in {c.namespace}" for c in owners), [p for c in owners for p in c.pods])
        chosen.counts = owners
        chosen.events = _merged([*chosen.events, *(e for c in owners for e in c.scalings), *_about(life, owners)])
        return chosen
    runs = _containers(life, name)
    if runs:
        return _with_nodes(life, _runs(life, states, f"container {name}", runs), {r.node for r in runs})
    raise UsageError(f"no node, pod, controller or container is called {printable(name)}{_near(life, name)}")


def _containers(life: Lifecycle, name: str) -> list[Run]:
    by_id = [r for r in life.runs if re.fullmatch(r"[0-9a-f]{4,64}", name) and r.container_id.startswith(name)]
    return by_id or [r for r in life.runs if r.container == name and not r.sandbox]


def _near(life: Lifecycle, name: str) -> str:
    """Names like it, to be offered."""
    known = {
        *life.nodes,
        *(p.name for p in life.pods if p.name),
        *(c.title for c in life.controllers),
        *(c.name for c in life.controllers),
        *(r.container for r in life.runs if r.container and not r.sandbox),
    }
    holding = sorted(k for k in known if name and name.lower() in k.lower())
    found = list(dict.fromkeys([*difflib.get_close_matches(name, sorted(known), 3, 0.5), *holding]))[:5]
    return f"; near to it: {', '.join(printable(k) for k in found)}" if found else " (podopsy analyze names those with findings)"


# --- what it went through


def _node(life: Lifecycle, states: States, node: NodeLife) -> _Chosen:
    runs = [r for r in life.runs if r.node == node.name and not r.sandbox]
    chosen = _runs(life, states, f"node {node.name}", runs)
    chosen.rows[:0] = _node_rows(life, node)
    chosen.events = [e for e in node.events if e.kind in _OF_NODES]
    return chosen


def _node_rows(life: Lifecycle, node: NodeLife) -> list[tuple[str, list[Piece]]]:
    kubelet = [(s, e, _UP if outage is None else _DOWN) for s, e, outage in supervision(life, node)]
    api = [(s, e, _READY if ready else _NOT_READY) for s, e, ready in readiness(life, node)]
    return [(f"{node.name} kubelet", kubelet), (f"{node.name} Ready", api)]


def _pods(life: Lifecycle, states: States, title: str, pods: Sequence[Pod]) -> _Chosen:
    chosen = _runs(life, states, title, [r for p in pods for r in p.apps])
    chosen.events = _merged([*chosen.events, *(e for p in pods for e in p.events)])
    return _with_nodes(life, chosen, {r.node for p in pods for r in p.apps} | {p.node for p in pods})


def _with_nodes(life: Lifecycle, chosen: _Chosen, names: set[str | None]) -> _Chosen:
    """The same below the lanes of the nodes that it ran on."""
    chosen.rows[:0] = [row for node in life.nodes.values() if node.name in names for row in _node_rows(life, node)]
    return chosen


def _runs(life: Lifecycle, states: States, title: str, runs: Sequence[Run]) -> _Chosen:
    """A lane for each container; events by container id."""
    chosen = _Chosen(title)
    by_lane: dict[str, list[Piece]] = {}
    for run in sorted(runs, key=lambda r: (r.node or "", r.pod or "", r.container or "", r.start.time or life.start)):
        pieces = [(s.start, s.end, str(s.state)) for s in states.of(run)]
        by_lane.setdefault(f"{run.pod or run.pod_uid or '?'} {run.container or '?'}", []).extend(pieces)
    chosen.rows = list(by_lane.items())
    ids = {r.container_id for r in runs}
    chosen.events = [e for e in life.events if e.container_id and (e.container_id in ids or any(i.startswith(e.container_id) for i in ids))]
    return chosen


def _about(life: Lifecycle, owners: Sequence[Controller]) -> Iterable[Event]:
    names = {(c.namespace, c.title) for c in owners} | {(c.namespace, f"?/{c.name}") for c in owners}
    return (e for e in life.events if e.controller and (e.namespace or "default", e.controller) in names)


def _merged(events: Iterable[Event]) -> list[Event]:
    return sorted({id(e): e for e in events}.values(), key=lambda e: (e.time, e.source, e.line or 0, e.kind))


def _window(life: Lifecycle, chosen: _Chosen) -> tuple[datetime, datetime]:
    """From the first to the last change of it, with some room; all of the evidence if nothing changed."""
    edges = {t for _, pieces in chosen.rows for s, e, _ in pieces for t in (s, e)}
    edges |= {s.time for c in chosen.counts for s in c.running() if s.time is not None}
    inner = sorted(t for t in edges if life.start < t < life.end)
    if not inner:
        return life.start, max(life.end, life.start + timedelta(seconds=1))
    room = max((inner[-1] - inner[0]) * 0.08, timedelta(seconds=2))
    return max(inner[0] - room, life.start), min(inner[-1] + room, life.end)


def _asked(life: Lifecycle, selection: Selection, begin: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The time asked for, as far as there is evidence; a side that is not asked for is where the object's changes end."""
    low = max(selection.start, life.start) if selection.start else min(begin, selection.end or begin)
    high = min(selection.end, life.end) if selection.end else max(end, low)
    return low, max(high, low + timedelta(milliseconds=1))


# --- as characters


def _cells(pieces: Iterable[Piece], begin: datetime, end: datetime, columns: int) -> list[str | None]:
    """What each column shows: of several things the one that matters most, so that nothing short is lost."""
    cells: list[str | None] = [None] * columns
    span = (end - begin) / columns
    for start, until, what in pieces:
        if until < begin or start > end:
            continue
        first = max(int((start - begin) / span), 0)
        last = min(max(int((until - begin) / span - 1e-9), first), columns - 1)
        for at in range(min(first, columns - 1), last + 1):
            known = cells[at]
            if known is None or _ORDER[what] > _ORDER[known]:
                cells[at] = what
    return cells


def _paint(cells: Sequence[str | None], colour: bool, ascii_only: bool) -> str:
    parts: list[str] = []
    last: str | None = None
    for cell in cells:
        if colour and cell != last:
            parts.append(f"\x1b[38;5;{_LOOKS[cell].colour}m" if cell else "\x1b[0m")
        last = cell
        parts.append(" " if cell is None else _LOOKS[cell].ascii if ascii_only else _LOOKS[cell].block)
    return "".join(parts) + ("\x1b[0m" if colour and last else "")


def _axis(begin: datetime, end: datetime, columns: int, ascii_only: bool) -> list[str]:
    """Times above ticks, at round moments."""
    total = (end - begin).total_seconds()
    step = next((s for s in _STEPS if total / s * 11 <= columns), 86400 * max(int(total / 86400 * 11 / columns) + 1, 1))
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    moment = midnight + timedelta(seconds=step * (int((begin - midnight).total_seconds() // step) + 1))
    labels, ticks = [" "] * columns, ["-" if ascii_only else "─"] * columns
    while moment < end:
        at = int((moment - begin).total_seconds() / total * columns)
        text = f"{moment:%m-%d %H:%M}" if step >= 86400 else f"{moment:%H:%M:%S}"
        ticks[at] = "+" if ascii_only else "┬"
        if at + len(text) <= columns:
            labels[at : at + len(text)] = text
        moment += timedelta(seconds=step)
    return ["".join(labels).rstrip(), "".join(ticks)]


def _numbers(controller: Controller, begin: datetime, end: datetime, columns: int, margin: int, colour: bool) -> list[str]:
    """Pods running and asked for, a digit a column ('+': ten or more); of several values in a column the largest."""
    lines = []
    asked = list(controller.wanted.steps) if controller.wanted is not None else []
    for label, steps in (("pods running", controller.running()), ("asked for", asked)):
        if not steps:
            lines.append(f"{label:<{margin}}  not known")
            continue
        values = [0] * columns
        span = (end - begin) / columns
        for number, step in enumerate(steps):
            until = steps[number + 1].time if number + 1 < len(steps) else None
            first = max(int(((step.time or begin) - begin) / span), 0)
            last = columns - 1 if until is None else min(int((until - begin) / span - 1e-9), columns - 1)
            for at in range(first, last + 1):
                values[at] = max(values[at], step.value)
        text = "".join(str(v) if v < 10 else "+" for v in values)
        lines.append(f"{label:<{margin}}  " + (f"\x1b[1m{text}\x1b[0m" if colour else text))
    return lines


def _fit(label: str, margin: int, ascii_only: bool) -> str:
    """The end of a label tells pods of one controller apart."""
    mark = "~" if ascii_only else "…"
    return label if len(label) <= margin else mark + label[-(margin - 1) :]


def _listed(events: list[Event]) -> list[str]:
    if not events:
        return ["no events"]
    half = EVENTS // 2
    skipped = len(events) - EVENTS
    shown = events if skipped <= 0 else [*events[:half], *events[-half:]]
    lines = [printable(f"{_full(e.time)}  {e.kind:<24} {e.component:<10} {e.text}".replace("\t", " ")) for e in shown]
    return lines if skipped <= 0 else [*lines[:half], f"… {skipped} more …", *lines[half:]]


def _qualified(pod: Pod) -> str:
    return f"{pod.namespace}/{pod.name}"


def _full(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"
