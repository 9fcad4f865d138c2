"""Real logs of the control plane: what they tell of a node that is lost, and nothing that they do not."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer import grammars
from analyzer.formats import named
from analyzer.formats.base import ReadContext

pytestmark = pytest.mark.corpus


def kinds(path: Path) -> Counter[str]:
    known = named("klog")
    with path.open("rb") as stream:
        return Counter(k for batch in known.read(stream, ReadContext(2026)) for k in grammars.understand(batch, known.family)["kind"])


def test_the_disruption_of_a_master(corpus_sample: Callable[[str], Path]) -> None:
    found = kinds(corpus_sample("controller/paste_k8s-1.17_node-lifecycle_disruption-mode.log"))
    assert found == {"node_not_ready": 1, "master_disruption": 2}


def test_forty_seconds(corpus_sample: Callable[[str], Path]) -> None:
    found = kinds(corpus_sample("controller/paste_k8s-1.6-1.7_nodecontroller_40s.log"))
    assert found == {"node_heartbeat_missed": 1, "node_not_ready": 1}


@pytest.mark.parametrize("name", ["k3-long-outage-return", "s2-kubelet-stays-down"])
def test_an_eviction(capture: Callable[[str], Path], name: str) -> None:
    cluster = capture(name) / "cluster"
    found = kinds(cluster / "kube-controller-manager.log")
    assert {"node_heartbeat_missed", "node_not_ready", "pod_evicted", "desired_replicas"} <= set(found)
    assert {"pod_scheduled"} <= set(kinds(cluster / "kube-scheduler.log")) <= {"pod_scheduled", "pod_scheduling"}
