"""What makes a finding doubtful, and what would settle it: each doubt alone, at its edges.

``tests/lifecycle/test_doubts.py`` has whole incidents; here stand the moments at which a doubt begins.
"""

from typing import Any

import pytest

from analyzer.detectors import orphaned_container
from analyzer.detectors.base import Case
from analyzer.detectors.doubts import tempered
from analyzer.findings import Finding
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.run import Run
from analyzer.proof import Edge
from analyzer.vocabulary import Confidence, Severity
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, B, at, case, controller, edge, event, node, outage, pod, run, writing

_JOURNAL = f"the whole journal of {A} (journalctl without -u) over that time"


def _finding(kind: str, start: Edge, end: Edge, **more: Any) -> Finding:
    fields = {"severity": Severity.WARNING, "confidence": Confidence.CERTAIN, "expected": False, "summary": "so it is", "node": A}
    return Finding(kind=kind, start=start, end=end, **{**fields, **more})


def _doubts(known: Case, finding: Finding) -> list[str]:
    return list(tempered(known, finding).details.get("depends_on", []))


def _hole(start: float, end: float, *, by_nature: bool = False, settled_by: str = "another log") -> Hole:
    return Hole(at(start), at(end), "lines were dropped", "suppressed", by_nature=by_nature, settled_by=settled_by)


def _covered(kind: str, *holes: Hole, of: str | None = A) -> Coverage:
    return Coverage(of, kind, at(0), at(1000), holes)


# --- edges


@pytest.mark.parametrize(
    ("known", "doubtful"),
    [
        (edge(10, 0, 5), False),
        (edge(10, 2.5, 2.5), False),
        (edge(10, 0, 5.001), True),
        (edge(10, 5.001, 0), True),
        (edge(10, None, 0), True),
        (edge(10, 0, None), True),
        (edge(None), False),
    ],
)
def test_an_edge_is_doubtful_if_its_bounds_are_more_than_five_seconds_apart(known: Edge, doubtful: bool) -> None:
    for start, end in ((known, edge(20)), (edge(5), known)):
        found = tempered(case(), _finding("phantom-pod", start, end))
        assert (found.confidence == "likely") == ("depends_on" in found.details) == doubtful


def test_a_vague_edge_is_told_with_its_bounds() -> None:
    found = tempered(case(), _finding("phantom-pod", edge(10, 6, 1), edge(20, None, None)))
    assert found.details == {
        "depends_on": [
            "its start lies somewhere between 10:00:04.0Z and 10:00:11.0Z",
            "its end lies somewhere between an unknown moment and an unknown moment",
        ],
        "settled_by": ["the runtime's events or journal of all nodes over that time"],
    }


@pytest.mark.parametrize(
    ("kind", "settles"),
    [
        ("kubelet-outage", "the node's whole journal over that time"),
        ("adoption", "the node's whole journal over that time"),
        ("node-unreachable", "the controller-manager's log, the audit log or a watch of the API over that time"),
        ("clock-skew", "pod objects and events of the same pods"),
        ("overshoot-window", "the runtime's events or journal of all nodes over that time"),
        ("installed-by-others", "more of the sources that tell of it"),
    ],
)
def test_what_would_settle_an_edge(kind: str, settles: str) -> None:
    assert tempered(case(), _finding(kind, edge(10, None), edge(20))).details["settled_by"] == [settles]


def test_a_finding_without_doubts_stays_as_it_is() -> None:
    sure = _finding("phantom-pod", edge(10), edge(20), details={"cause": "x"})
    assert tempered(case(), sure) is sure


@pytest.mark.parametrize("level", list(Confidence))
def test_a_doubt_makes_nothing_surer_and_its_details_stay(level: Confidence) -> None:
    found = tempered(case(), _finding("phantom-pod", edge(10, None), edge(20), confidence=level, details={"cause": "x"}))
    assert found.confidence == (Confidence.LIKELY if level == Confidence.CERTAIN else level)
    assert found.details["cause"] == "x"


# --- outages


