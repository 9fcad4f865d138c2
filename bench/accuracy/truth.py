"""What truly happened, derived from the polls alone: intervals of the same kinds as the findings.

An edge is known only as a bracket: between the last tick before it and the first tick after it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench.accuracy.poll import Poll, Tick

KEPT = timedelta(seconds=20)
"""What runs on for so long after the kubelet's return was adopted (1.0.6 takes 12 s to remove an orphan, 1.20 two)."""

SLOW_END = timedelta(seconds=90)
"""A surplus container may take longer to end: its grace period, twice over."""

NEVER_TOO_MANY = frozenset({"Job", "CronJob", "DaemonSet"})
SHORTEST_WINDOW = 2  # ticks; what is shorter, the polls can't tell from a coincidence

_POD_SUFFIX = {"Deployment": r"-[a-z0-9]{1,10}-[a-z0-9]{5}", "StatefulSet": r"-\d+"}


@dataclass(frozen=True)
class Bracket:
    """The moment of an edge lies in here."""

    low: datetime
    high: datetime

    def distance(self, time: datetime) -> float:
        """Seconds by which a time lies outside; negative: too early."""
        if time < self.low:
            return (time - self.low).total_seconds()
        return max(0.0, (time - self.high).total_seconds())


@dataclass(frozen=True)
class Spell:
    """One true interval. ``who`` is what a finding must name; ``start`` or ``end`` None: outside of the capture."""

    kind: str
    who: tuple[str, ...]
    start: Bracket | None
    end: Bracket | None
    outcome: str = ""
    adopted: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    scored: bool = True  # False: too short to be demanded, but right if found


@dataclass(frozen=True)
class Truth:
    """All true intervals of a capture, and the time the polls cover."""

    first: datetime
    last: datetime
    spells: tuple[Spell, ...]


def derive(poll: Poll) -> Truth:
    spells: list[Spell] = []
    for node in poll.nodes:
        for run in runs(not tick.kubelet.get(node, True) for tick in poll.ticks):
            spells += _outage(poll, node, run)
    for controller in sorted({key for tick in poll.ticks for key in tick.desired}):
        spells += _overshoots(poll, controller)
    return Truth(poll.ticks[0].first, poll.ticks[-1].last, tuple(spells))


def runs(flags: Iterable[bool]) -> list[range]:
    """Maximal runs of true flags, as ranges of indices."""
    found: list[range] = []
    for i, flag in enumerate(flags):
        if flag and found and found[-1].stop == i:
            found[-1] = range(found[-1].start, i + 1)
        elif flag:
            found.append(range(i, i + 1))
    return found


def merge(found: Sequence[range]) -> list[range]:
    """Join runs that are one tick apart."""
    merged: list[range] = []
    for run in found:
        if merged and run.start - merged[-1].stop <= 1:
            merged[-1] = range(merged[-1].start, run.stop)
        else:
            merged.append(run)
    return merged


def _outage(poll: Poll, node: str, run: range) -> list[Spell]:
    """The kubelet's outage, the containers that ran on through it, and what became of them at its return."""
    ticks = poll.ticks
    start = _bracket([tick.time for tick in ticks], run.start)
    end = _bracket([tick.time for tick in ticks], run.stop)
    spells = [Spell("kubelet-outage", (node,), start, end)]
    if _power_lost(ticks, node, run):
        return spells
    fates: dict[str, str] = {}
    for container in sorted({c for i in run for c in ticks[i].alive.get(node, ())}):
        alive = next(r for r in runs(container in tick.alive.get(node, ()) for tick in ticks) if r.stop > run.start)
        node_times = [tick.node_times[node] for tick in ticks]
        born = _bracket(node_times, alive.start) if alive.start > run.start else start
        died = _bracket(node_times, alive.stop)
        if died is None:
            fate, over = ("running", None) if end is None else ("adopted", end)
        elif end is None or alive.stop <= run.stop - 1:
            fate, over = "exited", died
        elif _kept(poll, container, run.stop, alive.stop):
            fate, over = "adopted", end
        else:
            fate, over = "removed", died
        fates[container] = fate
        spells.append(Spell("orphaned-container", (node, container[:12]), born, over, outcome=fate))
    adopted = frozenset(c[:12] for c, fate in fates.items() if fate == "adopted")
    removed = frozenset(c[:12] for c, fate in fates.items() if fate == "removed")
    if adopted or removed:
        # The end of an adoption ('Recovery completed') shows nowhere but in the log.
        spells.append(Spell("adoption", (node,), end, None, adopted=adopted, removed=removed))
    return spells


def _power_lost(ticks: Sequence[Tick], node: str, run: range) -> bool:
    """The runtime went with the kubelet, and every container with it: nothing is left to be orphaned."""
    soon = ticks[run.start : min(run.stop, run.start + 2)]
    return any(not tick.runtime.get(node, True) and not tick.alive.get(node) for tick in soon)


def _kept(poll: Poll, container: str, returned: int, gone: int) -> bool:
    """Whether a container that ended after the kubelet's return was adopted first: it lived on, and not as a surplus on its way out."""
    lived = poll.ticks[gone].time - poll.ticks[returned].time
    if lived < KEPT:
        return False
    controller = _controller_of(poll, container)
    surplus = controller is not None and all(_excess(poll, tick, controller) > 0 for tick in poll.ticks[returned:gone])
    return not (surplus and lived < SLOW_END)


def _overshoots(poll: Poll, controller: str) -> list[Spell]:
    """Windows in which more pods of a controller ran at least one app container than were desired, over all nodes."""
    namespace, kind, name = controller.split("/", 2)
    if kind in NEVER_TOO_MANY:
        return []
    before = [tick.first for tick in poll.ticks]
    after = [tick.last for tick in poll.ticks]
    return [
        Spell(
            "overshoot-window",
            (namespace, f"{kind}/{name}"),
            Bracket(before[run.start - 1], after[run.start]) if run.start else None,
            Bracket(before[run.stop - 1], after[run.stop]) if run.stop < len(after) else None,
            scored=len(run) >= SHORTEST_WINDOW,
        )
        for run in merge(runs(_excess(poll, tick, controller) > 0 for tick in poll.ticks))
    ]


def _excess(poll: Poll, tick: Tick, controller: str) -> int:
    """Pods above the desired number; 0 while the controller does not exist."""
    if controller not in tick.desired:
        return 0
    alive = (poll.containers[c] for ids in tick.alive.values() for c in ids)
    pods = {(c.namespace, c.pod) for c in alive if _owner(c.namespace, c.pod, tick.desired) == controller}
    return len(pods) - tick.desired[controller]


def _controller_of(poll: Poll, container: str) -> str | None:
    c = poll.containers[container]
    return _owner(c.namespace, c.pod, [key for tick in poll.ticks for key in tick.desired])


def _owner(namespace: str, pod: str, controllers: Iterable[str]) -> str | None:
    """The controller that made a pod, by the pod's name; of several that fit the one with the longest name."""
    fitting = []
    for key in controllers:
        space, kind, name = key.split("/", 2)
        if space == namespace and re.fullmatch(re.escape(name) + _POD_SUFFIX.get(kind, "-[a-z0-9]{5}"), pod):
            fitting.append((len(name), key))
    return max(fitting)[1] if fitting else None


def _bracket(times: Sequence[datetime], index: int) -> Bracket | None:
    """The edge between two ticks; None at either end of the capture."""
    return Bracket(times[index - 1], times[index]) if 0 < index < len(times) else None
