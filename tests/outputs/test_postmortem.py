"""The draft of a post-mortem: what it holds, and that log content in it is only text."""

import re
from dataclasses import replace

import pytest

from analyzer.analysis import Analysis
from analyzer.outputs import postmortem
from analyzer.outputs.text import render
from analyzer.selection import Asked
from tests.browser import hostile
from tests.outputs.cases import CASES, shipped

SECTIONS = ("What happened", "Timeline", "Findings", "Open questions", "To be written", "Actions", "Evidence")


def section(text: str, title: str) -> list[str]:
    """The lines below a heading, without empty ones."""
    return [line for line in text.split(f"\n## {title}\n")[1].split("\n## ")[0].splitlines() if line]


@pytest.mark.parametrize("name", sorted(CASES))
def test_its_tables_are_tables(name: str) -> None:
    analysis = CASES[name]()
    text = render(analysis, "markdown")
    assert text.endswith("\n")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == [f"## {title}" for title in SECTIONS]
    width = 0
    for line in text.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert cells == width or not width or not cells, line
        width = cells
    for finding in analysis.findings:
        assert f"### {finding.kind} `{finding.id}`" in text


def test_the_timeline_of_an_incident() -> None:
    told = section(render(shipped(), "markdown"), "Timeline")
    rows = [re.sub(r" \| `[0-9a-f]{12}`.*", "", line) for line in told[2:]]
    assert rows[:5] == [
        "| 2026-11-22 07:10:04.182 | minion-01 | kubelet-outage begins | `minion-01/kubelet.journal.export:784` the kubelet process ended",
        "| 2026-11-22 07:10:04.182 | minion-01 | 3 × orphaned-container begin "
        "| `minion-01/kubelet.journal.export:784` the kubelet process ended",
        "| 2026-11-22 07:10:21.000 | minion-01 | node-unreachable begins | `cluster/events.json:2924` the API's view of the node",
        "| 2026-11-22 07:10:45.015 | ReplicationController/example-service-release-33 | overshoot-window begins "
        "| `minion-02/docker-events.jsonl:19` the runtime started it",
        "| 2026-11-22 07:10:45.402 | ReplicationController/example-api-release-12 | overshoot-window begins "
        "| `minion-02/docker-events.jsonl:23` the runtime started it",
    ]
    assert "kubelet-outage ends" in rows[5], "what ends stands before what begins at that moment"
    assert "adoption begins" in rows[6]


def test_open_questions_stand_once_with_all_whom_they_concern() -> None:
    analysis = shipped("quick-restart")
    doubt = {"depends_on": ["its *end* is where the log ends"], "settled_by": ["the journal of node-1"]}
    analysis.findings = [replace(f, details={**doubt}) for f in analysis.findings[:2]]
    told = section(render(analysis, "markdown"), "Open questions")
    ids = ", ".join(f"`{f.id}`" for f in analysis.findings)
    assert told == [f"- [ ] Its \\*end\\* is where the log ends. Settled by: the journal of node-1. ({ids})"]
    for finding in analysis.findings:
        finding.details.clear()
    assert section(render(analysis, "markdown"), "Open questions")[0].startswith("None:")


def test_actions_are_the_moves_that_findings_propose() -> None:
    told = section(render(shipped(), "markdown"), "Actions")
    assert [line.split("`")[1] for line in told[:-1]] == [
        "kubectl -n default delete pod example-api-release-12-qlwzw",
        "kubectl -n default delete pod example-service-release-33-zb6l8",
    ]


def test_much_is_cut_short_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postmortem, "MOMENTS", 3)
    monkeypatch.setattr(postmortem, "PROOFS", 1)
    text = render(shipped(), "markdown")
    told = section(text, "Timeline")
    assert len(told) == 2 + 3 + 1
    assert "kubelet-outage begins" in told[2], "the gravest stay"
    assert re.match(r"\d+ more moments are not listed", told[-1])
    assert "- and 6 more: `podopsy explain d23de62cab94`" in text


def test_log_content_is_text() -> None:
    text = render(hostile.analysis(), "markdown")
    assert [c for c in text if not c.isprintable() and c != "\n"] == []
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert not re.search(r"(?<!\\)[<>$]", outside)
    assert "<script" not in outside


def test_a_selection_says_that_it_is_one() -> None:
    whole: Analysis = shipped()
    narrowed = whole.narrowed(Asked(pods=("example-api-release-12-qlwzw",)))
    told = section(render(narrowed, "markdown"), "What happened")
    assert f"- Only a part is told here (pod example-api-release-12-qlwzw): {len(narrowed.findings)} of 12 findings." in told
