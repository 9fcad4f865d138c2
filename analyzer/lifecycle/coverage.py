"""What the evidence covers: per node and kind of source the stretch from the first to the last line, and the holes that it tells of."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from analyzer.attribution import with_nodes
from analyzer.formats import REGISTRY
from analyzer.store import Store
from analyzer.vocabulary import EventKind, SourceStatus

Gap = tuple[datetime, datetime, str]
"""From, to, and why nothing is known of it."""


_FAMILIES = {known.name: known.family for known in REGISTRY}
_RUNTIMES = ("docker", "containerd", "cri")


def family(source_kind: str) -> str:
    """The family of a kind of source: 'runtime' for every runtime's stream of events, else as the format says."""
    known = _FAMILIES.get(source_kind, source_kind)
    return "runtime" if known in _RUNTIMES else known


@dataclass(frozen=True)
class Coverage:
    """One node's (or the cluster's: None) evidence of one kind, from its first to its last record."""

    node: str | None
    source_kind: str
    start: datetime
    end: datetime
    gaps: tuple[Gap, ...] = ()


def coverage(store: Store) -> list[Coverage]:
    """By node and format: from the first to the last line. (Of merged hosts each has its own.) API events are the cluster's."""
    sources = store.table("sources").filter(pl.col("status") == str(SourceStatus.READ)).select("source_id", "format", "start", "end")
    written = with_nodes(store.table("activity"), store, pl.lit(True)).join(sources.select("source_id", "format"), on="source_id")
    lines = written.select("node", "format", pl.col("first_time").alias("start"), pl.col("last_time").alias("end"))
    others = sources.join(written, on="source_id", how="anti").filter(pl.col("start").is_not_null())
    documents = others.select(pl.lit(None, pl.String).alias("node"), "format", "start", "end")
    frame = pl.concat([lines, documents]).group_by("node", "format").agg(pl.col("start").min(), pl.col("end").max())
    gaps = _gaps(store)
    rows = frame.select("node", "format", "start", "end").sort("node", "format", nulls_last=True).iter_rows()
    return [Coverage(node, kind, start, end, gaps.get((node, kind), ())) for node, kind, start, end in rows]


def _gaps(store: Store) -> dict[tuple[str | None, str], tuple[Gap, ...]]:
    """By node and format: stretches of which a log itself says that lines are missing, and how many."""
    told = store.table("events").filter(pl.col("kind") == str(EventKind.LOG_SUPPRESSED), pl.col("time").is_not_null())
    attributes = pl.col("attributes").str
    since = attributes.json_path_match("$.since").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    unit = attributes.json_path_match("$.unit")
    what = pl.coalesce(pl.format("{} messages", "value"), pl.lit("messages"))
    of = pl.coalesce(pl.format(" of {}", unit), pl.lit(""))
    rows = (
        with_nodes(told, store, pl.lit(True))
        .join(store.table("sources").select("source_id", "format").unique("source_id"), on="source_id")
        .select("node", "format", pl.coalesce(since, "time"), "time", pl.concat_str(what, of, pl.lit(" were suppressed")))
        .unique()
        .sort(pl.all())
    )
    found: dict[tuple[str | None, str], list[Gap]] = defaultdict(list)
    for node, known, *gap in rows.iter_rows():
        found[(node, known)].append((gap[0], gap[1], gap[2]))
    return {where: tuple(gaps) for where, gaps in found.items()}
