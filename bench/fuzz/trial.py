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
_RECORDS, _OBJECTS, _REJECTS, _EVENTS = (empty(schema).schema for schema in (RECORDS, OBJECTS, REJECTS, EVENTS))
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
        _as_promised("events", events, _EVENTS)
    activity.frame()
    activity.silences()


def check(batch: Batch, first: int, size: int) -> None:
    """A batch's columns, its ordinals and where it says that its rows lie."""
    for what, frame, schema in (
        ("records", batch.records, _RECORDS),
        ("objects", batch.objects, _OBJECTS),
        ("rejects", batch.rejects, _REJECTS),
    ):
        _as_promised(what, frame, schema)
        low, high = (frame["offset"].min(), frame["offset"].max()) if "offset" in frame.columns else (None, None)
        if isinstance(low, int) and isinstance(high, int) and not 0 <= low <= high <= size:
            raise Broken(f"{what}: an offset beyond the {size} bytes of the input")
    if batch.records["record"].to_list() != list(range(first, first + batch.records.height)):
        raise Broken(f"records: ordinals do not go on from {first}")


def _as_promised(what: str, frame: pl.DataFrame, promised: pl.Schema) -> None:
    """The promised columns; what is no UTF-8, and what no time, shows when it becomes Python's own: to a file it goes as it is."""
    if frame.schema != promised:
        raise Broken(f"{what}: {frame.schema} instead of {promised}")
    if frame.is_empty():
        return
    frame.rows()
    frame.write_ipc_stream(io.BytesIO())


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
