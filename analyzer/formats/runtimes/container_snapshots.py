"""What a runtime said of its containers at one moment, as JSON: ``docker inspect``, ``docker ps``, docker's API, ``crictl ps``,
``crictl pods``, ``crictl inspect``, ``crictl inspectp``, ``ctr containers info``.

Each container becomes an object of kind Container, with when it started and ended as the runtime itself recorded it. Lists tell
only whether it runs (containerd's of containers not even that): docker's 'Up 5 minutes' has no moment, for nobody knows when it was
said. A sandbox is the container 'POD'; the CRI says when one was made, not when it started. Containers that Kubernetes did not make
are none of ours and left out.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.json_documents import Value, mostly, slices
from analyzer.formats.kubernetes.api_objects import canonical
from analyzer.formats.runtimes.docker_names import identify
from analyzer.formats.tables import Reject, reject_frame
from analyzer.vocabulary import OBJECTS, SANDBOX

API_VERSION: Final = "podopsy"
KIND: Final = "Container"

_ID: Final = re.compile(r"[0-9a-f]{12,64}")
_EXITED: Final = re.compile(r"(?:Exited|Restarting) \((-?\d{1,9})\)")
_BEGINS: Final = re.compile(
    r'[\s\ufeff\[]*\{\s*(?:"Id"\s*:\s*"[0-9a-f]{64}"\s*,\s*"Created"\s*:'
    r'|"containers"\s*:\s*\[\s*\{\s*"id"\s*:\s*"[0-9a-f]{64}"\s*,\s*"podSandboxId"\s*:'
    r'|"status"\s*:\s*\{.*"state"\s*:\s*"(?:CONTAINER|SANDBOX)_[A-Z]+"|"items"\s*:\s*\[\s*\{.*"state"\s*:\s*"SANDBOX_'
    r'|"ID"\s*:\s*"[0-9a-f]{64}"\s*,\s*"Labels"\s*:\s*\{[^{}]*"io\.cri-containerd\.kind")',
    re.DOTALL,
)
"""How a value begins that is too long to be looked at as a whole."""

_SLICE: Final = 1000  # values or rejects that are held at a time, as wide as `docker inspect` prints them
_EPOCH: Final = 1970  # Go's zero time has the year 1, that of the CRI is 0 nanoseconds: neither is a moment

Document = dict[str, Any]
"""containerID, namespace, pod, podUID, container; startedAt, finishedAt (RFC 3339 in UTC, or null: never, or not told); running (null:
not told); exitCode (null: it runs, or never ran); restartCount (null: not told)."""


def _document(identity: Any, labels: Mapping[str, str], running: bool | None, **state: Any) -> Document | None:
    """None: not made by Kubernetes. ValueError: its id or a time is none."""
    who = identify(labels)
    if not who.get("k8s_pod_name") or not who.get("k8s_container_name"):
        return None
    count = labels.get("annotation.io.kubernetes.container.restartCount") or labels.get("io.kubernetes.container.restartCount") or ""
    return document(identity, who, running, count=count, **state)


def document(identity: Any, who: Mapping[str, Any], running: bool | None, count: str = "", **state: Any) -> Document:
    """``who``: columns of EVENTS; ``state``: started, finished, code. ValueError: its id or a time is none."""
    if not isinstance(identity, str) or not _ID.fullmatch(identity):
        raise ValueError("no container id")
    started = _moment(state.get("started"))
    finished = None if running else _moment(state.get("finished"))
    code = state.get("code")
    return {
        "containerID": identity,
        "namespace": who.get("k8s_namespace_name"),
        "pod": who.get("k8s_pod_name"),
        "podUID": who.get("k8s_pod_uid"),
        "container": who.get("k8s_container_name"),
        "startedAt": started,
        "finishedAt": finished,
        "running": running,
        "exitCode": code if isinstance(code, int) and not running else None,
        "restartCount": int(count) if re.fullmatch(r"[0-9]{1,9}", count) else None,
    }


def exit_code(status: str) -> int | None:
    """Of docker's ``Exited (137) 3 hours ago``."""
    exited = _EXITED.match(status)
    return int(exited[1]) if exited else None


