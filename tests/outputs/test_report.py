"""The report as a file: complete, self-contained, the same each time, and not to be broken out of."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.report import render, write
from tests.browser import hostile

SAMPLES = (
    "quick-restart",
    "long-outage-return",
    "normal-operations",
    "node-power-loss",
    "kubelet-stays-down",
    "long-outage-return-k8s-1.0",
)


class Page(HTMLParser):
    """Elements with their attributes, and the texts of scripts and of the rest."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
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
        elif not self._inside:
            self.text += data

    def with_class(self, name: str) -> list[dict[str, str | None]]:
        return [a for _, a in self.elements if name in (a.get("class") or "").split()]

    @property
    def model(self) -> dict[str, object]:
        found = orjson.loads(self.scripts[0])
        assert isinstance(found, dict)
        return found


@pytest.fixture(scope="module")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


@pytest.fixture(scope="module")
def page(incident: Analysis) -> Page:
    return Page(render(incident, title="An incident", command="podopsy report x"))


def test_each_finding_once_in_the_document_s_order_with_its_evidence(incident: Analysis, page: Page) -> None:
    ids = [a["id"] for a in page.with_class("finding")]
    told = [f for f in incident.findings if not f.expected] + [f for f in incident.findings if f.expected]
    assert ids == [f"finding-{f.id}" for f in told]
    for finding in incident.findings:
        assert finding.summary in page.text
        assert all(p.place in page.text and p.proves in page.text for p in finding.evidence)


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
    assert len(render(analyze([sample_logs / name]), title=name, command=None).encode()) < 1_600_000


def test_admits_its_own_scripts_and_nothing_else(page: Page) -> None:
    policy = next(a["content"] for t, a in page.elements if t == "meta" and a.get("http-equiv") == "Content-Security-Policy")
    admitted = re.findall(r"'sha256-([^']+)'", policy or "")
    assert admitted == [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in page.scripts[1:]]
    assert len(page.scripts) == 3
    assert "default-src 'none'" in (policy or "")


@pytest.fixture(scope="module")
def hostile_page() -> Page:
    return Page(render(hostile.analysis(), title=hostile.ALL, command=f"podopsy {hostile.ALL}"))


@pytest.mark.parametrize("which", ["page", "hostile_page"])
def test_refers_to_nothing_outside_and_runs_nothing_from_logs(which: str, request: pytest.FixtureRequest) -> None:
    page: Page = request.getfixturevalue(which)
    assert len(page.scripts) == 3
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "object", "embed", "base", "form", "video", "audio")
        assert "src" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        href = attributes.get("href")
        assert href is None or href == "data:," or re.fullmatch(r"#(story|findings|lanes|provenance|finding-[0-9a-f]{12})", href)
    assert "<a " not in orjson.dumps([t.get("hovertext") for t in page.model["data"]]).decode()  # type: ignore[attr-defined]


def test_shows_hostile_content_as_text(hostile_page: Page) -> None:
    assert hostile.BREAKOUT in hostile_page.text
    assert hostile.TEMPLATE in hostile_page.text
    assert not re.search("[\x00-\x08\x0e-\x1f\x7f\u2028\u2029\u202a-\u202e]", hostile_page.text + "".join(hostile_page.scripts))
    assert len(hostile_page.with_class("finding")) == len(hostile.analysis().findings)


def test_a_long_list_of_evidence_is_cut_and_says_so(incident: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.outputs.report.page.EVIDENCE", 2)
    page = Page(render(incident, title="t", command=None))
    finding = next(f for f in incident.findings if len(f.evidence) > 2)
    assert f"{len(finding.evidence) - 2} more lines: podopsy explain {finding.id}" in page.text


def test_plotly_s_licence_is_shipped() -> None:
    assets = Path(__file__).parents[2] / "analyzer" / "outputs" / "report" / "assets"
    bundle = (assets / "plotly-basic.min.js").read_text(encoding="utf-8")
    assert "plotly.js (basic - minified)" in bundle[:100]
    assert "MIT" in (assets / "plotly-basic.LICENSE").read_text()
    assert not re.search(r"</script|<!--|\r", bundle, re.IGNORECASE)
