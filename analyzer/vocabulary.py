"""The words of the project: event kinds, finding kinds, and the columns of every table. One place.

Column names follow OpenTelemetry's ``k8s.*`` and ``container.*`` attributes, with dots as underscores.
Times are UTC with microseconds. Nothing here computes.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import polars as pl

from analyzer.event_kinds import EventKind as EventKind

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
"""A time outside of these is none that a log means, and no moment of an incident."""
TIME: Final[pl.DataType] = pl.Datetime("us", "UTC")


def _schema(columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.Schema:
    return pl.Schema(dict(columns))


class FindingKind(StrEnum):
    """The kinds of finding; each is defined in docs/findings.md."""

    KUBELET_OUTAGE = "kubelet-outage"
    NODE_UNREACHABLE = "node-unreachable"
    ORPHANED_CONTAINER = "orphaned-container"
    ADOPTION = "adoption"
    OVERSHOOT_WINDOW = "overshoot-window"
    UNDERSHOOT_WINDOW = "undershoot-window"
    IMBALANCE = "imbalance"
    DUPLICATE_CONTAINER = "duplicate-container"
    PHANTOM_POD = "phantom-pod"
    IGNORED_SIGTERM = "ignored-sigterm"
    EVIDENCE_GAP = "evidence-gap"
    CLOCK_SKEW = "clock-skew"


class Severity(StrEnum):
    """Ordered: critical before warning before info."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


class Confidence(StrEnum):
    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class SourceStatus(StrEnum):
    """What became of a source."""

    READ = "read"
    DUPLICATE = "duplicate"  # the same bytes as another source
    EMPTY = "empty"
    UNRECOGNISED = "unrecognised"  # no format knows it
    FAILED = "failed"  # recognised, but broken from the first byte on


SOURCES: Final = _schema(
    {
        "source_id": pl.String,  # first 16 hex digits of the SHA-256 of the decompressed content
        "source": pl.String,  # name inside the evidence, POSIX separators
        "root": pl.String,  # name of the PATH it was found under: may bear a node's name
        "sha256": pl.String,
        "size": pl.Int64,  # bytes, decompressed
        "format": pl.String,  # null: unrecognised
        "status": pl.String,  # SourceStatus
        "detail": pl.String,  # why, or what was assumed (year, zone)
        "node": pl.String,  # as the source itself says, or --node; null: see the attributions
        "records": pl.Int64,
        "events": pl.Int64,
        "objects": pl.Int64,
        "rejected": pl.Int64,
        "start": TIME,
        "end": TIME,
    }
)

RECORDS: Final = _schema(
    {
        "source_id": pl.String,
        "record": pl.Int64,  # 0-based ordinal in the source
        "line": pl.Int64,  # 1-based line of the (decompressed) source where the record begins; null in binary formats
        "offset": pl.Int64,  # byte offset of the record in the (decompressed) source
        "time": TIME,
        "resolution_us": pl.Int64,  # the written time may be this much before the true one
        "node": pl.String,  # the host as written; null if the format has none
        "unit": pl.String,  # systemd unit the line comes from, or (PID 1) speaks of
        "identifier": pl.String,  # syslog identifier: kubelet, systemd, dockerd ...
        "pid": pl.Int64,
        "boot_id": pl.String,
        "message": pl.String,
        "fields": pl.String,  # further fields of the record as a JSON object, or null
        "raw": pl.String,
    }
)

ACTIVITY: Final = _schema(
    {  # who wrote, from when to when: signs of life and coverage, one row per source and writer
        "source_id": pl.String,
        "node": pl.String,
        "identifier": pl.String,
        "pid": pl.Int64,
        "boot_id": pl.String,
        "records": pl.Int64,
        "first_time": TIME,
        "first_line": pl.Int64,
        "first_offset": pl.Int64,
        "first_text": pl.String,
        "last_time": TIME,
        "last_line": pl.Int64,
        "last_offset": pl.Int64,
        "last_text": pl.String,
        "resolution_us": pl.Int64,  # the coarsest of its records
        "pace_us": pl.Int64,  # the longest silence among its last records: how long it is usually quiet
        "verbosity": pl.Int64,  # the highest V level of which a line was seen (2 to 5; 5: or higher)
        "verbosity_text": pl.String,  # the first line of that level
    }
)

