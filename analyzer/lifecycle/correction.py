"""All times by one clock: what nodes and kubelets showed, moved to the API server's, as far as lifecycle.clocks tells."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from analyzer.lifecycle.clocks import Clocks
from analyzer.lifecycle.containers import Status
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.sightings import LOCAL
from analyzer.lifecycle.signs import Spell


def events(clocks: Clocks, shown: Events) -> Events:
    """In the order of the corrected times; the same list if no clock needs it."""
    if not clocks.skewed:
        return shown
    moved = [replace(e, time=_moment(clocks, e)) for e in shown]
    return Events.of_list(sorted(moved, key=lambda e: (e.time, e.source, e.line or e.offset or 0)))


def _moment(clocks: Clocks, event: Event) -> datetime:
    if event.component in LOCAL:
        return clocks.true(event.time, event.source, event.node)
    if event.source in clocks.of_source:
        return clocks.true(event.time, event.source)
    by_kubelet = event.component == "api" and event.attributes.get("reporter") == "kubelet"
    return event.time - clocks.reporting(event.node) if by_kubelet else event.time


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
