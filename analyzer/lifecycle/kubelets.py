"""Per node: when a kubelet process was there to supervise, when it was not, and why.

Edges come from systemd's lines; where they are missing (power loss, SIGKILL of the node, lost lines), from the signs of life of
the old process and the first of the new one. After SIGKILL systemd says 'Stopped' only at the restart: it is no edge.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import EventIndex, Events, ticks
from analyzer.lifecycle.signs import Signs, Spell
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import RUNTIME_STREAMS
from analyzer.vocabulary import EventKind as E

_FIRST_LINES = timedelta(seconds=30)
"""A new process's first line comes within this after systemd's 'Started'."""
_WRITTEN = timedelta(seconds=1)
"""Some renderings have whole seconds."""
_NOTIFY = timedelta(seconds=90)
"""systemd's start timeout: a unit of Type=notify is ready within it."""
_NOTICED = timedelta(seconds=2)
"""API events have whole seconds, and come in a burst."""
_REBOOT_NOTICE = timedelta(seconds=120)
"""The kubelet reports 'Rebooted' within this after its start."""
_SECOND = 1_000_000
"""Microseconds: lines whose moment is known less well have no time of their own."""
_ENDS = {
    E.KUBELET_EXITED: "systemd says here that the main process exited; 'Stopped' is no edge, after a kill it comes only at the restart",
    E.KUBELET_DEACTIVATED: "systemd says here that the unit is deactivated, which it does when the process has ended",
    E.KUBELET_STOPPED: "systemd says here that the unit stopped, and no line about the process itself goes before",
}
_BEGINS = {
    "systemd": "systemd says that it started the unit; of one that says so only when it is ready, the process's first line is the edge",
    "kubelet": "no line of systemd tells of this start: the process's first line is the edge",
    "api": "there is no journal of the node: the kubelet's own report to the API that it is starting is the edge",
}
_NO_WORD = "no line tells of the end: it lies between the old process's last line and the new one's start, estimated by its usual silence"
_LOST = "there is no journal of the node: it was away by the time that the API had lost its heartbeat"
_NOT_LOST = "there is no journal of the node, and the API did not lose it: since when it was away is not known, only that it started"
_VANISHED = "all lines of the node end here, and the API, which lost its heartbeat then, never saw it again"
_OPEN = "no kubelet process is seen to start again within the evidence"
_SYSTEMD = (E.KUBELET_STARTED, E.KUBELET_STOPPING, E.KUBELET_DEACTIVATED, E.KUBELET_EXITED, E.KUBELET_STOPPED)


_OF_NODES = (
    *_SYSTEMD,
    *(E.KUBELET_READY, E.NODE_KUBELET_STARTING, E.NODE_REBOOTED, E.NODE_READY, E.NODE_NOT_READY),
    *(E.NODE_LEASE_FAILED, E.NODE_STATUS_FAILED),
)
"""Kinds of events of which each is read."""


@dataclass
class Outage:
    """No kubelet process from ``start`` to ``end`` (time None: none again within the evidence)."""

    node: str
    start: Edge
    end: Edge
    cause: str  # stopped, crashed, killed, rebooted, unknown
    boot_lost: bool  # the whole node was gone: its containers ended with it
    evidence: list[Proof] = field(default_factory=list)

    def covers(self, moment: datetime) -> bool:
        start, end = self.start.time, self.end.time
        return start is not None and start <= moment and (end is None or moment < end)


def foresee(by_node: Mapping[str, Events], events: Events) -> None:
    """Make, of all nodes together, the events that outages and readiness are told by: those of a node at a time take far longer."""
    events.where(events.are(*_OF_NODES)).read()
    rows = [np.empty(0, dtype=np.int64)]
    for some in by_node.values():
        lines, marks = some.by("kubelet"), some.times[some.are(*_SYSTEMD, E.KUBELET_READY)]
        at = np.concatenate([np.searchsorted(lines.times, marks, side) for side in ("left", "right")])
        cited = lines.times[at[at > 0] - 1]  # the last line before each, and up to each, with those of the same moment
        rows.append(lines.rows[np.isin(lines.times, cited)])
    events.at(np.unique(np.concatenate(rows))).read()


