"""evidence-gap: a stretch of which a source tells nothing, so that silence there proves nothing."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from analyzer.detectors.base import Case, Detector, clock, seconds, unique
from analyzer.findings import Finding
from analyzer.lifecycle.coverage import Coverage, family
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.lifecycle.model import Lifecycle
from analyzer.proof import Edge
from analyzer.vocabulary import Confidence, FindingKind, Severity

_NEAR = timedelta(minutes=1)
_CONFIDENCE = {
    "silence": Confidence.POSSIBLE,
    "begins-late": Confidence.POSSIBLE,
    "unheard": Confidence.LIKELY,
    "event-ttl": Confidence.LIKELY,
    "replay-limit": Confidence.LIKELY,
}
"""Of those that nobody tells of; others are certain."""
_ONE = timedelta(seconds=1)
"""Renderings of one log differ by this much."""


def find(case: Case) -> Iterator[Finding]:
    for (node, _), found in _by_family(case.life.coverage).items():
        for same in _same(found):
            if not _elsewhere(case.life, node, same):
                yield _finding(case.life, node, same)


def _by_family(coverage: list[Coverage]) -> dict[tuple[str | None, str], list[tuple[Hole, str]]]:
    """Holes with their kind of source: renderings of one log share them."""
    found: dict[tuple[str | None, str], list[tuple[Hole, str]]] = defaultdict(list)
    for one in coverage:
        found[(one.node, family(one.source_kind))] += [(hole, one.source_kind) for hole in one.holes]
    return found


def _same(found: list[tuple[Hole, str]]) -> list[list[tuple[Hole, str]]]:
    """Holes of one cause that are at the same time, in different kinds of sources, are one. The shortest comes first."""
    groups: list[list[tuple[Hole, str]]] = []
    near: dict[tuple[str, int], list[list[tuple[Hole, str]]]] = defaultdict(list)  # by cause and second
    for hole, kind in sorted(found, key=lambda h: (h[0].cause, h[0].end - h[0].start, h[0].start, h[1], h[0].why)):
        second = int(hole.start.timestamp())
        others = (g for s in (second - 1, second, second + 1) for g in near[(hole.cause, s)])
        mine = next((g for g in others if _alike(g[0][0], hole) and kind not in {k for _, k in g}), None)
        if mine is None:
            groups.append([(hole, kind)])
            near[(hole.cause, second)].append(groups[-1])
        else:
            mine.append((hole, kind))
    return groups


def _alike(one: Hole, other: Hole) -> bool:
    """What was forgotten before a source begins is the same hole, though the sources begin at several moments."""
    began = abs(one.start - other.start) <= _ONE
    ended = abs(one.end - other.end) <= _ONE or one.cause in ("event-ttl", "replay-limit", "begins-late")
    return began and ended and (one.cause, one.of) == (other.cause, other.of)


def _elsewhere(life: Lifecycle, node: str | None, same: list[tuple[Hole, str]]) -> bool:
    """Whether another source of the same family covers it, whole and without a hole: then nothing is missing."""
    hole, kind = same[0]
    known = "kubelet" if hole.of == "kubelet" else family(kind)
    return hole.cause not in ("suppressed", "runtime-down") and life.silence.proves(node, known, hole.start, hole.end)


def _finding(life: Lifecycle, node: str | None, same: list[tuple[Hole, str]]) -> Finding:
    hole = same[0][0]
    kinds = sorted({kind for _, kind in same})
    proofs = unique(p for h, _ in same for p in h.proofs)
    starts = tuple(p for p in proofs if p.time is not None and p.time <= hole.start)
    ends = tuple(p for p in proofs if p.time is not None and p.time >= hole.end)
    lost = not hole.by_nature and hole.cause != "begins-late"  # else nothing need have been lost
    matters = lost and _outage_near(life, node, hole.start, hole.end)
    where = f"of {node}" if node else "of the API"
    what = {"runtime": "the stream of runtime events", "journal": "the journal", "klog": "the log"}.get(
        family(kinds[0]), "the dump of events"
    )
    whose = "the kubelet's log" if hole.of == "kubelet" else f"what {hole.of} wrote" if hole.of else what
    summary = (
        f"{whose[:1].upper()}{whose[1:]} {where} says nothing for {seconds(hole.end - hole.start)} from {clock(hole.start)}: {hole.why}."
    )
    return Finding(
        kind=FindingKind.EVIDENCE_GAP,
        severity=Severity.WARNING if matters else Severity.INFO,
        confidence=_CONFIDENCE.get(hole.cause, Confidence.CERTAIN),
        expected=hole.by_nature,
        start=Edge(hole.start, hole.start, hole.start, starts, "the last that is known before"),
        end=Edge(hole.end, hole.end, hole.end, ends, "the first that is known again"),
        summary=summary,
        node=node,
        details={
            "source_kind": kinds[0],
            "source_kinds": kinds,
            "cause": hole.cause,
            "why": hole.why,
            "of": hole.of,
            "duration_s": round((hole.end - hole.start).total_seconds(), 6),
            "settled_by": hole.settled_by,
        },
        evidence=proofs,
    )


def _outage_near(life: Lifecycle, node: str | None, low: datetime, high: datetime) -> bool:
    """Whether the kubelet was away, or the API had lost the node, in it or within a minute of it."""
    nodes = [life.nodes[node]] if node in life.nodes else list(life.nodes.values()) if node is None else []
    edges = [(o.start.time, o.end.time) for n in nodes for o in n.outages]
    edges += [(s.start.time, s.end.time) for n in nodes for s in n.not_ready]
    return any(start is not None and start <= high + _NEAR and (end is None or end >= low - _NEAR) for start, end in edges)


DETECTOR = Detector(
    FindingKind.EVIDENCE_GAP,
    "The source tells nothing of this stretch, for the reason given: that nothing is seen in it proves nothing.",
    "any log, stream of events or dump of them",
    "a line of the same source from within the stretch, or another source of the same kind that covers it whole",
    find,
)
