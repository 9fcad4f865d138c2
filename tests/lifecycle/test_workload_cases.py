"""What controllers want and do around outages, in the logs of three generations, held against what truly ran."""

from pathlib import Path

import pytest

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.dialects import Containerd, Dockershim
from tests.lifecycle.incident import A, B
from tests.lifecycle.telling import APod
from tests.lifecycle.truth import one, right, unexpected

Web = tuple[APod, APod]
RC = "ReplicationController/web"
OLD, NEW = "web-5d4f8c7b9f", "web-7c9d8b6f5d"


@pytest.fixture(params=(Dockershim, Containerd), ids=lambda d: d.dialect)
def modern(request: pytest.FixtureRequest) -> Cluster:
    """Generations that have Deployments, StatefulSets, DaemonSets."""
    made: Cluster = request.param()
    made.begin(A, B)
    return made


@pytest.fixture
def deployed(modern: Cluster) -> list[APod]:
    """A deployment of two, one pod on each node."""
    modern.workload("Deployment/web", 2)
    modern.workload(f"ReplicaSet/{OLD}", 2, "Deployment/web")
    modern.workload(f"ReplicaSet/{NEW}", 0, "Deployment/web")
    modern.sized(1, OLD, 2)
    return [modern.pod(1, f"ReplicaSet/{OLD}", f"{OLD}-{tail}", node) for tail, node in (("aaaaa", A), ("bbbbb", B))]


def test_rollout_under_living_kubelets(modern: Cluster, deployed: list[APod], api: bool, tmp_path: Path) -> None:
    for number, (second, old) in enumerate(zip((50, 60), deployed, strict=True)):
        modern.sized(second, NEW, number + 1)
        modern.pod(second, f"ReplicaSet/{NEW}", f"{NEW}-{number}{number}{number}{number}{number}", old.node)
        modern.sized(second + 4, OLD, 1 - number, "down")
        modern.delete(second + 4, old, "controller")
    modern.until(140)
    found = right(modern, tmp_path, api)
    assert {f.details["cause"] for f in found.findings if f.kind == "overshoot-window"} == {"rollout"}
    assert not unexpected(found, "overshoot-window", "undershoot-window")


def test_rollout_during_an_outage(modern: Cluster, deployed: list[APod], tmp_path: Path) -> None:
    """The old pod of the node without a kubelet runs on beside all the new ones: no surge, an orphan."""
    modern.stop_kubelet(50, A)
    modern.sized(55, NEW, 1)
    modern.pod(55, f"ReplicaSet/{NEW}", f"{NEW}-ccccc", B)
    modern.sized(58, OLD, 1, "down")
    modern.delete(58, deployed[0], "controller")
    modern.sized(58.1, NEW, 2)
    modern.pod(58.2, f"ReplicaSet/{NEW}", f"{NEW}-ddddd", B)
    modern.sized(61, OLD, 0, "down")
    modern.delete(61, deployed[1], "controller")
    modern.start_kubelet(110, A)
    modern.until(180)
    found = right(modern, tmp_path)
    window = one(found, "overshoot-window")
    assert (window.details["cause"], window.expected) == ("orphan", False)


def test_rollout_that_hangs_on_an_outage(modern: Cluster, deployed: list[APod], tmp_path: Path) -> None:
    """The new pod is placed on the node that has no kubelet, and does not start until it is back."""
    modern.stop_kubelet(50, A)
    modern.sized(52, NEW, 1)
    modern.pod(52, f"ReplicaSet/{NEW}", f"{NEW}-ccccc", A)
    modern.start_kubelet(70, A)
    modern.sized(80, OLD, 1, "down")
    modern.delete(80, deployed[0], "controller")
    modern.sized(80.1, NEW, 2)
    modern.pod(80.2, f"ReplicaSet/{NEW}", f"{NEW}-ddddd", B)
    modern.sized(84, OLD, 0, "down")
    modern.delete(84, deployed[1], "controller")
    modern.until(150)
    found = right(modern, tmp_path)
    assert not unexpected(found, "overshoot-window", "undershoot-window")


