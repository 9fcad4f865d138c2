"""Incidents of every kind that the lifecycle must tell apart, written as their logs would be."""

from pathlib import Path

import pytest

from tests.lifecycle.incident import Incident, at, short, uid

A, B = "node-a", "node-b"
MAIN = ("kubelet-outage", "orphaned-container", "adoption", "overshoot-window", "imbalance")


@pytest.fixture
def two() -> Incident:
    """A replication controller 'web' of two, one pod on each node, running since second 1."""
    incident = Incident()
    for node, pod in ((A, "web-aaaaa"), (B, "web-bbbbb")):
        incident.made(0, "ReplicationController/web", pod, node)
        incident.runs(node, 1, pod)
        incident.sees(node, 1.5, pod, "app")
    return incident


def replaced(incident: Incident, second: float) -> None:
    """The control plane gives up web-aaaaa and makes web-ccccc on the other node."""
    incident.not_ready(second - 20, A)
    incident.evicted(second, "web-aaaaa")
    incident.made(second + 0.1, "ReplicationController/web", "web-ccccc", B)
    incident.runs(B, second + 2, "web-ccccc")


def test_quick_restart_is_adopted(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50)
    two.stop(A, 50)
    two.start(A, 57)
    two.sees(A, 58, "web-aaaaa", "app")
    two.alive(A, 60, 120)
    two.alive(B, 2, 120)
    assert short(two.analyze(tmp_path), *MAIN) == [
        "adoption node-a 57..57.7 adopted:1",
        "kubelet-outage node-a 50.04..57 stopped",
        "orphaned-container web-aaaaa/app 50.04..57 adopted",
    ]


def test_killed_by_sigkill_ends_at_the_exit_not_at_stopped(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 49)
    two.systemd(A, 50, "kubelet.service: Main process exited, code=killed, status=9/KILL")
    two.systemd(A, 50.01, "kubelet.service: Failed with result 'signal'.")
    two.systemd(A, 60, "kubelet.service: Scheduled restart job, restart counter is at 1.")
    two.systemd(A, 60.01, "Stopped kubelet.service - kubelet: The Kubernetes Node Agent.")
    two.start(A, 60.02)
    two.alive(A, 62, 100)
    found = two.analyze(tmp_path)
    assert "kubelet-outage node-a 50..60.02 killed" in short(found)


def test_long_outage_is_overshoot_until_the_orphan_is_removed(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50)
    two.stop(A, 50)
    replaced(two, 90)
    two.start(A, 120)
    two.container(A, 121, "kill", "web-aaaaa", "app", "signal=15, ")
    two.container(A, 122, "die", "web-aaaaa", "app", "exitCode=0, ")
    two.ready(121, A)
    two.alive(A, 125, 200)
    two.alive(B, 2, 200)
    assert short(two.analyze(tmp_path), *MAIN) == [
        "adoption node-a 120..120.7 removed:1",
        "imbalance ReplicationController/web 122.. {'node-b': 2, 'node-a': 0}",
        "kubelet-outage node-a 50.04..120 stopped",
        "orphaned-container web-aaaaa/app 50.04..122 removed",
        "overshoot-window ReplicationController/web 92..122 orphan",
    ]


def test_stays_down(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50)
    two.stop(A, 50)
    replaced(two, 90)
    two.alive(B, 2, 150)
    assert short(two.analyze(tmp_path), *MAIN) == [
        "kubelet-outage node-a 50.04.. stopped",
        "orphaned-container web-aaaaa/app 50.04.. running",
        "overshoot-window ReplicationController/web 92.. orphan",
    ]


def test_container_that_dies_while_the_kubelet_is_away(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50)
    two.stop(A, 50)
    two.container(A, 60, "die", "web-aaaaa", "app", "exitCode=137, ")
    two.start(A, 80)
    two.runs(A, 82, "web-aaaaa", "app#2")
    two.alive(A, 85, 150)
    two.alive(B, 2, 150)
    found = short(two.analyze(tmp_path))
    assert "orphaned-container web-aaaaa/app 50.04..60 exited" in found
    assert not [f for f in found if f.startswith("adoption")]  # it met no running container
    assert "undershoot-window ReplicationController/web 60..82 crash" in found


