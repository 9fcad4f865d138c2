"""Events that a component says it has sent, in whichever component's log: they are there even when no dump is.

``Event(api.ObjectReference{...}): reason: ...`` to 1.1, with ``type:`` from 1.2 (record.EventBroadcaster.StartLogging);
``"Event occurred" object= ... kind= ...`` from 1.19 (StartStructuredLogging), object and fieldPath under other names in operators.
"""

import re
from collections.abc import Iterable
from typing import Final

import polars as pl

from analyzer.grammars.api_event import event_columns
from analyzer.grammars.base import Fields, Rule
from analyzer.grammars.klog import Klog
from analyzer.grammars.kubelet import KlogRule, Rulebook, understand_klog
from analyzer.grammars.relevance import Grammar, alone
from analyzer.grammars.writers import written_by

_SENT = re.compile(
    r'^Event\((?:\w+\.)?ObjectReference\{Kind:"(?P<kind>\w*)", Namespace:"(?P<ns>[^"]*)", Name:"(?P<name>[^"]*)", UID:"(?P<uid>[^"]*)"'
    r".*?FieldPath:\"(?P<path>[^\"]*)\"\}\): (?:type: '(?P<type>\w+)' )?reason: '(?P<reason>.*?)' (?P<message>.*)",
    re.DOTALL,
)
_KUBELET_ONLY: Final = frozenset(
    {
        *(
            "starting",
            "online",
            "rebooted",
            "shutdown",
            "nodeready",
            "nodeschedulable",
            "nodenotschedulable",
            "nodeoutofdisk",
            "evictionthresholdmet",
        ),
        *("nodehassufficientdisk", "nodehassufficientmemory", "nodehasinsufficientmemory", "nodehasnodiskpressure", "nodehasdiskpressure"),
        *("nodehassufficientpid", "nodehasinsufficientpid", "nodeallocatableenforced", "invaliddiskcapacity", "kubeletsetupfailed"),
        *("created", "started", "killing", "pulling", "pulled", "backoff", "unhealthy", "sandboxchanged", "infrachanged", "failedmount"),
        *("failedsync", "failedcreatepodsandbox", "exceededgraceperiod", "failedkillpod", "evicted", "preempting"),
    }
)
_BY_REASON: Final = {
    ("Node", "ready"): "node-controller",  # 0.17
    ("Node", "not_ready"): "node-controller",
    ("Node", "unknown"): "node-controller",
    ("Node", "offline"): "node-controller",  # 0.14
    ("Node", "registerednode"): "node-controller",
    ("Node", "removingnode"): "node-controller",
    ("Node", "nodenotready"): "node-controller",
    ("Node", "deletingallpods"): "node-controller",
    ("Node", "terminatingevictedpod"): "node-controller",
    ("Node", "terminatedallpods"): "node-controller",
    ("Node", "deletingnode"): "node-controller",
    ("Pod", "nodecontrollereviction"): "node-controller",
    ("Pod", "nodenotready"): "node-controller",
    ("Pod", "taintmanagereviction"): "taint-controller",
    ("Deployment", "scalingreplicaset"): "deployment-controller",
}
_CREATORS: Final = {
    "ReplicationController": "replication-controller",
    "ReplicaSet": "replicaset-controller",
    "DaemonSet": "daemonset-controller",
    "StatefulSet": "statefulset-controller",
    "Job": "job-controller",
}
_OF_CREATORS: Final = frozenset({"successfulcreate", "successfuldelete", "failedcreate", "faileddelete", "recreatingfailedpod"})
_SCHEDULER: Final = frozenset({"scheduled", "failedscheduling", "preempted"})


def _reporter(line: Klog, kind: str, reason: str, typed: bool) -> str:
    """Who sent it, as its object would say: by the writer, else by a reason that only one component gives; '' if not known."""
    folded, writer = reason.lower(), written_by(line.writer)
    about = "Node" if kind == "Minion" else kind
    if writer == "kubelet" or (line.writer or "").startswith("hyperkube"):  # in a journal; other parts of it run in containers
        return "kubelet"
    if writer is None and about in ("Node", "Pod") and folded in _KUBELET_ONLY:
        return "kubelet"
    if folded in _SCHEDULER and about == "Pod":
        return "default-scheduler" if typed else "scheduler"  # as it called itself to 1.1
    if folded in _OF_CREATORS and about in _CREATORS:
        return _CREATORS[about]
    return _BY_REASON.get((about, folded)) or writer or ""


def _sent(line: Klog) -> Iterable[Fields]:
    if line.message == "Event occurred":
        namespace, _, name = (line.text("object") or line.text("involvedObject") or "").rpartition("/")
        kind, uid, path, typed = line.text("kind") or "", None, line.text("fieldPath"), True
        reason, message = line.text("reason") or "", str(line.values.get("message") or line.values.get("note") or "")
    else:
        match = _SENT.match(line.message)
        if match is None:
            return
        kind, namespace, name, uid, path = match["kind"], match["ns"], match["name"], match["uid"], match["path"]
        reason, message, typed = match["reason"], match["message"], match["type"] is not None
    reporter = _reporter(line, kind, reason, typed)
    row = event_columns(
        kind=kind,
        namespace=namespace,
        name=name,
        uid=uid,
        reason=reason,
        message=message,
        reporter=reporter,
        host=line.host if reporter == "kubelet" else None,
        field_path=path,
        count=None,
    )
    if reporter == "kubelet" and line.host and row.get("node") == name:  # a kubelet speaks of no node but its own
        row |= {"node": line.host, "attributes": row["attributes"] | {"node_name": name}}
    yield {"node": None, **row}  # the writer's own host is no node that it speaks of


RULES: tuple[KlogRule, ...] = (Rule("Event occurred", _sent), Rule("ObjectReference{Kind:", _sent))
_RULES = Rulebook(RULES)


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records whose message is a klog line to EVENTS (without source_id)."""
    return understand_klog(records, _RULES, "api")


GRAMMAR = Grammar(alone(understand), _RULES.literals)
