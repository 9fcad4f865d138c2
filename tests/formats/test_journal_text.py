"""What journalctl prints as text, in its many ways."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.base import ReadContext
from analyzer.formats.journals.journal_text import FORMAT, YEARLESS


def read(text: str, context: ReadContext | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    batches = list(YEARLESS.read(io.BytesIO(text.encode()), context or ReadContext(2023)))
    return pl.concat([b.records for b in batches]), pl.concat([b.rejects for b in batches])


def record(line: str, context: ReadContext | None = None) -> dict[str, Any]:
    records, rejects = read(line, context)
    assert rejects.is_empty()
    return records.row(0, named=True)


@pytest.mark.parametrize(
    ("line", "time", "resolution"),
    [
        ("Aug 21 20:24:53 n kubelet[5]: m", "2023-08-22T00:24:53", 1_000_000),
        ("Aug  1 20:24:53 n kubelet[5]: m", "2023-08-02T00:24:53", 1_000_000),
        ("    11月 16 17:55:51 n kubelet[5]: m", "2023-11-16T22:55:51", 1_000_000),
        ("août 16 17:55:51 n kubelet[5]: m", "2023-08-16T21:55:51", 1_000_000),
        ("Aug 21 20:24:53.803082 n kubelet[5]: m", "2023-08-22T00:24:53.803082", 1),
        ("2023-08-21T20:24:53-0400 n kubelet[5]: m", "2023-08-22T00:24:53", 1_000_000),
        ("2023-08-21T20:24:53+05:30 n kubelet[5]: m", "2023-08-21T14:54:53", 1_000_000),
        ("2023-08-21T20:24:53.803082-04:00 n kubelet[5]: m", "2023-08-22T00:24:53.803082", 1),
        ("2023-08-21T20:24:53.803Z n kubelet[5]: m", "2023-08-21T20:24:53.803", 1000),
        ("Mon 2023-08-21 20:24:53 EDT n kubelet[5]: m", "2023-08-22T00:24:53", 1_000_000),
        ("Mon 2023-08-21 20:24:53 UTC n kubelet[5]: m", "2023-08-21T20:24:53", 1_000_000),
        ("Mon 2023-08-21 20:24:53 -03 n kubelet[5]: m", "2023-08-21T23:24:53", 1_000_000),
        ("1692663893.803082 n kubelet[5]: m", "2023-08-22T00:24:53.803082", 1),
    ],
)
def test_times(line: str, time: str, resolution: int) -> None:
    got = record(line, ReadContext(2023, ZoneInfo("America/New_York")))
    assert got["time"] == datetime.fromisoformat(time).replace(tzinfo=UTC)
    assert got["resolution_us"] == resolution
    assert (got["node"], got["identifier"], got["pid"], got["message"]) == ("n", "kubelet", 5, "m")


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("n systemd: kubelet.service failed.", ("n", "systemd", None, "kubelet.service", "kubelet.service failed.")),
        ("n systemd[1]: Stopped kubelet: The Agent.", ("n", "systemd", 1, None, "Stopped kubelet: The Agent.")),
        ("n systemd[812]: foo.service: Succeeded.", ("n", "systemd", 812, None, "foo.service: Succeeded.")),
        ("n kubelet[5]: E: kubelet.service: x", ("n", "kubelet", 5, None, "E: kubelet.service: x")),
        ("kubelet[5]: without a host", (None, "kubelet", 5, None, "without a host")),
        ("n last message repeated 3 times", ("n", None, None, None, "last message repeated 3 times")),
        ("n kubelet[5]: [82B blob data]", ("n", "kubelet", 5, None, "[82B blob data]")),
        ("n kubelet[5]: ", ("n", "kubelet", 5, None, "")),
        ("n snap x[7]: a: b", ("n", "snap x", 7, None, "a: b")),
    ],
)
def test_parts(rest: str, expected: tuple[Any, ...]) -> None:
    got = record(f"Aug 21 20:24:53 {rest}")
    assert (got["node"], got["identifier"], got["pid"], got["unit"], got["message"]) == expected


def test_with_unit() -> None:
    records, _ = read(
        "Mon 2023-08-21 20:24:53 UTC n kubelet.service[5]: a\n"
        "Mon 2023-08-21 20:24:53 UTC n init.scope[1]: kubelet.service: Failed with result 'signal'.\n"
        "Mon 2023-08-21 20:24:53 UTC n user@0.service/x.service[6]: b\n"
    )
    assert records.select("unit", "identifier").rows() == [
        ("kubelet.service", "kubelet"),
        ("kubelet.service", "systemd"),
        ("user@0.service", "user@0"),
    ]


def test_continuation_lines_lose_their_indentation_only() -> None:
    records, rejects = read(
        "Aug 21 20:24:53 n kubelet[5]: err=<\n" + " " * 30 + "        line 1\n" + " " * 30 + " >\nAug 21 20:24:54 n kubelet[5]: next\n"
    )
    assert records["message"].to_list() == ["err=<\n        line 1\n >", "next"]
    assert records["line"].to_list() == [1, 4]
    assert records["raw"][0].count("\n") == 2
    assert rejects.is_empty()


def test_boots_and_the_journals_own_lines() -> None:
    boot = "a" * 32
    records, rejects = read(
        "-- Logs begin at Tue 2021-08-03 09:10:29 UTC, end at Tue 2021-08-03 10:13:48 UTC. --\n"
        "Aug 03 09:00:00 n kubelet[5]: a\n-- Subject: Unit failed\n-- \n-- Reboot --\nAug 03 09:00:01 n kubelet[5]: b\n\n"
        f"-- Boot {boot} --\nAug 03 09:00:02 n kubelet[5]: c\n░░ Subject: x\n"
    )
    assert records["boot_id"].to_list() == [None, "reboot-1", boot]
    assert records["message"].to_list() == ["a", "b", "c"]
    assert records["time"].dt.year().to_list() == [2021] * 3
    assert rejects.is_empty()


def test_the_boot_holds_beyond_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.formats.lines.chunks.__defaults__", (40, 1000))
    monkeypatch.setattr("analyzer.formats.lines.records.__defaults__", (40,))
    text = f"-- Boot {'a' * 32} --\n" + "".join(f"Aug 03 09:00:0{i} n kubelet[5]: {i}\n  more\n" for i in range(9))
    records, _ = read(text)
    assert records["boot_id"].unique().to_list() == ["a" * 32]
    assert records["record"].to_list() == list(range(9))
    assert records["message"].to_list() == [f"{i}\nmore" for i in range(9)]


@pytest.mark.parametrize(
    ("dates", "years"),
    [
        (["Dec 31", "Jan 1"], [2022, 2023]),
        (["Dec 31", "Jan 1", "Dec 30", "Jan 2"], [2022, 2023, 2022, 2023]),  # two nodes, one after the other
        (["Jan 1", "Dec 31"], [2024, 2023]),  # in reverse order
        (["Aug 9", "Aug 3"], [2023, 2023]),  # another node's log, appended
    ],
)
def test_years(dates: list[str], years: list[int]) -> None:
    records, _ = read("".join(f"{date} 09:00:00 n kubelet[5]: a\n" for date in dates))
    assert records["time"].dt.year().to_list() == years


def test_a_date_that_does_not_exist() -> None:
    records, _ = read("Feb 29 09:00:00 n kubelet[5]: a\nFeb 28 25:00:00 n kubelet[5]: b\n")
    assert records["time"].to_list() == [None, None]


def test_the_repeated_hour_is_the_first() -> None:
    got = record("Nov 5 01:30:00 n kubelet[5]: a", ReadContext(2023, ZoneInfo("America/New_York")))
    assert got["time"] == datetime(2023, 11, 5, 5, 30, tzinfo=UTC)
    assert got["time"].utcoffset() == timedelta()


def test_what_is_before_the_first_record_is_rejected() -> None:
    records, rejects = read("==> kubelet <==\nwords\nAug 21 20:24:53 n kubelet[5]: a\nunindented\n")
    assert rejects.select("line", "offset", "raw").rows() == [(1, 0, "==> kubelet <=="), (2, 16, "words")]
    assert records["message"].to_list() == ["a\nunindented"]


def test_sniff() -> None:
    short = b"Aug 21 20:24:53 n kubelet[5]: m\n"
    iso = b"2023-08-21T20:24:53-0400 n kubelet[5]: m\n"
    assert YEARLESS.sniff(short, "")
    assert not FORMAT.sniff(short, "")
    assert FORMAT.sniff(iso, "")
    assert not YEARLESS.sniff(iso, "")
    assert YEARLESS.sniff(b"-- No entries --\n", "")
    foreign = [
        b"# Title\n\nMay 2023 was warm.\n",
        b"I0822 00:24:53.803082  584647 kubelet.go:1] m\n",
        b"2014-09-03T15:49:29.999999999Z 4386fb97867d: (from 12de384bfb10) start\n",
        b"2026-11-22T08:33:28.042549000+00:00 container create abc (image=x)\n",
        b"2026-11-22 08:38:11.147173999 +0000 UTC k8s.io /tasks/exit {}\n",
        b"LAST SEEN   TYPE     REASON    OBJECT\n5m          Normal   Killing   pod/a\n",
        b"2021-09-14T09:49:03.896190760Z I0914 09:49:03.896173       1 a.go:770] x\n",
    ]
    assert not any(known.sniff(head, "") for known in (FORMAT, YEARLESS) for head in foreign)


PIECES = [
    "Aug 21 20:24:53 n kubelet[5]: I0822 00:24:53.803082       5 a.go:1] m\n",
    "Aug 22 20:24:53 n kubelet[5]: err=<\n",
    "2023-08-21T20:24:53-0400 n kubelet[5]: m\n",
    "Mon 2023-08-21 20:24:53 CST n kubelet.service[5]: m\n",
    "                              more\n",
    "[3 lines suppressed]\n",
    "unindented\n",
    "-- Reboot --\n",
    "-- Logs begin at Tue 2021-08-03 09:10:29 CEST, end at Tue 2021-08-03 10:13:48 CEST. --\n",
    "Foo 99 99:99:99 n x[1]: m\n",
]


@given(st.lists(st.sampled_from(PIECES)), st.sampled_from([40, 300, 10_000]))
def test_each_line_ends_in_a_record_or_a_reject(pieces: list[str], size: int) -> None:
    text = "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analyzer.formats.lines.chunks.__defaults__", (size, 10_000))
        patch.setattr("analyzer.formats.lines.records.__defaults__", (size,))
        batches = list(YEARLESS.read(io.BytesIO(text.encode()), ReadContext(2023)))
    raw = [held for b in batches for column in (b.records["raw"], b.rejects["raw"]) for held in column]
    assert sum(held.count("\n") + 1 for held in raw) == sum(not piece.startswith("-- ") for piece in pieces)
