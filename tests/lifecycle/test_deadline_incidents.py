"""How close an outage came: deadlines and margins by the cluster's own settings, and where nothing tells them."""

from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from tests.lifecycle.incident import A, B, Incident, at, replaced, uid


def base(*outages: tuple[float, float]) -> Incident:
    """A kubelet with one container, away for these spells."""
    incident = Incident()
    second = 0.0
    incident.start(A, second)
    incident.runs(A, 5, "web-aaaaa")
    for begin, end in outages:
        incident.alive(A, second + 1, begin - 0.5, 5)
        incident.stop(A, begin)
        incident.start(A, end)
        second = end
    incident.alive(A, second + 1, second + 60, 5)
    incident.alive(B, 0, second + 60, 5)
    return incident


def outage(analysis: Analysis, number: int = 0) -> Finding:
    found = sorted((f for f in analysis.findings if f.kind == "kubelet-outage"), key=lambda f: f.start.time or at(0))
    return found[number]


def margins(finding: Finding) -> dict[str, Any]:
    deadlines: dict[str, Any] = finding.details["deadlines"]
    return deadlines


def silent(incident: Incident, second: float, seconds: float, status: str = "True") -> None:
    incident.manager(
        second,
        f"node {A} hasn't been updated for {seconds}s. Last Ready is: &NodeCondition{{Type:Ready,Status:{status},"
        f"LastHeartbeatTime:2026-03-01 10:00:00 +0000 UTC,}}",
        "node_lifecycle_controller.go:1123",
    )


def flag(incident: Incident, name: str, value: str) -> None:
    incident.manager(0.1, f'FLAG: --{name}="{value}"', "flags.go:33")


def tolerating(incident: Incident, pod: str, seconds: int | None) -> None:
    """The pod's object, as `kubectl get pod -o json` prints it."""
    entry = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}
    incident.objects.append(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": pod, "namespace": "default", "uid": uid(pod), "resourceVersion": "900"},
            "spec": {"nodeName": A, "tolerations": [entry | ({"tolerationSeconds": seconds} if seconds is not None else {})]},
        }
    )


def test_back_before_not_ready_by_the_flags(tmp_path: Path) -> None:
    incident = base((100, 112))
    for name, value in (("node-monitor-grace-period", "40s"), ("node-monitor-period", "5s"), ("pod-eviction-timeout", "5m0s")):
        flag(incident, name, value)
    found = outage(incident.analyze(tmp_path))
    told = margins(found)
    low, high = told["not_ready_due_bounds_s"]
    assert low < told["not_ready_due_s"] < high
    assert low <= 40 - 10, "the last heartbeat may be an interval before the stop"
    assert high >= 40 + 5, "and the node controller acts at its looks"
    assert told["not_ready_margin_s"] == pytest.approx(told["not_ready_due_s"] - found.details["duration_s"], abs=0.01)
    assert told["settings"]["node-monitor-grace-period"] == {"value_s": 40.0, "from": "flag", "assumed": False}
    assert told["settings"]["node-status-update-frequency"]["assumed"]
    assert "before NotReady" in found.summary


def test_nothing_tells_the_settings(tmp_path: Path) -> None:
    told = margins(outage(base((100, 112)).analyze(tmp_path)))
    assert told["not_ready_due_s"] is None
    assert told["eviction_due_s"] is None
    assert told["not_ready_margin_s"] is None
    assert all(s["assumed"] for s in told["settings"].values()), "a default is never this cluster's own"
    assert "node-monitor-grace-period" in told["by_default"]["assumed"]


def test_defaults_are_not_assumed_of_a_cluster_that_has_changed_one(tmp_path: Path) -> None:
    incident = base((100, 112))
    tolerating(incident, "web-aaaaa", 20)
    assert "by_default" not in margins(outage(incident.analyze(tmp_path)))


