"""Holes by nature: what a runtime's stream of events, and a dump of the API's events, cannot hold; and what a stream leaves out."""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.coverage_hole import Found, Hole, Where, told
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events, instant, ticks
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.lives import read
from analyzer.lifecycle.objects import last_told
from analyzer.proof import Proof
from analyzer.store import Store, source_names
from analyzer.store.spilled import slices
from analyzer.vocabulary import RUNTIME_STREAMS
from analyzer.vocabulary import EventKind as E

_REPLAYED = (64, 256)
"""So many events dockerd keeps for --since: 64 to 1.13, 256 since 17.06 (moby daemon/events)."""
_TTL = (timedelta(minutes=50), timedelta(minutes=65))
"""The API server forgets events after an hour (--event-ttl, 0.14 to 1.28), unless told otherwise."""
_NEAR = timedelta(seconds=5)
"""Clocks, relists and whole seconds: who saw a container start or end may say so this much later."""
_STARTING = timedelta(seconds=60)
"""A kubelet that began less than this ago finds what has long been there."""
_CITED = 4
_BY_OTHERS = ("reported", "noticed")
"""Reasons for an end of which the runtime did not tell."""
_NAMES = {"docker": r"(?i)docker", "containerd": r"(?i)containerd", "cri": r"(?i)cri-?o|containerd", "podman": r"(?i)podman"}


def replay_limit(lines: pl.DataFrame, begins: Mapping[str | None, datetime]) -> Found:
    """A replay of exactly as many events as dockerd keeps: those before were dropped. ``begins``: the first moment known of a node."""
    docker = lines.filter(pl.col("family") == "docker")
    counted = docker.group_by("source_id", "source", "format", "node", maintain_order=True).agg(
        pl.col("records").sum(),
        pl.col("first_time").min(),
        *(pl.col(f"first_{c}").get(pl.col("first_time").arg_min()) for c in ("line", "text")),
    )
    for row in counted.filter(pl.col("records").is_in(_REPLAYED)).sort("node", "source", nulls_last=True).iter_rows(named=True):
        since, first = begins.get(row["node"], row["first_time"]), row["first_time"]
        if since >= first:
            continue
        why = f"docker replays no more than its last {row['records']} events, and these are {row['records']}: earlier ones were dropped"
        proof = Proof(first, row["source"], row["first_line"], None, row["first_text"] or "", "the first event of the replay")
        settled = f"docker inspect of the containers of {row['node']}, or the runtime's and the kubelet's journal {told(since, first)}"
        yield Where(row["node"], row["format"]), Hole(since, first, why, "replay-limit", (proof,), settled, by_nature=True)


def begins_late(
    streams: Mapping[Where, datetime],
    begins: Mapping[str | None, datetime],
    outages: Mapping[str, Sequence[Outage]],
    replayed: Container[Where],
) -> Found:
    """A stream of events that begins only after an outage of its node's kubelet: what ran meanwhile it cannot tell.

    ``streams``: their first moments, by node and kind. ``replayed``: those of which it is known why.
    """
    for where, first in streams.items():
        since = begins[where.node]
        away = [o for o in outages.get(where.node or "", ()) if o.start.time is not None and since <= o.start.time < first - _NEAR]
        if away and where not in replayed:
            late = (first - since).total_seconds()
            why = f"the first of the runtime's events comes {late:.0f} s after the node's other evidence, whose kubelet was down before;"
            why += " whether they were recorded by then is not known"
            settled = f"docker (or crictl) inspect of the containers of {where.node}, or the runtime's journal {told(since, first)}"
            yield where, Hole(since, first, why, "begins-late", away[0].start.proofs, settled)


def runtime_down(events: Events, streams: Mapping[str, Mapping[str, str]], end: datetime) -> Found:
    """While a runtime's daemon is down it records nothing, and docker's buffer is lost with it.

    ``streams``: by node, the kinds of its runtimes' streams with their families.
    """
    stopped: dict[tuple[str, str], Event] = {}
    marks = [e for e in events.of(E.RUNTIME_STOPPED, E.RUNTIME_STARTED) if e.node in streams]
    for event in marks:
        assert event.node is not None
        for kind, family in streams[event.node].items():
            if not re.search(_NAMES.get(family, "$^"), event.message):
                continue
            if event.kind is E.RUNTIME_STOPPED:
                stopped.setdefault((event.node, kind), event)
            elif (event.node, kind) in stopped:
                yield Where(event.node, kind), _down(stopped.pop((event.node, kind)), event, family, end)
    for (node, kind), event in stopped.items():
        yield Where(node, kind), _down(event, None, streams[node][kind], end)


