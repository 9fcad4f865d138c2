"""How far the reading has come, told to whoever wants to show it: once a source and once a chunk, never a line."""

from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

T = TypeVar("T")

Progress = Callable[[str, int, int], None]
"""Called with the name of what is under way, how much is done, and of how much (0: nobody knows). From any thread."""


class Reading:
    """Sources, one after the other, by their sizes in bytes."""

    def __init__(self, progress: Progress | None, whole: int) -> None:
        self._progress, self._whole = progress, whole
        self._name, self._before, self._size = "", 0, 0

    def begin(self, name: str, size: int) -> None:
        """The next source; the one before it is done."""
        self._name, self._before, self._size = name, self._before + self._size, size
        self._tell(0)

    def watched(self, batches: Iterator[T], stream: BinaryIO) -> Iterator[T]:
        """The same batches, which are read from this stream."""
        for batch in batches:
            if self._progress is not None:
                self._tell(_position(stream))
            yield batch

    def reached(self, read: int) -> None:
        """So many bytes of the source have been read."""
        self._tell(read)

    def _tell(self, read: int) -> None:
        if self._progress is not None:
            self._progress(self._name, self._before + min(read, self._size), self._whole)


def _position(stream: BinaryIO) -> int:
    try:
        return stream.tell()
    except OSError:  # it cannot tell: then only whole sources count
        return 0
