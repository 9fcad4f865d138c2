"""Abnormal silences, to the second: how much longer than usual, told how often, and who must have gone on writing."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from analyzer.lifecycle.clocks import Clocks
from analyzer.lifecycle.coverage_hole import Hole, Where
from analyzer.lifecycle.coverage_silence import silences
from analyzer.lifecycle.kubelets import Outage
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.pieces import edge, seconds, wrote

Found = list[tuple[Where, Hole]]


def quiet(low: float, high: float, source: str = "log", floor: float = 1, **more: Any) -> dict[str, Any]:
    """A row of SILENCES."""
    said = {"source_id": source, "node": A, "identifier": "kubelet", "pid": 1000, "whole": False, "floor_us": int(floor * 1_000_000)}
    places = {"last_line": int(low), "last_text": f"at {low:g}", "first_line": int(high), "first_text": f"at {high:g}"}
    return {**said, "last_time": at(low), "first_time": at(high), **places} | more


def holes(
    written: Iterable[dict[str, Any]],
    silent: Iterable[dict[str, Any]],
    *outages: Outage,
    family: str = "journal",
    form: str = "journal-text",
) -> Found:
    rows = list(written)
    store = pieces.memory(sources=[pieces.source(name, form) for name in {r["source_id"] for r in rows}], silences=silent)
    return list(silences(store, Clocks(), pieces.lines(*rows, family=family, form=form), {A: list(outages)}))


def spans(*args: Any, **more: Any) -> list[tuple[float | None, float | None]]:
    return [(seconds(hole.start), seconds(hole.end)) for _, hole in holes(*args, **more)]


def kubelet(until: float, *silent: tuple[float, float], floor: float = 1) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [wrote(0, until)], [quiet(low, high, floor=floor) for low, high in silent]


def every(*lengths: float, begin: float = 1000) -> Sequence[tuple[float, float]]:
    """Silences of these lengths, from a moment on, far from each other."""
    return [(begin + 100 * n, begin + 100 * n + length) for n, length in enumerate(lengths)]


# --- within one source


@pytest.mark.parametrize(("until", "found"), [(1100, True), (1099.9, False)])
def test_who_is_never_quiet_must_have_written_ten_times_as_long(until: float, found: bool) -> None:
    assert spans(*kubelet(until, (300, 400))) == [(300, 400)] * found


@pytest.mark.parametrize(("until", "found"), [(3300, True), (3299.9, False)])
def test_all_holes_count_together_for_that(until: float, found: bool) -> None:
    assert (len(spans(*kubelet(until, (300, 400), (500, 600), (700, 800)))) == 3) == found


@pytest.mark.parametrize(
    ("length", "rest", "found"),
    [
        (60, [12, *[4] * 7], True),
        (59.9, [12, *[4] * 7], False),
        (60, [12, *[3.9] * 7], False),
        (60, [12, *[4] * 6, 3.9], False),
        (60, [12.1, *[5] * 7], False),
        (5, [], True),
        (4.9, [], False),
    ],
    ids=["five-times", "less", "no-pace", "seven-alike", "usual-longer", "of-a-second", "too-short"],
)
def test_five_times_the_longest_that_is_usual_of_which_there_are_eight(length: float, rest: list[float], found: bool) -> None:
    until = 620 if rest else 2000
    silent = [(200 + 20 * n, 200 + 20 * n + length) for n, length in enumerate(rest)]
    assert spans(*kubelet(until, (50, 50 + length), *silent)) == [(50, 50 + length)] * found


@pytest.mark.parametrize(("until", "found"), [(300, True), (299.9, False)])
def test_it_must_have_had_twenty_times_the_occasion(until: float, found: bool) -> None:
    """The longest usual silence is of 12 s: 240 s of writing, and the hole."""
    usual = [(100 + 20 * n, 100 + 20 * n + length) for n, length in enumerate([12, *[4] * 7])]
    assert spans(*kubelet(until, (20, 80), *usual)) == [(20, 80)] * found


@pytest.mark.parametrize(("floor", "found"), [(20, True), (20.1, False)])
def test_what_was_too_short_to_be_counted_may_have_been_usual(floor: float, found: bool) -> None:
    assert spans(*kubelet(5000, (300, 400), floor=floor)) == [(300, 400)] * found


@pytest.mark.parametrize(("count", "found"), [(4, True), (5, False)])
def test_more_than_four_are_its_way_to_write(count: int, found: bool) -> None:
    many = every(*[50] * count)
    assert spans(*kubelet(9000, *many)) == ([(a, b) for a, b in many] if found else [])


def test_of_several_lengths_those_far_beyond_the_rest() -> None:
    assert spans(*kubelet(90_000, *every(90, 80, 10, 9))) == [(1000, 1090), (1100, 1180), (1200, 1210), (1300, 1309)]
    assert spans(*kubelet(90_000, *every(90, 80, 10, 9, 8, 8, 8, 8, 8, 8, 8))) == [(1000, 1090), (1100, 1180)]


def test_what_is_said_of_a_hole() -> None:
    ((where, hole),) = holes(*kubelet(8000, (300, 1000)))
    assert where == Where(A, "journal-text")
    said = "kubelet[1000] wrote nothing for 12 min, though in 122 min it is never quiet for more than 1 s"
    assert hole.why == f"{said}: lines are missing, or it stood still"
    assert (hole.cause, hole.of, hole.by_nature) == ("silence", "kubelet", False)
    assert [(p.line, p.text, p.proves) for p in hole.proofs] == [
        (300, "at 300", "the last line before the silence"),
        (1000, "at 1000", "the first line after it"),
    ]
    assert hole.settled_by == "journalctl -u kubelet of node-a, or its rotated files, from 2026-03-01 10:05:00 to 10:16:40 UTC"


@pytest.mark.parametrize(("until", "says"), [(699, "599 s"), (700, "10 min"), (36_099, "600 min"), (36_100, "10 h")])
def test_lengths_are_told_in_seconds_minutes_or_hours(until: float, says: str) -> None:
    ((_, hole),) = holes(*kubelet(until * 12, (100, until)))
    assert f"wrote nothing for {says}," in hole.why


# --- several sources of one process


def test_another_source_of_the_process_may_fill_the_silence() -> None:
    rows = [wrote(0, 2000), wrote(290, 410, "copy")]
    assert spans(rows, [quiet(300, 400)]) == []
    assert spans(rows, [quiet(300, 400), quiet(300, 400, "copy")]) == [(300, 400)]
    assert spans([wrote(0, 2000), wrote(290, 350, "copy")], [quiet(300, 400)]) == [(350, 400)]
    assert spans([wrote(0, 2000), wrote(290, 410, "copy", pid=7)], [quiet(300, 400)]) == [(300, 400)], "another process"
    assert spans([wrote(0, 2000)], [quiet(300, 400, pid=7)]) == [], "of a process of which no line is here"
    assert spans([wrote(0, 2000, node=B)], [quiet(300, 400, node=B)]) == [(300, 400)]
    assert spans([wrote(0, 2000, node=None)], [quiet(300, 400, node=None)]) == []


def test_the_cited_lines_are_those_with_numbers_of_the_first_source() -> None:
    rows = [wrote(0, 2000), wrote(0, 2000, "a-copy"), wrote(0, 2000, "binary")]
    silent = [quiet(300, 400), quiet(300, 400, "a-copy"), quiet(300, 400, "binary", last_line=None, first_line=None, last_offset=5)]
    found = holes(rows, silent)
    assert {p.source for _, hole in found for p in hole.proofs} == {"a-copy"}
    assert [where.source_kind for where, _ in found] == ["journal-text"], "of sources of one kind it is one hole"


@pytest.mark.parametrize(("begin", "found"), [(202, True), (201.9, False)])
def test_between_two_files_twice_the_usual_is_suspect(begin: float, found: bool) -> None:
    """One is quiet for 51 s at most."""
    rows = [wrote(-300, 100), wrote(begin, begin + 100, "next")]
    assert spans(rows, [quiet(0, 51), quiet(0, 51, whole=True)]) == [(100, begin)] * found


@pytest.mark.parametrize(("length", "found"), [(40, True), (40.1, False)])
def test_between_two_files_five_times_the_usual_must_be_written(length: float, found: bool) -> None:
    silent = [quiet(5, 5 + length), quiet(5, 5 + length, whole=True)]
    assert spans([wrote(0, 100), wrote(200, 300, "next")], silent) == [(100, 200)] * found


def test_what_is_said_of_a_stretch_between_two_files() -> None:
    ((_, hole),) = holes([wrote(0, 100), wrote(200, 300, "next")], [])
    assert hole.why == (
        "kubelet[1000] wrote nothing for 100 s between the end of log and the beginning of next: what lies between the two is not here"
    )
    assert (hole.cause, [(p.source, p.line) for p in hole.proofs]) == ("between-files", [("log", 100), ("next", 200)])


def test_a_hole_is_of_the_kinds_of_sources_that_reach_to_it() -> None:
    others = [wrote(0, end, f"old-{end}", format=f"until-{end}") for end in (99, 100)]
    others += [wrote(begin, 300, f"new-{begin}", format=f"from-{begin}") for begin in (200, 201)]
    assert [where.source_kind for where, _ in holes(others, [])] == ["from-200", "until-100"]


# --- a kubelet that was away


@pytest.mark.parametrize(
    ("start", "end", "explains"),
    [(350, 360, True), (100, 300, True), (100, 299.9, False), (400, 500, True), (400.1, 500, False), (100, None, True), (None, 350, False)],
)
def test_a_silence_that_an_outage_touches_is_explained(start: float | None, end: float | None, explains: bool) -> None:
    away = pieces.outage(edge(start), edge(end))
    assert spans(*kubelet(2000, (300, 400)), away) == [(300, 400)] * (not explains)


def test_the_longest_of_several_outages_counts() -> None:
    long, short = pieces.outage(edge(100), edge(350)), pieces.outage(edge(110), edge(120))
    assert spans(*kubelet(2000, (300, 400)), long, short) == []


# --- all of a node's journals, or of a component's files


def journal(low: float = 300, high: float = 400, until: float = 2000, pid: int = 7) -> Any:
    rows = [wrote(0, until, identifier="sshd", pid=pid), wrote(10, 20, identifier="cron", pid=9)]
    return rows, [quiet(low, high, identifier=None, pid=None, whole=True)]


def test_the_whole_of_a_journal() -> None:
    ((where, hole),) = holes(*journal())
    assert (where.source_kind, seconds(hole.start), seconds(hole.end), hole.of) == ("journal-text", 300, 400, None)
    assert hole.why.startswith("the node's journal wrote nothing for 100 s, though in 32 min")
    assert hole.settled_by.startswith("journalctl of node-a,")
    assert spans(*journal(until=1099)) == []


@pytest.mark.parametrize(
    ("first", "last", "pid", "found"),
    [(300, 400, 7, True), (300.1, 2000, 7, False), (0, 399.9, 7, False), (0, 2000, 1, False), (0, 2000, 2, True)],
)
def test_a_process_must_have_gone_on(first: float, last: float, pid: int, found: bool) -> None:
    """PID 1 is there in every boot."""
    rows = [wrote(first, last, identifier="sshd", pid=pid), wrote(0, 299, identifier="a", pid=8), wrote(401, 2000, identifier="b", pid=9)]
    assert spans(rows, [quiet(300, 400, whole=True)]) == [(300, 400)] * found
    parts = [wrote(0, 200, identifier="sshd", pid=7, boot_id="a"), wrote(500, 2000, identifier="sshd", pid=7, boot_id="b")]
    assert spans(parts, [quiet(300, 400, whole=True)]) == [], "of two boots"
    assert len(spans([p | {"boot_id": None} for p in parts], [quiet(300, 400, whole=True)])) == 1


def test_a_hole_of_the_kubelet_is_not_told_again_of_the_whole() -> None:
    rows = [wrote(0, 2000), wrote(0, 2000, identifier="sshd", pid=7)]
    both = [quiet(300, 400), quiet(310, 390, whole=True), quiet(500, 600, whole=True)]
    assert [(h.of, seconds(h.start)) for _, h in holes(rows, both)] == [("kubelet", 300), (None, 500)]


def test_of_files_each_component_is_judged_alone() -> None:
    """Journals of a node fill each other's silences; the log file of another component does not."""
    rows = [wrote(0, 2000, "one", identifier="etcd", pid=7), wrote(300, 400, "two", identifier="other", pid=8)]
    silent = [quiet(300, 400, "one", whole=True)]
    assert spans(rows, silent) == []
    ((_, hole),) = holes(rows, silent, family="klog", form="klog")
    assert hole.why.startswith("etcd wrote nothing")
    nameless = [wrote(0, 2000, "one", identifier=None, pid=7)]
    assert holes(nameless, silent, family="export")[0][1].why.startswith("the log wrote nothing")
    assert holes(nameless, silent, family="docker") == [], "a stream of events has no pace"
