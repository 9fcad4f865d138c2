"""What the page draws, as columns: typed arrays behind a JSON header, deflated, in base64. Nothing in it can end a script element.

A hundred thousand containers take a few megabytes so, and the page reads them without making an object of each.
"""

import base64
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from analyzer.outputs.report.embed import plain, told
from analyzer.proof import Edge, Proof

NONE = -1
"""Where a row refers to nothing."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = np.iinfo(np.int64).min
_TYPES: dict[str, np.dtype[Any]] = {"int": np.dtype("<i4"), "byte": np.dtype("u1")}
PROOFS = 3
"""Records that are shown of an edge."""
TEXTS = 3_000_000
"""Characters of cited lines that the page holds; of further ones it tells the place and what they prove."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


class Strings:
    """Each text once."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}

    def __call__(self, text: object | None) -> int:
        """The number of a text; NONE of nothing."""
        if text is None:
            return NONE
        known = self._at.get(str(text))
        return known if known is not None else self._at.setdefault(plain(text), len(self._at))

    @property
    def all(self) -> list[str]:
        return list(self._at)


class Columns:
    """Named columns of equal or unequal length. Kinds: int (32 bits), byte, time."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[str, npt.NDArray[Any]]] = {}

    def add(self, kind: str, **columns: Sequence[Any]) -> None:
        for name, values in columns.items():
            if kind == "time":
                array = np.array([_NEVER if v is None else micros(v) for v in values], dtype=np.int64)
            else:
                array = np.array(values, dtype=_TYPES[kind])
            self._of[name] = (kind, array)

    def pack(self, header: dict[str, Any]) -> str:
        """All of it as text. Moments stand in one table, in order, as steps from one to the next: they are few beside their uses."""
        times = [array for kind, array in self._of.values() if kind == "time"]
        known = np.unique(np.concatenate([*times, np.empty(0, np.int64)]))
        known = known[known != _NEVER]
        steps = np.diff(known, prepend=known[:1])
        arrays: dict[str, tuple[str, npt.NDArray[Any]]] = {
            "$low": ("int", (steps & 0xFFFFFFFF).astype("<u4")),
            "$high": ("int", (steps >> 32).astype("<u4")),
        }
        for name, (kind, array) in self._of.items():
            if kind == "time":
                array = np.where(array == _NEVER, NONE, np.searchsorted(known, array)).astype("<i4")
            arrays[name] = (kind, array)
        offset, places, parts = 0, {}, []
        for name, (kind, array) in arrays.items():
            raw, stepped = array.tobytes(), False
            if kind != "byte":
                steps = np.diff(array, prepend=array.dtype.type(0)).tobytes()  # 32 bits, which may wrap around, as they do on the way back
                stepped = len(zlib.compress(steps, 1)) < len(zlib.compress(raw, 1))
                raw = steps if stepped else raw
            places[name] = [kind, offset, len(array), int(stepped)]
            raw += bytes(-len(raw) % 8)
            parts.append(raw)
            offset += len(raw)
        head = orjson.dumps({**header, "columns": places, "origin": int(known[0]) if len(known) else 0}, option=orjson.OPT_SORT_KEYS)
        head += b" " * (-(len(head) + 8) % 8)
        return base64.b64encode(zlib.compress(len(head).to_bytes(8, "little") + head + b"".join(parts), 6)).decode()


class Lists:
    """A list of numbers a row, as one column behind another: ``first`` has one more entry than there are rows."""

    def __init__(self) -> None:
        self.first, self.values = [0], list[int]()

    def add(self, row: Iterable[int]) -> None:
        self.values.extend(row)
        self.first.append(len(self.values))


class Cited:
    """Records and edges that the page shows, each once. Lines are held as long as there is room: ask for the gravest first."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._proofs: dict[Proof, int] = {}
        self._lines: list[int] = []
        self._room = TEXTS
        self._edges: dict[tuple[Any, ...], int] = {}
        self._of_edge = Lists()

    def proof(self, proof: Proof, *, line: bool = True) -> int:
        """The number of a record. ``line``: its text is wanted too."""
        at = self._proofs.setdefault(proof, len(self._lines))
        if at == len(self._lines):
            self._lines.append(NONE)
        if line and self._lines[at] == NONE and self._room > 0:
            text = told(proof.text)
            self._room -= len(text)
            self._lines[at] = self._strings(text)
        return at

    def edge(self, edge: Edge, *, line: bool = True) -> int:
        proofs = tuple(self.proof(p, line=line) for p in edge.proofs[:PROOFS])
        key = (edge.time, edge.earliest, edge.latest, edge.rule, proofs)
        at = self._edges.setdefault(key, len(self._edges))
        if at == len(self._of_edge.first) - 1:
            self._of_edge.add(proofs)
        return at

    def columns(self, into: Columns) -> None:
        say = self._strings
        into.add("time", proof_time=[p.time for p in self._proofs])
        into.add(
            "int",
            proof_source=[say(told(p.source, 500)) for p in self._proofs],
            proof_line=[NONE if p.line is None else min(p.line, 2**31 - 1) for p in self._proofs],
            proof_place=[say(told(p.place, 500)) if p.line is None else NONE for p in self._proofs],
            proof_proves=[say(told(p.proves, 500)) for p in self._proofs],
            proof_text=self._lines,
        )
        keys = list(self._edges)
        into.add("time", edge_time=[k[0] for k in keys], edge_low=[k[1] for k in keys], edge_high=[k[2] for k in keys])
        into.add("int", edge_rule=[say(k[3] or None) for k in keys], edge_first=self._of_edge.first, edge_proof=self._of_edge.values)
