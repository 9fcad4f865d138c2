"""docker events about containers that Kubernetes made.

Identity comes from the labels where they are (1.2+), else from the container's name: ``k8s_<container>.<hash>_<pod>_<ns>_
<uid>_<random>`` (to 1.5, dockertools) and ``k8s_<container>_<pod>_<ns>_<uid>_<attempt>`` (dockershim, 1.5 to 1.23).
"""

from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from analyzer.grammars.base import Fields, container_id, events_frame, fields, integer, position
from analyzer.vocabulary import EventKind as E

_ACTIONS = {
    "create": E.CONTAINER_CREATED,
    "start": E.CONTAINER_STARTED,
    "kill": E.CONTAINER_SIGNALLED,
    "die": E.CONTAINER_DIED,
    "stop": E.CONTAINER_STOPPED,
    "destroy": E.CONTAINER_DESTROYED,
}
_VALUES = {E.CONTAINER_DIED: "exitCode", E.CONTAINER_SIGNALLED: "signal"}


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'docker' (message: ``container <action> <id>``) to EVENTS (without source_id)."""
    actions = "|".join(_ACTIONS)
    chosen = records.filter(pl.col("message").str.contains(rf"^container (?:{actions}) [0-9a-f]+$").fill_null(False))
    return events_frame(list(_events(chosen)))


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for record in records.iter_rows(named=True):
        _, action, identity = record["message"].split(" ")
        attributes: dict[str, Any] = orjson.loads(record["fields"]) if record["fields"] else {}
        kind = _ACTIONS[action]
        value = attributes.get(_VALUES.get(kind, ""))
        who = identify(attributes)
        shown = ", ".join(f"{k}={attributes[k]}" for k in ("exitCode", "signal", "name", "image") if k in attributes)
        yield {
            **position(record),
            **fields(kind),
            **who,
            "component": "docker",
            "container_id": container_id(identity),
            "value": integer(value),
            "message": record["message"],
            "text": f"{record['message']} ({shown})",
        }


def identify(attributes: dict[str, Any]) -> Fields:
    """Namespace, pod, uid and container of a container's docker attributes; empty where Kubernetes did not make it."""
    named = _from_name(str(attributes.get("name", "")))
    pod = attributes.get("io.kubernetes.pod.name")
    namespace = attributes.get("io.kubernetes.pod.namespace")
    if pod and "/" in pod:  # 1.0 and 1.1: "namespace/name"
        namespace, _, pod = pod.partition("/")
    labelled = {
        "k8s_namespace_name": namespace,
        "k8s_pod_name": pod,
        "k8s_pod_uid": attributes.get("io.kubernetes.pod.uid"),
        "k8s_container_name": attributes.get("io.kubernetes.container.name"),
    }
    return {**named, **{k: v for k, v in labelled.items() if v}}


def _from_name(name: str) -> Fields:
    parts = name.lstrip("/").split("_")
    if parts[0] != "k8s" or len(parts) < 6:
        return {}
    return {
        "k8s_container_name": parts[1].partition(".")[0],
        "k8s_pod_name": parts[2],
        "k8s_namespace_name": parts[3],
        "k8s_pod_uid": parts[4],
    }
