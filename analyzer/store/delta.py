"""Delta Lake tables in one directory, one folder a table; any Delta reader can open them.

A source comes in whole or not at all: its rows are written as Parquet files that no table knows yet; then the data tables take
them in, and the row in ``sources`` comes last and is the mark that readers go by. A killed ingest leaves at worst files
that no reader sees; the next ingest of that source removes whatever was taken in without the mark.

Writers read and parse side by side; only the taking in is done by one at a time, under a lock that ends with its process.
"""

import fcntl
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import polars as pl
from deltalake import DeltaTable
from deltalake.transaction import RemoveAction

from analyzer.exceptions import StoreError
from analyzer.store import damage, spilled, writing
from analyzer.store.damage import PACK, owner
from analyzer.store.files import File, added, owners, removed, write
from analyzer.store.packing import Packed, groups
from analyzer.store.trouble import told
from analyzer.store.writing import DeltaApart, DeltaWriter, begin
from analyzer.vocabulary import TABLES

MARKER = "podopsy-store.json"
LOCK = "podopsy-store.lock"
LAYOUT = 2
_KEPT_HOURS = 24
"""So long a file stays that no table names any more, or not yet."""
_TOGETHER = 100
"""So many small sources are taken in with one commit a table."""
_PACKED = 4
"""So many times its bytes a file takes in memory, at least: what is large there goes to a temporary file while it is read."""
_ROWS = 1 << 14
"""Rows that are read together then."""


def open_store(directory: Path, *, create: bool = False) -> "DeltaStore":
    """The store in ``directory``; with ``create`` an absent or empty directory becomes one. Raises StoreError."""
    marker = directory / MARKER
    with told(directory):
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


