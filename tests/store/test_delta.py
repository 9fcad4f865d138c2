"""The store: a source is one transaction, whatever happens in between, and any Delta reader can read it."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from analyzer.exceptions import StoreError
from analyzer.ingest import ingest
from analyzer.plan import Options
from analyzer.store import DeltaStore, open_store
from analyzer.vocabulary import TABLES
from tests.store.journals import write_journal


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "evidence" / "node-1" / "kubelet.json", "node-1", 500)


@pytest.fixture
def store(tmp_path: Path) -> DeltaStore:
    return open_store(tmp_path / "store", create=True)


def again(store: DeltaStore) -> DeltaStore:
    """The store as another process would open it now."""
    return open_store(store.directory)


def contents(store: DeltaStore) -> dict[str, list[str]]:
    """All rows of all tables, in an order of their own."""
    return {name: sorted(map(str, again(store).table(name).rows())) for name in TABLES}


def versions(store: DeltaStore) -> dict[str, int]:
    return {name: DeltaTable(str(store.directory / name)).version() for name in TABLES}


def test_nothing_is_visible_before_the_commit(store: DeltaStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.store.writing.FLUSH_BYTES", 0)
    writer = store.writer("aaaa")
    columns = {k: v for k, v in TABLES["rejects"].items() if k != "source_id"}
    writer.add("rejects", pl.DataFrame({"line": [1], "offset": [0], "reason": ["x"], "raw": ["y"]}, schema=columns))
    assert list((store.directory / "rejects").glob("aaaa-*.parquet")), "written out, and yet no part of any table"
    assert contents(store)["rejects"] == []
    row = dict.fromkeys(TABLES["sources"]) | {"source_id": "aaaa", "source": "a", "sha256": "a", "size": 1, "status": "read"}
    writer.commit(row)
    assert len(contents(store)["rejects"]) == 1
    assert len(contents(store)["sources"]) == 1


def test_a_killed_ingest_is_made_good_by_the_next(
    store: DeltaStore, journal: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Dead after the data tables have taken their rows in, before the mark."""
    append = DeltaStore._append

    def until_the_mark(self: DeltaStore, name: str, *rest: object) -> None:
        if name == "sources":
            raise KeyboardInterrupt
        append(self, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(DeltaStore, "_append", until_the_mark)
    with pytest.raises(KeyboardInterrupt):
        ingest([journal.parent], store)
    monkeypatch.undo()
    assert pl.read_delta(str(store.directory / "records")).height == 500, "taken in, for a reader that does not mind the mark"
    assert all(rows == [] for rows in contents(store).values())
    ingest([journal.parent], again(store))
    assert pl.read_delta(str(store.directory / "records")).height == 500, "not doubled either"
    clean = open_store(tmp_path / "clean", create=True)
    ingest([journal.parent], clean)
    assert contents(store) == contents(clean)


def test_repeating_changes_nothing(store: DeltaStore, journal: Path) -> None:
    assert ingest([journal.parent], store) == 1
    before, rows = versions(store), contents(store)
    assert ingest([journal.parent], again(store)) == 0
    assert versions(store) == before
    assert contents(store) == rows


def test_a_duplicate_that_comes_later_takes_nothing_away(store: DeltaStore, journal: Path) -> None:
    ingest([journal.parent], store)
    shutil.copy(journal, journal.with_name("again.json"))
    write_journal(journal.with_name("other.json"), "node-1", 7)
    ingest([journal.parent], again(store))
    assert sorted(again(store).table("sources").select("source", "status").rows()) == [
        ("again.json", "duplicate"),
        ("kubelet.json", "read"),
        ("other.json", "read"),
    ]
    assert again(store).table("records").height == 507


def test_many_small_sources_share_commits(store: DeltaStore, tmp_path: Path) -> None:
    for number in range(250):
        write_journal(tmp_path / "many" / f"{number}.json", f"node-{number}", 1)
    ingest([tmp_path / "many"], store)
    assert again(store).table("records").height == again(store).table("sources").height == 250
    assert versions(store)["records"] == 3


def test_attributions_that_a_kill_prevented_are_settled_by_the_next(store: DeltaStore, journal: Path) -> None:
    ingest([journal.parent], store)
    pl.DataFrame(schema=TABLES["attributions"]).write_delta(str(store.directory / "attributions"), mode="overwrite")
    ingest([journal.parent], again(store))
    assert again(store).table("attributions")["node"].to_list() == ["node-1"]


def test_a_named_node_holds_for_its_sources_only(store: DeltaStore, tmp_path: Path) -> None:
    one = write_journal(tmp_path / "one" / "kubelet.json", "", 3)
    two = write_journal(tmp_path / "two" / "kubelet2.json", "node-2", 3)
    ingest([one.parent], store, Options(node="node-1"))
    ingest([two.parent], again(store))
    ingest([one.parent, two.parent], again(store))
    found = again(store).table("attributions").join(again(store).table("sources"), on="source_id")
    assert set(found.select("source", "node", "how").rows()) >= {
        ("kubelet.json", "node-1", "option"),
        ("kubelet2.json", "node-2", "host field"),
    }


def test_a_source_that_another_process_finished_meanwhile_is_left_alone(store: DeltaStore, journal: Path) -> None:
    late = again(store)
    stale = [late.table("sources")]
    ingest([journal.parent], store)
    rows = contents(store)
    late.table = lambda name: stale.pop() if name == "sources" and stale else DeltaStore.table(late, name)  # type: ignore[method-assign]
    assert ingest([journal.parent], late) == 1, "to its own eyes it was the first"
    assert contents(store) == rows


def test_large_sources_go_out_in_parts(store: DeltaStore, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.store.writing.FLUSH_BYTES", 10_000)
    monkeypatch.setattr("analyzer.formats.lines.CHUNK", 20_000)
    monkeypatch.setattr("analyzer.formats.lines.chunks.__defaults__", (20_000, 256 * 1024 * 1024))
    ingest([journal.parent], store)
    assert again(store).table("records").height == 500


def add_records(store: DeltaStore, source_id: str, times: list[datetime | None]) -> None:
    writer = store.writer(source_id)
    columns = {k: v for k, v in TABLES["records"].items() if k != "source_id"}
    writer.add(
        "records",
        pl.DataFrame({"record": list(range(len(times))), "time": times}, schema_overrides=columns).select(
            pl.col(c) if c in ("record", "time") else pl.lit(None, columns[c]).alias(c) for c in columns
        ),
    )
    writer.commit(dict.fromkeys(TABLES["sources"]) | {"source_id": source_id, "source": source_id, "sha256": source_id, "status": "read"})


@pytest.mark.parametrize("micros", [0, 1, 500, 999, 1000, 999_999])
@pytest.mark.parametrize("year", [1969, 2026, 9999])
def test_a_filter_finds_what_it_is_for(store: DeltaStore, year: int, micros: int) -> None:
    """Files are skipped by what their statistics say: at the edges, too, of times that are coarser there."""
    moment = datetime(year, 12, 31, 23, 59, 59, micros, UTC)
    add_records(store, "aaaa", [moment, None])
    add_records(store, "bbbb", [moment - timedelta(hours=1), moment - timedelta(minutes=59)])
    add_records(store, "cccc", [None])
    store.take_in()
    records = again(store).scan("records")
    for wanted in (pl.col("time") == moment, pl.col("time") >= moment, pl.col("time").is_between(moment, moment)):
        assert records.filter(wanted).select("source_id", "record").collect().rows() == [("aaaa", 0)]
    assert records.filter(pl.col("time").is_null()).collect().height == 2
    assert records.filter(pl.col("source_id") == "bbbb", pl.col("record") == 1).collect().height == 1


def test_files_tell_what_they_hold(store: DeltaStore, journal: Path) -> None:
    """Without it, no reader could skip one."""
    ingest([journal.parent], store)
    told = pl.DataFrame(DeltaTable(str(store.directory / "records")).get_add_actions(flatten=True)).row(0, named=True)
    records = store.table("records")
    assert (told["num_records"], told["min.record"], told["max.record"], told["null_count.time"]) == (500, 0, 499, 0)
    assert told["min.source_id"] == told["max.source_id"] == records["source_id"][0]
    low, high = records["time"].min(), records["time"].max()
    assert timedelta() <= low - told["min.time"] < timedelta(milliseconds=1)
    assert timedelta() <= told["max.time"] - high < timedelta(milliseconds=1)


def test_other_readers(store: DeltaStore, journal: Path) -> None:
    ingest([journal.parent], store)
    dataset = DeltaTable(str(store.directory / "events")).to_pyarrow_dataset()
    assert dataset.to_table(columns=["kind"]).num_rows == store.table("events").height == 5
    duckdb = pytest.importorskip("duckdb")
    assert duckdb.sql("select kind, count(*) from dataset group by 1").fetchall() == [("pod_added", 5)]


def _no_log(folder: Path) -> None:
    shutil.rmtree(folder / "events" / "_delta_log")


def _no_rows(folder: Path) -> None:
    for file in (folder / "events").glob("*.parquet"):
        file.unlink()


def _broken_rows(folder: Path) -> None:
    for file in (folder / "events").glob("*.parquet"):
        file.write_bytes(file.read_bytes()[:50])


def _broken_log(folder: Path) -> None:
    for file in (folder / "events" / "_delta_log").glob("*.json"):
        file.write_bytes(b"{{{")


def _other_marker(folder: Path) -> None:
    (folder / "podopsy-store.json").write_text("[]")


def _broken_marker(folder: Path) -> None:
    (folder / "podopsy-store.json").write_bytes(b"\xff{")


@pytest.mark.parametrize("harm", [_no_log, _no_rows, _broken_rows, _broken_log, _other_marker, _broken_marker])
def test_damage_is_told_in_one_line(store: DeltaStore, journal: Path, harm: Callable[[Path], None]) -> None:
    ingest([journal.parent], store)
    harm(store.directory)
    with pytest.raises(StoreError) as caught:
        again(store).table("events")
    assert str(store.directory) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_later_layout_is_refused(store: DeltaStore) -> None:
    (store.directory / "podopsy-store.json").write_text(json.dumps({"layout": 99}))
    with pytest.raises(StoreError, match="layout 99"):
        again(store)


def test_foreign_places_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(StoreError):
            open_store(place, create=True)
    with pytest.raises(StoreError, match="no store there"):
        open_store(tmp_path / "absent")
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_a_half_made_store_is_finished(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", create=True)
    (store.directory / "podopsy-store.json").unlink()
    shutil.rmtree(store.directory / "rejects")
    assert open_store(tmp_path / "store", create=True).table("rejects").is_empty()