def _moment(value: Any) -> str | None:
    """RFC 3339, or nanoseconds since 1970, as RFC 3339 in UTC with microseconds; None for a zero time."""
    if value in (None, "", "0", 0):
        return None
    try:
        if re.fullmatch(r"[0-9]{19}", str(value)):
            moment = datetime.fromtimestamp(int(value) // 10**9, UTC).replace(microsecond=int(value) // 1000 % 10**6)
        else:
            moment = datetime.fromisoformat(value)
        if moment.year <= _EPOCH:
            return None
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("no such time") from error
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _docker_inspect(content: dict[str, Any]) -> Iterator[Document | None]:
    """``RestartCount`` is docker's own, not the kubelet's."""
    state = content["State"]
    running = state.get("Running") is True
    told = {"started": state.get("StartedAt"), "finished": state.get("FinishedAt")}
    code = state.get("ExitCode") if _moment(told["started"]) else None
    labels = _texts(content["Config"].get("Labels"))
    yield _document(content["Id"], {**labels, "name": content["Name"]}, running, code=code, **told)


def _docker_ps(content: dict[str, Any]) -> Iterator[Document | None]:
    """``State`` since 20.10; before, the status begins with 'Up' for what runs. Labels that hold a comma are cut: Kubernetes' do not."""
    running = content.get("State") in ("running", "paused") if "State" in content else content["Status"].startswith("Up ")
    labels = dict(label.partition("=")[::2] for label in content["Labels"].split(","))
    name = next((n for n in content["Names"].split(",") if n.startswith("k8s_")), content["Names"])
    yield _document(content["ID"], {**labels, "name": name}, running, code=exit_code(content["Status"]))


def _docker_list(content: dict[str, Any]) -> Iterator[Document | None]:
    """``GET /containers/json``; ``State`` since API 1.23."""
    running = content.get("State") in ("running", "paused") if "State" in content else content["Status"].startswith("Up ")
    names = [name for name in content["Names"] if isinstance(name, str)]
    name = next((n for n in names if n.startswith("/k8s_")), "")
    yield _document(content["Id"], {**_texts(content.get("Labels")), "name": name}, running, code=exit_code(content["Status"]))


def _crictl_ps(content: dict[str, Any]) -> Iterator[Document | None]:
    for item in content["containers"]:
        labels = {**_texts(item.get("annotations")), **_texts(item.get("labels"))}
        yield _document(item.get("id"), labels, item.get("state") == "CONTAINER_RUNNING")


def _crictl_inspect(content: dict[str, Any]) -> Iterator[Document | None]:
    status = content["status"]
    labels = {**_texts(status.get("annotations")), **_texts(status.get("labels"))}
    running = status["state"] == "CONTAINER_RUNNING"
    told = {"started": status.get("startedAt"), "finished": status.get("finishedAt")}
    yield _document(status.get("id"), labels, running, code=status.get("exitCode", 0) if _moment(told["started"]) else None, **told)


def _crictl_pods(content: dict[str, Any]) -> Iterator[Document | None]:
    for item in content["items"]:
        yield document(item.get("id"), _of_sandbox(item), item.get("state") == "SANDBOX_READY")


def _crictl_inspectp(content: dict[str, Any]) -> Iterator[Document | None]:
    status = content["status"]
    yield document(status.get("id"), _of_sandbox(status), status["state"] == "SANDBOX_READY")


def _of_sandbox(status: dict[str, Any]) -> dict[str, Any]:
    named = _texts(status.get("metadata"))
    columns = {"k8s_namespace_name": "namespace", "k8s_pod_name": "name", "k8s_pod_uid": "uid"}
    return {**{column: named.get(key) for column, key in columns.items()}, "k8s_container_name": SANDBOX}


def _ctr_info(content: dict[str, Any]) -> Iterator[Document | None]:
    """containerd's own record: whose it is, not whether it runs."""
    labels = _texts(content["Labels"])
    sandbox = {"io.kubernetes.container.name": SANDBOX} if labels.get("io.cri-containerd.kind") == "sandbox" else {}
    yield _document(content["ID"], {**labels, **sandbox}, None)


def _is_sandbox(value: Any) -> bool:
    return isinstance(value, dict) and "id" in value and "metadata" in value and str(value.get("state")).startswith("SANDBOX_")


def _shape(content: Any) -> Callable[[dict[str, Any]], Iterator[Document | None]] | None:
    """How a value is to be read, by what only such a value has; None: it tells of no container."""
    if not isinstance(content, dict):
        return None
    if isinstance(content.get("Name"), str) and "Id" in content and all(isinstance(content.get(k), dict) for k in ("State", "Config")):
        return _docker_inspect
    if all(isinstance(content.get(key), str) for key in ("ID", "Names", "Status", "Labels", "CreatedAt")):
        return _docker_ps
    listed, status = content.get("containers"), content.get("status")
    if isinstance(listed, list) and listed and all(isinstance(item, dict) and "podSandboxId" in item for item in listed):
        return _crictl_ps
    if isinstance(status, dict) and str(status.get("state")).startswith("CONTAINER_"):
        return _crictl_inspect
    if _is_sandbox(status):
        return _crictl_inspectp
    sandboxes = content.get("items")
    if isinstance(sandboxes, list) and sandboxes and all(map(_is_sandbox, sandboxes)):
        return _crictl_pods
    if isinstance(content.get("Labels"), dict) and {"ID", "Image", "SnapshotKey", "CreatedAt"} <= content.keys():
        return _ctr_info
    if isinstance(content.get("Names"), list) and isinstance(content.get("Status"), str) and {"Id", "ImageID"} <= content.keys():
        return _docker_list
    return None


def _texts(value: Any) -> dict[str, str]:
    """Labels or annotations, which are null where there are none."""
    return {k: v for k, v in value.items() if isinstance(v, str)} if isinstance(value, dict) else {}


def row(line: int, offset: int, document: Document) -> tuple[Any, ...]:
    """The columns of OBJECTS after ``record``. The same state has the same version, whenever it was seen."""
    text = canonical(document)
    version = f"state-{hashlib.sha256(text.encode()).hexdigest()[:12]}"  # never digits alone: it is no resourceVersion of the API
    name = "/".join(filter(None, (document["pod"], document["container"]))) or None
    return line, offset, KIND, API_VERSION, document["namespace"], name, document["containerID"], version, None, text


class ContainerSnapshots:
    """Containers as a runtime's client showed them."""

    name = "container-snapshot"
    family = "kubernetes"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first values are containers, or the first is too long for the head and begins like one."""
        return mostly(head, lambda content: _shape(content) is not None, _BEGINS)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        first = 0
        for values, rejects in slices(stream, _SLICE):
            rows: list[tuple[Any, ...]] = []
            for value in values:
                try:
                    rows += _rows(value)
                except ValueError as error:
                    rejects.append(Reject(value.line, value.offset, str(error), value.text))
            yield Batch(objects=frame(rows, first), rejects=reject_frame(rejects).sort("offset"))
            first += len(rows)


def _rows(value: Value) -> list[tuple[Any, ...]]:
    shape = _shape(value.content)
    if shape is None:
        raise ValueError("no container")
    return [row(value.line, value.offset, told) for told in shape(value.content) if told is not None]


def frame(rows: list[tuple[Any, ...]], first: int) -> pl.DataFrame:
    """Rows as OBJECTS without source_id; ``first`` is the ordinal of the first."""
    schema = {name: dtype for name, dtype in OBJECTS.items() if name not in ("source_id", "record")}
    made = pl.DataFrame(rows, schema=schema, orient="row")
    return made.insert_column(0, pl.int_range(first, first + made.height, dtype=pl.Int64, eager=True).alias("record"))


FORMAT = ContainerSnapshots()
