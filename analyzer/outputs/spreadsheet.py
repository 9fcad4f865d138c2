"""A table as CSV that is safe to open in a spreadsheet and to print: no cell is a formula, none holds control characters."""

from typing import Final

import polars as pl
import polars.selectors as cs

_FORMULA: Final = r"^[=+\-@\t\r\n＝＋－＠]"
"""What a spreadsheet takes for a formula begins so (OWASP, CSV injection); the wide forms count where it normalises them."""
_CONTROL: Final = r"[[\p{C}\p{Z}]--[ ]]"
"""What is not printable: control characters, those that turn the direction of writing, lines that end."""
_TIME: Final = "%Y-%m-%dT%H:%M:%S.%6fZ"


def csv_text(frame: pl.DataFrame) -> str:
    """With a head line. Times are RFC 3339 in UTC; a cell that would begin a formula begins with ' instead; null is an empty cell."""
    texts = [
        pl.when(pl.col(name).str.contains(_FORMULA)).then(pl.concat_str(pl.lit("'"), name)).otherwise(pl.col(name)).alias(name)
        for name in frame.select(cs.string()).columns
    ]
    safe = frame.with_columns(*(text.str.replace_all(_CONTROL, "�") for text in texts), cs.datetime().dt.strftime(_TIME))
    return safe.write_csv()
