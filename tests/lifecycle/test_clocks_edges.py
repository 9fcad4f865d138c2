"""How an offset is elected, bounded and applied: who agrees with whom, and from when on it holds."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from analyzer.lifecycle import correction
from analyzer.lifecycle.clocks import Clock, Clocks, clocks
from analyzer.lifecycle.clocks import _of_node as _clocks_of
from analyzer.lifecycle.containers import Status
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.signs import Spell
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.paired import Pair, table
from tests.lifecycle.pieces import bounds, edge, event, in_order, proof, seconds


def _of_node(node: str, pairs: Iterable[Pair]) -> list[Clock]:
    return _clocks_of(node, table(pairs))


def length(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def pair(
    number: int,
    moment: float,
    least: float,
    most: float,
    low: float | None = None,
    high: float | None = None,
    lag: float | None = None,
    *,
    source: str = "journal",
    happening: str = "",
    known: str = "",
) -> Pair:
    spans = [length(s) for s in (least, most, low, high, lag)]
    shown = proof(moment, source, number)
    return Pair(A, happening or f"h{number}", known or f"k{number}", *spans, shown, (shown,))  # type: ignore[arg-type]


def around(offset: float, *moments: float, first: int = 0, source: str = "journal") -> list[Pair]:
    """Pairs that agree on an offset, to a second."""
    return [pair(first + n, m, offset - 1, offset + 1, offset - 0.5, offset + 0.5, source=source) for n, m in enumerate(moments)]


def offsets(pairs: Iterable[Pair]) -> list[tuple[float | None, int, float | None]]:
    """Best offset, votes, since when."""
    return [(seconds(c.best), c.votes, seconds(c.since)) for c in _of_node(A, pairs)]


# --- the election


def test_two_happenings_must_agree_as_either_side_tells_them() -> None:
    assert offsets(around(60, 1)) == []
    assert offsets(around(60, 1, 2)) == [(60, 2, None)]
    assert offsets([pair(1, 1, 59, 61, happening="h"), pair(2, 2, 59, 61, happening="h")]) == [], "one happening, told twice"
    assert offsets([pair(1, 1, 59, 61, known="k"), pair(2, 2, 59, 61, known="k")]) == [], "of the API's half"
    assert offsets([]) == []


def test_intervals_that_touch_agree() -> None:
    assert [c.votes for c in _of_node(A, [pair(1, 1, 60, 62), pair(2, 2, 62, 64)])] == [2]
    assert _of_node(A, [pair(1, 1, 60, 62), pair(2, 2, 62.1, 64)]) == []
    assert [c.votes for c in _of_node(A, [pair(1, 1, 60, 62), pair(2, 2, 62, 64), pair(3, 3, 62, 62)])] == [3]


def test_of_offsets_with_as_many_votes_the_one_nearest_to_zero() -> None:
    assert offsets([*around(60, 1, 2), *around(-50, 3, 4, first=5)])[0][0] == -50
    assert offsets([*around(50, 1, 2), *around(-60, 3, 4, first=5)])[0][0] == 50
    assert offsets([*around(60, 1, 2, 3), *around(-50, 4, 5, first=5)])[0][0] == 60, "more votes"
    twice = [pair(9, 3, 59, 61, 59.5, 60.5, happening="h0", known="k9")]
    assert offsets([*around(60, 1, 2), *twice, *around(-50, 4, 5, first=5)])[0][0] == 60, "as many votes, told more often"
    often = [pair(20 + n, n, -51, -49, happening="h", known=f"x{n}") for n in range(5)]
    assert offsets([*around(60, 1, 2), *often])[0][0] == 60, "what one happening tells often is one vote"


@pytest.mark.parametrize(("votes", "best"), [(2, 0), (4, 0), (5, 60)])
def test_an_offset_needs_more_than_twice_the_votes_for_none(votes: int, best: float) -> None:
    assert offsets([*around(60, *range(1, votes + 1)), *around(0, -5, -4, first=50)])[0][0] == best


def test_who_may_mean_either_is_not_against() -> None:
    both = [pair(50 + n, 90 + n, -100, 100) for n in range(4)]
    assert offsets([*around(60, 1, 2), *both])[0][:2] == (60, 6)


@pytest.mark.parametrize(("least", "most", "best"), [(-2, 0, 0), (0, 2, 0), (-2, -0.000001, 60), (0.000001, 2, 60)])
def test_none_is_allowed_up_to_the_edges(least: float, most: float, best: float) -> None:
    against = [pair(50 + n, -n, least, most, -0.5, 0.5) for n in (1, 2)]
    assert offsets([*around(60, 1, 2, 3), *against])[0][0] == best


# --- several offsets of one node


def test_a_further_offset_needs_one_vote_more() -> None:
    first = around(0, 1, 2, 3, 4, 5, 6, 7)
    assert offsets([*first, *around(60, 101, 102, first=50)]) == [(0, 7, None)]
    assert offsets([*first, *around(60, 101, 102, 103, first=50)]) == [(0, 7, None), (60, 3, 54)], "from the middle between the two"
    assert offsets([*around(60, -30, -20, -11, first=50), *first]) == [(60, 3, None), (0, 7, -5)], "in the order of time"


def test_what_was_told_of_is_told_of_once() -> None:
    first = around(0, 1, 2, 3, 4, 5, 6, 7)
    for also in ({"happening": "h1"}, {"known": "k1"}):
        more = [*around(60, 101, 102, first=50), pair(60, 103, 59, 61, **also)]  # type: ignore[arg-type]
        assert len(offsets([*first, *more])) == 1


@pytest.mark.parametrize(("begin", "count"), [(7, 1), (7.1, 2), (4, 1)])
def test_a_step_parts_the_time(begin: float, count: int) -> None:
    """Offsets that hold at once are none of one clock."""
    pairs = [*around(0, 1, 2, 3, 4, 5, 6, 7), *around(60, begin, begin + 1, begin + 2, first=50)]
    assert len(offsets(pairs)) == count


def test_sources_of_another_zone_have_a_clock_of_their_own() -> None:
    first = around(0, 1, 2, 3, 4, 5, 6, 7)
    found = _of_node(A, [*first, *around(3600, 3, 4, 5, first=50, source="zoned"), *around(-3600, 3, 4, 5, first=70, source="also")])
    assert [(seconds(c.best), c.since, set(c.sources)) for c in found] == [
        (0, None, set()),
        (-3600, None, {"also"}),
        (3600, None, {"zoned"}),
    ]


def test_no_more_than_four_steps() -> None:
    pairs = [p for n in range(6) for p in around(60 * n, *(1000 * n + k for k in range(20 - n)), first=100 * n)]
    assert [b for b, _, _ in offsets(pairs)] == [0, 60, 120, 180]


# --- its bounds


def test_the_sharpest_pair_bounds_each_side() -> None:
    sharp = [pair(1, 1, 59, 63, 59.2), pair(2, 2, 59, 63, 59.8), pair(3, 3, 59, 63, None, 61.5), pair(4, 4, 59, 63, None, 62)]
    (clock,) = _of_node(A, sharp)
    assert (seconds(clock.low), seconds(clock.best), seconds(clock.high)) == (59.8, 60.65, 61.5)
    assert [p.line for p in clock.proofs] == [2, 3]
    assert clock.document() == {"node": A, "offset_s": 60.65, "low_s": 59.8, "high_s": 61.5}


def test_of_pairs_that_are_as_sharp_one_is_cited_whatever_their_order() -> None:
    sharp = [pair(1, 1, 59, 63, 60, 61), pair(2, 2, 59, 63, 60, 61)]
    assert [[p.line for p in _of_node(A, some)[0].proofs] for some in (sharp, sharp[::-1])] == [[2, 1], [2, 1]]


@pytest.mark.parametrize(
    ("low", "high", "lag", "expected"),
    [
        (60, 62, 0.5, (60, 61.5, 62)),
        (60, 62, 3, (60, 60, 62)),
        (60, 62, None, (60, 61, 62)),
        (62, 60, 0.5, (60, 61, 62)),
        (60, 60, 0.5, (60, 60, 60)),
        (60, None, None, (60, None, None)),
        (None, 62, 0.5, (None, None, 62)),
    ],
)
def test_the_truth_is_a_usual_lag_below_the_upper_bound(
    low: float | None, high: float | None, lag: float | None, expected: tuple[float | None, ...]
) -> None:
    (clock,) = _of_node(A, [pair(n, n, 59, 63, low, high, lag) for n in (1, 2)])
    assert (seconds(clock.low), seconds(clock.best), seconds(clock.high)) == expected


def clock(
    low: float | None, high: float | None, best: float | None = None, since: float | None = None, *sources: str, node: str = A
) -> Clock:
    return Clock(node, length(low), length(high), length(best), 3, None if since is None else at(since), frozenset(sources))


@pytest.mark.parametrize(
    ("of", "taken_off"),
    [
        (clock(0.1, 5, 1), 0),
        (clock(0.101, 5, 1), 1),
        (clock(-5, -0.1, -1), 0),
        (clock(-5, -0.101, -1), -1),
        (clock(-5, 5, 1), 0),
        (clock(3, None), 3),
        (clock(None, -3), -3),
        (clock(None, 3), 0),
        (clock(None, None), 0),
    ],
)
def test_a_clock_is_corrected_when_it_surely_was_wrong(of: Clock, taken_off: float) -> None:
    assert of.correction == length(taken_off)
    assert of.skewed == (taken_off != 0)


def test_the_document_tells_since_when_and_of_what() -> None:
    told = clock(1, 3, 2.0000004, 50, "b", "a").document()
    assert told == {"node": A, "offset_s": 2.0, "low_s": 1, "high_s": 3, "since": "2026-03-01T10:00:50.000000Z", "sources": ["a", "b"]}
    assert clock(None, 3).document() == {"node": A, "offset_s": None, "low_s": None, "high_s": 3}


def test_a_corrected_edge_is_as_wide_as_the_correction_is_unsure() -> None:
    off = clock(57, 64, 60)
    assert bounds(off.widened(edge(10, 9, 12))) == (5, 10, 15)
    assert bounds(off.widened(edge(10, None, 12))) == (None, 10, 15)
    assert bounds(off.widened(edge(10, 9, None))) == (5, 10, None)
    assert bounds(clock(57, None, 60).widened(edge(10, 9, 12))) == (None, 10, 15)
    assert bounds(clock(None, 64, -60).widened(edge(10, 9, 12)))[2] is None


# --- which clock stamped what


def test_the_clock_of_a_source_at_a_moment() -> None:
    steps = clock(0, 1, 0), clock(60, 61, 60, 50), clock(120, 121, 120, 90)
    zoned = clock(3600, 3601, 3600, None, "zoned")
    every = Clocks((*steps, zoned), {"journal": A, "other": B})
    of = [every.of(A, "journal", at(s)) for s in (0, 49.9, 50, 89.9, 90, 1000)]
    assert [seconds(c.best) if c else None for c in of] == [0, 0, 60, 60, 120, 120]
    assert every.of(A, "journal", None) is steps[0]
    assert every.of(None, "journal", at(60)) is steps[1], "whoever wrote the source"
    assert every.of(None, "nobody", at(60)) is None
    assert every.of(B, "journal", at(60)) is None, "the node goes before the source"
    assert every.of(A, "zoned", at(60)) is zoned
    assert seconds(every.true(at(100), "journal", A)) == -20
    assert seconds(every.true(at(100), "nobody")) == 100
    assert seconds(every.proof(proof(60, "journal")).time) == 0
    assert every.proof(proof(None, "journal")).time is None
    assert Clocks((zoned,)).of(A, "journal", at(0)) is None


def test_what_a_node_reports_is_off_by_a_clock_of_its_own() -> None:
    right, wrong = clock(-1, 1, 0), clock(60, 61, 60)
    assert [Clocks(reported={A: wrong}).reporting(n) for n in (A, B, None)] == [length(60), length(0), length(0)]
    assert not Clocks().skewed
    assert not Clocks((right,), reported={A: right}).skewed
    assert Clocks((right,), reported={A: wrong}).skewed
    assert Clocks((right, wrong)).skewed


def test_an_edge_is_widened_by_the_clocks_of_its_proofs_once_each() -> None:
    off = clock(59, 62, 60)
    every = Clocks((off, clock(-1, 1, 0, node=B)), {"journal": A, "docker": A, "right": B})
    proofs = proof(10, "journal"), proof(11, "docker")
    assert bounds(every.widened(Edge(at(10), at(10), at(10), proofs))) == (8, 10, 11)
    assert bounds(every.widened(Edge(at(10), at(10), at(10), (proof(10, "right"),)))) == (10, 10, 10)
    assert bounds(every.widened(Edge(at(10), at(10), at(10), (proof(10, "nobody"),)))) == (10, 10, 10)
    assert bounds(Clocks((clock(-1, 1, 0),), {"journal": A}).widened(Edge(at(10), at(10), at(10), proofs))) == (10, 10, 10)


def reported(second: float, offset: float, node: str = A) -> Event:
    """An event of a kubelet's, and when the API made it."""
    attributes = {"created": at(second - offset).isoformat(), "reporter": "kubelet"}
    return event(second, E.NODE_READY, "api", node=node, message=f"{second}", attributes=attributes)


