"""clock-skew: how an offset is told, since when, and how sure it is."""

from datetime import timedelta
from typing import Any

import pytest

from analyzer.detectors.clock_skew import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.clocks import Clock, Clocks
from tests.detectors.made import A, B, at, bounds, case, cited, proof, second


def _clock(low: float | None, high: float | None, best: float | None, votes: int = 3, **more: Any) -> Clock:
    low_, high_, best_ = (None if s is None else timedelta(seconds=s) for s in (low, high, best))
    return Clock(more.pop("node", A), low_, high_, best_, votes, **more)


def _found(*clocks: Clock, reported: dict[str, Clock] | None = None) -> list[Finding]:
    return list(DETECTOR.find(case(clocks=Clocks(tuple(clocks), reported=reported or {}))))


def _one(*clocks: Clock, **more: Any) -> Finding:
    [found] = _found(*clocks, **more)
    return found


def test_all_that_is_said_of_a_clock_that_was_ahead() -> None:
    found = _one(_clock(7.1234, 7.5, 7.25, proofs=(proof(5, "first"), proof(9, "second"))))
    assert (found.kind, found.severity, found.confidence, found.expected, found.node) == ("clock-skew", "warning", "certain", False, A)
    assert (bounds(found.start), bounds(found.end)) == ((0, 0, 0), (None, None, None))
    assert found.summary == (
        f"The clock of {A} was 7.25 s ahead of the API server's (+7.123 s to +7.500 s by 3 sightings); its times are corrected by that."
    )
    assert found.details == {"node": A, "offset_s": 7.25, "low_s": 7.1234, "high_s": 7.5, "sightings": 3, "zone": None}
    assert [p.text for p in found.start.proofs] == ["first"]
    assert cited(found) == ["first", "second"]


def test_a_clock_that_was_behind_in_some_sources() -> None:
    found = _one(_clock(-7.5, -7.1, -7.25, sources=frozenset({"b.log", "a.log"})))
    assert "was 7.25 s behind the API server's (-7.500 s to -7.100 s by 3 sightings) in a.log, b.log; its times" in found.summary
    assert found.details["sources"] == ["a.log", "b.log"]


def test_a_clock_that_is_bounded_on_one_side_is_never_certain() -> None:
    low, high = _one(_clock(7, None, 8, 9)), _one(_clock(None, -7, None, 9))
    assert "was 8.00 s ahead of the API server's (+7.000 s by 9 sightings, bounded on one side only);" in low.summary
    assert "was 7.00 s behind the API server's (-7.000 s by 9 sightings, bounded on one side only);" in high.summary
    assert low.confidence == high.confidence == "likely"


@pytest.mark.parametrize(("votes", "told"), [(2, "likely"), (3, "certain"), (4, "certain")])
def test_three_sightings_make_it_certain(votes: int, told: str) -> None:
    assert _one(_clock(7, 8, 7.5, votes)).confidence == told


@pytest.mark.parametrize(("off", "severity"), [(0.999, "info"), (1, "warning"), (-0.999, "info"), (-1, "warning"), (5, "warning")])
def test_less_than_a_second_is_harmless(off: float, severity: str) -> None:
    assert _one(_clock(off - 0.01, off + 0.01, off)).severity == severity


def test_a_clock_that_may_have_been_right_is_no_finding() -> None:
    assert not _found(_clock(-1, 1, 0.5))
    assert not _found(reported={A: _clock(-1, 1, 0.5)})
    assert len(_found(_clock(-1, 1, 0.5), _clock(7, 8, 7.5))) == 1


@pytest.mark.parametrize(
    ("off", "told"),
    [
        (119.99, "119.99 s"),
        (120, "120.0 s (0 h 2 min 0 s)"),
        (3599, "3599.0 s (0 h 59 min 59 s)"),
        (3600, "3600.0 s (1 h 0 min 0 s)"),
        (7384.26, "7384.3 s (2 h 3 min 4 s)"),
        (-7384.26, "7384.3 s (2 h 3 min 4 s)"),
    ],
)
def test_an_offset_of_minutes_is_told_in_hours_too(off: float, told: str) -> None:
    assert f" was {told} {'ahead of' if off > 0 else 'behind'} " in _one(_clock(off - 0.01, off + 0.01, off)).summary


@pytest.mark.parametrize(
    ("low", "high", "zone"),
    [
        (3599, 3601, "+01:00"),
        (-18001, -17999, "-05:00"),
        (19799, 19801, "+05:30"),
        (-12601, -12599, "-03:30"),
        (20699, 20701, "+05:45"),
        (899, 901, "+00:15"),
        (36000, 36001, "+10:00"),
        (35999, 36000, "+10:00"),
        (3600.5, 3602, None),
        (3598, 3599.5, None),
        (3599, None, None),
        (10, 12, None),
    ],
)
def test_what_may_be_a_whole_zone_looks_like_one(low: float, high: float | None, zone: str | None) -> None:
    found = _one(_clock(low, high, low if high is None else (low + high) / 2))
    assert found.details["zone"] == zone
    assert found.summary.endswith(f" It looks like a zone: local times at UTC{zone} read as UTC." if zone else "corrected by that.")


def test_a_clock_bounded_above_alone_looks_like_no_zone() -> None:
    assert _one(_clock(None, -3599, -3600)).details["zone"] is None


def test_a_clock_with_several_offsets_has_each_until_the_next() -> None:
    first, other, second_, third = (
        _clock(7, 8, 7.5),
        _clock(20, 21, 20.5, node=B, since=at(50)),
        _clock(17, 18, 17.5, since=at(100)),
        _clock(27, 28, 27.5, since=at(200)),
    )
    found = _found(first, other, _clock(-1, 1, 0, since=at(60)), second_, third)
    spans = [(f.node, second(f.start.time), second(f.end.time)) for f in found]
    assert spans == [(A, 0, 100), (B, 50, None), (A, 100, 200), (A, 200, None)]
    assert bounds(found[0].end) == (100, 100, 100)
    assert bounds(found[2].start) == (100, 100, 100)


def test_an_offset_whose_beginning_nobody_knows_ends_none() -> None:
    of_sources = _clock(7, 8, 7.5, sources=frozenset({"a.log"})), _clock(17, 18, 17.5, sources=frozenset({"b.log"}))
    assert [f.end.time for f in _found(*of_sources)] == [None, None]


def test_what_the_kubelet_reports_with_a_wrong_clock_is_told_where_the_logs_do_not_tell_it() -> None:
    reported = {B: _clock(17, 18, 17.5, node=B), A: _clock(7, 8, 7.5)}
    both = _found(reported=reported)
    assert [f.node for f in both] == [A, B]
    assert both[0].summary.startswith(f"The clock of {A} in what its kubelet reports to the API was 7.50 s ahead of")
    assert bounds(both[0].end) == (None, None, None)
    told = _found(_clock(7, 8, 7.5), reported=reported)
    assert [(f.node, "reports to the API" in f.summary) for f in told] == [(A, False), (B, True)]
