"""``journalctl -o json`` and its relatives json-seq, json-sse and json-pretty: one object an entry.

Values are strings; null if too long (4,096 bytes and more without --all); an array of numbers if they are no printable
UTF-8; an array of such values if the field occurs more than once: then, as in the text modes, the last one counts.
Old versions write blanks around the colons.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson
import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.journals.journal_fields import NEEDED, assemble
from analyzer.formats.journals.journal_losses import Losses
from analyzer.formats.lines import join_continuations, records

_SCHEMA = dict.fromkeys(NEEDED, pl.String)
_BULK = 8192  # entries that are decoded in one go; one broken entry sends so many the slow way
_HEAD = re.compile(rb'^[\x1e \t]*(?:data: )?\{.*"__REALTIME_TIMESTAMP" ?: ?"\d+"')
_PRETTY = re.compile(rb'\A\s*\{\r?\n(?:\t".*\n)*?\t"__REALTIME_TIMESTAMP" : "\d+"')
# A needed value that is neither a string nor null; a quotation mark before a colon always ends a key. And half a surrogate pair.
# Whoever has any of _ODD may be so: a search for literals takes half the time of one for the pattern, and finds a few lines in a thousand.
_ODD = [*(f'":{sign}' for sign in "[{-0123456789tf \t\r\n"), *(f'"{blank}:' for blank in " \t\r\n"), "\\ud", "\\uD"]
_UNUSUAL = '"(?:' + "|".join(NEEDED) + r')"\s*:\s*[^\s"n]|\\u[dD][89a-fA-F]'
_LEFT_OUT = r'"MESSAGE"\s?:\s?null\b'  # a quotation mark within a value is escaped


class JournalJson:
    """Entries as JSON objects."""

    name = "journal-json"
    family = "journal"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        lines = [line for line in head.split(b"\n", 64) if line.strip()][:8]
        return any(_HEAD.match(line) for line in lines) or bool(_PRETTY.match(head))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        count, losses = 0, Losses()
        for lines, starts in records(stream, _starts):
            entries = _unframed(join_continuations(lines, starts))
            if entries.height:
                parts = [pl.concat([part, decode(part["raw"])], how="horizontal") for part in entries.iter_slices(_BULK)]
                losses.long += int(entries["raw"].str.contains(_LEFT_OUT).sum())
                batch = assemble(pl.concat(parts), count)
                count += batch.records.height
                yield batch
        if notes := losses.notes():
            yield Batch(notes=notes)


FORMAT = JournalJson()


def _starts(lines: pl.DataFrame) -> pl.Series:
    """All lines but those within an object of json-pretty."""
    return ~lines["raw"].str.contains(r"^(?:\t|\}$)")


def _unframed(entries: pl.DataFrame) -> pl.DataFrame:
    """Without blank lines and without what json-seq (a record separator) and json-sse ('data: ') put before an object."""
    if entries["raw"].str.starts_with("{").all():
        return entries
    raw = pl.col("raw").str.strip_chars_start("\x1e\0 \t").str.strip_prefix("data: ")
    return entries.with_columns(raw).filter(pl.col("raw") != "")


def decode(raw: pl.Series) -> pl.DataFrame:
    """The NEEDED fields of each object, and ``reason`` where it is none."""
    usual = raw.str.starts_with("{")
    odd = raw.str.contains_any(_ODD)
    if odd.any():
        usual &= ~odd.scatter(odd.arg_true(), raw.filter(odd).str.contains(_UNUSUAL))
    if usual.all() and (fast := _fast(raw)) is not None:
        return fast
    fast = _fast(raw.filter(usual))
    if fast is None:
        return _slow(raw)
    order = pl.concat([usual.arg_true(), (~usual).arg_true()]).arg_sort()
    return pl.concat([fast, _slow(raw.filter(~usual))])[order]


def _fast(raw: pl.Series) -> pl.DataFrame | None:
    """All at once, for strings and nulls; None if one of them is not JSON."""
    if raw.str.contains("\n", literal=True).any():
        raw = raw.str.replace_all("\n", " ", literal=True)
    text = raw.str.join("\n").cast(pl.Binary).item()
    try:
        frame = pl.read_ndjson(text, schema=_SCHEMA) if text else pl.DataFrame(schema=_SCHEMA)
    except pl.exceptions.PolarsError:
        return None
    return frame.with_columns(reason=pl.lit(None, pl.String)) if frame.height == len(raw) else None


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
