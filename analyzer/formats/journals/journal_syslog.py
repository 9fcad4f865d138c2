"""What rsyslog changes in a message when it writes it to a file."""

import re

import polars as pl

_ESCAPE = re.compile(r"#(0[0-3][0-7])")
_REPEATED = r"^message repeated [0-9]+ times: \[ ?(.*)\]$"
_COLON = r"^(?:Z|[+-]\d\d:\d\d)$"


def undone(rows: pl.DataFrame) -> pl.DataFrame:
    """Control characters that stand as ``#012`` are what they were; ``message repeated 2 times: [ x]`` is x.

    Only in lines as rsyslog writes them (traditional: no fraction; RSYSLOG_FileFormat: a zone with a colon), and of one line.
    """
    if not rows["message"].str.contains("#0|^message repeated").any():
        return rows
    traditional = pl.col("year").is_null() & pl.col("clock").is_not_null() & pl.col("fraction").is_null()
    syslog = (traditional | pl.col("zone").str.contains(_COLON).fill_null(False)) & ~pl.col("message").str.contains("\n", literal=True)
    inner = pl.coalesce(pl.col("message").str.extract(_REPEATED, 1), "message")
    rows = rows.with_columns(message=pl.when(syslog).then(inner).otherwise("message"))
    escaped = rows.select(syslog & pl.col("message").str.contains("#0[0-3][0-7]")).to_series()
    if not escaped.any():
        return rows
    at = escaped.arg_true()
    plain = [_ESCAPE.sub(lambda code: chr(int(code[1], 8)), text) for text in rows["message"].gather(at)]
    return rows.with_columns(rows["message"].scatter(at, plain))
