"""A store for one analysis: everything but the raw records, which no detector reads, in memory; large tables in temporary files."""

from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Self

import polars as pl

from analyzer.owned import owned
from analyzer.store.spilled import Frames
from analyzer.vocabulary import TABLES

_SPILLED = frozenset({"events", "objects", "records", "rejects"})
"""Tables that grow with the evidence."""


class MemoryStore:
    """Keeps events, objects, activity and rejects of each source; records only where asked (``keep_records``)."""

    def __init__(self, *, keep_records: bool = False) -> None:
        self._frames = {name: Frames() for name in TABLES}
        self._skip = frozenset() if keep_records else frozenset({"records"})

    def writer(self, source_id: str) -> "_MemoryWriter":
        return _MemoryWriter(self, source_id)

    def apart(self) -> Callable[[], "MemoryStore"]:
        return partial(MemoryStore, keep_records=not self._skip)

    def join(self, made: "MemoryStore") -> None:
        self._take(made._frames)

    def scan(self, name: str) -> pl.LazyFrame:
        return self.table(name).lazy()

    def table(self, name: str) -> pl.DataFrame:
        frames = self._frames[name].all
        return pl.concat(frames) if frames else pl.DataFrame(schema=TABLES[name])

    def settle(self, name: str, make: Callable[[], pl.DataFrame]) -> None:
        self._frames[name] = Frames([make()])

    def mend(self, source_ids: Collection[str]) -> frozenset[str]:
        return frozenset()

    def _take(self, pending: "dict[str, Frames]") -> None:
        for name, frames in pending.items():
            self._frames[name].absorb(frames)
            if name in _SPILLED:
                self._frames[name].spill()


class _MemoryWriter:
    def __init__(self, store: MemoryStore, source_id: str) -> None:
        self._store = store
        self._source_id = source_id
        self._pending: dict[str, Frames] = {}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        if table not in self._store._skip and not frame.is_empty():
            self._of(table).add(with_source(table, owned(frame), self._source_id))
            self._spill(table)

    def _of(self, table: str) -> Frames:
        return self._pending.setdefault(table, Frames())

    def _spill(self, table: str) -> None:
        if table in _SPILLED:
            self._pending[table].spill()

    def flush(self) -> None:
        """Nothing is to be written."""

    def absorb(self, part: Self) -> None:
        for table, frames in part._pending.items():
            self._of(table).absorb(frames)
            self._spill(table)

    def discard(self) -> None:
        self._pending = {}

    def commit(self, source: dict[str, Any]) -> None:
        self._pending["sources"] = Frames([pl.DataFrame([source], schema=TABLES["sources"])])
        self._store._take(self._pending)


def with_source(table: str, frame: pl.DataFrame, source_id: str) -> pl.DataFrame:
    """The frame in the table's full schema."""
    schema = TABLES[table]
    columns = (pl.lit(source_id).alias(name) if name == "source_id" else pl.col(name) for name in schema)
    return frame.select(columns).cast(schema)
