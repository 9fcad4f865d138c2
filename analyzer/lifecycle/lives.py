"""Lives of containers as arrays: of each container, where among all that is told of containers each thing stands.

What is said of a run is read off columns, of all runs together; an event is made only when somebody reads it as proof.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events, Mask, Part, Rows
from analyzer.lifecycle.recorded import Recorded
from analyzer.lifecycle.run import RELIST, UNKNOWN_EDGE, Run
from analyzer.proof import Edge
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS
from analyzer.vocabulary import EventKind as E

_NEVER: Final = np.iinfo(np.int64).max
ALWAYS: Final = np.iinfo(np.int64).min
"""For a moment before all others, in microseconds."""
NAMES: Final = ("k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid", "k8s_container_name")
SIGNALS: Final = (E.CONTAINER_SIGNALLED, E.CONTAINER_KILLING)
SIGHTINGS: Final = (E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_DEAD)
_Edges = Callable[[slice], Iterator[tuple[Edge, Edge]]]
_LATER: Final = RELIST // timedelta(microseconds=1)
_AT_ONCE: Final = 50_000
"""So many runs are taken out of the columns together: lists of all would take as much memory as the runs."""


class Lives:
    """Arrays by container: a place among the events that are told of it, -1 where a thing is not told; or how many there are."""

    def __init__(self, told: Events) -> None:
        """``told``: what is said of containers, each with an id."""
        self.told = told
        self.table = told.at(np.empty(0, dtype=np.int64))  # for edges to keep: without the arrays that are made of those told
        named = told.column("container_id")
        self.ids = named.unique(maintain_order=True)
        self.whose = named.cast(pl.Enum(self.ids)).to_physical().cast(pl.Int64).to_numpy()
        self.runtime = told.told_by(*RUNTIME_STREAMS, RUNTIME_LOG)
        self.names = {name: self.first(told.having(name)) for name in NAMES}
        placed = told.having("node")
        by_runtime = self.first(placed & self.runtime)
        self.node = np.where(by_runtime >= 0, by_runtime, self.first(placed))

    def first(self, mask: Mask) -> Rows:
        return self._one_of(np.flatnonzero(mask)[::-1])

    def last(self, mask: Mask) -> Rows:
        return self._one_of(np.flatnonzero(mask))

    def count(self, mask: Mask) -> Rows:
        return np.bincount(self.whose[mask], minlength=len(self.ids))

    def _one_of(self, at: Rows) -> Rows:
        found = np.full(len(self.ids), -1, dtype=np.int64)
        found[self.whose[at]] = at
        return found

    def apart(self, others: Collection[str]) -> Mask:
        """Which are not among some ids."""
        found: Mask = ~self.ids.is_in(pl.Series(sorted(others), dtype=pl.String).implode()).to_numpy()
        return found

    def runs(self, chosen: Rows, low: Rows, died: Rows, reason: str, edges: _Edges) -> Iterator[Run]:
        """The run of each of some containers. ``low``: since when (microseconds); ``died``: the event that tells of its end; ``reason``:
        what that is to its end; ``edges``: start and end of some of those chosen."""
        high = np.where(died >= 0, self.told.times[died] + _LATER, _NEVER)
        kills, noticed = self._signs(chosen, low, high)
        texts: dict[str | None, str | None] = {}  # each once: most are those of others too
        for start in range(0, len(chosen), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            places = (("node", self.node), *self.names.items())
            names = ([texts.setdefault(t, t) for t in self.values(column, first[chosen[some]])] for column, first in places)
            for identity, node, namespace, pod, uid, container, (begin, end), code, by_hand, seen in zip(
                self.ids.gather(chosen[some]).to_list(),
                *names,
                edges(some),
                self.values("value", died[some]),
                kills[some],
                noticed[some],
                strict=True,
            ):
                ended = reason if end is not UNKNOWN_EDGE else None
                yield Run(identity, node, namespace, pod, uid, container, begin, end, ended, code, by_hand, seen)

    def values(self, name: str, at: Rows) -> list[Any]:
        """What stands in a column; None at -1."""
        values = self.told.column(name).gather(np.maximum(at, 0)).to_list()
        return [value if there else None for value, there in zip(values, (at >= 0).tolist(), strict=True)]

    def _signs(self, chosen: Rows, low: Rows, high: Rows) -> tuple[list[Sequence[Event]], list[Sequence[Event]]]:
        """What was done to each of some, and what was noticed of it, between two moments of its own, both included."""
        place = np.full(len(self.ids), -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))

        def shared(*kinds: E) -> list[Sequence[Event]]:
            at = np.flatnonzero(self.told.are(*kinds))
            at = at[place[self.whose[at]] >= 0]
            owner, time = place[self.whose[at]], self.told.times[at]
            within = (time >= low[owner]) & (time <= high[owner])
            return self.told.at(self.told.rows[at[within]]).shared_out(owner[within], len(chosen))

        return shared(*SIGNALS), shared(*SIGHTINGS)


def read(runs: Iterable[Run]) -> None:
    """Make the events of runs together, before each is asked for its proofs: one at a time they take far longer."""
    some = list(runs)
    edges = [edge.row for run in some for edge in (run.start, run.end) if isinstance(edge, Recorded)]
    _make(some, [*edges, *_rows(run.noticed for run in some), *_rows(run.kills for run in some)])


def read_kills(runs: Iterable[Run]) -> None:
    """The same of what was done to them, and of nothing else."""
    some = list(runs)
    _make(some, _rows(run.kills for run in some))


def _rows(parts: Iterable[Sequence[Event]]) -> list[int]:
    return [row for part in parts if isinstance(part, Part) for row in part.rows.tolist()]


def _make(runs: list[Run], rows: list[int]) -> None:
    all_of = next((edge.told for run in runs for edge in (run.start, run.end) if isinstance(edge, Recorded)), None)
    if all_of is not None and rows:
        all_of.at(np.array(rows, dtype=np.int64)).read()
