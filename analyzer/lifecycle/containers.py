"""What ran: for each container its runs, from start to end, by the runtime's truth as far as it goes.

A run without an end is not a run that goes on: a node that lost power records no death. Then its end is the node's.
Order of trust: the runtime's events; the API's container status (seconds); what the kubelet noticed (PLEG, late by up to its relist).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events, Part, Rows, any_of, ticks
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.noticed_runs import noticed
from analyzer.lifecycle.plain_runs import plain
from analyzer.lifecycle.run import BEFORE, COMES_UP, ENDED, MET, NOTICED, RECORDED, RELIST, SAW_IT_ENDED, SAW_IT_RUN, SEEN, STARTED
from analyzer.lifecycle.run import Run as Run
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS, SANDBOX
from analyzer.vocabulary import EventKind as E

_RUNTIME = (E.CONTAINER_STARTED, E.CONTAINER_DIED, E.CONTAINER_DESTROYED, E.CONTAINER_CREATED)
_KUBELET = (E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_DEAD)
_TOLD = (*_RUNTIME, *_KUBELET, E.CONTAINER_SIGNALLED, E.CONTAINER_KILLING)
_TICK = timedelta(microseconds=1)
_FAILS = timedelta(seconds=5)
"""A start that fails does so within this of the container's making."""
_BURST = timedelta(milliseconds=100)
"""What one relist sees is logged within this."""
_LATE = datetime.max.replace(tzinfo=UTC)
_REPORTED = "the runtime's events do not tell: the API's container status says it, in whole seconds"
_UNTOLD = "it ended long after it was made, so it had been started: soon after, as a rule"
_AGAIN = "its end was not recorded, but it was started again: it had ended by then"
_GONE = "its end was not recorded, but it was removed: it had ended by then"
_STOPPED = "its end was not recorded, but that the runtime had stopped it: it had ended by then"
_NODE_LOST = "a container does not outlive its node, and the runtime recorded no earlier death"


@dataclass(frozen=True, slots=True)
class Status:
    """A containerStatus of a pod object: what the API said of one container, with seconds."""

    container_id: str
    namespace: str
    pod: str
    pod_uid: str
    container: str
    node: str | None
    started: datetime | None
    finished: datetime | None
    exit_code: int | None
    proof: Proof
    seen: datetime | None = None  # when the kubelet wrote that it ran, by the API's clock


def runs(events: Events, statuses: Iterable[Status], lost: list[Outage]) -> list[Run]:
    """All runs of application containers and sandboxes that Kubernetes made, sorted by start, then id."""
    stopped = events.are(E.CONTAINER_STOPPED) & events.told_by(RUNTIME_LOG)  # CRI-O logs no death, only that it stopped one
    of_containers = events.where((events.are(*_TOLD) | stopped) & events.having("container_id"))
    told = list(statuses)
    seen: dict[str, list[datetime]] = defaultdict(list)
    for status in told:
        if status.seen is not None:
            seen[status.container_id].append(status.seen)
    full = _full_ids(of_containers.column("container_id").unique(), statuses_by := _by_container(told))
    ended = events.where(stopped & events.having("container_id")).column("container_id").unique()
    kubelet_starts = _starts(events)
    elsewhere = {*statuses_by, *full, *full.values(), *ended}
    found, rest = plain(of_containers, elsewhere)
    others, rest = noticed(rest, elsewhere, kubelet_starts)
    by_container: dict[str, list[Event]] = defaultdict(list)
    for event in rest:
        assert event.container_id is not None
        by_container[event.container_id].append(event)
    for short, whole in full.items():
        by_container[whole] = sorted(by_container[whole] + by_container.pop(short), key=lambda e: e.time)
    sandboxes = _sandboxes(events, {s for some in by_container.values() for e in some if isinstance(s := e.attributes.get("sandbox"), str)})
    for container_id in sorted({*by_container, *statuses_by}):
        others += _runs_of(container_id, by_container.get(container_id, []), statuses_by.get(container_id), kubelet_starts, sandboxes)
    found += sorted(others, key=lambda r: r.container_id)
    _name_sandboxes(found, events)
    lost_of: dict[str | None, list[Outage]] = defaultdict(list)
    for outage in lost:
        lost_of[outage.node].append(outage)
    for run in found:
        if run.container_id in seen:
            run.seen = max((t for t in seen[run.container_id] if run.alive(t)), default=None)
        if run.node in lost_of:
            _end_with_node(run, lost_of[run.node])
    return sorted(found, key=lambda r: (r.start.time is not None, r.start.time or _LATE, r.container_id))


