"""How much of the logs was understood, and what was not. Made visible by ``podopsy inspect``.

A line is *of a component we know* if its record's identifier or unit says so: kubelet (hyperkube, k3s, rke2, microk8s, OpenShift's
node), kube-controller-manager, kube-scheduler, dockerd, containerd, crio, and systemd where it speaks of the kubelet's or a
runtime's unit. Where no writer is named: if it has a klog header and the source files in it are one of these components'.

*parsed*: time, severity, source file, and key=values where it is structured, were read (klog's header as text or JSON; logfmt or
JSON of a runtime; systemd's sentence; a text that is known to come without a header).

*understood*: it gave an event, or its text is known from the component's own source, and then says nothing of lifecycles.

All else is listed by *shape*: the text with placeholders for values, ids, numbers, quoted strings and names, its count, first line
and an example. A version of Kubernetes that puts 'Killing container' in other words shows there.
"""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any, Self

import polars as pl

from analyzer import formats
from analyzer.recognition.tally import NEEDED, Component, Recognition, Shape, Tally, top
from analyzer.store import Store, Writer
from analyzer.vocabulary import SourceStatus

__all__ = ["Component", "Recognising", "Recognition", "Shape", "recognise", "top"]

_LOGS = ("journal", "klog", "container", "export", "mixed")
"""Families whose records are log lines; of the others the identifier names whose events they are."""
_TOGETHER = 250_000
"""Records of a store that are in memory at a time."""


def _is_log(name: str | None) -> bool:
    return name is not None and formats.named(name).family in _LOGS


class Recognising:
    """A store that counts, while evidence is read into it, what was understood: no record need be kept for that."""

    def __init__(self, store: Any) -> None:
        """store: a Store, or what stands in its place in another process."""
        self._store = store
        self.found: dict[str, Recognition] = {}  # by source_id

    def writer(self, source_id: str) -> Writer:
        return _Writer(self, self._store.writer(source_id), source_id)

    def apart(self) -> "Callable[[], Recognising]":
        return partial(_apart, self._store.apart())

    def join(self, made: "Recognising") -> None:
        self._store.join(made._store)
        self.found |= made.found

    def scan(self, name: str) -> pl.LazyFrame:
        found: pl.LazyFrame = self._store.scan(name)
        return found

    def table(self, name: str) -> pl.DataFrame:
        found: pl.DataFrame = self._store.table(name)
        return found

    def settle(self, name: str, make: Callable[[], pl.DataFrame]) -> None:
        self._store.settle(name, make)

    def mend(self, source_ids: Collection[str]) -> frozenset[str]:
        mended: frozenset[str] = self._store.mend(source_ids)
        return mended


def _apart(make: Callable[[], Any]) -> Recognising:
    return Recognising(make())


class _Writer:
    """Counts a batch when its events come, which is after its records."""

    def __init__(self, store: Recognising, inner: Writer, source_id: str) -> None:
        self._store, self._inner, self._source_id = store, inner, source_id
        self._tally = Tally()
        self._records: pl.DataFrame | None = None
        self._written: set[str] = set()

    def add(self, table: str, frame: pl.DataFrame) -> None:
        self._inner.add(table, frame)
        if table == "records":
            self._records = frame
        elif table == "events" and self._records is not None:
            self._tally.add(self._records, frame)
            self._written |= set(frame["component"].unique().to_list())
            self._records = None

    def flush(self) -> None:
        self._inner.flush()

    def absorb(self, part: Self) -> None:
        self._inner.absorb(part._inner)
        self._tally.absorb(part._tally)
        self._written |= part._written

    def discard(self) -> None:
        self._inner.discard()

    def commit(self, source: dict[str, Any]) -> None:
        self._inner.commit(source)
        if source["status"] == SourceStatus.READ and _is_log(source["format"]):
            self._store.found[self._source_id] = self._tally.result(self._written)


def recognise(store: Store) -> dict[str, Recognition]:
    """The same of a store that holds the records, by source_id."""
    if isinstance(store, Recognising):
        return store.found
    read = store.table("sources").filter(pl.col("status") == str(SourceStatus.READ)).unique("source_id").sort("source_id")
    events = store.scan("events").select("source_id", "record", "component").collect()
    found: dict[str, Recognition] = {}
    sizes = {row["source_id"]: row["records"] for row in read.iter_rows(named=True) if _is_log(row["format"])}
    for some in _portions(sizes):
        tallies = {source_id: Tally() for source_id in some}
        told = events.filter(pl.col("source_id").is_in(some))
        for start in range(0, max(sizes[s] for s in some), _TOGETHER):
            mine = pl.col("source_id").is_in(some) & pl.col("record").is_between(start, start + _TOGETHER - 1)
            rows = store.scan("records").filter(mine).select("source_id", *NEEDED).collect()
            for (source_id,), part in rows.partition_by("source_id", as_dict=True).items():
                tallies[str(source_id)].add(part, told.filter(pl.col("source_id") == source_id))
        for source_id, tally in tallies.items():
            written = told.filter(pl.col("source_id") == source_id)["component"].unique().to_list()
            found[source_id] = tally.result(set(written))
    return found


def _portions(sizes: dict[str, int]) -> Iterator[list[str]]:
    """Sources that together fit in memory; a larger one stands alone."""
    some: list[str] = []
    for source_id, size in sizes.items():
        if some and sum(sizes[s] for s in some) + size > _TOGETHER:
            yield some
            some = []
        some.append(source_id)
    if some:
        yield some
