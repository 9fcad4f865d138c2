"""Good input for each reader: pieces of the shipped incidents, golden lines, and of an optional corpus."""

import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from analyzer import formats
from analyzer.evidence import walk
from analyzer.exceptions import PodopsyError

ROOT = Path(__file__).resolve().parents[2]
_PIECE = 6 * 1024
_SMALL = 1536
_PIECES = 6
"""Of one source: its beginning, and windows further on; every other one is small: a few records reach the same code in less time."""
_SEEDS = 60
"""Of one format."""
_WHOLE = ("journal-binary",)
"""What is no stream of lines is cut at its end alone."""
WHOLE = "evidence"
"""Not a format but all that is done with a file: archives, compression, the guess at its format, reading, events."""


def seeds(corpus: Path | None = None) -> dict[str, list[bytes]]:
    """By the format's name, and for WHOLE; the same for the same files."""
    folders = [ROOT / "sample_logs", *([corpus / "samples"] if corpus else [])]
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for source in walk(folders):
        try:
            with source.open() as stream:
                head = stream.read(formats.HEAD)
                known = formats.detect(head, source.name)
                if known is not None:
                    found[known.name] += _pieces(head + stream.read(4 * 1024 * 1024), known.name in _WHOLE)
        except (PodopsyError, OSError, EOFError):  # the corpus has broken files, too
            continue
    for name, texts in _golden().items():
        found[name] += texts
    chosen = {name: _spread(sorted(set(pieces)), _SEEDS) for name, pieces in sorted(found.items())}
    return chosen | {WHOLE: list(_packed([piece for pieces in chosen.values() for piece in pieces[:2]]))}


def _spread(pieces: Sequence[bytes], most: int) -> list[bytes]:
    return list(pieces) if len(pieces) <= most else [pieces[len(pieces) * n // most] for n in range(most)]


def _pieces(data: bytes, whole: bool) -> Iterator[bytes]:
    if whole:
        yield data[: 10 * _PIECE]
        return
    yield data[:_PIECE]
    for number in range(1, _PIECES):
        start = data.find(b"\n", len(data) * number // _PIECES) + 1
        yield data[start : start + (_SMALL if number % 2 else _PIECE)]


def _golden() -> Mapping[str, list[bytes]]:
    """The lines of which tests know what they mean: of a journal, unless their file names another format."""
    found: defaultdict[str, list[bytes]] = defaultdict(list)
    for path in sorted((ROOT / "tests" / "golden").glob("*.golden")):
        name = ""
        for block in path.read_text().split("\n\n"):
            headers = dict(line[2:].split(": ", 1) for line in block.splitlines() if line.startswith("# ") and ": " in line)
            name = headers.get("format", name)
            name = "" if name == "-" else name
            text = "\n".join(line for line in block.partition("\n=>")[0].splitlines() if not line.startswith("#"))
            entry = {"__REALTIME_TIMESTAMP": "1669104000000000", "SYSLOG_IDENTIFIER": "kubelet", "_HOSTNAME": "minion-01", "MESSAGE": text}
            if text:
                found[name or "journal-json"].append(text.encode() if name else json.dumps(entry).encode())
    return {name: [b"\n".join(texts[at : at + 10]) for at in range(0, len(texts), 10)] for name, texts in found.items()}


def _packed(pieces: Sequence[bytes]) -> Iterator[bytes]:
    """Pieces as they are, compressed, and in archives."""
    yield from pieces[::3]
    for at in range(0, len(pieces) - 3, 3):
        some = pieces[at : at + 3]
        yield gzip.compress(some[0], mtime=0)
        yield lzma.compress(some[1])
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for number, piece in enumerate(some):
                zipped.writestr(zipfile.ZipInfo(f"minion-0{number}/kubelet.log"), piece)
        yield archive.getvalue()
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for number, piece in enumerate(some):
                member = tarfile.TarInfo(f"minion-0{number}/kubelet.log")
                member.size = len(piece)
                tar.addfile(member, io.BytesIO(piece))
        yield archive.getvalue()
        yield gzip.compress(archive.getvalue(), mtime=0)
