"""Renderings that tell no uid (kubectl describe, tables) speak of the pods that others know by theirs."""

import json
from pathlib import Path

import pytest

from analyzer.ingest import ingest
from analyzer.lifecycle.model import Lifecycle, build
from analyzer.store import MemoryStore

CONTAINER = "0123456789abcdef" * 4
POD = {
    "kind": "Pod", "apiVersion": "v1", "spec": {"nodeName": "n1"}, "status": {},
    "metadata": {"name": "web-1", "namespace": "default", "uid": "u1", "resourceVersion": "5", "creationTimestamp": "2026-11-22T08:35:21Z"},
}  # fmt: skip
DESCRIBED = f"""\
Name:             web-1
Namespace:        default
Node:             n1/10.0.0.1
Labels:           app=web
Start Time:       Sun, 22 Nov 2026 08:35:21 +0000
Status:           Running
Controlled By:    ReplicaSet/web
Containers:
  web:
    Container ID:   containerd://{CONTAINER}
    State:          Running
      Started:      Sun, 22 Nov 2026 08:35:22 +0000
"""
LISTED = "NAME    READY   STATUS    RESTARTS   AGE   IP         NODE\nweb-1   1/1     Running   0          3m    10.0.0.1   n1\n"
NODE = """\
Name:               n1
Labels:             a=b
CreationTimestamp:  Sun, 22 Nov 2026 08:00:00 +0000
Conditions:
  Type    Status   LastHeartbeatTime                 LastTransitionTime                Reason     Message
  Ready   {}       Sun, 22 Nov 2026 08:36:10 +0000   Sun, 22 Nov 2026 {} +0000   {}   x
Addresses:          10.0.0.1
Capacity:           1
"""


def life(folder: Path, **files: str) -> Lifecycle:
    for name, text in files.items():
        (folder / name).write_text(text)
    store = MemoryStore()
    ingest([folder], store)
    return build(store)


@pytest.mark.parametrize("others", [{"b": DESCRIBED}, {"b": LISTED, "c": DESCRIBED}, {"0": DESCRIBED, "1": LISTED}])
def test_one_pod(tmp_path: Path, others: dict[str, str]) -> None:
    (pod,) = life(tmp_path, a=json.dumps(POD), **others).pods
    assert (pod.uid, pod.namespace, pod.name, pod.node, pod.owner) == ("u1", "default", "web-1", "n1", ("ReplicaSet", "web"))
    assert [run.container_id for run in pod.runs] == [CONTAINER]


def test_without_the_api_s_own_document(tmp_path: Path) -> None:
    (pod,) = life(tmp_path, a=DESCRIBED, b=LISTED, c=NODE.format("True   ", "08:35:00", "KubeletReady")).pods
    assert (pod.uid, pod.node, len(pod.runs)) == (None, "n1", 1)


def test_each_snapshot_of_a_node_tells_its_own_change(tmp_path: Path) -> None:
    lost = NODE.format("Unknown", "08:30:00", "NodeStatusUnknown")
    back = NODE.format("True   ", "08:35:00", "KubeletReady")
    (spell,) = life(tmp_path, a=lost, b=back).nodes["n1"].not_ready
    assert [f"{edge.time:%T}" for edge in (spell.start, spell.end) if edge.time] == ["08:30:00", "08:35:00"]
