"""What objects and happenings show of the control plane's settings, and between which bounds."""

from typing import Any

import pytest

from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.settings import (
    DEFAULTS,
    GRACE,
    HEARTBEAT,
    NOT_READY,
    PERIOD,
    UNREACHABLE,
    WAIT,
    Told,
    settings,
)
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.parts import clock, edge, life, node_life, outage, pod, said, spell, twice, version
from tests.lifecycle.settings_told import bounds, flag, silence

# --- heartbeats in a watch


def beats(*seconds: float, watch: str | None = "MODIFIED", kind: str = "Node", condition: str = "Ready", status: str = "True") -> list[Any]:
    def conditions(second: float) -> list[dict[str, str]]:
        return [{"type": condition, "status": status, "lastHeartbeatTime": clock(second)}]

    return [version(kind, A, watch=watch, number=n, status={"conditions": conditions(s)}) for n, s in enumerate(seconds)]


@pytest.mark.parametrize(
    ("seconds", "found"),
    [
        ((0, 10, 20, 30), None),  # three steps are too few
        ((0, 10, 20, 30, 40), (10, 10, 10)),
        ((30, 0, 20, 40, 10, 20), (10, 10, 10)),  # in any order, and one of them twice
        ((0, 10, 20, 30, 40, 100), (10, 10, 10)),  # one that is far off bounds nothing
        ((0, 10, 20, 30, 40, 52, 60), (10, 8, 12)),
        ((0, 10, 20, 30, 40, 53, 60), (10, 10, 10)),  # nor do those a little over a quarter off
        ((0, 2, 4, 6, 9, 10), (2, 1, 3)),  # a second is the clock's own
        ((0, 60, 120, 180, 240), (60, 60, 60)),
        ((0, 61, 122, 183, 244), None),  # rare ones are beside leases
    ],
)
def test_how_far_apart_reports_are(seconds: tuple[float, ...], found: tuple[float, float, float] | None) -> None:
    assert bounds(life(node_life(), versions=beats(*seconds)), HEARTBEAT) == (None if found is None else (*found, "observed"))


@pytest.mark.parametrize(
    "change",
    [
        *({"watch": None}, {"kind": "Pod"}, {"kind": "Job"}, {"status": "False"}, {"status": "Unknown"}),
        *({"condition": "DiskPressure"}, {"condition": "ZRamPressure"}),
    ],
)
def test_what_is_no_heartbeat(change: dict[str, Any]) -> None:
    assert bounds(life(node_life(), versions=beats(0, 10, 20, 30, 40, **change)), HEARTBEAT) is None


def test_two_reports_prove_the_pace() -> None:
    found = settings(life(node_life(), versions=beats(40, 30, 20, 10, 0))).assume(HEARTBEAT)
    assert [p.text.partition(": ")[2] for p in found.proofs] == [
        "last heartbeat 2026-03-01T10:00:00.000000Z",
        "last heartbeat 2026-03-01T10:00:10.000000Z",
    ]


# --- what pods tolerate


def tolerating(*seconds: int | None, key: str = "unreachable") -> Lifecycle:
    pods = [pod(name=f"web-{n}", tolerates={key: s}) for n, s in enumerate(seconds)]
    entries = [version(name=f"web-{n}", spec={"tolerations": [{"tolerationSeconds": s}]}) for n, s in enumerate(seconds)]
    return life(node_life(), pods=pods, versions=entries)


@pytest.mark.parametrize(("key", "name", "other"), [("unreachable", UNREACHABLE, NOT_READY), ("not-ready", NOT_READY, UNREACHABLE)])
def test_what_most_pods_tolerate_is_the_default(key: str, name: str, other: str) -> None:
    found = tolerating(None, 300, 20, 20, None, None, key=key)
    assert bounds(found, name) == (20, 20, 20, "object")
    assert bounds(found, other) is None
    (told,) = settings(found).assume(name).proofs if name in DEFAULTS else settings(found).get(name).proofs  # type: ignore[union-attr]
    assert told.text == f"Pod default/web-2 (resourceVersion 7): it tolerates {key} for 20 s"
    assert bounds(tolerating(30, 20), UNREACHABLE) == (20, 20, 20, "object"), "of as many the least"
    assert bounds(tolerating(None, None), UNREACHABLE) is None


# --- what was seen to happen


