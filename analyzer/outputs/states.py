"""What a container run was at each moment, as outputs draw it: stretches of one state each. Says nothing that the lifecycle does not."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from analyzer.detectors.base import Case
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.orphans import Orphan
from analyzer.vocabulary import EventKind as E

_ENDING_SIGNALS = frozenset({2, 3, 9, 15})  # the runtimes record others too (SIGHUP, SIGWINCH): they end nothing


class State(StrEnum):
    """In the order of how much it matters to a reader, least first."""

    RUNNING = "running"  # whether a kubelet supervised it is not in the evidence
    SUPERVISED = "supervised"
    ADOPTED = "adopted"  # supervised again, by another kubelet process than before
    ORPHANED = "orphaned"
    REMOVING = "being removed"  # from the first kill, or the deletion mark, to its end


RANK = {state: number for number, state in enumerate(State)}


@dataclass(frozen=True)
class Stretch:
    """One state from ``start`` to ``end``; ``orphan`` where it tells why."""

    start: datetime
    end: datetime
    state: State
    orphan: Orphan | None = None


class States:
    """The states of the runs of one lifecycle; orphans are worked out once."""

    def __init__(self, life: Lifecycle) -> None:
        self._life = life
        self._orphans: dict[int, list[Orphan]] = defaultdict(list)
        for orphan in Case(life).orphans:
            self._orphans[id(orphan.run)].append(orphan)

    def of(self, run: Run) -> list[Stretch]:
        """Stretches in order, from the run's start to its end, clipped to the evidence; empty if it lies outside."""
        low, high = max(run.start.time or self._life.start, self._life.start), min(run.end.time or self._life.end, self._life.end)
        if low >= high:
            return []
        orphans = self._orphans.get(id(run), [])
        node = self._life.nodes.get(run.node or "")
        down = [o for o in node.outages if not o.boot_lost] if node else []
        kills = sorted(k.time for k in run.kills if k.kind is not E.CONTAINER_SIGNALLED or k.value is None or k.value in _ENDING_SIGNALS)
        going = self._going(run, kills, down)
        edges = {low, high, *([going] if going else []), *kills}
        for outage in down:
            edges |= {t for t in (outage.start.time, outage.end.time) if t is not None}
        for orphan in orphans:
            edges |= {t for t in (orphan.start.time, orphan.end.time) if t is not None}
        moments = sorted(t for t in edges if low <= t <= high)
        found: list[Stretch] = []
        for start, end in pairwise(moments):
            state, orphan_now = self._at(start, orphans, kills, going, node, down)
            if found and (found[-1].state, found[-1].orphan) == (state, orphan_now):
                found[-1] = Stretch(found[-1].start, end, state, orphan_now)
            else:
                found.append(Stretch(start, end, state, orphan_now))
        return found

    def _going(self, run: Run, kills: list[datetime], down: list[Outage]) -> datetime | None:
        """From when a kubelet was ending it: the first kill, or the deletion mark if one was there to heed it."""
        pod = self._life.pod_of(run)
        marked = pod.marked.time if pod is not None and pod.marked is not None else None
        if marked is not None and any(o.covers(marked) for o in down):
            marked = None
        if run.end.time is None and marked is None:
            return None  # killed, yet it ran on: not on its way out
        return min((t for t in (*kills, marked) if t is not None), default=None)

    def _at(
        self,
        moment: datetime,
        orphans: list[Orphan],
        kills: list[datetime],
        going: datetime | None,
        node: NodeLife | None,
        down: list[Outage],
    ) -> tuple[State, Orphan | None]:
        for orphan in orphans:
            if orphan.start.time is not None and orphan.start.time <= moment and (orphan.end.time is None or moment < orphan.end.time):
                killed = any(orphan.start.time <= k <= moment for k in kills)
                return (State.REMOVING if killed else State.ORPHANED), orphan
        if going is not None and moment >= going:
            return State.REMOVING, None
        adopted = next((o for o in orphans if o.outcome == "adopted" and o.end.time is not None and o.end.time <= moment), None)
        if adopted is not None:
            return State.ADOPTED, None
        watched = node is not None and node.has_kubelet_log and not any(o.covers(moment) for o in down)
        return (State.SUPERVISED if watched else State.RUNNING), None


def supervision(life: Lifecycle, node: NodeLife) -> list[tuple[datetime, datetime, Outage | None]]:
    """Kubelet up (None) or down, from the node's first line to its last, or to the evidence's end while it is down."""
    if not node.has_kubelet_log and not node.outages:
        return []
    seen = [t for s in node.spells for t in (s.start, s.end)] or [life.start, life.end]
    low, high = max(min(seen), life.start), min(max(seen), life.end)
    found: list[tuple[datetime, datetime, Outage | None]] = []
    at = low
    for outage in node.outages:
        if outage.start.time is None:
            continue
        begin, end = max(outage.start.time, life.start), outage.end.time or life.end
        if at < begin:
            found.append((at, begin, None))
        found.append((begin, end, outage))
        at = max(at, end)
    if at < high:
        found.append((at, high, None))
    return found


def api_span(life: Lifecycle) -> tuple[datetime, datetime] | None:
    """From the first to the last record of the whole cluster's evidence (API objects, events, controller-manager)."""
    spans = [(c.start, c.end) for c in life.coverage if c.node is None]
    return (min(s for s, _ in spans), max(e for _, e in spans)) if spans else None


def readiness(life: Lifecycle, node: NodeLife) -> list[tuple[datetime, datetime, bool]]:
    """Ready (True) or not, as the API held it: from the first record of the API on; what it said last holds to the end."""
    told = [t for s in node.not_ready for t in (s.start.time, s.end.time) if t is not None]
    span = api_span(life)
    if span is None and not told:
        return []
    low, high = min([*(span or ())[:1], *told]), life.end
    found: list[tuple[datetime, datetime, bool]] = []
    at = low
    for spell in node.not_ready:
        if spell.start.time is None:
            continue
        end = spell.end.time or life.end
        if at < spell.start.time:
            found.append((at, spell.start.time, True))
        found.append((spell.start.time, end, False))
        at = max(at, end)
    if at < high:
        found.append((at, high, True))
    return found


def ends(stretches: Iterable[Stretch]) -> bool:
    """Whether anything but plain running happened."""
    return any(s.state not in (State.RUNNING, State.SUPERVISED) for s in stretches)
