"""Edges told by an event: most are never cited, so the proof is made when somebody reads it."""

from datetime import datetime

import numpy as np

from analyzer.lifecycle.event_table import Events
from analyzer.proof import Edge, Proof


class Recorded(Edge):
    """``told``, ``row``: the event, by its place in the table of all; ``proves``: what it proves; ``more``: other proofs after it."""

    told: Events
    row: int
    _proofs: tuple[Proof, ...] | None = None
    _proves: str = ""
    _more: tuple[Proof, ...] = ()

    def __init__(
        self,
        time: datetime | None,
        earliest: datetime | None,
        latest: datetime | None,
        proofs: tuple[Proof, ...] | None = None,
        rule: str = "",
        told: Events | None = None,
        row: int = -1,
        proves: str = "",
        more: tuple[Proof, ...] = (),
    ) -> None:
        put = object.__setattr__  # an Edge is frozen
        put(self, "time", time)
        put(self, "earliest", earliest)
        put(self, "latest", latest)
        put(self, "rule", rule)
        put(self, "told", told)
        put(self, "row", row)
        put(self, "_proves", proves)
        if proofs is not None:
            put(self, "_proofs", proofs)
        if more:
            put(self, "_more", more)

    @property
    def proofs(self) -> tuple[Proof, ...]:
        found = self._proofs
        if found is None:
            found = (*(event.proof(self._proves) for event in self.told.at(np.array([self.row]))), *self._more)
            object.__setattr__(self, "_proofs", found)
        return found