def test_a_printed_default_of_a_kubelet_says_nothing(tmp_path: Path) -> None:
    """It prints its flags before it reads its configuration file."""
    incident = base((100, 112))
    flag(incident, "node-monitor-grace-period", "40s")
    incident.kubelet(A, 113, 'FLAG: --node-status-update-frequency="10s"', "flags.go:59")
    assert margins(outage(incident.analyze(tmp_path)))["settings"]["node-status-update-frequency"]["assumed"]
    incident.kubelet(A, 113, 'FLAG: --node-status-update-frequency="4s"', "flags.go:59")
    frequency = margins(outage(incident.analyze(tmp_path)))["settings"]["node-status-update-frequency"]
    assert frequency == {"value_s": 4.0, "from": "flag", "assumed": False}


def test_messages_tell_grace_period_and_pace(tmp_path: Path) -> None:
    """The first message of a silence comes at the first look after the grace period; what one outage told holds for the other."""
    incident = base((100, 124), (200, 204))
    for look in range(4):
        silent(incident, 117.5 + 2 * look, 16.01 + 2 * look, "True" if look == 0 else "Unknown")
    incident.not_ready(117.6, A)
    incident.ready(125, A)
    analysis = incident.analyze(tmp_path)
    first, second = margins(outage(analysis)), margins(outage(analysis, 1))
    grace = first["settings"]["node-monitor-grace-period"]
    assert grace["value_s"] == 16.0
    assert grace["from"] == "message"
    assert first["settings"]["node-monitor-period"]["value_s"] == pytest.approx(2.0)
    assert first["not_ready_margin_s"] < 0 < second["not_ready_margin_s"]
    low, high = second["not_ready_due_bounds_s"]
    assert low <= 17.6 <= high


def test_messages_from_the_middle_of_a_silence_tell_no_grace_period(tmp_path: Path) -> None:
    incident = base((100, 190))
    for look in range(4):
        silent(incident, 160 + 5 * look, 61.0 + 5 * look, "Unknown")
    told = margins(outage(incident.analyze(tmp_path)))
    assert "node-monitor-grace-period" not in told["settings"]
    assert told["not_ready_due_s"] is None


def test_seen_elsewhere(tmp_path: Path) -> None:
    """No word of the settings: but another outage was given up after so long."""
    incident = base((100, 130), (300, 308))
    incident.not_ready(118, A)
    incident.ready(131, A)
    told = margins(outage(incident.analyze(tmp_path), 1))
    assert told["settings"]["node-monitor-grace-period"]["from"] == "observed"
    low, high = told["not_ready_due_bounds_s"]
    assert low <= 18 <= high


def test_not_ready_but_back_before_the_eviction(tmp_path: Path) -> None:
    incident = base((100, 124))
    tolerating(incident, "web-aaaaa", 20)
    incident.not_ready(117, A)
    incident.manager(
        119,
        f"Node {A} is unresponsive as of 2026-03-01 10:01:59 +0000 UTC m=+1478.76. Adding it to the Taint queue.",
        "node_lifecycle_controller.go:885",
    )
    incident.ready(125, A)
    found = outage(incident.analyze(tmp_path))
    told = margins(found)
    assert told["eviction_due_s"] == pytest.approx(39, abs=0.1)
    assert told["eviction_margin_s"] == pytest.approx(15, abs=0.1)
    assert told["settings"]["default-unreachable-toleration-seconds"]["from"] == "object"
    assert "the kubelet was back 15 s before eviction" in found.summary
    assert found.details["effect"] == "not-ready"


def test_pods_that_stay_for_ever_are_not_due(tmp_path: Path) -> None:
    incident = base((100, 124))
    tolerating(incident, "web-aaaaa", None)
    incident.not_ready(117, A)
    told = margins(outage(incident.analyze(tmp_path)))
    assert told["eviction_due_s"] is None
    assert any("for ever" in n for n in told["notes"])


