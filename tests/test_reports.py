"""What lies in reports/ is what the tool makes of sample_logs/ today (python3 task.py reports)."""

from pathlib import Path

import orjson
import pytest

from analyzer.analysis import analyze

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = sorted(p.name for p in (ROOT / "sample_logs").iterdir() if p.is_dir())


@pytest.mark.parametrize("name", SAMPLES)
def test_committed_findings_are_those_of_today(name: str) -> None:
    committed = orjson.loads((ROOT / "reports" / name / "findings.json").read_bytes())
    today = orjson.loads(orjson.dumps(analyze([ROOT / "sample_logs" / name]).document()))
    for document in (committed, today):
        document["tool"].pop("version")
    assert today == committed


@pytest.mark.parametrize("name", SAMPLES)
def test_committed_reports_show_each_finding(name: str) -> None:
    page = (ROOT / "reports" / name / "report.html").read_text(encoding="utf-8")
    document = orjson.loads((ROOT / "reports" / name / "findings.json").read_bytes())
    assert document["findings"]
    assert all(f["id"] in page for f in document["findings"])


@pytest.mark.parametrize("name", SAMPLES)
def test_there_is_a_small_picture_of_each(name: str) -> None:
    picture = (ROOT / "reports" / name / "picture.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000
