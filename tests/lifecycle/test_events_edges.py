"""Each happening once: which renderings are of one happening, and which of them is kept."""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from analyzer.lifecycle import event_table
from analyzer.lifecycle import events as lifecycle_events
from analyzer.lifecycle.event_table import EventIndex, Events, coded, ticks
from analyzer.lifecycle.events import load_events, unique, without_echoes
from analyzer.lifecycle.intervals import Covered, Step, intersect, union, value_at
from analyzer.store import spilled
from analyzer.vocabulary import EVENTS
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.pieces import event, in_order, seconds

SCHEMA = dict(EVENTS) | {"source": pl.String}
SECOND = 1_000_000
MINUTE = 60 * SECOND


def row(second: float, source: str = "a", record: int = 0, resolution: int | None = 1, **more: Any) -> dict[str, Any]:
    said = {"kind": "pod_added", "component": "kubelet", "node": A, "message": "said"}
    place = {"source_id": source, "source": source, "record": record, "line": record, "time": at(second), "resolution_us": resolution}
    return {**place, **said} | more


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{name: r.get(name) for name in SCHEMA} for r in rows], schema=SCHEMA)


def once(*rows: dict[str, Any]) -> list[tuple[str, int]]:
    """Source and record of what is kept, in order."""
    return unique(table(*rows)).select("source", "record").rows()


def test_what_two_renderings_say_within_one_second_is_one_happening() -> None:
    assert once(row(1.1), row(1.9, "b")) == [("a", 0)]
    assert once(row(1.9), row(2.0, "b")) == [("a", 0), ("b", 0)], "of another second"
    assert once(row(1), row(1, "b", message="other")) == [("a", 0), ("b", 0)]
    assert once(row(1), row(1, "b", node=B)) == [("a", 0), ("b", 0)]
    assert once(row(1), row(1, "b", node=None)) == [("a", 0), ("b", 0)]
    for name in ("kind", "k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid", "k8s_container_name", "container_id", "controller"):
        assert once(row(1), row(1, "b", **{name: "pod_gone"})) == [("a", 0), ("b", 0)]


def test_repetitions_within_a_source_are_each_a_happening() -> None:
    three = [row(1 + n / 10, record=n) for n in range(3)]
    assert once(*three) == [("a", 0), ("a", 1), ("a", 2)]
    assert once(*three, row(1.1, "b", 0), row(1.2, "b", 1)) == [("a", 0), ("a", 1), ("a", 2)], "the other source tells of the same"
    assert once(*three[:1], row(1.1, "b", 0), row(1.2, "b", 1)) == [("a", 0), ("b", 1)]


def test_the_finest_rendering_is_kept() -> None:
    assert once(row(1, resolution=SECOND), row(1.5, "b")) == [("b", 0)]
    assert once(row(1.5, "b"), row(1.6, "a")) == [("a", 0)], "of those as fine the first source's"
    assert once(row(3), row(1, "b", 2), row(1, "b", 1, message="x"), row(1, "a", 7, message="y")) == [
        *(("a", 7), ("b", 1), ("b", 2), ("a", 0))
    ]


def test_a_klog_header_tells_its_moment_in_every_rendering() -> None:
    dated = "I0301 10:00:01.000000 1 x.go:1] said"
    assert once(row(1, message=dated), row(9, "b", message=dated)) == [("a", 0)]
    for other in ("I0301 10:00:01 said", "x I0301 10:00:01.000000 said", "X0301 10:00:01.000000 said"):
        assert len(once(row(1, message=other), row(9, "b", message=other))) == 2


def test_of_what_the_api_says_twice_in_a_second_that_with_most_names() -> None:
    bare = {"component": "api", "node": None, "k8s_pod_name": "web"}
    full = bare | {"k8s_namespace_name": "default", "k8s_pod_uid": "u", "node": A}
    assert once(row(1, **bare), row(1.5, "b", **full)) == [("b", 0)]
    assert once(row(1, **bare), row(2, "b", **full)) == [("a", 0), ("b", 0)]
    assert once(row(1, **(bare | {"k8s_pod_uid": "u"})), row(1, "b", **(bare | {"node": A}))) == [("a", 0), ("b", 0)], "as many"
    assert once(row(1, **(bare | {"component": "kubelet"})), row(1, "b", **(full | {"component": "kubelet"}))) == [("a", 0), ("b", 0)]
    assert once(row(1, **bare), row(1, "b", **(full | {"k8s_container_name": "app"}))) == [("a", 0), ("b", 0)]


def test_of_whom_it_is_told_is_asked_of_the_api_s_words_alone() -> None:
    bare = {"node": None, "k8s_pod_name": "web"}
    full = bare | {"component": "api", "node": A}
    assert once(row(1, component="api", **bare), row(1, "b", **full), row(1, "c", component="audit", **bare)) == [("b", 0), ("c", 0)]
    assert once(row(1, component=None, **bare), row(1, "b", **full)) == [("b", 0)], "nobody knows whose word it is"
    assert once(row(1, component="api", **bare), row(1, "b", **(full | {"component": "audit"}))) == [("b", 0)], "others count"


