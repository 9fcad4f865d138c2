"""When API events last happened, read off their documents together; and what that says of resourceVersions."""

import orjson
import polars as pl
import pytest

from analyzer.lifecycle.event_table import instant, ticks
from analyzer.lifecycle.objects import _Clock, last_told, moments
from tests.lifecycle.incident import at

SERIES = "$.series.lastObservedTime"
Told = dict[str, object]


def last(document: Told, series: str | None = None) -> str | None:
    told = orjson.dumps({"kind": "Event", **document}, option=orjson.OPT_SORT_KEYS).decode()
    answers = [last_told(pl.Series([*others, told]), series)[-1] for others in ([], ['{"kind":"Event","lastTimestamp":"other"}'], [None])]
    assert len(set(answers)) == 1, "others change nothing"
    return answers[0]


@pytest.mark.parametrize(
    ("document", "plain", "of_series"),
    [
        ({"lastTimestamp": "L"}, "L", "L"),
        ({"lastTimestamp": "L", "eventTime": "E", "metadata": {"creationTimestamp": "C"}}, "L", "L"),
        ({"lastTimestamp": "L", "series": {"lastObservedTime": "S"}}, "L", "S"),
        ({"lastTimestamp": "L", "series": {"count": 2}}, "L", "L"),
        ({"lastTimestamp": "L", "series": None}, "L", "L"),
        ({"lastTimestamp": None, "eventTime": "E", "metadata": {"creationTimestamp": "C"}}, "E", "E"),
        ({"eventTime": None, "metadata": {"creationTimestamp": "C"}}, "C", "C"),
        ({"eventTime": "E", "series": {"lastObservedTime": "S"}}, "E", "S"),
        ({"metadata": {"lastTimestamp": "no"}}, None, None),
        ({"message": '"kind":"Event","lastTimestamp":"no"'}, None, None),
        ({"lastTimestamp": "\n"}, "\n", "\n"),
        ({}, None, None),
    ],
)
def test_when_an_event_last_happened(document: Told, plain: str | None, of_series: str | None) -> None:
    assert last(document) == plain
    assert last(document, SERIES) == of_series


def test_of_no_documents_there_are_no_times() -> None:
    assert last_told(pl.Series([], dtype=pl.String)).to_list() == []
    assert moments(pl.Series([], dtype=pl.String)).to_list() == []


def test_texts_are_read_as_moments() -> None:
    read = moments(pl.Series(["2026-03-01T10:00:01Z", None, "yesterday", "2026-03-01T12:00:01+02:00", "1066-10-14T00:00:00Z"]))
    assert read.to_list() == [ticks(at(1)), None, None, ticks(at(1)), None]
    assert instant(ticks(at(1.000001))) == at(1.000001)


def test_a_version_was_written_between_the_events_around_it() -> None:
    clock = _Clock(pl.DataFrame({"version": [30, 10, 20, 20], "time": [ticks(at(s)) for s in (3, 1, 5, 2)]}))
    assert [clock.bounds(v) for v in (9, 10, 11, 20, 21, 30, 31)] == [
        (None, at(1)),
        (at(1), at(1)),
        (at(1), at(2)),
        (at(5), at(2)),
        (at(5), at(3)),
        (at(5), at(3)),
        (at(5), None),
    ]
    assert clock.bounds(None) == (None, None)
    assert _Clock(pl.DataFrame(schema={"version": pl.Int64(), "time": pl.Int64()})).bounds(1) == (None, None)
