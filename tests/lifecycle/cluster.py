"""A small cluster to which things happen, and the logs that generations of Kubernetes leave of the same happenings.

A case says what happened (the kubelet stops at second 50, a pod is evicted at 90, the kubelet is back at 120); the cluster plays
the kubelet's part (it adopts, kills, restarts) as far as that is the same in all generations, and a dialect writes the lines.
What truly ran, from when to when, is kept aside (``runs``, ``kubelets``): the truth that findings are held against.

Happenings are told in the order of time. Times are seconds after the origin.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from analyzer.analysis import Analysis, analyze
from tests.lifecycle.incident import at
from tests.lifecycle.telling import FOREVER, SANDBOX, APod, Ran, Telling, Up, digits


@dataclass
class Cluster(Telling):
    """The happenings, and the kubelet's part in them. Dialects override how it is written."""

    drain: float = 1.0  # a container ends so long after SIGTERM
    runs: list[Ran] = field(default_factory=list)
    all_pods: list[APod] = field(default_factory=list)
    kubelets: dict[str, list[Up]] = field(default_factory=dict)
    cut: dict[str, float] = field(default_factory=dict)
    cuts: list[tuple[str, float, float]] = field(default_factory=list)  # node, from, to when it hears again
    asked: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)  # ReplicaSet/x to Deployment/y
    spare: dict[str, list[tuple[float, str]]] = field(default_factory=dict)  # the runtime daemon's journal
    end: float = 0.0

    dialect: ClassVar[str]
    starting: ClassVar[float]  # from systemd's 'Started' to 'Started kubelet'
    first_sync: ClassVar[float]  # from there to the first pods
    healing: ClassVar[float]  # from the link's return to the news of a deletion

    # what is asked for
    def workload(self, owner: str, replicas: int, parent: str = "") -> None:
        if parent:
            self.parents[owner] = parent
        else:
            self.asked[owner] = [(0.0, replicas)]

    def scaled(self, second: float, owner: str, replicas: int) -> None:
        self.asked.setdefault(owner, [(0.0, replicas)]).append((second, replicas))

    def sized(self, second: float, replica_set: str, replicas: int, way: str = "up") -> None:
        """The deployment controller gives a replica set another size."""
        parent = self.parents[f"ReplicaSet/{replica_set}"].partition("/")[2]
        message = f"Scaled {way} replica set {replica_set} to {replicas}"
        self.event(second, "Deployment", parent, "ScalingReplicaSet", message, component="deployment-controller")

    # pods
    def placed(self, second: float, owner: str, name: str, node: str, *containers: str, static: bool = False) -> APod:
        """Made and placed."""
        uid = digits("pod", name, second)
        made = APod(
            name, f"{uid[:8]}-{uid[8:12]}-4{uid[13:16]}-a{uid[17:20]}-{uid[20:32]}", node, owner, containers or ("app",), second, static
        )
        self.all_pods.append(made)
        self._told_made(made)
        if self.up(node, second):
            self.line_added(node, second + 0.05, [made])
        return made

    def pod(self, second: float, owner: str, name: str, node: str, *containers: str, static: bool = False) -> APod:
        """Made, placed, and (if a kubelet is there) running a second later."""
        made = self.placed(second, owner, name, node, *containers, static=static)
        if self.up(node, second):
            self._start(second + 1, made)
        return made

    def fails_to_start(self, second: float, pod: APod, container: str = "app") -> None:
        """Made, but its start fails: it never ran."""
        if SANDBOX not in pod.live:
            self._start(second - 0.3, pod, [SANDBOX])
        attempt = pod.attempts[container] = pod.attempts.get(container, -1) + 1
        ran = Ran(pod, container, digits(pod.uid, container, attempt), second)
        self.runtime(second, "create", ran)
        self.never_started(second + 0.5, ran)

    def _told_made(self, pod: APod) -> None:
        kind, _, name = pod.owner.partition("/")
        if kind and not pod.static:
            text = f"create Pod {pod.name} in StatefulSet {name} successful" if kind == "StatefulSet" else f"Created pod: {pod.name}"
            self.event(pod.made, kind, name, "SuccessfulCreate", text, component=f"{kind.lower()}-controller")
        if not pod.static:
            self.event(
                pod.made, "Pod", pod.name, "Scheduled", f"Successfully assigned {pod.ref} to {pod.node}", component="scheduler", uid=pod.uid
            )

    def _start(self, second: float, pod: APod, containers: Iterable[str] = ()) -> None:
        """Its containers (and its sandbox, if it has none) start; the next relist sees them."""
        chosen = list(containers) or [c for c in pod.containers if c not in pod.live]
        if SANDBOX not in pod.live:
            chosen = [c for c in chosen if c != SANDBOX]
            self.line_sandbox_needed(pod.node, second - 0.6, pod)
            chosen.insert(0, SANDBOX)
        for container in chosen:
            attempt = pod.attempts[container] = pod.attempts.get(container, -1) + 1
            ran = Ran(pod, container, digits(pod.uid, container, attempt), second - (0.4 if container == SANDBOX else 0))
            pod.live[container] = ran
            self.runs.append(ran)
            self.runtime(ran.start - 0.2, "create", ran)
            self.runtime(ran.start, "start", ran)
            self.told_started(ran.start + 0.02, ran)
        for container in reversed(chosen):
            self.line_seen(pod.node, second + 0.7, pod, pod.live[container].id, "ContainerStarted")

    def ends(self, second: float, ran: Ran, code: int = 0, by: str = "itself") -> None:
        ran.end, ran.by = second, by
        ran.pod.live.pop(ran.container, None)
        self.runtime(second, "die", ran, code)

    def dies(self, second: float, pod: APod, container: str = "app", code: int = 1, again: bool = True) -> None:
        """A container ends by itself; a kubelet that is there restarts it."""
        ran = pod.live[container]
        self.ends(second, ran, code)
        if self.up(pod.node, second):
            self.line_finished(pod.node, second + 0.7, pod, ran.id, code)
            if again and pod.kind != "Job":
                self._start(second + 1.5, pod, [container])

    def restarts_itself(self, second: float, pod: APod, container: str = "app") -> None:
        """docker's own restart policy: the same container is started again."""
        old = next(r for r in reversed(self.runs) if r.pod is pod and r.container == container)
        ran = pod.live[container] = Ran(pod, container, old.id, second)
        self.runs.append(ran)
        self.runtime(second, "start", ran)

    # deletions
    def evict(self, second: float, *pods: APod) -> None:
        """The control plane gives pods up because of their node."""
        for pod in pods:
            self.told_evicted(second, pod)
            self._mark(second, pod)

    def cancel(self, second: float, pod: APod) -> None:
        """The node is back in time."""
        text = f"Cancelling deletion of Pod {pod.ref}"
        self.event(second, "Pod", pod.name, "TaintManagerEviction", text, component="taint-controller", namespace="default")

    def delete(self, second: float, pod: APod, by: str = "user") -> None:
        """By a user, or by its controller ('controller')."""
        if by == "controller":
            kind, _, name = pod.owner.partition("/")
            self.told_deleted(second, kind, name, pod)
        self._mark(second, pod)

    def _mark(self, second: float, pod: APod) -> None:
        pod.marked = min(pod.marked, second)
        if self.hears(pod.node, second):
            self.line_deleted(pod.node, second + 0.02, [pod])
            self._terminate(second + 0.05, pod)

    def force(self, second: float, pod: APod) -> None:
        """Deleted with --force --grace-period=0: the API's object is gone at once."""
        pod.marked, pod.gone = min(pod.marked, second), second
        if self.hears(pod.node, second):
            self.line_deleted(pod.node, second + 0.02, [pod])
            self.line_removed(pod.node, second + 0.04, [pod])
            self._terminate(second + 0.1, pod)

    def _terminate(self, second: float, pod: APod) -> None:
        """Graceful: SIGTERM, the end of its containers, then of its sandbox; then the API's object goes."""
        apps = [r for r in self.runs if r.pod is pod and r.container != SANDBOX and r.start <= second < r.end]
        for ran in apps:
            self.line_killing(pod.node, second, ran, 30)
            self.runtime(second + 0.05, "kill", ran, 15)
            self.told_killing(second, ran)
        for ran in apps:
            if ran.end == FOREVER:
                self.ends(second + 0.05 + self.drain, ran, 0, "kubelet")
        over = max((r.end for r in apps), default=second)
        if SANDBOX in pod.live:
            ran = pod.live[SANDBOX]
            self.runtime(over + 0.1, "kill", ran, 15)
            self.ends(over + 0.15, ran, 0, "kubelet")
            apps.append(ran)
        for ran in apps:
            self.line_finished(pod.node, over + 0.95, pod, ran.id, 0)
        for ran in apps[:-1]:
            self.runtime(over + 1.15, "destroy", ran)
        if pod.gone == FOREVER:
            pod.gone = over + 2.5
            self.line_deleted(pod.node, pod.gone, [pod])
            self.line_removed(pod.node, pod.gone + 0.01, [pod])

    def kubelet_evicts(self, second: float, pod: APod) -> None:
        """For want of a resource the kubelet itself ends a pod: phase Failed, and its object stays."""
        self.event(second, "Pod", pod.name, "Evicted", "The node was low on resource: ephemeral-storage.", component="kubelet",
                   host=pod.node, uid=pod.uid)  # fmt: skip
        for container in [c for c in pod.live if c != SANDBOX]:
            ran = pod.live[container]
            self.line_killing(pod.node, second, ran, 0)
            self.told_killing(second, ran)
            self.ends(second + 0.3, ran, 137, "kubelet")
            self.line_finished(pod.node, second + 1, pod, ran.id, 137)

    # kubelets
    def up(self, node: str, second: float) -> bool:
        return any(k.start <= second < k.end for k in self.kubelets.get(node, ()))

    def hears(self, node: str, second: float) -> bool:
        return self.up(node, second) and node not in self.cut

    def begin(self, *nodes: str) -> None:
        """The kubelets have been there since before the evidence begins."""
        for node in nodes:
            self.pids[node] = 1000
            self.kubelets[node] = [Up(node, -FOREVER)]

    def _ends_kubelet(self, second: float, node: str, cause: str) -> None:
        """What it would have done and said from then on does not happen."""
        self.kubelets[node][-1].end, self.kubelets[node][-1].cause = second, cause
        self.journals[node] = [x for x in self.journals.get(node, []) if x[0] < second or not x[1].startswith("kubelet[")]
        for pod in (p for p in self.all_pods if p.node == node):
            pod.gone = pod.gone if pod.gone <= second else FOREVER
        for ran in (r for r in self.runs if r.pod.node == node):
            if ran.container == SANDBOX and second < ran.end < FOREVER:
                self._forget(ran, second)
                ran.end, ran.by = FOREVER, ""
                ran.pod.live[SANDBOX] = ran

    def _forget(self, ran: Ran, second: float) -> None:
        self.docker[ran.pod.node] = [x for x in self.docker.get(ran.pod.node, []) if x[0] < second or ran.id not in x[1]]

    def stop_kubelet(self, second: float, node: str) -> None:
        self.stop(node, second)
        self._ends_kubelet(second + 0.04, node, "stopped")

    def kill_kubelet(self, second: float, node: str) -> None:
        self.systemd(node, second, "kubelet.service: Main process exited, code=killed, status=9/KILL")
        self.systemd(node, second + 0.001, "kubelet.service: Failed with result 'signal'.")
        self._ends_kubelet(second, node, "killed")

    def crash_kubelet(self, second: float, node: str) -> None:
        self.systemd(node, second, "kubelet.service: Main process exited, code=exited, status=255/EXCEPTION")
        self.systemd(node, second + 0.001, "kubelet.service: Failed with result 'exit-code'.")
        self._ends_kubelet(second, node, "crashed")

    def start_kubelet(
        self, second: float, node: str, lives: float = FOREVER, pid: int | None = None, only: Iterable[APod] | None = None
    ) -> None:
        """It starts, finds what there is, and (if it lives so long) does what is to be done."""
        if self.kubelets[node][-1].cause in ("killed", "crashed"):
            self.systemd(node, second - 0.02, "kubelet.service: Scheduled restart job, restart counter is at 1.")
            self.systemd(node, second - 0.01, "Stopped kubelet.service - kubelet: The Kubernetes Node Agent.")
        self.pids[node] = pid or self.pids[node] + 1000
        self.kubelets[node].append(Up(node, second))
        self.systemd(node, second, "Started kubelet.service - kubelet: The Kubernetes Node Agent.")
        if lives <= self.starting:
            self.kubelet(node, second + lives / 2, "Using root directory: /var/lib/kubelet", "server.go:273")
            return
        self.lines_started(node, second + self.starting)
        self.event(second + self.starting, "Node", node, "Starting", "Starting kubelet.", component="kubelet", host=node, uid=node)
        if lives <= self.starting + self.first_sync:
            return
        self.first_round(second + self.starting + self.first_sync, node, only)

    def first_round(self, second: float, node: str, only: Iterable[APod] | None = None) -> None:
        """What the API has for the node, what runs, and what to do about the difference."""
        here = [p for p in self.all_pods if p.node == node and (only is None or p in only)]
        wanted = [p for p in here if p.gone > second and p.made <= second]
        for pod in here:  # what ended while nobody looked
            for ran in self.unseen(pod, second):
                self.line_finished(node, second - 0.3, pod, ran.id, 137, late=True)
        self.line_added(node, second, wanted)
        for pod in wanted:
            for ran in list(pod.live.values()):
                self.line_found(node, second + 0.01, pod, ran.id)
        for pod in wanted:
            if pod.marked <= second:
                self._terminate(second + 0.02, pod)
            elif pod.kind != "Job" and any(c not in pod.live for c in pod.containers):
                self._start(second + 1, pod)
        unknown = [p for p in here if p.gone <= second and p.live]
        if unknown:
            self.remove_unknown(second, unknown)

    def unseen(self, pod: APod, second: float) -> Iterator[Ran]:
        """Containers that ended while the kubelet was away."""
        away = self.kubelets[pod.node][-2].end if len(self.kubelets[pod.node]) > 1 else second
        return (r for r in self.runs if r.pod is pod and away <= r.end < second and r.by in ("itself", "runtime"))

    # nodes and networks
    def lost(self, second: float, *nodes: str) -> None:
        for node in nodes:
            self.event(
                second, "Node", node, "NodeNotReady", f"Node {node} status is now: NodeNotReady", component="node-controller", uid="x"
            )

    def back(self, second: float, *nodes: str) -> None:
        for node in nodes:
            self.ready(second, node)

    def cut_off(self, second: float, node: str) -> None:
        self.cut[node] = second

    def heal(self, second: float, node: str) -> None:
        """The link is back; the kubelet hears of deletions some time later."""
        since, heard = self.cut.pop(node), second + self.healing
        self.lines_cut_off(node, since, second)
        self.cuts.append((node, since, heard))
        here = [p for p in self.all_pods if p.node == node and p.live]
        for pod in here:
            if pod.gone <= second:
                self.remove_unknown(heard, [pod])
            elif pod.marked <= second:
                self.line_deleted(node, heard, [pod])
                self._terminate(heard + 0.01, pod)

    def mend(self, second: float, node: str) -> None:
        """The link is back while no kubelet is there to hear it."""
        self.cuts.append((node, self.cut.pop(node), second))

    def node_deleted(self, second: float, node: str) -> None:
        self.event(second, "Node", node, "RemovingNode", f"Node {node} event: Removing Node {node} from Controller",
                   component="node-controller", uid=node)  # fmt: skip

    def lose_power(self, second: float, node: str) -> None:
        """Everything of the node ends, and nothing says so."""
        self._ends_kubelet(second, node, "power")
        for ran in (r for r in self.runs if r.pod.node == node):
            self._forget(ran, second)
        for pod in self.all_pods:
            for ran in list(pod.live.values()) if pod.node == node else ():
                ran.end, ran.by = second, "node"
            if pod.node == node:
                pod.live.clear()

    def boot(self, second: float, node: str) -> None:
        """The node comes back: PIDs begin anew, what ran is gone."""
        self.start_kubelet(second, node, pid=180)
        self.kubelets[node][-1].booted = True
        text = f"Node {node} has been rebooted, boot id: {digits(second)[:8]}"
        self.event(second + self.starting, "Node", node, "Rebooted", text, component="kubelet", host=node, uid=node)

    def shut_down(self, second: float, node: str) -> None:
        """An orderly reboot: the kubelet is stopped, then the runtime with all containers."""
        self.stop_kubelet(second, node)
        for pod in self.all_pods:
            for ran in list(pod.live.values()) if pod.node == node else ():
                self.runtime(second + 1, "kill", ran, 15)
                self.ends(second + 2, ran, 0, "node")

    # to the end
    def until(self, second: float) -> None:
        """The evidence ends: each kubelet that is there has said something by then."""
        self.end = second
        self.cuts += [(node, since, FOREVER) for node, since in self.cut.items()]
        for node, since in self.cut.items():
            self.lines_cut_off(node, since, min(second, self.kubelets[node][-1].end))
        for node, ups in self.kubelets.items():
            for kubelet in ups:
                self.lines_idle(node, max(kubelet.start + 8, 1), min(kubelet.end, second))

    def cut_before(self, second: float) -> None:
        """The evidence of the nodes begins here: what was logged before is lost."""
        for told in (self.journals, self.docker, self.spare, getattr(self, "streams", {})):
            for node in told:
                told[node] = [x for x in told[node] if x[0] >= second]

    def snapshot(self) -> list[dict[str, Any]]:
        """What kubectl get -o json shows at the end."""
        found: list[dict[str, Any]] = []
        for owner, sizes in self.asked.items():
            kind, _, name = owner.partition("/")
            if kind in ("DaemonSet", "Job"):
                continue
            found.append({"kind": kind, "metadata": {"name": name, "uid": digits(owner)[:36]}, "spec": {"replicas": sizes[-1][1]}})
        for owner, parent in self.parents.items():
            kind, _, name = owner.partition("/")
            meta = {"name": name, "uid": digits(owner)[:36], "ownerReferences": [_reference(parent)]}
            found.append({"kind": kind, "metadata": meta, "spec": {}})
        found += [self.shown(pod) for pod in self.all_pods if pod.made <= self.end < pod.gone]
        for item in found:
            item["apiVersion"] = "v1"
            item["metadata"] |= {"namespace": "default", "resourceVersion": str(_version(self.end))}
        return found

    def shown(self, pod: APod) -> dict[str, Any]:
        statuses = [
            {
                "name": ran.container,
                "containerID": f"{self.scheme}://{ran.id}",
                "state": {"running": {"startedAt": _stamp(ran.start)}},
                "ready": True,
            }
            for ran in pod.live.values()
            if ran.container != SANDBOX
        ]
        meta: dict[str, Any] = {"name": pod.name, "uid": pod.uid, "creationTimestamp": _stamp(pod.made)}
        if pod.static:  # the mirror that the kubelet makes
            own = {f"kubernetes.io/config.{k}": v for k, v in (("hash", pod.uid), ("mirror", pod.uid), ("source", "file"))}
            meta |= {"uid": digits("mirror", pod.uid)[:36], "annotations": own}
        if pod.owner:
            meta["ownerReferences"] = [_reference(pod.owner)]
        if pod.marked <= self.end:
            meta |= {"deletionTimestamp": _stamp(pod.marked + 30), "deletionGracePeriodSeconds": 30}
        return {"kind": "Pod", "metadata": meta, "spec": {"nodeName": pod.node}, "status": {"containerStatuses": statuses}}

    scheme: ClassVar[str] = "docker"

    def write(self, folder: Path, *, api: bool = True) -> Path:
        assert self.end, "say until when the evidence goes"
        for item in self.events:
            item["metadata"]["resourceVersion"] = str(_version(item["metadata"].pop("second")))
        events, self.objects = self.events, self.snapshot() if api else []
        self.events = [e for e in events if api]
        super().write(folder)
        self.events = events
        return folder

    def analyze(self, folder: Path, *, api: bool = True) -> Analysis:
        return analyze([self.write(folder, api=api)])


def _reference(owner: str) -> dict[str, Any]:
    kind, _, name = owner.partition("/")
    return {"apiVersion": "v1", "kind": kind, "name": name, "uid": digits(owner)[:36], "controller": True}


def _stamp(second: float) -> str:
    return at(second).strftime("%Y-%m-%dT%H:%M:%SZ")


def _version(second: float) -> int:
    """A resourceVersion that grows with time."""
    return 100_000 + int(second * 100)
