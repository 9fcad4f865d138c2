"""The same incident from its journals in other renderings: the same findings, with edges that lie within what the rendering allows."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analyzer import analyze
from tests.formats.journal_renderings import render
from tests.formats.test_journal_renderings import entries_of

SECOND = timedelta(seconds=1)


def findings(incident: Path, mode: str, zone: str, target: Path) -> list[dict[str, Any]]:
    shutil.copytree(incident, target)
    for journal in target.rglob("*journal*"):
        journal.write_bytes(render(entries_of(journal), mode, ZoneInfo(zone)))
    return [finding.document() for finding in analyze([target]).findings]


def about(finding: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(finding[key]) for key in ("kind", "node", "controller", "container_id"))


def within(moment: str | None, bounds: list[str | None]) -> bool:
    low, high = (datetime.fromisoformat(bound) if bound else None for bound in bounds)
    at = datetime.fromisoformat(moment) if moment else None
    return at is None or ((low is None or at >= low - SECOND) and (high is None or at <= high + SECOND))


@pytest.mark.parametrize(
    ("mode", "zone"),
    [
        ("short", "Asia/Kolkata"),
        ("short-full", "America/New_York"),
        ("with-unit", "UTC"),
        ("short-monotonic", "UTC"),
        ("short-delta", "UTC"),
        ("verbose", "Asia/Kolkata"),
        ("json-seq", "UTC"),
        ("cat", "UTC"),
    ],
)
@pytest.mark.parametrize("name", ["quick-restart", "long-outage-return", "node-power-loss"])
def test_the_same_findings(name: str, mode: str, zone: str, sample_logs: Path, tmp_path: Path) -> None:
    exact = findings(sample_logs / name, "export", "UTC", tmp_path / "export")
    found = findings(sample_logs / name, mode, zone, tmp_path / mode)
    assert sorted(map(about, found)) == sorted(map(about, exact))
    for one in exact:
        others = [other for other in found if about(other) == about(one)]
        assert any(within(one["start"], o["start_bounds"]) and within(one["end"], o["end_bounds"]) for o in others), (one, others)
