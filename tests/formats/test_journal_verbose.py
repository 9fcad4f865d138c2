"""journalctl -o verbose."""

import io
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats import ReadContext
from analyzer.formats.journals.journal_verbose import FORMAT

HEAD = "Mon 2023-08-21 20:24:53.803082 EDT [s=45a1;i=897;b=1111;m=f4aa530a;t=60378061d404a;x=7d30]\n"
ENTRY = HEAD + "    _BOOT_ID=1111\n    _HOSTNAME=n\n    SYSLOG_IDENTIFIER=kubelet\n    _PID=7\n"


def read(text: str) -> tuple[pl.DataFrame, pl.DataFrame, tuple[str, ...]]:
    batches = list(FORMAT.read(io.BytesIO(text.encode()), ReadContext(1999)))
    notes = tuple(note for b in batches for note in b.notes)
    return pl.concat([b.records for b in batches]), pl.concat([b.rejects for b in batches]), notes


def test_an_entry() -> None:
    records, rejects, notes = read(ENTRY + "    MESSAGE_ID=39f53479d3a045ac8e11786248231fbf\n    UNIT=kubelet.service\n    MESSAGE=a=b\n")
    got = records.row(0, named=True)
    assert got["time"] == datetime(2023, 8, 22, 0, 24, 53, 803082, UTC)
    assert (got["node"], got["identifier"], got["pid"], got["boot_id"], got["unit"]) == ("n", "kubelet", 7, "1111", "kubelet.service")
    assert (got["message"], got["fields"]) == ("a=b", '{"MESSAGE_ID":"39f53479d3a045ac8e11786248231fbf"}')
    assert (got["line"], got["offset"], got["resolution_us"]) == (1, 0, 1)
    assert rejects.is_empty()
    assert notes == ()


def test_a_message_of_several_lines_and_a_boot_between() -> None:
    text = ENTRY + f"    MESSAGE=err=<\n{' ' * 12}\tline=1\n{' ' * 12}\n{' ' * 12} >\n    _COMM=x\n-- Boot {'a' * 32} --\n" + ENTRY
    records, rejects, _ = read(text)
    assert records["message"].to_list() == ["err=<\n\tline=1\n\n >", None]
    assert rejects.is_empty()


def test_the_time_of_the_source_and_the_last_of_several_values() -> None:
    records, _, _ = read(ENTRY + "    _SOURCE_REALTIME_TIMESTAMP=1692663893803000\n    MESSAGE=a\n    MESSAGE=b\n")
    assert records["time"][0] == datetime(2023, 8, 22, 0, 24, 53, 803000, UTC)
    assert records["message"].to_list() == ["b"]


def test_binary_messages_are_counted() -> None:
    assert read((ENTRY + "    MESSAGE=[82B blob data]\n") * 3)[2] == ("3 messages were binary: [.. blob data]",)


def test_what_belongs_to_no_entry_is_rejected() -> None:
    _, rejects, _ = read("    MESSAGE=a\nwords\n" + ENTRY)
    assert rejects.select("line", "raw").rows() == [(1, "    MESSAGE=a"), (2, "words")]


def test_sniff() -> None:
    assert formats.detect(ENTRY.encode(), "") is FORMAT
    assert formats.detect(("-- Journal begins at Mon 2023-08-21 20:23:09 EDT, ends at x. --\n" + ENTRY).encode(), "") is FORMAT
    assert not FORMAT.sniff(b"Mon 2023-08-21 20:24:53 EDT n kubelet[7]: x\n", "")


PIECES = [HEAD, ENTRY, "    MESSAGE=a\n", " " * 12 + "b\n", "words\n", HEAD.replace("t=60378061d404a", "t=ffffffffffffffff"), "    =\n"]


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from([30, 200, 10_000]))
def test_each_line_ends_in_a_record_or_a_reject(pieces: list[str], size: int) -> None:
    text = "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analyzer.formats.lines.chunks.__defaults__", (size, 10_000))
        patch.setattr("analyzer.formats.lines.records.__defaults__", (size,))
        batches = list(FORMAT.read(io.BytesIO(text.encode()), ReadContext(2023)))
    raw = [text for b in batches for column in (b.records["raw"], b.rejects["raw"]) for text in column]
    assert sum(held.count("\n") + 1 for held in raw) == text.count("\n")
