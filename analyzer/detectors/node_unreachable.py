"""node-unreachable: the API held a node for not Ready or Unknown."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from analyzer.detectors.base import Case, Detector, clock, confidence, seconds, unique
from analyzer.findings import Finding
from analyzer.lifecycle.deadlines import of_spell
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.readiness import Spell
from analyzer.vocabulary import EventKind as E
from analyzer.vocabulary import FindingKind, Severity

_RESTART = timedelta(seconds=60)
"""A kubelet that reports itself NotReady this soon after its start is starting up."""
_HEARTBEAT = timedelta(seconds=20)
"""The first heartbeat of a started kubelet has come by then: what the node controller misses later is another loss."""
_SAME = timedelta(seconds=2)
"""The same moment, as two views of it tell."""


def find(case: Case) -> Iterator[Finding]:
    for node in case.life.nodes.values():
        for spell in node.not_ready:
            evicted = next((e for e in case.evictions.get(node.name, ()) if spell.covers(e.time)), None)
            yield _finding(node, spell, case.life.end, of_spell(case.life, case.settings, node.name, spell, evicted))


def _finding(node: NodeLife, spell: Spell, evidence_end: datetime, deadlines: dict[str, Any]) -> Finding:
    cause = _cause(node, spell, evidence_end)
    start, end = spell.start.time, spell.end.time
    lasted = end - start if start and end else None
    by_kubelet = spell.reporters == {"kubelet"}
    runtime_away = by_kubelet and _runtime_away(node, spell)
    told = f"The API held node {node.name} for not Ready"
    told += f" for {seconds(lasted)}, from {clock(start)} to {clock(end)}" if end else f" from {clock(start)} to the end of the evidence"
    if by_kubelet:
        why = " while it started" if cause == "kubelet-outage" else "; the container runtime was away" if runtime_away else ""
        told += f" (reported by the kubelet itself{why})."
    else:
        margin = deadlines.get("eviction_margin_s")
        close = f"; Ready again about {margin:.0f} s before its pods were due for eviction" if margin is not None and margin >= 1 else ""
        told += f" (cause: {cause}){close}."
    return Finding(
        kind=FindingKind.NODE_UNREACHABLE,
        severity=Severity.INFO if by_kubelet else Severity.WARNING,
        confidence=confidence(certain=cause != "unknown"),
        expected=by_kubelet and (cause == "kubelet-outage" or runtime_away),
        start=spell.start,
        end=spell.end,
        summary=told,
        node=node.name,
        details={
            "cause": cause,
            "reported_by": sorted(spell.reporters),
            "duration_s": round(lasted.total_seconds(), 6) if lasted else None,
            **({"deadlines": deadlines} if deadlines else {}),
        },
        evidence=unique(spell.evidence),
    )


def _cause(node: NodeLife, spell: Spell, evidence_end: datetime) -> str:
    start = spell.start.time
    if start is None:
        return "unknown"
    for outage in node.outages:
        ended = outage.end.time
        starting = ended is not None and timedelta(0) <= start - ended <= (_RESTART if spell.reporters == {"kubelet"} else _HEARTBEAT)
        if outage.covers(start) or outage.covers(start + _SAME) or starting:
            if outage.boot_lost:
                return "node-loss" if outage.cause == "rebooted" else "unknown"
            return "kubelet-outage"
    if spell.reporters == {"kubelet"}:
        return "unknown"
    alive = node.kubelet_wrote(start, spell.end.time or evidence_end)
    alive = alive or any(s.start <= start < s.end and s.pid is not None and "kubelet" in (s.identifier or "") for s in node.spells)
    return "partition" if alive else "unknown"


def _runtime_away(node: NodeLife, spell: Spell) -> bool:
    """Whether the kubelet could not reach its container runtime just then."""
    kinds = (E.RUNTIME_UNREACHABLE, E.RUNTIME_STOPPED, E.RUNTIME_STARTED)
    start = spell.start.time
    return start is not None and any(node.index.between(kind, start - _RESTART, start + _RESTART) for kind in kinds)


DETECTOR = Detector(
    FindingKind.NODE_UNREACHABLE,
    "By the API's view the node was not Ready or Unknown from start to end.",
    "Kubernetes events, node objects, or the controller-manager's log",
    "a Ready condition of the node that is True, written between start and end",
    find,
)
