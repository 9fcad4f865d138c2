"""JSON values in a stream, however they are strung together: one a line, pretty-printed one after the other, in an array.

``JsonReader`` is a window that moves over the stream and knows the line and the byte offset where it stands. Memory is
bounded by the longest single value, not by the stream. Damage is confined: after a broken value reading goes on at the next
line that begins with a bracket, not deeper than the value did: inside an indented value no line does, and strings hold no newline.
"""

import codecs
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple, cast

import msgspec
import numpy as np
import polars as pl

from analyzer import limits
from analyzer.formats.base import Batch
from analyzer.formats.lines import LINES
from analyzer.formats.tables import Reject, numbered, reject_frame
from analyzer.vocabulary import TEXT_LIMIT

BLANK = re.compile(r"[ \t\r\n]*")
BETWEEN = re.compile(r"[ \t\r\n,\[\]\x1e\ufeff]*")
"""What may stand between values: an array is taken as its elements; 0x1E opens each value of RFC 7464 text sequences."""

CUT_OFF = "cut off"
TOO_LONG = "longer than a record may be (--limit record=)"
_EDGE = 16  # an error this close to the end of the window may be due to the cut (a literal, a number, an escape)
_DEEPEST = 200  # characters of indentation that are recognised as such
_NEAR = 65536  # characters in which the end of an indented object is looked for
_WINDOW = 8 * 1024 * 1024  # bytes that are read at a time: what is larger does not stay in the processor's cache
_decode = json.JSONDecoder().raw_decode
_quick = msgspec.json.Decoder(dict[str, Any]).decode


class Value(NamedTuple):
    """A whole value: where it begins, how it is written, what it holds."""

    line: int
    offset: int
    text: str
    content: Any


class JsonReader:
    """A window on a stream of JSON text; bytes that are no UTF-8 are carried along as lone surrogates."""

    def __init__(self, stream: BinaryIO, size: int = _WINDOW) -> None:
        self._stream = stream
        self._size = size
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._ended = False
        self._counted = 0
        self._line = 1
        self._offset = 0
        self.text = ""
        self.position = 0

    def peek(self, skip: re.Pattern[str] = BLANK) -> str:
        """The character after what is to be skipped, or "" at the end."""
        while True:
            match = skip.match(self.text, self.position)
            self.position = match.end() if match else self.position
            if self.position < len(self.text):
                return self.text[self.position]
            if not self._more():
                return ""

    def place(self) -> tuple[int, int]:
        """The 1-based line and the byte offset where the window stands."""
        passed = self.text[self._counted : self.position]
        self._line += passed.count("\n")
        self._offset += len(passed) if passed.isascii() else len(passed.encode(errors="surrogateescape"))
        self._counted = self.position
        return self._line, self._offset

    def value(self) -> Any:
        """The value that begins here; steps behind it. Raises ValueError, and stays, if it is broken or cut off."""
        while True:
            try:
                content, end = _decode(self.text, self.position)
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self.text) - _EDGE or error.msg.startswith("Unterminated string")
                if cut and not self._ended:
                    if len(self.text) - self.position > limits.current().record:
                        raise ValueError(TOO_LONG) from error
                    self._more()
                    continue
                at_end = error.pos >= len(self.text.rstrip()) or error.msg.startswith("Unterminated string")
                raise ValueError(CUT_OFF if at_end else f"broken JSON: {error.msg}") from error
            except RecursionError as error:
                raise ValueError("broken JSON: nested too deeply") from error
            if end == len(self.text) and not self._ended:  # a number may go on
                self._more()
                continue
            self.position = end
            return content

    def whole(self) -> Value | Reject:
        """The value that begins here, with its text; if it is broken, a reject, and the window has moved on."""
        line, offset = self.place()
        indent = self.indent()
        try:
            content = self._indented(indent) or self.value()
        except ValueError as error:
            passed = self.resume(indent)
            length = f": {self.place()[1] - offset:,} bytes are passed over" if str(error) == TOO_LONG else ""
            return Reject(line, offset, f"{error}{length}", passed)
        # place() was called where the value begins and the window only drops what lies before its position
        return Value(line, offset, clean(self.text[self._counted : self.position]), content)

    def _indented(self, indent: str) -> dict[str, Any] | None:
        """The object that begins here, if it ends where one that was indented does; None: look closer. Steps behind it."""
        if not indent or self.text[self.position] != "{":
            return None
        end = self.text.find(f"\n{indent}}}", self.position, self.position + _NEAR) + len(indent) + 2
        try:
            content: dict[str, Any] = _quick(self.text[self.position : end])
        except (ValueError, RecursionError):  # what it does not take, json may: it is the stricter one, and otherwise they agree
            return None
        self.position = end
        return content

    def alike(self) -> Iterator[Value]:
        """The objects from here on of a list that is indented, as long as they are plain to see; steps over each and what parts it."""
        indent = len(self.indent())
        while indent and self.text[self.position] == "{":
            near = self.text[self.position : self.position + _NEAR].encode(errors="surrogateescape")
            line, offset = self.place()
            begin = 0
            for end, lines in _brackets(near, indent):
                text = near[begin:end].rstrip(b" \t\r\n").removesuffix(b",")
                try:
                    content = _quick(text)
                except (ValueError, RecursionError):
                    return
                value = Value(self._line, self._offset, text.decode(), content)
                self.position += len(value.text) + end - begin - len(text)
                self._counted, self._line, self._offset = self.position, line + lines, offset + end
                begin = end
                yield value
            if not begin:
                return

    def indent(self) -> str:
        """The blanks before the value that begins here, if nothing else stands before it on its line."""
        near = self.text[max(0, self.position - _DEEPEST) : self.position]
        before = near[near.rfind("\n") + 1 :]
        return "" if before.strip() or len(before) == _DEEPEST else before

    def resume(self, indent: str = "") -> str:
        """Step to the next line that begins with a bracket (or with this indent and one); return some of what is passed."""
        seam = re.compile(rf"\n(?:{indent})?[{{\[]")
        passed = self.text[self.position : self.position + TEXT_LIMIT]
        begin, search = self.position, self.position
        while True:
            match = seam.search(self.text, search)
            if match:
                self.position = match.start() + 1
                break
            # what has been searched can go; the last characters may be the beginning of the seam
            begin, self.position = -1, max(search, len(self.text) - len(indent) - 2)
            if not self._more():
                self.position = len(self.text)
                break
            search = 0
        length = self.position - begin if begin >= 0 else TEXT_LIMIT
        return clean(passed[:length].rstrip("\r\n"))

    def line(self) -> str:
        """What is left of the line, up to TEXT_LIMIT characters; stays."""
        while "\n" not in (here := self.text[self.position : self.position + TEXT_LIMIT]) and len(here) < TEXT_LIMIT and self._more():
            pass
        return here.partition("\n")[0]

    def behind(self, text: str) -> None:
        """Step behind the next occurrence of a text, or to the end."""
        while (at := self.text.find(text, self.position)) < 0:
            self.position = max(self.position, len(self.text) - len(text))
            if not self._more():
                self.position = len(self.text)
                return
        self.position = at + len(text)

    def skip(self) -> None:
        """Step over one character."""
        self.position += 1

    def _more(self) -> bool:
        """Read on, dropping what lies before the position. What is kept doubles, so that long values cost linear time."""
        if self._ended:
            return False
        self.place()
        kept = self.text[self.position :]
        block = self._stream.read(max(self._size, len(kept)))
        self._ended = not block
        self.text = kept + self._decoder.decode(block, final=self._ended)
        self.position = self._counted = 0
        return not self._ended or len(self.text) > len(kept)


