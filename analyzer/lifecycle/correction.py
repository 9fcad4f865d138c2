"""All times by one clock: what nodes and kubelets showed, moved to the API server's, as far as lifecycle.clocks tells."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl

from analyzer.lifecycle.clocks import Clocks
from analyzer.lifecycle.containers import Status
from analyzer.lifecycle.event_table import Events, Rows, ticks
from analyzer.lifecycle.sightings import LOCAL
from analyzer.lifecycle.signs import Spell
from analyzer.store.spilled import stretches

_TICK = timedelta(microseconds=1)
_ALWAYS = np.iinfo(np.int64).min


def events(clocks: Clocks, shown: Events) -> Events:
    """In the order of the corrected times; the same list if no clock needs it."""
    return shown.moved(shown.times - _off(clocks, shown)) if clocks.skewed else shown


def _off(clocks: Clocks, shown: Events) -> Rows:
    """By how much the clock that stamped each event was ahead, in microseconds."""
    rows = shown.rows
    return np.concatenate([_off_some(clocks, shown.at(rows[here])) for here in stretches(len(rows))])


def _off_some(clocks: Clocks, shown: Events) -> Rows:
    """What is of no node was stamped by whoever wrote the source, and so is what others say there."""
    writers = list(clocks.of_source.values())
    told = shown.columns("node", "source").with_columns(
        at=pl.int_range(pl.len()),
        local=pl.Series(shown.told_by(*LOCAL)),
        writer=pl.col("source").replace_strict(list(clocks.of_source), writers, default=None, return_dtype=pl.String),
    )
    stamped = told.filter(pl.col("local") | pl.col("writer").is_not_null())
    stamped = stamped.with_columns(by=pl.coalesce(pl.when("local").then("node"), "writer", pl.lit("")))
    off = np.zeros(len(shown), dtype=np.int64)
    for (node, source), some in stamped.partition_by("by", "source", as_dict=True).items():
        own, at = clocks.all_of(node, source), some["at"].to_numpy()
        if own:
            since = [ticks(clock.since) if clock.since is not None else _ALWAYS for clock in own]
            holds = np.searchsorted(since, shown.times[at], "right") - 1
            off[at] = np.array([clock.correction // _TICK for clock in own])[np.maximum(holds, 0)]
    reports = told.filter(pl.Series(shown.reports("kubelet")), pl.col("writer").is_null())
    for (node,), some in reports.partition_by("node", as_dict=True).items():
        off[some["at"].to_numpy()] = clocks.reporting(node) // _TICK
    return off


def spells(clocks: Clocks, shown: list[Spell]) -> list[Spell]:
    if not clocks.skewed:
        return shown
    return [replace(s, first=clocks.proof(s.first, s.node), last=clocks.proof(s.last, s.node)) for s in shown]


def statuses(clocks: Clocks, shown: Iterable[Status]) -> Iterator[Status]:
    """A container's times in a pod object are its kubelet's."""
    for status in shown:
        off = clocks.reporting(status.node)
        if off:
            yield replace(status, started=status.started and status.started - off, finished=status.finished and status.finished - off)
        else:
            yield status


def frame(clocks: Clocks, shown: pl.DataFrame) -> pl.DataFrame:
    """All times of a frame that has a column ``node``, each by the clock of its node."""
    times = [name for name, kind in shown.schema.items() if kind.base_type() is pl.Datetime]
    for name in times if clocks.skewed else ():
        off = pl.lit(timedelta(0))
        for clock in clocks.clocks:  # those of one node in the order of time
            if not clock.sources:
                holds = pl.col("node") == clock.node
                holds = holds if clock.since is None else holds & (pl.col(name) >= clock.since)
                off = pl.when(holds).then(pl.lit(clock.correction)).otherwise(off)
        shown = shown.with_columns((pl.col(name) - off).alias(name))
    return shown
