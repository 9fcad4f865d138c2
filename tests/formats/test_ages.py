"""Ages and the intervals that they stand for."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.formats.kubernetes import ages

CAPTURED = datetime(2026, 11, 22, 8, 36, 37, tzinfo=UTC)


def interval(age: str) -> tuple[datetime | None, int | None]:
    time, width = ages.resolved(pl.col("age"), CAPTURED)
    frame = pl.DataFrame({"age": [age]}).select(time=time, width=width)
    return frame.row(0)


def human_duration(d: timedelta) -> str:
    """k8s.io/apimachinery/pkg/util/duration.HumanDuration, since 1.11."""
    seconds = int(d.total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return f"{hours // 24}d{hours % 24}h" if hours % 24 else f"{hours // 24}d"
    if hours < 24 * 365 * 2:
        return f"{hours // 24}d"
    if hours < 24 * 365 * 8:
        days = hours // 24 % 365
        return f"{hours // 24 // 365}y{days}d" if days else f"{hours // 24 // 365}y"
    return f"{hours // 24 // 365}y"


def short_human_duration(d: timedelta) -> str:
    """The same in kubectl to 1.10."""
    seconds = int(d.total_seconds())
    for unit, size in (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


@pytest.mark.parametrize(
    ("age", "ago", "width"),
    [
        ("46s", 47, 2),
        ("3m12s", 193, 2),
        ("3m", 240, 61),
        ("5h", 6 * 3600, 3601),
        ("2d4h", 53 * 3600, 3601),
        ("3m12s ago", 193, 2),
        ("2y10d", 741 * 86400, 86401),
        ("0s", 1, 2),
    ],
)
def test_intervals(age: str, ago: int, width: int) -> None:
    assert interval(age) == (CAPTURED - timedelta(seconds=ago), width * 1_000_000)


@pytest.mark.parametrize("age", ["<unknown>", "<invalid>", "", "5", "m", "5x", "5 m", "999999999y", "a 5m"])
def test_no_ages(age: str) -> None:
    assert interval(age) == (None, None)


def test_without_a_capture_time() -> None:
    time, width = ages.resolved(pl.col("age"), None)
    frame = pl.DataFrame({"age": ["5m"]}).select(time=time, width=width)
    assert frame.row(0) == (None, None)


@given(st.integers(0, 9 * 365 * 86_400 * 1_000_000))
def test_the_moment_lies_within_what_its_age_allows(micros: int) -> None:
    happened = CAPTURED - timedelta(microseconds=micros)
    written = happened.replace(microsecond=0)  # the API cuts off the fraction
    for age in (human_duration(CAPTURED - written), short_human_duration(CAPTURED - written)):
        time, width = interval(age)
        assert time is not None
        assert width is not None
        assert time <= happened < time + timedelta(microseconds=width), age
