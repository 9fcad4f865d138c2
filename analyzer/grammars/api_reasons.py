"""What the reasons of Kubernetes' events mean: the kinds of event that a reason alone tells, by the kind of object it is about.

Reasons are folded to lower case: to 1.0 they were written so, CamelCase since. Those that say different things by their message
are not here (api_event).
"""

from collections.abc import Mapping
from typing import Final

from analyzer.vocabulary import EventKind as E

_NODE: Final[Mapping[E, str]] = {
    E.NODE_READY: "nodeready ready online",  # 'ready' 0.17, 'online' 0.14
    E.NODE_NOT_READY: "nodenotready not_ready unknown offline",
    E.NODE_REBOOTED: "rebooted",
    E.NODE_KUBELET_SETUP: "kubeletsetupfailed invaliddiskcapacity nodeallocatableenforced failednodeallocatableenforcement"
    " imagemanagerfailed",
    E.NODE_SHUTDOWN: "shutdown nodeshutdown",
    E.NODE_CORDONED: "nodenotschedulable unschedulable",
    E.NODE_UNCORDONED: "nodeschedulable schedulable",
    E.NODE_UNDER_PRESSURE: "nodehasdiskpressure nodehasinsufficientmemory nodehasmemorypressure nodehasinsufficientpid nodeoutofdisk"
    " outofdisk evictionthresholdmet systemoom freediskspacefailed",
    E.NODE_PRESSURE_RELIEVED: "nodehasnodiskpressure nodehassufficientmemory nodehassufficientpid nodehassufficientdisk",
    E.NODE_REGISTERED_AT_CONTROLLER: "registerednode",
    E.NODE_REMOVED_AT_CONTROLLER: "removingnode",
    E.NODE_DELETING: "deletingnode",
    E.NODE_EVICTION_STARTED: "deletingallpods",
    E.NODE_PODS_TERMINATED: "terminatedallpods",
    E.POD_FORCE_DELETED: "terminatingevictedpod",
}
_POD: Final[Mapping[E, str]] = {
    E.POD_SCHEDULE_FAILED: "failedscheduling",
    E.POD_EVICTED: "nodecontrollereviction",
    E.POD_NOT_READY: "nodenotready",
    E.POD_PREEMPTED: "preempted",
    E.POD_ENDED_BY_KUBELET: "evicted preempting deadlineexceeded deadline",
    E.POD_REJECTED: "hostportconflict nodeselectormismatching nodeaffinity capacityexceeded insufficientfreecpu insufficientfreememory"
    " outofdisk outofcpu outofmemory outofpods hostnetworknotsupported failedvalidation unexpectedadmissionerror nodeshutdown"
    " topologyaffinityerror failedadmission",
    E.POD_SANDBOX_CHANGED: "sandboxchanged infrachanged sandboxreceived",
    E.POD_SYNC_FAILED: "failedsync failedmount failedattachvolume failedmapvolume failedmountdevice failedcreatepodsandbox"
    " failedpodsandboxstatus failedcreatepodcontainer networknotready failedpreparedynamicresources",
    E.POD_KILL_FAILED: "failedkillpod",
    E.POD_GRACE_EXCEEDED: "exceededgraceperiod",
    E.POD_UNHEALTHY: "unhealthy",
    E.POD_IMAGE_PULLING: "pulling",
    E.POD_IMAGE_PULLED: "pulled",
    E.POD_CONTAINER_CREATED: "created",
    E.POD_CONTAINER_STARTED: "started",
    E.POD_CONTAINER_FAILED: "failed inspectfailed errimageneverpull failedpoststarthook failedprestophook unfinishedprestophook",
    E.POD_CONTAINER_KILLING: "killing",
    E.POD_CONTAINER_BACKOFF: "backoff",
}
_CONTROLLER: Final[Mapping[E, str]] = {
    E.POD_CREATE_FAILED: "failedcreate failedplacement failedrescheduling",
    E.POD_DELETE_FAILED: "faileddelete",
    E.POD_RECREATING: "recreatingfailedpod faileddaemonpod succeededdaemonpod",
}


def _by_reason(kinds: Mapping[E, str]) -> dict[str, E]:
    return {reason: kind for kind, reasons in kinds.items() for reason in reasons.split()}


_MEANINGS: Final = {"Node": _by_reason(_NODE), "Minion": _by_reason(_NODE), "Pod": _by_reason(_POD)}
_OF_CONTROLLERS: Final = _by_reason(_CONTROLLER)
_CONTROLLERS: Final = frozenset({"ReplicationController", "ReplicaSet", "StatefulSet", "PetSet", "DaemonSet", "Job"})


def meaning(about: str, reason: str) -> E | None:
    """What an event with this reason (folded) about an object of this kind tells; None: nothing that has a name here."""
    known = _OF_CONTROLLERS if about in _CONTROLLERS else _MEANINGS.get(about)
    return known.get(reason) if known else None
