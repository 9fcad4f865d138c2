"""Which pods are told of plainly: by events alone, under one name that no other has. Asked of arrays, for millions of events.

Names are compared by their hashes first, and then as they are: two that differ may have one hash.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.lifecycle.event_table import Events, Mask, Rows
from analyzer.lifecycle.plain_pods import Places, PlainPods
from analyzer.store.spilled import gathered

_SLICE: Final = 500_000
"""So many rows are looked at together: the names of all would take more memory than what is told of them."""
_UID, _NAMESPACE, _NAME = "k8s_pod_uid", "k8s_namespace_name", "k8s_pod_name"
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Others:
    """Pods of which more is told, by objects and by runs. ``names`` are without namespaces: not all know them."""

    uids: Collection[str]
    names: Collection[str]


def plain(events: Events, others: Others) -> tuple[PlainPods, Mask]:
    """The plain ones, and which events are theirs. ``events``: each has a pod's uid or name."""
    told = _Told(events)
    by_uid = told.groups(told.has_uid, told.uids, (_UID, _NAMESPACE, _NAME))
    by_name = told.groups(~told.has_uid & told.has_namespace, told.full, (_NAMESPACE, _NAME))
    of = _matched(told, by_name, by_uid)
    by_uid.spoilt |= np.isin(told.uids[by_uid.first], _hashes(others.uids)) | _doubled(told.full[by_uid.first])
    nameless = ~told.has_uid & ~told.has_namespace  # 'Killing unwanted pod "x"' names no namespace
    taken = [_hashes(others.names), told.names[nameless], told.names[by_uid.of_spoilt()], told.names[by_name.of_spoilt()]]
    names = np.unique(np.concatenate(taken))
    mine = ~by_uid.spoilt & ~np.isin(told.names[by_uid.first], names)
    bare = ~by_name.spoilt & ~np.isin(told.names[by_name.first], names)
    numbers = _numbered(mine)
    alone = bare & (of < 0)
    of_names = np.where(alone, _numbered(alone) + np.count_nonzero(mine), np.where(bare, np.append(numbers, -1)[of], -1))
    owners = np.full(len(events), -1, dtype=np.int32)
    owners[by_uid.rows] = numbers[by_uid.whose]
    owners[by_name.rows] = of_names[by_name.whose]
    first = np.concatenate([by_uid.first[mine], by_name.first[alone]])
    return PlainPods(events, owners, told.column(first)), owners >= 0


class _Told:
    """By event: hashes of what it names, and which names it has."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self.uids, self.names, self.full = (np.empty(len(events), dtype=np.uint64) for _ in range(3))
        self.has_uid, self.has_namespace = (np.empty(len(events), dtype=np.bool_) for _ in range(2))
        for low in range(0, len(events), _SLICE):
            here = slice(low, low + _SLICE)
            some = self.named(events.rows[here], _UID, _NAMESPACE, _NAME)
            uid, namespace, name = some.get_columns()
            self.uids[here], self.names[here] = _hashed(uid), _hashed(name)
            self.full[here] = self.names[here] * np.uint64(31) + _hashed(namespace)
            self.has_uid[here] = (uid != "").fill_null(False).to_numpy()
            self.has_namespace[here] = namespace.is_not_null().to_numpy()

    def named(self, rows: Rows, *columns: str) -> pl.DataFrame:
        some = self._events.at(rows)
        return pl.DataFrame([some.column(name) for name in columns])

    def column(self, at: Rows) -> pl.DataFrame:
        """(namespace, name, uid) where the events of such places name them."""
        uids = np.where(self.has_uid[at], at, -1)
        some = {"namespace": (_NAMESPACE, at), "name": (_NAME, at), "uid": (_UID, uids)}
        return gathered({name: (self._events.column(column), rows) for name, (column, rows) in some.items()})

    def groups(self, mask: Mask, hashes: Hashes, names: Sequence[str]) -> "_Groups":
        """Events by what they name: in each group all name the same, or it is spoilt."""
        rows = np.flatnonzero(mask)
        _, first, whose = np.unique(hashes[rows], return_index=True, return_inverse=True)
        found = _Groups(rows, rows[first], whose.astype(np.int32), np.zeros(len(first), dtype=np.bool_))
        for low in range(0, len(rows), _SLICE):
            here = slice(low, low + _SLICE)
            found.spoilt[found.whose[here][~self.same(rows[here], found.first[found.whose[here]], names)]] = True
        return found

    def same(self, these: Rows, those: Rows, names: Sequence[str]) -> Mask:
        """Whether they name the same, and name it all."""
        one, other = (self.named(self._events.rows[at], *names) for at in (these, those))
        alike: Mask = np.logical_and.reduce(
            [((one[name] == other[name]) & self._there(one[name])).fill_null(False).to_numpy() for name in names]
        )
        return alike

    def _there(self, column: pl.Series) -> pl.Series:
        return column.is_not_null() if column.name == _NAMESPACE else column != ""


@dataclass
class _Groups:
    """``rows``: the events; ``whose``: the group of each; ``first``: the first event of each group."""

    rows: Rows
    first: Rows
    whose: Places
    spoilt: Mask

    def of_spoilt(self) -> Rows:
        return self.rows[self.spoilt[self.whose]]


def _matched(told: _Told, by_name: _Groups, by_uid: _Groups) -> Rows:
    """For each group without a uid that of its name with one; -1: there is none. (Of several any: they are not plain.)"""
    known = told.full[by_uid.first]
    order = np.argsort(known, kind="stable")
    sought = told.full[by_name.first]
    at = np.minimum(np.searchsorted(known[order], sought), len(known) - 1)
    found = np.where(known[order][at] == sought, order[at], -1) if len(known) else np.full(len(sought), -1, dtype=np.int64)
    there = np.flatnonzero(found >= 0)
    for low in range(0, len(there), _SLICE):
        some = there[low : low + _SLICE]
        differ = some[~told.same(by_name.first[some], by_uid.first[found[some]], (_NAMESPACE, _NAME))]
        by_name.spoilt[differ] = True
        by_uid.spoilt[found[differ]] = True
    return found


def _hashes(texts: Collection[str]) -> Hashes:
    return _hashed(pl.Series(list(texts), dtype=pl.String))


def _hashed(texts: pl.Series) -> Hashes:
    return texts.hash().to_numpy()


def _doubled(hashes: Hashes) -> Mask:
    found: Mask = pl.Series(hashes).is_duplicated().to_numpy()
    return found


def _numbered(mask: Mask) -> Rows:
    """Numbers, from 0 on, of what is chosen; -1: not chosen."""
    return np.where(mask, np.cumsum(mask) - 1, -1)