def _down(stop: Event, start: Event | None, family: str, end: datetime) -> Hole:
    until = start.time if start is not None else end
    proofs = (stop.proof("the runtime's daemon ended"), *([start.proof("it started again")] if start is not None else []))
    why = f"{family} was down, and did not record what ended meanwhile"
    settled = f"{family} inspect of the containers of {stop.node} (their State), or the kernel's log {told(stop.time, until)}"
    return Hole(stop.time, until, why, "runtime-down", proofs, settled, by_nature=True)


def unheard(
    runs: Iterable[Run],
    events: Events,
    streams: Mapping[str, Mapping[str, str]],
    outages: Mapping[str, Sequence[Outage]],
    downs: Sequence[tuple[Where, Hole]],
) -> Found:
    """Containers that the kubelet or the API saw start or end while the node's stream was recorded, without a word of it there."""
    heard = _heard(events, streams)
    missed: dict[tuple[str, int], list[Proof]] = defaultdict(list)
    doubted = [(run, run.node, heard[run.node]) for run in runs if run.node in heard and heard[run.node].may_lack(run)]
    read(run for run, _, _ in doubted)
    for run, node, stream in doubted:
        for moment, proof in stream.untold(run):
            missed[(node, stream.step(moment))].append(proof)
    for (node, step), proofs in sorted(missed.items(), key=lambda m: m[0]):
        before, after = heard[node].events[step : step + 2]
        low, high = before.time, after.time
        lost = any(o.boot_lost and o.start.time and o.start.time <= high and (o.end.time or high) >= low for o in outages.get(node, ()))
        if lost or any(where.node == node and hole.overlaps(low, high) for where, hole in downs):
            continue
        count = "a container" if len(proofs) == 1 else f"{len(proofs)} containers"
        why = f"others saw {count} start or end in between, and the runtime's events do not tell it: events are missing"
        settled = f"docker (or crictl) inspect of the containers of {node}, or the runtime's journal {told(low, high)}"
        edges = before.proof("the last event before"), after.proof("the first event after")
        for kind in streams[node]:
            yield Where(node, kind), Hole(low, high, why, "unheard", (edges[0], *proofs[:_CITED], edges[1]), settled)


def _heard(events: Events, streams: Container[str]) -> "dict[str, _Stream]":
    """By node, where its runtime's stream told anything."""
    mine = events.told_by(*RUNTIME_STREAMS)
    told = {node: some for node, some in events.where(mine).by_node().items() if node in streams}
    starting = events.where(~mine & events.are(E.KUBELET_STARTED, E.KUBELET_READY)).by_node()
    made = _containers(events.where(mine & events.are(E.CONTAINER_CREATED, E.CONTAINER_STARTED)))
    ended = _containers(events.where(mine & events.are(E.CONTAINER_DIED, E.CONTAINER_DESTROYED, E.CONTAINER_STOPPED)))
    return {node: _Stream(some, starting.get(node), made[node], ended[node]) for node, some in told.items()}


def _containers(events: Events) -> dict[str, set[str]]:
    """Of which containers some events of each node are."""
    found: dict[str, set[str]] = defaultdict(set)
    named = events.columns("node", "container_id").drop("row").drop_nulls().unique()
    for node, ids in named.group_by("node").agg("container_id").iter_rows():
        found[node] = set(ids)
    return found


