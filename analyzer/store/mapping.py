"""Files as memory. What was looked at counts as the process's own until the system needs the room; here it is given back before."""

import ctypes
import mmap
import os
import threading
import time
from functools import cache
from pathlib import Path
from typing import Final
from weakref import WeakSet, finalize

import pyarrow as pa  # type: ignore[import-untyped,unused-ignore]

from analyzer import limits

_EVERY: Final = 0.01
"""Seconds between two looks at how much it is."""
_FAILED: Final = ctypes.c_void_p(-1).value
_MEMORY: Final = Path("/proc/self/statm")


def mapped(file: int, size: int) -> pa.Buffer:
    """What an open file holds, which can be closed then: of huge evidence there may be hundreds. Raises OSError."""
    if not size:
        return pa.py_buffer(b"")
    if not _MEMORY.exists():
        return pa.py_buffer(mmap.mmap(file, size, access=mmap.ACCESS_READ))  # it keeps the file open
    mapping = _Mapping(file, size)
    _watch(mapping)
    return pa.foreign_buffer(mapping.address, size, mapping)


@cache
def _system() -> ctypes.CDLL:
    """The C library's calls; Python's own mapping keeps the file open (to 3.13)."""
    found = ctypes.CDLL(None, use_errno=True)
    found.mmap.restype = ctypes.c_void_p
    found.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_int64]
    found.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    found.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    return found


class _Mapping:
    """What a file holds, at an address, as long as somebody has it."""

    def __init__(self, file: int, size: int) -> None:
        address = _system().mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, file, 0)
        if address in (None, _FAILED):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self.address, self._size = address, size
        finalize(self, _system().munmap, address, size).atexit = False  # others may still look

    def give_back(self) -> None:
        """It is read from the file again, if somebody looks."""
        _system().madvise(self.address, self._size, mmap.MADV_DONTNEED)


_ALL: Final[WeakSet[_Mapping]] = WeakSet()
_LOCK: Final = threading.Lock()
_watching = False
_others = 0
"""Bytes of libraries and of the evidence itself, which are not ours to give back."""


def relieve() -> None:
    """Give back what was looked at, if it is much: to be called now and then by who looks at a lot. A thread does it, too, but not while
    the processors are busy."""
    global _others
    with _LOCK:  # while they are counted none may be added
        mappings = list(_ALL)
    if not mappings:
        return
    now = _resident()
    _others = min(_others, now)
    if now > _others + _most():
        for mapping in mappings:
            mapping.give_back()


def _watch(mapping: _Mapping) -> None:
    """As long as there is one."""
    global _watching, _others
    with _LOCK:
        if not _ALL:
            _others = _resident()
        _ALL.add(mapping)
        if not _watching:
            threading.Thread(target=_look, name="mapped files", daemon=True).start()
            _watching = True


def _look() -> None:
    global _watching
    while True:
        time.sleep(_EVERY)
        with _LOCK:
            if not _ALL:
                _watching = False
                return
        relieve()


def _most() -> int:
    """Bytes that may have been looked at before all is given back."""
    return limits.current().memory // 16


def _resident() -> int:
    """Bytes of mapped files that count as the process's own."""
    return int(_MEMORY.read_text().split()[2]) * mmap.PAGESIZE
