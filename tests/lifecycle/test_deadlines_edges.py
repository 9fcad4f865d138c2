"""Deadlines, to the number: from which setting, from which moment, and what each bound of it adds."""

from collections.abc import Iterable
from typing import Any

import pytest

from analyzer.lifecycle.deadlines import Due, deadlines, of_spell
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.readiness import Spell
from analyzer.lifecycle.settings import GRACE, HEARTBEAT, NOT_READY, PERIOD, TIMEOUT, UNREACHABLE, WAIT, Setting, Settings, Told
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, B
from tests.lifecycle.pieces import edge, event, life, node, not_ready, proof, run

KNOWN: dict[str, tuple[float, float, float]] = {
    GRACE: (16, 14, 17),
    PERIOD: (2, 1.5, 2.25),
    HEARTBEAT: (4, 3.5, 4.5),
    UNREACHABLE: (20, 19, 22),
    NOT_READY: (60, 58, 61),
    TIMEOUT: (40, 38, 43),
    WAIT: (24, 23, 27),
}
STOPPED = (edge(100, 99.5, 100.25, proof(100)), edge(112, 111, 112.5))
TAINTS = pieces.pod("web-a", run("web-a", 1), tolerates={"unreachable": 20})
"""A pod with a toleration: the cluster evicts by taints."""
OLD = pieces.pod("web-a", run("web-a", 1))


Values = dict[str, tuple[float, float, float]]


def settings(of: Lifecycle, *names: str, known: Values | None = None) -> Settings:
    values: Values = KNOWN | (known or {})
    return Settings({n: Setting(n, *values[n], "flag", (proof(0, n), proof(1, n))) for n in names}, Told(of))


