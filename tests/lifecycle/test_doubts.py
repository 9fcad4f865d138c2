"""What rests on silence is not certain, and says what would settle it."""

from pathlib import Path

from analyzer.findings import Finding
from tests.lifecycle.incident import A, B, Incident, at


def _one(incident: Incident, folder: Path, kind: str) -> Finding:
    return next(f for f in incident.analyze(folder).findings if f.kind == kind)


def _long_outage(two: Incident) -> None:
    two.alive(A, 2, 40, 5)
    two.alive(B, 2, 300, 5)
    two.stop(A, 40)
    two.not_ready(60, A)
    two.evicted(80, "web-aaaaa")
    two.made(80, "ReplicationController/web", "web-ccccc", B)
    two.replicas("ReplicationController", "web", 2)
    two.runs(B, 81, "web-ccccc")


def test_an_outage_without_end_is_certain_if_the_api_never_saw_the_node_again(two: Incident, tmp_path: Path) -> None:
    _long_outage(two)
    assert _one(two, tmp_path / "short", "kubelet-outage").confidence == "likely"  # it was lost then; what came later nobody tells
    two.manager(290, f"node {A} hasn't been updated for 254.0s. Last Ready is: ...", "node_lifecycle_controller.go:1046")
    assert _one(two, tmp_path / "long", "kubelet-outage").confidence == "certain"


def test_an_outage_that_only_the_end_of_the_journal_tells_is_likely(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 40, 5)
    two.stop(A, 40)
    two.alive(B, 2, 300, 5)
    outage = _one(two, tmp_path, "kubelet-outage")
    assert outage.confidence == "likely"
    assert "silence alone" in outage.details["depends_on"][0]
    assert A in outage.details["settled_by"][0]


def test_a_kubelet_that_the_api_heard_of_meanwhile_makes_the_outage_doubtful(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 40, 5)
    two.stop(A, 40)
    two.event(70, "Pod", "web-aaaaa", "Unhealthy", "Liveness probe failed", component="kubelet", host=A, uid="x")
    two.start(A, 100)
    two.alive(A, 102, 200, 5)
    outage = _one(two, tmp_path, "kubelet-outage")
    assert outage.confidence == "possible"
    assert "the API heard of the kubelet" in outage.details["depends_on"][0]


def test_a_start_that_only_the_api_heard_of_parts_two_outages(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 40, 5)
    two.stop(A, 40)
    two.event(70, "Node", A, "Starting", "Starting kubelet.", component="kubelet", host=A, uid=A)
    two.start(A, 200)
    two.alive(A, 202, 300, 5)
    found = [f for f in two.analyze(tmp_path).findings if f.kind == "kubelet-outage"]
    first, second = sorted(found, key=lambda f: f.start.time or at(0))
    assert [first.confidence, second.confidence] == ["likely", "possible"]
    assert first.end.time == second.start.earliest == at(70)


def test_a_process_whose_first_lines_are_lost_ends_the_outage_within_bounds(two: Incident, tmp_path: Path) -> None:
    two.alive(A, 2, 40, 5)
    two.stop(A, 40)
    two.pids[A] = 5000
    two.alive(A, 100, 300, 5)
    outage = _one(two, tmp_path, "kubelet-outage")
    assert outage.end.time
    assert outage.end.earliest == outage.start.time
    assert outage.confidence == "likely"


def test_an_orphan_that_nobody_saw_end_is_likely(two: Incident, tmp_path: Path) -> None:
    _long_outage(two)
    found = two.analyze(tmp_path).findings
    assert {f.confidence for f in found if f.kind in ("orphaned-container", "overshoot-window")} == {"likely"}


def test_an_orphan_that_was_seen_to_end_is_certain(two: Incident, tmp_path: Path) -> None:
    _long_outage(two)
    two.start(A, 200)
    two.container(A, 203, "kill", "web-aaaaa", "app", "signal=15, ")
    two.container(A, 204, "die", "web-aaaaa", "app", "exitCode=0, ")
    two.alive(A, 205, 300, 5)
    found = two.analyze(tmp_path).findings
    assert {f.confidence for f in found if f.kind in ("orphaned-container", "overshoot-window", "kubelet-outage")} == {"certain"}


def test_a_death_long_after_the_making_proves_a_run(two: Incident, tmp_path: Path) -> None:
    """The line of its start is lost."""
    two.container(A, 5, "create", "web-aaaaa", "side")
    two.container(A, 50, "die", "web-aaaaa", "side", "exitCode=0, ")
    two.container(A, 6, "create", "web-aaaaa", "broken")
    two.container(A, 6.5, "die", "web-aaaaa", "broken", "exitCode=127, ")
    ran = {r.container: r.start.time for r in two.analyze(tmp_path).life.runs if r.container in ("side", "broken")}
    assert set(ran) == {"side"}
