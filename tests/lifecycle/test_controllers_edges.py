"""Whose a pod is: by its owner, by what else is known of its name, by the name alone; and which events are about whom."""

from collections.abc import Iterable
from typing import Any

import pytest

from analyzer.lifecycle.controllers import Controller, controllers
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import at
from tests.lifecycle.pieces import event, in_order, run, seconds


def found(
    *pods: Pod, events: Iterable[Event] = (), versions: Iterable[Version] = (), stated: dict[Any, int] | None = None
) -> list[Controller]:
    return controllers(in_order(*events), list(versions), Pods.of(pods), stated or {}, [(at(0), at(1000))], lambda *_, **__: False)


def whose(name: str, *args: Event | Version, **more: Any) -> str | None:
    """The controller of a pod, marked '?' where it was only inferred."""
    pod = pieces.pod(name, run(name, 1), **more)
    events = [e for e in args if isinstance(e, Event)]
    mine = found(pod, events=events, versions=[v for v in args if isinstance(v, Version)])
    return next((f"{c.namespace}/{c.title}{'?' if c.owner_inferred else ''}" for c in mine), None)


def about(controller: str | None, kind: E = E.POD_CREATED, **more: Any) -> Event:
    return event(5, kind, "api", **({"namespace": "default", "controller": controller} | more))


def scaled(replica_set: str, value: int = 1, deployment: str | None = "Deployment/web", **more: Any) -> Event:
    return about(deployment, E.REPLICA_SET_SCALED, value=value, attributes={"replica_set": replica_set}, **more)


def owned(kind: str, name: str, by: tuple[str, str] | None = None) -> Version:
    owners = {"ownerReferences": [{"kind": by[0], "name": by[1], "controller": True}]} if by else {}
    return pieces.version(kind, name, meta=owners)


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("web-aaaaa", "ReplicationController/web"),
        ("web-aaaa", None),
        ("web-aaaaaa", None),
        ("web-5d4f8c7b9d-aaaaa", "Deployment/web"),
        ("web-5d4f8c7b9-aaaaa", "Deployment/web"),
        ("web-5d4f8c7-aaaaa", "ReplicationController/web-5d4f8c7"),
        ("web-1234567890-aaaaa", "Deployment/web"),
        ("web-123456-aaaaa", "ReplicationController/web-123456"),
        ("web-0123abcdef-aaaaa", "Deployment/web"),
        ("web-frontends-aaaaa", "ReplicationController/web-frontends"),
        ("web-mysettings-aaaaa", "ReplicationController/web-mysettings"),
        ("web-0", None),
        ("web", None),
        ("aaaaa", None),
    ],
)
def test_a_name_alone_tells_of_a_controller(name: str, owner: str | None) -> None:
    """Five characters at the end; before them a hash of the pod's template: decimal to 1.8, then without vowels."""
    assert whose(name) == (f"default/{owner}?" if owner else None)


def test_what_is_known_of_its_owner_goes_before_its_name() -> None:
    assert whose("web-aaaaa", owner=("Job", "other")) == "default/Job/other"
    assert whose("web-aaaaa", static=True) is None
    assert whose("web-aaaaa", owner=("Job", "other"), static=True) is None
    mine = pieces.pod("web-aaaaa")
    mine.namespace = None
    assert [(c.namespace, c.title) for c in found(mine)] == [("default", "ReplicationController/web")]
    mine.name = None
    assert found(mine) == []


@pytest.mark.parametrize(
    "word",
    [
        owned("DaemonSet", "web"),
        about("DaemonSet/web"),
        about("DaemonSet/web", namespace=None),
    ],
    ids=["object", "event", "event-without-namespace"],
)
def test_who_makes_pods_of_a_name_is_told_elsewhere(word: Event | Version) -> None:
    assert whose("web-aaaaa", word) == "default/DaemonSet/web?"
    assert whose("web-1", word) == "default/DaemonSet/web?"
    assert whose("other-aaaaa", word) == "default/ReplicationController/other?"


def test_what_does_not_tell_who_makes_pods_of_a_name() -> None:
    assert whose("web-0", about("?/web")) is None
    assert whose("web-0", about("StatefulSet/web", namespace="other")) is None
    assert whose("web-0", owned("Node", "web")) is None
    assert whose("web-0", owned("Pod", "web")) is None
    assert whose("web-0", owned("StatefulSet", "web"), about("DaemonSet/web")) == "default/StatefulSet/web?", "objects go first"
    assert whose("web-a-1", owned("StatefulSet", "web-a"), owned("DaemonSet", "web")) == "default/StatefulSet/web-a?"
    other = pieces.pod("web-bbbbb", owner=("DaemonSet", "web"))
    assert [(c.title, len(c.pods), c.owner_inferred) for c in found(pieces.pod("web-aaaaa"), other)] == [("DaemonSet/web", 2, False)]


