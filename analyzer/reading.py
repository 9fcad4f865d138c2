"""One source: framed, understood, counted, and handed to the store as one transaction."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import BinaryIO, cast

import polars as pl

from analyzer import formats, grammars
from analyzer.activity import Activity
from analyzer.ahead import ahead
from analyzer.evidence import Source
from analyzer.exceptions import SourceError
from analyzer.formats import ReadContext
from analyzer.formats.journals.journal_losses import messages
from analyzer.formats.lines import Overseen
from analyzer.formats.tables import Reject, reject_frame
from analyzer.grammars.base import one_line
from analyzer.parts import Part
from analyzer.plan import Options, Planned
from analyzer.progress import Reading
from analyzer.store import Writer, Writers
from analyzer.vocabulary import EARLIEST, LATEST, TEXT_LIMIT, SourceStatus

_ALIVE = ("journal", "klog", "container", "export", "docker", "containerd", "cri")
"""Families whose lines are signs of life of the node that they lie with: a table or an audit log is not."""

_ONE_BATCH = 4 * 1024 * 1024
"""Bytes of a source that make a batch in most formats: with nothing to come there is nothing to make ahead."""


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
    activity: Activity = field(default_factory=Activity)
    notes: dict[str, None] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    fault: str | None = None  # of the first reject
    broken: str | None = None  # why it could not be read to its end

    def note(self, batch: formats.Batch) -> None:
        """What it says was assumed or lost."""
        self.notes |= dict.fromkeys(batch.notes)
        self.lost.update(batch.lost)

    def absorb(self, other: "Tally") -> None:
        """Of the next part of the same source."""
        self.records += other.records
        self.events += other.events
        self.objects += other.objects
        self.rejected += other.rejected
        self.times(pl.Series([moment for moment in (other.start, other.end) if moment is not None]))
        self.nodes |= other.nodes
        self.activity.absorb(other.activity)
        self.notes |= other.notes
        self.lost += other.lost
        self.fault = self.fault or other.fault
        self.broken = self.broken or other.broken

    def fits(self, lines: int | None) -> bool:
        """Whether a part may be put together with the others: it was read to its end, and each of so many lines is a record (None: of
        the last part that need not be, since nothing comes after it)."""
        return self.broken is None and (lines is None or (self.records == lines and not self.rejected))

    def told(self) -> list[str]:
        """What was assumed or lost."""
        return [*self.notes, *(messages(count, how) for how, count in self.lost.items())]

    def times(self, series: pl.Series) -> None:
        if series.is_empty():
            return
        low, high = series.min(), series.max()
        if isinstance(low, datetime) and isinstance(high, datetime):
            self.start = low if self.start is None else min(self.start, low)
            self.end = high if self.end is None else max(self.end, high)


def read(planned: Planned, store: Writers, options: Options, context: ReadContext, reading: Reading) -> None:
    """One source into the store, as one transaction."""
    writer = store.writer(planned.source_id)
    tally = Tally()
    if planned.status is SourceStatus.READ and planned.format is not None:
        _fill(planned.source, planned, planned.format, context, writer, tally, reading)
    _commit(planned, options, context, writer, tally)


def read_part(planned: Planned, part: Part, store: Writers, context: ReadContext) -> tuple[Writer, Tally]:
    """A part of a source: not committed, to be sent to whoever puts them together."""
    writer = store.writer(planned.source_id)
    tally = Tally()
    if planned.format is not None:
        _fill(part.of(planned.source), planned, planned.format, context, writer, tally, Reading(None, 0), part)
    writer.flush()
    return writer, tally


class Whole:
    """A source that is put together of parts, which are added in their order: one transaction."""

    def __init__(self, planned: Planned, store: Writers) -> None:
        self._planned, self._writer, self._tally = planned, store.writer(planned.source_id), Tally()

    def add(self, part: Writer, tally: Tally) -> None:
        self._writer.absorb(part)
        self._tally.absorb(tally)

    def commit(self, options: Options, context: ReadContext) -> None:
        _commit(self._planned, options, context, self._writer, self._tally)

    def discard(self) -> None:
        self._writer.discard()


def _fill(
    source: Source,
    planned: Planned,
    known: formats.Format,
    context: ReadContext,
    writer: Writer,
    tally: Tally,
    reading: Reading,
    part: Part | None = None,
) -> None:
    """All that a source holds, or what is a part of the one that is planned."""
    try:
        with source.open() as stream:
            overseen = Overseen(stream)
            read_from = known.read(cast(BinaryIO, overseen), context)
            if part is not None:
                read_from = map(part.placed, read_from)
            batches = reading.watched(_watched(planned, read_from, tally.activity), stream)
            for batch in ahead(batches) if planned.size > _ONE_BATCH else batches:
                _take(batch, batch.family or known.family, writer, tally)
            if overseen.too_long:
                long = _passed_over(overseen)
                _take(part.placed(long) if part is not None else long, known.family, writer, tally)
    except (OSError, EOFError, SourceError, ValueError) as error:  # broken compression or archive: what came before is kept
        tally.broken = one_line(f"{source.problem or 'cannot be read to its end'}: {error}")
        tally.rejected += 1


def _commit(planned: Planned, options: Options, context: ReadContext, writer: Writer, tally: Tally) -> None:
    detail = tally.broken or planned.detail
    status = planned.status
    if status is SourceStatus.READ and planned.format is not None:
        if tally.records + tally.objects == 0:
            status = SourceStatus.FAILED if tally.rejected else SourceStatus.EMPTY
            nothing = f"recognised, but nothing in it could be read: {tally.fault}"
            detail = detail or (nothing if tally.rejected else "recognised, but it holds no record")
        elif not planned.format.dated and options.year is None:
            tally.notes = {f"its times lack the year: taken as {context.year}": None} | tally.notes
        detail = "; ".join([*([detail] if detail else []), *tally.told()]) or None
    if tally.activity.seen:
        writer.add("activity", tally.activity.frame())
        writer.add("silences", tally.activity.silences())
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


def _passed_over(stream: Overseen) -> formats.Batch:
    """A reject for each line that was too long to be read."""
    reason = "a line of {:,} bytes: longer than a record may be (--limit record=)"
    rows = [Reject(at.line, at.offset, reason.format(at.length), at.head.decode(errors="replace")) for at in stream.too_long.values()]
    return formats.Batch(rejects=reject_frame(rows))


def _watched(planned: Planned, batches: Iterator[formats.Batch], activity: Activity) -> Iterator[formats.Batch]:
    """The same batches, their writers named and their signs of life added up."""
    for batch in batches:
        records, wrong = _believed(batch.records, "raw")
        signed = _signed(replace(batch, records=records, rejects=pl.concat([batch.rejects, wrong])), planned.writer)
        if planned.format is not None and (batch.family or planned.format.family) in _ALIVE:
            activity.add(signed.records)
        yield signed


def _believed(frame: pl.DataFrame, text: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Without rows of times that nobody means, since what reckons with them would overflow; and the rejects that these become."""
    odd = ((frame["time"] < EARLIEST) | (frame["time"] >= LATEST)).fill_null(False)
    if not odd.any():
        return frame, reject_frame([])
    reason = pl.format("a time in the year {}", pl.col("time").dt.year()).alias("reason")
    return frame.filter(~odd), frame.filter(odd).select("line", "offset", reason, pl.col(text).str.head(TEXT_LIMIT).alias("raw"))


def _signed(batch: formats.Batch, writer: str | None) -> formats.Batch:
    """With the writer where the records do not name one."""
    if writer is None or batch.records.is_empty():
        return batch
    return replace(batch, records=batch.records.with_columns(pl.col("identifier").fill_null(pl.lit(writer))))


def _take(batch: formats.Batch, family: str, writer: Writer, tally: Tally) -> None:
    tally.note(batch)
    events, wrong = _believed(grammars.understand(batch, family), "text")
    rejects = pl.concat([batch.rejects, wrong])
    writer.add("records", batch.records)
    writer.add("objects", batch.objects)
    writer.add("rejects", rejects)
    writer.add("events", events)
    tally.records += batch.records.height
    tally.objects += batch.objects.height
    tally.events += events.height
    tally.rejected += rejects.height
    if tally.fault is None and rejects.height:
        tally.fault = rejects["reason"][0]
    tally.times(batch.records["time"])
    tally.times(events["time"])
    if batch.records.height:
        tally.nodes |= set(batch.records["node"].drop_nulls().unique().to_list())
