"""Kubernetes events, from wherever they come: API documents, tables, or the log of who sent them.

Reasons are lower case up to Kubernetes 1.0 and CamelCase since: they are compared case-insensitively.
"""

import re
from typing import Final, NamedTuple

import polars as pl

from analyzer.grammars.api_reasons import meaning
from analyzer.grammars.base import BLANKS, Fields, container_id, fields, integer
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


class _Told(NamedTuple):
    """What reason and message of an event tell, by the kind of object that it is about."""

    kind: str
    combined: bool = False
    pod: str | None = None
    node: str | None = None
    container_id: str | None = None
    value: int | None = None
    replica_set: str | None = None


_TOLD: Final = pl.Schema(dict.fromkeys(_Told._fields, pl.String) | {"combined": pl.Boolean, "value": pl.Int64})


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
    told = _tell(kind, reason, message)
    extra = {"count": count if count and count > 1 else None, "combined": told.combined or None, "replica_set": told.replica_set}
    row: Fields = {
        **fields(E(told.kind)),
        "component": "api",
        "k8s_namespace_name": namespace or None,
        "message": f"{kind}/{name} {reason}: {message}".strip(),
        "attributes": {"reason": reason, "reporter": _REPORTERS.get(reporter, reporter)}
        | {k: v for k, v in extra.items() if v is not None},
    }
    about = _ABOUT.get(kind, kind)
    if about == "Node":
        return row | {"node": name, "k8s_namespace_name": None, "k8s_pod_name": told.pod}
    if about == "Pod":
        node = told.node or (host if reporter == "kubelet" else None)
        owner = {"k8s_pod_name": name, "k8s_pod_uid": uid or None, "k8s_container_name": _container(field_path or "")}
        return row | owner | {"node": node, "container_id": told.container_id}
    return row | {"controller": f"{kind}/{name}", "k8s_pod_name": told.pod, "value": told.value}


def event_frame(events: pl.DataFrame) -> pl.DataFrame:
    """The same of many, each a row of what ``event_columns`` takes; what goes into the attributes are columns of their own.

    What has the same kind of object, reason and message is looked at once.
    """
    known = events.select("kind", "reason", "message").unique()
    told = pl.DataFrame([_tell(*row) for row in known.iter_rows()], schema=_TOLD, orient="row")
    told = known.hstack(told.rename({"kind": "event"}))
    paths = events["field_path"].unique().drop_nulls()
    containers = pl.DataFrame(
        {"field_path": paths, "container": [_container(path) for path in paths]}, schema_overrides={"container": pl.String}
    )
    rows = events.join(told, on=["kind", "reason", "message"], how="left", maintain_order="left")
    rows = rows.join(containers, on="field_path", how="left", maintain_order="left")
    about = pl.col("kind").replace(_ABOUT)
    pod, node = about == "Pod", about == "Node"
    by_kubelet = pl.col("reporter") == "kubelet"
    return rows.select(
        kind="event",
        component=pl.lit("api"),
        k8s_namespace_name=pl.when(~node & (pl.col("namespace") != "")).then("namespace"),
        message=pl.format("{}/{} {}: {}", "kind", "name", "reason", "message").str.strip_chars(BLANKS),
        node=pl.when(node).then("name").when(pod).then(pl.coalesce("node", pl.when(by_kubelet).then("host"))),
        k8s_pod_name=pl.when(pod).then("name").otherwise("pod"),
        k8s_pod_uid=pl.when(pod & (pl.col("uid") != "")).then("uid"),
        k8s_container_name=pl.when(pod).then("container"),
        container_id=pl.when(pod).then("container_id"),
        controller=pl.when(~pod & ~node).then(pl.format("{}/{}", "kind", "name")),
        value=pl.when(~pod & ~node).then("value"),
        reason="reason",
        reporter=pl.col("reporter").replace(_REPORTERS),
        combined="combined",
        replica_set="replica_set",
    )


def _tell(kind: str, reason: str, message: str) -> _Told:
    written, message = message, _COMBINED.sub("", message)
    tells = _kind(kind, reason, message)
    told = _Told(str(tells), message != written)
    about = _ABOUT.get(kind, kind)
    if about == "Node":
        ended = _TERMINATED.search(message) if tells == E.POD_FORCE_DELETED else None
        return told._replace(pod=ended[1]) if ended else told
    if about == "Pod":
        identity = _ID.search(message) if tells in _TELL_IDS else None
        scheduled = _SCHEDULED.match(message) if tells == E.POD_SCHEDULED else None
        return told._replace(container_id=container_id(identity[1]) if identity else None, node=scheduled[2] if scheduled else None)
    named = _POD_NAMED.match(message) or (_RECREATED.search(message) if tells == E.POD_RECREATING else None)
    if scaled := _SCALED.match(message):
        told = told._replace(value=integer(scaled[2]), replica_set=scaled[1])
    return told._replace(pod=named[1]) if named else told


def _container(field_path: str) -> str | None:
    found = _CONTAINER.search(field_path)
    return (found[1] or found[2]) if found else None


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
