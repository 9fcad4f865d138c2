"""Whose container it is: what Kubernetes wrote into a container's labels and into its name in docker.

Identity comes from the labels where they are (1.2+), else from the container's name: ``k8s_<container>.<hash>_<pod>_<ns>_
<uid>_<random>`` (to 1.5, dockertools) and ``k8s_<container>_<pod>_<ns>_<uid>_<attempt>`` (dockershim, 1.5 to 1.23). The CRI's
labels (containerd, CRI-O) are those of dockershim.
"""

from collections.abc import Mapping
from typing import Any


def identify(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Namespace, pod, uid and container (columns of EVENTS) of labels and ``name``; empty where Kubernetes did not make it."""
    told = {key: value for key, value in attributes.items() if isinstance(value, str)}  # in damaged evidence it may be anything
    named = _from_name(told.get("name", ""))
    pod = told.get("io.kubernetes.pod.name")
    namespace = told.get("io.kubernetes.pod.namespace")
    if pod and "/" in pod:  # 1.0 and 1.1: "namespace/name"
        namespace, _, pod = pod.partition("/")
    labelled = {
        "k8s_namespace_name": namespace,
        "k8s_pod_name": pod,
        "k8s_pod_uid": told.get("io.kubernetes.pod.uid"),
        "k8s_container_name": told.get("io.kubernetes.container.name"),
    }
    return {**named, **{k: v for k, v in labelled.items() if v}}


def _from_name(name: str) -> dict[str, Any]:
    parts = name.lstrip("/").split("_")
    if parts[0] != "k8s" or len(parts) < 6:
        return {}
    return {
        "k8s_container_name": parts[1].partition(".")[0],
        "k8s_pod_name": parts[2],
        "k8s_namespace_name": parts[3],
        "k8s_pod_uid": parts[4],
    }
