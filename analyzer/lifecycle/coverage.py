"""What the evidence covers: per node and kind of source the stretch from the first to the last line, at which verbosity, and the holes.

Silence proves something only where a source was recording: ``Silence`` answers whether one was.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from analyzer.attribution import with_nodes
from analyzer.formats import REGISTRY
from analyzer.grammars.writers import KUBELET_IDENTIFIERS
from analyzer.lifecycle import correction, coverage_losses, coverage_silence, coverage_streams
from analyzer.lifecycle.clocks import Clocks
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.coverage_hole import Gap, Hole, Where
from analyzer.lifecycle.coverage_verbosity import Verbosity, by_kubelet, verbosities
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.intervals import Span, union
from analyzer.lifecycle.kubelets import Outage
from analyzer.proof import rfc3339
from analyzer.store import Store, source_names
from analyzer.vocabulary import SourceStatus

_FAMILIES = {known.name: known.family for known in REGISTRY}
_RUNTIMES = ("docker", "containerd", "cri")
_LISTS = {"journal-boots": "boots", "container-snapshot": "snapshots", "container-table": "snapshots"}
"""What tells of moments: it covers no stretch."""
_MOMENT = timedelta(microseconds=1)
_API = ("kubernetes", "event-table")


def family(source_kind: str) -> str:
    """The family of a kind of source: 'runtime' for every runtime's stream of events, 'boots' and 'snapshots', else as the format says."""
    if source_kind in _LISTS:
        return _LISTS[source_kind]
    known = _FAMILIES.get(source_kind, source_kind)
    return "runtime" if known in _RUNTIMES else known


@dataclass(frozen=True)
class Coverage:
    """One node's (or the cluster's: None) evidence of one kind, from its first to its last record.

    ``spans``: of its sources, those that overlap as one; ``kubelet``: of those alone that hold lines of a kubelet.
    """

    node: str | None
    source_kind: str
    start: datetime
    end: datetime
    holes: tuple[Hole, ...] = ()
    verbosity: Verbosity | None = None
    spans: tuple[Span, ...] = ()
    kubelet: tuple[Span, ...] = ()

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(hole.gap for hole in self.holes)

    def document(self) -> dict[str, Any]:
        """As it stands in the findings document."""
        return {
            "node": self.node,
            "source_kind": self.source_kind,
            "start": rfc3339(self.start),
            "end": rfc3339(self.end),
            "gaps": [[rfc3339(start), rfc3339(end), why] for start, end, why in self.gaps],
            "verbosity": self.verbosity.level if self.verbosity else None,
        }


class Silence:
    """Whether silence proves something: was a stretch wholly covered by one kind of source, without a hole?"""

    def __init__(self, coverage: Iterable[Coverage]) -> None:
        self._of: dict[tuple[str | None, str], list[tuple[list[datetime], list[datetime], list[Hole], datetime]]] = defaultdict(list)
        ends: dict[str | None, datetime] = {}
        for one in coverage:
            ends[one.node] = max(one.end, ends.get(one.node, one.end))
        for one in coverage:
            known = family(one.source_kind)
            kinds = {known, "api"} if known in _API else {known}
            for name in kinds:
                self._add(one, name, one.spans or ((one.start, one.end),), one.holes, ends[one.node])
            if one.kubelet:
                mine = [h for h in one.holes if h.of is None or re.search(KUBELET_IDENTIFIERS, h.of)]
                self._add(one, "kubelet", one.kubelet, mine, ends[one.node])

    def _add(self, one: Coverage, name: str, spans: Sequence[Span], holes: Sequence[Hole], end: datetime) -> None:
        known = [(s, e) for s, e in spans if s is not None and e is not None]
        lost = sorted((h for h in holes if h.of != "kernel"), key=lambda h: h.start)
        self._of[(one.node, name)].append(([s for s, _ in known], [e for _, e in known], lost, end))

    def proves(self, node: str | None, family: str, start: datetime, end: datetime, *, trailing: bool = False) -> bool:
        """Whether [start, end] lies within what one kind of source of this family recorded of the node, and no hole touches it.

        family: 'kubelet' (its own lines, in whatever log), 'journal' (any journal of the node), 'klog', 'runtime' (a runtime's stream of
        events), and for node None 'api' (objects, events and tables of them), 'audit'. trailing: a stream ends without a mark, so what
        follows its last record counts as covered too, up to the end of what is known of the node.
        """
        return any(_covers(*kind, start, end, trailing) for kind in self._of.get((node, family), ()))


def _covers(
    starts: list[datetime], ends: list[datetime], holes: list[Hole], last: datetime, start: datetime, end: datetime, trailing: bool
) -> bool:
    at = bisect_right(starts, start) - 1
    if at < 0:
        return False
    until = last if trailing and at == len(starts) - 1 else ends[at]
    if end > until:
        return False
    before = bisect_right(holes, end, key=lambda h: h.start)
    return not any(h.overlaps(start, end) for h in holes[:before])


