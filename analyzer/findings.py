"""A finding: what was found, how sure it is, and the lines that prove it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from analyzer.proof import Edge, Proof, rfc3339
from analyzer.vocabulary import Confidence, Severity

SCHEMA_VERSION = "1"
_SEVERITY_ORDER = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True)
class Finding:
    """One finding as docs/findings.md defines it. Fields that do not apply are None.

    ``kind`` is a FindingKind, or the word of a detector that another distribution brings."""

    kind: str
    severity: Severity
    confidence: Confidence
    expected: bool
    start: Edge
    end: Edge  # time None: still open when the evidence ends
    summary: str
    node: str | None = None
    namespace: str | None = None
    controller: str | None = None
    pod: str | None = None
    pod_uid: str | None = None
    container: str | None = None
    container_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    evidence: tuple[Proof, ...] = ()

    @cached_property
    def id(self) -> str:
        """Stable: from what was found where and when it began, not from how it is told."""
        parts = (
            self.kind,
            self.node,
            self.namespace,
            self.controller,
            self.pod_uid or self.pod,
            self.container_id,
            rfc3339(self.start.time),
            *([self.details["source_kind"]] if "source_kind" in self.details else []),
        )
        return hashlib.sha256("\x1f".join(str(p) for p in parts).encode()).hexdigest()[:12]

    def widened(self, widen: Callable[[Edge], Edge]) -> "Finding":
        """With what is further known of how sure its edges are."""
        start, end = widen(self.start), widen(self.end)
        return self if start is self.start and end is self.end else replace(self, start=start, end=end)

    def sort_key(self) -> tuple[int, str, str]:
        return (_SEVERITY_ORDER[self.severity], rfc3339(self.start.time) or "", self.id)

    def document(self) -> dict[str, Any]:
        """The finding as it stands in the findings document."""
        return {
            "id": self.id,
            "kind": str(self.kind),
            "severity": str(self.severity),
            "confidence": str(self.confidence),
            "expected": self.expected,
            "start": rfc3339(self.start.time),
            "end": rfc3339(self.end.time),
            "start_bounds": [rfc3339(self.start.earliest), rfc3339(self.start.latest)],
            "end_bounds": [rfc3339(self.end.earliest), rfc3339(self.end.latest)],
            "node": self.node,
            "namespace": self.namespace,
            "controller": self.controller,
            "pod": self.pod,
            "pod_uid": self.pod_uid,
            "container": self.container,
            "container_id": self.container_id,
            "summary": self.summary,
            "details": self.details,
            "evidence": [p.document() for p in self.evidence],
        }
