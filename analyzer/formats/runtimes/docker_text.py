"""``docker events`` as text, in the three shapes that docker has printed.

- since 1.10: ``TIME TYPE ACTION ID (key=value, key=value)``; nothing is escaped, so that values may hold ``, ``, ``)`` and newlines,
  and the action of an exec its whole command line. Attributes are sorted since 1.11, in random order in 1.10.
- 1.2 to 1.9: ``TIME ID: (from IMAGE) ACTION``. The fraction is always zero before 1.9 (and absent in 1.2): whole seconds.
- up to 1.1: the same, with the time as ``[2014-05-10 17:42:14 +0200 CEST]``.

Times are in the client's zone; docker's manual shows ``Z07:00`` for one, which is read as UTC. What is read equals what the JSON
of the same events gives. ``EventText`` reads every program that prints events like docker: its ``Dialect`` says how they differ.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.lines import beginning, join_continuations, records
from analyzer.formats.runtimes.docker_json import ACTIONS, TYPES, docker_frame, fields, message, untyped_message
from analyzer.formats.tables import Reject, numbered, parted, reject_frame
from analyzer.formats.times import utc
from analyzer.vocabulary import RECORDS

DATE: Final = r"(?P<date>\d{4}-\d\d-\d\d)"
CLOCK: Final = r"(?P<clock>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?"
ABBREVIATION: Final = r"(?:[A-Za-z]{1,5}|[+-]\d{2,4})"
"""How Go names a zone: where it has no letters, by its offset."""

_UNTYPED: Final = r"\S+: "
_EXEC: Final = r"\S+: (?:\(from .*?\) )?exec_"

_PLAIN_EVENT: Final = re.compile(r"([a-z]+) ([a-z][a-z_-]*) (\S*)(?: \((.*)\))?", re.DOTALL)
_LONG_EVENT: Final = tuple(  # the action holds blanks: 'exec_create: /bin/sh -c ...', 'health_status: healthy'
    re.compile(rf"([a-z]+) ([a-z][a-z_-]*: {action}) {identity} \(((?=[^\s=,]+=).*)\)", re.DOTALL)
    for action, identity in ((".*?", "([0-9a-f]{64})"), (".*", r"(\S+)"))
)
_UNTYPED_EVENT: Final = re.compile(r"(\S+): (?:\(from (.*?)\) )?([a-z_]+(?:: .*)?)", re.DOTALL)
_BORDER: Final = re.compile(r", (?=[^\s=,(){}\"']+=)")

_OWN: Final = frozenset({"execID", "exitCode", "image", "name", "signal"})
_OWN_WEIGHT: Final = 3


@dataclass(frozen=True)
class Dialect:
    """``time``: how a line begins, up to the event. Groups: date, clock, fraction, zone; or seconds and nanoseconds since 1970."""

    program: str
    time: str
    types: frozenset[str]
    untyped: bool = False  # whether it has printed events without their type
    ordered: bool = True  # whether it sorts the attributes

    @property
    def typed(self) -> str:
        """How an event with its type begins."""
        return rf"(?:{'|'.join(sorted(self.types))}) [a-z][a-z_-]*(?:[: ]|$)"

    def parse(self, body: str) -> tuple[str, str | None]:
        """Message and attributes of an event without its time. ValueError: it is none."""
        event = _PLAIN_EVENT.fullmatch(body) or _LONG_EVENT[0].fullmatch(body) or _LONG_EVENT[1].fullmatch(body)
        if event and event[1] in self.types:
            return message(event[1], event[2], event[3]), event[4]
        untyped = _UNTYPED_EVENT.fullmatch(body) if self.untyped else None
        if untyped and untyped[3].partition(":")[0] in ACTIONS:
            return untyped_message(untyped[3], untyped[1]), f"image={untyped[2]}" if untyped[2] else None
        raise ValueError("cut off" if re.match(self.typed, body) else f"no {self.program} event")

    def begins(self, body: str) -> bool:
        """Whether an event begins like this, without its time."""
        untyped = _UNTYPED_EVENT.fullmatch(body) if self.untyped else None
        return bool(re.match(self.typed, body)) or (untyped is not None and untyped[3].partition(":")[0] in ACTIONS)


DOCKER: Final = Dialect(
    program="docker",
    time=rf"^\[?{DATE}[T ]{CLOCK} ?(?:Z(?:07:00)?|(?P<zone>[+-]\d\d:?\d\d))(?: {ABBREVIATION}\])? +",
    types=TYPES,
    untyped=True,
)


def split_attributes(text: str) -> list[tuple[str, str]]:
    """``key=value, key=value`` into pairs; a comma that no key follows belongs to the value."""
    return [part.partition("=")[::2] for part in _BORDER.split(text)]


def in_order(pairs: list[tuple[str, str]]) -> bool:
    """Whether the keys ascend strictly, as docker prints them since 1.11."""
    keys = [key for key, _ in pairs]
    return keys == sorted(set(keys))


def restore_order(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What looks like a key inside a value breaks the order: keep the weightiest ascending run of keys, give the rest back.

    Docker's own keys weigh more, since they are always there; of equal runs that which ends with the greatest key, and the latest one.
    """
    runs: list[tuple[int, str, int]] = []  # of the best run that ends here: its weight, its last key, the row before
    for index, (key, _) in enumerate(pairs):
        weight, before = max(((runs[row][0], row) for row in range(index) if runs[row][1] < key), default=(0, -1))
        runs.append((weight + (_OWN_WEIGHT if key in _OWN else 1), key, before))
    index = max(range(len(runs)), key=lambda row: (*runs[row][:2], row), default=-1)
    genuine = set()
    while index >= 0:
        genuine.add(index)
        index = runs[index][2]
    restored: list[tuple[str, str]] = []
    for index, (key, value) in enumerate(pairs):
        if index in genuine or not restored:
            restored.append((key, value))
        else:
            restored[-1] = (restored[-1][0], f"{restored[-1][1]}, {key}={value}")
    return restored


