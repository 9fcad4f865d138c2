"""Each capture with one node's clock moved: whether the offset is found within its bounds, and the findings stay the same."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.accuracy.inputs import assemble
from bench.accuracy.run import document
from bench.robustness.shifted import shift_node

OFFSETS = (-90, -7, 2, 45, 300)
"""Seconds."""
_TOLERANCE = 1.0
"""Seconds between an edge and the same with clocks that agree, beyond what the clock's bounds allow."""


@dataclass
class Outcome:
    capture: str
    kind: str
    node: str
    offset: int
    clock: dict[str, Any] | None
    inside: bool
    changes: list[str]
    worst: float


def sweep(captures: list[Path], kind: str) -> Iterator[Outcome]:
    for capture in captures:
        plain = _analyzed(capture, kind, None, 0)
        for node in sorted(p.name for p in capture.iterdir() if p.name.startswith("minion-")):
            for offset in OFFSETS:
                told = _analyzed(capture, kind, node, offset)
                clock = next((c for c in told["clocks"] if c["node"] == node and "sources" not in c), None)
                inside = clock is not None and None not in (clock["low_s"], clock["high_s"]) and clock["low_s"] <= offset <= clock["high_s"]
                changes, worst = _changes(plain["findings"], told["findings"])
                yield Outcome(capture.name, kind, node, offset, clock, inside, changes, worst)


def _analyzed(capture: Path, kind: str, node: str | None, offset: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        evidence = Path(folder) / "evidence"
        evidence.mkdir()
        assemble(capture, kind, evidence)
        if node is not None:
            shift_node(evidence, node, offset, year=2026)
        return document(evidence)


def _changes(plain: list[dict[str, Any]], told: list[dict[str, Any]]) -> tuple[list[str], float]:
    """What differs of the findings (but of clocks), and by how many seconds edges of the same finding differ at most."""
    worst = 0.0
    left = [f for f in told if _is_compared(f)]
    changes = []
    for finding in (f for f in plain if _is_compared(f)):
        same = [f for f in left if all(f[k] == finding[k] for k in _SAME)]
        best = min(same, key=lambda f: _apart(finding, f), default=None)
        if best is None or _apart(finding, best) > _TOLERANCE:
            changes.append(f"{'gone' if best is None else f'moved by {_apart(finding, best):.1f} s'}: {finding['summary']}")
            continue
        left.remove(best)
        worst = max(worst, _apart(finding, best))
        was, now = ({**{k: f[k] for k in _JUDGED}, **{k: f["details"].get(k) for k in _DETAILS}} for f in (finding, best))
        changes += [f"{k}: {was[k]} became {now[k]}: {finding['summary']}" for k in was if was[k] != now[k]]
    return changes + [f"new: {f['summary']}" for f in left], worst


def _is_compared(finding: dict[str, Any]) -> bool:
    """Not what is about clocks itself, nor what is by design and so short that a few milliseconds decide whether it is told."""
    flicker = finding["expected"] and _seconds(finding["start"], finding["end"]) < _FLICKER
    return finding["kind"] not in _OF_CLOCKS and not flicker


_FLICKER = 2.0
_OF_CLOCKS = ("clock-skew", "evidence-gap")
_SAME = ("kind", "node", "namespace", "controller", "pod", "container_id", "expected")
_JUDGED = ("confidence", "severity")
_DETAILS = ("cause", "effect", "outcome", "superseded_by", "adopted", "removed", "restarted", "lost", "peak", "desired")


def _apart(one: dict[str, Any], other: dict[str, Any]) -> float:
    return max(_seconds(one[k], other[k]) for k in ("start", "end"))


def _seconds(one: str | None, other: str | None) -> float:
    if one is None or other is None:
        return 0.0 if one == other else 1e9
    return abs((datetime.fromisoformat(one) - datetime.fromisoformat(other)).total_seconds())
