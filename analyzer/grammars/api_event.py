"""Kubernetes events, from wherever they come: API documents, tables, or the log of who sent them.

Reasons are lower case up to Kubernetes 1.0 and CamelCase since: they are compared case-insensitively.
"""

import re

from analyzer.grammars.api_reasons import meaning
from analyzer.grammars.base import Fields, container_id, fields, integer
from analyzer.vocabulary import EventKind as E

_SCHEDULED = re.compile(r"^Successfully assigned (?:\S+/)?(\S+) to (\S+?)\.?$")
_POD_NAMED = re.compile(r"^(?:(?:Created|Deleted) pod: |(?:create|delete) Pod )(\S+)")  # the latter: StatefulSets
_SCALED = re.compile(r"^Scaled (?:up|down) replica set (\S+) (?:from \d+ )?to (\d+)")
_CONTAINER = re.compile(r"\{([^{}]+)\}|^implicitly required container (\S+)")  # the latter, to 1.2: the sandbox, POD
_ID = re.compile(r"\b([0-9a-f]{64}|[0-9a-f]{12})\b")
_TELL_IDS = frozenset({E.POD_CONTAINER_CREATED, E.POD_CONTAINER_STARTED, E.POD_CONTAINER_KILLING})
_REPORTERS = {"controllermanager": "node-controller"}
"""Components under another name: to 1.1 the controller-manager reported as one."""
_ABOUT = {"Minion": "Node", "BoundPod": "Pod"}
"""Objects under another name: nodes to 0.19, pods as a kubelet got them to 0.12."""
_TERMINATED = re.compile(r"(?<!\S)(\S+) has exceeded the grace period for deletion")
_NODE_DELETED = re.compile(r"^deleting node \S+ because it")
"""A reason of the cloud's node controller from 1.6 to 1.15, which swapped reason and message."""
_COMBINED = re.compile(r"^\(combined from similar events\): ?|^\(events with common reason combined\)$")
"""What the sender's client made of many (1.8+: before the latest one's message; 1.2 to 1.7: in the place of all)."""
_RECREATED = re.compile(r"(?:recreating failed Pod |daemon pod (?:[^\s/]+/)?)([^\s/,]+)")


def event_columns(
    *,
    kind: str,
    namespace: str | None,
    name: str,
    uid: str | None,
    reason: str,
    message: str,
    reporter: str,
    host: str | None,
    field_path: str | None,
    count: int | None,
) -> Fields:
    """Columns of EVENTS (without position and time) for one Kubernetes event about KIND/NAME."""
    several = {"count": count} if count and count > 1 else {}
    attributes = {"reason": reason, "reporter": _REPORTERS.get(reporter, reporter), **several}
    written, message = message, _COMBINED.sub("", message)
    if message != written:
        attributes["combined"] = True
    row: Fields = {
        **fields(_kind(kind, reason, message)),
        "component": "api",
        "k8s_namespace_name": namespace or None,
        "message": f"{kind}/{name} {reason}: {written}".strip(),
        "attributes": attributes,
    }
    about = _ABOUT.get(kind, kind)
    if about == "Node":
        row |= {"node": name, "k8s_namespace_name": None}
        ended = _TERMINATED.search(message) if row["kind"] == E.POD_FORCE_DELETED else None
        row["k8s_pod_name"] = ended[1] if ended else None
    elif about == "Pod":
        row |= {"k8s_pod_name": name, "k8s_pod_uid": uid or None, "node": host if reporter == "kubelet" else None}
        container = _CONTAINER.search(field_path or "")
        identity = _ID.search(message) if row["kind"] in _TELL_IDS else None
        row["k8s_container_name"] = (container[1] or container[2]) if container else None
        row["container_id"] = container_id(identity[1]) if identity else None
        scheduled = _SCHEDULED.match(message) if row["kind"] == E.POD_SCHEDULED else None
        if scheduled:
            row["node"] = scheduled[2]
    else:
        row["controller"] = f"{kind}/{name}"
        named = _POD_NAMED.match(message) or (_RECREATED.search(message) if row["kind"] == E.POD_RECREATING else None)
        scaled = _SCALED.match(message)
        if named:
            row["k8s_pod_name"] = named[1]
        if scaled:
            row["value"] = integer(scaled[2])
            row["attributes"]["replica_set"] = scaled[1]
    return row


def _kind(kind: str, reason: str, message: str) -> E:
    folded = reason.lower()
    about = _ABOUT.get(kind, kind)
    if folded == "scheduled" and _SCHEDULED.match(message):
        return E.POD_SCHEDULED
    if folded == "taintmanagereviction":
        return E.POD_EVICTED if message.startswith("Marking") else E.POD_EVICTION_CANCELLED
    if folded == "starting" and message.lower().startswith("starting kubelet"):
        return E.NODE_KUBELET_STARTING
    if folded == "successfulcreate" and _POD_NAMED.match(message):
        return E.POD_CREATED
    if folded == "successfuldelete" and _POD_NAMED.match(message):
        return E.POD_DELETED
    if folded == "scalingreplicaset" and _SCALED.match(message):
        return E.REPLICA_SET_SCALED
    if about == "Node" and _NODE_DELETED.match(folded):
        return E.NODE_DELETING
    return meaning(about, folded) or E.API_EVENT
