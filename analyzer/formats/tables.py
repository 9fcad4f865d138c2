"""Rows and columns into frames of the right schema: what the formats of runtime events and API objects share."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson
import polars as pl

from analyzer.formats.base import Batch, empty
from analyzer.formats.lines import conform
from analyzer.vocabulary import REJECTS, TEXT_LIMIT

T = TypeVar("T")

_NO_REJECTS = empty(REJECTS)


class Reject(NamedTuple):
    """Something that could not be read: where it begins, why, and how it looks."""

    line: int | None
    offset: int
    reason: str
    raw: str


def storable(text: str | None) -> str | None:
    """Text that a table can hold: JSON may write half of a surrogate pair, which is no character."""
    return text if text is None or text.isascii() else text.encode(errors="replace").decode()


def packed(fields: Mapping[str, Any]) -> str:
    """A JSON object with sorted keys, of fields as they were read."""
    try:
        return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # half of a surrogate pair somewhere in it, or a number of more than 64 bits
        text = json.dumps(_bounded(fields), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return text.encode(errors="replace").decode()


def _bounded(value: Any) -> Any:
    """Numbers that no reader of JSON need understand become text."""
    if isinstance(value, Mapping):
        return {key: _bounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_bounded(inner) for inner in value]
    return str(value) if isinstance(value, int) and not -(2**63) <= value < 2**64 else value


def numbered(parts: Iterable[T], batch: Callable[[T, int], Batch]) -> Iterator[Batch]:
    """What ``batch`` makes of each part of a source, given the ordinal of the part's first record."""
    first = 0
    for part in parts:
        made = batch(part, first)
        first += made.records.height
        yield made


def shaped(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The frame with exactly the schema's columns but ``source_id``; those it lacks are null."""
    return conform(frame, schema)


def reject_frame(rows: Sequence[Reject]) -> pl.DataFrame:
    """Rejects as a frame; the text is cut to what a reject may hold."""
    if not rows:
        return _NO_REJECTS.clone()
    return pl.DataFrame([row._replace(raw=row.raw[:TEXT_LIMIT]) for row in rows], schema=_NO_REJECTS.schema, orient="row")


def parted(frame: pl.DataFrame, broken: Mapping[int, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that could be read, and the rejects of those that could not: ``broken`` says why, by row."""
    if not broken:
        return frame, reject_frame([])
    reasons = pl.DataFrame({"row": list(broken), "reason": list(broken.values())}, schema={"row": pl.UInt32, "reason": pl.String})
    marked = frame.with_row_index("row").join(reasons, on="row", how="left", maintain_order="left")
    rejects = marked.filter(pl.col("reason").is_not_null()).with_columns(pl.col("raw").str.head(TEXT_LIMIT))
    return marked.filter(pl.col("reason").is_null()).drop("row", "reason"), shaped(rejects, REJECTS)
