"""What may come of one file: bombs are refused by what they have given, whatever their headers say."""

from threading import Lock

from analyzer import limits
from analyzer.exceptions import SourceError

_PATIENCE = 8
"""After so many refused streams, each of which took its time, nothing more is read of a file."""
_DEFLATED = 0.4
"""Of the ratio that is allowed: so little comes of one byte that gzip or zip has packed. At their lowest level zeros come to 229."""


class Budget:
    """Of one file on disk (or standard input), whatever is packed in it, however deep. ``packed``: its size in bytes."""

    def __init__(self, packed: int) -> None:
        self._packed = packed
        self._given: dict[str, int] = {}  # by stream: the furthest that was read of it
        self._total = 0
        self._members = 0
        self._refused = 0
        self._lock = Lock()

    def spend(self, stream: str, position: int, packed: int, kind: str = "") -> None:
        """A stream has given so many bytes, of so many that are packed like this; a second reading costs nothing. Raises SourceError."""
        with self._lock:
            if self._refused > _PATIENCE:
                raise SourceError(f"not read: {self._refused} streams of the same file were refused")
            before = self._given.get(stream, 0)
            self._total += max(position - before, 0)
            self._given[stream] = max(position, before)
            try:
                _check(position, packed, _DEFLATED if kind in ("gzip", "zip") else 1)
                _check(self._total, self._packed)
            except SourceError:
                self._refused += 1
                self._total -= self._given.pop(stream)  # the others may go on
                raise

    def member(self) -> None:
        """One more member of an archive. Raises SourceError."""
        self._members += 1
        if self._members > limits.current().members:
            raise SourceError(f"its members beyond the first {limits.current().members:,} are not read (--limit members=)")


def _check(given: int, packed: int, share: float = 1) -> None:
    allowed = limits.current()
    if given > allowed.unpacked:
        raise SourceError(f"refused: it gives more than {limits.amount(allowed.unpacked)} (--limit unpacked=)")
    if given > allowed.slack and given > share * allowed.ratio * packed:
        raise SourceError(f"refused: {given // max(packed, 1):,} times its packed size, as of a bomb (--limit ratio=)")
