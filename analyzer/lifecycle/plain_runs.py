"""Containers whose life is told plainly, as most are: started once, dead at most once, by one runtime's word, which names the pod."""

from collections.abc import Collection, Iterator
from datetime import timedelta

import numpy as np

from analyzer.lifecycle.event_table import Events, Mask, Rows
from analyzer.lifecycle.lives import Lives
from analyzer.lifecycle.recorded import Recorded
from analyzer.lifecycle.run import ENDED, RECORDED, STARTED, UNKNOWN_EDGE, Run
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E

_RUNTIME = (E.CONTAINER_CREATED, E.CONTAINER_STARTED, E.CONTAINER_DIED, E.CONTAINER_DESTROYED)
_TICK = timedelta(microseconds=1)


def plain(told: Events, others: Collection[str]) -> tuple[list[Run], Events]:
    """The runs of such containers, and the events of all others. ``told``: what is said of containers, each with an id; ``others``: ids
    of which more is told elsewhere."""
    if not told.are(E.CONTAINER_STARTED).any():
        return [], told
    lives = Lives(told)
    started, died = lives.last(told.are(E.CONTAINER_STARTED)), lives.last(told.are(E.CONTAINER_DIED))
    mine = _plain(lives, started, died) & lives.apart(others)
    chosen = np.flatnonzero(mine)
    started, died = started[chosen], died[chosen]
    runs = lives.runs(chosen, told.times[started], died, "died", lambda some: _edges(lives, started[some], died[some]))
    return list(runs), told.where(~mine[lives.whose])


def _plain(lives: Lives, started: Rows, died: Rows) -> Mask:
    told = lives.told
    starts, deaths = lives.count(told.are(E.CONTAINER_STARTED)), lives.count(told.are(E.CONTAINER_DIED))
    destroyed, removals = lives.last(told.are(E.CONTAINER_DESTROYED)), lives.count(told.are(E.CONTAINER_DESTROYED))
    once = (starts == 1) & (deaths <= 1) & (removals <= 1)
    in_turn = ((deaths == 0) | (died > started)) & ((removals == 0) | ((deaths == 1) & (destroyed > died)))
    ended = (deaths == 1) | (lives.count(told.are(E.CONTAINER_SEEN_DEAD)) == 0)  # else the kubelet's word is all that tells of the end
    named_all = np.all([first >= 0 for first in lives.names.values()], axis=0)
    found: Mask = once & in_turn & ended & named_all & _by_one(lives)
    return found


def _by_one(lives: Lives) -> Mask:
    """Whether one component, a runtime's, tells all of the life of a container."""
    lifecycle = lives.told.are(*_RUNTIME)
    at = np.flatnonzero(lifecycle)
    components = lives.told.component_codes[at]
    low, high = np.full(len(lives.ids), np.iinfo(np.int64).max), np.full(len(lives.ids), -2)
    np.minimum.at(low, lives.whose[at], components)
    np.maximum.at(high, lives.whose[at], components)
    found: Mask = (low == high) & (lives.count(lifecycle & ~lives.runtime) == 0)
    return found


def _edges(lives: Lives, started: Rows, died: Rows) -> Iterator[tuple[Edge, Edge]]:
    return zip(_moments(lives, started, STARTED), _moments(lives, died, ENDED), strict=True)


def _moments(lives: Lives, at: Rows, proves: str) -> Iterator[Edge]:
    rows = lives.told.rows[at].tolist()
    for time, resolution, row in zip(lives.values("time", at), lives.values("resolution_us", at), rows, strict=True):
        if time is None:
            yield UNKNOWN_EDGE
        else:
            latest = time + _TICK * (resolution - 1) if resolution and resolution > 1 else time
            yield Recorded(time, time, latest, rule=RECORDED, told=lives.table, row=row, proves=proves)
