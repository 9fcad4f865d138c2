"""Kubernetes API objects in YAML: ``kubectl get -o yaml`` (also ``-w``), must-gather, manifests.

The text is split before it is parsed, at ``---`` and at the items of a list, so that each object has its line and damage costs one
object. That is safe because in block style everything inside an item is indented deeper than the item's own dash.
Scalars follow YAML 1.2: times, ``yes`` and numbers with leading zeros stay strings, as what Kubernetes wrote means them to be.
"""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

import numpy as np
import ryaml

from analyzer.formats.base import CHUNK, HEAD, Batch, ReadContext
from analyzer.formats.kubernetes.api_objects import Collector, Listed, listed
from analyzer.formats.lines import BOM
from analyzer.formats.tables import Reject
from analyzer.vocabulary import TEXT_LIMIT

_MARK: Final = re.compile(rb"^---(?=[ \t\r\n])", re.MULTILINE)
_LIST: Final = re.compile(rb"^items:[ \t]*\r?\n", re.MULTILINE)
_DASH: Final = re.compile(rb"[ ]*(?=- )")
_KEY: Final = re.compile(rb"^(kind|apiVersion): *[\"']?([\w./-]+)", re.MULTILINE)
_SIGNIFICANT: Final = re.compile(r"^(?!\s*(?:#|$)|---).+", re.MULTILINE)
_LEGAL: Final = re.compile(r"[A-Za-z]\w*:(?:\s|$)|- |[ }\])]|#|---|\.\.\.")
"""How a line of an object in block style may begin."""

_DEEPEST: Final = 5000  # the parser needs time with the square of the depth before it gives up


class Piece(NamedTuple):
    """A part of the text that is an object of its own."""

    line: int
    offset: int
    text: bytes
    of: Listed


class ApiYaml:
    """YAML of the Kubernetes API."""

    name = "kubernetes-yaml"
    family = "kubernetes"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """The first document has the outer keys of an API object or list, and nothing but block-style YAML in its first column."""
        text = head.removeprefix(BOM).decode(errors="replace").replace("\r\n", "\n")
        lines = _SIGNIFICANT.findall(text)
        lines = lines[:-1] if len(head) >= HEAD else lines
        document = re.split(r"^---", text.lstrip().removeprefix("---"), maxsplit=1, flags=re.MULTILINE)[0]
        keys = set(re.findall(r"^([A-Za-z]\w*):", document, re.MULTILINE))
        version = re.search(r"^(?:  |- )?apiVersion: *[\"']?(?!audit\.)[\w.]+(?:/\w+)?[\"']?\s*$", document, re.MULTILINE)
        if version is None or not all(_LEGAL.match(line) for line in lines):
            return False
        shape = keys & {"items", "metadata"} or {"object", "type"} <= keys or lines[0].startswith("- apiVersion:")
        return bool(shape) or (len(head) >= HEAD and lines[0].startswith(("apiVersion:", "object:")))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        collector = Collector(CHUNK)
        for line, offset, document in documents(stream):
            for piece in pieces(line, offset, document):
                _add(piece, collector)
                if collector.full:
                    yield collector.flush()
        yield collector.flush()


def documents(stream: BinaryIO, size: int = CHUNK) -> Iterator[tuple[int, int, bytes]]:
    """Line, byte offset and text of what lies between the marks; a mark belongs to the document that it opens."""
    line, offset, held, searched = 1, 0, b"", 0
    while block := stream.read(max(size, len(held))):
        held += block
        begin = 0
        for mark in _MARK.finditer(held, searched):
            if mark.start() > begin:
                yield line, offset + begin, held[begin : mark.start()]
                line += held.count(b"\n", begin, mark.start())
                begin = mark.start()
        held, offset = held[begin:], offset + begin
        searched = max(len(held) - 4, 1)
    if held:
        yield line, offset, held


def pieces(line: int, offset: int, document: bytes) -> Iterator[Piece]:
    """The items of a list, or the document as it is."""
    body = _LIST.search(document)
    begin = body.end() if body else _content_start(document)
    dash = _DASH.match(document, begin)
    if dash is None:
        if document.removeprefix(BOM).strip(b"- \t\r\n."):
            yield Piece(line, offset, document, Listed())
        return
    head = document[:begin]
    item = re.compile(rb"^" + dash[0] + rb"- ", re.MULTILINE)
    outer = re.compile(rb"^(?:kind|apiVersion|metadata):", re.MULTILINE)
    starts = [match.start() for match in item.finditer(document, begin)]
    last = outer.search(document, starts[-1])
    ends = [*starts[1:], last.start() if last else len(document)]
    said = {key.decode(): value.decode() for key, value in _KEY.findall(head + document[ends[-1] :])}
    of = listed(said.get("kind"), said.get("apiVersion"))
    counted = 0
    for start, end in zip(starts, ends, strict=True):
        line += document.count(b"\n", counted, start)
        counted = start
        yield Piece(line, offset + start, document[start:end], of)


def _content_start(document: bytes) -> int:
    """Where the first line stands that is neither blank nor a comment nor the mark."""
    match = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:#[^\n]*|---[^\n]*)?\r?\n)*").match(document)
    return match.end() if match else 0


def _add(piece: Piece, collector: Collector) -> None:
    text = piece.text.decode(errors="replace")
    try:
        content = parse(text)
    except (ValueError, RecursionError) as error:
        collector.reject(Reject(piece.line, piece.offset, f"broken YAML: {error}".splitlines()[0], text))
        return
    if content is not None:
        collector.add(piece.line, piece.offset, content, text[:TEXT_LIMIT], piece.of)


def parse(text: str) -> Any:
    """An item is a sequence of one. ValueError: broken."""
    if _depth(text) > _DEEPEST:
        raise ValueError("nested too deeply")
    content = ryaml.loads(text)  # type: ignore[attr-defined]  # its stub does not export it
    return content[0] if isinstance(content, list) and len(content) == 1 else content


def _depth(text: str) -> int:
    """How deep brackets are nested at most, roughly: those in strings count as well."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return 0
    codes = np.frombuffer(text.encode(), np.uint8) | 32  # [ and {, ] and } differ in this bit only
    return int(np.cumsum((codes == ord("{")).astype(np.int32) - (codes == ord("}"))).max())


FORMAT = ApiYaml()
