"""A first look at all sources: what their bytes add up to, and how they begin.

It takes longer than all else that needs no library, and nothing but a processor: a program can ``begin`` it before it loads them.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from analyzer.evidence.sources import Source, digest, walk
from analyzer.exceptions import SourceError

HEAD = 64 * 1024
"""Bytes of a source that a format may look at to recognise it."""

Paths = Sequence[str | Path]


@dataclass(frozen=True)
class Looked:
    """A source with the SHA-256 (hex) and the number of its decompressed bytes, and the first of them; ``fault``: why it has none."""

    source: Source
    sha256: str = ""
    size: int = 0
    head: bytes = b""
    fault: str | None = None


_begun: dict[tuple[str, ...], Future[list[Looked]]] = {}


def begin(paths: Paths) -> None:
    """Have these paths looked at beside whatever comes next; the next ``look`` at them takes what was found."""
    found = _begun[_key(paths)] = Future()

    def work() -> None:
        try:
            found.set_result(_look(paths))
        except Exception as error:  # told by whoever looks
            found.set_exception(error)

    Thread(target=work, name="look", daemon=True).start()  # who is told of a wrong option does not wait for it


def look(paths: Paths) -> list[Looked]:
    """All sources under the paths, by name. EvidenceError if one of the paths does not exist."""
    begun = _begun.pop(_key(paths), None)
    return begun.result() if begun is not None else _look(paths)


def _key(paths: Paths) -> tuple[str, ...]:
    return tuple(map(str, paths))


def _look(paths: Paths) -> list[Looked]:
    return [_one(source) for source in walk(paths)]


def _one(source: Source) -> Looked:
    try:
        sha256, size = digest(source)
        with source.open() as stream:
            head = stream.read(HEAD)
    except (OSError, EOFError, SourceError, ValueError) as error:
        return Looked(source, fault=source.problem or str(error))
    return Looked(source, sha256, size, head)