def _of_outage(away: Outage, *events: Event, coverage: tuple[Coverage, ...] = (), spells: tuple[Any, ...] = ()) -> list[str]:
    known = case(node(A, [away], events=events, spells=spells), coverage=list(coverage))
    return _doubts(known, _finding("kubelet-outage", away.start, away.end))


def _report(when: float) -> Event:
    return event(when, E.CONTAINER_SEEN_RUNNING, component="api", attributes={"reporter": "kubelet"})


def test_an_outage_with_lines_at_both_ends_is_certain() -> None:
    assert _of_outage(outage(100, 200)) == []


def test_an_outage_is_known_by_node_and_start() -> None:
    away = outage(100, 200, "unknown")
    assert _doubts(case(node(A, [away])), _finding("kubelet-outage", edge(101), away.end)) == []
    assert _doubts(case(node(A, [away])), _finding("kubelet-outage", away.start, away.end, node=B)) == []


def test_an_end_that_no_line_tells_is_a_doubt() -> None:
    away = outage(100, 200, "unknown")
    found = tempered(case(node(A, [away])), _finding("kubelet-outage", away.start, away.end))
    assert (found.confidence, found.details["depends_on"]) == ("likely", ["no line tells how the kubelet's process ended"])
    assert found.details["settled_by"] == [_JOURNAL]


@pytest.mark.parametrize(("heard", "doubtful"), [(102, False), (102.001, True), (150, True), (197.999, True), (198, False)])
def test_what_the_api_heard_of_the_kubelet_well_within_an_outage_is_a_doubt(heard: float, doubtful: bool) -> None:
    away = outage(100, 200)
    found = tempered(case(node(A, [away], events=[_report(heard)])), _finding("kubelet-outage", away.start, away.end))
    assert found.confidence == ("possible" if doubtful else "certain")
    if doubtful:
        assert found.details["settled_by"] == [_JOURNAL]


@pytest.mark.parametrize(
    ("start", "end", "doubtful"),
    [(50, 95, False), (50, 95.001, True), (204.999, 300, True), (205, 300, False), (120, 130, True)],
)
@pytest.mark.parametrize("kind", ["journal", "klog", "docker"])
def test_a_hole_in_the_logs_within_five_seconds_of_an_outage_is_a_doubt(kind: str, start: float, end: float, doubtful: bool) -> None:
    doubts = _of_outage(outage(100, 200), coverage=(_covered(kind, _hole(start, end)),))
    assert doubts == ([f"lines are missing on {A}: lines were dropped"] if doubtful and kind != "docker" else [])


def test_a_hole_that_the_source_has_by_nature_is_none_and_what_settles_one_may_not_be_known() -> None:
    away = outage(100, 200)
    assert _of_outage(away, coverage=(_covered("journal", _hole(120, 130, by_nature=True)),)) == []
    several = _covered("journal", _hole(110, 115, by_nature=True), _hole(120, 130, settled_by=""))
    found = tempered(case(node(A, [away]), coverage=[several]), _finding("kubelet-outage", away.start, away.end))
    assert found.details["settled_by"] == ["more of the sources that tell of it"]


_SILENCE = ["that the kubelet did not come back before the end is told by silence alone"]


def test_an_outage_without_an_end_is_told_by_silence() -> None:
    assert _of_outage(outage(100, None)) == _SILENCE
    assert _of_outage(outage(100, 200)) == []


@pytest.mark.parametrize("kind", [E.NODE_HEARTBEAT_MISSED, E.NODE_NOT_READY])
@pytest.mark.parametrize(("missed", "settled"), [(984.999, False), (985, True), (1000, True)])
def test_heartbeats_missed_until_the_end_settle_that_it_did_not_come_back(kind: E, missed: float, settled: bool) -> None:
    assert _of_outage(outage(100, None), event(missed, kind)) == ([] if settled else _SILENCE)
    assert _of_outage(outage(100, None), event(missed, kind), event(500, E.NODE_READY)) == _SILENCE
    assert _of_outage(outage(100, None), event(missed, kind), event(99, E.NODE_READY)) == ([] if settled else _SILENCE)


