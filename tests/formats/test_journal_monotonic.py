"""Seconds since the boot, and the boot's time from the clocks in the messages."""

import io
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats import ReadContext
from analyzer.formats.journals.journal_monotonic import FORMAT

BOOT = datetime(2023, 8, 22, tzinfo=UTC)


def line(seconds: float, message: str = "x", identifier: str = "kubelet[697]", host: str = "n ") -> str:
    return f"[{seconds:12.6f}] {host}{identifier}: {message}\n"


def klog(seconds: float, boot: datetime = BOOT, late: float = 0.0004) -> str:
    """A line that reached the journal ``late`` seconds after it was written."""
    return line(seconds, f"I{boot + timedelta(seconds=seconds - late):%m%d %H:%M:%S.%f}     697 kubelet.go:1] x")


def read(text: str, context: ReadContext | None = None) -> tuple[pl.DataFrame, tuple[str, ...]]:
    known = formats.detect(text.encode(), "")
    assert known is FORMAT
    batches = list(FORMAT.read(io.BytesIO(text.encode()), context or ReadContext(2023)))
    assert all(batch.rejects.is_empty() for batch in batches)
    return pl.concat([b.records for b in batches]), tuple(note for b in batches for note in b.notes)


def assert_within(records: pl.DataFrame, moments: list[datetime]) -> None:
    for begin, resolution, moment in zip(records["time"], records["resolution_us"], moments, strict=True):
        assert begin <= moment < begin + timedelta(microseconds=resolution)


def test_the_boot_is_where_the_headers_put_it() -> None:
    seconds = [10.0 * n + 5 for n in range(20)]
    text = line(3, "Started kubelet.", "systemd[1]") + "".join(klog(s, late=0.0004 + 0.003 * (n % 3)) for n, s in enumerate(seconds))
    records, notes = read(text + line(300, "Stopped kubelet.", "systemd[1]"))
    assert_within(records, [BOOT + timedelta(seconds=s) for s in (3, *seconds, 300)])
    assert records["resolution_us"].max() == 16_000  # what the slowest took more than the quickest, and ten milliseconds
    assert notes == ("times are reckoned from the klog headers inside",)
    assert records.select("node", "identifier", "pid").row(0) == ("n", "systemd", 1)


def test_one_header_alone_is_believed_to_a_second() -> None:
    records, _ = read(line(3, "Started kubelet.", "systemd[1]") + klog(5))
    assert records["resolution_us"].to_list() == [1_000_000] * 2
    assert_within(records, [BOOT + timedelta(seconds=s) for s in (3, 5)])


def test_short_delta() -> None:
    records, _ = read(
        "[ 4104.803082                ] n kubelet[697]: I0822 00:24:53.803082     697 kubelet.go:1] x\n"
        f"[ 4104.803108 <    0.000026 >] n kubelet[697]: err=<\n{' ' * 47}line 2\n"
        f"-- Boot {'a' * 32} --\n[    5.002212 <   59.999988*>] n kubelet[7]: I0822 00:31:00.000000       7 server.go:1] x\n"
    )
    assert records["message"].to_list()[1] == "err=<\nline 2"
    assert records["time"].to_list() == [
        datetime(2023, 8, 22, 0, 24, 53, 803082, UTC),
        datetime(2023, 8, 22, 0, 24, 53, 803108, UTC),
        datetime(2023, 8, 22, 0, 31, tzinfo=UTC),
    ]
    assert records["boot_id"].to_list() == [None, None, "a" * 32]


@pytest.mark.parametrize("separator", ["", f"-- Boot {'b' * 32} --\n", "-- Reboot --\n"])
@pytest.mark.parametrize("reverse", [False, True])
def test_each_boot_has_a_zero_of_its_own(separator: str, reverse: bool) -> None:
    later = BOOT + timedelta(hours=3)
    seconds = [100.0 + n for n in range(12)]
    first, second = [klog(s) for s in seconds], [klog(s, later) for s in seconds]
    parts = [second[::-1], first[::-1]] if reverse else [first, second]
    records, _ = read("".join(parts[0]) + separator + "".join(parts[1]))
    moments = [boot + timedelta(seconds=s) for boot in (BOOT, later) for s in seconds]
    assert_within(records, moments[::-1] if reverse else moments)
    assert records["boot_id"].n_unique() == 2


def test_hosts_that_are_mixed_have_boots_of_their_own() -> None:
    other = BOOT - timedelta(days=30)
    text, moments = "", []
    for n in range(20):
        for boot, host in ((BOOT, "n"), (other, "m")):
            seconds = (BOOT - boot).total_seconds() + 100 + n
            text += klog(seconds, boot).replace(" n ", f" {host} ", 1)
            moments.append(boot + timedelta(seconds=seconds))
    records, _ = read(text)
    assert_within(records, moments)


def test_a_wall_clock_that_was_set() -> None:
    """By an hour, after 200 seconds; what is before a header of the same ten seconds has the other zero."""
    seconds = [float(n) for n in range(10, 400)]
    records, _ = read("".join(klog(s, BOOT + timedelta(hours=s >= 200)) for s in seconds))
    assert_within(records, [BOOT + timedelta(hours=s >= 200, seconds=s) for s in seconds])


def test_headers_of_another_time_are_passed_over() -> None:
    seconds = [10.0 * n for n in range(1, 60)]
    text = "".join(klog(s, BOOT - timedelta(days=n in (20, 21))) for n, s in enumerate(seconds))
    records, _ = read(text)
    assert_within(records, [BOOT + timedelta(seconds=s) for s in seconds])


def test_a_boot_without_a_header_has_no_times() -> None:
    records, notes = read(line(1, "Started kubelet.", "systemd[1]") + f"-- Boot {'a' * 32} --\n" + klog(5))
    assert records["time"].is_null().to_list() == [True, False]
    assert notes == (
        "times are reckoned from the klog headers inside",
        "1 records have no time: no klog line of their boot tells it",
    )
    records, notes = read(line(1, "Started kubelet.", "systemd[1]"))
    assert notes == ("1 records have no time: no klog line of their boot tells it",)


def test_the_turn_of_the_year_and_a_stated_zone() -> None:
    east = timezone(timedelta(hours=2))
    boot = datetime(2022, 12, 31, 23, 59, tzinfo=east)
    seconds = [float(n) for n in range(0, 120, 5)]
    records, _ = read("".join(klog(s, boot) for s in seconds), ReadContext(2023, east, True))
    assert_within(records, [boot + timedelta(seconds=s) for s in seconds])


def test_the_kernels_own_log_is_another_thing() -> None:
    dmesg = "[    0.000000] Linux version 6.1\n[    1.234567] usb 1-1: new device\n[    2.000000] n kernel: x\n"
    assert not FORMAT.sniff(dmesg.encode(), "")


@given(st.lists(st.sampled_from([klog(5), klog(7), line(3), line(9000.5), "-- Reboot --\n", "more\n", "[ 12.5] x\n", klog(1)])))
def test_each_line_ends_in_a_record_or_a_reject(lines: list[str]) -> None:
    batches = list(FORMAT.read(io.BytesIO("".join(lines).encode()), ReadContext(2023)))
    raw = [text for b in batches for column in (b.records["raw"], b.rejects["raw"]) for text in column]
    held = sum(text.count("\n") + 1 for text in raw)
    assert held == sum(not text.startswith("-- ") for text in lines)