def test_a_kubelet_s_clock_is_told_by_its_events_the_first_offset_alone() -> None:
    some = [reported(s, 60) for s in (100, 110, 120)] + [reported(s, 600) for s in (900, 910, 920)]
    found = clocks(in_order(*some, reported(100, 60, B)), [])
    assert list(found.reported) == [A]
    assert 59 <= found.reported[A].correction.total_seconds() <= 61
    assert found.clocks == ()


# --- all times by one clock

OFF = Clocks((clock(60, 60, 60),), {"journal": A}, {A: clock(30, 30, 30)})


def test_each_event_is_moved_by_the_clock_that_stamped_it() -> None:
    def moved(component: str, node: str | None = A, source: str = "x", **attributes: str) -> float | None:
        told = event(100, E.NODE_READY, component, node=node, source=source, attributes=attributes)
        return seconds(correction.events(OFF, in_order(told))[0].time)

    assert moved("kubelet") == moved("docker") == moved("systemd") == 40
    assert moved("kubelet", B) == 100
    assert moved("kubelet", None, "journal") == 40, "the source is its node's"
    assert moved("etcd", B, "journal") == 40, "whatever wrote there"
    assert moved("api", reporter="kubelet") == 70
    assert moved("api", reporter="node-controller") == moved("api") == 100
    assert moved("audit", reporter="kubelet") == 100