def _sandboxes(events: Events, wanted: set[str]) -> dict[str, Event]:
    """Of those wanted by id, where an event names the pod, the last one that does."""
    if not wanted:
        return {}
    named = events.columns("k8s_container_name", "container_id", "k8s_pod_name", "k8s_pod_uid").filter(
        pl.col("k8s_container_name") == SANDBOX,
        pl.col("container_id").is_in(sorted(wanted - {""})),
        (pl.col("k8s_pod_name") != "").fill_null(False) | (pl.col("k8s_pod_uid") != "").fill_null(False),
    )
    last = named.unique("container_id", keep="last", maintain_order=True)
    return {e.container_id: e for e in events.at(last["row"].to_numpy()) if e.container_id}


def _starts(events: Events) -> dict[str | None, Rows]:
    """When the kubelets of each node looked for the first time, in microseconds: 'Started kubelet', and the first word of each process,
    whose beginning may be lost."""
    process = ["node", "pid", "boot_id"]
    spoken = events.by("kubelet").columns(*process, "time").filter(pl.col("pid").is_not_null())
    turns = spoken.filter(pl.any_horizontal(pl.col(c).ne_missing(pl.col(c).shift()) for c in process))  # few: the rest says no more
    first = turns.unique(process, keep="first", maintain_order=True)
    ready = events.where(events.are(E.KUBELET_READY)).columns("node", "time")
    looked = pl.concat([first.select("node", "time"), ready.select("node", "time")]).with_columns(pl.col("time").to_physical()).sort("time")
    return {node: some["time"].to_numpy() for (node,), some in looked.partition_by("node", as_dict=True).items()}