def test_a_replica_set_is_its_deployment_s() -> None:
    assert whose("web-x-aaaaa", owner=("ReplicaSet", "web-x")) == "default/ReplicaSet/web-x"
    assert (
        whose("web-x-aaaaa", owned("ReplicaSet", "web-x", ("Deployment", "web")), owner=("ReplicaSet", "web-x")) == "default/Deployment/web"
    )
    assert whose("web-x-aaaaa", scaled("web-x"), owner=("ReplicaSet", "web-x")) == "default/Deployment/web"
    assert whose("web-x-aaaaa", scaled("web-x", namespace=None), owner=("ReplicaSet", "web-x")) == "default/Deployment/web"
    assert whose("web-x-aaaaa", scaled("web-x")) == "default/Deployment/web?", "the event names the set"
    assert whose("web-x-aaaaa", scaled("web-x", deployment=None), owner=("ReplicaSet", "web-x")) == "default/ReplicaSet/web-x"
    both = scaled("web-x"), owned("ReplicaSet", "web-x", ("Deployment", "object"))
    assert whose("web-x-aaaaa", *both, owner=("ReplicaSet", "web-x")) == "default/Deployment/object", "the object is right"
    assert whose("web-aaaaa", owned("Pod", "web-aaaaa", ("ReplicaSet", "x")), owner=("ReplicaSet", "web-x")) == "default/ReplicaSet/web-x"
    hashed = "web-5d4f8c7b9d"
    assert whose(f"{hashed}-aaaaa", owner=("ReplicaSet", hashed)) == f"default/ReplicaSet/{hashed}", "that it has an owner would be told"
    assert whose(f"{hashed}-aaaaa", owned("ReplicaSet", hashed, ("Rollout", "web"))) == "default/Rollout/web?"
    assert whose(f"{hashed}-aaaaa", owned("ReplicaSet", hashed, ("Deployment", "other"))) == "default/Deployment/other?"


def test_controllers_are_in_order_and_have_their_pods_and_runs() -> None:
    pods = [pieces.pod(n, run(n, 1), run(n, 0.5, container="POD")) for n in ("b-aaaaa", "a-aaaaa", "b-bbbbb")]
    some = found(*pods)
    assert [(c.title, [p.name for p in c.pods]) for c in some] == [
        ("ReplicationController/a", ["a-aaaaa"]),
        ("ReplicationController/b", ["b-aaaaa", "b-bbbbb"]),
    ]
    assert [(seconds(s.time), s.value) for s in some[1].running()] == [(None, 0), (1, 2)]
    assert some[1].wanted is not None
    assert some[1].wanted.source == "inferred"


def needs(second: float, value: int, controller: str, **more: Any) -> Event:
    return event(second, E.DESIRED_REPLICAS, "controller-manager", value=value, controller=controller, **({"namespace": "default"} | more))


def wanted(*events: Event, pods: Iterable[Pod] = (), **more: Any) -> list[tuple[str, int] | None]:
    """Source and last number of each controller."""
    some = found(*pods, events=events, **more)
    return [(c.wanted.source, c.wanted.steps[-1].value) if c.wanted else None for c in some]


def test_events_of_a_controller_tell_what_it_wants() -> None:
    rc = pieces.pod("web-aaaaa", run("web-aaaaa", 1), owner=("ReplicationController", "web"))
    rs = pieces.pod("set-aaaaa", run("set-aaaaa", 1), owner=("ReplicaSet", "set"))
    told = ("controller-manager", 3)
    assert wanted(needs(5, 3, "ReplicationController/web"), pods=[rc]) == [told]
    assert wanted(needs(5, 3, "ReplicationController/web", namespace=None), pods=[rc]) == [told]
    assert wanted(needs(5, 3, "ReplicationController/web", namespace="other"), pods=[rc]) == [("inferred", 1)]
    assert wanted(needs(5, 3, "?/web"), pods=[rc]) == [told], "some logs do not say of which kind"
    assert wanted(needs(5, 3, "?/set"), pods=[rs]) == [told]
    assert wanted(needs(5, 3, "ReplicaSet/web"), pods=[rc]) == [("inferred", 1)]
    both = [rc, pieces.pod("web-bbbbb", run("web-bbbbb", 1), owner=("ReplicaSet", "web"))]
    assert wanted(needs(5, 3, "?/web"), pods=both) == [told, ("inferred", 1)], "the newer kind"
    assert wanted(pods=[rc], stated={("default", "ReplicationController", "web"): 7}) == [("stated", 7)]
    replicas = pieces.version("ReplicationController", "web", spec={"replicas": 4})
    assert wanted(pods=[rc], versions=[replicas]) == [("objects", 4)]


def test_a_deployment_s_events_are_those_of_its_sets_too() -> None:
    pod = pieces.pod("web-x-aaaaa", run("web-x-aaaaa", 1), owner=("ReplicaSet", "web-x"))
    (deployment,) = found(pod, events=[scaled("web-x", 2), about("ReplicaSet/web-x")])
    assert [e.attributes["replica_set"] for e in deployment.scalings] == ["web-x"]
    assert deployment.wanted is not None
    assert (deployment.wanted.source, deployment.wanted.steps[-1].value) == ("events", 2)
