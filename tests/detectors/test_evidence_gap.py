"""evidence-gap: which holes are one, which are filled by another source, and what each says."""

from typing import Any

import pytest

from analyzer.detectors.evidence_gap import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.lifecycle.model import NodeLife
from analyzer.vocabulary import Confidence
from tests.detectors.made import A, B, at, bounds, case, cited, node, not_ready, outage, proof, second


def _hole(start: float, end: float, cause: str = "suppressed", **more: Any) -> Hole:
    return Hole(at(start), at(end), more.pop("why", "lines were dropped"), cause, **more)


def _covered(kind: str, *holes: Hole, of: str | None = A, start: float = 0, end: float = 1000, **more: Any) -> Coverage:
    return Coverage(of, kind, at(start), at(end), holes, **more)


def _found(*coverage: Coverage, nodes: tuple[NodeLife, ...] = ()) -> list[Finding]:
    return list(DETECTOR.find(case(*nodes, coverage=list(coverage))))


def test_all_that_is_said_of_a_hole() -> None:
    marks = ((99, "before"), (100, "last"), (150, "within"), (200.5, "first"), (201, "later"), (None, "untimed"))
    hole = _hole(100, 200.5, proofs=tuple(proof(*mark) for mark in marks), settled_by="the whole journal")
    [found] = _found(_covered("journal", hole))
    assert (found.kind, found.severity, found.confidence, found.expected) == ("evidence-gap", "info", "certain", False)
    assert (bounds(found.start), bounds(found.end)) == ((100, 100, 100), (200.5, 200.5, 200.5))
    assert [p.text for p in found.start.proofs] == ["before", "last"]
    assert [p.text for p in found.end.proofs] == ["first", "later"]
    assert cited(found) == ["before", "last", "within", "first", "later", "untimed"]
    assert found.summary == f"The journal of {A} says nothing for 1 min 40 s from 10:01:40.0Z: lines were dropped."
    assert found.node == A
    assert found.details == {
        "source_kind": "journal",
        "source_kinds": ["journal"],
        "cause": "suppressed",
        "why": "lines were dropped",
        "of": None,
        "duration_s": 100.5,
        "settled_by": "the whole journal",
    }


@pytest.mark.parametrize(
    ("kind", "where", "of", "told"),
    [
        ("docker", A, None, f"The stream of runtime events of {A} says"),
        ("journal", A, None, f"The journal of {A} says"),
        ("klog", A, None, f"The log of {A} says"),
        ("kubernetes", None, None, "The dump of events of the API says"),
        ("journal", A, "kubelet", f"The kubelet's log of {A} says"),
        ("journal", A, "sshd", f"What sshd wrote of {A} says"),
    ],
)
def test_whose_words_are_missing(kind: str, where: str | None, of: str | None, told: str) -> None:
    [found] = _found(_covered(kind, _hole(100, 200, of=of), of=where))
    assert found.summary.startswith(told)
    assert found.details["of"] == of


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("silence", Confidence.POSSIBLE),
        ("begins-late", Confidence.POSSIBLE),
        ("unheard", Confidence.LIKELY),
        ("event-ttl", Confidence.LIKELY),
        ("replay-limit", Confidence.LIKELY),
        ("suppressed", Confidence.CERTAIN),
        ("boot-missing", Confidence.CERTAIN),
        ("between-files", Confidence.CERTAIN),
    ],
)
def test_how_sure_a_hole_is_depends_on_what_tells_of_it(cause: str, told: Confidence) -> None:
    assert [f.confidence for f in _found(_covered("journal", _hole(100, 200, cause)))] == [told]


def test_a_hole_by_nature_is_as_expected() -> None:
    assert [f.expected for f in _found(_covered("journal", _hole(100, 200, by_nature=True)))] == [True]


# --- what matters


@pytest.mark.parametrize(
    ("away", "matters"),
    [
        (outage(260, 300), True),
        (outage(260.001, 300), False),
        (outage(10, 40), True),
        (outage(10, 39.999), False),
        (outage(120, 130), True),
        (outage(10, None), True),
        (outage(None, 150), False),
    ],
)
def test_a_hole_within_a_minute_of_an_outage_matters(away: Any, matters: bool) -> None:
    [found] = _found(_covered("journal", _hole(100, 200)), nodes=(node(A, [away]),))
    assert found.severity == ("warning" if matters else "info")
    spell = not_ready(second(away.start.time), second(away.end.time))
    [found] = _found(_covered("journal", _hole(100, 200)), nodes=(node(A, lost=[spell]),))
    assert found.severity == ("warning" if matters else "info")


@pytest.mark.parametrize(("where", "matters"), [(A, True), (B, False), (None, True), ("node-c", False)])
def test_it_matters_for_its_own_node_and_the_clusters_for_all(where: str | None, matters: bool) -> None:
    nodes = node(A, [outage(120, 130)]), node(B)
    [found] = _found(_covered("journal" if where else "kubernetes", _hole(100, 200), of=where), nodes=nodes)
    assert found.severity == ("warning" if matters else "info")


