"""How long this cluster's control plane waits, as far as the evidence shows it; and how that is known.

In this order of trust: flags (printed at a start, or in the pods of the control plane), what the controller-manager's messages tell,
tolerations of pods, what was seen to happen. Kubernetes' defaults are named where nothing tells, and marked as assumed.

The node controller looks at each node once a period. It remembers when it saw a node's heartbeat change; at the first look more than the
grace period later the node is NotReady ('hasn't been updated for 16.003s' is the time since). With taints (1.13 on) pods go when what
they tolerate has passed since the taint, which follows NotReady within a period. Before, they went at last heartbeat + (timeout - grace
period) (node_controller.go to 1.3), or + timeout (1.4 on); the message says timeout - grace period in either case.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final

from analyzer.grammars.facts import go_seconds
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.objects import Version, mappings, parse_time, stamp
from analyzer.proof import Proof
from analyzer.vocabulary import EventKind as E

GRACE: Final = "node-monitor-grace-period"
PERIOD: Final = "node-monitor-period"
HEARTBEAT: Final = "node-status-update-frequency"
TIMEOUT: Final = "pod-eviction-timeout"
UNREACHABLE: Final = "default-unreachable-toleration-seconds"
NOT_READY: Final = "default-not-ready-toleration-seconds"
WAIT: Final = "eviction-after-not-ready"
"""No flag of Kubernetes': how long after NotReady pods were seen to go, where nothing tells by which rule."""
DEFAULTS: Final = {GRACE: 40.0, PERIOD: 5.0, HEARTBEAT: 10.0, TIMEOUT: 300.0, UNREACHABLE: 300.0}
"""Kubernetes' own; the grace period has been 50 s since 1.32."""
_SOURCES: Final = ("flag", "message", "object", "observed")
_SAME_BEAT = timedelta(seconds=1)
"""Messages on one silence tell the same last heartbeat, but for the time that it takes to write them."""
_SAME_LOOK = timedelta(milliseconds=500)
_ENOUGH: Final = 4
_RARE: Final = 60.0
_FLAG: Final = re.compile(rf"--({'|'.join((*DEFAULTS, NOT_READY))})=(\S+)")


@dataclass(frozen=True)
class Setting:
    """Seconds: the best value, and between which it surely lies. ``source``: flag, message, object, observed, default."""

    name: str
    value: float
    low: float
    high: float
    source: str
    proofs: tuple[Proof, ...] = ()

    @property
    def assumed(self) -> bool:
        return self.source == "default"

    def document(self) -> dict[str, Any]:
        told: dict[str, Any] = {"value_s": round(self.value, 3), "from": self.source, "assumed": self.assumed}
        return told if self.low == self.high else {**told, "bounds_s": [round(self.low, 3), round(self.high, 3)]}


@dataclass(frozen=True)
class Silence:
    """What the node controller logged of one node's silence. ``heard``: when it last saw a heartbeat change; ``looks``: its messages.

    ``whole``: the first of them still knew the node as Ready, so none came before."""

    node: str
    heard: datetime
    looks: tuple[Event, ...]
    whole: bool


class Settings:
    """All that is known, by name; and what the control plane told of single nodes."""

    def __init__(self, known: dict[str, Setting], told: "Told") -> None:
        self._known = known
        self.told = told

    def get(self, name: str) -> Setting | None:
        """What this cluster's evidence tells."""
        return self._known.get(name)

    def assume(self, name: str) -> Setting:
        """The same, else Kubernetes' default."""
        return self._known.get(name) or Setting(name, DEFAULTS[name], DEFAULTS[name], DEFAULTS[name], "default")


