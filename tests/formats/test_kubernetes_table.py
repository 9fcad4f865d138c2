"""Tables of objects."""

import io
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes.kubernetes_table import FORMAT, header

PODS_OF_1_0 = """\
NAME                           READY     REASON    RESTARTS   AGE       NODE
example-api-release-12-9jjc4   1/1       Running   0          1m        minion-01
"""
PODS = """\
NAMESPACE   NAME    READY   STATUS             RESTARTS      AGE   IP           NODE        NOMINATED NODE   READINESS GATES
default     web-1   1/1     Running            2 (3m ago)    74s   10.244.2.4   minion-02   <none>           <none>
kube        web-2   0/1     CrashLoopBackOff   0             2m    <none>       <none>      <none>           <none>
"""
NODES = """\
NAME        STATUS                     ROLES    AGE   VERSION
minion-01   Ready,SchedulingDisabled   <none>   2m    v1.23.13
"""
NODES_OF_1_0 = """\
NAME        LABELS                             STATUS
minion-01   kubernetes.io/hostname=minion-01   NotReady
"""
ALL = """\
NAME        READY   STATUS    RESTARTS   AGE
pod/web-1   1/1     Running   0          3m

NAME                  READY   UP-TO-DATE   AVAILABLE   AGE
deployment.apps/web   1/1     1            1           3m

NAME                             DESIRED   CURRENT   READY   AGE
replicaset.apps/web-7ff6c497f8   1         1         1       3m
"""
CONTROLLERS_OF_1_0 = """\
CONTROLLER   CONTAINER(S)   IMAGE(S)                SELECTOR   REPLICAS
service-33   service        example/service:33      name=x     2
             log-shipper    example/log-shipper:2
"""


def read(text: str) -> Batch:
    batches = [*FORMAT.read(io.BytesIO(text.encode()), ReadContext(2026)), Batch()]
    return Batch(
        records=pl.concat([b.records for b in batches]),
        objects=pl.concat([b.objects for b in batches]),
        rejects=pl.concat([b.rejects for b in batches]),
        notes=tuple(note for b in batches for note in b.notes),
    )


@pytest.mark.parametrize(
    ("text", "rows", "objects", "notes"),
    [
        (PODS_OF_1_0, 1, [("Pod", None, "example-api-release-12-9jjc4")], ("kind Pod",)),
        (PODS, 2, [("Pod", "default", "web-1"), ("Pod", "kube", "web-2")], ("kind Pod",)),
        (NODES, 1, [("Node", None, "minion-01")], ("kind Node",)),
        (NODES_OF_1_0, 1, [("Node", None, "minion-01")], ("kind Node",)),
        (NODES_OF_1_0.replace("NotReady", "Active"), 1, [], ("kind Namespace",)),
        (ALL, 3, [("Pod", None, "web-1")], ("kind Deployment", "kind Pod", "kind ReplicaSet")),
        (CONTROLLERS_OF_1_0, 1, [], ("kind ReplicationController",)),
        (ALL.split("\n\n")[2].replace("replicaset.apps/", ""), 1, [], ("of a kind that its columns do not tell",)),
    ],
)
def test_every_kind(text: str, rows: int, objects: list[tuple[str, str | None, str]], notes: tuple[str, ...]) -> None:
    assert formats.detect(text.encode(), "pods.txt") is FORMAT
    batch = read(text)
    assert (batch.records.height, batch.rejects.height, batch.notes) == (rows, 0, notes)
    assert batch.objects.select("kind", "k8s_namespace_name", "name").rows() == objects
    assert batch.records["time"].is_null().all()


def test_only_what_is_stated() -> None:
    first, second = (json.loads(document) for document in read(PODS).objects["document"])
    assert first == {
        "kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-1", "namespace": "default"}, "spec": {"nodeName": "minion-02"},
        "status": {"podIP": "10.244.2.4"},
    }  # fmt: skip
    assert (second["spec"], second["status"]) == ({}, {})
    assert read(PODS).records["message"][0].startswith("listed: Pod default/web-1: READY=1/1 STATUS=Running RESTARTS=2 (3m ago) AGE=74s")


def test_what_stands_around_tables() -> None:
    batch = read("$ kubectl get all\n" + ALL + "\n$ kubectl get nodes\n" + NODES + "No resources found in default namespace.\n")
    assert batch.rejects["raw"].to_list() == ["$ kubectl get all", "$ kubectl get nodes"]
    assert batch.records["message"].to_list()[-1] == "No resources found in default namespace."
    assert batch.records["record"].to_list() == list(range(5))


def test_nothing_at_all() -> None:
    assert formats.detect(b"No resources found\n", "pods.txt") is FORMAT
    assert read("No resources found\n").records.height == 1


@pytest.mark.parametrize("line", ["", "NAME", "NAME   NAME", "Name   Ready", "a   b", "REASON   MESSAGE", "NAME   SHOE SIZE"])
def test_other_headers(line: str) -> None:
    assert not header(line)


def test_corpus(corpus: Path) -> None:
    tables = [p for p in sorted(corpus.glob("captures/*/cluster/*.txt")) if p.name.startswith(("pods", "nodes", "rc", "services"))]
    tables = [p for p in tables if "describe" not in p.name and "received" not in p.name and p.stat().st_size]
    assert tables
    for source in tables:
        assert formats.detect(source.read_bytes()[: formats.HEAD], source.name) is FORMAT
        assert read(source.read_text()).rejects.is_empty(), source


@given(st.text("ab: \n{}/<>123sm\t\ud7ffü,x()", max_size=200), st.integers(0, 300))
def test_every_line_ends_somewhere(noise: str, place: int) -> None:
    text = PODS[:place] + noise + PODS[place:]
    batch = read(text)
    kept = "\n".join([*batch.records["raw"], *batch.rejects["raw"]])
    assert all(line in kept or header(line) for line in text.split("\n") if line.strip())
