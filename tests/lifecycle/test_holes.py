"""Evidence with stretches cut out of it: what is still said to be certain is what the whole evidence says."""

import random
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from analyzer.analysis import analyze
from analyzer.findings import Finding
from bench.robustness.cut import cut

_SAMPLES = Path(__file__).resolve().parents[2] / "sample_logs"
_KINDS = ("kubelet-outage", "orphaned-container", "adoption", "overshoot-window")
_NEAR = timedelta(seconds=2.5)


def _close(one: datetime | None, other: datetime | None) -> bool:
    return one is other if one is None or other is None else abs(one - other) <= _NEAR


def _same(one: Finding, other: Finding) -> bool:
    subject = all(getattr(one, k) == getattr(other, k) for k in ("kind", "node", "controller", "container_id"))
    ends = one.kind == "adoption" or _close(one.end.time, other.end.time)  # its end is a line of the log, which may be cut out
    return subject and _close(one.start.time, other.start.time) and ends and one.details.get("outcome") == other.details.get("outcome")


def _told(evidence: Path) -> tuple[list[Finding], datetime, datetime]:
    found = analyze([evidence])
    return [f for f in found.findings if f.kind in _KINDS], found.life.start, found.life.end


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("sample", ["long-outage-return", "quick-restart"])
def test_nothing_certain_is_wrong(sample: str, seed: int, tmp_path: Path) -> None:
    whole, start, end = _told(_SAMPLES / sample)
    dice = random.Random(seed)
    shutil.copytree(_SAMPLES / sample, tmp_path / "evidence")
    length = (end - start) * dice.choice((0.05, 0.15, 0.4))
    spoiled = []
    for path in sorted(p for p in (tmp_path / "evidence").rglob("*") if p.is_file()):
        since = start + (end - start + length) * dice.random() - length
        if cut(path, since.timestamp(), (since + length).timestamp()):
            spoiled.append(path)
    assert spoiled
    rest, _, _ = _told(tmp_path / "evidence")
    wrong = [f.summary for f in rest if f.confidence == "certain" and not f.expected and not any(_same(f, w) for w in whole)]
    assert wrong == []
