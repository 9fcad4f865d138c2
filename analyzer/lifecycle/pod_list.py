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

    def __init__(self, made: Sequence[Pod], plain: PlainPods, numbers: Rows) -> None:
        """``numbers``: which, in order: of ``made``, from its length on of ``plain``."""
        self._made = made
        self.plain = plain
        self.numbers = numbers

    @classmethod
    def of(cls, pods: Sequence[Pod]) -> "Pods":
        """These, in their order."""
        return pods if isinstance(pods, Pods) else cls(pods, PlainPods.none(), np.arange(len(pods)))

    @classmethod
    def sorted(cls, made: Sequence[Pod], plain: PlainPods) -> "Pods":
        """By namespace, name and uid."""
        keys = cls(made, plain, np.arange(len(made) + len(plain))).names.select(pl.all().fill_null(""))
        return cls(made, plain, keys.select(pl.arg_sort_by(keys.columns, maintain_order=True)).to_series().cast(pl.Int64).to_numpy())

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> Pod: ...
    @overload
    def __getitem__(self, index: slice) -> "Pods": ...
    def __getitem__(self, index: int | slice) -> "Pod | Pods":
        return self.some(self.numbers[index]) if isinstance(index, slice) else self._pod(int(self.numbers[index]))

    def __iter__(self) -> Iterator[Pod]:
        return map(self._pod, self.numbers.tolist())

    def _pod(self, number: int) -> Pod:
        return self._made[number] if number < len(self._made) else self.plain.pod(number - len(self._made))

    def some(self, numbers: Rows) -> "Pods":
        return Pods(self._made, self.plain, numbers)

    def where(self, plain: Mask) -> "Pods":
        """Those of which more than events tells, and some of the plain ones: by their numbers."""
        return self.some(self.numbers[np.append(np.ones(len(self._made), dtype=np.bool_), plain)[self.numbers]])

    @property
    def names(self) -> pl.DataFrame:
        """(namespace, name, uid), null where it is not known; in no order."""
        mine = pl.DataFrame([(p.namespace, p.name, p.uid) for p in self.made], schema=self.plain.names.schema, orient="row")
        return pl.concat([mine, self.plain.names[self.plain_numbers]])

    @property
    def first_plain(self) -> int:
        """The number of the first of the plain ones."""
        return len(self._made)

    @property
    def plain_numbers(self) -> Rows:
        """Which of the plain ones are here."""
        return self.numbers[self.numbers >= len(self._made)] - len(self._made)

    @property
    def made_numbers(self) -> Rows:
        return self.numbers[self.numbers < len(self._made)]

    @cached_property
    def made(self) -> list[Pod]:
        """Those of which more than events tells."""
        return [self._made[number] for number in self.made_numbers.tolist()]

    @cached_property
    def ran(self) -> list[Pod]:
        """Those with runs."""
        return [pod for pod in self.made if pod.runs]

    @property
    def evicted(self) -> Iterator[Pod]:
        """Those that the control plane deleted because of their node."""
        told = np.array([*(pod.evicted is not None for pod in self._made), *(self.plain.evicted >= 0)], dtype=np.bool_)
        return map(self._pod, self.numbers[told[self.numbers]].tolist())
