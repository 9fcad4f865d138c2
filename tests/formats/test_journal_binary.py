"""Binary journals: every variant says the same, damage costs what it hit and no more, and no bytes make the reader raise."""

import io
import json
import shutil
import struct
import subprocess
from itertools import product
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import ReadContext
from analyzer.formats.journals import journal_binary
from analyzer.formats.journals.journal_binary import FORMAT
from analyzer.formats.journals.journal_binary_objects import JournalFile
from tests.formats.journal_writer import BOOT, Entry, write

START = 1_692_663_893_803_082
LONG = b"MESSAGE=" + b"what a long line it is " * 40
STARTED = b"MESSAGE_ID=39f53479d3a045ac8e11786248231fbf"
SHARED = [b"_HOSTNAME=minion-01", b"_SYSTEMD_UNIT=kubelet.service", b"SYSLOG_IDENTIFIER=kubelet", b"_PID=12", b"PRIORITY=6"]
ENTRIES: list[Entry] = [
    (START, [b"MESSAGE=first", *SHARED]),
    (START + 1, [LONG, b"_SOURCE_REALTIME_TIMESTAMP=1692663893803000", *SHARED]),
    (START + 2, [b"MESSAGE=Started kubelet.", b"UNIT=kubelet.service", b"_PID=1", STARTED, b"X=" + b"y" * 900]),
    (START + 3, [b"MESSAGE=a\n\nb=\xff", *SHARED]),
    (START + 4, SHARED),
]
VARIANTS = list(product((None, "xz", "lz4", "zstd"), (False, True)))


def read(data: bytes) -> tuple[pl.DataFrame, pl.DataFrame]:
    batches = list(FORMAT.read(io.BytesIO(data), ReadContext(2026)))
    return pl.concat([b.records for b in batches]), pl.concat([b.rejects for b in batches])


def objects(data: bytes, kind: int) -> list[int]:
    """The offsets of all objects of a kind, in an undamaged file."""
    found, at = [], JournalFile(data).begin
    while at + 16 <= len(data):
        if data[at] == kind:
            found.append(at)
        at += (struct.unpack_from("<Q", data, at + 8)[0] + 7) & ~7
    return found


def patched(data: bytes, at: int, new: bytes) -> bytes:
    return data[:at] + new + data[at + len(new) :]


@pytest.mark.parametrize(("compression", "compact"), VARIANTS)
def test_every_variant_says_the_same(compression: str | None, compact: bool) -> None:
    records, rejects = read(write(ENTRIES, compression=compression, compact=compact))
    assert rejects.is_empty()
    expected, _ = read(write(ENTRIES))
    assert records.drop("offset").equals(expected.drop("offset"))
    assert records["message"].to_list() == ["first", LONG[8:].decode(), "Started kubelet.", "a\n\nb=\ufffd", None]
    assert records["record"].to_list() == [0, 1, 2, 3, 4]
    assert records["line"].null_count() == 5
    assert records["unit"].to_list() == ["kubelet.service"] * 5
    assert records["pid"].to_list() == [12, 12, 1, 12, 12]
    assert records["node"].to_list() == ["minion-01", "minion-01", None, "minion-01", "minion-01"]
    assert set(records["boot_id"]) == {BOOT.hex()}
    assert records["time"].dt.timestamp("us").to_list() == [START, 1692663893803000, START + 2, START + 3, START + 4]
    assert records["fields"].to_list() == [None, None, '{"MESSAGE_ID":"39f53479d3a045ac8e11786248231fbf"}', None, None]
    assert records["raw"][0].split("\n") == [
        f"__REALTIME_TIMESTAMP={START}",
        f"_BOOT_ID={BOOT.hex()}",
        "_HOSTNAME=minion-01",
        "_SYSTEMD_UNIT=kubelet.service",
        "SYSLOG_IDENTIFIER=kubelet",
        "_PID=12",
        "MESSAGE=first",
    ]


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="no journalctl")
@pytest.mark.parametrize(("compression", "compact"), VARIANTS)
def test_journalctl_reads_the_same(compression: str | None, compact: bool, tmp_path: Path) -> None:
    path = tmp_path / "system.journal"
    path.write_bytes(write(ENTRIES[:3], compression=compression, compact=compact))
    done = subprocess.run(["journalctl", "--file", str(path), "-o", "json"], capture_output=True, text=True, check=False)
    if "not supported" in done.stderr or (compact and "compact" in done.stderr.lower()):
        pytest.skip("a journalctl without this variant")
    messages = [json.loads(line)["MESSAGE"] for line in done.stdout.splitlines()]
    assert messages == read(path.read_bytes())[0]["message"].to_list()


