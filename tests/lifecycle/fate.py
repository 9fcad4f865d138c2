"""Random happenings, as they could follow each other in a cluster: each seed is another incident."""

import random
import string

from tests.lifecycle.cluster import Cluster
from tests.lifecycle.incident import A, B
from tests.lifecycle.telling import FOREVER, APod

RC = "ReplicationController/web"
LOST, GIVEN_UP = 17, 40
"""Seconds after which a silent node is held for lost, and its pods are evicted."""


class Fate:
    """Kubelets go and return, links break, pods are deleted, die, are scaled; the control plane does its part."""

    def __init__(self, cluster: Cluster, seed: int) -> None:
        self.cluster = cluster
        self.chance = random.Random(seed)
        self.replicas = self.chance.choice((1, 2, 2, 3))
        self.wanted: list[APod] = []
        self.silent: dict[str, float] = {}  # node: since when it is
        self.lost: set[str] = set()
        self.now = 1.0
        cluster.workload(RC, self.replicas)
        for number in range(self.replicas):
            self.make((A, B)[number % 2])

    def make(self, node: str) -> None:
        tail = "".join(self.chance.choice(string.ascii_lowercase) for _ in range(5))
        containers = ("app", "side") if len(RC) % 2 and self.chance.random() < 0.3 else ("app",)
        self.wanted.append(self.cluster.pod(self.now, RC, f"web-{tail}", node, *containers))

    def healthy(self) -> list[str]:
        return [n for n in (A, B) if n not in self.silent]

    def run(self, steps: int) -> None:
        self.pause()
        for _ in range(steps):
            able = [act for act in (self.stop, self.start, self.link, self.dies, self.delete, self.force, self.scale) if act()]
            del able
        self.pause()
        self.cluster.until(self.now + 60)

    def pause(self) -> None:
        """Time passes, and the control plane looks at silent nodes."""
        until = self.now + self.chance.choice((14.0, 20.0, 33.0, 60.0)) + self.chance.random()
        for node, since in sorted(self.silent.items(), key=lambda s: s[1]):
            if node not in self.lost and since + LOST < until:
                self.lost.add(node)
                self.now = max(self.now, since + LOST)
                self.cluster.lost(self.now, node)
        for node, since in sorted(self.silent.items(), key=lambda s: s[1]):
            if since + GIVEN_UP < until and self.healthy():
                self.now = max(self.now + 0.5, since + GIVEN_UP)
                self.give_up(node)
        self.now = max(until, self.now + 12)

    def give_up(self, node: str) -> None:
        for pod in [p for p in self.wanted if p.node == node and p.marked == FOREVER]:
            self.cluster.evict(self.now, pod)
            self.wanted.remove(pod)
            self.make(self.chance.choice(self.healthy()))

    def back(self, node: str) -> None:
        self.silent.pop(node)
        if node in self.lost:
            self.lost.remove(node)
            self.cluster.back(self.now + 1, node)

    def stop(self) -> bool:
        nodes = [n for n in (A, B) if self.cluster.hears(n, self.now)]
        if not nodes or self.chance.random() < 0.5:
            return False
        node = self.chance.choice(nodes)
        (self.cluster.stop_kubelet if self.chance.random() < 0.6 else self.cluster.kill_kubelet)(self.now, node)
        self.silent[node] = self.now
        self.pause()
        return True

    def start(self) -> bool:
        nodes = [n for n in self.silent if not self.cluster.up(n, self.now)]
        if not nodes or self.chance.random() < 0.4:
            return False
        node = self.chance.choice(nodes)
        self.cluster.start_kubelet(self.now, node)
        self.back(node)
        self.pause()
        return True

    def link(self) -> bool:
        cut = [n for n in self.silent if n in self.cluster.cut]
        if cut:
            self.cluster.heal(self.now, cut[0])
            self.back(cut[0])
            self.now += self.cluster.healing + 5
        elif self.healthy() and self.chance.random() < 0.2:
            node = self.chance.choice(self.healthy())
            self.cluster.cut_off(self.now, node)
            self.silent[node] = self.now
        else:
            return False
        self.pause()
        return True

    def dies(self) -> bool:
        pods = [p for p in self.cluster.all_pods if "app" in p.live]
        if not pods or self.chance.random() < 0.8:
            return False
        self.cluster.dies(self.now, self.chance.choice(pods), code=self.chance.choice((1, 137)))
        self.pause()
        return True

    def delete(self) -> bool:
        if not self.wanted or not self.healthy() or self.chance.random() < 0.75:
            return False
        pod = self.chance.choice(self.wanted)
        self.cluster.delete(self.now, pod)
        self.replace(pod)
        return True

    def force(self) -> bool:
        if not self.wanted or not self.healthy() or self.chance.random() < 0.85:
            return False
        pod = self.chance.choice(self.wanted)
        self.cluster.force(self.now, pod)
        self.replace(pod)
        return True

    def replace(self, pod: APod) -> None:
        self.wanted.remove(pod)
        self.now += 0.1
        self.make(self.chance.choice(self.healthy()))
        self.pause()

    def scale(self) -> bool:
        if not self.healthy() or self.chance.random() < 0.8:
            return False
        fewer = self.chance.random() < 0.5 and len(self.wanted) > 1
        self.cluster.scaled(self.now, RC, len(self.wanted) + (-1 if fewer else 1))
        if fewer:
            pod = self.chance.choice([p for p in self.wanted if p.node in self.healthy()] or self.wanted)
            self.wanted.remove(pod)
            self.cluster.delete(self.now + 0.1, pod, "controller")
        else:
            self.now += 0.1
            self.make(self.chance.choice(self.healthy()))
        self.pause()
        return True
