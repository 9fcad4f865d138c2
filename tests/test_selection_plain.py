"""Who is asked for among pods that nobody has made yet: the same as if each had been made."""

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.exceptions import UsageError
from analyzer.selection import Asked, Selection
from tests.lifecycle.test_plain_pods import one_by_one


def event(
    name: str, reason: str, message: str, second: int, kind: str = "Pod", namespace: str = "default", host: str = ""
) -> dict[str, Any]:
    stamp = f"2026-03-01T10:00:{second:02}Z"
    about = {"kind": kind, "name": name, "namespace": namespace} | ({"uid": f"uid-{namespace}-{name}"} if kind == "Pod" else {})
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.{second:x}", "namespace": namespace, "creationTimestamp": stamp},
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "source": {"component": "kubelet" if host else "replicaset-controller", "host": host},
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
        "type": "Normal",
    }


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("events") / "events.json"
    items = []
    for number, (namespace, name, node) in enumerate(
        [("default", "web-aaaaa", "a"), ("default", "web-bbbbb", "b"), ("other", "web-ccccc", "b"), ("other", "db-0", "a")]
    ):
        items.append(event("web", "SuccessfulCreate", f"Created pod: {name}", 2 * number, "ReplicaSet", namespace))
        items.append(event(name, "Scheduled", f"Successfully assigned {namespace}/{name} to {node}", 2 * number, namespace=namespace))
        items.append(event(name, "Started", "Started container app", 2 * number + 1, namespace=namespace, host=node))
    items.append(event("etcd-a", "Started", "Started container etcd", 30, namespace="kube-system", host="a"))
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return path


ASKED = [
    Asked(namespaces=("other",)),
    Asked(pods=("web-aaaaa",)),
    Asked(pods=("other/web-ccccc", "uid-default-web-bbbbb")),
    Asked(nodes=("b",)),
    Asked(controllers=("web",)),
    Asked(controllers=("other/ReplicaSet/web",)),
    Asked(namespaces=("default",), nodes=("a",)),
    Asked(namespaces=("kube-system",)),
]


def chosen(analysis: Analysis, asked: Asked) -> list[Any]:
    selection = Selection(analysis.life, asked)
    events = [(e.time, e.pod, e.kind) for e in analysis.life.events if selection.event(e)]
    there = [p.name for p in analysis.life.pods if selection.pod(p)]
    owners = [c.title for c in analysis.life.controllers if selection.controller(c.namespace, c.title)]
    return [events, there, owners, [n for n in analysis.life.nodes if selection.node(n)], analysis.narrowed(asked).document()["selection"]]


@pytest.mark.parametrize("asked", [*ASKED, Asked()], ids=str)
def test_the_same_are_chosen(evidence: Path, asked: Asked) -> None:
    lazy = analyze([evidence])
    assert [*lazy.life.pods.made] == []
    found = chosen(lazy, asked) if asked else [p.name for p in lazy.life.pods]
    with pytest.MonkeyPatch.context() as patch:
        one_by_one(patch)
        made = analyze([evidence])
        assert len(made.life.pods.made) == len(lazy.life.pods) == 5
        assert found == (chosen(made, asked) if asked else [p.name for p in made.life.pods])
    assert any(found)


def test_each_pod_has_its_controller(evidence: Path) -> None:
    life = analyze([evidence]).life
    owners = [(p.namespace, p.name, owner.title if (owner := life.owner_of(p)) else None) for p in life.pods]
    assert owners == [
        ("default", "web-aaaaa", "ReplicaSet/web"),
        ("default", "web-bbbbb", "ReplicaSet/web"),
        ("kube-system", "etcd-a", None),
        ("other", "db-0", "ReplicaSet/web"),
        ("other", "web-ccccc", "ReplicaSet/web"),
    ]


def test_few_are_made(evidence: Path) -> None:
    analysis = analyze([evidence])
    analysis.document()
    assert analysis.life.pods.plain._made == {}
    Selection(analysis.life, Asked(pods=("web-aaaaa",)))
    assert len(analysis.life.pods.plain._made) == 1


def test_who_is_not_there_is_told(evidence: Path) -> None:
    with pytest.raises(UsageError, match=r"no pod of that name; near to it: .*web-aaaaa"):
        Selection(analyze([evidence]).life, Asked(pods=("web-aaaab",)))
    with pytest.raises(UsageError, match="no namespace of that name"):
        Selection(analyze([evidence]).life, Asked(namespaces=("nowhere",)))