def _joined(frame: pl.DataFrame, starts: pl.Series, dialect: Dialect) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Whole records, and the lines that belong to none.

    An event's lines end with the last one that closes a bracket; only the command line of an exec before 1.10 has no such end.
    """
    if starts.all():
        return frame, frame.clear()
    marked = frame.with_columns(event=starts.cum_sum(), starts=starts).with_row_index("index")
    ends = pl.when(pl.col("starts") | pl.col("raw").str.ends_with(")")).then("index").max()
    long = pl.col("raw").str.contains(dialect.time + _EXEC).any()
    last = pl.when(long).then(pl.col("index").max()).otherwise(ends).over("event")
    marked = marked.with_columns(belongs=(pl.col("event") > 0) & (pl.col("index") <= last))
    own = marked.filter("belongs")
    return join_continuations(own.select(frame.columns), own["starts"]), marked.filter(~pl.col("belongs")).select(frame.columns)


def _timed(frame: pl.DataFrame, dialect: Dialect) -> pl.DataFrame:
    """With ``time`` (null if there is no such date), ``resolution_us`` and ``body``."""
    parts = pl.col("raw").str.extract_groups(dialect.time).struct
    frame = frame.with_columns(parts.field("date", "clock", "fraction", "zone"), body=pl.col("raw").str.replace(dialect.time, ""))
    coarse = pl.col("body").str.contains("^" + _UNTYPED) & pl.col("fraction").fill_null("0").str.contains("^0+$")
    return frame.with_columns(
        time=utc(*map(pl.col, ("date", "clock", "fraction", "zone"))),
        resolution_us=pl.when(coarse | pl.col("fraction").is_null()).then(1_000_000).otherwise(1),
    )


def _batch(frame: pl.DataFrame, starts: pl.Series, first: int, dialect: Dialect) -> Batch:
    whole, strays = _joined(frame, starts, dialect)
    timed = _timed(whole, dialect)
    rows: list[tuple[str, str | None]] = []
    disordered: dict[int, list[tuple[str, str]]] = {}
    broken: dict[int, str] = {}
    for index, (body, dated) in enumerate(zip(timed["body"].to_list(), timed["time"].is_not_null().to_list(), strict=True)):
        try:
            if not dated:
                raise ValueError("no such date")
            text, attributes = dialect.parse(body)
        except ValueError as error:
            broken[index] = str(error)
            continue
        pairs = split_attributes(attributes) if attributes else []
        if dialect.ordered and not in_order(pairs):
            disordered[len(rows)] = pairs
        rows.append((text, fields(dict(pairs))))
    if 2 * len(disordered) < len(rows):  # else this is docker 1.10, which does not sort
        for index, pairs in disordered.items():
            rows[index] = (rows[index][0], fields(dict(restore_order(pairs))))
    columns = pl.DataFrame(rows, schema={name: RECORDS[name] for name in ("message", "fields")}, orient="row")
    kept, rejects = parted(timed, broken)
    stray = [Reject(line, offset, "no event begins here", raw) for line, offset, raw in strays.iter_rows() if raw.strip()]
    return Batch(
        records=docker_frame(pl.concat([kept, columns], how="horizontal"), first, dialect.program),
        rejects=pl.concat([rejects, reject_frame(stray)]).sort("offset"),
    )


class EventText:
    """The default output of ``docker events``, and of what prints like it."""

    family = "docker"
    dated = True

    def __init__(self, name: str, dialect: Dialect) -> None:
        self.name = name
        self._dialect = dialect
        self._start = re.compile(dialect.time)

    def sniff(self, head: bytes, name: str) -> bool:
        """An event begins in one of the first lines, and most lines that begin with a time are events."""
        lines = beginning(head)
        events = [self._is_event(line) for line in lines[:50] if self._start.match(line)]
        early = any(self._is_event(line) for line in lines[:5])
        return early and 2 * sum(events) > len(events)

    def _is_event(self, line: str) -> bool:
        time = self._start.match(line)
        return time is not None and self._dialect.begins(line[time.end() :])

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        parts = records(stream, lambda lines: lines["raw"].str.contains(self._dialect.time))
        return numbered(parts, lambda part, first: _batch(*part, first, self._dialect))


FORMAT = EventText("docker-text", DOCKER)
