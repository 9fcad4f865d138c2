"""Edges told by an event: most are never cited, so the proof is made when somebody reads it."""

from datetime import datetime

import numpy as np

from analyzer.lifecycle.event_table import Events
from analyzer.proof import Edge, Proof


class Recorded(Edge):
    """``told``, ``row``: the event, by its place in the table of all; ``proves``: what it proves; ``more``: other proofs after it."""

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
        self.__dict__.update(time=time, earliest=earliest, latest=latest, rule=rule, _proofs=proofs, _of=(told, row, proves, more))

    @property
    def proofs(self) -> tuple[Proof, ...]:
        found: tuple[Proof, ...] | None = self.__dict__["_proofs"]
        if found is None:
            told, row, proves, more = self.__dict__["_of"]
            found = (*(event.proof(proves) for event in told.at(np.array([row]))), *more)
            self.__dict__["_proofs"] = found
        return found

    @property
    def event(self) -> tuple[Events, int]:
        """The table, and the row."""
        told, row, *_ = self.__dict__["_of"]
        return told, row
