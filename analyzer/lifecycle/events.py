"""Events as the lifecycle reads them: each happening once, with its node, in the order of time.

The same happening stands in several renderings (JSON and text of one journal, JSON and text of one docker stream, snapshots and
watches of one API). Two events are the same if they say the same of the same thing within the same second, and are of the same
rank among such repetitions within their source. What is known of an event only roughly (a table's ages) fills holes, and nothing else.
"""

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.attribution import with_nodes
from analyzer.lifecycle.event import Event as Event
from analyzer.lifecycle.event_table import Events, coded
from analyzer.store import Store, source_names
from analyzer.store.spilled import Rows, gathered, slices, stretches
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS

_SAME = ["kind", "node", "k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid", "k8s_container_name", "container_id", "controller", "message"]
_COARSE = 1_000_000
"""Microseconds: an event of the API whose moment is known less well than this is told by an age."""
_SLACK = timedelta(seconds=1)
"""Clocks that cut off, and the moment of capture, are off by up to this."""


def load_events(store: Store) -> Events:
    """All events that have a time, each happening once, sorted by time (then source and record)."""
    frame = resolved(store)
    return Events.of_frame(unique(_at(frame, np.flatnonzero(frame["time"].is_not_null().to_numpy()))))


def resolved(store: Store) -> pl.DataFrame:
    """EVENTS with the source's name, and the node settled."""
    own = pl.col("component").is_in([*RUNTIME_STREAMS, RUNTIME_LOG, "systemd", "runtime-unit", "kubelet", "journald"])
    events = store.table("events")
    names = source_names(store)
    sources, nodes = _Texts(), _Texts()
    for some in slices(events.select("source_id", "component", "node")):
        told = some.with_row_index("row").join(names, on="source_id", how="left")
        named = with_nodes(told, store, own).sort("row")  # of a few columns: each join copies what it is given
        sources.add(named["source"])
        nodes.add(named["node"])
    known: dict[str, tuple[pl.Series, Rows | None]] = {name: (events[name], None) for name in events.columns}
    return gathered({**known, "source": sources.cells, "node": nodes.cells})


class _Texts:
    """A column of few texts, in numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str | None, int] = {}
        self._rows: list[npt.NDArray[np.int32]] = []

    def add(self, column: pl.Series) -> None:
        texts, numbers = coded(column)
        new = np.array([*(self._numbers.setdefault(text, len(self._numbers)) for text in texts), -1], np.int32)
        self._rows.append(new[numbers])

    @property
    def cells(self) -> tuple[pl.Series, Rows]:
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, np.int32)
        return pl.Series(list(self._numbers), dtype=pl.String), rows


def unique(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each happening: of its renderings the one with the finest time.

    A klog header tells its moment in every rendering; journald may read the line a second later.
    """
    frame = without_echoes(frame)
    frame = _without(frame, _less_told(frame))
    dated = pl.col("message").str.contains(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} ").fill_null(False)
    second = pl.when(dated).then(None).otherwise(pl.col("time").dt.truncate("1s")).alias("second")
    happening = ["second", *_SAME]
    alike = _alike(frame, second, *_SAME)
    told = _at(frame, alike).select("source_id", "source", "record", "resolution_us", second, *_SAME)
    twice = told.with_columns(row=pl.Series(alike)).sort("source", "record", maintain_order=True)
    twice = twice.with_columns(pl.int_range(pl.len()).over("source_id", *happening).alias("rank"))
    twice = twice.sort("resolution_us", "source", "record", maintain_order=True).unique([*happening, "rank"], keep="first")
    kept = np.ones(frame.height, np.bool_)
    kept[alike] = False
    kept[twice["row"].to_numpy()] = True
    return _in_order(frame, np.flatnonzero(kept))


def _in_order(frame: pl.DataFrame, rows: Rows) -> pl.DataFrame:
    """Some rows by time, then source, record, and how well the time is known."""
    sources, of = coded(frame["source"])
    ranks = np.full(len(sources) + 1, -1, np.int32)
    ranks[[sources[text] for text in sorted(sources)]] = range(len(sources))
    first = np.iinfo(np.int64).min  # where null goes
    keys = [frame[name].to_physical().fill_null(first).to_numpy() for name in ("resolution_us", "record")]
    keys += [ranks[of], frame["time"].to_physical().to_numpy()]
    return _at(frame, rows[np.lexsort(keys if len(rows) == frame.height else [key[rows] for key in keys])])


def _at(frame: pl.DataFrame, rows: Rows) -> pl.DataFrame:
    """Some rows; the frame itself, if these are all in their order."""
    if len(rows) == frame.height and bool((rows[1:] > rows[:-1]).all()):
        return frame
    return gathered({name: (frame[name], rows) for name in frame.columns})


