"""The bench measures what it says: the peers' one task, memory of a tree of processes, a large store like an ingested one."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from analyzer.ingest import ingest
from analyzer.store import MemoryStore, open_store
from bench.speed import binary, cases, evidence, large_store, markdown, measure, memory, peers


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "kubelet.json"
    evidence.write("journal-json", path, 300_000)
    return path


def lifecycle_lines(journal: Path) -> int:
    with journal.open("rb") as lines:
        return peers.matching(lines)


@pytest.mark.parametrize("name", ["rg -c", "jq", "rg + jq", "lnav", "duckdb", "pandas", "polars"])
def test_each_peer_does_the_same_task(name: str, journal: Path, tmp_path: Path) -> None:
    peer = next((p for p in peers.of_json(journal, "minion-01") if p.name == name), None)
    if peer is None:
        pytest.skip(f"{name} is not installed")
    runs = measure.Runs()
    measure.add(runs, peer.command, tmp_path, peer.rows)
    assert runs.fault is None
    assert runs.rows == lifecycle_lines(journal) > 10
    if name != "rg -c":
        printed = subprocess.run(peer.command, capture_output=True, text=True, check=True).stdout.splitlines()
        rows = printed[0 if "jq" in name else 1 :]
        some = next(row for row in rows if "ContainerStarted" in row).replace('"', "").split(",")
        pod, container = some[2:4]
        assert some[1] == "minion-01"
        assert any(pod in line and container in line for line in journal.read_text().splitlines())


def test_who_is_missing_is_told(monkeypatch: pytest.MonkeyPatch, journal: Path) -> None:
    monkeypatch.setenv("PATH", "")
    assert {"rg -c", "jq", "lnav"} <= set(peers.missing("json"))
    assert not {"rg -c", "jq", "lnav"} & {p.name for p in peers.of_json(journal, "n")}


def test_a_binary_journal_holds_the_same_lines(journal: Path, tmp_path: Path) -> None:
    if binary.program() is None:
        pytest.skip("systemd-journal-remote is not installed")
    (tmp_path / "binary").mkdir()
    stores = [MemoryStore(keep_records=True) for _ in range(2)]
    ingest([journal], stores[0])
    ingest([binary.write(journal, tmp_path / "binary")], stores[1])
    texts = [store.table("records")["message"].to_list() for store in stores]
    assert texts[0] == texts[1]
    assert len(texts[0]) > 100


def test_an_exported_entry() -> None:
    assert binary.exported({"MESSAGE": "a=b", "_PID": "7"}) == b"MESSAGE=a=b\n_PID=7\n\n"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
def test_memory_is_that_of_the_whole_tree() -> None:
    """A child of a child that holds 50 MB, and maps nothing."""
    child = "import time; held = bytearray(b'x') * 50_000_000; print('there', flush=True); time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"there\n"
        watch = memory.Watch(process.pid)
        while watch.peak is None:
            time.sleep(0.01)
        alone = memory.anonymous(process.pid)
        found = memory.tree(process.pid)
        peak = watch.stop()
    finally:
        for pid in memory.tree(process.pid)[1:]:
            subprocess.run(["kill", str(pid)], check=True)
        process.wait()
        process.stdout.close()
    assert len(found) == 2
    assert peak is not None
    assert alone < 50_000_000 < peak


def test_what_failed_is_told_and_not_run_again(tmp_path: Path) -> None:
    runs = measure.Runs()
    for _ in range(2):
        measure.add(runs, (sys.executable, "-c", "print('x', file=open('ran', 'a')); raise SystemExit('it broke')"), tmp_path)
    assert (runs.fault, runs.wall) == ("it broke", [])
    assert (tmp_path / "ran").read_text() == "x\n"
    case = cases.Case("a case", 10, [cases.Task("a", ())], "a")
    assert "a failed: it broke" in cases.told(case, {"a": runs})


def test_a_difference_in_rows_is_told() -> None:
    runs = {"a": measure.Runs([1.0], [1.0], 5, rows=7), "b": measure.Runs([2.0], [3.0], 5, rows=6), "c": measure.Runs([2.0], [3.0], 5)}
    case = cases.Case("a case", 1_000_000, [], "a", rows=7)
    text = cases.told(case, runs)
    assert "Of 7 lifecycle lines, a gave as many rows; b gave 6." in text
    assert "2.00 (2.00–2.00)" in text
    assert "3.00 (3.00–3.00)" in text


def test_growth_by_its_exponent() -> None:
    assert cases.exponent(1, 16, 4) == 2
    sizes = [cases.Case("kind", size, [], "analyze") for size in (1_000_000, 4_000_000)]
    results = [{"analyze": measure.Runs([1.0], [1.0], 10)}, {"analyze": measure.Runs([4.0], [4.0], 10)}]
    assert cases.growth(sizes, results).splitlines()[-1].split("|")[-3:-1] == ["            1.00 ", "      0.00 "]


def test_a_table_is_markdown() -> None:
    assert markdown.table(["", "s"], [["a", "1.0"]]).splitlines() == ["|   |   s |", "| - | --: |", "| a | 1.0 |"]


def test_a_large_store_is_like_an_ingested_one(tmp_path: Path) -> None:
    pod, begin, end = large_store.write(tmp_path / "store", 20_000)
    store = open_store(tmp_path / "store")
    story = store.scan("events").filter(pl.col("k8s_pod_uid") == pod).collect()
    assert story.height == 10
    assert story["node"].unique().to_list() == ["minion-0000"]
    assert json.loads((tmp_path / "store" / "podopsy-store.json").read_text())
    near = pl.col("time").is_between(pl.lit(begin).str.to_datetime(time_zone="UTC"), pl.lit(end).str.to_datetime(time_zone="UTC"), "left")
    assert store.scan("records").filter(near).collect().height == pytest.approx(1200, abs=25)
    assert store.table("records").height == store.table("sources")["records"].sum() == 20_000


def test_what_is_counted() -> None:
    assert peers.below_head(io.BytesIO(b"a,b\n1,2\n3,4\n")) == 2
    assert peers.below_head(io.BytesIO(b"")) == 0
    assert peers.number(io.BytesIO(b"12\n")) == 12
