"""A trace for ui.perfetto.dev and its trace processor (Chrome's JSON form): nodes as processes, kubelet and API as lanes, containers as
async slices by container id, controllers as counters, findings among them. Times are microseconds since 1970 (UTC).

What is open ends at the end of the evidence, and what began before it begins with it; both say so in their arguments.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.intervals import value_at
from analyzer.lifecycle.model import NodeLife
from analyzer.outputs.exports.base import Export, selection
from analyzer.outputs.exports.containers import Containers
from analyzer.outputs.files import whole
from analyzer.outputs.states import supervision
from analyzer.proof import rfc3339
from analyzer.version import tool_version
from analyzer.vocabulary import FindingKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KUBELET, _API = 1, 2
_LANES: Final = {_KUBELET: "kubelet", _API: "API's view"}
_STEP = 10
"""Processes are numbered in tens, their lanes within: the trace processor knows a thread by its number alone."""
CLUSTER: Final = None
"""In place of a node: what is of no one node, that is controllers, and findings about them."""
UNKNOWN: Final = ""
_NAMES: Final[dict[str | None, str]] = {CLUSTER: "cluster", UNKNOWN: "node unknown"}
OPEN: Final = "still open when the evidence ends"
BEFORE: Final = "began before the evidence"

Event = dict[str, Any]


def trace(analysis: Analysis) -> dict[str, Any]:
    """The whole trace; its events by process, lane and time."""
    life = analysis.life
    return {
        "displayTimeUnit": "ms",
        "otherData": {
            "tool": f"podopsy {tool_version()}",
            "evidence_start": rfc3339(life.start),
            "evidence_end": rfc3339(life.end),
            "times": "microseconds since 1970-01-01T00:00:00Z",
            **({"selection": analysis.selection.words()} if analysis.selection else {}),
        },
        "traceEvents": list(_Tracer(analysis).events()),
    }


class _Tracer:
    def __init__(self, analysis: Analysis) -> None:
        self._analysis, self._life = analysis, analysis.life
        self._chosen = selection(analysis)
        self._runs = [r for r in self._life.runs if not r.sandbox and self._chosen.run(r)]
        self._containers = Containers(self._life)
        named = [n for n in self._life.nodes if self._chosen.node(n)]
        others = {r.node for r in self._runs if r.node} | {f.node for f in analysis.findings if f.node}
        places = [CLUSTER, *named, *sorted(others - {*named}), *([UNKNOWN] if any(not r.node for r in self._runs) else [])]
        self._pids = {place: number * _STEP for number, place in enumerate(places, 1)}
        self._outages = {(f.node, f.start.time): f.id for f in analysis.findings if f.kind == FindingKind.KUBELET_OUTAGE}
        self._spells = {(f.node, f.start.time): f.id for f in analysis.findings if f.kind == FindingKind.NODE_UNREACHABLE}

    def events(self) -> Iterator[Event]:
        for name, pid in self._pids.items():
            yield _meta("process_name", pid, pid, name=_NAMES.get(name, f"node {name}"))
            yield _meta("process_sort_index", pid, pid, sort_index=pid)
            if name is not None and name in self._life.nodes:
                for lane, title in _LANES.items():
                    yield _meta("thread_name", pid, pid + lane, name=title)
                    yield _meta("thread_sort_index", pid, pid + lane, sort_index=lane)
                yield from self._kubelet(pid, self._life.nodes[name])
                yield from self._api(pid, self._life.nodes[name])
        for run in self._runs:
            yield from self._container(run)
        yield from self._counters()
        for finding in self._analysis.findings:
            yield from self._finding(finding)

    def _kubelet(self, pid: int, node: NodeLife) -> Iterator[Event]:
        for start, end, outage in supervision(self._life, node):
            if not self._chosen.overlaps(start, end):
                continue
            args: Event = {"node": node.name}
            if outage is not None:
                args |= {"cause": outage.cause, "node_lost": outage.boot_lost, "finding": self._outages.get((node.name, outage.start.time))}
                args |= self._openness(outage.start.time, outage.end.time)
            yield _slice(pid, pid + _KUBELET, "kubelet up" if outage is None else "outage", "kubelet", start, end, args)

    def _api(self, pid: int, node: NodeLife) -> Iterator[Event]:
        for spell in node.not_ready:
            start, end = self._clipped(spell.start.time, spell.end.time)
            if not self._chosen.overlaps(start, end):
                continue
            args: Event = {"node": node.name, "status": spell.status, "reported_by": sorted(spell.reporters)}
            args["finding"] = self._spells.get((node.name, spell.start.time))
            args |= self._openness(spell.start.time, spell.end.time)
            yield _slice(pid, pid + _API, "NotReady", "api", start, end, args)

    def _container(self, run: Run) -> Iterator[Event]:
        """A pair by container id; a container that was started again has a pair for each of its runs."""
        start, end = self._clipped(run.start.time, run.end.time)
        spells = self._containers.spells(run)
        args = {
            **self._containers.named(run),
            "outcome": spells[-1].outcome if spells else run.end_reason or "no end is told",
            "unsupervised": [f"{o.cause}, {o.outcome}: {rfc3339(o.start.time)} to {rfc3339(o.end.time) or OPEN}" for o in spells] or None,
            **self._openness(run.start.time, run.end.time),
        }
        name = f"{run.pod or run.pod_uid or '?'}/{run.container or '?'}"
        yield from _pair(self._pids[run.node or UNKNOWN], name, "container", run.container_id, start, end, args)

    def _counters(self) -> Iterator[Event]:
        """Pods running, and asked for where that is known, at each change."""
        life = self._life
        pid = self._pids[CLUSTER]
        for controller in life.controllers:
            if not self._chosen.controller(controller.namespace, controller.title):
                continue
            running, wanted = controller.running(), list(controller.wanted.steps) if controller.wanted else []
            changes = {s.time for s in (*running, *wanted) if s.time is not None and life.start < s.time < life.end}
            for moment in [life.start, *sorted(changes), life.end]:
                values = {"running": value_at(running, moment)} | ({"desired": value_at(wanted, moment)} if wanted else {})
                name = f"{controller.namespace}/{controller.title}"
                yield {"ph": "C", "pid": pid, "tid": pid, "name": name, "cat": "replicas", "ts": _us(moment), "args": values}

    def _finding(self, finding: Finding) -> Iterator[Event]:
        pid = self._pids[finding.node or CLUSTER]
        start, end = self._clipped(finding.start.time, finding.end.time)
        about = finding.pod or finding.controller or finding.node
        name = f"{finding.kind} {about}" if about else str(finding.kind)
        document = finding.document()
        args = {k: v for k, v in document.items() if k not in ("evidence", "details", "start_bounds", "end_bounds") and v is not None}
        args |= {"details": orjson.dumps(finding.details).decode(), "evidence": [p.place for p in finding.evidence]}
        args |= self._openness(finding.start.time, finding.end.time)
        if start == end:
            yield {"ph": "i", "s": "p", "pid": pid, "tid": pid, "name": name, "cat": "finding", "ts": _us(start), "args": args}
        else:
            yield from _pair(pid, name, "finding", finding.id, start, end, args)

    def _clipped(self, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
        """With the evidence's own borders where it is open. An edge may be known though it lies outside of them."""
        low = start if start is not None else min(self._life.start, end or self._life.start)
        return low, max(end if end is not None else self._life.end, low)

    def _openness(self, start: datetime | None, end: datetime | None) -> dict[str, str]:
        return ({"start": BEFORE} if start is None else {}) | ({"end": OPEN} if end is None else {})


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _EPOCH.resolution


def _meta(what: str, pid: int, tid: int, **args: Any) -> Event:
    return {"ph": "M", "pid": pid, "tid": tid, "name": what, "args": args}


def _slice(pid: int, tid: int, name: str, cat: str, start: datetime, end: datetime, args: Event) -> Event:
    known = {k: v for k, v in args.items() if v is not None}
    return {"ph": "X", "pid": pid, "tid": tid, "name": name, "cat": cat, "ts": _us(start), "dur": _us(end) - _us(start), "args": known}


def _pair(pid: int, name: str, cat: str, key: str, start: datetime, end: datetime, args: Event) -> Iterator[Event]:
    known = {k: v for k, v in args.items() if v is not None}
    common = {"pid": pid, "tid": pid, "name": name, "cat": cat, "id": key}
    yield {"ph": "b", **common, "ts": _us(start), "args": known}
    yield {"ph": "e", **common, "ts": _us(end)}


def _write(analysis: Analysis, path: Path) -> str:
    told = trace(analysis)
    with whole(path) as out:
        out.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
    return f"{len(told['traceEvents'])} trace events"


EXPORT = Export("perfetto", False, _write)
