"""Edges told by an event: most are never cited, so the proof is made when somebody reads it."""

from datetime import datetime
from typing import Any, Final

import numpy as np

from analyzer.lifecycle.event_table import Events
from analyzer.proof import Edge, Proof

_MADE: Final[Any] = Edge.__dict__["proofs"]  # the slot, which the property below hides


class Recorded(Edge):
    """``told``, ``row``: the event, by its place in the table of all; ``proves``: what it proves; ``more``: other proofs after it."""

    __slots__ = ("_more", "_proves", "row", "told")  # a dict in each would be most of the memory of a run

    told: Events
    row: int
    _proves: str
    _more: tuple[Proof, ...]

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
        put(self, "_more", more)
        _MADE.__set__(self, proofs)

    def __reduce__(self) -> tuple[type["Recorded"], tuple[Any, ...]]:
        """As it is: a proof that nobody has read is not made to be copied."""
        bounds = (self.time, self.earliest, self.latest)
        return Recorded, (*bounds, _MADE.__get__(self), self.rule, self.told, self.row, self._proves, self._more)

    @property
    def proofs(self) -> tuple[Proof, ...]:
        found: tuple[Proof, ...] | None = _MADE.__get__(self)
        if found is None:
            found = (*(event.proof(self._proves) for event in self.told.at(np.array([self.row]))), *self._more)
            _MADE.__set__(self, found)
        return found
