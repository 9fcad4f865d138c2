"""The kubelet about pods: where they come from (config), SyncLoop, PLEG, its workers, their status.

A line about an ADD or a ContainerStarted is repeated after every restart of the kubelet: it tells that something was
seen, not that it began.
"""

import re
from collections.abc import Iterable

from analyzer.grammars.base import Fields, Rule, container_id, fields, integer, pod_columns
from analyzer.grammars.klog import Klog
from analyzer.grammars.klog_rules import KlogRule, pod, text, texts, told, told_of_pods
from analyzer.vocabulary import EventKind as E

# --- SyncLoop: to 1.20 'SyncLoop (ADD, "api"): "a_ns(uid), b_ns(uid)"', since 1.21 '"SyncLoop ADD" source="api" pods=[ns/a ns/b]'

_LOOPS = {
    "ADD": E.POD_ADDED,
    "UPDATE": E.POD_UPDATED,
    "REMOVE": E.POD_REMOVE_SEEN,
    "DELETE": E.POD_DELETE_SEEN,
    "RECONCILE": E.POD_RECONCILED,
    "RESTORE": E.POD_RESTORED,
}
_MARKED = re.compile(r'SyncLoop \(UPDATE(?:, "(?P<source>\w+)")?\): "(?P<pods>.*)"', re.DOTALL)
_MARKED_POD = re.compile(r"(?<![^_()\s,])(?P<pod>[^_()\s,]+_[^_()\s,:]+(?:\([^()]*\))?)(?::DeletionTimestamp=(?P<due>[0-9TZ:.+-]+))?")
_SYNC = re.compile(r"^SyncLoop \(SYNC\): (?P<total>\d+) pods; (?P<pods>.*)$", re.DOTALL)


def _update(line: Klog) -> Iterable[Fields]:
    """1.3 to 1.20 mark a pod that is to be deleted: 'a_ns(uid):DeletionTimestamp=...'; to 1.3 nothing else tells of a deletion."""
    match = _MARKED.match(line.message)
    for one in _MARKED_POD.finditer(match["pods"]) if match is not None else ():
        row = fields(E.POD_UPDATED, **pod_columns(one["pod"]))
        yield {**row, "attributes": {"deletionTimestamp": one["due"]}} if one["due"] else row


def _sync(line: Klog) -> Iterable[Fields]:
    """The pods whose turn it is, every second at V(4): one event, however many."""
    match = _SYNC.match(line.message)
    if match is not None:
        yield fields(E.PODS_SYNCED, value=integer(match["total"]))
    elif line.message == "SyncLoop (SYNC) pods":
        yield fields(E.PODS_SYNCED, value=integer(line.text("total")))


_PROBED = re.compile(r"^SyncLoop \(container unhealthy\): (?P<pod>\"[^\"]+\")")


# --- PLEG: 1.2 to 1.20 as Go syntax in text; since 1.21 'event=&{...}', since 1.28 JSON

_PLEG_KINDS = {
    "ContainerStarted": E.CONTAINER_SEEN_RUNNING,
    "ContainerDied": E.CONTAINER_SEEN_DEAD,
    "ContainerRemoved": E.CONTAINER_SEEN_REMOVED,
}
_PLEG_OLD = re.compile(
    r'^SyncLoop \(PLEG\): (?:"(?P<pod>[^"]*)", event: |ignore irrelevant event: )'
    r'&pleg\.PodLifecycleEvent\{ID:"(?P<uid>[^"]*)", Type:"(?P<type>\w+)", Data:(?:"(?P<id>[^"]*)"|[^}]*)'
)
_IGNORED = "SyncLoop (PLEG): pod does not exist, ignore irrelevant event"


def _pleg(line: Klog) -> Iterable[Fields]:
    """What a relist found changed. Of a pod that is not known (yet): an orphan, or the first relist after a start."""
    if match := _PLEG_OLD.match(line.message):
        kind, uid, identity, name, known = match["type"], match["uid"], match["id"], match["pod"], match["pod"] is not None
    elif line.message in ("SyncLoop (PLEG): event for pod", _IGNORED):
        event = line.struct("event")
        kind, uid, identity, name, known = event.get("Type"), event.get("ID"), event.get("Data"), line.text("pod"), line.message != _IGNORED
    else:
        return
    row = {**pod_columns(name), "k8s_pod_uid": uid or None, "container_id": container_id(identity)}
    if not kind:
        return
    if not known:
        yield fields(E.CONTAINER_OF_UNKNOWN_POD, **row, attributes={"event": kind})
    elif kind in _PLEG_KINDS:
        yield fields(_PLEG_KINDS[kind], **row)
    else:  # PodSync, ContainerChanged, NetworkSetupCompleted, NetworkFailed
        yield fields(E.POD_SEEN_CHANGED, **row, attributes={"event": kind})


