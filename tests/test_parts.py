"""A source that is read in parts gives what it gives as a whole; where it would not, it is read as a whole."""

from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats, parts, workers
from analyzer.activity import Activity
from analyzer.formats import ReadContext
from analyzer.ingest import ingest
from analyzer.parts import Part
from analyzer.reading import Tally
from analyzer.recognition import Recognising
from analyzer.silences import Silences
from analyzer.store import DeltaStore, MemoryStore, open_store
from analyzer.vocabulary import TABLES

_SIZE = 40_000
"""Bytes of a part here."""


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is worth to be read in parts, by two workers."""
    monkeypatch.setattr(workers, "_allowed", 2)
    monkeypatch.setattr(workers, "_WORTH", 1)
    monkeypatch.setattr(parts, "_PART", _SIZE)
    monkeypatch.setattr(parts, "WORTH", 1)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool, int]]:
    """Each source that was cut: whether it was put together, and of how many parts."""
    found: list[tuple[str, bool, int]] = []
    put_together = workers.Workers._put_together

    def watched(self: workers.Workers, planned: Any, *arguments: Any) -> bool:
        count = len(self._parts[planned.source.name])
        found.append((planned.source.name, put_together(self, planned, *arguments), count))
        return found[-1][1]

    monkeypatch.setattr(workers.Workers, "_put_together", watched)
    return found


def _whole(paths: list[Path], store: Any) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_allowed", 1)
        ingest(paths, store)
    return store


def _same(found: Any, wanted: Any) -> None:
    for name in TABLES:
        there, asked = found.table(name), wanted.table(name)
        if isinstance(found, DeltaStore):
            order = [c for c in ("source_id", "record", "line", "offset") if c in there.columns]
            there, asked = there.sort(order, maintain_order=True), asked.sort(order, maintain_order=True)
        assert there.equals(asked), name


@pytest.fixture
def journal(sample_logs: Path, tmp_path: Path) -> Path:
    """Two nodes' journals, one after the other: several parts, several writers."""
    path = tmp_path / "kubelet.json"
    some = [sample_logs / "quick-restart" / node / "kubelet.journal.json" for node in ("minion-01", "minion-02")]
    path.write_bytes(b"".join(file.read_bytes() for file in some))
    assert path.stat().st_size > 3 * _SIZE
    return path


# --- where it is cut


@pytest.mark.parametrize(
    ("content", "borders"),
    [
        (b'{"a":1}\n{"b":2}\n{"c":3}\n', [8, 16, 24]),
        (b'{"a":1}\n\n{"b":2}\n{"c":3}', [17, 24]),  # a blank line stays with what it follows
        (b'{"a":1}\r\n{"b":2}\r\n', [18]),  # so does a carriage return: it is no border
        (b"{\n\t1\n}\n{\n\t2\n}\n", [7, 14]),
        (b'{"a":1}\nFlag --v has\n{"b":2}\n', [29]),
        (b"x\n" * 20, [40]),
        (b"", []),
    ],
)
def test_only_between_two_objects(content: bytes, borders: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "log").write_bytes(content)
    monkeypatch.setattr(parts, "_PART", 1)
    assert [part.end for part in parts.parts(tmp_path / "log", len(content))] == borders


@given(
    lines=st.lists(st.sampled_from([b'{"a":1}', b'{"b":"\\n"}', b"", b"x", b"{", b"}", b"\t}", b'{"c":2}\r'])),
    ended=st.booleans(),
    size=st.integers(1, 40),
    window=st.integers(3, 20),
)
def test_all_lines_are_in_one_part_each(
    lines: list[bytes], ended: bool, size: int, window: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = b"\n".join(lines) + (b"\n" if ended else b"")
    path = tmp_path_factory.mktemp("parts") / "log"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "_PART", size)
        patch.setattr(parts, "_WINDOW", window)
        found = list(parts.parts(path, len(content)))
    assert b"".join(content[part.begin : part.end] for part in found) == content
    for part, following in pairwise(found):
        assert part.end == following.begin
        assert content[part.end - 2 : part.end + 1] == b"}\n{"
        assert part.end - part.begin > size
    for part in found:
        assert part.lines == content[part.begin : part.end].count(b"\n")
        assert part.line == content[: part.begin].count(b"\n")


def test_a_part_is_as_long_as_it_says(tmp_path: Path) -> None:
    from analyzer.evidence import walk

    (tmp_path / "log").write_bytes(b"0123456789")
    (source,) = walk([tmp_path / "log"])
    with Part(3, 7, 0, 0).of(source).open() as stream:
        assert stream.read() == b"3456"
    with Part(3, 10, 0, 0).of(source).open() as stream:
        assert stream.read(2) == b"34"
        assert stream.read() == b"56789"


