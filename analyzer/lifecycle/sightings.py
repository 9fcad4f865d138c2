"""Sightings of one happening by two clocks: a node's own (its journal, its runtime's events) and the API server's.

What the API did before the node could (bound a pod, made it, marked it) and what the node did before the API could tell of it (started
a container, started its kubelet). The API server's own clock stamps an event's creation, objects and their managedFields; an event's
first and last time are the sender's, for a kubelet's events those of its node.

All of it are columns: of millions of sightings two to a clock are cited. Times and lengths are microseconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
import polars.selectors as cs

from analyzer.lifecycle.event_table import Events, instant, ticks
from analyzer.lifecycle.objects import Version, mapping, mappings, moments, parse_time, text
from analyzer.lifecycle.pairs import Pairs
from analyzer.lifecycle.told_pods import NAME, NAMESPACE, NO_UIDS, ToldPods, not_empty, stretched
from analyzer.proof import Proof
from analyzer.store.spilled import Frames, gathered, stretches
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS
from analyzer.vocabulary import EventKind as E

_SECOND: Final = 1_000_000
_SOON: Final = 2 * _SECOND
"""What follows at once does so within this, on a node that is not overloaded."""
_LATER: Final = 10 * _SECOND
"""A pod is scheduled, and its sandbox made, within this of its creation, if nothing is in the way."""
_FIRST_ROUND: Final = 15 * _SECOND
"""Within this of its start a kubelet has heard of all the pods that it had before."""
_SLACK: Final = _SECOND // 5
"""Who did a thing tells of it just after: a kubelet may hear that a pod is bound before the scheduler has said so."""
_STARTS: Final = (E.KUBELET_STARTED, E.KUBELET_READY)
_OWN: Final = (E.POD_ADDED, E.POD_DELETE_SEEN, E.CONTAINER_KILLING, E.CONTAINER_CREATED, E.CONTAINER_STARTED, E.KUBELET_READY)
"""What is read of a node's lines."""
_ASKED: Final = (E.POD_EVICTED, E.POD_DELETED, E.POD_DELETE_ASKED)
LOCAL: Final = (*RUNTIME_STREAMS, RUNTIME_LOG, "systemd", "runtime-unit", "kubelet", "journald")
"""Components whose lines bear the clock of the node that they are of."""
_VERSIONS: Final = 1 << 40
"""Rows from here on are of versions of objects, not of events."""
_ORDER: Final = ("time", "source", "place")
_COLUMNS: Final = (
    *("kind", "component", "source", "node", "k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid", "k8s_container_name"),
    *("container_id", "time", "resolution_us", "line", "offset", "attributes"),
)


def _is(*kinds: E) -> pl.Expr:
    return pl.col("kind").is_in([str(kind) for kind in kinds])


def _whose(name: str | pl.Expr, where: pl.Expr) -> pl.Expr:
    return pl.when(where).then(name)


_NOBODY = pl.lit(None, pl.String)
_NEW = _is(E.POD_ADDED) & (pl.col("since_start") > _FIRST_ROUND).fill_null(True)  # before that it tells of the pods that there are
_BEGAN = _is(E.CONTAINER_STARTED) & pl.col("component").is_in(RUNTIME_STREAMS)
_OF_KUBELET = _is(E.NODE_KUBELET_STARTING) & pl.col("node").is_not_null()
_SENT = pl.col("created").is_not_null() & ~(_is(E.POD_SCHEDULED) & pl.col("pod").is_not_null())


@dataclass(frozen=True)
class _Sort:
    """A sort of happening. ``shown``, ``known``: whose it is (a pod's uid, a container, a node) where a line of the node's, an event of
    the API tells of it. ``sent``: the API knows when the kubelet's event of it was created. ``lag``: within it one follows the other;
    ``usual``: how far the sharpest of several upper bounds is from the truth."""

    lag: int
    shown: pl.Expr = _NOBODY
    known: pl.Expr = _NOBODY
    sent: bool = False
    api_first: bool = False
    usual: int | None = None
    first_shown: bool = False  # of what the node tells, the first alone
    first_known: bool = False  # of what the API tells, the first alone
    loose: bool = False  # it bounds nothing


