"""Events as columns: which there are of a kind, of a component, on a node is asked of arrays; an Event is made of a row when somebody
reads it, and only once. Of millions of events most are never read one by one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, overload

import numpy as np
import numpy.typing as npt
import orjson
import polars as pl

from analyzer.lifecycle.event import Event
from analyzer.store.spilled import gathered, stretches
from analyzer.vocabulary import EVENTS, EventKind

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_KINDS: Final = tuple(EventKind)
_CODES: Final = {kind: code for code, kind in enumerate(_KINDS)}
_COLUMNS: Final = {
    "time": "time",
    "resolution": "resolution_us",
    "kind": "kind",
    "component": "component",
    "message": "message",
    "source": "source",
    "line": "line",
    "offset": "offset",
    "text": "text",
    "node": "node",
    "namespace": "k8s_namespace_name",
    "pod": "k8s_pod_name",
    "pod_uid": "k8s_pod_uid",
    "container": "k8s_container_name",
    "container_id": "container_id",
    "controller": "controller",
    "pid": "pid",
    "boot_id": "boot_id",
    "value": "value",
    "attributes": "attributes",
}
"""The column of EVENTS for each field of Event."""
_SCHEMA: Final = {column: EVENTS.get(column, pl.String()) for column in _COLUMNS.values()}
_FIELDS: Final = tuple(field.name for field in fields(Event))
_NAMES: Final = ("component", "source", "node", "namespace", "pod", "pod_uid", "container", "container_id", "controller", "boot_id")
"""Fields that many events have the same text in: as texts of their own they would be half of the memory."""
_SMALL: Final = 10_000
"""A table of so few rows is made of events at once, when the first of them is read."""
_AT_ONCE: Final = 100_000
"""So many rows are taken out of their columns together: lists of all would take more memory than the events."""

_MANY: Final = 10_000
"""Names of a column: of more an Enum is large."""


class _Table:
    """The rows, in the order of time, and the events that were made of them so far."""

    def __init__(self, frame: pl.DataFrame, made: dict[int, Event] | None = None) -> None:
        self.frame = frame
        self.made = made if made is not None else {}
        self.names: dict[str | None, str | None] = {}  # each text once

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint16]:
        """Codes by _CODES."""
        return self.frame["kind"].cast(pl.Enum([str(k) for k in _KINDS])).to_physical().cast(pl.UInt16).to_numpy()

    @cached_property
    def times(self) -> Rows:
        """Microseconds."""
        return self.frame["time"].to_physical().to_numpy()

    @cached_property
    def components(self) -> tuple[dict[str, int], npt.NDArray[np.int32]]:
        return coded(self.frame["component"])

    def events(self, rows: Rows) -> list[Event]:
        made = self.made
        asked = rows.tolist()
        try:
            return [made[row] for row in asked]
        except KeyError:
            missing = sorted({row for row in asked if row not in made})
        if self.frame.height <= _SMALL:
            missing = [row for row in range(self.frame.height) if row not in made]
        for low in range(0, len(missing), _AT_ONCE):
            self._make(missing[low : low + _AT_ONCE])
        return [made[row] for row in asked]

    def _make(self, rows: list[int]) -> None:
        """Column by column: a value at a time would take ten times as long."""
        some = self.frame[rows]
        of: dict[str, Iterable[Any]] = {name: some[column].to_list() for name, column in _COLUMNS.items()}
        for name in _NAMES:
            of[name] = [self.names.setdefault(value, value) for value in of[name]]
        of["resolution"] = [value or 1 for value in of["resolution"]]
        of["kind"] = [_BY_VALUE[value] for value in of["kind"]]
        of["message"] = [value or "" for value in of["message"]]
        of["attributes"] = [orjson.loads(value) if value else {} for value in of["attributes"]]
        self.made.update(zip(rows, map(Event, *(of[name] for name in _FIELDS)), strict=True))


_BY_VALUE: Final = {kind.value: kind for kind in EventKind}


class Events(Sequence[Event]):
    """All events, or some of them, in the order of time."""

    def __init__(self, table: _Table, rows: Rows | None = None) -> None:
        self._table = table
        self._rows = rows

    @classmethod
    def of_frame(cls, frame: pl.DataFrame) -> "Events":
        """``frame``: EVENTS with ``source``, each with a time, sorted by it."""
        return cls(_Table(frame.select(_COLUMNS.values())))

    @classmethod
    def of_list(cls, events: Iterable[Event]) -> "Events":
        """In the order in which they are given, which is that of time."""
        if isinstance(events, Events):
            return events
        made = list(events)
        told = {column: [getattr(e, name) for e in made] for name, column in _COLUMNS.items() if name != "attributes"}
        told["kind"] = [str(e.kind) for e in made]
        told["attributes"] = [orjson.dumps(e.attributes).decode() if e.attributes else None for e in made]
        return cls(_Table(pl.DataFrame(told, schema=_SCHEMA), dict(enumerate(made))))

    # --- as a sequence

    def __len__(self) -> int:
        return self._table.frame.height if self._rows is None else len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        chosen = self.rows[index]
        return self._table.events(chosen) if isinstance(index, slice) else self._table.events(np.array([chosen]))[0]

    def __iter__(self) -> Iterator[Event]:
        rows = self.rows
        for low in range(0, len(rows), _AT_ONCE):
            yield from self._table.events(rows[low : low + _AT_ONCE])

    def __reversed__(self) -> Iterator[Event]:
        return (self[at] for at in range(len(self) - 1, -1, -1))

    # --- as columns

    @cached_property
    def rows(self) -> Rows:
        """Of the table that all are of."""
        return np.arange(self._table.frame.height, dtype=np.int64) if self._rows is None else self._rows

    @cached_property
    def kinds(self) -> npt.NDArray[np.uint16]:
        return self._table.kinds if self._rows is None else self._table.kinds[self._rows]

    @cached_property
    def times(self) -> Rows:
        """Microseconds since 1970."""
        return self._table.times if self._rows is None else self._table.times[self._rows]

    @property
    def component_codes(self) -> npt.NDArray[np.int32]:
        """A number for each component; -1 where none is told."""
        codes = self._table.components[1]
        return codes if self._rows is None else codes[self._rows]

    def column(self, name: str) -> pl.Series:
        """A column of EVENTS, or ``source``."""
        whole = self._table.frame[name]
        return whole if self._rows is None else whole.gather(self._rows)

    def columns(self, *names: str) -> pl.DataFrame:
        """Columns of EVENTS (or ``source``), and ``row``: where in the table of all."""
        return pl.DataFrame([pl.Series("row", self.rows), *(self.column(name) for name in names)])

    def cells(self, at: Mapping[str, tuple[str, Rows]]) -> pl.DataFrame:
        """By new name: a column's cells at some places among these events (negative: null). Taken where they are: of millions all cells
        of a column are much."""
        places = {name: (self._table.frame[column], np.where(rows < 0, -1, self.rows[rows])) for name, (column, rows) in at.items()}
        return gathered(places)

    def where(self, mask: Mask) -> "Events":
        return Events(self._table, self.rows[mask])

    def at(self, rows: Rows) -> "Events":
        """Those at some rows of the table of all."""
        return Events(self._table, rows)

    def are(self, *kinds: EventKind) -> Mask:
        """Which are of some kinds."""
        wanted = np.zeros(len(_KINDS), dtype=np.bool_)
        wanted[[_CODES[kind] for kind in kinds]] = True
        found: Mask = wanted[self.kinds]
        return found

    def told_by(self, *components: str) -> Mask:
        """Which are of some components."""
        codes, of = self._table.components
        wanted = np.zeros(len(codes) + 1, dtype=np.bool_)  # the last one is that of no component
        wanted[[codes[name] for name in components if name in codes]] = True
        found: Mask = wanted[of if self._rows is None else of[self._rows]]
        return found

    def having(self, name: str) -> Mask:
        """Which have a name in a column of strings."""
        found: Mask = (self.column(name) != "").fill_null(False).to_numpy()
        return found

    def of(self, *kinds: EventKind) -> list[Event]:
        """Those of some kinds."""
        return list(self.where(self.are(*kinds)))

    def by(self, *components: str) -> "Events":
        return self.where(self.told_by(*components))

    def within(self, low: datetime, high: datetime) -> list[Event]:
        """Those after ``low`` and before ``high``."""
        return self[int(np.searchsorted(self.times, ticks(low), "right")) : int(np.searchsorted(self.times, ticks(high), "left"))]

    def by_node(self) -> dict[str, "Events"]:
        """Those of each node."""
        codes, of = coded(self.column("node"))
        order = np.argsort(of, kind="stable")
        edges = np.searchsorted(of[order], np.arange(len(codes) + 1))
        return {node: Events(self._table, self.rows[order[edges[code] : edges[code + 1]]]) for node, code in codes.items()}

    def by_kind(self) -> dict[EventKind, "Events"]:
        kinds = self.kinds
        rows = self.rows[np.argsort(kinds, kind="stable")]
        found, counts = np.unique(kinds, return_counts=True)
        ends = np.cumsum(counts)
        edges = zip(found.tolist(), (ends - counts).tolist(), ends.tolist(), strict=True)
        return {_KINDS[code]: Events(self._table, rows[low:high]) for code, low, high in edges}

    def moved(self, times: Rows) -> "Events":
        """The same at other times (microseconds), in their order."""
        whole = self._table.frame
        sources, of = coded(self.column("source"))
        ranks = np.full(len(sources) + 1, -1, np.int32)
        ranks[[sources[text] for text in sorted(sources)]] = range(len(sources))
        place = self.columns("line", "offset").select(pl.coalesce(pl.col("line").replace(0, None), "offset", 0)).to_series().to_numpy()
        order = np.lexsort([place, ranks[of], times])
        moved = pl.Series(times[order]).cast(pl.Datetime("us", "UTC"))
        rows = self.rows[order]
        cells: dict[str, tuple[pl.Series, Rows | None]] = {name: (whole[name], rows) for name in _SCHEMA}
        return Events.of_frame(gathered({**cells, "time": (moved, None)}))

    def reports(self, reporter: str) -> Mask:
        """Which are what somebody told the API."""
        found = self.told_by("api")
        rows = self.rows[found]
        attributes = self._table.frame["attributes"]
        told = [
            (attributes.gather(rows[here]).str.json_path_match("$.reporter") == reporter).fill_null(False).to_numpy()
            for here in stretches(len(rows))
        ]
        found[found] = np.concatenate(told)
        return found

    def shared_out(self, owners: npt.NDArray[np.int64], count: int) -> list[Sequence[Event]]:
        """Those of each of so many owners. ``owners``: whose each event is; negative: nobody's."""
        order = np.argsort(owners, kind="stable")
        edges = np.searchsorted(owners[order], np.arange(count + 1))
        group = _Group(self._table, self.rows[order], edges)
        return [Part(group, owner) if some else () for owner, some in enumerate((np.diff(edges) > 0).tolist())]

    def read(self) -> None:
        """Make them all, together: one at a time they take far longer."""
        self._table.events(self.rows)


