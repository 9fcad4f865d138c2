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
    traditional = pl.col("year").is_null() & (pl.col("digits") == 0)
    zones = rows["zone"].unique()
    colon = pl.col("zone").is_in(zones.filter(zones.str.contains(_COLON)).to_list())
    syslog = traditional.fill_null(False) | colon.fill_null(False)
    text = rows["message"]
    if not rows.select(syslog.any()).item() or not (text.str.contains("#0", literal=True) | text.str.starts_with("message repeated")).any():
        return rows
    syslog &= ~pl.col("message").str.contains("\n", literal=True)
    inner = pl.coalesce(pl.col("message").str.extract(_REPEATED, 1), "message")
    rows = rows.with_columns(message=pl.when(syslog).then(inner).otherwise("message"))
    escaped = rows.select(syslog & pl.col("message").str.contains("#0[0-3][0-7]")).to_series()
    if not escaped.any():
        return rows
    at = escaped.arg_true()
    plain = [_ESCAPE.sub(lambda code: chr(int(code[1], 8)), text) for text in rows["message"].gather(at)]
    return rows.with_columns(rows["message"].scatter(at, plain))
