"""How close an outage came: when its node was due to be NotReady, its pods to be evicted, and by how much the kubelet was back before.

The clock starts with the last heartbeat, not with the stop: up to a heartbeat's interval earlier. The node controller sees it at its next
look, and acts at looks: each deadline is an interval. What did happen is no forecast: then its own moment is the deadline.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from analyzer.lifecycle.events import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.orphans import met
from analyzer.lifecycle.readiness import Spell
from analyzer.lifecycle.settings import (
    DEFAULTS,
    GRACE,
    HEARTBEAT,
    NOT_READY,
    PERIOD,
    TIMEOUT,
    UNREACHABLE,
    WAIT,
    Setting,
    Settings,
    Silence,
)
from analyzer.proof import Proof

_WRITING = 1.0
"""Seconds: from a decision to its trace; what the API writes has whole seconds."""


@dataclass(frozen=True)
class Due:
    """Seconds after the outage's start: best estimate, and between which the deadline surely lies."""

    best: float
    low: float
    high: float

    def after(self, best: float, low: float, high: float) -> "Due":
        return Due(self.best + best, self.low + low, self.high + high)

    def margin(self, outage: Outage) -> "Due | None":
        """By how much the kubelet was back before it (negative: after it)."""
        start, end = outage.start.time, outage.end.time
        if start is None or end is None:
            return None
        early, late = (((t or end) - start).total_seconds() for t in (outage.end.earliest, outage.end.latest))
        lasted = (end - start).total_seconds()
        return Due(self.best - lasted, self.low - max(late, lasted), self.high - min(max(early, 0.0), lasted))


@dataclass
class Deadlines:
    """Of one outage. None: nothing in the evidence tells (of an eviction also: it rested, or there was nobody to evict; see ``notes``)."""

    not_ready: Due | None = None
    eviction: Due | None = None
    by_default: dict[str, Any] = field(default_factory=dict)  # margins if the cluster had Kubernetes' default settings
    settings: list[Setting] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)

    def document(self, outage: Outage) -> dict[str, Any]:
        told: dict[str, Any] = {}
        for name, due in (("not_ready", self.not_ready), ("eviction", self.eviction)):
            margin = due.margin(outage) if due is not None else None
            for what, value in (("due", due), ("margin", margin)):
                told[f"{name}_{what}_s"] = _rounded(value.best) if value else None
                told[f"{name}_{what}_bounds_s"] = [_rounded(value.low), _rounded(value.high)] if value else None
        told["settings"] = {s.name: s.document() for s in self.settings}
        if self.by_default:
            told["by_default"] = self.by_default
        if self.notes:
            told["notes"] = self.notes
        return told


def _rounded(seconds: float) -> float:
    return round(seconds, 3)


def deadlines(life: Lifecycle, settings: Settings, outage: Outage, lost: Spell | None, evicted: Event | None) -> Deadlines:
    """``lost``: the spell in which the API gave the node up for this outage; ``evicted``: the first deletion because of it."""
    return _Reckoning(life, settings, outage, lost, evicted).deadlines()


def of_spell(life: Lifecycle, settings: Settings, node: str, spell: Spell, evicted: Event | None) -> dict[str, Any]:
    """The same of a spell in which the API held a node for not Ready: how far from the eviction, in seconds after its start."""
    start, end = spell.start.time, spell.end.time
    if start is None:
        return {}
    due = _after_spell(life, settings, node, spell, start)
    if evicted is not None:
        at = (evicted.time - start).total_seconds()
        due = Due(at, at, at + (evicted.resolution - 1) / 1_000_000)
    if due is None:
        return {}
    told: dict[str, Any] = {"eviction_due_s": _rounded(due.best), "eviction_due_bounds_s": [_rounded(due.low), _rounded(due.high)]}
    if end is not None:
        lasted = (end - start).total_seconds()
        told["eviction_margin_s"] = _rounded(due.best - lasted)
        told["eviction_margin_bounds_s"] = [_rounded(due.low - lasted - _WRITING), _rounded(due.high - lasted)]
    return told


