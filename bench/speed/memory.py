"""What memory a tree of processes has of its own: without the files that it maps, which the system can take back at any time."""

import threading
from pathlib import Path

_PROC = Path("/proc")
_EVERY = 0.02
"""Seconds between two looks."""


class Watch:
    """Looks at a process and its children until ``stop``; ``peak`` is the largest sum of RssAnon, in bytes. None: there is no /proc."""

    def __init__(self, pid: int) -> None:
        self.peak: int | None = None
        self._ended = threading.Event()
        self._looker = threading.Thread(target=self._look, args=(pid,), daemon=True)
        if (_PROC / str(pid)).is_dir():
            self._looker.start()

    def _look(self, pid: int) -> None:
        while not self._ended.wait(_EVERY):
            now = sum(anonymous(each) for each in tree(pid))
            self.peak = max(self.peak or 0, now)

    def stop(self) -> int | None:
        self._ended.set()
        if self._looker.is_alive():
            self._looker.join()
        return self.peak


def tree(pid: int) -> list[int]:
    """The process and its descendants; those that end meanwhile are left out."""
    found = [pid]
    for one in found:
        for children in (_PROC / str(one) / "task").glob("*/children"):
            try:
                found += [int(word) for word in children.read_text().split()]
            except OSError:
                continue
    return found


def anonymous(pid: int) -> int:
    """RssAnon in bytes; 0 if the process has ended."""
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon:")), 0)
