"""docker inspect, docker ps and their like in crictl."""

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import HEAD, Batch, ReadContext
from analyzer.formats.runtimes.container_snapshots import FORMAT
from analyzer.formats.runtimes.docker_names import identify
from analyzer.vocabulary import OBJECTS

ID = "84e67bdf6ff02a8cfa58f55d556630281338d934e03544ad276f7509fc299a0e"
SANDBOX = "1d475d611f4106501f341df6542c87100c70ca83c30fc31e3f93844a0ed718d0"
UID = "5065d1b6-74ec-4d48-9595-85a58f68e0af"
LABELS = {
    "annotation.io.kubernetes.container.restartCount": "2",
    "io.kubernetes.container.name": "crasher",
    "io.kubernetes.docker.type": "container",
    "io.kubernetes.pod.name": "crasher-gk8gt",
    "io.kubernetes.pod.namespace": "default",
    "io.kubernetes.pod.uid": UID,
    "name": "a label of the pod",
}
EXITED = {
    "Id": ID,
    "Created": "2026-11-22T07:15:33.550319361Z",
    "State": {
        "Status": "exited",
        "Running": False,
        "ExitCode": 1,
        "StartedAt": "2026-11-22T07:15:33.735287616Z",
        "FinishedAt": "2026-11-22T07:15:36.738808201Z",
    },
    "Name": f"/k8s_crasher_crasher-gk8gt_default_{UID}_2",
    "RestartCount": 0,
    "Config": {"Labels": LABELS},
}
NEVER = "0001-01-01T00:00:00Z"
RUNNING = {**EXITED, "State": {**EXITED["State"], "Running": True, "ExitCode": 0, "FinishedAt": NEVER}}
CREATED = {**EXITED, "State": {"Status": "created", "Running": False, "ExitCode": 0, "StartedAt": NEVER, "FinishedAt": NEVER}}
OLD = {  # Kubernetes 1.0
    **RUNNING,
    "Name": "/k8s_api.9e75cc57_example-api-release-12-9jjc4_default_64346b8b-e64f-11f1-91a0-aa493f94bd8c_f99ad3a5",
    "Config": {"Labels": {"io.kubernetes.pod.name": "default/example-api-release-12-9jjc4"}},
}
OTHER = {**RUNNING, "Name": "/registry", "Config": {"Labels": None}}
LISTED = {
    "Command": '"/app/run.sh"',
    "CreatedAt": "2026-11-22 07:15:33 +0000 UTC",
    "ID": ID,
    "Labels": "io.kubernetes.container.name=crasher,io.kubernetes.pod.namespace=default,annotation.io.kubernetes.container.restartCount=2,"
    f"io.kubernetes.docker.type=container,io.kubernetes.pod.name=crasher-gk8gt,io.kubernetes.pod.uid={UID},"
    f"io.kubernetes.sandbox.id={SANDBOX}",
    "Names": f"k8s_crasher_crasher-gk8gt_default_{UID}_2",
    "RunningFor": "27 seconds ago",
    "State": "exited",
    "Status": "Exited (1) 23 seconds ago",
}
CRI_LABELS = {k: v for k, v in LABELS.items() if k.startswith("io.kubernetes.")}
CRI_LISTED = {
    "id": ID,
    "podSandboxId": SANDBOX,
    "metadata": {"name": "crasher", "attempt": 2},
    "state": "CONTAINER_RUNNING",
    "createdAt": "1795331733550319361",
    "labels": CRI_LABELS,
    "annotations": {"io.kubernetes.container.restartCount": "2"},
}
CRI_STATUS = {
    "id": ID,
    "metadata": {"name": "crasher", "attempt": 2},
    "state": "CONTAINER_EXITED",
    "createdAt": "2026-11-22T08:15:33.550319361+01:00",
    "startedAt": "2026-11-22T08:15:33.735287616+01:00",
    "finishedAt": "2026-11-22T08:15:36.738808201+01:00",
    "exitCode": 1,
    "labels": CRI_LABELS,
    "annotations": {"io.kubernetes.container.restartCount": "2"},
}
API_LISTED = {
    "Id": ID,
    "Names": [f"/k8s_crasher_crasher-gk8gt_default_{UID}_2"],
    "Image": "a",
    "ImageID": "sha256:00",
    "Created": 1795331733,
    "Labels": LABELS,
    "State": "exited",
    "Status": "Exited (1) 23 seconds ago",
}
CRI_POD = {
    "id": SANDBOX,
    "metadata": {"name": "crasher-gk8gt", "uid": UID, "namespace": "default", "attempt": 0},
    "state": "SANDBOX_READY",
    "createdAt": "1795331733550319361",
    "labels": {},
}
CTR_INFO = {
    "ID": ID,
    "Labels": {"io.cri-containerd.kind": "container", **{k: v for k, v in LABELS.items() if k.startswith("io.kubernetes.")}},
    "Image": "a",
    "SnapshotKey": ID,
    "CreatedAt": "2026-11-22T08:35:22.012158866Z",
}
WHO = {"containerID": ID, "namespace": "default", "pod": "crasher-gk8gt", "podUID": UID, "container": "crasher", "restartCount": 2}
ENDED = {
    **WHO,
    "startedAt": "2026-11-22T07:15:33.735287Z",
    "finishedAt": "2026-11-22T07:15:36.738808Z",
    "running": False,
    "exitCode": 1,
}
SANDBOXED = {
    **WHO,
    "containerID": SANDBOX,
    "container": "POD",
    "restartCount": None,
    "startedAt": None,
    "finishedAt": None,
    "exitCode": None,
}
UNTOLD = {**WHO, "startedAt": None, "finishedAt": None}


