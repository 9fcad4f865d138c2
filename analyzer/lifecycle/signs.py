"""Signs of life: when each node wrote anything, by boot and by kubelet process. The ground under every 'it was alive then'."""

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from analyzer.attribution import with_nodes
from analyzer.grammars.writers import KUBELET
from analyzer.proof import Proof
from analyzer.store import Store, source_names

KUBELET_IDENTIFIERS = rf"{KUBELET}|^hyperkube$"


@dataclass(frozen=True, slots=True)
class Spell:
    """One writer in one source: from its first to its last line."""

    node: str
    identifier: str | None
    pid: int | None
    boot_id: str | None
    records: int
    first: Proof
    last: Proof
    pace: timedelta | None  # how long it was usually quiet, at the end

    @property
    def of_kubelet(self) -> bool:
        return re.match(KUBELET_IDENTIFIERS, self.identifier or "") is not None

    @property
    def start(self) -> datetime:
        assert self.first.time is not None
        return self.first.time

    @property
    def end(self) -> datetime:
        assert self.last.time is not None
        return self.last.time


def spells(store: Store) -> list[Spell]:
    """Spells of all nodes, by node, start and source."""
    names = source_names(store)
    by = ["source", "node", "identifier", "pid", "boot_id"]
    first, last = pl.col("first_time").arg_min(), pl.col("last_time").arg_max()
    frame = (
        with_nodes(store.table("activity").join(names, on="source_id"), store, pl.lit(True))
        .filter(pl.col("node").is_not_null())
        .group_by(by, maintain_order=True)
        .agg(
            pl.col("records").sum(),
            pl.col("first_time").min(),
            pl.col("first_line", "first_offset").get(first),
            pl.col("first_text").get(first),
            pl.col("last_time").max(),
            pl.col("last_line", "last_offset").get(last),
            pl.col("last_text").get(last),
            pl.col("pace_us").get(last),
            pl.col("resolution_us").max(),
        )
        # of several renderings of one writer's lines only the finest: a time cut to seconds may precede what caused it
        .filter(pl.col("resolution_us") == pl.col("resolution_us").min().over("node", "identifier", "pid"))
        .sort("node", "first_time", "source", "identifier", "pid", "boot_id")
    )
    return [
        Spell(
            node=row["node"],
            identifier=row["identifier"],
            pid=row["pid"],
            boot_id=row["boot_id"],
            records=row["records"],
            first=_proof(row, "first"),
            last=_proof(row, "last"),
            pace=timedelta(microseconds=row["pace_us"]) if row["pace_us"] is not None else None,
        )
        for row in frame.iter_rows(named=True)
    ]


def _proof(row: dict[str, Any], which: str) -> Proof:
    place = row[f"{which}_line"], row[f"{which}_offset"]
    return Proof(row[f"{which}_time"], row["source"], *place, row[f"{which}_text"] or "", f"the {which} line")


class Signs:
    """Sorted moments at which something was surely alive, each with its proof."""

    def __init__(self, proofs: list[Proof]) -> None:
        timed = sorted(((p.time, p.source, p.line or 0, p) for p in proofs if p.time is not None), key=lambda t: t[:3])
        self._times = [time for time, *_ in timed]
        self._proofs = [proof for *_, proof in timed]

    def last_before(self, moment: datetime) -> Proof | None:
        """The last sign at or before ``moment``."""
        at = bisect_right(self._times, moment)
        return self._proofs[at - 1] if at else None

    def first_after(self, moment: datetime) -> Proof | None:
        """The first sign after ``moment``."""
        at = bisect_right(self._times, moment)
        return self._proofs[at] if at < len(self._proofs) else None

    def first_from(self, moment: datetime) -> Proof | None:
        """The first sign at or after ``moment``."""
        at = bisect_left(self._times, moment)
        return self._proofs[at] if at < len(self._proofs) else None
