"""Small files of a store are put together: it holds the same, and what a pack's damage touches is told and mended like any other."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.exceptions import StoreError
from analyzer.ingest import ingest
from analyzer.store import DeltaStore, open_store, packing
from analyzer.vocabulary import TABLES
from tests.cli.running import podopsy
from tests.store.journals import write_journal
from tests.store.test_damage import contents, cut, flipped, missing

_NODES = (1, 2, 3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence of three nodes, a store of it as ingested source by source, and a store that is packed."""
    folder = tmp_path_factory.mktemp("packed")
    for number in _NODES:
        write_journal(folder / "evidence" / f"node-{number}" / "kubelet.json", f"node-{number}", 200 * number)
        ingest([folder / "evidence"], open_store(folder / "store", create=True))
    shutil.copytree(folder / "store", folder / "packed")
    open_store(folder / "packed").optimize()
    return folder


@pytest.fixture
def packed(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole / "packed", tmp_path / "packed"))


def pack_of(store: Path, table: str) -> Path:
    (path,) = (path for path, _ in open_store(store).files(table))
    return store / table / path


def source_id(store: DeltaStore, number: int) -> str:
    rows = store.table("sources").rows_by_key("source", named=True)
    return str(rows[f"node-{number}/kubelet.json"][0]["source_id"])


def test_it_holds_the_same_in_fewer_files(whole: Path) -> None:
    before, after = open_store(whole / "store"), open_store(whole / "packed")
    for table in ("records", "events", "activity", "sources"):
        assert len(before.files(table)) == len(_NODES)
        assert len(after.files(table)) == 1
    assert contents(whole / "packed") == contents(whole / "store")
    after.check()


def test_the_findings_are_the_same(whole: Path) -> None:
    told = [podopsy("analyze", "--store", whole / name, "-o", "json").stdout for name in ("store", "packed")]
    assert told[0] == told[1]
    assert b'"records":1200' in told[0].replace(b" ", b"")


def test_repeating_changes_nothing(packed: Path) -> None:
    files = sorted(packed.rglob("*"))
    done = open_store(packed).optimize()
    assert done.before == done.after
    assert done.deleted == 0
    assert sorted(packed.rglob("*")) == files


def test_the_command_tells_how_many_files_there_were_and_are(whole: Path, tmp_path: Path) -> None:
    store = shutil.copytree(whole / "store", tmp_path / "store")
    done = podopsy("optimize", "--store", store)
    assert done.returncode == 0
    before, after = (sum(len(open_store(whole / name).files(table)) for table in TABLES) for name in ("store", "packed"))
    assert f"{before} files, now {after}; 0 deleted".encode() in done.stdout + done.stderr
    assert podopsy("optimize", "--store", tmp_path).returncode == 3


def test_more_can_be_ingested_and_packed_again(packed: Path, whole: Path, tmp_path: Path) -> None:
    write_journal(tmp_path / "more" / "node-4" / "kubelet.json", "node-4", 100)
    assert ingest([whole / "evidence"], open_store(packed)) == 0
    assert ingest([tmp_path / "more"], open_store(packed)) == 1
    before = contents(packed)
    open_store(packed).optimize()
    assert contents(packed) == before
    assert len(open_store(packed).files("records")) == 1


@pytest.mark.parametrize("table", ["records", "events"])
@pytest.mark.parametrize("harm", [missing, cut, flipped])
def test_a_damaged_pack_tells_all_of_its_sources_and_is_mended_by_them(
    whole: Path, packed: Path, table: str, harm: Callable[[Path], None]
) -> None:
    harm(pack_of(packed, table))
    everyone = ", ".join(f"node-{number}/kubelet.json" for number in _NODES)
    with pytest.raises(StoreError, match=rf"the store is damaged: {table}/pack-.*ingest again: {everyone}$"):
        open_store(packed).check()
    with pytest.raises(StoreError, match=f"ingest again: {everyone}$"):
        ingest([whole / "evidence" / "node-1", whole / "evidence" / "node-2"], open_store(packed))
    with pytest.raises(StoreError, match=f"ingest again: {everyone}$"):
        open_store(packed).optimize()
    assert open_store(packed).table("sources").height == len(_NODES), "none is forgotten before all are at hand"
    assert ingest([whole / "evidence"], open_store(packed)) == len(_NODES)
    open_store(packed).check()
    assert contents(packed) == contents(whole / "store")


def test_a_source_that_is_forgotten_leaves_the_others_of_its_pack(whole: Path, packed: Path) -> None:
    """As after a file of its own was damaged, and a kill before it was read again."""
    store = open_store(packed)
    gone = source_id(store, 2)
    store._forget(frozenset({gone}))
    assert gone not in set(open_store(packed).table("records")["source_id"])
    assert open_store(packed).table("records").height == 200 + 600
    assert ingest([whole / "evidence"], open_store(packed)) == 1
    assert contents(packed) == contents(whole / "store")


def test_what_a_cut_off_ingest_left_is_not_packed(packed: Path) -> None:
    store = open_store(packed)
    store._forget(frozenset({source_id(store, 1), source_id(store, 3)}))
    pack = pack_of(packed, "records")
    open_store(packed)._pack("records", [pack.name])
    assert pack_of(packed, "records") != pack
    assert open_store(packed).table("records").height == 400


def test_a_file_that_was_replaced_meanwhile_is_left_to_who_replaced_it(packed: Path) -> None:
    store, before = open_store(packed), contents(packed)
    store._pack("records", [pack_of(packed, "records").name, "another.parquet"])
    assert contents(packed) == before


def test_what_nobody_names_is_deleted_a_day_later(packed: Path) -> None:
    young, old = packed / "records" / "left-1.parquet", packed / "events" / "left-2.parquet"
    for path in (young, old):
        path.write_bytes(b"of an ingest that was killed")
    os.utime(old, (time.time() - 25 * 3600,) * 2)
    before = contents(packed)
    assert open_store(packed).optimize().deleted == 1
    assert young.exists()
    assert not old.exists()
    assert contents(packed) == before


@pytest.mark.parametrize(("bytes_of_a_pack", "packs"), [(1, 6), (20_000, 3), (10**9, 1)])
def test_a_pack_holds_so_much_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bytes_of_a_pack: int, packs: int) -> None:
    store = tmp_path / "store"
    for number in range(6):
        write_journal(tmp_path / "evidence" / f"node-{number}" / "kubelet.json", f"node-{number}", 200)
        ingest([tmp_path / "evidence"], open_store(store, create=True))
    sizes = [size for _, size in open_store(store).files("records")]
    assert all(4_000 < size < 9_900 for size in sizes), sizes
    before = contents(store)
    monkeypatch.setattr(packing, "_FULL", bytes_of_a_pack)
    open_store(store).optimize()
    assert len(open_store(store).files("records")) == packs
    assert contents(store) == before
