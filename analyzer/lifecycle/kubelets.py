"""Per node: when a kubelet process was there to supervise, when it was not, and why.

Edges come from systemd's lines; where they are missing (power loss, SIGKILL of the node, lost lines), from the signs of life of
the old process and the first of the new one. After SIGKILL systemd says 'Stopped' only at the restart: it is no edge.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from analyzer.lifecycle.events import Event
from analyzer.lifecycle.signs import KUBELET_IDENTIFIERS, Signs, Spell
from analyzer.proof import Edge, Proof
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
_SYSTEMD = (E.KUBELET_STARTED, E.KUBELET_STOPPING, E.KUBELET_DEACTIVATED, E.KUBELET_EXITED, E.KUBELET_STOPPED)


@dataclass
class Outage:
    """No kubelet process from ``start`` to ``end`` (time None: none again within the evidence)."""

    node: str
    start: Edge
    end: Edge
    cause: str  # stopped, crashed, killed, rebooted, unknown
    boot_lost: bool  # the whole node was gone: its containers ended with it
    recovery: Event | None = None
    evidence: list[Proof] = field(default_factory=list)

    def covers(self, moment: datetime) -> bool:
        start, end = self.start.time, self.end.time
        return start is not None and start <= moment and (end is None or moment < end)


def outages(node: str, events: list[Event], spells: list[Spell], not_ready: list[Event], evidence_end: datetime) -> list[Outage]:
    """Outages of one node, in order. ``events``: of this node; ``not_ready``: the node controller's verdicts on it."""
    kubelet = [s for s in spells if re.match(KUBELET_IDENTIFIERS, s.identifier or "")]
    marks = _marks(events, kubelet)
    signs = _kubelet_signs(events, kubelet)
    found: list[Outage] = []
    up_since: datetime | None = None
    down: Outage | None = None
    stopping: Event | None = None
    for mark in marks:
        if mark.kind is E.KUBELET_STOPPING:
            stopping = mark
        elif mark.kind is E.KUBELET_STARTED:
            if down is not None:
                _finish(down, mark, events)
                down = None
            else:
                unseen = _unseen(node, mark, events, spells, signs) if kubelet else _told_by_api(node, mark, events)
                if unseen is not None:
                    _finish(unseen, mark, events)
                    found.append(unseen)
            up_since, stopping = mark.time, None
        elif down is None and (up_since is not None or not found):
            down = _ended(node, mark, stopping, signs)
            found.append(down)
            up_since = None
        elif down is not None:
            down.evidence.append(mark.proof("systemd's closing line"))
    if down is None:
        vanished = _vanished(node, spells, signs, not_ready, marks, evidence_end)
        if vanished is not None:
            found.append(vanished)
    return found


def _marks(events: list[Event], kubelet: list[Spell]) -> list[Event]:
    """systemd's lines, and for a start that none of them tells, the kubelet's first line (else its API event)."""
    marks = [_forked(e, kubelet) for e in events if e.kind in _SYSTEMD]
    starts = [e.time for e in marks if e.kind is E.KUBELET_STARTED]
    ready = sorted((e for e in events if e.kind is E.KUBELET_READY and e.pid is not None), key=lambda e: e.time)
    seen: set[tuple[str | None, int | None]] = set()
    for event in ready:  # 'Started kubelet' of a process that systemd's lines do not explain
        key = (event.boot_id, event.pid)
        explained = any(start <= event.time <= start + _FIRST_LINES for start in starts)
        if key not in seen and not explained:
            first = min((s.first for s in kubelet if s.pid == event.pid and s.start <= event.time), key=lambda p: str(p.time), default=None)
            begin = first.time if first and first.time and event.time - first.time < _FIRST_LINES else event.time
            marks.append(_restart(event, begin))
            starts.append(begin)
        seen.add(key)
    if not kubelet:  # no journal of this node: the API's event is what is left
        marks += [_restart(e, e.time) for e in events if e.kind is E.NODE_KUBELET_STARTING]
    return sorted(marks, key=lambda e: e.time)


