"""When a source was captured."""

import io
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer import formats
from analyzer.evidence import walk
from analyzer.evidence.capture import captured
from analyzer.formats import capture_time
from analyzer.formats.base import ReadContext
from analyzer.ingest import ingest
from analyzer.plan import Options
from analyzer.store import MemoryStore

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
SPAN = (NOON - timedelta(hours=1), NOON)
MARKS = {"a/b": NOON, "a": NOON - timedelta(days=1)}


def test_the_nearest_mark_counts() -> None:
    assert captured("a/b/c/events.txt", None, MARKS, SPAN) == (NOON, "as the bundle tells")
    assert captured("a/x/events.txt", None, MARKS, None) == (NOON - timedelta(days=1), "as the bundle tells")
    assert captured("x/events.txt", None, MARKS, SPAN) is None


@pytest.mark.parametrize(("minutes", "counts"), [(-61, False), (-60, True), (0, True), (10, True), (11, False), (60 * 24, False)])
def test_when_it_was_written_counts_only_where_the_logs_end(minutes: int, counts: bool) -> None:
    written = NOON + timedelta(minutes=minutes)
    assert (captured("events.txt", written, {}, SPAN) is not None) is counts
    assert captured("events.txt", written, {}, None) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2021-08-03 10:12:00.016988581 +0000 UTC m=+0.380233555\n2021-08-03 10:12:05.8 +0000 UTC m=+6.2\n", "2021-08-03T10:12:05"),
        ("2021-08-03 12:11:56.91501602 +0200 CEST m=+1.651641915", "2021-08-03T10:11:56"),
        ("2021-08-03T10:12:00Z\n", "2021-08-03T10:12:00"),
        ("Tue Aug  3 10:12:00 UTC 2021\n", "2021-08-03T10:12:00"),
        ("Tue Aug 13 10:12:00 GMT 2021\n", "2021-08-13T10:12:00"),
    ],
)
def test_files_that_hold_the_moment(text: str, time: str) -> None:
    assert formats.detect(text.encode(), "x") is capture_time.FORMAT
    records = [row for batch in capture_time.FORMAT.read(io.BytesIO(text.encode()), ReadContext(2024)) for row in batch.records.to_dicts()]
    assert max(row["time"] for row in records) == datetime.fromisoformat(time).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "2021-08-03 10:12:00", "Tue Aug  3 10:12:00 CEST 2021", "2021-08-03T10:12:00Z a b: c\n", "2021-08-03T10:12:00Z\n" * 2]
)
def test_other_files(text: str) -> None:
    assert formats.detect(text.encode(), "timestamp") is not capture_time.FORMAT


TABLE = """\
LAST SEEN   TYPE      REASON     OBJECT      MESSAGE
5m          Normal    Killing    pod/web-1   Stopping container web
"""


def test_ages_count_back_from_the_moment_that_the_bundle_tells(tmp_path: Path) -> None:
    (tmp_path / "events.txt").write_text(TABLE)
    store = MemoryStore()
    ingest([tmp_path], store)
    assert store.table("events").is_empty()
    (tmp_path / "timestamp").write_text("2024-05-06 12:00:00 +0000 UTC m=+0.1\n")
    store = MemoryStore()
    ingest([tmp_path], store)
    (tmp_path / "received").write_text("2024-05-05 12:00:00 +0000 UTC m=+0.1\n")  # another moment than that of the capture
    store = MemoryStore()
    ingest([tmp_path], store)
    (time, resolution) = store.table("events").select("time", "resolution_us").row(0)
    assert time <= NOON - timedelta(minutes=5) <= time + timedelta(microseconds=resolution)


def test_the_user_knows_best(tmp_path: Path) -> None:
    (tmp_path / "events.txt").write_text(TABLE)
    store = MemoryStore()
    ingest([tmp_path], store, Options(captured=NOON + timedelta(days=1)))
    assert store.table("events")["time"][0].day == 7


def test_members_bear_the_time_that_the_archive_tells(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo("events.txt")
        member.size, member.mtime = len(TABLE), int(NOON.timestamp())
        archive.addfile(member, io.BytesIO(TABLE.encode()))
    (source,) = walk([tmp_path])
    assert source.written == NOON
