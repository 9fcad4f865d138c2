"""Signs of life: when each node wrote anything, by boot and by kubelet process. The ground under every 'it was alive then'."""

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from analyzer.attribution import with_nodes
from analyzer.grammars.writers import KUBELET_IDENTIFIERS
from analyzer.lifecycle.event_table import Events, ticks
from analyzer.proof import Proof
from analyzer.store import Store, source_names


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
    """Moments at which something was surely alive: those of proofs, and those of events, which ``prove`` it."""

    def __init__(self, proofs: list[Proof], events: Events, prove: str) -> None:
        self._proofs: dict[int, list[Proof]] = defaultdict(list)
        for proof in proofs:
            if proof.time is not None:
                self._proofs[ticks(proof.time)].append(proof)
        self._events, self._prove = events, prove
        self._times = np.union1d(np.array(list(self._proofs), dtype=np.int64), events.times)

    def last_before(self, moment: datetime) -> Proof | None:
        """The last sign at or before ``moment``."""
        at = int(np.searchsorted(self._times, ticks(moment), "right"))
        return self._of(int(self._times[at - 1]))[-1] if at else None

    def first_after(self, moment: datetime) -> Proof | None:
        """The first sign after ``moment``."""
        at = int(np.searchsorted(self._times, ticks(moment), "right"))
        return self._of(int(self._times[at]))[0] if at < len(self._times) else None

    def _of(self, time: int) -> list[Proof]:
        """The signs of one moment, in order."""
        low, high = np.searchsorted(self._events.times, time, "left"), np.searchsorted(self._events.times, time, "right")
        events = self._events[int(low) : int(high)]
        return sorted([*self._proofs.get(time, ()), *(e.proof(self._prove) for e in events)], key=lambda p: (p.source, p.line or 0))
