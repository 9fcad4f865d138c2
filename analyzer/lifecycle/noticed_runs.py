"""Containers of which a kubelet alone tells, as most are where its journal is all there is: when its relist saw them run, and dead."""

from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta

import numpy as np

from analyzer.lifecycle.event_table import Events, Mask, Rows, coded
from analyzer.lifecycle.lives import ALWAYS, SIGHTINGS, SIGNALS, Lives
from analyzer.lifecycle.recorded import Recorded
from analyzer.lifecycle.run import BEFORE, COMES_UP, MET, NOTICED, RELIST, SAW_IT_ENDED, SAW_IT_RUN, SEEN, UNKNOWN_EDGE, Run
from analyzer.proof import Edge
from analyzer.vocabulary import SANDBOX
from analyzer.vocabulary import EventKind as E

_TICK = timedelta(microseconds=1)


def noticed(told: Events, others: Collection[str], kubelet_starts: Mapping[str | None, Rows]) -> tuple[list[Run], Events]:
    """The runs of such containers, one of each at most, and the events of all others.

    ``told``: what is said of containers, each with an id; ``others``: ids of which more is told elsewhere; ``kubelet_starts``: when the
    kubelets of each node looked for the first time, in microseconds."""
    if not len(told):
        return [], told
    lives = Lives(told)
    elsewhere = ~told.are(*SIGHTINGS, *SIGNALS)
    elsewhere |= told.column("attributes").str.contains('"sandbox"', literal=True).fill_null(False).to_numpy()  # it may name the pod
    mine = (lives.count(elsewhere) == 0) & lives.apart(others)
    of_pods = (lives.names["k8s_pod_name"] >= 0) | (lives.names["k8s_pod_uid"] >= 0)
    return list(_Sightings(lives, kubelet_starts).runs(mine & of_pods)), told.where(~mine[lives.whose])


class _Sightings:
    """Of each container: the first two, the first and the last of it running, and the first of it dead after that."""

    def __init__(self, lives: Lives, kubelet_starts: Mapping[str | None, Rows]) -> None:
        self.lives = lives
        running, dead = lives.told.are(E.CONTAINER_SEEN_RUNNING), lives.told.are(E.CONTAINER_SEEN_DEAD)
        sightings = running | dead
        self.first, self.ran = lives.first(sightings), lives.first(running)
        sightings[self.first[self.first >= 0]] = False
        self.second = lives.first(sightings)
        self.last_ran = lives.last(running)
        times = lives.told.times
        over = np.where(self.last_ran >= 0, times[self.last_ran], ALWAYS)  # a death of before: that of a sandbox that is not yet started
        self.died = lives.first(dead & (times > over[lives.whose]))
        self.begins = np.where(self.ran >= 0, self.ran, self.first)  # what tells of its start, or that it is not told
        self.resumed = self._resumed(kubelet_starts)

    def _resumed(self, kubelet_starts: Mapping[str | None, Rows]) -> Mask:
        """Whether the kubelet had only just started then: it tells of what there is, not of what happens."""
        nodes, of = coded(self.lives.told.column("node"))
        found = np.zeros(len(self.begins), dtype=np.bool_)
        for node, starts in kubelet_starts.items():
            there = np.flatnonzero((self.begins >= 0) & (of[self.begins] == (-1 if node is None else nodes.get(node, -2))))
            now = self.lives.told.times[self.begins[there]]
            at = np.searchsorted(starts, now, "right")
            found[there] = (at > 0) & (now - starts[np.maximum(at, 1) - 1] <= RELIST * 2 // _TICK)
        return found

    def runs(self, wanted: Mask) -> Iterator[Run]:
        known = (self.ran >= 0) | ((self.first >= 0) & ~self.resumed)  # else it was dead when this kubelet began: nobody knows since when
        chosen = np.flatnonzero(wanted & known)
        since = np.where((self.ran[chosen] >= 0) & ~self.resumed[chosen], self.lives.told.times[self.begins[chosen]], ALWAYS)
        runs = self.lives.runs(chosen, since, self.died[chosen], "noticed", lambda some: self._edges(chosen[some]))
        for run, died_first in zip(runs, self._died_first(chosen).tolist(), strict=True):
            if died_first and run.container is None:
                run.container = SANDBOX
            yield run

    def _died_first(self, some: Rows) -> Mask:
        """A sandbox that is made and not yet started counts as dead for the relist (1.2+): it is said to die, and then to start."""
        first, second, times = self.first[some], self.second[some], self.lives.told.times
        found: Mask = (second >= 0) & (second == self.ran[some]) & (times[second] - times[first] <= COMES_UP // _TICK)
        return found

    def _edges(self, some: Rows) -> Iterator[tuple[Edge, Edge]]:
        told, values = self.lives.told, self.lives.values
        begins, last, died = self.begins[some], self.last_ran[some], self.died[some]
        times, latest, ends = (values("time", at) for at in (begins, np.where(last == begins, -1, last), died))
        rows, end_rows = told.rows[begins].tolist(), told.rows[died].tolist()
        seen, resumed = (self.ran[some] >= 0).tolist(), self.resumed[some].tolist()
        for time, row, ran, met, late, end, end_row in zip(times, rows, seen, resumed, latest, ends, end_rows, strict=True):
            start = Edge(None, None, time, rule=BEFORE)
            if ran:
                since = None if met else time
                before = since - RELIST if since else None
                start = Recorded(since, before, time, rule=MET if met else SEEN, told=self.lives.table, row=row, proves=SAW_IT_RUN)
            last_ran = late or (time if ran else None)
            ended = (
                Recorded(end, last_ran, end, rule=NOTICED, told=self.lives.table, row=end_row, proves=SAW_IT_ENDED) if end else UNKNOWN_EDGE
            )
            yield start, ended
