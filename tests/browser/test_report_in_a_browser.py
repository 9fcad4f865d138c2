"""The report in a real browser: it draws, asks nothing of any network, ties findings to the picture, and runs nothing from logs."""

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from analyzer.analysis import Analysis
from analyzer.outputs.report import write
from bench.report.made_up import incident as incident_of
from tests.browser import hostile
from tests.browser.opened import Opened

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(browser: Any, file: Path) -> Opened:
    return Opened(browser, file)


def test_opens_in_silence_and_asks_for_nothing_else(opened: Opened) -> None:
    assert opened.quiet()


def test_lists_the_document_s_findings(opened: Opened, incident: Analysis) -> None:
    assert opened.page.locator("#matches").text_content() == f"{len(incident.findings)} findings"
    groups = {(f.kind, f.expected) for f in incident.findings}
    assert int(opened.page.locator("#tree .group").first.get_attribute("aria-setsize")) == len(groups)
    shown = opened.page.locator("#tree .item").count()
    assert 0 < shown <= sum(not f.expected for f in incident.findings)


def test_draws_lanes_in_more_than_one_colour(opened: Opened) -> None:
    """What is on the canvas: a row through the outage has the colours of up and down."""
    script = """() => { const c = document.getElementById('canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      const seen = new Set();
      for (let i = 0; i < d.length; i += 4 * 97) seen.add(d[i] + ',' + d[i+1] + ',' + d[i+2]);
      return [...seen]; }"""
    seen = set(opened.page.evaluate(script))
    assert {"111,194,163", "213,94,0", "240,168,24", "156,192,220"} <= seen  # kubelet up, kubelet down, orphaned, supervised


def test_choosing_a_finding_zooms_marks_and_tells(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file)
    before = opened.range()
    finding = next(f for f in incident.findings if f.container_id)
    opened.page.locator("#tree .item", has_text=finding.summary).click()
    assert opened.range() != before
    details = opened.page.locator("#details")
    assert finding.summary in details.inner_text()
    assert details.locator(".evidence li").count() == len(finding.evidence)
    assert finding.start.earliest is not None
    assert f"surely between {finding.start.earliest:%Y-%m-%d %H:%M:%S.%f}Z" in details.inner_text()
    assert opened.page.url.endswith(f"#finding-{finding.id}")
    details.get_by_role("button", name="Close").click()
    assert not details.is_visible()
    opened.page.click("#whole")
    assert opened.range().startswith(f"{incident.life.start:%Y-%m-%d %H:%M:%S}")
    assert opened.quiet()


def test_the_keyboard_reaches_every_finding(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file)
    opened.page.locator("#tree").focus()
    reached: set[str] = set()
    for _ in range(2 * len(incident.findings) + 20):
        at = opened.page.locator("#tree .current")
        if at.get_attribute("aria-expanded") == "false":
            opened.page.keyboard.press("ArrowRight")
        elif at.get_attribute("aria-expanded") is None:
            opened.page.keyboard.press("Enter")
            reached.add(opened.page.url.rpartition("#finding-")[2])
        opened.page.keyboard.press("ArrowDown")
    assert reached == {f.id for f in incident.findings}
    assert opened.quiet()


def test_the_keyboard_reads_the_picture(browser: Any, file: Path) -> None:
    opened = Opened(browser, file)
    opened.page.locator("#canvas").focus()
    said = []
    for key in ["ArrowDown"] * 3 + ["ArrowRight"] * 2:
        opened.page.keyboard.press(key)
        said.append(opened.page.locator("#said").text_content())
    assert any("minion-01, kubelet. kubelet up" in (s or "") for s in said)
    opened.page.keyboard.press("ArrowUp")
    opened.page.keyboard.press("ArrowRight")
    before = opened.range()
    opened.page.keyboard.press("Enter")  # the kubelet's outage
    assert "#finding-" in opened.page.url
    assert opened.range() != before
    before = opened.range()
    opened.page.keyboard.press("+")
    assert opened.range() != before


def test_an_address_opens_its_finding(browser: Any, file: Path, incident: Analysis) -> None:
    finding = next(f for f in incident.findings if f.expected)
    opened = Opened(browser, file, address=f"#finding-{finding.id}")
    assert finding.id in opened.page.locator("#details").inner_text()
    assert opened.page.locator("#tree [aria-selected=true]").is_visible()
    assert opened.quiet()


def test_filters_and_search(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file)
    opened.page.select_option("#by-kind", label="overshoot-window")
    wanted = sum(f.kind == "overshoot-window" for f in incident.findings)
    assert opened.page.locator("#matches").text_content() == f"{wanted} of {len(incident.findings)} findings match"
    opened.page.click("#clear")
    container = next(f.container_id for f in incident.findings if f.container_id)
    opened.page.fill("#search", container)
    opened.until(f"document.getElementById('matches').textContent.startsWith('1 of {len(incident.findings)}')")
    opened.page.fill("#search", "no such thing")
    opened.until("document.getElementById('matches').textContent.startsWith('0 of')")
    opened.page.click("#clear")
    opened.page.select_option("#by-node", label="minion-02")
    opened.page.locator("#lanes > summary").click()
    opened.until("document.querySelector('#lanes tbody').textContent.includes('minion-02')")  # it is filled once it is opened
    lanes = opened.page.locator("#lanes tbody").inner_text()
    assert "minion-01" not in lanes


