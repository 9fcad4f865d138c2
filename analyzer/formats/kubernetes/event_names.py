"""Kinds of objects as renderings of events write them, or leave them out.

``kubectl get events`` of 1.14 and later prints ``pod/web-1``; must-gather's page and tables with columns of one's own print no kind.
Then it is taken from what says it beyond doubt: which component can have sent the event, and what about.
"""

from typing import Final

import polars as pl

KINDS: Final = {
    kind.lower(): kind
    for kind in (
        *("Pod", "Node", "ReplicationController", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"),
        *("HorizontalPodAutoscaler", "PodDisruptionBudget", "PersistentVolumeClaim", "PersistentVolume", "Service", "Namespace"),
    )
}
"""By the lower case, without the group that 1.14 and later write behind some (``replicaset.apps``)."""

_SENDERS: Final = {
    "replication-controller": "ReplicationController",
    "replicaset-controller": "ReplicaSet",
    "deployment-controller": "Deployment",
    "statefulset-controller": "StatefulSet",
    "daemonset-controller": "DaemonSet",
    "job-controller": "Job",
    "cronjob-controller": "CronJob",
    "taint-controller": "Pod",
}
"""Components that send events about one kind of object alone."""
_OF_PODS: Final = (
    r"(?i)^(?:killing|started|created|pulled|pulling|backoff|unhealthy|failedmount|failedsync|failedcreatepodsandbox|failedkillpod|"
    r"sandboxchanged|probeerror|evicted|preempting|networknotready|failedpoststarthook|failedprestophook|inspectfailed|exceededgraceperiod)$"
)
"""Reasons of the kubelet's events about pods (pkg/kubelet/events, 1.0 to 1.30); 'Failed' may be of either."""
_OF_NODES: Final = (
    r"(?i)^(?:node\w+|starting|rebooted|invaliddiskcapacity|imagegcfailed|containergcfailed|freediskspacefailed|evictionthresholdmet|"
    r"systemoom|kubeletsetupfailed|registerednode|removingnode|deletingnode|cidrnotavailable|cidrassignmentfailed)$"
)


def kind_written(text: str) -> str:
    """A kind in the API's own capitals."""
    return KINDS.get(text.partition(".")[0].lower(), text)


def inferred(reason: pl.Expr, reporter: pl.Expr, message: pl.Expr, name: pl.Expr) -> pl.Expr:
    """The kind of an event's object where it is not written; ``?`` where nothing says it."""
    about_node = message.str.starts_with(pl.lit("Node ") + name + " ")
    scheduled = (reason == "Scheduled") & message.str.contains(r"^Successfully assigned ")
    return (
        pl.when((reporter == "kubelet") & reason.str.contains(_OF_PODS))
        .then(pl.lit("Pod"))
        .when(reporter.is_in(["kubelet", "node-controller", "controllermanager"]) & (reason.str.contains(_OF_NODES) | about_node))
        .then(pl.lit("Node"))
        .when(scheduled | (reason == "FailedScheduling"))
        .then(pl.lit("Pod"))
        .otherwise(reporter.replace_strict(_SENDERS, default="?", return_dtype=pl.String))
        .fill_null("?")
    )
