"""Whose container it is: what Kubernetes wrote into a container's labels and into its name in docker.

Identity comes from the labels where they are (1.2+), else from the container's name:

- to 0.3 ``k8s--<container>--<pod>--<random>``, where a dash of a name is ``_-_`` and an underscore ``___``;
- to 0.9 ``k8s_<container>.<hash>_<pod>.<ns>[.<source>]_<uid>_<random>``, without hash and uid where there was none;
- to 1.5 (dockertools) ``k8s_<container>.<hash>_<pod>_<ns>_<uid>_<random>``; a pod of a file has a uid of 32 digits without dashes;
- to 1.23 (dockershim, from 1.5 on) ``k8s_<container>_<pod>_<ns>_<uid>_<attempt>``, and ``_<random>`` after a conflict of names.

The CRI's labels (containerd, CRI-O) are those of dockershim.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import polars as pl

_RANDOM: Final = re.compile(r"[0-9a-f]{8}")
_SOURCES: Final = ("api", "etcd", "file", "http")  # where the kubelet had a pod from; part of its full name to 0.9


LABELS: Final = {
    "k8s_namespace_name": "io.kubernetes.pod.namespace",
    "k8s_pod_name": "io.kubernetes.pod.name",
    "k8s_pod_uid": "io.kubernetes.pod.uid",
    "k8s_container_name": "io.kubernetes.container.name",
}


def identify(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Namespace, pod, uid and container (columns of EVENTS) of labels and ``name``; empty where Kubernetes did not make it."""
    told = {key: value for key in (*LABELS.values(), "name") if isinstance(value := attributes.get(key), str)}  # damage makes it anything
    labelled = {column: told.get(label) for column, label in LABELS.items()}
    pod = labelled["k8s_pod_name"]
    if pod and "/" in pod:  # 1.0 and 1.1: "namespace/name"
        labelled["k8s_namespace_name"], _, labelled["k8s_pod_name"] = pod.partition("/")
    return {**from_name(told.get("name", "")), **{column: value for column, value in labelled.items() if value}}


def owners(told: pl.DataFrame) -> pl.DataFrame:
    """The same of many, whose labels and names are columns. Where labels say all, nothing is looked at; of the others, each once."""
    columns = told.select(pl.col(label).alias(column) for column, label in LABELS.items())
    plain = columns.select(pl.all_horizontal((pl.all() != "").fill_null(False), ~pl.col("k8s_pod_name").str.contains("/").fill_null(False)))
    mask = plain.to_series()
    if mask.all():
        return columns
    others = told.filter(~mask).select(*LABELS.values(), "name")
    known = {row: identify(dict(zip(others.columns, row, strict=True))) for row in set(others.iter_rows())}
    named = pl.DataFrame([known[row] for row in others.iter_rows()], schema=columns.schema)
    return pl.concat([columns.filter(mask), named])[pl.concat([mask.arg_true(), (~mask).arg_true()]).arg_sort()]


def from_name(name: str) -> dict[str, Any]:
    """What a container's name in docker tells of its owner; empty where Kubernetes did not give it."""
    name = name.lstrip("/")
    if name.startswith("k8s--"):
        parts = [part.replace("_-_", "-").replace("___", "_") for part in name.split("--")]
        return _early(parts[1], parts[2], None) if len(parts) == 4 and _RANDOM.fullmatch(parts[3]) else {}
    parts = name.split("_")
    if parts[0] != "k8s" or len(parts) < 4:
        return {}
    if len(parts) < 6:
        uid = parts[3] if len(parts) == 5 else None
        return _early(parts[1], parts[2], uid) if _RANDOM.fullmatch(parts[-1]) else {}
    return _owner(parts[1], parts[2], parts[3], parts[4])


def _early(container: str, full: str, uid: str | None) -> dict[str, Any]:
    """Pod and namespace were one part, with the source at the end; a namespace holds no point."""
    pieces = full.split(".")
    if len(pieces) > 2 and pieces[-1] in _SOURCES:
        pieces.pop()
    pod, namespace = (".".join(pieces[:-1]), pieces[-1]) if len(pieces) > 1 else (full, None)
    return {column: value for column, value in _owner(container, pod, namespace, uid).items() if value}


def _owner(container: str, pod: str, namespace: str | None, uid: str | None) -> dict[str, Any]:
    return {
        "k8s_container_name": container.partition(".")[0],
        "k8s_pod_name": pod,
        "k8s_namespace_name": namespace,
        "k8s_pod_uid": uid,
    }
