"""Kubernetes API objects, whichever way they were written down: what JSON and YAML share.

``Collector.add`` takes a decoded document and unfolds it: lists into items, watch events into the object and its verb.
Objects of the same content become the same document: compact JSON with sorted keys.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson
import polars as pl

from analyzer.formats.base import Batch
from analyzer.formats.kubernetes import api_tables
from analyzer.formats.tables import Reject, reject_frame
from analyzer.vocabulary import OBJECTS, TEXT_LIMIT

WATCH: Final = frozenset({"ADDED", "MODIFIED", "DELETED"})
_WATCH_TYPES: Final = WATCH | {"BOOKMARK", "ERROR"}
_ROUTED: Final = {"ADDED": "ADDED", "UPDATED": "MODIFIED"}
"""What eventrouter (heptio) calls them; beside the event it writes the one before."""
_SELF_LINK: Final = re.compile(r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>[^/]+)/(?:namespaces/[^/]+/)?(?P<resource>[a-z]+)/[^/]+$")
_KINDS: Final = {
    "daemonsets": "DaemonSet", "deployments": "Deployment", "endpoints": "Endpoints", "events": "Event", "jobs": "Job", "nodes": "Node",
    "pods": "Pod", "replicasets": "ReplicaSet", "replicationcontrollers": "ReplicationController", "services": "Service",
    "statefulsets": "StatefulSet",
}  # fmt: skip
"""Kinds by the resource in a selfLink (written until 1.19), for items that client-go dumped without their kind."""
_SHAPES: Final[tuple[tuple[str, str, set[str], set[str]], ...]] = (
    ("Pod", "v1", {"containers"}, set()),
    ("Deployment", "apps/v1", {"replicas", "template", "strategy"}, set()),
    ("StatefulSet", "apps/v1", {"replicas", "template", "serviceName", "updateStrategy"}, set()),
    ("ReplicaSet", "apps/v1", {"replicas", "template", "selector"}, {"strategy", "updateStrategy"}),
)
"""The same by what stands in their ``spec``, and what must not: for dumps since 1.20."""


class Listed(NamedTuple):
    """What a list says of items that do not say it themselves."""

    kind: str | None = None
    api_version: str | None = None


class Object(NamedTuple):
    """The columns of OBJECTS after ``offset``."""

    kind: str
    api_version: str
    k8s_namespace_name: str | None
    name: str | None
    uid: str | None
    resource_version: str | None
    watch: str | None
    document: str


def canonical(content: Any) -> str:
    """Compact JSON with sorted keys. ValueError: JSON cannot hold this."""
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # YAML may have keys that are no strings: looking for them takes a quarter longer
        pass
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError as error:  # a number of more than 64 bits; bytes that were no UTF-8
        raise ValueError(f"cannot be written as JSON: {error}") from error


def listed(kind: Any, api_version: Any) -> Listed:
    """What the kind and version of a list say of its items: those of a ``PodList`` are pods, those of a ``List`` anything."""
    item = _text(kind)
    item = item.removesuffix("List") if item else None
    return Listed(item or None, _text(api_version) if item else None)


def is_list(content: Any) -> bool:
    """A ``List``, ``PodList`` ..., even one without items."""
    return isinstance(content, dict) and str(content.get("kind", "")).endswith("List") and _text(content.get("apiVersion")) is not None


def says_its_kind(content: Any) -> bool:
    """Of such an object a list need not say what it is."""
    return isinstance(content, dict) and "kind" in content and "apiVersion" in content


def unfold(content: Any, of: Listed = Listed()) -> Iterator[Object | str]:  # noqa: B008 - a tuple does not change
    """The objects in a decoded document, or why there is none."""
    if not isinstance(content, dict):
        yield "not a Kubernetes object"
    elif _text(content.get("type")) in _WATCH_TYPES and isinstance(content.get("object"), dict):
        yield from _unfold_watch(content["type"], content["object"])
    elif is_list(content) and "items" in content and isinstance(content["items"], list | None):
        inside = listed(content["kind"], content["apiVersion"])
        for item in content["items"] or []:
            yield from unfold(item, inside)
    elif api_tables.is_table(content):
        for row in api_tables.documents(content):
            if isinstance(row, str):
                yield row
            else:
                yield from unfold(row)
    elif content.get("verb") in _ROUTED and isinstance(content.get("event"), dict):
        for item in unfold(content["event"], Listed("Event", "v1")):
            yield item if isinstance(item, str) else item._replace(watch=_ROUTED[content["verb"]])
    else:
        yield _object(content, of)


def _unfold_watch(verb: str, content: dict[str, Any]) -> Iterator[Object | str]:
    if verb == "ERROR":
        yield f"the watch failed: {content.get('message') or content.get('reason')}"
    elif verb != "BOOKMARK":  # a bookmark is no change
        for item in unfold(content):
            yield item if isinstance(item, str) else item._replace(watch=verb)


def _object(content: dict[str, Any], of: Listed) -> Object | str:
    kind, version = content.get("kind"), content.get("apiVersion")
    if not (kind and version and isinstance(kind, str) and isinstance(version, str)):
        kind, version = _identify(content, of)
        if kind is None or version is None:
            return "not a Kubernetes object"
        content = {**content, "kind": kind, "apiVersion": version}
    if version.startswith("audit.k8s.io/"):
        return "an audit log entry, no API object"
    metadata = content.get("metadata")
    if kind == "Status":
        return f"an answer of the API, no object: {content.get('message') or content.get('status')}"
    # until v1beta2 (2014) the metadata stood in the object itself, with 'id' for the name
    if not isinstance(metadata, dict):
        if _text(content.get("id")) is None:
            return "not a Kubernetes object"
        metadata = {**content, "name": content["id"]}
    if kind == "Secret":
        content = _withheld(content)
    try:
        document = canonical(content)
    except ValueError as error:
        return str(error)
    get = metadata.get
    revision = get("resourceVersion")  # a number until v1beta2
    text = None if revision is None else str(revision)
    return Object(kind, version, _text(get("namespace")), _text(get("name")), _text(get("uid")), text, None, document)


def _withheld(content: dict[str, Any]) -> dict[str, Any]:
    """A Secret without what it keeps: a store of evidence is passed around."""
    metadata = content.get("metadata")
    bare = {k: v for k, v in metadata.items() if k not in ("annotations", "managedFields")} if isinstance(metadata, dict) else metadata
    return {**{k: v for k, v in content.items() if k not in ("data", "stringData")}, "metadata": bare}


def _identify(content: dict[str, Any], of: Listed) -> Listed:
    """Kind and version: as written, by what only an event has, by the selfLink, or as the list says."""
    kind, version = _text(content.get("kind")), _text(content.get("apiVersion"))
    if kind or version:
        return Listed(kind or of.kind, version or of.api_version)
    metadata = content.get("metadata")
    if not isinstance(metadata, dict):
        return of
    for reference, group in (("involvedObject", "v1"), ("regarding", "events.k8s.io/v1")):
        if isinstance(content.get(reference), dict):
            return Listed("Event", of.api_version or group)
    link = _SELF_LINK.search(_text(metadata.get("selfLink")) or "")
    if link and of.kind is None:
        return Listed(_KINDS.get(link["resource"]), "/".join(filter(None, (link["group"], link["version"]))))
    return _by_shape(content, of) if of.kind is None else of


def _by_shape(content: dict[str, Any], of: Listed) -> Listed:
    spec, status = content.get("spec"), content.get("status")
    if isinstance(status, dict) and isinstance(status.get("nodeInfo"), dict):
        return Listed("Node", "v1")
    keys = set(spec) if isinstance(spec, dict) and isinstance(status, dict) else set()
    for kind, version, needed, forbidden in _SHAPES:
        if needed <= keys and not keys & forbidden:
            old = kind == "ReplicaSet" and "matchLabels" not in (spec.get("selector") or {})  # type: ignore[union-attr]
            return Listed("ReplicationController", "v1") if old else Listed(kind, version)
    return of


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _may_hold(content: dict[str, Any]) -> bool:
    """Whether it looks as if there were other objects in it."""
    return "items" in content or "object" in content or "event" in content or content.get("kind") == "Table"


_GATHERED: Final = pl.Schema({name: dtype for name, dtype in OBJECTS.items() if name not in ("source_id", "record")})


class Collector:
    """Gathers objects and rejects of one source into batches of bounded size."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._first = 0
        self._held = 0
        self._columns: list[list[Any]] = [[] for _ in _GATHERED]  # a tuple of each row would keep Python's search for cycles busy
        self._rejects: list[Reject] = []

    @property
    def full(self) -> bool:
        return self._held >= self._size

    def add(self, line: int, offset: int, content: Any, text: str, of: Listed = Listed()) -> None:  # noqa: B008
        """The objects in a document that begins here, and is written like this."""
        for item in unfold(content, of) if not isinstance(content, dict) or _may_hold(content) else (_object(content, of),):
            if isinstance(item, str):
                self.reject(Reject(line, offset, item, text))
                continue
            # a table can hold all of it, since its document, of which it is taken, could be written
            for values, value in zip(self._columns, (line, offset, *item), strict=True):
                values.append(value)
            self._held += len(item.document)

    def reject(self, reject: Reject) -> None:
        self._rejects.append(reject._replace(raw=reject.raw[:TEXT_LIMIT]))
        self._held += len(reject.raw[:TEXT_LIMIT])

    def flush(self) -> Batch:
        """What was gathered since the last time."""
        frame = pl.DataFrame(dict(zip(_GATHERED, self._columns, strict=True)), schema=_GATHERED)
        frame = frame.insert_column(0, pl.int_range(self._first, self._first + frame.height, dtype=pl.Int64, eager=True).alias("record"))
        rejects = reject_frame(self._rejects)
        self._first += frame.height
        self._columns, self._rejects, self._held = [[] for _ in _GATHERED], [], 0
        return Batch(objects=frame, rejects=rejects)
