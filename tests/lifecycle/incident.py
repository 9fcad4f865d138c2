"""A small incident, written as real logs are: kubelet journal (short-iso), docker events (text), Kubernetes events (JSON).

Times are seconds after 10:00:00 on 2026-03-01, UTC.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from analyzer.analysis import Analysis, analyze
from analyzer.findings import Finding

ORIGIN = datetime(2026, 3, 1, 10, 0, 0, tzinfo=UTC)
A, B = "node-a", "node-b"
MAIN = ("kubelet-outage", "orphaned-container", "adoption", "overshoot-window", "imbalance")


def at(second: float) -> datetime:
    return ORIGIN + timedelta(seconds=second)


def cid(name: str) -> str:
    """A container id of 64 digits that is the same for the same name."""
    return name.encode().hex().ljust(64, "0")[:64]


def uid(pod: str) -> str:
    digits = pod.encode().hex().ljust(32, "0")[:32]
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:32]}"


@dataclass
class Incident:
    """Collects lines, then writes them as a folder of evidence."""

    journals: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    docker: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    managers: list[tuple[float, str]] = field(default_factory=list)

    # the kubelet's journal
    def systemd(self, node: str, second: float, message: str) -> None:
        self.journals.setdefault(node, []).append((second, f"systemd[1]: {message}"))

    def kubelet(self, node: str, second: float, text: str, file: str = "kubelet.go:1") -> None:
        pid = self.pids.setdefault(node, 1000)
        header = at(second).strftime("I%m%d %H:%M:%S.%f")
        self.journals.setdefault(node, []).append((second, f"kubelet[{pid}]: {header}    {pid} {file}] {text}"))

    def alive(self, node: str, start: float, end: float, every: float = 10) -> None:
        """The kubelet's idle chatter."""
        second = start
        while second <= end:
            self.kubelet(node, second, 'Using node IP: "10.0.0.1"', "setters.go:86")
            second += every

    def stop(self, node: str, second: float) -> None:
        self.systemd(node, second, "Stopping kubelet.service - kubelet: The Kubernetes Node Agent...")
        self.systemd(node, second + 0.04, "kubelet.service: Deactivated successfully.")
        self.systemd(node, second + 0.05, "Stopped kubelet.service - kubelet: The Kubernetes Node Agent.")

    def start(self, node: str, second: float, pid: int | None = None) -> None:
        self.pids[node] = pid or self.pids.get(node, 1000) + 1000
        self.systemd(node, second, "Started kubelet.service - kubelet: The Kubernetes Node Agent.")
        self.kubelet(node, second + 0.5, "Started kubelet", "server.go:1176")
        self.kubelet(node, second + 0.7, "Recovery completed", "manager.go:306")
        self.kubelet(node, second + 0.8, "Starting kubelet main sync loop.")

    def sees(self, node: str, second: float, pod: str, container: str, what: str = "ContainerStarted") -> None:
        self.kubelet(
            node,
            second,
            f'SyncLoop (PLEG): "{pod}_default({uid(pod)})", event: &pleg.PodLifecycleEvent{{ID:"{uid(pod)}", Type:"{what}", '
            f'Data:"{cid(container + "@" + pod)}"}}',
        )

    def manager(self, second: float, text: str, file: str = "replica_set.go:559") -> None:
        """The controller-manager's log."""
        self.managers.append((second, f"{at(second).strftime('I%m%d %H:%M:%S.%f')}   12753 {file}] {text}"))

    # docker
    def container(self, node: str, second: float, action: str, pod: str, container: str, extra: str = "") -> None:
        base = container.split("#")[0]
        name = f"k8s_{base}_{pod}_default_{uid(pod)}_0"
        labels = ", ".join(
            f"io.kubernetes.{key}={value}"
            for key, value in (("container.name", base), ("pod.name", pod), ("pod.namespace", "default"), ("pod.uid", uid(pod)))
        )
        stamp = at(second).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
        text = f"{stamp} container {action} {cid(container + '@' + pod)} ({extra}image=example:1, {labels}, name={name})"
        self.docker.setdefault(node, []).append((second, text))

    def runs(
        self, node: str, start: float, pod: str, container: str = "app", end: float | None = None, kill: float | None = None, code: int = 0
    ) -> None:
        """A container with its sandbox, from start to end; ``kill``: when it got SIGTERM."""
        self.container(node, start - 0.4, "create", pod, container)
        self.container(node, start, "start", pod, container)
        if kill is not None:
            self.container(node, kill, "kill", pod, container, "signal=15, ")
        if end is not None:
            self.container(node, end, "die", pod, container, f"exitCode={code}, ")

    # the API
    def event(
        self, second: float, kind: str, name: str, reason: str, message: str, *, component: str = "", host: str | None = None, **more: Any
    ) -> None:
        moment = at(second)
        self.events.append(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {
                    "name": f"{name}.{int(moment.timestamp() * 1_000_000) * 1000:x}",
                    "namespace": "default",
                    "uid": f"event-{len(self.events)}",
                    "resourceVersion": str(1000 + len(self.events)),
                    "creationTimestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                },
                "involvedObject": {"kind": kind, "name": name, **({} if kind == "Node" else {"namespace": "default"}), **more},
                "reason": reason,
                "message": message,
                "source": {"component": component, **({"host": host} if host else {})},
                "firstTimestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "lastTimestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "count": 1,
                "type": "Normal",
            }
        )

    def made(self, second: float, controller: str, pod: str, node: str) -> None:
        """A controller makes a pod, the scheduler places it."""
        kind, _, name = controller.partition("/")
        message = f"create Pod {pod} in StatefulSet {name} successful" if kind == "StatefulSet" else f"Created pod: {pod}"
        self.event(second, kind, name, "SuccessfulCreate", message, component="controller")
        self.event(
            second + 0.01, "Pod", pod, "Scheduled", f"Successfully assigned default/{pod} to {node}", component="scheduler", uid=uid(pod)
        )

    def not_ready(self, second: float, node: str) -> None:
        self.event(second, "Node", node, "NodeNotReady", f"Node {node} status is now: NodeNotReady", component="node-controller", uid="x")

    def ready(self, second: float, node: str) -> None:
        self.event(second, "Node", node, "NodeReady", f"Node {node} status is now: NodeReady", component="kubelet", host=node, uid=node)

    def evicted(self, second: float, pod: str) -> None:
        self.event(second, "Pod", pod, "TaintManagerEviction", f"Marking for deletion Pod default/{pod}", component="taint-controller")

    def replicas(self, kind: str, name: str, replicas: int) -> None:
        self.objects.append(
            {
                "apiVersion": "v1",
                "kind": kind,
                "metadata": {"name": name, "namespace": "default", "uid": f"{kind}-{name}", "resourceVersion": "999"},
                "spec": {"replicas": replicas},
            }
        )

    def write(self, folder: Path) -> Path:
        for node in {*self.journals, *self.docker}:
            (folder / node).mkdir(parents=True, exist_ok=True)
        for node, lines in self.journals.items():
            text = "".join(
                f"{at(s).strftime('%Y-%m-%dT%H:%M:%S.%f')}+0000 {node} {line}\n" for s, line in sorted(lines, key=lambda x: x[0])
            )
            (folder / node / "kubelet.log").write_text(text)
        for node, lines in self.docker.items():
            (folder / node / "docker-events.txt").write_text("".join(f"{line}\n" for _, line in sorted(lines, key=lambda x: x[0])))
        if self.events or self.objects or self.managers:
            (folder / "cluster").mkdir(exist_ok=True)
        if self.managers:
            (folder / "cluster" / "kube-controller-manager.log").write_text("".join(f"{line}\n" for _, line in sorted(self.managers)))
        if self.events:
            (folder / "cluster" / "events.json").write_text(
                json.dumps({"apiVersion": "v1", "kind": "List", "items": self.events}, indent=1)
            )
        if self.objects:
            (folder / "cluster" / "objects.json").write_text(
                json.dumps({"apiVersion": "v1", "kind": "List", "items": self.objects}, indent=1)
            )
        return folder

    def analyze(self, folder: Path) -> Analysis:
        return analyze([self.write(folder)])


