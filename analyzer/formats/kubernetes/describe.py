"""``kubectl describe``, of one object or of many: each block with the events that kubectl has looked up for it.

A block becomes a record, and, of a pod or a node, an object with what is stated. Below 'Events:' stand rows in three generations of
columns: FirstSeen, LastSeen, Count, From, SubobjectPath, Reason, Message with times to 1.0 and with ages to 1.8, from 1.2 on with
Type; since 1.9 Type, Reason, Age, From, Message. Cells are apart by tabs to 1.6 and by blanks since. No row names its object: the
block does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, BinaryIO, Final, NamedTuple

import polars as pl

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.kubernetes.api_objects import canonical
from analyzer.formats.kubernetes.describe_objects import Outline, document, outline
from analyzer.formats.kubernetes.event_table import TOLD, interpreted, notes
from analyzer.formats.kubernetes.event_table_columns import Layout, layout
from analyzer.formats.lines import beginning, records
from analyzer.formats.tables import Reject, reject_frame, shaped, storable
from analyzer.vocabulary import OBJECTS, RECORDS

_NAME: Final = r"^Name:[ \t]+\S+\s*$"
_OTHERS: Final = re.compile(
    r"^(Namespace|Labels|Annotations|Node|Image\(s\)|Roles|Selector|CreationTimestamp|Status|Conditions):", re.MULTILINE
)
_LEAD: Final = 3  # foreign lines that may stand before the first block
_SIZE: Final = CHUNK // 8

Line = tuple[int, int, str]
"""Its number, its byte offset, its text."""


class _Section(NamedTuple):
    """The events of a block: header and rows, each row with the lines on which its message goes on."""

    columns: Layout | None
    rows: list[tuple[Line, str]]
    foreign: list[Line]


class _Reader:
    """What was read so far, in numbers."""

    def __init__(self, context: ReadContext) -> None:
        self._captured, self._captured_as = context.captured, context.captured_as
        self._next = 0

    def batch(self, frame: pl.DataFrame, starts: pl.Series) -> Batch:
        """Of lines that hold whole blocks."""
        lines = list(frame.select("line", "offset", "raw").iter_rows())
        edges = [0, *(at for at in starts.arg_true().to_list() if at), len(lines)]
        blocks: list[dict[str, Any]] = []
        objects: list[tuple[Any, ...]] = []
        events: list[dict[str, Any]] = []
        rejects: list[Reject] = []
        for begin, end in pairwise(edges):
            some = lines[begin:end]
            if not re.match(_NAME, some[0][2]):
                rejects += _foreign(some)
                continue
            head, tail = _parted(some)
            block = outline([text for _, _, text in head])
            place = {"record": self._next, "line": some[0][0], "offset": some[0][1]}
            self._next += 1
            name = "/".join(part for part in (block.value("Namespace"), block.value("Name")) if part)
            raw = "\n".join(text for _, _, text in head).rstrip()
            blocks.append({**place, "raw": raw, "message": f"described: {block.kind} {name}"})
            content = document(block)
            if content is not None:
                meta = content["metadata"]
                told = (content["kind"], "v1", meta.get("namespace"), meta["name"], None, None, None, canonical(content))
                objects.append((*place.values(), *map(storable, told)))
            section = _section(tail)
            rejects += _foreign(section.foreign)
            for row in _told(section, block):
                if isinstance(row, Reject):
                    rejects.append(row)
                    continue
                events.append({**row, "record": self._next})
                self._next += 1
        return self._made(blocks, objects, events, rejects)

    def _made(
        self, blocks: list[dict[str, Any]], objects: list[tuple[Any, ...]], events: list[dict[str, Any]], rejects: list[Reject]
    ) -> Batch:
        schema = {name: dtype for name, dtype in OBJECTS.items() if name != "source_id"}
        place = {"record": pl.Int64, "line": pl.Int64, "offset": pl.Int64, "raw": pl.String}
        rows = pl.DataFrame([{name: row[name] for name in (*place, *TOLD)} for row in events], schema={**place, **TOLD})
        read = interpreted(rows.select(*TOLD), self._captured).select("time", "resolution_us", "fields", "message")
        found = pl.concat([rows.select(*place), read], how="horizontal")
        records = pl.concat([shaped(pl.DataFrame(blocks, schema={**place, "message": pl.String}), RECORDS), shaped(found, RECORDS)])
        records = records.sort("record")
        return Batch(
            records=records,
            objects=pl.DataFrame(objects, schema=schema, orient="row"),
            rejects=reject_frame(sorted(rejects, key=lambda reject: reject.offset)),
            notes=notes(records, self._captured, self._captured_as),
        )


def _parted(lines: Sequence[Line]) -> tuple[Sequence[Line], Sequence[Line]]:
    """A block without its events, and the events."""
    at = next((number for number, (_, _, text) in enumerate(lines) if re.match(r"(?:Events:|No events\.)", text)), len(lines))
    return lines[: at + 1], lines[at + 1 :]


def _foreign(lines: Sequence[Line]) -> Iterator[Reject]:
    return (Reject(*line[:2], "no part of what kubectl describes", line[2]) for line in lines if line[2].strip())


def _section(lines: Sequence[Line]) -> _Section:
    """Header, rows, and what stands behind them. A message of several lines goes on up to a blank line."""
    columns: Layout | None = None
    rows: list[tuple[Line, str]] = []
    foreign: list[Line] = []
    blank = False
    for line in lines:
        text = _spread(line[2])
        if not text.strip():
            blank = True
        elif columns is None:
            columns = layout(text, about=False)
            foreign += [] if columns else [line]
        elif re.match(r"\s*[-─]+(?:\s+[-─]+)+\s*$", text):  # the rule below the header; to 1.4 of box drawing characters
            continue
        elif text.startswith("  ") and columns.split(text) is not None:
            rows.append((line, text))
            blank = False
        elif rows and not blank:
            rows[-1] = (rows[-1][0], f"{rows[-1][1]}\n{line[2]}")
        else:
            foreign.append(line)
    return _Section(columns, rows, foreign)


def _spread(line: str) -> str:
    """A line without tabs: each stop of eight characters takes nine, so that two blanks at least are between cells."""
    at, text = 0, ""
    *cells, last = line.split("\t")
    for cell in cells:
        at = (at + len(cell)) // 8 * 8 + 8
        text = (text + cell).ljust(at // 8 * 9)
    return text + last


def _told(section: _Section, block: Outline) -> Iterator[dict[str, Any] | Reject]:
    """What each row tells of its event, in the words of an event table."""
    kind, name = block.kind, block.value("Name") or ""
    node = name if kind == "Node" else (block.value("Node") or "").partition("/")[0] or None
    for (line, offset, written), text in section.rows:
        first, _, rest = text.partition("\n")
        cells: Mapping[str, str] = (section.columns.split(first) if section.columns else None) or {}
        source = re.match(r"\{?([^\s,}]*)(?:,? +([^\s}]+))?", cells.get("SOURCE", ""))
        reporter, host = (source[1], source[2]) if source else ("", None)
        seen = cells.get("LAST SEEN", "")
        yield {
            "line": line,
            "offset": offset,
            "raw": "\n".join([written, rest]) if rest else written,
            "kind": kind,
            "name": name,
            "namespace": block.value("Namespace"),
            "reason": cells.get("REASON") or None,
            "message": "\n".join([cells.get("MESSAGE", ""), rest]).strip(),
            "reporter": reporter or None,
            "host": host or (node if reporter == "kubelet" else None),  # only its own node's reports on a pod
            "subobject": cells.get("SUBOBJECT") or None,
            "type": cells.get("TYPE") or None,
            "count": cells.get("COUNT") or None,
            "first_seen": cells.get("FIRST SEEN", seen),
            "last_seen": seen,
        }


def _starts(frame: pl.DataFrame) -> pl.Series:
    return frame["raw"].str.contains(_NAME)


def begins(line: str) -> bool:
    """Whether this may be the first line of a block."""
    return re.match(_NAME, line) is not None


class Describe:
    """Blocks of ``kubectl describe``."""

    name = "kubernetes-describe"
    family = "event-table"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """One of the first lines is a name, and other keys of an object follow it."""
        lines = beginning(head)
        at = next((number for number, line in enumerate(lines[: _LEAD + 1]) if begins(line)), None)
        return at is not None and len(set(_OTHERS.findall("\n".join(lines[at + 1 : at + 100])))) >= 2

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        reader = _Reader(context)
        for frame, starts in records(stream, _starts, _SIZE):
            yield reader.batch(frame, starts)


FORMAT = Describe()