said_twice = st.builds(
    row,
    st.sampled_from([1, 1.5, 2]),
    st.sampled_from("ab"),
    st.integers(0, 2),
    st.sampled_from([1, SECOND, None]),
    component=st.sampled_from(["api", "kubelet"]),
    node=st.sampled_from([A, None]),
    message=st.sampled_from(["said", "I0301 10:00:01.000000 1 x.go:1] said"]),
    k8s_pod_uid=st.sampled_from(["u", None]),
    line=st.integers(0, 9),
)


@given(st.lists(said_twice, min_size=1, max_size=12))
def test_what_no_other_says_is_left_alone(rows: list[dict[str, Any]]) -> None:
    """Told apart by their hashes, or each looked at: the same comes of it."""
    fast = unique(table(*rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lifecycle_events, "_alike", lambda frame, *same: np.arange(frame.height))
        assert_frame_equal(unique(table(*rows)), fast)


def rough(second: float, source: str = "r", minutes: float = 1, **more: Any) -> dict[str, Any]:
    """Of a table with ages: it was up to so much later."""
    return row(second, source, resolution=int(minutes * MINUTE), **({"component": "api", "message": "Pod/web Killed: it"} | more))


def kept(*rows: dict[str, Any]) -> list[str]:
    return without_echoes(table(*rows))["source"].to_list()


@pytest.mark.parametrize(("second", "told"), [(-1.1, False), (-1, True), (30, True), (60.9, True), (61, False)])
def test_what_is_known_roughly_is_an_echo_within_its_time_and_a_second(second: float, told: bool) -> None:
    exact = rough(second, "exact", 0) | {"resolution_us": 1}
    assert kept(exact, rough(0)) == ["exact"] + ["r"] * (not told)


def test_what_is_known_to_a_second_is_not_rough() -> None:
    assert kept(rough(0, "a", 1 / 60), rough(0, "b", 1 / 60)) == ["a", "b"]
    assert kept(rough(0, "a", 1.01 / 60), rough(0, "b", 1 / 60)) == ["b"]
    assert kept(rough(0, "a", component="kubelet"), rough(0, "b")) == ["a", "b"]
    assert kept(rough(0, "a", component=None), rough(0, "b")) == ["a", "b"]
    assert without_echoes(table()).is_empty()


def test_the_object_the_words_and_the_namespace_must_agree_as_far_as_they_are_told() -> None:
    exact = rough(10, "exact", 0, k8s_namespace_name="x") | {"resolution_us": 1}
    for says, echo in (
        ("Pod/web Killed: it", True),
        ("?/web Killed: it", True),
        ("Node/web Killed: it", False),
        ("Pod/web Killed: other", False),
        ("Pod/web Killed: it  ", True),
        ("Pod/web Killed: it\nand more", True),
    ):
        assert kept(exact, rough(0, message=says)) == ["exact"] + ["r"] * (not echo)
    assert kept(exact | {"message": "?/web Killed: it"}, rough(0)) == ["exact"]
    assert kept(exact | {"message": "Pod/web Killed: it..."}, rough(0)) == ["exact"], "kubectl cuts off"
    assert kept(exact, rough(0, k8s_namespace_name="y")) == ["exact", "r"]
    assert kept(exact, rough(0, k8s_namespace_name=None)) == ["exact"]
    assert kept(exact | {"k8s_namespace_name": None}, rough(0, k8s_namespace_name="y")) == ["exact"]
    assert kept(exact, rough(0, "exact")) == ["exact", "exact"], "one source does not tell a thing twice"


def test_of_rough_ones_the_finest_that_says_most() -> None:
    assert kept(rough(0, "a", 2), rough(0, "b", 1)) == ["b"]
    assert kept(rough(0, "a", node=None), rough(0, "b")) == ["b"]
    assert kept(rough(0, "a", k8s_container_name=None), rough(0, "b", k8s_container_name="c")) == ["b"]
    assert kept(rough(0, "a"), rough(0, "b", k8s_namespace_name="n")) == ["b"]
    assert kept(rough(0, "b"), rough(0, "a")) == ["a"]
    chain = [rough(0, "a", 1), rough(50, "b", 1.1), rough(100, "c", 1.2)]
    assert kept(*chain) == ["a", "c"], "what is gone tells nothing away"


def test_events_of_a_store_have_a_time_and_their_source_s_node() -> None:
    said = [row(2, "x", node=None), row(1, "x", 1, component="api", node=None), row(3, "x", 2) | {"time": None}]
    events = [{k: v for k, v in r.items() if k in EVENTS} for r in said]
    store = pieces.memory(events=events, sources=[pieces.source("x")], attributions=[{"source_id": "x", "node": B, "how": "folder"}])
    assert [(seconds(e.time), e.component, e.node) for e in load_events(store)] == [(1, "api", None), (2, "kubelet", B)]


# --- as columns


def test_between_two_moments_with_and_without_them() -> None:
    some = in_order(*(event(s, E.POD_ADDED) for s in (1, 2, 2, 3)), event(2, E.POD_GONE))
    assert [seconds(e.time) for e in some.within(at(1), at(3))] == [2, 2, 2]
    assert some.within(at(2), at(3)) == [] == some.within(at(1), at(2))
    index = EventIndex(some)
    assert [seconds(e.time) for e in index.between(E.POD_ADDED, at(1), at(2))] == [1, 2, 2]
    assert index.between(E.POD_ADDED, at(2.000001), at(2.9)) == [] == index.between(E.NODE_READY, at(0), at(9))
    assert (index.has(E.POD_GONE), index.has(E.NODE_READY)) == (True, False)


def test_names_of_kinds_components_and_columns() -> None:
    some = in_order(
        event(1, E.POD_ADDED, "kubelet", node=A), event(2, E.POD_GONE, "api", node=""), event(3, E.POD_ADDED, "etcd", node=B, pod="web")
    )
    assert some.are(E.POD_ADDED, E.NODE_READY).tolist() == [True, False, True]
    assert some.told_by("kubelet", "etcd", "nobody").tolist() == [True, False, True]
    assert some.told_by("nobody").tolist() == [False] * 3
    assert some.having("node").tolist() == [True, False, True]
    part = some.where(some.are(E.POD_ADDED))
    assert (part.are(E.POD_ADDED).tolist(), part.told_by("etcd").tolist(), part.having("k8s_pod_name").tolist()) == (
        [True, True],
        [False, True],
        [False, True],
    )
    assert (part.columns("node")["row"].to_list(), part.columns("node")["node"].to_list()) == ([0, 2], [A, B])
    assert [len(part), part[-1].component, [e.component for e in part[:1]], [e.component for e in reversed(part)]] == [
        *(2, "etcd", ["kubelet"], ["etcd", "kubelet"])
    ]
    assert {k: [seconds(e.time) for e in v] for k, v in some.by_kind().items()} == {E.POD_ADDED: [1, 3], E.POD_GONE: [2]}
    assert Events.of_list(some) is some


def test_what_columns_leave_out_is_none_or_nothing() -> None:
    (told,) = Events.of_frame(table(row(1, resolution=None, message=None, attributes='{"a": 1}')))
    assert (told.resolution, told.message, told.attributes, told.pod) == (1, "", {"a": 1}, None)
    some = Events.of_frame(table(row(1), row(2, component=None)))
    assert (some.told_by("kubelet").tolist(), some.component_codes.tolist()) == ([True, False], [0, -1])
    (told,) = Events.of_frame(table(row(1, resolution=7)))
    assert (told.resolution, told.attributes) == (7, {})


@given(st.lists(st.none() | st.text(max_size=2), max_size=20))
def test_many_names_get_the_same_numbers_as_few(names: list[str | None]) -> None:
    few = coded(pl.Series(names, dtype=pl.String))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_table, "_MANY", 0)
        patch.setattr(spilled, "AT_ONCE", 3)
        many = coded(pl.Series(names, dtype=pl.String))
    assert list(many[0].items()) == list(few[0].items())
    assert many[1].tolist() == few[1].tolist()


