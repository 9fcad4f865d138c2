"""Pods of which events alone tell, each by one name, as of most in a cluster (``pod_names`` finds them).

What is told of them is read off the columns, all together; a Pod is made when somebody asks for it. Millions are numbers.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.lifecycle.event_table import Events, Mask, coded
from analyzer.lifecycle.pod import Pod
from analyzer.lifecycle.settling import MARKED, mark
from analyzer.vocabulary import EventKind as E

Places = npt.NDArray[np.int32]
_NOWHERE: Final = -1


class PlainPods:
    """By number: ``names`` (namespace, name, uid; uid null: not known), and what is told of each. All of it are columns."""

    def __init__(self, events: Events, owners: Places, names: pl.DataFrame) -> None:
        """``events``: of pods; ``owners``: whose each is (-1: of none of these)."""
        self.names = names
        self._events = events
        self._owners = owners
        self.evicted = self._first(events.are(E.POD_EVICTED))
        self._marked = self._first(events.are(*MARKED))
        self.nodes, self.node = self._told("node", self._first(events.are(E.POD_SCHEDULED, E.POD_ADDED) & events.having("node")))
        self.makers, self.maker = self._told("controller", self._first(events.are(E.POD_CREATED) & events.having("controller")))
        self.static = self._static()
        order = np.argsort(owners, kind="stable")
        edges = np.searchsorted(owners[order], np.arange(names.height + 1))
        self._rows, self._edges = events.rows[order[edges[0] :]], edges - edges[0]
        self._owners = owners[:0]
        self._made: dict[int, Pod] = {}

    @classmethod
    def none(cls) -> "PlainPods":
        names = dict.fromkeys(("namespace", "name", "uid"), pl.String())
        return cls(Events.of_list([]), np.empty(0, dtype=np.int32), pl.DataFrame(schema=names))

    def __len__(self) -> int:
        return self.names.height

    def _first(self, mask: Mask) -> Places:
        """Where among the events such a thing is first told of each; -1: nowhere."""
        at = np.flatnonzero(mask & (self._owners >= 0))[::-1]
        found = np.full(len(self), _NOWHERE, dtype=np.int32)
        found[self._owners[at]] = at
        return found

    def _told(self, column: str, first: Places) -> tuple[list[str], Places]:
        """What stands in a column there: each text once, and which of them is whose (-1: none)."""
        there = np.flatnonzero(first >= 0)
        names, codes = coded(self._events.at(self._events.rows[first[there]]).column(column))
        found = np.full(len(self), _NOWHERE, dtype=np.int32)
        found[there] = codes
        return list(names), found

    def _static(self) -> Mask:
        """Those that a kubelet made: their name ends in that of their node, or a node made them."""
        by_node = np.array([*(maker.startswith("Node/") for maker in self.makers), False])
        found: Mask = by_node[self.maker]
        for code, node in enumerate(self.nodes):
            mine = np.flatnonzero(self.node == code)
            found[mine] |= self.names["name"].gather(mine).str.ends_with(f"-{node}").to_numpy()
        return found

    def pod(self, number: int) -> Pod:
        """Each is made once."""
        found = self._made.get(number)
        if found is None:
            found = self._made[number] = self._pod(number)
        return found

    def bears(self, words: Sequence[str]) -> Mask:
        """Which may be called so on a command line: by name, NAMESPACE/NAME or uid."""
        full = pl.concat_str("namespace", "name", separator="/")
        borne = pl.any_horizontal(x.is_in(words).fill_null(False) for x in (pl.col("name"), full, pl.col("uid")))
        found: Mask = self.names.select(borne).to_series().to_numpy()
        return found

    def within(self, namespaces: Sequence[str]) -> Mask:
        """Which are in some namespaces."""
        found: Mask = self.names["namespace"].is_in(namespaces).to_numpy()
        return found

    def owner(self, number: int) -> tuple[str, str] | None:
        """KIND and name of who is told to have made it."""
        if self.maker[number] < 0:
            return None
        kind, _, name = self.makers[self.maker[number]].partition("/")
        return kind, name

    def _pod(self, number: int) -> Pod:
        namespace, name, uid = self.names.row(number)
        events = self._events
        pod = Pod(namespace, name, uid, owner=self.owner(number), static=bool(self.static[number]), number=number)
        pod.node = self.nodes[self.node[number]] if self.node[number] >= 0 else None
        pod.events = events.at(self._rows[self._edges[number] : self._edges[number + 1]])
        if self.evicted[number] >= 0:
            pod.evicted = events[int(self.evicted[number])]
        if (at := int(self._marked[number])) >= 0:
            one = events.at(events.rows[at : at + 1])
            pod.marked = mark(events, at, one.column("kind").item(), one.column("resolution_us").item())
        return pod
