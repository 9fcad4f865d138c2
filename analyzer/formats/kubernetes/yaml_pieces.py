"""A stream of YAML cut into what can be parsed by itself: its documents, of lists the items. Memory is bounded by the longest of them.

Cut is at ``---`` and at the items' dashes: in block style everything inside an item is indented deeper than the item's own dash. What is
written in another way (flow style, a dash alone on its line) is one piece, which a record's limit bounds.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, NamedTuple

from analyzer import limits
from analyzer.formats.base import CHUNK
from analyzer.formats.json_documents import TOO_LONG
from analyzer.formats.kubernetes.api_objects import Listed, listed
from analyzer.formats.lines import BOM
from analyzer.formats.tables import Reject
from analyzer.vocabulary import TEXT_LIMIT

_MARK: Final = re.compile(rb"\n(?=---[ \t\r\n])")
_OPENS: Final = re.compile(rb"---[ \t\r\n]")
_LIST_OR_MARK: Final = re.compile(rb"\n(?=items:[ \t]*(?:#[^\n]*)?\n|items:[ \t]*\r\n|---[ \t\r\n])")
_LEAD: Final = re.compile(rb"(?:\xef\xbb\xbf)?(?:---[^\n]*\n)?(?:[ \t]*(?:#[^\n]*)?\r?\n)*")
"""What may stand before the first line of a document that says something."""
_ITEMS: Final = re.compile(rb"items:[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*")
_DASH: Final = re.compile(rb"[ ]*(?=- )")
_OUTER: Final = re.compile(rb"^(?:kind|apiVersion|metadata):", re.MULTILINE)
_KEY: Final = re.compile(rb"^(kind|apiVersion): *[\"']?([\w./-]+)", re.MULTILINE)
_NEAR: Final = 256
"""Bytes that are there behind what is passed over: how a list's first item is indented."""


class Piece(NamedTuple):
    """A part of the text that is an object of its own. ``of``, what its list says of it, is to be asked before the next piece."""

    line: int
    offset: int
    text: bytes
    of: Callable[[], Listed]


class _TooLong(Exception):
    """No end within a record's limit."""


def pieces(stream: BinaryIO, size: int = CHUNK) -> Iterator[Piece | Reject]:
    """All of a stream. It must be seekable for ``of``, since a list may say behind its items what they are."""
    window = _Window(stream, size)
    while window.filled():
        yield from _document(window)