def test_force_deleted_pod_is_removed_without_any_mark(two: Incident, tmp_path: Path) -> None:
    """1.20: the API object is gone; the kubelet kills the cgroup, docker sees no kill."""
    two.alive(A, 2, 50)
    two.stop(A, 50)
    two.made(60, "ReplicationController/web", "web-ccccc", B)
    two.runs(B, 62, "web-ccccc")
    two.not_ready(66, A)
    two.start(A, 100)
    two.kubelet(A, 101, 'SyncLoop (ADD, "api"): ""')
    two.kubelet(A, 102.5, 'Killing unwanted pod "web-aaaaa"', "kubelet_pods.go:1253")
    two.container(A, 102.6, "die", "web-aaaaa", "app", "exitCode=137, ")
    two.alive(A, 105, 160)
    two.alive(B, 2, 160)
    two.replicas("ReplicationController", "web", 2)
    found = short(two.analyze(tmp_path), *MAIN)
    assert "orphaned-container web-aaaaa/app 50.04..102.6 removed" in found
    assert "overshoot-window ReplicationController/web 62..102.6 orphan" in found
    assert "adoption node-a 100..100.7 removed:1" in found


def test_partition_orphans_begin_with_the_deletion(two: Incident, tmp_path: Path) -> None:
    """The kubelet lives all along, but hears of the deletion late."""
    two.alive(A, 2, 200, every=4)
    two.alive(B, 2, 200)
    replaced(two, 90)
    two.kubelet(A, 140, f'SyncLoop (DELETE, "api"): "web-aaaaa_default({uid("web-aaaaa")})"')
    two.container(A, 140.5, "kill", "web-aaaaa", "app", "signal=15, ")
    two.container(A, 141.5, "die", "web-aaaaa", "app", "exitCode=0, ")
    two.ready(110, A)
    found = short(two.analyze(tmp_path))
    assert "orphaned-container web-aaaaa/app 90..141.5 removed" in found
    assert "overshoot-window ReplicationController/web 92..141.5 orphan" in found
    assert "node-unreachable node-a 70..110 partition" in found
    assert not [f for f in found if f.startswith(("kubelet-outage", "adoption"))]


def test_power_loss_orphans_nothing(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50, every=4)
    replaced(two, 90)
    two.start(A, 120, pid=180)
    two.event(121, "Node", A, "Rebooted", f"Node {A} has been rebooted, boot id: 1", component="kubelet", host=A, uid=A)
    two.container(A, 121.5, "destroy", "web-aaaaa", "app")
    two.ready(122, A)
    two.alive(A, 125, 200)
    two.alive(B, 2, 200)
    found = short(two.analyze(tmp_path))
    assert "kubelet-outage node-a 52..120 rebooted" in found
    assert "undershoot-window ReplicationController/web 52..92 node-loss" in found
    assert "node-unreachable node-a 70..122 node-loss" in found
    assert not [f for f in found if f.startswith(("orphaned", "adoption", "overshoot"))]


def test_node_that_never_returns_is_not_said_to_run_on(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50, every=4)
    replaced(two, 90)
    two.alive(B, 2, 300)
    found = short(two.analyze(tmp_path))
    assert not [f for f in found if f.startswith(("orphaned", "overshoot"))]
    assert [f for f in found if f.startswith("kubelet-outage node-a")]


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


def test_deleted_by_hand_soon_after_the_return_was_adopted(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50)
    two.alive(B, 2, 200)
    two.stop(A, 50)
    two.start(A, 57)
    two.kubelet(A, 58, f'SyncLoop (ADD, "api"): "web-aaaaa_default({uid("web-aaaaa")})"')
    two.kubelet(A, 70, f'SyncLoop (DELETE, "api"): "web-aaaaa_default({uid("web-aaaaa")})"')
    two.container(A, 70.2, "kill", "web-aaaaa", "app", "signal=15, ")
    two.container(A, 71, "die", "web-aaaaa", "app", "exitCode=0, ")
    two.made(70.1, "ReplicationController/web", "web-ccccc", A)
    two.runs(A, 72, "web-ccccc")
    two.alive(A, 75, 200)
    found = short(two.analyze(tmp_path), "orphaned-container", "adoption")
    assert found == ["adoption node-a 57..57.7 adopted:1", "orphaned-container web-aaaaa/app 50.04..57 adopted"]


