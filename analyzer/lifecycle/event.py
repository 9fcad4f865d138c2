"""One event, as the lifecycle reads it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from analyzer.proof import Proof
from analyzer.vocabulary import EventKind


@dataclass(frozen=True, slots=True)
class Event:
    """A row of EVENTS. ``time`` may be up to ``resolution`` microseconds before the true moment."""

    time: datetime
    resolution: int
    kind: EventKind
    component: str
    message: str
    source: str
    line: int | None
    offset: int | None
    text: str
    node: str | None = None
    namespace: str | None = None
    pod: str | None = None
    pod_uid: str | None = None
    container: str | None = None
    container_id: str | None = None
    controller: str | None = None
    pid: int | None = None
    boot_id: str | None = None
    value: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict)

    def proof(self, proves: str) -> Proof:
        return Proof(self.time, self.source, self.line, self.offset, self.text, proves)
