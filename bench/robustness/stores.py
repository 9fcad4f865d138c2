"""Evidence of many sources, made up; what a store holds, to be compared; and whether each source in it is whole."""

import hashlib
from pathlib import Path

import polars as pl

from analyzer import parts
from analyzer.exceptions import StoreError
from analyzer.ingest import ingest
from analyzer.store import DeltaStore, open_store
from analyzer.vocabulary import TABLES
from bench.speed import evidence

_PARTS = 4
_LARGE = 24_000_000
"""Bytes of a source whose rows are written out in several parts before they are taken in."""
_KINDS = ("journal-json", "journal-text", "docker-events")
_COUNTED = ("records", "events", "objects", "rejected")


def write(folder: Path, sources: int, large: bool = True) -> list[Path]:
    """So many sources in four folders, all different; the folders."""
    for number in range(sources):
        kind = _KINDS[number % len(_KINDS)]
        path = folder / f"part-{number % _PARTS}" / f"minion-{number:03}" / kind
        path.parent.mkdir(parents=True, exist_ok=True)
        evidence.write(kind, path, _LARGE if large and number == 0 else 20_000 + 997 * number, seed=number, node=f"minion-{number:03}")
    return sorted(folder.iterdir())


def write_in_parts(folder: Path) -> None:
    """One source that is so large that it is read in parts."""
    evidence.write("docker-events", folder / "docker-events.jsonl", parts.WORTH)


def bitwise(evidence: Path, directory: Path) -> None:
    """A store of that evidence, ingested folder by folder: of small files."""
    for path in sorted(evidence.iterdir()):
        ingest([path], open_store(directory, create=True))


def contents(directory: Path) -> dict[str, tuple[int, str]]:
    """By table: how many rows, and a digest of them whatever their order."""
    store = open_store(directory)
    return {name: _digest(store.table(name)) for name in TABLES}


def _digest(frame: pl.DataFrame) -> tuple[int, str]:
    rows = frame.select(pl.concat_str(pl.all().cast(pl.String).fill_null("\0"), separator="\x1f")).to_series().sort()
    return frame.height, hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def faults(directory: Path) -> list[str]:
    """Why this store cannot be read, or which of its sources are not whole; of one that was never finished being made: nothing."""
    try:
        store = open_store(directory)
    except StoreError as error:
        return [] if "no store there" in str(error) else [str(error)]
    try:
        return _partial(store)
    except StoreError as error:
        return [str(error)]


def _partial(store: DeltaStore) -> list[str]:
    """Sources whose rows are not as many as their row in ``sources`` says, and rows of none."""
    sources = store.table("sources").filter(pl.col("status") == "read")
    wrong = []
    for name, column in zip(("records", "events", "objects", "rejects"), _COUNTED, strict=True):
        there = dict(store.table(name).group_by("source_id").len().iter_rows())
        told = dict(sources.select("source_id", column).iter_rows())
        wrong += [
            f"{name} of {s}: {there.get(s, 0)} rows, {told.get(s, 0)} told" for s in {*there, *told} if there.get(s, 0) != told.get(s, 0)
        ]
    return sorted(wrong)
