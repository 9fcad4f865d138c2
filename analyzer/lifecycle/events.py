"""Events as the lifecycle reads them: each happening once, with its node, in the order of time.

The same happening stands in several renderings (JSON and text of one journal, JSON and text of one docker stream, snapshots and
watches of one API). Two events are the same if they say the same of the same thing within the same second, and are of the same
rank among such repetitions within their source. What is known of an event only roughly (a table's ages) fills holes, and nothing else.
"""

from datetime import timedelta

import polars as pl

from analyzer.attribution import with_nodes
from analyzer.lifecycle.event import Event as Event
from analyzer.lifecycle.event_table import Events
from analyzer.store import Store, source_names
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS

_SAME = ["kind", "node", "k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid", "k8s_container_name", "container_id", "controller", "message"]
_COARSE = 1_000_000
"""Microseconds: an event of the API whose moment is known less well than this is told by an age."""
_SLACK = timedelta(seconds=1)
"""Clocks that cut off, and the moment of capture, are off by up to this."""


def load_events(store: Store) -> Events:
    """All events that have a time, each happening once, sorted by time (then source and record)."""
    return Events.of_frame(unique(resolved(store).filter(pl.col("time").is_not_null())))


def resolved(store: Store) -> pl.DataFrame:
    """EVENTS with the source's name, and the node settled."""
    own = pl.col("component").is_in([*RUNTIME_STREAMS, RUNTIME_LOG, "systemd", "runtime-unit", "kubelet", "journald"])
    events = store.table("events")
    told = events.select("source_id", "component", "node").with_row_index("row").join(source_names(store), on="source_id", how="left")
    named = with_nodes(told, store, own).sort("row")  # of a few columns: each join copies what it is given
    return events.with_columns(named["source"], named["node"])


def unique(frame: pl.DataFrame) -> pl.DataFrame:
    """One row for each happening: of its renderings the one with the finest time.

    A klog header tells its moment in every rendering; journald may read the line a second later.
    """
    frame = _most_told(without_echoes(frame))
    dated = pl.col("message").str.contains(r"^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} ").fill_null(False)
    second = pl.when(dated).then(None).otherwise(pl.col("time").dt.truncate("1s")).alias("second")
    happening = ["second", *_SAME]
    told = frame.select("source_id", "source", "record", "time", "resolution_us", second, *_SAME).with_row_index("row")
    alike = _alike(told, happening)
    twice = told.filter(alike).sort("source", "record", maintain_order=True)
    twice = twice.with_columns(pl.int_range(pl.len()).over("source_id", *happening).alias("rank"))
    twice = twice.sort("resolution_us", "source", "record", maintain_order=True).unique([*happening, "rank"], keep="first")
    order = ["time", "source", "record", "resolution_us", "row"]
    kept = pl.concat([told.filter(~alike).select(order), twice.select(order)]).sort(order)["row"]
    return frame[kept]


def _alike(frame: pl.DataFrame, same: list[str]) -> pl.Series:
    """Which rows may say the same as another: those whose hash is another's too. Most say what no other does."""
    return frame.select(same).hash_rows().is_duplicated()


def without_echoes(frame: pl.DataFrame) -> pl.DataFrame:
    """Without those roughly known events of the API of which another source knows the moment better.

    The same object, reason and message within the interval (widened by a second) is the same event. Among rough ones, those of other
    sources yield to the finest, which says most of whom. All are matched by what they have: kubectl cuts off messages of several
    lines, one rendering lacks the namespace, and another names no kind.
    """
    api = (pl.col("component") == "api").fill_null(False)
    rough = api & (pl.col("resolution_us") > _COARSE)
    if frame.is_empty() or not frame.select(rough.any()).item():
        return frame
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
    return frame.with_row_index("row").filter(~pl.col("row").is_in(echoes.implode())).drop("row")


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


def _most_told(frame: pl.DataFrame) -> pl.DataFrame:
    """Of API events that say the same within a second, those that say most of whom: tables and the controller-manager's log lack
    uid, namespace or host, which the API's own document has."""
    known = sum((pl.col(c).is_not_null().cast(pl.Int8) for c in ("k8s_pod_uid", "k8s_namespace_name", "node")), start=pl.lit(0, pl.Int8))
    same = ["kind", "k8s_pod_name", "k8s_container_name", "controller", "message", "second"]
    told = frame.select(*same[:-1], "component", pl.col("time").dt.truncate("1s").alias("second"), known.alias("known")).with_row_index(
        "row"
    )
    alike = told.filter(_alike(told, same))
    less = alike.filter((pl.col("component") == "api").fill_null(True), pl.col("known") != pl.col("known").max().over(same))
    return frame.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(less["row"].implode())) if less.height else frame
