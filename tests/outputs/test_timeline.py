"""Lanes in the terminal."""

import re
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.exceptions import UsageError
from analyzer.outputs import timeline
from analyzer.outputs.timeline import lanes
from tests.browser import hostile


@pytest.fixture(scope="module")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


def row(lines: list[str], label: str) -> str:
    return next(line for line in lines if line.startswith(label))


def test_a_node_with_its_containers_and_events(incident: Analysis) -> None:
    lines = lanes(incident, "minion-01", 100, colour=False)
    assert re.search("█+╳+█+$", row(lines, "minion-01 kubelet"))
    assert re.search("█+▚+█+$", row(lines, "minion-01 Ready"))
    assert sum("░" in line for line in lines) == 4, "three containers and the legend"
    assert any("kubelet_deactivated" in line for line in lines)
    assert any("recovery_completed" in line for line in lines)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_fits_the_width(incident: Analysis, ascii_only: bool) -> None:
    lines = lanes(incident, "example-service-release-33", 90, colour=False, ascii_only=ascii_only)
    drawn = lines[: lines.index("", 4)]
    assert all(len(line) <= 90 for line in drawn)
    if ascii_only:
        assert all(line.isascii() for line in drawn)


def test_a_controller_counts_its_pods(incident: Analysis) -> None:
    lines = lanes(incident, "ReplicationController/example-service-release-33", 100, colour=False)
    assert re.search("2+3+2+$", row(lines, "pods running"))
    assert re.search("2+$", row(lines, "asked for"))


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
    lines = lanes(incident, str(name), 120, colour=False)
    assert "░" in row(lines, f"{run.pod} service")
    assert any("container_died" in line and run.container_id[:12] in line for line in lines)


def test_something_short_is_not_lost() -> None:
    begin, end = hostile.at(0), hostile.at(1000)
    pieces = [(begin, end, "supervised"), (hostile.at(500), hostile.at(500.1), "orphaned")]
    assert timeline._cells(pieces, begin, end, 50).count("orphaned") == 1


def test_an_unknown_name_offers_its_neighbours(incident: Analysis) -> None:
    with pytest.raises(UsageError, match="example-api-release-12"):
        lanes(incident, "example-api-relase-12", 100, colour=False)
    with pytest.raises(UsageError, match="no node, pod, controller or container"):
        lanes(incident, "", 100, colour=False)


def test_colour_adds_codes_only(incident: Analysis) -> None:
    coloured = lanes(incident, "minion-01", 100, colour=True)
    assert any("\x1b[" in line for line in coloured)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in coloured] == [
        line.rstrip() for line in lanes(incident, "minion-01", 100, colour=False)
    ]


def test_control_bytes_do_not_reach_the_terminal() -> None:
    analysis = hostile.analysis()
    for name in (f"node-{hostile.ALL}", f"rc-{hostile.ALL}", "aaaaaa", f"old-{hostile.ALL}"):
        text = "\n".join(lanes(analysis, name, 100, colour=False))
        assert all(c == "\n" or c.isprintable() for c in text)
    with pytest.raises(UsageError) as error:
        lanes(analysis, "app-\x1b[31m", 100, colour=False)
    assert str(error.value).isprintable()


def test_a_long_list_of_events_is_cut(incident: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "EVENTS", 4)
    lines = lanes(incident, "minion-01", 100, colour=False)
    assert sum(bool(re.match(r"\d{4}-.* +(systemd|api|kubelet) ", line)) for line in lines) == 4
    assert any(re.fullmatch(r"… \d+ more …", line) for line in lines)
