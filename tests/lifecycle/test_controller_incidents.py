"""What controllers want and do, by design or not, written as the logs would be."""

from pathlib import Path

import pytest

from tests.lifecycle.incident import MAIN, A, B, Incident, at, short, uid


def test_stateful_set_waits(tmp_path: Path) -> None:
    incident = Incident()
    for node, pod in ((A, "db-0"), (B, "db-1")):
        incident.made(0, "StatefulSet/db", pod, node)
        incident.runs(node, 1, pod)
    incident.alive(A, 2, 50)
    incident.alive(B, 2, 200)
    incident.stop(A, 50)
    incident.not_ready(66, A)
    incident.evicted(90, "db-0")
    incident.start(A, 120)
    incident.container(A, 121, "kill", "db-0", "app", "signal=15, ")
    incident.container(A, 122, "die", "db-0", "app", "exitCode=0, ")
    incident.ready(121, A)
    incident.alive(A, 125, 200)
    found = short(incident.analyze(tmp_path), *MAIN)
    assert "orphaned-container db-0/app 50.04..122 removed" in found
    assert not [f for f in found if f.startswith("overshoot")]


def test_daemon_set_pod_is_adopted_and_never_overshoots(tmp_path: Path) -> None:
    incident = Incident()
    for node, pod in ((A, "agent-aaaaa"), (B, "agent-bbbbb")):
        incident.made(0, "DaemonSet/agent", pod, node)
        incident.runs(node, 1, pod)
    incident.alive(A, 2, 50)
    incident.alive(B, 2, 250)
    incident.stop(A, 50)
    incident.not_ready(66, A)
    incident.start(A, 150)
    incident.ready(151, A)
    incident.alive(A, 152, 250)
    assert short(incident.analyze(tmp_path), *MAIN) == [
        "adoption node-a 150..150.7 adopted:1",
        "kubelet-outage node-a 50.04..150 stopped",
        "orphaned-container agent-aaaaa/app 50.04..150 adopted",
    ]


def test_scale_up_and_down_is_no_overshoot(two: Incident, tmp_path: Path) -> None:
    """1.0 leaves no event of a deletion: the kubelet's 'Killing unwanted pod' is what tells of it."""
    two.alive(A, 2, 200)
    two.alive(B, 2, 200)
    for number, node in ((1, A), (2, B)):
        two.made(50, "ReplicationController/web", f"web-ddd{number}d", node)
        two.runs(node, 51, f"web-ddd{number}d", kill=100.2, end=109 + number)
        two.kubelet(node, 100, f'Killing unwanted pod "web-ddd{number}d"')
    found = two.analyze(tmp_path)
    assert not [f for f in found.findings if not f.expected]


def test_deletion_by_hand_is_replaced_by_design(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 200)
    two.alive(B, 2, 200)
    two.kubelet(A, 50, f'SyncLoop (DELETE, "api"): "web-aaaaa_default({uid("web-aaaaa")})"')
    two.container(A, 50.2, "kill", "web-aaaaa", "app", "signal=15, ")
    two.made(50.1, "ReplicationController/web", "web-ccccc", A)
    two.runs(A, 52, "web-ccccc")
    two.container(A, 57, "die", "web-aaaaa", "app", "exitCode=0, ")
    found = two.analyze(tmp_path)
    assert short(found, "overshoot-window") == ["overshoot-window ReplicationController/web 52..57 termination expected"]
    assert not [f for f in found.findings if not f.expected]


def test_job_pods_end_without_undershoot(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 150)
    two.alive(B, 2, 150)
    two.made(20, "Job/report", "report-aaaaa", A)
    two.runs(A, 21, "report-aaaaa", end=40)
    assert not [f for f in two.analyze(tmp_path).findings if f.controller == "Job/report"]


def test_rollout_with_surge_is_by_design(tmp_path: Path) -> None:
    incident = Incident()
    incident.event(
        0, "Deployment", "web", "ScalingReplicaSet", "Scaled up replica set web-5d4f8c7b9f to 2", component="deployment-controller"
    )
    for node, pod in ((A, "web-5d4f8c7b9f-aaaaa"), (B, "web-5d4f8c7b9f-bbbbb")):
        incident.made(0.1, "ReplicaSet/web-5d4f8c7b9f", pod, node)
        incident.runs(node, 2, pod, end=30 if node == A else 36, kill=25 if node == A else 31)
    for second, node, pod in ((20, A, "web-7c9d8b6f5d-aaaaa"), (26, B, "web-7c9d8b6f5d-bbbbb")):
        size = 1 if node == A else 2
        message = f"Scaled up replica set web-7c9d8b6f5d to {size}"
        incident.event(second, "Deployment", "web", "ScalingReplicaSet", message, component="deployment-controller")
        incident.made(second + 0.1, "ReplicaSet/web-7c9d8b6f5d", pod, node)
        incident.runs(node, second + 2, pod)
        message = f"Scaled down replica set web-5d4f8c7b9f to {2 - size}"
        incident.event(second + 5, "Deployment", "web", "ScalingReplicaSet", message, component="deployment-controller")
    incident.alive(A, 2, 100)
    incident.alive(B, 2, 100)
    found = incident.analyze(tmp_path)
    assert short(found, "overshoot-window") == ["overshoot-window Deployment/web 22..36 rollout expected"]
    assert not [f for f in found.findings if not f.expected]


@pytest.fixture
def logged() -> Incident:
    """Two pods of a replication controller that ran before the evidence begins; who they belong to is in no event."""
    incident = Incident()
    for node, pod in ((A, "web-aaaaa"), (B, "web-bbbbb")):
        incident.event(0, "Pod", pod, "Scheduled", f"Successfully assigned default/{pod} to {node}", component="scheduler", uid=uid(pod))
        incident.runs(node, 1, pod)
        incident.alive(node, 2, 200)
    return incident


def test_the_first_word_of_a_scale_up_says_nothing_of_before(logged: Incident, tmp_path: Path) -> None:
    logged.manager(50, '"Too few replicas" replicaSet="default/web" need=4 creating=2')
    for number, node in ((1, A), (2, B)):
        logged.runs(node, 52, f"web-ddd{number}d")
    found = logged.analyze(tmp_path)
    assert [f for f in found.findings if not f.expected] == []
    [controller] = [c for c in found.life.controllers if c.name == "web"]
    assert controller.wanted is not None
    assert [(s.time, s.value) for s in controller.wanted.steps] == [(None, 2), (at(50), 4)]


def test_the_first_word_of_a_replacement_says_what_was_wanted_before(logged: Incident, tmp_path: Path) -> None:
    logged.stop(A, 201)
    logged.not_ready(217, A)
    logged.evicted(240, "web-aaaaa")
    logged.manager(240.1, '"Too few replicas" replicaSet="default/web" need=2 creating=1')
    logged.runs(B, 242, "web-ccccc")
    logged.alive(B, 203, 300)
    assert "overshoot-window ReplicationController/web 242.. orphan" in short(logged.analyze(tmp_path))
