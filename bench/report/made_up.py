"""A made-up incident of any size, as a lifecycle: most of it calm, a tenth of the nodes lose their kubelet for a while. Seeded."""

from datetime import UTC, datetime, timedelta
from random import Random

from analyzer.analysis import Analysis
from analyzer.detectors import detect
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.desired import Wanted
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.readiness import Spell
from analyzer.proof import Edge, Proof
from analyzer.store import MemoryStore
from analyzer.vocabulary import EventKind as E

START = datetime(2026, 3, 1, 8, 0, 0, tzinfo=UTC)
HOURS = 6
_PER_NODE = 60
_PER_POD = 2
_REPLICAS = 8


def incident(containers: int, seed: int = 1) -> Analysis:
    """So many containers of application pods, over HOURS hours; each with its proofs."""
    return _World(Random(seed), containers).analysis()


class _World:
    def __init__(self, rng: Random, containers: int) -> None:
        self._rng, self._number = rng, containers
        self._names = [f"node-{n:04}" for n in range(max(containers // _PER_NODE, 2))]
        self._outages: dict[str, list[Outage]] = {name: [] for name in self._names}
        self._unready: dict[str, list[Spell]] = {name: [] for name in self._names}
        self._events: dict[str, list[Event]] = {name: [] for name in self._names}
        self._line = 0

    def analysis(self) -> Analysis:
        end = START + timedelta(hours=HOURS)
        for name in self._names[:: max(len(self._names) // max(len(self._names) // 10, 1), 1)]:
            self._away(name)
        controllers: list[Controller] = []
        made = 0
        while made < self._number:
            number = len(controllers)
            own: list[Pod] = []
            controller = Controller(f"team-{number % 40}", "Deployment", f"example-service-release-{number}", Pods.of(own))
            controller.wanted = Wanted((Step(None, _REPLICAS),), "objects", (self._proof(START, "API", "the replicas asked for"),))
            while made < self._number and len(own) < _REPLICAS * 3 // 2:
                own.append(self._pod(controller, late=len(own) >= _REPLICAS))
                made += _PER_POD
            controller.pods = Pods.of(own)
            controllers.append(controller)
        pods = [p for c in controllers for p in c.pods]
        runs = [r for p in pods for r in p.runs]
        nodes = {
            n: NodeLife(n, self._outages[n], self._unready[n], Events.of_list(self._events[n]), [], has_kubelet_log=True)
            for n in self._names
        }
        coverage = [Coverage(n, kind, START, end) for n in self._names for kind in ("journal-json", "docker-json")]
        coverage.append(Coverage(None, "kubernetes-json", START, end))
        events = sorted((e for some in self._events.values() for e in some), key=lambda e: e.time)
        life = Lifecycle(START, end, nodes, runs, Pods.of(pods), controllers, Events.of_list(events), coverage)
        store = MemoryStore()
        return Analysis(life, detect(life), store.table("sources"), store)

    def _at(self, low: float, high: float) -> datetime:
        return START + timedelta(microseconds=self._rng.randrange(int(low * 1e6), int(high * 1e6)))

    def _proof(self, time: datetime, source: str, proves: str) -> Proof:
        self._line += self._rng.randrange(1, 40)
        text = f"{proves} ({self._rng.getrandbits(256):064x}, image=sha256:{self._rng.getrandbits(256):064x})"
        return Proof(time, f"{source}/journal.json", self._line, None, text, proves)

    def _edge(self, time: datetime, source: str, proves: str, vague: float = 0.0) -> Edge:
        early = time - timedelta(seconds=vague)
        return Edge(time, early, time, (self._proof(time, source, proves),), rule="the container runtime recorded this moment itself")

    def _away(self, node: str) -> None:
        begin = self._at(3600, 3 * 3600)
        back = begin + timedelta(seconds=self._rng.choice((7, 25, 90, 600)))
        outage = Outage(
            node, self._edge(begin, node, "systemd: stopped", 0.04), self._edge(back, node, "systemd: started"), "stopped", False
        )
        outage.evidence = [*outage.start.proofs, *outage.end.proofs]
        self._outages[node].append(outage)
        if back - begin > timedelta(seconds=40):
            lost = self._edge(begin + timedelta(seconds=40), "cluster", "the API's view of the node")
            self._unready[node].append(Spell(node, lost, self._edge(back, "cluster", "Ready again"), {"node-controller"}))

    def _pod(self, controller: Controller, *, late: bool) -> Pod:
        node = self._rng.choice(self._names)
        bits = f"{self._rng.getrandbits(128):032x}"
        uid = f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}"
        name = f"{controller.name}-{self._rng.getrandbits(40):010x}-{self._rng.getrandbits(20):05x}"
        pod = Pod(controller.namespace, name, uid, node=node, owner=(controller.kind, controller.name))
        begin = self._at(3 * 3600, 5 * 3600) if late else self._at(0, 1800)
        end = self._at(5 * 3600, HOURS * 3600) if self._rng.random() < 0.3 else None
        outage = self._outages[node][0] if self._outages[node] else None
        if self._unready[node] and not late and self._rng.random() < 0.5 and outage is not None and outage.end.time is not None:
            lost = self._unready[node][0].start
            assert lost.time is not None
            pod.marked = self._edge(lost.time + timedelta(seconds=20), "cluster", "the control plane deleted the pod")
            pod.evicted = self._event(pod.marked.time or START, E.POD_EVICTED, node, pod)
            end = outage.end.time + timedelta(seconds=2 + self._rng.random())
        for container in ("service", "log-shipper")[:_PER_POD]:
            last = end + timedelta(seconds=self._rng.random()) if end else None
            ended = self._edge(last, node, "the runtime recorded its end") if last else Edge(None, None, None)
            identity = f"{self._rng.getrandbits(256):064x}"
            run = Run(identity, node, pod.namespace, name, uid, container, self._edge(begin, node, "the runtime started it"), ended)
            run.end_reason, run.exit_code = ("died", 137) if last else (None, None)
            if last:
                run.kills = [self._event(last - timedelta(seconds=1), E.CONTAINER_KILLING, node, pod)]
            pod.runs.append(run)
        return pod

    def _event(self, time: datetime, kind: E, node: str, pod: Pod) -> Event:
        event = Event(
            time=time,
            resolution=1,
            kind=kind,
            component="kubelet",
            node=node,
            namespace=pod.namespace,
            pod=pod.name,
            pod_uid=pod.uid,
            container=None,
            container_id=None,
            controller=None,
            pid=1,
            boot_id=None,
            value=None,
            message=str(kind),
            source=f"{node}/journal.json",
            line=self._line,
            offset=None,
            text=f"{kind} {pod.name}",
        )
        self._events[node].append(event)
        return event
