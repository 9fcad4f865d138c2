"""All pods, as a list in which most are numbers until somebody asks for them."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import overload

import numpy as np
import polars as pl

from analyzer.lifecycle.event_table import Mask, Rows
from analyzer.lifecycle.plain_pods import PlainPods
from analyzer.lifecycle.pod import Pod


class Pods(Sequence[Pod]):
    """Pods of which more than events tells, and ``plain`` ones, which are made when they are asked for. Only the former have runs, or an
    object in the API. Whoever asks twice for a pod gets the same."""

    def __init__(self, made: Sequence[Pod], plain: PlainPods, numbers: Rows, *, sort: bool = True) -> None:
        """``numbers``: which of ``made``, and from its length on of ``plain``. They are to be in the order of namespace, name and uid,
        unless ``sort`` is False."""
        self._made = made
        self.plain = plain
        self._chosen = numbers
        self._sort = sort

    @classmethod
    def of(cls, pods: Sequence[Pod]) -> "Pods":
        """These, in their order."""
        return pods if isinstance(pods, Pods) else cls(pods, PlainPods.none(), np.arange(len(pods)), sort=False)

    @classmethod
    def all(cls, made: Sequence[Pod], plain: PlainPods) -> "Pods":
        return cls(made, plain, np.arange(len(made) + len(plain)))

    def __len__(self) -> int:
        return len(self._chosen)

    @cached_property
    def numbers(self) -> Rows:
        """In their order, which is made when somebody asks for it: of millions of pods most are never asked for one by one."""
        if not self._sort or len(self._chosen) < 2:
            return self._chosen
        keys = self.names.select(pl.all().fill_null(""))
        order = keys.select(pl.arg_sort_by(keys.columns, maintain_order=True)).to_series().cast(pl.Int64).to_numpy()
        found: Rows = self._chosen[order]
        return found

    @overload
    def __getitem__(self, index: int) -> Pod: ...
    @overload
    def __getitem__(self, index: slice) -> "Pods": ...
    def __getitem__(self, index: int | slice) -> "Pod | Pods":
        if isinstance(index, slice):
            return Pods(self._made, self.plain, self.numbers[index], sort=False)
        return self._pod(int(self.numbers[index]))

    def __iter__(self) -> Iterator[Pod]:
        return map(self._pod, self.numbers.tolist())

    def _pod(self, number: int) -> Pod:
        return self._made[number] if number < len(self._made) else self.plain.pod(number - len(self._made))

    def some(self, numbers: Rows) -> "Pods":
        """By their numbers."""
        return Pods(self._made, self.plain, numbers, sort=self._sort)

    def where(self, plain: Mask) -> "Pods":
        """Those of which more than events tells, and some of the plain ones: by their numbers."""
        return self.some(self._chosen[np.append(np.ones(len(self._made), dtype=np.bool_), plain)[self._chosen]])

    @property
    def names(self) -> pl.DataFrame:
        """(namespace, name, uid), null where it is not known; as they were given."""
        told = [(p.namespace, p.name, p.uid) for p in self._made]
        whole = pl.concat([pl.DataFrame(told, schema=self.plain.names.schema, orient="row"), self.plain.names], rechunk=False)
        return whole if np.array_equal(self._chosen, np.arange(len(whole))) else whole[self._chosen]

    @property
    def first_plain(self) -> int:
        """The number of the first of the plain ones."""
        return len(self._made)

    @property
    def plain_numbers(self) -> Rows:
        """Which of the plain ones are here."""
        return self._chosen[self._chosen >= len(self._made)] - len(self._made)

    @cached_property
    def made(self) -> "Pods":
        """Those of which more than events tells."""
        return self.some(self._chosen[self._chosen < len(self._made)])

    @cached_property
    def ran(self) -> list[Pod]:
        """Those with runs."""
        return [pod for pod in self.made if pod.runs]

    @property
    def evicted(self) -> Iterator[Pod]:
        """Those that the control plane deleted because of their node."""
        told = np.append([pod.evicted is not None for pod in self._made], self.plain.evicted >= 0).astype(np.bool_)
        return iter(self.some(self._chosen[told[self._chosen]]))
