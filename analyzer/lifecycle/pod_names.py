"""Which pods are told of plainly: by events alone, under one name that no other has. Asked of arrays, for millions of events.

Names are compared by their hashes first, and then as they are: two that differ may have one hash.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.lifecycle.event_table import Events, Mask, Rows
from analyzer.lifecycle.plain_pods import Places, PlainPods
from analyzer.store.spilled import stretches

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
    by_uid = told.groups(told.has_uid, _UID)
    by_name = told.groups(~told.has_uid & told.has_namespace, _NAMESPACE, _NAME)
    told.compare(by_uid, _UID, _NAMESPACE, _NAME)
    told.compare(by_name, _NAMESPACE, _NAME)
    full = told.hashes(by_uid.first, _NAMESPACE, _NAME)
    of = _matched(told, by_name, by_uid, full)
    by_uid.spoilt |= np.isin(told.hashes(by_uid.first, _UID), _hashes(others.uids)) | _doubled(full)
    nameless = np.flatnonzero(~told.has_uid & ~told.has_namespace)  # 'Killing unwanted pod "x"' names no namespace
    shared = np.concatenate([nameless, by_uid.of_spoilt(), by_name.of_spoilt()])
    taken = np.unique(np.concatenate([_hashes(others.names), told.hashes(shared, _NAME)]))
    mine = ~by_uid.spoilt & ~np.isin(told.hashes(by_uid.first, _NAME), taken)
    bare = ~by_name.spoilt & ~np.isin(told.hashes(by_name.first, _NAME), taken)
    numbers = _numbered(mine)
    alone = bare & (of < 0)
    of_names = np.where(alone, _numbered(alone) + np.count_nonzero(mine), np.where(bare, np.append(numbers, -1)[of], -1))
    owners = np.full(len(events), -1, dtype=np.int32)
    owners[by_uid.rows] = numbers[by_uid.whose]
    owners[by_name.rows] = of_names[by_name.whose]
    names = told.column(np.concatenate([by_uid.first[mine], by_name.first[alone]]))
    del told, by_uid, by_name  # of millions they are large
    return PlainPods(events, owners, names), owners >= 0


class _Told:
    """What events name, and which have a uid, or a namespace."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self.has_uid, self.has_namespace = (np.empty(len(events), dtype=np.bool_) for _ in range(2))
        for here in stretches(len(events)):
            uid, namespace = self._named(here, _UID, _NAMESPACE)
            self.has_uid[here] = (uid != "").fill_null(False).to_numpy()
            self.has_namespace[here] = namespace.is_not_null().to_numpy()

    def _named(self, at: Rows | Places | slice, *columns: str) -> list[pl.Series]:
        some = self._events.at(self._events.rows[at])
        return [some.column(name) for name in columns]

    def hashes(self, at: Rows | Places, *columns: str) -> Hashes:
        """Of what the events at some places name."""
        found = np.zeros(len(at), dtype=np.uint64)
        for here in stretches(len(at)):
            for column in self._named(at[here], *columns):
                found[here] = found[here] * np.uint64(31) + _hashed(column)
        return found

    def column(self, at: Rows) -> pl.DataFrame:
        """(namespace, name, uid) where the events of such places name them."""
        uids = np.where(self.has_uid[at], at, -1)
        return self._events.cells({"namespace": (_NAMESPACE, at), "name": (_NAME, at), "uid": (_UID, uids)})

    def groups(self, mask: Mask, *names: str) -> "_Groups":
        """Events of which names have the same hash; the first of each group comes first."""
        rows = np.flatnonzero(mask).astype(np.int32)
        hashes = self.hashes(rows, *names)
        order = np.argsort(hashes, kind="stable")
        hashes = hashes[order]
        new = np.append(True, hashes[1:] != hashes[:-1])[: len(rows)]
        del hashes
        whose = np.empty(len(rows), dtype=np.int32)
        whose[order] = np.cumsum(new, dtype=np.int32) - 1
        first = rows[order[new]].astype(np.int64)
        return _Groups(rows, first, whose, np.zeros(len(first), dtype=np.bool_))

    def compare(self, groups: "_Groups", *names: str) -> None:
        """A group is spoilt unless all of it name the same."""
        for here in stretches(len(groups.rows)):
            whose = groups.whose[here]
            groups.spoilt[whose[~self.same(groups.rows[here], groups.first[whose], *names)]] = True

    def same(self, these: Rows | Places, those: Rows, *names: str) -> Mask:
        """Whether they name the same, and name it all."""
        found = np.ones(len(these), dtype=np.bool_)
        for one, other in zip(self._named(these, *names), self._named(those, *names), strict=True):
            there = one.is_not_null() if one.name == _NAMESPACE else one != ""
            found &= ((one == other) & there).fill_null(False).to_numpy()
        return found


@dataclass
class _Groups:
    """``rows``: the events; ``whose``: the group of each; ``first``: the first event of each group."""

    rows: Places
    first: Rows
    whose: Places
    spoilt: Mask

    def of_spoilt(self) -> Rows:
        return self.rows[self.spoilt[self.whose]].astype(np.int64)


def _matched(told: _Told, by_name: _Groups, by_uid: _Groups, known: Hashes) -> Rows:
    """For each group without a uid that of its name with one; -1: there is none. (Of several any: they are not plain.) ``known``: hashes
    of the names of those with one."""
    sought = told.hashes(by_name.first, _NAMESPACE, _NAME)
    order = np.argsort(known, kind="stable") if len(sought) else np.empty(0, dtype=np.int64)
    if not len(order):
        return np.full(len(sought), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, sought, sorter=order), len(known) - 1)
    found = np.where(known[order[at]] == sought, order[at], -1)
    there = np.flatnonzero(found >= 0)
    for here in stretches(len(there)):
        some = there[here]
        differ = some[~told.same(by_name.first[some], by_uid.first[found[some]], _NAMESPACE, _NAME)]
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
