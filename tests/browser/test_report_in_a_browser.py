"""The report in a real browser: it draws, asks nothing of any network, ties findings to the picture, and runs nothing from logs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.report import write
from tests.browser import hostile

pytestmark = pytest.mark.browser

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Opened:
    """A report in a page, and what the page said and asked for."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.page = browser.new_page(viewport={"width": 1300, "height": 900}, **options)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready=true]", timeout=30_000)

    def until(self, condition: str) -> None:
        """Wait until a condition holds. The page's own policy forbids the evaluation that playwright's wait_for_function needs."""
        for _ in range(100):
            if self.page.evaluate(f"Boolean({condition})"):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never became true: {condition}")

    def axis(self) -> list[float]:
        """The range of time shown, as milliseconds."""
        milliseconds = "v => typeof v === 'number' ? v : Date.parse(v.replace(' ', 'T') + 'Z')"
        found: list[float] = self.page.evaluate(f"document.getElementById('picture').layout.xaxis.range.map({milliseconds})")
        return found

    def shapes(self) -> int:
        number: int = self.page.evaluate("document.getElementById('picture').layout.shapes.length")
        return number


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, where there is one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium: set CHROMIUM to its path")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


@pytest.fixture(scope="module")
def file(incident: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write(incident, path, title="An incident", command="podopsy report")
    return path


@pytest.fixture(scope="module")
def opened(browser: Any, file: Path) -> Opened:
    return Opened(browser, file)


def test_opens_in_silence_and_asks_for_nothing_else(opened: Opened) -> None:
    assert opened.said == []
    assert all(url.startswith(("file://", "data:")) for url in opened.asked)


def test_shows_the_document_s_findings(opened: Opened, incident: Analysis) -> None:
    assert opened.page.locator(".finding").count() == len(incident.document()["findings"])
    assert opened.page.locator("#findings > .findings > .finding:visible").count() == sum(not f.expected for f in incident.findings)
    assert opened.page.locator("#expected .finding:visible").count() == 0
    opened.page.locator("#expected > summary").click()
    assert opened.page.locator("#expected .finding:visible").count() == sum(f.expected for f in incident.findings)


def test_draws_bars_for_each_node(opened: Opened, incident: Analysis) -> None:
    drawn = opened.page.evaluate("document.getElementById('picture').data.filter(t => t.type === 'bar').flatMap(t => t.meta)")
    assert set(drawn) == set(incident.life.nodes)
    assert opened.page.locator("#picture .barlayer path").count() > 10
    labels = opened.page.locator("#picture .ytick text").all_text_contents()
    assert set(incident.life.nodes) <= set(labels)


def test_a_click_on_a_finding_shows_it_and_its_evidence(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file)
    finding = next(f for f in incident.findings if f.container_id)
    before, bands = opened.axis(), opened.shapes()
    item = opened.page.locator(f"#finding-{finding.id}")
    assert item.locator(".evidence li:visible").count() == 0
    item.locator("summary").click()
    opened.until(f"document.getElementById('picture').layout.shapes.length > {bands}")
    assert item.locator(".evidence li:visible").count() == len(finding.evidence)
    low, high = opened.axis()
    assert [low, high] != before
    start, end = (t.timestamp() * 1000 for t in (finding.start.time, finding.end.time) if t)
    assert low < start < end < high
    item.locator("[data-show]").click()
    opened.until("document.getElementById('picture').getBoundingClientRect().top < window.innerHeight")
    opened.page.click("#clear")
    opened.until(f"document.getElementById('picture').layout.shapes.length === {bands}")
    opened.page.click("#whole")
    opened.until("document.getElementById('shown').textContent.includes('whole')")
    assert opened.axis()[0] <= before[0]


def test_the_keyboard_reaches_a_finding_and_its_place(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file)
    item = opened.page.locator(f"#finding-{incident.findings[0].id}")
    item.locator("summary").focus()
    opened.page.keyboard.press("Enter")
    opened.page.keyboard.press("Tab")
    opened.page.keyboard.press("Enter")
    opened.until("document.getElementById('shown').textContent.startsWith('Showing')")


def test_an_address_opens_its_finding(browser: Any, file: Path, incident: Analysis) -> None:
    finding = next(f for f in incident.findings if f.expected)
    opened = Opened(browser, file)
    opened.page.goto(f"{file.as_uri()}#finding-{finding.id}")
    opened.page.wait_for_selector(f"#finding-{finding.id}.shown details[open]")
    assert opened.said == []


def test_the_filter_hides_what_does_not_match(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file)
    opened.page.fill("#filter", "overshoot")
    wanted = sum(f.kind == "overshoot-window" and not f.expected for f in incident.findings)
    assert opened.page.locator("#findings > .findings > .finding:visible").count() == wanted


def test_follows_the_reader_s_choice_of_light_or_dark(browser: Any, file: Path) -> None:
    colours = []
    for scheme in ("light", "dark"):
        opened = Opened(browser, file, color_scheme=scheme)
        colours.append(opened.page.evaluate("document.getElementById('picture').layout.font.color"))
        opened.page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
        opened.until(f"document.getElementById('picture').layout.font.color !== '{colours[-1]}'")
        assert opened.said == []
    assert colours[0] != colours[1]


def test_the_toolbar_offers_no_upload(opened: Opened) -> None:
    titles = opened.page.locator("#picture .modebar-btn").evaluate_all("buttons => buttons.map(b => b.dataset.title || '')")
    assert titles
    assert not [t for t in titles if "cloud" in t.lower() or "share" in t.lower() or "studio" in t.lower() or "plotly" in t.lower()]


def test_hostile_names_and_messages_stay_text(browser: Any, tmp_path: Path) -> None:
    analysis = hostile.analysis()
    path = tmp_path / "report.html"
    write(analysis, path, title=hostile.ALL, command=hostile.ALL)
    opened = Opened(browser, path)
    for summary in opened.page.locator(".finding:visible summary").all():
        summary.click()
    for x, y in ((0.3, 0.3), (0.5, 0.3), (0.7, 0.4), (0.5, 0.5)):
        box = opened.page.locator("#picture").bounding_box()
        opened.page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        opened.page.wait_for_timeout(80)
    assert opened.page.evaluate("typeof window.owned") == "undefined"
    assert opened.said == []
    assert all(url.startswith(("file://", "data:")) for url in opened.asked)
    assert opened.page.locator("img, iframe, #picture a").count() == 0
    labels = opened.page.locator("#picture .ytick text").all_text_contents()
    assert any("<a href" in label or "</script>" in label or "<img" in label for label in labels)
