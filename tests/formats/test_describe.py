"""``kubectl describe`` in its generations."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes.ages import UNRESOLVED
from analyzer.formats.kubernetes.describe import FORMAT, begins
from analyzer.formats.kubernetes.describe_objects import rfc3339
from analyzer.grammars import understand

CAPTURED = datetime(2026, 11, 22, 8, 39, tzinfo=UTC)
NODE_OF_1_0 = """\
Name:			minion-01
Labels:			kubernetes.io/hostname=minion-01
CreationTimestamp:	Sun, 22 Nov 2026 08:27:33 +0000
Conditions:
  Type		Status	LastHeartbeatTime			LastTransitionTime			Reason					Message
  Ready 	True 	Sun, 22 Nov 2026 08:34:59 +0000 	Sun, 22 Nov 2026 08:27:33 +0000 	kubelet is posting ready status
Addresses:	10.98.0.11
Capacity:
 cpu:		2
ExternalID:			minion-01
Events:
  FirstSeen				LastSeen			Count	From			SubobjectPath	Reason		Message
  Sun, 22 Nov 2026 08:34:02 +0000	Sun, 22 Nov 2026 08:34:02 +0000	1	{kubelet minion-01}			starting	Starting kubelet.
  Sun, 22 Nov 2026 08:34:02 +0000	Sun, 22 Nov 2026 08:36:02 +0000	2	{kubelet minion-01}			NodeReady	Node minion-01 status is now: NodeReady


"""  # noqa: E501
POD_OF_1_0 = """\
Name:				api-4jd
Image(s):			nginx
Node:				minion-y3vk/10.240.154.168
Labels:				app=nginx
Status:				Running
Replication Controllers:	api (2/2 replicas created)
Containers:
  nginx:
    Image:	nginx
    State:		Running
      Started:		Thu, 09 Jul 2015 15:33:07 -0700
    Ready:		True
    Restart Count:	0
Conditions:
  Type		Status
  Ready 	True
No events.
"""
POD_OF_1_7 = """\
Name:			web-1
Namespace:		default
Node:			node-1/10.0.0.1
Start Time:		Sun, 22 Nov 2026 08:30:00 +0000
Labels:			app=web
Annotations:		kubernetes.io/config.hash=1
			kubernetes.io/config.mirror=1
Status:			Terminating (expires Sun, 22 Nov 2026 08:38:30 +0000)
Termination Grace Period:	30s
Controllers:		ReplicaSet/web
Containers:
  web:
    State:		Waiting
      Reason:		CrashLoopBackOff
    Last State:		Terminated
      Exit Code:	1
Events:
  FirstSeen	LastSeen	Count	From			SubObjectPath		Type		Reason		Message
  ---------	--------	-----	----			-------------		--------	------		-------
  3m		1m		3	kubelet, node-1		spec.containers{web}	Normal		Started		Started container with id 0123456789ab
"""
POD_OF_1_20 = """\
Name:                      web-7ff6c497f8-vwl2s
Namespace:                 default
Node:                      node-1/10.97.0.11
Start Time:                Sun, 22 Nov 2026 08:35:21 +0000
Labels:                    app=web
Annotations:               <none>
Status:                    Terminating (lasts 2m31s)
Termination Grace Period:  30s
IP:                        10.244.1.2
Controlled By:             ReplicaSet/web-7ff6c497f8
Init Containers:
  first:
    Container ID:   containerd://abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
      Started:      Sun, 22 Nov 2026 08:35:21 +0000
      Finished:     Sun, 22 Nov 2026 08:35:22 +0000
Containers:
  web:
    Container ID:   containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    Command:
      sleep
    State:          Running
      Started:      Sun, 22 Nov 2026 08:36:10 +0000
    Last State:     Terminated
      Reason:       Error
      Exit Code:    137
      Started:      Sun, 22 Nov 2026 08:35:22 +0000
      Finished:     Sun, 22 Nov 2026 08:36:08 +0000
    Ready:          True
    Restart Count:  1
Events:
  Type     Reason     Age                From               Message
  ----     ------     ----               ----               -------
  Normal   Scheduled  3m12s              default-scheduler  Successfully assigned default/web-7ff6c497f8-vwl2s to node-1
  Warning  BackOff    17s (x5 over 2m)   kubelet            Back-off restarting failed container
