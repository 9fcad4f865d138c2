"""Pods that some events tell of, and what others tell of the same: some lines name no uid, some no name.

All events are gone through in stretches: of a large cluster's pods one node may know few.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from analyzer.lifecycle.event_table import Events, Rows
from analyzer.lifecycle.objects import Version
from analyzer.store.spilled import stretches


def not_empty(name: str) -> pl.Expr:
    """A column's texts, as far as there are any."""
    return pl.when(pl.col(name) != "").then(name)


NAMESPACE: Final = pl.coalesce(not_empty("k8s_namespace_name"), pl.lit("default")).alias("namespace")
NAME: Final = pl.col("k8s_pod_name").fill_null("").alias("name")
_BY_NAME: Final = ("namespace", "name")
NO_UIDS: Final = pl.DataFrame(schema={"namespace": pl.String(), "name": pl.String(), "known": pl.String()})


def stretched(events: Events) -> Iterator[Events]:
    """So many at once as may be looked at whole; at least once."""
    return (events.at(events.rows[here]) for here in stretches(len(events)))


@dataclass(frozen=True)
class ToldPods:
    """``own``: namespace, name ("": not told) and uid (null: not told), as ``known``, of each pod. ``names``: with those that are told
    elsewhere of the same uids."""

    own: pl.DataFrame
    names: pl.DataFrame
    _objects: pl.DataFrame
    _events: Events

    @classmethod
    def of(cls, told: Events, events: Events, versions: list[Version]) -> "ToldPods":
        """Those that some events tell of, and what all events and objects tell of them."""
        pods = [(v.namespace, v.name, v.uid) for v in versions if v.kind == "Pod" and v.uid]
        objects = pl.DataFrame(pods, schema=NO_UIDS.schema, orient="row")
        own = pl.concat(each.unique() for each in _all_named(told)).unique()
        elsewhere = (each.join(own, on="known", how="semi").unique() for each in (*_all_named(events), objects))
        names = pl.concat([own, *elsewhere]).select(_BY_NAME).filter(pl.col("name") != "").unique()
        return cls(own, names, objects, events)

    def uids(self) -> pl.DataFrame:
        """Those of ``names`` that were given to one pod only, and its uid."""
        told = (each.join(self.names, on=_BY_NAME, how="semi") for each in (*_all_named(self._events), self._objects))
        found = pl.concat(each.drop_nulls("known").unique() for each in told).unique()
        return found.filter(pl.len().over(_BY_NAME) == 1)

    def rows(self, events: Events) -> Rows:
        """Which of other events tell of the same pods."""
        found = []
        for those in stretched(events):
            named = _named(those).with_columns(row=pl.Series(those.rows))
            by_name = named.join(self.names, on=_BY_NAME, how="semi")
            by_uid = named.join(self.own, on="known", how="semi")
            found.append(np.union1d(by_name["row"].to_numpy(), by_uid["row"].to_numpy()))
        return np.concatenate(found)


def _named(events: Events) -> pl.DataFrame:
    columns = events.columns("k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid")
    return columns.select(NAMESPACE, NAME, known=not_empty("k8s_pod_uid"))


def _all_named(events: Events) -> Iterator[pl.DataFrame]:
    return map(_named, stretched(events))