_RELIST_OLD = re.compile(r"^GenericPLEG: (?P<uid>[^/\s]+)/(?P<id>[0-9a-f]+): (?P<old>\S+) -> (?P<new>\S+)$")


def _relist(line: Klog) -> Iterable[Fields]:
    """PLEG's relist at V(4): the only line of a container that runs when the kubelet starts, before its pod is known (1.21+).

    What is 'exited' when first seen has ended at any time before: that is no death noticed now.
    """
    if match := _RELIST_OLD.match(line.message):
        uid, identity, old, new = match.groups()
    elif line.message == "GenericPLEG":
        uid, identity, old, new = (line.text(key) or "" for key in ("podUID", "containerID", "oldState", "newState"))
    else:
        return
    row = {"k8s_pod_uid": uid or None, "container_id": container_id(identity)}
    if new == "running":
        yield fields(E.CONTAINER_SEEN_RUNNING, **row)
    elif old == "running" and new in ("exited", "non-existent"):
        yield fields(E.CONTAINER_SEEN_DEAD, **row)
    elif old == "non-existent" and new == "exited":
        yield fields(E.CONTAINER_FOUND_DEAD, **row)
    elif new == "non-existent":
        yield fields(E.CONTAINER_SEEN_REMOVED, **row)
    elif uid and new:
        yield fields(E.POD_SEEN_CHANGED, **row, attributes={"event": f"{old} -> {new}"})


_VOLUME_OF = re.compile(
    r"^(?:operationExecutor\.)?(?P<what>\w+(?:\.\w+)?) (?P<how>started|succeeded) for volume "
    r'.*? pod "[^"]*" \(UID: "(?P<uid>[^"]+)"\) *$',
    re.DOTALL,
)
_VOLUME_KINDS = {
    ("MountVolume", "started"): E.VOLUME_MOUNTING,
    ("MountVolume.SetUp", "succeeded"): E.VOLUME_MOUNTED,
    ("UnmountVolume", "started"): E.VOLUME_UNMOUNTING,
}


def _volume(line: Klog) -> Iterable[Fields]:
    """Its volumes follow a pod's ADD, at any verbosity: since 1.21 the first line that ties an adopted pod's name to its uid."""
    match = _VOLUME_OF.match(line.message)
    if match is None:
        return
    row = {**pod(line), "k8s_pod_uid": match["uid"]}  # in the text stands the bare name, or once more the uid
    if match["what"] == "VerifyControllerAttachedVolume" and match["how"] == "started" and line.structured and "pod" in line.values:
        yield fields(E.POD_ADDED, **row)
    elif kind := _VOLUME_KINDS.get((match["what"], match["how"])):
        yield fields(kind, **row)


_TORN_DOWN = re.compile(
    r'^UnmountVolume\.TearDown succeeded for volume .*?\(OuterVolumeSpecName: "[^"]*"\) pod "(?P<uid>[0-9a-f-]{32,36})" \(UID: "[^"]*"\)',
    re.DOTALL,
)


def _torn_down(line: Klog) -> Iterable[Fields]:
    """The only name that it gives is the uid, twice."""
    match = _TORN_DOWN.match(line.message)
    if match is not None:
        yield fields(E.VOLUME_UNMOUNTED, k8s_pod_uid=match["uid"])


_SYNC_ERROR = re.compile(r'^Error syncing pod (?P<uid>[0-9a-f-]{32,36})(?: \("(?P<pod>[^"]+)"\))?, skipping')
_RECREATED = re.compile(
    r'^Pod "(?P<pod>[^"]+)" was deleted and then recreated, skipping status update(?:; old UID "(?P<uid>[^"]+)", new UID "(?P<new>[^"]+)")?'
)
_QUOTED_POD = r'"(?P<pod>[^"]+)"'

