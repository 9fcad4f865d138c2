"""Findings made by hand, and what they are said to depend on."""

from typing import Any

from analyzer.detectors.base import Case
from analyzer.detectors.doubts import tempered
from analyzer.findings import Finding
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.proof import Edge
from analyzer.vocabulary import Confidence, Severity
from tests.detectors.made import A, at


def a_finding(kind: str, start: Edge, end: Edge, **more: Any) -> Finding:
    fields = {"severity": Severity.WARNING, "confidence": Confidence.CERTAIN, "expected": False, "summary": "so it is", "node": A}
    return Finding(kind=kind, start=start, end=end, **{**fields, **more})


def doubts_of(known: Case, finding: Finding) -> list[str]:
    return list(tempered(known, finding).details.get("depends_on", []))


def a_hole(start: float, end: float, *, by_nature: bool = False, settled_by: str = "another log") -> Hole:
    return Hole(at(start), at(end), "lines were dropped", "suppressed", by_nature=by_nature, settled_by=settled_by)


def covered(kind: str, *holes: Hole, of: str | None = A) -> Coverage:
    return Coverage(of, kind, at(0), at(1000), holes)
