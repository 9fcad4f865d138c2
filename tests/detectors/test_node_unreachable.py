"""node-unreachable at its edges: whose word it is, what it came from, and how near it was to evictions."""

from typing import Any

import pytest

from analyzer.detectors.base import Case
from analyzer.detectors.node_unreachable import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.readiness import Spell
from analyzer.lifecycle.settings import WAIT, Setting, Settings, Told
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, B, bounds, case, cited, event, node, not_ready, outage, pod, writing


def _one(
    spell: Spell, *outages: Outage, events: tuple[Event, ...] = (), spells: tuple[Any, ...] = (), wait: float | None = None
) -> Finding:
    known: Case = case(node(A, outages, [spell], events, spells))
    if wait is not None:
        known.settings = Settings({WAIT: Setting(WAIT, wait, wait, wait, "observed")}, Told(known.life))
    [found] = DETECTOR.find(known)
    return found


def test_all_that_is_said_of_a_node_that_the_api_lost() -> None:
    found = _one(not_ready(140, 210.5), outage(100, 200))
    assert (found.kind, found.severity, found.confidence, found.expected, found.node) == (
        "node-unreachable",
        "warning",
        "certain",
        False,
        A,
    )
    assert (bounds(found.start)[1], bounds(found.end)[1]) == (140, 210.5)
    assert found.summary == (
        f"The API held node {A} for not Ready for 1 min 10 s, from 10:02:20.0Z to 10:03:30.5Z (cause: kubelet-outage)."
    )
    assert found.details == {"cause": "kubelet-outage", "reported_by": ["node-controller"], "duration_s": 70.5}
    assert cited(found) == ["not ready", "ready"]


def test_a_node_that_was_never_ready_again() -> None:
    found = _one(not_ready(140, None), outage(100, None))
    assert found.summary.endswith("not Ready from 10:02:20.0Z to the end of the evidence (cause: kubelet-outage).")
    assert (bounds(found.end)[1], found.details["duration_s"]) == (None, None)
    unbegun = _one(not_ready(None, 140))
    assert (unbegun.details["cause"], unbegun.details["duration_s"], unbegun.confidence) == ("unknown", None, "likely")


def _cause(*args: Any, **more: Any) -> str:
    return str(_one(*args, **more).details["cause"])


@pytest.mark.parametrize(
    ("start", "by", "cause"),
    [
        (97.999, "node-controller", "unknown"),
        (98, "node-controller", "kubelet-outage"),  # two views of one moment
        (100, "node-controller", "kubelet-outage"),
        (199, "node-controller", "kubelet-outage"),
        (200, "node-controller", "kubelet-outage"),
        (220, "node-controller", "kubelet-outage"),  # its first heartbeat had not come
        (220.001, "node-controller", "unknown"),
        (220.001, "kubelet", "kubelet-outage"),  # it says so itself while it starts
        (260, "kubelet", "kubelet-outage"),
        (260.001, "kubelet", "unknown"),
        (97, "kubelet", "unknown"),
    ],
)
def test_an_outage_is_the_cause_of_what_began_in_it_or_soon_after(start: float, by: str, cause: str) -> None:
    assert _cause(not_ready(start, 300, by), outage(100, 200)) == cause


def test_what_two_say_is_not_the_kubelets_own_word() -> None:
    assert _cause(not_ready(240, 300, "kubelet", "node-controller"), outage(100, 200)) == "unknown"


def test_each_outage_is_looked_at() -> None:
    assert _cause(not_ready(140, 300), outage(10, 20), outage(100, 200)) == "kubelet-outage"
    assert _cause(not_ready(140, 300), outage(10, 20), outage(300, None)) == "unknown"


def test_a_node_that_was_gone_is_a_node_loss_only_if_it_is_seen_to_have_come_up_anew() -> None:
    assert _cause(not_ready(140, 300), outage(100, 200, "rebooted", boot_lost=True)) == "node-loss"
    assert _cause(not_ready(140, 300), outage(100, 200, "unknown", boot_lost=True)) == "unknown"


@pytest.mark.parametrize(("wrote", "cause"), [(140, "unknown"), (140.001, "partition"), (299.999, "partition"), (300, "unknown")])
def test_a_kubelet_that_wrote_meanwhile_was_cut_off(wrote: float, cause: str) -> None:
    lines = (event(wrote, E.POD_ADDED),)
    found = _one(not_ready(140, 300), events=lines)
    assert (found.details["cause"], found.confidence) == (cause, "certain" if cause == "partition" else "likely")
    assert found.summary.endswith(f" (cause: {cause}).")
    assert _cause(not_ready(140, 300, "kubelet"), events=lines) == "unknown"


