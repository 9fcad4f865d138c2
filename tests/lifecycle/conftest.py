"""The cluster that most incidents begin with."""

import pytest

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.dialects import Containerd, Dockershim
from tests.lifecycle.dialects_old import Kubernetes10, Kubernetes11
from tests.lifecycle.incident import A, B, Incident
from tests.lifecycle.telling import APod


@pytest.fixture
def two() -> Incident:
    """A replication controller 'web' of two, one pod on each node, running since second 1."""
    incident = Incident()
    for node, pod in ((A, "web-aaaaa"), (B, "web-bbbbb")):
        incident.made(0, "ReplicationController/web", pod, node)
        incident.runs(node, 1, pod)
        incident.sees(node, 1.5, pod, "app")
    return incident


@pytest.fixture(params=(Dockershim, Containerd, Kubernetes11, Kubernetes10), ids=lambda d: d.dialect)
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """Two nodes with their kubelets, in each generation's words."""
    made: Cluster = request.param()
    made.begin(A, B)
    return made


@pytest.fixture(params=[True, False], ids=["api", "no-api"])
def api(request: pytest.FixtureRequest) -> bool:
    """With events and objects of the API, or with the nodes' own logs alone."""
    return bool(request.param)


@pytest.fixture
def web(cluster: Cluster) -> tuple[APod, APod]:
    """A replication controller of two, one pod on each node, running since second 2."""
    cluster.workload("ReplicationController/web", 2)
    return cluster.pod(1, "ReplicationController/web", "web-aaaaa", A), cluster.pod(1, "ReplicationController/web", "web-bbbbb", B)
