"""How kubelets end and return, and nodes with them, written as their logs would be."""

from pathlib import Path

from tests.lifecycle.incident import MAIN, A, B, Incident, replaced, short


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
