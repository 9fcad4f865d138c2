"""API documents in which anything may stand anywhere: they are evidence, and no reason to stop."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import analyze

GARBAGE: list[Any] = [None, 0, -1, 1.5, True, "", "x", "9999-99-99T00:00:00Z", [], [None], ["x"], {}, {"a": 1}]


def damaged(value: Any, chance: random.Random) -> Any:
    """The value with a few of its parts replaced."""
    if chance.random() < 0.02:
        return chance.choice(GARBAGE)
    if isinstance(value, dict):
        return {k: v if k in ("apiVersion", "kind", "items") and isinstance(v, str) else damaged(v, chance) for k, v in value.items()}
    return [damaged(v, chance) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(20))
def test_damaged_documents_do_not_stop_the_analysis(sample_logs: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for source in sorted((sample_logs / "long-outage-return" / "cluster").glob("*.json")):
        content = json.loads(source.read_text())
        content["items"] = [damaged(item, chance) for item in content["items"]]
        (tmp_path / source.name).write_text(json.dumps(content))
    (tmp_path / "minion-01").mkdir()
    for source in (sample_logs / "long-outage-return" / "minion-01").iterdir():
        (tmp_path / "minion-01" / source.name).write_bytes(source.read_bytes())
    kinds = {f.kind for f in analyze([tmp_path]).findings}
    assert {"kubelet-outage", "orphaned-container"} <= kinds
