"""In whose zone a journal's times are: what the messages inside tell."""

import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats import ReadContext
from analyzer.formats.journals.journal_text import FORMAT, YEARLESS

NEW_YORK = ZoneInfo("America/New_York")
Line = tuple[datetime, str]


def klog(moment: datetime, zone: tzinfo = UTC) -> str:
    return f"I{moment.astimezone(zone):%m%d %H:%M:%S.%f}     697 kubelet.go:1] x"


def short(lines: Iterable[Line], zone: tzinfo = NEW_YORK) -> str:
    return "".join(f"{moment.astimezone(zone):%b %d %H:%M:%S} n kubelet[697]: {message}\n" for moment, message in lines)


def read(text: str, context: ReadContext | None = None) -> tuple[list[datetime | None], tuple[str, ...]]:
    known = FORMAT if FORMAT.sniff(text.encode(), "") else YEARLESS
    batches = list(known.read(io.BytesIO(text.encode()), context or ReadContext(2023)))
    return [time for batch in batches for time in batch.records["time"]], tuple(note for batch in batches for note in batch.notes)


def minutes(start: datetime, count: int, every: int = 10) -> list[datetime]:
    return [start + timedelta(minutes=every * n) for n in range(count)]


def test_the_difference_holds_before_and_after_the_lines_that_tell_it() -> None:
    moments = minutes(datetime(2023, 8, 22, 0, 24, 53, tzinfo=UTC), 9)
    lines = [(moment, klog(moment) if n in (3, 4, 5) else "Flag --x has been deprecated") for n, moment in enumerate(moments)]
    times, notes = read(short(lines))
    assert times == moments
    assert notes == ("times are 4 h behind UTC, as the klog headers inside tell",)


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ("Asia/Kolkata", "5:30 h ahead of UTC"),
        ("Asia/Kathmandu", "5:45 h ahead of UTC"),
        ("Pacific/Auckland", "13 h ahead of UTC"),
        ("America/St_Johns", "3:30 h behind UTC"),
        ("UTC", "UTC"),
    ],
)
def test_zones_all_over_the_world_and_the_turn_of_the_year(zone: str, told: str) -> None:
    moments = minutes(datetime(2022, 12, 31, 20, tzinfo=UTC), 40)  # the local date is in another year than klog's
    context = ReadContext(moments[-1].astimezone(ZoneInfo(zone)).year)
    times, notes = read(short([(moment, klog(moment)) for moment in moments], ZoneInfo(zone)), context)
    assert times == moments
    assert notes == (f"times are {told}, as the klog headers inside tell",)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("start", [datetime(2023, 11, 5, 4, tzinfo=UTC), datetime(2023, 3, 12, 5, tzinfo=UTC)])
def test_a_change_of_the_clock_within_the_source(start: datetime, reverse: bool) -> None:
    """From 01:59:59 EDT to 01:00:00 EST, and from 01:59:59 EST to 03:00:00 EDT; every other line tells nothing."""
    moments = minutes(start, 40)
    lines = [(moment, klog(moment) if n % 2 else "Flag --x has been deprecated") for n, moment in enumerate(moments)]
    text = short(lines[::-1] if reverse else lines)
    times, notes = read(text)
    assert times == (moments[::-1] if reverse else moments)
    first, then = ("5", "4") if (start.month == 3) != reverse else ("4", "5")
    assert notes == (f"times are {first} h behind UTC, then {then} h behind UTC, as the klog headers inside tell",)


def test_what_is_no_clock_is_passed_over() -> None:
    moments = minutes(datetime(2023, 8, 22, 0, 24, 53, tzinfo=UTC), 30, every=1)
    lines = [(moment, klog(moment)) for moment in moments]
    lines[7] = (moments[7], klog(moments[7] - timedelta(hours=3)))  # of old, logged again
    lines[12] = (moments[12], klog(moments[12] - timedelta(minutes=7)))
    lines[20] = (moments[20], klog(moments[20], NEW_YORK))
    assert read(short(lines))[0] == moments


def test_writers_in_several_zones_do_not_make_it_waver() -> None:
    moments = minutes(datetime(2023, 8, 22, 0, 24, 53, tzinfo=UTC), 100, every=1)
    lines = [(moment, klog(moment, UTC if n % 10 < 6 else timezone(timedelta(hours=8)))) for n, moment in enumerate(moments)]
    assert read(short(lines))[0] == moments


