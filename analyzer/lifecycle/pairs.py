"""Pairs of sightings as columns, and the offset on which most of them agree."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from analyzer.lifecycle.event_table import Mask, Rows, instant
from analyzer.proof import Proof

Cite = Callable[[dict[str, Any]], tuple[Proof, ...]]
_AGAINST: Final = 2
"""An offset needs more than so many times the votes against it and for none: what happens in bursts agrees by chance."""

_PLACE: Final = pl.when(pl.col("place") < 0).then(pl.format("@{}", -1 - pl.col("place"))).otherwise(pl.format(":{}", "place"))
_NAME: Final = pl.concat_str("source", _PLACE, pl.lit(" "), ignore_nulls=True)


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
        number = pl.col("number").first()
        halves = {
            "happening": number.over("source", "place", "moment"),
            "known": number.over("source_known", "place_known", "low_known"),
        }
        return cls(frame.with_row_index("number").with_columns(**halves), cite)

    @classmethod
    def none(cls) -> "Pairs":
        return cls(pl.DataFrame(schema={"node": pl.String()}), lambda _: ())

    def by_node(self) -> "dict[str, Pairs]":
        """Those of each node, in the order of their names."""
        parts = self.frame.sort("node", maintain_order=True).partition_by("node", as_dict=True)
        return {node: Pairs(some, self.cite) for (node,), some in parts.items()}

    def __len__(self) -> int:
        return self.frame.height

    def where(self, mask: Mask) -> "Pairs":
        return Pairs(self.frame.filter(mask), self.cite)

    def numbers(self, name: str) -> Rows:
        return self.frame[name].to_numpy()

    @property
    def sources(self) -> set[str]:
        return set(self.frame["source"])

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first and the last moment, as shown."""
        moments = self.numbers("moment")
        return instant(int(moments.min())), instant(int(moments.max()))

    @property
    def votes(self) -> int:
        """How many happenings agree, as either side tells them apart."""
        return min(self.frame["happening"].n_unique(), self.frame["known"].n_unique())

    def agreed(self) -> "Pairs":
        """Those that agree on the offset that most happenings allow; of several the one nearest to zero."""
        least, most = self.numbers("least"), self.numbers("most")
        offset = _elected(least, most, self.numbers("happening"))
        for_it, plain = (least <= offset) & (offset <= most), (least <= 0) & (most >= 0)
        found = self.where(for_it)
        return self.where(plain) if found.votes <= _AGAINST * self.where(plain & ~for_it).votes else found

    def without(self, others: "Pairs") -> "Pairs":
        """Those of which neither half is one of the others'."""
        told = [pl.col(half).is_in(others.frame[half].unique().implode()) for half in ("happening", "known")]
        return Pairs(self.frame.filter(~told[0], ~told[1]), self.cite)

    def sharpest(self, side: Literal["low", "high"]) -> dict[str, Any] | None:
        """The row that bounds that side most narrowly; of several that whose place and moment come last (of the upper bounds: first)."""
        sharp = pl.Expr.max if side == "low" else pl.Expr.min
        some = self.frame
        for by in (pl.col(side), _NAME, pl.col("moment")):
            some = some.filter(by == sharp(by))
        return next(some.sort("sort", "whose", "row", "row_known").iter_rows(named=True), None)


def _elected(least: Rows, most: Rows, happening: Rows) -> int:
    """The offset that lies in most of the intervals from ``least`` to ``most``, both included: first by happenings, then by pairs, then
    the one nearest to zero. It is at an edge of one of them, if not zero."""
    edges = np.unique(np.concatenate([least, most, [0]]))
    begins, ends = np.searchsorted(edges, least), np.searchsorted(edges, most)
    order = np.lexsort((begins, happening))
    _, whose = np.unique(happening[order], return_inverse=True)
    keyed = whose * len(edges)
    reach = np.maximum.accumulate(keyed + ends[order])  # how far the intervals of a happening reach so far
    first = np.append(True, keyed[1:] + begins[order][1:] > reach[:-1])  # those that touch are one
    last = np.append(first[1:], True)
    votes = _depth(begins[order][first], (reach - keyed)[last], len(edges))
    return int(edges[np.lexsort((np.abs(edges), -_depth(begins, ends, len(edges)), -votes))[0]])


def _depth(begins: Rows, ends: Rows, count: int) -> Rows:
    """At each of so many edges, in how many intervals it lies."""
    begun, ended = np.bincount(begins, minlength=count), np.bincount(ends, minlength=count)
    return np.cumsum(begun) - np.cumsum(ended) + ended
