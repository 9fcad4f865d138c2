"""kubelet-outage at its edges: what the control plane made of it, how near it came to that, how sure it is, and how it is told."""

from typing import Any

import pytest

from analyzer.detectors.base import Case
from analyzer.detectors.kubelet_outage import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.orphans import Orphan
from analyzer.lifecycle.readiness import Spell
from analyzer.lifecycle.run import Run
from analyzer.lifecycle.settings import GRACE, TIMEOUT, Setting, Settings, Told
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, at, bounds, case, cited, edge, event, node, not_ready, outage, pod, run

_AWAY = "The kubelet of node-a was down for 1 min 40 s, from 10:01:40.0Z to 10:03:20.0Z (stopped)"


def _case(*outages: Outage, lost: tuple[Spell, ...] = (), **more: Any) -> Case:
    return case(node(A, outages, lost), **more)


def _one(known: Case) -> Finding:
    [found] = DETECTOR.find(known)
    return found


def _evicted(when: float, name: str = "web-1") -> Any:
    return pod(name, evicted=event(when, E.POD_EVICTED, f"evicted at {when:g}"))


def test_all_that_is_said_of_an_outage_that_nobody_noticed() -> None:
    found = _one(_case(outage(edge(100, 1, 2, text="gone"), edge(200, 3, 4, text="back"))))
    assert (found.kind, found.severity, found.confidence, found.expected, found.node) == ("kubelet-outage", "info", "certain", False, A)
    assert (bounds(found.start), bounds(found.end)) == ((99, 100, 102), (197, 200, 204))
    assert found.summary == f"{_AWAY}."
    deadlines = found.details.pop("deadlines")
    assert found.details == {
        "cause": "stopped",
        "effect": "none",
        "containers": [],
        "duration_s": 100.0,
        "by_design": [],
        "not_by_design": [],
    }
    assert [deadlines[k] for k in ("not_ready_after_s", "evicted_after_s", "replaced_after_s")] == [None, None, None]
    assert cited(found) == ["gone", "back"]


def test_an_outage_to_the_end_of_the_evidence() -> None:
    still = _one(_case(outage(100, None)))
    assert still.summary == "The kubelet of node-a was down from 10:01:40.0Z to the end of the evidence (stopped)."
    assert (bounds(still.end), still.details["duration_s"]) == ((None, None, None), None)


# --- what the control plane made of it


def test_all_that_is_said_of_an_outage_with_evictions() -> None:
    ran = pod("web-1", [run("c2", 10), run("c1", 10, 150), run("c0", 10, 90)], evicted=event(180.5, E.POD_EVICTED, "evicted"))
    found = _one(_case(outage(100, 200, "killed"), lost=(not_ready(140.25, 210),), pods=[ran]))
    assert (found.severity, found.details["effect"]) == ("critical", "evicted")
    assert found.summary == (f"{_AWAY.replace('stopped', 'killed')}; 2 container(s) ran on without it; its pods were evicted.")
    assert found.details["containers"] == ["c1", "c2"]
    after = [found.details["deadlines"][k] for k in ("not_ready_after_s", "evicted_after_s", "replaced_after_s")]
    assert after == [40.25, 80.5, None]
    assert found.details["by_design"] == [
        "the node was NotReady once the grace period had passed without a heartbeat",
        "its pods were evicted once the timeout had passed, and replaced elsewhere",
    ]
    assert found.details["not_by_design"] == [
        "2 container(s) ran on with no kubelet to supervise them: nobody could restart or stop them",
        "the kubelet's process ended without being asked to",
    ]
    assert cited(found) == ["gone", "not ready", "evicted", "back"]


@pytest.mark.parametrize(
    ("cause", "meant"), [("killed", False), ("crashed", False), ("stopped", True), ("rebooted", True), ("unknown", True)]
)
def test_a_process_that_ended_unasked_is_not_by_design(cause: str, meant: bool) -> None:
    told = _one(_case(outage(100, 200, cause))).details["not_by_design"]
    assert told == ([] if meant else ["the kubelet's process ended without being asked to"])


