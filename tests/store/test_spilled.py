"""Large tables lie in files without a name: they are the same rows, and nothing stays."""

import errno
import gc
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analyzer.analysis import analyze
from analyzer.ingest import ingest
from analyzer.store import MemoryStore, mapping, open_store, spilled
from analyzer.vocabulary import TABLES
from tests.store.journals import write_journal

SCHEMA = {"number": pl.Int64(), "time": pl.Datetime("us", "UTC"), "text": pl.String(), "other": pl.String()}
texts = st.none() | st.text(max_size=40)
cells = st.tuples(st.none() | st.integers(-9, 9), st.none() | st.integers(0, 1 << 50), texts, texts)
frames = st.lists(st.lists(cells, max_size=12), max_size=4).map(
    lambda parts: pl.concat([pl.DataFrame(part, schema=SCHEMA, orient="row") for part in [[], *parts]])
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setenv("TMPDIR", str(made))
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    return made


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is large, and worked on in pieces of a few rows."""
    monkeypatch.setattr(spilled, "least", lambda: 0)
    monkeypatch.setattr(spilled, "AT_ONCE", 7)


@given(frames)
def test_the_same_rows_come_out_of_a_file(frame: pl.DataFrame) -> None:
    assert_frame_equal(spilled.spilled(frame), frame)


@given(frames, st.data())
def test_rows_are_gathered_as_by_their_numbers(frame: pl.DataFrame, data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, frame.height - 1), max_size=40) if frame.height else st.just([]))
    at = np.array(rows, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spilled, "least", lambda: -1)
        patch.setattr(spilled, "AT_ONCE", 7)
        for some in (frame, spilled.spilled(frame), frame.rechunk()):
            assert_frame_equal(spilled.gathered({name: (some[name], at) for name in SCHEMA}), frame[rows])
            assert_frame_equal(spilled.gathered({name: (some[name], None) for name in SCHEMA}), frame)
            again = spilled.gathered({name: (some[name], at) for name in SCHEMA})
            assert_frame_equal(spilled.gathered({name: (again[name], np.arange(len(at))[::-1]) for name in SCHEMA}), frame[rows[::-1]])


@given(frames, st.lists(st.booleans(), max_size=20))
def test_a_negative_row_is_null_in_memory_and_in_a_file(frame: pl.DataFrame, there: list[bool]) -> None:
    at = np.array([0 if so and frame.height else -1 for so in there], np.int64)
    columns: dict[str, Any] = {name: (frame[name], at) for name in SCHEMA}
    wanted = pl.DataFrame([frame.row(0) if n == 0 else (None,) * len(SCHEMA) for n in at], schema=SCHEMA, orient="row")
    for least in (-1, spilled.least()):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(spilled, "least", lambda least=least: least)
            assert_frame_equal(spilled.gathered(columns), wanted)


def test_long_texts_of_many_pieces_stay_themselves() -> None:
    parts = [pl.DataFrame({"text": [f"{n} of {part} " + "é" * (n % 50) for n in range(300)]}) for part in range(30)]
    whole = pl.concat([spilled.spilled(pl.concat(parts[n : n + 3])) for n in range(0, 30, 3)])
    assert_frame_equal(whole, pl.concat(parts))
    rows = np.arange(whole.height)[::-7].copy()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spilled, "least", lambda: 0)
        assert_frame_equal(spilled.gathered({"text": (whole["text"], rows)}), whole[rows])


def fill(store: MemoryStore, count: int = 40) -> None:
    for source in ("a", "b"):
        writer = store.writer(source)
        for n in range(count):
            writer.add("events", pl.DataFrame([event(source, n)], schema={k: v for k, v in TABLES["events"].items() if k != "source_id"}))
        writer.commit({"source_id": source, "source": source, "status": "read"})


def event(source: str, n: int) -> dict[str, Any]:
    return {"record": n, "message": f"{source}: a message that is long, {n}", "kind": "pod_added" if n % 3 else None}


def test_a_store_tells_the_same_whether_its_tables_lie_in_files(tiny: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = MemoryStore(), MemoryStore()
    fill(large)
    monkeypatch.setattr(spilled, "least", lambda: 1 << 40)
    fill(small)
    for name in TABLES:
        assert_frame_equal(large.table(name), small.table(name))
        assert_frame_equal(large.scan(name).collect(), small.table(name))
    assert not any(folder.iterdir())


def test_what_is_small_makes_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(tempfile, "TemporaryFile", broken(errno.EIO, asked))
    fill(MemoryStore())
    assert not asked


def test_files_that_are_small_each_are_put_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spilled, "least", lambda: 10_000)
    store = MemoryStore()
    fill(store, 300)
    assert 1 < len(store._frames["events"].all) < 100
    assert store.table("events")["record"].to_list() == [*range(300), *range(300)]


def broken(number: int, asked: list[int]) -> Callable[..., Any]:
    """A disk that takes nothing."""

    def make(*_: Any, **__: Any) -> Any:
        asked.append(number)
        raise OSError(number, os.strerror(number))

    return make


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EMFILE])
def test_without_a_place_the_rows_stay_in_memory(tiny: None, folder: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(tempfile, "TemporaryFile", broken(number, asked))
    store = MemoryStore()
    fill(store)
    assert asked
    assert store.table("events")["record"].to_list() == [*range(40), *range(40)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here that is always full")
def test_a_disk_that_becomes_full_loses_nothing(tiny: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: FileIO("/dev/full", "r+"))
    store = MemoryStore()
    fill(store)
    assert store.table("events")["record"].to_list() == [*range(40), *range(40)]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_files_are_not_kept_open(folder: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    kept = [spilled.spilled(pl.DataFrame({"n": range(n, n + 100)})) for n in range(50)]
    assert len(list(Path("/proc/self/fd").iterdir())) < before + 20
    assert [frame["n"].sum() for frame in kept] == [sum(range(n, n + 100)) for n in range(50)]


def test_it_does_not_need_proc(tiny: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "_MEMORY", folder / "nothing")
    monkeypatch.setattr(mapping, "_Mapping", None)
    store = MemoryStore()
    fill(store)
    assert store.table("events")["record"].to_list() == [*range(40), *range(40)]


@pytest.fixture
def given_back(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One for each time; what was looked at counts from a MiB on."""
    monkeypatch.setattr(mapping, "_most", lambda: 1 << 20)
    monkeypatch.setattr(mapping, "_EVERY", 0.001)
    until_nobody_watches()
    found: list[int] = []
    give_back = mapping._Mapping.give_back
    monkeypatch.setattr(mapping._Mapping, "give_back", lambda one: (found.append(1), give_back(one)))
    return found


def until_nobody_watches() -> None:
    end = time.monotonic() + 20
    while mapping._watching and time.monotonic() < end:
        gc.collect()
        time.sleep(0.01)


TEXTS = [f"{n:032}" for n in range(100_000)]


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_what_is_given_back_is_read_again(given_back: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "_watch", mapping._ALL.add)
    frame = spilled.spilled(pl.DataFrame({"text": TEXTS}))
    for _ in range(3):
        assert frame["text"].to_list() == TEXTS
        looked_at = mapping._resident()
        mapping.relieve()
        assert mapping._resident() < looked_at
    assert len(given_back) >= 3
    del frame
    gc.collect()
    assert not mapping._ALL


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_thread_gives_back_as_long_as_there_is_something(given_back: list[int]) -> None:
    frame = spilled.spilled(pl.DataFrame({"text": TEXTS}))
    end = time.monotonic() + 20
    while not given_back and time.monotonic() < end:
        assert frame["text"].to_list() == TEXTS
    assert given_back
    assert mapping._watching
    del frame
    until_nobody_watches()
    assert not mapping._ALL
    assert not mapping._watching


def test_what_cannot_be_mapped_stays_in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, a file of another kind: whatever the system says no to."""
    with pytest.raises(OSError, match="Bad file descriptor"):
        mapping.mapped(999_999, 4096)
    monkeypatch.setattr(spilled, "mapped", broken(errno.ENOMEM, []))
    frame = pl.DataFrame({"n": [1, 2]})
    assert spilled.spilled(frame) is frame


def test_what_is_discarded_is_gone(tiny: None, folder: Path) -> None:
    store = MemoryStore()
    writer = store.writer("a")
    writer.add("rejects", pl.DataFrame({"line": [1], "offset": [0], "reason": ["broken"], "raw": ["x" * 100]}))
    writer.discard()
    assert store.table("rejects").is_empty()
    assert not any(folder.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_killed_process_leaves_nothing(folder: Path) -> None:
    code = (
        "import os, signal, polars as pl\n"
        "from analyzer.store import spilled\n"
        "kept = spilled.spilled(pl.DataFrame({'n': range(1000)}))\n"
        "assert '(deleted)' in open('/proc/self/maps').read()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(folder)}, check=False)
    assert done.returncode == -9
    assert not any(folder.iterdir())


def test_a_store_goes_to_another_process_with_all_that_it_holds(tiny: None, folder: Path) -> None:
    store, onto = MemoryStore(), MemoryStore()
    fill(store)
    onto.join(pickle.loads(pickle.dumps(store)))
    for name in TABLES:
        assert_frame_equal(onto.table(name), store.table(name))


@pytest.mark.parametrize("name", ["long-outage-return", "quick-restart"])
def test_findings_are_the_same_byte_for_byte(tiny: None, folder: Path, sample_logs: Path, name: str) -> None:
    of_files = analyze([sample_logs / name]).document()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spilled, "least", lambda: 1 << 40)
        patch.setattr(spilled, "AT_ONCE", 1 << 20)
        assert analyze([sample_logs / name]).document() == of_files
    assert of_files["findings"]


def test_records_of_a_journal_are_the_same(tiny: None, folder: Path, tmp_path: Path) -> None:
    write_journal(tmp_path / "kubelet.json", "node-a", 300)
    large = MemoryStore(keep_records=True)
    ingest([tmp_path / "kubelet.json"], large)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spilled, "least", lambda: 1 << 40)
        small = MemoryStore(keep_records=True)
        ingest([tmp_path / "kubelet.json"], small)
    for name in TABLES:
        assert_frame_equal(large.table(name), small.table(name))


def test_a_store_on_disk_is_read_into_files(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_journal(tmp_path / "kubelet.json", "node-a", 300)
    store = open_store(tmp_path / "store", create=True)
    ingest([tmp_path / "kubelet.json"], store)
    small = {name: store.table(name) for name in TABLES}
    made: list[int] = []
    spill = spilled.spilled
    monkeypatch.setattr(spilled, "spilled", lambda frame: made.append(frame.height) or spill(frame))
    monkeypatch.setattr(spilled, "least", lambda: 0)
    for name, frame in small.items():
        assert_frame_equal(store.table(name), frame)
    assert sum(made) == sum(map(len, small.values()))


def test_large_files_go_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", "/somewhere/else")
    monkeypatch.setattr(spilled, "_LARGE_FILES", str(tmp_path))
    assert spilled._place() == str(tmp_path)
    monkeypatch.setattr(spilled, "_LARGE_FILES", str(tmp_path / "missing"))
    assert spilled._place() == "/somewhere/else"
    monkeypatch.setattr(spilled, "_LARGE_FILES", str(tmp_path))
    monkeypatch.setenv("TMPDIR", "/somewhere/else")
    assert spilled._place() == "/somewhere/else"