def test_evictions_rest_while_all_nodes_are_lost(tmp_path: Path) -> None:
    incident = base((100, 160))
    tolerating(incident, "web-aaaaa", 20)
    incident.not_ready(117, A)
    incident.manager(
        118, "Controller detected that all Nodes are not-Ready. Entering master disruption mode.", "node_lifecycle_controller.go:1"
    )
    told = margins(outage(incident.analyze(tmp_path)))
    assert told["eviction_due_s"] is None
    assert any("rested" in n for n in told["notes"])
    incident.manager(
        150, "Controller detected that some Nodes are Ready. Exiting master disruption mode.", "node_lifecycle_controller.go:1"
    )
    told = margins(outage(incident.analyze(tmp_path)))
    assert told["eviction_due_s"] >= 50 + 20
    assert told["eviction_margin_s"] > 0


def test_evicted_before_it_came_back(tmp_path: Path) -> None:
    incident = base((100, 180))
    replaced(incident, 140)
    found = outage(incident.analyze(tmp_path))
    told = margins(found)
    assert told["evicted_after_s"] == pytest.approx(40, abs=0.1) == told["eviction_due_s"]
    assert told["eviction_margin_s"] == pytest.approx(-40, abs=0.1)
    assert found.details["by_design"]
    assert any("no kubelet" in n for n in found.details["not_by_design"])


def test_evicted_just_after_it_came_back(tmp_path: Path) -> None:
    """The process runs again, but the API has not heard of it yet."""
    incident = base((100, 138))
    replaced(incident, 140)
    incident.ready(143, A)
    assert outage(incident.analyze(tmp_path)).details["effect"] == "evicted"


def test_the_old_controller_counts_from_the_heartbeat(tmp_path: Path) -> None:
    """Kubernetes 1.0: 'later than ... + 14s' is the timeout less the grace period."""
    incident = base((100, 130), (300, 306))
    silent(incident, 116, 16.02)
    silent(incident, 118, 18.02, "Unknown")
    incident.not_ready(116.1, A)
    incident.ready(131, A)
    incident.manager(
        118.1,
        "Adding pods to evict2: 2026-03-01 10:01:58 +0000 UTC is later than 2026-03-01 10:01:56 +0000 UTC + 14s",
        "nodecontroller.go:388",
    )
    told = margins(outage(incident.analyze(tmp_path), 1))
    assert told["settings"]["pod-eviction-timeout"]["value_s"] == pytest.approx(30, abs=0.1)
    low, high = told["eviction_due_bounds_s"]
    assert low <= 18 <= high
    assert told["eviction_margin_s"] > 0


def test_the_command_line_of_a_pod_of_the_control_plane(tmp_path: Path) -> None:
    incident = base((100, 112))
    incident.objects.append(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "kube-controller-manager-m", "namespace": "kube-system", "uid": "u", "resourceVersion": "5"},
            "spec": {"nodeName": "m", "containers": [{"command": ["kube-controller-manager", "--node-monitor-grace-period=20s"]}]},
        }
    )
    told = margins(outage(incident.analyze(tmp_path)))
    assert told["settings"]["node-monitor-grace-period"] == {"value_s": 20.0, "from": "flag", "assumed": False}


def test_a_partition_that_healed_in_time(tmp_path: Path) -> None:
    """No outage of the kubelet: the node was cut off, and back before its pods were due."""
    incident = Incident()
    incident.start(A, 0)
    incident.runs(A, 5, "web-aaaaa")
    incident.alive(A, 1, 200)
    tolerating(incident, "web-aaaaa", 60)
    incident.not_ready(100, A)
    incident.ready(130, A)
    (spell,) = [f for f in incident.analyze(tmp_path).findings if f.kind == "node-unreachable"]
    told = spell.details["deadlines"]
    low, high = told["eviction_due_bounds_s"]
    assert low == 60
    assert low < told["eviction_due_s"] < high
    assert told["eviction_margin_s"] == pytest.approx(told["eviction_due_s"] - 30)
    assert "before its pods were due for eviction" in spell.summary


def test_a_spell_of_which_nothing_tells_the_timeout(tmp_path: Path) -> None:
    incident = Incident()
    incident.start(A, 0)
    incident.alive(A, 1, 200)
    incident.not_ready(100, A)
    incident.ready(130, A)
    (spell,) = [f for f in incident.analyze(tmp_path).findings if f.kind == "node-unreachable"]
    assert "deadlines" not in spell.details
