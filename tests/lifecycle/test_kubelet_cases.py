"""Kubelets and nodes that go and return, in the logs of three generations, held against what truly ran."""

from pathlib import Path

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.incident import A, B
from tests.lifecycle.telling import APod
from tests.lifecycle.truth import one, right

Web = tuple[APod, APod]
RC = "ReplicationController/web"


def test_quick_restart(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """1.20 says ContainerStarted of old containers, 1.23 and 1.0 say nothing."""
    cluster.stop_kubelet(50, A)
    cluster.start_kubelet(57, A)
    cluster.until(120)
    right(cluster, tmp_path, api)


def test_long_outage_and_return(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.start_kubelet(120, A)
    cluster.back(121, A)
    cluster.until(200)
    found = right(cluster, tmp_path, api)
    window = one(found, "overshoot-window")
    assert (window.details["cause"], window.expected) == ("orphan", False)
    assert one(found, "orphaned-container").details["superseded_by"] == "web-ccccc"
    assert one(found, "imbalance").details["after"] == {B: 2, A: 0}


def test_stays_down(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.until(160)
    assert one(right(cluster, tmp_path, api), "overshoot-window").details["cause"] == "orphan"


def test_killed(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    cluster.kill_kubelet(50, A)
    cluster.start_kubelet(60.02, A)
    cluster.until(120)
    right(cluster, tmp_path, api)


def test_flapping(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    for second in (50, 70, 90):
        cluster.stop_kubelet(second, A)
        cluster.start_kubelet(second + 6, A)
    cluster.cancel(100, web[0])
    cluster.until(160)
    right(cluster, tmp_path, api)


def test_a_second_outage_before_the_first_is_over(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """The kubelet comes back to an orphan, and goes again before the orphan has ended on its SIGTERM."""
    cluster.drain = 8
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.start_kubelet(120, A)
    cluster.stop_kubelet(120 + cluster.starting + cluster.first_sync + 3, A)
    cluster.start_kubelet(150, A)
    cluster.until(220)
    right(cluster, tmp_path, api)


def test_crash_loop_at_the_start(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """Processes that end before they looked at any pod supervise nothing: one orphan, from the first end to the last start."""
    cluster.stop_kubelet(50, A)
    for second in (60, 70.3, 80.6):
        cluster.start_kubelet(second, A, lives=0.2)
        cluster.crash_kubelet(second + 0.2, A)
    cluster.start_kubelet(91, A)
    cluster.until(150)
    right(cluster, tmp_path, api)


def test_crash_loop_until_its_pods_are_gone(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    cluster.crash_kubelet(50, A)
    cluster.start_kubelet(60.2, A, lives=0.2)
    cluster.crash_kubelet(60.4, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.start_kubelet(90.2, A, lives=0.2)
    cluster.crash_kubelet(90.4, A)
    cluster.start_kubelet(120, A)
    cluster.until(200)
    found = right(cluster, tmp_path, api)
    assert one(found, "orphaned-container").details["superseded_by"] == "web-ccccc"


def test_restarted_while_a_pod_ends(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """A pod is deleted, its kubelet restarts before the containers have ended."""
    cluster.drain = 12
    cluster.delete(50, web[0])
    cluster.pod(50.1, RC, "web-ccccc", B)
    cluster.stop_kubelet(53, A)
    cluster.start_kubelet(57, A)
    cluster.until(120)
    right(cluster, tmp_path, api)


def test_both_in_turn(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """The first node's pods move to the second, whose kubelet then goes: the orphans' replacement is orphaned itself."""
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.start_kubelet(110, A)
    cluster.back(111, A)
    cluster.stop_kubelet(140, B)
    cluster.lost(156, B)
    cluster.evict(178, *(p for p in cluster.all_pods if p.node == B))
    cluster.pod(178.1, RC, "web-ddddd", A)
    cluster.pod(178.1, RC, "web-eeeee", A)
    cluster.start_kubelet(210, B)
    cluster.back(211, B)
    cluster.until(280)
    found = right(cluster, tmp_path, api)
    assert [f.details["cause"] for f in found.findings if f.kind == "overshoot-window"] == ["orphan", "orphan"]


def test_both_at_once(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """Nothing is evicted in master disruption mode."""
    cluster.stop_kubelet(50, A)
    cluster.stop_kubelet(51, B)
    cluster.lost(66, A, B)
    cluster.start_kubelet(120, A)
    cluster.start_kubelet(121, B)
    cluster.back(122, A, B)
    cluster.until(200)
    found = right(cluster, tmp_path, api)
    assert not [f for f in found.findings if f.kind in ("imbalance", "undershoot-window") and not f.expected]


def test_power_loss(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """Nothing says that anything ended. The replacement runs when the node boots again."""
    cluster.lose_power(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.boot(120, A)
    cluster.back(126, A)
    cluster.until(200)
    found = right(cluster, tmp_path, slack=60)  # its last line: 1.23 says next to nothing
    outage = one(found, "kubelet-outage")
    assert outage.start.earliest is not None
    assert outage.details["containers"] == []
    assert one(found, "node-unreachable").details["cause"] == "node-loss"


def test_quick_power_loss(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """The node is back before anything is evicted: its containers are started anew, in place."""
    cluster.lose_power(50, A)
    cluster.boot(62, A)
    cluster.until(140)
    right(cluster, tmp_path, slack=60)


def test_orderly_reboot(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """The kubelet is stopped, the runtime stops the containers; what runs for these two seconds ends with the node."""
    cluster.shut_down(50, A)
    cluster.boot(80, A)
    cluster.until(160)
    right(cluster, tmp_path)


def test_drained_and_rebooted(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """By design: the pods end under their kubelet, others run before the node goes."""
    cluster.delete(30, web[0])
    cluster.pod(30.1, RC, "web-ccccc", B)
    cluster.shut_down(50, A)
    cluster.boot(80, A)
    cluster.until(160)
    found = right(cluster, tmp_path)
    assert not [f for f in found.findings if f.kind in ("orphaned-container", "overshoot-window", "undershoot-window") and not f.expected]


def test_evidence_that_begins_in_an_outage(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """Only the return is told: what ran then is adopted, and since when it was orphaned nobody knows."""
    cluster.stop_kubelet(50, A)
    cluster.start_kubelet(80, A)
    cluster.until(140)
    cluster.cut_before(60)
    found = cluster.analyze(tmp_path)
    assert not [f for f in found.findings if f.kind in ("overshoot-window", "orphaned-container") and not f.expected]


def test_power_loss_of_both(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """Nothing is evicted; each node starts its containers anew."""
    cluster.lose_power(50, A)
    cluster.lose_power(50.5, B)
    cluster.lost(66, A, B)
    cluster.boot(90, A)
    cluster.boot(95, B)
    cluster.back(101, A, B)
    cluster.until(170)
    found = right(cluster, tmp_path, slack=60)
    assert {f.details["cause"] for f in found.findings if f.kind == "node-unreachable"} == {"node-loss"}
    assert not [f for f in found.findings if f.kind == "imbalance"]


def test_default_timings(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """Not Ready after 40 s, evicted after five minutes more."""
    cluster.stop_kubelet(50, A)
    cluster.lost(92, A)
    cluster.evict(392, web[0])
    cluster.pod(392.1, RC, "web-ccccc", B)
    cluster.start_kubelet(700, A)
    cluster.back(701, A)
    cluster.until(1000)
    found = right(cluster, tmp_path, api)
    assert one(found, "overshoot-window").details["cause"] == "orphan"


def test_evidence_that_begins_after_the_eviction(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """Of the orphan only its end is told, and by the API that it had been deleted: it is one too many until then."""
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.start_kubelet(120, A)
    cluster.back(121, A)
    cluster.until(200)
    cluster.cut_before(100)
    found = cluster.analyze(tmp_path)
    assert [f.kind for f in found.findings if f.kind in ("adoption", "imbalance")] in (["imbalance"], [])
    assert not [f for f in found.findings if f.kind == "undershoot-window" and not f.expected]