def test_heartbeats_missed_before_a_late_outage_say_nothing_of_it() -> None:
    assert _of_outage(outage(995, None), event(990, E.NODE_HEARTBEAT_MISSED)) == _SILENCE
    assert _of_outage(outage(995, None), event(995, E.NODE_HEARTBEAT_MISSED)) == []


@pytest.mark.parametrize(
    ("start", "until", "identifier", "source", "settled"),
    [
        (100, 160, "sshd", "journal", True),  # a minute is enough
        (100, 170, "sshd", "journal", True),
        (100, 159.999, "sshd", "journal", False),
        (100, 160, "systemd", "journal", False),  # it tells of the unit: nothing else
        (100, 160, None, "journal", False),
        (100, 160, "sshd", "another", False),
        (100, 160, "kubelet", "journal", False),
        (950, 1000, "sshd", "journal", True),  # no minute is left: to the end
        (950, 999, "sshd", "journal", False),
    ],
)
def test_the_rest_of_the_journal_that_goes_on_settles_it_too(
    start: float, until: float, identifier: str | None, source: str, settled: bool
) -> None:
    spells = (writing(0, start - 1), writing(50, until, identifier, source=source))
    assert _of_outage(outage(start, None), spells=spells) == ([] if settled else _SILENCE)


def test_a_journal_that_ends_with_the_kubelet_settles_nothing() -> None:
    assert _of_outage(outage(1000, None), spells=(writing(0, 999), writing(0, 1000, "sshd"))) == _SILENCE
    assert _of_outage(outage(999, None), spells=(writing(0, 999), writing(0, 1000, "sshd"))) == []


def test_an_outage_whose_start_is_before_the_evidence_depends_on_nothing_more() -> None:
    assert _of_outage(outage(None, 200, "unknown")) == []


# --- orphans


def _orphans(ran: Run, *nodes: NodeLife, coverage: tuple[Coverage, ...] = (), marked: Edge | None = None) -> tuple[Case, Finding]:
    known = case(*nodes, pods=[pod("web-1", [ran], marked=marked)], coverage=list(coverage))
    [found] = orphaned_container.DETECTOR.find(known)
    return known, found


def _seen(when: float, kind: E = E.CONTAINER_SEEN_RUNNING) -> Event:
    return event(when, kind)


def _orphan_doubts(ran: Run, *nodes: NodeLife, **more: Any) -> list[str]:
    return _doubts(*_orphans(ran, *nodes, **more))


def test_an_orphan_seen_at_both_ends_is_certain() -> None:
    assert _orphan_doubts(run("c", 100, 150), node(A, [outage(100, 200)])) == []


def test_an_orphan_depends_on_what_its_outage_depends_on() -> None:
    assert _orphan_doubts(run("c", 100, 150), node(A, [outage(100, 200, "unknown")])) == ["no line tells how the kubelet's process ended"]


def test_an_orphan_without_a_name_may_be_a_sandbox() -> None:
    known, found = _orphans(run("c", 100, 150, container=None), node(A, [outage(100, 200)]))
    assert _doubts(known, found) == ["its name is not told: it may be the pod's sandbox, which is no orphan"]
    assert tempered(known, found).details["settled_by"] == [f"docker inspect, crictl inspect or the runtime's journal of {A}"]


@pytest.mark.parametrize(("start", "end", "doubtful"), [(50, 95, False), (50, 96, True), (154, 300, True), (155, 300, False)])
@pytest.mark.parametrize("kind", ["docker", "containerd", "journal"])
def test_a_hole_in_the_runtimes_events_while_it_ran_alone_is_a_doubt(kind: str, start: float, end: float, doubtful: bool) -> None:
    away = node(A, [outage(100, 151)])
    doubts = _orphan_doubts(run("c", 100, 150), away, coverage=(_covered(kind, _hole(start, end)),))
    expected = doubtful if kind != "journal" else end > 95 and start < 156
    assert bool([d for d in doubts if d.startswith("lines are missing")]) == expected


