"""One pod."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import any_of, of_kinds
from analyzer.lifecycle.run import Run
from analyzer.proof import Edge
from analyzer.vocabulary import SANDBOX
from analyzer.vocabulary import EventKind as E


@dataclass(slots=True)
class Pod:
    """One pod, by uid where it is known (else by namespace and name)."""

    namespace: str | None
    name: str | None
    uid: str | None
    node: str | None = None
    owner: tuple[str, str] | None = None  # KIND, NAME of the controller that made it
    static: bool = False
    created: datetime | None = None
    marked: Edge | None = None  # deletion asked for
    evicted: Event | None = None
    grace: int | None = None  # seconds that its containers get to end
    tolerates: dict[str, int | None] = field(default_factory=dict)  # unreachable, not-ready: seconds (None: for ever) until evicted
    runs: list[Run] = field(default_factory=list)
    events: Sequence[Event] = ()
    number: int | None = field(default=None, repr=False, compare=False)  # among those that are told of plainly

    @property
    def key(self) -> str:
        return self.uid or f"{self.namespace}/{self.name}"

    def told(self, *kinds: E) -> list[Event]:
        """Its events of some kinds."""
        return of_kinds(self.events, *kinds)

    def tells(self, *kinds: E) -> bool:
        """Whether it has an event of some kinds."""
        return any_of(self.events, *kinds)

    @property
    def apps(self) -> list[Run]:
        """Runs of application containers."""
        return [r for r in self.runs if r.container != SANDBOX]
