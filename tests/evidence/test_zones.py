"""What --tz takes."""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.evidence import parse_zone
from analyzer.exceptions import UsageError


@pytest.mark.parametrize(
    ("text", "hours"),
    [("UTC", 0), ("utc", 0), ("+02:00", 2), ("-0330", -3.5), ("+5", 5), ("UTC+1", 1), ("Europe/Berlin", 2), ("America/New_York", -4)],
)
def test_zones(text: str, hours: float) -> None:
    assert datetime(2026, 7, 1, tzinfo=parse_zone(text)).utcoffset() == timedelta(hours=hours)


def test_utc_is_utc() -> None:
    assert parse_zone("UTC") is UTC


@pytest.mark.parametrize("text", ["", "Mars/Olympus", "+99:00", "../../etc/passwd", "/etc/localtime", "Europe"])
def test_others_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no time zone"):
        parse_zone(text)
