"""API documents as state: the versions of each object, and when each was written as far as that can be told.

A dump does not say when it was taken, nor a watch when a version came. What tells: the newest time in managedFields (Kubernetes
1.18+), and the resourceVersion, which orders all writes of one etcd: events on either side of it bound the moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import orjson
import polars as pl

from analyzer.lifecycle.event_table import instant, ticks
from analyzer.proof import Proof, rfc3339
from analyzer.store import Store, source_names
from analyzer.store.spilled import slices
from analyzer.vocabulary import EARLIEST, LATEST

KINDS = ("Pod", "Node", "ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "Container")
_LAST: Final = r'"kind":"Event","lastTimestamp":"([^"\\]*)"'
"""Documents are written with their keys in order: this one is the event's own. Reading each as JSON takes nine times as long."""


@dataclass(frozen=True)
class Version:
    """One version of one object. ``earliest``/``latest`` bound when it was written (None: unbounded)."""

    kind: str
    namespace: str
    name: str
    uid: str
    version: int | None
    watch: str | None
    document: dict[str, Any]
    earliest: datetime | None
    latest: datetime | None
    source: str
    line: int | None
    offset: int | None

    @property
    def meta(self) -> dict[str, Any]:
        return mapping(self.document.get("metadata"))

    @property
    def spec(self) -> dict[str, Any]:
        return mapping(self.document.get("spec"))

    @property
    def status(self) -> dict[str, Any]:
        return mapping(self.document.get("status"))

    @property
    def owner(self) -> tuple[str, str] | None:
        """KIND and NAME of the controller that made it."""
        owner = next((o for o in mappings(self.meta.get("ownerReferences")) if o.get("controller")), {})
        kind, name = owner.get("kind"), owner.get("name")
        return (kind, name) if isinstance(kind, str) and isinstance(name, str) else None

    @property
    def kubelet_wrote(self) -> datetime | None:
        """When a kubelet last wrote a part of it (managedFields, 1.18+)."""
        entries = (e for e in mappings(self.meta.get("managedFields")) if e.get("manager") == "kubelet")
        return max((t for e in entries if (t := parse_time(e.get("time"))) is not None), default=None)

    def proof(self, says: str, proves: str) -> Proof:
        text = f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name} (resourceVersion {self.version}): {says}"
        return Proof(self.earliest, self.source, self.line, self.offset, text, proves)


def mapping(value: Any) -> dict[str, Any]:
    """A part of a document, which in damaged evidence may be anything."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[str, Any]]:
    """The mappings of a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: Any) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def parse_time(text: Any) -> datetime | None:
    """RFC 3339 as the API writes it; None for null, for years that nobody means (reckoning from them would overflow), and anything else."""
    if not isinstance(text, str) or not text:
        return None
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment < LATEST else None


def versions(store: Store) -> list[Version]:
    """Each version of each object once, by kind, namespace, name, version."""
    frame = store.table("objects")
    names = source_names(store)
    clock = _clock(frame)
    chosen = (
        frame.filter(pl.col("kind").is_in(KINDS))
        .join(names, on="source_id")
        .with_columns(
            (pl.col("watch") == "DELETED").fill_null(False).alias("deleted"),
            pl.when(pl.col("resource_version").is_null()).then("document").alias("unnumbered"),
        )
        .sort("source", "record")
        .unique(
            ["kind", "k8s_namespace_name", "name", "uid", "resource_version", "unnumbered", "deleted"], keep="first", maintain_order=True
        )
    )
    found = [_version(row, clock) for row in chosen.iter_rows(named=True)]
    return sorted(found, key=lambda v: (v.kind, v.namespace, v.name, v.version or 0, v.watch == "DELETED", v.source, v.line or 0))


@dataclass(frozen=True)
class Listing:
    """One dump of pods: which it holds; it was not taken before the newest time in it, nor after one of them was written anew."""

    source: str
    pods: frozenset[tuple[str, str, str]]  # namespace, name, uid
    since: datetime
    until: datetime | None
    last: Version  # of which ``since`` is


