"""Sources that are read in processes of their own: what comes of it is the same, also where such a process dies."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import workers
from analyzer.analysis import analyze
from analyzer.exceptions import UsageError
from analyzer.ingest import ingest
from analyzer.plan import Options
from analyzer.recognition import Recognising
from analyzer.store import MemoryStore, open_store
from analyzer.vocabulary import TABLES
from tests.cli.running import environment, podopsy


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers, whatever the size of the evidence."""
    monkeypatch.setattr(workers, "_allowed", 2)
    monkeypatch.setattr(workers, "_WORTH", 1)
    monkeypatch.setattr(workers, "_TASK", 1)


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was read elsewhere."""
    found: list[object] = []
    for store in (MemoryStore, Recognising):
        join = store.join
        monkeypatch.setattr(store, "join", lambda self, made, join=join: (found.append(made), join(self, made)))
    return found


def test_the_tables_are_the_same_in_the_same_order(sample_logs: Path, two: None, joined: list[object]) -> None:
    alone, shared = MemoryStore(keep_records=True), MemoryStore(keep_records=True)
    ingest([sample_logs], shared)
    assert len(joined) > 10
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_allowed", 1)
        ingest([sample_logs], alone)
    for name in TABLES:
        assert shared.table(name).equals(alone.table(name)), name


def test_what_was_understood_is_counted_all_the_same(sample_logs: Path, two: None, joined: list[object]) -> None:
    alone, shared = Recognising(MemoryStore()), Recognising(MemoryStore())
    ingest([sample_logs / "long-outage-return"], shared)
    assert joined
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_allowed", 1)
        ingest([sample_logs / "long-outage-return"], alone)
    assert shared.found == alone.found


def test_a_store_holds_the_same(sample_logs: Path, two: None, tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", create=True)
    assert ingest([sample_logs / "quick-restart"], store) > 1
    assert ingest([sample_logs / "quick-restart"], open_store(tmp_path / "store")) == 0
    store.check()
    told = analyze([], store=open_store(tmp_path / "store")).document()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_allowed", 1)
        assert told == analyze([sample_logs / "quick-restart"]).document()


def test_what_a_worker_that_died_should_have_read_is_read_here(
    sample_logs: Path, two: None, joined: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    make = workers.pool

    def dying(processes: int, threads: int | None = None) -> workers.ProcessPoolExecutor:
        made = make(processes, threads)
        made.submit(os._exit, 1).exception()
        return made

    monkeypatch.setattr(workers, "pool", dying)
    shared = analyze([sample_logs / "quick-restart"]).document()
    assert not joined
    monkeypatch.setattr(workers, "_allowed", 1)
    assert shared == analyze([sample_logs / "quick-restart"]).document()


def test_an_interrupt_ends_a_worker_without_a_word(two: None) -> None:
    """The terminal sends it to all: one of them speaks."""
    with workers.pool(1, 1) as some:
        assert some.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_DFL


def test_a_script_that_expects_no_processes_has_none(sample_logs: Path, tmp_path: Path) -> None:
    """Without a guard around its main part a spawned process would run it again."""
    script = tmp_path / "script.py"
    script.write_text(f"from analyzer import analyze, workers\nworkers._WORTH = 1\nprint(len(analyze([{str(sample_logs)!r}]).findings))\n")
    done = subprocess.run([sys.executable, script], env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1


def test_one_source_that_is_most_of_it_is_read_here(sample_logs: Path, two: None, tmp_path: Path) -> None:
    from analyzer.plan import make_plan

    (tmp_path / "large.json").write_bytes((sample_logs / "quick-restart" / "minion-01" / "kubelet.journal.json").read_bytes() * 5)
    store = MemoryStore()
    plan = make_plan([tmp_path, sample_logs / "quick-restart"], Options(), store.table("sources"))
    with workers.Workers(plan, store, Options()) as some:
        assert some._pool is not None
    with workers.Workers([p for p in plan if p.source.name.endswith("large.json")], store, Options()) as none:
        assert none._pool is None


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5"])
def test_a_number_of_processes_that_is_none_is_told(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.VARIABLE, number)
    with pytest.raises(UsageError, match=f"{workers.VARIABLE}={number}: write a number"):
        workers.allow()
    assert podopsy("detectors", **{workers.VARIABLE: number}).returncode == 2