@pytest.mark.parametrize(
    ("lost", "effect"),
    [
        (not_ready(99.999, 300), "none"),
        (not_ready(100, 300), "not-ready"),
        (not_ready(199.999, 300), "not-ready"),
        (not_ready(200, 300), "none"),
        (not_ready(150, 300, "kubelet"), "none"),  # what it says of itself
        (not_ready(150, 300, "kubelet", "node-controller"), "not-ready"),
        (not_ready(None, 300), "none"),
    ],
)
def test_the_node_became_not_ready_if_the_api_lost_it_meanwhile(lost: Spell, effect: str) -> None:
    found = _one(_case(outage(100, 200), lost=(lost,)))
    assert found.details["effect"] == effect
    assert found.severity == ("warning" if effect == "not-ready" else "info")
    assert found.summary == (f"{_AWAY}; the node became NotReady." if effect == "not-ready" else f"{_AWAY}.")
    assert bool(found.details["by_design"]) == (effect == "not-ready")


@pytest.mark.parametrize(
    ("when", "lost", "effect"),
    [
        (99.999, None, "none"),
        (100, None, "evicted"),
        (199.999, None, "evicted"),
        (200, None, "none"),
        (200, (150, 300), "evicted"),  # the API had not heard of its return
        (260, (150, 300), "evicted"),
        (260.001, (150, 300), "not-ready"),
        (230, (150, 220), "not-ready"),
        (140, (150, 300), "evicted"),
    ],
)
def test_an_eviction_counts_while_it_was_away_and_until_the_api_had_heard_of_it(
    when: float, lost: tuple[float, float] | None, effect: str
) -> None:
    spells = () if lost is None else (not_ready(*lost),)
    assert _one(_case(outage(100, 200), lost=spells, pods=[_evicted(when)])).details["effect"] == effect


def test_an_eviction_after_an_outage_without_end_is_of_it() -> None:
    assert _one(_case(outage(100, None), lost=(not_ready(150, None),), pods=[_evicted(900)])).details["effect"] == "evicted"


def test_the_first_eviction_of_the_outage_counts() -> None:
    found = _one(_case(outage(100, 200), pods=[_evicted(170, "b"), _evicted(160, "a"), _evicted(50, "c")]))
    assert found.details["deadlines"]["evicted_after_s"] == 60.0
    assert "evicted at 160" in cited(found)
    assert "evicted at 170" not in cited(found)


def _orphan(ran: Run, away: Outage | None, when: float | None) -> Orphan:
    return Orphan(ran, None, "kubelet-down", "removed", edge(100), edge(None), away, None, None if when is None else at(when))


def test_a_replacement_is_an_effect_too_and_the_first_counts() -> None:
    ran, away = run("c", 10), outage(100, 200)
    known = _case(away, runs=[ran])
    known.orphans = [_orphan(ran, away, 170), _orphan(ran, away, 160), _orphan(ran, away, None), _orphan(ran, None, 110)]
    found = _one(known)
    assert found.details["effect"] == "evicted"
    assert found.details["deadlines"]["replaced_after_s"] == 60.0
    assert found.details["not_by_design"][1] == "the old containers ran beside their replacements"
    alone = _case(away)
    alone.orphans = [_orphan(ran, away, 160)]
    assert _one(alone).details["not_by_design"] == []  # nothing ran on


# --- how near it came


def _near(away: Outage, lost: tuple[Spell, ...] = (), pods: tuple[Any, ...] = (), **settings: float) -> str:
    """With settings that are known, the end of the summary."""
    known = _case(away, lost=lost, pods=pods)
    names = {"grace": GRACE, "timeout": TIMEOUT}
    told = {names[k]: Setting(names[k], v, v, v, "flag") for k, v in settings.items()}
    known.settings = Settings(told, Told(known.life))
    return _one(known).summary.rpartition("(stopped)")[2]


