"""The same journal in each of journalctl's modes gives the same events; and the renderer that shows it prints what journalctl prints."""

import io
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from analyzer import formats, grammars
from analyzer.formats import HEAD, ReadContext
from analyzer.reading import Tally
from tests.formats import journal_writer
from tests.formats.journal_renderings import MODES, STAMPS, Entry, from_export, from_json, render

ZONES = ("UTC", "America/New_York", "Asia/Kolkata")
SAMPLES = (
    "long-outage-return/minion-01/kubelet.journal.export",
    "quick-restart/minion-01/kubelet.journal.json",
    "long-outage-return-k8s-1.0/minion-01/kubelet.journal.json",
)
EXACT = ("export", "json", "json-pretty", "json-sse", "json-seq", "verbose")
_KLOG = re.compile(r"[IWEF](\d\d\d\d \d\d:\d\d:\d\d\.\d{6}) ")


# --- the renderer ------------------------------------------------------------------------------------------------------


def comparable(output: bytes, mode: str) -> Any:
    """Objects for JSON, whose members have no order; verbose without the boot's id, which it prints wherever it is stored."""
    if mode.startswith("json"):
        text = output.decode()
        decoder, at, found = json.JSONDecoder(), 0, []
        while at < len(text):
            if text[at] != "{":
                at += 1
                continue
            document, at = decoder.raw_decode(text, at)
            found.append(document)
        return found
    return re.sub(rb"    _BOOT_ID=.*\n", b"", output) if mode == "verbose" else output


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "binary" and not mode.endswith("-255")])
def test_the_renderer_prints_what_journalctl_printed(mode: str, corpus_sample: Callable[[str], Path]) -> None:
    zone = ZoneInfo("America/New_York")
    folder = corpus_sample("journal/formats")
    tail = (folder / f"tail_{mode}.txt").read_bytes()
    assert comparable(render(from_export((folder / "tail_export.txt").read_bytes()), mode, zone), mode) == comparable(tail, mode)
    if mode.startswith("json"):  # it is cut within an object
        return
    whole = (folder / "head_export.txt").read_bytes()
    entries = from_export(whole[: whole.rindex(b"\n\n") + 2])
    mine, printed = render(entries, mode, zone), (folder / f"head_{mode}.txt").read_bytes()
    length = min(len(mine), len(printed))
    assert length > 7000
    assert comparable(mine[:length], mode) == comparable(printed[:length], mode)


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="no journalctl here")
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "binary" and not mode.endswith("-255")])
def test_the_renderer_prints_what_journalctl_prints(mode: str, zone: str, tmp_path: Path) -> None:
    version = subprocess.run(["journalctl", "--version"], capture_output=True, check=True).stdout.split()[1]
    if not version.startswith(b"252"):
        pytest.skip("other versions print otherwise")
    (tmp_path / "system.journal").write_bytes(journal_writer.write(ODD))

    def printed(mode: str) -> bytes:
        command = ["journalctl", "--file", str(tmp_path / "system.journal"), "--no-pager", "-o", mode]
        return subprocess.run(command, capture_output=True, check=True, env={**os.environ, "TZ": zone, "LC_ALL": "C.UTF-8"}).stdout

    entries = from_export(printed("export"))
    assert len(entries) == len(ODD)
    assert comparable(render(entries, mode, ZoneInfo(zone)), mode) == comparable(printed(mode), mode)


ODD = [
    (1692663893803082 + n * 1_000_001, [b"_HOSTNAME=n", b"SYSLOG_IDENTIFIER=kubelet", b"_PID=7", *fields])
    for n, fields in enumerate(
        [
            [b"MESSAGE=I0822 00:24:53.803082       7 kubelet.go:1] plain", b"_SYSTEMD_UNIT=kubelet.service"],
            [b"MESSAGE=of two\n\tlines"],
            [b"MESSAGE=no \xff utf-8"],
            [b"MESSAGE=\x1b[31mred\x1b[0m"],
            [b"MESSAGE=" + b"x" * 5000],
            [b"MESSAGE=twice", b"TAG=a", b"TAG=b"],
            [b"MESSAGE=received late", b"_SOURCE_REALTIME_TIMESTAMP=1692663893803000"],
        ]
    )
]


# --- the same events ---------------------------------------------------------------------------------------------------


def entries_of(path: Path) -> list[Entry]:
    return from_export(path.read_bytes()) if path.suffix == ".export" else from_json(path.read_text().splitlines())


