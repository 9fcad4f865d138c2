"""The tables of an analysis for spreadsheets and notebooks: findings, containers, pods, outages, coverage. One order, documented columns.

The same words name the same things in all of them: node, namespace, controller (KIND/NAME), pod, pod_uid, container, container_id.
Times are UTC with microseconds; of an edge ``x``, the true moment lies between ``x_earliest`` and ``x_latest``.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import orjson
import polars as pl

from analyzer.analysis import Analysis
from analyzer.outputs.exports.base import selection
from analyzer.outputs.exports.containers import Containers
from analyzer.proof import Edge
from analyzer.selection import Subject
from analyzer.vocabulary import TIME, FindingKind


class Column(NamedTuple):
    type: pl.DataType | type[pl.DataType]
    meaning: str


def _edge(name: str, what: str, none: str) -> dict[str, Column]:
    return {
        name: Column(TIME, f"{what}; empty: {none}"),
        f"{name}_earliest": Column(TIME, f"{name} surely not before; empty: not bounded"),
        f"{name}_latest": Column(TIME, f"{name} surely not after; empty: not bounded"),
    }


_NODE = {"node": Column(pl.String, "the node")}
_OWNER = {
    "namespace": Column(pl.String, "the pod's namespace"),
    "controller": Column(pl.String, "KIND/NAME of its topmost known owner"),
    "pod": Column(pl.String, "the pod's name"),
    "pod_uid": Column(pl.String, "the pod's uid"),
}
FINDINGS: Final = {
    "id": Column(pl.String, "stable id of the finding (podopsy explain ID)"),
    "kind": Column(pl.String, "kind of finding (podopsy detectors)"),
    "severity": Column(pl.String, "critical, warning, info"),
    "confidence": Column(pl.String, "certain, likely, possible"),
    "expected": Column(pl.Boolean, "whether Kubernetes is meant to do this"),
    **_edge("start", "when it began", "before the evidence"),
    **_edge("end", "when it ended", "still open when the evidence ends"),
    **_NODE,
    **_OWNER,
    "container": Column(pl.String, "the container's name"),
    "container_id": Column(pl.String, "the container's full id"),
    "summary": Column(pl.String, "one sentence"),
    "details": Column(pl.String, "what is particular to the kind, as a JSON object"),
    "evidence": Column(pl.Int64, "how many records prove it"),
}
CONTAINERS: Final = {
    "container_id": Column(pl.String, "the container's full id"),
    **_NODE,
    **_OWNER,
    "container": Column(pl.String, "the container's name"),
    "sandbox": Column(pl.Boolean, "whether it is the pod's sandbox (the pause container)"),
    **_edge("start", "when this run began", "before the evidence"),
    **_edge("end", "when this run ended", "nothing tells of an end"),
    "end_reason": Column(pl.String, "who tells of the end: died, reported, noticed, destroyed, node-lost, presumed"),
    "exit_code": Column(pl.Int64, "its exit code"),
    "outcome": Column(pl.String, "of its last spell without supervision: adopted, removed, exited, running; empty: it had none"),
    "orphaned_s": Column(pl.Float64, "seconds without supervision, to the end of the evidence where that is open"),
}
PODS: Final = {
    **_NODE,
    **_OWNER,
    "static": Column(pl.Boolean, "whether its kubelet made it from a file"),
    "created": Column(TIME, "when the API made it; empty: not told"),
    "deletion_asked": Column(TIME, "when its deletion was asked for; empty: not told"),
    "evicted": Column(TIME, "when the control plane deleted it because of its node; empty: it did not, as far as is told"),
    "grace_s": Column(pl.Int64, "seconds that its containers get to end; empty: not told"),
    "runs": Column(pl.Int64, "runs of its application containers"),
    "first_start": Column(TIME, "when the first of them began; empty: before the evidence, or none is known"),
    "last_end": Column(TIME, "when the last of them ended; empty: nothing tells of an end, or none is known"),
}
OUTAGES: Final = {
    **_NODE,
    **_edge("start", "when the kubelet's process ended", "before the evidence"),
    **_edge("end", "when the next one started", "none within the evidence"),
    "duration_s": Column(pl.Float64, "seconds; empty: an edge is not in the evidence"),
    "cause": Column(pl.String, "stopped, crashed, killed, rebooted, unknown"),
    "node_lost": Column(pl.Boolean, "whether the whole node was gone, and its containers with it"),
    "finding": Column(pl.String, "id of the finding that tells of it"),
}
COVERAGE: Final = {
    "node": Column(pl.String, "the node; empty: the cluster"),
    "source_kind": Column(pl.String, "kind of evidence"),
    "start": Column(TIME, "its first record"),
    "end": Column(TIME, "its last record"),
    "verbosity": Column(pl.String, "the kubelet's log level, as far as its lines tell (0-1, 2, ...); empty: not told"),
    "gaps": Column(pl.String, "stretches in which silence proves nothing, as a JSON list of [from, to, why]"),
}
TABLES: Final[dict[str, dict[str, Column]]] = {
    "findings": FINDINGS,
    "containers": CONTAINERS,
    "pods": PODS,
    "outages": OUTAGES,
    "coverage": COVERAGE,
}


def tables(analysis: Analysis) -> Iterator[tuple[str, pl.DataFrame]]:
    """All of them by name, narrowed as the analysis is."""
    yield "findings", findings(analysis)
    for name, rows in (("containers", _containers), ("pods", _pods), ("outages", _outages), ("coverage", _coverage)):
        yield name, _frame(name, rows(analysis))


def findings(analysis: Analysis) -> pl.DataFrame:
    """One row a finding, by severity, start and id."""
    return _frame("findings", (_finding(f.document()) | _bounds("start", f.start) | _bounds("end", f.end) for f in analysis.findings))


def _finding(document: dict[str, Any]) -> dict[str, Any]:
    kept = {name: document[name] for name in FINDINGS if name in document}
    return kept | {"details": orjson.dumps(document["details"]).decode(), "evidence": len(document["evidence"])}


def _frame(name: str, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    told = list(rows)
    return pl.DataFrame({column: pl.Series(column, [row[column] for row in told], kind.type) for column, kind in TABLES[name].items()})


def _bounds(name: str, edge: Edge) -> dict[str, Any]:
    return {name: edge.time, f"{name}_earliest": edge.earliest, f"{name}_latest": edge.latest}


def _containers(analysis: Analysis) -> Iterator[dict[str, Any]]:
    life, chosen = analysis.life, selection(analysis)
    containers = Containers(life)
    for run in life.runs:
        if not chosen.run(run):
            continue
        mine = containers.spells(run)
        yield {
            **containers.named(run),
            "sandbox": run.sandbox,
            **_bounds("start", run.start),
            **_bounds("end", run.end),
            "outcome": mine[-1].outcome if mine else None,
            "orphaned_s": sum(((o.end.time or life.end) - (o.start.time or life.start)).total_seconds() for o in mine),
        }


def _pods(analysis: Analysis) -> Iterator[dict[str, Any]]:
    life, chosen = analysis.life, selection(analysis)
    for pod in sorted(life.pods, key=lambda p: (p.namespace or "", p.name or "", p.key)):
        if not chosen.pod(pod):
            continue
        owner = life.owner_of(pod)
        starts, ends = [r.start.time for r in pod.apps], [r.end.time for r in pod.apps]
        yield {
            "node": pod.node,
            "namespace": pod.namespace,
            "controller": owner.title if owner else None,
            "pod": pod.name,
            "pod_uid": pod.uid,
            "static": pod.static,
            "created": pod.created,
            "deletion_asked": pod.marked.time if pod.marked else None,
            "evicted": pod.evicted.time if pod.evicted else None,
            "grace_s": pod.grace,
            "runs": len(pod.apps),
            "first_start": None if None in starts else min((t for t in starts if t), default=None),
            "last_end": None if None in ends else max((t for t in ends if t), default=None),
        }


def _outages(analysis: Analysis) -> Iterator[dict[str, Any]]:
    chosen = selection(analysis)
    told = {(f.node, f.start.time): f.id for f in analysis.findings if f.kind == FindingKind.KUBELET_OUTAGE}
    for node in analysis.life.nodes.values():
        for outage in node.outages:
            start, end = outage.start.time, outage.end.time
            if chosen.subject(Subject(start, end, node.name)):
                yield {
                    "node": node.name,
                    **_bounds("start", outage.start),
                    **_bounds("end", outage.end),
                    "duration_s": (end - start).total_seconds() if start and end else None,
                    "cause": outage.cause,
                    "node_lost": outage.boot_lost,
                    "finding": told.get((node.name, start)),
                }


def _coverage(analysis: Analysis) -> Iterator[dict[str, Any]]:
    chosen = selection(analysis)
    for coverage in analysis.life.coverage:
        if chosen.node(coverage.node) and chosen.overlaps(coverage.start, coverage.end):
            yield {
                "node": coverage.node,
                "source_kind": coverage.source_kind,
                "start": coverage.start,
                "end": coverage.end,
                "verbosity": coverage.verbosity.level if coverage.verbosity else None,
                "gaps": orjson.dumps(coverage.document()["gaps"]).decode(),
            }
