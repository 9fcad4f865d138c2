"""How a kubelet and its runtime write what happens in a cluster: 1.20 with docker, 1.23 with containerd."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.incident import at
from tests.lifecycle.telling import FOREVER, SANDBOX, APod, Ran


@dataclass
class Dockershim(Cluster):
    """Kubernetes 1.20 with docker."""

    dialect: ClassVar[str] = "1.20"
    starting: ClassVar[float] = 0.35
    first_sync: ClassVar[float] = 0.48
    healing: ClassVar[float] = 31

    def _names(self, pods: list[APod]) -> str:
        return ", ".join(f"{p.name}_default({p.uid})" for p in pods)

    def line_added(self, node: str, second: float, pods: list[APod]) -> None:
        self.kubelet(node, second, f'SyncLoop (ADD, "api"): "{self._names(pods)}"', "kubelet.go:1888")

    def line_deleted(self, node: str, second: float, pods: list[APod]) -> None:
        self.kubelet(node, second, f'SyncLoop (DELETE, "api"): "{self._names(pods)}"', "kubelet.go:1904")

    def line_removed(self, node: str, second: float, pods: list[APod]) -> None:
        self.kubelet(node, second, f'SyncLoop (REMOVE, "api"): "{self._names(pods)}"', "kubelet.go:1898")

    def line_sandbox_needed(self, node: str, second: float, pod: APod) -> None:
        ready = "ready " if pod.attempts else ""
        text = f'No {ready}sandbox for pod "{self._names([pod])}" can be found. Need to start a new one'
        self.kubelet(node, second, text, "kuberuntime_manager.go:439")

    def line_seen(self, node: str, second: float, pod: APod, container_id: str, what: str) -> None:
        event = f'&pleg.PodLifecycleEvent{{ID:"{pod.uid}", Type:"{what}", Data:"{container_id}"}}'
        self.kubelet(node, second, f'SyncLoop (PLEG): "{self._names([pod])}", event: {event}', "kubelet.go:1926")

    def line_found(self, node: str, second: float, pod: APod, container_id: str) -> None:
        self.line_seen(node, second, pod, container_id, "ContainerStarted")

    def line_finished(self, node: str, second: float, pod: APod, container_id: str, code: int, late: bool = False) -> None:
        self.line_seen(node, second + (0.31 if late else 0), pod, container_id, "ContainerDied")

    def line_killing(self, node: str, second: float, ran: Ran, grace: int) -> None:
        self.kubelet(
            node, second, f'Killing container "docker://{ran.id}" with a {grace} second grace period', "kuberuntime_container.go:636"
        )

    def lines_started(self, node: str, second: float) -> None:
        self.kubelet(node, second, "Started kubelet", "server.go:1176")
        self.kubelet(node, second + 0.1, "Starting recovery of all containers", "manager.go:301")
        self.kubelet(node, second + 0.17, "Starting kubelet main sync loop.", "kubelet.go:1802")
        self.kubelet(node, second + 0.3, "Recovery completed", "manager.go:306")

    def lines_idle(self, node: str, start: float, end: float) -> None:
        second = start
        while second < end:
            self.kubelet_of(node, second, 'Using node IP: "10.99.0.11"', "setters.go:86")
            second += 4

    def kubelet_of(self, node: str, second: float, text: str, file: str) -> None:
        """A line of the process that lived then."""
        latest = self.pids[node]
        own = [line for line in self.journals.get(node, []) if line[0] <= second and line[1].startswith("kubelet[")]
        if own:
            self.pids[node] = int(max(own, key=lambda line: line[0])[1].partition("[")[2].partition("]")[0])
        elif self.kubelets[node][0].start == -FOREVER:
            self.pids[node] = 1000
        self.kubelet(node, second, text, file)
        self.pids[node] = latest

    def lines_cut_off(self, node: str, start: float, end: float) -> None:
        second = start + 8
        while second < end:
            text = 'failed to update lease, error: Put "https://10.99.0.1:6443/apis/coordination.k8s.io": context deadline exceeded'
            self.kubelet(node, second, text, "controller.go:187")
            second += 10

    def remove_unknown(self, second: float, pods: list[APod]) -> None:
        """Its housekeeping kills the pod's cgroup: no signal by docker, exit code 137, no event."""
        for pod in pods:
            self.kubelet(pod.node, second + 1.7, f'Killing unwanted pod "{pod.name}"', "kubelet_pods.go:1253")
            for ran in list(pod.live.values()):
                self.ends(second + 1.78, ran, 137, "kubelet")

    def runtime(self, second: float, action: str, ran: Ran, value: int = 0) -> None:
        name = f"k8s_{ran.container}_{ran.pod.name}_default_{ran.pod.uid}_{ran.pod.attempts.get(ran.container, 0)}"
        labels = {
            "io.kubernetes.container.name": ran.container,
            "io.kubernetes.pod.name": ran.pod.name,
            "io.kubernetes.pod.namespace": "default",
            "io.kubernetes.pod.uid": ran.pod.uid,
            "name": name,
        }
        self._docker(second, action, ran, labels, value)

    def _docker(self, second: float, action: str, ran: Ran, labels: dict[str, str], value: int) -> None:
        extra = {"kill": f"signal={value}, ", "die": f"exitCode={value}, "}.get(action, "")
        stamp = at(second).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
        told = ", ".join(f"{key}={text}" for key, text in labels.items())
        self.docker.setdefault(ran.pod.node, []).append((second, f"{stamp} container {action} {ran.id} ({extra}image=example:1, {told})"))

    def never_started(self, second: float, ran: Ran) -> None:
        self.runtime(second, "die", ran, 128)

    def restart_docker(self, second: float, node: str, live_restore: bool = False) -> None:
        """Under a kubelet that is there, or not."""
        self.systemd(node, second, "Stopping docker.service - Docker Application Container Engine...")
        here = [p for p in self.all_pods if p.node == node]
        if not live_restore:
            for pod in here:
                for ran in list(pod.live.values()):
                    self.runtime(second + 0.1, "kill", ran, 15)
                    self.ends(second + 1.1, ran, 0, "runtime")
        self.systemd(node, second + 1.4, "docker.service: Deactivated successfully.")
        self.systemd(node, second + 1.41, "Stopped docker.service - Docker Application Container Engine.")
        self.systemd(node, second + 2, "Started docker.service - Docker Application Container Engine.")
        if self.up(node, second):
            for pod in here:
                if any(c not in pod.live for c in pod.containers) and pod.gone == FOREVER:
                    self._start(second + 4, pod)


