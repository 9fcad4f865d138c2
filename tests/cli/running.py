"""podopsy as a user runs it: a process of its own."""

import os
import select
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "analyzer"]


def environment(**more: str) -> dict[str, str]:
    """Ours, with the checkout's package first, a terminal of fixed width and no colour that a user has set."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "120", **more}


def podopsy(*words: str | Path, stdin: bytes = b"", cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end. It must never show a traceback."""
    done = subprocess.run(
        [*COMMAND, *map(str, words)], input=stdin, capture_output=True, cwd=cwd, env=environment(**more), timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
    return done


def until(terminal: int, what: bytes | None = None) -> bytes:
    """What is written to a pseudo-terminal, until it holds that, or nobody writes any more."""
    told = b""
    while (what is None or what not in told) and select.select([terminal], [], [], 60)[0]:
        try:
            some = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
        if not some:
            break
        told += some
    return told