def test_a_kubelet_that_writes_to_the_end_was_cut_off() -> None:
    assert _cause(not_ready(140, None), events=(event(999, E.POD_ADDED),)) == "partition"


@pytest.mark.parametrize(
    ("spell", "cause"),
    [
        (writing(140, 200), "partition"),
        (writing(140.001, 200), "unknown"),
        (writing(10, 140), "unknown"),
        (writing(10, 140.001), "partition"),
        (writing(10, 200, "/usr/bin/kubelet"), "partition"),
        (writing(10, 200, "sshd"), "unknown"),
        (writing(10, 200, None), "unknown"),
        (writing(10, 200, pid=None), "unknown"),
    ],
)
def test_a_kubelet_process_that_wrote_before_and_after_was_there(spell: Any, cause: str) -> None:
    assert _cause(not_ready(140, 300), spells=(spell,)) == cause


@pytest.mark.parametrize(("reporters", "told"), [(("kubelet",), "info"), (("kubelet", "node-controller"), "warning"), ((), "warning")])
def test_what_the_kubelet_alone_says_is_no_loss(reporters: tuple[str, ...], told: str) -> None:
    found = _one(not_ready(140, 300, *reporters))
    assert found.severity == told
    assert found.details["reported_by"] == (sorted(reporters) or ["node-controller"])
    assert ("reported by the kubelet itself" in found.summary) == (told == "info")
    assert not found.expected


def test_a_starting_kubelet_says_so_as_expected() -> None:
    found = _one(not_ready(205, 215, "kubelet"), outage(100, 200))
    assert found.expected
    assert found.summary.endswith("(reported by the kubelet itself while it started).")
    assert not _one(not_ready(205, 215), outage(100, 200)).expected
    assert not _one(not_ready(205, 215, "kubelet"), outage(100, 200, "rebooted", boot_lost=True)).expected


@pytest.mark.parametrize("kind", [E.RUNTIME_UNREACHABLE, E.RUNTIME_STOPPED, E.RUNTIME_STARTED])
@pytest.mark.parametrize(("when", "away"), [(79.999, False), (80, True), (200, True), (200.001, False)])
def test_a_kubelet_says_so_while_its_runtime_is_away_within_a_minute(kind: E, when: float, away: bool) -> None:
    found = _one(not_ready(140, 300, "kubelet"), events=(event(when, kind, component="systemd"),))
    assert found.expected == away
    assert ("; the container runtime was away)." in found.summary) == away
    assert not _one(not_ready(140, 300), events=(event(when, kind, component="systemd"),)).expected


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (200, "; Ready again about 40 s before its pods were due for eviction."),
        (161, "; Ready again about 1 s before its pods were due for eviction."),
        (160.5, ")."),
        (100, ")."),
    ],
)
def test_how_near_it_came_to_evictions(wait: float, told: str) -> None:
    found = _one(not_ready(140, 300), wait=wait)
    assert found.summary.endswith(told)
    assert found.details["deadlines"]["eviction_margin_s"] == wait - 160
    assert "eviction" not in _one(not_ready(140, None), wait=wait).summary


def test_the_eviction_that_came_is_its_deadline() -> None:
    pods = [
        pod("a", evicted=event(139, E.POD_EVICTED)),
        pod("b", evicted=event(200, E.POD_EVICTED)),
        pod("c", evicted=event(180, E.POD_EVICTED)),
        pod("d", node=B, evicted=event(150, E.POD_EVICTED, node=B)),
    ]
    [found] = DETECTOR.find(case(node(A, lost=[not_ready(140, 300)]), pods=pods))
    assert found.details["deadlines"]["eviction_due_s"] == 40.0
    assert found.summary.endswith(" (cause: unknown).")


def test_each_spell_of_each_node_is_found() -> None:
    nodes = node(A, lost=[not_ready(10, 20), not_ready(30, 40)]), node(B, lost=[not_ready(5, 6, node=B)])
    assert [(f.node, bounds(f.start)[1]) for f in DETECTOR.find(case(*nodes))] == [(A, 10), (A, 30), (B, 5)]
