"""``docker events`` as JSON: lines (``--format '{{json .}}'``), arrays (the Engine API, ``jq -s``), RFC 7464 sequences.

Three shapes, told apart by their keys: before Docker 1.10 ``{status, id, from, time}`` (``timeNano`` since 1.9); since 1.10 also
``{Type, Action, Actor{ID, Attributes}}``; since 29 (API 1.52) only the latter.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, BinaryIO, Final

import msgspec
import orjson
import polars as pl

from analyzer.formats.base import HEAD, Batch, ReadContext
from analyzer.formats.json_documents import batches, mostly, peeked
from analyzer.formats.lines import chunks
from analyzer.formats.tables import packed, parted, shaped, storable
from analyzer.vocabulary import RECORDS, TIME

TYPES: Final = frozenset({"builder", "config", "container", "daemon", "image", "network", "node", "plugin", "secret", "service", "volume"})
IMAGE_ACTIONS: Final = frozenset({"delete", "import", "pull", "push", "tag", "untag"})
"""Before 1.10 an event has no type; these actions were only ever told of images."""

ACTIONS: Final = IMAGE_ACTIONS | {
    "attach", "commit", "copy", "create", "destroy", "die", "exec_create", "exec_start", "export", "kill", "oom", "pause",
    "rename", "resize", "restart", "start", "stop", "top", "unpause", "update",
}  # fmt: skip
"""What containers and images did before 1.10."""

_KEPT: Final = frozenset(
    {
        "annotation.io.kubernetes.container.restartCount",
        "annotation.io.kubernetes.pod.terminationGracePeriod",
        "annotation.kubernetes.io/config.source",
        "container",
        "execDuration",
        "exitCode",
        "image",
        "name",
        "signal",
    }
)
_SLICE = 20_000  # events of an array that are framed at a time

_FOUND: Final = {"time": pl.Int64, "resolution_us": pl.Int64, "message": pl.String, "fields": pl.String}

Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 // 10**9)]


class _Actor(msgspec.Struct, gc=False):
    id: str = msgspec.field(name="ID", default="")
    attributes: dict[str, Any] | None = msgspec.field(name="Attributes", default=None)


class _Event(msgspec.Struct, gc=False):
    type: str = msgspec.field(name="Type", default="")
    action: str = msgspec.field(name="Action", default="")
    actor: _Actor | None = msgspec.field(name="Actor", default=None)
    status: str = ""
    id: str = ""
    image: str = msgspec.field(name="from", default="")
    time: Seconds = 0
    nanoseconds: Nanoseconds = msgspec.field(name="timeNano", default=0)


_decoder = msgspec.json.Decoder(_Event)


def untyped_message(action: str, identity: str) -> str:
    """The message of an event from before 1.10."""
    return f"{'image' if action in IMAGE_ACTIONS else 'container'} {action} {identity}"


def message(kind: str, action: str, identity: str) -> str:
    """The same text for the same event in every rendering; ``container prune`` and its like have no ID."""
    return storable(f"{kind} {action} {identity}" if identity else f"{kind} {action}") or ""


def fields(attributes: Mapping[str, Any]) -> str | None:
    """The attributes that matter to Kubernetes, as a JSON object with sorted keys."""
    kept = {key: value for key, value in attributes.items() if key in _KEPT or key.startswith("io.kubernetes.")}
    return packed(kept) if kept else None


def docker_frame(frame: pl.DataFrame, first: int) -> pl.DataFrame:
    """Completed to RECORDS; ``first`` is the ordinal of the first record."""
    ordinals = pl.int_range(first, first + frame.height, dtype=pl.Int64).alias("record")
    return shaped(frame.with_columns(ordinals, pl.lit("docker").alias("identifier")), RECORDS)


def _understand(event: _Event) -> tuple[int, int, str, str | None]:
    """Time in microseconds, its resolution, message, fields. ValueError: this is no event of docker's."""
    if event.nanoseconds:
        time, resolution = event.nanoseconds // 1000, 1
    elif event.time:
        time, resolution = event.time * 1_000_000, 1_000_000
    else:
        raise ValueError("no time")
    if event.type and event.action and event.actor is not None:
        return time, resolution, message(event.type, event.action, event.actor.id), fields(event.actor.attributes or {})
    if event.status.partition(":")[0] in ACTIONS and event.id and not event.type:
        return time, resolution, untyped_message(event.status, event.id), fields({"image": event.image} if event.image else {})
    raise ValueError("no docker event")


def _batch(events: pl.DataFrame, first: int) -> Batch:
    """Records and rejects of a frame with line, offset and raw, each row an event."""
    found: list[tuple[int, int, str, str | None]] = []
    broken: dict[int, str] = {}
    for index, raw in enumerate(events["raw"].to_list()):
        try:
            found.append(_understand(_decoder.decode(raw)))
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            broken[index] = str(error)
    events, rejects = parted(events, broken)
    columns = pl.DataFrame(found, schema=_FOUND, orient="row").with_columns(pl.col("time").cast(TIME))
    return Batch(records=docker_frame(pl.concat([events, columns], how="horizontal"), first), rejects=rejects)


class DockerJson:
    """JSON of ``docker events`` and of ``GET /events``."""

    name = "docker-json"
    family = "docker"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first values are events."""
        return mostly(head, _is_event)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        head, whole = peeked(stream, HEAD)
        yield from self._lines(whole) if _one_a_line(head) else batches(whole, _SLICE, _batch)

    @staticmethod
    def _lines(stream: BinaryIO) -> Iterator[Batch]:
        first = 0
        for frame in chunks(stream):
            frame = frame.with_columns(pl.col("raw").str.strip_chars_start("\x1e")).filter(pl.col("raw").str.contains(r"\S"))
            batch = _batch(frame, first)
            first += batch.records.height
            yield batch


def _one_a_line(head: bytes) -> bool:
    """Whether the first line that begins with a bracket holds a whole object: the fast way is open then."""
    for line in head.decode(errors="replace").splitlines():
        text = line.lstrip("\ufeff\x1e \t")
        if text.startswith(("{", "[")):
            try:
                return isinstance(orjson.loads(text), dict)
            except orjson.JSONDecodeError:
                return False
    return True


def _is_event(content: Any) -> bool:
    try:
        _understand(msgspec.convert(content, _Event))
    except ValueError:
        return False
    return True


FORMAT = DockerJson()
