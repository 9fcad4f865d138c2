"""Times and durations as Go prints them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.grammars import facts, writers

ANY = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-09-19 16:04:46 +0800 CST", "2017-09-19T08:04:46Z"),
        ("2026-11-22 07:10:23.678427281 +0000 UTC m=+535.675393751", "2026-11-22T07:10:23.678427Z"),
        ("2026-09-03T09:59:20Z", "2026-09-03T09:59:20Z"),
        ("2026-09-03 09:59:20", "2026-09-03 09:59:20"),  # no zone: as it stands
        ("2026-13-03 09:59:20 +0000 UTC", "2026-13-03 09:59:20 +0000 UTC"),
        ("", None),
    ],
)
def test_times(text: str, expected: str | None) -> None:
    assert facts.stamp(text) == expected


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2200, 1, 1)), st.integers(-14 * 4, 14 * 4))
def test_a_zone_is_undone(utc: datetime, quarters: int) -> None:
    zone = timedelta(minutes=15 * quarters)
    sign, minutes = "-" if quarters < 0 else "+", abs(15 * quarters)
    written = f"{utc + zone:%Y-%m-%d %H:%M:%S.%f} {sign}{minutes // 60:02}{minutes % 60:02} ABC"
    assert facts.moment(written) == utc.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("40.032883982s", "40"), ("1m14.1s", "74"), ("1h0m1s", "3601"), ("350ms", "0"), ("x", None), ("9" * 400 + "h", None)],
)
def test_durations(text: str, expected: str | None) -> None:
    assert facts.whole_seconds(text) == expected


@given(ANY)
def test_no_text_breaks_them(text: str) -> None:
    facts.stamp(text), facts.whole_seconds(text), writers.written_by(text)
