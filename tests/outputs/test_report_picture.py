"""The picture's content: lanes, states, marks, charts, and where findings are in it."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.pods import Pod
from analyzer.outputs.report import lanes as drawn_lanes
from analyzer.outputs.report.embed import epoch_ms, markup, script_hash, script_json, short
from analyzer.outputs.report.lanes import build
from analyzer.outputs.report.picture import figure
from analyzer.outputs.report.replicas import charts
from analyzer.vocabulary import FindingKind
from tests.browser import hostile


@pytest.fixture(scope="module")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


@pytest.fixture(scope="module")
def picture(incident: Analysis) -> dict[str, Any]:
    return figure(incident)


def trace(picture: dict[str, Any], name: str) -> dict[str, Any]:
    return next(t for t in picture["data"] if t.get("name") == name)


def test_lanes_by_node_then_pod(incident: Analysis) -> None:
    lanes = build(incident).lanes
    assert [lane.node for lane in lanes if lane.heading] == ["minion-01", "minion-02"]
    assert [lane.label for lane in lanes[1:3]] == ["kubelet", "Ready, by the API"]
    shown = {c for lane in lanes for c in lane.containers}
    assert shown == {r.container_id for r in incident.life.runs if not r.sandbox}
    order = [lane.pods for lane in lanes if lane.pods]
    assert len([p for at, p in enumerate(order) if p not in order[:at]]) == 1 + sum(a != b for a, b in pairwise(order))


def test_orphaned_stretches_are_the_findings(incident: Analysis, picture: dict[str, Any]) -> None:
    orphans = {f.id: f for f in incident.findings if f.kind is FindingKind.ORPHANED_CONTAINER}
    orphaned = trace(picture, "orphaned")
    assert set(orphaned["customdata"]) == set(orphans)
    for begin, finding in zip(orphaned["base"], orphaned["customdata"], strict=True):
        assert begin == epoch_ms(orphans[finding].start.time)  # type: ignore[arg-type]
    removed = trace(picture, "being removed")
    assert len(removed["y"]) == len(orphans)
    for base, length, finding in zip(removed["base"], removed["x"], removed["customdata"], strict=True):
        assert abs(base + length - epoch_ms(orphans[finding].end.time)) < 0.001  # type: ignore[arg-type]


def test_marks(incident: Analysis, picture: dict[str, Any]) -> None:
    outage = incident.life.nodes["minion-01"].outages[0]
    assert trace(picture, "kubelet stopped")["x"] == [epoch_ms(outage.start.time)]  # type: ignore[arg-type]
    assert trace(picture, "kubelet started")["x"] == [epoch_ms(outage.end.time)]  # type: ignore[arg-type]
    assert len(trace(picture, "Recovery completed")["x"]) == 1
    assert len(trace(picture, "pod evicted")["x"]) == 2
    assert len(trace(picture, "container ended")["x"]) == 3


def test_every_node_has_bars(incident: Analysis, picture: dict[str, Any]) -> None:
    nodes = {n for t in picture["data"] if t["type"] == "bar" for n in t["meta"]}
    assert nodes == set(incident.life.nodes)


def test_every_finding_has_a_place(incident: Analysis, picture: dict[str, Any]) -> None:
    assert set(picture["focus"]) == {f.id for f in incident.findings}
    assert all(place["spans"] and place["start"] <= place["end"] for place in picture["focus"].values())


def test_colour_is_not_alone(picture: dict[str, Any]) -> None:
    looks = [(t["marker"]["color"], t["marker"]["pattern"]["shape"]) for t in picture["data"] if t["type"] == "bar"]
    assert len({c for c, _ in looks}) == len(looks)
    assert {"orphaned", "being removed", "kubelet down", "API: not Ready"} <= {
        t["name"] for t in picture["data"] if t["type"] == "bar" and t["marker"]["pattern"]["shape"]
    }


def test_stairs_are_the_overshoot(incident: Analysis) -> None:
    shown, without = charts(incident)
    assert without == 0
    for finding in (f for f in incident.findings if f.kind is FindingKind.OVERSHOOT_WINDOW):
        chart = next(c for c in shown if c.controller.title == finding.controller)
        assert chart.wanted is not None
        at = chart.times.index(finding.start.time)  # type: ignore[arg-type]
        assert (chart.running[at], chart.wanted[at]) == (finding.details["peak"], finding.details["desired"])


def test_plotly_accepts_it(picture: dict[str, Any]) -> None:
    objects = pytest.importorskip("plotly.graph_objects")
    for found in (picture, figure(hostile.analysis())):
        objects.Figure(data=found["data"], layout=found["layout"])


def test_what_nothing_happened_to_shares_a_lane_when_there_are_many(incident: Analysis) -> None:
    life = incident.life
    quiet = next(p for p in life.pods if p.node == "minion-02" and p.apps and not p.evicted)
    more = [_copy(quiet, number) for number in range(drawn_lanes.MANY)]
    many = replace(life, pods=[*life.pods, *more], runs=[*life.runs, *(r for p in more for r in p.runs)])
    found = build(Analysis(many, incident.findings, incident.sources, incident.store))
    assert found.note is not None
    assert len(found.lanes) < 30
    assert sum("more containers" in lane.label for lane in found.lanes) == 1
    touched = {f.container_id for f in incident.findings if f.container_id}
    alone = {c for lane in found.lanes if len(lane.containers) == 1 for c in lane.containers}
    assert touched <= alone


def _copy(pod: Pod, number: int) -> Pod:
    twin = replace(pod, uid=f"twin-{number}", name=f"twin-{number}", runs=[], events=[])
    twin.runs = [_run(r, twin, number) for r in pod.apps]
    return twin


def _run(run: Run, pod: Pod, number: int) -> Run:
    return replace(run, container_id=f"{number:08x}{run.container_id[8:]}", pod=pod.name, pod_uid=pod.uid)


def test_json_cannot_leave_its_script() -> None:
    text = script_json({"x": hostile.ALL})
    assert not set("<>&\u2028\u2029") & set(text)


def test_markup_is_neutralised() -> None:
    assert markup("<a href='x'>&amp;\t\x1b$x$") == "&lt;a href='x'&gt;&amp;amp; �&#36;x&#36;"


def test_short_keeps_the_end() -> None:
    assert short("abc", 3) == "abc"
    assert len(short("x" * 99, 30)) == 30
    assert short("example-service-release-33-wp2pd · service", 30).endswith("wp2pd · service")


def test_script_hash_is_what_the_policy_wants() -> None:
    # the example of the CSP specification: alert('Hello, world.');
    assert script_hash("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
