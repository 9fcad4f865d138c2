"""One input, one reader: what must hold of whatever comes out."""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from analyzer import formats, grammars
from analyzer.activity import Activity
from analyzer.exceptions import EvidenceError
from analyzer.formats import ReadContext
from analyzer.formats.base import Batch, empty
from analyzer.ingest import ingest
from analyzer.store import MemoryStore
from analyzer.vocabulary import EVENTS, OBJECTS, RECORDS, REJECTS
from bench.fuzz.seeds import WHOLE

_CONTEXT = ReadContext(2022)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.chmod", "os.truncate", "shutil.move"})


class Broken(Exception):
    """What came out is not what the rest of the program is promised."""


def try_one(name: str, data: bytes) -> None:
    """Reads ``data`` as the format of that name, or as WHOLE evidence. Raises whatever goes wrong."""
    if name == WHOLE:
        _as_evidence(data)
    else:
        read_as(formats.named(name), data)


def read_as(known: formats.Format, data: bytes) -> None:
    activity, count = Activity(), 0
    for batch in known.read(io.BytesIO(data), _CONTEXT):
        check(batch, count, len(data))
        count += batch.records.height
        activity.add(batch.records)
        events = grammars.understand(batch, batch.family or known.family)
        _same_columns("events", events, empty(EVENTS))
        _stored(events)
    activity.frame()
    activity.silences()


def check(batch: Batch, first: int, size: int) -> None:
    """A batch's columns, its ordinals and where it says that its rows lie."""
    for what, frame, schema in (
        ("records", batch.records, RECORDS),
        ("objects", batch.objects, OBJECTS),
        ("rejects", batch.rejects, REJECTS),
    ):
        _same_columns(what, frame, empty(schema))
        if "offset" in frame.columns and not frame["offset"].drop_nulls().is_between(0, size).all():
            raise Broken(f"{what}: an offset beyond the {size} bytes of the input")
        _stored(frame)
    ordinals = batch.records["record"]
    if not ordinals.equals(pl.Series("record", range(first, first + len(ordinals)), ordinals.dtype)):
        raise Broken(f"records: ordinals do not go on from {first}")


def _same_columns(what: str, frame: pl.DataFrame, promised: pl.DataFrame) -> None:
    if frame.schema != promised.schema:
        raise Broken(f"{what}: {frame.schema} instead of {promised.schema}")


def _stored(frame: pl.DataFrame) -> None:
    """Text that is no UTF-8 would only show when it is written; a time out of range when it is turned into one of Python's."""
    frame.write_ipc(io.BytesIO())
    if "time" in frame.columns:
        frame["time"].to_list()


def _as_evidence(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "evidence"
        path.write_bytes(data)
        store = MemoryStore(keep_records=True)
        try:
            ingest([path], store)
        except EvidenceError:
            return
        if store.table("sources")["source"].null_count():
            raise Broken("a source without a name")


@contextmanager
def nothing_written() -> Iterator[list[str]]:
    """Collects what is opened to be written, made, moved or removed outside of the temporary folder; the hook stays for good."""
    found: list[str] = []
    allowed = os.path.realpath(tempfile.gettempdir())
    watching = True

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if not watching or not (event in _CHANGES or (event == "open" and _to_be_written(arguments))):
            return
        where = _place(event, arguments)
        if where and not where.startswith((allowed, "/dev/", "/proc/")):
            found.append(f"{event} {where}")

    sys.addaudithook(hook)
    try:
        yield found
    finally:
        watching = False


def _place(event: str, arguments: tuple[Any, ...]) -> str:
    """The path that an audited call is about; '' for an open file."""
    path = arguments[0]
    if isinstance(path, int):
        return ""
    folder = arguments[1] if event in ("os.remove", "os.rmdir") else -1  # a descriptor, or -1
    return os.path.realpath(os.path.join(f"/proc/self/fd/{folder}" if folder >= 0 else "", os.fsdecode(path)))  # noqa: PTH118


def _to_be_written(arguments: tuple[Any, ...]) -> bool:
    mode, flags = (*arguments, None, None)[1:3]
    return isinstance(flags, int) and bool(flags & _WRITES) if mode is None else any(letter in mode for letter in "wax+")
