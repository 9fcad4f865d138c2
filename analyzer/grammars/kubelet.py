"""What the kubelet says, in all renderings from 0.17 to 1.28, and what each line proves.

A line about an ADD or a ContainerStarted is repeated after every restart of the kubelet: it tells that something was
seen, not that it began. Absence of a line proves nothing unless others of its verbosity are there.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import polars as pl

from analyzer.grammars import klog
from analyzer.grammars.base import Fields, Rule, container_id, events_frame, fields, hits, integer, pod_columns, pod_list, position
from analyzer.grammars.klog import Klog
from analyzer.vocabulary import EventKind as E

KlogRule = Rule[Klog]


def text(literal: str, pattern: str, kind: E) -> KlogRule:
    """An unstructured message. Named groups: pod, pods, uid, container, id, node; others go to the attributes."""
    compiled = re.compile(pattern, re.DOTALL)

    def build(line: Klog) -> Iterable[Fields]:
        match = compiled.search(line.message)
        if match is None:
            return
        groups = match.groupdict()
        row = fields(kind, **pod_columns(groups.get("pod")))
        if groups.get("uid"):
            row["k8s_pod_uid"] = groups["uid"]
        if "id" in groups:
            row["container_id"] = container_id(groups["id"])
        if groups.get("node"):
            row["node"] = groups["node"]
        if "pods" in groups:
            yield from ({**row, **pod} for pod in pod_list(groups["pods"]))
        else:
            yield row

    return Rule(literal, build)


def structured(message: str, kind: E, columns: Callable[[Klog], Iterable[Fields]] | None = None) -> KlogRule:
    """A structured message, by its exact text."""

    def build(line: Klog) -> Iterable[Fields]:
        if line.structured and line.message == message:
            yield from ({**fields(kind), **more} for more in (columns(line) if columns else ({},)))

    return Rule(message, build)


def plain(message: str, kind: E) -> KlogRule:
    """The same words in every rendering: unstructured text, quoted, JSON."""

    def build(line: Klog) -> Iterable[Fields]:
        if line.message.rstrip(".").startswith(message):
            yield fields(kind)

    return Rule(message, build)


def _pods(line: Klog) -> Iterable[Fields]:
    return (pod_columns(pod) for pod in line.items("pods"))


def _pod(line: Klog) -> Iterable[Fields]:
    yield _pod_of(line)


def _pod_of(line: Klog) -> Fields:
    row = pod_columns(line.text("pod"))
    uid = line.text("podUID") or line.text("podID")
    return {**row, **({"k8s_pod_uid": uid} if uid else {})}


def _container(line: Klog) -> Iterable[Fields]:
    row = _pod_of(line)
    identity = container_id(line.text("containerID"))
    name = line.text("containerName")
    yield {**row, "container_id": identity, **({"k8s_container_name": name} if name else {}), "value": integer(line.text("exitCode"))}


_PLEG_KINDS = {"ContainerStarted": E.CONTAINER_SEEN_RUNNING, "ContainerDied": E.CONTAINER_SEEN_DEAD}
_PLEG_OLD = re.compile(
    r'"(?P<pod>[^"]*)", event: &pleg\.PodLifecycleEvent\{ID:"(?P<uid>[^"]*)", Type:"(?P<type>\w+)", Data:"(?P<id>[0-9a-f]+)"'
)


def _pleg(line: Klog) -> Iterable[Fields]:
    """1.2 to 1.20 as Go syntax in text; since 1.21 ``event=&{...}``, since 1.28 JSON."""
    if line.structured:
        if line.message != "SyncLoop (PLEG): event for pod":
            return
        event = line.struct("event")
        kind, uid, identity, pod = event.get("Type"), event.get("ID"), event.get("Data"), line.text("pod")
    else:
        match = _PLEG_OLD.search(line.message)
        if match is None:
            return
        kind, uid, identity, pod = match["type"], match["uid"], match["id"], match["pod"]
    if kind in _PLEG_KINDS:
        yield fields(_PLEG_KINDS[kind], **{**pod_columns(pod), "k8s_pod_uid": uid, "container_id": container_id(identity)})


_RELIST_OLD = re.compile(r"^GenericPLEG: (?P<uid>[^/\s]+)/(?P<id>[0-9a-f]+): (?P<old>\S+) -> (?P<new>\S+)$")


def _relist(line: Klog) -> Iterable[Fields]:
    """PLEG's relist at V(4): the only line of a container that runs when the kubelet starts, before its pod is known (1.21+).

    What is 'exited' when first seen has ended at any time before: that is no death noticed now.
    """
    if line.structured:
        uid, identity, old, new = (line.text(key) for key in ("podUID", "containerID", "oldState", "newState"))
    else:
        match = _RELIST_OLD.match(line.message)
        uid, identity, old, new = match.groups() if match else (None, None, None, None)
    if not uid:
        return
    if new == "running":
        yield fields(E.CONTAINER_SEEN_RUNNING, k8s_pod_uid=uid, container_id=container_id(identity))
    elif old == "running" and new in ("exited", "non-existent"):
        yield fields(E.CONTAINER_SEEN_DEAD, k8s_pod_uid=uid, container_id=container_id(identity))


_VOLUME_OF = re.compile(r'^operationExecutor\.VerifyControllerAttachedVolume started for volume .*\(UID: "(?P<uid>[^"]+)"\) *$')


def _volume(line: Klog) -> Iterable[Fields]:
    """Its volumes follow a pod's ADD, at any verbosity: since 1.21 the first line that ties an adopted pod's name to its uid."""
    match = _VOLUME_OF.match(line.message) if line.structured else None
    if match is not None:
        yield fields(E.POD_ADDED, **{**_pod_of(line), "k8s_pod_uid": match["uid"]})


_NODE_STATUS = {"NodeReady": E.NODE_READY, "NodeNotReady": E.NODE_NOT_READY}
_NODE_CONTROLLER_FILES = ("nodecontroller.go", "node_controller.go", "controller_utils.go")


def _node_status(line: Klog) -> Iterable[Fields]:
    """The kubelet's own opinion of its node, or the node controller's: 'status change' (1.1+), or by the file (to 1.0).

    A kubelet speaks of no node but its own, whose name in the API may be longer than the host's.
    """
    if line.structured:
        event, node = line.text("event") or line.text("status"), line.text("node")
    else:
        match = re.match(r"Recording (?:status change )?(\w+) event message for node (\S+)", line.message)
        event, node = (match[1], match[2]) if match else (None, None)
    if event in _NODE_STATUS and node:
        if "status change" in line.message or line.file in _NODE_CONTROLLER_FILES:
            yield fields(_NODE_STATUS[event], node=node, attributes={"reporter": "node-controller"}, component="controller-manager")
        else:
            yield fields(_NODE_STATUS[event], node=line.host or node, attributes={"reporter": "kubelet", "node_name": node})


RULES: tuple[KlogRule, ...] = (
    plain("Recovery completed", E.RECOVERY_COMPLETED),
    plain("Starting recovery of all containers", E.RECOVERY_STARTED),
    plain("Started kubelet", E.KUBELET_READY),
    plain("Starting kubelet main sync loop", E.KUBELET_READY),
    Rule("SyncLoop (PLEG)", _pleg),
    text("SyncLoop (ADD", r'^SyncLoop \(ADD(?:, "\w+")?\): "(?P<pods>.*)"', E.POD_ADDED),
    text("SyncLoop (DELETE", r'^SyncLoop \(DELETE(?:, "\w+")?\): "(?P<pods>.*)"', E.POD_DELETE_SEEN),
    text("SyncLoop (REMOVE", r'^SyncLoop \(REMOVE(?:, "\w+")?\): "(?P<pods>.*)"', E.POD_REMOVE_SEEN),
    structured("SyncLoop ADD", E.POD_ADDED, _pods),
    Rule("VerifyControllerAttachedVolume started", _volume),
    structured("SyncLoop DELETE", E.POD_DELETE_SEEN, _pods),
    structured("SyncLoop REMOVE", E.POD_REMOVE_SEEN, _pods),
    text("Killing unwanted pod", r'^Killing unwanted pod "(?P<pod>[^"]+)"', E.POD_UNWANTED),
    structured("Clean up orphaned pod containers", E.POD_UNWANTED, _pod),  # 1.22 to 1.26
    structured("Clean up containers for orphaned pod we had not seen before", E.POD_UNWANTED, _pod),  # 1.27+
    text("Killing container", r'^Killing container (?:with id )?"(?P<id>[^"]+)"', E.CONTAINER_KILLING),
    structured("Killing container with a grace period", E.CONTAINER_KILLING, _container),
    structured("Generic (PLEG): container finished", E.CONTAINER_SEEN_DEAD, _container),
    text("No ref for pod", r"""^No ref for pod '"?(?P<id>[0-9a-f]{12,64})[^']*'$""", E.CONTAINER_UNKNOWN),  # ' - ' follows: a probe's line
    text("Need to restart pod infra container", r'^Need to restart pod infra container for "(?P<pod>[^"]+)"', E.POD_SANDBOX_NEEDED),
    text("sandbox for pod", r'^No (?:ready )?sandbox for pod "(?P<pod>[^"]+)" can be found', E.POD_SANDBOX_NEEDED),
    structured("No sandbox for pod can be found. Need to start a new one", E.POD_SANDBOX_NEEDED, _pod),
    structured("No ready sandbox for pod can be found. Need to start a new one", E.POD_SANDBOX_NEEDED, _pod),
    Rule("event message for node", _node_status),
    text("GenericPLEG: Unable to retrieve pods", r"^GenericPLEG: Unable to retrieve pods", E.RUNTIME_UNREACHABLE),
    structured("GenericPLEG: Unable to retrieve pods", E.RUNTIME_UNREACHABLE),
    Rule("GenericPLEG", _relist),
)


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records whose message is a klog line to EVENTS (without source_id)."""
    return understand_klog(records, RULES, "kubelet")


def understand_klog(records: pl.DataFrame, rules: tuple[KlogRule, ...], component: str) -> pl.DataFrame:
    return events_frame(list(_events(records, rules, component)))


def _events(records: pl.DataFrame, rules: tuple[KlogRule, ...], component: str) -> Iterator[Fields]:
    for record in hits(records, [rule.literal for rule in rules]):
        message: str = record["message"]
        line = klog.parse(message)
        if line is None:
            continue
        line = replace(line, writer=record["identifier"], host=record["node"])
        where = position(record)
        if (where["resolution_us"] or 0) > 1 and where["time"] is not None:
            refined = klog.refine(line, where["time"])
            if refined is not None:
                where |= {"time": refined, "resolution_us": 1}
        for rule in rules:
            if rule.literal in message:
                rows = list(rule.build(line))
                for row in rows:
                    yield {**where, "component": component, "message": message, **row}
                if rows:
                    break
