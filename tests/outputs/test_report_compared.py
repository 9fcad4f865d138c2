"""Two incidents side by side: figures, what is unknown, and the drawing."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.report import render_comparison
from analyzer.outputs.report.abreast import LABEL, WIDTH, drawn
from analyzer.outputs.report.compare import Row, compared
from analyzer.outputs.report.workloads import paired
from analyzer.vocabulary import FindingKind
from tests.browser import hostile
from tests.cli.running import podopsy
from tests.outputs.cases import CASES
from tests.outputs.test_report import Page


@pytest.fixture(scope="module")
def long(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


@pytest.fixture(scope="module")
def quick(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "quick-restart"])


def rows(one: Analysis, other: Analysis) -> dict[str, Row]:
    return {row.label: row for _, some in compared(one, other)["groups"] for row in some}


def test_counts_margins_and_windows(long: Analysis, quick: Analysis) -> None:
    found = rows(long, quick)
    assert found["windows with more pods than asked for"] == Row("windows with more pods than asked for", "2", "0", "−2", "better")
    assert found["longest outage"] == Row("longest outage", "59.5 s", "8.8 s", "−50.7 s", "better")
    assert found["orphaned spells"].change == "the same"
    outage = next(f for f in long.findings if f.kind is FindingKind.KUBELET_OUTAGE)
    margin = outage.details["deadlines"]["eviction_margin_s"]
    assert found["back before eviction by"].one == f"{margin:.1f} s".replace("-", "−")
    excess = sum(f.details["excess_pod_seconds"] for f in long.findings if f.kind is FindingKind.OVERSHOOT_WINDOW)
    assert found["more than asked for, in all"].one == f"{excess:.1f} pod·s"


def test_the_other_way_round_it_is_worse(long: Analysis, quick: Analysis) -> None:
    there, back = rows(long, quick), rows(quick, long)
    turned = {"better": "worse", "worse": "better", "": ""}
    for label, row in there.items():
        assert (back[label].one, back[label].other, back[label].verdict) == (row.other, row.one, turned[row.verdict])
    same = compared(long, long)
    assert same["headline"] == "In evictions, margins and windows the two do not differ."
    assert {row.change for _, some in same["groups"] for row in some} <= {"the same", ""}


def test_what_nothing_tells_is_a_dash(long: Analysis, quick: Analysis) -> None:
    life = replace(quick.life, coverage=[c for c in quick.life.coverage if c.node is not None])
    blind = replace(quick, life=life, findings=[f for f in quick.findings if f.kind is not FindingKind.NODE_UNREACHABLE])
    row = rows(long, blind)["spells of not Ready"]
    assert (row.other, row.change, row.verdict) == ("–", "", "")


def test_what_is_open_is_at_least(sample_logs: Path, quick: Analysis) -> None:
    found = rows(quick, analyze([sample_logs / "kubelet-stays-down"]))
    assert found["longest outage"].other.startswith("at least ")
    assert not found["longest outage"].one.startswith("at least ")


def test_both_on_one_clock(long: Analysis, quick: Analysis) -> None:
    made = drawn(long, quick)
    down = [b for b in made.bars if b.look == "down"]
    assert [b.x for b in down] == [made.zero, made.zero]
    assert down[0].width / down[1].width == pytest.approx(59.457 / 8.8, rel=0.02)
    assert all(b.x >= LABEL and b.x + b.width <= WIDTH + 1 for b in made.bars)
    orphaned = [most for _, label, most in made.lanes if label == "containers orphaned"]
    assert orphaned == ["up to 3", "up to 3"]


@pytest.mark.parametrize("case", CASES)
def test_any_two_can_be_compared(case: str, quick: Analysis) -> None:
    page = Page(render_comparison(CASES[case](), quick, names=("one", "other"), command=None))
    assert not page.scripts


def test_controllers_of_another_revision_are_the_same() -> None:
    def key(name: str) -> tuple[str, str]:
        return "default", name

    ones = {key("Deployment/web"), key("RC/api-release-12"), key("RS/shop-7ff6c497f8"), key("RC/two-1"), key("RC/two-2"), key("RC/gone")}
    others = {key("Deployment/web"), key("RC/api-release-13"), key("RS/shop-6bbdfc8d89"), key("RC/two-3"), ("kube-system", "RC/gone")}
    assert set(paired(ones, others)) == {
        (key("Deployment/web"), key("Deployment/web")),
        (key("RC/api-release-12"), key("RC/api-release-13")),
        (key("RS/shop-7ff6c497f8"), key("RS/shop-6bbdfc8d89")),
        (key("RC/two-1"), None),  # either could be it
        (key("RC/two-2"), None),
        (None, key("RC/two-3")),
        (key("RC/gone"), None),
        (None, ("kube-system", "RC/gone")),
    }


def test_windows_of_a_controller_whose_revision_changed(long: Analysis) -> None:
    def renamed(text: str | None) -> str | None:
        return None if text is None else text.replace("release-33", "release-34")

    life = long.life
    controllers = [replace(c, name=renamed(c.name) or "") for c in life.controllers]
    findings = [replace(f, controller=renamed(f.controller)) for f in long.findings]
    other = replace(long, life=replace(life, controllers=controllers), findings=findings)
    names = [c.name for c in compared(long, other)["controllers"]]
    assert any(name.endswith("release-33 → default/ReplicationController/example-service-release-34") for name in names)
    assert len(names) == len(compared(long, long)["controllers"])
    alone = compared(long, replace(long, life=replace(life, controllers=[]), findings=[]))["controllers"]
    assert {(c.name.endswith(" (only in A)"), c.cells[1], c.cells[3]) for c in alone} == {(True, "–", "–")}


def test_hostile_content_is_text(quick: Analysis) -> None:
    page = Page(render_comparison(hostile.analysis(), quick, names=(hostile.ALL, "other"), command=hostile.ALL))
    assert not page.scripts
    assert hostile.BREAKOUT in page.text
    assert not re.search("[\x00-\x08\x0e-\x1f\x7f\u2028\u2029\u202a-\u202e]", page.text)
    for tag, attributes in page.elements:
        assert tag not in ("img", "iframe", "a")
        assert not {"src", "style"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]


def test_on_the_command_line(sample_logs: Path, tmp_path: Path) -> None:
    one, other = str(sample_logs / "long-outage-return"), str(sample_logs / "quick-restart")
    told = podopsy("report", "--compare", one, other, "--out", tmp_path / "both.html", "--title", "Before & after")
    assert told.returncode == 0
    assert b"12 findings against 7" in told.stderr
    page = (tmp_path / "both.html").read_text(encoding="utf-8")
    assert "A: <bdi>long-outage-return</bdi>" in page
    assert "<h1>Before &amp; after</h1>" in page
    refused = podopsy("report", one, "--compare", one, other, "--out", tmp_path / "both.html")
    assert refused.returncode == 2
    assert b"--compare A B names the evidence itself" in refused.stderr