def test_a_clock_that_says_it_is_utc_goes_before_klog() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    moments = minutes(datetime(2023, 8, 22, 0, 24, 53, tzinfo=UTC), 6)
    logrus = f'time="{moments[2]:%Y-%m-%dT%H:%M:%S}.123456789Z" level=info msg=x'
    offset = f'time="{moments[3].astimezone(berlin):%Y-%m-%dT%H:%M:%S}+02:00" level=info msg=x'
    ts = f'{{"ts":{moments[4].timestamp() * 1000},"caller":"a.go:1","msg":"x"}}'
    for told in ([2, logrus], [3, offset], [4, ts]):
        lines = [(moment, klog(moment, berlin)) for moment in moments]
        lines[int(str(told[0]))] = (moments[int(str(told[0]))], str(told[1]))
        times, notes = read(short(lines, berlin))
        assert times == moments
        assert notes == ("times are 2 h ahead of UTC, as the times inside tell",)


def test_the_zone_that_the_user_states_is_that_of_the_written_times() -> None:
    moments = minutes(datetime(2023, 8, 22, 0, 24, 53, tzinfo=UTC), 6)
    berlin = ZoneInfo("Europe/Berlin")
    text = short([(moment, klog(moment, berlin)) for moment in moments], berlin)
    times, notes = read(text, ReadContext(2023, berlin, True))
    assert times == moments
    assert notes == ()
    times, notes = read(text)  # klog's zone is taken for UTC
    assert times == [moment + timedelta(hours=2) for moment in moments]
    assert notes == ("times are UTC, as the klog headers inside tell",)


@pytest.mark.parametrize(
    ("zone", "offset", "notes"),
    [
        ("EDT", -4, ()),
        ("CEST", 2, ()),
        ("UTC", 0, ()),
        ("AEST", 10, ()),
        ("NZDT", 13, ()),
        ("CST", 0, ("the zone CST of its times is ambiguous: taken as UTC",)),
        ("IST", 0, ("the zone IST of its times is ambiguous: taken as UTC",)),
    ],
)
def test_abbreviations(zone: str, offset: int, notes: tuple[str, ...]) -> None:
    times, told = read(f"Mon 2023-08-21 20:24:53 {zone} n kubelet[5]: x\n")
    assert times == [datetime(2023, 8, 21, 20, 24, 53, tzinfo=timezone(timedelta(hours=offset)))]
    assert told == notes


def test_an_ambiguous_abbreviation_is_settled_by_the_headers_inside() -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    moment = datetime(2023, 8, 22, 0, 24, 53, tzinfo=UTC)
    line = f"{moment.astimezone(shanghai):%a %Y-%m-%d %H:%M:%S} CST n kubelet[5]: "
    assert read(f"{line}{klog(moment)}\n{line}x\n") == ([moment] * 2, ("times are 8 h ahead of UTC, as the klog headers inside tell",))
    times, notes = read(f"{line}{klog(moment, shanghai)}\n")  # the node is in that zone, too: which it is remains open
    assert times == [moment + timedelta(hours=8)]
    assert notes == ("the zone CST of its times is ambiguous: taken as UTC",)


def test_the_journals_own_header_tells_its_readers_zone() -> None:
    header = "-- Logs begin at Tue 2021-08-03 09:10:29 {0}, end at Tue 2021-08-03 10:13:48 {1}. --\nAug 03 09:17:42 n kubelet[5]: x\n"
    times, notes = read(header.format("CEST", "CEST"))
    assert times == [datetime(2021, 8, 3, 7, 17, 42, tzinfo=UTC)]
    assert notes == ("times are 2 h ahead of UTC, as the journal's header tells",)
    times, notes = read(header.format("CET", "CEST"))
    assert times == [datetime(2021, 8, 3, 9, 17, 42, tzinfo=UTC)]
    assert notes == ("its times lack the zone: taken as UTC",)


def test_what_stands_chunks_further_on_tells_the_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.formats.lines.chunks.__defaults__", (200, 1000))
    monkeypatch.setattr("analyzer.formats.lines.records.__defaults__", (200,))
    moments = minutes(datetime(2023, 8, 22, 0, 24, 53, tzinfo=UTC), 60)
    times, _ = read(short([(moment, klog(moment) if n > 50 else "x") for n, moment in enumerate(moments)]))
    assert times == moments


@given(
    st.lists(st.tuples(st.integers(0, 400_000), st.sampled_from(["klog", "old", "other", "json"])), min_size=1, max_size=40),
    st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_nothing_is_lost_or_raised(steps: list[tuple[int, str]], zone: str) -> None:
    moment, lines = datetime(2022, 11, 1, tzinfo=UTC), []
    for seconds, kind in steps:
        moment += timedelta(seconds=seconds)
        message = {"klog": klog(moment), "old": klog(moment - timedelta(days=9)), "json": '{"ts":1.5,"x":1}'}
        message["other"] = "I0000 99:99:99.000000 1 x"
        lines.append((moment, message[kind]))
    times, _ = read(short(lines, ZoneInfo(zone)))
    assert len(times) == len(lines)
    assert None not in times