@pytest.mark.parametrize(
    ("name", "head", "divides"),
    [
        ("journal-json", b'{"__CURSOR":"a"}\n', True),
        ("journal-json", b"{\n\t", False),
        ("journal-json", b'\x1e{"__CURSOR"', False),
        ("docker-json", b'{"status":"start"}\n{', True),
        ("docker-json", b'[{"status":"start"}]\n', False),
        ("docker-json", b'{\n"status":"start"}\n', False),
        ("docker-json", b'\x1e{"status":"start"}\n', False),
        ("podman-json", b'{"Name":"a"}\n', True),
    ],
)
def test_which_can_be_cut(name: str, head: bytes, divides: bool) -> None:
    known = formats.named(name)
    assert isinstance(known, formats.Divisible)
    assert known.divides(head) is divides


def test_only_large_files_of_lines_are_cut(journal: Path, tmp_path: Path) -> None:
    import gzip

    from analyzer.evidence import walk

    known = formats.named("journal-json")
    (source,) = walk([journal])
    assert not parts.divisible(source, parts.WORTH - 1, known)
    assert parts.divisible(source, parts.WORTH, known)
    assert not parts.divisible(source, 2**40, formats.named("klog"))
    assert not parts.divisible(source, 2**40, None)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(journal.read_bytes()))
    (packed,) = walk([tmp_path / "packed.gz"])
    assert not parts.divisible(packed, 2**40, known)


# --- what comes of it


def _read_in_parts(path: Path, put: list[tuple[str, bool, int]], least: int) -> MemoryStore:
    """Read in more parts than ``least``, and compared."""
    store = MemoryStore(keep_records=True)
    ingest([path], store)
    ((_, together, count),) = put
    assert together
    assert count > least
    _same(store, _whole([path], MemoryStore(keep_records=True)))
    return store


def test_a_journal_gives_the_same(journal: Path, cut: None, put: list[tuple[str, bool, int]]) -> None:
    assert _read_in_parts(journal, put, 3).table("events").height > 20


def test_docker_events_give_the_same(sample_logs: Path, cut: None, put: list[tuple[str, bool, int]], tmp_path: Path) -> None:
    some = sorted(sample_logs.glob("*/minion-*/docker-events.jsonl"))
    (tmp_path / "docker-events.jsonl").write_bytes(b"".join(file.read_bytes() for file in some))
    _read_in_parts(tmp_path, put, 1)


def test_a_store_gets_the_same(journal: Path, cut: None, put: list[tuple[str, bool, int]], tmp_path: Path) -> None:
    store = open_store(tmp_path / "store", create=True)
    assert ingest([journal], store) == 1
    assert [together for _, together, _ in put] == [True]
    store.check()
    _same(open_store(tmp_path / "store"), _whole([journal], MemoryStore(keep_records=True)))
    assert ingest([journal], open_store(tmp_path / "store")) == 0


def test_what_was_understood_is_counted_all_the_same(journal: Path, cut: None, put: list[tuple[str, bool, int]]) -> None:
    shared = Recognising(MemoryStore())
    ingest([journal], shared)
    assert [together for _, together, _ in put] == [True]
    alone = _whole([journal], Recognising(MemoryStore()))
    assert shared.found == alone.found
    assert sum(found.total.lines for found in shared.found.values()) > 100


