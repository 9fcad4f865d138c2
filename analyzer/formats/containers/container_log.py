r"""What containers write to stdout and stderr, as their runtime keeps it: every line with the time at which it was read.

CRI (containerd, CRI-O; /var/log/pods, /var/log/containers): ``TIME STREAM TAG TEXT``, the tag P for a part of a line that goes on in
the stream's next one, F for the last or only part; more tags may follow it behind colons. ``kubectl logs --timestamps``, must-gather,
``docker logs -t``: ``TIME TEXT``, with ``[pod/POD/CONTAINER] `` before it (kubectl --prefix). docker's json-file: an object a line; a
``log`` without ``\n`` at its end, after 16 KiB, goes on in the stream's next record.

A message of klog that spans several lines (2.40 and later indent them) has a time on each of them: where they stand one after the
other they belong together again.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, BinaryIO, Final

import orjson
import polars as pl

from analyzer.few import kept, nulls
from analyzer.formats.base import HEAD, Batch, ReadContext
from analyzer.formats.containers.container_text import KLOG, Fineness, Writer, pids, utc
from analyzer.formats.journals.journal_fields import rejected
from analyzer.formats.json_documents import mostly
from analyzer.formats.lines import LINES, chunks, conform, whole
from analyzer.formats.runtimes import docker_text
from analyzer.vocabulary import RECORDS, TIME

_TIME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
_PREFIX: Final = r"^\[([^\]\s]+/[^\]\s/]+)\] "
_LIKE_CRI: Final = re.compile(rf"{_TIME} std(?:out|err) [PF](?::\S*)?(?: |$)")
_LIKE_STAMPED: Final = re.compile(rf"(?:\[[^\]\s]+\] )?{_TIME}(?: |$)")
_SURE: Final = re.compile(rf"(?:\[[^\]\s]+\] )?(?:[^.\s]{{19}}\.[0-9]{{7,9}}|{_TIME} {KLOG[1:]})")
"""Nanoseconds, or klog behind the time: others write times, too, but not these."""
_NAME: Final = "io.kubernetes.container.name"
_OBJECT: Final = pl.Schema({"log": pl.String(), "stream": pl.String(), "time": pl.String(), "attrs": pl.Struct({_NAME: pl.String()})})
_UNUSUAL: Final = r'"(?:log|stream|time)"\s*:\s*[^\s"]|\\u[dD][89a-fA-F]'
"""Values that are no strings, and half a surrogate pair. A quotation mark before a colon always ends a key."""
_BULK: Final = 8192  # objects that are decoded in one go; one broken object sends so many the slow way
_INDENTED: Final = r"^[ \t]"
_FRAME: Final = pl.Schema(
    {
        **LINES,
        "written": pl.String(),
        "us": pl.Int64(),
        "stream": pl.String(),
        "container": pl.String(),
        "partial": pl.Boolean(),
        "text": pl.String(),
        "reason": pl.String(),
    }
)


class ContainerLog:
    """Lines in one kind of wrapping. ``unwrap`` brings lines into the columns of _FRAME."""

    family = "container"
    dated = True

    def __init__(self, name: str, looks: Callable[[bytes], bool], unwrap: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        self.name = name
        self._looks = looks
        self._unwrap = unwrap

    def sniff(self, head: bytes, name: str) -> bool:
        return self._looks(head)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        writer, fineness, count = Writer(), Fineness(), 0

        def unwrapped() -> Iterator[pl.DataFrame]:
            for chunk in chunks(stream):
                frame = self._unwrap(chunk)
                fineness.see(frame["written"])
                writer.see(frame["text"])
                yield frame

        for lines, starts in whole(unwrapped(), _starts):
            framed = _joined(lines, starts)
            records = framed.with_row_index("record", count).with_columns(
                time=pl.col("us").cast(TIME),
                resolution_us=pl.lit(fineness.resolution, pl.Int64),
                identifier=pl.coalesce("container", pl.lit(writer.identifier, pl.String)),
                pid=pids(framed["text"]),
                message=pl.col("text"),
            )
            count += records.height
            yield Batch(records=conform(records, RECORDS), rejects=rejected(kept(lines, lines["reason"].is_not_null())))


def _starts(lines: pl.DataFrame) -> pl.Series:
    """Lines before which no message is under way, in none of the streams."""
    if not lines["partial"].any():
        return ~lines["text"].str.contains(_INDENTED)
    under_way = [
        pl.when(pl.col("stream") == name).then("partial").forward_fill().shift(1, fill_value=False).fill_null(False)
        for name in lines["stream"].unique(maintain_order=True).drop_nulls()
    ]
    return lines.select(~pl.any_horizontal(pl.lit(False), *under_way) & ~_indented()).to_series()


def _indented() -> pl.Expr:
    return pl.col("text").str.contains(_INDENTED)


def _joined(lines: pl.DataFrame, starts: pl.Series) -> pl.DataFrame:
    """Parts of a line, and the lines of a message of klog, as one row each; its place and time are those of the first part."""
    good = pl.col("reason").is_null()
    if starts.all():
        return kept(lines, lines["reason"].is_null())
    alone = starts & starts.shift(-1, fill_value=True)
    some = lines.filter(~alone & good).with_columns(part=pl.col("partial").shift(1, fill_value=False).over("stream"))
    # what an indented line belongs to is the last line before it that is neither indented nor a part
    owner = ~pl.col("part") & ~_indented()
    klog = pl.when(owner).then(pl.col("text").str.contains(KLOG)).forward_fill().fill_null(False).over("stream")
    some = some.with_columns(more=pl.col("part") | (_indented() & klog))
    some = some.with_columns(message=(~pl.col("more")).cum_sum().over("stream"))
    glue = pl.when(pl.col("more") & ~pl.col("part")).then(pl.lit("\n")).otherwise(pl.lit(""))
    first = [pl.col(name).first() for name in _FRAME if name not in ("raw", "text", "stream")]
    joined = (
        some.with_columns(text=glue + pl.col("text"))
        .group_by("stream", "message", maintain_order=True)
        .agg(*first, pl.col("text").str.join(""), pl.col("raw").str.join("\n"))
        .select(_FRAME.names())
    )
    return pl.concat([lines.filter(alone & lines["reason"].is_null()), joined]).sort("offset")


def _framed(lines: pl.DataFrame, why: str) -> pl.DataFrame:
    """The columns of _FRAME; a row whose time cannot be read says so."""
    missing = [nulls(name, dtype, lines.height) for name, dtype in _FRAME.items() if name not in lines.columns]
    us = utc(lines["written"])
    undated = us.is_null()
    lines = lines.with_columns(missing) if missing else lines
    return lines.with_columns(
        pl.col("text", "stream").fill_null(""),
        us=us,
        reason=pl.coalesce("reason", pl.when(undated).then(pl.lit(why))),
        partial=pl.col("partial").fill_null(False) & ~undated,
    )[_FRAME.names()]


def _cri(lines: pl.DataFrame) -> pl.DataFrame:
    lines = lines.filter(pl.col("raw") != "")
    parts = lines["raw"].str.splitn(" ", 4).struct.rename_fields(["written", "stream", "tag", "text"]).struct.unnest()
    tagged = pl.col("stream").is_in(["stdout", "stderr"]) & pl.col("tag").str.contains("^[PF](?::|$)")
    parts = parts.select(
        pl.when(tagged.fill_null(False)).then("written"), "stream", "text", pl.col("tag").str.starts_with("P").alias("partial")
    )
    return _framed(pl.concat([lines, parts], how="horizontal"), "no line of a container's log")


def _stamped(lines: pl.DataFrame) -> pl.DataFrame:
    lines = lines.filter(pl.col("raw") != "").with_columns(stream=pl.lit(""), line_of=pl.col("raw"))
    if lines["raw"].str.starts_with("[").any():
        prefix = pl.col("raw").str.extract(_PREFIX, 1)
        lines = lines.with_columns(stream=prefix.fill_null(""), line_of=pl.col("raw").str.replace(_PREFIX, ""))
    parts = lines["line_of"].str.splitn(" ", 2).struct.rename_fields(["written", "text"]).struct.unnest()
    container = pl.col("stream").str.extract("/([^/]+)$", 1)
    return _framed(pl.concat([lines.with_columns(container=container), parts], how="horizontal"), "a line without a time")


def _objects(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines of docker's json-file. After a power loss NULs may stand before an object."""
    lines = lines.with_columns(pl.col("raw").str.strip_chars_start("\0 \t")).filter(pl.col("raw") != "")
    parts = pl.concat([_decoded(part["raw"]) for part in lines.iter_slices(_BULK)] or [_one_by_one(lines["raw"])])
    ends = pl.col("log").str.ends_with("\n")
    parts = parts.select(
        pl.col("stream"),
        pl.col("reason"),
        pl.col("time").alias("written"),
        pl.col("log").str.strip_suffix("\n").alias("text"),
        pl.col("attrs").struct.field(_NAME).alias("container"),
        (~ends).alias("partial"),
    )
    return _framed(pl.concat([lines, parts], how="horizontal"), "no record of a container's log")


