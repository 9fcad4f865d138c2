"""Evidence in, tables out: each source is recognised, framed, understood and committed, one after the other.

The result does not depend on the order in which files are met: what a source lacks (the year) is settled over all first.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from analyzer import attribution, formats, grammars
from analyzer.evidence import Source, digest, walk
from analyzer.exceptions import EvidenceError, SourceError
from analyzer.formats import HEAD, Format, ReadContext
from analyzer.grammars.base import one_line
from analyzer.store import Store
from analyzer.vocabulary import ACTIVITY, SourceStatus

_ALIVE = ("journal", "klog", "docker", "containerd")
"""Families whose lines are signs of life of the node that they lie with: a table or an audit log is not."""
_PACE = 12
"""So many of a writer's last moments show how long it is usually quiet."""

Progress = Callable[[str, int, int], None]
"""Called with a source's name, its ordinal and their number."""


@dataclass(frozen=True)
class Options:
    """What the user says of the evidence: overrides of what is inferred."""

    node: str | None = None
    format: str | None = None
    zone: tzinfo | None = None
    year: int | None = None


@dataclass
class Planned:
    """A source before it is read."""

    source: Source
    sha256: str
    size: int
    format: Format | None
    status: SourceStatus
    detail: str | None = None
    duplicate_of: str | None = None
    known: bool = False

    @property
    def source_id(self) -> str:
        return self.sha256[:16]


@dataclass
class Tally:
    """What ``read`` counted of one source."""

    records: int = 0
    events: int = 0
    objects: int = 0
    rejected: int = 0
    start: datetime | None = None
    end: datetime | None = None
    nodes: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    def times(self, series: pl.Series) -> None:
        low, high = series.min(), series.max()
        if isinstance(low, datetime) and isinstance(high, datetime):
            self.start = low if self.start is None else min(self.start, low)
            self.end = high if self.end is None else max(self.end, high)


def ingest(paths: Sequence[str | Path], store: Store, options: Options | None = None, progress: Progress | None = None) -> int:
    """Read all evidence under ``paths`` into ``store``; returns how many sources were new.

    Raises EvidenceError where there is nothing usable, neither new nor in the store already.
    """
    options = options or Options()
    known = store.table("sources")
    found = make_plan(paths, options, known)
    plan = [p for p in found if not p.known]
    context = ReadContext(options.year or _year(plan, known), options.zone or UTC, options.zone is not None)
    for ordinal, planned in enumerate(plan):
        if progress:
            progress(planned.source.name, ordinal, len(plan))
        read(planned, store, options, context)
    sources = store.table("sources")
    if not (sources["status"] == SourceStatus.READ).any():
        raise EvidenceError(_nothing_usable(paths, sources))
    stated = {p.source_id: options.node for p in found} if options.node else {}
    store.settle("attributions", lambda: attribution.attribute(store, stated))  # also after an ingest that was cut off before
    return len(plan)


def make_plan(paths: Sequence[str | Path], options: Options, known: pl.DataFrame) -> list[Planned]:
    """All sources, in the order of names; ``known``: the store already has them."""
    have = set(zip(known["source"].to_list(), known["sha256"].to_list(), strict=True))
    original = known.filter(pl.col("status") != str(SourceStatus.DUPLICATE))
    first = dict(zip(original["sha256"].to_list(), original["source"].to_list(), strict=True))
    plan: list[Planned] = []
    for source in walk(paths):
        planned = _plan_one(source, options)
        planned.known = (source.name, planned.sha256) in have
        if planned.size and planned.sha256 in first and not planned.known:
            planned.status, planned.duplicate_of = SourceStatus.DUPLICATE, first[planned.sha256]
            planned.detail = f"the same bytes as {planned.duplicate_of}"
        first.setdefault(planned.sha256, source.name)
        plan.append(planned)
    return plan


def _plan_one(source: Source, options: Options) -> Planned:
    try:
        sha256, size = digest(source)
        with source.open() as stream:
            head = stream.read(HEAD)
    except (OSError, EOFError, SourceError, ValueError) as error:
        return Planned(source, "", 0, None, SourceStatus.FAILED, detail=one_line(source.problem or str(error)))
    if not size:
        return Planned(source, sha256, 0, None, SourceStatus.EMPTY, detail=source.problem)
    chosen = formats.named(options.format) if options.format else formats.detect(head, source.name)
    if chosen is None:
        status = SourceStatus.FAILED if source.problem else SourceStatus.UNRECOGNISED
        return Planned(source, sha256, size, None, status, detail=source.problem or _guess(head))
    return Planned(source, sha256, size, chosen, SourceStatus.READ, detail=source.problem)


def _guess(head: bytes) -> str:
    """A word on what a source that no format knows might be, so that the user need not look."""
    if b"\0" in head[:4096]:
        return "binary data"
    return "text of no known format"