@pytest.mark.parametrize(("last", "doubtful"), [(198, False), (197.999, True)])
def test_a_spell_that_runs_on_past_its_last_sign_is_told_by_silence(last: float, doubtful: bool) -> None:
    ran = run("c", 100, None, noticed=[_seen(last)], kills=[])
    away = node(A, [outage(100, 200)])
    doubts = _orphan_doubts(ran, away)
    told = "that it ran to 10:03:20.0Z is told by the silence of the runtime's events: nothing shows it running after 10:03:17.9Z"
    assert doubts == ([told] if doubtful else [])


def test_a_spell_without_any_sign_is_told_by_silence_from_its_start() -> None:
    doubts = _orphan_doubts(run("c", None), node(A, [outage(100, 200)]))
    assert doubts == [
        "that it ran to 10:03:20.0Z is told by the silence of the runtime's events: nothing shows it running at all",
        "no sign shows it running when the spell began",
    ]


@pytest.mark.parametrize(("first", "doubtful"), [(102, False), (102.001, True)])
def test_a_spell_that_begins_before_its_first_sign_is_doubtful(first: float, doubtful: bool) -> None:
    ran = run("c", None, edge(150, text="end"), noticed=[_seen(first)])
    assert _orphan_doubts(ran, node(A, [outage(100, 200)])) == (["no sign shows it running when the spell began"] if doubtful else [])


def test_a_living_kubelet_would_have_told_of_its_end_but_not_of_a_pod_that_is_to_go() -> None:
    """The control plane asked at 100 that the pod go; the kubelet, that tells of its containers, writes on and does nothing."""
    told = [event(20, E.CONTAINER_SEEN_RUNNING), event(30, E.POD_ADDED)]
    alive = node(A, events=told, spells=[writing(0, 1000)])
    ran = run("c", 10)
    doubts = _orphan_doubts(ran, alive, marked=edge(100))
    assert any("nothing shows it running after 10:00:10.0Z" in d for d in doubts)


def test_an_orphan_through_several_outages_takes_the_kubelets_between_for_idle() -> None:
    """The second kubelet ended before it had recovered."""
    recovered = event(50, E.RECOVERY_COMPLETED)
    between = node(A, [outage(100, 150), outage(155, 200)], events=[recovered])
    known, found = _orphans(run("c", 100, 199), between)
    told = "a kubelet that lived in between is taken to have looked at no pod: it is not said to have recovered"
    assert _doubts(known, found) == [told]
    assert tempered(known, found).details["settled_by"] == [f"the whole journal of {A} over that time"]
    assert _orphan_doubts(run("c", 100, 152), between) == []  # it ended before the second


@pytest.mark.parametrize(
    ("back", "ended", "doubtful"),
    [
        (edge(200, 10, 10), 190, True),
        (edge(200, 10, 10), 189.999, False),
        (edge(200, 10, 10), 210, True),
        (edge(200, 10, 10), 210.001, False),
        (edge(200, 2, 2), 199, False),  # it is known well when the kubelet was back
        (edge(200, None, 10), 150, True),
        (edge(200, 10, None), 300, True),
    ],
)
def test_an_end_within_the_bounds_of_the_return_may_be_the_kubelets(back: Edge, ended: float, doubtful: bool) -> None:
    known, found = _orphans(run("c", 100, ended), node(A, [outage(100, back)]))
    told = "whether the kubelet ended it or was still away cannot be told"
    assert (told in _doubts(known, found)) == doubtful
    if doubtful:
        assert any(s.startswith(f"the journal of {A} about 10:0") for s in tempered(known, found).details["settled_by"])


@pytest.mark.parametrize(("signalled", "doubtful"), [(150, True), (150.001, False)])
def test_an_end_by_a_hand_while_the_kubelet_is_said_to_be_away_is_doubtful(signalled: float, doubtful: bool) -> None:
    ran = run("c", 100, 150, kills=[event(signalled, E.CONTAINER_SIGNALLED)])
    doubts = _orphan_doubts(ran, node(A, [outage(100, 200)]))
    assert ("whether the kubelet ended it or was still away cannot be told" in doubts) == doubtful


