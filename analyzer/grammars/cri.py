"""The CRI's own events (``crictl events``): each names its pod and its container, and a stop says how it ended."""

from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from analyzer.grammars.base import Fields, container_id, fields, integer, located
from analyzer.grammars.relevance import Grammar, Seen, alone, chosen
from analyzer.vocabulary import EventKind as E

_KINDS = {
    "CONTAINER_CREATED_EVENT": E.CONTAINER_CREATED,
    "CONTAINER_STARTED_EVENT": E.CONTAINER_STARTED,
    "CONTAINER_STOPPED_EVENT": E.CONTAINER_DIED,
    "CONTAINER_DELETED_EVENT": E.CONTAINER_DESTROYED,
}


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'cri' (message: ``<kind> <container id>``) to EVENTS (without source_id)."""
    own = chosen(records, _told)
    return located(own, enumerate(_events(own)), "cri")


def _told(seen: Seen) -> pl.Series:
    return seen.records["message"].is_not_null()


GRAMMAR = Grammar(alone(understand), others=_told)


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for message, extra in records.select("message", "fields").iter_rows():
        kind, _, identity = message.partition(" ")
        told: dict[str, Any] = orjson.loads(extra) if extra else {}
        code = integer(told.get("exitCode")) if _KINDS[kind] is E.CONTAINER_DIED else None
        yield {
            **fields(_KINDS[kind]),
            "k8s_namespace_name": told.get("namespace"),
            "k8s_pod_name": told.get("pod"),
            "k8s_pod_uid": told.get("uid"),
            "k8s_container_name": told.get("container"),
            "container_id": container_id(identity),
            "value": code,
            **({} if code is None else {"text": f"{message} (exitCode={code})"}),
        }
