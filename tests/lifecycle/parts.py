"""Parts of a lifecycle with the lines that tell of them, made by hand. Times are seconds after the origin."""

from dataclasses import replace
from typing import Any

from analyzer.lifecycle import readiness
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.desired import Wanted
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.run import UNKNOWN_EDGE, Run
from analyzer.lifecycle.signs import Spell
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind
from tests.lifecycle.incident import A, at

OF = {"uid": "pod_uid", "id": "container_id"}


def said(second: float, kind: EventKind, component: str = "kubelet", **told: Any) -> Event:
    """Attributes of an event are given as ``attributes``; the line that it stands in is its second."""
    told = {OF.get(name, name): value for name, value in told.items()}
    fields: dict[str, Any] = {
        "resolution": 1,
        "message": "",
        "source": f"{component}.log",
        "line": int(second),
        "offset": None,
        "text": str(kind),
        "node": A,
        **told,
    }
    return Event(at(second), kind=kind, component=component, **fields)


def events(*some: Event) -> Events:
    return Events.of_list(sorted(some, key=lambda e: e.time))


def proof(second: float | None, text: str = "") -> Proof:
    return Proof(
        None if second is None else at(second), "a.log", None if second is None else int(second), None, text or f"at {second}", "so"
    )


def edge(second: float | None, early: float | None = None, late: float | None = None, *, known: bool = True) -> Edge:
    """``known``: its bounds are the moment itself, where none are given."""
    if second is None:
        return UNKNOWN_EDGE
    low, high = (second if known and bound is None else bound for bound in (early, late))
    return Edge(at(second), None if low is None else at(low), None if high is None else at(high), (proof(second),))


def twice(of: Edge) -> Edge:
    """The same, with a second proof."""
    return replace(of, proofs=(*of.proofs, Proof(of.time, "b.log", 1, None, "again", "so")))


def run(
    start: float | None, end: float | None = None, container: str = "app", *, node: str | None = A, name: str = "web-0", **told: Any
) -> Run:
    told.setdefault("container_id", f"{name}/{container}/{start}")
    return Run(told.pop("container_id"), node, "default", name, f"uid-{name}", container, edge(start), edge(end), **told)


def pod(*runs: Run, name: str = "web-0", node: str | None = A, said: Any = (), **told: Any) -> Pod:
    return Pod("default", name, told.pop("uid", f"uid-{name}"), node, runs=list(runs), events=events(*said), **told)


def outage(start: float, end: float | None, *, boot_lost: bool = False, node: str = A, early: float | None = None) -> Outage:
    return Outage(node, edge(start, early), edge(end), "stopped", boot_lost)


def spell(start: float, end: float | None, *reporters: str, node: str = A) -> readiness.Spell:
    return readiness.Spell(node, edge(start), edge(end), set(reporters or ("node-controller",)))


def writes(start: float, end: float, identifier: str = "kubelet", node: str = A) -> Spell:
    return Spell(node, identifier, 1000, None, 2, proof(start), proof(end), None)


def node_life(
    name: str = A, *, outages: Any = (), not_ready: Any = (), said: Any = (), spells: Any = (), until: float | None = None
) -> NodeLife:
    more = {} if until is None else {"until": at(until)}
    return NodeLife(name, list(outages), list(not_ready), events(*said), list(spells), True, **more)


def controller(*pods: Pod, wanted: int | None = 1, later: tuple[tuple[float, int], ...] = (), name: str = "web") -> Controller:
    asked = Wanted((Step(None, wanted), *(Step(at(second), n) for second, n in later)), "stated") if wanted is not None else None
    return Controller("default", "ReplicaSet", name, Pods.of(pods), reckon=lambda: asked)


def life(
    *nodes: NodeLife, pods: Any = (), controllers: Any = (), said: Any = (), end: float = 1000, versions: Any = (), **more: Any
) -> Lifecycle:
    pods = list(pods) or [p for c in controllers for p in c.pods]
    runs = sorted((r for p in pods for r in p.runs), key=lambda r: r.container_id)
    own = [e for node in nodes for e in node.events]
    return Lifecycle(
        at(0),
        at(end),
        {n.name: n for n in nodes},
        runs,
        Pods.of(pods),
        list(controllers),
        events(*own, *said),
        versions=list(versions),
        **more,
    )


def version(
    kind: str = "Pod",
    name: str = "web-0",
    *,
    written: float | None = 0,
    until: float | None = None,
    watch: str | None = None,
    **document: Any,
) -> Version:
    """``uid``, ``number``: of the metadata; other arguments are the document's parts."""
    uid, number, namespace = document.pop("uid", f"uid-{name}"), document.pop("number", 7), document.pop("namespace", "default")
    low, high = (None if second is None else at(second) for second in (written, until))
    return Version(kind, namespace, name, uid, number, watch, document, low, high, "objects.json", 3, None)


def clock(second: float) -> str:
    """A moment as the API writes it."""
    return at(second).strftime("%Y-%m-%dT%H:%M:%SZ")