def _decoded(raw: pl.Series) -> pl.DataFrame:
    """All at once if they are as docker writes them, else one by one."""
    if raw.str.contains(_UNUSUAL).any() or not (raw.str.starts_with("{") & raw.str.ends_with("}")).all():
        return _one_by_one(raw)
    try:
        frame = pl.read_ndjson((raw.str.join("\n").item() or "").encode(), schema=_OBJECT)
    except pl.exceptions.PolarsError:
        return _one_by_one(raw)
    return frame.with_columns(reason=pl.lit(None, pl.String)) if frame.height == len(raw) else _one_by_one(raw)


def _one_by_one(raw: pl.Series) -> pl.DataFrame:
    return pl.DataFrame([_object(text) for text in raw], schema={**_OBJECT, "reason": pl.String()})


def _object(text: str) -> dict[str, Any]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return {"reason": f"not JSON: {error}"}
    if not isinstance(found, dict) or not isinstance(found.get("log"), str):
        return {"reason": "no record of a container's log"}
    attributes = found.get("attrs")
    container = attributes.get(_NAME) if isinstance(attributes, dict) else None
    return {name: found[name] for name in ("log", "stream", "time") if isinstance(found.get(name), str)} | {
        "attrs": {_NAME: container if isinstance(container, str) else None}
    }