def _name_sandboxes(found: list[Run], events: Events) -> None:
    """Where the kubelet's log alone tells of containers, most have no name. A pod's sandbox starts before all others; where the
    relist first sees several at once, it lists the sandbox last (PLEG, 1.2+). It is never the subject of 'Killing container'."""
    nameless = {run.pod_uid for run in found if run.container is None}
    by_pod: dict[str, list[Run]] = defaultdict(list)
    for run in found:
        if run.pod_uid is not None and run.pod_uid in nameless:
            by_pod[run.pod_uid].append(run)
    likely: list[list[Run]] = []
    for mates in by_pod.values():
        killed = {r.container_id for r in mates if any_of(r.kills, E.CONTAINER_KILLING)}
        unnamed = [r for r in mates if r.container is None and r.container_id not in killed and r.noticed]
        if unnamed and len(mates) > 1 and not any(r.sandbox for r in mates):
            likely.append(unnamed)
    seen = _first_seen([run for unnamed in likely for run in unnamed], events)
    for unnamed in likely:
        first = min(seen[id(r)][0] for r in unnamed)
        together = [r for r in unnamed if seen[id(r)][0] - first <= _BURST // _TICK]
        max(together, key=lambda r: seen[id(r)]).container = SANDBOX


def _first_seen(found: list[Run], events: Events) -> dict[int, tuple[int, int]]:
    """By the ``id`` of the run, the moment (in microseconds) and the place in its source of what the kubelet first noticed."""
    seen = {
        id(r): (ticks(r.noticed[0].time), r.noticed[0].line or r.noticed[0].offset or 0) for r in found if not isinstance(r.noticed, Part)
    }
    unread = {id(r): int(r.noticed.rows[0]) for r in found if isinstance(r.noticed, Part)}  # no event is made of them
    told = events.at(np.array(list(unread.values()), dtype=np.int64)).columns("time", "line", "offset")
    place = pl.coalesce(pl.col("line").replace(0, None), "offset", 0)
    return seen | dict(zip(unread, told.select(pl.col("time").to_physical(), place).iter_rows(), strict=True))


def _by_container(statuses: Iterable[Status]) -> dict[str, Status]:
    """The last word on each container: a status with an end before one without."""
    best: dict[str, Status] = {}
    for status in statuses:
        known = best.get(status.container_id)
        if known is None or (known.finished is None and status.finished is not None):
            best[status.container_id] = status
    return best


def _full_ids(of_events: pl.Series, statuses: dict[str, Status]) -> dict[str, str]:
    """12 digits to 64, where both are there."""
    short = of_events.filter(of_events.str.len_chars() == 12).to_list()
    whole = {c[:12]: c for c in sorted({*of_events.to_list(), *statuses}) if len(c) == 64} if short else {}
    return {c: whole[c] for c in short if c in whole}


def _runs_of(
    container_id: str, events: list[Event], status: Status | None, kubelet_starts: dict[str | None, Rows], sandboxes: dict[str, Event]
) -> list[Run]:
    identity = _identity(container_id, events, status, sandboxes)
    if identity["pod"] is None and identity["pod_uid"] is None:
        return []  # not made by Kubernetes, or of an unknown pod
    runtime = _runtime_events(events)
    if runtime:
        found = _from_runtime(identity, runtime)
        _complete(found, [e for e in events if e.kind in _KUBELET], status)
    else:
        if identity["container"] is None and _died_first([e for e in events if e.kind in _KUBELET]):
            identity["container"] = SANDBOX
        run = _from_others(identity, events, status, kubelet_starts)
        found = [run] if run else []
    for run in found:
        mine = [e for e in events if run.began_by(e.time) and (run.end.time is None or e.time <= run.end.time + RELIST)]
        run.noticed = [e for e in mine if e.kind in _KUBELET]
        run.kills = [e for e in mine if e.kind in (E.CONTAINER_SIGNALLED, E.CONTAINER_KILLING)]
    return found


def _died_first(noticed: list[Event]) -> bool:
    """A sandbox that is made and not yet started counts as dead for the relist (1.2+): it is said to die, and then to start."""
    kinds = [e.kind for e in noticed[:2]]
    return kinds == [E.CONTAINER_SEEN_DEAD, E.CONTAINER_SEEN_RUNNING] and noticed[1].time - noticed[0].time <= COMES_UP


def _runtime_events(events: list[Event]) -> list[Event]:
    """What one event stream of the runtime says of a container; only where all are silent, what its daemon logged."""
    for component in (*RUNTIME_STREAMS, RUNTIME_LOG):
        told = [e for e in events if e.kind in (*_RUNTIME, E.CONTAINER_STOPPED) and e.component == component]
        if any(e.kind in (E.CONTAINER_STARTED, E.CONTAINER_DIED) for e in told):
            return told
    return []


def _identity(container_id: str, events: list[Event], status: Status | None, sandboxes: dict[str, Event]) -> dict[str, Any]:
    """Node, pod and name. What a daemon's log says of a container is its sandbox's: that names the pod."""
    inside = next((sandboxes[s] for e in events if (s := e.attributes.get("sandbox")) in sandboxes), None)

    def first(name: str) -> str | None:
        told = next((getattr(e, name) for e in events if getattr(e, name)), None) or (getattr(status, name) if status else None)
        return told or (getattr(inside, name) if inside is not None and name != "container" else None)

    runtime_node = next((e.node for e in events if e.node and e.component in (*RUNTIME_STREAMS, RUNTIME_LOG)), None)
    names = {name: first(name) for name in ("namespace", "pod", "pod_uid", "container")}
    return {"container_id": container_id, "node": runtime_node or first("node"), **names}


def _from_runtime(identity: dict[str, Any], events: list[Event]) -> list[Run]:
    """Start and die in turns. With neither its making nor its start, it ran before the evidence; a destroy ends what no die did."""
    found: list[Run] = []
    current: Run | None = None
    made: Event | None = None
    for event in events:
        made = event if event.kind is E.CONTAINER_CREATED else made
        if event.kind is E.CONTAINER_STARTED:
            if current is not None:  # its end was not recorded: no later than now
                current.end = Edge(event.time, current.start.time, event.time, (event.proof("it was started again"),), rule=_AGAIN)
                current.end_reason = "noticed"
            current = Run(**identity, start=_edge(event, STARTED))
            found.append(current)
        elif event.kind in (E.CONTAINER_DIED, E.CONTAINER_DESTROYED, E.CONTAINER_STOPPED):
            if current is None and event.kind is E.CONTAINER_DIED and not found:
                current = _unstarted(identity, made, event)
                found += [current] if current is not None else []
            if current is None:
                continue
            if event.kind is E.CONTAINER_DIED:
                current.end, current.end_reason = _edge(event, ENDED), "died"
                current.exit_code = event.value
            else:
                done, rule = ("removed", _GONE) if event.kind is E.CONTAINER_DESTROYED else ("stopped", _STOPPED)
                proof = event.proof(f"the runtime {done} it: it had ended by then")
                current.end, current.end_reason = Edge(event.time, current.start.time, event.time, (proof,), rule=rule), "destroyed"
            current = None
    return found


def _unstarted(identity: dict[str, Any], made: Event | None, died: Event) -> Run | None:
    """The run that ends with a death of which no start is told: it began before the evidence, or the start is lost. Where it ends as
    soon as it is made, its start failed: then it never ran."""
    if made is None:
        return Run(**identity, start=Edge(None, None, died.time, rule=BEFORE))
    if died.time - made.time <= _FAILS:
        return None
    proof = made.proof("the runtime made it; of its start nothing is told")
    return Run(**identity, start=Edge(made.time, made.time, died.time, (proof,), rule=_UNTOLD))


def _edge(event: Event, proves: str) -> Edge:
    """A moment recorded by the runtime; ``resolution`` is how far the true one may lie after the written one."""
    latest = event.time + timedelta(microseconds=event.resolution - 1)
    return Edge(event.time, event.time, latest, (event.proof(proves),), rule=RECORDED)


def _complete(found: list[Run], noticed: list[Event], status: Status | None) -> None:
    """Edges that the runtime's events lack, from the API's status and the kubelet's relist."""
    if not found:
        return
    first, last = found[0], found[-1]
    if (
        first.start.time is None
        and status is not None
        and status.started is not None
        and (first.end.time is None or status.started < first.end.time)
    ):
        first.start = _second(status.started, status.proof, "the API's status says when it started")
    if last.end.time is None or last.end_reason == "destroyed":
        if (
            status is not None
            and status.finished is not None
            and last.began_by(status.finished)
            and not _seen_later(noticed, status.finished)
        ):
            last.end, last.end_reason = _second(status.finished, status.proof, "the API's status says when it ended"), "reported"
            last.exit_code = status.exit_code
        elif last.end.time is None:
            _end_noticed(last, noticed)


def _second(moment: datetime, proof: Proof, proves: str) -> Edge:
    told = Proof(proof.time, proof.source, proof.line, proof.offset, proof.text, proves)
    return Edge(moment, moment, moment + timedelta(seconds=1), (told,), rule=_REPORTED)


def _seen_later(noticed: list[Event], moment: datetime) -> bool:
    return any(e.kind is E.CONTAINER_SEEN_RUNNING and e.time > moment + RELIST for e in noticed)


def _end_noticed(run: Run, noticed: list[Event]) -> None:
    """PLEG's ContainerDied: later than the end. For a sandbox that is just created it comes before ContainerStarted: no end."""
    dead = [e for e in noticed if e.kind is E.CONTAINER_SEEN_DEAD and run.began_by(e.time)]
    running = [e for e in noticed if e.kind is E.CONTAINER_SEEN_RUNNING]
    last_running = max((e.time for e in running), default=None)
    final = next((e for e in dead if last_running is None or e.time > last_running), None)
    if final is not None:
        earliest = last_running or run.start.time
        run.end = Edge(final.time, earliest, final.time, (final.proof(SAW_IT_ENDED),), rule=NOTICED)
        run.end_reason, run.exit_code = "noticed", final.value


def _from_others(
    identity: dict[str, Any], events: list[Event], status: Status | None, kubelet_starts: dict[str | None, Rows]
) -> Run | None:
    """No runtime events: the API's status, else what the kubelet saw."""
    noticed = [e for e in events if e.kind in _KUBELET]
    seen = next((e for e in noticed if e.kind is E.CONTAINER_SEEN_RUNNING), None)
    run: Run | None = None
    if status is not None and status.started is not None:
        run = Run(**identity, start=_second(status.started, status.proof, "the API's status says when it started"))
    elif seen is not None:
        proof = seen.proof(SAW_IT_RUN)
        resumed = _first_relist(seen, kubelet_starts)
        start = Edge(None, None, seen.time, (proof,), rule=MET)
        if not resumed:
            start = Edge(seen.time, seen.time - RELIST, seen.time, (proof,), rule=SEEN)
        run = Run(**identity, start=start)
    elif noticed and not _first_relist(noticed[0], kubelet_starts):  # else it was dead when this kubelet began: nobody knows since when
        run = Run(**identity, start=Edge(None, None, noticed[0].time, rule=BEFORE))
    if run is None:
        return None
    if status is not None and status.finished is not None:
        run.end, run.end_reason = _second(status.finished, status.proof, "the API's status says when it ended"), "reported"
        run.exit_code = status.exit_code
    else:
        _end_noticed(run, noticed)
    return run


def _first_relist(event: Event, kubelet_starts: dict[str | None, Rows]) -> bool:
    """Whether the kubelet had only just started: then it tells of what there is, not of what happens."""
    starts = kubelet_starts.get(event.node)
    if starts is None:
        return False
    now = ticks(event.time)
    at = int(np.searchsorted(starts, now, "right"))
    return at > 0 and bool(now - starts[at - 1] <= RELIST * 2 // _TICK)


def _end_with_node(run: Run, lost: list[Outage]) -> None:
    """A container does not outlive its node: only a death that the runtime itself recorded is truer than the node's end.

    ``lost``: of its node."""
    for outage in lost:
        gone = outage.start.time
        if gone is None or not run.began_by(gone):
            continue
        if run.end.time is None or (run.end.time > gone and run.end_reason != "died"):
            run.end = Edge(gone, outage.start.earliest, outage.start.latest, outage.start.proofs, rule=_NODE_LOST)
            run.end_reason = "node-lost"
            return