@pytest.mark.parametrize("header_size", [208, 224, 240, 256, 264, 272])
def test_headers_of_all_ages(header_size: int) -> None:
    data = write(ENTRIES, header_size=header_size)
    assert read(data)[0].height == len(ENTRIES)
    assert formats.detect(data[: formats.HEAD], "x") is FORMAT


def test_room_that_is_not_used_yet_is_no_damage() -> None:
    records, rejects = read(write(ENTRIES, state=1, spare=100_000))
    assert (records.height, rejects.height) == (len(ENTRIES), 0)


def test_the_last_of_repeated_fields_counts_and_the_order_is_that_of_sequence_numbers() -> None:
    data = write([(START, [b"MESSAGE=a", b"MESSAGE=b"]), (START + 1, [b"MESSAGE=c"])])
    second = objects(data, 3)[1]
    records, _ = read(patched(data, second + 16, struct.pack("<Q", 0)))
    assert records["message"].to_list() == ["c", "b"]
    assert records["offset"].to_list() == [second, objects(data, 3)[0]]


@pytest.mark.parametrize(("compression", "compact"), VARIANTS)
def test_a_file_cut_anywhere_keeps_what_lies_before_the_cut(compression: str | None, compact: bool) -> None:
    data = write(ENTRIES, compression=compression, compact=compact)
    whole, _ = read(data)
    entries = objects(data, 3)
    ends = [at + struct.unpack_from("<Q", data, at + 8)[0] for at in entries]
    borders = [at for kind in (1, 3, 4, 5, 6) for at in objects(data, kind)]
    for cut in sorted({100, len(data) - 8, *borders, *(at + 24 for at in borders)}):
        records, rejects = read(data[:cut])
        assert records.equals(whole[: sum(end <= cut for end in ends)])
        assert rejects["reason"].str.contains("cut off|no binary journal|impossible header size").any()
    assert "5 of the 5 entries" in " ".join(read(data[: entries[0]])[1]["reason"])


def test_an_object_with_an_impossible_size_costs_only_itself() -> None:
    data = write(ENTRIES)
    places = objects(data, 1)
    first = next(at for at in places if data[at + 64 :].startswith(b"MESSAGE=first"))
    records, rejects = read(patched(data, first + 8, b"\xff" * 8))
    assert records["message"].to_list()[0] == LONG[8:].decode()
    assert rejects["offset"].to_list() == [first, first, objects(data, 3)[0]]
    assert rejects["reason"].to_list()[1:] == ["journal data object that cannot be read", "journal entry whose data are lost"]
    assert "MESSAGE=first" in rejects["raw"][0]
    assert "_HOSTNAME=minion-01" in rejects["raw"][2]


def test_a_field_that_is_lost_for_all_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = write(ENTRIES[:2])
    host = next(at for at in objects(data, 1) if data[at + 64 :].startswith(b"_HOSTNAME="))
    monkeypatch.setattr(journal_binary, "_ENTRIES", 1)
    records, rejects = read(patched(data, host, b"\0"))
    assert records["message"].to_list() == ["first", LONG[8:].decode()]
    assert records["node"].to_list() == [None, None]
    assert rejects.filter(pl.col("reason").str.contains("data object"))["offset"].to_list() == [host]


def test_a_size_that_swallows_other_objects_hides_none_of_them() -> None:
    data = write(ENTRIES)
    for kind, lost in ((1, 0), (3, 1)):
        place = objects(data, kind)[lost]
        size = struct.unpack_from("<Q", data, place + 8)[0]
        records, rejects = read(patched(data, place + 8, struct.pack("<Q", size + 168)))
        expected = read(data)[0].filter(pl.col("record") != lost)
        assert records.drop("record").equals(expected.drop("record"))
        assert place in rejects["offset"].to_list()


def test_what_looks_like_an_entry_within_a_message_is_none() -> None:
    forged = struct.pack("<QQQQQ", 3, 64, 9, START, 9) + BOOT + bytes(8)
    data = write([(START, [b"MESSAGE=" + forged * 3])], spare=4096)
    records, rejects = read(data)
    assert (records.height, rejects.height) == (1, 0)