class Told:
    """What the control plane told of single nodes, and of all together."""

    def __init__(self, life: Lifecycle) -> None:
        self.silences = {name: list(_silences(node)) for name, node in life.nodes.items()}
        self.disruptions = life.events.of(E.MASTER_DISRUPTION)
        self.by_taints = any(p.tolerates for p in life.pods.made) or any(_by_taint(e) for e in life.events.of(*_TAINTS))
        self._tainted: dict[str, list[tuple[datetime, Proof]]] = {}
        for node in life.nodes.values():
            for event in node.index.all(E.NODE_TAINT_QUEUED):
                if event.attributes.get("reason") != "NotReady":
                    self._taint(node.name, event.time, event.proof("it is about to be tainted as unreachable"))
        for version in life.versions:
            for taint in mappings(version.spec.get("taints")) if version.kind == "Node" else ():
                added = parse_time(taint.get("timeAdded"))
                if added is not None and taint.get("effect") == "NoExecute" and str(taint.get("key")).endswith("/unreachable"):
                    says = f"taint {taint.get('key')} added {taint.get('timeAdded')}"
                    self._taint(version.name, added, version.proof(says, "since when it is tainted"))

    def _taint(self, node: str, moment: datetime, proof: Proof) -> None:
        self._tainted.setdefault(node, []).append((moment, proof))

    def tainted(self, node: str, low: datetime, high: datetime) -> tuple[datetime, Proof] | None:
        """When the node was tainted as unreachable between two moments: the log is more precise than the object."""
        return next((t for t in self._tainted.get(node, ()) if low <= t[0] <= high), None)


def settings(life: Lifecycle) -> Settings:
    """The settings of the cluster that this evidence is of."""
    told = Told(life)
    silences = [s for some in told.silences.values() for s in some]
    found: dict[tuple[str, str], list[Setting]] = {}

    def add(some: Iterable[Setting]) -> None:
        for setting in some:
            found.setdefault((setting.name, setting.source), []).append(setting)

    add(_flags(life))
    add(_heartbeats(life))
    add(_periods(silences))
    add(_tolerations(life))
    known = Settings({n: s for n in (PERIOD, HEARTBEAT) if (s := _joined(n, found)) is not None}, told)
    add(_graces(silences, known.assume(PERIOD)))
    if not {(GRACE, "flag"), (GRACE, "message")} & set(found):
        add(_seen_graces(life, known))
    add(_timeouts(life, _joined(GRACE, found)))
    add(_seen_evictions(life, known))
    names = dict.fromkeys(name for name, _ in found)
    return Settings({n: s for n in names if (s := _joined(n, found)) is not None}, told)


def _joined(name: str, found: dict[tuple[str, str], list[Setting]]) -> Setting | None:
    """Of the most trusted source; several of one kind bound each other, and where they disagree all of them are possible."""
    some = next((found[name, source] for source in _SOURCES if (name, source) in found), None)
    if some is None:
        return None
    low, high = max(s.low for s in some), min(s.high for s in some)
    if low > high:
        low, high = min(s.low for s in some), max(s.high for s in some)
    value = min(max(median(s.value for s in some), low), high)
    return Setting(name, value, low, high, some[0].source, tuple(p for s in some[:3] for p in s.proofs))


# --- flags


def _flags(life: Lifecycle) -> Iterator[Setting]:
    for event in life.events.of(E.CONTROL_PLANE_FLAG, E.KUBELET_FLAG):
        name, value = event.attributes.get("flag"), event.attributes.get("is")
        printed = event.kind is E.KUBELET_FLAG and event.attributes.get("from") != "command line"
        if printed and go_seconds(value) == DEFAULTS[HEARTBEAT]:
            continue  # printed before its configuration file is read, which says what holds where no flag does
        yield from _flag(name, value, event.proof("the flag that it was started with"))
    for version in life.versions:
        if version.kind == "Pod":
            yield from _commanded(version)


def _commanded(version: Version) -> Iterator[Setting]:
    """A pod of the control plane (kubeadm's static pods): its command line."""
    for container in mappings(version.spec.get("containers")):
        words = [w for part in ("command", "args") for w in container.get(part) or () if isinstance(w, str)]
        for name, value in _FLAG.findall(" ".join(words)):
            yield from _flag(name, value, version.proof(f"--{name}={value}", "the flag that it is started with"))


def _flag(name: str | None, value: str | None, proof: Proof) -> Iterator[Setting]:
    duration = float(value) if value and re.fullmatch(r"\d{1,9}", value) else go_seconds(value)
    if name is not None and name in (*DEFAULTS, NOT_READY) and duration:
        yield Setting(name, duration, duration, duration, "flag", (proof,))


