"""Which records a grammar looks at: a tenth of a log's lines tells something, and one pass over all of them finds which.

What a grammar makes of records is the same whether it is given all of a batch or the relevant ones alone. What it must know of the
others besides (who wrote last before a line, which files a writer's lines name) it takes from the whole batch.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import polars as pl

Understand: TypeAlias = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
"""Relevant records and the batch that they are of, to EVENTS without ``source_id``."""
Choose: TypeAlias = Callable[[pl.DataFrame], pl.Series]
"""A mask of a batch's records, without nulls."""


@dataclass(frozen=True)
class Grammar:
    """One component's words. Relevant is what holds one of the ``literals``, whoever wrote it, and what ``others`` chooses."""

    understand: Understand
    literals: tuple[str, ...] = ()
    others: Choose | None = None


def alone(understand: Callable[[pl.DataFrame], pl.DataFrame]) -> Understand:
    """What needs nothing but the relevant records."""
    return lambda records, _: understand(records)


def relevant(records: pl.DataFrame, grammars: Sequence[Grammar]) -> pl.Series:
    """A mask of the records of which any of the grammars may make an event; no others matter to them."""
    literals = tuple(literal for grammar in grammars for literal in grammar.literals)
    masks = [said(records, literals)] if literals else []
    masks += [grammar.others(records) for grammar in grammars if grammar.others is not None]
    return pl.Series("relevant", np.logical_or.reduce([m.to_numpy() for m in masks]) if masks else [False] * records.height, pl.Boolean)


def said(records: pl.DataFrame, literals: tuple[str, ...]) -> pl.Series:
    """Whether a message holds one of the literals."""
    return records["message"].str.contains(any_of(literals)).fill_null(False)


@cache
def any_of(literals: tuple[str, ...]) -> str:
    """One pattern for all: of some hundreds it is built four times as fast as ``contains_any`` is, and takes half the time a record.

    A literal that holds another one is found by that.
    """
    kept: list[str] = []
    for literal in sorted(set(literals), key=len):
        if not any(short in literal for short in kept):
            kept.append(literal)
    return "|".join(re.escape(literal) for literal in kept)


def written_by(records: pl.DataFrame, writers: str, words: str | None = None) -> pl.Series:
    """Whether the identifier matches ``writers``, and the message ``words``. Few have names: each is looked at once."""
    names = records["identifier"].unique().drop_nulls()
    names = names.filter(names.str.contains(writers))
    mask = records["identifier"].is_in(names.implode()).fill_null(False)
    return narrowed(records, mask, words) if words is not None else mask


def narrowed(records: pl.DataFrame, mask: pl.Series, words: str) -> pl.Series:
    """Of the chosen records those whose message matches ``words``: no others are looked at."""
    at = mask.arg_true()
    if at.is_empty():
        return mask
    kept = at.filter(records["message"].gather(at).str.contains(words).fill_null(False))
    chosen = np.zeros(records.height, dtype=bool)
    chosen[kept.to_numpy()] = True
    return pl.Series("chosen", chosen)


def united(grammars: Iterable[Grammar], understand: Understand) -> Grammar:
    """Several as one, whatever way they are asked."""
    all_of = tuple(grammars)
    literals = tuple(dict.fromkeys(literal for grammar in all_of for literal in grammar.literals))
    rest = tuple(Grammar(grammar.understand, others=grammar.others) for grammar in all_of)
    return Grammar(understand, literals, lambda records: relevant(records, rest))