class _Sightings:
    """What is known of one node's kubelet: events, spells of writing, moments at which it surely lived."""

    def __init__(self, node: str, events: Events, spells: list[Spell]) -> None:
        self.node = node
        self.events = events
        self.index = EventIndex(events)
        self.spells = spells
        self.kubelet = [s for s in spells if s.of_kubelet]
        lines = [p for s in self.kubelet for p in (s.first, s.last)]
        self.reports = events.where(events.reports("kubelet"))
        self.signs = Signs(lines, events.by("kubelet"), "the kubelet wrote this")

    def rebooted(self, start: datetime) -> Event | None:
        """The kubelet's report, after its start, that the boot id had changed."""
        found = self.index.between(E.NODE_REBOOTED, start - _NOTICED, start + _REBOOT_NOTICE)
        return found[0] if found else None


def outages(node: str, events: Events, spells: list[Spell], lost: list[Event]) -> list[Outage]:
    """Outages of one node, in order. ``events``: of this node; ``lost``: the node controller's verdicts that nothing revoked."""
    seen = _Sightings(node, events, spells)
    found: list[Outage] = []
    down: Outage | None = None
    stopping: Event | None = None
    up: Event | None = None
    for mark in _marks(seen):
        if mark.kind is E.KUBELET_STOPPING:
            stopping = mark
        elif mark.kind is E.KUBELET_STARTED:
            if down is None:
                down = _unseen(seen, mark, up) if seen.kubelet else _told_by_api(seen, mark)
                found += [down] if down is not None else []
            if down is not None:
                _finish(seen, down, mark)
            down, stopping, up = None, None, mark
        elif down is not None:
            down.evidence.append(mark.proof("systemd's closing line"))
        else:
            down = _ended(seen, mark, stopping)
            found.append(down)
    if down is None and lost:
        vanished = _vanished(seen, lost[-1])
        found += [vanished] if vanished is not None else []
    return found


def _marks(seen: _Sightings) -> list[Event]:
    """systemd's lines, and for a start that none of them tells, the kubelet's first line (else its API event)."""
    own = sorted((s.start, s.end) for s in seen.kubelet if s.pid is not None)  # without it a spell may be of several processes
    marks = [_forked(_within(e), own) for e in seen.events.of(*_SYSTEMD)]
    starts = sorted(e.time for e in marks if e.kind is E.KUBELET_STARTED)
    of_pid: dict[int | None, list[Spell]] = {}
    for spell in seen.kubelet:
        of_pid.setdefault(spell.pid, []).append(spell)
    known: set[tuple[str | None, int | None]] = set()
    ready: list[Event] = []
    for event in seen.events.of(E.KUBELET_READY):  # 'Started kubelet' of a process that systemd's lines do not explain
        if event.pid is None:
            continue
        key = (event.boot_id, event.pid)
        same = (s.start for s in of_pid.get(event.pid, ()) if s.boot_id == event.boot_id or None in (s.boot_id, event.boot_id))
        first = min((event.time, *same))
        if key not in known and not _any_within(starts, first - _FIRST_LINES, event.time):
            begin = first if event.time - first < _FIRST_LINES else event.time
            ready.append(replace(event, kind=E.KUBELET_STARTED, time=begin))
            insort(starts, begin)
        known.add(key)
    begun = [replace(e, kind=E.KUBELET_STARTED) for e in seen.events.of(E.NODE_KUBELET_STARTING)]
    if not seen.kubelet:  # no journal of this node: the API's event is what is left
        return sorted([*marks, *ready, *begun], key=lambda e: e.time)
    first_lines = list(_untold(seen, starts))
    told = {(e.boot_id, e.pid) for e in first_lines}  # who wrote long before it was ready started once
    marks = sorted([*marks, *(e for e in ready if (e.boot_id, e.pid) not in told), *first_lines], key=lambda e: e.time)
    return sorted([*marks, *(e for e in begun if e.resolution <= _SECOND and _missed(marks, e.time))], key=lambda e: e.time)


def _untold(seen: _Sightings, starts: list[datetime]) -> Iterator[Event]:
    """The first line of each process of which no start is told: its first lines are lost."""
    processes: dict[tuple[str | None, int | None], list[Spell]] = {}
    for spell in seen.kubelet:
        if spell.pid is not None:
            processes.setdefault((spell.boot_id, spell.pid), []).append(spell)
    lives = [(min(s.start for s in some), max(s.end for s in some), some) for some in processes.values()]
    lives.sort(key=lambda life: life[:2])
    for (_, ended, _), (began, _, some) in pairwise(lives):
        if ended < began and not _any_within(starts, ended - _WRITTEN, began + _WRITTEN):
            yield _first_line(min(some, key=lambda s: s.start))