class _Group:
    """Rows of a table in an order of their own: those of one owner, then those of the next."""

    def __init__(self, table: _Table, rows: Rows, edges: Rows) -> None:
        """``edges``: where those of each owner begin, and where the last one's end."""
        self.table, self.rows, self.edges = table, rows, edges
        self._of: dict[tuple[EventKind, ...], tuple[Rows, Rows]] = {}

    def of(self, kinds: tuple[EventKind, ...]) -> tuple[Rows, Rows]:
        """The rows of some kinds alone, and their edges: looked for once for all owners."""
        found = self._of.get(kinds)
        if found is None:
            wanted = np.zeros(len(_KINDS), dtype=np.bool_)
            wanted[[_CODES[kind] for kind in kinds]] = True
            places = np.flatnonzero(wanted[self.table.kinds[self.rows]])
            found = self._of[kinds] = self.rows[places], np.searchsorted(places, self.edges)
        return found


class Part(Sequence[Event]):
    """The events of one of many owners, in the order of time."""

    __slots__ = ("_group", "_owner")

    def __init__(self, group: _Group, owner: int) -> None:
        self._group, self._owner = group, owner

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        return self._all()[index]

    def __iter__(self) -> Iterator[Event]:
        return iter(self._all())

    def _all(self) -> list[Event]:
        return self._group.table.events(self.rows)

    @property
    def rows(self) -> Rows:
        """Of the table of all."""
        edges = self._group.edges
        return self._group.rows[edges[self._owner] : edges[self._owner + 1]]

    def of(self, *kinds: EventKind) -> list[Event]:
        """Those of some kinds."""
        rows, edges = self._group.of(kinds)
        low, high = edges[self._owner], edges[self._owner + 1]
        return self._group.table.events(rows[low:high]) if high > low else []

    def any_of(self, *kinds: EventKind) -> bool:
        """Whether one is of some kinds."""
        _, edges = self._group.of(kinds)
        return bool(edges[self._owner + 1] > edges[self._owner])


