"""One capture, one kind of input: run the tool as a user does, and score what it says."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.accuracy.inputs import assemble
from bench.accuracy.poll import read_poll
from bench.accuracy.score import Tally, score, unexpected
from bench.accuracy.truth import derive

ROOT = Path(__file__).resolve().parents[2]
TIME_LIMIT = 600  # seconds


@dataclass
class Result:
    """The score of one run."""

    scenario: str
    tallies: dict[str, Tally] = field(default_factory=dict)
    unexpected: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    crash: str = ""

    @property
    def is_control(self) -> bool:
        """A capture in which nothing went wrong."""
        return "normal-operations" in self.scenario


def measure(capture: Path, kind: str) -> Result:
    """A crash leaves the whole truth missed."""
    result = Result(capture.name)
    findings: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        evidence = Path(folder) / "evidence"
        evidence.mkdir()
        assemble(capture, kind, evidence)
        begin = time.perf_counter()
        try:
            findings = analyze(evidence)
        except (RuntimeError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
            result.crash = str(error)
        result.seconds = time.perf_counter() - begin
    result.tallies = score(derive(read_poll(capture / "truth.jsonl")), findings)
    result.unexpected = unexpected(findings)
    return result


def analyze(evidence: Path) -> list[dict[str, Any]]:
    """The findings of the document."""
    findings: list[dict[str, Any]] = document(evidence)["findings"]
    return findings


def document(evidence: Path) -> dict[str, Any]:
    """What `podopsy analyze -o json` prints. RuntimeError: the last line of what it said instead."""
    command = [sys.executable, "-m", "analyzer", "analyze", str(evidence), "-o", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()
        raise RuntimeError(f"exit status {done.returncode}: {words[-1] if words else 'no word'}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