def test_hints_tell_bounds_and_evidence_of_an_edge(opened: Opened) -> None:
    """Along the kubelet's lane (the third row) there is the edge at which it stopped, with the line that says so."""
    opened.page.locator("#picture").scroll_into_view_if_needed()
    width = opened.page.locator("#canvas").bounding_box()["width"]
    found = [opened.point(x, y) for y in (90, 104, 112) for x in range(int(width * 0.24), int(width * 0.6), 4)]
    edges = [text for text in found if "surely between" in text]
    assert any(("kubelet down" in text and "Deactivated" in text) or "deactivated" in text for text in edges)
    opened.page.mouse.move(2, 2)


def test_times_in_the_reader_s_zone_name_their_offset(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file, timezone_id="Asia/Kolkata")
    utc = opened.page.locator("ol.story").inner_text()
    opened.page.locator("input[value=local]").check()
    local = opened.page.locator("ol.story").inner_text()
    assert "+05:30" in local
    assert "+05:30" in opened.range()
    start = incident.life.start.astimezone(ZoneInfo("Asia/Kolkata"))
    opened.page.click("#whole")
    assert f"{start:%Y-%m-%d %H:}" in opened.range()
    opened.page.locator("input[value=utc]").check()
    assert opened.page.locator("ol.story").inner_text() == utc
    assert opened.quiet()


def test_the_switch_turns_every_time_that_is_shown(browser: Any, file: Path) -> None:
    """What is known, the findings as a table, sources and coverage: nothing stays in UTC but what is quoted."""
    opened = Opened(browser, file, timezone_id="Asia/Kolkata")
    opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    places = ["#coverage", "#words td.t", "#provenance td.t", "header .span"]
    told = "(place) => Array.from(document.querySelectorAll(place)).map((one) => one.innerText).join('\\n')"
    for place in places:
        utc = opened.page.evaluate(told, place)
        assert re.search(r"\d\d:\d\d:\d\d(\.\d+)?Z", utc), place
        assert "+05:30" not in utc
    opened.page.locator("input[value=local]").check()
    for place in places:
        local = opened.page.evaluate(told, place)
        assert not re.search(r":\d\d(\.\d+)?Z", local), place
        assert "+05:30" in local, place


def test_follows_the_reader_s_choice_of_light_or_dark(browser: Any, file: Path) -> None:
    corner = "Array.from(document.getElementById('canvas').getContext('2d').getImageData(400, 3, 1, 1).data).slice(0, 3)"
    opened = Opened(browser, file, color_scheme="light")
    assert opened.page.evaluate(corner) == [255, 255, 255]
    opened.page.emulate_media(color_scheme="dark")
    opened.until(f"{corner}[0] < 60")
    opened.page.click("#theme")
    opened.until(f"{corner}[0] > 200")
    assert all("getImageData" in said for said in opened.said)  # Chromium's remark on this test's own reading


def test_on_paper_the_findings_stand_as_a_table(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file, color_scheme="dark")
    opened.page.emulate_media(media="print")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.page.locator("#words .finding:visible").count() == len(incident.findings)
    assert not opened.page.locator("#tree").is_visible()
    assert opened.page.locator("#paper img").count() == 1
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    opened.page.emulate_media(media="screen")
    assert opened.page.locator("#words .finding:visible").count() == 0
    assert opened.quiet()


_HEIGHTS = """Promise.all(Array.from(document.querySelectorAll("#paper img")).map(async (image) => {
  await image.decode();
  return image.naturalHeight;
}))"""


def test_a_long_picture_takes_several_sheets(browser: Any, tmp_path: Path) -> None:
    write(incident_of(600), tmp_path / "report.html", title="many", command=None)
    opened = Opened(browser, tmp_path / "report.html")
    opened.page.select_option("#by-kind", label="kubelet-outage")
    opened.page.locator("#tree .item").first.click()  # its node is unfolded
    opened.page.click("#clear")
    opened.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    heights = opened.page.evaluate(_HEIGHTS)
    assert len(heights) > 1
    assert max(heights) <= 2 * (1100 + 34), "no higher than a page"
    opened.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert opened.page.locator("#paper img").count() == 0
    assert opened.quiet()


def test_without_scripts_the_words_stay(browser: Any, file: Path, incident: Analysis) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(file.as_uri())
    assert page.locator("#words .finding:visible").count() == len(incident.findings)
    assert page.locator("ol.story li:visible").count() > 3


@pytest.mark.parametrize("width", [400, 760, 1300])
def test_nothing_sticks_out(browser: Any, file: Path, width: int) -> None:
    opened = Opened(browser, file, width=width)
    assert opened.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_hostile_names_and_messages_stay_text(browser: Any, tmp_path: Path) -> None:
    analysis = hostile.analysis()
    path = tmp_path / "report.html"
    write(analysis, path, title=hostile.ALL, command=hostile.ALL)
    opened = Opened(browser, path)
    opened.page.locator("#tree").focus()
    for _ in range(3 * len(analysis.findings)):
        opened.page.keyboard.press("Enter")
        opened.page.keyboard.press("ArrowDown")
    assert hostile.BREAKOUT in opened.page.locator("#details").inner_text()
    hints = "".join(opened.point(x, y) for x in (100, 400, 500, 600) for y in range(50, 400, 9))
    assert hostile.BREAKOUT in hints
    opened.page.locator("#lanes > summary").click()
    assert opened.page.evaluate("typeof window.owned") == "undefined"
    assert opened.page.locator("img, iframe, a[href^=javascript]").count() == 0
    assert opened.quiet()