def short(analysis: Analysis, *kinds: str) -> list[str]:
    """Findings as 'kind subject start..end detail', times in seconds after the origin."""
    return sorted(_short(f) for f in analysis.findings if not kinds or f.kind in kinds)


def _short(f: Finding) -> str:
    subject = f.controller if f.kind.endswith(("-window", "imbalance")) else (f.container_id and f"{f.pod}/{f.container}") or f.node
    detail = f.details.get("outcome") or f.details.get("cause") or f.details.get("after") or ""
    if f.kind == "adoption":
        detail = ",".join(f"{k}:{len(f.details[k])}" for k in ("adopted", "removed", "restarted", "lost") if f.details[k])
    return f"{f.kind} {subject} {_second(f.start.time)}..{_second(f.end.time)} {detail}{' expected' if f.expected else ''}".strip()


def _second(moment: datetime | None) -> str:
    return "" if moment is None else f"{(moment - ORIGIN).total_seconds():g}"


def replaced(incident: Incident, second: float) -> None:
    """The control plane gives up web-aaaaa and makes web-ccccc on the other node."""
    incident.not_ready(second - 20, A)
    incident.evicted(second, "web-aaaaa")
    incident.made(second + 0.1, "ReplicationController/web", "web-ccccc", B)
    incident.runs(B, second + 2, "web-ccccc")
