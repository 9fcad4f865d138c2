"""Which records a grammar looks at: a tenth of a log's lines tells something, and one pass over all of them finds which.

What a grammar makes of records is the same whether it is given all of a batch or the relevant ones alone. What it must know of the
others besides (who wrote last before a line, which files a writer's lines name) it takes from the whole batch.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TypeAlias

import numpy as np
import polars as pl

from analyzer.few import FEW, kept, known

Understand: TypeAlias = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]
"""Relevant records and the batch that they are of, to EVENTS without ``source_id``."""


class Seen:
    """Records, and who wrote them."""

    def __init__(self, records: pl.DataFrame) -> None:
        self.records = records

    @cached_property
    def names(self) -> list[str | None]:
        """The identifiers, each once."""
        written = self.records["identifier"]
        return list(set(written)) if len(written) < FEW else written.unique().to_list()


Choose: TypeAlias = Callable[[Seen], pl.Series | None]
"""A mask of records, without nulls; None: no record at all."""


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
    seen = Seen(records)
    masks = [said(records, literals)] if literals else []
    masks += [mask for grammar in grammars if grammar.others is not None and (mask := grammar.others(seen)) is not None]
    return pl.Series("relevant", np.logical_or.reduce([m.to_numpy() for m in masks]) if masks else [False] * records.height, pl.Boolean)


def chosen(records: pl.DataFrame, choose: Choose) -> pl.DataFrame:
    mask = choose(Seen(records))
    return records.clear() if mask is None else kept(records, mask)


def asked(records: pl.DataFrame, grammars: Sequence[Grammar]) -> list[Grammar]:
    """The grammars that may make an event of any of these records; of many records not worth knowing: all."""
    if records.height >= FEW:
        return list(grammars)
    seen, text = Seen(records), "\n".join(filter(None, records["message"].to_list()))
    return [grammar for grammar in grammars if any(map(text.__contains__, grammar.literals)) or _chooses(grammar, seen)]


def _chooses(grammar: Grammar, seen: Seen) -> bool:
    mask = None if grammar.others is None else grammar.others(seen)
    return mask is not None and bool(mask.any())


def said(records: pl.DataFrame, literals: tuple[str, ...]) -> pl.Series:
    """Whether a message holds one of the literals."""
    return known(records["message"].str.contains(any_of(literals)))


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


def written_by(seen: Seen, writers: str, words: str) -> pl.Series | None:
    """Records whose identifier matches ``writers`` and whose message ``words``. Few have names: each is looked at once."""
    names = [name for name in seen.names if name is not None and re.search(writers, name)]
    return narrowed(seen, known(seen.records["identifier"].is_in(names)), words) if names else None


def nameless(seen: Seen, *words: str) -> pl.Series | None:
    """Records without an identifier whose message matches all of ``words``."""
    if None not in seen.names:
        return None
    mask = seen.records["identifier"].is_null()
    for each in words:
        mask = narrowed(seen, mask, each)
    return mask


def narrowed(seen: Seen, mask: pl.Series, words: str) -> pl.Series:
    """Of the chosen records those whose message matches ``words``: no others are looked at."""
    if not mask.any():
        return mask
    if len(mask) < FEW:
        return mask & known(seen.records["message"].str.contains(words))
    at = mask.arg_true()
    found = at.filter(seen.records["message"].gather(at).str.contains(words).fill_null(False))
    chosen = np.zeros(seen.records.height, dtype=bool)
    chosen[found.to_numpy()] = True
    return pl.Series("chosen", chosen)


def united(grammars: Iterable[Grammar], understand: Understand) -> Grammar:
    """Several as one, whatever way they are asked."""
    all_of = tuple(grammars)
    literals = tuple(dict.fromkeys(literal for grammar in all_of for literal in grammar.literals))
    rest = tuple(Grammar(grammar.understand, others=grammar.others) for grammar in all_of)
    return Grammar(understand, literals, lambda seen: relevant(seen.records, rest))
