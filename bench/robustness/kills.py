"""``kill -9`` at random moments, drawn by seed: what is left can be read, and the next run gives what an undisturbed one gives."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.robustness import stores

ROOT = Path(__file__).resolve().parents[2]
_IN_A_ROW = 3
"""At most so many kills before a run is let through."""

State = dict[str, tuple[int, str]]


@dataclass(frozen=True)
class Work:
    """A command that makes something of evidence.

    faults: what is wrong with what there is of it. state: all of it, to be compared. begin: makes what the command starts from.
    """

    name: str
    words: Callable[[Path, Path], list[str | Path]]
    faults: Callable[[Path], list[str]]
    state: Callable[[Path], State]
    begin: Callable[[Path, Path], object] = lambda *_: None


@dataclass
class Outcome:
    """``kills``: those that hit while it ran; ``unreadable``: what was wrong after one;
    ``lost``, ``doubled``: of rows or files, after the last run; ``left``: processes that outlived their parent."""

    kills: int = 0
    runs: int = 0
    unreadable: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def good(self) -> bool:
        return not (self.unreadable or self.lost or self.doubled or self.left)


def files(out: Path) -> State:
    """Each file by its path; of what is hidden, too: nothing half-written stays."""
    found = sorted(path for path in out.rglob("*") if path.is_file())
    return {p.relative_to(out).as_posix(): (p.stat().st_size, hashlib.sha256(p.read_bytes()).hexdigest()[:16]) for p in found}


def _broken(out: Path) -> list[str]:
    """Files that are there under their own names and end too early."""
    ends = {".html": b"</html>", ".json": b"}", ".parquet": b"PAR1"}
    found = [p for p in out.rglob("[!.]*") if p.is_file()] if out.exists() else []
    return [f"{p.relative_to(out)} is cut off" for p in found if not p.read_bytes().rstrip().endswith(ends.get(p.suffix, b""))]


WORKS = (
    Work("ingest", lambda evidence, out: ["ingest", evidence, "--store", out], stores.faults, stores.contents),
    Work("ingest in parts", lambda evidence, out: ["ingest", evidence, "--store", out], stores.faults, stores.contents),
    Work("optimize", lambda _, out: ["optimize", "--store", out], stores.faults, stores.contents, stores.bitwise),
    Work("batch", lambda evidence, out: ["batch", evidence, "--out", out, "-j", "2"], _broken, files),
)


def _start(words: list[str | Path]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "analyzer", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def _through(words: list[str | Path]) -> float:
    """Run it to its end; seconds."""
    begin = time.monotonic()
    process = _start(words)
    told = process.communicate()[1]
    if process.returncode != 0:
        raise RuntimeError(f"{words}: {told.decode(errors='replace')}")
    return time.monotonic() - begin


def sweep(work: Work, evidence: Path, kills: int, seed: int) -> Iterator[Outcome]:
    """Runs until so many kills have hit: each is killed up to three times, then let through and compared. An outcome each."""
    dice = random.Random(f"{work.name} {seed}")
    done = 0
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        work.begin(evidence, plain)
        lasts = _through(work.words(evidence, plain))
        wanted = work.state(plain)
        while done < kills:
            out = Path(folder) / "killed"
            work.begin(evidence, out)
            outcome = _one(work, evidence, out, min(dice.randint(1, _IN_A_ROW), kills - done), lasts, dice)
            compare(wanted, work.state(out), outcome)
            shutil.rmtree(out)
            done += outcome.kills
            yield outcome


def _one(work: Work, evidence: Path, out: Path, kills: int, lasts: float, dice: random.Random) -> Outcome:
    outcome = Outcome()
    words = work.words(evidence, out)
    for _ in range(kills):
        outcome.runs += 1
        process = _start(words)
        time.sleep(dice.uniform(0.1, 1.0) * lasts)
        alone = dice.random() < 0.5  # its children must notice; else all of them at once
        (os.kill if alone else os.killpg)(process.pid, signal.SIGKILL)
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
        outcome.kills += process.returncode == -signal.SIGKILL
        outcome.left += _outlived(process.pid)
        outcome.unreadable += work.faults(out)
    outcome.runs += 1
    _through(words)
    outcome.unreadable += work.faults(out)
    return outcome


def _outlived(group: int) -> list[str]:
    """The process group is empty a moment after its leader died; else it is ended."""
    for _ in range(300):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return []
        time.sleep(0.1)
    os.killpg(group, signal.SIGKILL)
    return [f"processes of group {group} went on for half a minute"]


def compare(wanted: State, found: State, outcome: Outcome) -> None:
    for name in sorted({*wanted, *found}):
        (rows, digest), (there, is_now) = wanted.get(name, (0, "")), found.get(name, (0, ""))
        if there > rows or name not in wanted:
            outcome.doubled.append(f"{name}: {there}, not {rows}")
        elif there < rows or digest != is_now:
            outcome.lost.append(f"{name}: {there} of {rows}" + (", others" if there == rows else ""))