class _Window:
    """What is held of a stream; places in it are counted from where it stands: ``line`` and ``offset``."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size = stream, size
        self._held, self._at = b"", 0
        self.line, self.offset = 1, 0

    def filled(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._held) or self._more()

    def find(self, seam: re.Pattern[bytes], begin: int = 0) -> int | None:
        """Where the next line begins that the seam, which begins with the line end before it, is for; None: nowhere. Raises _TooLong."""
        longest = limits.current().record
        while (found := seam.search(self._held, self._at + begin)) is None:
            begin = max(begin, self._held.rfind(b"\n", self._at) - self._at)
            if len(self._held) - self._at > longest:
                raise _TooLong
            if not self._more():
                return None
        if (end := found.start() + 1 - self._at) > longest:
            raise _TooLong
        return end

    def behind(self, passed: re.Pattern[bytes], begin: int = 0) -> int:
        """Where what matches has its end."""
        while True:
            match = passed.match(self._held, self._at + begin)
            end = match.end() - self._at if match else begin
            if self._at + end + _NEAR < len(self._held) or end > limits.current().record or not self._more():
                return end

    def match(self, pattern: re.Pattern[bytes], begin: int = 0) -> re.Match[bytes] | None:
        return pattern.match(self._held, self._at + begin)

    def take(self, length: int | None) -> bytes:
        """The next bytes, or all that are held; steps behind them."""
        text = self._held[self._at : len(self._held) if length is None else self._at + length]
        self.line += text.count(b"\n")
        self.offset += len(text)
        self._at += len(text)
        return text

    def pass_over(self, seam: re.Pattern[bytes]) -> Reject:
        """Steps to the seam, or to the end, however far that is."""
        line, offset = self.line, self.offset
        while len(self._held) - self._at < TEXT_LIMIT and self._more():
            pass
        head = self._held[self._at : self._at + TEXT_LIMIT]
        while (found := seam.search(self._held, self._at)) is None:
            self.take(max(self._held.rfind(b"\n", self._at), len(self._held) - _NEAR, self._at) - self._at)
            if not self._more():
                self.take(None)
                break
        else:
            self.take(found.start() + 1 - self._at)
        length = self.offset - offset
        return Reject(line, offset, f"{TOO_LONG}: {length:,} bytes are passed over", head[:length].decode(errors="replace"))

    @contextmanager
    def ahead(self) -> "Iterator[_Window]":
        """A window that goes ahead of this one, over the same stream, which is then set back."""
        place = self._stream.tell()
        other = _Window(self._stream, self._size)
        other._held, other._at = self._held, self._at
        try:
            yield other
        finally:
            self._stream.seek(place)

    def _more(self) -> bool:
        """Read on. What is kept doubles, so that long pieces cost linear time."""
        kept = self._held[self._at :]
        block = self._stream.read(max(self._size, len(kept)))
        self._held, self._at = kept + block, 0
        return bool(block)


def _document(window: _Window) -> Iterator[Piece | Reject]:
    """The items of a list, or the document as it is."""
    try:
        begin = window.behind(_LEAD)
        dash = window.match(_DASH, begin)
        if dash is None:
            start = begin if window.match(_ITEMS, begin) else window.find(_LIST_OR_MARK, max(begin - 1, 0))
            if start is None or not window.match(_ITEMS, start):
                yield from _whole(window, start)
                return
            begin = window.behind(_ITEMS, start)
            dash = window.match(_DASH, begin)
            if dash is None:
                yield from _whole(window, window.find(_MARK, begin - 1))
                return
    except _TooLong:
        yield window.pass_over(_MARK)
        return
    head = window.take(begin)
    yield from _List(window, head, re.compile(rb"\n(?=" + dash[0] + rb"- |---[ \t\r\n])")).pieces()


def _whole(window: _Window, length: int | None) -> Iterator[Piece]:
    line, offset = window.line, window.offset
    text = window.take(length)
    if text.removeprefix(BOM).strip(b"- \t\r\n."):
        yield Piece(line, offset, text, Listed)


class _List:
    """A list from its first item on. ``seam``: before an item, or before the next document."""

    def __init__(self, window: _Window, head: bytes, seam: re.Pattern[bytes]) -> None:
        self._window, self._head, self._seam = window, head, seam
        self._tail: bytes | None = None  # what stands behind the last item; None: not there yet
        self._of: Listed | None = None

    def pieces(self) -> Iterator[Piece | Reject]:
        while self._tail is None:
            line, offset = self._window.line, self._window.offset
            item, self._tail = self._next(self._window)
            yield item if isinstance(item, Reject) else Piece(line, offset, item, self.of)

    def of(self) -> Listed:
        """What the list says of its items, before them or behind them."""
        if self._of is None:
            said = _said(self._head)
            if "kind" not in said:
                said |= _said(self._behind())
            self._of = listed(said.get("kind"), said.get("apiVersion"))
        return self._of

    def _behind(self) -> bytes:
        tail = self._tail
        with self._window.ahead() as window:
            while tail is None:
                _, tail = self._next(window)
        return tail

    def _next(self, window: _Window) -> tuple[bytes | Reject, bytes | None]:
        """An item, and what is behind it if it is the last one."""
        try:
            end = window.find(self._seam)
        except _TooLong:
            reject = window.pass_over(self._seam)
            return reject, None if window.filled() and not window.match(_OPENS) else b""
        text = window.take(end)
        if end is not None and not window.match(_OPENS):
            return text, None
        outer = _OUTER.search(text)
        return (text[: outer.start()], text[outer.start() :]) if outer else (text, b"")


def _said(text: bytes) -> dict[str, str]:
    return {key.decode(): value.decode() for key, value in _KEY.findall(text)}
