"""journalctl -o cat: messages alone. Between klog's lines stand PID 1's, the only trace of a stop, which have no time of their own.

A sentence of PID 1 (journal_said) lies between the klog lines around it: ``time`` is that of the one before, ``resolution_us``
reaches to the next one. At either end of the source the longest silence within it stands in for the line that is missing:
a kubelet that ran on would have said something. So it is with a kubelet's start: its own first line follows. A mark of
suppressed lines has the time at which the log goes on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from analyzer.formats.journals.journal_said import KUBELET_STARTS, MARK, SAID

_MARK = f"^{MARK}$"


@dataclass
class Between:
    """Places sentences in time, from one batch to the next."""

    last: datetime | None = None  # of the line before
    pace: timedelta = timedelta()  # the longest silence
    placed: int = 0

    def waiting(self, rows: pl.DataFrame) -> int:
        """So many rows at the end must wait for the next klog line; they hold a sentence."""
        timed = rows["time"].is_not_null().arg_true()
        after = rows[int(timed[-1]) + 1 :] if len(timed) else rows
        return after.height if after["raw"].str.contains(SAID).any() else 0

    def place(self, rows: pl.DataFrame) -> pl.DataFrame:
        """``time`` and ``resolution_us`` of sentences; rows that have a time, and those that are none, stay as they are."""
        said = rows["time"].is_null() & rows["raw"].str.contains(SAID)
        silence = rows.select("time", said=said.cum_sum()).filter(pl.col("time").is_not_null())
        if self.last is not None:
            silence = pl.concat([pl.DataFrame({"time": [self.last], "said": [0]}, schema=silence.schema), silence])
        alone = pl.col("said") == pl.col("said").shift(1)  # with no sentence in between
        quiet = silence.select(pl.col("time").diff().abs().filter(alone).max()).item()
        self.pace = max(self.pace, quiet or timedelta())
        if said.any():
            rows = self._placed(rows, said)
        self.last = silence["time"][-1] if silence.height else self.last
        return rows

    def _placed(self, rows: pl.DataFrame, said: pl.Series) -> pl.DataFrame:
        first = pl.lit(self.last, rows.schema["time"])
        before, after = pl.coalesce(pl.col("time").forward_fill(), first), pl.col("time").backward_fill()
        pace = pl.lit(self.pace or None, pl.Duration("us"))
        inside = before.is_not_null() & after.is_not_null()
        low = pl.min_horizontal(before, after)
        starts = pl.col("raw").str.contains(KUBELET_STARTS) & pace.is_not_null()
        begin = pl.when(inside & starts).then(pl.max_horizontal(low, after - pace)).when(inside).then(low)
        begin = begin.when(before.is_null()).then(after - pace).when(pace.is_not_null()).then(before)
        end = pl.when(inside).then(pl.max_horizontal(before, after)).otherwise(begin + pace)
        mark = pl.col("raw").str.contains(_MARK)
        placed = rows.select(
            time=pl.when(mark).then(pl.coalesce(after, before)).otherwise(begin),
            resolution_us=pl.when(mark).then(1).otherwise(pl.max_horizontal((end - begin).dt.total_microseconds(), 1)),
        )
        settled = said & placed["time"].is_not_null()
        self.placed += int(settled.sum())
        return rows.with_columns(placed[name].zip_with(settled, rows[name]).alias(name) for name in placed.columns)

    def notes(self) -> tuple[str, ...]:
        """That times were made of their neighbours'."""
        if not self.placed:
            return ()
        return (f"{self.placed} line(s) of systemd bear no time: put between those around them",)