def test_each_step_of_a_clock_moves_what_it_stamped() -> None:
    steps = clock(0, 0, 0), clock(60, 60, 60, 150), clock(9, 9, 9, None, "zoned"), clock(7, 7, 7, 500, node=B), clock(8, 8, 8, 600, node=B)
    every = Clocks(steps, {"journal": A, "mine": B})

    def moved(second: float, node: str | None, source: str, component: str = "kubelet") -> float:
        (told,) = correction.events(every, in_order(event(second, E.POD_ADDED, component, node=node, source=source)))
        return round(second - (seconds(told.time) or 0), 6)

    assert [moved(s, A, "x") for s in (149.999999, 150, 150.000001, 900)] == [0, 60, 60, 60]
    assert [moved(s, A, "zoned") for s in (100, 900)] == [9, 9]
    assert [moved(s, B, "x") for s in (499, 500, 599, 600)] == [7, 7, 7, 8], "the first holds from the beginning"
    assert [moved(100, None, source) for source in ("journal", "mine", "x")] == [0, 7, 0]
    assert [moved(200, B, source, "etcd") for source in ("journal", "mine", "x")] == [60, 7, 0]
    assert moved(200, "elsewhere", "x") == 0
    assert len(correction.events(every, in_order())) == 0


def test_moved_events_of_one_moment_come_by_source_and_place() -> None:
    places = [("b", 1, None), ("a", 3, None), ("a", None, 2), ("a", 0, 9), ("a", None, None)]
    shown = in_order(*(replace(event(1, E.POD_ADDED, source=source), line=line, offset=offset) for source, line, offset in places))
    moved = correction.events(Clocks((clock(60, 60, 60),)), shown)
    assert [(e.source, e.line, e.offset) for e in moved] == [places[4], places[2], places[1], places[3], places[0]]
    alike = in_order(*(event(1, E.POD_ADDED, message=str(n)) for n in range(40)))
    assert [e.message for e in alike.moved(alike.times)] == [str(n) for n in range(40)]
    assert [seconds(e.time) for e in shown.moved(shown.times[::-1] + np.arange(5))] == [1, 1.000001, 1.000002, 1.000003, 1.000004]


