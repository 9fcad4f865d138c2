"""explain: the reasoning of a finding, in order, with the raw lines that prove it."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.detectors import REGISTRY
from analyzer.findings import Finding
from analyzer.ingest import ingest
from analyzer.outputs.explanation import render
from analyzer.proof import rfc3339
from analyzer.store import open_store
from tests.formats import journal_writer
from tests.scenarios import evidence, scenarios


def of_kind(analysis: Analysis, kind: str) -> Finding:
    return next(f for f in analysis.findings if f.kind == kind)


def test_the_order_of_the_reasoning(sample_logs: Path) -> None:
    folder = sample_logs / "long-outage-return"
    analysis = analyze([folder])
    finding = of_kind(analysis, "orphaned-container")
    shown = render(analysis, finding.id[:8], [folder], 1)
    parts = re.split(r"^\d\. (.*)$", shown, flags=re.MULTILINE)
    assert parts[0].splitlines()[1] == finding.summary
    start, end, further, last = parts[1::2]
    assert start == f"It starts at {rfc3339(finding.start.time)}"
    assert end == f"It ends at {rfc3339(finding.end.time)}"
    assert further == "Further evidence, in the order of time"
    assert last == "What this makes"
    for text, edge in ((parts[2], finding.start), (parts[4], finding.end)):
        assert f"because {edge.rule}" in text
        assert rfc3339(edge.earliest) in text
        for proof in edge.proofs:
            assert proof.place in text
            assert proof.text in text
    detector = next(d for d in REGISTRY if d.kind == finding.kind)
    for words in (detector.proves, detector.contradicted_by, "outcome: removed", "It is certain: 6 record(s) of 4 source(s)"):
        assert words in parts[8]


@pytest.mark.parametrize("name", scenarios())
def test_each_finding_has_rules_and_all_its_evidence(name: str) -> None:
    folder = evidence(name)
    analysis = analyze([folder])
    for finding in analysis.findings:
        shown = render(analysis, finding.id, [folder], 0)
        assert finding.start.rule, finding.kind
        assert finding.end.rule, finding.kind
        for proof in finding.evidence:
            assert f"   {proof.place}\n" in shown
            assert proof.proves in shown


def test_context_and_marks(sample_logs: Path) -> None:
    folder = sample_logs / "quick-restart"
    analysis = analyze([folder])
    proof = of_kind(analysis, "kubelet-outage").end.proofs[0]
    lines = (folder / proof.source).read_text().splitlines()
    shown = render(analysis, of_kind(analysis, "kubelet-outage").id, [folder], 3)
    for number in range((proof.line or 0) - 3, (proof.line or 0) + 4):
        mark = ">" if number == proof.line else " "
        assert f"   {mark} {number}: {lines[number - 1][:200]}" in shown


def test_a_record_of_many_lines_is_shown_where_it_says_so(sample_logs: Path) -> None:
    folder = sample_logs / "long-outage-return"
    analysis = analyze([folder])
    shown = render(analysis, of_kind(analysis, "node-unreachable").id, [folder], 0)
    assert re.search(r'^   > \d+: +"message": "Node minion-01 status is now: NodeNotReady",$', shown, re.MULTILINE)


@pytest.mark.parametrize("stored", [False, True])
def test_an_item_of_a_list_in_one_line(sample_logs: Path, tmp_path: Path, stored: bool) -> None:
    """Each at its own place, though all are in line 1."""
    folder = tmp_path / "case"
    shutil.copytree(sample_logs / "long-outage-return", folder)
    events = folder / "cluster" / "events.json"
    events.write_text(json.dumps(json.loads(events.read_text())))
    analysis = analyze([folder], store=open_store(tmp_path / "store", create=True) if stored else None)
    shown = render(analysis, of_kind(analysis, "kubelet-outage").id, [] if stored else [folder], 0)
    cited = re.findall(r"^   > 1: (.*)$", shown, re.MULTILINE)
    assert len(cited) == 2
    assert '"minion-01"' in cited[0]
    assert '"example-service-release-33-wp2pd"' in cited[1]


def test_from_a_store_alone(sample_logs: Path, tmp_path: Path) -> None:
    """The records have all lines; and so have the documents of the API."""
    folder = sample_logs / "long-outage-return"
    store = open_store(tmp_path / "store", create=True)
    ingest([folder], store)
    analysis = analyze([], store=open_store(tmp_path / "store"))
    for finding in analysis.findings:
        shown = render(analysis, finding.id, [], 1)
        for proof in finding.evidence:
            assert re.search(rf"^   > {proof.line}: ", shown, re.MULTILINE), proof.place
    outage = of_kind(analysis, "kubelet-outage")
    raw = next(line for line in (folder / outage.end.proofs[0].source).read_text().splitlines() if line.startswith("MESSAGE=Started kub"))
    assert raw in render(analysis, outage.id, [], 1)


@pytest.mark.parametrize("stored", [False, True])
def test_a_binary_journal_has_raw_text_too(tmp_path: Path, stored: bool) -> None:
    path = tmp_path / "system.journal"
    path.write_bytes(journal_writer.write(journal_writer.KUBELET_RESTART))
    store = open_store(tmp_path / "store", create=True) if stored else None
    analysis = analyze([path], store=store)
    outage = of_kind(analysis, "kubelet-outage")
    shown = render(analysis, outage.id, [] if stored else [path], 1)
    proof = outage.start.proofs[-1]
    assert proof.line is None
    assert f"   system.journal@{proof.offset}\n" in shown
    assert f"   > @{proof.offset}: __REALTIME_TIMESTAMP=1795331003000000\n" in shown
    assert "MESSAGE=kubelet.service: Deactivated successfully.\n" in shown
    assert re.search(r"^     @\d+: Stopping kubelet.service\.\.\.$", shown, re.MULTILINE)


def test_what_it_depends_on_is_told(sample_logs: Path) -> None:
    analysis = analyze([sample_logs / "quick-restart"])
    first = analysis.findings[0]
    details = {**first.details, "depends_on": ["the clocks agree", {"what": "no line was lost"}], "settled_by": ["a die event"]}
    analysis.findings[0] = replace(first, details=details)
    shown = render(analysis, first.id, [], 0)
    assert "   It rests on: the clocks agree\n   It rests on: what no line was lost\n   It would be settled by: a die event\n" in shown


def test_sources_that_have_gone_are_no_obstacle(sample_logs: Path, tmp_path: Path) -> None:
    analysis = analyze([sample_logs / "quick-restart"])
    finding = of_kind(analysis, "kubelet-outage")
    shown = render(analysis, finding.id, [tmp_path], 1)
    for proof in finding.evidence:
        assert f"   says: {proof.text}\n" in shown
