"""``ctr events``: tasks are the truth of what ran. Only the sandbox's /containers/create carries labels.

Pod and container of an application container come from elsewhere (the kubelet's log, pod objects) by container id.
"""

from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from analyzer.formats.runtimes.docker_names import identify
from analyzer.grammars.base import Fields, container_id, fields, integer, located
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
    own = chosen(records, _told)
    return located(own, _events(own), "containerd")


def _told(seen: Seen) -> pl.Series:
    return seen.records["message"].str.contains(rf"^(?:{'|'.join(_TOPICS)}) ").fill_null(False)


GRAMMAR = Grammar(alone(understand), others=_told)


def _events(records: pl.DataFrame) -> Iterator[tuple[int, Fields]]:
    for at, (message, told) in enumerate(records.select("message", "fields").iter_rows()):
        topic, _, identity = message.partition(" ")
        payload: dict[str, Any] = orjson.loads(told) if told else {}
        if topic == "/tasks/exit" and payload.get("id", identity) != identity:
            continue  # the end of an exec, not of the container
        kind = _TOPICS[topic]
        exit_status = integer(payload.get("exit_status", 0)) if kind is E.CONTAINER_DIED else None  # protobuf leaves 0 out
        labels = payload.get("labels") or {}
        sandbox = {"k8s_container_name": SANDBOX} if labels.get("io.cri-containerd.kind") == "sandbox" else {}
        row = {**fields(kind), **identify(labels), **sandbox, "container_id": container_id(identity), "value": exit_status}
        yield at, row if exit_status is None else {**row, "text": f"{message} (exit_status={exit_status})"}
