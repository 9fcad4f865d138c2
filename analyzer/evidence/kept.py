"""A stream that can be read only from its beginning, kept so that any stretch of it can be read again.

What is kept is packed, block by block: of an archive no more comes to lie on disk than its own size, roughly, and of a small one nothing.
"""

import io
import tempfile
import threading
from typing import BinaryIO, cast

import zstandard

_BLOCK = 1024 * 1024
_IN_MEMORY = 32 * 1024 * 1024
"""Packed bytes that are kept in memory; beyond it they go to an anonymous file."""


class Anywhere(io.RawIOBase):
    """What can be read from anywhere, by ``_position`` and ``_size``."""

    _position = 0
    _size = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position


class Kept(Anywhere):
    """Reads ``stream`` to its end and closes it. OSError: no room to keep it. One reader at a time."""

    def __init__(self, stream: BinaryIO) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed with the stream
        self._begins = [0]
        self._lock = threading.Lock()
        self._held = (-1, b"")
        packer = zstandard.ZstdCompressor(level=1)
        with stream:
            while block := _filled(stream):
                self._file.write(packer.compress(block))
                self._begins.append(self._file.tell())
                self._size += len(block)

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        view = memoryview(buffer)
        number, at = divmod(self._position, _BLOCK)
        if self._position >= self._size or not len(view):
            return 0
        data = memoryview(self._block(number))[at : at + len(view)]
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _block(self, number: int) -> bytes:
        with self._lock:
            if self._held[0] != number:
                self._file.seek(self._begins[number])
                packed = self._file.read(self._begins[number + 1] - self._begins[number])
                self._held = (number, zstandard.ZstdDecompressor().decompress(packed, max_output_size=_BLOCK))
            return self._held[1]

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def _filled(stream: BinaryIO) -> bytes:
    """A block, which only the last one does not fill."""
    parts, left = [], _BLOCK
    while left and (part := stream.read(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def kept(stream: BinaryIO) -> BinaryIO:
    """The same bytes, to be read from anywhere."""
    return cast(BinaryIO, io.BufferedReader(Kept(stream), _BLOCK))
