"""Tables of Kubernetes events to events: rows whose time is known, as the API's own documents of them are understood.

Of an age the time is the earliest that it allows: it may have been later by the event's resolution.
The namespace is known where the table was asked for all of them (and kubectl is newer than 1.0, which did not print it).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import polars as pl

from analyzer.grammars.api_event import event_columns
from analyzer.grammars.base import Fields, events_frame, position
from analyzer.grammars.relevance import Grammar, Seen, alone, chosen
from analyzer.vocabulary import EventKind


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'event-table' to EVENTS (without source_id): the first occurrence, and the last of several."""
    return events_frame(list(_events(chosen(records, _told))))


def _told(seen: Seen) -> pl.Series:
    return seen.records["time"].is_not_null()


GRAMMAR = Grammar(alone(understand), others=_told)


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for record in records.iter_rows(named=True):
        told: dict[str, Any] = orjson.loads(record["fields"])
        reporter = told["reporter"] or ""
        columns = event_columns(
            kind=told["kind"] or "",
            namespace=told["namespace"],
            name=told["name"] or "",
            uid=None,
            reason=told["reason"] or "",
            message=told["message"],
            reporter=reporter,
            host=told["host"] if reporter == "kubelet" else None,  # other components' instances are no nodes
            field_path=told["subobject"],
            count=None,
        )
        times = _times((record["time"], record["resolution_us"]), told)
        if columns["kind"] == EventKind.NODE_NOT_READY or "combined" in columns["attributes"]:
            # between the first and the last of several it was ready again: the first begins nothing that lasts;
            # what many were combined to has the message of the latest of them
            times = times[-1:]
        for time, resolution in times:
            yield {**position(record), **columns, "time": time, "resolution_us": resolution, "text": record["raw"]}


def _times(first: tuple[datetime, int], told: dict[str, Any]) -> list[tuple[datetime, int]]:
    """First and, if there were several, last occurrence, each with its resolution."""
    if not told["last"] or (told["count"] or 1) <= 1:
        return [first]
    last = datetime.fromisoformat(told["last"])
    return [first, (last, told["last_resolution_us"])] if last - first[0] > timedelta(seconds=1) else [first]