_SORTS: Final = {
    # scheduled, and heard of by the kubelet
    "bound": _Sort(_SOON, _whose("pod", _NEW), _whose("pod", _is(E.POD_SCHEDULED)), api_first=True, usual=_SLACK),
    # made in the API or scheduled, and its first container made
    "made": _Sort(_LATER, _whose("uid", _is(E.CONTAINER_CREATED)), _whose("pod", _is(E.POD_SCHEDULED)), api_first=True, first_shown=True),
    # asked to be deleted, and heard of by the kubelet
    "marked": _Sort(
        _SOON,
        _whose("pod", _is(E.POD_DELETE_SEEN)),
        _whose("pod", _is(*_ASKED) & ~pl.col("by_kubelet")),
        api_first=True,
        usual=_SLACK,
    ),
    # heard of by the kubelet, and its first event there
    "begun": _Sort(_SOON, _whose("pod", _NEW), _whose("pod", _SENT & ~_OF_KUBELET), sent=True, first_known=True),
    # a container started, and the event of it
    "started": _Sort(
        _SOON,
        _whose(pl.concat_str("uid", "container", separator="/"), _BEGAN),
        _whose(pl.concat_str("pod", "container", separator="/"), _SENT & _is(E.POD_CONTAINER_STARTED)),
        sent=True,
    ),
    # a container started, and the pod's status with it
    "running": _Sort(_LATER, _whose(pl.col("id").str.head(12), _BEGAN), first_known=True),
    # the kubelet started, and the event of it
    "kubelet": _Sort(_SOON, _whose("node", _is(E.KUBELET_READY)), _whose("node", _SENT & _OF_KUBELET), sent=True),
    # a kubelet tells that it kills only when a hook has run, up to the grace period later
    "killed": _Sort(
        _SOON, _whose("pod", _is(E.CONTAINER_KILLING)), _whose("pod", _SENT & _is(E.POD_CONTAINER_KILLING)), sent=True, loose=True
    ),
}
_HALF: Final = {
    "whose": pl.String(),
    "row": pl.Int64(),
    "node": pl.String(),
    "time": pl.Int64(),
    "low": pl.Int64(),
    "high": pl.Int64(),
    "source": pl.String(),
    "place": pl.Int64(),
}
"""One side of a pair: from the earliest to the latest moment that it may mean, by its own clock."""
Written = tuple[str, str, int, int, Proof]
"""What the version of an object tells: sort, whose, earliest, latest moment."""


def pairs(events: Events, versions: list[Version]) -> Pairs:
    """All candidates, of which those that belong together agree on the offset."""
    own = events.told_by(*LOCAL)
    mine = own & events.are(*_STARTS, *_OWN) & events.having("node")
    if not mine.any() or (own.all() and not versions):
        return Pairs.none()
    told = events.where(mine)
    pods = ToldPods.of(told, events, versions)
    uids = pods.uids()
    shown = _shown(told, uids)
    others = events.where(~own)
    rows = np.union1d(pods.rows(others), others.where(others.are(E.NODE_KUBELET_STARTING)).rows)
    known = _known(events.at(rows), uids, shown)
    written = [half for version in versions for half in _written(version)]
    of_versions = _as_halves(written)

    def cited(pair: dict[str, Any]) -> tuple[Proof, ...]:
        sort, at = _SORTS[pair["sort"]], pair["row_known"]
        here = _proof(events, pair["row"], "by the node's clock")
        if at >= _VERSIONS:
            there = written[at - _VERSIONS][-1]
        else:
            sent = f"created by the API's clock at {instant(pair['low_known']):%H:%M:%S}Z"
            there = _proof(events, at, sent if sort.sent else "by the API's clock")
        return (there, here) if sort.api_first else (here, there)

    return Pairs.of(pl.concat(_paired(name, sort, shown[name], known[name], of_versions) for name, sort in _SORTS.items()), cited)


