"""The API server's audit log: one JSON document a line (the log backend), or an ``EventList`` (what the webhook backend sends).

An audit ``Event`` is a request, and has nothing in common with the API object of that name but the word. It is written once for
each stage of the request: what was answered stands in ``ResponseComplete`` alone. Bodies are there from level Request on; of them
only what says who is asked for how many, and which pod is meant, is taken along. JSON patches are brought into the shape of
the object that they change.

A record's time is when the request arrived; of what goes on for longer than a request may (watches, exec), when it was written, lest
the log seem to begin minutes before its first line.

audit.k8s.io/v1alpha1 (1.7) has one ``timestamp``, with whole seconds; later versions have microseconds.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO, Final

import msgspec
import polars as pl

from analyzer.formats.base import HEAD, Batch, ReadContext
from analyzer.formats.json_documents import batches, mostly, peeked
from analyzer.formats.lines import BOM, LINES, filled
from analyzer.formats.tables import numbered, parted, shaped
from analyzer.vocabulary import RECORDS, TIME

_API: Final = "audit.k8s.io/"
_BEGINS: Final = re.compile(r'\s*\{\s*"kind"\s*:\s*"Event(?:List)?"\s*,\s*"apiVersion"\s*:\s*"audit\.k8s\.io/')
"""How a document begins that is too long to be looked at as a whole: the API server writes these two keys first."""
_LIST: Final = r'"kind"\s*:\s*"EventList"'
_WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_SLICE: Final = 2000
"""So many documents that are not one a line are held at a time."""
LONGEST: Final = pl.duration(seconds=60)
"""The API server ends other requests after this (--request-timeout)."""
_FOUND: Final = {"written": pl.String, "staged": pl.String, "message": pl.String, "fields": pl.String}


_INT64: Final = 2**63
_Number = Annotated[int, msgspec.Meta(ge=-_INT64, le=_INT64 - 1)]


class _Meta(msgspec.Struct, omit_defaults=True):
    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    deletionTimestamp: str | None = None  # noqa: N815 - the API's names


class _Spec(msgspec.Struct, omit_defaults=True):
    replicas: _Number | None = None


class _Preconditions(msgspec.Struct, omit_defaults=True):
    uid: str | None = None


class _Options(msgspec.Struct, omit_defaults=True):
    """DeleteOptions: the body of a deletion, and a part of an Eviction."""

    gracePeriodSeconds: _Number | None = None  # noqa: N815
    preconditions: _Preconditions | None = None
    dryRun: list[str] | None = None  # noqa: N815


class _Body(_Options, omit_defaults=True):
    """What is kept of a request's or response's body."""

    kind: str | None = None
    metadata: _Meta | None = None
    spec: _Spec | None = None
    deleteOptions: _Options | None = None  # noqa: N815


class _Operation(msgspec.Struct):
    """Of a JSON patch (RFC 6902)."""

    op: str
    path: str
    value: Any = None


class _User(msgspec.Struct):
    username: str = ""


class _Reference(msgspec.Struct, omit_defaults=True):
    resource: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    apiGroup: str | None = None  # noqa: N815
    subresource: str | None = None


class _Status(msgspec.Struct):
    code: _Number | None = None


class _Event(msgspec.Struct):
    auditID: str  # noqa: N815
    stage: str
    verb: str = ""
    apiVersion: str | None = None  # noqa: N815 - the items of a list lack it
    requestURI: str = ""  # noqa: N815
    user: _User = msgspec.field(default_factory=_User)
    impersonatedUser: _User | None = None  # noqa: N815
    userAgent: str | None = None  # noqa: N815
    objectRef: _Reference | None = None  # noqa: N815
    responseStatus: _Status | None = None  # noqa: N815
    requestObject: msgspec.Raw = msgspec.Raw(b"")  # noqa: N815
    responseObject: msgspec.Raw = msgspec.Raw(b"")  # noqa: N815
    requestReceivedTimestamp: str | None = None  # noqa: N815
    stageTimestamp: str | None = None  # noqa: N815
    timestamp: str | None = None


class _List(msgspec.Struct):
    kind: str
    apiVersion: str  # noqa: N815
    items: list[msgspec.Raw]


class _Fields(msgspec.Struct, omit_defaults=True):
    """The column ``fields``."""

    stage: str
    verb: str
    user: str
    auditID: str  # noqa: N815
    code: _Number | None = None
    dryRun: bool = False  # noqa: N815
    userAgent: str | None = None  # noqa: N815
    objectRef: _Reference | None = None  # noqa: N815
    requestObject: _Body | None = None  # noqa: N815
    responseObject: _Body | None = None  # noqa: N815


_decoder: Final = msgspec.json.Decoder(_Event)
_lists: Final = msgspec.json.Decoder(_List)
_bodies: Final = msgspec.json.Decoder(_Body)
_patches: Final = msgspec.json.Decoder(list[_Operation])
_encode: Final = msgspec.json.Encoder().encode


def _body(raw: msgspec.Raw) -> _Body | None:
    """What is kept of a body; None if there is none, or it is of a kind that has other types where these have theirs."""
    text = bytes(raw)
    try:
        if not text.startswith(b"["):
            return _bodies.decode(text) if text else None
        counts = [o.value for o in _patches.decode(text) if o.path == "/spec/replicas" and o.op in ("add", "replace")]
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    last = counts[-1] if counts else None
    return _Body(spec=_Spec(last)) if isinstance(last, int) and -_INT64 <= last < _INT64 else None


def _understand(event: _Event) -> tuple[str, str | None, str, str]:
    """Times of arrival and of the stage as written, message, fields. ValueError: this is no audit event."""
    written = event.requestReceivedTimestamp or event.timestamp
    if event.apiVersion is not None and not event.apiVersion.startswith(_API):
        raise ValueError("no audit event")
    if not written:
        raise ValueError("no time")
    writes = event.verb in _WRITES
    request, response = (_body(event.requestObject), _body(event.responseObject)) if writes else (None, None)
    about = event.objectRef
    if about is not None and about.resource:
        what = about.resource + (f"/{about.subresource}" if about.subresource else "")
        which = "/".join(part for part in (about.namespace, about.name) if part)
        subject = f"{what} {which}" if which else what
    else:
        subject = event.requestURI.partition("?")[0]
    user = (event.impersonatedUser or event.user).username
    code = event.responseStatus.code if event.responseStatus else None
    kept = _Fields(
        stage=event.stage,
        verb=event.verb,
        user=user,
        auditID=event.auditID,
        code=code,
        dryRun=writes and ("dryRun=" in event.requestURI or _is_dry(request)),
        userAgent=event.userAgent,
        objectRef=about,
        requestObject=request,
        responseObject=response,
    )
    return (
        written,
        event.stageTimestamp,
        f"{event.verb} {subject} by {user}: {code if code is not None else event.stage}",
        _encode(kept).decode(),
    )


def _is_dry(body: _Body | None) -> bool:
    return body is not None and bool(body.dryRun or (body.deleteOptions and body.deleteOptions.dryRun))


def _batch(documents: pl.DataFrame, first: int) -> Batch:
    """Records and rejects of a frame with line, offset and raw, each row a document."""
    documents = _unlisted(documents)
    found: list[tuple[str, str | None, str, str]] = []
    broken: dict[int, str] = {}
    for index, raw in enumerate(documents["raw"].to_list()):
        try:
            found.append(_understand(_decoder.decode(raw)))
        except (ValueError, RecursionError) as error:
            broken[index] = str(error)
    documents, rejects = parted(documents, broken)
    frame = pl.concat([documents, pl.DataFrame(found, schema=_FOUND, orient="row")], how="horizontal")
    moments = [_moment(name) for name in ("written", "staged")]
    whole = pl.col("written").str.contains(".", literal=True).replace_strict({True: 1, False: 1_000_000}, return_dtype=pl.Int64)
    frame = frame.with_columns(whole.alias("resolution_us"), pl.lit("kube-apiserver").alias("identifier")).with_columns(*moments)
    long = pl.col("staged") - pl.col("written") > LONGEST
    frame = frame.with_columns(pl.when(long).then("staged").otherwise("written").alias("time"))
    undated = dict.fromkeys(frame["time"].is_null().arg_true().to_list(), "no such date")
    frame, late = parted(frame, undated)
    ordinals = pl.int_range(first, first + frame.height, dtype=pl.Int64).alias("record")
    return Batch(records=shaped(frame.with_columns(ordinals), RECORDS), rejects=pl.concat([rejects, late]).sort("offset"))


def _moment(name: str) -> pl.Expr:
    """A time as it is written; null: none, or of a year that Python has not."""
    moment = pl.col(name).str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False).cast(TIME)
    return pl.when(moment.dt.year().is_between(1, 9999)).then(moment).alias(name)


def _unlisted(documents: pl.DataFrame) -> pl.DataFrame:
    """Lists replaced by their items, each with the place where it stands."""
    listed = documents["raw"].str.contains(_LIST)
    if not listed.any():
        return documents
    rows: list[tuple[int, int, str]] = []
    for row, candidate in zip(documents.select("line", "offset", "raw").iter_rows(), listed, strict=True):
        items = _items(*row) if candidate else None
        rows += [row] if items is None else items
    return pl.DataFrame(rows, schema=LINES, orient="row")


def _items(line: int, offset: int, raw: str) -> list[tuple[int, int, str]] | None:
    """The items of an audit EventList; None if it is something else."""
    try:
        found = _lists.decode(raw)
    except (ValueError, RecursionError):
        return None
    if found.kind != "EventList" or not found.apiVersion.startswith(_API):
        return None
    data, at, seen = raw.encode(), 0, 0
    rows = []
    for item in found.items:
        text = bytes(item)
        begin = data.index(text, at)
        line, seen = line + data.count(b"\n", seen, begin), begin
        rows.append((line, offset + begin, text.decode()))
        at = begin + len(text)
    return rows


class AuditLog:
    """Audit events of audit.k8s.io, of all versions."""

    name = "kubernetes-audit"
    family = "audit"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """Most of the first documents are of audit.k8s.io, or the first is too long for the head and begins like one."""
        return mostly(head, _is_audit, _BEGINS)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        head, whole = peeked(stream, HEAD)
        return numbered(filled(whole), _batch) if _one_a_line(head) else batches(whole, _SLICE, _batch)


def _is_audit(content: Any) -> bool:
    return isinstance(content, dict) and content.get("kind") in ("Event", "EventList") and str(content.get("apiVersion")).startswith(_API)


def _one_a_line(head: bytes) -> bool:
    """Whether no document begins with a bracket alone on its line, nor in an array: the fast way is open then."""
    lines = (line.strip() for line in head.removeprefix(BOM).split(b"\n"))
    return not any(line in (b"{", b"[") or line.startswith(b"[{") for line in lines)


FORMAT = AuditLog()
