"""API documents of kind Event to events. (Other kinds are state, not happenings: lifecycle reads them as they are.)

Until v1beta2 (2014) the metadata and the source stood in the event itself.
"""

import msgspec
import orjson
import polars as pl

from analyzer.formats.tables import shaped
from analyzer.grammars.api_event import event_frame
from analyzer.grammars.api_times import occurrences
from analyzer.grammars.base import events_frame, one_lines
from analyzer.vocabulary import EVENTS, EventKind

_SLICE = 16_384  # events that are looked at in one go


class _Reference(msgspec.Struct, gc=False):
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    fieldPath: str | None = None  # noqa: N815 - the API's names


class _Source(msgspec.Struct, gc=False):
    component: str | None = None
    host: str | None = None


class _Series(msgspec.Struct, gc=False):
    count: int | None = None
    lastObservedTime: str | None = None  # noqa: N815


class _Meta(msgspec.Struct, gc=False):
    name: str | None = None
    creationTimestamp: str | None = None  # noqa: N815


_NOBODY = _Reference()
_NOWHERE = _Source()


class _Event(msgspec.Struct, gc=False):
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


_decode = msgspec.json.Decoder(_Event).decode


def understand(objects: pl.DataFrame) -> pl.DataFrame:
    """OBJECTS to EVENTS (without source_id): one row for the first occurrence, one more for the last of several."""
    # a deleted one: the event's time to live, not a happening
    own = objects.filter((pl.col("kind") == "Event") & pl.col("watch").ne_missing("DELETED"))
    parts = [_understood(part) for part in own.iter_slices(_SLICE)]
    return pl.concat(parts) if parts else events_frame([])


def _understood(objects: pl.DataFrame) -> pl.DataFrame:
    events: list[_Event] = []
    kept: list[int] = []
    for index, document in enumerate(objects["document"].to_list()):
        try:
            events.append(_decode(document))
        except msgspec.DecodeError:
            continue  # kept as an object; not an event as the API defines it
        kept.append(index)
    if not kept:
        return events_frame([])
    told = _columns(events)
    places = objects[kept].select("record", "line", "offset")
    rows = pl.concat([places, event_frame(told), occurrences(told), told.select("several", "condition", "created")], how="horizontal")
    # the API server's time, beside those of a kubelet, which are its node's
    rows = rows.with_columns(created=pl.when(pl.col("reporter") == "kubelet").then("created"))
    if rows["end"].null_count() < rows.height:
        # between the first and the last of several it was ready again: the first begins nothing that lasts;
        # what many were combined to has the message of the latest of them
        last_only = (pl.col("kind") == EventKind.NODE_NOT_READY) | pl.col("combined")
        ends = rows.filter(pl.col("end").is_not_null()).with_columns(time="end", resolution_us="end_us", created=None)
        rows = pl.concat([rows.filter(~last_only | pl.col("end").is_null()), ends]).sort("record", maintain_order=True)
    return shaped(rows.with_columns(attributes=_attributes(rows), text=one_lines(_text())), EVENTS)


def _text() -> pl.Expr:
    time = pl.col("time").dt
    stamp = (
        pl.when(pl.col("resolution_us") == 1).then(time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).otherwise(time.strftime("%Y-%m-%dT%H:%M:%SZ"))
    )
    return pl.concat_str(stamp.fill_null("no time"), pl.lit(" "), "message", pl.col("several").fill_null(""))


def _attributes(rows: pl.DataFrame) -> pl.Expr:
    """JSON objects with sorted keys."""
    names = ["condition", "created", "reason", "replica_set", "reporter"]
    odd = rows.select(pl.col(names).str.contains(r'["\\\x00-\x1f]').any()).row(0, named=True)
    members: dict[str, pl.Expr] = {"combined": pl.when("combined").then(pl.lit('"combined":true'))}
    for name in names:
        text = pl.lit(_quoted(rows[name])) if odd[name] else '"' + pl.col(name) + '"'
        members[name] = pl.lit(f'"{name}":') + text
    return pl.format("{{{}}}", pl.concat_str([members[name] for name in sorted(members)], separator=",", ignore_nulls=True))


def _quoted(texts: pl.Series) -> pl.Series:
    return pl.Series([None if text is None else orjson.dumps(text).decode() for text in texts], dtype=pl.String)


def _columns(events: list[_Event]) -> pl.DataFrame:
    """What ``event_frame`` and ``occurrences`` ask for, whichever version of the API an event is of."""
    about = [event.involvedObject or event.regarding or _NOBODY for event in events]
    sources = [_source(event) for event in events]
    counts = [event.count or event.deprecatedCount or (event.series.count if event.series else None) for event in events]
    columns: dict[str, list[str | None]] = {
        "kind": [each.kind or "" for each in about],
        "namespace": [each.namespace for each in about],
        "name": [each.name or "" for each in about],
        "uid": [each.uid for each in about],
        "field_path": [each.fieldPath for each in about],
        "reason": [event.reason or "" for event in events],
        "message": [(event.message or event.note or "").rstrip("\n") for event in events],
        "reporter": [
            source.component or event.reportingComponent or event.reportingController or ""
            for source, event in zip(sources, events, strict=True)
        ],
        "host": [source.host for source in sources],
        "condition": [event.condition or event.status or None for event in events],
        "several": [f" (x{count})" if count and count > 1 else None for count in counts],
        "called": [event.metadata.name or event.id or "" for event in events],
        "first": [event.firstTimestamp or event.deprecatedFirstTimestamp or event.timestamp or None for event in events],
        "last": [event.lastTimestamp or event.deprecatedLastTimestamp or None for event in events],
        "exact": [event.eventTime or None for event in events],
        "created": [event.metadata.creationTimestamp or event.creationTimestamp or None for event in events],
        "series": [event.series.lastObservedTime or None if event.series else None for event in events],
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _source(event: _Event) -> _Source:
    told = event.source or event.deprecatedSource or _NOWHERE
    return _Source(told, event.host) if isinstance(told, str) else told
