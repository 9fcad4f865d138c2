"""The rows of one source on their way into a store on disk: written as files that no table knows yet, by whatever process reads it."""

import os
from pathlib import Path
from typing import Any, Protocol, Self

import polars as pl

from analyzer.exceptions import StoreError
from analyzer.store.files import File, write
from analyzer.store.memory import with_source
from analyzer.store.trouble import told

FLUSH_BYTES = 32 * 1024 * 1024
"""A table's rows are written out when they are estimated at more than this: memory stays bounded."""


class Taker(Protocol):
    """Who takes a source in when it is whole."""

    directory: Path

    def hand_in(self, writer: "DeltaWriter") -> None: ...


class DeltaApart:
    """What another process has written, and no table knows yet."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.waiting: list[DeltaWriter] = []

    def writer(self, source_id: str) -> "DeltaWriter":
        return begin(self, source_id)

    def hand_in(self, writer: "DeltaWriter") -> None:
        self.waiting.append(writer)


def begin(store: Taker, source_id: str) -> "DeltaWriter":
    if not os.access(store.directory, os.W_OK):
        raise StoreError(f"{store.directory}: the store cannot be written: no permission, or a read-only disk (choose another place)")
    return DeltaWriter(store, source_id)


class DeltaWriter:
    """``files``: by table, what has been written out; ``row``: the source's own, once it is whole."""

    def __init__(self, store: Taker, source_id: str) -> None:
        self.source_id = source_id
        self.files: dict[str, list[File]] = {}
        self.row: dict[str, Any] = {}
        self.size = 0
        self._store = store
        self._pending: dict[str, list[pl.DataFrame]] = {}
        self._sizes: dict[str, int] = {}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        self._pending.setdefault(table, []).append(with_source(table, frame, self.source_id))
        self._sizes[table] = self._sizes.get(table, 0) + int(frame.estimated_size())
        if self._sizes[table] > FLUSH_BYTES:
            self._flush(table)

    def _flush(self, table: str) -> None:
        frame = pl.concat(self._pending.pop(table))
        with told(self._store.directory):
            self.files.setdefault(table, []).append(write(frame, self._store.directory / table, self.source_id))
        self.size += self._sizes.pop(table)

    def flush(self) -> None:
        for table in list(self._pending):
            self._flush(table)

    def absorb(self, part: Self) -> None:
        for table, files in part.files.items():
            self.files.setdefault(table, []).extend(files)
        self.size += part.size

    def discard(self) -> None:
        for table, files in self.files.items():
            for file in files:
                (self._store.directory / table / file.path).unlink(missing_ok=True)
        self.files = {}

    def commit(self, source: dict[str, Any]) -> None:
        self.flush()
        self.row = source
        self._store.hand_in(self)