@dataclass
class Containerd(Cluster):
    """Kubernetes 1.23 with containerd: structured klog, and ``ctr events``."""

    dialect: ClassVar[str] = "1.23"
    scheme: ClassVar[str] = "containerd"
    starting: ClassVar[float] = 5.1
    first_sync: ClassVar[float] = 1.0
    healing: ClassVar[float] = 7
    streams: dict[str, list[tuple[float, str]]] = field(default_factory=dict)

    def _sync(self, node: str, second: float, what: str, pods: list[APod], file: str) -> None:
        self.kubelet(node, second, f'"SyncLoop {what}" source="api" pods=[{" ".join(p.ref for p in pods)}]', file)

    def line_added(self, node: str, second: float, pods: list[APod]) -> None:
        self._sync(node, second, "ADD", pods, "kubelet.go:2114")

    def line_deleted(self, node: str, second: float, pods: list[APod]) -> None:
        self._sync(node, second, "DELETE", pods, "kubelet.go:2130")

    def line_removed(self, node: str, second: float, pods: list[APod]) -> None:
        self._sync(node, second, "REMOVE", pods, "kubelet.go:2124")

    def line_sandbox_needed(self, node: str, second: float, pod: APod) -> None:
        ready = "ready " if pod.attempts else ""
        text = f'"No {ready}sandbox for pod can be found. Need to start a new one" pod="{pod.ref}"'
        self.kubelet(node, second, text, "kuberuntime_manager.go:487")

    def line_seen(self, node: str, second: float, pod: APod, container_id: str, what: str) -> None:
        event = f"&{{ID:{pod.uid} Type:{what} Data:{container_id}}}"
        self.kubelet(node, second, f'"SyncLoop (PLEG): event for pod" pod="{pod.ref}" event={event}', "kubelet.go:2152")

    def line_found(self, node: str, second: float, pod: APod, container_id: str) -> None:
        """Nothing: its first relist comes before the pods, and drops the event."""

    def line_finished(self, node: str, second: float, pod: APod, container_id: str, code: int, late: bool = False) -> None:
        text = f'"Generic (PLEG): container finished" podID={pod.uid} containerID="{container_id}" exitCode={code}'
        self.kubelet(node, second - (0.8 if late else 0), text, "generic.go:296")
        if not late:
            self.line_seen(node, second + 0.001, pod, container_id, "ContainerDied")

    def line_killing(self, node: str, second: float, ran: Ran, grace: int) -> None:
        text = (
            f'"Killing container with a grace period" pod="{ran.pod.ref}" podUID={ran.pod.uid} containerName="{ran.container}" '
            f'containerID="containerd://{ran.id}" gracePeriod={grace}'
        )
        self.kubelet(node, second, text, "kuberuntime_container.go:723")

    def lines_started(self, node: str, second: float) -> None:
        self.kubelet(node, second - 5, "cAdvisor running in container", "manager.go:165")
        self.kubelet(node, second, '"Started kubelet"', "server.go:1244")
        self.kubelet(node, second + 0.03, "Starting recovery of all containers", "manager.go:304")
        self.kubelet(node, second + 0.11, "Recovery completed", "manager.go:309")
        self.kubelet(node, second + 0.16, '"Starting kubelet main sync loop"', "kubelet.go:2028")

    def lines_idle(self, node: str, start: float, end: float) -> None:
        """It says next to nothing; the last kubelet says one thing, so that the evidence goes so far."""
        if end == self.end:
            self.kubelet(node, end, '"Image garbage collection succeeded"', "kubelet.go:1302")

    def lines_cut_off(self, node: str, start: float, end: float) -> None:
        second = start + 8
        while second < end:
            text = 'failed to update lease, error: Put "https://10.97.0.1:6443/apis/coordination.k8s.io": context deadline exceeded'
            self.kubelet(node, second, text, "controller.go:187")
            self.kubelet(
                node, second + 1, '"Error updating node status, will retry" err="error getting node"', "kubelet_node_status.go:457"
            )
            second += 4

    def remove_unknown(self, second: float, pods: list[APod]) -> None:
        """Killed at once with its cgroup; it is said twice, with an event."""
        for pod in pods:
            apps = [r for c, r in pod.live.items() if c != SANDBOX]
            for ran in apps:
                self.line_killing(pod.node, second + 1.4, ran, 1)
                self.told_killing(second + 1.4, ran)
                self.line_killing(pod.node, second + 3.4, ran, 1)
            for ran in list(pod.live.values()):
                self.ends(second + 1.45, ran, 137, "kubelet")
                text = f'"Generic (PLEG): container finished" podID={pod.uid} containerID="{ran.id}" exitCode=137'
                self.kubelet(pod.node, second + 2.4, text, "generic.go:296")

    def never_started(self, second: float, ran: Ran) -> None:
        self._event(second, ran, "/containers/delete", {"id": ran.id})

    def runtime(self, second: float, action: str, ran: Ran, value: int = 0) -> None:
        pid = 2000 + len(self.runs)
        if action == "create":
            self._event(second, ran, "/containers/create", {"id": ran.id, "image": "example:1"})
            if ran.container == SANDBOX:
                labels = {
                    "io.cri-containerd.kind": "sandbox",
                    "io.kubernetes.pod.name": ran.pod.name,
                    "io.kubernetes.pod.namespace": "default",
                    "io.kubernetes.pod.uid": ran.pod.uid,
                }
                self._event(second + 0.01, ran, "/containers/update", {"id": ran.id, "image": "pause:3.6", "labels": labels})
            self._log_create(second, ran)
        elif action == "start":
            self._event(second - 0.02, ran, "/tasks/create", {"container_id": ran.id, "bundle": f"/run/{ran.id}", "pid": pid})
            self._event(second, ran, "/tasks/start", {"container_id": ran.id, "pid": pid})
            if ran.container != SANDBOX:
                self._log(ran.pod.node, second + 0.01, f'StartContainer for \\"{ran.id}\\" returns successfully')
        elif action == "kill":
            self._log(ran.pod.node, second, f'Stop container \\"{ran.id}\\" with signal terminated')
        elif action == "die":
            ended = {"container_id": ran.id, "id": ran.id, "pid": pid, **({"exit_status": value} if value else {})}
            self._event(second, ran, "/tasks/exit", {**ended, "exited_at": at(second).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"})
            self._log(ran.pod.node, second + 0.05, "shim disconnected", f" id={ran.id}")
        elif action == "destroy":
            self._event(second, ran, "/containers/delete", {"id": ran.id})

    def _forget(self, ran: Ran, second: float) -> None:
        for told in (self.streams, self.spare):
            told[ran.pod.node] = [x for x in told.get(ran.pod.node, []) if x[0] < second or ran.id not in x[1]]

    def _event(self, second: float, ran: Ran, topic: str, body: dict[str, Any]) -> None:
        stamp = at(second).strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip(".")
        text = f"{stamp} +0000 UTC k8s.io {topic} {json.dumps(body, separators=(',', ':'))}"
        self.streams.setdefault(ran.pod.node, []).append((second, text))

    def _log_create(self, second: float, ran: Ran) -> None:
        pod, attempt = ran.pod, ran.pod.attempts.get(ran.container, 0)
        if ran.container == SANDBOX:
            about = f"&PodSandboxMetadata{{Name:{pod.name},Uid:{pod.uid},Namespace:default,Attempt:{attempt},}}"
            self._log(pod.node, second, f"RunPodSandbox for {about}")
            self._log(pod.node, second + 0.21, f'RunPodSandbox for {about} returns sandbox id \\"{ran.id}\\"')
        else:
            within = pod.live[SANDBOX].id
            about = f"&ContainerMetadata{{Name:{ran.container},Attempt:{attempt},}}"
            self._log(pod.node, second, f'CreateContainer within sandbox \\"{within}\\" for {about} returns container id \\"{ran.id}\\"')

    def _log(self, node: str, second: float, message: str, fields: str = "") -> None:
        stamp = at(second).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
        self.spare.setdefault(node, []).append((second, f'containerd[159]: time="{stamp}" level=info msg="{message}"{fields}'))

    def write(self, folder: Path, *, api: bool = True) -> Path:
        super().write(folder, api=api)
        for node, lines in self.streams.items():
            (folder / node).mkdir(parents=True, exist_ok=True)
            (folder / node / "containerd-events.txt").write_text("".join(f"{text}\n" for _, text in sorted(lines)))
        for node, lines in self.spare.items() if api else ():
            told = (f"{at(s).strftime('%Y-%m-%dT%H:%M:%S.%f')}+0000 {node} {text}\n" for s, text in sorted(lines))
            (folder / node / "containerd.short-iso").write_text("".join(told))
        return folder
