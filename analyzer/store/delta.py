"""Delta Lake tables in one directory, one folder a table; any Delta reader can open them.

One source is one transaction: its rows are written as Parquet files that no table knows yet; at the end the data tables take
them in, and the row in ``sources`` comes last and is the mark that readers go by. A killed ingest leaves at worst files
that no reader sees; the next ingest of that source removes whatever was taken in without the mark.
"""

import json
import time
import uuid
from pathlib import Path
from typing import Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction

from analyzer.exceptions import StoreError
from analyzer.store.memory import with_source
from analyzer.vocabulary import TABLES

MARKER = "podopsy-store.json"
LAYOUT = 1
_FLUSH_ROWS = 200_000


def open_store(directory: Path, *, create: bool = False) -> "DeltaStore":
    """The store in ``directory``; with ``create`` an absent or empty directory becomes one."""
    marker = directory / MARKER
    if marker.is_file():
        layout = json.loads(marker.read_text()).get("layout")
        if layout != LAYOUT:
            raise StoreError(f"{directory}: store layout {layout}, this version reads {LAYOUT} (ingest the evidence into a new store)")
        return DeltaStore(directory)
    if not create:
        raise StoreError(f"{directory}: no store there (make one with: podopsy ingest PATH --store {directory})")
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise StoreError(f"{directory}: neither empty nor a store (choose another directory)")
    directory.mkdir(parents=True, exist_ok=True)
    for name, schema in TABLES.items():
        pl.DataFrame(schema=schema).write_delta(str(directory / name))
    marker.write_text(json.dumps({"layout": LAYOUT}) + "\n")
    return DeltaStore(directory)


class DeltaStore:
    """See the module. ``directory`` holds one Delta table per name in vocabulary.TABLES."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        try:
            self._tables = {name: DeltaTable(str(directory / name)) for name in TABLES}
        except (DeltaError, TableNotFoundError, OSError) as error:
            raise StoreError(f"{directory}: the store is damaged: {str(error).splitlines()[0]} (ingest into a new one)") from error

    def writer(self, source_id: str) -> "_DeltaWriter":
        return _DeltaWriter(self, source_id)

    def scan(self, name: str) -> pl.LazyFrame:
        """Rows of committed sources, lazily."""
        frame = pl.scan_delta(self._tables[name])
        if name in ("sources", "attributions"):
            return frame
        return frame.join(self._committed(), on="source_id", how="semi")

    def table(self, name: str) -> pl.DataFrame:
        return self.scan(name).collect().cast(TABLES[name])

    def replace(self, name: str, frame: pl.DataFrame) -> None:
        if not self.table(name).equals(frame):
            frame.write_delta(str(self.directory / name), mode="overwrite")
            self._tables[name].update_incremental()

    def _committed(self) -> pl.LazyFrame:
        return pl.scan_delta(self._tables["sources"]).select("source_id").unique()

    def _commit(self, name: str, source_id: str, files: list[tuple[str, int]]) -> None:
        table = self._tables[name]
        table.update_incremental()
        folder = self.directory / name
        now = int(time.time() * 1000)
        add = [AddAction(path, (folder / path).stat().st_size, {}, now, True, json.dumps({"numRecords": rows})) for path, rows in files]
        left_over = [] if name == "sources" else _files_of(table, source_id)
        table.create_write_transaction(
            [*add, *left_over],
            mode="append",
            schema=table.schema(),
            commit_properties=CommitProperties(app_transactions=[Transaction(source_id, 1)]),
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
        self._rows: dict[str, int] = {}
        self._files: dict[str, list[tuple[str, int]]] = {}

    def add(self, table: str, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        self._pending.setdefault(table, []).append(with_source(table, frame, self._source_id))
        self._rows[table] = self._rows.get(table, 0) + frame.height
        if self._rows[table] >= _FLUSH_ROWS:
            self._flush(table)

    def _flush(self, table: str) -> None:
        frames = self._pending.pop(table, [])
        if not frames:
            return
        frame = pl.concat(frames)
        path = f"{self._source_id}-{uuid.uuid4().hex}.parquet"
        frame.write_parquet(self._store.directory / table / path, compression="zstd")
        self._files.setdefault(table, []).append((path, frame.height))
        self._rows[table] = 0

    def commit(self, source: dict[str, Any]) -> None:
        self._pending["sources"] = [pl.DataFrame([source], schema=TABLES["sources"])]
        for table in list(self._pending):
            self._flush(table)
        for table in [t for t in self._files if t != "sources"]:
            self._store._commit(table, self._source_id, self._files[table])
        self._store._commit("sources", self._source_id, self._files["sources"])
