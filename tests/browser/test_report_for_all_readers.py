"""The report by keyboard, by touch, and by a screen reader: as axe-core judges it, and as it is used."""

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.report import write, write_comparison
from tests.browser import hostile
from tests.browser.opened import Opened

pytestmark = pytest.mark.browser


# --- axe-core


def serious(opened: Opened) -> list[str]:
    """What axe-core holds for serious or critical."""
    if find_spec("axe_playwright_python") is None:
        pytest.skip("axe-core is not installed (pip install axe-playwright-python)")
    opened.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = opened.page.evaluate("axe.run()")
    assert found["passes"]
    grave = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
    return [f"{v['id']}: {node['target']} {node['failureSummary']}" for v in grave for node in v["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1300])
def test_axe_finds_nothing_serious(browser: Any, file: Path, scheme: str, width: int) -> None:
    opened = Opened(browser, file, color_scheme=scheme, width=width)
    assert serious(opened) == []
    opened.page.locator("#tree .item").first.click()
    opened.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    opened.until("document.querySelector('#lanes tbody').children.length")
    assert serious(opened) == []


@pytest.mark.parametrize("name", ["normal-operations", "node-power-loss"])
def test_axe_finds_nothing_serious_in_others(browser: Any, sample_logs: Path, tmp_path: Path, name: str) -> None:
    write(analyze([sample_logs / name]), tmp_path / "report.html", title=name, command=None)
    assert serious(Opened(browser, tmp_path / "report.html")) == []


def test_axe_finds_nothing_serious_with_hostile_names(browser: Any, tmp_path: Path) -> None:
    write(hostile.analysis(), tmp_path / "report.html", title=hostile.ALL, command=hostile.ALL)
    assert serious(Opened(browser, tmp_path / "report.html")) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_comparison(
    browser: Any, incident: Analysis, sample_logs: Path, tmp_path: Path, scheme: str
) -> None:
    other = analyze([sample_logs / "quick-restart"])
    write_comparison(incident, other, tmp_path / "both.html", names=("long", "quick"), command="podopsy report --compare A B")
    opened = Opened(browser, tmp_path / "both.html", ready=False, color_scheme=scheme)
    assert serious(opened) == []
    assert opened.quiet()


# --- keyboard


def test_escape_closes_a_finding_from_anywhere(browser: Any, file: Path) -> None:
    opened = Opened(browser, file)
    details, focused = opened.page.locator("#details"), "document.activeElement.id"
    for place in ("#tree", "#details", "#canvas"):
        opened.page.locator("#tree .item").first.click()
        assert details.is_visible()
        opened.page.locator(place).focus()
        opened.page.keyboard.press("Escape")
        assert not details.is_visible(), place
        assert opened.page.evaluate(focused) == ("canvas" if place == "#canvas" else "tree"), "the focus is not lost with what had it"
        assert "#finding" not in opened.page.url


def test_from_finding_to_finding_the_focus_stays(browser: Any, file: Path) -> None:
    opened = Opened(browser, file)
    opened.page.locator("#tree .item").first.click()
    seen = {opened.page.url}
    opened.page.locator("#details").get_by_role("button", name="Next").focus()
    for _ in range(3):
        opened.page.keyboard.press("Enter")
        seen.add(opened.page.url)
        assert opened.page.evaluate("document.activeElement.textContent") == "Next"
    assert len(seen) == 4


_FOCUSED = """(() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const name = one === document.body ? "BODY" : one.id || one.textContent.trim().slice(0, 40) || one.tagName;
  return [name, style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
})()"""


def test_the_focus_is_seen_wherever_it_goes(browser: Any, file: Path) -> None:
    """Tab goes through all controls and comes out at the end; each shows that it has the focus."""
    opened = Opened(browser, file)
    opened.page.locator("#tree .item").first.click()
    opened.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    names: list[str] = []
    for _ in range(120):
        opened.page.keyboard.press("Tab")
        name, outline = opened.page.evaluate(_FOCUSED)
        if [name] == names[:1]:
            break
        if name != "BODY":  # from the end round to the beginning
            names.append(name)
            assert outline, name
    assert {"search", "by-node", "incident", "canvas", "tree", "details", "Next"} <= set(names)


def test_the_picture_has_a_text_beside_it(browser: Any, file: Path, incident: Analysis) -> None:
    opened = Opened(browser, file)
    canvas = opened.page.locator("#canvas")
    assert canvas.get_attribute("aria-label")
    told = opened.page.locator(f"#{canvas.get_attribute('aria-describedby')}").text_content()
    assert "minion-01 was away" in told
    opened.page.locator("#lanes > summary").click()
    rows = "Array.from(document.querySelectorAll('#lanes tbody tr')).map((row) => row.innerText)"
    opened.until(f"{rows}.length")
    whole = opened.page.evaluate(rows)
    for run in (r for r in incident.life.runs if not r.sandbox):
        assert any(f"{run.pod} · {run.container} on {run.node}" in row for row in whole)
    opened.page.locator("#tree .item").first.click()
    for _ in range(4):
        opened.page.click("#nearer")
    opened.until(f"{rows}.length < {len(whole)}")  # it tells what is shown


# --- touch


class Fingers:
    """Touches of the picture, as a touch screen reports them; places are pixels of the canvas."""

    def __init__(self, opened: Opened) -> None:
        self._session = opened.page.context.new_cdp_session(opened.page)
        opened.page.locator("#picture").scroll_into_view_if_needed()
        self._box = opened.page.locator("#canvas").bounding_box()

    def __call__(self, kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": self._box["x"] + x, "y": self._box["y"] + y, "id": number} for number, (x, y) in enumerate(places)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture
def touched(browser: Any, file: Path) -> Opened:
    return Opened(browser, file, width=800, has_touch=True)


def span(opened: Opened) -> float:
    """Seconds shown: what stands in brackets."""
    words = opened.range().rpartition("(")[2].rstrip(")").split()
    numbers = dict(zip(words[1::2], map(float, words[::2]), strict=True))
    return sum(numbers[unit] * seconds for unit, seconds in (("min", 60), ("s", 1), ("ms", 0.001)) if unit in numbers)


def test_two_fingers_zoom(touched: Opened) -> None:
    before, fingers = span(touched), Fingers(touched)
    fingers("touchStart", (400, 100))
    fingers("touchStart", (400, 100), (500, 100))
    for by in range(0, 101, 20):
        fingers("touchMove", (400 - by, 100), (500 + by, 100))
    fingers("touchEnd")
    assert span(touched) == pytest.approx(before / 3, rel=0.1)
    assert "#finding" not in touched.page.url, "that was no tap"
    touched.page.click("#back")
    assert span(touched) == pytest.approx(before, rel=0.01)
    assert touched.quiet()


def test_one_finger_pans(touched: Opened) -> None:
    for _ in range(2):
        touched.page.click("#nearer")
    before, wide, fingers = touched.range(), span(touched), Fingers(touched)
    fingers("touchStart", (600, 100))
    for x in range(590, 400, -20):
        fingers("touchMove", (x, 100))
    fingers("touchEnd")
    assert touched.range() > before, "later"
    assert span(touched) == pytest.approx(wide)
    assert "#finding" not in touched.page.url


def test_a_tap_opens_a_finding_and_folds_a_node(touched: Opened) -> None:
    fingers = Fingers(touched)
    for y in range(60, 160, 8):
        fingers("touchStart", (400, y))
        fingers("touchEnd")
        if "#finding" in touched.page.url:
            break
    assert "#finding" in touched.page.url
    touched.page.locator("#lanes > summary").click()
    said = "document.querySelector('#lanes tbody').innerText"
    touched.until(f"{said}.includes('on minion-01')")
    fingers = Fingers(touched)
    for y in range(40, 100, 8):
        fingers("touchStart", (30, y))
        fingers("touchEnd")
        touched.page.wait_for_timeout(300)
        if "on minion-01" not in touched.page.evaluate(said):
            break
    assert "on minion-01" not in touched.page.evaluate(said)