def _year(plan: list[Planned], known: pl.DataFrame) -> int:
    """The year for formats that write none: that of the latest dated record at the beginning of any other source."""
    latest: list[datetime] = [end for end in known["end"].to_list() if end is not None]
    context = ReadContext(datetime.now(UTC).year)
    undated = any(p.format is not None and not p.format.dated for p in plan)
    for planned in plan if undated else []:
        if planned.format is None or not planned.format.dated or planned.status is not SourceStatus.READ:
            continue
        with planned.source.open() as stream:
            begun = _first_times(planned.format, io.BytesIO(stream.read(HEAD)), context)
        if not begun:  # a binary journal's tables alone are longer than that
            with planned.source.open() as stream:
                begun = _first_times(planned.format, stream, context)
        latest += begun
    return max(latest).year if latest else datetime.now(UTC).year


def _first_times(known: Format, stream: BinaryIO, context: ReadContext) -> list[datetime]:
    """The latest time in the first batch that has any."""
    for batch in known.read(stream, context):
        moments = [batch.records["time"].max(), grammars.understand(batch, known.family)["time"].max()]
        found = [m for m in moments if isinstance(m, datetime)]
        if found:
            return found
    return []


def read(planned: Planned, store: Store, options: Options, context: ReadContext) -> None:
    """One source into the store, as one transaction."""
    writer = store.writer(planned.source_id)
    tally = Tally()
    detail = planned.detail
    status = planned.status
    if status is SourceStatus.READ and planned.format is not None:
        try:
            with planned.source.open() as stream:
                for batch in planned.format.read(stream, context):
                    _take(batch, planned.format, writer, tally)
        except (OSError, EOFError, SourceError, ValueError) as error:  # broken compression or archive: what came before is kept
            detail = one_line(f"{planned.source.problem or 'cannot be read to its end'}: {error}")
            tally.rejected += 1
        if tally.records + tally.objects == 0:
            status = SourceStatus.FAILED if tally.rejected else SourceStatus.EMPTY
            detail = detail or ("recognised, but nothing in it could be read" if tally.rejected else "recognised, but it holds no record")
        else:
            lacks_year = not planned.format.dated and options.year is None
            assumed = [f"its times lack the year: taken as {context.year}"] if lacks_year else []
            detail = detail or "; ".join([*assumed, *dict.fromkeys(tally.notes)]) or None
    node = options.node or (next(iter(tally.nodes)) if len(tally.nodes) == 1 else None)
    writer.commit(
        {
            "source_id": planned.source_id or f"unread-{planned.source.name}",
            "source": planned.source.name,
            "root": planned.source.root,
            "sha256": planned.sha256,
            "size": planned.size,
            "format": planned.format.name if planned.format else None,
            "status": str(status),
            "detail": detail,
            "node": node,
            "records": tally.records,
            "events": tally.events,
            "objects": tally.objects,
            "rejected": tally.rejected,
            "start": tally.start,
            "end": tally.end,
        }
    )


def _take(batch: formats.Batch, known: Format, writer: Any, tally: Tally) -> None:
    events = grammars.understand(batch, known.family)
    writer.add("records", batch.records)
    writer.add("objects", batch.objects)
    writer.add("rejects", batch.rejects)
    writer.add("events", events)
    if known.family in _ALIVE:
        writer.add("activity", _activity(batch.records))
    tally.records += batch.records.height
    tally.objects += batch.objects.height
    tally.events += events.height
    tally.rejected += batch.rejects.height
    tally.times(batch.records["time"])
    tally.times(events["time"])
    tally.notes += batch.notes
    tally.nodes |= set(batch.records["node"].drop_nulls().unique().to_list())


def _activity(records: pl.DataFrame) -> pl.DataFrame:
    """Who wrote in this batch, from when to when (ACTIVITY without source_id)."""
    timed = records.filter(pl.col("time").is_not_null())
    by = ["node", "identifier", "pid", "boot_id"]
    first, last = pl.col("time").arg_min(), pl.col("time").arg_max()
    text = pl.coalesce("message", "raw").str.slice(0, 500)
    return (
        timed.group_by(by, maintain_order=True)
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.col("time").min().alias("first_time"),
            pl.col("line").get(first).alias("first_line"),
            text.get(first).alias("first_text"),
            pl.col("time").max().alias("last_time"),
            pl.col("line").get(last).alias("last_line"),
            text.get(last).alias("last_text"),
            pl.col("resolution_us").max(),
            pl.col("time").unique().sort().tail(_PACE).diff().max().dt.total_microseconds().alias("pace_us"),
        )
        .select([c for c in ACTIVITY if c != "source_id"])
    )


def _nothing_usable(paths: Sequence[str | Path], sources: pl.DataFrame) -> str:
    where = " ".join(str(p) for p in paths) or "the store"
    if sources.is_empty():
        return f"{where}: no files there (give a folder, archive or file with kubelet journals, docker events or kubectl dumps)"
    reasons = sources.group_by("status").len().sort("status")
    counted = ", ".join(f"{n} {status}" for status, n in reasons.iter_rows())
    detail = sources["detail"].drop_nulls().to_list()
    hint = f"; e.g. {sources['source'][0]}: {detail[0]}" if detail else ""
    return f"{where}: no usable evidence in {sources.height} file(s) ({counted}{hint}); podopsy inspect lists them"