def _first_line(spell: Spell) -> Event:
    """As if it told of a start, which it comes after."""
    first = spell.first
    return Event(
        time=spell.start,
        resolution=1,
        kind=E.KUBELET_STARTED,
        component="kubelet",
        node=spell.node,
        pid=spell.pid,
        boot_id=spell.boot_id,
        message=first.text,
        source=first.source,
        line=first.line,
        offset=first.offset,
        text=first.text,
    )


def _missed(marks: list[Event], moment: datetime) -> bool:
    """Whether the kubelet is said to be away at a moment at which it told the API that it had started: lines of it are lost."""
    before = max((m for m in marks if m.time <= moment - _NOTICED), key=lambda m: m.time, default=None)
    near = any(m.kind is E.KUBELET_STARTED and moment - _FIRST_LINES <= m.time <= moment + _NOTICED for m in marks)
    return before is not None and before.kind is not E.KUBELET_STARTED and not near


def _within(mark: Event) -> Event:
    """Of a line of which only its neighbours are known (journalctl -o cat), a start is close to the later one: the kubelet's first."""
    if mark.kind is E.KUBELET_STARTED and mark.resolution > _SECOND:
        return replace(mark, time=mark.time + timedelta(microseconds=mark.resolution))
    return mark


def _width(mark: Event) -> timedelta:
    """How far the true moment may be from a coarse mark's; nothing where it is known to a second, which bounds then say themselves."""
    return timedelta(microseconds=mark.resolution) if mark.resolution > _SECOND else timedelta(0)


def _any_within(times: list[datetime], low: datetime, high: datetime) -> bool:
    """Whether one of some moments, in order, lies between two, both included."""
    at = bisect_left(times, low)
    return at < len(times) and times[at] <= high


def _forked(mark: Event, own: list[tuple[datetime, datetime]]) -> Event:
    """A unit of Type=notify is 'Started' only when it is ready: the process began with its first line, seconds before.

    ``own``: from when to when single processes wrote, in order."""
    if mark.kind is not E.KUBELET_STARTED:
        return mark
    near = own[bisect_left(own, (mark.time - _NOTIFY,)) : bisect_left(own, (mark.time - _WRITTEN,))]
    first = next((start for start, end in near if mark.time < end), None)
    return replace(mark, time=first) if first is not None else mark


def _ended(seen: _Sightings, mark: Event, stopping: Event | None) -> Outage:
    """systemd says that the process ended."""
    last = seen.signs.last_before(mark.time)
    lower = max((t for t in (stopping.time if stopping else None, last.time if last else None) if t is not None), default=None)
    proofs = [stopping.proof("a stop of the unit was asked for")] if stopping is not None else []
    proofs.append(mark.proof("the kubelet process ended"))
    cause = "stopped"
    if mark.kind is E.KUBELET_EXITED:
        killed = mark.attributes.get("code") == "killed" and mark.attributes.get("signal") == "KILL"
        cause = "killed" if killed else "crashed"
    latest = mark.time + _width(mark)
    edge = Edge(_silent_from(mark.time, seen.kubelet, latest), lower, latest, tuple(proofs), rule=_ENDS[mark.kind])
    return Outage(seen.node, edge, Edge(None, latest, None, rule=_OPEN), cause, boot_lost=False, evidence=list(proofs))


def _finish(seen: _Sightings, outage: Outage, mark: Event) -> None:
    """A process started: the outage is over."""
    proof = mark.proof("the kubelet process started")
    earliest = mark.time - _width(mark) if mark.component == "systemd" else min(outage.start.latest or mark.time, mark.time)
    outage.end = Edge(mark.time, earliest, mark.time, (proof,), rule=_BEGINS.get(mark.component, _BEGINS["kubelet"]))
    outage.evidence.append(proof)
    if outage.cause == "stopped" and seen.rebooted(mark.time):
        outage.cause, outage.boot_lost = "rebooted", True


