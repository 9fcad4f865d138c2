"""The kube-controller-manager's log: desired replicas, evictions, node health, and the events that it sent.

Deletions of 1.0 leave no event: 'Delete pod x' (nodecontroller.go) is then the only trace of an eviction.
"""

import re
from collections.abc import Iterable

import polars as pl

from analyzer.grammars.api_event import event_columns
from analyzer.grammars.base import Fields, Rule, fields, integer, pod_columns
from analyzer.grammars.klog import Klog
from analyzer.grammars.kubelet import KlogRule, structured, text, understand_klog
from analyzer.vocabulary import EventKind as E

_REPLICAS = re.compile(r'^Too (?:few|many) "(?P<ns>[^"]+)"/"(?P<name>[^"]+)" replicas, need (?P<need>\d+)(?:, creating (?P<creating>\d+))?')
_REPLICAS_FOR = re.compile(
    r"^Too (?:few|many) replicas for (?P<kind>\w+) (?P<ns>[^/\s]+)/(?P<name>[^,\s]+), need (?P<need>\d+)(?:, creating (?P<creating>\d+))?"
)
_KIND_OF_FILE = {"replication_controller.go": "ReplicationController", "replica_set.go": "ReplicaSet"}  # while the text names no kind
_SENT = re.compile(
    r'^Event\((?:api|v1)\.ObjectReference\{Kind:"(?P<kind>\w*)", Namespace:"(?P<ns>[^"]*)", Name:"(?P<name>[^"]*)", UID:"(?P<uid>[^"]*)"'
    r".*?FieldPath:\"(?P<path>[^\"]*)\"\}\): (?:type: '\w+' )?reason: '(?P<reason>[^']*)' (?P<message>.*)",
    re.DOTALL,
)
_SOURCES = {"replicationcontroller": "replication-controller", "node": "node-controller"}
_KUBELET = re.compile(r"kubelet|hyperkube")  # identifiers of processes that are a kubelet and no controller


def _need(line: Klog) -> Iterable[Fields]:
    """'Too few replicas': the count wanted at that moment. 1.19+ says replicaSet= for replication controllers too."""
    if line.structured:
        if line.message not in ("Too few replicas", "Too many replicas"):
            return
        reference, need, creating, kind = line.text("replicaSet"), line.text("need"), line.text("creating"), None
        namespace, _, name = (reference or "").partition("/")
    else:
        match = _REPLICAS.match(line.message) or _REPLICAS_FOR.match(line.message)
        if match is None:
            return
        namespace, name, need, creating = match["ns"], match["name"], match["need"], match["creating"]
        kind = match.groupdict().get("kind") or _KIND_OF_FILE.get(line.file or "")
    wanted = integer(need)
    if name and wanted is not None:
        yield fields(
            E.DESIRED_REPLICAS,
            k8s_namespace_name=namespace,
            controller=f"{kind or '?'}/{name}",  # which of the two kinds is settled when the pods' owners are known
            value=wanted,
            attributes={"creating": integer(creating)} if creating else {},
        )


def _sent(line: Klog) -> Iterable[Fields]:
    """'Event occurred' (1.19+) and 'Event(api.ObjectReference{...' (before)."""
    if line.structured:
        if line.message != "Event occurred":
            return
        namespace, _, name = (line.text("object") or "").rpartition("/")
        kind, uid, path = line.text("kind") or "", None, line.text("fieldPath")
        reason, message = line.text("reason") or "", line.values.get("message") or ""
    else:
        match = _SENT.match(line.message)
        if match is None:
            return
        kind, namespace, name, uid, path = match["kind"], match["ns"], match["name"], match["uid"], match["path"]
        reason, message = match["reason"], match["message"]
    by_kubelet = _KUBELET.match(line.writer or "") is not None
    row = event_columns(
        kind=kind,
        namespace=namespace,
        name=name,
        uid=uid,
        reason=reason,
        message=str(message),
        reporter="kubelet" if by_kubelet else _SOURCES.get(kind.lower(), "controller-manager"),
        host=line.host if by_kubelet else None,
        field_path=path,
        count=None,
    )
    if by_kubelet and line.host and row["node"] == name:  # a kubelet speaks of no node but its own
        row |= {"node": line.host, "attributes": row["attributes"] | {"node_name": name}}
    yield row


def _node(line: Klog) -> Iterable[Fields]:
    yield {"node": line.text("node")}


def _evicting(line: Klog) -> Iterable[Fields]:
    if line.structured and line.message == "NoExecuteTaintManager is deleting pod":
        yield fields(E.POD_EVICTED, **pod_columns(line.text("pod")))


RULES: tuple[KlogRule, ...] = (
    Rule("Too few ", _need),
    Rule("Too many ", _need),
    Rule("Event occurred", _sent),
    Rule("ObjectReference{Kind:", _sent),
    text("NoExecuteTaintManager is deleting Pod", r"^NoExecuteTaintManager is deleting Pod: (?P<pod>\S+)", E.POD_EVICTED),
    Rule("NoExecuteTaintManager is deleting pod", _evicting),
    text("Delete pod ", r"^Delete pod (?P<pod>\S+)$", E.POD_EVICTED),  # to 1.0
    text("Starting deletion of pod ", r"^Starting deletion of pod (?P<pod>\S+)$", E.POD_EVICTED),  # 1.1 to 1.15
    text("is healthy again", r"^Node (?P<node>\S+) is healthy again", E.NODE_READY),
    text("is ready again", r"^Node (?P<node>\S+) is ready again", E.NODE_READY),
    structured("Node is healthy again, removing all taints", E.NODE_READY, _node),
)


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records whose message is a klog line to EVENTS (without source_id)."""
    return understand_klog(records, RULES, "controller-manager")
