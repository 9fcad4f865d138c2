"""Whole processes, in turns: first A, then B, then A again. What a machine does besides then falls on both."""

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile


@dataclass
class Runs:
    """Of one command, in the order of the rounds: wall and processor seconds; ``peak``: the largest resident set, in bytes."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: int = 0
    fault: str | None = None


def add(into: Runs, command: Sequence[str], where: Path) -> None:
    """One run, in the folder ``where``. Who failed once is not run again; ``fault`` is the last line that it said."""
    if into.fault is not None:
        return
    with TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(command, cwd=where, env=_environment(where), stdout=subprocess.DEVNULL, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        words = said.read().decode(errors="replace").strip().splitlines()
    if process.returncode:
        into.fault = words[-1] if words else f"exit status {process.returncode}"
        return
    into.wall.append(wall)
    into.cpu.append(used.ru_utime + used.ru_stime)
    into.peak = max(into.peak, used.ru_maxrss * 1024)  # kilobytes on Linux


def _environment(where: Path) -> dict[str, str]:
    """With compiled modules, as an installation has them."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
    return kept | {"PYTHONPYCACHEPREFIX": str(where / "compiled")}


def ratio(a: Runs, b: Runs) -> tuple[float, float, float]:
    """How many times as long A took as B, round by round: the least, the median, the most."""
    each = [x / y for x, y in zip(a.wall, b.wall, strict=False)]
    return min(each), median(each), max(each)
