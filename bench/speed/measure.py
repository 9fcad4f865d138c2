"""Whole processes, in turns: first A, then B, then A again. What a machine does besides then falls on both."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from typing import BinaryIO

from bench.speed.memory import Watch


@dataclass
class Runs:
    """Of one command, in the order of the rounds: wall and processor seconds of the process and its children.

    ``peak``: the most memory of its own that it had, in bytes (without mapped files; where there is no /proc, with them).
    ``rows``: how many rows it gave, if it gives rows.
    """

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: int = 0
    rows: int | None = None
    fault: str | None = None


def add(into: Runs, command: Sequence[str], where: Path, rows: Callable[[BinaryIO], int] | None = None) -> None:
    """One run, in the folder ``where``. Who failed once is not run again; ``fault`` is the last line that it said.

    ``rows`` counts what it printed; without it, what it prints is thrown away.
    """
    if into.fault is not None:
        return
    with TemporaryFile() as said, TemporaryFile() as printed:
        begin = time.perf_counter()
        out = printed if rows else subprocess.DEVNULL
        process = subprocess.Popen(command, cwd=where, env=_environment(where), stdout=out, stderr=said)
        watch = Watch(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        own = watch.stop()
        process.returncode = os.waitstatus_to_exitcode(status)
        for stream in (said, printed):
            stream.seek(0)
        words = said.read().decode(errors="replace").strip().splitlines()
        if process.returncode:
            into.fault = words[-1] if words else f"exit status {process.returncode}"
            return
        if rows:
            into.rows = rows(printed)
    into.wall.append(wall)
    into.cpu.append(used.ru_utime + used.ru_stime)
    into.peak = max(into.peak, used.ru_maxrss * 1024 if own is None else own)  # kilobytes on Linux


def _environment(where: Path) -> dict[str, str]:
    """With compiled modules, as an installation has them."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
    return kept | {"PYTHONPYCACHEPREFIX": str(where / "compiled")}


def ratio(a: Sequence[float], b: Sequence[float]) -> tuple[float, float, float]:
    """How many times as much A took as B, round by round: the least, the median, the most."""
    each = [x / y for x, y in zip(a, b, strict=False)]
    return min(each), median(each), max(each)
