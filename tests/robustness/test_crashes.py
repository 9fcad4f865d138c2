"""Killed, out of room or not allowed to write: what is there can be read, and the next run completes it."""

import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.robustness import kills, stores, together
from tests.cli.running import COMMAND, environment, podopsy


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    stores.write(folder, 6, large=False)
    return folder


@pytest.fixture(scope="module")
def undisturbed(evidence: Path, tmp_path_factory: pytest.TempPathFactory) -> kills.State:
    store = tmp_path_factory.mktemp("undisturbed") / "store"
    assert podopsy("ingest", evidence, "--store", store).returncode == 0
    return stores.contents(store)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, sample_logs: Path) -> Path:
    folder = tmp_path_factory.mktemp("cases")
    for name in ("quick-restart", "kubelet-stays-down"):
        shutil.copytree(sample_logs / name, folder / name)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("work", kills.WORKS, ids=lambda work: str(work.name))
def test_kills_leave_nothing_broken(work: kills.Work, evidence: Path, cases: Path) -> None:
    outcomes = list(kills.sweep(work, cases if work.name == "batch" else evidence, 3, seed=7))
    assert sum(o.kills for o in outcomes) >= 3
    assert all(o.good() for o in outcomes), outcomes


def test_the_harness_sees_what_is_lost_and_doubled(evidence: Path, undisturbed: kills.State, tmp_path: Path) -> None:
    store = tmp_path / "store"
    podopsy("ingest", evidence / "part-0", evidence / "part-1", "--store", store)
    outcome = kills.Outcome()
    kills.compare(undisturbed, stores.contents(store), outcome)
    kills.compare(stores.contents(store), undisturbed, outcome)
    assert outcome.lost
    assert outcome.doubled
    for file in (store / "records").glob("*.parquet"):
        file.unlink()
    assert "is missing" in stores.faults(store)[0]


@pytest.mark.slow
def test_ingests_at_once_give_the_rows_of_one() -> None:
    assert together.run(4, 12, seed=3, large=False) == []


def limited(size: int, *words: str | Path) -> subprocess.CompletedProcess[bytes]:
    """As on a disk that is full: no file can grow beyond so many bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    own = {name: value for name, value in environment().items() if not name.startswith("COVERAGE_")}  # its data would not fit either
    return subprocess.run([*COMMAND, *map(str, words)], capture_output=True, env=own, preexec_fn=limit, check=False, timeout=60)


@pytest.mark.parametrize("size", [10, 1000, 3000, 12_000])
def test_a_full_disk_stops_an_ingest_that_the_next_completes(size: int, evidence: Path, undisturbed: kills.State, tmp_path: Path) -> None:
    store = tmp_path / "store"
    done = limited(size, "ingest", evidence, "--store", store)
    assert done.returncode == 3
    assert done.stderr.count(b"\n") == 1
    assert b"File too large (make room and run it again" in done.stderr
    assert stores.faults(store) == []
    assert podopsy("ingest", evidence, "--store", store).returncode == 0
    assert stores.contents(store) == undisturbed


@pytest.mark.parametrize("words", ["report", "export csv", "export parquet", "export perfetto"])
def test_a_full_disk_leaves_what_was_there(words: str, cases: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = (*words.split(), "--out", out, cases / "quick-restart")
    assert podopsy(*given).returncode == 0
    before = kills.files(tmp_path)
    done = limited(600, *given)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"File too large" in done.stderr
    assert kills.files(tmp_path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_that_may_only_be_read(evidence: Path, undisturbed: kills.State, tmp_path: Path) -> None:
    store = tmp_path / "store"
    podopsy("ingest", evidence, "--store", store)
    folders = [store, *(path for path in store.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert podopsy("analyze", "--store", store).returncode == 0
        done = podopsy("ingest", evidence, evidence / "part-0", "--store", store)
        assert done.returncode in (0, 3)
        assert stores.contents(store) == undisturbed
    finally:
        for folder in folders:
            folder.chmod(0o755)
