"""Lanes in the terminal."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis import Analysis, analyze
from analyzer.exceptions import UsageError
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.outputs import lane_drawing, timeline
from analyzer.outputs.lane_drawing import Axis
from analyzer.outputs.object_lanes import DOWN, NOT_READY, READY, UNRECORDED, UP, Group, Lane, choose
from analyzer.outputs.screen import Screen
from analyzer.outputs.states import State
from analyzer.outputs.timeline import lanes
from analyzer.selection import Asked
from analyzer.vocabulary import FindingKind
from tests.browser import hostile
from tests.outputs.golden_text import agrees


@pytest.fixture(scope="module")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


def row(lines: list[str], label: str) -> str:
    return next(line for line in lines if line.strip().startswith(label))


def drawn(lines: list[str]) -> list[str]:
    """Without the events."""
    return lines[: next(n for n, line in enumerate(lines) if re.match(r"\d+ events? \(UTC|no events", line))]


@pytest.mark.parametrize(
    ("name", "thing", "screen"),
    [
        ("node-80", "minion-01", Screen(80)),
        ("node-160", "minion-01", Screen(160)),
        ("node-80-ascii", "minion-01", Screen(80, ascii_only=True)),
        ("controller-80", "example-service-release-33", Screen(80)),
        ("controller-160", "example-service-release-33", Screen(160)),
        ("controller-80-ascii", "example-service-release-33", Screen(80, ascii_only=True)),
        ("pod-100", "example-api-release-12-5mss5", Screen(100)),
    ],
)
def test_what_it_looks_like(incident: Analysis, name: str, thing: str, screen: Screen) -> None:
    agrees(f"timeline-{name}", "\n".join(lanes(incident, thing, screen)) + "\n")


def test_zoomed(sample_logs: Path) -> None:
    near = Asked(around=datetime(2026, 11, 22, 7, 11, 4, tzinfo=UTC), window=timedelta(seconds=3))
    analysis = analyze([sample_logs / "long-outage-return"]).narrowed(near)
    agrees("timeline-zoomed-100", "\n".join(lanes(analysis, "minion-01", Screen(100))) + "\n")


def test_a_node_with_its_containers_and_events(incident: Analysis) -> None:
    lines = lanes(incident, "minion-01", Screen(100))
    assert re.search("█+╳+█+$", row(lines, "minion-01 kubelet"))
    assert re.search("█+▚+█+$", row(lines, "minion-01 Ready"))
    assert sum("░" in line for line in lines) == 4, "three containers and the legend"
    assert any("kubelet_deactivated" in line for line in lines)
    assert any("recovery_completed" in line for line in lines)


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("width", [60, 80, 90, 200])
@pytest.mark.parametrize("thing", ["minion-01", "example-service-release-33", "service"])
def test_fits_the_width(incident: Analysis, thing: str, width: int, ascii_only: bool) -> None:
    lines = lanes(incident, thing, Screen(width, ascii_only=ascii_only))
    head, *rest = lines[1:]
    assert all(len(line) <= width for line in rest)
    assert "(UTC)" in head
    if ascii_only:
        assert all(line.isascii() for line in drawn(lines))


def test_each_state_has_a_character_of_its_own() -> None:
    """Lanes of one kind never show two states alike, whatever the colours."""
    of_kubelets, of_api, of_containers = [UP, DOWN, UNRECORDED], [READY, NOT_READY, UNRECORDED], [str(s) for s in State]
    for lane in (of_kubelets, of_api, of_containers):
        for screen in (Screen(), Screen(ascii_only=True)):
            assert len({lane_drawing.look(what, screen) for what in lane}) == len(lane)


def test_a_controller_counts_its_pods(incident: Analysis) -> None:
    lines = lanes(incident, "ReplicationController/example-service-release-33", Screen(100))
    assert re.search("2─+3─+2─+$", row(lines, "pods running"))
    assert re.search("2─+$", row(lines, "asked for"))
    assert re.search(r"▼+ +\+1▲+$", row(lines, "too many / too few"))


def test_findings_are_marked_with_their_ids(incident: Analysis) -> None:
    lines = drawn(lanes(incident, "example-service-release-33", Screen(80)))
    window = next(f for f in incident.findings if f.kind is FindingKind.OVERSHOOT_WINDOW and "service" in str(f.controller))
    assert window.id in row(lines, "WARN overshoot-window")
    other = {f.id for f in incident.findings if f.controller == "ReplicationController/example-api-release-12"}
    assert not [line for line in lines for identity in other if identity in line], "another controller's"


@pytest.mark.parametrize("kind", ["pod", "qualified", "uid", "id", "container"])
def test_a_container_by_any_name(incident: Analysis, kind: str) -> None:
    run = next(r for r in incident.life.runs if r.container == "service" and r.node == "minion-01")
    name = {
        "pod": run.pod,
        "qualified": f"{run.namespace}/{run.pod}",
        "uid": run.pod_uid,
        "id": run.container_id[:10],
        "container": run.container,
    }[kind]
    lines = lanes(incident, str(name), Screen(140), everything=True)
    assert "░" in row(lines, f"{run.pod} service")
    assert any("container_died" in line and run.container_id[:12] in line for line in lines)


def test_something_short_is_not_lost() -> None:
    axis = Axis(hostile.at(0), hostile.at(1000), 50)
    pieces = [(axis.begin, axis.end, "supervised"), (hostile.at(500), hostile.at(500.1), "orphaned")]
    assert lane_drawing.cells(pieces, axis).count("orphaned") == 1
    assert lane_drawing.cells([(hostile.at(1001), hostile.at(1002), "orphaned")], axis) == [None] * 50


@given(
    st.integers(10, 10**7).map(lambda n: n / 1000),
    st.integers(10, 300),
    st.integers(-(10**5), 10**7).map(lambda n: n / 1000),
    st.integers(0, 10**7).map(lambda n: n / 1000),
)
def test_every_piece_lies_on_the_axis(total: float, columns: int, start: float, length: float) -> None:
    axis = Axis(hostile.at(0), hostile.at(total), columns)
    over = axis.over(hostile.at(start), hostile.at(start + length))
    assert all(0 <= at < columns for at in over)
    assert bool(over) == (hostile.at(start + length) >= axis.begin and hostile.at(start) <= axis.end)
    labels, marks = lane_drawing.ticks(axis, Screen())
    assert len(labels) <= len(marks) == columns


@pytest.mark.parametrize(("days", "labels"), [(0.00001, "03:04:05.2"), (0.0001, "03:04:06"), (0.5, "04:00"), (3, "01-03"), (400, "04-12")])
def test_ticks_stand_at_round_times(days: float, labels: str) -> None:
    axis = Axis(hostile.START, hostile.START + timedelta(days=days), 60)
    told, marks = lane_drawing.ticks(axis, Screen())
    assert labels in told
    assert marks.count("┬") <= 8
    assert marks[told.index(labels)] == "┬"


def test_the_last_day_of_the_calendar_has_an_axis() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    labels, marks = lane_drawing.ticks(Axis(end - timedelta(hours=3), end, 60), Screen())
    assert "22:00" in labels
    assert "┬" in marks


def test_numbers_stand_where_they_begin() -> None:
    assert lane_drawing.written([2, 2, 2, 12, 12, 12, 100, 3], Screen()) == "2──12─~3"
    assert lane_drawing.shortfall([0, 1, 1, 1, -1, 0], Screen(ascii_only=True)) == " +1^v "


def test_thousands_of_containers_are_summed_up(incident: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = choose(incident, "minion-01")
    (group,) = chosen.groups
    calm = [Lane(f"calm-{n}", "app", [(incident.life.start, incident.life.end, State.SUPERVISED)]) for n in range(3000)]
    many = replace(chosen, groups=[Group(group.own, [*calm, *group.containers])])
    monkeypatch.setattr(timeline, "choose", lambda analysis, name: many)
    lines = drawn(lanes(incident, "minion-01", Screen(100)))
    assert len(lines) < 70
    assert sum("░" in line for line in lines) == 4, "those to which something happened are drawn"
    assert any(line.startswith("and 2,963 more lanes (--all draws them)") for line in lines)
    assert re.search(r"supervised \(up to 2,963\) +█+$", next(line for line in lines if "2,963)" in line))
    assert sum("calm-" in line for line in drawn(lanes(incident, "minion-01", Screen(100), everything=True))) == 3000


def test_thousands_of_nodes_are_summed_up(incident: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = choose(incident, "example-service-release-33")
    up = (incident.life.start, incident.life.end, UP)
    calm = [Group([Lane(f"node-{n}", "kubelet", [up])], [Lane(f"pod-{n}", "app", [])]) for n in range(2000)]
    monkeypatch.setattr(timeline, "choose", lambda analysis, name: replace(chosen, groups=[*calm, *chosen.groups]))
    lines = drawn(lanes(incident, "x", Screen(100)))
    assert any(line.startswith("minion-01 kubelet") for line in lines), "where something happened"
    assert len(lines) < 80
    assert any(re.match(r"  kubelet up \(up to 1,9\d\d\) +█+$", line) for line in lines)


def test_what_nothing_tells_is_not_drawn_as_up(sample_logs: Path) -> None:
    analysis = analyze([sample_logs / "long-outage-return" / "minion-01", sample_logs / "long-outage-return" / "cluster"])
    assert re.search("·+$", row(lanes(analysis, "minion-02", Screen(100)), "minion-02 kubelet"))


def test_a_hole_in_the_log_is_not_drawn_as_up(incident: Analysis) -> None:
    life = incident.life
    middle = life.start + timedelta(seconds=30)
    hole = Hole(middle, life.end, "lines were suppressed", "suppressed")
    life = replace(life, coverage=[*life.coverage, Coverage("minion-02", "journal-json", life.start, life.end, (hole,))])
    assert re.search("█+·+$", row(lanes(replace(incident, life=life), "minion-02", Screen(100)), "minion-02 kubelet"))


def test_an_unknown_name_offers_its_neighbours(incident: Analysis) -> None:
    with pytest.raises(UsageError, match="example-api-release-12"):
        lanes(incident, "example-api-relase-12", Screen(100))
    with pytest.raises(UsageError, match="no node, pod, controller or container"):
        lanes(incident, "", Screen(100))


@pytest.mark.parametrize("thing", ["minion-01", "example-service-release-33"])
def test_colour_adds_codes_only(incident: Analysis, thing: str) -> None:
    coloured = lanes(incident, thing, Screen(100, colour=True))
    assert any("\x1b[" in line for line in coloured)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in coloured] == [
        line.rstrip() for line in lanes(incident, thing, Screen(100))
    ]


def test_control_bytes_do_not_reach_the_terminal() -> None:
    analysis = hostile.analysis()
    for name in (f"node-{hostile.ALL}", f"rc-{hostile.ALL}", "aaaaaa", f"old-{hostile.ALL}", f"app-{hostile.ALL}"):
        text = "\n".join(lanes(analysis, name, Screen(100), everything=True))
        assert all(c == "\n" or c.isprintable() for c in text)
        assert "\u202e" not in text
    with pytest.raises(UsageError) as error:
        lanes(analysis, "app-\x1b[31m", Screen(100))
    assert str(error.value).isprintable()


def test_of_many_events_those_are_listed_that_findings_cite(incident: Analysis) -> None:
    lines = lanes(incident, "minion-01", Screen(120))
    told = [line for line in lines if re.match(r".\d\d:\d\d:\d\d\.\d{3} ", line)]
    cited = [line for line in told if line.startswith("*")]
    assert 0 < len(cited) <= len(told) <= timeline.EVENTS
    left = sum(int(m[1]) for line in lines if (m := re.match(r" … ([\d,]+) more$", line)))
    whole = next(int(m[1]) for line in lines if (m := re.match(r"(\d+) events \(", line)))
    assert len(told) + left == whole
    full = lanes(incident, "minion-01", Screen(120), everything=True)
    assert sum(bool(re.match(r".\d\d:\d\d:\d\d\.\d{3} ", line)) for line in full) == whole


def test_the_guide_shows_what_is_drawn(incident: Analysis, root: Path) -> None:
    guide = (root / "docs" / "guide.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```\n\$ podopsy timeline .*?\n(.*?)…\n```", guide, re.DOTALL)
    assert "\n".join(lanes(incident, "example-service-release-33", Screen(110))).startswith(shown)
