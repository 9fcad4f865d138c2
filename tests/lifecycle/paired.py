"""Pairs of sightings one by one, as tests give them and look at them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from analyzer.lifecycle.event_table import instant, ticks
from analyzer.lifecycle.pairs import Pairs
from analyzer.proof import Proof

_TICK = timedelta(microseconds=1)
_LENGTHS = ("least", "most", "low", "high", "lag")


@dataclass(frozen=True)
class Pair:
    """A row of Pairs with its proofs; ``happening`` and ``known``: any names."""

    node: str
    happening: str
    known: str
    least: timedelta
    most: timedelta
    low: timedelta | None
    high: timedelta | None
    lag: timedelta | None
    shown: Proof  # the node's half: it has a time
    proofs: tuple[Proof, ...]

    @property
    def moment(self) -> datetime:
        assert self.shown.time is not None
        return self.shown.time


def table(some: Iterable[Pair]) -> Pairs:
    pairs = list(some)
    numbers = {name: number for number, name in enumerate(n for p in pairs for n in (p.happening, p.known))}
    rows = [
        {
            "node": p.node,
            "happening": numbers[p.happening],
            "known": numbers[p.known],
            **{name: None if (length := getattr(p, name)) is None else length // _TICK for name in _LENGTHS},
            "moment": ticks(p.moment),
            "source": p.shown.source,
            "place": p.shown.line if p.shown.line is not None or p.shown.offset is None else -1 - p.shown.offset,
            "sort": "",
            "whose": "",
            "row": row,
            "row_known": row,
        }
        for row, p in enumerate(pairs)
    ]
    lengths = dict.fromkeys(("happening", "known", *_LENGTHS, "moment", "place", "row", "row_known"), pl.Int64())
    schema = {"node": pl.String(), **lengths, **dict.fromkeys(("source", "sort", "whose"), pl.String())}
    return Pairs(pl.DataFrame(rows, schema=schema), lambda row: pairs[row["row"]].proofs)


def listed(pairs: Pairs) -> list[Pair]:
    """In the order in which they stand; ``happening`` and ``known`` are numbers, as text."""
    found = []
    for row in pairs.frame.iter_rows(named=True):
        proofs = pairs.cite(row)
        shown = next(p for p in proofs if p.proves in ("by the node's clock", "by the kubelet's clock"))
        assert (shown.time, shown.source) == (instant(row["moment"]), row["source"])
        lengths = [None if row[name] is None else row[name] * _TICK for name in _LENGTHS]
        found.append(Pair(row["node"], str(row["happening"]), str(row["known"]), *lengths, shown, proofs))  # type: ignore[arg-type]
    return found