# --- what the controller-manager says


def _silences(node: NodeLife) -> Iterator[Silence]:
    """Its messages on one node, by the heartbeat that they count from."""
    group: list[Event] = []
    heard: datetime | None = None
    for event in node.index.all(E.NODE_HEARTBEAT_MISSED):
        silent = event.attributes.get("silent_s")
        if not isinstance(silent, int | float):
            continue
        since = event.time - timedelta(seconds=silent)
        if heard is not None and abs(since - heard) > _SAME_BEAT:
            yield _silence(node.name, heard, group)
            group, heard = [], None
        heard = heard or since
        group.append(event)
    if heard is not None:
        yield _silence(node.name, heard, group)


def _silence(node: str, heard: datetime, group: list[Event]) -> Silence:
    first = group[0]
    ready = next((e for e in group if e.attributes.get("condition") == "Ready"), first)
    whole = ready.attributes.get("status") == "True" and ready.time - first.time < _SAME_LOOK
    looks = [e for at, e in enumerate(group) if not at or e.time - group[at - 1].time > _SAME_LOOK]
    return Silence(node, heard, tuple(looks), whole)


def _periods(silences: list[Silence]) -> Iterator[Setting]:
    """The time between two looks, which begins anew after each: a little more than was asked for."""
    steps = [(b.time - a.time).total_seconds() for s in silences for a, b in pairwise(s.looks)]
    if steps:
        usual = median(steps)
        near = [s for s in steps if abs(s - usual) <= usual / 4]
        looks = next(s.looks for s in silences if len(s.looks) > 1)
        proofs = tuple(e.proof("it looks at the node once a period") for e in looks[:2])
        yield Setting(PERIOD, usual, min(near), max(near), "message", proofs)


def _graces(silences: list[Silence], period: Setting) -> Iterator[Setting]:
    for silence in silences:
        first = silence.looks[0]
        silent = (first.time - silence.heard).total_seconds()
        if silence.whole:  # at the look before, the grace period had not passed
            low = max(silent - period.high, 0.0)
            proofs = (first.proof("the first look at which the grace period had passed"),)
            whole = float(int(silent))  # it is set in whole seconds; a look falls just after it as often as later
            yield Setting(GRACE, whole if whole > low else silent, low, silent, "message", proofs)


def _timeouts(life: Lifecycle, grace: Setting | None) -> Iterator[Setting]:
    """Of 'later than ... + 14s': the whole timeout for a node that says itself that it is not ready, else less the grace period."""
    for event in life.events.of(E.NODE_EVICTION_STARTED):
        stated = go_seconds(event.attributes.get("timeout"))
        if stated is None:
            continue
        proof = event.proof("the timeout of evictions; of a silent node less the grace period")
        itself = event.attributes.get("reason") == "NotReady" or re.search(r"Evicting pods: |Adding pods to evict: ", event.message)
        if itself:
            yield Setting(TIMEOUT, stated, stated, stated, "message", (proof,))
        elif grace is not None:
            yield Setting(TIMEOUT, stated + grace.value, stated + grace.low, stated + grace.high, "message", (proof,))


def _heartbeats(life: Lifecycle) -> Iterator[Setting]:
    """From a watch of nodes: how far apart a kubelet's reports are. Rare ones (each five minutes) are beside leases: no heartbeat."""
    told: dict[str, dict[datetime, Version]] = {}
    for version in life.versions:
        if version.kind != "Node" or version.watch is None:
            continue
        for condition in mappings(version.status.get("conditions")):
            beat = parse_time(condition.get("lastHeartbeatTime"))
            if condition.get("type") == "Ready" and condition.get("status") == "True" and beat is not None:
                told.setdefault(version.name, {}).setdefault(beat, version)
    for beats in told.values():
        steps = [(b - a).total_seconds() for a, b in pairwise(sorted(beats))]
        usual = median(steps) if len(steps) >= _ENOUGH else 0.0
        if 0 < usual <= _RARE:
            near = [s for s in steps if abs(s - usual) <= max(1.0, usual / 4)]
            proofs = tuple(beats[t].proof(f"last heartbeat {stamp(t)}", "its reports tell their pace") for t in sorted(beats)[:2])
            yield Setting(HEARTBEAT, usual, min(near), max(near), "observed", proofs)