RULES: tuple[KlogRule, ...] = (
    Rule("SyncLoop (PLEG)", _pleg),
    Rule("GenericPLEG", _relist),
    Rule("SyncLoop (UPDATE", _update),
    *(
        text(f"SyncLoop ({word}", rf'^SyncLoop \({word}(?:, "\w+")?\): "(?P<pods>.*)"', kind)
        for word, kind in _LOOPS.items()
        if word != "UPDATE"
    ),
    *(rule for word, kind in _LOOPS.items() if word != "RESTORE" for rule in told_of_pods(kind, f"SyncLoop {word}")),
    Rule("SyncLoop (SYNC)", _sync),
    *(
        Rule(f"{words} for volume ", _volume)
        for words in (
            "VerifyControllerAttachedVolume started",
            "MountVolume started",
            "MountVolume.SetUp succeeded",
            "UnmountVolume started",
        )
    ),
    Rule("UnmountVolume.TearDown succeeded", _torn_down),
    text("SyncLoop (container unhealthy): ", _PROBED.pattern, E.POD_PROBED),
    *told(E.POD_PROBED, "SyncLoop (probe)", keep=("probe", "status")),
    *texts(
        ("Container readiness changed", "Container startup changed"),
        r'^Container (?:readiness|startup) changed (?:before pod has synced|for unknown container): "(?P<pod>[^"]+)" - "(?P<id>[^"]+)"',
        E.POD_PROBED,
    ),
    *told(E.POD_PROBED, "Container readiness changed before pod has synced", "Container readiness changed for unknown container"),
    *told(E.POD_PROBED, "Container startup changed before pod has synced", "Container startup changed for unknown container"),
    text("PLEG: Ignoring events for pod ", r"^PLEG: Ignoring events for pod (?P<pod>[^/\s]+)/", E.POD_STATUS_UNKNOWN),
    text("failed reinspection", r"^PLEG: pod (?P<pod>[^/\s]+)/\S+ failed reinspection", E.POD_STATUS_UNKNOWN),
    *told(E.POD_STATUS_UNKNOWN, "PLEG: Ignoring events for pod", "PLEG: pod failed reinspection"),
    text(
        "Evented PLEG",
        r"^Evented PLEG: (?:Failed to get container events|error generating pod status|Event channel is full)",
        E.POD_STATUS_UNKNOWN,
    ),
    text("Fall back to Generic PLEG", r"^Fall back to Generic PLEG relisting", E.POD_STATUS_UNKNOWN),
    text("Received Container ", r"^Received Container (?P<event>Created|Started|Stopped|Deleted) Event$", E.POD_SEEN_CHANGED),
    # where pods come from: all that 0.x to 1.0 tells of them, at V(4)
    text("pods for source ", r"^(?:Setting|Restoring) pods for source (?P<source>\w+)", E.POD_CONFIG),
    text("pods from source ", r"^(?:Adding new|Updating|Removing|Graceful deleting) pods from source (?P<source>\w+)", E.POD_CONFIG),
    text("Removing a pod ", r"^Removing a pod ", E.POD_CONFIG),
    text("Receiving a new pod ", rf"^Receiving a new pod {_QUOTED_POD}", E.POD_CONFIG),
    *told(E.POD_CONFIG, "Receiving a new pod", "Setting pods for source", keep=("source",)),
    *told_of_pods(
        E.POD_CONFIG,
        "Adding new pods from source",
        "Updating pods from source",
        "Removing pods from source",
        "Gracefully deleting pods from source",
        keep=("source",),
    ),
    text("ontainers changed", r"^(?:(?:SET|Update): )?Containers changed", E.POD_CONFIG),
    text("with UID: ", r'^pod with UID: "(?P<uid>[^"]+)" (?:has a new spec|stay with the same spec)', E.POD_CONFIG),
    text("failed validation", r"^Pod ?\[?\d+\]? \((?P<pod>[^)]+)\) from (?P<source>\w+) failed validation", E.POD_REFUSED),
    text("already allocated, ignoring", rf"^Pod {_QUOTED_POD}: HostPort is already allocated, ignoring", E.POD_REFUSED),
    text("has conflicting ports", r"^Pod (?P<pod>\S+) has conflicting ports, ignoring", E.POD_REFUSED),
    text("ailed to admit pod", r"^Failed to admit pod (?P<pod>\S+\)) - ", E.POD_REFUSED),
    *told(
        E.POD_REFUSED,
        "Failed to admit pod",
        "Failed to admit pod to node",
        "Pod failed validation due to duplicate pod name, ignoring",
        "Predicate failed on Pod",
    ),
    text("Predicate failed on Pod: ", r"^Predicate failed on Pod: (?P<pod>[^\s(]+\([^)]*\))", E.POD_REFUSED),
    # what its worker does (1.22+; the tasks of a termination at V(3) and V(4))
    *told(E.POD_FIRST_SYNC, "Pod is being synced for the first time"),
    *told(
        E.POD_TERMINATING,
        "Pod is marked for graceful deletion, begin teardown",
        "Pod is being removed by the kubelet, begin teardown",
        "Pod is being evicted by the kubelet, begin teardown",
        "Pod is in a terminal phase (success/failed), begin teardown",
        "Pod worker has observed request to terminate",
        "Pod indicated lifecycle completed naturally and should now terminate",
        "Pod terminating with grace period",
        "Pod has been deleted and must be killed",
        "Pod is not runnable and must have running containers stopped",
        keep=("gracePeriod",),
    ),
    text(
        "pending termination",
        rf"^(?:marking pod pending termination {_QUOTED_POD}|pod \"(?P<uid>[^\"]+)\" is pending termination)",
        E.POD_TERMINATING,
    ),
    *told(
        E.POD_ORPHANED,
        "Pod is orphaned and must be torn down",
        "Orphaned running pod terminating without grace period",
        "Pod is orphaned and still running, began terminating",
        "Pod is orphaned and still terminating, notified the pod worker",
        "Pod is orphaned and has not been started",
    ),
    *told(
        E.POD_TERMINATED,
        "Pod terminated all containers successfully",
        "Pod terminated all orphaned containers successfully and worker can now stop",
        "Pod termination stopped all running containers",
        "Pod termination stopped all running orphan containers",
        "Pod termination stopped all running orphaned containers",
        "Post-termination container state",
        "Pod termination unmounted volumes",
        "Pod termination removed cgroups",
        "Pod termination cleaned up volume paths",
        "Pod is terminated and will need no more status updates",
        "Pod is terminated and all resources are reclaimed",
        "Pod is complete and the worker can now stop",
        "Pod is finished processing, no further updates",
        "Pod never started and the worker can now stop",
        "Pod worker has stopped",
        "Pod has been terminated and is no longer known to the kubelet, remove all history",
        keep=("containers",),
    ),
    text("is terminated, but some ", rf"^Pod {_QUOTED_POD} is terminated, but some (?:containers|pods|volumes)", E.POD_LINGERING),
    text(
        "is terminated, but pod cgroup",
        rf"^Pod {_QUOTED_POD} is terminated, but pod cgroup sandbox has not been cleaned up",
        E.POD_LINGERING,
    ),
    *told(
        E.POD_LINGERING,
        "Pod is terminated, but some containers are still running",
        "Pod is terminated, but some container status has not yet been reported",
        "Pod is terminated, but some volumes have not been cleaned up",
        "Pod is terminated, but pod cgroup sandbox has not been cleaned up",
    ),
    text("fully terminated and removed from etcd", rf"^Pod {_QUOTED_POD} fully terminated and removed from etcd", E.POD_OBJECT_REMOVED),
    text("Removing Pod ", rf"^Removing Pod {_QUOTED_POD} from etcd", E.POD_OBJECT_REMOVED),
    *told(E.POD_OBJECT_REMOVED, "Pod fully terminated and removed from etcd"),
    text("does not exist on the server", r'^Pod "(?P<pod>[^"]+)"(?: \([^)]*\))? does not exist on the server', E.POD_OBJECT_GONE),
    text("was deleted on the server", rf"^Pod {_QUOTED_POD} was deleted on the server", E.POD_OBJECT_GONE),
    *told(E.POD_OBJECT_GONE, "Pod does not exist on the server"),
    text("was deleted and then recreated", _RECREATED.pattern, E.POD_RECREATED),
    *told(
        E.POD_RECREATED,
        "Pod was deleted and then recreated, skipping status update",
        "Pod is restartable after termination due to UID reuse",
        "Pod is restartable after termination due to UID reuse, but pod phase is terminal",
        "Pod is terminating but has been requested to restart with same UID, will be reconciled later",
        "Pod has been terminated but another pod with the same UID was created, remove history to allow restart",
        "Pod will be restarted because it is in the desired set and not known to the pod workers (likely due to UID reuse)",
        keep=("oldPodUID",),
    ),
    text("updated successfully", rf"^Status for pod {_QUOTED_POD} updated successfully", E.POD_STATUS_SENT),
    *told(E.POD_STATUS_SENT, "Status for pod updated successfully", keep=("statusVersion",)),
    *told(E.POD_STATUS_FAILED, "Failed to update status for pod"),
    text("Failed to update", r'^Failed to update(?:d pod status| status for pod "(?P<pod>[^"]+)"): ', E.POD_STATUS_FAILED),
    text("Error syncing pod, skipping", r"^Error syncing pod, skipping: ", E.POD_SYNC_FAILED),
    text("Couldn't sync containers", r"^Couldn't sync containers", E.POD_SYNC_FAILED),
    text("Error syncing pod ", _SYNC_ERROR.pattern, E.POD_SYNC_FAILED),
    *told(E.POD_SYNC_FAILED, "Error syncing pod, skipping"),
    text("mount volumes for pod ", r'^Unable to (?:attach or )?mount volumes for pod "(?P<pod>[^"]+)": ', E.VOLUME_FAILED),
    *told(E.VOLUME_FAILED, "Unable to attach or mount volumes for pod; skipping pod"),
)
