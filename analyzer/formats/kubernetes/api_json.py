"""Kubernetes API objects in JSON: ``kubectl get -o json``, the API's own lists, watches, dumps of client-go.

A list, an object, a bare array (client-go dumps, whose items lack their kind), documents one after the other
(``kubectl get -w -o json``; ``kubectl cluster-info dump``, with logs between them, which are left), one a line, or watch events
``{"type": ..., "object": ...}``. Lists are walked item by item, so that
each item has its line, and damage costs one item where the list is indented, and what follows it where it is not.
"""

import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.json_documents import BETWEEN, CUT_OFF, JsonReader, Value, clean
from analyzer.formats.kubernetes.api_objects import Collector, is_list, listed, says_its_kind
from analyzer.formats.lines import BOM
from analyzer.formats.tables import Reject
from analyzer.vocabulary import TEXT_LIMIT

_BEGINS: Final = re.compile(
    r"[\s\ufeff\[]*"
    r'(?:\{\s*"type"\s*:\s*"[A-Z]+"\s*,\s*"object"\s*:\s*)?'
    r'\{\s*(?:"kind"\s*:\s*"[A-Z]\w*"\s*,\s*)?"apiVersion"\s*:\s*"(?!audit\.)[\w.]+(?:/\w+)?"'
)
"""How an object begins that is too long to be looked at as a whole."""


_LOG: Final = re.compile(r"==== START logs for (container \S+ of pod \S+) ====")
"""What ``kubectl cluster-info dump`` writes between documents."""
_BETWEEN_ITEMS: Final = re.compile(r"[ \t\r\n,]*")
_LEAD: Final = 3  # foreign lines that may stand before the first document
_CUT: Final = f"list {CUT_OFF}"


class _Left(Exception):
    """A broken item was the last one that could be found of its list; it has been told, and the window has moved on."""


class ApiJson:
    """JSON of the Kubernetes API."""

    name = "kubernetes-json"
    family = "kubernetes"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        """The first document holds API objects, or is an empty list, or is too long for the head and begins like one."""
        text = _from_bracket(head)
        reader = JsonReader(io.BytesIO(text))
        if reader.peek(BETWEEN) != "{":
            return False
        collector = Collector(CHUNK // 4)
        batches = [*_document(reader, collector), collector.flush()]
        objects = sum(batch.objects.height for batch in batches)
        faults = [reason for batch in batches for reason in batch.rejects["reason"]]
        if objects or not faults:
            return objects >= len([fault for fault in faults if not fault.endswith(CUT_OFF)])
        return all(fault.endswith(CUT_OFF) for fault in faults) and bool(_BEGINS.match(text.decode(errors="replace")))

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        reader = JsonReader(stream)
        collector = Collector(CHUNK // 4)
        while begin := reader.peek(BETWEEN):
            if begin == "{":
                yield from _document(reader, collector)
            elif logged := _LOG.match(first := reader.line()):
                collector.reject(Reject(*reader.place(), f"log of {logged[1]}: not read here", clean(first)))
                reader.behind(f"==== END logs for {logged[1]} ====")
            else:
                collector.reject(Reject(*reader.place(), "no JSON", reader.resume()))
            if collector.full:
                yield collector.flush()
        yield collector.flush()


def _document(reader: JsonReader, collector: Collector) -> Iterator[Batch]:
    """One top-level object, key by key, so that a list need not be held as a whole. Yields when the collector is full."""
    line, offset = reader.place()
    indent = reader.indent()
    head, begin = reader.text[reader.position : reader.position + TEXT_LIMIT], offset
    content: dict[str, Any] = {}
    waiting: list[Value] = []  # items that say no kind: the list may say it behind them
    walked = False
    reader.skip()
    try:
        for key in _keys(reader):
            if key != "items" or reader.peek() != "[":
                content[key] = reader.value()
                continue
            walked = True
            of = listed(content.get("kind"), content.get("apiVersion"))
            for item in _items(reader, collector):
                if of.kind or says_its_kind(item.content):
                    collector.add(item.line, item.offset, item.content, item.text, of)
                else:
                    waiting.append(item)
                if collector.full:
                    yield collector.flush()
    except ValueError as error:
        place = reader.place() if walked else (line, offset)
        passed = reader.resume(indent)
        collector.reject(Reject(*place, str(error), passed if walked else clean(head)))
    except _Left:
        pass
    else:
        if not walked:
            collector.add(line, offset, content, clean(head[: reader.place()[1] - begin]))
        elif not is_list(content):
            collector.reject(Reject(line, offset, "a list of unknown kind", clean(head)))
    of = listed(content.get("kind"), content.get("apiVersion"))
    for item in waiting:
        collector.add(item.line, item.offset, item.content, item.text, of)


def _keys(reader: JsonReader) -> Iterator[str]:
    """The keys of the object that the window stands in, each time with the window before the value, up to its end."""
    while (following := reader.peek(_BETWEEN_ITEMS)) != "}":
        if not following:
            raise ValueError(CUT_OFF)
        key = reader.value()
        if not isinstance(key, str) or reader.peek() != ":":
            raise ValueError("broken JSON: no key" if reader.peek() else CUT_OFF)
        reader.skip()
        reader.peek()
        yield key
    reader.skip()


def _items(reader: JsonReader, collector: Collector) -> Iterator[Value]:
    """The whole items of the array that begins here; broken ones are rejected."""
    reader.skip()
    while (following := reader.peek(_BETWEEN_ITEMS)) != "]":
        if not following:
            raise ValueError(_CUT)
        yield from reader.alike()
        item = reader.whole()
        if isinstance(item, Value):
            yield item
            continue
        collector.reject(item)
        if not reader.text[reader.position : reader.position + 1].isspace():
            raise _Left
    reader.skip()


def _from_bracket(head: bytes) -> bytes:
    """The head without the few foreign lines that may stand before its first document."""
    lines = head.removeprefix(BOM).split(b"\n", _LEAD)
    for number, line in enumerate(lines):
        if line.lstrip().startswith((b"{", b"[")):
            return b"\n".join(lines[number:])
    return b""


FORMAT = ApiJson()
