"""Events of docker and podman about containers that Kubernetes made: whose they are stands in their labels or their names.

podman says 'died' for docker's 'die', 'remove' for 'destroy', and 'cleanup' for what follows each death: where that was lost, the
container had ended by then. What docker's manual and people shorten is known by its first twelve digits.
"""

import re
from operator import attrgetter
from typing import Any

import msgspec
import orjson
import polars as pl

from analyzer.formats.runtimes.docker_names import LABELS, owners
from analyzer.formats.tables import shaped
from analyzer.grammars.base import POSITION, container_id, events_frame, one_lines
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
_ATTRIBUTES = (*LABELS.values(), *_SHOWN)
_Attributes = msgspec.defstruct(
    "_Attributes", [(f"key_{n}", str, msgspec.field(name=key, default=None)) for n, key in enumerate(_ATTRIBUTES)], gc=False
)
_decode = msgspec.json.Decoder(list[_Attributes]).decode  # type: ignore[valid-type]


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'docker' (message: ``container <action> <id>``) to EVENTS (without source_id)."""
    own = chosen(records, _told)
    if own.is_empty():
        return events_frame([])
    words = own["message"].str.splitn(" ", 3).struct
    told = _attributes(own["fields"])
    action = pl.lit(words[1])
    shown = pl.concat_str((pl.format(f"{key}={{}}", key) for key in _SHOWN), separator=", ", ignore_nulls=True)
    value = pl.coalesce(pl.when(action == name).then(key) for name, key in _VALUES.items())
    columns = told.select(
        kind=action.replace_strict({name: str(kind) for name, kind in _ACTIONS.items()}),
        value=pl.when(value.str.contains("^-?[0-9]{1,18}$")).then(value).cast(pl.Int64),
        text=one_lines(pl.format("{} ({})", own["message"], shown)),
    )
    placed = own.select(*POSITION, "message", pl.col("identifier").alias("component"), container_id=_ids(words[2]))
    return shaped(pl.concat([placed, columns, owners(told)], how="horizontal"), EVENTS)


def _told(seen: Seen) -> pl.Series:
    return seen.records["message"].str.contains(rf"^container (?:{'|'.join(_ACTIONS)}) [0-9a-f]+(?:\.{{2,3}})?$").fill_null(False)


GRAMMAR = Grammar(alone(understand), others=_told)


def _attributes(fields: pl.Series) -> pl.DataFrame:
    """Of each record the attributes that tell something, as text."""
    texts = f"[{fields.fill_null('{}').str.join(',').item()}]"
    try:
        each = _decode(texts)
    except msgspec.ValidationError:  # docker writes strings; damage makes anything of them
        each = _decode(orjson.dumps([_as_text(attributes) for attributes in orjson.loads(texts)]))
    return pl.DataFrame([pl.Series(key, list(map(attrgetter(f"key_{n}"), each)), pl.String) for n, key in enumerate(_ATTRIBUTES)])


def _as_text(attributes: dict[str, Any]) -> dict[str, str]:
    """Shown is whatever it is; a label that is no text is none."""
    shown = {key: str(attributes[key]) for key in _SHOWN if key in attributes}
    return {key: value for key in LABELS.values() if isinstance(value := attributes.get(key), str)} | shown


def _ids(written: pl.Series) -> pl.Series:
    """The containers' ids, which may be written in capitals or shortened."""
    plain = written.str.contains("^[0-9a-f]{12,64}$")
    if plain.all():
        return written
    others = [container_id(_SHORTENED.sub(r"\1", text) if "." in text else text) for text in written.filter(~plain)]
    return written.scatter((~plain).arg_true(), pl.Series(others, dtype=pl.String))
