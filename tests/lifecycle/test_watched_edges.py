"""Deleted by the word of a watch alone: what a kubelet hears of it later says nothing better."""

import json
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from tests.lifecycle.cluster import Cluster
from tests.lifecycle.dialects import Containerd, Dockershim
from tests.lifecycle.dialects_old import Kubernetes10, Kubernetes11
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.telling import APod
from tests.lifecycle.truth import differences, one


def watched(cluster: Cluster, pod: APod, deleted: float, folder: Path) -> Analysis:
    """With a watch of the pod, whose last version bears no mark: it was deleted at once."""
    shown = cluster.shown(pod)
    shown["apiVersion"], shown["metadata"]["namespace"] = "v1", "default"
    for name in ("deletionTimestamp", "deletionGracePeriodSeconds"):
        shown["metadata"].pop(name, None)
    lines = []
    for kind, second in (("ADDED", pod.made + 0.5), ("DELETED", deleted)):
        numbered = shown | {"metadata": shown["metadata"] | {"resourceVersion": str(100_000 + int(second * 100))}}
        lines.append(json.dumps({"type": kind, "object": numbered}) + "\n")
    cluster.write(folder)
    (folder / "cluster" / "pods-watch.json").write_text("".join(lines))
    return analyze([folder])


@pytest.mark.parametrize("generation", [Kubernetes10, Kubernetes11, Dockershim, Containerd], ids=lambda g: g.dialect)
def test_a_pod_deleted_at_once_while_its_node_is_cut_off(generation: type[Cluster], tmp_path: Path) -> None:
    """Nobody makes another: but for the watch, only the kubelet tells of it when the link is back."""
    cluster = generation()
    cluster.begin(A, B)
    pod = cluster.pod(1, "", "toolbox", A)
    cluster.cut_off(50, A)
    cluster.lost(66, A)
    cluster.force(88, pod)
    cluster.pod(88.5, "", "other", B)
    cluster.heal(120, A)
    cluster.back(121, A)
    cluster.until(220)
    found = watched(cluster, pod, 88, tmp_path)
    assert differences(cluster, found) == []
    orphan = one(found, "orphaned-container")
    assert (orphan.start.earliest, orphan.start.time, orphan.start.latest) == (at(66), at(88), at(88))
    assert orphan.details["cause"] == "pod-deleted"
