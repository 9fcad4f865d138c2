"""Pods and containers on their way, in the logs of three generations, held against what truly ran."""

from pathlib import Path

import pytest

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.dialects import Containerd, Dockershim
from tests.lifecycle.dialects_old import Kubernetes10
from tests.lifecycle.incident import A, B
from tests.lifecycle.telling import APod
from tests.lifecycle.truth import one, right

Web = tuple[APod, APod]
RC = "ReplicationController/web"


def test_force_deleted(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """Gone from the API when the kubelet comes back: it kills what it does not know, each generation in its own way."""
    cluster.stop_kubelet(50, A)
    cluster.force(60, web[0])
    cluster.pod(60.1, RC, "web-ccccc", B)
    cluster.start_kubelet(100, A)
    cluster.until(170)
    found = right(cluster, tmp_path, api)
    assert one(found, "overshoot-window").details["cause"] == "orphan"
    assert one(found, "orphaned-container").details["superseded_by"] == "web-ccccc"


def test_force_deleted_and_never_back(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """Nothing on the node tells of it; the API's controller made another."""
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.force(70, web[0])
    cluster.pod(70.1, RC, "web-ccccc", B)
    cluster.until(150)
    found = right(cluster, tmp_path)
    assert one(found, "overshoot-window").details["cause"] == "orphan"


def test_partition(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """The kubelet lives all along and hears of the deletion only some time after the link is back."""
    cluster.cut_off(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.heal(120, A)
    cluster.back(121, A)
    cluster.until(220)
    found = right(cluster, tmp_path, api)
    assert one(found, "overshoot-window").details["cause"] == ("orphan" if api else one(found, "overshoot-window").details["cause"])
    if api:
        assert one(found, "node-unreachable").details["cause"] == "partition"


def test_partition_to_the_end(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    cluster.cut_off(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.lines_cut_off(A, 50, 150)
    cluster.until(160)
    found = right(cluster, tmp_path)
    assert one(found, "overshoot-window").details["cause"] == "orphan"
    assert one(found, "node-unreachable").details["cause"] == "partition"


def test_partition_without_eviction(cluster: Cluster, web: Web, tmp_path: Path) -> None:
    """Back in time: nothing is orphaned."""
    cluster.cut_off(50, A)
    cluster.lost(66, A)
    cluster.heal(75, A)
    cluster.back(76, A)
    cluster.cancel(76, web[0])
    cluster.until(150)
    found = right(cluster, tmp_path)
    assert one(found, "node-unreachable").details["cause"] == "partition"


def test_partition_and_restart(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """The link is away, then the kubelet too; it comes back with the link, to a pod that was deleted long before it went."""
    cluster.cut_off(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.lines_cut_off(A, 50, 108)
    cluster.stop_kubelet(110, A)
    cluster.mend(120, A)
    cluster.start_kubelet(121, A)
    cluster.back(122, A)
    cluster.until(200)
    found = right(cluster, tmp_path, api)
    if api:
        assert one(found, "overshoot-window").details["cause"] == "orphan"


def test_dies_while_the_kubelet_is_away(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """The kubelet's word of it ('container finished') comes a minute late."""
    cluster.stop_kubelet(50, A)
    cluster.dies(60, web[0], code=137)
    cluster.start_kubelet(120, A)
    cluster.until(180)
    right(cluster, tmp_path, api)


def test_superseded_and_dies_alone(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, web[0])
    cluster.pod(88.1, RC, "web-ccccc", B)
    cluster.dies(105, web[0], code=137)
    cluster.start_kubelet(130, A)
    cluster.until(200)
    found = right(cluster, tmp_path, api)
    assert one(found, "overshoot-window").details["cause"] == "orphan"


def test_one_of_two_containers_dies(cluster: Cluster, api: bool, tmp_path: Path) -> None:
    """The pod goes on running in the other; the kubelet starts the first again."""
    cluster.workload(RC, 1)
    pod = cluster.pod(1, RC, "web-aaaaa", A, "app", "shipper")
    cluster.stop_kubelet(50, A)
    cluster.dies(60, pod, "shipper")
    cluster.start_kubelet(100, A)
    cluster.until(160)
    right(cluster, tmp_path, api)


def test_crashes_in_an_orphan_are_not_made_good(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """But docker's own restart policy may start it again: another spell without supervision."""
    cluster.stop_kubelet(50, A)
    cluster.dies(60, web[0])
    cluster.restarts_itself(61, web[0])
    cluster.start_kubelet(100, A)
    cluster.until(160)
    right(cluster, tmp_path, api)


def test_crash_under_a_living_kubelet(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    cluster.dies(50, web[0])
    cluster.dies(80, web[0])
    cluster.until(160)
    right(cluster, tmp_path, api)


def test_bare_pod(cluster: Cluster, api: bool, tmp_path: Path) -> None:
    """Nobody makes another; it is an orphan all the same."""
    pod = cluster.pod(1, "", "toolbox", A)
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.evict(88, pod)
    cluster.start_kubelet(120, A)
    cluster.until(180)
    right(cluster, tmp_path, api)


def test_evicted_by_the_kubelet(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """Out of disk: the kubelet ends the pod, its controller makes another elsewhere. No orphan."""
    cluster.kubelet_evicts(50, web[0])
    cluster.pod(50.1, RC, "web-ccccc", B)
    cluster.until(120)
    right(cluster, tmp_path, api)


def test_deleted_by_hand_long_after_the_return(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    cluster.stop_kubelet(50, A)
    cluster.start_kubelet(57, A)
    cluster.delete(85, web[0])
    cluster.pod(85.1, RC, "web-ccccc", A)
    cluster.until(160)
    right(cluster, tmp_path, api)


def test_slow_to_end(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """Graceful termination under a living kubelet is no orphan, however long."""
    cluster.drain = 28
    cluster.delete(50, web[0])
    cluster.pod(50.1, RC, "web-ccccc", B)
    cluster.until(130)
    window = one(right(cluster, tmp_path, api), "overshoot-window")
    assert window.expected


def test_node_deleted_while_its_kubelet_is_down(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """The pod collector deletes the pods of a node that is no more; their objects go at once."""
    cluster.stop_kubelet(50, A)
    cluster.lost(66, A)
    cluster.node_deleted(70, A)
    cluster.force(75, web[0])
    cluster.pod(75.1, RC, "web-ccccc", B)
    cluster.start_kubelet(130, A)
    cluster.until(200)
    right(cluster, tmp_path, api)


@pytest.mark.parametrize("live_restore", [False, True])
@pytest.mark.parametrize("generation", [Dockershim, Kubernetes10])
def test_docker_restarted(generation: type[Dockershim], live_restore: bool, api: bool, tmp_path: Path) -> None:
    """Under a living kubelet."""
    cluster = generation()
    cluster.begin(A, B)
    cluster.workload(RC, 2)
    for name, node in (("web-aaaaa", A), ("web-bbbbb", B)):
        cluster.pod(1, RC, name, node)
    cluster.restart_docker(50, A, live_restore)
    cluster.until(120)
    right(cluster, tmp_path, api)


@pytest.mark.parametrize("live_restore", [False, True])
@pytest.mark.parametrize("generation", [Dockershim, Kubernetes10])
def test_kubelet_and_docker_stopped(generation: type[Dockershim], live_restore: bool, api: bool, tmp_path: Path) -> None:
    """Without live-restore the orphans end with docker."""
    cluster = generation()
    cluster.begin(A, B)
    cluster.workload(RC, 2)
    for name, node in (("web-aaaaa", A), ("web-bbbbb", B)):
        cluster.pod(1, RC, name, node)
    cluster.stop_kubelet(50, A)
    cluster.restart_docker(55, A, live_restore)
    cluster.start_kubelet(70, A)
    cluster.until(140)
    right(cluster, tmp_path, api)


def test_containerd_restarted(api: bool, tmp_path: Path) -> None:
    """Its shims hold the containers: nothing happens to them."""
    cluster = Containerd()
    cluster.begin(A)
    cluster.workload(RC, 1)
    cluster.pod(1, RC, "web-aaaaa", A)
    cluster.systemd(A, 50, "Stopping containerd.service - containerd container runtime...")
    cluster.systemd(A, 50.1, "Stopped containerd.service - containerd container runtime.")
    cluster.systemd(A, 51, "Started containerd.service - containerd container runtime.")
    cluster.stop_kubelet(60, A)
    cluster.start_kubelet(70, A)
    cluster.until(120)
    right(cluster, tmp_path, api)


def test_a_start_that_fails(cluster: Cluster, web: Web, api: bool, tmp_path: Path) -> None:
    """Containers that are made and never run, time and again, over a restart of the kubelet."""
    cluster.workload("ReplicationController/bad", 1)
    pod = cluster.placed(10, "ReplicationController/bad", "bad-aaaaa", A)
    for second in (11, 25, 62, 80):
        cluster.fails_to_start(second, pod)
    cluster.stop_kubelet(50, A)
    cluster.start_kubelet(57, A, only=web)
    cluster.until(120)
    right(cluster, tmp_path, api)
