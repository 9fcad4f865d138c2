"""API documents of kind Event to events. (Other kinds are state, not happenings: lifecycle reads them as they are.)

Times: firstTimestamp and lastTimestamp have seconds and may be null; eventTime has microseconds; the event's name ends in the
hexadecimal UnixNano of its first occurrence (client-go GenerateEventName, all versions to 2025): the best time there is. Until
v1beta2 (2014) there was but one ``timestamp``, and the metadata and the source stood in the event itself.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import polars as pl

from analyzer.grammars.api_event import event_columns
from analyzer.grammars.base import Fields, events_frame
from analyzer.vocabulary import EARLIEST, LATEST, EventKind

_SECOND = 1_000_000
_ONE_READING = timedelta(seconds=2)
_ONE_DAY = timedelta(days=1)
_NANOS = re.compile(r"\.([0-9a-f]{15,16})$")


class _Reference(msgspec.Struct):
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    fieldPath: str | None = None  # noqa: N815 - the API's names


class _Source(msgspec.Struct):
    component: str | None = None
    host: str | None = None


class _Series(msgspec.Struct):
    count: int | None = None
    lastObservedTime: str | None = None  # noqa: N815


class _Meta(msgspec.Struct):
    name: str | None = None
    creationTimestamp: str | None = None  # noqa: N815


class _Event(msgspec.Struct):
    """core/v1, events.k8s.io/v1 and v1beta1 to v1beta3 together."""

    metadata: _Meta = msgspec.field(default_factory=_Meta)
    involvedObject: _Reference | None = None  # noqa: N815
    regarding: _Reference | None = None
    reason: str | None = None
    message: str | None = None
    note: str | None = None
    source: _Source | str | None = None  # v1beta1, v1beta2: the component's name
    deprecatedSource: _Source | None = None  # noqa: N815
    reportingComponent: str | None = None  # noqa: N815
    reportingController: str | None = None  # noqa: N815
    count: int | None = None
    deprecatedCount: int | None = None  # noqa: N815
    firstTimestamp: str | None = None  # noqa: N815
    deprecatedFirstTimestamp: str | None = None  # noqa: N815
    lastTimestamp: str | None = None  # noqa: N815
    deprecatedLastTimestamp: str | None = None  # noqa: N815
    eventTime: str | None = None  # noqa: N815
    series: _Series | None = None
    # to v1beta2
    id: str | None = None
    creationTimestamp: str | None = None  # noqa: N815
    timestamp: str | None = None
    host: str | None = None
    condition: str | None = None
    status: str | None = None  # what 'condition' was called before


_DECODER = msgspec.json.Decoder(_Event)


def understand(objects: pl.DataFrame) -> pl.DataFrame:
    """OBJECTS to EVENTS (without source_id): one row for the first occurrence, one more for the last of several."""
    return events_frame(list(_rows(objects.filter(pl.col("kind") == "Event"))))


def _rows(objects: pl.DataFrame) -> Iterator[Fields]:
    for record in objects.iter_rows(named=True):
        if record["watch"] == "DELETED":  # the event's time to live, not a happening
            continue
        try:
            event = _DECODER.decode(record["document"])
        except msgspec.DecodeError:
            continue  # kept as an object; not an event as the API defines it
        about = event.involvedObject or event.regarding or _Reference()
        told_by = event.source or event.deprecatedSource or _Source()
        source = _Source(told_by, event.host) if isinstance(told_by, str) else told_by
        count = event.count or event.deprecatedCount or (event.series.count if event.series else None)
        columns = event_columns(
            kind=about.kind or "",
            namespace=about.namespace,
            name=about.name or "",
            uid=about.uid,
            reason=event.reason or "",
            message=(event.message or event.note or "").rstrip("\n"),
            reporter=source.component or event.reportingComponent or event.reportingController or "",
            host=source.host,
            field_path=about.fieldPath,
            count=None,
        )
        where = {c: record[c] for c in ("record", "line", "offset")}
        by_kubelet = columns["attributes"]["reporter"] == "kubelet"  # its own times are its node's; the creation is the API server's
        created = (event.metadata.creationTimestamp or event.creationTimestamp) if by_kubelet else None
        if condition := event.condition or event.status:
            columns["attributes"] |= {"condition": condition}
        times = _times(event, count)
        first = times[0]
        if columns["kind"] == EventKind.NODE_NOT_READY or "combined" in columns["attributes"]:
            # between the first and the last of several it was ready again: the first begins nothing that lasts
            # what many were combined to has the message of the latest of them
            times = times[-1:]
        for time, resolution in times:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if resolution == 1 else "%Y-%m-%dT%H:%M:%SZ") if time else "no time"
            text = f"{stamp} {columns['message']}" + (f" (x{count})" if count and count > 1 else "")
            row = {**where, **columns, "time": time, "resolution_us": resolution, "text": text}
            if created and (time, resolution) == first:
                row["attributes"] = {**columns["attributes"], "created": created}
            yield row


def _times(event: _Event, count: int | None) -> list[tuple[datetime | None, int]]:
    """First occurrence, and the last if there were several. A resolution of a second means: within it."""
    first = _parse(event.firstTimestamp or event.deprecatedFirstTimestamp or event.timestamp)
    last = _parse(event.lastTimestamp or event.deprecatedLastTimestamp)
    exact = _parse(event.eventTime)
    created = _parse(event.metadata.creationTimestamp or event.creationTimestamp)
    named = _from_name(event.metadata.name or event.id or "", first or exact, created)
    begin: tuple[datetime | None, int]
    if exact is not None:
        begin = (exact, 1)
    elif named is not None:
        begin = (named, 1)
    else:
        begin = (first or last or created, _SECOND)
    series = _parse(event.series.lastObservedTime) if event.series is not None else None
    end = (series, 1) if series is not None else (last, _SECOND)
    several = series is not None or (count is not None and count > 1)  # a series counts from 1 or from 2, as its client was of age
    if several and begin[0] is not None and end[0] is not None and end[0] - begin[0] > timedelta(seconds=1):
        return [begin, end]
    return [begin]


def _parse(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return moment if EARLIEST <= moment < LATEST else None  # Go's zero time is how some clients write null


def _from_name(name: str, written: datetime | None, created: datetime | None) -> datetime | None:
    """The moment in an event's name, if it is one: other producers use other suffixes.

    The name and the time of the first occurrence are one reading of one clock, so they differ by less than the second that the latter
    is cut to. The API server writes the creation by its own clock when the event has reached it, which may be an hour later (sent
    again after an outage): it only tells that the suffix is a time at all.
    """
    match = _NANOS.search(name)
    near, off = (written, _ONE_READING) if written is not None else (created, _ONE_DAY)
    if match is None or near is None:
        return None
    moment = datetime.fromtimestamp(int(match[1], 16) // 1000 / 1e6, UTC)
    return moment if abs(moment - near) < off else None