def lost(stop: float = 100, until: float = 200, at_: float = 118, **change: Any) -> Lifecycle:
    """The kubelet goes at ``stop``, the node is held for lost at ``at_``."""
    away = outage(stop, until, boot_lost=change.pop("boot_lost", False))
    away.start = change.pop("start", away.start)
    return life(node_life(outages=[away], not_ready=[spell(at_, 210, *change.pop("reporters", ()))]), **change)


def test_from_the_kubelet_s_end_to_not_ready() -> None:
    """Less up to two looks of 5 s; more by up to a heartbeat of 10 s; half a heartbeat and a look lie between in the mean."""
    assert bounds(lost(), GRACE) == (18, 8, 28, "observed")
    assert bounds(lost(said=[flag(PERIOD, "2s"), flag(HEARTBEAT, "4s")]), GRACE) == (18, 14, 22, "observed")
    assert bounds(lost(said=[flag(HEARTBEAT, "5s")]), GRACE) == (15.5, 8, 23, "observed")
    assert bounds(lost(at_=104), GRACE) == (4, 0, 14, "observed")
    assert bounds(lost(at_=100, said=[flag(PERIOD, "8s"), flag(HEARTBEAT, "4s")]), GRACE) == (0, 0, 4, "observed")
    assert bounds(lost(start=edge(100, 97, 101)), GRACE) == (18, 7, 31, "observed")
    assert [p.time for p in settings(lost()).assume(GRACE).proofs] == [at(100), at(118)]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"reporters": ("kubelet",)}, id="it said so itself"),
        pytest.param({"boot_lost": True}, id="the node was away, and with it the last heartbeat"),
        pytest.param({"start": edge(100, None, 101, known=False)}, id="since when it was away is not told"),
        pytest.param({"start": edge(100, 99, None, known=False)}, id="until when it was there is not told"),
        pytest.param({"at_": 205}, id="there was no outage"),
    ],
)
def test_what_tells_no_grace_period(change: dict[str, Any]) -> None:
    assert bounds(lost(**change), GRACE) is None


def test_of_flags_and_messages_nothing_need_be_seen() -> None:
    assert bounds(lost(said=[flag(GRACE, "40s")]), GRACE) == (40, 40, 40, "flag")
    told = life(node_life(outages=[outage(90, 200)], not_ready=[spell(118, 210)], said=silence()))
    assert bounds(told, GRACE) == (16, 11.01, 16.01, "message")


def evicting(*seconds: float, start: float = 118, reporters: tuple[str, ...] = (), attributes: Any = None, **more: Any) -> Lifecycle:
    """Pods of a node held for lost from 118 to 210 go at these seconds."""
    gone = [said(s, E.POD_EVICTED, "api", attributes=attributes or {}) for s in seconds]
    pods = [pod(name=f"web-{n}", evicted=e) for n, e in enumerate(gone)]
    node = node_life(not_ready=[spell(start, 210, *reporters)], said=more.pop("told", ()))
    return life(node, pods=pods, said=[*gone, *more.pop("said", ())], **more)


def test_from_not_ready_to_the_first_eviction() -> None:
    assert bounds(evicting(150, 138), WAIT) == (20, 14, 26, "observed")
    assert bounds(evicting(120), WAIT) == (2, 0, 8, "observed")
    assert bounds(evicting(138, said=[flag(PERIOD, "2s")]), WAIT) == (20, 17, 23, "observed")
    assert bounds(evicting(100, 138, 220), WAIT) == (20, 14, 26, "observed"), "those before and after the spell are another's"
    assert [p.time for p in settings(evicting(150, 138)).get(WAIT).proofs] == [at(118), at(138)]  # type: ignore[union-attr]
    assert bounds(evicting(138, reporters=("kubelet",)), WAIT) is None
    assert bounds(evicting(100, 220), WAIT) is None
    assert bounds(evicting(138), UNREACHABLE) is None


def test_of_the_loss_the_first_proof_is_cited() -> None:
    def cited(*told: Any, **more: Any) -> list[str]:
        found = evicting(139.4, told=told, **more)
        for node in found.nodes.values():
            node.not_ready[0].start = twice(node.not_ready[0].start)
        known = settings(found)
        (setting,) = [s for s in (known.get(WAIT), known.get(UNREACHABLE)) if s is not None]
        return [p.text for p in setting.proofs]

    assert cited() == ["at 118", "pod_evicted"]
    assert cited(attributes={"reason": "TaintManagerEviction"}) == ["at 118", "pod_evicted"]
    assert cited(queued(119)) == ["node_taint_queued", "pod_evicted"]