def reported(events: Events) -> Pairs:
    """The same for what kubelets report to the API: their clock's reading against the creation of the event there."""
    told = events.by("api")
    node, source = (pl.Enum(told.column(name).drop_nulls().unique().sort()) for name in ("node", "source"))
    lengths, names = Frames(), []
    for each in stretched(told):
        some = _reported(each).cast({"node": node, "source": source})
        lengths.add(some.select(cs.integer()))
        lengths.spill()
        names.append(some.select(cs.enum()))
    numbers = pl.concat(lengths.all)
    found = gathered({column.name: (column, None) for column in numbers}).with_columns(pl.concat(names).get_columns()).rechunk()
    found = found.with_columns(source_known="source", place_known="place", low="least", high="most")

    def cited(pair: dict[str, Any]) -> tuple[Proof, ...]:
        return _proof(events, pair["row"], "by the kubelet's clock"), _proof(events, pair["row"], "its creation")

    return Pairs.of(found, cited)


def _reported(told: Events) -> pl.DataFrame:
    """Pairs of the two times of a kubelet's event, as far as they are its own: there may be millions."""
    some = _read(told, NO_UIDS).drop_nulls(["node", "created"])
    known = some.select(row_known="row", low_known="created", high_known=pl.col("created") + _SECOND)
    both = _bounded(pl.concat([some.with_columns(whose=pl.lit("")).select(*_HALF), known], how="horizontal"), "reported", _Sort(_SOON))
    lean = pl.Schema({"sort": pl.Enum(["reported"]), "whose": pl.Enum([""]), "row": pl.UInt32(), "row_known": pl.UInt32()})
    soon = pl.lit(_SOON, pl.Int32)  # events are sent at once, but while the API cannot be reached
    kept = ("sort", "whose", "row", "row_known", "node", "source", "place", "moment", "least", "most", "low_known")
    return both.select(*kept, lag=soon).cast(lean)


def _proof(events: Events, row: int, proves: str) -> Proof:
    return events.at(np.array([row]))[0].proof(proves)


def _shown(events: Events, uids: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What a node's clock tells of each sort, as halves."""
    began = pl.when(_is(*_STARTS)).then("time").forward_fill().over("node")  # the latest start of the node's kubelet
    since = events.columns("kind", "node", "time").select(since_start=(pl.col("time") - began))
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in _SORTS}
    for here in stretches(len(events)):
        read = _read(events.at(events.rows[here]), uids).with_columns(since[here])
        for name, sort in _SORTS.items():
            found[name].append(_halves(read, sort.shown))
    return {name: pl.concat(halves) for name, halves in found.items()}


def _known(events: Events, uids: pl.DataFrame, shown: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """What the API's tells of what a node's tells of, too."""
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in _SORTS}
    for some in stretched(events):
        read = _read(some, uids)
        for name, sort in _SORTS.items():
            times = {"low": pl.col("created"), "high": pl.col("created") + _SECOND - 1} if sort.sent else {}
            halves = _halves(read, sort.known, **times)
            found[name].append(halves.join(shown[name], on="whose", how="semi", maintain_order="left"))
    return {name: pl.concat(halves) for name, halves in found.items()}


def _halves(read: pl.DataFrame, whose: pl.Expr, **times: pl.Expr) -> pl.DataFrame:
    return read.with_columns(whose=whose).drop_nulls("whose").with_columns(**times).select(*_HALF)


