"""Events of docker and podman about containers that Kubernetes made: whose they are stands in their labels or their names.

podman says 'died' for docker's 'die', 'remove' for 'destroy', and 'cleanup' for what follows each death: where that was lost, the
container had ended by then. What docker's manual and people shorten is known by its first twelve digits.
"""

import re
from collections.abc import Iterator
from typing import Any

import orjson
import polars as pl

from analyzer.formats.runtimes.docker_names import identify
from analyzer.grammars.base import Fields, container_id, fields, integer, located
from analyzer.grammars.relevance import Grammar, Seen, alone, chosen
from analyzer.vocabulary import EventKind as E

_ACTIONS = {
    "create": E.CONTAINER_CREATED,
    "start": E.CONTAINER_STARTED,
    "kill": E.CONTAINER_SIGNALLED,
    "die": E.CONTAINER_DIED,
    "died": E.CONTAINER_DIED,
    "stop": E.CONTAINER_STOPPED,
    "cleanup": E.CONTAINER_DESTROYED,
    "destroy": E.CONTAINER_DESTROYED,
    "remove": E.CONTAINER_DESTROYED,
}
_VALUES = {"die": "exitCode", "died": "containerExitCode", "kill": "signal"}
_SHOWN = ("exitCode", "containerExitCode", "signal", "name", "image")
_SHORTENED = re.compile(r"(?<![0-9a-f])([0-9a-f]{12})[0-9a-f]*\.{2,3}")


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'docker' (message: ``container <action> <id>``) to EVENTS (without source_id)."""
    own = chosen(records, _told)
    return located(own, enumerate(_events(own)))


def _told(seen: Seen) -> pl.Series:
    return seen.records["message"].str.contains(rf"^container (?:{'|'.join(_ACTIONS)}) [0-9a-f]+(?:\.{{2,3}})?$").fill_null(False)


GRAMMAR = Grammar(alone(understand), others=_told)


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for message, writer, told in records.select("message", "identifier", "fields").iter_rows():
        _, action, identity = message.split(" ")
        attributes: dict[str, Any] = orjson.loads(told) if told else {}
        shown = ", ".join(f"{k}={attributes[k]}" for k in _SHOWN if k in attributes)
        yield {
            **fields(_ACTIONS[action]),
            **identify(attributes),
            "component": writer,
            "container_id": container_id(_SHORTENED.sub(r"\1", identity) if "." in identity else identity),
            "value": integer(attributes.get(_VALUES.get(action, ""))),
            "text": f"{message} ({shown})",
        }
