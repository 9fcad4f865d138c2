"""Duplicate containers, phantom pods, ignored stop signals; each with a twin in which all was as it should be."""

import json
from pathlib import Path
from typing import Any

import pytest

from analyzer.findings import Finding
from tests.lifecycle.incident import A, B, Incident, at, cid, replaced, uid

KINDS = ("duplicate-container", "phantom-pod", "ignored-sigterm")


def found(incident: Incident, folder: Path, *kinds: str) -> list[Finding]:
    return [f for f in incident.analyze(folder).findings if f.kind in (kinds or KINDS)]


# --- duplicate-container


def restarted(overlap: float, second_attempt: str = "app#1") -> Incident:
    """A kubelet that comes back and starts a container anew; the old attempt ends ``overlap`` seconds later (negative: before)."""
    incident = Incident()
    incident.start(A, 0)
    incident.alive(A, 1, 49)
    incident.stop(A, 50)
    incident.start(A, 60)
    incident.runs(A, 5, "web-aaaaa", "app", end=65 + overlap, code=143)
    incident.runs(A, 65, "web-aaaaa", second_attempt)
    incident.alive(A, 62, 120)
    return incident


def test_two_attempts_at_once(tmp_path: Path) -> None:
    (finding,) = found(restarted(20), tmp_path)
    assert (finding.kind, finding.container, str(finding.confidence)) == ("duplicate-container", "app", "certain")
    assert (finding.start.time, finding.end.time) == (at(65), at(85))
    assert finding.start.rule
    assert not finding.expected
    assert finding.details["cause"] == "kubelet-restart"
    assert {a["container_id"] for a in finding.details["attempts"]} == {cid("app@web-aaaaa"), cid("app#1@web-aaaaa")}


def test_one_attempt_after_the_other(tmp_path: Path) -> None:
    assert found(restarted(-1), tmp_path) == []


def test_records_of_one_moment_in_another_order(tmp_path: Path) -> None:
    assert found(restarted(0.4), tmp_path) == []


def test_an_end_that_nobody_recorded_is_no_overlap(tmp_path: Path) -> None:
    """The runtime's events have a hole: the old attempt may have ended in it."""
    incident = restarted(20)
    incident.docker[A] = [line for line in incident.docker[A] if " die " not in line[1]]
    assert found(incident, tmp_path) == []
    incident.container(A, 80, "kill", "web-aaaaa", "app", "signal=15, ")
    (finding,) = found(incident, tmp_path)
    assert finding.kind == "duplicate-container"
    assert finding.end.time is None


def test_two_sandboxes_at_once(tmp_path: Path) -> None:
    incident = Incident()
    incident.start(A, 0)
    incident.runs(A, 4, "web-aaaaa", "POD", end=60)
    incident.runs(A, 30, "web-aaaaa", "POD#1")
    incident.runs(A, 31, "web-aaaaa", "app")
    incident.alive(A, 1, 100)
    (finding,) = found(incident, tmp_path)
    assert finding.kind == "duplicate-container"
    assert "Two sandboxes" in finding.summary


def test_two_pods_of_one_name_are_no_duplicate(tmp_path: Path) -> None:
    """A StatefulSet's pod made anew elsewhere while the old one runs: another pod, told as a phantom."""
    incident = ordinals()
    assert [f.kind for f in found(incident, tmp_path, *KINDS)] == ["phantom-pod"]


def ordinals(old_ends: float | None = 300) -> Incident:
    """db-0 on node A; its kubelet goes away; db-0 is made again on node B."""
    incident = Incident()
    incident.start(A, 0)
    incident.alive(A, 1, 99, 5)
    incident.stop(A, 100)
    incident.alive(B, 0, 400)
    for node, start, end, identity in ((A, 5, old_ends, "db-0"), (B, 200, None, "again")):
        for second, action in ((start, "start"), (end, "die")):
            if second is not None:
                stamp = at(second).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
                name = f"k8s_db_db-0_default_{uid(identity)}_0"
                text = f"{stamp} container {action} {cid('db@' + identity)} (image=example:1, name={name})"
                incident.docker.setdefault(node, []).append((second, text))
    return incident


# --- phantom-pod


def test_a_name_given_again_while_its_first_pod_runs(tmp_path: Path) -> None:
    (finding,) = found(ordinals(), tmp_path)
    assert (finding.kind, str(finding.severity), finding.node) == ("phantom-pod", "critical", A)
    assert (finding.start.time, finding.end.time) == (at(200), at(300))
    assert finding.details["gone_by"] == "name"
    assert finding.details["cause"] == "kubelet-down"
    assert finding.start.earliest is None or finding.start.earliest < at(200), "it was gone by then, since when is not told"


def test_a_name_given_again_when_its_first_pod_has_ended(tmp_path: Path) -> None:
    assert found(ordinals(old_ends=190), tmp_path) == []