def _without(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    kept = np.ones(frame.height, np.bool_)
    kept[rows.to_numpy()] = False
    return _at(frame, np.flatnonzero(kept))


def _alike(frame: pl.DataFrame, *same: pl.Expr | str) -> Rows:
    """Rows that may say the same as another: those whose hash is another's too. Most say what no other does."""
    if frame.is_empty():
        return np.empty(0, np.int64)
    hashes = np.concatenate([some.select(same).hash_rows().to_numpy() for some in slices(frame)])
    ordered = np.sort(hashes)
    doubled = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    return np.flatnonzero(np.concatenate([_among(hashes[here], doubled) for here in stretches(len(hashes))]))


def _among(some: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    """Which are among the wanted, which are sorted."""
    if not len(wanted):
        return np.zeros(len(some), np.bool_)
    found: npt.NDArray[np.bool_] = wanted[np.minimum(np.searchsorted(wanted, some), len(wanted) - 1)] == some
    return found


def without_echoes(frame: pl.DataFrame) -> pl.DataFrame:
    """Without those roughly known events of the API of which another source knows the moment better.

    The same object, reason and message within the interval (widened by a second) is the same event. Among rough ones, those of other
    sources yield to the finest, which says most of whom. All are matched by what they have: kubectl cuts off messages of several
    lines, one rendering lacks the namespace, and another names no kind.
    """
    return _without(frame, _echoes(frame))


def _echoes(frame: pl.DataFrame) -> pl.Series:
    """Their rows."""
    api = (pl.col("component") == "api").fill_null(False)
    rough = api & (pl.col("resolution_us") > _COARSE)
    if frame.is_empty() or not frame.select(rough.any()).item():
        return pl.Series(dtype=pl.UInt32)
    said = pl.col("message").str.extract(r"^[^/]*/([^\r\n\f]*)").str.strip_chars_end().str.strip_suffix("...")
    unknown = pl.sum_horizontal(pl.col(c).is_null() for c in ("node", "k8s_container_name", "k8s_namespace_name"))
    told = (
        frame.with_row_index("row")
        .filter(api)
        .select(
            "row",
            "source_id",
            rough.alias("rough"),
            said.alias("said"),
            pl.col("message").str.extract(r"^([^/]*)/").alias("about"),
            pl.col("k8s_namespace_name").alias("namespace"),
            (pl.col("time") - _SLACK).alias("low"),
            (pl.col("time") + pl.duration(microseconds=pl.col("resolution_us").fill_null(1))).alias("high"),
            pl.struct("resolution_us", unknown.alias("unknown"), "source", "record").rank("ordinal").alias("order"),
        )
    )
    left, exact = told.filter("rough"), told.filter(~pl.col("rough"))
    echoes = _told_by(left, exact)
    left = left.filter(~pl.col("row").is_in(echoes.implode()))
    while not left.is_empty():  # the finest stay; what they tell goes, and so on
        doubled = _told_by(left, left)
        kept = left.filter(~pl.col("row").is_in(doubled.implode()))
        gone = _told_by(left, kept)
        echoes = pl.concat([echoes, gone])
        left = left.filter(~pl.col("row").is_in(pl.concat([kept["row"], gone]).implode()))
    return echoes


def _told_by(rough: pl.DataFrame, others: pl.DataFrame) -> pl.Series:
    """The rows of rough events that one of the others, of another source and better known, tells too."""
    pairs = rough.join(others, on="said", suffix="_of").filter(
        pl.col("source_id") != pl.col("source_id_of"),
        pl.col("order_of") < pl.col("order"),
        pl.col("low") < pl.col("high_of"),
        pl.col("low_of") < pl.col("high"),
        (pl.col("about") == pl.col("about_of")) | (pl.col("about") == "?") | (pl.col("about_of") == "?"),
        (pl.col("namespace") == pl.col("namespace_of")).fill_null(True),
    )
    return pairs["row"].unique()


def _less_told(frame: pl.DataFrame) -> pl.Series:
    """Rows of API events that say less of whom than another that says the same within a second: tables and the controller-manager's log
    lack uid, namespace or host, which the API's own document has."""
    known = sum((pl.col(c).is_not_null().cast(pl.Int8) for c in ("k8s_pod_uid", "k8s_namespace_name", "node")), start=pl.lit(0, pl.Int8))
    same = ["kind", "k8s_pod_name", "k8s_container_name", "controller", "message"]
    second = pl.col("time").dt.truncate("1s").alias("second")
    rows = _alike(frame, *same, second)
    told = [*same, "component", second, known.alias("known")]
    alike = _at(frame, rows).select(told).with_columns(row=pl.Series(rows))
    less = alike.filter((pl.col("component") == "api").fill_null(True), pl.col("known") != pl.col("known").max().over(*same, "second"))
    return less["row"]