def _read(events: Events, uids: pl.DataFrame) -> pl.DataFrame:
    """Events as halves, with ``pod``, whose uid another line may tell, and ``created``: of a kubelet's event, when the API made it."""
    told = events.columns(*_COLUMNS)
    attribute = told["attributes"].str.json_path_match
    by_kubelet = (attribute("$.reporter") == "kubelet").fill_null(False)
    return (
        told.select(
            "row",
            "kind",
            "component",
            "source",
            NAMESPACE,
            NAME,
            node=not_empty("node"),
            uid=not_empty("k8s_pod_uid"),
            container=not_empty("k8s_container_name"),
            id=not_empty("container_id"),
            time=pl.col("time").to_physical(),
            low=pl.col("time").to_physical(),
            high=pl.col("time").to_physical() + (pl.col("resolution_us").fill_null(1) - 1).clip(0),
            place=pl.coalesce("line", -1 - pl.col("offset")),
            by_kubelet=by_kubelet,
            created=moments(attribute("$.created").set(~by_kubelet, None)),
        )
        .join(uids, on=["namespace", "name"], how="left", maintain_order="left")
        .with_columns(pod=pl.coalesce("uid", "known"))
    )


def _written(version: Version) -> Iterator[Written]:
    """What pod objects tell: when the API server made the pod, and by when it knew of a container that runs."""
    if version.kind != "Pod" or not version.uid:
        return
    created = parse_time(version.meta.get("creationTimestamp"))
    if created is not None:
        proof = version.proof(f"creationTimestamp {created:%Y-%m-%dT%H:%M:%SZ}", "by the API's clock")
        yield "made", version.uid, ticks(created), ticks(created) + _SECOND - 1, proof
    latest = version.kubelet_wrote
    if latest is None:
        return
    for entry in mappings(version.status.get("containerStatuses")):
        identity = (text(entry.get("containerID")) or "").rpartition("/")[2]
        if identity and mapping(mapping(entry.get("state")).get("running")):
            proof = version.proof(f"the kubelet wrote at {latest:%Y-%m-%dT%H:%M:%SZ} that {identity[:12]} runs", "by the API's clock")
            yield "running", identity[:12], ticks(latest), ticks(latest) + _SECOND - 1, proof


def _as_halves(written: list[Written]) -> pl.DataFrame:
    rows = [
        (sort, whose, _VERSIONS + n, None, proof.time and ticks(proof.time), low, high, proof.source, _place(proof))
        for n, (sort, whose, low, high, proof) in enumerate(written)
    ]
    return pl.DataFrame(rows, schema={"sort": pl.String(), **_HALF}, orient="row")


def _place(proof: Proof) -> int | None:
    return proof.line if proof.line is not None or proof.offset is None else -1 - proof.offset


def _paired(name: str, sort: _Sort, shown: pl.DataFrame, known: pl.DataFrame, written: pl.DataFrame) -> pl.DataFrame:
    own, api = shown, pl.concat([known, written.filter(pl.col("sort") == name).select(*_HALF)])
    if sort.first_shown:
        own = own.sort("low", *_ORDER, nulls_last=True, maintain_order=True).unique("whose", keep="first", maintain_order=True)
    if sort.first_known:
        api = api.sort("high", *_ORDER, nulls_last=True, maintain_order=True).unique("whose", keep="first", maintain_order=True)
    return _bounded(own.join(api, on="whose", suffix="_known"), name, sort)


def _bounded(both: pl.DataFrame, name: str, sort: _Sort) -> pl.DataFrame:
    """``both``: the node's half, and the API's with names that end in _known."""
    behind, ahead = (sort.lag, _SLACK) if sort.api_first else (_SLACK, sort.lag)
    nothing = pl.lit(None, pl.Int64)
    return both.with_columns(
        sort=pl.lit(name), least=pl.col("low") - pl.col("high_known") - behind, most=pl.col("high") - pl.col("low_known") + ahead
    ).with_columns(
        moment="low",
        low=nothing if sort.api_first or sort.loose else pl.col("least"),
        high=pl.col("most") if sort.api_first and not sort.loose else nothing,
        lag=pl.lit(sort.usual, pl.Int64),
    )


def written_by(events: Events) -> dict[str, str]:
    """By source that one node's own components wrote: the node."""
    told = events.where(events.told_by(*LOCAL)).columns("source", "node").drop("row").drop_nulls().unique()
    return dict(told.filter(pl.len().over("source") == 1).iter_rows())
