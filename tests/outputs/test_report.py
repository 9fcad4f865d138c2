"""The report as a file: complete, self-contained, the same each time, and not to be broken out of."""

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.report import render, write
from analyzer.outputs.report.columns import micros
from analyzer.outputs.report.page import pieces
from analyzer.outputs.report.verdict import covered, verdict
from bench.report.made_up import incident as incident_of
from tests.browser import hostile
from tests.outputs.cases import CASES
from tests.outputs.report_model import Model, unpack

SAMPLES = (
    "quick-restart",
    "long-outage-return",
    "normal-operations",
    "node-power-loss",
    "kubelet-stays-down",
    "long-outage-return-k8s-1.0",
)


class Page(HTMLParser):
    """Elements with their attributes, and the texts of scripts, of styles and of the rest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.style = self.text = ""
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in ("script", "style") else self._inside
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] += data
        elif self._inside == "style":
            self.style += data
        else:
            self.text += data

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [a for _, a in self.elements if name in (a.get("class") or "").split()]

    @property
    def model(self) -> Model:
        return unpack(self.scripts[0])


@pytest.fixture(scope="module")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


@pytest.fixture(scope="module")
def page(incident: Analysis) -> Page:
    return Page(render(incident, title="An incident", command="podopsy report x"))


def test_each_finding_once_in_words_and_in_the_list(incident: Analysis, page: Page) -> None:
    told = [f for f in incident.findings if not f.expected] + [f for f in incident.findings if f.expected]
    assert [a["data-id"] for a in page.with_class("finding")] == [f.id for f in told]
    assert all(f.summary in page.text for f in incident.findings)
    model = page.model
    assert model.header["findings"] == [f.id for f in incident.findings]
    assert model.say("finding_summary") == [f.summary for f in incident.findings]


def test_the_list_holds_edges_with_bounds_details_and_evidence(incident: Analysis, page: Page) -> None:
    model = page.model
    for number, finding in enumerate(incident.findings):
        for column, edge in (("finding_begin", finding.start), ("finding_finish", finding.end)):
            at = model.columns[column][number]
            told = [model.columns[c][at] for c in ("edge_time", "edge_low", "edge_high")]
            assert told == [micros(t) if t else None for t in (edge.time, edge.earliest, edge.latest)]
            assert model.say("edge_rule")[at] == (edge.rule or None)
        cited = [model.columns["evidence"][at] for at in model.rows("finding_evidence", number)]
        assert [model.say("proof_text")[p] for p in cited] == [p.text for p in finding.evidence]
        assert [(model.say("proof_source")[p], model.columns["proof_line"][p]) for p in cited] == [
            (p.source, p.line) for p in finding.evidence
        ]
        details = [model.header["strings"][model.columns["detail"][at]] for at in model.rows("finding_details", number)]
        assert str(finding.details.get("cause", details[1])) in details


def test_says_what_was_read(incident: Analysis, page: Page) -> None:
    for row in incident.sources.iter_rows(named=True):
        assert row["source"] in page.text
        assert row["sha256"] in page.text
    assert "podopsy report x" in page.text
    assert f"{incident.evidence()['records']} records of" in page.text


def test_the_same_evidence_gives_the_same_bytes(sample_logs: Path, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        write(analyze([sample_logs / "quick-restart"]), tmp_path / name, title="t", command=None)
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_small_incident_is_a_small_file(sample_logs: Path, name: str) -> None:
    assert len(render(analyze([sample_logs / name]), title=name, command=None).encode()) < 200_000


@pytest.mark.parametrize("case", CASES)
def test_every_analysis_has_a_report(case: str) -> None:
    analysis = CASES[case]()
    page = Page(render(analysis, title=case, command=None))
    assert page.model.header["findings"] == [f.id for f in analysis.findings]


def test_admits_its_own_script_and_style_and_nothing_else(page: Page) -> None:
    policy = next(a["content"] for t, a in page.elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy") or ""
    admitted = re.findall(r"'sha256-([^']+)'", policy)
    assert admitted == [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in (page.scripts[1], page.style)]
    assert len(page.scripts) == 2
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.fixture(scope="module")
def hostile_page() -> Page:
    return Page(render(hostile.analysis(), title=hostile.ALL, command=f"podopsy {hostile.ALL}"))


@pytest.mark.parametrize("which", ["page", "hostile_page"])
def test_refers_to_nothing_outside_and_runs_nothing_from_logs(which: str, request: pytest.FixtureRequest) -> None:
    page: Page = request.getfixturevalue(which)
    assert len(page.scripts) == 2
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", page.scripts[0])
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "object", "embed", "base", "form", "video", "audio")
        assert not {"src", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        href = attributes.get("href")
        assert href is None or href == "data:," or re.fullmatch(r"#(story|coverage|work|provenance|finding-[0-9a-f]{12})", href)


def test_the_script_makes_text_of_what_it_shows(page: Page) -> None:
    """Nothing in it turns text into markup or code, and nothing in it asks a network."""
    script = page.scripts[1]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|srcdoc|DOMParser|createContextualFragment", script
    )
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(|https?:", script)
    assert not re.search(r"</script|<!--|\r", script, re.IGNORECASE)


def test_shows_hostile_content_as_text(hostile_page: Page) -> None:
    assert hostile.BREAKOUT in hostile_page.text
    assert hostile.TEMPLATE in hostile_page.text
    unprintable = "[\x00-\x08\x0e-\x1f\x7f\u2028\u2029\u202a-\u202e]"
    assert not re.search(unprintable, hostile_page.text + "".join(hostile_page.scripts))
    strings = hostile_page.model.header["strings"]
    assert any(hostile.BREAKOUT in s for s in strings)
    assert not [s for s in strings if re.search(unprintable, s)]
    assert hostile_page.model.header["findings"] == [f.id for f in hostile.analysis().findings]


def test_a_line_of_a_megabyte_is_cut_and_says_so(incident: Analysis) -> None:
    finding = incident.findings[0]
    long = replace(finding.evidence[0], text="x" * 1_000_000, source="y" * 1_000_000)
    many = replace(finding, evidence=(long, *finding.evidence), summary="z" * 1_000_000, node="n" * 1_000_000)
    text = render(replace(incident, findings=[many, *incident.findings[1:]]), title="t", command=None)
    assert len(text) < 200_000
    assert any(s.endswith("… (1,000,000 characters)") for s in Page(text).model.say("proof_text") if s)


def test_a_long_list_of_evidence_is_cut_and_says_so(incident: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.outputs.report.findings.EVIDENCE", 2)
    model = Page(render(incident, title="t", command=None)).model
    for number, finding in enumerate(incident.findings):
        assert model.columns["finding_more"][number] == max(len(finding.evidence) - 2, 0)


def test_of_very_many_findings_the_gravest_are_told_whole(incident: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.outputs.report.findings.MOST", 3)
    monkeypatch.setattr("analyzer.outputs.report.page.LISTED", 4)
    page = Page(render(incident, title="t", command=None))
    more = page.model.columns["finding_more"]
    assert [n == 0 for n in more] == [n < 3 for n in range(len(incident.findings))]
    assert f"and {len(incident.findings) - 4} more, less grave" in page.text
    assert len(page.model.header["findings"]) == len(incident.findings)


def test_a_verdict_in_one_line(incident: Analysis) -> None:
    told = verdict(incident)
    assert told.level == "critical"
    assert told.headline == (
        "The kubelet of minion-01 was away for 59.5 s; 3 containers ran unsupervised; "
        "example-api-release-12 and example-service-release-33 ran more pods than asked for."
    )
    assert told.counts == "10 findings: 1 critical, 9 warning; 2 more by design"
    calm = verdict(replace(incident, findings=[f for f in incident.findings if f.expected]))
    assert (calm.level, calm.headline) == ("calm", "Nothing unexpected was found in what the evidence covers.")


def test_what_is_known_of_each_node(incident: Analysis) -> None:
    table = covered(incident)
    assert [name for name, _ in table.rows] == ["minion-01", "minion-02"]
    assert all(c.state == "whole" for _, cells in table.rows for c in cells)
    assert [name for name, _ in table.cluster] == ["API objects and events"]
    blind = replace(incident.life, coverage=[c for c in incident.life.coverage if c.node != "minion-02"])
    cells = dict(covered(replace(incident, life=blind)).rows)["minion-02"]
    assert [c.state for c in cells] == ["none", "none"]


def test_of_many_nodes_those_that_lack_something_are_told() -> None:
    analysis = incident_of(600)
    life = analysis.life
    assert len(life.nodes) == 10
    whole = covered(analysis)
    assert (len(whole.rows), whole.more) == (3, 7)
    lost = sorted(life.nodes)[4:9]
    table = covered(replace(analysis, life=replace(life, coverage=[c for c in life.coverage if c.node not in lost])))
    assert ([name for name, _ in table.rows], table.more) == (lost, 5)


def test_times_in_sentences() -> None:
    told = pieces("On 2026-01-02 (UTC): At 03:04:05.1Z it stopped, from 2026-01-03 00:00:00Z to 00:00:01Z, or 05:00:00Z.", "2026-01-02")
    assert [(p.text, p.moment) for p in told if p.moment] == [
        ("03:04:05.1Z", "2026-01-02T03:04:05.1Z"),
        ("2026-01-03 00:00:00Z", "2026-01-03T00:00:00Z"),
        ("00:00:01Z", "2026-01-03T00:00:01Z"),
        ("05:00:00Z", "2026-01-02T05:00:00Z"),
    ]
    for text, day in (("At 03:04:05Z", None), ("pod 99:99:99Z", "2026-01-02"), ("2026-02-31 00:00:00Z", None)):
        assert [(p.text, p.moment) for p in pieces(text, day)] == [(text, None)]


def test_commands_in_sentences() -> None:
    some = ["kubectl -n a delete pod b-1", "kubectl -n a delete pod b-10"]
    sentence = f"Move it at 05:00:00Z: {'; '.join(some)}."
    told = pieces(sentence, "2026-01-02", some)
    assert "".join(p.text for p in told) == sentence
    assert [p.text for p in told if p.command] == some
    assert [p.text for p in told if p.moment] == ["05:00:00Z"]