@pytest.mark.parametrize("compression", ["xz", "lz4", "zstd"])
def test_broken_compression(compression: str) -> None:
    data = write(ENTRIES, compression=compression)
    place = next(at for at in objects(data, 1) if data[at + 1])
    records, rejects = read(patched(data, place + 64, b"\xff" * 12))
    assert rejects["reason"].str.starts_with("journal data object that cannot be read: ").sum() == 1
    assert rejects["offset"].to_list() == [place, objects(data, 3)[1]]
    assert records.height == len(ENTRIES) - 1


def test_lengths_that_are_claimed_cost_no_memory() -> None:
    data = write(ENTRIES, compression="lz4")
    place = next(at for at in objects(data, 1) if data[at + 1])
    _, rejects = read(patched(data, place + 64, struct.pack("<Q", 1 << 40)))
    assert "claims to hold" in rejects["reason"][0]
    _, rejects = read(patched(write(ENTRIES), 152, struct.pack("<Q", 1 << 60)))
    assert "entries that the journal's header counts" in rejects["reason"][0]


@pytest.mark.parametrize("limits", [{"_ENTRIES": 2}, {"_ITEMS": 1}, {"CHUNK": 1}])
def test_batches_do_not_show(limits: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    data = write(ENTRIES * 3, compression="zstd", threshold=10)
    whole, _ = read(data)
    for name, value in limits.items():
        monkeypatch.setattr(journal_binary, name, value)
    if "CHUNK" in limits:
        monkeypatch.setattr(journal_binary, "_all", lambda stream: stream.read())
    batches = list(FORMAT.read(io.BytesIO(data), ReadContext(2026)))
    assert len(batches) > 5
    assert pl.concat([b.records for b in batches]).equals(whole)


def test_a_large_file_is_mapped(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says the same, and where it goes on beyond what can be read, that is told."""
    data = write(ENTRIES * 3, compression="zstd", threshold=10)
    whole = read(data)
    monkeypatch.setattr(journal_binary, "_HELD", 200)
    monkeypatch.setattr(journal_binary, "CHUNK", 100)
    mapped = read(data)
    assert all(one.equals(other) for one, other in zip(mapped, whole, strict=True))
    monkeypatch.setattr(journal_binary, "_LARGEST", 1000)
    assert read(data)[1]["reason"].str.contains("too large to be read whole").any()


@pytest.mark.parametrize(
    ("at", "new", "reason"),
    [
        (88, b"\xff" * 8, "impossible header size"),
        (88, b"\x09", "impossible header size"),
        (13, b"\x01", "unknown incompatible flags 0x100"),
    ],
)
def test_a_broken_header_does_not_hide_the_entries(at: int, new: bytes, reason: str) -> None:
    records, rejects = read(patched(write(ENTRIES), at, new))
    assert records.height == len(ENTRIES)
    assert reason in " ".join(rejects["reason"])


@pytest.mark.parametrize("data", [b"", b"LPKSHHRH", b"LPKSHHRH" + bytes(300), b"no journal at all" * 100])
def test_what_is_no_journal(data: bytes) -> None:
    records, rejects = read(data)
    assert records.is_empty()
    assert rejects.height == 1


@pytest.mark.parametrize("time", [0, 1 << 63, (1 << 64) - 1])
def test_an_impossible_time_is_kept_as_a_reject(time: int) -> None:
    records, rejects = read(write([(time, [b"MESSAGE=when?"])]))
    assert records.is_empty()
    assert "MESSAGE=when?" in rejects["raw"][0]


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(VARIANTS),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=9)), max_size=6),
    st.integers(0, 10_000),
)
def test_no_bytes_make_it_raise(variant: tuple[str | None, bool], flips: list[tuple[int, bytes]], cut: int) -> None:
    data = write(ENTRIES, compression=variant[0], compact=variant[1])
    for at, new in flips:
        data = patched(data, at % len(data), new)
    data = data[: cut or None]
    once, again = read(data), read(data)
    assert once[0].equals(again[0])
    assert once[1].equals(again[1])
    assert once[1]["reason"].null_count() == 0


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(max_size=20), max_size=8), st.booleans())
def test_any_values(values: list[bytes], compact: bool) -> None:
    records, rejects = read(write([(START, [b"MESSAGE=" + value]) for value in values], compression="zstd", compact=compact, threshold=12))
    assert rejects.is_empty()
    assert records["message"].to_list() == [value.decode(errors="replace") for value in values]