"""
DEPLOYMENT = """\
Name:                   web
Namespace:              default
Labels:                 app=web
Selector:               app=web
Replicas:               2 desired | 2 updated | 2 total | 2 available | 0 unavailable
StrategyType:           RollingUpdate
Events:                 <none>
"""


def read(text: str, captured: datetime | None = CAPTURED) -> Batch:
    batches = [*FORMAT.read(io.BytesIO(text.encode()), ReadContext(2026, captured=captured)), Batch()]
    return Batch(
        records=pl.concat([b.records for b in batches]),
        objects=pl.concat([b.objects for b in batches]),
        rejects=pl.concat([b.rejects for b in batches]),
        notes=tuple(note for b in batches for note in b.notes),
    )


def described(text: str) -> dict[str, object]:
    (document,) = read(text).objects["document"]
    return dict(json.loads(document))


@pytest.mark.parametrize("text", [NODE_OF_1_0, POD_OF_1_0, POD_OF_1_7, POD_OF_1_20, DEPLOYMENT])
def test_every_generation_is_recognised(text: str) -> None:
    assert formats.detect(text.encode(), "") is FORMAT
    assert formats.detect(("$ kubectl describe\n" + text).encode(), "") is FORMAT
    batch = read(text)
    assert batch.rejects.is_empty()
    again = read(text.replace("\n", "\r\n"))
    assert batch.records.drop("offset").equals(again.records.drop("offset"))
    assert batch.objects.drop("offset").equals(again.objects.drop("offset"))


def test_a_node() -> None:
    assert described(NODE_OF_1_0) == {
        "kind": "Node", "apiVersion": "v1", "metadata": {"name": "minion-01", "creationTimestamp": "2026-11-22T08:27:33Z"}, "spec": {},
        "status": {
            "conditions": [{
                "type": "Ready", "status": "True", "lastHeartbeatTime": "2026-11-22T08:34:59Z",
                "lastTransitionTime": "2026-11-22T08:27:33Z", "reason": "kubelet is posting ready status",
            }],
        },
    }  # fmt: skip


def test_events_with_times() -> None:
    events = understand(read(NODE_OF_1_0, None), FORMAT.family)
    second = datetime(2026, 11, 22, 8, 34, 2, tzinfo=UTC)
    assert events.select("kind", "node", "time", "resolution_us").rows() == [
        ("node_kubelet_starting", "minion-01", second, 1_000_000),
        ("node_ready", "minion-01", second, 1_000_000),
        ("node_ready", "minion-01", second.replace(minute=36), 1_000_000),
    ]
    assert read(NODE_OF_1_0, None).notes == ()


def test_pods() -> None:
    old, newer, new = described(POD_OF_1_0), described(POD_OF_1_7), described(POD_OF_1_20)
    assert old["metadata"] == {"name": "api-4jd", "ownerReferences": [{"kind": "ReplicationController", "name": "api", "controller": True}]}
    assert old["spec"] == {"nodeName": "minion-y3vk"}
    assert old["status"] == {
        "phase": "Running",
        "containerStatuses": [{
            "name": "nginx", "ready": True, "restartCount": 0, "state": {"running": {"startedAt": "2015-07-09T22:33:07Z"}},
        }],
    }  # fmt: skip
    assert newer["metadata"] == {
        "name": "web-1", "namespace": "default", "ownerReferences": [{"kind": "ReplicaSet", "name": "web", "controller": True}],
        "deletionTimestamp": "2026-11-22T08:38:30Z", "deletionGracePeriodSeconds": 30,
        "annotations": {"kubernetes.io/config.mirror": "stated"},
    }  # fmt: skip
    assert isinstance(new["metadata"], dict)
    assert "deletionTimestamp" not in new["metadata"]  # an age alone: when it was asked for is not told
    assert new["status"] == {
        "podIP": "10.244.1.2", "startTime": "2026-11-22T08:35:21Z",
        "initContainerStatuses": [{
            "name": "first", "containerID": "containerd://abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
            "state": {"terminated": {
                "reason": "Completed", "exitCode": 0, "startedAt": "2026-11-22T08:35:21Z", "finishedAt": "2026-11-22T08:35:22Z",
            }},
        }],
        "containerStatuses": [{
            "name": "web", "containerID": "containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            "ready": True, "restartCount": 1, "state": {"running": {"startedAt": "2026-11-22T08:36:10Z"}},
            "lastState": {"terminated": {
                "reason": "Error", "exitCode": 137, "startedAt": "2026-11-22T08:35:22Z", "finishedAt": "2026-11-22T08:36:08Z",
            }},
        }],
    }  # fmt: skip


def test_events_with_ages() -> None:
    scheduled, first, last = understand(read(POD_OF_1_20), FORMAT.family).rows(named=True)
    assert (scheduled["kind"], scheduled["node"], scheduled["time"], scheduled["resolution_us"]) == (
        "pod_scheduled", "node-1", datetime(2026, 11, 22, 8, 35, 47, tzinfo=UTC), 2_000_000,
    )  # fmt: skip
    assert (first["kind"], first["node"], first["time"], first["resolution_us"]) == (
        "pod_container_backoff", "node-1", datetime(2026, 11, 22, 8, 36, tzinfo=UTC), 61_000_000,
    )  # fmt: skip
    assert (last["time"], last["resolution_us"]) == (datetime(2026, 11, 22, 8, 38, 42, tzinfo=UTC), 2_000_000)
    started, _ = understand(read(POD_OF_1_7), FORMAT.family).rows(named=True)
    assert (started["kind"], started["container_id"], started["k8s_container_name"]) == ("pod_container_started", "0123456789ab", "web")


def test_ages_without_a_capture_time() -> None:
    batch = read(POD_OF_1_20, None)
    assert batch.notes == (UNRESOLVED,)
    assert (batch.records.height, batch.records["time"].null_count()) == (3, 3)
    assert understand(batch, FORMAT.family).is_empty()


def test_what_is_neither_pod_nor_node_is_a_record() -> None:
    batch = read(DEPLOYMENT)
    assert (batch.records["message"].to_list(), batch.objects.height) == (["described: Deployment default/web"], 0)


def test_many_and_what_stands_between() -> None:
    text = "$ kubectl describe\n" + NODE_OF_1_0 + POD_OF_1_20 + "over\n two lines\n\n$ kubectl get pods\n" + DEPLOYMENT
    batch = read(text)
    assert batch.rejects["raw"].to_list() == ["$ kubectl describe", "$ kubectl get pods"]
    assert batch.records["record"].to_list() == list(range(batch.records.height))
    assert batch.records["message"][5] == "Pod/web-7ff6c497f8-vwl2s BackOff: Back-off restarting failed container\nover\n two lines"
    lines = text.split("\n")
    assert all(lines[line - 1] == raw.split("\n")[0] for line, raw in batch.records.select("line", "raw").iter_rows())


@pytest.mark.parametrize("other", [b"", b"Name: x\n", b"Name: x\nfoo: bar\n", b"name: x\nLabels:\nNode:\n", b"Hello\n" * 9])
def test_others_are_not_recognised(other: bytes) -> None:
    assert not FORMAT.sniff(other, "describe.txt")


def test_a_first_line() -> None:
    assert begins("Name:         web-1")
    assert begins("Name:\tweb-1")
    assert not begins("  Name: web-1")
    assert not begins("Name: web 1")


@pytest.mark.parametrize("text", ["Sun, 31 Feb 2026 08:36:30 +0000", "Sun, 22 Nvo 2026 08:36:30 +0000", "<unknown>", "", None])
def test_no_dates(text: str | None) -> None:
    assert rfc3339(text) is None


def test_corpus(corpus: Path) -> None:
    found = [path for path in sorted(corpus.glob("captures/*/cluster/*.describe.txt")) if path.stat().st_size]
    assert found
    for source in found:
        data = source.read_bytes()
        assert formats.detect(data[: formats.HEAD], source.name) is FORMAT
        batch = read(data.decode())
        assert batch.rejects.is_empty(), source
        assert batch.objects.height == data.decode().count("\nName:") + 1
        assert all(json.loads(document)["status"]["conditions"] for document in batch.objects["document"])


@given(st.text("ab: \n{}/<>123sm\t\ud7ffü,x()", max_size=200), st.integers(0, 2000))
def test_every_line_ends_somewhere(noise: str, place: int) -> None:
    whole = POD_OF_1_7 + NODE_OF_1_0
    text = whole[:place] + noise + whole[place:]
    batch = read(text)
    kept = "\n".join([*batch.records["raw"], *batch.rejects["raw"]])
    for line in text.splitlines():
        assert line.rstrip() in kept or "---" in line or line.lstrip().startswith("FirstSeen") or "LastSeen" in line  # a header
    understand(batch, FORMAT.family)
