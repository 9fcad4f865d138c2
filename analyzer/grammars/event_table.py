"""Tables of Kubernetes events to events: rows with a written time, as the API's own documents of them are understood.

The namespace is known where the table was asked for all of them (and kubectl is newer than 1.0, which did not print it).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import polars as pl

from analyzer.grammars.api_event import event_columns
from analyzer.grammars.base import Fields, events_frame, position
from analyzer.vocabulary import EventKind


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'event-table' to EVENTS (without source_id): the first occurrence, and the last of several."""
    return events_frame(list(_events(records.filter(pl.col("time").is_not_null()))))


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
        times = _times(record["time"], told)
        if columns["kind"] == EventKind.NODE_NOT_READY:
            times = times[-1:]  # between the first and the last of several it was ready again: the first begins nothing that lasts
        for time in times:
            yield {**position(record), **columns, "time": time, "text": record["raw"]}


def _times(first: datetime, told: dict[str, Any]) -> list[datetime]:
    last = datetime.fromisoformat(told["last"]) if told["last"] else first
    return [first, last] if (told["count"] or 1) > 1 and last - first > timedelta(seconds=1) else [first]
