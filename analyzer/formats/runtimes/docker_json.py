"""``docker events`` as JSON: lines (``--format '{{json .}}'``), arrays (the Engine API, ``jq -s``), RFC 7464 sequences.

Three shapes, told apart by their keys: before Docker 1.10 ``{status, id, from, time}`` (``timeNano`` since 1.9); since 1.10 also
``{Type, Action, Actor{ID, Attributes}}``; since 29 (API 1.52) only the latter.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, BinaryIO, Final, Generic, TypeVar, cast

import msgspec
import orjson
import polars as pl

from analyzer.formats.base import HEAD, Batch, ReadContext
from analyzer.formats.json_documents import batches, mostly, peeked
from analyzer.formats.lines import chunks
from analyzer.formats.tables import numbered, packed, parted, shaped, storable
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
        "containerExitCode",
        "execDuration",
        "exitCode",
        "image",
        "name",
        "signal",
    }
)
_MET = 10_000  # keys that are remembered
_SLICE = 20_000  # events of an array that are framed at a time
_BLOCK = 8 * 1024 * 1024  # bytes of lines that are: what is larger does not stay in the processor's cache

Found = tuple[int, int, str, str | None]
"""Of one event: its time in microseconds, its resolution, message, fields."""

_FOUND: Final = {"time": pl.Int64, "resolution_us": pl.Int64, "message": pl.String, "fields": pl.String}

Nanoseconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**63 // 10**9)]


A = TypeVar("A")


class _Actor(msgspec.Struct, Generic[A], gc=False):
    id: str = msgspec.field(name="ID", default="")
    attributes: A = msgspec.field(name="Attributes", default=cast(Any, None))


class _Event(msgspec.Struct, Generic[A], gc=False):
    type: str = msgspec.field(name="Type", default="")
    action: str = msgspec.field(name="Action", default="")
    actor: _Actor[A] | None = msgspec.field(name="Actor", default=None)
    status: str = ""
    id: str = ""
    image: str = msgspec.field(name="from", default="")
    time: Seconds = 0
    nanoseconds: Nanoseconds = msgspec.field(name="timeNano", default=0)


def untyped_message(action: str, identity: str) -> str:
    """The message of an event from before 1.10."""
    return f"{'image' if action in IMAGE_ACTIONS else 'container'} {action} {identity}"


def message(kind: str, action: str, identity: str) -> str:
    """The same text for the same event in every rendering; ``container prune`` and its like have no ID."""
    return storable(f"{kind} {action} {identity}" if identity else f"{kind} {action}") or ""


def fields(attributes: Mapping[str, Any]) -> str | None:
    """The attributes that matter to Kubernetes, as a JSON object with sorted keys."""
    kept = {key: value for key, value in attributes.items() if _keeps[key]}
    return packed(kept) if kept else None


class _Keeps(dict[str, bool]):
    """Which keys are kept, as far as they have been met: few are."""

    def __missing__(self, key: str) -> bool:
        kept = key in _KEPT or key.startswith("io.kubernetes.")
        if len(self) < _MET:
            self[key] = kept
        return kept


_keeps = _Keeps()


def docker_frame(frame: pl.DataFrame, first: int, program: str = "docker") -> pl.DataFrame:
    """Completed to RECORDS; ``first`` is the ordinal of the first record, ``program`` who tells of the events."""
    ordinals = pl.int_range(first, first + frame.height, dtype=pl.Int64).alias("record")
    return shaped(frame.with_columns(ordinals, pl.lit(program).alias("identifier")), RECORDS)


def told_twice(seconds: int, nanoseconds: int) -> tuple[int, int]:
    """Microseconds and their resolution, of what may be told in both. ValueError: neither is."""
    if nanoseconds:
        return nanoseconds // 1000, 1
    if seconds:
        return seconds * 1_000_000, 1_000_000
    raise ValueError("no time")


def _understand(event: _Event[dict[str, Any] | None]) -> Found:
    """ValueError: this is no event of docker's."""
    return _found(event, fields((event.actor and event.actor.attributes) or {}))


def _found(event: _Event[Any], told: str | None) -> Found:
    time, resolution = told_twice(event.time, event.nanoseconds)
    if event.type and event.action and event.actor is not None:
        return time, resolution, message(event.type, event.action, event.actor.id), told
    if event.status.partition(":")[0] in ACTIONS and event.id and not event.type:
        return time, resolution, untyped_message(event.status, event.id), fields({"image": event.image} if event.image else {})
    raise ValueError("no docker event")


