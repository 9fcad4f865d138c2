"""Pods that are read off the columns are what they would be, were each made by itself; and which ones are told of plainly."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.lifecycle import pod_names, pods
from analyzer.lifecycle.controllers import Controller, controllers
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.plain_pods import PlainPods
from analyzer.lifecycle.pod import Pod
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.run import Run
from analyzer.store import spilled
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.parts import edge, events, said, version

NAMES = st.sampled_from(["web-aaaaa", "web-bbbbb", "web-0", f"etcd-{A}", "db-5d4f8c7b9d-aaaaa", "", None])
UIDS = st.sampled_from(["uid-1", "uid-2", "uid-3", "uid-4", "", None])
KINDS = st.sampled_from(
    [
        *(E.POD_CREATED, E.POD_SCHEDULED, E.POD_ADDED, E.POD_EVICTED, E.POD_DELETED, E.POD_DELETE_ASKED, E.POD_DELETE_SEEN),
        *(E.POD_UNWANTED, E.POD_REMOVE_SEEN, E.POD_CONTAINER_KILLING, E.CONTAINER_KILLING, E.POD_CONTAINER_STARTED),
    ]
)
TOLD = st.builds(
    said,
    second=st.integers(0, 30),
    kind=KINDS,
    component=st.sampled_from(["api", "kubelet"]),
    namespace=st.sampled_from(["default", "default", "other", "", None]),
    pod=NAMES,
    uid=UIDS,
    node=st.sampled_from([A, B, None, ""]),
    controller=st.sampled_from(["ReplicaSet/web", "Node/x", "?/web", "", None]),
    resolution=st.sampled_from([1, 1_000_000]),
)
RUNS = st.builds(
    lambda uid, name, start: Run(f"c-{uid}-{name}-{start}", A, "default", name, uid, "app", edge(start)),
    UIDS,
    NAMES,
    st.sampled_from([None, 5, 20]),
)
OBJECTS = st.builds(
    lambda uid, name, namespace: version(name=name or "x", uid=uid or "", namespace=namespace, spec={"nodeName": B}),
    UIDS,
    NAMES,
    st.sampled_from(["default", ""]),
)


def one_by_one(patch: pytest.MonkeyPatch) -> None:
    """From here on no pod is told of plainly."""
    patch.setattr(pods, "plain", lambda told, _: (PlainPods.none(), np.zeros(len(told), dtype=np.bool_)))


def fields(pod: Pod) -> tuple[Any, ...]:
    told = (pod.namespace, pod.name, pod.uid, pod.node, pod.owner, pod.static, pod.created, pod.grace, pod.tolerates)
    marked = pod.marked and (pod.marked.time, pod.marked.earliest, pod.marked.latest, pod.marked.proofs, pod.marked.rule)
    return *told, marked, pod.evicted, [r.container_id for r in pod.runs], list(pod.events)


def owned(some: Pods, told: Events, objects: list[Version]) -> Iterator[tuple[Any, ...]]:
    found: list[Controller] = controllers(told, objects, some, {}, [(at(0), at(100))], lambda *_, **__: False)
    for one in found:
        yield one.namespace, one.title, one.owner_inferred, [(p.namespace, p.name, p.uid) for p in one.pods], one.wanted, one.running()


@pytest.mark.parametrize("alike", [False, True], ids=["hashes", "one hash for several names"])
@given(told=st.lists(TOLD, max_size=12), runs=st.lists(RUNS, max_size=2), objects=st.lists(OBJECTS, max_size=2))
@example(told=[said(1, E.POD_ADDED, namespace="default", pod="web-0", uid="uid-1", node=A)], runs=[], objects=[])
def test_both_ways_are_the_same(alike: bool, told: list[Event], runs: list[Run], objects: list[Version]) -> None:
    some = events(*told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spilled, "AT_ONCE", 3)
        if alike:
            patch.setattr(pod_names, "_hashed", lambda texts: texts.str.len_bytes().fill_null(9).cast(pl.UInt64).to_numpy())
        found = pods.pods(some, objects, runs)
        mine = list(owned(found, some, objects))
        evicted = [fields(p) for p in found.evicted]
        listed = [fields(p) for p in found]
        one_by_one(patch)
        for run in runs:
            run.seen = None
        others = pods.pods(some, objects, runs)
        assert listed == [fields(p) for p in others]
        assert evicted == [fields(p) for p in others.evicted] == [fields(p) for p in others if p.evicted is not None]
        assert mine == list(owned(others, some, objects))


def of(second: float, kind: E = E.POD_ADDED, **told: Any) -> Event:
    return said(second, kind, **{"namespace": "default", "pod": "web-0", "uid": "uid-1"} | told)


def told_plainly(*some: Event, runs: Any = (), objects: Any = ()) -> list[str | None]:
    """Names of those that are not made."""
    found = pods.pods(events(*some), list(objects), list(runs))
    assert len(found.made) + len(found.plain_numbers) == len(found)
    return [found.plain.names["name"][int(n)] for n in found.plain_numbers]


@pytest.mark.parametrize(
    ("some", "plainly"),
    [
        ([of(1)], True),
        ([of(1), of(2, E.POD_EVICTED)], True),
        ([of(1, uid=None)], True),
        ([of(1), of(2, uid=None), of(3, uid="")], True),
        ([of(1), of(2, pod=None)], False),
        ([of(1), of(2, pod="other")], False),
        ([of(1), of(2, namespace="other")], False),
        ([of(1), of(2, namespace=None)], False),
        ([of(1), of(2, namespace=None, uid=None)], False),
        ([of(1), of(2, uid="uid-2")], False),
        ([of(1, namespace=None)], False),
        ([of(1, namespace=None, uid=None)], False),
        ([of(1, pod="")], False),
    ],
)
def test_which_are_told_of_plainly(some: list[Event], plainly: bool) -> None:
    assert told_plainly(*some) == (["web-0"] if plainly else [])


def test_of_which_more_is_told() -> None:
    assert told_plainly(of(1), of(2, uid="uid-2", pod="web-1")) == ["web-0", "web-1"]
    assert told_plainly(of(1), objects=[version(name="x", uid="uid-1")]) == []
    assert told_plainly(of(1), objects=[version(name="web-0", uid="uid-9", namespace="other")]) == []
    assert told_plainly(of(1), runs=[Run("c", A, "default", None, "uid-1", "app", edge(1))]) == []
    assert told_plainly(of(1), runs=[Run("c", A, "default", "web-0", None, "app", edge(1))]) == []
    assert told_plainly(of(1), runs=[Run("c", A, "default", "web-1", None, "app", edge(1))]) == ["web-0"]


def test_a_pod_that_is_asked_for_twice_is_the_same() -> None:
    found = pods.pods(events(of(1), of(2, uid="uid-2", pod="web-1")), [], [])
    assert found[0] is found[0] is next(iter(found)) is found[:1][0] is found.some(found.numbers[:1])[0]
    assert [p.name for p in found] == ["web-0", "web-1"]
    assert [p.number for p in found] == [0, 1]
    assert found[-1].name == "web-1"
    assert [p.name for p in found[1:]] == ["web-1"]


def test_pods_that_are_given_keep_their_order() -> None:
    given_ = [Pod("b", "b", None), Pod("a", "a", None)]
    found = Pods.of(given_)
    assert [*found] == given_ == [*found.made]
    assert Pods.of(found) is found
    assert found.ran == [] == list(found.evicted)
