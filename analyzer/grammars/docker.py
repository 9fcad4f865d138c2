"""docker events about containers that Kubernetes made: whose they are stands in their labels or their names."""

from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from analyzer.formats.docker_names import identify
from analyzer.grammars.base import Fields, container_id, events_frame, fields, integer, position
from analyzer.vocabulary import EventKind as E

_ACTIONS = {
    "create": E.CONTAINER_CREATED,
    "start": E.CONTAINER_STARTED,
    "kill": E.CONTAINER_SIGNALLED,
    "die": E.CONTAINER_DIED,
    "stop": E.CONTAINER_STOPPED,
    "destroy": E.CONTAINER_DESTROYED,
}
_VALUES = {E.CONTAINER_DIED: "exitCode", E.CONTAINER_SIGNALLED: "signal"}


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'docker' (message: ``container <action> <id>``) to EVENTS (without source_id)."""
    actions = "|".join(_ACTIONS)
    chosen = records.filter(pl.col("message").str.contains(rf"^container (?:{actions}) [0-9a-f]+$").fill_null(False))
    return events_frame(list(_events(chosen)))


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for record in records.iter_rows(named=True):
        _, action, identity = record["message"].split(" ")
        attributes: dict[str, Any] = orjson.loads(record["fields"]) if record["fields"] else {}
        kind = _ACTIONS[action]
        value = attributes.get(_VALUES.get(kind, ""))
        who = identify(attributes)
        shown = ", ".join(f"{k}={attributes[k]}" for k in ("exitCode", "signal", "name", "image") if k in attributes)
        yield {
            **position(record),
            **fields(kind),
            **who,
            "component": "docker",
            "container_id": container_id(identity),
            "value": integer(value),
            "message": record["message"],
            "text": f"{record['message']} ({shown})",
        }
