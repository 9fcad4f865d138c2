"""What was polled beside the logs: one tick a second, read from ``truth.jsonl``.

A tick of the file is one line per node (``running``: the runtime's view, without sandboxes; ``cgroup_running_ids``: the kernel's,
which holds also while the runtime is down) and one line for the cluster (``kubelet_active``, ``docker_active``, ``desired``).
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True)
class Container:
    """An app container that the runtime named at least once."""

    id: str
    node: str
    namespace: str
    pod: str
    name: str


@dataclass
class Tick:
    """One poll of everything. The cluster and each node have their own moment: a dying node answers late."""

    time: datetime
    node_times: dict[str, datetime]
    alive: dict[str, frozenset[str]]  # node -> ids of app containers
    kubelet: dict[str, bool]
    runtime: dict[str, bool]
    desired: dict[str, int]  # NAMESPACE/KIND/NAME -> replicas

    @property
    def first(self) -> datetime:
        return min(self.time, *self.node_times.values())

    @property
    def last(self) -> datetime:
        return max(self.time, *self.node_times.values())


@dataclass
class Poll:
    """A whole capture's ticks, in order."""

    ticks: list[Tick] = field(default_factory=list)
    containers: dict[str, Container] = field(default_factory=dict)

    @property
    def nodes(self) -> list[str]:
        return sorted({node for tick in self.ticks for node in tick.kubelet})


def read_poll(path: Path) -> Poll:
    """Read ``truth.jsonl``. A container lives as long as the kernel says so; the runtime's list lags by up to a second."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    containers = {
        c["container_id"]: Container(c["container_id"], line["node"], c["namespace"], c["pod_name"], c["container_name"])
        for line in lines
        for c in line.get("running", ())
    }
    poll = Poll(containers=containers)
    node_times: dict[str, datetime] = {}
    alive: dict[str, frozenset[str]] = {}
    for line in lines:
        time = datetime.fromisoformat(line["ts"])
        if "node" in line:
            node_times[line["node"]] = time
            alive[line["node"]] = frozenset(line["cgroup_running_ids"]) & containers.keys()
            continue
        desired = {key: state["desired"] for key, state in line["desired"].items() if state["desired"] is not None}
        poll.ticks.append(Tick(time, dict(node_times), dict(alive), line["kubelet_active"], line["docker_active"], desired))
    return poll
