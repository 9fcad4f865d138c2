"""Parts of a lifecycle, made by hand: what a detector is given, with every moment and every count as a test wants it.

Times are seconds after the origin of ``tests.lifecycle.incident``. Each proof's text names what it proves: ``start of old``.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from analyzer.detectors.base import Case
from analyzer.findings import Finding
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.desired import Wanted
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.readiness import Spell
from analyzer.lifecycle.run import Run
from analyzer.lifecycle.signs import Spell as Writing
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import EventKind
from tests.lifecycle.incident import ORIGIN, A, B, at

__all__ = ["A", "B", "at", "second"]

NEVER = Edge(None, None, None)
"""It had not begun, or has not ended, within the evidence."""


def second(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - ORIGIN).total_seconds()


def proof(when: float | None, text: str) -> Proof:
    return Proof(None if when is None else at(when), text, 1, None, text, "")


def edge(when: float | None, early: float | None = 0, late: float | None = 0, *, text: str = "") -> Edge:
    """Known to within so many seconds before and after (None: unbounded)."""
    if when is None:
        return NEVER
    told = (proof(when, text),) if text else ()
    return Edge(at(when), None if early is None else at(when - early), None if late is None else at(when + late), told)


def event(when: float, kind: EventKind, text: str = "", *, component: str = "kubelet", node: str | None = A, **more: Any) -> Event:
    said = text or f"{kind} at {when:g}"
    return Event(at(when), more.pop("resolution", 1), kind, component, said, said, 1, None, said, node=node, **more)


def run(name: str, start: float | Edge | None, end: float | Edge | None = None, *, node: str | None = A, **more: Any) -> Run:
    """A container's run, of the pod that it is given to."""
    begun = start if isinstance(start, Edge) else edge(start, text=f"start of {name}")
    ended = end if isinstance(end, Edge) else edge(end, text=f"end of {name}")
    fields = {"namespace": "default", "pod": None, "pod_uid": None, "container": "app", "end_reason": "died" if ended.time else None}
    return Run(container_id=name, node=node, start=begun, end=ended, **{**fields, **more})


def pod(name: str, runs: Iterable[Run] = (), *, node: str | None = A, **more: Any) -> Pod:
    made = Pod("default", name, f"uid-{name}", node, runs=list(runs), **more)
    for each in made.runs:
        each.pod, each.pod_uid = each.pod or name, each.pod_uid or made.uid
    return made


def outage(
    start: float | Edge | None, end: float | Edge | None, cause: str = "stopped", *, node: str = A, boot_lost: bool = False
) -> Outage:
    gone = start if isinstance(start, Edge) else edge(start, text="gone")
    back = end if isinstance(end, Edge) else edge(end, text="back")
    return Outage(node, gone, back, cause, boot_lost, [*gone.proofs, *back.proofs])


def not_ready(start: float | None, end: float | None, *reporters: str, node: str = A) -> Spell:
    """Without ``reporters``: the node controller says so."""
    lost, found = edge(start, text="not ready"), edge(end, text="ready")
    return Spell(node, lost, found, set(reporters or ("node-controller",)), evidence=[*lost.proofs, *found.proofs])


def writing(start: float, end: float, identifier: str | None = "kubelet", *, pid: int | None = 1, source: str = "journal") -> Writing:
    """A process wrote from the one moment to the other."""
    first, last = (Proof(at(s), source, 1, None, "", "") for s in (start, end))
    return Writing(A, identifier, pid, "boot", 2, first, last, None)


def node(
    name: str = A,
    outages: Sequence[Outage] = (),
    lost: Sequence[Spell] = (),
    events: Sequence[Event] = (),
    spells: Sequence[Writing] = (),
) -> NodeLife:
    return NodeLife(name, list(outages), list(lost), Events.of_list(sorted(events, key=lambda e: e.time)), list(spells), True)


def controller(*pods: Pod, wanted: int | None = None, source: str = "objects", kind: str = "ReplicaSet", **more: Any) -> Controller:
    asked = None if wanted is None else Wanted((Step(None, wanted),), source)
    return Controller("default", kind, "web", Pods.of(pods), **{"reckon": lambda: asked, **more})


def life(
    *nodes: NodeLife,
    pods: Sequence[Pod] = (),
    runs: Sequence[Run] | None = None,
    controllers: Sequence[Controller] = (),
    events: Sequence[Event] = (),
    end: float = 1000,
    **more: Any,
) -> Lifecycle:
    """From second 0 to ``end``; ``runs``: those of the pods, unless given."""
    ran = [r for p in pods for r in p.runs] if runs is None else list(runs)
    told = Events.of_list(sorted(events, key=lambda e: e.time))
    return Lifecycle(at(0), at(end), {n.name: n for n in nodes}, ran, Pods.of(pods), list(controllers), told, **more)


def case(*nodes: NodeLife, **more: Any) -> Case:
    return Case(life(*nodes, **more))


RUNTIME = event(0, EventKind.CONTAINER_STARTED, component="docker", container_id="x")
RUNTIME_OF_B = event(0, EventKind.CONTAINER_STARTED, component="docker", container_id="y", node=B)
"""From the beginning the runtimes of both nodes tell what ran."""


def workload(
    pods: tuple[Pod, ...],
    nodes: tuple[NodeLife, ...],
    wanted: int,
    source: str,
    events: tuple[Event, ...] = (RUNTIME, RUNTIME_OF_B),
    steps: tuple[Step, ...] = (),
    **more: Any,
) -> Case:
    """One controller of these pods; ``steps``: other numbers asked for, one after the other."""
    made = controller(*pods, wanted=wanted, source=source, **more)
    if steps:
        made.wanted = Wanted(steps, source, tuple(proof(n, f"scaled {n}") for n in (100, 101, 102, 103)))
    return case(*nodes, pods=pods, controllers=[made], events=events)


def cited(finding: Finding) -> list[str]:
    return [p.text for p in finding.evidence]


def bounds(known: Edge) -> tuple[float | None, float | None, float | None]:
    """Earliest, best and latest, in seconds."""
    return second(known.earliest), second(known.time), second(known.latest)
