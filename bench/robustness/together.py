"""Several ingests into one store at once, of sources that overlap: the rows are those of one ingest of them all."""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.robustness import stores
from bench.robustness.kills import ROOT, State


def run(processes: int, sources: int, seed: int, large: bool = True) -> list[str]:
    """What differs. Each process reads two to all of the four folders, and each folder is read by two of them at least."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        parts = stores.write(Path(folder) / "evidence", sources, large)
        alone, shared = Path(folder) / "alone", Path(folder) / "shared"
        _ended(_ingest(parts, alone))
        shares = [
            sorted({parts[n % len(parts)], parts[(n + 1) % len(parts)], dice.choice(parts)}) for n in range(max(processes, len(parts)))
        ]
        running = [_ingest(share, shared) for share in (shares if processes >= len(parts) else [parts] * processes)]
        for process in running:
            _ended(process)
        return _differences(stores.contents(alone), stores.contents(shared)) + stores.faults(shared)


def _ingest(parts: list[Path], store: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "analyzer", "ingest", *map(str, parts), "--store", str(store)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _ended(process: subprocess.Popen[bytes]) -> None:
    told = process.communicate()[1]
    if process.returncode != 0:
        raise RuntimeError(told.decode(errors="replace"))


def _differences(alone: State, shared: State) -> list[str]:
    return [f"{name}: {shared[name][0]} rows, {alone[name][0]} by one process" for name in alone if alone[name] != shared[name]]
