"""Open files from a worker to its parent: rows that have none of their own memory there, and need no name on disk."""

import atexit
import os
import socket
from functools import cache
from itertools import count
from typing import IO, Final

Token = tuple[int, int]
"""Which process gave a file, and the how manieth of its files that is."""

_WIDTH: Final = 8
_counted = count()
_arrived: Final[dict[Token, int]] = {}
_parent: socket.socket | None = None


@cache
def _channel() -> tuple[socket.socket, socket.socket]:
    """Where all workers of this process give, and where it takes."""
    made = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    made[1].setblocking(False)  # what was given is there; Python's ``recv_fds`` (3.9 to 3.13) passes no flags on
    for end in made:
        atexit.register(end.close)
    return made


def channel() -> socket.socket | None:
    """What a worker is to ``begin`` with; None where the system has no such thing."""
    return _channel()[0] if hasattr(socket, "send_fds") else None


def begin(parent: socket.socket | None) -> None:
    """In a worker: from now on it may give."""
    global _parent
    _parent = parent


def give(file: int) -> Token:
    """Send an open file; the token is to follow by another way. Raises OSError where nobody takes it."""
    if _parent is None:
        raise OSError("no process takes files of this one")
    token = os.getpid(), next(_counted)
    socket.send_fds(_parent, [_packed(token)], [file])
    return token


def take(token: Token) -> IO[bytes]:
    """The file that was given. Raises OSError where it was not."""
    while token not in _arrived:
        name, files, _, _ = socket.recv_fds(_channel()[1], 2 * _WIDTH, 1)
        _arrived[_token(name)] = files[0]
    return os.fdopen(_arrived.pop(token), "rb")


def _packed(token: Token) -> bytes:
    return b"".join(number.to_bytes(_WIDTH, "little") for number in token)


def _token(name: bytes) -> Token:
    return int.from_bytes(name[:_WIDTH], "little"), int.from_bytes(name[_WIDTH:], "little")
