"""How the first Kubernetes wrote what happens in a cluster: 1.0 and 1.1, with docker."""

from dataclasses import dataclass
from typing import Any, ClassVar

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.dialects import Dockershim
from tests.lifecycle.telling import APod, Ran, digits


@dataclass
class Kubernetes10(Dockershim):
    """Kubernetes 1.0 with docker: few lines, and a deletion takes the API's object at once."""

    dialect: ClassVar[str] = "1.0"
    starting: ClassVar[float] = 0.3
    first_sync: ClassVar[float] = 10.3
    healing: ClassVar[float] = 12

    def line_added(self, node: str, second: float, pods: list[APod]) -> None:
        """Nothing."""

    def line_deleted(self, node: str, second: float, pods: list[APod]) -> None:
        """Nothing."""

    def line_removed(self, node: str, second: float, pods: list[APod]) -> None:
        """Nothing."""

    def line_sandbox_needed(self, node: str, second: float, pod: APod) -> None:
        self.kubelet(
            node, second, f'Need to restart pod infra container for "{pod.name}_default" because it is not found', "manager.go:1384"
        )

    def line_seen(self, node: str, second: float, pod: APod, container_id: str, what: str) -> None:
        """Nothing."""

    def line_killing(self, node: str, second: float, ran: Ran, grace: int) -> None:
        self.kubelet(node, second, f'Killing container with id "{ran.id}"', "manager.go:1123")

    def lines_started(self, node: str, second: float) -> None:
        self.kubelet(node, second, "Started kubelet", "server.go:635")
        self.kubelet(node, second + 0.23, "Starting recovery of all containers", "manager.go:245")
        self.kubelet(node, second + 0.26, "Recovery completed", "manager.go:250")
        self.kubelet(node, second + 0.3, "Starting kubelet main sync loop.", "kubelet.go:1725")

    def lines_idle(self, node: str, start: float, end: float) -> None:
        second = start
        text = '[ContainerManager] Failed to ensure state of "/docker-daemon": failed to find pid of Docker container: exit status 1'
        while second < end:
            self.kubelet_of(node, second, text, "container_manager_linux.go:173")
            second += 60
        if end == self.end:
            self.kubelet(node, end, text, "container_manager_linux.go:173")

    def lines_cut_off(self, node: str, start: float, end: float) -> None:
        second = start + 8
        while second < end:
            self.kubelet(node, second, "Error updating node status, will retry: error getting node: dial tcp", "kubelet.go:1800")
            second += 10

    def _mark(self, second: float, pod: APod) -> None:
        """The object is gone at once; a kubelet that hears of it ends the pod with its grace period."""
        pod.marked = min(pod.marked, second)
        pod.gone = min(pod.gone, second)
        if self.hears(pod.node, second):
            self._unwanted(second + 0.05, pod)

    def force(self, second: float, pod: APod) -> None:
        self._mark(second, pod)

    def _unwanted(self, second: float, pod: APod, stranger: bool = False) -> None:
        self.kubelet(pod.node, second, f'Killing unwanted pod "{pod.name}"', "kubelet.go:1518")
        ids = [r.id for r in pod.live.values()]
        self._terminate(second + 0.001, pod)
        for container_id in ids if stranger else ():
            self.kubelet(pod.node, second + 0.3 + self.drain, f"No ref for pod '{container_id}'", "manager.go:1161")

    def remove_unknown(self, second: float, pods: list[APod]) -> None:
        for pod in pods:
            self._unwanted(second, pod, stranger=True)

    def runtime(self, second: float, action: str, ran: Ran, value: int = 0) -> None:
        suffix = digits(ran.id)[:8]
        name = f"k8s_{ran.container}.{digits(ran.container)[:8]}_{ran.pod.name}_default_{ran.pod.uid}_{suffix}"
        self._docker(second, action, ran, {"io.kubernetes.pod.name": ran.pod.ref, "name": name}, value)

    def told_evicted(self, second: float, pod: APod) -> None:
        """No event."""

    def told_deleted(self, second: float, kind: str, name: str, pod: APod) -> None:
        """No event."""

    def told_started(self, second: float, ran: Ran) -> None:
        """With the first 12 digits of its id, and of the sandbox too."""
        self._about(second, ran, "Started", f"Started with docker id {ran.id[:12]}")

    def told_killing(self, second: float, ran: Ran) -> None:
        """A restarted kubelet can't post one; a living one says 'killing'."""

    def event(
        self, second: float, kind: str, name: str, reason: str, message: str, *, component: str = "", host: str | None = None, **more: Any
    ) -> None:
        lower = reason if reason.startswith("Node") else reason[0].lower() + reason[1:]
        said = "controllermanager" if component == "node-controller" else component
        super().event(second, kind, name, lower, message.replace(" default/", " "), component=said, host=host, **more)


