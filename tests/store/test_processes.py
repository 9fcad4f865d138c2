"""Real processes at one store: killed at any moment, and two at once."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analyzer.exceptions import StoreError
from analyzer.store import open_store
from analyzer.vocabulary import TABLES
from tests.cli.running import COMMAND, environment, podopsy
from tests.store.journals import write_journal

LINES = 200_000


def start_ingest(store: Path, *paths: Path) -> subprocess.Popen[bytes]:
    words = [*COMMAND, "ingest", *map(str, paths), "--store", str(store)]
    return subprocess.Popen(words, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def contents(store: Path) -> dict[str, list[str]]:
    opened = open_store(store)
    return {name: opened.table(name).hash_rows().sort().cast(str).to_list() for name in TABLES}


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    write_journal(folder / "a" / "kubelet.json", "node-a", 1000)
    write_journal(folder / "b" / "kubelet.json", "node-b", LINES)
    return folder


def moments(store: Path) -> Iterator[tuple[str, Callable[[], bool]]]:
    """When to kill, from early to late."""
    yield "the store has begun to be made", lambda: (store / "podopsy-store.lock").exists()
    yield "the store is made", lambda: (store / "podopsy-store.json").exists()
    yield "the first rows are written that no table knows", lambda: len(list((store / "records").glob("*.parquet"))) > 0
    yield "more of them", lambda: len(list((store / "records").glob("*.parquet"))) > 1
    yield "a table has taken them in", lambda: len(list((store / "records").glob("_delta_log/*.json"))) > 1
    yield "the sources have their marks", lambda: len(list((store / "sources").glob("_delta_log/*.json"))) > 1


@pytest.mark.slow
def test_killed_at_several_moments_it_ends_as_if_never_killed(evidence: Path, tmp_path: Path) -> None:
    store, clean = tmp_path / "store", tmp_path / "clean"
    for what, reached in moments(store):
        process = start_ingest(store, evidence)
        deadline = time.monotonic() + 60
        while process.poll() is None and not reached():
            assert time.monotonic() < deadline, what
            time.sleep(0.0005)
        process.kill()
        process.wait()
        try:
            opened = open_store(store)
        except StoreError:  # not even made yet
            continue
        records, marks = opened.table("records"), opened.table("sources")
        assert records.height == marks["records"].sum(), f"killed when {what}: all of a source or nothing of it"
    assert podopsy("ingest", evidence, "--store", store).returncode == 0
    assert podopsy("ingest", evidence, "--store", clean).returncode == 0
    assert contents(store) == contents(clean)


@pytest.mark.slow
def test_two_processes_at_once(sample_logs: Path, tmp_path: Path) -> None:
    """One has the journals that tie containers to nodes, the other the docker events, in folders that name no node."""
    for number in (1, 2):
        node = sample_logs / "quick-restart" / f"minion-0{number}"
        for name, part in (("kubelet.journal.json", "journals"), ("docker-events.jsonl", "docker")):
            (tmp_path / part / f"host{number}").mkdir(parents=True)
            shutil.copy(node / name, tmp_path / part / f"host{number}" / name)
    at_once, one_by_one = tmp_path / "at-once", tmp_path / "one-by-one"
    processes = [start_ingest(at_once, tmp_path / part) for part in ("journals", "docker", "journals")]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    for part in ("journals", "docker"):
        assert podopsy("ingest", tmp_path / part, "--store", one_by_one).returncode == 0
    assert contents(at_once) == contents(one_by_one)
    assert open_store(at_once).table("attributions").height == 4
