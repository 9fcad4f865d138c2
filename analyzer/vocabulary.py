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
    RUNTIME_UNREACHABLE = "runtime_unreachable"  # kubelet: the runtime does not answer
    LOG_SUPPRESSED = "log_suppressed"  # journald: messages were dropped
    KUBELET_FLAG = "kubelet_flag"  # kubelet, at its start: 'FLAG: --x', 'Flag --x has been deprecated'
    KUBELET_VERSION = "kubelet_version"  # kubelet, at its start
    KUBELET_PART_STARTED = "kubelet_part_started"  # kubelet, at its start: 'Starting to sync pod status', 'Sending events' ...
    KUBELET_LISTENING = "kubelet_listening"  # kubelet, at its start; value = port
    KUBELET_FAILED = "kubelet_failed"  # kubelet: a fatal line, 'failed to run kubelet', a part that did not start
    KUBELET_ENDING = "kubelet_ending"  # kubelet: 'Update channel is closed', new configuration; on SIGTERM it says nothing
    RECOVERY_SKIPPED = "recovery_skipped"  # cAdvisor: 'Container discovery disabled'
    CONTAINER_FOUND = "container_found"  # cAdvisor: 'Added container' of a pod; while recovering: it ran already
    CONTAINER_CGROUP_GONE = "container_cgroup_gone"  # cAdvisor: 'Destroyed container' of a pod
    CONTAINER_UNREADABLE = "container_unreadable"  # cAdvisor: 'Failed to create existing container': it has a cgroup
    POD_CGROUP_FOUND = "pod_cgroup_found"  # cAdvisor: 'Added container' of a pod's own cgroup
    POD_CGROUP_GONE = "pod_cgroup_gone"  # cAdvisor: 'Destroyed container' of a pod's own cgroup
    RUNTIME_CONNECTED = "runtime_connected"  # kubelet, at its start: 'Connecting to docker', 'Container runtime initialized'
    RUNTIME_CONTAINERS = "runtime_containers"  # dockershim, at its start: 'Docker Info'; value = containers running, sandboxes too
    RUNTIME_UNHEALTHY = "runtime_unhealthy"  # kubelet: the runtime says it is not ready, or cannot be asked
    RUNTIME_CALLED = "runtime_called"  # kubelet at V(10): a call to the CRI, or its return
    SYNC_SKIPPED = "sync_skipped"  # kubelet: 'Skipping pod synchronization': alive, but it starts and kills nothing
    CLEANUP_SKIPPED = "cleanup_skipped"  # kubelet: not all sources have spoken: nothing unwanted is killed yet
    # the kubelet about its node, and the API server
    NODE_REGISTERING = "node_registering"  # 'Attempting to register node'
    NODE_REGISTERED = "node_registered"  # 'Successfully registered node': to 1.3 a new one only
    NODE_PREVIOUSLY_REGISTERED = "node_previously_registered"  # the API knew the node: no first start
    NODE_REGISTER_FAILED = "node_register_failed"
    NODE_RECREATED = "node_recreated"  # 'Deleted old node object': the cloud has given it another identity (to 1.7)
    NODE_STATUS_FAILED = "node_status_failed"  # one try of five; 'Unable to update node status': all five
    NODE_LEASE_FAILED = "node_lease_failed"  # the other heartbeat (1.13+)
    NODE_CONDITION = "node_condition"  # 'Recording NodeHasSufficientMemory event message' and others than Ready
    NODE_SET_READY = "node_set_ready"  # 'Fast updating node status as it just became ready'
    NODE_SET_NOT_READY = "node_set_not_ready"  # 'Node became not ready': most often right after a start
    NODE_SHUTDOWN = "node_shutdown"  # the shutdown manager (1.20+): the node goes down in order
    NODE_PRESSURE = "node_pressure"  # the eviction manager: a resource is short
    NODE_OOM = "node_oom"  # the kernel killed for want of memory
    API_UNREACHABLE = "api_unreachable"  # a call or a watch was lost: the kubelet goes on as it was told before
    API_REFUSED = "api_refused"  # the API server answers, and refuses
    API_WATCH_ENDED = "api_watch_ended"  # for any other reason; frequent
    # the kubelet about pods and containers
    POD_SOURCE = "pod_source"  # where pods come from: a folder, a URL, the API server, and when it is first asked
    POD_CONFIG = "pod_config"  # 'Setting pods for source', 'Receiving a new pod': all that 0.x and 1.0 tell
    POD_ADDED = "pod_added"  # first seen by this kubelet process; after each restart again
    POD_UPDATED = "pod_updated"  # spec or marks changed; to 1.3 a deletion mark too
    POD_RECONCILED = "pod_reconciled"  # only the status differs
    POD_RESTORED = "pod_restored"  # from a checkpoint (1.8 to 1.15)
    POD_DELETE_SEEN = "pod_delete_seen"  # the deletion mark has reached the kubelet
    POD_REMOVE_SEEN = "pod_remove_seen"  # the API object is gone
    PODS_SYNCED = "pods_synced"  # those whose turn it is; value = how many
    POD_PROBED = "pod_probed"  # a probe's verdict changed
    POD_REFUSED = "pod_refused"  # not valid, or not admitted
    POD_FIRST_SYNC = "pod_first_sync"  # its worker begins; after each restart again
    POD_SYNC_FAILED = "pod_sync_failed"
    POD_TERMINATING = "pod_terminating"  # its worker ends it, for the reason that the line tells
    POD_TERMINATED = "pod_terminated"  # a step of that is done: containers, volumes, cgroups, all
    POD_LINGERING = "pod_lingering"  # it has ended, but something of it is left
    POD_SHUTDOWN = "pod_shutdown"  # the shutdown manager kills it
    POD_EVICTED_BY_KUBELET = "pod_evicted_by_kubelet"  # for want of a resource, or for a critical pod; or that failed
    POD_STATUS_SENT = "pod_status_sent"  # to the API
    POD_STATUS_FAILED = "pod_status_failed"  # the API did not take it
    POD_STATUS_UNKNOWN = "pod_status_unknown"  # PLEG: the runtime could not tell what became of its containers
    POD_OBJECT_REMOVED = "pod_object_removed"  # the kubelet has taken the API object away: the end of a graceful deletion
    POD_OBJECT_GONE = "pod_object_gone"  # the API knows the pod no more
    POD_RECREATED = "pod_recreated"  # the API has another pod of that name, or of that uid (static pods)
    POD_MIRROR = "pod_mirror"  # the API object of a static pod: made, deleted
    POD_UNWANTED = "pod_unwanted"  # 'Killing unwanted pod'
    POD_ORPHANED = "pod_orphaned"  # its worker: runs without being wanted (1.22+, at V(4))
    POD_KILL_FAILED = "pod_kill_failed"
    POD_DIR_ORPHANED = "pod_dir_orphaned"  # a directory without a pod: no container
    POD_DIR_CLEANED = "pod_dir_cleaned"
    POD_CGROUP_ORPHANED = "pod_cgroup_orphaned"  # a cgroup without a pod
    POD_CGROUP_KILLING = "pod_cgroup_killing"  # what is left in it gets SIGKILL
    POD_CLEANUP = "pod_cleanup"  # a stage of the housekeeping, every 2 s
    POD_CLEANUP_FAILED = "pod_cleanup_failed"
    POD_SANDBOX_NEEDED = "pod_sandbox_needed"  # no sandbox found: the pod starts anew
    POD_SANDBOX_CHANGED = "pod_sandbox_changed"  # found, but of another spec, without an address, or two
    POD_SANDBOX_CREATING = "pod_sandbox_creating"
    POD_SANDBOX_CREATED = "pod_sandbox_created"  # the container id is the sandbox's
    POD_SANDBOX_STOPPING = "pod_sandbox_stopping"
    POD_SANDBOX_FAILED = "pod_sandbox_failed"
    POD_SEEN_CHANGED = "pod_seen_changed"  # PLEG: anything else
    CONTAINER_SEEN_RUNNING = "container_seen_running"  # PLEG ContainerStarted: not a start after a restart
    CONTAINER_SEEN_DEAD = "container_seen_dead"  # PLEG ContainerDied: when it was noticed
    CONTAINER_SEEN_REMOVED = "container_seen_removed"  # PLEG: it has ended before, and is gone now
    CONTAINER_FOUND_DEAD = "container_found_dead"  # PLEG at V(4): it had ended before this kubelet looked first
    CONTAINER_OF_UNKNOWN_POD = "container_of_unknown_pod"  # PLEG at V(4): of an orphan; in the first relist of any pod
    CONTAINER_CREATING = "container_creating"
    CONTAINER_START_FAILED = "container_start_failed"
    CONTAINER_RESTARTING = "container_restarting"  # and why: its spec's hash, a probe, dead; or that it must wait
    CONTAINER_KILLING = "container_killing"  # the kubelet asks the runtime to stop it
    CONTAINER_GRACE = "container_grace"  # with another grace period than the pod's; value = seconds
    CONTAINER_PRESTOP = "container_prestop"  # its hook runs, has run, has failed
    CONTAINER_KILLED = "container_killed"  # the runtime has stopped it as asked
    CONTAINER_KILL_FAILED = "container_kill_failed"
    CONTAINER_UNWANTED = "container_unwanted"  # 'Killing unwanted container': its pod is not wanted (to 0.14), or its spec has changed
    CONTAINER_UNKNOWN = "container_unknown"  # 'No ref for pod': killed, but never known to this process
    CONTAINER_NOT_IN_POD = "container_not_in_pod"  # "not found in pod's containers": most often a former sandbox
    CONTAINER_FOREIGN = "container_foreign"  # of no pod of this kubelet, or of another naming
    CONTAINER_STATE_STALE = "container_state_stale"  # cpumanager: of a pod that is gone
    CONTAINER_REMOVING = "container_removing"  # a dead one: no end of a life
    CONTAINER_REMOVE_FAILED = "container_remove_failed"  # often harmless: it was gone already
    VOLUME_MOUNTING = "volume_mounting"
    VOLUME_MOUNTED = "volume_mounted"
    VOLUME_FAILED = "volume_failed"
    VOLUME_UNMOUNTING = "volume_unmounting"
    VOLUME_UNMOUNTED = "volume_unmounted"
    VOLUME_ORPHANED = "volume_orphaned"  # of no pod (to 1.2)
    VOLUME_HELD = "volume_held"  # of no pod, but something of it runs (to 1.2)
    # the container runtime
    CONTAINER_CREATED = "container_created"
    CONTAINER_STARTED = "container_started"
    CONTAINER_SIGNALLED = "container_signalled"
    CONTAINER_DIED = "container_died"
    CONTAINER_STOPPED = "container_stopped"
    CONTAINER_DESTROYED = "container_destroyed"
    # the API: events, and the controller-manager's own log
    NODE_READY = "node_ready"
    NODE_NOT_READY = "node_not_ready"
    NODE_REBOOTED = "node_rebooted"
    NODE_KUBELET_STARTING = "node_kubelet_starting"  # event 'Starting kubelet.'
    POD_SCHEDULED = "pod_scheduled"
    POD_CREATED = "pod_created"  # by its controller
    POD_DELETED = "pod_deleted"  # by its controller (scale-down)
    POD_DELETE_ASKED = "pod_delete_asked"  # somebody asked the API to delete it
    POD_EVICTED = "pod_evicted"  # marked for deletion because of its node
    POD_EVICTION_CANCELLED = "pod_eviction_cancelled"
    POD_CONTAINER_STARTED = "pod_container_started"  # event Started: names the container, not always its id
    POD_CONTAINER_KILLING = "pod_container_killing"  # event Killing
    POD_CONTAINER_BACKOFF = "pod_container_backoff"
    DESIRED_REPLICAS = "desired_replicas"  # controller-manager: 'need N'; value = N
    REPLICA_SET_SCALED = "replica_set_scaled"  # event ScalingReplicaSet; value = new size
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
        "component": pl.String,  # kubelet, systemd, docker, containerd, api, controller-manager
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
        "how": pl.String,  # option, host field, containers, pods, folder
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
RUNTIME_STREAMS: Final = ("docker", "containerd")
"""Components that are a runtime's event stream: the truth of what ran."""
RUNTIME_LOG: Final = "runtime-log"
"""The component of what a runtime's daemon logs: told where the stream is silent."""
SANDBOX: Final = "POD"
"""The container name of a pod's sandbox (the pause container), as docker's names have it."""
TEXT_LIMIT: Final = 2000