def listings(store: Store, versions: list[Version]) -> list[Listing]:
    """Dumps of several pods with numbered versions, by time and source. A version that several dumps hold is in each of them."""
    known = {(v.namespace, v.name, v.uid, v.version): v for v in versions if v.kind == "Pod" and v.watch != "DELETED"}
    frame = (
        store.table("objects")
        .filter((pl.col("kind") == "Pod") & pl.col("watch").is_null() & pl.col("resource_version").str.contains(r"^\d{1,18}$"))
        .join(source_names(store), on="source_id")
        .select("source", "k8s_namespace_name", "name", "uid", pl.col("resource_version").cast(pl.Int64))
        .unique()
        .sort(pl.all())
    )
    numbers: dict[tuple[str, str, str], list[int]] = {}
    for namespace, name, uid, number in known:
        if number is not None:
            numbers.setdefault((namespace, name, uid), []).append(number)

    def rewritten(pod: tuple[str, str, str, int]) -> datetime | None:
        later = min((n for n in numbers.get(pod[:3], ()) if n > pod[3]), default=None)
        return known[*pod[:3], later].latest if later is not None else None

    rows: dict[str, list[tuple[str, str, str, int]]] = {}
    for source, namespace, name, uid, number in frame.iter_rows():
        rows.setdefault(source, []).append((namespace or "", name or "", uid or "", number))
    found = []
    for source, pods in rows.items():
        dated = [v for key in pods if (v := known.get(key)) is not None and v.earliest is not None]
        if len(pods) > 1 and dated:
            last = max(dated, key=lambda v: (v.earliest or datetime.min.replace(tzinfo=UTC), v.name))
            assert last.earliest is not None
            until = min((t for pod in pods if (t := rewritten(pod)) is not None), default=None)
            found.append(Listing(source, frozenset(p[:3] for p in pods), last.earliest, until, last))
    return sorted(found, key=lambda x: (x.since, x.source))


def _version(row: dict[str, Any], clock: "_Clock") -> Version:
    document = orjson.loads(row["document"])
    for entry in mappings(mapping(document.get("metadata")).get("managedFields")):
        entry.pop("fieldsV1", None)  # which fields each writer wrote: a third of what a document takes in memory, and nobody asks
    text = row["resource_version"] or ""
    version = int(text) if text.isdigit() else None
    earliest, latest = clock.bounds(version)
    written = max(_written(document), default=None)
    if written is not None and row["watch"] != "DELETED":
        earliest = written if earliest is None else max(earliest, written)
    return Version(
        kind=row["kind"],
        namespace=row["k8s_namespace_name"] or "",
        name=row["name"] or "",
        uid=row["uid"] or "",
        version=version,
        watch=row["watch"],
        document=document,
        earliest=earliest,
        latest=latest,
        source=row["source"],
        line=row["line"],
        offset=row["offset"],
    )


def _written(document: dict[str, Any]) -> Iterator[datetime]:
    meta = mapping(document.get("metadata"))
    for entry in mappings(meta.get("managedFields")):
        time = parse_time(entry.get("time"))
        if time is not None:
            yield time
    created = parse_time(meta.get("creationTimestamp"))
    if created is not None:
        yield created


class _Clock:
    """resourceVersion to time: between the events written before and after."""

    def __init__(self, points: pl.DataFrame) -> None:
        """``points``: version, time (microseconds)."""
        points = points.sort("version", "time")
        self._versions = points["version"].to_numpy()
        self._low = points["time"].cum_max().to_numpy()  # highest time so far
        self._high = points["time"].cum_min(reverse=True).to_numpy()  # lowest time from here on

    def bounds(self, version: int | None) -> tuple[datetime | None, datetime | None]:
        if version is None:
            return None, None
        before = int(np.searchsorted(self._versions, version, "right"))
        after = int(np.searchsorted(self._versions, version, "left"))
        low = instant(int(self._low[before - 1])) if before else None
        return low, instant(int(self._high[after])) if after < len(self._high) else None


def _clock(frame: pl.DataFrame) -> _Clock:
    """Events are written when they happen: their version and last time are points on etcd's clock."""
    return _Clock(pl.concat(_points(some) for some in slices(frame)))


def _points(objects: pl.DataFrame) -> pl.DataFrame:
    written = (pl.col("kind") == "Event") & (pl.col("watch").is_null() | (pl.col("watch") != "DELETED"))
    numbered = objects.filter(written).select("document", version=pl.col("resource_version").cast(pl.Int64, strict=False))
    numbered = numbered.drop_nulls("version")
    return numbered.select("version", time=moments(last_told(numbered["document"]))).drop_nulls()


def last_told(documents: pl.Series, series: str | None = None) -> pl.Series:
    """When each event last happened, as its document says. ``series``: the path that goes before, where there is a series."""
    found = documents.str.extract(_LAST)
    if series is not None:
        found = found.set(documents.str.contains('"series":{', literal=True), None)
    left = found.is_null()
    path = documents.filter(left).str.json_path_match
    paths = [*([series] if series is not None else []), "$.lastTimestamp", "$.eventTime", "$.metadata.creationTimestamp"]
    told = pl.select(pl.coalesce(path(p) for p in paths)).to_series()
    return found.scatter(left.arg_true(), told) if len(told) else found


def moments(texts: pl.Series) -> pl.Series:
    """``parse_time`` of a column, in microseconds since 1970: each text once, as most are told to the second."""
    read = {told: ticks(time) for told in texts.drop_nulls().unique() if (time := parse_time(told)) is not None}
    return texts.replace_strict(list(read), list(read.values()), default=None, return_dtype=pl.Int64)


def stamp(moment: datetime | None) -> str:
    return rfc3339(moment) or "?"
