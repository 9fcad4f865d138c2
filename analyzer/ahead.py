"""Two things at a time: what comes next is made while the last is worked on."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_processors = os.cpu_count() or 1

S = TypeVar("S")
T = TypeVar("T")


def limit(processors: int) -> None:
    """From now on no more than so many are used by what is here."""
    global _processors
    _processors = processors


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items in the same order; an error comes after what was made before it. One item more is held than without.

    It pays where the maker works outside of Python's lock (decoding with polars) and the taker inside of it (rules, line by line).
    """
    if _processors == 1:
        yield from items
        return
    with ThreadPoolExecutor(1, "ahead") as maker:
        following = maker.submit(_next, items)
        while made := following.result():
            following = maker.submit(_next, items)
            yield made[0]


def _next(items: Iterator[T]) -> tuple[T] | tuple[()]:
    return next(((item,) for item in items), ())


def together(work: Callable[[S], T], items: Sequence[S]) -> list[T]:
    """``work`` done on all items, as many at a time as there are processors; it pays where it works outside of Python's lock."""
    if _processors == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(_processors, "together") as workers:
        return list(workers.map(work, items))
