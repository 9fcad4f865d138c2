"""Evidence in, tables out: each source is recognised, framed, understood and committed, one after the other.

The result does not depend on the order in which files are met: what a source lacks (the year, the moment of its capture) is told by
those that are read before it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import polars as pl

from analyzer import attribution
from analyzer.evidence.capture import CAPTURE_NAMES, captured
from analyzer.exceptions import EvidenceError
from analyzer.formats import ReadContext, capture_time
from analyzer.plan import Options, Planned, make_plan
from analyzer.progress import Progress, Reading
from analyzer.reading import read
from analyzer.store import Store, Target
from analyzer.vocabulary import SourceStatus
from analyzer.workers import Workers


def ingest(paths: Sequence[str | Path], store: Target, options: Options | None = None, progress: Progress | None = None) -> int:
    """Read all evidence under ``paths`` into ``store``; returns how many sources were new.

    Raises EvidenceError where there is nothing usable, neither new nor in the store already.
    """
    options = options or Options()
    known = store.table("sources")
    found = make_plan(paths, options, known)
    if store.mend({p.source_id for p in found if p.known}):
        found = make_plan(paths, options, store.table("sources"))
    plan = sorted((p for p in found if not p.known), key=lambda p: p.phase)
    reading = Reading(progress, sum(p.size for p in plan))
    with Workers(plan, store, options) as workers:
        for phase, of_phase in groupby(plan, key=lambda p: p.phase):
            settled = _Settled(phase, store, options)
            some = [(planned, settled.context(planned)) for planned in of_phase]
            workers.begin(some)
            for planned, context in some:
                reading.begin(planned.source.name, planned.size)
                if not workers.took(planned, context, reading):
                    read(planned, store, options, context, reading)
    sources = store.table("sources")
    if not (sources["status"] == SourceStatus.READ).any():
        raise EvidenceError(_nothing_usable(paths, sources))
    stated = {p.source_id: options.node for p in found} if options.node else {}
    store.settle("attributions", lambda: attribution.attribute(store, stated))  # also after an ingest that was cut off before
    return len(plan)


class _Settled:
    """What the sources that have been read tell those that lack it."""

    def __init__(self, phase: int, store: Store, options: Options) -> None:
        sources = store.table("sources").filter(pl.col("status") == str(SourceStatus.READ))
        marks = sources.filter(pl.col("format") == capture_time.FORMAT.name).select("source", "end").sort("source")
        folders = ((*name.rpartition("/")[::2], end) for name, end in marks.iter_rows())
        self._marks = {folder: end for folder, base, end in folders if base in CAPTURE_NAMES}
        start, end = sources["start"].min(), sources["end"].max()
        self._span = (start, end) if isinstance(start, datetime) and isinstance(end, datetime) else None
        self._options = options

    def context(self, planned: Planned) -> ReadContext:
        year = self._options.year or (self._span[1] if self._span else datetime.now(UTC)).year
        stated = (self._options.captured, "as stated") if self._options.captured else None
        moment, how = stated or captured(planned.source.name, planned.source.written, self._marks, self._span) or (None, "")
        return ReadContext(year, self._options.zone or UTC, self._options.zone is not None, moment, how)


def _nothing_usable(paths: Sequence[str | Path], sources: pl.DataFrame) -> str:
    where = " ".join(str(p) for p in paths) or "the store"
    if sources.is_empty():
        return f"{where}: no files there (give a folder, archive or file with kubelet journals, docker events or kubectl dumps)"
    reasons = sources.group_by("status").len().sort("status")
    counted = ", ".join(f"{n} {status}" for status, n in reasons.iter_rows())
    detail = sources["detail"].drop_nulls().to_list()
    hint = f"; e.g. {sources['source'][0]}: {detail[0]}" if detail else ""
    return f"{where}: no usable evidence in {sources.height} file(s) ({counted}{hint}); podopsy inspect lists them"
