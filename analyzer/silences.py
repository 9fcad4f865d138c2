"""When a writer wrote nothing, learnt in one pass with bounded memory.

A writer is a process of a kubelet, or all others of a node together. Its records are joined into stretches: between two records of one
stretch lies no more than the floor. What is between stretches is a silence. Stretches of parts of a source, put together, are those of
the whole, so neither borders of batches nor the order of lines matter. Where there are too many, the floor is doubled: for a source in
the order of time that, too, depends on all of it alone.
"""

from typing import Any

import polars as pl

from analyzer.owned import owned
from analyzer.told_apart import of_kubelets
from analyzer.vocabulary import RECORDS, SILENCES

_FLOOR_US = 1_000_000
_MOST = 16_384
"""Stretches that are kept of one source."""
_KUBELETS = 4_096
"""Of more processes of kubelets in one source no silences are told, but those of the nodes."""
_HIGHEST_US = 3_600_000_000
_LONGEST = 16
"""So many silences of a writer are told."""
_ENOUGH = 20
"""Who wrote fewer records has no pace."""
_WRITER = ["node", "identifier", "pid"]
_ANOTHER = pl.any_horizontal(pl.col(_WRITER).ne_missing(pl.col(_WRITER).shift()))
_COLUMNS = [c for c in SILENCES if c != "source_id"]
_NOTHING = pl.DataFrame(schema={c: SILENCES[c] for c in _COLUMNS})
_SIDES = ("time", "line", "offset", "text")
_TAKEN = [*_WRITER, *_SIDES]
_HELD = {name: RECORDS.get(name, pl.String()) for name in _TAKEN}


class Silences:
    """Adds up batches of timed records with ``text``."""

    def __init__(self) -> None:
        self._floor = _FLOOR_US
        self._too_many = False  # processes of kubelets
        self._told: pl.DataFrame | None = None
        self._held: list[tuple[Any, ...]] = []  # records, until there are enough to tell anything of

    def add(self, timed: pl.DataFrame) -> None:
        timed = timed[_TAKEN]
        if self._told is None and timed.height + len(self._held) < _ENOUGH:
            self._held += timed.rows()
        else:
            self._take(timed)

    def absorb(self, later: "Silences") -> None:
        """Of the next part of the same source."""
        self._floor = max(self._floor, later._floor)
        self._too_many |= later._too_many
        if later._told is not None:
            self._join(later._told)
        if later._held or (self._held and self._told is not None):
            self.add(_frame(later._held))

    def _take(self, timed: pl.DataFrame) -> None:
        """These, and those that were held."""
        whole = pl.concat([_frame(self._held), timed]) if self._held else timed
        self._held.clear()
        self._join(owned(_stretches(_subjects(whole, self._too_many), self._floor)))

    def _join(self, found: pl.DataFrame) -> None:
        self._told = found if self._told is None else _joined(pl.concat([self._told, found]), _WRITER, self._floor)
        if self._too_many or (self._told.height > _KUBELETS and self._told.n_unique(_WRITER) > _KUBELETS):
            self._too_many, self._floor = True, _HIGHEST_US
            self._told = _joined(_subjects(self._told, too_many=True), _WRITER, self._floor)
        while self._told.height > _MOST and self._floor < _HIGHEST_US:
            self._floor *= 2
            self._told = _joined(self._told, _WRITER, self._floor)

    def frame(self) -> pl.DataFrame:
        """SILENCES without ``source_id``: the longest of each kubelet, and of all that the source holds of a node."""
        if self._told is None or self._told.height < 2 or self._told["records"].sum() < _ENOUGH:
            return _NOTHING
        whole = _joined(self._told, ["node"], self._floor).with_columns(identifier=pl.lit(None, pl.String), pid=pl.lit(None, pl.Int64))
        kubelets = self._told.filter(pl.col("pid").is_not_null())
        parts = [_between(kubelets.with_columns(whole=False)), _between(whole.select(self._told.columns).with_columns(whole=True))]
        return pl.concat(parts).with_columns(floor_us=pl.lit(self._floor, pl.Int64)).select(_COLUMNS)


def _frame(held: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(held, schema=_HELD, orient="row")


def _subjects(timed: pl.DataFrame, too_many: bool) -> pl.DataFrame:
    """Who wrote, by ``identifier`` and ``pid``: a process of a kubelet; both are null for all others."""
    alone = of_kubelets(timed["identifier"]) & timed["pid"].is_not_null() & (not too_many)
    return timed if alone.all() else timed.with_columns(pl.when(alone).then(pl.col("identifier", "pid")))


def _stretches(timed: pl.DataFrame, floor: int) -> pl.DataFrame:
    """Stretches of each writer, in the order of time, of records in any order."""
    lines = timed["line"]
    numbered = lines.is_sorted() if lines.null_count() == 0 else lines.null_count() == len(lines)
    ordered = numbered and timed["time"].is_sorted() and timed["offset"].is_sorted()
    if not ordered or _changes(timed)[1:].any():  # else it is one writer's, and lies in order already
        timed = timed.sort(*_WRITER, "time", "line", "offset", maintain_order=True)
    begins = _changes(timed) | (timed["time"].diff().dt.total_microseconds() > floor).fill_null(True)
    first = begins.arg_true().cast(pl.Int64)
    last = first.shift(-1, fill_value=timed.height) - 1
    before = timed[first].rename({part: f"first_{part}" for part in _SIDES})
    after = timed[last].select(pl.col(_SIDES).name.prefix("last_"))
    return before.hstack(after).insert_column(len(_WRITER), (last - first + 1).alias("records"))


def _changes(timed: pl.DataFrame) -> pl.Series:
    """Where another writer begins."""
    return timed.select(_ANOTHER).to_series()


def _joined(parts: pl.DataFrame, subject: list[str], floor: int) -> pl.DataFrame:
    """Stretches of each subject, in the order of time, of stretches in any order (a record is one, too)."""
    ordered = parts.sort(*subject, "first_time", "first_line", "first_offset", maintain_order=True)
    same = pl.struct(subject).rle_id()
    until = pl.col("last_time").cum_max().shift(1).over(same)
    apart = (pl.col("first_time") - until).dt.total_microseconds() > floor
    order = [f"last_{part}" for part in ("time", "line", "offset")]
    columns = {f"first_{part}": pl.col(f"first_{part}").first() for part in _SIDES}
    columns |= {f"last_{part}": pl.col(f"last_{part}").sort_by(order, nulls_last=False).last() for part in _SIDES}
    return (
        ordered.with_columns((same.diff().fill_null(1).ne(0) | apart.fill_null(True)).cum_sum().alias("stretch"))
        .group_by("stretch", maintain_order=True)
        .agg(*(pl.col(c).first() for c in subject), pl.col("records").sum(), **columns)
        .select([c for c in parts.columns if c in {*subject, "records", *columns}])
    )


def _between(stretches: pl.DataFrame) -> pl.DataFrame:
    """The longest silences of each subject, in the order of time. ``stretches`` are in that order."""
    subject = [*_WRITER, "whole"]
    former = {f"last_{part}": pl.col(f"last_{part}").shift(1).over(subject) for part in _SIDES}
    length = pl.col("first_time") - pl.col("last_time").shift(1).over(subject)
    total = pl.col("records").sum().over(subject)
    return (
        stretches.with_columns(length=length, total=total, **former)
        .filter(pl.col("length").is_not_null(), pl.col("total") >= _ENOUGH)
        .filter(pl.col("length").rank("ordinal", descending=True).over(subject) <= _LONGEST)
        .sort(*subject, "last_time", nulls_last=True)
    )
