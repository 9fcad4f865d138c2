"""Which kind of object a table is of, by its columns: those of ``kubectl get`` and of the API's own ``Table`` are the same."""

from collections.abc import Collection
from typing import Final

_KINDS: Final[tuple[tuple[str, set[str], set[str]], ...]] = (  # columns that the table has, and that it has not; the first that fits
    ("Pod", {"READY", "STATUS", "RESTARTS"}, set()),
    ("Pod", {"READY", "REASON", "RESTARTS"}, set()),  # 0.18 to 1.0
    ("Pod", {"POD", "CONTAINER(S)", "HOST"}, set()),  # to 0.17
    ("Node", {"STATUS", "ROLES", "VERSION"}, set()),
    ("Node", {"STATUS", "AGE", "VERSION"}, set()),  # 1.6
    ("Node", {"STATUS", "AGE", "EXTERNAL-IP"}, set()),  # -o wide, 1.4
    ("Deployment", {"UP-TO-DATE", "AVAILABLE"}, {"NODE SELECTOR", "NODE-SELECTOR"}),
    ("DaemonSet", {"DESIRED", "CURRENT", "NODE SELECTOR"}, set()),
    ("DaemonSet", {"DESIRED", "CURRENT", "NODE-SELECTOR"}, set()),  # to 1.9
    ("ReplicationController", {"CONTROLLER", "CONTAINER(S)", "REPLICAS"}, set()),  # to 1.1
    ("Job", {"COMPLETIONS"}, set()),
    ("CronJob", {"SCHEDULE", "SUSPEND"}, set()),
    ("Service", {"CLUSTER-IP", "PORT(S)"}, set()),
    ("Service", {"SELECTOR", "IP(S)", "PORT(S)"}, set()),  # to 1.0
    ("Endpoints", {"ENDPOINTS"}, set()),
    ("PersistentVolumeClaim", {"STATUS", "VOLUME", "CAPACITY"}, set()),
    ("PersistentVolume", {"CAPACITY", "RECLAIM POLICY"}, set()),
    ("Event", {"REASON", "MESSAGE", "OBJECT"}, set()),
    ("Event", {"KIND", "REASON", "MESSAGE"}, set()),  # to 0.6, without any time
    ("?", {"DESIRED", "CURRENT"}, set()),  # ReplicationController, ReplicaSet and StatefulSet have the same columns
    ("?", {"NAME", "READY", "AGE"}, {"STATUS"}),
    ("?", {"NAME", "STATUS", "AGE"}, set()),  # of 1.2 to 1.5, nodes and namespaces
    ("?", {"NAME", "LABELS", "STATUS"}, set()),  # the same of 1.0
)
_STATES: Final = {"Ready": "Node", "NotReady": "Node", "Active": "Namespace"}
_SHORT: Final = {
    "po": "Pod", "pod": "Pod", "no": "Node", "node": "Node",
    "rc": "ReplicationController", "replicationcontroller": "ReplicationController",
    "rs": "ReplicaSet", "replicaset": "ReplicaSet", "deploy": "Deployment", "deployment": "Deployment", "ds": "DaemonSet",
    "daemonset": "DaemonSet", "statefulset": "StatefulSet", "job": "Job", "cronjob": "CronJob", "svc": "Service", "service": "Service",
}  # fmt: skip


def kind_of(columns: Collection[str]) -> str | None:
    """The kind of a table with these columns (in capitals); ``?``: several kinds have them; None: no table of objects."""
    return next((kind for kind, has, lacks in _KINDS if has <= set(columns) and not lacks & set(columns)), None)


def kind_of_row(kind: str, name: str, status: str) -> tuple[str, str]:
    """Kind and bare name of a row: ``kubectl get all`` writes ``pod/web-1``, and of some a status tells them apart."""
    prefix, slash, bare = name.rpartition("/")
    if slash:
        return _SHORT.get(prefix.partition(".")[0], "?"), bare
    return (_STATES.get(status.partition(",")[0], kind) if kind == "?" else kind), name
