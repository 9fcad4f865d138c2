"""What a grammar is: a table of rules from records to events, and the bulk filter before it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import orjson
import polars as pl

from analyzer.few import FEW
from analyzer.formats.tables import shaped
from analyzer.vocabulary import EVENTS, TEXT_LIMIT, EventKind

Parsed = TypeVar("Parsed")
Fields = dict[str, Any]
"""Columns of EVENTS that a rule fills in; ``kind`` at least."""

POSITION = ("record", "line", "offset", "time", "resolution_us", "node", "pid", "boot_id")
"""The columns that an event inherits from its record."""
_INHERITED = [*POSITION, "message"]
EVENT_COLUMNS = [c for c in EVENTS if c != "source_id"]
_EVENT_SCHEMA = {c: t for c, t in EVENTS.items() if c != "source_id"}

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_NONE = pl.DataFrame(schema=_EVENT_SCHEMA)
_POD_UNDERSCORE = re.compile(r"(?<![^_()\s,:])(?P<name>[^_()\s,:]+)_(?P<namespace>[^_()\s,:]+)(?:\((?P<uid>[^()]*)\))?")
"""Looked for from the beginning of a word only, and to the next bracket: else a long line without any would take for ever."""
_ID = re.compile(r"[0-9a-f]{12,64}")
_SCHEME = re.compile(r"^[a-z-]+://")


@dataclass(frozen=True)
class Rule(Generic[Parsed]):
    """``literal`` must occur in a record for the rule to be tried; ``build`` gives no events if it is a lookalike."""

    literal: str
    build: Callable[[Parsed], Iterable[Fields]]


@cache
def pattern(text: str) -> re.Pattern[str]:
    """A rule's pattern, compiled when it is first tried: of some hundreds few occur in one log."""
    return re.compile(text, re.DOTALL)


def events_frame(rows: Sequence[Fields]) -> pl.DataFrame:
    """Rows as EVENTS without ``source_id``; ``attributes`` may be dicts; ``text`` is cut to one line of bounded length."""
    if not rows:
        return _NONE
    for row in rows:
        if isinstance(row.get("attributes"), dict):
            row["attributes"] = orjson.dumps(row["attributes"], option=orjson.OPT_SORT_KEYS).decode()
        row["text"] = one_line(row.get("text") or row.get("message") or "")
    return pl.DataFrame({c: [row.get(c) for row in rows] for c in EVENT_COLUMNS}, schema=_EVENT_SCHEMA)


def located(records: pl.DataFrame, told: Iterable[tuple[int, Fields]], component: str | None = None) -> pl.DataFrame:
    """EVENTS without ``source_id`` of rows that name a record by its place in ``records``: what they do not say, that says.

    Their ``text`` is shown as it is told there, or else the message.
    """
    at, rows = [], []
    for place, row in told:
        at.append(place)
        rows.append(row)
    if not rows:
        return _NONE
    told_of = set().union(*rows)
    of = records[_INHERITED] if at == list(range(records.height)) else records[_INHERITED][at]
    of = of.hstack([pl.Series("component", [component], pl.String).new_from_index(0, of.height)])
    columns = {name: of[name] for name in of.columns}
    for name in told_of & _EVENT_SCHEMA.keys():
        if name in columns and not all(name in row for row in rows):
            values = [row.get(name, own) for row, own in zip(rows, columns[name].to_list(), strict=True)]
        else:
            values = [_packed(row.get(name)) for row in rows] if name == "attributes" else [row.get(name) for row in rows]
        columns[name] = pl.Series(name, values, _EVENT_SCHEMA[name])
    columns["text"] = _texts(columns.get("text"), columns["message"])
    return shaped(pl.DataFrame(columns), EVENTS)


def _texts(shown: pl.Series | None, message: pl.Series) -> pl.Series:
    if len(message) < FEW:
        both = zip(message if shown is None else shown, message, strict=True)
        return pl.Series("text", [one_line((said if text is None else text) or "") for text, said in both], pl.String)
    text = message if shown is None else shown.zip_with(shown.is_not_null(), message)
    return text.alias("text").to_frame().select(one_lines(pl.col("text").fill_null(""))).to_series()


def _packed(attributes: Fields | None) -> str | None:
    return None if attributes is None else orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS).decode()


def one_lines(text: pl.Expr) -> pl.Expr:
    """The same as ``one_line`` of whole columns."""
    flat = text.str.replace_all("\n", " ", literal=True).str.strip_chars(BLANKS)
    return pl.when(flat.str.len_chars() <= TEXT_LIMIT).then(flat).otherwise(flat.str.head(TEXT_LIMIT - 1) + "…")


BLANKS = "".join(map(chr, filter(lambda code: chr(code).isspace(), range(0x3001))))
"""What Python takes for a blank: polars does not take U+001C to U+001F for any."""


def one_line(text: str) -> str:
    """Evidence as it is cited: one line, at most TEXT_LIMIT characters."""
    flat = " ".join(text.split("\n")).strip()
    return flat if len(flat) <= TEXT_LIMIT else flat[: TEXT_LIMIT - 1] + "…"


def container_id(text: str | None) -> str | None:
    """``docker://<id>``, ``"<id> name ns/pod"`` or plain: the hexadecimal id alone."""
    if not text:
        return None
    if _ID.fullmatch(text):
        return text
    bare = _SCHEME.sub("", text.strip('" ')).split(" ")[0].lower()
    return bare if _ID.fullmatch(bare) else None


def integer(text: object) -> int | None:
    """Decimal digits as a number that a column can hold; None if it is anything else."""
    return int(str(text)) if _INTEGER.fullmatch(str(text)) else None


def pod_columns(text: str | None) -> Fields:
    """A pod as the kubelet writes it: ``name_namespace(uid)`` (to 1.20), ``namespace/name`` (since), or the bare name."""
    if not text:
        return {}
    text = text.strip('" ')
    old = _POD_UNDERSCORE.fullmatch(text)
    if old:
        name, namespace, uid = old.groups()
        return {"k8s_pod_name": name, "k8s_namespace_name": namespace, "k8s_pod_uid": uid or None}
    if "/" in text:
        namespace, _, name = text.partition("/")
        return {"k8s_pod_name": name, "k8s_namespace_name": namespace}
    return {"k8s_pod_name": text}


def pod_list(text: str) -> list[Fields]:
    """``a_ns(uid), b_ns(uid):DeletionTimestamp=...`` as one dict a pod."""
    return [
        {"k8s_pod_name": m["name"], "k8s_namespace_name": m["namespace"], "k8s_pod_uid": m["uid"] or None}
        for m in _POD_UNDERSCORE.finditer(text)
    ]


def position(record: Fields) -> Fields:
    """The columns that an event inherits from its record."""
    return {c: record[c] for c in POSITION}


def fields(kind: EventKind, **columns: Any) -> Fields:
    return {"kind": str(kind), **columns}
