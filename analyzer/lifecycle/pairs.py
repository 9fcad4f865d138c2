"""Pairs of sightings as columns, and the offset on which most of them agree."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.lifecycle.event_table import Mask, Rows, coded, instant
from analyzer.proof import Proof
from analyzer.store.spilled import slices

_HALVES: Final = ("happening", "known")
_NOTHING: Final = np.iinfo(np.int64).min
_Places = npt.NDArray[np.int32] | Rows
Cite = Callable[[dict[str, Any]], tuple[Proof, ...]]
_AGAINST: Final = 2
"""An offset needs more than so many times the votes against it and for none: what happens in bursts agrees by chance."""

_PLACE: Final = pl.when(pl.col("place") < 0).then(pl.format("@{}", -1 - pl.col("place"))).otherwise(pl.format(":{}", "place"))
_NAME: Final = pl.concat_str(pl.col("source").cast(pl.String), _PLACE, pl.lit(" "), ignore_nulls=True)


@dataclass(frozen=True)
class Pairs:
    """Happenings of which a node's clock and the API's tell, each a row of ``frame``; times and lengths are microseconds.

    ``least``/``most``: offsets (node minus API) at which both tell of it within its usual lag; ``low``/``high``: what it says for sure,
    on one side; ``lag``: how far ``high`` usually is from the truth (null: not known); ``happening``, ``known``: numbers of the node's
    and of the API's half; ``node``, ``moment``, ``source``, ``place`` (a line, below zero an offset): of the node's. ``cite``: proofs."""

    frame: pl.DataFrame
    cite: Cite

    @classmethod
    def of(cls, frame: pl.DataFrame, cite: Cite) -> "Pairs":
        """What stands in one line is one happening: a kubelet that restarts tells of all its pods at once."""
        halves = {
            "happening": _first_alike(frame.select("source", "place", "moment")),
            "known": _first_alike(frame.select("source_known", "place_known", "low_known")),
        }
        return cls(frame.with_columns(**halves).rechunk(), cite)  # polars 2.1 fails at names of texts where a piece is empty

    @classmethod
    def none(cls) -> "Pairs":
        return cls(pl.DataFrame(schema={"node": pl.String()}), lambda _: ())

    def by_node(self) -> "Iterator[tuple[str, Pairs]]":
        """Those of each node, in the order of their names."""
        names = self.frame["node"].unique().cast(pl.String).sort().to_list()
        for node in names:
            yield node, self.where((self.frame["node"] == node).to_numpy())

    def __len__(self) -> int:
        return self.frame.height

    def where(self, mask: Mask) -> "Pairs":
        return self if mask.all() else Pairs(self.frame.filter(mask), self.cite)

    def numbers(self, name: str) -> Rows:
        return self.frame[name].to_numpy()

    @property
    def sources(self) -> set[str]:
        return set(self.frame["source"].unique())

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first and the last moment, as shown."""
        moments = self.numbers("moment")
        return instant(int(moments.min())), instant(int(moments.max()))

    @property
    def votes(self) -> int:
        """How many happenings agree, as either side tells them apart."""
        return min(int(_marked(self.numbers(half)).sum()) for half in _HALVES)

    def agreed(self) -> "Pairs":
        """Those that agree on the offset that most happenings allow; of several the one nearest to zero."""
        least, most = self.numbers("least"), self.numbers("most")
        offset = _elected(least, most, self.numbers("happening"))
        for_it, plain = (least <= offset) & (offset <= most), (least <= 0) & (most >= 0)
        found = self.where(for_it)
        return self.where(plain) if found.votes <= _AGAINST * self.where(plain & ~for_it).votes else found

    def without(self, others: "Pairs") -> "Pairs":
        """Those of which neither half is one of the others'."""
        left = np.ones(len(self), np.bool_)
        for half in _HALVES:
            mine = self.numbers(half)
            left &= ~_marked(others.numbers(half), int(mine.max(initial=0)))[mine]
        return self.where(left)

    def sharpest(self, side: Literal["low", "high"]) -> dict[str, Any] | None:
        """The row that bounds that side most narrowly; of several that whose place and moment come last (of the upper bounds: first)."""
        sharp = pl.Expr.max if side == "low" else pl.Expr.min

        def left(some: pl.DataFrame) -> pl.DataFrame:
            for by in (pl.col(side), _NAME, pl.col("moment")):
                some = some.filter(by == sharp(by)) if some.height else some
            return some

        some = left(pl.concat([left(some) for some in slices(self.frame)], rechunk=True))
        return next(some.sort("sort", "whose", "row", "row_known").iter_rows(named=True), None)


def _first_alike(frame: pl.DataFrame) -> pl.Series:
    """For each row the number of the first that is the same."""
    count = frame.height
    numbers = [_numbered(frame[name]) for name in frame.columns]
    order = np.lexsort(numbers)
    new = np.zeros(count, np.bool_)
    new[:1] = True
    for some in numbers:
        ordered = some[order]
        new[1:] |= ordered[1:] != ordered[:-1]
        del ordered
    found = np.empty(count, np.uint32)
    found[order] = order[new].astype(np.uint32).repeat(np.diff(np.append(np.flatnonzero(new), count)))
    return pl.Series(found)


def _numbered(column: pl.Series) -> npt.NDArray[Any]:
    """Equal numbers where the cells are equal."""
    if column.dtype == pl.String:
        return coded(column)[1]
    whole = column.to_physical()
    return (whole.fill_null(_NOTHING) if whole.null_count() else whole).to_numpy()


def _marked(numbers: Rows, least: int = 0) -> Mask:
    """By number, which there are; up to ``least`` at least."""
    marks = np.zeros(max(int(numbers.max(initial=0)), least) + 1, np.bool_)
    marks[numbers] = True
    return marks


def _elected(least: Rows, most: Rows, happening: Rows) -> int:
    """The offset that lies in most of the intervals from ``least`` to ``most``, both included: first by happenings, then by pairs, then
    the one nearest to zero. It is at an edge of one of them, if not zero."""
    edges = np.unique(np.concatenate([np.unique(least), np.unique(most), [0]]))
    begins, ends = (np.searchsorted(edges, side).astype(np.int32) for side in (least, most))
    alone = (np.bincount(happening) == 1)[happening]  # a happening of one pair, as most are
    votes = _depth(begins[alone], ends[alone], len(edges)) + _depth(*_merged(begins[~alone], ends[~alone], happening[~alone]), len(edges))
    return int(edges[np.lexsort((np.abs(edges), -_depth(begins, ends, len(edges)), -votes))[0]])


def _merged(begins: _Places, ends: _Places, happening: Rows) -> tuple[_Places, _Places]:
    """Intervals of happenings, those of one happening that touch made one."""
    if not len(begins):
        return begins, ends
    order = np.lexsort((begins, happening))
    begins, ends, happening = begins[order], ends[order], happening[order]
    whose = np.cumsum(np.append(False, happening[1:] != happening[:-1]))
    keyed = whose * (int(ends.max()) + 1)
    reach = np.maximum.accumulate(keyed + ends)  # how far the intervals of a happening reach so far
    first = np.append(True, keyed[1:] + begins[1:] > reach[:-1])
    last = np.append(first[1:], True)
    return begins[first], (reach - keyed)[last]


def _depth(begins: _Places, ends: _Places, count: int) -> Rows:
    """At each of so many edges, in how many intervals it lies."""
    begun, ended = np.bincount(begins, minlength=count), np.bincount(ends, minlength=count)
    return np.cumsum(begun) - np.cumsum(ended) + ended