def _brackets(text: bytes, indent: int) -> Iterator[tuple[int, int]]:
    """Where in this text lines begin with so many characters and a bracket, and how many lines lie before."""
    codes = np.frombuffer(text, np.uint8)
    begins = np.flatnonzero(codes == ord("\n")) + indent + 1
    numbers = np.flatnonzero(codes[np.minimum(begins, len(codes) - 1)] == ord("{"))
    return zip(begins[numbers].tolist(), (numbers + 1).tolist(), strict=True)


def mostly(head: bytes, told: Callable[[Any], bool], begins: re.Pattern[str] | None = None) -> bool:
    """Whether most of the first ten values are such as is told.

    A value that the end of the head cuts off says nothing, unless it is the only one and begins like ``begins``.
    """
    reader = JsonReader(io.BytesIO(head))
    found = others = 0
    while found + others < 10 and (begin := reader.peek(BETWEEN)):
        if begin != "{":
            reader.resume()
            others += 1
            continue
        start = begins.match(reader.text, reader.position) if begins and not found + others else None
        value = reader.whole()
        if told(value.content) if isinstance(value, Value) else start and value.reason == CUT_OFF:
            found += 1
        elif isinstance(value, Value) or value.reason != CUT_OFF:
            others += 1
    return found > others


def slices(stream: BinaryIO, size: int) -> Iterator[tuple[list[Value], list[Reject]]]:
    """The values of a stream and what is broken between them, ``size`` of both together at a time."""
    reader = JsonReader(stream)
    while reader.peek(BETWEEN):
        values: list[Value] = []
        rejects: list[Reject] = []
        while len(values) + len(rejects) < size and reader.peek(BETWEEN):
            value = reader.whole()
            if isinstance(value, Reject):
                rejects.append(value)
            else:
                values.append(value)
        yield values, rejects


def batches(stream: BinaryIO, size: int, batch: Callable[[pl.DataFrame, int], Batch]) -> Iterator[Batch]:
    """What ``batch`` makes of the values as lines (columns of ``LINES``) and the number of the first, with the rejects in their places."""

    def made(part: tuple[list[Value], list[Reject]], first: int) -> Batch:
        values, rejects = part
        read = batch(pl.DataFrame([value[:3] for value in values], schema=LINES, orient="row"), first)
        return Batch(records=read.records, rejects=pl.concat([read.rejects, reject_frame(rejects)]).sort("offset"))

    return numbered(slices(stream, size), made)


def clean(text: str) -> str:
    """The text with U+FFFD where bytes were no UTF-8."""
    return text if text.isascii() else text.encode(errors="surrogateescape").decode(errors="replace")


def peeked(stream: BinaryIO, size: int) -> tuple[bytes, BinaryIO]:
    """The first bytes of a stream, and a stream that still has them before it."""
    head = b""
    while len(head) < size and (block := stream.read(size - len(head))):
        head += block
    return head, cast(BinaryIO, _Rejoined(head, stream))


class _Rejoined(io.RawIOBase):
    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest
        self.too_long = getattr(rest, "too_long", None)

    def read(self, size: int = -1) -> bytes:
        if not self._head:
            return self._rest.read(size)
        block = self._head if size < 0 else self._head[:size]
        self._head = self._head[len(block) :]
        return block + self._rest.read() if size < 0 else block
