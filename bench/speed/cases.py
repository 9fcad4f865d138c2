"""Commands side by side: each case is one evidence and what reads it; its result a table."""

import importlib.util
import math
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from bench.speed import measure
from bench.speed.markdown import spread, table

ROOT = Path(__file__).resolve().parents[2]
_TOOL = "import sys; sys.path.insert(0, sys.argv.pop(1)); from analyzer.cli import main; main()"


@dataclass(frozen=True)
class Task:
    """``rows``: counts what it printed. ``before``: what is done, unmeasured, before each run."""

    name: str
    command: Sequence[str]
    rows: Callable[[BinaryIO], int] | None = None
    before: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Case:
    """``base``: the name of the task that all are compared with; ``rows``: how many rows there are to be found."""

    title: str
    size: int  # bytes
    tasks: Sequence[Task]
    base: str
    rows: int | None = None
    notes: Sequence[str] = field(default=())


def podopsy(*words: str | Path, root: Path = ROOT) -> Sequence[str]:
    """A command of the tool in a checkout."""
    return (sys.executable, "-c", _TOOL, str(root), *map(str, words))


def analyze_and_ingest(path: Path, folder: Path, root: Path = ROOT, mark: str = "") -> list[Task]:
    store = folder / "store"

    def clear() -> None:
        shutil.rmtree(store, ignore_errors=True)

    return [
        Task(f"{mark}analyze", podopsy("analyze", path, "-o", "json", root=root), before=clear),
        Task(f"{mark}ingest", podopsy("ingest", path, "--store", store, root=root), before=clear),
    ]


def warm(folder: Path, roots: Sequence[Path]) -> None:
    """Compiles, once and unmeasured, the modules that will be loaded: the first round is to be like the others."""
    small, store = ROOT / "sample_logs" / "quick-restart", folder / "warm"
    words = (("ingest", small, "--store", store), ("analyze", small, "-o", "json"), ("query", "select 1 as one", "--store", store))
    for root in roots:
        for each in words:
            measure.add(measure.Runs(), podopsy(*each, root=root), folder)
        shutil.rmtree(store, ignore_errors=True)
    for module in filter(importlib.util.find_spec, ("duckdb", "pandas", "polars")):
        measure.add(measure.Runs(), (sys.executable, "-c", f"import {module}"), folder)


def run(case: Case, rounds: int, folder: Path) -> dict[str, measure.Runs]:
    """All tasks, in turns."""
    runs = {task.name: measure.Runs() for task in case.tasks}
    for _ in range(rounds):
        for task in case.tasks:
            task.before()
            measure.add(runs[task.name], task.command, folder, task.rows)
    return runs


def told(case: Case, runs: dict[str, measure.Runs]) -> str:
    """The case as Markdown."""
    base = runs[case.base] if runs[case.base].wall else next((r for r in runs.values() if r.wall), measure.Runs())
    rows = []
    for name, each in runs.items():
        if not each.wall:
            rows.append([name, "failed", *[""] * 5])
            continue
        seconds = min(each.wall)
        ratios = [spread(*measure.ratio(a, b)) for a, b in ((each.wall, base.wall), (each.cpu, base.cpu))]
        rate = f"{case.size / 1e6 / seconds:.0f}" if case.size else ""
        rows.append([name, f"{seconds:.2f}", rate, f"{min(each.cpu):.2f}", f"{each.peak / 1e6:.0f}", *ratios])
    head = ["", "s", "MB/s", "cpu s", "own MB", f"times {case.base}", "in cpu time"]
    notes = [*case.notes, *_differences(case, runs), *(f"{name} failed: {each.fault}" for name, each in runs.items() if each.fault)]
    return "\n".join([f"\n**{case.title}** ({os.cpu_count()} processors)\n", table(head, rows), *(f"\n{note}" for note in notes)])


def _differences(case: Case, runs: dict[str, measure.Runs]) -> list[str]:
    if case.rows is None:
        return []
    found = {name: each.rows for name, each in runs.items() if each.rows is not None}
    other = [f"{name} gave {rows:,}" for name, rows in found.items() if rows != case.rows]
    same = [name for name, rows in found.items() if rows == case.rows]
    told = f"Of {case.rows:,} lifecycle lines, {', '.join(same) or 'nobody'} gave as many rows"
    return [f"{'; '.join([told, *other])}."]


def exponent(small: float, large: float, times: float) -> float:
    """``e`` where ``times`` the size takes ``times ** e`` as much; 1: it grows as the size does."""
    return math.log(large / small) / math.log(times)


def growth(cases: Sequence[Case], runs: Sequence[dict[str, measure.Runs]]) -> str:
    """The same tasks at several sizes, from small to large: time, memory, and how both grow from one size to the next."""
    rows = []
    for name in runs[0]:
        former: tuple[Case, measure.Runs] | None = None
        for case, each in zip(cases, (result[name] for result in runs), strict=True):
            if not each.wall:
                rows.append([name, f"{case.size / 1e6:.0f}", "failed", *[""] * 4])
                continue
            figures = [f"{case.size / 1e6:.0f}", f"{min(each.wall):.2f}", f"{min(each.cpu):.2f}", f"{each.peak / 1e6:.0f}"]
            grown = ["", ""]
            if former and former[1].wall:
                times = case.size / former[0].size
                pairs = ((min(former[1].cpu), min(each.cpu)), (former[1].peak, each.peak))
                grown = [f"{exponent(small, large, times):.2f}" for small, large in pairs]
            rows.append([name, *figures, *grown])
            former = (case, each)
    return table(["", "MB", "s", "cpu s", "own MB", "exponent of cpu", "of memory"], rows)
