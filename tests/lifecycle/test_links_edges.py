"""How many failures, and how close to each other, make a cut."""

import pytest

from analyzer.lifecycle.links import cut_offs
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import at
from tests.lifecycle.parts import events, said

Cuts = list[tuple[float, float]]


def cuts(*seconds: float, kind: E = E.NODE_LEASE_FAILED, component: str = "kubelet") -> Cuts:
    return _found(*(said(second, kind, component) for second in seconds))


def _found(*some: object) -> Cuts:
    found = cut_offs(events(*some))  # type: ignore[arg-type]
    return [((start - at(0)).total_seconds(), (end - at(0)).total_seconds()) for start, end in found if start and end]


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        ((), []),
        ((100,), []),
        ((100, 109.9), []),
        ((100, 110), [(100, 110)]),
        ((100, 140), [(100, 140)]),
        ((100, 140.1), []),
        ((100, 110, 150, 190), [(100, 190)]),
        ((100, 110, 150.1, 160.1), [(100, 110), (150.1, 160.1)]),
        ((100, 110, 200, 205, 300, 330), [(100, 110), (300, 330)]),
    ],
)
def test_a_cut_lasts_ten_seconds_and_its_failures_are_at_most_forty_apart(seconds: tuple[float, ...], found: Cuts) -> None:
    assert cuts(*seconds) == found


def test_failures_to_renew_the_lease_and_to_tell_the_status_are_one_series() -> None:
    assert cuts(100, 130, kind=E.NODE_STATUS_FAILED) == [(100, 130)]
    assert _found(said(100, E.NODE_STATUS_FAILED), said(135, E.NODE_LEASE_FAILED), said(170, E.NODE_STATUS_FAILED)) == [(100, 170)]


def test_only_the_kubelet_s_own_word_counts() -> None:
    assert cuts(100, 130, component="api") == []
    assert _found(said(100, E.NODE_LEASE_FAILED), said(120, E.NODE_LEASE_FAILED, "api"), said(105, E.NODE_LEASE_FAILED)) == []
    assert cuts(100, 130, kind=E.NODE_NOT_READY) == []
