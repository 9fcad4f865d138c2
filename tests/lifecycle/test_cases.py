"""Happenings that break naive readers, each in the logs of three generations, held against what truly ran."""

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from tests.lifecycle.cluster import APod, Cluster, Containerd, Dockershim, Kubernetes10
from tests.lifecycle.incident import A, B
from tests.lifecycle.truth import differences

DIALECTS = (Dockershim, Containerd, Kubernetes10)
Make = Callable[[], Cluster]


@pytest.fixture(params=DIALECTS, ids=lambda d: d.dialect)
def cluster(request: pytest.FixtureRequest) -> Cluster:
    made: Cluster = request.param()
    made.begin(A, B)
    return made


@pytest.fixture(params=[True, False], ids=["api", "no-api"])
def api(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def web(cluster: Cluster) -> tuple[APod, APod]:
    """A replication controller of two, one pod on each node."""
    cluster.workload("ReplicationController/web", 2)
    return cluster.pod(1, "ReplicationController/web", "web-aaaaa", A), cluster.pod(1, "ReplicationController/web", "web-bbbbb", B)


def right(cluster: Cluster, folder: Path, api: bool = True, *, slack: float = 0.06) -> Analysis:
    """The findings, when they are what truly happened."""
    found = cluster.analyze(folder, api=api)
    assert differences(cluster, found, deletions=api, slack=slack) == []
    return found


def one(found: Analysis, kind: str) -> Finding:
    (finding,) = [f for f in found.findings if f.kind == kind]
    return finding


def test_quick_restart(cluster: Cluster, web: tuple[APod, APod], api: bool, tmp_path: Path) -> None:
    cluster.stop_kubelet(50, A)
    cluster.start_kubelet(57, A)
    cluster.until(120)
    right(cluster, tmp_path, api)


def test_long_outage_and_return(cluster: Cluster, web: tuple[APod, APod], api: bool, tmp_path: Path) -> None:
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, "ReplicationController/web", "web-ccccc", B)
    cluster.start_kubelet(120, A)
    cluster.back(121, A)
    cluster.until(200)
    found = right(cluster, tmp_path, api)
    window = one(found, "overshoot-window")
    assert (window.details["cause"], window.expected) == ("orphan", False)
    orphan = one(found, "orphaned-container")
    assert orphan.details["superseded_by"] == "web-ccccc"
    assert one(found, "imbalance").details["after"] == {B: 2, A: 0}


def test_stays_down(cluster: Cluster, web: tuple[APod, APod], api: bool, tmp_path: Path) -> None:
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, "ReplicationController/web", "web-ccccc", B)
    cluster.until(160)
    found = right(cluster, tmp_path, api)
    assert one(found, "overshoot-window").details["cause"] == "orphan"
