"""An incident of one node whose every name and message tries to break out of the page that tells of it."""

from datetime import UTC, datetime, timedelta

import polars as pl

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
from analyzer.vocabulary import SOURCES, EventKind

BREAKOUT = "</script><img src=x onerror=\"window.owned='breakout'\">"
ANCHOR = "<a href=\"javascript:window.owned='anchor'\">x</a>"
ATTRIBUTE = '" onmouseover="window.owned=1" x="'
TEMPLATE = "{{ 7*191 }}{% if 1 %}%{x}$x$&lt;b&gt;"
CONTROL = "\x1b[31mred\x07\u202egnp.exe\u2028line\x00"
ALL = f"{BREAKOUT}{ANCHOR}{ATTRIBUTE}{TEMPLATE}{CONTROL}"

START = datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def edge(seconds: float | None, proves: str = ALL) -> Edge:
    if seconds is None:
        return Edge(None, None, None)
    proof = Proof(at(seconds), f"dir/{ALL}", 7, None, f"text {ALL}", proves)
    return Edge(at(seconds), at(seconds), at(seconds), (proof,))


def run(pod: Pod, container: str, identity: str, start: float | None, end: float | None) -> Run:
    made = Run(identity, pod.node, pod.namespace, pod.name, pod.uid, container, edge(start), edge(end))
    made.end_reason = "died" if end is not None else None
    pod.runs.append(made)
    return made


def analysis() -> Analysis:
    """A kubelet is down from 10 s to 40 s; one of two pods is replaced, and removed at 43 s; the other one is adopted."""
    node, other = f"node-{ALL}", "node-b"
    outage = Outage(node, edge(10), edge(40), "stopped", boot_lost=False, evidence=[*edge(10).proofs, *edge(40).proofs])
    recovered = _event(41, EventKind.RECOVERY_COMPLETED, node)
    evicted = _event(30, EventKind.POD_EVICTED, node)
    told = Events.of_list([recovered])
    nodes = {
        node: NodeLife(node, [outage], [Spell(node, edge(20), edge(41), {"node-controller"})], told, [], has_kubelet_log=True),
        other: NodeLife(other, [], [], Events.of_list([]), [], has_kubelet_log=False),
    }
    old = Pod(f"ns-{ALL}", f"old-{ALL}", "uid-old", node=node, marked=edge(30), evicted=evicted)
    kept = Pod(f"ns-{ALL}", f"kept-{ALL}", "uid-kept", node=node)
    new = Pod(f"ns-{ALL}", f"new-{ALL}", "uid-new", node=other)
    runs = [
        run(old, f"app-{ALL}", "a" * 64, 1, 43),
        run(kept, f"app-{ALL}", "b" * 64, None, None),
        run(new, f"app-{ALL}", "c" * 64, 32, None),
    ]
    runs[0].kills = [_event(41.5, EventKind.CONTAINER_KILLING, node)]
    wanted = Wanted((Step(None, 2),), "objects", edge(0).proofs)
    controller = Controller(f"ns-{ALL}", "ReplicationController", f"rc-{ALL}", Pods.of([old, kept, new]), reckon=lambda: wanted)
    coverage = [Coverage(node, ALL, at(0), at(60)), Coverage(None, "kubernetes-json", at(0), at(60))]
    life = Lifecycle(at(0), at(60), nodes, runs, Pods.of([kept, new, old]), [controller], Events.of_list([evicted, recovered]), coverage)
    return Analysis(life, detect(life), _sources(), MemoryStore())


def _event(seconds: float, kind: EventKind, node: str) -> Event:
    return Event(
        time=at(seconds),
        resolution=1,
        kind=kind,
        component="kubelet",
        node=node,
        namespace=None,
        pod=None,
        pod_uid=None,
        container=None,
        container_id=None,
        controller=None,
        pid=1,
        boot_id=None,
        value=None,
        message=ALL,
        source=f"dir/{ALL}",
        line=3,
        offset=None,
        text=f"text {ALL}",
    )


def _sources() -> pl.DataFrame:
    row = {
        "source_id": "0" * 16,
        "source": f"dir/{ALL}",
        "root": ALL,
        "sha256": "0" * 64,
        "size": 1,
        "format": None,
        "status": "unrecognised",
        "detail": ALL,
        "node": ALL,
        "records": 3,
        "events": 0,
        "objects": 0,
        "rejected": 2,
        "start": at(0),
        "end": at(60),
    }
    return pl.DataFrame([row, {**row, "source_id": "1" * 16, "status": "read", "format": ALL}], schema=SOURCES)