def events(data: bytes, year: int, stated: tzinfo | None = None) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Events in order, and the notes. The format is found by content, the zone is not told unless it is stated."""
    known = formats.detect(data[:HEAD], "kubelet.log")
    assert known is not None
    context = ReadContext(year) if stated is None else ReadContext(year, stated, True)
    batches = list(known.read(io.BytesIO(data), context))
    assert all(batch.rejects.is_empty() for batch in batches)
    found = pl.concat([grammars.understand(batch, known.family) for batch in batches])
    found = found.filter(~pl.col("text").str.starts_with("_CMDLINE"))  # a field that renderings as text do not have
    tally = Tally()
    for batch in batches:
        tally.note(batch)
    return found.to_dicts(), tuple(tally.told())


def identity(event: dict[str, Any], mode: str) -> dict[str, Any]:
    """What a rendering must keep of an event.

    No text mode tells the boot of the first entries; cat tells neither host nor process (the event has that of klog's header).
    ``text`` and ``offset`` are the rendering's own, ``since`` is a time.
    """
    lost = {"source_id", "record", "line", "offset", "time", "resolution_us", "text"}
    lost |= {"boot_id"} if mode in STAMPS or mode in ("cat", "binary") else set()
    lost |= {"node", "pid"} if mode == "cat" else set()
    kept = {name: value for name, value in event.items() if name not in lost}
    attributes = json.loads(event["attributes"] or "{}")
    return kept | {"attributes": {k: v for k, v in attributes.items() if k != "since"}}


def moments(event: dict[str, Any], entry: Entry) -> list[datetime]:
    """When it happened: as its writer says, as the journal received it (monotonic), or as klog's header (UTC in the samples) tells."""
    header = _KLOG.match(event["message"])
    told = [datetime.strptime(f"{event['time'].year}{header[1]}", "%Y%m%d %H:%M:%S.%f").replace(tzinfo=UTC)] if header else []
    return [event["time"], datetime.fromtimestamp(0, UTC) + timedelta(microseconds=entry.realtime), *told]


def assert_same(found: list[dict[str, Any]], expected: list[dict[str, Any]], entries: list[Entry], mode: str) -> None:
    """``expected``: of a rendering with a record an entry."""
    assert [identity(event, mode) for event in found] == [identity(event, mode) for event in expected]
    for event, true in zip(found, expected, strict=True):
        begin, end = event["time"], event["time"] + timedelta(microseconds=event["resolution_us"])
        possible = moments(true, entries[true["record"]])
        assert any(begin <= moment < end for moment in possible), f"{begin} to {end}: {possible}: {event['message']}"


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("mode", MODES)
def test_the_same_events_in_every_rendering(mode: str, zone: str, sample: str, sample_logs: Path) -> None:
    entries = entries_of(sample_logs / sample)
    expected, _ = events(render(entries, "export", UTC), 2026)
    assert len(expected) > 20
    assert {"kubelet_stopping", "kubelet_started"} <= {event["kind"] for event in expected}
    found, notes = events(render(entries, mode, ZoneInfo(zone)), 2026)
    assert_same(found, expected, entries, mode)
    if mode in ("short", "short-precise"):
        behind = {"UTC": "UTC", "America/New_York": "5 h behind UTC", "Asia/Kolkata": "5:30 h ahead of UTC"}[zone]
        by = "klog headers" if "1.0" in sample else "times"  # since 1.7 the kubelet prints its own clock at each start
        assert notes == (f"times are {behind}, as the {by} inside tell",)


TAILS = (*(mode for mode in MODES if mode != "binary" and not mode.endswith("-255")), "json_all", "short_no-full", "short_reverse")


@pytest.mark.parametrize("mode", TAILS)
def test_the_same_events_in_what_journalctl_printed(mode: str, corpus_sample: Callable[[str], Path]) -> None:
    """Its klog headers were made up, five minutes late: they tell a reader's zone, but no microseconds."""
    folder = corpus_sample("journal/formats")
    exported = (folder / "tail_export.txt").read_bytes()
    expected, _ = events(exported, 2023)
    found, notes = events((folder / f"tail_{mode}.txt").read_bytes(), 2023)
    if mode == "short_reverse":  # three lines of the kubelet
        expected = []
    if mode == "short_no-full":  # cut: systemd's sentences too
        expected = []
        assert "15 lines are cut with ... at 80 columns" in notes
    carried = mode if mode in MODES else "short"
    assert [identity(event, carried) for event in found] == [identity(event, carried) for event in expected]
    if mode in EXACT or (mode in STAMPS and mode not in ("short-monotonic", "short-delta")):
        assert_same(found, expected, from_export(exported), mode)
    lost = {"json": 1, "json-pretty": 1, "json-sse": 1, "json-seq": 1}
    told = f"{lost.get(mode, 0)} message was left out by journalctl (longer than 4096 bytes, without --all)"
    assert (told in notes) is (mode in lost)
    assert any(note.endswith("binary: [.. blob data]") for note in notes) is (mode in STAMPS or mode in ("verbose", "short_no-full"))


@pytest.mark.parametrize("mode", [mode for mode in STAMPS if not mode.endswith("-255")])
def test_without_hostname_and_in_reverse(mode: str, sample_logs: Path) -> None:
    """--no-hostname, and -r: the same events but for the host, from last to first."""
    entries = entries_of(sample_logs / SAMPLES[1])
    expected = [event | {"node": None} for event in events(render(entries, "export", UTC), 2026)[0]]
    written = render(entries, mode, ZoneInfo("America/New_York")).decode()
    lines = [line.replace(" minion-01 ", " ", 1) for line in written.splitlines(keepends=True)]
    text = "".join(lines)
    assert not any(line.startswith(" " * 20) for line in lines)  # each record is one line
    for data in (text, "".join(reversed(lines))):
        found, _ = events(data.encode(), 2026)
        ordered = found if data is text else found[::-1]
        named = [event | {"node": None} for event in ordered]
        assert sorted(str(identity(e, mode)) for e in named) == sorted(str(identity(e, mode)) for e in expected)
