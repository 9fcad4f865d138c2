"""Holes by nature: what a runtime's stream of events, and a dump of the API's events, cannot hold; and what a stream leaves out."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.coverage_hole import Found, Hole, Where, told
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.proof import Proof
from analyzer.store import Store, source_names
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


def runtime_down(events: Iterable[Event], streams: Mapping[str, Mapping[str, str]], end: datetime) -> Found:
    """While a runtime's daemon is down it records nothing, and docker's buffer is lost with it.

    ``streams``: by node, the kinds of its runtimes' streams with their families.
    """
    stopped: dict[tuple[str, str], Event] = {}
    marks = [e for e in events if e.kind in (E.RUNTIME_STOPPED, E.RUNTIME_STARTED) and e.node in streams]
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
    events: Iterable[Event],
    streams: Mapping[str, Mapping[str, str]],
    outages: Mapping[str, Sequence[Outage]],
    downs: Sequence[tuple[Where, Hole]],
) -> Found:
    """Containers that the kubelet or the API saw start or end while the node's stream was recorded, without a word of it there."""
    heard: dict[str, list[Event]] = defaultdict(list)
    starting: dict[str, list[datetime]] = defaultdict(list)
    for event in events:
        if event.node is None or event.node not in streams:
            continue
        if event.component in RUNTIME_STREAMS:
            heard[event.node].append(event)
        elif event.kind in (E.KUBELET_STARTED, E.KUBELET_READY):
            starting[event.node].append(event.time)
    missed: dict[tuple[str, datetime, datetime], list[Proof]] = defaultdict(list)
    for run in runs:
        if run.node is None or run.node not in heard:
            continue
        stream = heard[run.node]
        for moment, proof in _not_told(run, stream, starting[run.node]):
            low, high = _around(stream, moment)
            troubled = any(
                o.start.time and o.start.time <= high and (o.end.time or high) >= low for o in outages.get(run.node, ()) if o.boot_lost
            )
            troubled |= any(where.node == run.node and hole.overlaps(low, high) for where, hole in downs)
            if low < high and not troubled:
                missed[(run.node, low, high)].append(proof)
    for (node, low, high), proofs in sorted(missed.items(), key=lambda m: m[0]):
        count = "a container" if len(proofs) == 1 else f"{len(proofs)} containers"
        why = f"others saw {count} start or end in between, and the runtime's events do not tell it: events are missing"
        settled = f"docker (or crictl) inspect of the containers of {node}, or the runtime's journal {told(low, high)}"
        for kind in streams[node]:
            yield Where(node, kind), Hole(low, high, why, "unheard", tuple(proofs[:4]), settled)


def _not_told(run: Run, stream: Sequence[Event], starting: Sequence[datetime]) -> Iterator[tuple[datetime, Proof]]:
    """When it started or ended within the stream, by others alone."""
    first, last = stream[0].time + _NEAR, stream[-1].time - _NEAR
    mine = {e.kind for e in stream if e.container_id and run.container_id.startswith(e.container_id[:12])}
    known = bool(mine & {E.CONTAINER_CREATED, E.CONTAINER_STARTED})
    if run.start.time is not None and first < run.start.time < last and not mine and run.start.proofs:
        found_late = any(s <= run.start.time <= s + _STARTING for s in starting)
        if not found_late:
            yield run.start.time, run.start.proofs[0]
    if run.end.time is not None and first < run.end.time < last and run.end_reason in ("reported", "noticed") and run.end.proofs:
        lived = known or (run.start.time is not None and run.start.time > first)
        found_late = any(s <= run.end.time <= s + _STARTING for s in starting)
        if lived and not found_late and not mine & {E.CONTAINER_DIED, E.CONTAINER_DESTROYED, E.CONTAINER_STOPPED}:
            yield run.end.time, run.end.proofs[0]


def _around(stream: Sequence[Event], moment: datetime) -> tuple[datetime, datetime]:
    """The last event before and the first one after."""
    before = [e.time for e in stream if e.time < moment - _NEAR]
    after = [e.time for e in stream if e.time > moment + _NEAR]
    return (before[-1], after[0]) if before and after else (moment, moment)


def event_ttl(store: Store, start: datetime) -> Found:
    """A dump of the API's events whose oldest is about an hour old: what was before had been forgotten when it was taken."""
    path = pl.col("document").str.json_path_match
    seen = pl.coalesce(
        path("$.series.lastObservedTime"), path("$.lastTimestamp"), path("$.eventTime"), path("$.metadata.creationTimestamp")
    )
    dumped = (
        store.table("objects")
        .filter(pl.col("kind") == "Event", pl.col("watch").is_null())
        .join(source_names(store), on="source_id")
        .join(store.table("sources").select("source_id", "format").unique("source_id"), on="source_id")
        .select(
            "source", "format", "line", "offset", "name", time=seen.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
        )
        .drop_nulls("time")
        .sort("source", "time", "line", "offset", nulls_last=True)
        .group_by("source", "format", maintain_order=True)
        .agg(pl.all().first(), newest=pl.col("time").max())
    )
    for row in dumped.iter_rows(named=True):
        if _TTL[0] <= row["newest"] - row["time"] <= _TTL[1] and start < row["time"]:
            why = "the API server forgets events after an hour: those of before were gone when this was taken"
            proof = Proof(row["time"], row["source"], row["line"], row["offset"], f"Event {row['name']}", "the oldest event that was left")
            settled = f"the audit log, a watch of the events, or the controller-manager's log {told(start, row['time'])}"
            yield Where(None, row["format"]), Hole(start, row["time"], why, "event-ttl", (proof,), settled, by_nature=True)
