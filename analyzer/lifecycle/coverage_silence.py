"""Abnormal silences: a writer that goes on writing afterwards was quiet for far longer than it ever is.

An idle kubelet may be quiet for minutes, so it is judged by its own silences alone: the longest that it otherwise has must be many times
shorter, must have had many an occasion to be exceeded, and must be no exception itself (a writer whose silences are of all lengths has no
pace). Who writes in fits, each of them steady, may still be taken wrongly: such a hole is a possibility.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any

import polars as pl

from analyzer.attribution import with_nodes
from analyzer.grammars.writers import KUBELET_IDENTIFIERS
from analyzer.lifecycle import correction
from analyzer.lifecycle.clocks import Clocks
from analyzer.lifecycle.coverage_hole import Found, Hole, Where, told
from analyzer.lifecycle.intervals import Span, subtract, union
from analyzer.lifecycle.kubelets import Outage
from analyzer.proof import Proof
from analyzer.store import Store

_FAMILIES = ("journal", "klog", "export")
"""A runtime's stream has no pace: it tells of what happens, when it happens."""
_FAR = 5
"""So many times its longest ordinary silence is abnormal."""
_OCCASIONS = 20
"""So many times that long it must have written without being quiet for longer."""
_ALIKE = 8
"""So many silences are of the length of the longest ordinary one, or a third of it: then that is a pace."""
_BUSY = 10
"""Who is never quiet has no such silences, but may just have been busy: then it must have written for so many times the holes."""
_HOLES = 4
"""More silences than this of one writer are its way to write."""
_BETWEEN_FAR, _BETWEEN_OCCASIONS = 2, 5
"""The same for what lies between two files: there is reason to suspect it."""


_ALWAYS = datetime.max.replace(tzinfo=UTC)
_MOMENT = timedelta(microseconds=1)
"""Spans are half open: so much of a record's moment is written."""


@dataclass
class _Subject:
    """A writer, or all that is here of a node, in one or several sources."""

    node: str
    name: str  # as a sentence calls it
    kubelet: bool
    floor: timedelta = timedelta(0)
    spans: list[tuple[str, str, tuple[datetime, datetime]]] = field(
        default_factory=list
    )  # source, format, from its first to its last record
    quiet: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))  # by source
    last: dict[datetime, Proof] = field(default_factory=dict)  # the record with which a silence begins
    first: dict[datetime, Proof] = field(default_factory=dict)

    def span(self, row: Mapping[str, Any]) -> None:
        self.spans.append((row["source"], row["format"], (row["first_time"], row["last_time"])))
        self._edge(self.last, row, "last")
        self._edge(self.first, row, "first")

    def silence(self, row: Mapping[str, Any]) -> None:
        self.quiet[row["source"]].append((row["last_time"] + _MOMENT, row["first_time"]))
        self.floor = max(self.floor, timedelta(microseconds=row["floor_us"]))
        self._edge(self.last, row, "last")
        self._edge(self.first, row, "first")

    def _edge(self, known: dict[datetime, Proof], row: Mapping[str, Any], which: str) -> None:
        proves = "the last line before the silence" if which == "last" else "the first line after it"
        text, place = row[f"{which}_text"] or "", (row[f"{which}_line"], row.get(f"{which}_offset"))
        proof = Proof(row[f"{which}_time"], row["source"], *place, text, proves)
        former = known.get(row[f"{which}_time"])
        known[row[f"{which}_time"]] = proof if former is None else min(former, proof, key=lambda p: (p.line is None, p.source, p.line or 0))

    def silences(self) -> list[tuple[datetime, datetime]]:
        """When none of the sources has a line of it, from its first to its last in any."""
        written = union(s for source, _, (low, high) in self.spans for s in subtract([(low, high + _MOMENT)], self.quiet[source]))
        edges = [(a[1], b[0]) for a, b in pairwise(written)]
        return [(low - _MOMENT, high) for low, high in edges if low is not None and high is not None]

    def within(self, low: datetime, high: datetime) -> bool:
        """Whether a single source reaches over it."""
        return any(s <= low and e >= high for _, _, (s, e) in self.spans)

    def formats(self, low: datetime, high: datetime) -> list[str]:
        """Kinds of the sources next to it."""
        return sorted({kind for _, kind, (s, e) in self.spans if s <= high and e >= low})


def silences(store: Store, clocks: Clocks, lines: pl.DataFrame, outages: Mapping[str, Sequence[Outage]]) -> Found:
    """``lines``: ACTIVITY with settled nodes, and with ``format``, ``family`` and ``source`` of each row."""
    lines = lines.filter(pl.col("family").is_in(_FAMILIES), pl.col("node").is_not_null())
    named = lines.select("source_id", "source", "format", "family").unique("source_id")
    quiet = correction.frame(clocks, with_nodes(store.table("silences"), store, pl.lit(True)).join(named, on="source_id"))
    found: dict[str, list[Hole]] = defaultdict(list)
    away = {node: _Away(some) for node, some in outages.items()}
    for subject in (*_kubelets(lines, quiet), *_wholes(lines, quiet)):
        for hole in _abnormal(subject, away.get(subject.node, _Away(())), lines):
            if not any(hole.overlaps(h.start, h.end) for h in found[subject.node]):
                found[subject.node].append(hole)
                yield from ((Where(subject.node, kind), hole) for kind in subject.formats(hole.start, hole.end))


