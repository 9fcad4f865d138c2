"""The words of the project: event kinds, finding kinds, and the columns of every table. One place.

Column names follow OpenTelemetry's ``k8s.*`` and ``container.*`` attributes, with dots as underscores.
Times are UTC with microseconds. Nothing here computes.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import polars as pl

TIME: Final[pl.DataType] = pl.Datetime("us", "UTC")


def _schema(columns: Mapping[str, pl.DataType | type[pl.DataType]]) -> pl.Schema:
    return pl.Schema(dict(columns))


class EventKind(StrEnum):
    """What a record was understood to say. The comment names who says it."""

    # systemd about the kubelet's unit, and the kubelet about itself
    KUBELET_STARTED = "kubelet_started"  # systemd: the process was forked
    KUBELET_STOPPING = "kubelet_stopping"  # systemd: a stop was asked for
    KUBELET_DEACTIVATED = "kubelet_deactivated"  # systemd: the main process has ended, cleanly
    KUBELET_EXITED = "kubelet_exited"  # systemd: the main process has ended, otherwise
    KUBELET_STOPPED = "kubelet_stopped"  # systemd: the unit's job is done (after a kill: only at the restart)
    KUBELET_READY = "kubelet_ready"  # kubelet: 'Started kubelet', 'Starting kubelet main sync loop'
    RECOVERY_STARTED = "recovery_started"  # cAdvisor: 'Starting recovery of all containers'
    RECOVERY_COMPLETED = "recovery_completed"  # cAdvisor: 'Recovery completed'
    RUNTIME_STARTED = "runtime_started"  # systemd about docker, containerd, crio
    RUNTIME_STOPPED = "runtime_stopped"
    RUNTIME_STARTING = "runtime_starting"  # the daemon about itself: its process has begun
    RUNTIME_READY = "runtime_ready"  # ... it answers
    RUNTIME_RESTORED = "runtime_restored"  # ... it has taken stock of the containers that it left
    RUNTIME_STOPPING = "runtime_stopping"  # ... it was asked to stop, or has done so
    RUNTIME_UNREACHABLE = "runtime_unreachable"  # kubelet: the runtime does not answer
    LOG_SUPPRESSED = "log_suppressed"  # journald: messages were dropped
    # the kubelet about pods and containers
    POD_ADDED = "pod_added"  # first seen by this kubelet process; after each restart again
    POD_DELETE_SEEN = "pod_delete_seen"  # the deletion mark has reached the kubelet
    POD_REMOVE_SEEN = "pod_remove_seen"  # the API object is gone
    POD_UNWANTED = "pod_unwanted"  # 'Killing unwanted pod'
    POD_SANDBOX_NEEDED = "pod_sandbox_needed"  # no sandbox found: the pod starts anew
    CONTAINER_SEEN_RUNNING = "container_seen_running"  # PLEG ContainerStarted: not a start after a restart
    CONTAINER_SEEN_DEAD = "container_seen_dead"  # PLEG ContainerDied: when it was noticed
    CONTAINER_KILLING = "container_killing"  # the kubelet asks the runtime to stop it
    CONTAINER_UNKNOWN = "container_unknown"  # 'No ref for pod': killed, but never known to this process
    # the container runtime
    CONTAINER_CREATED = "container_created"
    CONTAINER_STARTED = "container_started"
    CONTAINER_SIGNALLED = "container_signalled"
    CONTAINER_DIED = "container_died"
    CONTAINER_STOPPED = "container_stopped"
    CONTAINER_DESTROYED = "container_destroyed"
    # the API: events, and the logs of the controller-manager and the scheduler
    NODE_READY = "node_ready"
    NODE_NOT_READY = "node_not_ready"
    NODE_REBOOTED = "node_rebooted"
    NODE_KUBELET_STARTING = "node_kubelet_starting"  # event 'Starting kubelet.'
    NODE_KUBELET_SETUP = "node_kubelet_setup"  # event: what a kubelet reports while it starts (disk capacity, cgroups, setup failed)
    NODE_SHUTDOWN = "node_shutdown"  # event: the kubelet heard that its machine shuts down, or does not after all
    NODE_CORDONED = "node_cordoned"  # event: closed to new pods
    NODE_UNCORDONED = "node_uncordoned"
    NODE_UNDER_PRESSURE = "node_under_pressure"  # event: memory, disk or process ids run out
    NODE_PRESSURE_RELIEVED = "node_pressure_relieved"  # event: enough of them; said at each start of a kubelet too
    NODE_HEARTBEAT_MISSED = "node_heartbeat_missed"  # controller-manager: no heartbeat for longer than the grace; value = seconds
    NODE_NEVER_UPDATED = "node_never_updated"  # controller-manager: a condition that no kubelet has ever written
    NODE_CONDITION_CHANGED = "node_condition_changed"  # controller-manager: it found another Ready condition than it knew
    NODE_REGISTERED_AT_CONTROLLER = "node_registered_at_controller"  # at each start of the controller for every node: no join
    NODE_REMOVED_AT_CONTROLLER = "node_removed_at_controller"  # its object is gone
    NODE_DELETING = "node_deleting"  # the control plane deletes its object: the cloud has no such machine
    NODE_TAINT_QUEUED = "node_taint_queued"  # controller-manager: it will be tainted as unreachable or not ready
    NODE_TAINT_DROPPED = "node_taint_dropped"  # controller-manager: ready again before it was
    NODE_TAINTS_SEEN = "node_taints_seen"  # taint manager: its taints that evict, as of now
    NODE_EVICTION_STARTED = "node_eviction_started"  # its pods are to be deleted
    NODE_EVICTION_CANCELLED = "node_eviction_cancelled"
    NODE_EVICTION_LIMITED = "node_eviction_limited"  # evictions wait for the rate limit
    NODE_PODS_NOT_READY = "node_pods_not_ready"  # controller-manager: it marks all its pods not ready
    NODE_PODS_TERMINATING = "node_pods_terminating"  # controller-manager: marked, and not yet gone
    NODE_PODS_TERMINATED = "node_pods_terminated"  # controller-manager: all are gone from the API, not from the node
    MASTER_DISRUPTION = "master_disruption"  # controller-manager: all nodes are lost, or no more: evictions rest meanwhile
    ZONE_STATE = "zone_state"  # controller-manager: how many of a zone's nodes are lost
    POD_SCHEDULING = "pod_scheduling"  # scheduler: it tries
    POD_SCHEDULED = "pod_scheduled"
    POD_SCHEDULE_FAILED = "pod_schedule_failed"
    POD_QUEUED = "pod_queued"  # scheduler: a pod without a node has come
    POD_GONE = "pod_gone"  # scheduler: the object of a pod with a node is gone
    POD_CREATED = "pod_created"  # by its controller
    POD_CREATE_FAILED = "pod_create_failed"  # by its controller
    POD_RECREATING = "pod_recreating"  # its controller found it failed, and makes it anew
    POD_DELETING = "pod_deleting"  # controller-manager: its controller is about to ask for its deletion
    POD_DELETED = "pod_deleted"  # by its controller (scale-down)
    POD_DELETE_FAILED = "pod_delete_failed"  # by its controller
    POD_DELETE_ASKED = "pod_delete_asked"  # somebody asked the API to delete it
    POD_EVICTED = "pod_evicted"  # marked for deletion because of its node
    POD_EVICTION_DUE = "pod_eviction_due"  # taint manager: what it tolerates ends, or it tolerates too little
    POD_EVICTION_CANCELLED = "pod_eviction_cancelled"
    POD_STILL_TERMINATING = "pod_still_terminating"  # controller-manager: its grace period runs
    POD_ABANDONED = "pod_abandoned"  # pod collector: its node is gone or out of service
    POD_FORCE_DELETED = "pod_force_deleted"  # the control plane removed its object; its node has confirmed nothing
    POD_PREEMPTED = "pod_preempted"  # scheduler: gives way to another
    POD_NOT_READY = "pod_not_ready"  # the control plane marked it not ready: its node is not
    POD_ENDED_BY_KUBELET = "pod_ended_by_kubelet"  # event: evicted for resources, preempted, past its deadline
    POD_REJECTED = "pod_rejected"  # event: the kubelet did not take it
    POD_SANDBOX_CHANGED = "pod_sandbox_changed"  # event: its sandbox was lost, all its containers are made anew
    POD_SYNC_FAILED = "pod_sync_failed"  # event: the kubelet cannot bring it up (volumes, network, sandbox)
    POD_KILL_FAILED = "pod_kill_failed"  # event: the kubelet could not stop it
    POD_GRACE_EXCEEDED = "pod_grace_exceeded"  # event: it did not end in time
    POD_UNHEALTHY = "pod_unhealthy"  # event: a probe failed
    POD_IMAGE_PULLING = "pod_image_pulling"  # event
    POD_IMAGE_PULLED = "pod_image_pulled"  # event
    POD_CONTAINER_CREATED = "pod_container_created"  # event Created
    POD_CONTAINER_STARTED = "pod_container_started"  # event Started: names the container, not always its id
    POD_CONTAINER_FAILED = "pod_container_failed"  # event: no image, not created, not started, or its hook failed
    POD_CONTAINER_KILLING = "pod_container_killing"  # event Killing
    POD_CONTAINER_BACKOFF = "pod_container_backoff"
    DESIRED_REPLICAS = "desired_replicas"  # controller-manager: 'need N'; value = N
    REPLICAS_OFF = "replicas_off"  # controller-manager: too few or too many, without a word of how many are wanted
    REPLICAS_CHANGED = "replicas_changed"  # controller-manager: another number is asked for; value = that
    REPLACEMENT_WAITS = "replacement_waits"  # controller-manager: a StatefulSet waits for a pod to end
    REPLICA_SET_SCALED = "replica_set_scaled"  # event ScalingReplicaSet; value = new size
    PODS_COLLECTED = "pods_collected"  # pod collector: it deletes so many; value = how many
    API_EVENT = "api_event"  # any other Kubernetes event


class FindingKind(StrEnum):
    """The kinds of finding; each is defined in docs/findings.md."""

    KUBELET_OUTAGE = "kubelet-outage"
    NODE_UNREACHABLE = "node-unreachable"
    ORPHANED_CONTAINER = "orphaned-container"
    ADOPTION = "adoption"
    OVERSHOOT_WINDOW = "overshoot-window"
    UNDERSHOOT_WINDOW = "undershoot-window"
    IMBALANCE = "imbalance"


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
        "first_text": pl.String,
        "last_time": TIME,
        "last_line": pl.Int64,
        "last_text": pl.String,
        "resolution_us": pl.Int64,  # the coarsest of its records
        "pace_us": pl.Int64,  # the longest silence among its last records: how long it is usually quiet
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
        "how": pl.String,  # option, host field, containers, pods, folder, bundle, layout
    }
)

TABLES: Final[dict[str, pl.Schema]] = {
    "sources": SOURCES,
    "records": RECORDS,
    "activity": ACTIVITY,
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
