"""The evidence that speed is measured on is what it says: recognised, read without rejects, and full of lifecycles."""

from pathlib import Path

import pytest

from analyzer.analysis import analyze
from analyzer.vocabulary import FindingKind
from bench.speed import evidence

FORMATS = {
    "journal-json": "journal-json",
    "journal-text": "journal-text",
    "docker-events": "docker-json",
    "api-events": "kubernetes-json",
}


@pytest.mark.parametrize("kind", evidence.KINDS)
def test_each_kind_is_read_without_rejects(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    evidence.write(kind, path, 200_000)
    assert path.stat().st_size >= 200_000
    source = analyze([path]).sources.row(0, named=True)
    assert (source["format"], source["rejected"]) == (FORMATS[kind], 0)
    assert source["events"] > 5


def test_the_same_seed_gives_the_same_evidence(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        evidence.write("journal-json", tmp_path / name, 100_000, seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_a_fleet_has_its_outages(tmp_path: Path) -> None:
    evidence.fleet(tmp_path / "fleet", pods=60, outages=4, nodes=2)
    analysis = analyze([tmp_path / "fleet"])
    assert sum(f.kind == FindingKind.KUBELET_OUTAGE for f in analysis.findings) == 4
    assert not analysis.incomplete()
    assert {f.node for f in analysis.findings if f.kind == FindingKind.KUBELET_OUTAGE} == {"minion-0001", "minion-0002"}