def _kubelets(lines: pl.DataFrame, quiet: pl.DataFrame) -> Iterable[_Subject]:
    """Each process of a kubelet, in all sources that hold lines of it."""
    mine = pl.col("identifier").str.contains(KUBELET_IDENTIFIERS).fill_null(False) & pl.col("pid").is_not_null()
    found: dict[tuple[str, str, int], _Subject] = {}
    for row in lines.filter(mine).sort("node", "identifier", "pid", "source", "first_time").iter_rows(named=True):
        key = (row["node"], row["identifier"], row["pid"])
        found.setdefault(key, _Subject(row["node"], f"{row['identifier']}[{row['pid']}]", kubelet=True)).span(row)
    for row in quiet.filter(mine, ~pl.col("whole")).sort("source", "last_time").iter_rows(named=True):
        subject = found.get((row["node"], row["identifier"], row["pid"]))
        if subject is not None:
            subject.silence(row)
    return found.values()


def _wholes(lines: pl.DataFrame, quiet: pl.DataFrame) -> Iterable[_Subject]:
    """All journals of a node; of files, those of one component."""
    whole = lines.group_by("source_id", "source", "format", "family", "node", maintain_order=True).agg(
        pl.col("identifier").drop_nulls().unique().sort().str.join(","),
        *(pl.col(f"first_{c}").get(pl.col("first_time").arg_min()) for c in ("line", "text")),
        *(pl.col(f"last_{c}").get(pl.col("last_time").arg_max()) for c in ("line", "text")),
        pl.col("first_time").min(),
        pl.col("last_time").max(),
    )
    found: dict[tuple[str, str, str], _Subject] = {}
    by_source: dict[tuple[str, str], _Subject] = {}
    for row in whole.sort("node", "source").iter_rows(named=True):
        journal = row["family"] == "journal"
        name = "the node's journal" if journal else row["identifier"] or "the log"
        key = (row["node"], row["family"], "" if journal else row["identifier"])
        subject = found.setdefault(key, _Subject(row["node"], name, kubelet=False))
        subject.span(row)
        by_source[(row["source_id"], row["node"])] = subject
    for row in quiet.filter(pl.col("whole")).sort("source", "last_time").iter_rows(named=True):
        by_source[(row["source_id"], row["node"])].silence(row)
    return found.values()


class _Away:
    """When a node's kubelet was away."""

    def __init__(self, outages: Iterable[Outage]) -> None:
        spans = sorted((o.start.time, o.end.time or _ALWAYS) for o in outages if o.start.time is not None)
        self._begins = [start for start, _ in spans]
        self._ends = list(accumulate((end for _, end in spans), max))  # the last of those so far

    def about(self, low: datetime, high: datetime) -> bool:
        at = bisect_right(self._begins, high)
        return at > 0 and self._ends[at - 1] >= low


def _abnormal(subject: _Subject, away: _Away, lines: pl.DataFrame) -> Iterator[Hole]:
    """Its silences that its others do not explain, nor an outage of the kubelet."""
    quiet = [s for s in subject.silences() if not away.about(*s)]
    whole = sum(((e or s) - s for s, e in union(span for *_, span in subject.spans) if s is not None), timedelta())
    quiet.sort(key=lambda s: (s[0] - s[1], s[0]))
    for number in range(min(_HOLES, len(quiet)), 0, -1):
        inside = [s for s in quiet[:number] if subject.within(*s)]
        rest = [high - low for low, high in quiet[number:]]
        usual = max([*rest[:1], subject.floor, timedelta(seconds=1)])
        written = whole - sum((high - low for low, high in inside), timedelta())
        paced = sum(3 * r >= usual for r in rest) >= _ALIKE or written >= _BUSY * sum((high - low for low, high in inside), timedelta())
        shortest = quiet[number - 1][1] - quiet[number - 1][0]
        far, occasions = (_FAR, _OCCASIONS) if inside else (_BETWEEN_FAR, _BETWEEN_OCCASIONS)
        if shortest >= far * usual and written >= occasions * usual and (paced or not inside):
            for low, high in quiet[:number]:
                if subject.kubelet or _goes_on(lines, subject.node, low, high):
                    yield _hole(subject, low, high, usual, written)
            return


def _goes_on(lines: pl.DataFrame, node: str, low: datetime, high: datetime) -> bool:
    """Whether one process of the node wrote before and after. PID 1 is there in every boot."""
    ends = (
        lines.filter(pl.col("node") == node, pl.col("pid") > 1)
        .group_by("identifier", "pid", "boot_id")
        .agg(pl.col("first_time").min(), pl.col("last_time").max())
    )
    return not ends.filter(pl.col("first_time") <= low, pl.col("last_time") >= high).is_empty()


def _hole(subject: _Subject, low: datetime, high: datetime, usual: timedelta, written: timedelta) -> Hole:
    before, after = subject.last[low], subject.first[high]
    quiet = f"{subject.name} wrote nothing for {_seconds(high - low)}"
    if subject.within(low, high):
        why = f"{quiet}, though in {_seconds(written)} it is never quiet for more than {_seconds(usual)}"
        why += ": lines are missing, or it stood still"
        cause = "silence"
    else:
        why = f"{quiet} between the end of {before.source} and the beginning of {after.source}: what lies between the two is not here"
        cause = "between-files"
    unit = " -u kubelet" if subject.kubelet else ""
    settled = f"journalctl{unit} of {subject.node}, or its rotated files, {told(low, high)}"
    return Hole(low, high, why, cause, (before, after), settled, "kubelet" if subject.kubelet else None)


def _seconds(length: timedelta) -> str:
    total = length.total_seconds()
    return f"{total:.0f} s" if total < 600 else f"{total / 60:.0f} min" if total < 36_000 else f"{total / 3600:.0f} h"