def test_both_nodes_in_turn(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50)
    two.stop(A, 50)
    two.start(A, 60)
    two.alive(A, 62, 200)
    two.alive(B, 2, 100)
    two.stop(B, 100)
    two.start(B, 110)
    two.alive(B, 112, 200)
    assert short(two.analyze(tmp_path), "kubelet-outage", "adoption") == [
        "adoption node-a 60..60.7 adopted:1",
        "adoption node-b 110..110.7 adopted:1",
        "kubelet-outage node-a 50.04..60 stopped",
        "kubelet-outage node-b 100.04..110 stopped",
    ]


def test_unit_of_type_notify_is_no_second_outage(two: Incident, tmp_path: Path) -> None:
    """OpenShift: 'Started' comes when the kubelet is ready, seconds after its first line."""
    two.alive(A, 2, 50)
    two.stop(A, 50)
    two.systemd(A, 55, "Starting Kubernetes Kubelet...")
    two.pids[A] = 2000
    two.kubelet(A, 55.2, "Flag --x has been deprecated")
    two.kubelet(A, 57, "Started kubelet", "server.go:1176")
    two.systemd(A, 60, "Started Kubernetes Kubelet.")
    two.alive(A, 62, 120)
    assert short(two.analyze(tmp_path), "kubelet-outage") == ["kubelet-outage node-a 50.04..55.2 stopped"]


def test_restart_without_a_word_of_systemd(two: Incident, tmp_path: Path) -> None:
    """journalctl _SYSTEMD_UNIT=kubelet.service leaves PID 1's lines out: the PID tells."""
    two.alive(A, 2, 50, every=4)
    two.pids[A] = 2000
    two.kubelet(A, 60, "Started kubelet", "server.go:1176")
    two.kubelet(A, 60.2, "Recovery completed", "manager.go:306")
    two.alive(A, 62, 120, every=4)
    two.alive(B, 2, 120)
    found = two.analyze(tmp_path)
    [outage] = [f for f in found.findings if f.kind == "kubelet-outage"]
    assert outage.confidence == "likely"
    assert outage.details["cause"] == "unknown"
    assert short(found, "orphaned-container") == ["orphaned-container web-aaaaa/app 52..60 adopted"]


def test_orderly_reboot_ends_containers_when_docker_says(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50)
    two.stop(A, 50)
    two.container(A, 52, "kill", "web-aaaaa", "app", "signal=15, ")
    two.container(A, 53, "die", "web-aaaaa", "app", "exitCode=0, ")
    two.start(A, 90, pid=200)
    two.event(91, "Node", A, "Rebooted", f"Node {A} has been rebooted, boot id: 1", component="kubelet", host=A, uid=A)
    two.runs(A, 93, "web-aaaaa", "app#2")
    two.alive(A, 95, 150)
    two.alive(B, 2, 150)
    found = short(two.analyze(tmp_path))
    assert "kubelet-outage node-a 50.04..90 rebooted" in found
    assert "undershoot-window ReplicationController/web 53..93 node-loss" in found
    assert not [f for f in found if f.startswith("adoption")]


def test_evidence_that_begins_in_the_outage(tmp_path: Path) -> None:
    """Only the return is in the journal: nothing says since when the kubelet was away, and nothing is claimed."""
    incident = Incident()
    incident.runs(A, 1, "web-aaaaa")
    incident.start(A, 60)
    incident.alive(A, 62, 120)
    found = incident.analyze(tmp_path)
    assert short(found, "kubelet-outage", "orphaned-container", "adoption") == []


def test_sandbox_lost_with_docker_is_restarted_not_adopted(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 50)
    two.alive(B, 2, 150)
    two.stop(A, 50)
    two.start(A, 60)
    two.kubelet(
        A,
        61,
        f'No sandbox for pod "web-aaaaa_default({uid("web-aaaaa")})" can be found. Need to start a new one',
        "kuberuntime_manager.go:439",
    )
    two.container(A, 61.2, "kill", "web-aaaaa", "app", "signal=15, ")
    two.container(A, 62, "die", "web-aaaaa", "app", "exitCode=0, ")
    two.runs(A, 64, "web-aaaaa", "app#2")
    two.alive(A, 66, 150)
    assert "adoption node-a 60..60.7 restarted:1" in short(two.analyze(tmp_path))


