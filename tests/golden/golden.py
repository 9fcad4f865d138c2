"""Golden lines: a record as it stands in a log, and the events that it must give. One block a record::

    # kubernetes: 1.23
    I1122 08:35:50.575931     697 kubelet.go:2114] "SyncLoop ADD" source="api" pods=[default/a]
    =>
    pod_added k8s_namespace_name=default k8s_pod_name=a

The expectation lists every column that is set, and every attribute; ``=> nothing`` is a lookalike. ``component``, ``time`` and
``text`` are compared only where they are given. Headers hold until they are given anew (``# unit: -`` clears one):

* ``format``: the name of a format that reads the raw text; without it, the text is the MESSAGE of a journal entry;
* ``identifier``, ``unit``, ``host``, ``message_id``: of that entry;
* ``kubernetes``, ``docker``, ``systemd`` ...: which version prints this. For the reader only.
"""

import io
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from analyzer import formats, grammars
from analyzer.formats.base import Batch, ReadContext, empty
from analyzer.vocabulary import RECORDS

_BLOCK = re.compile(r"^(?P<raw>.*?)\n=>(?P<nothing> nothing)?(?P<expected>.*)$", re.DOTALL)
_HEADER = re.compile(r"^# (\w+): (.*)$")
_PLACE = {"record", "line", "offset", "resolution_us", "pid", "boot_id", "message"}
_OPTIONAL = ("component", "time", "text")


@dataclass(frozen=True)
class Golden:
    """One block. ``expected``: per event its kind and columns."""

    where: str
    headers: dict[str, str]
    raw: str
    expected: list[dict[str, str]]

    def events(self) -> list[dict[str, str]]:
        """What the grammars make of it: columns and attributes that are set, as text."""
        batch, family = self._batch()
        events = []
        for row in grammars.understand(batch, family).iter_rows(named=True):
            found = {k: _shown(k, v) for k, v in row.items() if v is not None and k not in _PLACE and k != "attributes"}
            events.append(found | {k: str(v) for k, v in json.loads(row["attributes"] or "{}").items() if v is not None})
        return events

    def _batch(self) -> tuple[Batch, str]:
        if name := self.headers.get("format"):
            known = formats.named(name)
            (batch,) = known.read(io.BytesIO(self.raw.encode() + b"\n"), ReadContext(2026))
            assert batch.rejects.is_empty(), batch.rejects
            return batch, known.family
        entry = {
            "record": 0,
            "line": 1,
            "offset": 0,
            "message": self.raw,
            "raw": self.raw,
            "resolution_us": 1,
            "node": self.headers.get("host"),
        }
        entry |= {k: self.headers.get(k) for k in ("identifier", "unit")}
        if message_id := self.headers.get("message_id"):
            entry["fields"] = json.dumps({"MESSAGE_ID": message_id})
        schema = empty(RECORDS).schema
        return Batch(records=pl.DataFrame({c: [entry.get(c)] for c in schema}, schema=schema)), "journal"


def comparable(found: dict[str, str], expected: dict[str, str]) -> dict[str, str]:
    """What was found, without the optional columns that the expectation leaves out."""
    return {k: v for k, v in found.items() if k not in _OPTIONAL or k in expected}


def load(folder: Path) -> Iterator[Golden]:
    """All blocks of the folder's files."""
    for path in sorted(folder.glob("*.golden")):
        headers: dict[str, str] = {}
        at = 1
        for text in path.read_text().split("\n\n"):
            lines = text.strip("\n").split("\n")
            first = at
            at += text.count("\n") + 2
            while lines and lines[0].startswith("#"):
                if header := _HEADER.match(lines[0]):
                    headers = headers | {header[1]: header[2]}
                lines = lines[1:]
                first += 1
            if not lines or not lines[0]:
                continue
            block = _BLOCK.match("\n".join(lines))
            assert block, f"{path.name}:{first}: a block without '=>'"
            expected = [_event(line) for line in block["expected"].strip("\n").split("\n") if line]
            assert bool(block["nothing"]) != bool(expected), f"{path.name}:{first}: either events or nothing"
            yield Golden(f"{path.stem}:{first}", {k: v for k, v in headers.items() if v != "-"}, block["raw"], expected)


def _event(line: str) -> dict[str, str]:
    kind, *pairs = shlex.split(line)
    return {"kind": kind, **dict(pair.split("=", 1) for pair in pairs)}


def _shown(column: str, value: object) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}" if column == "time" else str(value)