def coverage(
    store: Store,
    clocks: Clocks,
    events: Events,
    runs: Sequence[Run],
    outages: Mapping[str, Sequence[Outage]],
    start: datetime,
    end: datetime,
) -> list[Coverage]:
    """By node and format: from the first to the last line. (Of merged hosts each has its own.) API events are the cluster's.

    ``start``, ``end``: of the whole evidence.
    """
    sources = (
        store.table("sources")
        .filter(pl.col("status") == str(SourceStatus.READ))
        .unique("source_id")
        .select("source_id", "format", "start", "end")
    )
    families = pl.DataFrame({"format": list(_FAMILIES), "family": list(_FAMILIES.values())})
    lines = (
        with_nodes(store.table("activity"), store, pl.lit(True))
        .join(sources.select("source_id", "format"), on="source_id")
        .join(families, on="format", how="left")
        .join(source_names(store), on="source_id")
    )
    lines = correction.frame(clocks, lines)
    spans = _spans(lines, sources, by_kubelet(events))
    holes = _holes(store, clocks, lines, spans, events, runs, outages, start, end)
    spoken = verbosities(lines, events)
    found = []
    for where in sorted(spans, key=lambda w: (w.node is None, w.node or "", w.source_kind)):
        all_of_it, of_kubelet = spans[where]
        low, high = min(s for s, _ in all_of_it if s), max(e for _, e in all_of_it if e)
        mine = tuple(sorted(holes.get(where, ()), key=lambda h: (h.start, h.end, h.cause, h.why)))
        found.append(
            Coverage(*where, low, high, mine, spoken.get(where), tuple(union(_widened(all_of_it))), tuple(union(_widened(of_kubelet))))
        )
    return found


def _widened(spans: Iterable[Span]) -> list[Span]:
    """A source of one moment covers it: spans are half open."""
    return [(s, e + _MOMENT if e is not None else None) for s, e in spans]


def _spans(lines: pl.DataFrame, sources: pl.DataFrame, spoken: pl.Expr) -> dict[Where, tuple[list[Span], list[Span]]]:
    """By node and format, the spans of the sources, and of those with lines of a kubelet."""
    written = lines.group_by("source_id", "format", "node").agg(
        pl.col("first_time").min().alias("start"), pl.col("last_time").max().alias("end"), spoken.any().alias("kubelet")
    )
    others = sources.join(lines, on="source_id", how="anti").filter(pl.col("start").is_not_null())
    documents = others.select("source_id", "format", pl.lit(None, pl.String).alias("node"), "start", "end", pl.lit(False).alias("kubelet"))
    found: dict[Where, tuple[list[Span], list[Span]]] = {}
    for _, kind, node, low, high, kubelet in pl.concat([written, documents]).sort("node", "format", "start", "end").iter_rows():
        all_of_it, of_kubelet = found.setdefault(Where(node, kind), ([], []))
        all_of_it.append((low, high))
        if kubelet:
            of_kubelet.append((low, high))
    return found


def _holes(
    store: Store,
    clocks: Clocks,
    lines: pl.DataFrame,
    spans: Mapping[Where, tuple[list[Span], list[Span]]],
    events: Events,
    runs: Sequence[Run],
    outages: Mapping[str, Sequence[Outage]],
    start: datetime,
    end: datetime,
) -> dict[Where, list[Hole]]:
    begins: dict[str | None, datetime] = {}
    streams: dict[str, dict[str, str]] = defaultdict(dict)
    for where, (all_of_it, _) in spans.items():
        low = min(s for s, _ in all_of_it if s)
        begins[where.node] = min(low, begins.get(where.node, low))
        if where.node is not None and family(where.source_kind) == "runtime":
            streams[where.node][where.source_kind] = _FAMILIES[where.source_kind]
    firsts = {w: min(s for s, _ in spans[w][0] if s) for w in spans if w.node in streams and w.source_kind in streams[w.node]}
    replayed = list(coverage_streams.replay_limit(lines, begins))
    downs = list(coverage_streams.runtime_down(events, streams, end))
    found: dict[Where, list[Hole]] = defaultdict(list)
    for where, hole in (
        *coverage_losses.suppressed(store, clocks),
        *coverage_losses.missing_boots(lines, start, end),
        *coverage_silence.silences(store, clocks, lines, outages),
        *replayed,
        *coverage_streams.begins_late(firsts, begins, outages, {where for where, _ in replayed}),
        *downs,
        *coverage_streams.unheard(runs, events, streams, outages, downs),
        *coverage_streams.event_ttl(store, start),
    ):
        found[where].append(hole)
    return found