def away(incident: Incident | None = None) -> Incident:
    """web-aaaaa on a node whose kubelet is away from second 100 to 200, and ends it then."""
    incident = incident or Incident()
    incident.start(A, 0)
    incident.made(1, "ReplicationController/web", "web-aaaaa", A)
    incident.kubelet(A, 2, f'SyncLoop (ADD, "api"): "web-aaaaa_default({uid("web-aaaaa")})"', "kubelet.go:1888")
    incident.sees(A, 3.5, "web-aaaaa", "app")
    incident.alive(A, 4, 99, 5)
    incident.stop(A, 100)
    incident.start(A, 200)
    incident.runs(A, 3, "web-aaaaa", end=203, kill=202)
    incident.alive(A, 205, 260)
    return incident


def asked(incident: Incident, folder: Path, second: float, grace: int) -> list[Finding]:
    """What is found with the audit log of `kubectl delete pod --grace-period=N`."""
    event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request",
        "auditID": "7c5b9d7e-0000-4000-8000-000000000001",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/default/pods/web-aaaaa",
        "verb": "delete",
        "user": {"username": "admin"},
        "objectRef": {"resource": "pods", "namespace": "default", "name": "web-aaaaa", "apiVersion": "v1"},
        "responseStatus": {"code": 200},
        "requestObject": {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": grace},
        "requestReceivedTimestamp": at(second).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "stageTimestamp": at(second).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    (folder / "cluster").mkdir(exist_ok=True)
    (folder / "cluster" / "audit.log").write_text(json.dumps(event) + "\n")
    return found(incident, folder)


def test_deleted_by_force_while_the_kubelet_is_away(tmp_path: Path) -> None:
    incident = away()
    (finding,) = asked(incident, tmp_path, 150, 0)
    assert (finding.kind, finding.pod, finding.details["gone_by"]) == ("phantom-pod", "web-aaaaa", "force")
    assert (finding.start.time, finding.start.earliest, finding.end.time) == (at(150), at(150), at(203))
    assert finding.details["outcome"] == "removed"
    assert str(finding.confidence) == "certain"


def test_marked_for_deletion_while_the_kubelet_is_away(tmp_path: Path) -> None:
    """Its object stays until the kubelet is back: it is an orphan, but the API knows it."""
    incident = away()
    incident.kubelet(A, 201, f'SyncLoop (ADD, "api"): "web-aaaaa_default({uid("web-aaaaa")})"', "kubelet.go:1888")
    assert asked(incident, tmp_path, 150, 30) == []


def test_deleted_by_force_under_a_living_kubelet(tmp_path: Path) -> None:
    incident = away()
    incident.docker.clear()
    incident.runs(A, 3, "web-aaaaa", end=53, kill=51)
    assert asked(incident, tmp_path, 50, 0) == []


def test_a_returned_kubelet_is_not_told_of_a_pod_that_runs(tmp_path: Path) -> None:
    """No word of the API: but the kubelet names the pods that it is told of, and kills this one unasked."""
    incident = away()
    incident.kubelet(A, 201, 'SyncLoop (ADD, "api"): ""', "kubelet.go:1888")
    incident.kubelet(A, 202, 'Killing unwanted pod "web-aaaaa"', "kubelet_pods.go:1253")
    (finding,) = found(incident, tmp_path)
    assert (finding.kind, finding.details["gone_by"]) == ("phantom-pod", "kubelet")
    assert finding.start.time == at(200)
    assert finding.start.latest == at(202)
    assert "at the latest" in finding.summary


def test_a_returned_kubelet_ends_a_pod_that_it_was_told_of(tmp_path: Path) -> None:
    incident = away()
    incident.kubelet(A, 201, f'SyncLoop (ADD, "api"): "web-aaaaa_default({uid("web-aaaaa")})"', "kubelet.go:1888")
    incident.kubelet(
        A, 202, f'Killing container "docker://{cid("app@web-aaaaa")}" with a 30 second grace period', "kuberuntime_container.go:655"
    )
    assert found(incident, tmp_path) == []


def pods(names: list[str], written: float, folder: Path, file: str) -> None:
    """A dump of pods, the last of which was written then."""
    items: list[dict[str, Any]] = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": "default",
                "uid": uid(name),
                "resourceVersion": str(1000 + int(written) + number),
                "managedFields": [{"time": at(written).strftime("%Y-%m-%dT%H:%M:%SZ")}],
                "ownerReferences": [{"kind": "ReplicationController", "name": "web", "controller": True}],
            },
            "spec": {"nodeName": A if name == "web-aaaaa" else B},
        }
        for number, name in enumerate(names)
    ]
    (folder / "cluster").mkdir(parents=True, exist_ok=True)
    (folder / "cluster" / file).write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1))


