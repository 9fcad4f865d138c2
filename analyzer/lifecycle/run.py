"""One run of a container, and the words for how its edges are known that two modules share."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from analyzer.lifecycle.event import Event
from analyzer.proof import Edge
from analyzer.vocabulary import SANDBOX

RELIST: Final = timedelta(seconds=2)
"""PLEG relists each second; what it sees at the first relist after a start of the kubelet may be older."""
RECORDED: Final = "the container runtime recorded this moment itself"
STARTED: Final = "the runtime started it"
ENDED: Final = "the runtime saw it end"
SEEN: Final = "no event of the runtime tells: the kubelet's relist saw it running, up to two seconds after its start"
MET: Final = "the kubelet had only just started when it saw it: it ran before, nobody tells since when"
NOTICED: Final = "no event of the runtime tells: the kubelet's relist noticed the end, which came after it was last seen running"
BEFORE: Final = "its end is told, its start is not: it ran before the evidence begins"
SAW_IT_RUN: Final = "the kubelet saw it running"
SAW_IT_ENDED: Final = "the kubelet noticed that it had ended"
COMES_UP: Final = timedelta(seconds=30)
"""A sandbox that is made comes up within this."""
UNKNOWN_EDGE: Final = Edge(None, None, None, rule="nothing tells of its end")


@dataclass(slots=True)
class Run:
    """One run of one container. ``start.time`` None: it ran before the evidence begins; ``end.time`` None: to its end."""

    container_id: str
    node: str | None
    namespace: str | None
    pod: str | None
    pod_uid: str | None
    container: str | None
    start: Edge
    end: Edge = UNKNOWN_EDGE
    end_reason: str | None = None  # died (the runtime says so), reported (the API), noticed (the kubelet), destroyed, node-lost, presumed
    exit_code: int | None = None
    kills: Sequence[Event] = ()  # signals, and the kubelet's 'Killing container'
    noticed: Sequence[Event] = ()  # what the kubelet's relist said of it
    seen: datetime | None = None  # when its kubelet told the API last that it ran

    @property
    def sandbox(self) -> bool:
        return self.container == SANDBOX

    def alive(self, moment: datetime) -> bool:
        return self.began_by(moment) and (self.end.time is None or moment < self.end.time)

    def began_by(self, moment: datetime) -> bool:
        return self.start.time is None or self.start.time <= moment
