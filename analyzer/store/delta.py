"""Delta Lake tables in one directory, one folder a table; any Delta reader can open them.

One source is one transaction: its rows are written as Parquet files that no table knows yet; at the end the data tables take
them in, and the row in ``sources`` comes last and is the mark that readers go by. A killed ingest leaves at worst files
that no reader sees; the next ingest of that source removes whatever was taken in without the mark.

Writers read and parse side by side; only the taking in is done by one at a time, under a lock that ends with its process.
"""

import fcntl
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from analyzer.exceptions import StoreError
from analyzer.store.memory import with_source
from analyzer.vocabulary import TABLES

MARKER = "podopsy-store.json"
LOCK = "podopsy-store.lock"
LAYOUT = 1
_FLUSH_BYTES = 64 * 1024 * 1024
"""A table's rows are written out when they are estimated at more than this: memory stays bounded."""
_Files = list[tuple[str, int]]
"""Names and numbers of rows."""


def open_store(directory: Path, *, create: bool = False) -> "DeltaStore":
    """The store in ``directory``; with ``create`` an absent or empty directory becomes one. Raises StoreError."""
    marker = directory / MARKER
    with _told(directory):
        if create and not marker.is_file():
            _create(directory, marker)
        if not marker.is_file():
            raise StoreError(f"{directory}: no store there (make one with: podopsy ingest PATH --store {directory})")
        content = json.loads(marker.read_bytes())
        layout = content.get("layout") if isinstance(content, dict) else None
        if layout != LAYOUT:
            raise StoreError(f"{directory}: store layout {layout}, this version reads {LAYOUT} (ingest the evidence into a new store)")
        return DeltaStore(directory)


def _create(directory: Path, marker: Path) -> None:
    """The marker comes last: a store that a killed process began is finished by the next one."""
    if directory.exists() and (not directory.is_dir() or (any(directory.iterdir()) and not (directory / LOCK).exists())):
        raise StoreError(f"{directory}: neither empty nor a store (choose another directory)")
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(directory):
        for name, schema in TABLES.items():
            if not DeltaTable.is_deltatable(str(directory / name)):
                pl.DataFrame(schema=schema).write_delta(str(directory / name))
        partial = marker.with_suffix(".partial")
        partial.write_text(json.dumps({"layout": LAYOUT}) + "\n")
        partial.replace(marker)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """One process at a time."""
    with (directory / LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _told(directory: Path) -> Iterator[None]:
    """What goes wrong with files and tables as one line."""
    try:
        yield
    except (DeltaError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise StoreError(f"{directory}: the store cannot be read or written: {reason[0]} (damaged? ingest into a new one)") from error


class DeltaStore:
    """See the module. ``directory`` holds one Delta table per name in vocabulary.TABLES.

    It shows the tables as they were when it was opened or last wrote; ``sources`` is opened first, so that whatever it marks is there.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._tables = {name: DeltaTable(str(directory / name)) for name in TABLES}

    def writer(self, source_id: str) -> "_DeltaWriter":
        return _DeltaWriter(self, source_id)

    def scan(self, name: str) -> pl.LazyFrame:
        """Rows of committed sources, lazily."""
        frame = pl.scan_delta(self._tables[name])
        if name in ("sources", "attributions"):
            return frame
        marked = pl.scan_delta(self._tables["sources"]).select("source_id").unique()
        return frame.join(marked, on="source_id", how="semi")

    def table(self, name: str) -> pl.DataFrame:
        with _told(self.directory):
            self._check(name)
            return self.scan(name).collect().cast(TABLES[name])

    def _check(self, name: str) -> None:
        """Polars panics, with a page of words, at a file that is shorter than its table says."""
        for path, size in pl.DataFrame(self._tables[name].get_add_actions(flatten=True)).select("path", "size_bytes").iter_rows():
            if (self.directory / name / path).stat().st_size != size:
                raise StoreError(f"{self.directory}: the store is damaged: {name}/{path} is not of {size} bytes (ingest into a new one)")

    def settle(self, name: str, make: Callable[[], pl.DataFrame]) -> None:
        with _alone(self.directory):
            self._refresh()
            frame = make()
            if self.table(name).equals(frame):
                return
            with _told(self.directory):
                frame.write_delta(str(self.directory / name), mode="overwrite")
                self._tables[name].update_incremental()

    def _refresh(self) -> None:
        for table in self._tables.values():
            table.update_incremental()

    def _take(self, source_id: str, mark: str, files: dict[str, _Files]) -> None:
        """The files of one source into their tables, ``sources`` last; nothing if another process was quicker."""
        with _alone(self.directory):
            self._refresh()
            if self._tables["sources"].transaction_version(mark) is not None:
                return
            for name in sorted(files, key=lambda name: name == "sources"):
                left_over = _files_of(self._tables[name], source_id) if name != "sources" else []
                self._append(name, source_id if name != "sources" else mark, files[name], left_over)

    def _append(self, name: str, transaction: str, files: _Files, left_over: list[RemoveAction]) -> None:
        table, folder = self._tables[name], self.directory / name
        now = int(time.time() * 1000)
        added = [AddAction(path, (folder / path).stat().st_size, {}, now, True, json.dumps({"numRecords": rows})) for path, rows in files]
        table.create_write_transaction(
            [*added, *left_over],
            mode="append",
            schema=table.schema(),
            commit_properties=CommitProperties(app_transactions=[Transaction(transaction, 1)]),
        )
        table.update_incremental()


def _files_of(table: DeltaTable, source_id: str) -> list[RemoveAction]:
    """Files that an ingest of this source left in the table without having come to its mark."""
    if table.transaction_version(source_id) is None:
        return []
    actions = pl.DataFrame(table.get_add_actions(flatten=True))
    chosen = actions.filter(pl.col("path").str.starts_with(f"{source_id}-"))
    return [
        RemoveAction(
            path=row["path"], deletion_timestamp=int(time.time() * 1000), data_change=True, size=row["size_bytes"], partition_values={}
        )
        for row in chosen.iter_rows(named=True)
    ]


class _DeltaWriter:
    def __init__(self, store: DeltaStore, source_id: str) -> None:
        self._store = store
        self._source_id = source_id
        self._pending: dict[str, list[pl.DataFrame]] = {}
        self._sizes: dict[str, int] = {}
        self._files: dict[str, _Files] = {}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        self._pending.setdefault(table, []).append(with_source(table, frame, self._source_id))
        self._sizes[table] = self._sizes.get(table, 0) + int(frame.estimated_size())
        if self._sizes[table] > _FLUSH_BYTES:
            self._flush(table)

    def _flush(self, table: str) -> None:
        frame = pl.concat(self._pending.pop(table))
        path = f"{self._source_id}-{uuid.uuid4().hex}.parquet"
        with _told(self._store.directory):
            frame.write_parquet(self._store.directory / table / path, compression="zstd")
        self._files.setdefault(table, []).append((path, frame.height))
        self._sizes[table] = 0

    def commit(self, source: dict[str, Any]) -> None:
        self._pending["sources"] = [pl.DataFrame([source], schema=TABLES["sources"])]
        for table in list(self._pending):
            self._flush(table)
        with _told(self._store.directory):
            self._store._take(self._source_id, f"{source['source_id']}/{source['source']}", self._files)
