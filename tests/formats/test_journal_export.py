"""Journal Export Format: binary values hold anything, and both renderings of one journal say the same."""

import io
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.base import Format, ReadContext
from analyzer.formats.journals import journal_export, journal_json, journal_text
from analyzer.formats.journals.journal_export import FORMAT

CORPUS = Path(os.environ.get("PODOPSY_CORPUS", Path(__file__).parents[3] / "shared"))
NODES = sorted(path.parent for path in CORPUS.glob("captures/*/*/kubelet.journal.export"))
CLOCK = b"__REALTIME_TIMESTAMP=1692663893803082\n"


class Dribble(io.BytesIO):
    """Gives few bytes at a time."""

    step = 7

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self.step)


def binary(name: str, value: bytes) -> bytes:
    return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def read(stream: io.BytesIO, known: Format = FORMAT) -> tuple[pl.DataFrame, pl.DataFrame]:
    batches = list(known.read(stream, ReadContext(2026)))
    return pl.concat([b.records for b in batches]), pl.concat([b.rejects for b in batches])


def test_binary_values_may_hold_blank_lines_and_fields() -> None:
    data = CLOCK + b"_PID=12\n" + binary("MESSAGE", b"a\n\n__REALTIME_TIMESTAMP=1\nb") + b"_HOSTNAME=n\n\n" + CLOCK + b"MESSAGE=x=y\n\n"
    records, rejects = read(io.BytesIO(data))
    assert rejects.is_empty()
    assert records["message"].to_list() == ["a\n\n__REALTIME_TIMESTAMP=1\nb", "x=y"]
    assert records["line"].to_list() == [1, 10]
    assert records["offset"].to_list() == [0, data.rindex(CLOCK)]
    assert records["pid"].to_list() == [12, None]
    assert records["raw"][1] == (CLOCK + b"MESSAGE=x=y").decode()


def test_undecodable_values_and_the_last_of_repeated_ones() -> None:
    records, _ = read(io.BytesIO(CLOCK + b"MESSAGE=first\n" + binary("MESSAGE", b"\xff\x1b[0m") + b"\n"))
    assert records["message"].to_list() == ["\ufffd\x1b[0m"]


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b"MESSAGE\n\x05\0\0\0\0\0\0\0ab", "ends within"),
        (b"MESSAGE\n\xff\xff\xff\xff\xff\0\0\0ab\n\n", "impossible length"),
        (b"MESSAGE\n\x01\0\0\0\0\0\0\0abc\n\n", "wrong length"),
        (b"some words\n\n", "neither"),
    ],
)
def test_damage_is_kept(tail: bytes, reason: str) -> None:
    records, rejects = read(io.BytesIO(CLOCK + b"MESSAGE=a\n\n" + CLOCK + tail))
    assert records.height == 2
    assert reason in rejects["reason"][0]
    assert rejects["line"][0] == 5


def test_an_entry_without_time_is_kept() -> None:
    records, rejects = read(io.BytesIO(b"MESSAGE=lost\n\n" + CLOCK + b"MESSAGE=a\n\n"))
    assert records["message"].to_list() == ["a"]
    assert rejects.select("line", "raw").row(0) == (1, "MESSAGE=lost")


@given(st.lists(st.lists(st.binary(max_size=12), min_size=1, max_size=3), max_size=5), st.integers(1, 60))
def test_any_values_at_any_chunk_size(entries: list[list[bytes]], step: int) -> None:
    data = b"".join(CLOCK + b"".join(binary("MESSAGE", value) for value in values) + b"\n" for values in entries)
    stream = Dribble(data)
    stream.step = step
    got = [b.records for b in FORMAT.read(stream, ReadContext(2026))]
    assert [m for frame in got for m in frame["message"]] == [values[-1].decode(errors="replace") for values in entries]
    assert [r for frame in got for r in frame["record"]] == list(range(len(entries)))


def test_only_exports_are_recognised() -> None:
    assert FORMAT.sniff(b"__CURSOR=s=1\n" + CLOCK, "")
    assert not FORMAT.sniff(b"NAME=Debian\nVERSION=12\n", "")


@pytest.mark.corpus
@pytest.mark.parametrize("node", NODES, ids=lambda path: "-".join(path.parts[-2:]))
def test_all_renderings_of_a_journal_say_the_same(node: Path) -> None:
    export, _ = read(io.BytesIO((node / "kubelet.journal.export").read_bytes()), journal_export.FORMAT)
    as_json, _ = read(io.BytesIO((node / "kubelet.journal.json").read_bytes()), journal_json.FORMAT)
    own = ["line", "offset", "raw"]
    # The renderings were made one after the other: the later one may hold what came meanwhile.
    assert as_json.drop(own)[: export.height].equals(export.drop(own))
    text, rejects = read(io.BytesIO((node / "kubelet.short-iso").read_bytes()), journal_text.FORMAT)
    assert rejects.is_empty()
    columns = ["time", "node", "identifier", "pid", "message"]
    expected = as_json.select(columns).with_columns(pl.col("message").str.replace_all("\t", " " * 8, literal=True))
    assert text.select(columns).equals(expected)
    short, _ = read(io.BytesIO((node / "kubelet.short").read_bytes()), journal_text.YEARLESS)
    assert short["time"].equals(text["time"].dt.truncate("1s"))
    assert short["message"].equals(text["message"])
