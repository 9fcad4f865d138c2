"""Whose a pod is, where it ran and when it was given up: each piece of evidence alone, and against the others."""

from typing import Any

import pytest

from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.pods import Pod, pods
from analyzer.lifecycle.run import Run
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.parts import clock, edge, events, run, said, version


def found(*told: Any, runs: Any = (), objects: Any = ()) -> list[Pod]:
    return list(pods(events(*told), list(objects), list(runs)))


def only(*told: Any, runs: Any = (), objects: Any = ()) -> Pod:
    (one,) = found(*told, runs=runs, objects=objects)
    return one


def of(second: float, kind: E, component: str = "kubelet", **told: Any) -> Any:
    """An event about web-0."""
    return said(second, kind, component, **{"namespace": "default", "pod": "web-0", "uid": "uid-web-0"} | told)


# --- of an object


def test_what_an_object_tells_of_a_pod() -> None:
    meta = {
        "creationTimestamp": clock(5),
        "ownerReferences": [{"kind": "Job", "name": "x"}, {"kind": "ReplicaSet", "name": "web", "controller": True}],
    }
    pod = only(objects=[version(metadata=meta, spec={"nodeName": B, "terminationGracePeriodSeconds": 45})])
    assert (pod.namespace, pod.name, pod.uid, pod.node, pod.grace, pod.created) == ("default", "web-0", "uid-web-0", B, 45, at(5))
    assert pod.owner == ("ReplicaSet", "web")
    assert (pod.static, pod.marked, pod.evicted, pod.tolerates, pod.runs) == (False, None, None, {}, [])


def test_a_later_version_that_leaves_a_thing_out_takes_nothing_back() -> None:
    meta = {"creationTimestamp": clock(5), "ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": True}]}
    pod = only(objects=[version(metadata=meta, spec={"nodeName": B, "terminationGracePeriodSeconds": 45}), version(number=8)])
    assert (pod.node, pod.grace, pod.created, pod.owner) == (B, 45, at(5), ("ReplicaSet", "web"))
    newer = {"creationTimestamp": clock(6), "annotations": {"kubernetes.io/created-by": "nobody"}}
    pod = only(objects=[version(metadata=meta, spec={"nodeName": B}), version(metadata=newer, spec={"nodeName": A}, number=8)])
    assert (pod.node, pod.created, pod.owner) == (A, at(6), ("ReplicaSet", "web"))


def test_the_owner_of_old_is_an_annotation() -> None:
    reference = '{"kind":"SerializedReference","reference":{"kind":"ReplicationController","namespace":"default","name":"web","uid":"x"}}'
    pod = only(objects=[version(metadata={"annotations": {"kubernetes.io/created-by": reference}})])
    assert (pod.owner, pod.static) == (("ReplicationController", "web"), False)


def test_a_mirror_tells_the_uid_of_its_static_pod() -> None:
    mirror = version(uid="uid-mirror", metadata={"annotations": {"kubernetes.io/config.mirror": "uid-static"}})
    ran = run(5)
    ran.pod_uid = "uid-static"
    pod = only(runs=[ran], objects=[mirror])
    assert pod.runs == [ran]
    assert (pod.uid, pod.static) == ("uid-static", True)


