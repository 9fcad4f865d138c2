"""``kubectl get`` of pods, nodes, deployments and the like, as text: the state at a moment that the table does not tell.

Each row becomes a record; of pods and nodes, objects with what is stated: names, the node, the address. A table's ages are not counted
back: they are those of the objects, not of what happened to them.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import orjson
import polars as pl

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.kubernetes.api_objects import canonical
from analyzer.formats.kubernetes.table_kinds import kind_of, kind_of_row
from analyzer.formats.lines import beginning, chunks
from analyzer.formats.tables import Reject, reject_frame, shaped, storable
from analyzer.vocabulary import OBJECTS, RECORDS

_CELL: Final = re.compile(r"\S+(?: \S+)*")
_HEADING: Final = re.compile(r"[A-Z][A-Z0-9()%.-]*(?: [A-Z()%-]+)*")
_NAMES: Final = ("NAME", "POD", "CONTROLLER")
_NOTHING: Final = re.compile(r"No resources found(?: in \S+ namespace)?\.?\s*$")
_LEAD: Final = 3  # foreign lines that may stand before the first header
_SIZE: Final = CHUNK // 8

Columns = tuple[tuple[str, int], ...]
"""Names, and the characters where they begin."""


def header(line: str) -> Columns | None:
    """The columns of a table of objects; None if this is no header of one."""
    cells = list(_CELL.finditer(line))
    names = [cell[0] for cell in cells]
    known = len(cells) > 1 and len(set(names)) == len(names) and all(map(_HEADING.fullmatch, names)) and set(names) & set(_NAMES)
    return tuple((cell[0], cell.start()) for cell in cells) if known and kind_of(names) else None


class _Reader:
    """The table that the lines stand in, and what was counted."""

    def __init__(self) -> None:
        self._columns: Columns | None = None
        self._next = 0

    def batch(self, frame: pl.DataFrame) -> Batch:
        found: list[dict[str, Any]] = []
        objects: list[tuple[Any, ...]] = []
        rejects: list[Reject] = []
        kinds: dict[str, int] = {}
        for line, offset, raw in frame.select("line", "offset", "raw").iter_rows():
            columns = header(raw)
            if columns is not None or not raw.strip():  # no table has blank lines
                self._columns = columns
                continue
            place = {"record": self._next, "line": line, "offset": offset}
            if _NOTHING.match(raw):
                found.append({**place, "raw": raw, "message": raw.strip(), "fields": None})
                self._next += 1
                continue
            if raw.startswith("  ") and found and self._columns:  # the second container of a controller, to 1.1
                found[-1]["raw"] += f"\n{raw}"
                continue
            cells = _cells(raw, self._columns) if self._columns else None
            if cells is None or any(" " in cells.get(name, "") for name in _NAMES):
                rejects.append(Reject(line, offset, "no row of a table of objects", raw))
                continue
            written = next((cells[name] for name in _NAMES if cells.get(name)), "")
            kind, name = kind_of_row(kind_of(cells) or "?", written, cells.get("STATUS", ""))
            kinds[kind] = kinds.get(kind, 0) + 1
            told = " ".join(f"{column}={value}" for column, value in cells.items() if column not in (*_NAMES, "NAMESPACE") and value)
            which = "/".join(part for part in (cells.get("NAMESPACE"), name) if part)
            fields = orjson.dumps({"kind": kind, **cells}).decode()
            found.append({**place, "raw": raw, "message": f"listed: {kind} {which}: {told}", "fields": fields})
            if kind in ("Pod", "Node") and name:
                objects.append((*place.values(), *map(storable, _object(kind, name, cells))))
            self._next += 1
        schema = {"record": pl.Int64, "line": pl.Int64, "offset": pl.Int64, "raw": pl.String, "message": pl.String, "fields": pl.String}
        return Batch(
            records=shaped(pl.DataFrame(found, schema=schema), RECORDS),
            objects=pl.DataFrame(objects, schema={n: t for n, t in OBJECTS.items() if n != "source_id"}, orient="row"),
            rejects=reject_frame(rejects),
            notes=tuple(f"kind {kind}" if kind != "?" else "of a kind that its columns do not tell" for kind in sorted(kinds)),
        )


def _cells(raw: str, columns: Columns) -> dict[str, str] | None:
    """A row's cells by the header's columns; None if it does not stand under them. A pod's restarts may be wider, since 1.22."""
    edges = [*(begin for _, begin in columns), len(raw)]
    under = {name: raw[begin:end].strip() for (name, begin), end in zip(columns, edges[1:], strict=True)}
    if (
        raw[: edges[1]].strip()
        and not any(raw[begin - 1 : begin].strip() for begin in edges[1:-1])
        and not any("  " in c for c in under.values())
    ):
        return under
    found = [cell[0] for cell in re.finditer(r"\S+(?: \([^()]* ago\))?", raw)]
    return dict(zip(under, found, strict=True)) if len(found) == len(columns) else None


def _object(kind: str, name: str, cells: dict[str, str]) -> tuple[str | None, ...]:
    """The columns of OBJECTS after ``offset``."""

    def stated(*columns: str) -> str | None:
        value = next((cells[column] for column in columns if column in cells), "")
        return value if value and not re.fullmatch(r"<\w+>", value) else None

    content: dict[str, Any] = {"kind": kind, "apiVersion": "v1", "metadata": {"name": name}, "spec": {}, "status": {}}
    namespace = stated("NAMESPACE")
    if kind == "Pod":
        node = (stated("NODE", "HOST") or "").partition("/")[0]
        content["metadata"] |= {"namespace": namespace} if namespace else {}
        content["spec"] |= {"nodeName": node} if node else {}
        content["status"] |= {"podIP": ip} if (ip := stated("IP")) else {}
    return kind, "v1", namespace if kind == "Pod" else None, name, None, None, None, canonical(content)


class KubernetesTable:
    """Tables of objects, as kubectl prints them."""

    name = "kubernetes-table"
    family = "event-table"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """One of the first lines is the header of such a table, or says that there is nothing."""
        lines = beginning(head)
        return any(header(line) for line in lines[: _LEAD + 1]) or (len(lines) == 1 and _NOTHING.match(lines[0]) is not None)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        reader = _Reader()
        for frame in chunks(stream, _SIZE):
            yield reader.batch(frame)


FORMAT = KubernetesTable()
