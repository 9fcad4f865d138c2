"""``crictl events``: what the CRI's GetContainerEvents streams (Kubernetes 1.26+, "evented PLEG"), as JSON objects.

``{containerId, containerEventType, createdAt (nanoseconds since 1970), podSandboxStatus, containersStatuses}``: protobuf's JSON, where
numbers of 64 bits are strings and what is zero may be absent (the type of a creation). Each event carries the statuses of all containers of
its pod as they were then: its own says the exit code. A sandbox is told of by its own id, without being among them.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import polars as pl

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.json_documents import Value, mostly, slices
from analyzer.formats.tables import Reject, packed, reject_frame, shaped, storable
from analyzer.vocabulary import RECORDS, SANDBOX, TIME

KINDS: Final = ("CONTAINER_CREATED_EVENT", "CONTAINER_STARTED_EVENT", "CONTAINER_STOPPED_EVENT", "CONTAINER_DELETED_EVENT")
"""In the order of their numbers, which an encoder may write instead."""

_SLICE: Final = 1000  # events that are held at a time: each has its whole pod with it
_LATEST: Final = 2**63 - 1

Row = tuple[int, int, str, int, str, str]
"""line, offset, raw, microseconds since 1970, message, fields."""


def _row(value: Value) -> Row:
    """ValueError: this is no event."""
    content = value.content
    if not isinstance(content, dict) or "containerId" not in content or not ({"podSandboxStatus", "containersStatuses"} & content.keys()):
        raise ValueError("no CRI event")
    kind, identity, created = content.get("containerEventType", KINDS[0]), content["containerId"], str(content.get("createdAt"))
    if isinstance(kind, int) and 0 <= kind < len(KINDS):
        kind = KINDS[kind]
    if kind not in KINDS or not isinstance(identity, str):
        raise ValueError("no CRI event")
    if not (created.isascii() and created.isdigit() and 0 < int(created) <= _LATEST):
        raise ValueError("no time")
    sandbox, statuses = _mapping(content.get("podSandboxStatus")), content.get("containersStatuses")
    pod = _mapping(sandbox.get("metadata"))
    own: dict[str, Any] = {}
    for status in statuses if isinstance(statuses, list) else []:
        if _mapping(status).get("id") == identity:
            own = status
    told = {
        "container": SANDBOX if sandbox.get("id") == identity else _mapping(own.get("metadata")).get("name"),
        "namespace": pod.get("namespace"),
        "pod": pod.get("name"),
        "sandbox": sandbox.get("id"),
        "uid": pod.get("uid"),
    }
    fields: dict[str, Any] = {key: text for key, text in told.items() if isinstance(text, str) and text}
    if own.get("state") == "CONTAINER_EXITED" or own.get("state") == 2:
        fields["exitCode"] = own.get("exitCode", 0)
    return value.line, value.offset, value.text, int(created) // 1000, storable(f"{kind} {identity}") or "", packed(fields)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


class CriEvents:
    """The output of ``crictl events``."""

    name = "cri-events"
    family = "cri"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first values are events."""
        return mostly(head, _is_event)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        first = 0
        for values, rejects in slices(stream, _SLICE):
            rows: list[Row] = []
            for value in values:
                try:
                    rows.append(_row(value))
                except ValueError as error:
                    rejects.append(Reject(value.line, value.offset, str(error), value.text))
            yield Batch(records=_frame(rows, first), rejects=reject_frame(rejects).sort("offset"))
            first += len(rows)


def _frame(rows: list[Row], first: int) -> pl.DataFrame:
    names = ("line", "offset", "raw", "time", "message", "fields")
    frame = pl.DataFrame(rows, schema={name: pl.Int64 if name == "time" else RECORDS[name] for name in names}, orient="row")
    return shaped(
        frame.with_columns(
            pl.col("time").cast(TIME),
            pl.int_range(first, first + frame.height, dtype=pl.Int64).alias("record"),
            pl.lit(1).alias("resolution_us"),
            pl.lit("cri").alias("identifier"),
        ),
        RECORDS,
    )


def _is_event(content: Any) -> bool:
    try:
        _row(Value(1, 0, "", content))
    except ValueError:
        return False
    return True


FORMAT = CriEvents()