# --- what pods tolerate, and what was seen to happen


def _tolerations(life: Lifecycle) -> Iterator[Setting]:
    """The API server gives each pod the default that its makers left out: what most have."""
    for name, key in ((UNREACHABLE, "unreachable"), (NOT_READY, "not-ready")):
        counted = Counter(s for p in life.pods.made if (s := p.tolerates.get(key)) is not None)
        if counted:
            usual = float(max(sorted(counted), key=lambda s: counted[s]))
            proofs = [
                v.proof(f"it tolerates {key} for {usual:g} s", "what pods tolerate")
                for v in life.versions
                if v.kind == "Pod" and any(e.get("tolerationSeconds") == usual for e in mappings(v.spec.get("tolerations")))
            ]
            yield Setting(name, usual, usual, usual, "object", tuple(proofs[:1]))


_TAINTS: Final = (E.POD_EVICTED, E.NODE_TAINT_QUEUED, E.POD_EVICTION_DUE, E.POD_EVICTION_CANCELLED)


def _by_taint(event: Event) -> bool:
    """Of an event of the kinds above."""
    if event.kind is E.POD_EVICTED:
        return event.attributes.get("reason") == "TaintManagerEviction" or "NoExecuteTaintManager" in event.message
    return True


def _seen_graces(life: Lifecycle, known: Settings) -> Iterator[Setting]:
    """From the kubelet's end to NotReady: less up to two looks, more by up to a heartbeat."""
    beat, period = known.assume(HEARTBEAT).high, known.assume(PERIOD).high
    for node in life.nodes.values():
        for spell in node.not_ready:
            outage = node.outage_at(spell.start.time) if spell.start.time else None
            if outage is None or spell.by_kubelet or outage.boot_lost or spell.start.time is None:
                continue
            stop, lost = outage.start, spell.start
            if stop.earliest is None or stop.latest is None or stop.time is None:
                continue
            low = (spell.start.time - stop.latest).total_seconds() - 2 * period
            high = ((lost.latest or spell.start.time) - stop.earliest).total_seconds() + beat
            best = (spell.start.time - stop.time).total_seconds() + beat / 2 - period
            if high > 0:
                yield Setting(GRACE, max(best, 0.0), max(low, 0.0), high, "observed", (*stop.proofs, *lost.proofs))


def _seen_evictions(life: Lifecycle, known: Settings) -> Iterator[Setting]:
    """From NotReady (or the taint) to the first deletion."""
    period = known.assume(PERIOD).high
    evicted: dict[str, list[Event]] = {}
    for pod in life.pods.evicted:
        if pod.evicted is not None and pod.node is not None:
            evicted.setdefault(pod.node, []).append(pod.evicted)
    for name, gone in evicted.items():
        gone.sort(key=lambda e: e.time)
        for spell in life.nodes[name].not_ready if name in life.nodes else ():
            start = spell.start.time
            first = next((e for e in gone if spell.covers(e.time)), None)
            if start is None or first is None or spell.by_kubelet:
                continue
            proofs = (*spell.start.proofs[:1], first.proof("its pods were evicted"))
            waited = (first.time - start).total_seconds()
            tainted = known.told.tainted(name, start - timedelta(seconds=1), first.time) if known.told.by_taints else None
            if tainted is not None:
                waited = (first.time - tainted[0]).total_seconds()
                yield Setting(UNREACHABLE, float(round(waited)), max(waited - 1, 0), waited + 1, "observed", (tainted[1], *proofs[1:]))
            elif known.told.by_taints:
                yield Setting(UNREACHABLE, max(waited - period / 2, 0.0), max(waited - period - 1, 0.0), waited + 1, "observed", proofs)
            else:
                yield Setting(WAIT, waited, max(waited - period - 1, 0.0), waited + period + 1, "observed", proofs)
