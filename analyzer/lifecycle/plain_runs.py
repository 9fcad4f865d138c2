"""Containers whose life is told plainly, as most are: started once, dead at most once, by one runtime's word, which names the pod.

Their runs are read off the columns, all together; an event is made only when somebody reads it as proof.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events, Mask, Part, Rows
from analyzer.lifecycle.recorded import Recorded
from analyzer.lifecycle.run import ENDED, RECORDED, RELIST, STARTED, UNKNOWN_EDGE, Run
from analyzer.proof import Edge
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS
from analyzer.vocabulary import EventKind as E

_RUNTIME = (E.CONTAINER_CREATED, E.CONTAINER_STARTED, E.CONTAINER_DIED, E.CONTAINER_DESTROYED)
_NAMES = ("k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid", "k8s_container_name")
_TICK = timedelta(microseconds=1)
_NEVER = np.iinfo(np.int64).max


def plain(told: Events, others: Collection[str]) -> tuple[list[Run], Events]:
    """The runs of such containers, and the events of all others. ``told``: what is said of containers, each with an id; ``others``: ids
    of which more is told elsewhere."""
    if not len(told):
        return [], told
    lives = _Lives(told)
    mine = lives.plain & ~lives.ids.is_in(pl.Series(sorted(others), dtype=pl.String).implode()).to_numpy()
    return list(lives.runs(np.flatnonzero(mine))), told.where(~mine[lives.whose])


class _Lives:
    """By container (in arrays): where among the events that are told of it each thing stands, -1 where it is not told."""

    def __init__(self, told: Events) -> None:
        self.told = told
        named = told.column("container_id")
        self.ids = named.unique(maintain_order=True)
        self.whose = named.cast(pl.Enum(self.ids)).to_physical().cast(pl.Int64).to_numpy()
        self.started, starts = self._one(told.are(E.CONTAINER_STARTED))
        self.died, deaths = self._one(told.are(E.CONTAINER_DIED))
        destroyed, removals = self._one(told.are(E.CONTAINER_DESTROYED))
        _, noticed = self._one(told.are(E.CONTAINER_SEEN_DEAD))
        runtime = told.told_by(*RUNTIME_STREAMS, RUNTIME_LOG)
        self.names = {name: self._first(told.having(name)) for name in _NAMES}
        placed = told.having("node")
        of_runtime = self._first(placed & runtime)
        self.node = np.where(of_runtime >= 0, of_runtime, self._first(placed))
        once = (starts == 1) & (deaths <= 1) & (removals <= 1)
        in_turn = ((deaths == 0) | (self.died > self.started)) & ((removals == 0) | ((deaths == 1) & (destroyed > self.died)))
        ended = (deaths == 1) | (noticed == 0)  # else the kubelet's word is all that tells of the end
        named_all = np.all([first >= 0 for first in self.names.values()], axis=0)
        self.plain: Mask = once & in_turn & ended & named_all & self._by_one(told.are(*_RUNTIME), runtime)

    def _one(self, mask: Mask) -> tuple[Rows, Rows]:
        """Of some events the last one, and how many there are."""
        at = np.flatnonzero(mask)
        return self._one_of(at), np.bincount(self.whose[at], minlength=len(self.ids))

    def _first(self, mask: Mask) -> Rows:
        return self._one_of(np.flatnonzero(mask)[::-1])

    def _one_of(self, at: Rows) -> Rows:
        found = np.full(len(self.ids), -1, dtype=np.int64)
        found[self.whose[at]] = at
        return found

    def _by_one(self, lifecycle: Mask, runtime: Mask) -> Mask:
        """Whether one component, a runtime's, tells all of the life of a container."""
        at = np.flatnonzero(lifecycle)
        components = self.told.component_codes[at]
        low, high = np.full(len(self.ids), _NEVER), np.full(len(self.ids), -2)
        np.minimum.at(low, self.whose[at], components)
        np.maximum.at(high, self.whose[at], components)
        strangers = np.bincount(self.whose[np.flatnonzero(lifecycle & ~runtime)], minlength=len(self.ids))
        found: Mask = (low == high) & (strangers == 0)
        return found

    def runs(self, chosen: Rows) -> Iterator[Run]:
        started, died = self.started[chosen], self.died[chosen]
        columns = [self._names(name, first[chosen]) for name, first in (("node", self.node), *self.names.items())]
        kills, noticed = self._signs(chosen)
        starts, ends = self._edges(started, STARTED), self._edges(died, ENDED)
        codes = self._column("value", died)
        for identity, node, namespace, pod, uid, container, start, end, code, by_hand, seen in zip(
            self.ids.gather(chosen).to_list(), *columns, starts, ends, codes, kills, noticed, strict=True
        ):
            reason = "died" if end is not UNKNOWN_EDGE else None
            yield Run(identity, node, namespace, pod, uid, container, start, end, reason, code, by_hand, seen)

    def _column(self, name: str, at: Rows) -> list[Any]:
        """Values; None at -1."""
        values = self.told.column(name).gather(np.maximum(at, 0)).to_list()
        return [value if there else None for value, there in zip(values, (at >= 0).tolist(), strict=True)]

    def _names(self, name: str, at: Rows) -> list[str | None]:
        """The same, each text once: most are those of others too."""
        known: dict[str | None, str | None] = {}
        return [known.setdefault(text, text) for text in self._column(name, at)]

    def _edges(self, at: Rows, proves: str) -> Iterator[Edge]:
        rows = self.told.rows[at].tolist()
        for time, resolution, row in zip(self._column("time", at), self._column("resolution_us", at), rows, strict=True):
            if time is None:
                yield UNKNOWN_EDGE
            else:
                latest = time + _TICK * (resolution - 1) if resolution and resolution > 1 else time
                yield Recorded(time, time, latest, rule=RECORDED, told=self.told, row=row, proves=proves)

    def _signs(self, chosen: Rows) -> tuple[list[Sequence[Event]], list[Sequence[Event]]]:
        """What was done to each, and what was noticed of it, while it ran or just after."""
        times = self.told.times
        died = np.where(self.died >= 0, times[self.died] + RELIST // _TICK, _NEVER)
        place = np.full(len(self.ids), -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        there = (times >= times[self.started][self.whose]) & (times <= died[self.whose]) & (place[self.whose] >= 0)

        def shared(*kinds: E) -> list[Sequence[Event]]:
            some = there & self.told.are(*kinds)
            return self.told.where(some).shared_out(place[self.whose[some]], len(chosen))

        return shared(E.CONTAINER_SIGNALLED, E.CONTAINER_KILLING), shared(E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SEEN_DEAD)


def read(runs: Iterable[Run]) -> None:
    """Make the events of runs together, before each is asked for its proofs: one at a time they take far longer."""
    all_of: Events | None = None
    rows: list[int] = []
    for run in runs:
        for edge in (run.start, run.end):
            if isinstance(edge, Recorded):
                all_of = edge.told
                rows.append(edge.row)
        rows += [row for some in (run.kills, run.noticed) if isinstance(some, Part) for row in some.rows.tolist()]
    if all_of is not None:
        all_of.at(np.array(rows, dtype=np.int64)).read()