def any_of(events: Sequence[Event], *kinds: EventKind) -> bool:
    """Whether one is of some kinds; where there are columns, without a look at any."""
    return events.any_of(*kinds) if isinstance(events, Part) else bool(of_kinds(events, *kinds))


def of_kinds(events: Sequence[Event], *kinds: EventKind) -> list[Event]:
    """Those of some kinds; where there are columns, without a look at the others."""
    return events.of(*kinds) if isinstance(events, Events | Part) else [e for e in events if e.kind in kinds]


def coded(column: pl.Series) -> tuple[dict[str, int], npt.NDArray[np.int32]]:
    """Numbers for the strings of a column, and the column in numbers; null is -1."""
    names = column.drop_nulls().unique(maintain_order=True)
    numbers = _looked_up(column, names) if len(names) > _MANY else None
    if numbers is None:
        numbers = column.cast(pl.Enum(names)).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    return {name: code for code, name in enumerate(names.to_list())}, numbers


def _looked_up(column: pl.Series, names: pl.Series) -> npt.NDArray[np.int32] | None:
    """The place of each string among the names, of which it is one, by its hash: an Enum of a million takes three times the memory, and
    keeps it. None: two names have one hash."""
    hashes = names.hash().to_numpy()
    order = np.argsort(hashes).astype(np.int32)
    hashes = hashes[order]
    if (hashes[1:] == hashes[:-1]).any():
        return None
    numbers = np.empty(len(column), np.int32)
    for here in stretches(len(column)):
        some = column[here]
        found = order[np.minimum(np.searchsorted(hashes, some.hash().to_numpy()), len(order) - 1)]
        numbers[here] = np.where(some.is_null().to_numpy(), -1, found)
    return numbers


class EventIndex:
    """Events by kind, each kind in the order of time: what happened between two moments is a bisection away."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = Events.of_list(events).by_kind()

    def has(self, kind: EventKind) -> bool:
        return kind in self._events

    def all(self, kind: EventKind) -> list[Event]:
        return list(self._events.get(kind, ()))

    def between(self, kind: EventKind, low: datetime, high: datetime) -> list[Event]:
        """Events of one kind from ``low`` to ``high``, both included."""
        some = self._events.get(kind)
        if some is None:
            return []
        times = some.times
        return some[int(np.searchsorted(times, ticks(low), "left")) : int(np.searchsorted(times, ticks(high), "right"))]


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


def ticks(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // _TICK


def instant(micros: int) -> datetime:
    """``ticks`` back."""
    return _EPOCH + micros * _TICK
