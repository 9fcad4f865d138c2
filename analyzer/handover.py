"""Open files from a worker to its parent: rows that have none of their own memory there, and need no name on disk."""

import atexit
import os
import socket
from functools import cache
from itertools import count
from threading import Condition, Thread
from typing import IO, Final

Token = tuple[int, int]
"""Which process gave a file, and the how manieth of its files that is."""

_WIDTH: Final = 8
_WAIT: Final = 60.0
"""Seconds that a file may be on its way: it was sent before its token was."""
_counted = count()
_parent: socket.socket | None = None
_taken = Condition()
_arrived: Final[dict[Token, int | None]] = {}
"""None: it came without its file, as too many are open."""


@cache
def _channel() -> socket.socket:
    """Where all workers of this process give. A thread takes: a socket holds some hundred messages, and who gives waits for room."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    thread = Thread(target=_take_all, args=(there,), name="handover", daemon=True)
    thread.start()

    def end() -> None:
        there.shutdown(socket.SHUT_RDWR)
        thread.join()
        here.close()
        there.close()

    atexit.register(end)
    return here


def channel() -> socket.socket | None:
    """What a worker is to ``begin`` with; None where the system has no such thing."""
    return _channel() if hasattr(socket, "send_fds") else None


def begin(parent: socket.socket | None) -> None:
    """In a worker: from now on it may give."""
    global _parent
    _parent = parent


def give(file: int) -> Token:
    """Send an open file; the token is to follow by another way. Raises OSError where nobody takes it."""
    if _parent is None:
        raise OSError("no process takes files of this one")
    token = os.getpid(), next(_counted)
    socket.send_fds(_parent, [b"".join(number.to_bytes(_WIDTH, "little") for number in token)], [file])
    return token


def take(token: Token, wait: float = _WAIT) -> IO[bytes]:
    """The file that was given. Raises OSError where it was not."""
    with _taken:
        _taken.wait_for(lambda: token in _arrived, wait)
        file = _arrived.pop(token, None)
    if file is None:
        raise OSError("a file that a worker gave did not arrive")
    return os.fdopen(file, "rb")


def _take_all(there: socket.socket) -> None:
    """Until the socket is shut."""
    while True:
        name, files, _, _ = socket.recv_fds(there, 2 * _WIDTH, 1)
        if not name:
            return
        with _taken:
            _arrived[int.from_bytes(name[:_WIDTH], "little"), int.from_bytes(name[_WIDTH:], "little")] = files[0] if files else None
            _taken.notify_all()