@lru_cache(maxsize=1)
def _beginning(head: bytes) -> list[str]:
    """The first lines that are not blank; the last of them may be cut off, which says nothing, unless it is alone."""
    lines = [line.rstrip("\r") for line in head.decode(errors="replace").removeprefix("\ufeff").split("\n")[:200]]
    lines = [line for line in lines if line.strip()]
    return lines[:-1] if len(lines) > 1 and len(head) >= HEAD else lines


def _is_cri(head: bytes) -> bool:
    lines = _beginning(head)
    return 2 * sum(1 for line in lines if _LIKE_CRI.match(line)) > len(lines)


def _is_stamped(head: bytes) -> bool:
    """docker's events have such times, too."""
    lines = _beginning(head)
    found = [line for line in lines if _LIKE_STAMPED.match(line) and not _LIKE_CRI.match(line)]
    sure = 2 * len(found) > len(lines) and 2 * sum(1 for line in found if _SURE.match(line)) > len(found)
    return sure and not docker_text.FORMAT.sniff(head, "")


def _is_json_file(head: bytes) -> bool:
    return b'"log"' in head and mostly(head, _is_object)


def _is_object(content: Any) -> bool:
    if not isinstance(content, dict) or not content.keys() <= {"log", "stream", "time", "attrs"}:
        return False
    return all(isinstance(content.get(name), str) for name in ("log", "time")) and content.get("stream") in ("stdout", "stderr")


CRI = ContainerLog("cri-log", _is_cri, _cri)
STAMPED = ContainerLog("kubectl-logs", _is_stamped, _stamped)
JSON_FILE = ContainerLog("docker-json-file", _is_json_file, _objects)
