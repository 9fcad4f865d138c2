"""Spells of writing, read off the activity of sources; and signs about single moments."""

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from analyzer.lifecycle.signs import Signs, Spell, spells
from analyzer.proof import Proof
from analyzer.store import MemoryStore
from analyzer.vocabulary import ACTIVITY, ATTRIBUTIONS
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.parts import events, proof, said, writes


def wrote(first: float, last: float, *, node: str | None = A, identifier: str | None = "kubelet", **more: Any) -> dict[str, Any]:
    return {
        "node": node,
        "identifier": identifier,
        "pid": 1000,
        "boot_id": None,
        "records": 2,
        "resolution_us": 1,
        "pace_us": None,
        "first_time": at(first),
        "first_line": int(first),
        "first_text": f"first at {first}",
        "last_time": at(last),
        "last_line": int(last),
        "last_text": f"last at {last}",
        **more,
    }


def found(*some: dict[str, Any], nodes: dict[str, str] | None = None, **sources: list[dict[str, Any]]) -> list[Spell]:
    store = MemoryStore()
    for source, rows in ({"journal": list(some)} | sources).items():
        writer = store.writer(source)
        writer.add("activity", pl.DataFrame(rows, schema=ACTIVITY))
        writer.commit({"source_id": source, "source": f"{source}.log", "status": "read"})
    settled = [{"source_id": source, "node": node, "how": "folder"} for source, node in (nodes or {}).items()]
    store.settle("attributions", lambda: pl.DataFrame(settled, schema=ATTRIBUTIONS))
    return spells(store)


def test_a_spell_is_all_that_one_writer_wrote_in_one_source() -> None:
    some = [wrote(50, 60, records=5, pace_us=3), wrote(10, 20, records=3, pace_us=7), wrote(70, 90, records=1, pace_us=2_000_000)]
    (spell,) = found(*some)
    assert (spell.node, spell.identifier, spell.pid, spell.boot_id, spell.records) == (A, "kubelet", 1000, None, 9)
    assert (spell.start, spell.end, spell.pace) == (at(10), at(90), timedelta(seconds=2))
    assert spell.first == Proof(at(10), "journal.log", 10, None, "first at 10", "the first line")
    assert spell.last == Proof(at(90), "journal.log", 90, None, "last at 90", "the last line")
    assert found(wrote(10, 20))[0].pace is None


def test_places_are_lines_or_offsets() -> None:
    (spell,) = found(wrote(10, 20, first_line=None, first_offset=7, last_line=None, last_offset=99, last_text=None))
    assert (spell.first.line, spell.first.offset, spell.last.line, spell.last.offset, spell.last.text) == (None, 7, None, 99, "")


def test_writers_processes_boots_and_sources_are_told_apart() -> None:
    some = [wrote(10, 20), wrote(11, 21, pid=1001), wrote(12, 22, identifier="dockerd"), wrote(13, 23, boot_id="b"), wrote(14, 24, node=B)]
    assert [s.start for s in found(*some)] == [at(10), at(11), at(12), at(13), at(14)]
    assert [(s.node, s.start) for s in found(*some, other=[wrote(5, 6)])] == [(A, at(s)) for s in (5, 10, 11, 12, 13)] + [(B, at(14))]


def test_who_wrote_where_nobody_knows_is_left_out() -> None:
    assert found(wrote(10, 20, node=None)) == []
    assert [s.node for s in found(wrote(10, 20, node=None), nodes={"journal": B})] == [B]


def test_of_several_renderings_the_finest() -> None:
    fine, rough = wrote(10.25, 20.25), wrote(10, 20, resolution_us=1_000_000)
    assert [s.start for s in found(fine, rough=[rough])] == [at(10.25)]
    assert [s.start for s in found(rough)] == [at(10)]
    assert len(found(fine, other=[wrote(10.25, 20.25)])) == 2
    others = [rough | {"pid": 7}, rough | {"identifier": "x"}, rough | {"node": B}]
    assert len(found(fine, **{f"s{n}": [one] for n, one in enumerate(others)})) == 4


@pytest.mark.parametrize(
    ("identifier", "of_kubelet"),
    [("kubelet", True), ("hyperkube", True), ("hyperkubes", False), ("ahyperkube", False), ("dockerd", False), ("", False), (None, False)],
)
def test_whose_spell_is_a_kubelet_s(identifier: Any, of_kubelet: bool) -> None:
    assert writes(1, 2, identifier).of_kubelet is of_kubelet


# --- signs


def signs() -> Signs:
    proofs = [proof(10, "b"), proof(20, "later in the file"), proof(20, "c"), proof(None)]
    return Signs(proofs, events(said(15, E.KUBELET_STARTED, source="a.log"), said(20, E.KUBELET_READY, source="0.log")), "it wrote")


@pytest.mark.parametrize(
    ("second", "before", "after"),
    [
        (9, None, "b"),
        (10, "b", "kubelet-started"),
        (14, "b", "kubelet-started"),
        (15, "kubelet-started", "kubelet-ready"),
        (20, "c", None),
        (99, "c", None),
    ],
)
def test_the_sign_at_or_before_and_the_sign_after(second: float, before: str | None, after: str | None) -> None:
    def named(found: Proof | None) -> str | None:
        return None if found is None else found.text.replace("_", "-")

    assert (named(signs().last_before(at(second))), named(signs().first_after(at(second)))) == (before, after)


def test_a_sign_that_is_an_event_proves_what_it_is_said_to() -> None:
    told = signs().last_before(at(15))
    assert told is not None
    assert (told.proves, told.line) == ("it wrote", 15)


def test_of_one_moment_signs_come_by_source_and_line() -> None:
    some = [Proof(at(5), source, line, None, f"{source}{line}", "") for source, line in (("b", 1), ("a", 9), ("a", 2), ("a", None))]
    told = Signs(some, events(), "")
    first, last = told.first_after(at(4)), told.last_before(at(5))
    assert first is not None
    assert last is not None
    assert (first.text, last.text) == ("aNone", "b1")
    assert Signs([], events(), "").last_before(at(5)) is None
