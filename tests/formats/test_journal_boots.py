"""journalctl --list-boots."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer import formats
from analyzer.formats import ReadContext
from analyzer.formats.journals.journal_boots import FORMAT

FIRST, LAST = "Mon 2023-08-21 20:23:09 EDT", "Mon 2023-08-21 20:24:53 EDT"


@pytest.mark.parametrize(
    "text",
    [
        f"IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n -1 {'1' * 32} {FIRST} {LAST}\n",
        f"-1 {'1' * 32} {FIRST}—{LAST}\n",  # to systemd 251
    ],
)
def test_a_boot(text: str) -> None:
    assert formats.detect(text.encode(), "boots.txt") is FORMAT
    (batch,) = FORMAT.read(io.BytesIO(text.encode()), ReadContext(2026))
    got = batch.records.row(0, named=True)
    assert (got["time"], got["resolution_us"]) == (datetime(2023, 8, 22, 0, 23, 9, tzinfo=UTC), 1_000_000)
    assert (got["boot_id"], got["record"]) == ("1" * 32, 0)
    assert got["message"] == f"boot {'1' * 32}: first 2023-08-22T00:23:09Z last 2023-08-22T00:24:53Z"


def test_an_ambiguous_zone_and_a_line_that_is_none() -> None:
    text = f"-1 {'1' * 32} {FIRST}—{LAST}\nwords\n".replace("EDT", "CST")
    batch, told = FORMAT.read(io.BytesIO(text.encode()), ReadContext(2026))
    assert batch.records["time"].to_list() == [datetime(2023, 8, 21, 20, 23, 9, tzinfo=UTC)]
    assert batch.rejects["raw"].to_list() == ["words"]
    assert told.notes == ("the zone CST of its times is ambiguous: taken as UTC",)


def test_what_journalctl_printed(corpus_sample: Callable[[str], Path]) -> None:
    data = corpus_sample("journal/formats/list-boots.txt").read_bytes()
    assert formats.detect(data, "list-boots.txt") is FORMAT
    (batch,) = FORMAT.read(io.BytesIO(data), ReadContext(2026))
    assert batch.records["time"].to_list() == [
        datetime(2023, 8, 22, 0, minute, second, tzinfo=UTC) for minute, second in ((23, 9), (25, 53))
    ]
    assert batch.rejects.is_empty()
