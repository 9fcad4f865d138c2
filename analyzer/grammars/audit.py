"""The audit log: who deleted a pod, and who asked for how many replicas. Only what the API has granted counts.

Controllers are known by their service account, or, where the controller-manager works under one name for all of them, by the
end of the user agent, to which client-go appends the controller's name (both seen in 1.20 and 1.23). The node controller evicts;
the taint manager works under its account (to date), also where it is a controller of its own (1.29).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import orjson
import polars as pl

from analyzer.grammars.base import Fields, events_frame, fields, integer, position
from analyzer.grammars.relevance import Grammar, Seen, alone, chosen
from analyzer.vocabulary import EventKind as E

_ANSWERED: Final = "ResponseComplete"
_EVICTORS: Final = re.compile(r"node-(?:lifecycle-)?controller|taint[\w-]*")
_WORKLOADS: Final = frozenset({"replication-controller", "replicaset-controller", "deployment-controller", "statefulset-controller"})
_OWNERS: Final = _WORKLOADS | {"daemon-set-controller", "job-controller"}
_KINDS: Final = {
    "replicationcontrollers": "ReplicationController",
    "replicasets": "ReplicaSet",
    "deployments": "Deployment",
    "statefulsets": "StatefulSet",
}
_PODS: Final = r"^(?:delete pods|create pods/eviction) "
_WRITES: Final = rf"^(?:create|update|patch) (?:{'|'.join(_KINDS)})(?:/scale)? "  # /status repeats a spec that it cannot change
_MANAGER: Final = "system:kube-controller-manager"


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'audit' to EVENTS (without source_id)."""
    return events_frame(list(_events(chosen(records, _told))))


def _told(seen: Seen) -> pl.Series:
    return seen.records["message"].str.contains(f"{_PODS}|{_WRITES}").fill_null(False)


GRAMMAR = Grammar(alone(understand), others=_told)


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for record in records.iter_rows(named=True):
        told: dict[str, Any] = orjson.loads(record["fields"])
        reference = told.get("objectRef") or {}
        granted = 200 <= told.get("code", 0) < 300
        if not granted or told["stage"] != _ANSWERED or told.get("dryRun") or reference.get("resource") not in _RULES:
            continue
        for row in _RULES[reference["resource"]](told, reference):
            attributes = {"user": told["user"], **row.get("attributes", {})}
            stamp = f"{record['time']:%Y-%m-%dT%H:%M:%S.%fZ}"
            yield {
                **position(record),
                **row,
                "component": "audit",
                "k8s_namespace_name": reference.get("namespace"),
                "message": record["message"],
                "attributes": attributes,
                "text": f"{stamp} {record['message']}" + (f" (replicas={row['value']})" if "value" in row else ""),
            }


def _deletion(told: dict[str, Any], reference: dict[str, Any]) -> Iterable[Fields]:
    """A pod marked for deletion. The kubelet's own request is the end of a deletion, or of a mirror pod: no mark."""
    actor = _actor(told)
    if told["user"].startswith("system:node:") or told.get("userAgent", "").startswith("kubelet/"):
        return
    kind = E.POD_EVICTED if _EVICTORS.fullmatch(actor) else E.POD_DELETED if actor in _OWNERS else E.POD_DELETE_ASKED
    name = reference.get("name")
    if name:
        grace = _options(told).get("gracePeriodSeconds")
        attributes = {"grace": grace} if isinstance(grace, int) else {}  # 0: the object is gone at once
        yield fields(kind, k8s_pod_name=name, k8s_pod_uid=_pod_uid(told, reference), attributes=attributes)


def _options(told: dict[str, Any]) -> dict[str, Any]:
    """The DeleteOptions, alone or in an Eviction."""
    request = told.get("requestObject") or {}
    return request.get("deleteOptions") or request


def _pod_uid(told: dict[str, Any], reference: dict[str, Any]) -> str | None:
    """From the pod in the answer, or from what the request made a condition; many an audit policy writes neither."""
    response, options = told.get("responseObject") or {}, _options(told)
    answered = response.get("metadata") or {} if response.get("kind") == "Pod" else {}
    return reference.get("uid") or answered.get("uid") or (options.get("preconditions") or {}).get("uid")


def _write(told: dict[str, Any], reference: dict[str, Any]) -> Iterable[Fields]:
    """The replicas that were asked for. A controller's own write repeats them; but a deployment's controller is who asks a ReplicaSet."""
    kind, creates = _KINDS[reference["resource"]], told["verb"] == "create"
    request, response = told.get("requestObject") or {}, told.get("responseObject") or {}
    actor = _actor(told)
    if actor in _WORKLOADS and (actor, kind) != ("deployment-controller", "ReplicaSet"):
        return
    # of the answer's only where the request says none: the answer to a change of something else repeats what held before
    replicas = integer(((request.get("spec") or {}) or (response.get("spec") or {} if creates else {})).get("replicas"))
    metadata = [part.get("metadata") or {} for part in (response, request)]
    name = reference.get("name") or next((m["name"] for m in metadata if m.get("name")), None)  # generateName: only the answer knows it
    if name and replicas is not None:
        attributes = {"creating": replicas} if creates else {}
        yield fields(E.DESIRED_REPLICAS, controller=f"{kind}/{name}", value=replicas, attributes=attributes)


def _actor(told: dict[str, Any]) -> str:
    """The last part of the user's name; of the controller-manager's one name: which controller it was."""
    user, agent = told["user"], told.get("userAgent", "")
    return str(agent.rpartition("/")[2] if user == _MANAGER else user).rpartition(":")[2]


_Rule = Callable[[dict[str, Any], dict[str, Any]], Iterable[Fields]]
_RULES: Final[dict[str, _Rule]] = {"pods": _deletion, **dict.fromkeys(_KINDS, _write)}
