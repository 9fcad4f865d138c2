"""The cluster that most incidents begin with."""

import pytest

from tests.lifecycle.incident import A, B, Incident


@pytest.fixture
def two() -> Incident:
    """A replication controller 'web' of two, one pod on each node, running since second 1."""
    incident = Incident()
    for node, pod in ((A, "web-aaaaa"), (B, "web-bbbbb")):
        incident.made(0, "ReplicationController/web", pod, node)
        incident.runs(node, 1, pod)
        incident.sees(node, 1.5, pod, "app")
    return incident