def _longest(lines: list[bytes]) -> list[bytes]:
    """Journalctl left out three messages."""
    return [line.replace(b'"MESSAGE":"', b'"MESSAGE":null,"X":"') if n % (len(lines) // 3) == 5 else line for n, line in enumerate(lines)]


def _broken_at(share: float) -> Callable[[list[bytes]], list[bytes]]:
    def change(lines: list[bytes]) -> list[bytes]:
        lines[int(len(lines) * share)] = b'{"MESSAGE":"cut\n'
        return lines

    return change


def _blank(lines: list[bytes]) -> list[bytes]:
    return [*lines[:10], b"\n", *lines[10:]]


def _pretty(lines: list[bytes]) -> list[bytes]:
    first = lines[10].rstrip()[1:-1].split(b",", 1)
    return [*lines[:10], b"{\n\t" + first[0] + b",\n\t" + first[1] + b"\n}\n", *lines[11:]]


@pytest.mark.parametrize(
    ("change", "together"),
    [
        (_longest, True),
        (_broken_at(0.999), True),  # after the last part nothing comes
        (_broken_at(0.1), False),
        (_blank, False),
        (_pretty, False),
    ],
)
def test_what_is_odd_gives_the_same(
    change: Callable[[list[bytes]], list[bytes]], together: bool, journal: Path, cut: None, put: list[tuple[str, bool, int]], tmp_path: Path
) -> None:
    journal.write_bytes(b"".join(change(journal.read_bytes().splitlines(keepends=True))))
    store, onto = MemoryStore(keep_records=True), open_store(tmp_path / "store", create=True)
    ingest([journal], store)
    ingest([journal], onto)
    assert [so for _, so, _ in put] == [together, together]
    wanted = _whole([journal], MemoryStore(keep_records=True))
    _same(store, wanted)
    _same(open_store(tmp_path / "store"), wanted)
    named = {name: {path for path, _ in onto.files(name)} for name in TABLES}
    for name, files in named.items():  # what was written for nothing is gone
        assert {path.name for path in (tmp_path / "store" / name).glob("*.parquet")} == files


def test_what_was_left_out_is_told_once(journal: Path, cut: None, put: list[tuple[str, bool, int]]) -> None:
    journal.write_bytes(b"".join(_longest(journal.read_bytes().splitlines(keepends=True))))
    store = MemoryStore()
    ingest([journal], store)
    assert put[0][1]
    count = journal.read_bytes().count(b'"MESSAGE":null')
    assert count > 2
    assert store.table("sources")["detail"].to_list() == [
        f"{count} messages were left out by journalctl (longer than 4096 bytes, without --all)"
    ]


def test_a_part_whose_reader_died_is_read_here(
    journal: Path, cut: None, put: list[tuple[str, bool, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    make = workers.pool

    def dying(processes: int, threads: int | None = None) -> workers.ProcessPoolExecutor:
        made = make(processes, threads)
        made.submit(os._exit, 1)
        return made

    monkeypatch.setattr(workers, "pool", dying)
    store = MemoryStore(keep_records=True)
    ingest([journal], store)
    assert [together for _, together, _ in put] in ([False], [])
    _same(store, _whole([journal], MemoryStore(keep_records=True)))


# --- the sums


def test_which_parts_fit() -> None:
    assert Tally(records=3).fits(3)
    assert not Tally(records=2).fits(3)
    assert not Tally(records=4).fits(3)
    assert not Tally(records=3, rejected=1).fits(3)
    assert Tally(records=2, rejected=1).fits(None)
    assert not Tally(records=3, broken="cut off").fits(3)
    assert not Tally(records=3, broken="cut off").fits(None)


def test_a_batch_is_placed_behind_what_comes_before() -> None:
    line = b'{"__REALTIME_TIMESTAMP":"1700000000000000","MESSAGE":"a"}\n'
    (batch,) = formats.named("journal-json").read(BytesIO(line + b'{"x\n' + line), ReadContext(2023))
    placed = Part(100, 200, 7, 3).placed(batch)
    assert placed.records.select("record", "line", "offset").rows() == [(7, 8, 100), (8, 10, 100 + len(line) + 4)]
    assert placed.rejects.select("line", "offset").rows() == [(9, 100 + len(line))]
    assert Part(0, 1, 0, 0).placed(batch).records.equals(batch.records)


def _lines(moments: list[int]) -> pl.DataFrame:
    """Records of two writers at these seconds."""
    entries = [
        f'{{"__REALTIME_TIMESTAMP":"{1_700_000_000_000_000 + s * 1_000_000}","_HOSTNAME":"n","_COMM":"w{n % 2}","_PID":"1","MESSAGE":"m"}}'
        for n, s in enumerate(moments)
    ]
    (batch,) = formats.named("journal-json").read(BytesIO("\n".join(entries).encode()), ReadContext(2023))
    return batch.records


@given(st.lists(st.integers(0, 5000), min_size=2, max_size=60), st.data())
def test_signs_of_life_of_parts_are_those_of_the_whole(moments: list[int], data: st.DataObject) -> None:
    records = _lines(moments)
    at = data.draw(st.integers(0, len(moments)))
    whole, first, second = Activity(), Activity(), Activity()
    whole.add(records)
    first.add(records[:at])
    second.add(records[at:])
    first.absorb(second)
    assert first.frame().equals(whole.frame())
    assert first.silences().equals(whole.silences())


def test_of_parts_the_coarser_floor_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from analyzer import silences

    monkeypatch.setattr(silences, "_MOST", 4)
    records = _lines([*range(0, 60, 3), 1000, 2000]).with_columns(text=pl.col("message"))
    whole, first, second = Silences(), Silences(), Silences()
    whole.add(records)
    first.add(records[:20])
    second.add(records[20:])
    second.absorb(first)
    assert second.frame().equals(whole.frame())
    assert whole.frame()["floor_us"].unique().to_list() != [1_000_000]