@pytest.mark.parametrize(
    ("attributes", "message", "by_taint"),
    [
        ({"reason": "TaintManagerEviction"}, "", True),
        ({"reason": "NodeControllerEviction"}, "", False),
        ({"reason": "Zeal"}, "", False),
        ({}, "NoExecuteTaintManager x", True),
    ],
)
def test_by_which_rule_pods_go(attributes: dict[str, str], message: str, by_taint: bool) -> None:
    event = said(138, E.POD_EVICTED, "api", attributes=attributes, message=message)
    found = life(node_life(not_ready=[spell(118, 210)]), pods=[pod(evicted=event)], said=[event])
    assert Told(found).by_taints is by_taint
    assert bounds(found, UNREACHABLE) == ((17.5, 14, 21, "observed") if by_taint else None)
    assert bounds(found, WAIT) == (None if by_taint else (20, 14, 26, "observed"))


def test_pods_that_go_at_once_wait_for_nothing() -> None:
    assert bounds(evicting(120, attributes={"reason": "TaintManagerEviction"}), UNREACHABLE) == (0, 0, 3, "observed")


@pytest.mark.parametrize("kind", [E.NODE_TAINT_QUEUED, E.POD_EVICTION_DUE, E.POD_EVICTION_CANCELLED])
def test_words_of_taints_tell_the_rule_too(kind: E) -> None:
    assert Told(life(node_life(), said=[said(1, kind, "control-plane")])).by_taints
    assert Told(life(node_life(), pods=[pod(tolerates={"unreachable": None})])).by_taints
    assert not Told(life(node_life())).by_taints


def queued(second: float, reason: str = "Unknown") -> Any:
    return said(second, E.NODE_TAINT_QUEUED, "control-plane", attributes={"reason": reason})


def test_from_the_taint_to_the_first_eviction() -> None:
    found = evicting(139.4, told=[queued(119)])
    assert bounds(found, UNREACHABLE) == (20, 19.4, 21.4, "observed")
    known = settings(found).assume(UNREACHABLE)
    assert [p.time for p in known.proofs] == [at(119), at(139.4)]
    assert bounds(evicting(119.6, told=[queued(119)]), UNREACHABLE) == (1, 0, 1.6, "observed")


@pytest.mark.parametrize(
    ("told", "at_taint"),
    [
        (queued(117), True),
        (queued(116.9), False),
        (queued(138), True),
        (queued(138.1), False),
        (queued(119, "NotReady"), False),
        (queued(119, "Any"), True),
    ],
)
def test_the_taint_of_this_spell(told: Any, at_taint: bool) -> None:
    found = bounds(evicting(138, told=[told]), UNREACHABLE)
    assert found is not None
    assert (found[2] - found[1] <= 2) is at_taint


def taint(key: str = "node.kubernetes.io/unreachable", effect: str = "NoExecute", kind: str = "Node", added: str | None = None) -> Any:
    return version(kind, A, spec={"taints": [{"key": key, "effect": effect, "timeAdded": added or clock(120)}]})


@pytest.mark.parametrize(
    ("of", "found"),
    [
        (taint(), True),
        (taint("node.alpha.kubernetes.io/unreachable"), True),
        (taint("node.kubernetes.io/not-ready"), False),
        (taint(effect="NoSchedule"), False),
        (taint(effect="Any"), False),
        (taint(kind="Pod"), False),
        (taint(kind="Job"), False),
        (taint(added="long ago"), False),
    ],
)
def test_the_taint_of_the_object(of: Any, found: bool) -> None:
    told = Told(life(node_life(), versions=[of])).tainted(A, at(100), at(140))
    assert (told is not None) is found
    if told is not None:
        assert told[0] == at(120)
        assert told[1].text.endswith(": taint " + of.spec["taints"][0]["key"] + " added 2026-03-01T10:02:00Z")


def test_the_log_is_more_precise_than_the_object() -> None:
    told = Told(life(node_life(said=[queued(120.4)]), versions=[taint()]))
    assert told.tainted(A, at(100), at(140))[0] == at(120.4)  # type: ignore[index]
    assert told.tainted(A, at(121), at(140)) is None
    assert told.tainted(B, at(100), at(140)) is None


def test_bounds_of_several_sightings_meet() -> None:
    """Two nodes lost after 18 and 22 s: both hold."""
    nodes = [
        node_life(name, outages=[outage(100, 200, node=name)], not_ready=[spell(lost_at, 210, node=name)])
        for name, lost_at in ((A, 118), (B, 122))
    ]
    assert bounds(life(*nodes), GRACE) == (20, 12, 28, "observed")