def test_numbers_for_names() -> None:
    codes, numbers = coded(pl.Series(["b", None, "a", "b"]))
    assert (codes, numbers.tolist()) == ({"b": 0, "a": 1}, [0, -1, 1, 0])
    assert ticks(at(1)) - ticks(at(0)) == SECOND


# --- spans


def test_how_much_of_some_spans_lies_between_two_moments() -> None:
    some = Covered([(at(10), at(20)), (at(15), at(30)), (at(50), at(60))])
    for low, high, length in ((10, 30, 20), (0, 100, 30), (25, 55, 10), (30, 50, 0), (12, 13, 1), (60, 10, 0), (29.5, 50.5, 1)):
        assert some.between(at(low), at(high)) == timedelta(seconds=length)
    assert some.between(None, at(15)) == timedelta(seconds=5)
    assert some.between(at(55), None) == timedelta(seconds=5)
    assert Covered([]).between(None, None) == timedelta()


def test_spans_that_are_empty_or_turned_around_hold_nothing() -> None:
    assert union([(at(5), at(5)), (at(9), at(8))]) == []
    assert union([(at(5), at(9)), (at(6), at(7)), (at(9), at(10))]) == [(at(5), at(10))]
    assert intersect([(at(0), at(5)), (at(6), at(9))], [(at(5), at(6)), (at(7), at(8)), (at(8.5), None)]) == [
        (at(7), at(8)),
        (at(8.5), at(9)),
    ]


def test_the_value_of_steps_at_a_moment() -> None:
    steps = [Step(None, 1), Step(at(5), 2), Step(at(9), 3)]
    assert [value_at(steps, m) for m in (None, at(4.9), at(5), at(8.9), at(9))] == [1, 1, 2, 2, 3]


def test_what_somebody_told_the_api() -> None:
    told = [
        event(n, E.NODE_READY, c, attributes=a)
        for n, (c, a) in enumerate(
            [("api", {"reporter": "kubelet"}), ("api", {"reporter": "x"}), ("api", {}), ("audit", {"reporter": "kubelet"})]
        )
    ]
    assert in_order(*told).reports("kubelet").tolist() == [True, False, False, False]
    assert in_order().reports("kubelet").tolist() == []
