"""In which zone a process runs, from what it prints of its own clock."""

import io
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest

from analyzer.formats import go_times
from analyzer.formats.base import ReadContext
from analyzer.formats.journals.journal_text import FORMAT, YEARLESS
from analyzer.formats.klog_file import FORMAT as KLOG

START = 'I0803 {clock}.500000    1354 kubelet_node_status.go:581] "Node became not ready" node="n" condition={{Type:Ready Status:False '
OWN = "LastHeartbeatTime:2021-08-03 {own}.054900462 {zone} m=+5.835150883 Reason:KubeletNotReady}}"
OTHERS = "I0803 {clock}.600000    1354 a.go:1] b\n"


def line(clock: str, own: str, zone: str) -> str:
    return (START + OWN).format(clock=clock, own=own, zone=zone)


@pytest.mark.parametrize(
    ("own", "zone", "east"),
    [
        ("17:17:48", "+0800 CST", 480),
        ("17:17:00", "-0330 NDT", -210),
        ("17:17:48", "+0000 UTC", 0),
        ("09:17:48", "+0000 UTC", None),  # the process prints UTC, whatever its zone is
        ("17:10:48", "+0800 CST", None),  # of an earlier moment
    ],
)
def test_what_a_line_tells(own: str, zone: str, east: int | None) -> None:
    found = go_times.told(pl.Series([line("17:17:48", own, zone), "no klog m=+1", None]))
    assert found["east"].to_list() == [east, None, None]
    assert found["local"][0] == (datetime(2021, 8, 3, 17, 17, 48, 500_000) if east is not None else None)


@pytest.mark.parametrize(("stated", "hour"), [(False, 9), (True, 17)])
def test_a_klog_file_is_in_the_zone_of_its_process(stated: bool, hour: int) -> None:
    text = OTHERS.format(clock="17:17:40") + line("17:17:48", "17:17:48", "+0800 CST") + "\n"
    batches = list(KLOG.read(io.BytesIO(text.encode()), ReadContext(2021, UTC, stated)))
    times = pl.concat([batch.records for batch in batches])["time"]
    assert [time.hour for time in times] == [hour, hour]
    notes = [note for batch in batches for note in batch.notes]
    assert notes == ([] if stated else ["times are 8 h ahead of UTC, as the times inside tell"])


@pytest.mark.parametrize("reader", [timezone(timedelta(hours=8)), timezone(timedelta(hours=-4)), UTC])
def test_a_journal_of_a_node_that_is_not_in_utc(reader: timezone) -> None:
    """The reader's zone is that of the node, or not: either way the kubelet's own clock tells where both are."""
    moment = datetime(2021, 8, 3, 9, 17, 48, 500_000, tzinfo=UTC)
    lines = (
        [OTHERS.format(clock="17:17:48").strip()] * 5
        + [line("17:17:48", "17:17:48", "+0800 CST")]
        + [OTHERS.format(clock="17:17:48").strip()]
    )
    for known, stamp in ((YEARLESS, "%b %d %H:%M:%S"), (FORMAT, "%a %Y-%m-%d %H:%M:%S CST")):
        shown = moment.astimezone(reader).strftime(stamp)
        text = "".join(f"{shown} n kubelet[1354]: {message}\n" for message in lines)
        batches = list(known.read(io.BytesIO(text.encode()), ReadContext(2021)))
        times = pl.concat([batch.records for batch in batches])["time"]
        assert set(times.dt.truncate("1s")) == {moment.replace(microsecond=0)}