SILENCES: Final = _schema(
    {  # the longest stretches in which a kubelet, or all of a source, wrote nothing
        "source_id": pl.String,
        "node": pl.String,
        "identifier": pl.String,
        "pid": pl.Int64,
        "whole": pl.Boolean,  # of all that the source holds of the node; else of this process of a kubelet
        "last_time": TIME,  # the last record before
        "last_line": pl.Int64,
        "last_offset": pl.Int64,
        "last_text": pl.String,
        "first_time": TIME,  # the first one after
        "first_line": pl.Int64,
        "first_offset": pl.Int64,
        "first_text": pl.String,
        "floor_us": pl.Int64,  # what is shorter than this is not counted as a silence
    }
)

EVENTS: Final = _schema(
    {
        "source_id": pl.String,
        "record": pl.Int64,
        "line": pl.Int64,
        "offset": pl.Int64,
        "time": TIME,
        "resolution_us": pl.Int64,
        "kind": pl.String,  # EventKind
        "component": pl.String,  # kubelet, systemd, docker, containerd, podman, cri, runtime-log, api, controller-manager
        "node": pl.String,  # as written; resolved when the store is read
        "k8s_namespace_name": pl.String,
        "k8s_pod_name": pl.String,
        "k8s_pod_uid": pl.String,
        "k8s_container_name": pl.String,  # POD: the sandbox
        "container_id": pl.String,  # without scheme; 12 or 64 hex digits
        "controller": pl.String,  # KIND/NAME
        "pid": pl.Int64,
        "boot_id": pl.String,
        "value": pl.Int64,  # exit code, signal, replicas: as the kind says
        "message": pl.String,  # the same in every rendering of the same happening
        "attributes": pl.String,  # JSON object, or null
        "text": pl.String,  # the record as evidence: one line, at most 2,000 characters
    }
)

OBJECTS: Final = _schema(
    {
        "source_id": pl.String,
        "record": pl.Int64,
        "line": pl.Int64,
        "offset": pl.Int64,
        "kind": pl.String,
        "api_version": pl.String,
        "k8s_namespace_name": pl.String,
        "name": pl.String,
        "uid": pl.String,
        "resource_version": pl.String,
        "watch": pl.String,  # ADDED, MODIFIED, DELETED; null: a dump
        "document": pl.String,  # JSON
    }
)

REJECTS: Final = _schema(
    {
        "source_id": pl.String,
        "line": pl.Int64,
        "offset": pl.Int64,
        "reason": pl.String,
        "raw": pl.String,  # at most 2,000 characters
    }
)

ATTRIBUTIONS: Final = _schema(
    {
        "source_id": pl.String,
        "node": pl.String,
        "how": pl.String,  # option, host field, kubelet, containers, pods, folder, bundle, layout
    }
)

TABLES: Final[dict[str, pl.Schema]] = {
    "sources": SOURCES,
    "records": RECORDS,
    "activity": ACTIVITY,
    "silences": SILENCES,
    "events": EVENTS,
    "objects": OBJECTS,
    "rejects": REJECTS,
    "attributions": ATTRIBUTIONS,
}

APP_KINDS_WITH_REPLICAS: Final = frozenset({"ReplicationController", "ReplicaSet", "Deployment", "StatefulSet"})
RUNTIME_STREAMS: Final = ("docker", "containerd", "podman", "cri")
"""Components that are a runtime's event stream: the truth of what ran. Where several tell of one container, the first is taken:
docker's containers are also containerd's (of namespace 'moby'), and the CRI's event stream repeats the runtime's own."""
RUNTIME_LOG: Final = "runtime-log"
"""The component of what a runtime's daemon logs: told where the stream is silent."""
SANDBOX: Final = "POD"
"""The container name of a pod's sandbox (the pause container), as docker's names have it."""
TEXT_LIMIT: Final = 2000
