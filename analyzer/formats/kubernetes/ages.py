"""Ages, as kubectl prints them: how long before the moment of printing something happened.

Both of kubectl's functions cut off, and never round: ``shortHumanDuration`` (to 1.10: one unit) and ``HumanDuration`` of
k8s.io/apimachinery (since: two units where that says more, ``3m12s``, ``2d4h``). So the last unit written is how long the interval is
that an age stands for. What is counted from, is itself a time without fractions: hence a second more.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from analyzer.vocabulary import TIME

_SECONDS: Final = {"y": 365 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}

AGE: Final = r"(?:(?:\d{1,9}[ydhms])+(?: ago)?|<unknown>|<invalid>)"
"""``<unknown>``: there was no time; ``<invalid>``: it lay more than two seconds ahead."""

UNRESOLVED: Final = "ages are relative and the capture time is unknown: give --captured"
"""What is to be said of a source whose ages say nothing without the moment to count back from."""


def resolved(age: pl.Expr, captured: datetime | None) -> tuple[pl.Expr, pl.Expr]:
    """The earliest moment that an age allows, and the width of the interval that it stands for, in microseconds. Null: no age."""
    if captured is None:
        return pl.lit(None, TIME), pl.lit(None, pl.Int64)
    whole = age.str.extract(f"^({AGE})$")
    parts = [whole.str.extract(rf"(\d+){unit}").cast(pl.Int64, strict=False) * seconds for unit, seconds in _SECONDS.items()]
    last = whole.str.extract(r"([ydhms])(?: ago)?$").replace_strict(_SECONDS, default=None, return_dtype=pl.Int64)
    total = pl.when(last.is_not_null()).then(pl.sum_horizontal(parts))
    known = total < _furthest(captured)
    at = pl.lit(captured.astimezone(UTC), TIME) - pl.duration(seconds=pl.when(known).then(total + last), time_unit="us")
    return at.cast(TIME), pl.when(known).then((last + 1) * 1_000_000)


def _furthest(captured: datetime) -> int:
    """Seconds back to the year 1971: what is older than that is no age of anything here."""
    return int((captured - datetime(1971, 1, 1, tzinfo=UTC)) / timedelta(seconds=1))