class DeltaStore:
    """See the module. ``directory`` holds one Delta table per name in vocabulary.TABLES.

    It shows the tables as they were when it was opened or last wrote; ``sources`` is opened first, so that whatever it marks is there.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._tables = {name: DeltaTable(str(directory / name)) for name in TABLES}
        self._waiting: list[DeltaWriter] = []
        self._marks: tuple[int, frozenset[str]] = (-1, frozenset())
        self._packs: dict[str, frozenset[str]] = {}  # of each pack that was looked into, whose rows it holds
        self._sound: set[str] = set()  # files whose content has been looked at, by table and path

    def writer(self, source_id: str) -> "DeltaWriter":
        return begin(self, source_id)

    def apart(self) -> Callable[[], "DeltaApart"]:
        return partial(DeltaApart, self.directory)

    def join(self, made: "DeltaApart") -> None:
        for writer in made.waiting:
            self.hand_in(writer)

    def scan(self, name: str) -> pl.LazyFrame:
        """Rows of committed sources, lazily."""
        with told(self.directory):
            self._check(name, content=False)
        frame = pl.scan_delta(self._tables[name])
        if name in ("sources", "attributions"):
            return frame
        marks = self._marked()
        if all(self._owners(name, path) <= marks for path, _ in self.files(name)):
            return frame  # so it is, but for what a killed ingest left: a filter then goes straight to the files
        marked = pl.scan_delta(self._tables["sources"]).select("source_id").unique()
        return frame.join(marked, on="source_id", how="semi")

    def _marked(self) -> frozenset[str]:
        """The ids of the sources that are there."""
        version = self._tables["sources"].version()
        if self._marks[0] != version:
            with told(self.directory):
                self._check("sources", content=False)
                ids = pl.scan_delta(self._tables["sources"]).select("source_id").collect().to_series()
            self._marks = (version, frozenset(ids))
        return self._marks[1]

    def table(self, name: str) -> pl.DataFrame:
        self.take_in()
        with told(self.directory):
            self._check(name)
            rows = self.scan(name)
            if sum(size for _, size in self.files(name)) * _PACKED <= spilled.least():
                return rows.collect().cast(TABLES[name])
            frames = spilled.Frames()
            for some in rows.collect_batches(chunk_size=_ROWS, maintain_order=True):
                frames.add(some.cast(TABLES[name]))
                frames.spill()
            return pl.concat(frames.all)

    def files(self, name: str) -> list[tuple[str, int]]:
        """Path and size in bytes of each file of a table."""
        return list(pl.DataFrame(self._tables[name].get_add_actions(flatten=True)).select("path", "size_bytes").iter_rows())

    def _faults(self, name: str, *, content: bool, of: Collection[str] | None = None) -> dict[str, str]:
        """A table's files that are not as they were written, and what is wrong with each.

        content: look at all bytes, too. of: only at the files of these sources.
        """
        files, folder = (
            [file for file in self.files(name) if of is None or not self._owners(name, file[0]).isdisjoint(of)],
            self.directory / name,
        )
        found = damage.resized(folder, files)
        if content:
            fresh = [path for path, _ in files if path not in found and f"{name}/{path}" not in self._sound]
            found |= (altered := damage.altered(folder, fresh))
            self._sound |= {f"{name}/{path}" for path in fresh if path not in altered}
        return {f"{name}/{path}": fault for path, fault in found.items()}

    def _check(self, *names: str, content: bool = True) -> None:
        """StoreError for files that are not as they were written. Of one that is too short, polars panics with a page of words."""
        faults = {path: fault for name in names for path, fault in self._faults(name, content=content).items()}
        if faults:
            raise self._damaged(faults)

    def _damaged(self, faults: dict[str, str]) -> StoreError:
        return StoreError(f"{self.directory}: {damage.told(faults.items(), self._names(), lambda path: self._owners(*path.split('/', 1)))}")

    def _owners(self, name: str, path: str) -> frozenset[str]:
        """Whose rows a file holds; all whose they may be, where a pack cannot tell it any more."""
        if owner(path) != PACK:
            return frozenset({owner(path)})
        if path not in self._packs:
            known = owners(self.directory / name, path)
            self._packs[path] = self._perhaps(name, path) if known is None else known
        return self._packs[path]

    def _perhaps(self, name: str, path: str) -> frozenset[str]:
        """The sources between the first and the last one of a pack, as its table's log has them."""
        files = pl.DataFrame(self._tables[name].get_add_actions(flatten=True))
        low, high = files.filter(pl.col("path") == path).select("min.source_id", "max.source_id").row(0)
        return frozenset(one for one in self._marked() if low <= one <= high)

    def _names(self) -> dict[str, str] | None:
        """The sources by id; None if that table is damaged itself."""
        if self._faults("sources", content=True):
            return None
        rows = pl.scan_delta(self._tables["sources"]).select("source_id", "source").collect().sort("source", descending=True)
        return dict(rows.iter_rows())

    def check(self) -> None:
        """Look at every file of every table. Raises StoreError that says which sources are to be ingested again."""
        with told(self.directory):
            self._check(*TABLES)

    def mend(self, source_ids: Collection[str]) -> frozenset[str]:
        """Forget those of these sources of whose rows a file is not as it was written: they can be read again. Returns which."""
        self.take_in()
        with told(self.directory):
            self._check("sources")
            data = [name for name in TABLES if name not in ("sources", "attributions")] if source_ids else []
            faults = {path: fault for name in data for path, fault in self._faults(name, content=True, of=source_ids).items()}
            broken = frozenset().union(*(self._owners(*path.split("/", 1)) for path in faults)) & self._marked()
            if not broken.issubset(source_ids):  # a pack's rows are read again all together, or its others would be lost
                raise self._damaged(faults)
            lost = bool(self._faults("attributions", content=True))
            if broken or lost:
                with _alone(self.directory):
                    self._forget(broken)
                    if lost:  # it is read off the other tables, and settled when all is in
                        pl.DataFrame(schema=TABLES["attributions"]).write_delta(str(self.directory / "attributions"), mode="overwrite")
                        self._refresh()
        return broken

    def _forget(self, source_ids: frozenset[str]) -> None:
        """The marks first: whatever happens then, the sources count as not there, and what they left is taken away by who reads them."""
        self._refresh()
        if not source_ids:
            return
        kept = pl.scan_delta(self._tables["sources"]).filter(~pl.col("source_id").is_in(list(source_ids))).collect()
        gone = [removed(path, size) for path, size in self.files("sources")]
        self._append("sources", [write(kept, self.directory / "sources", "sources")] if kept.height else [], gone)

    def settle(self, name: str, make: Callable[[], pl.DataFrame]) -> None:
        self.take_in()
        with _alone(self.directory):
            self._refresh()
            frame = make()
            if self.table(name).equals(frame):
                return
            with told(self.directory):
                frame.write_delta(str(self.directory / name), mode="overwrite")
                self._tables[name].update_incremental()

    def hand_in(self, writer: "DeltaWriter") -> None:
        """A source that is wholly written. A commit of its own for each of many small ones would take longer than reading them."""
        self._waiting.append(writer)
        if len(self._waiting) >= _TOGETHER or sum(w.size for w in self._waiting) > writing.FLUSH_BYTES:
            self.take_in()

    def take_in(self) -> None:
        """What waits, into its tables, ``sources`` last; but for what another process has taken in meanwhile."""
        if not self._waiting:
            return
        with told(self.directory), _alone(self.directory):
            self._refresh()
            marked = set(pl.scan_delta(self._tables["sources"]).select("source_id", "source").collect().iter_rows())
            new = [w for w in self._waiting if (w.row["source_id"], w.row["source"]) not in marked]
            for name in [n for n in TABLES if n != "sources"]:
                files = [f for w in new for f in w.files.get(name, ())]
                rest, left_over = self._left_over(name, {w.source_id for w in new if w.files})
                if files or left_over:
                    self._append(name, [*rest, *files], left_over)
            if new:
                rows = pl.DataFrame([w.row for w in new], schema=TABLES["sources"])
                self._append("sources", [write(rows, self.directory / "sources", "sources")], [])
        self._waiting = []

    def _refresh(self) -> None:
        for table in self._tables.values():
            table.update_incremental()

    def _left_over(self, name: str, source_ids: set[str]) -> tuple[list[File], list[RemoveAction]]:
        """Files with rows of these sources that an ingest left without having come to their marks; what else was in them, written anew."""
        rest, gone = [], []
        for path, size in self.files(name):
            whose = self._owners(name, path)
            if not whose.isdisjoint(source_ids):
                gone.append(removed(path, size))
                if kept := (whose & self._marked()) - source_ids:
                    rest.append(self._written(name, [path], kept))
        return rest, gone

    def _written(self, name: str, paths: Collection[str], kept: frozenset[str]) -> File:
        """The rows that these sources have in some files, as one file."""
        rows = pl.concat([pl.read_parquet(self.directory / name / path) for path in paths])
        return write(rows.filter(pl.col("source_id").is_in(sorted(kept))), self.directory / name, PACK, kept)

    def optimize(self) -> Packed:
        """Put small files together and delete what nobody names. Repeating it changes nothing. Raises StoreError, also for damaged files.

        Each pack takes the place of its files in one commit: whoever is killed leaves the one or the others. What was replaced, and what a
        killed ingest left, is deleted a day later, when nobody can be reading it or writing still.
        """
        self.check()
        done = Packed()
        for name in TABLES:
            done.before += len(self.files(name))
            while found := [] if name == "attributions" else list(groups(self._tables[name])):
                for paths in found:
                    self._pack(name, paths)
            done.after += len(self.files(name))
            done.deleted += self._sweep(name)
        return done

    def _pack(self, name: str, paths: Collection[str]) -> None:
        """One file in the place of these, in one commit; rows without a mark are left out. Nothing if one of them is gone."""
        with told(self.directory), _alone(self.directory):
            self._refresh()
            there = dict(self.files(name))
            if not there.keys() >= set(paths):
                return
            if name == "sources":
                rows = pl.concat([pl.read_parquet(self.directory / name / path) for path in paths])
                new = [write(rows, self.directory / name, name)]
            else:
                kept = frozenset().union(*(self._owners(name, path) for path in paths)) & self._marked()
                new = [self._written(name, paths, kept)] if kept else []
            self._append(name, new, [removed(path, there[path]) for path in paths])

    def _sweep(self, name: str) -> int:
        """Delete files that nobody has named for a day; returns how many."""
        with told(self.directory), _alone(self.directory):
            table = self._tables[name]
            old = table.vacuum(_KEPT_HOURS, dry_run=True, enforce_retention_duration=False, full=True)
            if old:  # it leaves a commit even where there is nothing to be deleted
                table.vacuum(_KEPT_HOURS, dry_run=False, enforce_retention_duration=False, full=True)
                table.update_incremental()
            return len(old)

    def _append(self, name: str, files: list[File], left_over: list[RemoveAction]) -> None:
        table, folder = self._tables[name], self.directory / name
        table.create_write_transaction([*(added(folder, file) for file in files), *left_over], mode="append", schema=table.schema())
        table.update_incremental()
