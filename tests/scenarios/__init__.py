"""Scenarios: a folder each, with ``input`` (evidence, or a file that names a folder of the checkout) and ``expected.txt``.

``python -m tests.scenarios`` rewrites the expectations; read the difference before you keep it.
"""

from pathlib import Path
from typing import Any

from analyzer.analysis import analyze
from analyzer.detectors.base import clock
from analyzer.findings import Finding

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
_DETAILS = ("cause", "effect", "outcome", "superseded_by", "reported_by", "desired", "desired_from", "peak", "before", "after")
_COUNTED = ("containers", "adopted", "removed", "restarted", "lost")


def scenarios() -> list[str]:
    return sorted(folder.name for folder in FOLDER.iterdir() if (folder / "input").exists())


def evidence(name: str) -> Path:
    place = FOLDER / name / "input"
    return ROOT / place.read_text().strip() if place.is_file() else place


def findings(name: str) -> str:
    """One line a finding, by start; times to the tenth of a second."""
    found = sorted(analyze([evidence(name)]).findings, key=lambda f: (f.start.earliest or f.start.time, f.kind, _what(f)))  # type: ignore[arg-type,return-value]
    return "".join(f"{_line(f)}\n" for f in found)


def _line(finding: Finding) -> str:
    end = clock(finding.end.time) if finding.end.time else "open"
    parts = [clock(finding.start.time), "–", end, finding.kind, finding.severity, *(["by-design"] if finding.expected else [])]
    return " ".join(map(str, [*parts, _what(finding), *_details(finding.details)]))


def _what(finding: Finding) -> str:
    container = f"{finding.container}/{finding.container_id[:12]}" if finding.container_id else None
    return " ".join(part for part in (finding.node, finding.controller, finding.pod, container) if part)


def _details(details: dict[str, Any]) -> list[str]:
    told = []
    for key in _DETAILS:
        value = details.get(key)
        if value not in (None, [], {}):
            told.append(f"{key}={_value(value)}")
    return told + [f"{key}={len(details[key])}" for key in _COUNTED if details.get(key)]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{k}:{v}" for k, v in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