def _after_spell(life: Lifecycle, settings: Settings, node: str, spell: Spell, start: datetime) -> Due | None:
    end = spell.end.time or life.end
    if any(start - timedelta(seconds=_WRITING) <= e.time <= end for e in settings.told.disruptions):
        return None  # evictions rested
    itself = spell.reporters == {"kubelet"}
    wait = settings.get(NOT_READY if itself else UNREACHABLE) if settings.told.by_taints else settings.get(WAIT)
    if wait is None or (itself and not settings.told.by_taints):
        return None
    if not settings.told.by_taints:
        return Due(wait.value, wait.low, wait.high)
    tainted = None if itself else settings.told.tainted(node, start - timedelta(seconds=_WRITING), end)
    if tainted is not None:
        at = (tainted[0] - start).total_seconds()
        return Due(at + wait.value, at + wait.low, at + wait.high + _WRITING)
    period = settings.assume(PERIOD)
    return Due(period.value + wait.value, wait.low, period.high + wait.high + _WRITING)


class _Reckoning:
    def __init__(self, life: Lifecycle, settings: Settings, outage: Outage, lost: Spell | None, evicted: Event | None) -> None:
        self.life, self.settings, self.outage, self.lost, self.evicted = life, settings, outage, lost, evicted
        self.found = Deadlines()

    def deadlines(self) -> Deadlines:
        if self.outage.start.time is None or self.outage.start.time == self.outage.end.time:
            return self.found  # since when the kubelet was away is not known
        self.found.not_ready = self._not_ready()
        self.found.eviction = self._eviction(self.found.not_ready)
        if self.settings.get(GRACE) is None and self.lost is None:
            self._by_default()
        return self.found

    def _at(self, moment: datetime) -> float:
        assert self.outage.start.time is not None
        return (moment - self.outage.start.time).total_seconds()

    def _use(self, setting: Setting) -> Setting:
        if setting.name not in {s.name for s in self.found.settings}:
            self.found.settings.append(setting)
            self.found.proofs += setting.proofs[:1]
        return setting

    def _heard(self) -> Silence | None:
        """What the controller-manager logged of this silence."""
        mine = self.settings.told.silences.get(self.outage.node, ())
        return next((s for s in mine if self.outage.covers(s.looks[0].time)), None)

    def _clock(self) -> Due | None:
        """When the node controller last saw a heartbeat: logged; else that of the last heartbeat before the stop, at its next look."""
        heard = self._heard()
        if heard is not None:
            at = self._at(heard.heard)
            return Due(at, at, at)
        early, late = self.outage.start.earliest, self.outage.start.latest
        if early is None or late is None:
            return None
        beat, period = self._use(self.settings.assume(HEARTBEAT)), self._use(self.settings.assume(PERIOD))
        return Due((period.value - beat.value) / 2, self._at(early) - beat.high, self._at(late) + period.high)

    def _not_ready(self) -> Due | None:
        grace, period = self.settings.get(GRACE), self.settings.assume(PERIOD)
        for setting in (grace, self.settings.get(PERIOD)):
            if setting is not None:
                self._use(setting)
        if self.lost is not None and self.lost.start.time is not None:
            at = self._at(self.lost.start.time)
            return Due(at, at, self._at(self.lost.start.latest or self.lost.start.time))
        clock = self._clock()
        if clock is None or grace is None:
            return None
        self._use(period)
        due = clock.after(grace.value + period.value / 2, grace.low, grace.high + period.high)
        return Due(max(due.best, 0.0), max(due.low, 0.0), due.high)

    # --- eviction

    def _eviction(self, not_ready: Due | None) -> Due | None:
        wait = list(self._tolerated()) if self.settings.told.by_taints else []
        if self.evicted is not None:
            timeout = self.settings.get(TIMEOUT) if not self.settings.told.by_taints else None
            for setting in (*wait, *([timeout] if timeout else ())):
                self._use(setting)
            at = self._at(self.evicted.time)
            return Due(at, at, at + (self.evicted.resolution - 1) / 1_000_000)
        if not_ready is None or self.found.notes:
            return None
        rest = self._rest(not_ready)
        if self.found.notes and rest is None:
            return None
        due = self._after_taint(rest or not_ready, wait) if self.settings.told.by_taints else self._after_timeout(rest or not_ready)
        lasted = self._at(self.outage.end.time or self.life.end)
        if due is not None and self.lost is not None and self.outage.end.time is not None and due.high < lasted:
            self.found.notes.append("no eviction is in the evidence, though it fell due")
        return due

    def _tolerated(self) -> Iterator[Setting]:
        """Of the pods that ran there the shortest toleration; else what pods of this cluster usually have."""
        pods = {p.key: p for run in met(self.life, self.outage) if (p := self.life.pod_of(run)) is not None}
        told = [p.tolerates["unreachable"] for p in pods.values() if "unreachable" in p.tolerates]
        known = self.settings.get(UNREACHABLE)
        seconds = [float(s) for s in told if s is not None]
        if seconds and (known is None or known.value != min(seconds)):
            yield Setting(UNREACHABLE, min(seconds), min(seconds), min(seconds), "object")
        elif told and not seconds:
            if len(told) == len(pods):
                self.found.notes.append("its pods tolerate a lost node for ever: none is due for eviction")
        elif known is not None:
            yield known

    def _after_taint(self, not_ready: Due, wait: list[Setting]) -> Due | None:
        if not wait:
            return None
        toleration, period = self._use(wait[0]), self._use(self.settings.assume(PERIOD))
        if self.lost is not None and self.lost.start.time is not None:
            until = self.outage.end.time or self.life.end
            tainted = self.settings.told.tainted(self.outage.node, self.lost.start.time - timedelta(seconds=1), until)
            if tainted is not None:
                self.found.proofs.append(tainted[1])
                at = self._at(tainted[0])
                return Due(at + toleration.value, at + toleration.low, at + toleration.high + _WRITING)
        return not_ready.after(period.value + toleration.value, toleration.low, period.high + toleration.high + _WRITING)

    def _after_timeout(self, not_ready: Due) -> Due | None:
        period = self.settings.assume(PERIOD)
        timeout, grace, wait = (self.settings.get(n) for n in (TIMEOUT, GRACE, WAIT))
        clock = self._clock()
        if timeout is not None and grace is not None and clock is not None:
            self._use(timeout)
            first = clock.after(timeout.value - grace.value, timeout.low - grace.high, timeout.high)  # by the rule of its version
            best, low, high = (max(getattr(first, k), getattr(not_ready, k)) for k in ("best", "low", "high"))
            return Due(best + period.value, low, high + period.high + _WRITING)
        if wait is not None:
            self._use(wait)
            return not_ready.after(wait.value, wait.low, wait.high)
        return None

    def _rest(self, not_ready: Due) -> Due | None:
        """With all nodes NotReady evictions rest, and count anew from the end of that."""
        assert self.outage.start.time is not None
        end = self.outage.end.time or self.life.end
        told = [e for e in self.settings.told.disruptions if self.outage.start.time <= e.time <= end]
        entered = next((e for e in told if e.attributes.get("state") == "entered"), None)
        if entered is None:
            return None
        self.found.proofs.append(entered.proof("all nodes were NotReady: evictions rest"))
        left = next((e for e in told if e.attributes.get("state") == "exited" and e.time > entered.time), None)
        if left is None:
            self.found.notes.append("all nodes were NotReady (master disruption mode): evictions rested")
            return None
        self.found.notes.append("all nodes were NotReady for a while (master disruption mode): the time to the eviction began anew")
        self.found.proofs.append(left.proof("a node is Ready again: evictions are due anew"))
        at = self._at(left.time)
        return Due(max(at, not_ready.best), max(at, not_ready.low), max(at + self.settings.assume(PERIOD).high, not_ready.high))

    def _by_default(self) -> None:
        """What the margins were if what is not known of this cluster were Kubernetes' default: no word of this cluster's own."""
        end = self.outage.end.time
        if end is None:
            return
        names = (GRACE, PERIOD, HEARTBEAT, UNREACHABLE)
        grace, period, beat, toleration = known = [self.settings.assume(n) for n in names]
        if any(s.value != DEFAULTS[s.name] for s in known):
            return  # who changed one of them may have changed the others
        not_ready = grace.value + (period.value - beat.value) / 2 + period.value / 2 - self._at(end)
        margins = {"not_ready_margin_s": _rounded(not_ready), "eviction_margin_s": _rounded(not_ready + period.value + toleration.value)}
        self.found.by_default = {**margins, "assumed": [s.name for s in (grace, period, beat, toleration) if s.assumed]}
