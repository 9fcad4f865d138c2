"""A table's rows as Parquet files: written, told apart, measured."""

import io
import json
import time
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
from deltalake.transaction import AddAction, RemoveAction

from analyzer.store.damage import PACK, file_name, owner

ROWS = 65_536
"""Rows of a row group, which has statistics of its own: so many are decoded for one row of a known time or ordinal."""

_ORDERED = ("source_id", "record", "time")
"""Columns of which a file holds a narrow range: readers skip the files that a filter on them rules out."""
_OWNERS = "podopsy.sources"
"""In a pack's own metadata: whose rows it holds."""


class File(NamedTuple):
    path: str
    stats: str  # as the Delta protocol writes them


def write(frame: pl.DataFrame, folder: Path, whose: str, owners: Iterable[str] = ()) -> File:
    """Rows as a file that no table knows yet; its name begins with whose they are."""
    out = io.BytesIO()
    told = {_OWNERS: " ".join(sorted(owners))} if whose == PACK else None
    frame.write_parquet(out, compression="zstd", row_group_size=ROWS, metadata=told)
    path = file_name(whose, uuid.uuid4().hex[:16], out.getvalue())
    (folder / path).write_bytes(out.getvalue())
    return File(path, _stats(frame))


def owners(folder: Path, path: str) -> frozenset[str] | None:
    """The sources whose rows a file holds; None where a pack cannot tell it any more."""
    first = owner(path)
    if first != PACK:
        return frozenset({first})
    try:
        return frozenset(pl.read_parquet_metadata(folder / path)[_OWNERS].split())
    except (OSError, KeyError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None


def added(folder: Path, file: File) -> AddAction:
    return AddAction(file.path, (folder / file.path).stat().st_size, {}, _now(), True, file.stats)


def removed(path: str, size: int) -> RemoveAction:
    return RemoveAction(path=path, deletion_timestamp=_now(), data_change=True, size=size, partition_values={})


def _now() -> int:
    return int(time.time() * 1000)


def _stats(frame: pl.DataFrame) -> str:
    """How many rows, and from where to where: per-file statistics of the Delta protocol, for the columns that tell something."""
    told = frame.select(c for c in _ORDERED if c in frame.columns)
    stats: dict[str, Any] = {"numRecords": frame.height, "nullCount": {name: told[name].null_count() for name in told.columns}}
    for which, row in (("minValues", told.min()), ("maxValues", told.max())):
        values = {name: _stat(row[name][0], which) for name in told.columns}
        stats[which] = {name: value for name, value in values.items() if value is not None}
    return json.dumps(stats)


def _stat(value: Any, which: str) -> Any:
    """Times in milliseconds, as the protocol has them; what is cut off of a greatest one counts as a whole one. None: left out."""
    if not isinstance(value, datetime):
        return value
    if not 1970 <= value.year < 9999:
        return None
    up = timedelta(milliseconds=1) if which == "maxValues" and value.microsecond % 1000 else timedelta()
    return (value + up).isoformat(timespec="milliseconds").replace("+00:00", "Z")
