"""The picture's content: nodes, lanes, states, charts, and where findings are in it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis import Analysis, analyze
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.lifecycle.event_table import Events
from analyzer.outputs.report.columns import Columns, micros
from analyzer.outputs.report.embed import content_hash, name, short, told
from analyzer.outputs.report.lanes import STATES, nodes
from analyzer.outputs.report.picture import picture
from analyzer.outputs.report.replicas import charts
from analyzer.selection import Asked
from analyzer.vocabulary import FindingKind
from bench.report import made_up
from tests.browser import hostile
from tests.outputs.report_model import Model, unpack

ASSETS = Path(__file__).parents[2] / "analyzer" / "outputs" / "report" / "assets"


@pytest.fixture(scope="module")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


@pytest.fixture(scope="module")
def model(incident: Analysis) -> Model:
    return unpack(picture(incident))


def test_nodes_the_gravest_first_and_a_lane_for_each_container(incident: Analysis, model: Model) -> None:
    assert model.say("node_name") == ["minion-01", "minion-02"]
    assert model.columns["node_grave"] == [1, 0]
    assert set(model.say("run_id")) == {r.container_id[:12] for r in incident.life.runs if not r.sandbox}
    lanes = list(zip(model.say("lane_controller"), model.say("lane_pod"), strict=True))
    for node in (0, 1):
        mine = [lanes[at] for at in model.rows("node_lanes", node)]
        assert len(set(mine)) == 1 + sum(a != b for a, b in pairwise(mine))  # what belongs together lies together


def test_orphaned_stretches_are_the_findings(incident: Analysis, model: Model) -> None:
    orphans = {f.id: f for f in incident.findings if f.kind is FindingKind.ORPHANED_CONTAINER}
    looks = model.look("bar_state")
    orphaned = [at for at, look in enumerate(looks) if look == "orphaned"]
    ids = [model.header["findings"][model.columns["bar_finding"][at]] for at in orphaned]
    assert set(ids) == set(orphans)
    for at, identity in zip(orphaned, ids, strict=True):
        assert model.columns["bar_start"][at] == micros(orphans[identity].start.time)  # type: ignore[arg-type]
        assert looks[at + 1] == "being removed"
        assert model.columns["bar_end"][at + 1] == micros(orphans[identity].end.time)  # type: ignore[arg-type]


def test_a_node_s_lanes_with_their_edges(incident: Analysis, model: Model) -> None:
    outage = incident.life.nodes["minion-01"].outages[0]
    bars = list(model.rows("node_bars", 0))
    down = next(at for at in bars if model.look("nb_state")[at] == "kubelet down")
    begin = model.columns["nb_begin"][down]
    assert model.columns["edge_low"][begin] == micros(outage.start.earliest)  # type: ignore[arg-type]
    proofs = [model.columns["edge_proof"][at] for at in model.rows("edge_first", begin)]
    assert [model.say("proof_text")[p] for p in proofs] == [p.text for p in outage.start.proofs[:3]]
    assert model.header["findings"][model.columns["nb_finding"][down]] == next(
        f.id for f in incident.findings if f.kind is FindingKind.KUBELET_OUTAGE
    )
    assert sum(model.look("nb_state")[at] == "not Ready" for at in bars) == 1
    assert [model.say("mark_what")[at] for at in model.rows("node_marks", 0)] == ["Recovery completed"]
    assert sum(t is not None for t in model.columns["lane_evicted"]) == 3


def test_what_nothing_tells_of_is_no_bar(incident: Analysis) -> None:
    life = incident.life
    blind = replace(life.nodes["minion-02"], events=Events.of_list([]), spells=[], has_kubelet_log=False)
    found = list(nodes(replace(incident, life=replace(life, nodes={**life.nodes, "minion-02": blind}))))
    assert [n.untold for n in found] == [[], ["kubelet"]]


def test_holes_are_drawn_where_nothing_was_recorded(incident: Analysis) -> None:
    life = incident.life
    lost = Hole(life.start, life.start + timedelta(seconds=9), "suppressed by journald", "suppressed")
    some = [replace(c, holes=(lost,)) if c.node == "minion-01" and c.source_kind.startswith("journal") else c for c in life.coverage]
    found = unpack(picture(replace(incident, life=replace(life, coverage=some))))
    holes = {found.say("nb_why")[at]: at for at, look in enumerate(found.look("nb_state")) if look == "not recorded"}
    assert found.columns["nb_start"][holes[lost.why]] == micros(life.start)


def test_what_a_node_did_after_its_last_record_is_not_known(incident: Analysis) -> None:
    end = incident.life.end + timedelta(minutes=1)  # as if something else told on
    found = unpack(picture(replace(incident, life=replace(incident.life, end=end))))
    after = [at for at in range(len(found.look("nb_state"))) if found.say("nb_why")[at] == "after its last record"]
    assert {found.look("nb_state")[at] for at in after} == {"not recorded"}
    assert {found.columns["nb_end"][at] for at in after} == {micros(end)}


def test_every_finding_has_a_place(incident: Analysis, model: Model) -> None:
    for number, finding in enumerate(incident.findings):
        lanes = [model.columns["finding_lane"][at] for at in model.rows("finding_lanes", number)]
        chart = model.columns["finding_chart"][number]
        assert lanes or chart >= 0 or finding.node in incident.life.nodes
        if finding.container_id is not None:
            ids = {model.say("run_id")[r] for lane in lanes for r in model.rows("lane_runs", lane)}
            assert finding.container_id[:12] in ids
        if finding.kind is FindingKind.KUBELET_OUTAGE:
            assert len(lanes) == len(finding.details["containers"])
        if finding.kind is FindingKind.OVERSHOOT_WINDOW:
            assert {model.say("lane_pod")[lane] for lane in lanes} == set(finding.details["pods"])
            assert model.say("chart_name")[chart] == finding.controller


def test_stairs_are_the_overshoot(incident: Analysis) -> None:
    shown = charts(incident)
    assert [c.grave for c in shown] == sorted((c.grave for c in shown), reverse=True)
    for finding in (f for f in incident.findings if f.kind is FindingKind.OVERSHOOT_WINDOW):
        chart = next(c for c in shown if c.controller.title == finding.controller)
        assert chart.wanted is not None
        at = chart.times.index(finding.start.time)  # type: ignore[arg-type]
        assert (chart.running[at], chart.wanted[at]) == (finding.details["peak"], finding.details["desired"])


def test_of_a_selection_only_its_own(incident: Analysis) -> None:
    model = unpack(picture(incident.narrowed(Asked(controllers=("example-api-release-12",)))))
    assert model.say("chart_name") == ["ReplicationController/example-api-release-12"]
    assert set(model.say("lane_controller")) == {"ReplicationController/example-api-release-12"}


def test_each_state_has_a_look_of_its_own() -> None:
    """Colours that differ, and beside the calm states a pattern that differs too: colour is not alone."""
    looks = re.findall(r'"([^"]+)": \["(#\w+)", "(#\w+)", "(\w*)"\]', (ASSETS / "js" / "4-looks.js").read_text(encoding="utf-8"))
    by_name = {look[0]: look[1:] for look in looks}
    assert set(STATES) <= set(by_name)
    assert len({look[0] for look in by_name.values()}) == len({look[1] for look in by_name.values()}) == len(by_name)
    assert {s for s in STATES if not by_name[s][2]} == {"supervised", "kubelet up", "Ready"}
    containers = ("running", "adopted", "orphaned", "being removed")
    assert len({by_name[s][2] for s in containers}) == len(containers)


def test_hostile_names_are_cut_to_what_a_name_can_be() -> None:
    model = unpack(picture(hostile.analysis()))
    assert all(len(n or "") <= 253 for column in ("node_name", "lane_pod", "lane_container") for n in model.say(column))


moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(st.lists(st.none() | moments), st.lists(st.integers(-(2**31), 2**31 - 1)), st.binary(), st.lists(st.text()))
def test_columns_come_back_as_they_went(times: list[datetime | None], numbers: list[int], small: bytes, words: list[str]) -> None:
    columns = Columns()
    columns.add("time", when=times)
    columns.add("int", number=numbers)
    columns.add("byte", small=list(small))
    safe = [w.encode("utf-8", "replace").decode() for w in words]
    model = unpack(columns.pack({"words": safe}))
    assert model.columns["when"] == [micros(t) if t else None for t in times]
    assert model.columns["number"] == numbers
    assert model.columns["small"] == list(small)
    assert model.header["words"] == safe


def test_short_keeps_the_end() -> None:
    assert short("abc", 3) == "abc"
    assert len(short("x" * 99, 30)) == 30
    assert short("example-service-release-33-wp2pd · service", 30).endswith("wp2pd · service")
    assert len(name("x" * 10_000)) == 253
    assert told("y" * 10, 4) == "yyyy… (10 characters)"


def test_content_hash_is_what_the_policy_wants() -> None:
    # the example of the CSP specification: alert('Hello, world.');
    assert content_hash("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"


def test_charts_follow_their_findings() -> None:
    """The controller of the gravest window comes first: of many, not all are seen at once."""
    analysis = made_up.incident(600)
    windows = [(f.namespace, f.controller) for f in analysis.findings if f.kind == "overshoot-window" and not f.expected]
    assert len(set(windows)) > 8
    drawn = [(c.controller.namespace, c.controller.title) for c in charts(analysis) if c.grave]
    assert [c for c in drawn if c in windows] == list(dict.fromkeys(windows))
