"""Files of a store that are not as they were written: told in one line, with what to ingest again; and ingested again, they are mended."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.exceptions import StoreError
from analyzer.ingest import ingest
from analyzer.store import open_store
from analyzer.vocabulary import TABLES
from tests.cli.running import podopsy
from tests.store.journals import write_journal


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence of three nodes, and a store of it."""
    folder = tmp_path_factory.mktemp("whole")
    for number in (1, 2, 3):
        write_journal(folder / "evidence" / f"node-{number}" / "kubelet.json", f"node-{number}", 200 * number)
    ingest([folder / "evidence"], open_store(folder / "store", create=True))
    return folder


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole / "store", tmp_path / "store"))


def contents(store: Path) -> dict[str, list[str]]:
    return {name: sorted(map(str, open_store(store).table(name).rows())) for name in TABLES}


def file_of(store: Path, table: str, source: str) -> Path:
    rows = open_store(store).table("sources").rows_by_key("source", named=True)
    (found,) = (store / table).glob(f"{rows[source][0]['source_id']}-*.parquet")
    return Path(found)


def missing(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("table", ["records", "events", "activity"])
@pytest.mark.parametrize("harm", [missing, cut, flipped])
def test_a_damaged_file_is_noticed_and_mended(whole: Path, store: Path, table: str, harm: Callable[[Path], None]) -> None:
    harm(file_of(store, table, "node-2/kubelet.json"))
    with pytest.raises(StoreError, match=r"the store is damaged: .*ingest again: node-2/kubelet.json$") as caught:
        open_store(store).check()
    assert "\n" not in str(caught.value)
    with pytest.raises(StoreError, match=f"damaged: {table}/"):
        open_store(store).table(table)
    assert ingest([whole / "evidence"], open_store(store)) == 1, "the others are left as they are"
    open_store(store).check()
    assert contents(store) == contents(whole / "store")


def test_what_is_not_at_hand_stays_told(whole: Path, store: Path) -> None:
    """Of two damaged sources one is ingested again: the other is not forgotten."""
    for number in (1, 3):
        missing(file_of(store, "events", f"node-{number}/kubelet.json"))
    paths = [whole / "evidence" / f"node-{number}" for number in (2, 3)]
    with pytest.raises(StoreError, match=r"ingest again: node-1/kubelet.json$"):
        ingest(paths, open_store(store))
    assert open_store(store).table("sources").height == 3


def test_what_is_read_off_the_others_is_made_anew(whole: Path, store: Path) -> None:
    for file in (store / "attributions").glob("*.parquet"):
        file.unlink()
    with pytest.raises(StoreError, match="ingest again: any of its sources"):
        open_store(store).table("attributions")
    ingest([whole / "evidence"], open_store(store))
    assert contents(store) == contents(whole / "store")


def test_without_the_table_of_sources_a_new_store_is_needed(store: Path) -> None:
    for file in (store / "sources").glob("*.parquet"):
        file.unlink()
    done = podopsy("analyze", "--store", store)
    assert done.returncode == 3
    assert b"which sources it held cannot be told: ingest the evidence into a new one" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_query_is_told_in_one_line(store: Path) -> None:
    missing(file_of(store, "records", "node-1/kubelet.json"))
    done = podopsy("query", "select count(*) from records", "--store", store)
    assert done.returncode == 3
    assert done.stderr.count(b"\n") == 1
    assert b"ingest again: node-1/kubelet.json" in done.stderr


def test_verify_looks_at_every_file(whole: Path, store: Path) -> None:
    assert podopsy("verify", whole / "evidence", "--store", store).returncode == 0
    flipped(file_of(store, "records", "node-1/kubelet.json"))
    done = podopsy("verify", whole / "evidence", "--store", store)
    assert done.returncode == 3
    assert b"is not as it was written: ingest again: node-1/kubelet.json" in done.stderr
