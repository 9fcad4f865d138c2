"""The virtual table ``klog`` of ``podopsy query``: one row per klog line among the records, made only where the SQL names it.

All is lazy: the header's columns are expressions over ``records``; ``key_values``, which takes Python for each structured line, is
worked out only if the SQL asks for it.
"""

from collections.abc import Callable
from typing import Final

import orjson
import polars as pl

from analyzer.grammars import klog
from analyzer.store import Store
from analyzer.vocabulary import TIME

KLOG: Final = pl.Schema(
    {
        "source_id": pl.String(),
        "record": pl.Int64(),
        "time": TIME,
        "node": pl.String(),
        "identifier": pl.String(),
        "severity": pl.String(),  # I, W, E, F; of JSON lines I or E
        "file": pl.String(),
        "file_line": pl.Int64(),
        "thread": pl.Int64(),
        "message": pl.String(),  # the quoted text, or the whole body
        "key_values": pl.String(),  # JSON object; null: an unstructured line, or one without any
    }
)

_JSON = r'^\{"ts":[0-9.]+,.*"msg":"'
_CALLER = r'"caller":"(?:[^"]*/)?([^"/:]+):(\d+)"'
_QUOTED = r'(?s)^[^\]]*\] "(?:[^"\\]|\\.)*"(?: |\s*$)'
_FRAME = ("ts", "caller", "msg", "v")  # of a JSON line: what is a column already


def frame(store: Store) -> pl.LazyFrame:
    """The table, of whatever the store's records hold."""
    text = pl.col("message")
    is_json = text.str.starts_with("{")
    severity = pl.when(text.str.contains('"v":') | ~text.str.contains('"err":')).then(pl.lit("I")).otherwise(pl.lit("E"))
    structured = is_json | text.str.contains(_QUOTED)
    body = text.str.replace(klog.BULK_HEADER, "").str.strip_chars_end("\n")
    number = pl.when(is_json).then(text.str.extract(_CALLER, 2)).otherwise(text.str.extract(klog.BULK_HEADER, 4))
    parts = {
        "severity": pl.when(is_json).then(severity).otherwise(text.str.extract(klog.BULK_HEADER, 1)),
        "file": pl.when(is_json)
        .then(text.str.extract(_CALLER, 1))
        .otherwise(text.str.extract(klog.BULK_HEADER, 3).str.extract(r"([^/]*)$")),
        "file_line": number.cast(pl.Int64, strict=False),
        "thread": text.str.extract(klog.BULK_HEADER, 2).cast(pl.Int64),
        "message": pl.when(structured).then(_each(pl.when(structured).then(text), _message)).otherwise(body),
        "key_values": _each(pl.when(structured).then(text), _key_values),
    }
    rows = store.scan("records").filter(text.str.contains(klog.BULK_HEADER) | text.str.contains(_JSON))
    return rows.select(parts.get(name, pl.col(name)).cast(dtype).alias(name) for name, dtype in KLOG.items())


def _each(text: pl.Expr, of: Callable[[str], str | None]) -> pl.Expr:
    """A function of Python's on each line that is not null."""
    return text.map_batches(
        lambda lines: pl.Series(lines.name, [None if line is None else of(line) for line in lines], pl.String),
        return_dtype=pl.String,
        is_elementwise=True,
    )


def _message(line: str) -> str | None:
    parsed = klog.parse(line)
    return parsed.message if parsed else None


def _key_values(line: str) -> str | None:
    parsed = klog.parse(line)
    values = {k: v for k, v in parsed.values.items() if k not in _FRAME or not line.startswith("{")} if parsed else {}
    return orjson.dumps(values, default=str, option=orjson.OPT_NON_STR_KEYS).decode() if values else None