def _forked(mark: Event, kubelet: list[Spell]) -> Event:
    """A unit of Type=notify is 'Started' only when it is ready: the process began with its first line, seconds before."""
    if mark.kind is not E.KUBELET_STARTED:
        return mark
    first = min((s.start for s in kubelet if mark.time - _NOTIFY <= s.start < mark.time - _WRITTEN and mark.time < s.end), default=None)
    return mark if first is None else replace(mark, time=first)


def _restart(event: Event, begin: datetime) -> Event:
    """A start that is known only from what came after it."""
    return replace(event, kind=E.KUBELET_STARTED, time=begin)


def _kubelet_signs(events: Iterable[Event], kubelet: list[Spell]) -> Signs:
    """Moments at which a kubelet process surely lived: its own lines."""
    proofs = [p for s in kubelet for p in (s.first, s.last)]
    proofs += [e.proof("the kubelet wrote this") for e in events if e.component == "kubelet"]
    return Signs(proofs)


def _ended(node: str, mark: Event, stopping: Event | None, signs: Signs) -> Outage:
    """systemd says that the process ended."""
    last = signs.last_before(mark.time)
    asked = stopping.time if stopping is not None else None
    lower = max((t for t in (asked, last.time if last else None) if t is not None), default=None)
    proofs = [mark.proof("the kubelet process ended")]
    if stopping is not None:
        proofs.insert(0, stopping.proof("a stop of the unit was asked for"))
    cause = "stopped"
    if mark.kind is E.KUBELET_EXITED:
        signal = mark.attributes.get("signal")
        cause = "killed" if mark.attributes.get("code") == "killed" and signal == "KILL" else "crashed"
    edge = Edge(mark.time, min(lower, mark.time) if lower else None, mark.time, tuple(proofs))
    return Outage(node, edge, Edge(None, mark.time, None), cause, boot_lost=False, evidence=list(proofs))


def _finish(outage: Outage, mark: Event, events: list[Event]) -> None:
    """A process started: the outage is over."""
    proof = mark.proof("the kubelet process started")
    earliest = outage.start.latest if mark.component != "systemd" else mark.time
    outage.end = Edge(mark.time, min(earliest or mark.time, mark.time), mark.time, (proof,))
    outage.evidence.append(proof)
    if outage.cause == "stopped" and _rebooted(events, mark.time):
        outage.cause, outage.boot_lost = "rebooted", True


def _unseen(node: str, start: Event, events: list[Event], spells: list[Spell], signs: Signs) -> Outage | None:
    """A process started though none was seen to end: it ended between the old one's last line and now."""
    last = signs.last_before(start.time - timedelta(microseconds=1))
    if last is None or last.time is None:
        return None
    rebooted = _rebooted(events, start.time)
    old = {s.boot_id for s in spells if s.end < start.time} - {None}
    new = {s.boot_id for s in spells if s.start >= start.time} - {None}
    boot_lost = rebooted is not None or bool(new and old and not (new & old)) or _pid_fell(start, spells)
    if boot_lost:
        last = _last_of_boot(last, last.time, start.time, spells, events)
    proofs = [Proof(last.time, last.source, last.line, last.offset, last.text, "the last line before the process was gone")]
    if rebooted is not None:
        proofs.append(rebooted.proof("the node had been rebooted"))
    kubelet = [s for s in spells if re.match(KUBELET_IDENTIFIERS, s.identifier or "")]
    edge = Edge(_silent_from(last.time or start.time, kubelet, start.time), last.time, start.time, tuple(proofs))
    return Outage(node, edge, Edge(None, start.time, None), "rebooted" if boot_lost else "unknown", boot_lost, evidence=list(proofs))


def _rebooted(events: list[Event], start: datetime) -> Event | None:
    """The kubelet's report, after its start, that the boot id had changed."""
    return next((e for e in events if e.kind is E.NODE_REBOOTED and start <= e.time + _NOTICED and e.time <= start + _REBOOT_NOTICE), None)


