"""A finding: what was found, how sure it is, and the lines that prove it; and the document that holds them all."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from analyzer.vocabulary import Confidence, FindingKind, Severity

SCHEMA_VERSION = "1"
_SEVERITY_ORDER = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


def rfc3339(time: datetime | None) -> str | None:
    """UTC with microseconds and ``Z``: the only form of time in the findings document."""
    if time is None:
        return None
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True, order=True)
class Proof:
    """One cited record: ``source``:``line`` (or byte ``offset``) says ``text``, which proves ``proves``."""

    time: datetime | None
    source: str
    line: int | None
    offset: int | None
    text: str
    proves: str

    def document(self) -> dict[str, Any]:
        place = {"line": self.line} if self.line is not None else {"offset": self.offset}
        return {
            "source": self.source,
            **place,
            "time": rfc3339(self.time),
            "text": self.text,
            "proves": self.proves,
        }

    @property
    def place(self) -> str:
        return f"{self.source}:{self.line}" if self.line is not None else f"{self.source}@{self.offset}"


@dataclass(frozen=True)
class Edge:
    """A moment: best estimate, and the bounds between which it surely lies. ``time`` None: not within the evidence."""

    time: datetime | None
    earliest: datetime | None
    latest: datetime | None
    proofs: tuple[Proof, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One finding as docs/findings.md defines it. Fields that do not apply are None."""

    kind: FindingKind
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

    @property
    def id(self) -> str:
        """Stable: from what was found where and when it began, not from how it is told."""
        parts = (self.kind, self.node, self.namespace, self.controller, self.pod_uid or self.pod, self.container_id,
                 rfc3339(self.start.time))
        return hashlib.sha256("\x1f".join(str(p) for p in parts).encode()).hexdigest()[:12]

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
