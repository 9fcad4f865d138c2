"""A store of any size without reading evidence: records and events of made-up kubelets' journals, written as an ingest writes them."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from analyzer.store import open_store
from analyzer.vocabulary import EVENTS, RECORDS, SOURCES, TIME, SourceStatus
from bench.speed.life import START_US

SOURCE = 2_000_000
"""Records of one source: a kubelet that writes twenty lines a second has so many in a day."""
_BATCH = 100_000
_EVENT = 20
"""One record in so many tells of a pod."""
_PER_POD = 10
"""Events of each pod; ``_AT_ONCE`` pods are alive at a time."""
_AT_ONCE = 30
_STEP_US = 50_000


def write(directory: Path, records: int) -> tuple[str, str, str]:
    """A store of so many records (and an event to every twenty); the uid of a pod in the middle, and the minute from there."""
    store = open_store(directory, create=True)
    for number, begin in enumerate(range(0, records, SOURCE)):
        count = min(SOURCE, records - begin)
        source_id, node = f"{number:016x}", f"minion-{number:04}"
        writer = store.writer(source_id)
        for some in _batches(number, count):
            writer.add("records", _records(some, node))
            writer.add("events", _events(some.filter(pl.col("record") % _EVENT == 0), node))
        told = {"source_id": source_id, "source": f"{node}/kubelet.json", "sha256": f"{number:064x}", "size": count * 1200}
        told |= {"format": "journal-json", "status": str(SourceStatus.READ), "node": node, "records": count, "rejected": 0}
        told |= {"events": -(-count // _EVENT), "objects": 0, "start": _moment(0), "end": _moment(count)}
        writer.commit(dict.fromkeys(SOURCES) | told)
    store.take_in()
    middle = min(records, SOURCE) // 2
    first, last = (f"{_moment(middle + n):%Y-%m-%dT%H:%M:%SZ}" for n in (0, 60_000_000 // _STEP_US))
    return uid(0, middle), first, last


def _moment(record: int) -> pl.Series:
    return pl.Series([START_US + record * _STEP_US]).cast(TIME)[0]  # type: ignore[no-any-return]


def _batches(number: int, count: int) -> Iterator[pl.DataFrame]:
    """``record`` and ``uid``, the pod that it is about."""
    for begin in range(0, count, _BATCH):
        record = pl.int_range(begin, min(begin + _BATCH, count), dtype=pl.Int64, eager=True).alias("record")
        yield pl.DataFrame([record]).with_columns(uid=_uid(number, _pod(pl.col("record"))))


def _pod(record: pl.Expr) -> pl.Expr:
    """Pods in cohorts: the events of those that are alive take turns."""
    turn = record // _EVENT
    return turn // (_PER_POD * _AT_ONCE) * _AT_ONCE + turn % _AT_ONCE


def _uid(number: int, pod: pl.Expr) -> pl.Expr:
    digits = [(pod * 1000 + number).hash(seed).cast(pl.UInt64).mod(10**12).cast(pl.String).str.zfill(12) for seed in (1, 2)]
    a, b = digits
    parts = [a.str.slice(0, 8), a.str.slice(8, 4), b.str.slice(0, 4), b.str.slice(4, 4), a.str.slice(0, 4) + b.str.slice(4, 8)]
    return pl.concat_str(parts, separator="-")


def uid(number: int, record: int) -> str:
    """Of the pod that this record of a source tells of."""
    return str(pl.select(_uid(number, _pod(pl.lit(record, pl.Int64)))).item())


def _records(some: pl.DataFrame, node: str) -> pl.DataFrame:
    text = pl.format('SyncLoop (PLEG): "web-{}_default({})", event: {}', pl.col("record") % 9973, "uid", "record")
    return some.select(
        record="record",
        line=pl.col("record") + 1,
        offset=pl.col("record") * 1200,
        time=(START_US + pl.col("record") * _STEP_US).cast(TIME),
        resolution_us=pl.lit(1, pl.Int64),
        node=pl.lit(node),
        unit=pl.lit("kubelet.service"),
        identifier=pl.lit("kubelet"),
        pid=pl.lit(4215, pl.Int64),
        boot_id=pl.lit("98fd86eabf8e4e9896eb0cdb904d8019"),
        message=text,
        fields=pl.lit(None, pl.String),
        raw=pl.concat_str(pl.lit(f'{{"_HOSTNAME":"{node}","PRIORITY":"6","_PID":"4215","MESSAGE":"'), text, pl.lit('"}')),
    ).select([c for c in RECORDS if c != "source_id"])


def _events(some: pl.DataFrame, node: str) -> pl.DataFrame:
    told = {
        "time": (START_US + pl.col("record") * _STEP_US).cast(TIME),
        "resolution_us": pl.lit(1, pl.Int64),
        "kind": pl.lit("container_started"),
        "component": pl.lit("kubelet"),
        "node": pl.lit(node),
        "k8s_namespace_name": pl.lit("default"),
        "k8s_pod_name": pl.format("web-{}", pl.col("uid").str.slice(0, 8)),
        "k8s_pod_uid": pl.col("uid"),
        "container_id": pl.col("uid").hash(3).cast(pl.String).str.zfill(64),
        "pid": pl.lit(4215, pl.Int64),
        "message": pl.format('SyncLoop (PLEG): "web_default({})", event: {}', "uid", "record"),
    }
    told |= {"text": told["message"], "line": pl.col("record") + 1, "offset": pl.col("record") * 1200, "record": pl.col("record")}
    return some.select(told.get(name, pl.lit(None)).cast(kind).alias(name) for name, kind in EVENTS.items() if name != "source_id")
