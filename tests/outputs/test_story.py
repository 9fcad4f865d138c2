"""The story: what the sentences say of the shipped incidents, in which order, and how much is too much."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.story import story
from analyzer.vocabulary import FindingKind


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
    assert sentences[0].startswith("On 2026-11-22 (UTC): ")
    in_order(
        sentences,
        "the kubelet of minion-01 was stopped; 3 containers of 2 pods ran on without it",
        "gave minion-01 up as not Ready",
        "the control plane evicted its pods",
        "replacements ran elsewhere",
        "ran 3 pods where 2 were asked for",
        "came back and met the running containers: 3 removed",
        "none on minion-01, which is Ready again",
        "kubectl -n default delete pod",
    )


def test_a_quick_restart(sample_logs: Path) -> None:
    sentences = told(sample_logs, "quick-restart")
    in_order(sentences, "was stopped", "came back and met the running containers: 3 adopted; the API never gave the node up")


def test_a_kubelet_that_stays_down(sample_logs: Path) -> None:
    in_order(told(sample_logs, "kubelet-stays-down"), "was stopped", "did not come back before the evidence ends; 3 containers still ran")


def test_a_node_that_went_down(sample_logs: Path) -> None:
    in_order(told(sample_logs, "node-power-loss"), "node minion-01 went down", "Fewer instances than asked for", "node minion-01 came back")


def test_nothing_is_told_with_what_the_evidence_covers(sample_logs: Path) -> None:
    sentences = told(sample_logs, "normal-operations")
    assert sentences[0].startswith("Nothing unexpected was found")
    assert "the kubelet's journal of minion-01 and minion-02" in sentences[1]


def test_an_unseen_node_is_named(sample_logs: Path) -> None:
    analysis = analyze([sample_logs / "normal-operations"])
    analysis.life.nodes["minion-02"].has_kubelet_log = False
    assert "no kubelet log of minion-02" in story(analysis)[1]


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
    assert "down " in sentences[0]
    assert "ran on unsupervised" in sentences[1]


def test_too_much_to_tell_is_counted(sample_logs: Path) -> None:
    analysis: Analysis = analyze([sample_logs / "long-outage-return"])
    imbalance = next(f for f in analysis.findings if f.kind is FindingKind.IMBALANCE)
    analysis.findings += [replace(imbalance, node=f"node-{n}") for n in range(9)]
    sentences = story(analysis)
    assert len(sentences) == 10
    assert "more such things happened" in sentences[-1]
    assert any("was stopped" in s for s in sentences) or any("none on" in s for s in sentences)
