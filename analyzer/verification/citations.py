"""Whether a cited record still says what is cited.

Two ways, the first of which asks no format: the cited text stands at its place, as it is or as a string of the JSON there. Where
the text was made from several fields, or the record begins with others, the source is read anew by its format, and must give
that text at that place; of an API object, the document there must be the one that is named, with the times and numbers cited.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from analyzer.evidence import Source
from analyzer.evidence.places import excerpts
from analyzer.lifecycle.objects import parse_time, stamp
from analyzer.store import Store
from analyzer.verification.sources import BROKEN
from analyzer.vocabulary import TEXT_LIMIT

_EXCERPT = 64 * 1024
"""Bytes that are looked at from a cited line on; a record that tells its text later is read by its format."""
_OBJECT = re.compile(
    r"(?P<kind>\w+) (?:(?P<namespace>[^/ ]+)/)?(?P<name>\S+) \(resourceVersion (?P<version>\d+|None)\): (?P<says>.*)", re.DOTALL
)
_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_NUMBERS = re.compile(r"(?<![\w.:+-])\d+(?![\w.:+-])")


@dataclass(frozen=True)
class Citation:
    """One cited record, and the findings that cite it."""

    source: str
    line: int | None
    offset: int | None
    text: str
    findings: tuple[str, ...]

    @property
    def place(self) -> str:
        return f"{self.source}:{self.line}" if self.line is not None else f"{self.source}@{self.offset}"


def failing(citations: Iterable[Citation], source: Source, today: Store, source_id: str) -> list[Citation]:
    """Those of one source that do not hold. ``today``: the source as it was just read anew, under ``source_id``."""
    cited = list(citations)
    found: dict[int, bytes] = {}
    unproven: list[Citation] = []
    by_line: dict[int, list[Citation]] = {}
    for citation in cited:
        if citation.line is None:
            unproven.append(citation)
        else:
            by_line.setdefault(citation.line, []).append(citation)
    try:
        with source.open() as stream:
            for line, excerpt in excerpts(stream, by_line, _EXCERPT):
                found[line] = b""
                unproven += [c for c in by_line[line] if not stands(c.text, excerpt)]
    except BROKEN:
        pass  # what lies beyond the damage is not there
    absent = [c for line, some in by_line.items() if line not in found for c in some]
    readings = _Readings(unproven, today, source_id)
    wrong = {c for c in unproven if not readings.give(c)} | set(absent)
    return [c for c in cited if c in wrong]


def stands(text: str, excerpt: bytes) -> bool:
    """Whether a text stands in the record that begins here: from its first line on, or as one of the strings of the JSON in that line."""
    wanted = _flat(text[:-1] if len(text) == TEXT_LIMIT and text.endswith("…") else text)
    line = excerpt.partition(b"\n")[0]
    at = _flat(excerpt.decode(errors="replace")).find(wanted)
    if 0 <= at <= len(_flat(line.decode(errors="replace"))):
        return True
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return any(wanted in _flat(leaf) for leaf in _leaves(content) if isinstance(leaf, str))


def _flat(text: str) -> str:
    """White space aside: citations are one line each."""
    return " ".join(text.split())


def _leaves(content: Any) -> Iterator[Any]:
    """All values; a list of bytes, as journalctl writes what is no UTF-8, as the text that it is."""
    if isinstance(content, dict):
        for value in content.values():
            yield from _leaves(value)
    elif isinstance(content, list):
        if content and all(isinstance(item, int) and 0 <= item < 256 for item in content):
            yield bytes(content).decode(errors="replace")
        for value in content:
            yield from _leaves(value)
    else:
        yield content


class _Readings:
    """What the formats and grammars read today at the places of these citations."""

    def __init__(self, citations: list[Citation], today: Store, source_id: str) -> None:
        lines = [c.line for c in citations if c.line is not None]
        offsets = [c.offset for c in citations if c.line is None and c.offset is not None]
        mine = pl.col("source_id") == source_id
        at = pl.col("line").is_in(lines) | (pl.col("line").is_null() & pl.col("offset").is_in(offsets))
        self._texts: dict[tuple[int | None, int | None], set[str]] = {}
        self._objects: dict[tuple[int | None, int | None], list[dict[str, Any]]] = {}
        if not citations:
            return
        for line, offset, text in today.scan("events").filter(mine & at).select("line", "offset", "text").collect().iter_rows():
            self._texts.setdefault(_key(line, offset), set()).add(text)
        for which in ("first", "last"):
            told = today.scan("activity").filter(mine).select(f"{which}_line", f"{which}_offset", f"{which}_text").collect()
            for line, offset, text in told.iter_rows():
                self._texts.setdefault(_key(line, offset), set()).add(text or "")
        for row in today.scan("objects").filter(mine & at).collect().iter_rows(named=True):
            self._objects.setdefault(_key(row["line"], row["offset"]), []).append(row)

    def give(self, citation: Citation) -> bool:
        """Whether the place still gives the text."""
        key = _key(citation.line, citation.offset)
        if _flat(citation.text) in {_flat(text) for text in self._texts.get(key, ())}:
            return True
        return any(_is_of(citation.text, row) for row in self._objects.get(key, ()))


def _key(line: int | None, offset: int | None) -> tuple[int | None, int | None]:
    """A line where there is one: a findings document tells only that."""
    return (line, None) if line is not None else (None, offset)


def _is_of(text: str, row: Mapping[str, Any]) -> bool:
    """Whether the text speaks of this object, and the object holds what it says of it."""
    told = _OBJECT.fullmatch(text)
    if told is None:
        return False
    version = row["resource_version"] or ""
    named = (row["kind"], row["k8s_namespace_name"] or "", row["name"] or "", version if version.isdigit() else "None")
    if named != (told["kind"], told["namespace"] or "", told["name"], told["version"]):
        return False
    leaves = list(_leaves(json.loads(row["document"])))
    times = {stamp(parse_time(leaf)) for leaf in leaves if isinstance(leaf, str)}
    numbers = {str(leaf) for leaf in leaves if isinstance(leaf, int)}
    return set(_TIMES.findall(told["says"])) <= times and set(_NUMBERS.findall(told["says"])) <= numbers
