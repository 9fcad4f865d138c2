"""``journalctl -o short-monotonic`` and ``short-delta``: ``[ 4104.803082] HOST IDENTIFIER[PID]: MESSAGE``, seconds since the boot.

There is no time of day but in the messages: the clock in a message (klog's header) less the seconds since the boot is when
the boot was, less what the message took to the journal. So that of many such differences a low one errs to the early side,
and the highest tells by how much: ``resolution_us`` reaches to it. Where the wall clock was set, the difference leaps.
A boot with no such message has no times.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.journals.journal_clocks import clocks, klog_times
from analyzer.formats.journals.journal_lines import HEADER, MONOTONIC, Framing, resumed, starts, style
from analyzer.formats.lines import beginning, conform, records
from analyzer.formats.times import Years, first_year, rereadable, to_utc
from analyzer.vocabulary import RECORDS, TIME

_BUCKET = 10_000_000
"""Microseconds of which one difference is kept."""
_LEAP = 1_000_000
"""A difference that changes by more is a wall clock that was set, or no clock at all."""
_LONGEST = 100 * 365 * 86_400 * 1_000_000
"""us; no machine has been up for so long."""
_BACK = 5_000_000
"""Entries are in order but for their last moments: if the clock goes back by more, it began anew."""
_FEW = 10
"""With fewer messages than these it is open how long the quickest of them took: a second at most, else ten milliseconds."""
_LOW = 0.1
_DATE = r"\]: [IWEF]([01]\d)([0-3]\d) \d\d:\d\d:\d\d\.\d{6} "


class JournalMonotonic:
    """Lines that begin with the seconds since the boot."""

    name = "journal-monotonic"
    family = "journal"
    dated = False

    def sniff(self, head: bytes, name: str) -> bool:
        """Half of the lines must be such, and one of a process: dmesg's are of none."""
        lines = beginning(head)[:200]
        found = [line for line in lines if style(line) == "monotonic"]
        others = sum(1 for line in lines if not line[0].isspace() and not re.match(HEADER, line)) - len(found)
        return len(found) > 0 and len(found) >= others and any(re.search(r"\w\[\d+\]: ", line) for line in found)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        with rereadable(stream) as source:
            begin = source.tell()
            years = Years(first_year(source, context.year, _dates))
            zeros = _zeros(source, years, context.zone)
            source.seek(begin)
            reader = _Entries()
            untimed = 0
            for rows, rejects in reader.read(source):
                timed = resumed(_timed(rows, zeros))
                untimed += timed["time"].null_count()
                yield Batch(records=conform(timed, RECORDS), rejects=rejects)
            notes = ["times are reckoned from the klog headers inside"] if zeros else []
            notes += [f"{untimed} records have no time: no klog line of their boot tells it"] if untimed else []
            if notes := [*notes, *reader.framing.losses.notes()]:
                yield Batch(notes=tuple(notes))


FORMAT = JournalMonotonic()


def _starts(lines: pl.DataFrame) -> pl.Series:
    return starts(lines, MONOTONIC)


