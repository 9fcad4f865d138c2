"""The kube-controller-manager's log: lost heartbeats, evictions and deletions; and what its workloads' controllers say (workloads).

Deletions of 1.0 leave no event: 'Delete pod x' (nodecontroller.go) is then the only trace of an eviction. What it logs of the
events that it sent is read by sent_events, 'Recording status change ...' with the kubelet's lines of these words.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import polars as pl

from analyzer.grammars import workloads
from analyzer.grammars.base import Fields, Rule, fields, integer
from analyzer.grammars.facts import GO_TIME, NODE, POD, columns, fact, go_seconds, stamp, whole_seconds
from analyzer.grammars.klog import Klog
from analyzer.grammars.kubelet import KlogRule, Rulebook, understand_klog
from analyzer.grammars.relevance import Grammar, alone
from analyzer.grammars.writers import spoken_by
from analyzer.vocabulary import EventKind as E

_LATE = re.compile(
    r"^node (?P<node>\S+) hasn't been updated for (?P<silent>\S+?)\. Last (?P<condition>[\w ]+?)(?: condition)? is: (?P<last>.*)", re.S
)
_STATUS = re.compile(r"\bStatus\"?: ?\"?(\w+)", re.IGNORECASE)
_HEARTBEAT = re.compile(r"\bLastHeartbeatTime\"?: ?\"?([0-9][^,\"}]*?)(?=\"|,|\}| LastTransitionTime|$)", re.IGNORECASE)
_ZONE = re.compile(r" ([+-]\d{4}(?: [A-Za-z][\w+-]*)?)")
_NAMES: Final = {"ready": "Ready", "out of disk": "OutOfDisk"}  # of conditions, as the text had them to 1.5


def _late(line: Klog) -> Iterable[Fields]:
    """A line a condition each monitor period (5 s) for as long as the node is away. It tells the last heartbeat, and a time zone."""
    match = _LATE.match(line.message)
    if match is not None:
        node, silent, condition, last = match.groups()
        last = last[:400]
    elif line.message == "Node hasn't been updated":  # 1.27 and later
        node, silent, condition = line.text("node") or "", line.text("duration") or "", line.text("nodeConditionType") or ""
        told = line.values.get("currentCondition")
        last = str(told).replace("'", '"') if isinstance(told, dict) else str(told or "")[:400]
    else:
        return
    attributes = {"condition": _NAMES.get(condition, condition), "silent_s": go_seconds(silent), **_condition(last)}
    yield fields(E.NODE_HEARTBEAT_MISSED, node=node, value=integer(whole_seconds(silent)), attributes=attributes)


@lru_cache(maxsize=256)
def _condition(text: str) -> dict[str, str]:
    """A condition as it was last heard of; the same in each of the lines that follow."""
    status, heartbeat = _STATUS.search(text), _HEARTBEAT.search(text)
    told = {"status": status[1]} if status else {}
    if heartbeat is not None:
        zone = _ZONE.search(heartbeat[1])
        told |= {"last_heartbeat": stamp(heartbeat[1]) or "", **({"zone": zone[1]} if zone else {})}
    return told


_CHANGED = re.compile(r"^ReadyCondition for Node (?P<node>\S+) transitioned from (?P<old>.*?) to (?P<new>.*)", re.S)


def _changed(line: Klog) -> Iterable[Fields]:
    """What it found at its last look, every monitor period: 'True', ``&{Ready True ...}``, ``&NodeCondition{...}`` or JSON."""
    match = _CHANGED.match(line.message)
    if match is not None:
        node, old, new = match.groups()
    elif line.message == "ReadyCondition for Node transitioned from savedCondition to currentReadyCondition":
        node, old, new = (str(line.values.get(k) or "") for k in ("node", "savedCondition", "currentReadyCondition"))
        node = line.text("node") or node
    else:
        return
    was, became = (re.search(r"\b(True|False|Unknown)\b", text) for text in (old, new))
    if became is not None:
        yield columns(E.NODE_CONDITION_CHANGED, {"node": node, "from": was[1] if was else None, "to": became[1]})


_LATER: Final = rf"(?P<now>{GO_TIME}) is later than (?P<since>{GO_TIME}) \+ (?P<timeout>\S+?)"
_TIMES: Final = ("now", "since", "created", "due", "estimated")


def _timed(rule: KlogRule) -> KlogRule:
    """The same with its times in UTC."""

    def build(line: Klog) -> Iterable[Fields]:
        for row in rule.build(line):
            attributes = row.get("attributes", {})
            yield row | {"attributes": {k: stamp(v) if k in _TIMES else v for k, v in attributes.items()}}

    return Rule(rule.literal, build)


_NODE_CONTROLLER: Final = r"$|node|controller_utils|deletion_utils|podevictor|rate_limited"  # $: the source file is not known
_CONTROLLER: Final = r"(?:Node)?Controller"

_EVICTIONS: tuple[KlogRule, ...] = (
    _timed(fact(E.NODE_EVICTION_STARTED, "Evicting pods", rf"Evicting pods2?: {_LATER}", rf"Evicting pods on node {NODE}: {_LATER}")),
    _timed(fact(E.NODE_EVICTION_STARTED, "Adding pods to evict", rf"Adding pods to evict2?: {_LATER}")),  # names no node
    _timed(
        fact(
            E.NODE_EVICTION_STARTED,
            "Adding Pods on Node",
            rf"Node is (?P<reason>NotReady|unresponsive)\. Adding Pods on Node {NODE} to eviction queues?: {_LATER}",
        )
    ),
    fact(E.NODE_EVICTION_STARTED, "is evicting Pods on Node", rf"PodEvictor is evicting Pods on Node: {NODE}"),
    fact(E.NODE_EVICTION_STARTED, "Delete all pods from", rf"Delete all pods from {NODE}"),
    fact(E.NODE_EVICTION_STARTED, "Pods awaiting deletion due to", rf"Pods awaiting deletion due to {_CONTROLLER} eviction"),
    fact(E.NODE_EVICTION_STARTED, "deleting all assigned Pods", rf"Unable to find Node: {NODE}, deleting all assigned Pods"),
    fact(E.NODE_EVICTION_LIMITED, "PodEvictor is rate limit", r"PodEvictor is rate limitt?ed"),
    fact(E.NODE_EVICTION_CANCELLED, "won't be evicted", rf"Pods on {NODE} won't be evicted"),
    fact(E.NODE_EVICTION_CANCELLED, "Cancelling pod Eviction", rf"Cancelling pod Eviction on Node: {NODE}"),
    fact(E.NODE_EVICTION_CANCELLED, "Cancelling all pod evictions", r"Cancelling all pod evictions"),
    fact(
        E.NODE_EVICTION_CANCELLED,
        "Cancelling all evictions",
        rf"All taints were removed from the Node {NODE}\. Cancelling all evictions\.*",
        r"All taints were removed from the node\. Cancelling all evictions\.*",
    ),
    _timed(
        fact(
            E.NODE_PODS_TERMINATING,
            "Pods terminating since",
            rf'Pods terminating since (?P<since>{GO_TIME}) on "(?P<node>[^"]+)", estimated completion (?P<estimated>.+?)',
        )
    ),
    fact(E.NODE_PODS_TERMINATED, "All pods terminated on", rf"All pods terminated on {NODE}"),
    fact(E.NODE_PODS_NOT_READY, "Update ready status of pods on node", r"Update ready status of pods on node(?: \[(?P<node>[^\]]+)\])?"),
    fact(
        E.POD_NOT_READY,
        "Updating ready status of pod",
        rf"Updating ready status of pod {POD} to false",
        r"Updating ready status of pod to false",
    ),
    fact(E.POD_EVICTED, "NoExecuteTaintManager is deleting Pod", rf"NoExecuteTaintManager is deleting Pod: {POD}"),
    fact(E.POD_EVICTED, "NoExecuteTaintManager is deleting pod", r"NoExecuteTaintManager is deleting pod"),
    fact(E.POD_EVICTED, "Deleting pod", r"Deleting pod", file="taint"),  # 1.29 and later: a controller of its own
    fact(E.POD_EVICTED, "Delete pod ", rf"Delete pod {POD}", file=_NODE_CONTROLLER),  # to 1.0
    fact(E.POD_EVICTED, "Starting deletion of pod ", rf"Starting deletion of pod {POD}", file=_NODE_CONTROLLER),  # 1.1 to 1.15
    fact(E.POD_EVICTION_DUE, "Not all taints are tolerated after", rf"Not all taints are tolerated after update for Pod {POD} on {NODE}"),
    fact(E.POD_EVICTION_DUE, "Not all taints are tolerated after", r"Not all taints are tolerated after update for pod on node"),
    _timed(
        fact(
            E.POD_EVICTION_DUE,
            "Adding TimedWorkerQueue item",
            rf"Adding TimedWorkerQueue item {POD} at (?P<created>{GO_TIME}) to be fired at (?P<due>{GO_TIME})",
            r"Adding TimedWorkerQueue item and to be fired at firedTime",
            keys=("item:pod", "createTime:created", "firedTime:due", "fireTime:due"),
        )
    ),
    _timed(
        fact(
            E.POD_EVICTION_CANCELLED,
            "Cancelling TimedWorkerQueue item",
            rf"Cancelling TimedWorkerQueue item {POD} at {GO_TIME}",
            r"Cancelling TimedWorkerQueue item",
            keys=("item:pod",),
        )
    ),
    fact(
        E.POD_EVICTION_CANCELLED,
        "cancelling any scheduled deletion",
        rf"Current tolerations for {POD} tolerate forever, cancelling any scheduled deletion",
        r"Current tolerations for pod tolerate forever, cancelling any scheduled deletion",
    ),
)

_NODES: tuple[KlogRule, ...] = (
    fact(
        E.NODE_NEVER_UPDATED,
        "Out of disk condition",
        rf"Out of disk condition of node {NODE} is never updated by kubelet",
        condition="OutOfDisk",
    ),
    fact(
        E.NODE_NEVER_UPDATED,
        "never updated by kubelet",
        rf"node {NODE} is never updated by kubelet",
        rf"Condition (?P<condition>\w+) of node {NODE} was never updated by kubelet",
        r"Condition of node was never updated by kubelet",
        keys=("nodeConditionType:condition",),
    ),
    fact(
        E.NODE_READY,
        "is healthy again",
        rf"Node {NODE} is healthy again, removing all taints",
        r"Node is healthy again, removing all taints",
    ),
    fact(
        E.NODE_REGISTERED_AT_CONTROLLER,
        "observed a new Node",
        rf'{_CONTROLLER} observed a new Node: "?(?P<node>[\w.-]+)"?',
        rf'{_CONTROLLER} observed a new Node: &?\w*\.?Node\{{.*?\bName:"(?P<node>[^"]+)".*',
        rf"{_CONTROLLER} observed a new Node",
    ),
    fact(
        E.NODE_REMOVED_AT_CONTROLLER,
        "observed a Node deletion",
        rf"{_CONTROLLER} observed a Node deletion: {NODE}",
        rf"{_CONTROLLER} observed a Node deletion",
    ),
    fact(E.NODE_REGISTERED_AT_CONTROLLER, "node in registry", rf"(?:Registered|Create) node in registry: {NODE}"),  # to 0.17
    fact(
        E.NODE_REMOVED_AT_CONTROLLER,
        "no longer present in node",
        rf"Node {NODE} no longer present in node(?:Store|Lister)!",
        r"Node no longer present in nodeLister",
    ),
    fact(E.NODE_DELETING, "no longer present in cloud", rf"[Dd]eleting node .*\bno longer present in cloud provider\)?: {NODE}"),
    fact(E.NODE_DELETING, "Delete node from registry", rf"Delete node from registry: {NODE}"),  # to 0.17
    fact(E.NODE_DELETING, "is delayed while pods are evicted", rf"Deleting node {NODE} is (?P<state>delayed) while pods are evicted"),
    _timed(fact(E.NODE_TAINT_QUEUED, "taint on", rf"Tainting Node {NODE} with (?P<reason>\w+) taint on (?P<now>.+)")),  # 1.6 and 1.7
    _timed(
        fact(
            E.NODE_TAINT_QUEUED,
            "to the Taint queue",
            rf"Node {NODE} is (?P<reason>NotReady|unresponsive) as of (?P<now>{GO_TIME})\. Adding it to the Taint queue",
            r"Node is (?P<reason>NotReady|unresponsive)\. Adding it to the Taint queue",
            keys=("timeStamp:now",),
        )
    ),
    fact(
        E.NODE_TAINT_DROPPED,
        "was in a taint queue",
        rf"Node {NODE} was in a taint queue, but it's ready now\. Ignoring taint request",
        r"Node was in a taint queue, but it's ready now\. Ignoring taint request",
    ),
    fact(
        E.NODE_TAINTS_SEEN,
        "Updating known taints on node",
        rf"Updating known taints on node {NODE}: (?P<taints>.*)",
        r"Updating known taints on node",
        keys=("taints",),
    ),
    fact(
        E.MASTER_DISRUPTION,
        "Entering master disruption mode",
        r".* all Nodes are not-Ready\. Entering master disruption mode",
        state="entered",
    ),
    fact(
        E.MASTER_DISRUPTION, "Exiting master disruption mode", r".* some Nodes are Ready\. Exiting master disruption mode", state="exited"
    ),
    fact(E.MASTER_DISRUPTION, "network segmentation mode", r".* is entering network segmentation mode", state="entered"),  # 1.3
    fact(E.MASTER_DISRUPTION, "network segmentation mode", r".* exited network segmentation mode", state="exited"),
    fact(
        E.ZONE_STATE,
        "detected that zone",
        rf"{_CONTROLLER} detected that zone (?P<zone>.*?) is now in state (?P<state>\w+)",
        rf"{_CONTROLLER} detected that zone is now in new state",
        keys=("zone", "newState:state"),
    ),
)


def _ready_again(line: Klog) -> Iterable[Fields]:
    """1.1 to 1.26: ready, and so not evicted."""
    match = re.match(r"^Node (?P<node>\S+) is ready again(?P<cancelled>, cancelled pod eviction)?", line.message)
    if match is not None:
        yield fields(E.NODE_READY, node=match["node"])
        if match["cancelled"]:
            yield fields(E.NODE_EVICTION_CANCELLED, node=match["node"])


_GC: Final = r"$|gc_controller|controller_utils|deletion_utils|nodecontroller"
_DELETIONS: tuple[KlogRule, ...] = (
    fact(
        E.POD_STILL_TERMINATING,
        "still terminating",
        rf"Pod {POD} still terminating, requested grace period (?P<grace>\S+), (?P<left>\S+) remaining",
    ),
    fact(E.POD_FORCE_DELETED, "Removing pod ", rf"Removing pod {POD} after (?P<grace>\S+) grace period", file=_NODE_CONTROLLER),
    fact(
        E.POD_FORCE_DELETED,
        "is force deleting Pod",
        rf"(?:PodGC|NodeController) is force deleting Pod: {POD}",
        r"PodGC is force deleting Pod",
    ),
    fact(E.POD_FORCE_DELETED, "forceful deletion of", rf"forceful deletion of {POD} succeeded"),
    fact(
        E.POD_FORCE_DELETED,
        "Forced deletion of",
        rf"Forced deletion of (?P<why>orphaned|unscheduled terminating) Pod {POD} succeeded",
        r"Forced deletion of (?P<why>orphaned|unscheduled terminating) Pod succeeded",
    ),
    fact(
        E.POD_ABANDONED,
        "Found orphaned Pod",
        rf"Found orphaned Pod {POD} assigned to the Node {NODE}\. Deleting",
        r"Found orphaned Pod assigned to the Node, deleting",
    ),
    fact(
        E.POD_ABANDONED,
        "arbage collecting pod ",
        rf"garbage collecting pod {POD} that is terminating\. Phase \[(?P<phase>\w*)\]",
        r"Garbage collecting pod that is terminating",
        keys=("phase",),
    ),
    fact(
        E.PODS_COLLECTED,
        "arbage collecting",
        r"garbage collecting (?P<value>\d+) pods",
        r"Garbage collecting pods",
        r"Garbage collecting (?:(?P<value>\d+) )?pods that are terminating on node tainted with (?P<taint>\S+)",
        keys=("numPods:value",),
        file=_GC,
    ),
)

RULES: tuple[KlogRule, ...] = (
    Rule("hasn't been updated", _late),  # by far the most frequent: tried first
    Rule("is ready again", _ready_again),
    fact(
        E.NODE_HEARTBEAT_MISSED, "health check error", rf"NodeController: node {NODE} health check error: (?P<why>.*)"
    ),  # to 0.14: asked by the master
    Rule("ReadyCondition for Node", _changed),
    *_NODES,
    *_EVICTIONS,
    *_DELETIONS,
    *workloads.RULES,
)


_FLAG = re.compile(r'^FLAG: --(?P<flag>[\w-]+)="(?P<is>.*)"', re.DOTALL)


def _flag(line: Klog) -> Iterable[Fields]:
    match = _FLAG.match(line.message)
    if match is not None:
        yield fields(E.CONTROL_PLANE_FLAG, node=None, attributes={"flag": match["flag"], "is": match["is"]})


TIMING_FLAGS: Final = (
    "node-monitor-grace-period", "node-monitor-period", "pod-eviction-timeout",
    "default-not-ready-toleration-seconds", "default-unreachable-toleration-seconds",
)  # fmt: skip
"""How long the control plane waits; the last two are the API server's."""
_FLAGS: Final[tuple[KlogRule, ...]] = tuple(Rule(f"FLAG: --{name}=", _flag) for name in TIMING_FLAGS)
_OWN, _OF_FLAGS = Rulebook(RULES), Rulebook(_FLAGS)


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records whose message is a klog line to EVENTS (without source_id). No other program has these flags: whoever prints them is it."""
    own = understand_klog(spoken_by("controller-manager", records), _OWN, "controller-manager")
    flags = understand_klog(records, _OF_FLAGS, "controller-manager")
    return own if flags.is_empty() else pl.concat([own, flags]).sort("record", maintain_order=True)


GRAMMAR = Grammar(alone(understand), (*_OWN.literals, *_OF_FLAGS.literals))