_LABEL: Final = '"io.kubernetes.'
_LABELS: Final = ("container.logpath", "container.name", "docker.type", "pod.name", "pod.namespace", "pod.uid", "sandbox.id")
_USUAL: Final = sorted(_KEPT | {f"io.kubernetes.{label}" for label in _LABELS})
_Usual = msgspec.defstruct(
    "_Usual",
    [(f"key_{n}", str, msgspec.field(name=key, default=None)) for n, key in enumerate(_USUAL)],
    omit_defaults=True,
    gc=False,
)
"""The attributes that are kept, as far as they have a name of their own: written again, they are what ``fields`` makes of them."""
_decode_usual: Callable[[str], _Event[Any]] = msgspec.json.Decoder(_Event[_Usual]).decode  # type: ignore[valid-type]
_encode = msgspec.json.Encoder().encode


def _usual(raw: str) -> Found | None:
    """An event as docker writes it since 1.10, in a third of the time; None: look closer."""
    try:
        event = _decode_usual(raw)
    except (ValueError, RecursionError):
        return None
    actor = event.actor
    if actor is None or actor.attributes is None or not (event.nanoseconds and event.type and event.action and actor.id):
        return None
    told = _encode(actor.attributes).decode()
    if told.count(_LABEL) != raw.count(_LABEL):  # one with another name, or one that is told twice
        return None
    return event.nanoseconds // 1000, 1, f"{event.type} {event.action} {actor.id}", told if told != "{}" else None


Shape = TypeVar("Shape", bound=msgspec.Struct)


class EventJson(Generic[Shape]):
    """JSON of events, each of which is a ``shape`` that ``understand`` makes sense of; ValueError: it is no event.

    ``usual`` makes the same of a text in which no character is escaped by its number; None: look closer.
    """

    family = "docker"
    dated = True

    def __init__(
        self,
        name: str,
        program: str,
        shape: type[Shape],
        understand: Callable[[Shape], Found],
        usual: Callable[[str], Found | None] = lambda _: None,
    ) -> None:
        self.name = name
        self._program = program
        self._shape = shape
        self._decoder = msgspec.json.Decoder(shape)
        self._understand = understand
        self._usual = usual

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first values are events."""
        return mostly(head, self._is_event)

    def _is_event(self, content: Any) -> bool:
        try:
            self._understand(msgspec.convert(content, self._shape))
        except ValueError:  # msgspec's errors are ValueErrors
            return False
        return True

    def divides(self, head: bytes) -> bool:
        return head.startswith(b"{") and _one_a_line(head)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        head, whole = peeked(stream, HEAD)
        yield from self._lines(whole) if _one_a_line(head) else batches(whole, _SLICE, self._batch)

    def _lines(self, stream: BinaryIO) -> Iterator[Batch]:
        return numbered((_bare(frame) for frame in chunks(stream, _BLOCK)), self._batch)

    def _batch(self, events: pl.DataFrame, first: int) -> Batch:
        """Records and rejects of a frame with line, offset and raw, each row an event."""
        told: dict[str, list[Any]] = {name: [] for name in _FOUND}
        add_time, add_resolution, add_message, add_fields = (values.append for values in told.values())
        broken: dict[int, str] = {}
        usual, understand, decode = self._usual, self._understand, self._decoder.decode
        escaped = events["raw"].str.contains("\\u", literal=True)  # perhaps in a key
        for index, (raw, odd) in enumerate(zip(events["raw"].to_list(), escaped.to_list(), strict=True)):
            try:
                time, resolution, said, attributes = (None if odd else usual(raw)) or understand(decode(raw))
            except (ValueError, RecursionError) as error:
                broken[index] = str(error)
                continue
            add_time(time)
            add_resolution(resolution)
            add_message(said)
            add_fields(attributes)
        events, rejects = parted(events, broken)
        columns = pl.DataFrame(told, schema=_FOUND).with_columns(pl.col("time").cast(TIME))
        return Batch(records=docker_frame(pl.concat([events, columns], how="horizontal"), first, self._program), rejects=rejects)


def _bare(lines: pl.DataFrame) -> pl.DataFrame:
    """Without blank lines, and without what opens each value of RFC 7464 text sequences."""
    if lines["raw"].str.starts_with("{").all():
        return lines
    bare = lines.with_columns(pl.col("raw").str.strip_chars_start("\x1e"))
    return bare.filter(pl.col("raw").str.contains(r"\S"))


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


FORMAT = EventJson("docker-json", "docker", _Event[dict[str, Any] | None], _understand, _usual)
