"""What becomes of containers and pods on the way, written as their logs would be."""

from pathlib import Path

from tests.lifecycle.incident import MAIN, A, B, Incident, at, replaced, short, uid


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
