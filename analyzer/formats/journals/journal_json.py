"""``journalctl -o json`` and its relatives json-seq, json-sse and json-pretty: one object an entry.

Values are strings; null if too long (4,096 bytes and more without --all); an array of numbers if they are no printable
UTF-8; an array of such values if the field occurs more than once: then, as in the text modes, the last one counts.
Old versions write blanks around the colons.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, islice
from typing import Any, BinaryIO

import orjson
import polars as pl

from analyzer.ahead import together
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.journals.journal_fields import NEEDED, assemble
from analyzer.formats.lines import blocks, join_continuations, whole

_SCHEMA = dict.fromkeys(NEEDED, pl.String)
_BULK = 8192  # entries that are decoded in one go where one of them is broken; it sends so many the slow way
_BLOCK = 8 * 1024 * 1024  # bytes that are read and decoded in one go: what is larger does not stay in the processor's cache
_BLOCKS = 2  # so many make a batch: two are decoded at a time, and three batches are held
_HEAD = re.compile(rb'^[\x1e \t]*(?:data: )?\{.*"__REALTIME_TIMESTAMP" ?: ?"\d+"')
_PRETTY = re.compile(rb'\A\s*\{\r?\n(?:\t".*\n)*?\t"__REALTIME_TIMESTAMP" : "\d+"')
_DOUBTFUL = r"^(?:[\[{-]|[0-9]+[.eE]|[0-9]{19})"  # the text of a list, an object or a number may not be that which was written
# A needed value that is neither a string nor null; a quotation mark before a colon always ends a key.
_UNUSUAL = '"(?:' + "|".join(NEEDED) + r')"\s*:\s*[^\s"n]'
_SURROGATE = r"\\u[dD][89a-fA-F]"  # perhaps half a pair
_LEFT_OUT = r'"MESSAGE"\s?:\s?null\b'  # a quotation mark within a value is escaped
_LOST = "left out by journalctl (longer than 4096 bytes, without --all)"


class JournalJson:
    """Entries as JSON objects."""

    name = "journal-json"
    family = "journal"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        lines = [line for line in head.split(b"\n", 64) if line.strip()][:8]
        return any(_HEAD.match(line) for line in lines) or bool(_PRETTY.match(head))

    def divides(self, head: bytes) -> bool:
        return head.startswith(b'{"')

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        count = 0
        for entries in _entries(stream):
            batch = assemble(entries, count)
            count += batch.records.height
            lost = int(entries["raw"].str.contains(_LEFT_OUT).sum()) if entries["MESSAGE"].null_count() else 0
            yield replace(batch, lost={_LOST: lost}) if lost else batch


FORMAT = JournalJson()


def _entries(stream: BinaryIO) -> Iterator[pl.DataFrame]:
    """Lines (or what is one object) with the NEEDED fields of each, and ``reason`` where it is none."""
    for plain, parts in groupby(blocks(stream, _BLOCK), key=lambda block: bool(block[0]["raw"].str.starts_with('{"').all())):
        if plain:
            while some := list(islice(parts, _BLOCKS)):
                yield pl.concat(together(_decoded, some))
        else:
            for lines, starts in whole((lines for lines, _ in parts), _starts):
                entries = _unframed(join_continuations(lines, starts))
                if entries.height:
                    yield entries.hstack(decode(entries["raw"]))


def _starts(lines: pl.DataFrame) -> pl.Series:
    """All lines but those within an object of json-pretty."""
    return ~lines["raw"].str.contains(r"^(?:\t|\}$)")


def _unframed(entries: pl.DataFrame) -> pl.DataFrame:
    """Without blank lines and without what json-seq (a record separator) and json-sse ('data: ') put before an object."""
    if entries["raw"].str.starts_with("{").all():
        return entries
    raw = pl.col("raw").str.strip_chars_start("\x1e\0 \t").str.strip_prefix("data: ")
    return entries.with_columns(raw).filter(pl.col("raw") != "")


def _decoded(block: tuple[pl.DataFrame, bytes]) -> pl.DataFrame:
    """Lines that are an object each, from the bytes that they were cut from."""
    lines, data = block
    fast = _fast(lines["raw"], data)
    return lines.hstack(decode(lines["raw"]) if fast is None else fast)


def decode(raw: pl.Series) -> pl.DataFrame:
    """The NEEDED fields of each object, and ``reason`` where it is none."""
    parts = [raw[at : at + _BULK] for at in range(0, len(raw), _BULK)]
    return pl.concat([_bulk(part) for part in parts]) if parts else pl.DataFrame(schema={**_SCHEMA, "reason": pl.String})


def _bulk(raw: pl.Series) -> pl.DataFrame:
    usual = raw.str.starts_with("{")
    fast = _fast(raw.filter(usual))
    if fast is None:
        return _slow(raw)
    if usual.all():
        return fast
    order = pl.concat([usual.arg_true(), (~usual).arg_true()]).arg_sort()
    return pl.concat([fast, _slow(raw.filter(~usual))])[order]


def _as_lines(raw: pl.Series) -> bytes:
    flat = raw.str.replace_all("\n", " ", literal=True) if raw.str.contains("\n", literal=True).any() else raw
    text: bytes = flat.str.join("\n").cast(pl.Binary).item()
    return text


def _fast(raw: pl.Series, lines: bytes | None = None) -> pl.DataFrame | None:
    """All at once; None if one of them is not JSON. What is neither string nor null, or no whole character, is looked at one by one."""
    lines = _as_lines(raw) if lines is None else lines
    try:
        frame = pl.read_ndjson(lines, schema=_SCHEMA) if lines else pl.DataFrame(schema=_SCHEMA)
    except pl.exceptions.PolarsError:
        return None
    if frame.height != len(raw):
        return None
    frame = frame.with_columns(reason=pl.lit(None, pl.String))
    odd = raw.str.contains(_SURROGATE)
    for value in frame.select(NEEDED):
        if value.null_count() < frame.height and (found := value.str.contains(_DOUBTFUL).arg_true()).len():
            odd = odd.scatter(found, odd.gather(found) | raw.gather(found).str.contains(_UNUSUAL))
    if odd.any():
        kept, slow = frame.filter(~odd), _slow(raw.filter(odd))
        frame = pl.concat([kept, slow])[pl.concat([(~odd).arg_true(), odd.arg_true()]).arg_sort()]
    return frame


def _slow(raw: pl.Series) -> pl.DataFrame:
    """One by one, whatever they are."""
    return pl.DataFrame([_entry(text) for text in raw], schema={**_SCHEMA, "reason": pl.String})


def _entry(text: str) -> dict[str, str | None]:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return {"reason": f"not JSON: {error}"}
    if not isinstance(document, dict):
        return {"reason": "not a JSON object"}
    return {name: _text(document[name]) for name in NEEDED if name in document}


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        if value and all(isinstance(byte, int) and 0 <= byte <= 255 for byte in value):
            return bytes(value).decode(errors="replace")
        return next((text for text in map(_text, reversed(value)) if text is not None), None)
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()