def test_events_are_in_the_order_of_the_corrected_times() -> None:
    shown = in_order(event(50, E.NODE_READY, "api"), event(100, E.POD_ADDED, node=A), event(100, E.POD_ADDED, node=A, line=0))
    assert [(seconds(e.time), e.line) for e in correction.events(OFF, shown)] == [(40, 0), (40, 1), (50, 1)]
    assert correction.events(Clocks((clock(-1, 1, 0),)), shown) is shown


def test_spells_statuses_and_frames_are_corrected_too() -> None:
    spell = Spell(A, "kubelet", 1, None, 2, proof(100, "journal"), proof(200, "journal"), None)
    (moved,) = correction.spells(OFF, [spell])
    assert (seconds(moved.start), seconds(moved.end)) == (40, 140)
    assert correction.spells(Clocks(), [spell]) == [spell]
    steps = Clocks((clock(0, 0, 0), clock(60, 60, 60, 150), clock(9, 9, 9, None, "zoned"), clock(7, 7, 7, node=B)))
    frame = pieces.lines(pieces.wrote(100, 200), pieces.wrote(150, 200, node=B), pieces.wrote(150, 200, node=None))
    told = correction.frame(steps, frame)
    assert [[seconds(t) for t in told[c].to_list()] for c in ("first_time", "last_time")] == [[100, 143, 150], [140, 193, 200]]
    assert correction.frame(Clocks((clock(0, 0, 0),)), frame) is frame


def test_a_status_is_its_kubelet_s() -> None:
    def status(node: str, started: datetime | None, finished: datetime | None) -> Status:
        return Status("c", "default", "web", "u", "app", node, started, finished, None, proof(1))

    shown: Any = [status(A, at(100), at(200)), status(A, at(100), None), status(A, None, None), status(B, at(100), at(200))]
    told = [(seconds(s.started), seconds(s.finished)) for s in correction.statuses(OFF, shown)]
    assert told == [(70, 170), (70, None), (None, None), (100, 200)]
