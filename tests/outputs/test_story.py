"""The story: what the sentences say of the shipped incidents, in which order, and how much is too much."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.story import story
from analyzer.outputs.text import render
from analyzer.vocabulary import Confidence, FindingKind
from tests.lifecycle.incident import A
from tests.lifecycle.test_deadline_incidents import base, tolerating
from tests.lifecycle.test_rare_incidents import away, restarted, stopped


def told(sample_logs: Path, name: str) -> list[str]:
    return story(analyze([sample_logs / name]))


def in_order(sentences: list[str], *parts: str) -> None:
    at = -1
    for part in parts:
        found = [n for n, sentence in enumerate(sentences) if part in sentence and n > at]
        assert found, f"{part!r} is not told, or not in its place: {sentences}"
        at = found[0]


def test_a_long_outage_from_stop_to_remedy(sample_logs: Path) -> None:
    sentences = told(sample_logs, "long-outage-return")
    assert 5 <= len(sentences) <= 10
    assert sentences[0].startswith("The evidence spans")
    assert sentences[1].startswith("On 2026-11-22 (UTC): ")
    in_order(
        sentences,
        "the kubelet of minion-01 was stopped; 3 containers of 2 pods ran on without it",
        "gave minion-01 up as not Ready",
        "replacements ran elsewhere",
        "ran 3 pods where 2 were asked for",
        "came back and met the running containers: 3 removed",
        "none on minion-01, which is Ready again",
        "from minion-02 to minion-01",
    )
    assert sentences[-1].count("kubectl -n default delete pod") == 2
    (lost,) = [s for s in sentences if "gave minion-01 up" in s]
    assert "the control plane evicted its pods, as it is meant to" in lost


def test_a_quick_restart(sample_logs: Path) -> None:
    sentences = told(sample_logs, "quick-restart")
    in_order(sentences, "was stopped", "came back and met the running containers: 3 adopted; the API never gave the node up")


def test_a_kubelet_that_stays_down(sample_logs: Path) -> None:
    in_order(told(sample_logs, "kubelet-stays-down"), "was stopped", "did not come back before the evidence ends; 3 containers still ran")


def test_what_still_runs_unsupervised_is_to_be_looked_at(sample_logs: Path) -> None:
    last = told(sample_logs, "kubelet-stays-down")[-1]
    assert last.startswith("To do: look at minion-01")
    assert "systemctl start kubelet" in last


def test_the_margins_are_told(tmp_path: Path) -> None:
    incident = base((100, 124))
    tolerating(incident, "web-aaaaa", 20)
    incident.not_ready(117, A)
    incident.ready(125, A)
    in_order(story(incident.analyze(tmp_path)), "gave node-a up", "before its pods would have been evicted")


def test_a_default_is_told_as_such(tmp_path: Path) -> None:
    (sentence,) = [s for s in story(base((100, 107)).analyze(tmp_path)) if "came back" in s]
    assert "with Kubernetes' default settings (this cluster's own are not in the evidence)" in sentence


def test_rare_findings_are_told_in_order(tmp_path: Path) -> None:
    phantom = away()
    phantom.kubelet(A, 202, 'Killing unwanted pod "web-aaaaa"', "kubelet_pods.go:1253")
    in_order(story(phantom.analyze(tmp_path / "phantom")), "was stopped", "though the API knew it no more", "came back")
    in_order(story(restarted(20).analyze(tmp_path / "double")), "came back", "two attempts ran at once on node-a: app of web-aaaaa")
    in_order(story(stopped(80, 80.1, 137).analyze(tmp_path / "deaf")), "1 container did not end on SIGTERM and was killed")


def test_a_possibility_is_told_as_one(sample_logs: Path) -> None:
    analysis = analyze([sample_logs / "long-outage-return"])
    assert not any("only possible" in s for s in story(analysis))
    windows = [f for f in analysis.findings if f.kind is FindingKind.OVERSHOOT_WINDOW]
    analysis.findings = [replace(f, confidence=Confidence.POSSIBLE) if f in windows else f for f in analysis.findings]
    assert any("More instances" in s and "only possible" in s for s in story(analysis))


def test_the_document_holds_the_story(sample_logs: Path) -> None:
    analysis = analyze([sample_logs / "long-outage-return"])
    document = analysis.document()
    assert document["story"] == story(analysis)
    assert list(document).index("story") == list(document).index("clocks") + 1


@pytest.mark.parametrize("form", ["table", "wide", "markdown", "json"])
def test_every_output_begins_with_the_story(sample_logs: Path, form: str) -> None:
    text = render(analyze([sample_logs / "quick-restart"]), form)
    assert "The evidence spans" in text
    assert "was stopped; 3 containers of 2 pods ran on" in " ".join(text.split())


def test_a_node_that_went_down(sample_logs: Path) -> None:
    in_order(told(sample_logs, "node-power-loss"), "node minion-01 went down", "Fewer instances than asked for", "node minion-01 came back")


def test_nothing_is_told_with_what_the_evidence_covers(sample_logs: Path) -> None:
    sentences = told(sample_logs, "normal-operations")
    assert "the kubelet's journal of minion-01 and minion-02" in sentences[0]
    assert sentences[1].startswith("Nothing unexpected was found")


def test_an_unseen_node_is_named(sample_logs: Path) -> None:
    analysis = analyze([sample_logs / "normal-operations"])
    analysis.life.nodes["minion-02"].has_kubelet_log = False
    assert "no kubelet log of minion-02" in story(analysis)[0]


@pytest.mark.parametrize("nodes", [1, 40])
def test_many_outages_are_summarised(sample_logs: Path, nodes: int) -> None:
    analysis = analyze([sample_logs / "quick-restart"])
    kinds = (FindingKind.KUBELET_OUTAGE, FindingKind.ORPHANED_CONTAINER, FindingKind.ADOPTION)
    for number in range(1, 80):
        later = timedelta(minutes=number)
        for finding in analysis.findings[:]:
            if finding.kind in kinds and not finding.expected and finding.start.time and finding.end.time and finding.node == "minion-01":
                start = replace(finding.start, time=finding.start.time + later)
                end = replace(finding.end, time=finding.end.time + later)
                node = "minion-01" if nodes == 1 else f"node-{number % nodes:02}"
                analysis.findings.append(replace(finding, start=start, end=end, node=node))
        if nodes == 1 and number > 5:
            break
    sentences = story(analysis)
    assert len(sentences) <= 10
    assert "down " in sentences[1]
    assert "ran on unsupervised" in sentences[2]


def test_too_much_to_tell_is_counted(sample_logs: Path) -> None:
    analysis: Analysis = analyze([sample_logs / "long-outage-return"])
    mine = analysis.findings[:]
    analysis.findings += [replace(f, node=f"node-{n}") for f in mine for n in range(2)]
    sentences = story(analysis)
    assert len(sentences) == 10
    assert re.fullmatch(r"\d+ more such things happened; the findings list them all\.", sentences[-1])
    in_order(sentences, "was stopped", "More instances than asked for", "came back", "To do:")


@pytest.mark.parametrize("name", ["long-outage-return", "kubelet-stays-down"])
def test_of_many_nodes_no_sentence_is_endless_and_none_pushes_out_another(sample_logs: Path, name: str) -> None:
    analysis: Analysis = analyze([sample_logs / name])
    few, lengths = story(analysis), []
    for finding in analysis.findings[:]:
        for n in range(1666):
            move = finding.details.get("move")
            details = {**finding.details, "move": {**move, "from": f"node-{n}", "to": f"node-{n + 1}"}} if move else finding.details
            copy = replace(finding, node=f"node-{n}", pod=finding.pod and f"{finding.pod}-{n}", details=details)
            analysis.findings.append(copy)
    sentences = story(analysis)
    lengths = [len(s) for s in sentences]
    assert len(sentences) <= 10
    assert max(lengths) < 2 * max(len(s) for s in few), sentences[lengths.index(max(lengths))]
    told = " ".join(sentences)
    for happening in ("down 1,667 times", "ran on unsupervised", "To do: "):
        assert happening in told
    if name == "long-outage-return":
        in_order(sentences, "More instances", "none on 1,667 nodes (minion-01, node-0, node-1 and 1,664 more), which are Ready again")
    else:
        assert "look at 1,667 nodes (minion-01, node-0, node-1 and 1,664 more)" in sentences[-1]
        assert "bring their kubelets back" in sentences[-1]


def test_an_outage_is_told_though_much_else_happened(sample_logs: Path) -> None:
    """Imbalances of three nodes, each told singly, leave room for what they come from."""
    analysis: Analysis = analyze([sample_logs / "long-outage-return"])
    imbalance = next(f for f in analysis.findings if f.kind is FindingKind.IMBALANCE)
    window = next(f for f in analysis.findings if f.kind is FindingKind.NODE_UNREACHABLE)
    later = replace(window.start, time=analysis.life.end)
    analysis.findings += [replace(imbalance, node=f"node-{n}") for n in range(2)]
    analysis.findings += [replace(window, node=f"node-{n}", start=later) for n in range(3)]
    in_order(story(analysis), "was stopped; 3 containers", "came back and met", "To do:")