def _dates(lines: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    return lines["raw"].str.extract(_DATE, 1).cast(pl.Int64), lines["raw"].str.extract(_DATE, 2).cast(pl.Int64)


class _Entries:
    """Records with ``micros`` since their boot, and ``turn``: which of the boots that the source tells apart it is."""

    def __init__(self) -> None:
        self.framing = Framing(MONOTONIC)
        self._sign = 0  # -1: the source is in reverse order
        self._last: dict[str, int] = {}
        self._turns: dict[str, int] = {}

    def read(self, source: BinaryIO) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        for lines, begins in records(source, _starts):
            rows, rejects = self.framing.entries(lines, begins)
            micros = pl.col("monotonic").str.replace(".", "", literal=True).cast(pl.Int64, strict=False)
            micros = pl.when(micros < _LONGEST).then(micros)
            rows = rows.with_columns(micros=micros, of=pl.concat_str("boot_id", "node", separator=" ", ignore_nulls=True).fill_null(""))
            turns = np.zeros(rows.height, np.int64)
            for writer in rows["of"].unique(maintain_order=True):
                mine = ((rows["of"] == writer) & rows["micros"].is_not_null()).arg_true().to_numpy()
                if len(mine):
                    turns[mine] = self._turned(writer, rows["micros"].gather(mine).to_numpy())
            rows = rows.with_columns(turn=turns, of=pl.format("{} {}", "of", pl.Series(turns)))
            anew = pl.when(pl.col("turn") > 0).then(pl.format("reboot-{}", "turn"))
            yield rows.with_columns(boot_id=pl.coalesce("boot_id", anew)), rejects

    def _turned(self, writer: str, micros: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        steps = np.diff(micros, prepend=self._last.get(writer, int(micros[0])))
        if not self._sign and steps.any():
            self._sign = -1 if np.sign(steps).sum() < 0 else 1
        turns = self._turns.get(writer, 0) + np.cumsum(steps * self._sign < -_BACK)
        self._last[writer], self._turns[writer] = int(micros[-1]), int(turns[-1])
        return turns


@dataclass
class _Zeros:
    """When a boot was, in us since 1970: from each of these moments on (us since the boot), and how far it may be too early."""

    since: npt.NDArray[np.int64]
    zero: npt.NDArray[np.int64]
    resolution: npt.NDArray[np.int64]


def _zeros(source: BinaryIO, years: Years, zone: tzinfo) -> dict[str, _Zeros]:
    """The zeros of each boot that has any. Reads the source to its end."""
    parts = []
    for rows, _ in _Entries().read(source):
        found = clocks(rows["message"])
        klog = to_utc(klog_times(found, years.of(found["month"], found["day"])), zone)
        told = rows.select("of", bucket=pl.col("micros") // _BUCKET, difference=klog.dt.epoch("us") - pl.col("micros"))
        exact = found["exact"].dt.epoch("us") - rows["micros"]
        told = told.with_columns(difference=pl.coalesce(exact, "difference")).drop_nulls()
        near = pl.col("difference") <= pl.col("difference").median() + _LEAP
        parts.append(told.group_by("of", "bucket").agg(pl.len().alias("lines"), pl.col("difference").filter(near).max()))
    if not parts:
        return {}
    buckets = pl.concat(parts).group_by("of", "bucket").agg(pl.col("lines").sum(), pl.col("difference").max()).sort("of", "bucket")
    return {str(of): _settled(rows) for (of,), rows in buckets.group_by("of", maintain_order=True)}


def _settled(buckets: pl.DataFrame) -> _Zeros:
    usual = pl.col("difference").rolling_median(5, min_samples=1, center=True)
    kept = buckets.filter((pl.col("difference") - usual).abs() <= _LEAP)
    rows = (kept if kept.height else buckets).with_columns(part=(pl.col("difference").diff().abs() > _LEAP).fill_null(False).cum_sum())
    low = pl.col("difference").quantile(_LOW, "lower").cast(pl.Int64)
    quickest = pl.when(pl.col("lines").sum() < _FEW).then(1_000_000).otherwise(10_000)
    settled = rows.group_by("part", maintain_order=True).agg(
        pl.col("bucket").first() * _BUCKET, low.alias("zero"), (pl.col("difference").max() - low + quickest).alias("resolution")
    )
    return _Zeros(*(settled[name].cast(pl.Int64).to_numpy() for name in ("bucket", "zero", "resolution")))


def _timed(rows: pl.DataFrame, zeros: dict[str, _Zeros]) -> pl.DataFrame:
    """``time`` and ``resolution_us``: null where nothing tells when the boot was."""
    times = pl.Series("time", [None], pl.Int64).new_from_index(0, rows.height)
    resolutions = times.alias("resolution_us")
    for of in rows["of"].unique(maintain_order=True):
        known = zeros.get(of)
        mine = ((rows["of"] == of) & rows["micros"].is_not_null()).arg_true()
        if known is not None and len(mine):
            micros = rows["micros"].gather(mine).to_numpy()
            part = np.maximum(np.searchsorted(known.since, micros, side="right") - 1, 0)
            times = times.scatter(mine, micros + known.zero[part])
            resolutions = resolutions.scatter(mine, known.resolution[part])
    return rows.with_columns(times.cast(TIME), resolutions)
