"""Each scenario gives what it is expected to give, and each detector is shown by one at least."""

import pytest

from analyzer.detectors import REGISTRY
from tests.scenarios import FOLDER, ROOT, findings, scenarios


def expected(name: str) -> str:
    return (FOLDER / name / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", scenarios())
def test_findings(name: str) -> None:
    assert findings(name) == expected(name)


@pytest.mark.parametrize("kind", [str(detector.kind) for detector in REGISTRY])
def test_each_detector_has_a_scenario(kind: str) -> None:
    shown = [name for name in scenarios() if any(line.split()[3] == kind for line in expected(name).splitlines())]
    assert shown, f"no scenario shows {kind}: add a folder to {FOLDER.relative_to(ROOT)}"


def test_each_sample_is_a_scenario() -> None:
    samples = {folder.name for folder in (ROOT / "sample_logs").iterdir() if folder.is_dir()}
    assert samples <= set(scenarios())
