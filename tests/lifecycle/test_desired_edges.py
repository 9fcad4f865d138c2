"""The replicas asked for, step by step: from objects, from the controller-manager, from what was made and given up, from what ran."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pytest

from analyzer.lifecycle.desired import Wanted, wanted
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.pods import Pod
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import ORIGIN, at
from tests.lifecycle.pieces import edge, event, run, seconds

RC = "ReplicationController"
Replaced = dict[str, tuple[float, float]]
"""By name, from when to when a pod may be replaced, though nothing tells that it was given up."""


def asked(
    pods: Iterable[Pod] = (),
    events: Iterable[Event] = (),
    versions: Iterable[Version] = (),
    kind: str = RC,
    stated: int | None = None,
    calm: Sequence[tuple[float, float]] = ((0, 1000),),
    replaced: Replaced | None = None,
    untold: bool = False,
) -> Wanted | None:
    def replaceable(pod: Pod, moment: datetime, *, untold: bool = untold) -> bool:
        low, high = (replaced or {}).get(pod.name or "", (1, 0))
        return (untold or not asks_untold) and at(low) <= moment <= at(high)

    asks_untold = untold
    return wanted(kind, list(pods), list(events), list(versions), stated, [(at(a), at(b)) for a, b in calm], replaceable)


def steps(*args: Any, **more: Any) -> tuple[str, list[tuple[float | None, int]]]:
    """How it is known, and from when on how many."""
    found = asked(*args, **more)
    assert found is not None
    return found.source, [(seconds(s.time), s.value) for s in found.steps]


def proofs(*args: Any, **more: Any) -> list[float | None]:
    found = asked(*args, **more)
    assert found is not None
    return [seconds(p.time) for p in found.proofs]


def pod(
    name: str, start: float | None = None, end: float | None = None, created: float | None = None, gone: float | None = None, **more: Any
) -> Pod:
    """``created``: its controller tells so; ``gone``: when it was asked to go. Without a start it never ran."""
    told = [event(created, E.POD_CREATED, "api")] if created is not None else []
    if gone is not None:
        more["marked"] = edge(gone)
    return pieces.pod(
        name, *([run(name, start, end)] if start is not None or end is not None else []), events=[*told, *more.pop("events", [])], **more
    )


# --- who is asked for how many at all


def test_what_the_user_states_goes_before_all() -> None:
    assert steps(stated=3, kind="Job") == ("stated", [(None, 3)])
    assert steps([pod("a", 1)], versions=[version(2)], stated=0) == ("stated", [(None, 0)])


@pytest.mark.parametrize(("kind", "known"), [(RC, True), ("StatefulSet", True), ("ReplicaSet", True), ("DaemonSet", False), ("Job", False)])
def test_only_some_kinds_have_a_number(kind: str, known: bool) -> None:
    assert (asked([pod("a", 1)], kind=kind) is not None) == known
    assert asked(kind=kind) is None


# --- objects


def version(replicas: Any, earliest: float | None = None, created: float | None = None, **more: Any) -> Version:
    meta = {"creationTimestamp": at(created).isoformat()} if created is not None else {}
    return pieces.version(RC, "web", earliest, meta=meta | more.pop("meta", {}), spec={"replicas": replicas}, **more)


def test_a_change_counts_from_when_the_new_version_was_surely_written() -> None:
    assert steps(versions=[version(2, 5, created=1), version(2, 7), version(3, 9)]) == ("objects", [(None, 0), (1, 2), (9, 3)])
    assert proofs(versions=[version(2, 5, created=1), version(2, 7), version(3, 9)]) == [5, 9]
    assert steps(versions=[version(2, 5)]) == ("objects", [(None, 2)]), "since when it is there is not told"
    assert steps(versions=[version(None, 5, created=1), version(2, 7)]) == ("objects", [(None, 2)])
    assert steps(versions=[version(2, 5, created=1), version(2, 9, watch="DELETED")]) == ("objects", [(None, 0), (1, 2), (9, 0)])
    assert asked(versions=[version("2", 5)]) is None


NEEDS_3 = [event(20, E.DESIRED_REPLICAS, "controller-manager", value=3, attributes={"creating": 1})]
TWO = (pod("a", 1), pod("b", 1))


def test_events_say_when_a_number_of_objects_changed() -> None:
    source, told = steps(TWO, NEEDS_3, [version(3, 50)])
    assert (source, told) == ("objects", [(None, 2), (20, 3)])
    assert proofs(TWO, NEEDS_3, [version(3, 50)]) == [50, 20]
    assert steps(TWO, NEEDS_3, [version(2, 5), version(3, 50)]) == ("objects", [(None, 2), (20, 3)])
    assert steps(TWO, NEEDS_3, [version(2, 50)]) == ("objects", [(None, 2)]), "where they disagree, objects are right"
    first_generation = [version(3, 50, meta={"generation": 1})]
    assert steps(TWO, NEEDS_3, first_generation) == ("objects", [(None, 3)]), "its spec is as it was made"
    assert steps(TWO, NEEDS_3, [version(3, 50, meta={"generation": 2})])[1] == [(None, 2), (20, 3)]
    changed = [version(2, 5, meta={"generation": 1}), version(3, 50, meta={"generation": 2})]
    assert steps(TWO, NEEDS_3, changed)[1] == [(None, 2), (20, 3)], "the newest says whether it changed"
    shorter = [version(1, 5, created=1), version(2, 10), version(3, 50)]
    assert steps(TWO, NEEDS_3, shorter)[1] == [(None, 0), (1, 1), (10, 2), (50, 3)], "events tell of fewer changes"


def test_a_number_that_no_object_ever_had_is_as_sure_as_what_told_it() -> None:
    more = [event(30, E.DESIRED_REPLICAS, "controller-manager", value=4), event(40, E.DESIRED_REPLICAS, "controller-manager", value=3)]
    source, told = steps(TWO, [*NEEDS_3, *more], [version(3, 50)])
    assert (source, told) == ("controller-manager", [(None, 2), (20, 3), (30, 4), (40, 3)])


def test_a_deleted_object_of_the_first_generation_has_changed() -> None:
    gone = [version(2, 5, created=1), version(2, 60, watch="DELETED", meta={"generation": 1})]
    needs = [event(s, E.DESIRED_REPLICAS, "controller-manager", value=v, attributes={"creating": c}) for s, v, c in ((2, 2, 2), (59, 0, 0))]
    assert steps([], needs, gone)[1][-1] == (59, 0)
    assert steps([], [needs[0], event(55, E.DESIRED_REPLICAS, "controller-manager", value=4), needs[1]], gone)[1] == [
        (None, 0),
        (2, 2),
        (55, 4),
        (59, 0),
    ]


# --- what the controller-manager or an audited request says


def needs(second: float, value: int, creating: int | None = None, component: str = "controller-manager", **more: Any) -> Event:
    return event(second, E.DESIRED_REPLICAS, component, value=value, attributes={} if creating is None else {"creating": creating}, **more)


@pytest.mark.parametrize(
    ("need", "creating", "before"),
    [(3, 3, 0), (3, 1, 2), (3, None, 2), (4, 1, 4), (4, 2, 2), (1, None, 2)],
    ids=["all-anew", "more", "no-word", "one-is-missing", "two-more", "fewer"],
)
def test_what_was_asked_for_before_the_first_word(need: int, creating: int | None, before: int) -> None:
    """Two run. 'need 4, creating 1' makes up for one that is lost."""
    assert steps(TWO, [needs(20, need, creating)]) == ("controller-manager", [(None, before), *([(20, need)] if need != before else [])])


@pytest.mark.parametrize(("gone", "same"), [(25, True), (15, True), (25.1, False), (14.9, False)])
def test_a_pod_that_goes_at_that_moment_is_replaced(gone: float, same: bool) -> None:
    pods = [*TWO, pod("c", 1, 19, gone=gone)]
    assert steps(pods, [needs(20, 3, 1)])[1][0] == (None, 3 if same else 2)
    assert steps([*TWO, pod("c", gone=gone)], [needs(20, 3, 1)])[1][0] == (None, 2), "it never ran"
    assert steps(pods, [needs(20, 3, 1, "audit", controller=f"{RC}/web")])[1][0] == (None, 2), "a request is a change"


def test_a_pod_of_a_lost_node_is_replaced() -> None:
    assert steps(TWO, [needs(20, 3, 1)], replaced={"a": (20, 20)})[1] == [(None, 3)]
    assert steps([*TWO, pod("c")], [needs(20, 3, 1)], replaced={"c": (20, 20)})[1][0] == (None, 2), "it never ran"


def test_audited_requests_go_before_the_controller_manager() -> None:
    audit = needs(30, 5, component="audit", controller=f"{RC}/web")
    assert steps(TWO, [needs(20, 3, 1), audit]) == ("audit", [(None, 2), (30, 5)])
    assert steps(TWO, [needs(20, 3, 1), needs(30, 5, component="audit", controller="ReplicaSet/web")])[0] == "controller-manager"
    assert steps(TWO, [needs(20, 3, 1), needs(30, 5, component="audit")])[0] == "controller-manager"
    assert steps(TWO, [needs(20, 3, 1)], kind="Deployment")[0] == "inferred", "a deployment's sets need their own"
    assert steps(TWO, [needs(30, 5, component="audit", controller="Deployment/web")], kind="Deployment")[0] == "audit"
    assert asked(events=[event(20, E.DESIRED_REPLICAS, "controller-manager")]) is None, "without a number"


def test_each_number_is_cited_once() -> None:
    told = [needs(20, 2, 0), needs(21, 2), needs(30, 3), needs(31, 3), needs(40, 0)]
    assert steps(TWO, told)[1] == [(None, 2), (30, 3), (40, 0)]
    assert proofs(TWO, told) == [20, 30, 40]
    found = asked(TWO, told)
    assert found is not None
    assert {p.proves for p in found.proofs} == {"the controller-manager says how many are needed"}


# --- a deployment's replica sets


def scaled(second: float, replica_set: str, value: int | None) -> Event:
    return event(second, E.REPLICA_SET_SCALED, "api", value=value, attributes={"replica_set": replica_set})


def of_set(name: str, replica_set: str, start: float) -> Pod:
    return pod(name, start, owner=("ReplicaSet", replica_set))


def test_while_two_sets_have_replicas_a_rollout_is_under_way() -> None:
    pods = [of_set("a", "old", 1), of_set("b", "old", 10), of_set("c", "new", 10.1), pod("d", 1)]
    rollout = [scaled(10, "new", 1), scaled(11, "old", 1), scaled(12, "new", 3), scaled(13, "old", 0)]
    assert steps(pods, rollout, kind="Deployment") == ("events", [(None, 2), (13, 3)])
    assert proofs(pods, rollout, kind="Deployment") == [13]
    assert steps(pods, [*rollout[:3], scaled(12, "new", 2), rollout[3]], kind="Deployment")[1] == [(None, 2)]
    down = [scaled(20, "old", 0), scaled(30, "old", 4)]
    assert steps(pods[:2], down, kind="Deployment")[1] == [(None, 2), (20, 0), (30, 4)]
    assert steps(pods[:2], [scaled(20, "old", None)], kind="Deployment")[0] == "inferred"


# --- what was made and given up


def test_a_controller_makes_pods_until_it_has_what_it_was_asked_for() -> None:
    pods = [pod("a", 2, created=1), pod("b", 3, created=6), pod("c", 12, created=11.1)]
    assert steps(pods) == ("events", [(None, 0), (1, 2), (11.1, 3)])
    assert proofs(pods) == [1, 11.1], "one of each burst"
    assert steps([pod("a", 2, created=1, events=[event(9, E.POD_CREATED, "api")])])[1] == [(None, 0), (1, 1)], "the first word of it"
    assert steps([*pods, pod("old", 0.5)])[1][0] == (None, 1), "of which nobody says that it was made"
    assert steps([*pods, pod("never")])[1][0] == (None, 0)


def test_a_pod_that_is_given_up_is_one_less() -> None:
    pods = [pod("a", 2, created=1), pod("b", 2, 31, created=1, gone=30)]
    assert steps(pods)[1] == [(None, 0), (1, 2), (30, 1)]
    assert proofs(pods) == [1], "that it went is no word of the controller's"
    assert steps([*pods, pod("c", 36, created=35)])[1] == [(None, 0), (1, 2)], "it is replaced"
    assert steps([*pods, pod("c", 36, created=35.1)])[1] == [(None, 0), (1, 2), (30, 1), (35.1, 2)]
    assert steps([*pods, pod("c", gone=60)])[1] == [(None, 0), (1, 2), (30, 1)], "one that never ran was none of them"
    assert steps([*pods, pod("c", created=30, gone=31)])[1] == [(None, 0), (1, 2), (30, 1)], "made and given up at once"


def test_pods_of_a_lost_node_are_replaced_up_to_as_many_as_are_made() -> None:
    pods = [*(pod(n, 2, created=1) for n in "abc"), pod("d", 41, created=40)]
    assert steps(pods)[1] == [(None, 0), (1, 3), (40, 4)]
    assert steps(pods, replaced={"a": (40, 40), "b": (40, 40)})[1] == [(None, 0), (1, 3)]
    assert steps([*pods, pod("e", 43, created=42)], replaced={"a": (42, 42), "d": (42, 42)})[1] == [(None, 0), (1, 3), (40, 4)]
    assert steps([*pods, pod("e", 43, created=42)], replaced={"a": (40, 41)})[1] == [(None, 0), (1, 3), (40, 5)], "at the last making"
    evicted = event(40, E.POD_EVICTED, "api")
    assert steps([pod("a", 2, created=1, gone=40, evicted=evicted)])[1] == [(None, 0), (1, 1)], "it is the node that was given up"


@pytest.mark.parametrize(("again", "fewer"), [(39, True), (40, True), (40.1, False), (70, False)])
def test_a_pod_whose_name_is_made_again_is_replaced(again: float, fewer: bool) -> None:
    """A StatefulSet makes the new one when the old one has ended."""
    first, second = pod("web-0", 2, 50, created=1, gone=40), pod("web-0", again, uid="second")
    third = pod("web-0", 3, 4, uid="third")
    for pods in ([first, second], [first, second, third], [second, third, first]):
        told = steps([*pods, pod("web-1", 2, created=1)], kind="StatefulSet")[1]
        assert any(moment == 40 for moment, _ in told) == fewer


# --- what ran


def test_without_a_word_the_number_that_ran_longest_in_calm_time_is_taken() -> None:
    pods = [pod("a", 1), pod("b", 1, 400), pod("c", 600)]
    assert steps(pods, calm=[(0, 1000)]) == ("inferred", [(None, 2)])
    assert steps(pods, calm=[(300, 550)])[1] == [(None, 1)]
    assert steps(pods, calm=[(300, 500)])[1] == [(None, 1)], "of two that are as long the smaller"
    assert steps(pods, calm=[(300, 499)])[1] == [(None, 2)]
    assert steps([pod("a", 500, 510)], calm=[(0, 1000)])[1] == [(None, 1)], "none at all is no number"
    assert asked([pod("a", 500, 510)], calm=[(0, 400)]) is None
    assert steps([pod("a", None, 300), pod("b", None, 100)], calm=[(0, 1000)])[1] == [(None, 1)]


def told_to_end(second: float) -> list[Event]:
    return [event(second, E.POD_DELETE_SEEN)]


def test_what_a_kubelet_was_given_and_told_to_end() -> None:
    pods = [pod("a", 5), pod("b", 5, 32, gone=30, events=told_to_end(30.5))]
    found = asked(pods)
    assert found is not None
    assert (found.source, [(seconds(s.time), s.value) for s in found.steps]) == ("inferred", [(None, 0), (5, 2), (30, 1)])
    assert [(seconds(p.time), "a kubelet was told" in p.proves) for p in found.proofs] == [(30.5, True)]
    assert proofs([pods[0], pod("b", 5, 32, gone=30)]) == [], "nobody says so"
    given = pod("c", 8, events=[event(7, E.POD_ADDED)])
    assert steps([pods[0], given])[1] == [(None, 0), (5, 2)]
    assert steps([pieces.pod("a", run("a", None)), pod("c", 21, events=[event(20, E.POD_ADDED)])])[1] == [(None, 1), (20, 2)]
    assert steps(pods, calm=[(0, 58.5)])[1] == [(None, 2)], "the number that it comes to must be what ran for longest"


def test_pods_that_end_by_themselves_say_nothing_of_a_number() -> None:
    assert steps([pod("a", 5), pod("b", 5, 900)])[1] == [(None, 2)]
    killed, noticed = pod("b", 5, 900), pod("b", 5, 900)
    killed.runs[0].kills = told_to_end(899)
    noticed.runs[0].end_reason = "noticed"
    again = pieces.pod("b", run("b", 5, 900), run("b", 901, id="second"))
    for other in (killed, noticed, again, pod("b", 5, 900, gone=899)):
        assert steps([pod("a", 5), other])[1][:2] == [(None, 0), (5, 2)]


def test_a_deployment_s_rollout_without_a_word_of_the_api() -> None:
    """Pods of two hashes: a rollout, as many as before it. A pod of a node without a kubelet may be replaced."""
    old = [pod("web-1-a", 5, 42, gone=41), pod("web-1-b", 5, 62, gone=61)]
    new = [pod("web-2-c", 40), pod("web-2-d", 60)]
    assert steps([*old, *new], kind="Deployment")[1] == [(None, 0), (5, 2)]
    late = [pod("web-1-a", 5, 52, gone=51), pod("web-1-b", 5, 72, gone=71), *new]
    assert steps(late, kind="Deployment")[1] == [(None, 0), (5, 2)]
    assert len(steps(late)[1]) > 2, "of another kind each is a change"
    lost = [pod("a", 5), pod("b", 5), pod("c", 40)]
    assert steps(lost, replaced={"a": (40, 40)}, untold=True, calm=[(0, 60)])[1] == [(None, 0), (5, 2)]


def test_the_number_at_a_moment() -> None:
    found = asked([pod("a", 2, created=1), pod("b", 12, created=11)])
    assert found is not None
    assert [found.at(m) for m in (None, ORIGIN, at(1), at(10.9), at(11))] == [0, 0, 1, 1, 2]