class _Stream:
    """What a node's runtime told: in all, and which containers it made and saw end (by id, of 64 or 12 digits)."""

    def __init__(self, events: Events, starting: Events | None, made: set[str], ended: set[str]) -> None:
        self.events = events
        self.times = events.times
        self._made, self._ended = made, ended
        self._starting = starting  # when its kubelet began
        self._first, self._last = instant(int(self.times[0])) + _NEAR, instant(int(self.times[-1])) - _NEAR

    def may_lack(self, run: Run) -> bool:
        """Whether others alone may have told that it started or ended within the stream."""
        begun = run.start.time is None or self._first < run.start.time < self._last
        ended = run.end_reason in _BY_OTHERS and run.end.time is not None and self._first < run.end.time < self._last
        return (begun and not self._tells_of(run)) or ended

    def _tells_of(self, run: Run) -> bool:
        return run.container_id in self._made or run.container_id[:12] in self._made

    def untold(self, run: Run) -> Iterator[tuple[datetime, Proof]]:
        """When a container started or ended within the stream, by others alone, and who says so."""
        made = self._tells_of(run)
        first, last = self._first, self._last
        start, end = run.start, run.end
        seen = next((n for n in run.noticed if n.kind is E.CONTAINER_SEEN_RUNNING), None)
        began = start.time or (seen.time if seen is not None else None)
        proofs = start.proofs or ((seen.proof("the kubelet saw it begin to run"),) if seen is not None else ())
        if began is not None and first < began < last and not made and proofs and not self._found_late(run, began):
            yield began, proofs[0]
        if end.time is not None and first < end.time < last and run.end_reason in _BY_OTHERS and end.proofs:
            known = made or (start.time is not None and start.time > first)
            stopped = any(k.kind is E.CONTAINER_KILLING for k in run.kills)
            ended = run.container_id in self._ended or run.container_id[:12] in self._ended
            if not ended and (stopped or (known and not self._found_late(run, end.time))):
                yield end.time, end.proofs[0]

    def _found_late(self, run: Run, moment: datetime) -> bool:
        """What the kubelet notices right after its own start may be old."""
        if self._starting is None or not any(n.time == moment for n in run.noticed):
            return False
        at = int(np.searchsorted(self._starting.times, ticks(moment), "right"))
        return at > 0 and moment - self._starting[at - 1].time <= _STARTING

    def step(self, moment: datetime) -> int:
        """The longest step between events in which it may have been, or shortly after which it was noticed: where that begins."""
        low, high = np.searchsorted(self.times, ticks(moment - _NEAR), "left"), np.searchsorted(self.times, ticks(moment), "right")
        return max(range(max(int(low), 1), min(int(high), len(self.times) - 1) + 1), key=lambda n: self.times[n] - self.times[n - 1]) - 1


def event_ttl(store: Store, start: datetime) -> Found:
    """A dump of the API's events whose oldest is about an hour old: what was before had been forgotten when it was taken."""
    dumped = (
        pl.concat(_oldest(some) for some in slices(store.table("objects")))
        .join(source_names(store), on="source_id")
        .join(store.table("sources").select("source_id", "format").unique("source_id"), on="source_id")
        .with_columns(newest=pl.col("newest").max().over("source", "format"))
        .filter(pl.col("time") == pl.col("time").min().over("source", "format"))
        .sort("source", "time", "line", "offset", nulls_last=True)
        .unique(["source", "format"], keep="first", maintain_order=True)
    )
    for row in dumped.iter_rows(named=True):
        if _TTL[0] <= row["newest"] - row["time"] <= _TTL[1] and start < row["time"]:
            why = "the API server forgets events after an hour: those of before were gone when this was taken"
            proof = Proof(row["time"], row["source"], row["line"], row["offset"], f"Event {row['name']}", "the oldest event that was left")
            settled = f"the audit log, a watch of the events, or the controller-manager's log {told(start, row['time'])}"
            yield Where(None, row["format"]), Hole(start, row["time"], why, "event-ttl", (proof,), settled, by_nature=True)


def _oldest(objects: pl.DataFrame) -> pl.DataFrame:
    """Of some objects the oldest events that each source dumped, with the ``newest`` one's time."""
    documents = objects.filter(pl.col("kind") == "Event", pl.col("watch").is_null())
    seen = last_told(documents["document"], "$.series.lastObservedTime")
    time = seen.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    dated = documents.select("source_id", "line", "offset", "name", time=time).drop_nulls("time")
    newest = pl.col("time").max().over("source_id")
    return dated.with_columns(newest=newest).filter(pl.col("time") == pl.col("time").min().over("source_id"))