def test_a_container_whose_start_fails_never_ran(two: Incident, tmp_path: Path) -> None:
    """docker: create, then die without start."""
    two.alive(A, 2, 50)
    two.alive(B, 2, 150)
    two.made(10, "ReplicationController/bad", "bad-aaaaa", A)
    two.container(A, 11, "create", "bad-aaaaa", "app")
    two.container(A, 12, "die", "bad-aaaaa", "app", "exitCode=128, ")
    two.stop(A, 50)
    two.start(A, 57)
    two.alive(A, 60, 150)
    assert short(two.analyze(tmp_path), "orphaned-container", "adoption") == [
        "adoption node-a 57..57.7 adopted:1",
        "orphaned-container web-aaaaa/app 50.04..57 adopted",
    ]


def test_a_container_that_was_there_before_the_evidence(tmp_path: Path) -> None:
    """docker's events begin in the middle: only its death tells of it, and it had run until then."""
    incident = Incident()
    incident.alive(A, 2, 50)
    incident.stop(A, 50)
    incident.start(A, 57)
    incident.alive(A, 60, 150)
    incident.container(A, 100, "kill", "web-aaaaa", "app", "signal=15, ")
    incident.container(A, 101, "die", "web-aaaaa", "app", "exitCode=0, ")
    assert "orphaned-container web-aaaaa/app 50.04..57 adopted" in short(incident.analyze(tmp_path))


def test_a_crash_loop_of_the_kubelet(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 49)
    two.alive(B, 2, 150)
    for second in (50, 60, 70):
        two.systemd(A, second, "kubelet.service: Main process exited, code=exited, status=255/EXCEPTION")
        two.systemd(A, second + 0.01, "kubelet.service: Failed with result 'exit-code'.")
        two.systemd(A, second + 9, "kubelet.service: Scheduled restart job, restart counter is at 1.")
        two.systemd(A, second + 9.01, "Stopped kubelet.service - kubelet: The Kubernetes Node Agent.")
        two.start(A, second + 9.02)
    two.alive(A, 80, 150)
    assert short(two.analyze(tmp_path), "kubelet-outage") == [
        "kubelet-outage node-a 50..59.02 crashed",
        "kubelet-outage node-a 60..69.02 crashed",
        "kubelet-outage node-a 70..79.02 crashed",
    ]


def test_docker_restart_under_a_live_kubelet_orphans_nothing(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 150)
    two.alive(B, 2, 150)
    two.systemd(A, 50, "Stopping docker.service - Docker Application Container Engine...")
    two.container(A, 50.1, "kill", "web-aaaaa", "app", "signal=15, ")
    two.container(A, 51, "die", "web-aaaaa", "app", "exitCode=0, ")
    two.systemd(A, 51.5, "Stopped docker.service - Docker Application Container Engine.")
    two.systemd(A, 52, "Started docker.service - Docker Application Container Engine.")
    two.runs(A, 54, "web-aaaaa", "app#2")
    found = two.analyze(tmp_path)
    assert short(found, *MAIN) == []
    [window] = [f for f in found.findings if f.kind == "undershoot-window" and f.start.time and f.start.time >= at(50)]
    assert (window.details["cause"], window.expected) == ("unknown", True)
    assert "the container runtime was restarted" in window.summary


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


def test_a_host_becomes_the_node_that_it_registered_as(tmp_path: Path) -> None:
    """Cloud hosts call themselves by the first part of the name that the API knows them by."""
    incident = Incident()
    full = f"{A}.example.internal"
    incident.made(0, "ReplicationController/web", "web-aaaaa", full)
    incident.made(0, "ReplicationController/web", "web-bbbbb", B)
    incident.runs(A, 1, "web-aaaaa")
    incident.runs(B, 1, "web-bbbbb")
    incident.kubelet(A, 1.2, f"Recording NodeReady event message for node {full}", "kubelet_node_status.go:531")
    incident.alive(A, 2, 50)
    incident.alive(B, 2, 200)
    incident.stop(A, 50)
    incident.not_ready(66, full)
    incident.start(A, 80)
    incident.ready(81, full)
    incident.alive(A, 82, 200)
    found = incident.analyze(tmp_path)
    assert set(found.life.nodes) == {full, B}
    assert f"node-unreachable {full} 66..81 kubelet-outage" in short(found)
    assert f"adoption {full} 80..80.7 adopted:1" in short(found)