def test_scaled_down_during_an_outage(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """The pod of the node without a kubelet is one too many from then on."""
    cluster.stop_kubelet(50, A)
    cluster.scaled(60, RC, 1)
    cluster.delete(60, web[0], "controller")
    cluster.start_kubelet(100, A)
    cluster.until(160)
    if cluster.dialect == "1.0":  # nothing tells of the deletion before the kubelet acts on it
        found = cluster.analyze(tmp_path)
        assert one(found, "orphaned-container").details["outcome"] == "removed"
        return
    found = right(cluster, tmp_path)
    window = one(found, "overshoot-window")
    assert (window.details["cause"], window.expected) == ("orphan", False)


def test_scaled_up_and_down_inside_a_window(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """Two of two and an orphan; three are asked for meanwhile, and then two again."""
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.scaled(100, RC, 3)
    more = cluster.pod(100.1, RC, "web-ddddd", B)
    cluster.scaled(120, RC, 2)
    cluster.delete(120, more, "controller")
    cluster.start_kubelet(150, A)
    cluster.until(220)
    found = right(cluster, tmp_path, slack=0.2)  # what was asked for is told by what is made
    assert {f.details["cause"] for f in found.findings if f.kind == "overshoot-window"} == {"orphan"}


def test_scaled_up_and_down_in_calm(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """Four for a while; the two that go end slowly, by design."""
    cluster.drain = 7
    cluster.scaled(50, RC, 4)
    more = [cluster.pod(50.1, RC, f"web-{tail}", node) for tail, node in (("ccccc", A), ("ddddd", B))]
    cluster.scaled(80, RC, 2)
    for pod in more:
        cluster.delete(80.1, pod, "controller")
    cluster.until(140)
    found = right(cluster, tmp_path, api, slack=0.3)
    window = one(found, "overshoot-window")
    assert (window.details["cause"], window.expected) == ("scale-down", True)


def test_stateful_set_waits(modern: Cluster, api: bool, tmp_path: Path) -> None:
    """Marked, but not made anew until the kubelet is back and the old one has ended; then by the same name."""
    modern.workload("StatefulSet/db", 2)
    pods = [modern.pod(1, "StatefulSet/db", f"db-{n}", node) for n, node in enumerate((A, B))]
    modern.stop_kubelet(50, A)
    modern.lost(66, A)
    modern.evict(88, pods[0])
    modern.start_kubelet(120, A)
    modern.pod(132, "StatefulSet/db", "db-0", A)
    modern.until(200)
    right(modern, tmp_path, api)


def test_stateful_set_forced(modern: Cluster, tmp_path: Path) -> None:
    """Deleted by force, its pod is made anew elsewhere while the old one runs on: two of one identity."""
    modern.workload("StatefulSet/db", 2)
    pods = [modern.pod(1, "StatefulSet/db", f"db-{n}", node) for n, node in enumerate((A, B))]
    modern.stop_kubelet(50, A)
    modern.lost(66, A)
    modern.force(80, pods[0])
    modern.pod(80.1, "StatefulSet/db", "db-0", B)
    modern.start_kubelet(120, A)
    modern.until(200)
    found = right(modern, tmp_path)
    window = one(found, "overshoot-window")
    assert (window.details["cause"], str(window.severity)) == ("orphan", "critical")
    orphan = one(found, "orphaned-container")
    assert (orphan.pod, orphan.pod_uid, orphan.details["superseded_by"]) == ("db-0", pods[0].uid, "db-0")


def test_daemon_set(modern: Cluster, api: bool, tmp_path: Path) -> None:
    modern.workload("DaemonSet/agent", 2)
    for tail, node in (("aaaaa", A), ("bbbbb", B)):
        modern.pod(1, "DaemonSet/agent", f"agent-{tail}", node)
    modern.stop_kubelet(50, A)
    modern.lost(66, A)
    modern.start_kubelet(150, A)
    modern.until(220)
    right(modern, tmp_path, api)


def test_static_pod(cluster: Cluster, api: bool, tmp_path: Path) -> None:
    """The API's mirror of it has another uid than the kubelet's pod: one pod all the same, and adopted."""
    pod = cluster.pod(1, "", f"proxy-{A}", A, static=True)
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.start_kubelet(150, A)
    cluster.until(220)
    found = right(cluster, tmp_path, api)
    assert [p.name for p in found.life.pods] == [pod.name]


def test_job(modern: Cluster, api: bool, tmp_path: Path) -> None:
    """One that ends under its kubelet, one that ends while it is away; nothing is started again."""
    modern.workload("Job/report", 2)
    pods = [modern.pod(1, "Job/report", f"report-{tail}", A) for tail in ("aaaaa", "bbbbb")]
    modern.dies(30, pods[0], code=0)
    modern.stop_kubelet(50, A)
    modern.dies(60, pods[1], code=0)
    modern.start_kubelet(80, A)
    modern.until(150)
    right(modern, tmp_path, api)


def test_job_whose_pod_is_replaced(modern: Cluster, tmp_path: Path) -> None:
    """Beyond its parallelism, but a job has no number that it must keep to."""
    modern.workload("Job/report", 1)
    pod = modern.pod(1, "Job/report", "report-aaaaa", A)
    modern.stop_kubelet(50, A)
    modern.lost(66, A)
    modern.evict(88, pod)
    modern.pod(88.1, "Job/report", "report-bbbbb", B)
    modern.start_kubelet(120, A)
    modern.until(200)
    found = right(modern, tmp_path)
    assert one(found, "orphaned-container").details["superseded_by"] == "report-bbbbb"


def test_cron_job(modern: Cluster, api: bool, tmp_path: Path) -> None:
    """A pod each minute, of a job each; the API knows, the names look like a deployment's."""
    for number in range(4):
        job = f"Job/clean-{28547190 + number}"
        modern.parents[job] = "CronJob/clean"
        pod = modern.pod(10 + 60 * number, job, f"clean-{28547190 + number}-{'abcd'[number] * 5}", A)
        modern.dies(30 + 60 * number, pod, code=0)
    modern.until(260)
    found = right(modern, tmp_path, api)
    assert not unexpected(found)


def test_names_come_again(modern: Cluster, api: bool, tmp_path: Path) -> None:
    """An ordinal's former pod was deleted in good order before the outage: only the present one is orphaned."""
    modern.workload("StatefulSet/db", 1)
    first = modern.pod(1, "StatefulSet/db", "db-0", A)
    modern.delete(30, first)
    modern.pod(40, "StatefulSet/db", "db-0", A)
    modern.stop_kubelet(60, A)
    modern.start_kubelet(70, A)
    modern.until(140)
    right(modern, tmp_path, api)


def test_two_controllers_on_two_nodes(cluster: Cluster, api: bool, tmp_path: Path) -> None:
    """What one lost is not made up for by the other."""
    for name in ("web", "api"):
        cluster.workload(f"ReplicationController/{name}", 2)
    pods = {
        (name, node): cluster.pod(1, f"ReplicationController/{name}", f"{name}-{'aaaaa' if node == A else 'bbbbb'}", node, "app", "side")
        for name in ("web", "api")
        for node in (A, B)
    }
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, pods["web", A], pods["api", A])
    for name in ("web", "api"):
        cluster.pod(88.1, f"ReplicationController/{name}", f"{name}-ccccc", B, "app", "side")
    cluster.start_kubelet(120, A)
    cluster.until(200)
    found = right(cluster, tmp_path, api)
    orphans = [f for f in found.findings if f.kind == "orphaned-container"]
    assert {(f.controller, f.details["superseded_by"]) for f in orphans} == {
        ("ReplicationController/web", "web-ccccc"),
        ("ReplicationController/api", "api-ccccc"),
    }
