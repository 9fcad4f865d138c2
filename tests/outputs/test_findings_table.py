"""The findings as a table: what fits, and what there is more room for."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.screen import Screen
from analyzer.outputs.text import render
from analyzer.proof import Edge
from tests.browser import hostile
from tests.outputs.cases import CASES
from tests.outputs.golden_text import agrees


@pytest.fixture(scope="module")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


@pytest.mark.parametrize("width", [80, 120, 160])
@pytest.mark.parametrize("name", ["long-outage-return", "quick-restart", "normal-operations"])
def test_what_it_looks_like(sample_logs: Path, name: str, width: int) -> None:
    agrees(f"table-{name}-{width}", render(analyze([sample_logs / name]), "table", Screen(width)))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("width", [60, 80, 100, 160, 250])
def test_no_line_is_too_long_and_no_id_is_lost(case: str, width: int) -> None:
    analysis = CASES[case]()
    text = render(analysis, "table", Screen(width))
    rows = [line for line in text.splitlines() if re.match(r"(CRITICAL|WARNING|INFO) ", line)]
    assert [row.split()[2] for row in rows] == [f.id for f in analysis.findings if not f.expected]
    assert all(len(row) <= max(width, 80) for row in rows)
    too_long = [line for line in text.splitlines() if len(line) > width and line not in rows]
    assert all(len(line.split()) == 1 for line in too_long), "only a word that is longer than the screen"


def test_words_are_never_cut(incident: Analysis) -> None:
    narrow, wide = (render(incident, "table", Screen(width)).split() for width in (60, 80))
    assert narrow == wide


def test_more_room_tells_more(incident: Analysis) -> None:
    heads = [re.search(r"^SEVERITY .*$", render(incident, "table", Screen(w)), re.MULTILINE) for w in (80, 160)]
    assert heads[0] is None
    assert heads[1] is not None
    assert heads[1][0].split("  ")[-1].strip() == "UNTIL IS OFF BY"
    text = render(incident, "table", Screen(160))
    assert "deadlines: NotReady 42.6 s (41.6 s to 42.6 s) before its end, eviction 19.9 s before its end" in text


def test_how_sure_a_time_is(incident: Analysis) -> None:
    first = incident.findings[0]
    low, best = first.start.time, first.end.time
    assert low is not None
    assert best is not None
    cases = {Edge(low, low, best): r"\+59\.5 s", Edge(low, low, low): "exact", Edge(low, None, low): "unknown"}
    for edge, shown in cases.items():
        found = replace(incident, findings=[replace(first, start=edge)])
        assert re.search(rf"minion-01  {shown} ", render(found, "table", Screen(160)))


def test_an_end_on_another_day_says_so(incident: Analysis) -> None:
    first = incident.findings[0]
    assert first.end.time is not None
    tomorrow = first.end.time.replace(day=23)
    found = replace(incident, findings=[replace(first, end=Edge(tomorrow, tomorrow, tomorrow))])
    assert "2026-11-22 07:10:04 – 11-23 07:11:03" in render(found, "table", Screen(80))


def test_wide_shows_all_of_them_with_their_proofs(incident: Analysis) -> None:
    text = render(incident, "wide", Screen(80))
    assert all(f.id in text for f in incident.findings)
    assert all(p.place in text for f in incident.findings for p in f.evidence)
    assert "UNTIL IS OFF BY" in text
    assert text == render(incident, "wide", Screen(160)), "it is whole on any screen"


@pytest.mark.parametrize("form", ["table", "wide"])
def test_colour_adds_codes_only(incident: Analysis, form: str) -> None:
    coloured = render(incident, form, Screen(120, colour=True))
    assert "\x1b[1;31mCRITICAL" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(incident, form, Screen(120))


@pytest.mark.parametrize("form", ["table", "wide"])
def test_hostile_names_are_harmless(form: str) -> None:
    text = render(hostile.analysis(), form, Screen(160))
    assert all(c == "\n" or c.isprintable() for c in text)
    assert "\u202e" not in text