@dataclass
class Kubernetes11(Kubernetes10):
    """Kubernetes 1.1 with docker: deletions are graceful, and the control plane takes what it evicted from the API by force soon after."""

    dialect: ClassVar[str] = "1.1"
    forced: ClassVar[float] = 35

    def line_added(self, node: str, second: float, pods: list[APod]) -> None:
        names = ", ".join(f"{p.name}_default" for p in pods)
        first = abs(self.kubelets[node][-1].start + self.starting + self.first_sync - second) < 0.01  # it hears of them long before it acts
        self.kubelet(node, second - self.first_sync + 0.4 if first else second, f'SyncLoop (ADD): "{names}"', "kubelet.go:2012")

    def line_deleted(self, node: str, second: float, pods: list[APod]) -> None:
        """The mark is but a change."""
        for pod in pods:
            if pod.gone > second:
                self.kubelet(node, second, f'SyncLoop (UPDATE): "{pod.name}_default"', "kubelet.go:2015")

    def line_removed(self, node: str, second: float, pods: list[APod]) -> None:
        self.kubelet(node, second, f'SyncLoop (REMOVE): "{", ".join(p.name + "_default" for p in pods)}"', "kubelet.go:2018")

    def line_killing(self, node: str, second: float, ran: Ran, grace: int) -> None:
        self.kubelet(node, second, f'Killing container "{ran.id} {ran.pod.ref}" with {grace} second grace period', "manager.go:1404")

    def _mark(self, second: float, pod: APod) -> None:
        """Marked; its kubelet ends it, and takes the object away."""
        Cluster._mark(self, second, pod)

    def told_deleted(self, second: float, kind: str, name: str, pod: APod) -> None:
        Cluster.told_deleted(self, second, kind, name, pod)

    def told_killing(self, second: float, ran: Ran) -> None:
        self.event(second, "Pod", ran.pod.name, "Killing", f"Killing with docker id {ran.id[:12]}", component="kubelet",
                   host=ran.pod.node, uid=ran.pod.uid, fieldPath=f"spec.containers{{{ran.container}}}")  # fmt: skip

    def evict(self, second: float, *pods: APod) -> None:
        super().evict(second, *pods)
        for pod in pods:
            pod.gone = min(pod.gone, second + self.forced)

    def force(self, second: float, pod: APod) -> None:
        pod.marked, pod.gone = min(pod.marked, second), second
        if self.hears(pod.node, second):
            self.line_removed(pod.node, second + 0.02, [pod])
            self._unwanted(second + 0.05, pod)

    def _unwanted(self, second: float, pod: APod, stranger: bool = False) -> None:
        self.kubelet(pod.node, second, f'Killing unwanted pod "{pod.name}"', "kubelet.go:1830")
        for ran in list(pod.live.values()):
            whose = "" if stranger else pod.ref
            self.kubelet(pod.node, second + 0.01, f'Killing container "{ran.id} {whose}" with 30 second grace period', "manager.go:1404")
            self.runtime(second + 0.05, "kill", ran, 15)
        for ran in list(pod.live.values()):
            self.ends(second + 0.05 + self.drain, ran, 0, "kubelet")
            text = f'Container "{ran.id} " exited after {self.drain}s' if stranger else f'Container "{ran.id} {pod.ref}" exited after 1s'
            self.kubelet(pod.node, second + 0.1 + self.drain, text, "manager.go:1438")
            if stranger:
                self.kubelet(pod.node, second + 0.11 + self.drain, f"No ref for pod '\"{ran.id} /\"'", "manager.go:1444")

    def told_evicted(self, second: float, pod: APod) -> None:
        text = f"Marking for deletion Pod {pod.name} from Node {pod.node}"
        Cluster.event(self, second, "Pod", pod.name, "NodeControllerEviction", text, component="controllermanager")
        text = (
            f"Pod {pod.name} has exceeded the grace period for deletion after being evicted from Node {pod.node} and is being force killed"
        )
        Cluster.event(self, second + self.forced, "Pod", pod.name, "TerminatingEvictedPod", text, component="controllermanager")

    def event(
        self, second: float, kind: str, name: str, reason: str, message: str, *, component: str = "", host: str | None = None, **more: Any
    ) -> None:
        said = "controllermanager" if component == "node-controller" else component
        Cluster.event(self, second, kind, name, reason, message.replace(" default/", " "), component=said, host=host, **more)
