"""Spells in which a node was not Ready, from what the API's events, logs and objects tell."""

from typing import Any

import pytest

from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.readiness import Spell, spells
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.parts import clock, events, said, spell, version


def change(second: float, ready: bool = False, reporter: str | None = "node-controller", node: str = A, **more: Any) -> Any:
    told = {} if reporter is None else {"reporter": reporter}
    return said(second, E.NODE_READY if ready else E.NODE_NOT_READY, "api", node=node, attributes=told, **more)


def shown(second: float, status: str = "Unknown", *, kind: str = "Node", name: str = A, condition: str = "Ready", **more: Any) -> Version:
    entry = {"type": condition, "status": status, "lastTransitionTime": clock(second), "reason": "NodeStatusUnknown"}
    return version(
        kind, name, namespace="", status={"conditions": [{"type": "DiskPressure", "lastTransitionTime": clock(1)}, entry]}, **more
    )


def found(*some: Any) -> list[Spell]:
    return spells(A, events(*(s for s in some if not isinstance(s, Version))), [s for s in some if isinstance(s, Version)])


def times(*some: Any) -> list[tuple[float | None, float | None]]:
    def second(moment: Any) -> float | None:
        return None if moment is None else (moment - at(0)).total_seconds()

    return [(second(s.start.time), second(s.end.time)) for s in found(*some)]


def test_from_the_first_word_to_the_first_word_that_it_is_back() -> None:
    some = [change(5, True), change(10), change(12), change(20, True), change(25, True), change(30)]
    first, second = found(*some)
    assert times(*some) == [(10, 20), (30, None)]
    assert [p.time for p in first.evidence] == [at(10), at(12), at(20)]
    assert [(p.time, p.proves) for p in (*first.start.proofs, *first.end.proofs)] == [
        (at(10), "the API's view of the node"),
        (at(20), "the API's view of the node"),
    ]
    assert (second.end.earliest, second.end.latest, second.node, second.status) == (at(30), None, A, "Unknown")
    assert first.start.rule != first.end.rule != second.end.rule


def test_times_of_whole_seconds_may_lie_later() -> None:
    (one,) = found(change(10, resolution=1_000_000), change(20, True, resolution=1_000_000))
    assert (one.start.earliest, one.start.latest, one.end.earliest, one.end.latest) == (at(10), at(10.999999), at(20), at(20.999999))
    (one,) = found(change(10), change(20, True))
    assert (one.start.latest, one.end.latest) == (at(10), at(20))


def test_back_in_the_same_moment_is_not_back() -> None:
    assert times(change(10), change(10, True, resolution=1_000_000)) == [(10, None)]
    assert times(change(10), change(10.1, True)) == [(10, 10.1)]
    assert times(change(10, resolution=1_000_000), change(10, True)) == [(10, None)], "the finer comes first"


def test_who_reported_it() -> None:
    (one,) = found(change(10), change(11, reporter="kubelet"), change(12, reporter=None))
    assert one.reporters == {"node-controller", "kubelet", "api"}


def test_other_nodes_and_other_words_are_others() -> None:
    assert times(change(10, node=B), said(11, E.NODE_LEASE_FAILED), shown(12, name=B), shown(13, name="node-0")) == []
    assert times(shown(10, kind="Pod"), shown(11, kind="Job")) == []


# --- the object's word


@pytest.mark.parametrize(("status", "reporter"), [("Unknown", "node-controller"), ("False", "kubelet"), ("Zero", "kubelet")])
def test_the_object_tells_its_last_change(status: str, reporter: str) -> None:
    (one,) = found(shown(10, status))
    assert (one.start.time, one.start.latest, one.reporters) == (at(10), at(10.999999), {reporter})
    assert one.evidence[0].text.endswith(f": Ready {status} since 2026-03-01T10:00:10.000000Z (NodeStatusUnknown)")
    assert one.evidence[0].proves == "the API's view of the node"


def test_the_object_tells_when_it_was_back() -> None:
    assert times(change(10), shown(20, "True")) == [(10, 20)]
    assert times(shown(20, "True")) == []


def test_a_condition_without_a_time_or_of_another_name_is_none() -> None:
    unknown = shown(10)
    unknown.status["conditions"][1]["lastTransitionTime"] = None
    assert times(unknown) == []
    assert times(shown(10, condition="Zready")) == []
    twice = shown(10)
    twice.status["conditions"].insert(0, {"type": "Ready", "status": "Unknown"})
    assert times(twice) == [(10, None)]


@pytest.mark.parametrize(("second", "told"), [(7, True), (8, False), (10, False), (12, False), (13, True)])
def test_an_event_tells_of_the_same_change_more_precisely(second: float, told: bool) -> None:
    (one,) = found(change(10), shown(second))
    assert (len(one.evidence) == 2) is told


def test_an_event_of_another_change_does_not() -> None:
    assert times(change(10), shown(11, "True")) == [(10, 11)]
    assert times(change(10), change(20, True), shown(20), shown(30, "True")) == [(10, 20), (20, 30)]


def test_two_objects_of_one_change_tell_it_once() -> None:
    (one,) = found(shown(10), shown(10, number=8))
    assert len(one.evidence) == 1
    assert times(shown(10), shown(20, "True", number=8), shown(30, number=9)) == [(10, 20), (30, None)]


def test_whether_only_the_kubelet_said_so() -> None:
    both = spell(10, 20, "kubelet", "node-controller")
    assert [s.by_kubelet for s in (spell(10, 20, "kubelet"), spell(10, 20), both)] == [True, False, False]


# --- what it covers


@pytest.mark.parametrize(("second", "covered"), [(9, False), (10, True), (19, True), (20, False), (21, False)])
def test_a_spell_covers_its_start_not_its_end(second: float, covered: bool) -> None:
    assert spell(10, 20).covers(at(second)) is covered
    assert spell(10, None).covers(at(second)) is (second >= 10)
    assert not spell(None, 20).covers(at(second))  # type: ignore[arg-type]