@pytest.mark.parametrize(
    ("entry", "tolerates"),
    [
        ({"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "tolerationSeconds": 20}, {"unreachable": 20}),
        ({"key": "node.alpha.kubernetes.io/unreachable", "tolerationSeconds": 20}, {"unreachable": 20}),
        ({"key": "node.kubernetes.io/not-ready", "effect": "", "tolerationSeconds": 20}, {"not-ready": 20}),
        ({"key": "node.alpha.kubernetes.io/notReady", "effect": "NoExecute", "tolerationSeconds": 20}, {"not-ready": 20}),
        ({"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule", "tolerationSeconds": 20}, {}),
        ({"key": "node.kubernetes.io/unreachable", "effect": "ZeroExecute", "tolerationSeconds": 20}, {}),
        ({"key": "node.kubernetes.io/unreachable-at-all", "tolerationSeconds": 20}, {}),
        ({"key": "node.kubernetes.io/unreachable"}, {"unreachable": None}),
        ({"operator": "Exists"}, {"unreachable": None, "not-ready": None}),
        ({"operator": "Exists", "key": "", "effect": "NoExecute"}, {"unreachable": None, "not-ready": None}),
        ({"operator": "Exists", "effect": "NoSchedule"}, {}),
        ({"operator": "Exists", "key": "gpu"}, {}),
        ({"operator": "Equal", "key": ""}, {}),
        ({"operator": "Zero", "key": ""}, {}),
    ],
)
def test_for_how_long_a_pod_stays_on_a_lost_node(entry: dict[str, Any], tolerates: dict[str, int | None]) -> None:
    assert only(objects=[version(spec={"tolerations": [entry]})]).tolerates == tolerates


# --- marked for deletion


def marked(*told: Any, runs: Any = (), objects: Any = ()) -> tuple[Any, ...] | None:
    """Time, earliest, latest, and how many proofs."""
    edge = only(*told, runs=runs, objects=objects).marked
    if edge is None:
        return None
    times = ((t - at(0)).total_seconds() if t is not None else None for t in (edge.time, edge.earliest, edge.latest))
    return (*times, len(edge.proofs))


def due(second: float, grace: Any = None, **more: Any) -> Version:
    meta = {"deletionTimestamp": clock(second)} | ({} if grace is None else {"deletionGracePeriodSeconds": grace})
    return version(metadata=meta, **more)


def test_the_request_came_a_grace_period_before_the_deletion_is_due() -> None:
    assert marked(objects=[due(100, 10)]) == (90, 90, 91, 1)
    assert marked(objects=[due(100)]) == (70, 70, 71, 1), "30 s where nothing is said"
    assert marked(objects=[due(100, "10")]) == (70, 70, 71, 1)
    (told,) = only(objects=[due(100, 10)]).marked.proofs  # type: ignore[union-attr]
    assert told.text.endswith(": deletionTimestamp 2026-03-01T10:01:40.000000Z, grace period 10 s")


def test_of_several_requests_the_first() -> None:
    assert marked(objects=[due(100, 10), due(95, 0, number=8)]) == (90, 90, 91, 1)
    assert marked(objects=[due(100, 10), due(85, 0, number=8)]) == (85, 85, 86, 1)
    first = only(objects=[due(100, 10), due(90, 0, number=8)]).marked
    assert first is not None
    assert first.proofs[0].text.endswith("grace period 10 s")


def test_an_object_that_a_watch_shows_deleted_was_marked_by_then() -> None:
    assert marked(objects=[version(watch="DELETED", written=80, until=90)]) == (90, 80, 90, 1)
    assert marked(objects=[version(watch="DELETED", written=80)]) is None, "nobody knows when"
    assert marked(objects=[version(watch="MODIFIED", written=80, until=90)]) is None
    assert marked(objects=[version(watch="ZAPPED", written=80, until=90)]) is None
    assert marked(objects=[due(100, 10), version(number=8, watch="DELETED", written=80, until=85)]) == (90, 90, 91, 1)


EXACT = (E.POD_EVICTED, E.POD_DELETED, E.POD_DELETE_ASKED)
HEARD = (E.POD_DELETE_SEEN, E.POD_CONTAINER_KILLING, E.POD_UNWANTED, E.POD_REMOVE_SEEN)


@pytest.mark.parametrize("kind", EXACT)
def test_who_asked_tells_when(kind: E) -> None:
    assert marked(of(50, kind)) == (50, 50, 50, 1)


@pytest.mark.parametrize("kind", HEARD)
def test_who_heard_of_it_tells_by_when(kind: E) -> None:
    assert marked(of(50, kind)) == (50, None, 50, 1)


@pytest.mark.parametrize("kind", [E.POD_CREATED, E.POD_SCHEDULED, E.POD_ADDED, E.CONTAINER_KILLING, E.POD_UPDATED])
def test_other_words_of_a_pod_mark_nothing(kind: E) -> None:
    assert marked(of(50, kind)) is None


@pytest.mark.parametrize(("resolution", "latest"), [(1, 50), (1_000_000, 50), (1_000_001, 51), (60_000_000, 109.999999)])
def test_a_rough_time_may_lie_later(resolution: int, latest: float) -> None:
    assert marked(of(50, E.POD_DELETED, resolution=resolution)) == (50, 50, latest, 1)


def test_of_several_words_the_first() -> None:
    assert marked(of(52, E.POD_DELETED), of(50, E.POD_DELETE_SEEN), of(55, E.POD_REMOVE_SEEN)) == (50, None, 50, 1)
    assert marked(of(50, E.POD_DELETED), of(50.02, E.POD_DELETE_SEEN)) == (50, 50, 50, 1)


@pytest.mark.parametrize(
    ("second", "kind", "found"),
    [
        (60, E.POD_DELETED, (60, 60, 60, 2)),  # earlier than the object says: another request before
        (70, E.POD_DELETED, (70, 70, 70, 2)),
        (70.9, E.POD_DELETE_SEEN, (70.9, None, 70.9, 2)),  # more precise than its whole second
        (71, E.POD_DELETE_SEEN, (70, 70, 71, 1)),
        (90, E.POD_DELETE_SEEN, (70, 70, 71, 1)),
    ],
)
def test_words_against_the_object(second: float, kind: E, found: tuple[Any, ...]) -> None:
    assert marked(of(second, kind), objects=[due(100)]) == found


def test_words_against_that_the_object_was_gone() -> None:
    """What comes later is no word of its deletion."""
    gone = version(watch="DELETED", written=80, until=90)
    assert marked(of(85, E.POD_DELETED), objects=[gone]) == (85, 85, 85, 2)
    assert marked(of(90.9, E.POD_DELETE_SEEN), objects=[gone]) == (90.9, None, 90.9, 2)
    assert marked(of(91, E.POD_DELETED), objects=[gone]) == (90, 80, 90, 1)
    assert marked(of(120, E.POD_DELETE_SEEN), objects=[gone]) == (90, 80, 90, 1)


# --- killing


def test_killing_is_of_a_restart_if_the_pod_starts_again() -> None:
    killing = of(50, E.POD_CONTAINER_KILLING)
    assert marked(killing, runs=[run(5, 51)]) == (50, None, 50, 1)
    assert marked(killing, runs=[run(5, 51), run(50)]) == (50, None, 50, 1), "it started before, in the same moment"
    assert marked(killing, runs=[run(5, 51), run(52)]) is None
    assert marked(killing, runs=[run(5, 51), run(None)]) == (50, None, 50, 1)
    assert marked(killing, runs=[run(5, 51), run(52, container="POD")]) == (50, None, 50, 1), "a sandbox is no container of its"
    assert marked(of(50, E.POD_DELETE_SEEN), runs=[run(5, 51), run(52)]) == (50, None, 50, 1)


def killed(second: float, kind: E = E.CONTAINER_KILLING, container: str = "app") -> Run:
    return run(5, 60, container, kills=[of(second, kind)])


def test_to_1_3_the_kubelet_says_only_that_it_stops_the_containers_and_that_the_object_is_gone() -> None:
    removed = of(55, E.POD_REMOVE_SEEN)
    assert marked(runs=[killed(50)]) is None, "that alone may be a restart"
    assert marked(removed, runs=[killed(50)]) == (50, None, 50, 1)
    assert marked(removed, runs=[killed(55)]) == (55, None, 55, 1)
    assert marked(removed, runs=[killed(50, E.CONTAINER_SIGNALLED)]) == (55, None, 55, 1)
    assert marked(removed, runs=[killed(50, container="POD")]) == (55, None, 55, 1)
    assert marked(removed, runs=[killed(50), run(52)]) == (55, None, 55, 1), "it was a restart"
    assert marked(removed, of(40, E.POD_REMOVE_SEEN), runs=[killed(50)]) == (40, None, 40, 1), "killed after it was gone"


# --- owner, node, static


def test_the_first_word_of_an_owner_a_node_and_an_eviction() -> None:
    some = [
        of(1, E.POD_CREATED, "api", controller="ReplicaSet/web", node=None),
        of(2, E.POD_CREATED, "api", controller="ReplicaSet/other", node=None),
        of(3, E.POD_SCHEDULED, "api", node=B),
        of(4, E.POD_ADDED, node=A),
        of(5, E.POD_EVICTED, "api", node=None),
        of(6, E.POD_EVICTED, "api", node=None),
    ]
    pod = only(*some)
    assert (pod.owner, pod.node, pod.evicted) == (("ReplicaSet", "web"), B, some[4])
    pod = only(*some[3:])
    assert (pod.owner, pod.node) == (None, A)


def test_where_nothing_says_it_its_runs_tell_the_node() -> None:
    assert only(of(5, E.POD_DELETE_SEEN), runs=[run(5, node=None), run(6, node=B), run(7, node=A)]).node == B
    assert only(of(4, E.POD_ADDED, node=A), runs=[run(6, node=B)]).node == A
    assert only(of(4, E.POD_DELETED, node=A)).node is None, "who told of a deletion need not be where it ran"


@pytest.mark.parametrize(
    ("name", "owner", "static"),
    [
        (f"etcd-{A}", None, True),
        (f"etcd{A}", None, False),
        (f"etcd-{B}", None, False),
        ("etcd", f"Node/{A}", True),
        ("etcd", "ReplicaSet/Node", False),
        ("etcd", "Zone/x", False),
    ],
)
def test_static_pods_bear_their_node_s_name(name: str, owner: str | None, static: bool) -> None:
    told = [of(1, E.POD_ADDED, pod=name)]
    if owner is not None:
        told.append(of(1, E.POD_CREATED, "api", pod=name, controller=owner))
    assert only(*told).static is static


# --- by uid, by name


def test_pods_come_by_namespace_name_and_uid() -> None:
    some = [
        of(1, E.POD_ADDED, namespace="b", pod="a", uid="1"),
        of(2, E.POD_ADDED, namespace="a", pod="b", uid="3"),
        of(3, E.POD_ADDED, namespace="a", pod="b", uid="2"),
        of(4, E.POD_ADDED, namespace="a", pod="a", uid=None),
    ]
    assert [(p.namespace, p.name, p.uid) for p in found(*some)] == [("a", "a", None), ("a", "b", "2"), ("a", "b", "3"), ("b", "a", "1")]
    assert [p.key for p in found(*some)] == ["a/a", "2", "3", "1"]


def test_a_name_finds_the_pod_of_a_uid() -> None:
    pod = only(of(1, E.POD_CREATED, "api", uid=None), of(2, E.POD_ADDED), runs=[run(3)])
    assert (pod.uid, len(pod.events), len(pod.runs)) == ("uid-web-0", 2, 1)


def test_a_uid_that_first_comes_without_a_name_gets_it() -> None:
    pod = only(of(1, E.POD_UNWANTED, namespace=None, pod=None), of(2, E.POD_ADDED), of(3, E.POD_CREATED, "api", uid=None))
    assert (pod.namespace, pod.name, len(pod.events)) == ("default", "web-0", 3)


def two(first: float | None, second: float | None, *, nodes: tuple[str | None, str | None] = (A, B)) -> list[Run]:
    """Two pods of one name, by when they began to run; the uids tell them apart."""
    runs = []
    for uid, start, node in (("uid-1", first, nodes[0]), ("uid-2", second, nodes[1])):
        one = run(start, node=node, container_id=uid)
        one.pod_uid = uid
        runs.append(one)
    return runs


def whose(event: Any, runs: list[Run], objects: Any = ()) -> list[str | None]:
    """The pod to which an event without a uid goes."""
    return [p.uid for p in found(event, runs=runs, objects=objects) if event in list(p.events)]


@pytest.mark.parametrize(
    ("second", "node", "uid"),
    [
        (10, None, "uid-1"),
        (48.9, None, "uid-1"),
        (49, None, "uid-2"),  # times of the API have whole seconds
        (60, None, "uid-2"),
        (60, A, "uid-1"),
        (60, B, "uid-2"),
        (48.9, B, "uid-1"),  # none was there; the one that ran
    ],
)
def test_a_name_given_twice_means_the_pod_that_was_there(second: float, node: str | None, uid: str) -> None:
    assert whose(of(second, E.POD_DELETED, "api", uid=None, node=node), two(5, 50)) == [uid]
    assert whose(of(second, E.POD_DELETED, "api", uid=None, node=node), list(reversed(two(5, 50)))) == [uid]


@pytest.mark.parametrize(("second", "uid"), [(3, "uid-1"), (5, "uid-1"), (6, "uid-1"), (6.1, "uid-2"), (51, "uid-2"), (52, "uid-2")])
def test_the_making_of_a_name_given_twice_means_the_next_to_begin(second: float, uid: str) -> None:
    assert whose(of(second, E.POD_CREATED, "api", uid=None, node=None), two(5, 50)) == [uid]
    assert whose(of(second, E.POD_CREATED, "api", uid=None, node=None), list(reversed(two(5, 50)))) == [uid]


def test_what_ran_before_the_evidence_began_long_ago() -> None:
    assert whose(of(3, E.POD_DELETED, "api", uid=None, node=None), two(None, 50)) == ["uid-1"]
    assert whose(of(3, E.POD_CREATED, "api", uid=None, node=None), two(None, 50)) == ["uid-2"]
    assert whose(of(99, E.POD_DELETED, "api", uid=None, node=None), two(50, None)) == ["uid-1"]


def test_when_it_was_made_is_told_before_when_it_ran() -> None:
    objects = [version(uid=uid, metadata={"creationTimestamp": clock(second)}) for uid, second in (("uid-1", 5), ("uid-2", 20))]
    assert whose(of(30, E.POD_DELETED, "api", uid=None, node=None), two(40, 50), objects) == ["uid-2"]
    assert whose(of(10, E.POD_DELETED, "api", uid=None, node=None), two(40, 50), objects) == ["uid-1"]


def test_a_node_is_told_by_a_pod_s_object_or_its_runs() -> None:
    objects = [version(uid="uid-1", spec={"nodeName": "node-c"})]
    runs = two(5, 50, nodes=(None, None))
    assert whose(of(60, E.POD_DELETED, "api", uid=None, node="node-c"), runs, objects) == ["uid-1"]


def test_a_line_without_a_namespace_means_whoever_bears_the_name() -> None:
    def bare(second: float) -> Any:
        return of(second, E.POD_UNWANTED, uid=None, namespace=None)

    assert whose(bare(60), [run(5)]) == ["uid-web-0"]
    assert whose(bare(60), two(5, 50)) == ["uid-2"]
    assert whose(bare(50), two(5, 50)) == ["uid-2"]
    assert whose(bare(49), two(5, 50)) == ["uid-1"]
    assert found(bare(60)) == [], "of a pod that nobody else names nothing is known"


def test_a_line_of_a_pod_that_nobody_else_names_makes_one() -> None:
    assert [(p.namespace, p.name, p.uid) for p in found(of(5, E.POD_CREATED, "api", uid=None))] == [("default", "web-0", None)]
    assert len(only(of(5, E.POD_CREATED, "api", uid=None), of(6, E.POD_DELETED, "api", uid=None)).events) == 2


def test_each_event_goes_to_its_own_pod() -> None:
    some = [
        of(1, E.POD_ADDED, uid="uid-1", pod="one"),
        of(2, E.POD_ADDED, uid="uid-2", pod="two"),
        of(3, E.POD_CREATED, "api", uid=None, pod="one"),
        of(4, E.POD_CREATED, "api", uid=None, pod="three"),
        of(5, E.POD_CREATED, "api", uid=None, pod="four"),
        of(6, E.POD_DELETED, "api", uid=None, pod="three"),
        of(7, E.POD_DELETE_SEEN, uid="uid-2", pod="two"),
        of(8, E.POD_UNWANTED, uid=None, namespace=None, pod="five"),
        of(9, E.KUBELET_STARTED, uid=None, namespace=None, pod=None),
    ]
    told = {p.name: [(e.time - at(0)).total_seconds() for e in p.events] for p in found(*some)}
    assert told == {"one": [1, 3], "two": [2, 7], "three": [4, 6], "four": [5]}


# --- renderings without a uid


def test_objects_without_a_uid_are_of_the_pod_that_ran_when_they_began() -> None:
    def described(start: float | None, **more: Any) -> Version:
        return version(uid="", status={} if start is None else {"startTime": clock(start)}, spec={"nodeName": "node-c"}, **more)

    def nodes(of: Version) -> dict[str | None, str | None]:
        return {p.uid: p.node for p in found(runs=two(5, 50), objects=[of])}

    assert nodes(described(20)) == {"uid-1": "node-c", "uid-2": B}
    assert nodes(described(50)) == {"uid-1": A, "uid-2": "node-c"}
    assert nodes(described(None)) == {"uid-1": A, "uid-2": "node-c"}, "the last, where nothing tells"
    assert nodes(described(20, namespace="")) == {"uid-1": "node-c", "uid-2": B}
    assert len(found(runs=two(5, 50), objects=[described(20, name="other")])) == 3


def test_a_bare_name_means_the_pod_of_the_rendering_that_tells_the_namespace() -> None:
    some = [
        version(uid="", namespace="", metadata={"creationTimestamp": clock(5)}),
        version(uid="", namespace="shop", spec={"nodeName": B}),
    ]
    pod = only(objects=some)
    assert (pod.namespace, pod.node, pod.created) == ("shop", B, at(5))


def test_runs_without_a_uid_are_of_the_pod_that_began_by_then() -> None:
    nameless = run(60)
    nameless.pod_uid = None
    told = {p.uid: [r.start.time for r in p.runs] for p in found(runs=[*two(5, 50), nameless])}
    assert told == {"uid-1": [at(5)], "uid-2": [at(50), at(60)]}
    nameless.start = edge(20)
    told = {p.uid: [r.start.time for r in p.runs] for p in found(runs=[*two(5, 50), nameless])}
    assert told == {"uid-1": [at(5), at(20)], "uid-2": [at(50)]}