def test_a_later_dump_lacks_a_pod_that_runs_on(tmp_path: Path) -> None:
    """Dumps of before and after; the second surely from before the end, for its pods were written anew in a third."""
    incident = away()
    incident.docker.clear()
    incident.runs(A, 3, "web-aaaaa")
    incident.runs(B, 3, "web-bbbbb")
    incident.container(A, 250, "kill", "web-aaaaa", "app", "signal=1, ")  # the runtime's events cover the time after
    pods(["web-aaaaa", "web-bbbbb"], 50, tmp_path, "pods-1.json")
    pods(["web-bbbbb", "web-ccccc"], 150, tmp_path, "pods-2.json")
    (finding,) = found(incident, tmp_path)
    assert (finding.kind, finding.pod, finding.details["gone_by"]) == ("phantom-pod", "web-aaaaa", "dump")
    assert str(finding.confidence) == "possible"
    assert finding.details["outcome"] == "running"


def test_a_dump_of_whenever_proves_nothing_of_a_pod_that_ended(tmp_path: Path) -> None:
    """Nothing was written since, so the dump may be from after the end."""
    incident = away()
    pods(["web-aaaaa", "web-bbbbb"], 50, tmp_path, "pods-1.json")
    pods(["web-bbbbb", "web-ccccc"], 150, tmp_path, "pods-2.json")
    assert found(incident, tmp_path) == []


def test_eviction_in_1_0_leaves_no_object(tmp_path: Path) -> None:
    incident = away()
    incident.manager(140, "Delete pod web-aaaaa", "nodecontroller.go:440")
    (finding,) = found(incident, tmp_path)
    assert (finding.details["gone_by"], finding.start.time, finding.end.time) == ("request", at(140), at(203))


def test_eviction_later_leaves_it_terminating(tmp_path: Path) -> None:
    incident = away()
    replaced(incident, 140)
    incident.kubelet(A, 201, f'SyncLoop (ADD, "api"): "web-aaaaa_default({uid("web-aaaaa")})"', "kubelet.go:1888")
    assert found(incident, tmp_path) == []


# --- ignored-sigterm


def stopped(kill: float | None, end: float, code: int, grace: int | None = 30) -> Incident:
    """Asked to end at second 50; killed at ``kill``; ended at ``end``."""
    incident = Incident()
    incident.start(A, 0)
    incident.alive(A, 1, 120)
    incident.runs(A, 5, "web-aaaaa", end=end, kill=50, code=code)
    if kill is not None:
        incident.container(A, kill, "kill", "web-aaaaa", "app", "signal=9, ")
    if grace is not None:
        text = f'Killing container "docker://{cid("app@web-aaaaa")}" with a {grace} second grace period'
        incident.kubelet(A, 49.9, text, "kuberuntime_container.go:655")
    return incident


def test_killed_at_the_end_of_its_time(tmp_path: Path) -> None:
    (finding,) = found(stopped(80, 80.1, 137), tmp_path)
    assert (finding.kind, finding.container, str(finding.confidence)) == ("ignored-sigterm", "app", "certain")
    assert (finding.start.time, finding.end.time) == (at(50), at(80.1))
    told = finding.details
    assert (told["grace_s"], told["grace_from"], told["exit_code"], told["signal"]) == (30, "kubelet", 137, 15)
    assert told["took_s"] == pytest.approx(30.1)
    assert finding.start.rule
    assert finding.end.rule


def test_without_the_second_signal_the_time_tells(tmp_path: Path) -> None:
    (finding,) = found(stopped(None, 80.1, 137), tmp_path)
    assert (finding.kind, str(finding.confidence)) == ("ignored-sigterm", "likely")


@pytest.mark.parametrize(
    ("kill", "end", "code", "grace"),
    [
        pytest.param(None, 51, 0, 30, id="obeyed"),
        pytest.param(None, 79.9, 143, 30, id="obeyed late"),
        pytest.param(None, 60, 137, 30, id="killed for want of memory while it ended"),
        pytest.param(51, 51.1, 137, 1, id="deleted by force"),
        pytest.param(52, 52.1, 137, 2, id="deleted by force, with the least time that there is"),
        pytest.param(None, 80.1, 137, None, id="nobody says how long it had"),
    ],
)
def test_not_ignored(tmp_path: Path, kill: float | None, end: float, code: int, grace: int | None) -> None:
    assert found(stopped(kill, end, code, grace), tmp_path) == []


def test_killed_unasked(tmp_path: Path) -> None:
    """No SIGTERM: a kill for want of memory, or of the whole cgroup."""
    incident = Incident()
    incident.start(A, 0)
    incident.alive(A, 1, 120)
    incident.runs(A, 5, "web-aaaaa", end=60, code=137)
    incident.container(A, 59.9, "kill", "web-aaaaa", "app", "signal=9, ")
    assert found(incident, tmp_path) == []


def test_the_pod_says_how_long_it_has(tmp_path: Path) -> None:
    incident = stopped(None, 65.2, 137, None)
    incident.objects.append(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "web-aaaaa", "namespace": "default", "uid": uid("web-aaaaa"), "resourceVersion": "900"},
            "spec": {"nodeName": A, "terminationGracePeriodSeconds": 15},
        }
    )
    (finding,) = found(incident, tmp_path)
    assert (finding.details["grace_s"], finding.details["grace_from"]) == (15, "pod")