def _told_by_api(node: str, start: Event, events: list[Event]) -> Outage | None:
    """No journal of the node: a kubelet's event 'Starting' says that it began; that it was away before only if the API saw so.

    Without a loss in the API's view nothing tells how long it was away: then start and end coincide, bounded by its last event.
    """
    reports = [e for e in events if e.component == "api" and e.attributes.get("reporter") == "kubelet" and e.time < start.time - _NOTICED]
    if not reports:
        return None
    last = reports[-1]
    lost = next((e for e in reversed(events) if e.kind is E.NODE_NOT_READY and last.time <= e.time < start.time), None)
    rebooted = _rebooted(events, start.time)
    proofs = [last.proof("the last report of the kubelet before")]
    proofs += [lost.proof("the API had lost its heartbeat")] if lost else []
    proofs += [rebooted.proof("the node had been rebooted")] if rebooted else []
    begin = lost.time if lost else start.time
    edge = Edge(begin, last.time, begin, tuple(proofs))
    return Outage(node, edge, Edge(None, start.time, None), "rebooted" if rebooted else "unknown", bool(rebooted), evidence=list(proofs))


def _pid_fell(start: Event, spells: list[Spell]) -> bool:
    """The new kubelet has a lower PID than the old one, which left no last word: PIDs began anew with a boot."""
    kubelet = [s for s in spells if re.match(KUBELET_IDENTIFIERS, s.identifier or "") and s.pid is not None and s.pid > 1]
    old = max((s for s in kubelet if s.end < start.time), key=lambda s: s.end, default=None)
    new = min((s for s in kubelet if s.start >= start.time), key=lambda s: s.start, default=None)
    return old is not None and new is not None and (new.pid or 0) < (old.pid or 0)


def _last_of_boot(kubelet: Proof, moment: datetime, restart: datetime, spells: list[Spell], events: list[Event]) -> Proof:
    """The node's last sign of life before it was lost, from what surely belongs to the lost boot.

    A line without a boot id may be of the next boot already (its PIDs repeat): only the kubelet's own and the runtime's count.
    """
    old = {s.boot_id for s in spells if s.start <= moment <= s.end} - {None}
    proofs = [s.last for s in spells if s.boot_id in old and s.end < restart]
    runtime = [e for e in events if e.component in ("docker", "containerd") and moment < e.time < min(restart, moment + _FIRST_LINES)]
    proofs += [e.proof("the runtime recorded this") for e in runtime]
    return max([kubelet, *proofs], key=lambda p: (p.time or moment, p.source))


def _silent_from(last: datetime, kubelet: list[Spell], until: datetime) -> datetime:
    """The best estimate of an end that left no word: half of the process's usual silence after its last line."""
    pace = max((s.pace for s in kubelet if s.pace is not None and abs(s.end - last) <= _FIRST_LINES), default=timedelta(0))
    return min(last + min(pace, _FIRST_LINES) / 2, until)


def _vanished(
    node: str, spells: list[Spell], signs: Signs, not_ready: list[Event], marks: list[Event], evidence_end: datetime
) -> Outage | None:
    """All lines of the node end, and then the API says it is lost and never sees it again: it may be down, or cut off."""
    last = signs.last_before(evidence_end)
    if last is None or last.time is None or not not_ready:
        return None
    verdict = not_ready[-1]
    if any(s.end > verdict.time for s in spells) or verdict.time < last.time:
        return None
    if any(m.kind is E.KUBELET_STARTED and m.time > last.time for m in marks):
        return None
    proofs = (
        Proof(last.time, last.source, last.line, last.offset, last.text, "the last line of this node's kubelet"),
        verdict.proof("the API had lost its heartbeat"),
    )
    return Outage(
        node, Edge(last.time, last.time, verdict.time, proofs), Edge(None, verdict.time, None), "unknown", True, evidence=list(proofs)
    )