def told(
    *names: str,
    away: Outage | None = None,
    pods: Iterable[Pod] = (TAINTS,),
    lost: Spell | None = None,
    evicted: Event | None = None,
    events: Iterable[Event] = (),
    manager: Iterable[Event] = (),
    known: Values | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """What the findings document says of an outage from 100 to 112, and what is cited. ``events``: of the node; ``manager``: of none."""
    mine = away or pieces.outage(*STOPPED)
    of = life(node(A, [mine], [], *events), node(B), pods=pods, events=[*events, *manager], end=200)
    found = deadlines(of, settings(of, *names, known=known), mine, lost, evicted)
    return found.document(mine), [f"{p.source}@{pieces.seconds(p.time):g} {p.proves}".strip() for p in found.proofs]


def dues(document: dict[str, Any], what: str) -> list[Any]:
    """Lowest, best and highest, of the deadline and of the margin."""
    found: list[Any] = []
    for each in ("due", "margin"):
        low, high = document[f"{what}_{each}_bounds_s"] or (None, None)
        found += [low, document[f"{what}_{each}_s"], high]
    return found


ALL = (GRACE, PERIOD, HEARTBEAT, UNREACHABLE, NOT_READY, TIMEOUT, WAIT)


def disruption(second: float, state: str) -> Event:
    return event(second, E.MASTER_DISRUPTION, "controller-manager", attributes={"state": state})


def missed(second: float, silent: float, status: str = "True") -> Event:
    more = {"silent_s": silent, "condition": "Ready", "status": status}
    return event(second, E.NODE_HEARTBEAT_MISSED, "controller-manager", node=A, attributes=more)


def queued(second: float, reason: str = "") -> Event:
    return event(second, E.NODE_TAINT_QUEUED, "controller-manager", node=A, attributes={"reason": reason} if reason else {})


def test_a_margin_is_smallest_with_the_latest_return_and_largest_with_the_earliest() -> None:
    away = pieces.outage(edge(100), edge(112, 111, 112.5))
    assert Due(30, 25, 40).margin(away) == Due(18, 12.5, 29)
    assert Due(30, 25, 40).margin(pieces.outage(edge(100), edge(112, None, None, proof(1)))) == Due(18, 13, 28)
    assert Due(30, 25, 40).margin(pieces.outage(edge(100), edge(112, 95, 112))) == Due(18, 13, 40), "it was away for no time at least"
    assert Due(30, 25, 40).margin(pieces.outage(edge(100))) is None, "it never came back"
    assert Due(30, 25, 40).margin(pieces.outage(edge(None, 90, 95), edge(112))) is None


def test_from_the_last_heartbeat_at_the_looks_of_the_node_controller() -> None:
    """The heartbeat was up to an interval before the stop; a look is up to a period late; then the taint, at the look after."""
    document, cited = told(*ALL)
    assert dues(document, "not_ready") == [9, 16, 21.75, -3.5, 4, 10.75]
    assert dues(document, "eviction") == [28, 38, 47, 15.5, 26, 36]
    assert list(document["settings"]) == [GRACE, PERIOD, HEARTBEAT, UNREACHABLE]
    assert document["settings"][PERIOD] == {"value_s": 2, "from": "flag", "assumed": False, "bounds_s": [1.5, 2.25]}
    assert cited == [f"{GRACE}@0", f"{PERIOD}@0", f"{HEARTBEAT}@0", f"{UNREACHABLE}@0"], "of each setting one proof"
    assert "notes" not in document
    assert "by_default" not in document


def test_what_is_not_known_is_kubernetes_default_and_named() -> None:
    document, cited = told(GRACE)
    assert dues(document, "not_ready") == [3.5, 16, 27.25, -9, 4, 16.25]
    assert dues(document, "eviction") == [23.5, 41, 53.25, 11, 29, 42.25]
    assert {name: s["assumed"] for name, s in document["settings"].items()} == {
        GRACE: False,
        HEARTBEAT: True,
        PERIOD: True,
        UNREACHABLE: False,
    }
    assert cited == [f"{GRACE}@0"]


def test_no_deadline_is_before_the_stop() -> None:
    """A grace period shorter than the heartbeat's interval would end before it."""
    document, _ = told(*ALL, known={GRACE: (1, 0.5, 1.5), HEARTBEAT: (10, 9, 11)})
    assert dues(document, "not_ready")[:3] == [0, 0, 6.25]


@pytest.mark.parametrize("away", [(edge(None, 90, 100), edge(112)), (edge(112), edge(112))], ids=["unknown", "at-its-end"])
def test_of_an_outage_whose_start_is_not_known_nothing_is_due(away: tuple[Edge, Edge]) -> None:
    document, _ = told(*ALL, away=pieces.outage(*away))
    assert dues(document, "not_ready") == dues(document, "eviction") == [None] * 6
    assert document["settings"] == {}


@pytest.mark.parametrize("start", [edge(100, None, 100, proof(1)), edge(100, 99, None, proof(1))], ids=["low", "high"])
def test_without_a_bound_of_the_stop_the_clock_is_not_known(start: Edge) -> None:
    document, _ = told(*ALL, away=pieces.outage(start, STOPPED[1]))
    assert dues(document, "not_ready") == [None] * 6
    assert list(document["settings"]) == [GRACE, PERIOD]


def test_a_logged_silence_tells_when_the_clock_began() -> None:
    """'hasn't been updated for 12 s' at 110: since 98. What was said of an earlier silence is not of this one."""
    away = pieces.outage(STOPPED[0], edge(150))
    document, _ = told(*ALL, away=away, events=[missed(50, 9), missed(110, 12)])
    assert dues(document, "not_ready") == [12, 15, 17.25, -38, -35, -32.75]
    assert list(document["settings"]) == [GRACE, PERIOD, UNREACHABLE], "no heartbeat's interval is needed"
    assert told(*ALL, away=away, events=[missed(150, 50)])[0]["not_ready_due_s"] == 16, "the outage was over"


def test_what_happened_is_no_forecast() -> None:
    document, cited = told(*ALL, lost=not_ready(108, 130, latest=108.75))
    assert dues(document, "not_ready") == [8, 8, 8.75, -4.5, -4, -2.25]
    assert dues(document, "eviction") == [27, 30, 34, 14.5, 18, 23]
    assert list(document["settings"]) == [GRACE, PERIOD, UNREACHABLE]
    assert cited == [f"{GRACE}@0", f"{PERIOD}@0", f"{UNREACHABLE}@0"]


@pytest.mark.parametrize(
    ("second", "reason", "counts"),
    [(109.5, "", True), (107, "", True), (112, "", True), (106.9, "", False), (112.1, "", False), (109.5, "NotReady", False)],
)
def test_the_toleration_counts_from_the_taint(second: float, reason: str, counts: bool) -> None:
    document, cited = told(*ALL, lost=not_ready(108, 130, latest=108.75), events=[queued(second, reason)])
    after = second - 100
    assert dues(document, "eviction")[:3] == pytest.approx([after + 19, after + 20, after + 23] if counts else [27, 30, 34])
    assert (cited[-1] == f"controller-manager.log@{second:g} it is about to be tainted as unreachable") == counts


@pytest.mark.parametrize(
    ("end", "noted"), [(134.1, True), (134, False), (133.9, False), (None, False)], ids=["later", "then", "earlier", "never"]
)
def test_an_eviction_that_fell_due_and_is_not_told_is_noted(end: float | None, noted: bool) -> None:
    away = pieces.outage(STOPPED[0], edge(end) if end is not None else None)
    document, _ = told(*ALL, away=away, lost=not_ready(108, 190, latest=108.75))
    assert dues(document, "eviction")[:3] == [27, 30, 34]
    assert document.get("notes", []) == (["no eviction is in the evidence, though it fell due"] if noted else [])
    assert "notes" not in told(*ALL, away=pieces.outage(STOPPED[0], edge(190)))[0], "the API never lost it: it may not have fallen due"


def test_an_eviction_that_is_told_is_the_deadline() -> None:
    evicted = event(115, E.POD_EVICTED, "api", resolution=1_000_000)
    document, _ = told(*ALL, lost=not_ready(108, 130), evicted=evicted)
    assert dues(document, "eviction") == [15, 15, 16, 2.5, 3, 5], "what the API writes has whole seconds"
    assert list(document["settings"]) == [GRACE, PERIOD, UNREACHABLE]
    document, _ = told(*ALL, pods=[OLD], lost=not_ready(108, 130), evicted=evicted)
    assert list(document["settings"]) == [GRACE, PERIOD, TIMEOUT]
    document, _ = told(GRACE, pods=[OLD], evicted=evicted)
    assert list(document["settings"]) == [GRACE, HEARTBEAT, PERIOD], "nothing tells the timeout"


@pytest.mark.parametrize(
    ("timeout", "expected"),
    [((40, 38, 43), [16, 25, 48.75]), ((10, 9, 11), [9, 18, 25])],
    ids=["from-the-heartbeat", "not-before-not-ready"],
)
def test_by_the_timeout_from_the_heartbeat_or_less_the_grace_period(timeout: tuple[float, float, float], expected: list[float]) -> None:
    """As versions differ (see settings), the bounds hold for either rule."""
    document, _ = told(*ALL, pods=[OLD], known={TIMEOUT: timeout})
    assert dues(document, "eviction")[:3] == expected
    assert list(document["settings"]) == [GRACE, PERIOD, HEARTBEAT, TIMEOUT]


@pytest.mark.parametrize("names", [(GRACE, PERIOD, HEARTBEAT, WAIT), (PERIOD, HEARTBEAT, TIMEOUT, WAIT), (PERIOD, TIMEOUT)])
def test_where_the_timeout_says_nothing_what_was_seen_elsewhere_does(names: tuple[str, ...]) -> None:
    document, _ = told(*names, pods=[OLD], lost=not_ready(108, 130, latest=108.75))
    assert dues(document, "eviction")[:3] == ([31, 32, 35.75] if WAIT in names else [None] * 3)
    assert (WAIT in document["settings"], TIMEOUT in document["settings"]) == (WAIT in names, False)


def test_with_a_clock_that_is_not_known_the_timeout_says_nothing() -> None:
    away = pieces.outage(edge(100, None, 100, proof(1)), STOPPED[1])
    document, _ = told(GRACE, PERIOD, TIMEOUT, away=away, pods=[OLD], lost=not_ready(108, 130))
    assert document["eviction_due_s"] is None


# --- evictions rest while no node is Ready

RESTED = "all nodes were NotReady (master disruption mode): evictions rested"
ANEW = "all nodes were NotReady for a while (master disruption mode): the time to the eviction began anew"


@pytest.mark.parametrize(
    ("states", "expected", "notes"),
    [
        ([(105, "entered")], [None] * 3, [RESTED]),
        ([(100, "entered")], [None] * 3, [RESTED]),
        ([(112, "entered")], [None] * 3, [RESTED]),
        ([(99.9, "entered")], [28, 38, 47], None),
        ([(112.1, "entered")], [28, 38, 47], None),
        ([(105, "exited")], [28, 38, 47], None),
        ([(102, "exited"), (105, "entered")], [None] * 3, [RESTED]),
        ([(105, "entered"), (105, "exited")], [None] * 3, [RESTED]),
        ([(105, "entered"), (105.5, "exited")], [28, 38, 47], [ANEW]),
        ([(105, "entered"), (112, "exited")], [31, 38, 47], [ANEW]),
        ([(105, "entered"), (112.5, "exited")], [None] * 3, [RESTED]),
    ],
)
def test_a_rest_within_the_outage_begins_the_count_anew(
    states: list[tuple[float, str]], expected: list[float | None], notes: list[str] | None
) -> None:
    document, cited = told(*ALL, manager=[disruption(*s) for s in states])
    assert dues(document, "eviction")[:3] == expected
    assert document.get("notes") == notes
    assert any("evictions rest" in c for c in cited) == (notes is not None)
    assert any("due anew" in c for c in cited) == (notes == [ANEW])


def test_after_a_long_rest_the_count_begins_at_its_end() -> None:
    away = pieces.outage(STOPPED[0], edge(150))
    document, cited = told(*ALL, away=away, manager=[disruption(105, "entered"), disruption(140, "exited")])
    assert dues(document, "eviction") == [59, 62, 67.5, 9, 12, 17.5]
    assert cited[-3:] == [
        "controller-manager.log@105 all nodes were NotReady: evictions rest",
        "controller-manager.log@140 a node is Ready again: evictions are due anew",
        f"{UNREACHABLE}@0",
    ]
    document, _ = told(*ALL, away=pieces.outage(STOPPED[0]), manager=[disruption(200, "entered")])
    assert document["notes"] == [RESTED], "an outage that does not end lasts to the end of the evidence"


# --- what its pods tolerate


def tolerating(name: str, start: float = 1, end: float | None = None, **tolerates: int | None) -> Pod:
    return pieces.pod(name, run(name, start, end), tolerates=tolerates)


@pytest.mark.parametrize(
    ("pods", "names", "expected"),
    [
        ([tolerating("a", unreachable=30), tolerating("b", unreachable=10)], ALL, (10, "object")),
        ([tolerating("a", unreachable=30), tolerating("b", unreachable=20)], ALL, (20, "flag")),
        ([tolerating("a", unreachable=None), tolerating("b", unreachable=10)], ALL, (10, "object")),
        ([tolerating("a", unreachable=30), tolerating("b")], (GRACE,), (30, "object")),
        ([tolerating("a", unreachable=30), tolerating("b", end=100, unreachable=10)], ALL, (30, "object")),
        ([tolerating("a", unreachable=30), tolerating("b", start=100.5, unreachable=10)], ALL, (30, "object")),
        ([tolerating("a", unreachable=30), tolerating("b", start=100, unreachable=10)], ALL, (10, "object")),
        ([tolerating("a", **{"not-ready": 30})], ALL, (20, "flag")),
        ([tolerating("a", **{"not-ready": 30})], (GRACE,), None),
        ([tolerating("a", unreachable=None), tolerating("b")], ALL, None),
    ],
)
def test_the_shortest_toleration_of_the_pods_that_ran_there(
    pods: list[Pod], names: tuple[str, ...], expected: tuple[float, str] | None
) -> None:
    document, _ = told(*names, pods=pods)
    toleration = document["settings"].get(UNREACHABLE)
    assert (toleration and (toleration["value_s"], toleration["from"])) == expected
    assert (document["eviction_due_s"] is not None) == (expected is not None)
    assert "notes" not in document


def test_pods_that_all_tolerate_it_for_ever_are_not_due() -> None:
    document, _ = told(*ALL, pods=[tolerating("a", unreachable=None), tolerating("b", unreachable=None)])
    assert document["eviction_due_s"] is None
    assert document["notes"] == ["its pods tolerate a lost node for ever: none is due for eviction"]


# --- Kubernetes' defaults, named as such


def test_by_default() -> None:
    defaults: dict[str, Any] = {"not_ready_margin_s": 28, "eviction_margin_s": 333}
    assert told(pods=[OLD])[0]["by_default"] == {**defaults, "assumed": [GRACE, PERIOD, HEARTBEAT, UNREACHABLE]}
    document, _ = told(PERIOD, UNREACHABLE, pods=[OLD], known={PERIOD: (5, 5, 5), UNREACHABLE: (300, 300, 300)})
    assert document["by_default"] == {**defaults, "assumed": [GRACE, HEARTBEAT]}


@pytest.mark.parametrize("name", [PERIOD, HEARTBEAT, UNREACHABLE])
def test_who_changed_one_setting_may_have_changed_the_others(name: str) -> None:
    assert "by_default" not in told(name, pods=[OLD])[0]


def test_defaults_say_nothing_where_more_is_known() -> None:
    assert "by_default" not in told(GRACE, pods=[OLD], known={GRACE: (40, 40, 40)})[0]
    assert "by_default" not in told(pods=[OLD], lost=not_ready(108, 130))[0]
    assert "by_default" not in told(pods=[OLD], away=pieces.outage(STOPPED[0]))[0], "it never came back"


# --- of a spell in which the API held a node for lost


def spell(
    *names: str, of: Spell, pods: Iterable[Pod] = (TAINTS,), evicted: Event | None = None, events: Iterable[Event] = ()
) -> dict[str, Any]:
    mine = [e for e in events if e.kind is not E.MASTER_DISRUPTION]
    evidence = life(node(A, [], [of], *mine), pods=pods, events=events, end=200)
    return of_spell(evidence, settings(evidence, *names), A, of, evicted)


def as_told(due: float, low: float, high: float, margin: tuple[float, float, float] | None = None) -> dict[str, Any]:
    told: dict[str, Any] = {"eviction_due_s": due, "eviction_due_bounds_s": [low, high]}
    if margin is not None:
        told |= {"eviction_margin_s": margin[0], "eviction_margin_bounds_s": [margin[1], margin[2]]}
    return told


LOST = not_ready(100, 112)


def test_a_spell_s_pods_are_due_after_the_taint_and_the_toleration() -> None:
    """The Ready condition has whole seconds: it may have been back a second later than it says."""
    assert spell(*ALL, of=LOST) == as_told(22, 19, 25.25, (10, 6, 13.25))
    assert spell(UNREACHABLE, of=LOST) == as_told(25, 19, 28, (13, 6, 16)), "a period by default"
    assert spell(*ALL, of=not_ready(100)) == as_told(22, 19, 25.25), "not back within the evidence"
    assert spell(*ALL, of=not_ready(None, 112)) == {}
    assert spell(GRACE, of=LOST) == {}


@pytest.mark.parametrize(("second", "counts"), [(101.5, True), (99, True), (112, True), (98.9, False), (112.1, False)])
def test_a_spell_s_taint_is_the_beginning(second: float, counts: bool) -> None:
    after = second - 100
    due = (after + 20, after + 19, after + 23) if counts else (22, 19, 25.25)
    found = spell(*ALL, of=LOST, events=[queued(second)])
    assert [found["eviction_due_s"], *found["eviction_due_bounds_s"]] == pytest.approx(due)


def test_of_a_spell_that_the_kubelet_itself_reported_another_toleration_counts() -> None:
    itself = not_ready(100, 112, "kubelet")
    assert spell(*ALL, of=itself, events=[queued(101)]) == as_told(62, 58, 64.25, (50, 45, 52.25))
    assert spell(UNREACHABLE, of=itself) == {}
    assert spell(*ALL, of=itself, pods=[OLD]) == {}, "before taints nothing is known of it"


def test_before_taints_what_was_seen_elsewhere_counts_from_not_ready() -> None:
    assert spell(*ALL, of=LOST, pods=[OLD]) == as_told(24, 23, 27, (12, 10, 15))
    assert spell(UNREACHABLE, TIMEOUT, of=LOST, pods=[OLD]) == {}


@pytest.mark.parametrize(("second", "rests"), [(105, True), (99, True), (112, True), (98.9, False), (112.1, False)])
def test_a_rest_of_evictions_ends_all_reckoning(second: float, rests: bool) -> None:
    assert (spell(*ALL, of=LOST, events=[disruption(second, "entered")]) == {}) == rests


def test_a_spell_to_the_end_of_the_evidence_is_under_way_there() -> None:
    assert spell(*ALL, of=not_ready(100), events=[disruption(200, "entered")]) == {}
    assert spell(*ALL, of=not_ready(100), events=[queued(200)])["eviction_due_s"] == 120


def test_a_spell_s_eviction_that_is_told_is_the_deadline() -> None:
    evicted = event(105, E.POD_EVICTED, "api", resolution=500_001)
    assert spell(*ALL, of=LOST, evicted=evicted) == as_told(5, 5, 5.5, (-7, -8, -6.5))
    assert spell(of=LOST, pods=[OLD], evicted=evicted) == as_told(5, 5, 5.5, (-7, -8, -6.5)), "whatever is known of settings"
