"""What a record can be understood to say."""

from enum import StrEnum


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
    NODE_SHUTDOWN = "node_shutdown"  # the shutdown manager (1.20+): the node goes down in order; also told as an event
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
    POD_SYNC_FAILED = "pod_sync_failed"  # also told as an event
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
    POD_KILL_FAILED = "pod_kill_failed"  # also told as an event
    POD_DIR_ORPHANED = "pod_dir_orphaned"  # a directory without a pod: no container
    POD_DIR_CLEANED = "pod_dir_cleaned"
    POD_CGROUP_ORPHANED = "pod_cgroup_orphaned"  # a cgroup without a pod
    POD_CGROUP_KILLING = "pod_cgroup_killing"  # what is left in it gets SIGKILL
    POD_CLEANUP = "pod_cleanup"  # a stage of the housekeeping, every 2 s
    POD_CLEANUP_FAILED = "pod_cleanup_failed"
    POD_SANDBOX_NEEDED = "pod_sandbox_needed"  # no sandbox found: the pod starts anew
    POD_SANDBOX_CHANGED = "pod_sandbox_changed"  # found, but of another spec, without an address, or two; also told as an event
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
    CONTAINER_KILLING = "container_killing"  # the kubelet asks the runtime to stop it; value = seconds of grace
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
    # the API: events, and the logs of the controller-manager and the scheduler
    NODE_READY = "node_ready"
    NODE_NOT_READY = "node_not_ready"
    NODE_REBOOTED = "node_rebooted"
    NODE_KUBELET_STARTING = "node_kubelet_starting"  # event 'Starting kubelet.'
    NODE_KUBELET_SETUP = "node_kubelet_setup"  # event: what a kubelet reports while it starts (disk capacity, cgroups, setup failed)
    NODE_CORDONED = "node_cordoned"  # event: closed to new pods
    NODE_UNCORDONED = "node_uncordoned"
    NODE_UNDER_PRESSURE = "node_under_pressure"  # event: memory, disk or process ids run out
    NODE_PRESSURE_RELIEVED = "node_pressure_relieved"  # event: enough of them; said at each start of a kubelet too
    NODE_HEARTBEAT_MISSED = "node_heartbeat_missed"  # controller-manager: no heartbeat for longer than the grace; value = seconds
    CONTROL_PLANE_FLAG = "control_plane_flag"  # controller-manager, API server: 'FLAG: --x' of those that tell how long they wait
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