def _unseen(seen: _Sightings, start: Event, up: Event | None) -> Outage | None:
    """A process started though none was seen to end: it ended between the old one's last line (or its start, ``up``) and now."""
    last = seen.signs.last_before(start.time - timedelta(microseconds=1))
    if up is not None and (last is None or last.time is None or last.time < up.time):
        last = up.proof("the old process had started")
    if last is None or last.time is None:
        return None
    rebooted = seen.rebooted(start.time)
    old = {s.boot_id for s in seen.spells if s.end < start.time} - {None}
    new = {s.boot_id for s in seen.spells if s.start >= start.time} - {None}
    boot_lost = rebooted is not None or bool(new and old and not (new & old)) or _pid_fell(seen, start)
    if boot_lost:
        last = _last_of_boot(seen, last, last.time, start.time)
    proofs = [replace(last, proves="the last line before the process was gone")]
    if rebooted is not None:
        proofs.append(rebooted.proof("the node had been rebooted"))
    edge = Edge(_silent_from(last.time or start.time, seen.kubelet, start.time), last.time, start.time, tuple(proofs), rule=_NO_WORD)
    cause = "rebooted" if boot_lost else "unknown"
    return Outage(seen.node, edge, Edge(None, start.time, None, rule=_OPEN), cause, boot_lost, evidence=list(proofs))


def _told_by_api(seen: _Sightings, start: Event) -> Outage | None:
    """No journal of the node: a kubelet's event 'Starting' says that it began; that it was away before only if the API saw so.

    Without a loss in the API's view nothing tells how long it was away: then start and end coincide, bounded by its last event.
    """
    before = int(np.searchsorted(seen.reports.times, ticks(start.time - _NOTICED), "left"))
    if not before:
        return None
    last = seen.reports[before - 1]
    lost = seen.index.between(E.NODE_NOT_READY, last.time, start.time)[-1:]
    rebooted = seen.rebooted(start.time)
    proofs = [last.proof("the last report of the kubelet before")]
    proofs += [e.proof("the API had lost its heartbeat") for e in lost]
    proofs += [rebooted.proof("the node had been rebooted")] if rebooted else []
    begin = lost[0].time if lost else start.time
    edge = Edge(begin, last.time, begin, tuple(proofs), rule=_LOST if lost else _NOT_LOST)
    cause = "rebooted" if rebooted else "unknown"
    return Outage(seen.node, edge, Edge(None, start.time, None, rule=_OPEN), cause, boot_lost=bool(rebooted), evidence=list(proofs))


def _pid_fell(seen: _Sightings, start: Event) -> bool:
    """The new kubelet has a lower PID than the old one, which left no last word: PIDs began anew with a boot."""
    kubelet = [s for s in seen.kubelet if s.pid is not None and s.pid > 1]
    old = max((s for s in kubelet if s.end < start.time), key=lambda s: s.end, default=None)
    new = min((s for s in kubelet if s.start >= start.time), key=lambda s: s.start, default=None)
    return old is not None and new is not None and (new.pid or 0) < (old.pid or 0)


def _last_of_boot(seen: _Sightings, kubelet: Proof, moment: datetime, restart: datetime) -> Proof:
    """The node's last sign of life before it was lost, from what surely belongs to the lost boot.

    A line without a boot id may be of the next boot already (its PIDs repeat): only the kubelet's own and the runtime's count.
    """
    old = {s.boot_id for s in seen.spells if s.start <= moment <= s.end} - {None}
    proofs = [s.last for s in seen.spells if s.boot_id in old and s.end < restart]
    runtime = seen.events.by(*RUNTIME_STREAMS).within(moment, min(restart, moment + _FIRST_LINES))
    proofs += [e.proof("the runtime recorded this") for e in runtime]
    return max([kubelet, *proofs], key=lambda p: (p.time or moment, p.source))


def _silent_from(last: datetime, kubelet: list[Spell], until: datetime) -> datetime:
    """The best estimate of an end that left no word: half of the process's usual silence after its last line."""
    pace = max((s.pace for s in kubelet if s.pace is not None and abs(s.end - last) <= _FIRST_LINES), default=timedelta(0))
    return min(last + min(pace, _FIRST_LINES) / 2, until)


def _vanished(seen: _Sightings, verdict: Event) -> Outage | None:
    """All lines of the node end, and then the API says it is lost and never sees it again: it may be down, or cut off."""
    last = seen.signs.last_before(verdict.time)
    if last is None or last.time is None or any(s.end > verdict.time for s in seen.spells) or seen.signs.first_after(verdict.time):
        return None
    proofs = (replace(last, proves="the last line of this node's kubelet"), verdict.proof("the API had lost its heartbeat"))
    edge = Edge(last.time, last.time, verdict.time, proofs, rule=_VANISHED)
    return Outage(seen.node, edge, Edge(None, verdict.time, None, rule=_OPEN), "unknown", boot_lost=True, evidence=list(proofs))