@pytest.mark.parametrize("harmless", [_hole(100, 200, by_nature=True), _hole(100, 200, "begins-late")])
def test_where_nothing_need_have_been_lost_it_does_not_matter(harmless: Hole) -> None:
    assert [f.severity for f in _found(_covered("journal", harmless), nodes=(node(A, [outage(120, 130)]),))] == ["info"]


# --- renderings of one log


def _counts(*coverage: Coverage) -> list[int]:
    return sorted(len(f.details["source_kinds"]) for f in _found(*coverage))


_MICRO = 0.000001


@pytest.mark.parametrize(
    ("start", "end", "one"),
    [
        (100, 200, True),
        (101, 200, True),
        (99, 200, True),
        (101, 201, True),
        (99, 199, True),
        (101 + _MICRO, 200, False),
        (99 - _MICRO, 200, False),
        (100, 201, True),
        (100, 199, True),
        (100, 201 + _MICRO, False),
        (100, 199 - _MICRO, False),
    ],
)
def test_holes_of_two_renderings_that_differ_by_a_second_are_one(start: float, end: float, one: bool) -> None:
    found = _counts(_covered("journal", _hole(100, 200)), _covered("journal-json", _hole(start, end)))
    assert found == ([2] if one else [1, 1])


@pytest.mark.parametrize("start", [100.5, 99.6, 101.4, 98.7])
def test_seconds_that_begin_at_another_moment_make_no_difference(start: float) -> None:
    one = abs(start - 100) <= 1
    assert _counts(_covered("journal", _hole(100, 200)), _covered("journal-json", _hole(start, 200))) == ([2] if one else [1, 1])


@pytest.mark.parametrize(("cause", "one"), [("event-ttl", True), ("replay-limit", True), ("begins-late", True), ("silence", False)])
def test_what_was_forgotten_before_sources_that_begin_at_several_moments_is_one_hole(cause: str, one: bool) -> None:
    late = _covered("journal", _hole(0, 500, cause)), _covered("journal-json", _hole(0, 300, cause))
    assert _counts(*late) == ([2] if one else [1, 1])
    if one:
        [found] = _found(*late)
        assert bounds(found.end)[1] == 300  # the shortest is surely unknown to all
        assert found.details["source_kinds"] == ["journal", "journal-json"]


def test_holes_of_other_causes_writers_nodes_and_families_are_others() -> None:
    assert _counts(_covered("journal", _hole(100, 200)), _covered("journal-json", _hole(100, 200, "silence"))) == [1, 1]
    assert _counts(_covered("journal", _hole(100, 200)), _covered("journal-json", _hole(100, 200, of="kubelet"))) == [1, 1]
    assert _counts(_covered("journal", _hole(100, 200)), _covered("journal-json", _hole(100, 200), of=B)) == [1, 1]
    assert _counts(_covered("journal", _hole(100, 200)), _covered("docker", _hole(100, 200))) == [1, 1]


def test_holes_of_one_source_are_several() -> None:
    assert _counts(_covered("journal", _hole(100, 200), _hole(100.5, 200))) == [1, 1]


def test_a_hole_of_three_renderings_is_one_and_cites_them_all() -> None:
    kinds = ("journal-json", "journal", "journal-export")
    [found] = _found(*(_covered(kind, _hole(100, 200, proofs=(proof(100, kind),))) for kind in kinds))
    assert found.details["source_kinds"] == sorted(kinds)
    assert found.details["source_kind"] == "journal"
    assert sorted(cited(found)) == sorted(kinds)


# --- what another source covers


@pytest.mark.parametrize(("cause", "filled"), [("silence", True), ("between-files", True), ("suppressed", False), ("runtime-down", False)])
def test_a_hole_that_another_source_of_the_family_covers_is_none(cause: str, filled: bool) -> None:
    whole = _covered("journal-json")
    assert bool(_found(_covered("journal", _hole(100, 200, cause)), whole)) != filled
    assert _found(_covered("journal", _hole(100, 200, cause)), _covered("journal-json", start=101))
    assert _found(_covered("journal", _hole(100, 200, cause)), _covered("journal-json", of=B))
    assert _found(_covered("journal", _hole(100, 200, cause)), _covered("docker"))


def test_a_hole_of_the_kubelet_is_covered_by_whatever_holds_its_lines() -> None:
    hole = _hole(100, 200, "silence", of="kubelet")
    journal = _covered("journal", hole, kubelet=((at(0), at(1000)),))
    assert _found(journal, _covered("klog"))
    assert not _found(journal, _covered("klog", kubelet=((at(0), at(1000)),)))
    assert _found(_covered("journal", _hole(100, 200, "silence", of="sshd")), _covered("klog", kubelet=((at(0), at(1000)),)))


def test_of_a_hole_that_several_renderings_begin_with_the_shortest_need_be_covered() -> None:
    late = _covered("journal", _hole(0, 500, "begins-late")), _covered("journal-json", _hole(0, 300, "begins-late"))
    assert not _found(*late, _covered("journal-export", end=300))
    assert _found(*late, _covered("journal-export", end=299))
