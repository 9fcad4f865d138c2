"""How far long work has come: on stderr, on a terminal only, and only once it takes long. Nobody waits for it."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from analyzer.outputs.screen import moves
from analyzer.outputs.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Shown
    from rich.progress import TaskID

    from analyzer.progress import Progress

AFTER = 1.0
"""Seconds: what is done sooner shows no bar, and does not load what draws it."""
_PER_SECOND = 5
_NAME = 40
"""Columns for the name of what is under way."""


@contextmanager
def progress(after: float = AFTER, stream: TextIO | None = None) -> Iterator[Progress | None]:
    """What is to be called with how far the work is; None where nobody would see it. ``stream``: default stderr."""
    stream = stream or sys.stderr
    if not moves(stream):
        yield None
        return
    bar = _Bar(stream)
    timer = threading.Timer(after, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar.step
    finally:
        timer.cancel()
        bar.close()


@contextmanager
def busy(what: str) -> Iterator[None]:
    """The same for work of which nobody knows how much of it is done."""
    with progress() as bar:
        if bar is not None:
            bar(what, 0, 0)
        yield


class _Bar:
    """Steps may be told from any thread, before the bar is shown, and after it is closed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._at = ("looking at the evidence", 0, 0)
        self._shown: Shown | None = None
        self._task: TaskID | None = None
        self._closed = False

    def step(self, name: str, done: int, whole: int) -> None:
        with self._lock:
            self._at = (name, done, whole)
            self._update()

    def show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._closed:
                return
            columns = (SpinnerColumn("line"), TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
            console = Console(file=self._stream, highlight=False)
            self._shown = Progress(*columns, TimeElapsedColumn(), console=console, transient=True, refresh_per_second=_PER_SECOND)
            self._task = self._shown.add_task("", total=None)
            self._update()
            self._shown.start()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._shown is not None:
                self._shown.stop()

    def _update(self) -> None:
        if self._shown is not None and self._task is not None and not self._closed:
            name, done, whole = self._at
            told = printable(name)
            told = told if len(told) <= _NAME else "..." + told[3 - _NAME :]
            self._shown.update(self._task, description=told, completed=done, total=whole or None)