@pytest.mark.parametrize(
    ("back", "told"),
    [
        (110, "; the kubelet was back 30 s before NotReady."),  # due 40 s after the start, 30 at the earliest
        (129.5, "; the kubelet was back 10 s before NotReady."),
        (130, "; the kubelet was back about 10 s before NotReady."),
        (139, "; the kubelet was back about 1 s before NotReady."),
        (139.5, "; the kubelet was back just before NotReady."),
        (140, "."),
        (150, "."),
    ],
)
def test_how_near_a_short_outage_came_to_not_ready(back: float, told: str) -> None:
    assert _near(outage(100, back), grace=40) == told


def test_how_near_a_longer_outage_came_to_evictions() -> None:
    told = _near(outage(100, 200), (not_ready(140, 205),), grace=40, timeout=300)
    assert told == "; the node became NotReady; the kubelet was back 162 s before eviction."
    assert _near(outage(100, 200), (not_ready(140, 205),)) == "; the node became NotReady."
    assert _near(outage(100, 200), (not_ready(140, 205),), (_evicted(180),), grace=40, timeout=300) == "; its pods were evicted."
    assert _near(outage(100, None), grace=40) == "."


# --- how sure it is


@pytest.mark.parametrize(
    ("cause", "told"),
    [("stopped", "certain"), ("killed", "certain"), ("crashed", "certain"), ("rebooted", "certain"), ("unknown", "likely")],
)
def test_a_cause_that_is_told_is_certain(cause: str, told: str) -> None:
    assert _one(_case(outage(100, 200, cause))).confidence == told


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (edge(100, 30, 30), "likely"),
        (edge(100, 30, 30.001), "possible"),
        (edge(100, None, 90), "likely"),
        (edge(100, 90, None), "likely"),
    ],
)
def test_a_start_that_is_vague_by_more_than_a_minute_is_a_possibility(start: Edge, told: str) -> None:
    assert _one(_case(outage(start, 200, "unknown"))).confidence == told
    assert _one(_case(outage(start, 200, "stopped"))).confidence == "certain"


def test_a_node_that_was_gone_for_no_known_reason_is_a_possibility() -> None:
    gone = _one(_case(outage(100, 200, "unknown", boot_lost=True)))
    assert (gone.confidence, gone.severity) == ("possible", "warning")
    rebooted = _one(_case(outage(100, 200, "rebooted", boot_lost=True)))
    assert (rebooted.confidence, rebooted.severity) == ("certain", "warning")


def test_a_node_that_was_gone_is_a_warning_at_least() -> None:
    away = outage(100, 200, "rebooted", boot_lost=True)
    assert _one(_case(away, lost=(not_ready(150, 300),))).severity == "warning"
    assert _one(_case(away, pods=[_evicted(150)])).severity == "critical"


@pytest.mark.parametrize(
    ("cause", "unmeasured", "confidence"), [("unknown", True, "possible"), ("rebooted", True, "certain"), ("stopped", False, "certain")]
)
def test_where_only_the_start_is_told_nobody_knows_how_long_it_was_away(cause: str, unmeasured: bool, confidence: str) -> None:
    found = _one(_case(outage(200, 200, cause)))
    told = " for an unknown time until it started at 10:03:20.0Z" if unmeasured else " for 0.0 s, from 10:03:20.0Z to 10:03:20.0Z"
    assert found.summary == f"The kubelet of node-a was down{told} ({cause})."
    assert found.confidence == confidence


def test_each_outage_of_each_node_is_found() -> None:
    nodes: list[NodeLife] = [node(A, [outage(10, 20), outage(30, 40)]), node("node-b", [outage(5, 6, node="node-b")])]
    assert [(f.node, bounds(f.start)[1]) for f in DETECTOR.find(case(*nodes))] == [(A, 10), (A, 30), ("node-b", 5)]