# --- adoptions


def _adopted(away: Outage, *runs: Run, **more: Any) -> list[str]:
    known = case(node(A, [away], **more), runs=runs)
    return _doubts(known, _finding("adoption", away.end, away.end, details={"adopted": [r.container_id for r in runs]}))


def _met_again(name: str = "c", **more: Any) -> Run:
    return run(name, 10, None, noticed=[_seen(205)], **more)


def test_an_adoption_that_the_kubelet_tells_is_certain() -> None:
    assert _adopted(outage(100, 200), _met_again()) == []


def test_an_adoption_depends_on_what_its_outage_depends_on() -> None:
    assert _adopted(outage(100, 200, "unknown"), _met_again()) == ["no line tells how the kubelet's process ended"]
    told = ["when the kubelet had gone is not known: what it left running is"]
    assert _adopted(outage(edge(100, 6), 200), _met_again()) == told


def test_containers_without_names_may_be_sandboxes() -> None:
    assert _adopted(outage(100, 200), _met_again(), _met_again("d", container=None)) == [
        "the names of some are not told: they may be sandboxes of pods"
    ]
    ended = run("d", 10, 150, container=None)
    assert _adopted(outage(100, 200), _met_again(), ended) == []


def test_that_one_ran_on_may_be_told_by_silence() -> None:
    told = ["that all of them ran on is told by the silence of the runtime's events"]
    assert _adopted(outage(100, 200), _met_again(), run("d", 10)) == told
    assert _adopted(outage(100, 200), run("c", 10), run("d", 10)) == told
    assert _adopted(outage(100, 200), run("c", None)) == told
    assert _adopted(outage(100, 200), run("c", 10, 150)) == []  # it is not said to have run then


def test_only_those_said_to_be_adopted_must_have_run_on() -> None:
    away = outage(100, 200)
    known = case(node(A, [away]), runs=[run("c", 10)])
    assert _doubts(known, _finding("adoption", away.end, away.end, details={"adopted": []})) == []
    assert _doubts(known, _finding("adoption", away.end, away.end)) == []


def test_an_adoption_is_known_by_node_and_return() -> None:
    away = outage(100, 200, "unknown")
    assert _doubts(case(node(A, [away])), _finding("adoption", edge(201), edge(201))) == []
    still = outage(100, None, "unknown")
    assert _doubts(case(node(A, [still])), _finding("adoption", edge(None), edge(None))) == []


# --- counts of pods


def _over(*runs: Run, start: float = 100, end: float | None = 200, wanted: int | None = 0, **more: Any) -> tuple[Case, Finding]:
    made = controller(*(pod(f"p{n}", [r]) for n, r in enumerate(runs)), wanted=wanted)
    known = case(pods=made.pods, controllers=[made], **more)
    fields = {"namespace": "default", "controller": made.title, "node": None, "details": {"cause": "orphan"}}
    return known, _finding("overshoot-window", edge(start), edge(end), **fields)


def test_more_pods_that_surely_ran_are_certain() -> None:
    assert _doubts(*_over(run("c", 100, 200))) == []
    assert _doubts(*_over(run("c", 100, 1000), end=None)) == []


@pytest.mark.parametrize(
    ("start", "end", "surely"),
    [
        (102, 200, None),
        (102.5, 200, "10:01:42.5Z to 10:03:20.0Z (1 min 37 s)"),
        (100, 198, None),
        (100, 197.5, "10:01:40.0Z to 10:03:17.5Z (1 min 37 s)"),
    ],
)
def test_what_lasted_for_certain_is_told_where_it_is_shorter_by_two_seconds(start: float, end: float, surely: str | None) -> None:
    known, found = _over(run("c", start, end))
    assert _doubts(known, found) == ([f"surely it lasted from {surely}; the rest is told by silence"] if surely else [])
    if surely:
        assert tempered(known, found).details["settled_by"] == [f"docker inspect, crictl inspect or the runtime's journal of {A}"]


