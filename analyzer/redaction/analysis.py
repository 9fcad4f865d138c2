"""A whole analysis, redacted: everything that outputs read of it.

It is pickled, and each text is replaced on the way; what is not picklable or is a table is replaced as a whole.
"""

import dataclasses
import io
import pickle
import sys
from collections.abc import Callable, Collection
from enum import Enum
from typing import Any

import polars as pl
import polars.selectors as cs

from analyzer.analysis import Analysis
from analyzer.lifecycle.event import Event
from analyzer.redaction.names import names
from analyzer.redaction.words import Redactor
from analyzer.store import Store, Writer
from analyzer.vocabulary import TABLES, Confidence, EventKind, FindingKind, Severity, SourceStatus

_KEPT_COLUMNS = ("source_id", "sha256", "format", "status", "component", "how", "kind", "api_version")
"""What holds no name; ``sha256`` says nothing of a source but to whom has it."""


def redacted(analysis: Analysis, key: bytes) -> Analysis:
    """The same analysis in other words. The store that it was made of is left as it is."""
    sources = analysis.store.table("sources")
    kept = {value for column in ("source_id", "sha256") for value in sources[column].drop_nulls()}
    kept |= {str(word) for words in (EventKind, FindingKind, Severity, Confidence, SourceStatus) for word in words}
    known = names(analysis)
    for word in _reserved(analysis) & known.keys():
        del known[word]
    redactor = Redactor(key, known, kept)
    out = io.BytesIO()
    pickler = _Pickler(out, redactor, analysis.store)
    pickler.dump(analysis)
    out.seek(0)
    made: Analysis = _Unpickler(out, pickler.replaced).load()
    for finding in made.findings:  # an id is a digest of names, which could be guessed and tried
        vars(finding)["id"] = redactor.digest(finding.id, 12)
    made.redacted = True
    return made


class _Pickler(pickle.Pickler):
    def __init__(self, out: io.BytesIO, redactor: Redactor, store: Store) -> None:
        super().__init__(out, protocol=pickle.HIGHEST_PROTOCOL)
        self.replaced: list[Any] = []
        self._redactor, self._store = redactor, store
        self._numbers: dict[int | str, int] = {}
        self._alive: list[Any] = []  # an identity is that of an object that lives

    def persistent_id(self, obj: Any) -> int | None:
        if type(obj) is str:
            if obj in sys.modules:
                return None
            new = self._redactor.text(obj)
            return None if new == obj else self._number(obj, lambda: new)
        if isinstance(obj, Enum):
            return self._number(id(obj), lambda: obj, obj)
        if isinstance(obj, Event):
            return self._number(id(obj), lambda: _event(obj, self._redactor), obj)
        if isinstance(obj, pl.DataFrame):
            return self._number(id(obj), lambda: _frame(obj, self._redactor), obj)
        if obj is self._store:
            return self._number(id(obj), lambda: _Redacted(self._store, self._redactor), obj)
        return None

    def _number(self, key: int | str, make: Callable[[], Any], obj: Any = None) -> int:
        if key not in self._numbers:
            self._numbers[key] = len(self.replaced)
            self.replaced.append(make())
            self._alive.append(obj)
        return self._numbers[key]


class _Unpickler(pickle.Unpickler):
    """Of what was pickled in this very process a moment ago."""

    def __init__(self, stream: io.BytesIO, replaced: list[Any]) -> None:
        super().__init__(stream)
        self._replaced = replaced

    def persistent_load(self, number: int) -> Any:
        return self._replaced[number]


def _event(event: Event, redactor: Redactor) -> Event:
    """Its component is one of our own words, which a container may bear as its name."""

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: replaced(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [replaced(inner) for inner in value]
        return redactor.text(value) if type(value) is str else value

    told = {field.name: getattr(event, field.name) for field in dataclasses.fields(event)}
    return dataclasses.replace(event, **{name: replaced(value) for name, value in told.items() if name != "component"})


def _frame(frame: pl.DataFrame, redactor: Redactor) -> pl.DataFrame:
    texts = [name for name in frame.select(cs.string()).columns if name not in _KEPT_COLUMNS]
    return frame.with_columns(_column(frame[name], redactor) for name in texts)


def _column(column: pl.Series, redactor: Redactor) -> pl.Series:
    old = column.drop_nulls().unique()
    new = pl.Series([redactor.text(text) for text in old], dtype=pl.String)
    return column.replace_strict(old, new, default=None, return_dtype=pl.String).alias(column.name)


class _Redacted:
    """A store of which all tables are redacted when they are read. It takes nothing in."""

    def __init__(self, store: Store, redactor: Redactor) -> None:
        self._store, self._redactor = store, redactor

    def writer(self, source_id: str) -> Writer:
        raise NotImplementedError("a redacted store is not written to")

    def settle(self, name: str, make: Callable[[], pl.DataFrame]) -> None:
        raise NotImplementedError("a redacted store is not written to")

    def mend(self, source_ids: Collection[str]) -> frozenset[str]:
        return frozenset()

    def scan(self, name: str) -> pl.LazyFrame:
        return self.table(name).lazy()

    def table(self, name: str) -> pl.DataFrame:
        return _frame(self._store.table(name), self._redactor)


def _reserved(analysis: Analysis) -> set[str]:
    """Words that the program itself uses as keys: a container called ``node`` must not rename them."""
    words = {column for schema in TABLES.values() for column in schema}
    for module in [m for name, m in list(sys.modules.items()) if name.startswith("analyzer.")]:
        for thing in list(vars(module).values()):
            if isinstance(thing, type) and dataclasses.is_dataclass(thing):
                words |= {field.name for field in dataclasses.fields(thing)}
    for finding in analysis.findings:
        words |= {str(finding.kind), *finding.details}
    return words
