"""Digests of all that is made of evidence, to be compared before and after a change that must not change anything.

``python -m bench.identity CORPUS [GLOB]`` prints a line for each table and document of each input; ``diff`` does the rest.
Inputs are the captures in every rendering, and each sample.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import polars as pl

from analyzer.analysis import analyze
from analyzer.exceptions import PodopsyError
from analyzer.ingest import ingest
from analyzer.store import MemoryStore
from analyzer.vocabulary import TABLES
from bench.accuracy.inputs import INPUTS, assemble, captures


def _inputs(corpus: Path, pattern: str, folder: Path) -> Iterator[tuple[str, Path]]:
    for capture in captures(corpus, pattern, all_runtimes=True):
        for kind in INPUTS:
            place = folder / f"{capture.name}-{kind}"
            assemble(capture, kind, place)
            yield f"{capture.name} {kind}", place
    yield from ((f"samples/{path.name}", path) for path in sorted(corpus.glob("samples/*")) if path.match(pattern))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _table(frame: pl.DataFrame) -> str:
    """Of its columns and rows, in their order."""
    rows = frame.hash_rows(1).to_numpy().tobytes() if frame.height else b""
    return _digest(repr(frame.schema).encode() + rows)


def _digests(path: Path) -> Iterator[tuple[str, str]]:
    store = MemoryStore(keep_records=True)
    try:
        ingest([path], store)
        document = orjson.dumps(analyze([], store=store).document())
    except PodopsyError as error:
        document = str(error).encode()
    for name in TABLES:
        table = store.table(name)
        yield f"{name} {table.height}", _table(table)
    yield "document", _digest(document)


def main(corpus: Path, pattern: str = "*") -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _inputs(corpus, pattern, Path(folder)):
            for what, digest in _digests(path):
                print(name, what, digest, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