def test_of_several_sure_stretches_the_longest_is_told() -> None:
    told = "surely it lasted from 10:01:50.0Z to 10:02:30.0Z (40.0 s); the rest is told by silence"
    assert _doubts(*_over(run("c", 100, 105), run("d", 110, 150), run("e", 190, 200))) == [told]
    whole = _doubts(*_over(run("c", 100, 149), run("d", 151, 200)))
    assert whole == ["surely it lasted from 10:01:40.0Z to 10:02:29.0Z (49.0 s); the rest is told by silence"]


def test_that_they_ran_at_once_may_be_told_by_silence_alone() -> None:
    known, found = _over(run("c", 50), run("d", None, node=B), wanted=1)
    known.life.pods[1].node = B
    assert _doubts(known, found) == ["that all these pods ran at once is told by the silence of the runtime's events alone"]
    assert tempered(known, found).details["settled_by"] == [f"docker inspect, crictl inspect or the runtime's journal of {A}, {B}"]


def test_a_cause_that_is_not_known_and_lines_that_are_missing_are_doubts() -> None:
    known, found = _over(run("c", 100, 200), coverage=[_covered("docker", _hole(150, 160))])
    assert _doubts(known, found) == [f"lines are missing on {A}: lines were dropped"]
    known, found = _over(run("c", 100, 200), coverage=[_covered("docker", _hole(150, 160), of=B)])
    assert _doubts(known, found) == []
    found.details["cause"] = "unknown"
    assert _doubts(known, found) == ["nothing in the evidence explains it"]


@pytest.mark.parametrize("wanted", [None, 0])
def test_an_overshoot_of_no_known_number_or_start_is_left(wanted: int | None) -> None:
    known, found = _over(run("c", None), wanted=wanted)
    assert bool(_doubts(known, found)) == (wanted is not None)
    unbegun = _finding("overshoot-window", edge(None), found.end, namespace="default", controller=found.controller)
    assert _doubts(known, unbegun) == []
    assert _doubts(known, _finding("overshoot-window", found.start, found.end, namespace="other", controller=found.controller)) == []


@pytest.mark.parametrize(("cause", "doubtful"), [("unknown", True), ("starting", True), ("crash", False), ("rollout", False)])
def test_too_few_pods_for_no_reason_may_have_been_filled_unseen(cause: str, doubtful: bool) -> None:
    doubts = _doubts(case(), _finding("undershoot-window", edge(1), edge(2), details={"cause": cause}))
    assert doubts == (["a pod that started unseen would fill it"] if doubtful else [])


@pytest.mark.parametrize(
    ("ran", "doubtful"),
    [
        (run("c", 940), False),  # seen within the last minute
        (run("c", 950), False),
        (run("c", 939), True),
        (run("c", None), True),
        (run("c", 10, 20), False),  # it is not one of those that run
    ],
)
def test_pods_of_which_nothing_was_seen_for_a_minute_may_have_moved(ran: Run, doubtful: bool) -> None:
    made = controller(pod("p", [ran]))
    found = _finding("imbalance", edge(100), edge(None), namespace="default", controller=made.title)
    doubts = _doubts(case(pods=made.pods, controllers=[made]), found)
    assert doubts == (["that the pods stayed where they are is told by silence"] if doubtful else [])
    assert _doubts(case(), found) == []


def test_a_kubelet_that_tells_of_its_containers_and_writes_on_shows_that_they_stayed() -> None:
    made = controller(pod("p", [run("c", 10)]))
    found = _finding("imbalance", edge(100), edge(None), namespace="default", controller=made.title)
    tells, spells = [event(5, E.CONTAINER_SEEN_RUNNING)], [writing(0, 1000)]
    assert _doubts(case(node(A, events=tells, spells=spells), pods=made.pods, controllers=[made]), found) == []
    assert len(_doubts(case(node(A, events=tells), pods=made.pods, controllers=[made]), found)) == 1
