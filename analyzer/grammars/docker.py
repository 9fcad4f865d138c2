"""Events of docker and podman about containers that Kubernetes made: whose they are stands in their labels or their names.

podman says 'died' for docker's 'die', 'remove' for 'destroy', and 'cleanup' for what follows each death: where that was lost, the
container had ended by then. What docker's manual and people shorten is known by its first twelve digits.

Several events of one container come with the same attributes: those are looked at once.
"""

import re

import orjson
import polars as pl

from analyzer.formats.runtimes.docker_names import identify
from analyzer.formats.tables import shaped
from analyzer.grammars.base import POSITION, container_id, events_frame, integer, one_lines
from analyzer.grammars.relevance import Grammar, Seen, alone, chosen
from analyzer.vocabulary import EVENTS
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
_OWNER = ("k8s_namespace_name", "k8s_pod_name", "k8s_pod_uid", "k8s_container_name")
_NOTHING = "{}"


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'docker' (message: ``container <action> <id>``) to EVENTS (without source_id)."""
    own = chosen(records, _told)
    if own.is_empty():
        return events_frame([])
    own = own.select(*POSITION, "message", pl.col("identifier").alias("component"), pl.col("fields").fill_null(_NOTHING))
    told = own.join(_attributes(own["fields"].unique()), on="fields", how="left", maintain_order="left")
    action = pl.col("message").str.extract(r"^container (\w+)")
    events = told.with_columns(
        kind=action.replace_strict({name: str(kind) for name, kind in _ACTIONS.items()}),
        value=pl.coalesce(pl.when(action == name).then(key) for name, key in _VALUES.items()),
        container_id=_ids(told["message"].str.extract(r"(\S+)$")),
        text=one_lines(pl.format("{} ({})", "message", "shown")),
    )
    return shaped(events, EVENTS)


def _told(seen: Seen) -> pl.Series:
    return seen.records["message"].str.contains(rf"^container (?:{'|'.join(_ACTIONS)}) [0-9a-f]+(?:\.{{2,3}})?$").fill_null(False)


GRAMMAR = Grammar(alone(understand), others=_told)


def _attributes(fields: pl.Series) -> pl.DataFrame:
    """What these attributes tell, each of them once: owner, what is shown of them, and their numbers."""
    each = orjson.loads(f"[{','.join(fields)}]")
    owners = [identify(attributes) for attributes in each]
    columns = {column: [owner.get(column) for owner in owners] for column in _OWNER}
    shown = [", ".join([f"{key}={attributes[key]}" for key in _SHOWN if key in attributes]) for attributes in each]
    numbers = {key: pl.Series([integer(attributes.get(key)) for attributes in each], dtype=pl.Int64) for key in _VALUES.values()}
    return pl.DataFrame({"fields": fields, **columns, "shown": shown, **numbers}, schema_overrides=dict.fromkeys(_OWNER, pl.String))


def _ids(written: pl.Series) -> pl.Series:
    """The containers' ids, which may be written in capitals or shortened."""
    plain = written.str.contains("^[0-9a-f]{12,64}$")
    if plain.all():
        return written
    others = [container_id(_SHORTENED.sub(r"\1", text) if "." in text else text) for text in written.filter(~plain)]
    return written.scatter(~plain, pl.Series(others, dtype=pl.String))
