"""Single pieces of a lifecycle, made by hand: for what one function says of few inputs. Times are seconds after the origin."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import polars as pl

from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.readiness import Spell
from analyzer.lifecycle.run import UNKNOWN_EDGE, Run
from analyzer.proof import Edge, Proof
from analyzer.store import MemoryStore
from analyzer.vocabulary import ACTIVITY, TABLES
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, at, cid, uid


def proof(second: float | None, source: str = "log", line: int = 1, text: str = "", proves: str = "") -> Proof:
    return Proof(None if second is None else at(second), source, line, None, text, proves)


def edge(second: float | None, earliest: float | None = None, latest: float | None = None, *proofs: Proof) -> Edge:
    """Without bounds: known exactly."""
    exact = earliest is None and latest is None and not proofs
    return Edge(*(None if s is None else at(s) for s in ((second,) * 3 if exact else (second, earliest, latest))), proofs)


def event(second: float, kind: E, component: str = "kubelet", *, message: str = "", source: str = "", line: int = 1, **more: Any) -> Event:
    resolution = more.pop("resolution", 1)
    text = more.pop("text", message or str(kind))
    return Event(at(second), resolution, kind, component, message, source or f"{component}.log", line, None, text, **more)


def in_order(*events: Event) -> Events:
    return Events.of_list(sorted(events, key=lambda e: e.time))


def outage(start: Edge, end: Edge | None = None, *, node: str = A, cause: str = "stopped", boot_lost: bool = False) -> Outage:
    return Outage(node, start, end if end is not None else UNKNOWN_EDGE, cause, boot_lost)


def not_ready(start: float | None, end: float | None = None, reporter: str = "node-controller", latest: float | None = None) -> Spell:
    begin = edge(start) if latest is None else edge(start, start, latest)
    return Spell(A, begin, edge(end), {reporter})


def run(pod: str, start: float | None, end: float | None = None, container: str = "app", *, node: str | None = A, **more: Any) -> Run:
    """``start`` None: it ran before; ``end`` None: nothing tells of it."""
    name = more.pop("id", f"{container}@{pod}")
    ended = {"end_reason": "died", **more} if end is not None else more
    return Run(cid(name), node, "default", pod, uid(pod), container, edge(start), edge(end) if end is not None else UNKNOWN_EDGE, **ended)


def pod(name: str, *runs: Run, events: Sequence[Event] = (), **more: Any) -> Pod:
    return Pod("default", name, **{"uid": uid(name), "node": A, **more}, runs=list(runs), events=in_order(*events))


def node(name: str, outages: Iterable[Outage] = (), spells: Iterable[Spell] = (), *events: Event, until: float = 1000) -> NodeLife:
    return NodeLife(name, list(outages), list(spells), in_order(*events), [], True, at(until))


def life(
    *nodes: NodeLife,
    pods: Iterable[Pod] = (),
    events: Iterable[Event] = (),
    controllers: Iterable[Controller] = (),
    end: float = 1000,
    **more: Any,
) -> Lifecycle:
    mine = list(pods)
    runs = [r for p in mine for r in p.runs]
    return Lifecycle(at(0), at(end), {n.name: n for n in nodes}, runs, Pods.of(mine), list(controllers), in_order(*events), **more)


def seconds(moment: Any) -> float | None:
    """Of a moment after the origin, or of a length of time."""
    if moment is None:
        return None
    length: timedelta = moment if isinstance(moment, timedelta) else moment - at(0)
    return length.total_seconds()


def bounds(edge: Edge) -> tuple[float | None, float | None, float | None]:
    """Earliest, best, latest."""
    return seconds(edge.earliest), seconds(edge.time), seconds(edge.latest)


def version(
    kind: str,
    name: str,
    earliest: float | None = None,
    latest: float | None = None,
    *,
    watch: str | None = None,
    meta: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
    **more: Any,
) -> Version:
    """One version of an object; pods have the uid of their name."""
    document = {"metadata": meta or {}, "spec": spec or {}}
    low, high = (None if s is None else at(s) for s in (earliest, latest))
    values = {"source": "objects", "line": 1, "number": 1, "uid": uid(name) if kind == "Pod" else name} | more
    return Version(
        kind, "default", name, values["uid"], values["number"], watch, document, low, high, values["source"], values["line"], None
    )


# --- tables


def memory(**tables: Iterable[dict[str, Any]]) -> MemoryStore:
    """A store of some rows; what a row does not say is null."""
    store = MemoryStore()
    for name, rows in tables.items():
        frame = pl.DataFrame(list(rows), schema=TABLES[name])
        store.settle(name, lambda frame=frame: frame)  # type: ignore[misc]
    return store


def source(name: str, form: str = "journal-text", status: str = "read", **more: Any) -> dict[str, Any]:
    """A row of SOURCES; its id is its name."""
    return {"source_id": name, "source": name, "format": form, "status": status} | more


def wrote(first: float, last: float, name: str = "log", node: str | None = A, **more: Any) -> dict[str, Any]:
    """A row of ACTIVITY: one writer in one source."""
    said = {"source_id": name, "node": node, "identifier": "kubelet", "pid": 1000, "records": 10, "resolution_us": 1}
    lines = {"first_line": int(first), "first_text": f"at {first:g}", "last_line": int(last), "last_text": f"at {last:g}"}
    return {**said, "first_time": at(first), "last_time": at(last), **lines} | more


def lines(*rows: dict[str, Any], form: str = "journal-text", family: str = "journal") -> pl.DataFrame:
    """ACTIVITY as coverage reads it: with the source's name, format and family, which a row may tell."""
    schema = {**ACTIVITY, "source": pl.String, "format": pl.String, "family": pl.String}
    return pl.DataFrame([{"source": r["source_id"], "format": form, "family": family} | r for r in rows], schema=schema)