def read(data: str) -> Batch:
    batches = list(FORMAT.read(io.BytesIO(data.encode()), ReadContext(2026)))
    return Batch(objects=pl.concat([b.objects for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def documents(data: str) -> list[dict[str, Any]]:
    batch = read(data)
    assert batch.rejects.is_empty()
    return [json.loads(text) for text in batch.objects["document"]]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param([EXITED], ENDED, id="inspect-exited"),
        pytest.param([RUNNING], {**ENDED, "finishedAt": None, "running": True, "exitCode": None}, id="inspect-running"),
        pytest.param([CREATED], {**UNTOLD, "running": False, "exitCode": None}, id="inspect-created"),
        pytest.param(LISTED, {**UNTOLD, "running": False, "exitCode": 1}, id="ps-exited"),
        pytest.param(
            {**LISTED, "State": "running", "Status": "Up 11 seconds"}, {**UNTOLD, "running": True, "exitCode": None}, id="ps-running"
        ),
        pytest.param({"containers": [CRI_LISTED]}, {**UNTOLD, "running": True, "exitCode": None}, id="crictl-ps"),
        pytest.param({"status": CRI_STATUS, "info": {"pid": 0}}, ENDED, id="crictl-inspect"),
        pytest.param(
            {"status": {**CRI_STATUS, "state": "CONTAINER_RUNNING", "startedAt": "1795331733735287616", "finishedAt": "0"}},
            {**ENDED, "finishedAt": None, "running": True, "exitCode": None},
            id="crictl-inspect-nanoseconds",
        ),
        pytest.param([API_LISTED], {**UNTOLD, "running": False, "exitCode": 1}, id="api-list"),
        pytest.param(
            [{**API_LISTED, "State": "running", "Status": "Up 2 hours"}],
            {**UNTOLD, "running": True, "exitCode": None},
            id="api-list-running",
        ),
        pytest.param({"items": [CRI_POD]}, {**SANDBOXED, "running": True}, id="crictl-pods"),
        pytest.param(
            {"status": {**CRI_POD, "state": "SANDBOX_NOTREADY"}, "info": {}}, {**SANDBOXED, "running": False}, id="crictl-inspectp"
        ),
        pytest.param([CTR_INFO], {**UNTOLD, "running": None, "exitCode": None, "restartCount": None}, id="ctr-containers-info"),
        pytest.param(
            CTR_INFO | {"ID": SANDBOX, "Labels": {**CRI_LABELS, "io.cri-containerd.kind": "sandbox"}},
            {**SANDBOXED, "running": None},
            id="ctr-containers-info-sandbox",
        ),
    ],
)
@pytest.mark.parametrize("indent", [None, 4])
def test_what_is_said_of_a_container(value: Any, expected: dict[str, Any], indent: int | None) -> None:
    data = json.dumps(value, indent=indent)
    assert formats.detect(data.encode(), "x") is FORMAT
    assert documents(data) == [expected]


def test_before_docker_told_the_state() -> None:
    """``.State`` of ``docker ps`` came with 20.10."""
    listed = {key: value for key, value in LISTED.items() if key != "State"}
    lines = [listed, {**listed, "Status": "Up 2 minutes (Paused)"}, {**listed, "Status": "Created"}]
    said = documents("\n".join(map(json.dumps, lines)))
    assert [(d["running"], d["exitCode"]) for d in said] == [(False, 1), (True, None), (False, None)]


def test_the_names_of_1_0() -> None:
    (said,) = documents(json.dumps([OLD]))
    assert (said["namespace"], said["pod"], said["container"]) == ("default", "example-api-release-12-9jjc4", "api")
    assert (said["podUID"], said["restartCount"]) == ("64346b8b-e64f-11f1-91a0-aa493f94bd8c", None)


def test_objects() -> None:
    """The same state is the same version, whenever it was seen; a version is never a number as the API's are."""
    batch = read(json.dumps([EXITED, RUNNING]) + "\n" + json.dumps([EXITED, OTHER]))
    assert batch.objects.drop("document", "resource_version").rows() == [
        (n, line, offset, "Container", "podopsy", "default", "crasher-gk8gt/crasher", ID, None)
        for n, (line, offset) in enumerate([(1, 1), (1, len(json.dumps([EXITED])) + 1), (2, len(json.dumps([EXITED, RUNNING])) + 2)])
    ]
    exited, running, again = batch.objects["resource_version"]
    assert exited == again != running
    assert not any(version.isdigit() for version in (exited, running))
    assert dict(batch.objects.schema) == {k: v for k, v in OBJECTS.items() if k != "source_id"}


def test_damage() -> None:
    broken = {**EXITED, "State": {**EXITED["State"], "StartedAt": "yesterday"}}
    parts = ["[", json.dumps(EXITED), ",", json.dumps(broken), ",", json.dumps({**EXITED, "Id": "x"}), ",", '{"a": 1}', ",", '{"Id": "']
    batch = read("\n".join(parts))
    assert batch.objects.height == 1
    assert batch.rejects.select("line", "reason").rows() == [
        (4, "no such time"), (6, "no container id"), (8, "no container"), (10, "cut off"),
    ]  # fmt: skip


def test_the_first_container_is_longer_than_the_head() -> None:
    long = {"info": "x" * HEAD}
    whole = [[{**EXITED, **long}], {"containers": [{**CRI_LISTED, **long}]}, {"status": CRI_STATUS, **long}]
    for value in (*whole, {"items": [{**CRI_POD, **long}]}, {"status": CRI_POD, **long}, [{**CTR_INFO, **long}]):
        assert FORMAT.sniff(json.dumps(value).encode()[:HEAD], "x")
        assert len(documents(json.dumps(value))) == 1


@pytest.mark.parametrize(
    "other",
    [
        "", "[]", "{}", "[1, 2]", "Id: 1\n", '{"containers": []}', '{"status": {"state": "SANDBOX_READY"}}',
        '[{"Id": "sha256:00", "RepoTags": []}]',
        '{"kind": "Pod", "apiVersion": "v1", "spec": {"containers": [{"name": "a"}]}, "status": {"phase": "Running"}}',
        '{"status": "die", "id": "00", "from": "img", "time": 1609840802}',
        '[{"ID": "00", "Labels": {"io.cri-containerd.kind": "container"}}]',
    ],
)  # fmt: skip
def test_others_are_not_recognised(other: str) -> None:
    assert not FORMAT.sniff(other.encode(), "docker-inspect.json")


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([NEVER, "9999-12-31T23:59:59-23:00", "9" * 19])


@given(
    base=st.sampled_from([EXITED, LISTED, {"containers": [CRI_LISTED]}, CRI_LISTED, {"status": CRI_STATUS}, CRI_STATUS]),
    other=st.dictionaries(
        st.sampled_from(["Id", "ID", "Name", "Names", "State", "Status", "Config", "Labels", "labels", "containers", "status", "state"]),
        LEAVES | st.dictionaries(st.sampled_from([*EXITED["State"], *CRI_STATUS, *LABELS]), LEAVES | st.lists(LEAVES)) | st.lists(LEAVES),
        max_size=3,
    ),
)
def test_no_content_breaks_it(base: dict[str, Any], other: dict[str, Any]) -> None:
    for value in ({**base, **other}, {"status": {**base, **other}}, {"containers": [{**base, **other}]}):
        read(json.dumps([value]))


@pytest.mark.corpus
def test_corpus(corpus: Path) -> None:
    sources = [p for p in sorted(corpus.glob("captures/*/*/docker-*")) if p.name.startswith(("docker-inspect", "docker-ps"))]
    texts = {p: p.read_text() for p in sources if p.suffix in (".json", ".jsonl")}
    found = {p: text for p, text in texts.items() if "{" in text}  # the others: no container, or docker did not answer
    assert found
    for source, text in found.items():
        assert formats.detect(text[:HEAD].encode(), source.name) is FORMAT
        count = text.count('"Id":') if source.suffix == ".json" else text.count("\n")
        said = documents(text)
        assert len(said) == count, source
        assert all((d["startedAt"] is None) == (source.suffix == ".jsonl") for d in said)
        assert all(d["running"] == (d["finishedAt"] is None) for d in said if d["startedAt"])


def test_labels_that_are_no_texts_name_nothing() -> None:
    """In damaged evidence a label may be anything."""
    told = identify({"name": 1, "io.kubernetes.pod.name": True, "io.kubernetes.pod.namespace": "default", "io.kubernetes.pod.uid": 2.5})
    assert told == {"k8s_namespace_name": "default"}
