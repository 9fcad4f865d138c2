"""``ctr events``: tasks are the truth of what ran. Only the sandbox's /containers/create carries labels.

Pod and container of an application container come from elsewhere (the kubelet's log, pod objects) by container id.
"""

from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from analyzer.formats.runtimes.docker_names import identify
from analyzer.grammars.base import Fields, container_id, events_frame, fields, position
from analyzer.grammars.relevance import Grammar, Seen, alone, chosen
from analyzer.vocabulary import SANDBOX
from analyzer.vocabulary import EventKind as E

_TOPICS = {
    "/containers/create": E.CONTAINER_CREATED,
    "/containers/update": E.CONTAINER_CREATED,  # for sandboxes, at their creation: the only one with labels
    "/tasks/start": E.CONTAINER_STARTED,
    "/tasks/exit": E.CONTAINER_DIED,
    "/containers/delete": E.CONTAINER_DESTROYED,
}


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'containerd' (message: ``<topic> <container id>``) to EVENTS (without source_id)."""
    return events_frame(list(_events(chosen(records, _told))))


def _told(seen: Seen) -> pl.Series:
    return seen.records["message"].str.contains(rf"^(?:{'|'.join(_TOPICS)}) ").fill_null(False)


GRAMMAR = Grammar(alone(understand), others=_told)


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for record in records.iter_rows(named=True):
        topic, _, identity = record["message"].partition(" ")
        payload: dict[str, Any] = orjson.loads(record["fields"]) if record["fields"] else {}
        if topic == "/tasks/exit" and payload.get("id", identity) != identity:
            continue  # the end of an exec, not of the container
        kind = _TOPICS[topic]
        exit_status = int(payload.get("exit_status", 0)) if kind is E.CONTAINER_DIED else None  # protobuf leaves 0 out
        labels = payload.get("labels") or {}
        sandbox = {"k8s_container_name": SANDBOX} if labels.get("io.cri-containerd.kind") == "sandbox" else {}
        yield {
            **position(record),
            **fields(kind),
            **identify(labels),
            **sandbox,
            "component": "containerd",
            "container_id": container_id(identity),
            "value": exit_status,
            "message": record["message"],
            "text": record["message"] if exit_status is None else f"{record['message']} (exit_status={exit_status})",
        }
