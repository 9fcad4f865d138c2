"""What each piece of evidence says of the control plane's settings, and between which bounds."""

from typing import Any

import pytest

from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.settings import (
    DEFAULTS,
    GRACE,
    HEARTBEAT,
    NOT_READY,
    PERIOD,
    TIMEOUT,
    UNREACHABLE,
    WAIT,
    Setting,
    Told,
    settings,
)
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.pieces import clock, edge, life, node_life, outage, pod, said, spell, version

Bounds = tuple[float, float, float, str]


def bounds(of: Lifecycle, name: str) -> Bounds | None:
    """Value, low, high, source."""
    found = settings(of).get(name)
    return None if found is None else (round(found.value, 3), round(found.low, 3), round(found.high, 3), found.source)


def flag(name: str, value: str, kind: E = E.CONTROL_PLANE_FLAG, second: float = 1, **more: str) -> Any:
    return said(second, kind, "control-plane", node=None, attributes={"flag": name, "is": value, **more})


# --- what a setting is


def test_a_setting_as_it_is_told() -> None:
    assert Setting(GRACE, 40.12345, 40.12345, 40.12345, "flag").document() == {"value_s": 40.123, "from": "flag", "assumed": False}
    assert Setting(GRACE, 40.0, 39.12345, 41.98765, "observed").document()["bounds_s"] == [39.123, 41.988]
    assert Setting(GRACE, 40.0, 40.0, 40.0, "default").document()["assumed"]


def test_what_nothing_tells_is_kubernetes_default() -> None:
    found = settings(life(node_life()))
    for name, value in DEFAULTS.items():
        assert found.get(name) is None
        assert found.assume(name) == Setting(name, value, value, value, "default")
    told = settings(life(node_life(), said=[flag(GRACE, "16s")]))
    assert told.assume(GRACE).value == 16


# --- flags


@pytest.mark.parametrize(
    ("printed", "seconds"),
    [("16s", 16), ("1m30s", 90), ("20", 20), ("999999999", 999999999), ("1234567890", None), ("0s", None), ("0", None), ("soon", None)],
)
def test_a_flag_s_value(printed: str, seconds: float | None) -> None:
    wanted = None if seconds is None else (seconds, seconds, seconds, "flag")
    assert bounds(life(node_life(), said=[flag(GRACE, printed)]), GRACE) == wanted


@pytest.mark.parametrize("name", [*DEFAULTS, NOT_READY])
def test_flags_that_are_read(name: str) -> None:
    assert bounds(life(node_life(), said=[flag(name, "7s")]), name) == (7, 7, 7, "flag")


def test_other_flags_are_not() -> None:
    assert bounds(life(node_life(), said=[flag("sync-frequency", "7s")]), "sync-frequency") is None
    assert bounds(life(node_life(), said=[flag(WAIT, "7s")]), WAIT) is None, "that is no flag of Kubernetes'"


def test_the_default_that_a_kubelet_prints_may_be_overridden_by_its_configuration_file() -> None:
    def of(*some: Any) -> Bounds | None:
        return bounds(life(node_life(), said=some), HEARTBEAT)

    assert of(flag(HEARTBEAT, "10s", E.KUBELET_FLAG)) is None
    assert of(flag(HEARTBEAT, "10s", E.KUBELET_FLAG), flag(HEARTBEAT, "4s", E.KUBELET_FLAG, 2)) == (4, 4, 4, "flag")
    assert of(flag(HEARTBEAT, "10s", E.KUBELET_FLAG, **{"from": "command line"})) == (10, 10, 10, "flag")
    assert of(flag(HEARTBEAT, "10s")) == (10, 10, 10, "flag"), "the control plane's own is no default of a kubelet's"
    assert of(flag(HEARTBEAT, "11s", E.KUBELET_FLAG)) == (11, 11, 11, "flag")


def test_flags_that_disagree_leave_all_of_them_possible() -> None:
    some = [flag(GRACE, "40s", second=1), flag(GRACE, "16s", second=2), flag(GRACE, "20s", second=3), flag(GRACE, "20s", second=4)]
    found = settings(life(node_life(), said=some)).get(GRACE)
    assert found is not None
    assert (found.value, found.low, found.high) == (20, 16, 40)
    assert [p.time for p in found.proofs] == [at(1), at(2), at(3)], "three proofs are enough"


def commanded(*containers: dict[str, Any], kind: str = "Pod") -> Lifecycle:
    return life(node_life(), versions=[version(kind, spec={"containers": list(containers)})])


def test_command_lines_in_pods_of_the_control_plane() -> None:
    words = ["kube-controller-manager", f"--{GRACE}=20s", 7, f"--{PERIOD}=2s"]
    found = commanded({"command": words}, {"args": [f"--{TIMEOUT}=1m"]})
    assert [bounds(found, name) for name in (GRACE, PERIOD, TIMEOUT)] == [(20, 20, 20, "flag"), (2, 2, 2, "flag"), (60, 60, 60, "flag")]
    known = settings(found).get(GRACE)
    assert known is not None
    assert known.proofs[0].text.endswith(f"--{GRACE}=20s")
    assert bounds(commanded({"command": words}, kind="ReplicaSet"), GRACE) is None
    assert bounds(commanded({"command": words}, kind="Job"), GRACE) is None
    assert bounds(commanded({"command": None, "args": None}), GRACE) is None


# --- what the controller-manager says of a silence


def missed(second: float, silent: float | None, status: str = "Unknown", condition: str | None = "Ready", node: str = A) -> Any:
    told = {"silent_s": silent, "condition": condition, "status": status}
    return said(second, E.NODE_HEARTBEAT_MISSED, "control-plane", node=node, attributes={k: v for k, v in told.items() if v is not None})


def silence(first: float = 100.01, heard: float = 84, every: float = 5, looks: int = 4, node: str = A) -> list[Any]:
    """The messages at so many looks, the first of which still knew the node as Ready."""
    seconds = [first + every * n for n in range(looks)]
    return [missed(s, s - heard, "True" if s == first else "Unknown", node=node) for s in seconds]


def test_grace_period_and_pace_by_the_messages_of_one_silence() -> None:
    found = life(node_life(said=silence()))
    assert bounds(found, PERIOD) == (5, 5, 5, "message")
    assert bounds(found, GRACE) == (16, 11.01, 16.01, "message")
    known = settings(found)
    assert [p.time for p in known.assume(PERIOD).proofs] == [at(100.01), at(105.01)]
    assert [p.proves for p in known.assume(GRACE).proofs] == ["the first look at which the grace period had passed"]


def test_a_grace_period_shorter_than_a_look_is_bounded_by_nothing() -> None:
    assert bounds(life(node_life(said=silence(first=100, heard=97))), GRACE) == (3, 0, 3, "message")


def test_whole_seconds_only_where_they_are_possible() -> None:
    """Looks are a tenth of a second apart: the whole second before lies under the look before."""
    found = life(node_life(said=silence(first=100.7, heard=84, every=0.6, looks=2)))
    assert bounds(found, GRACE) == (16.7, 16.1, 16.7, "message")


def test_steps_far_from_the_usual_one_bound_nothing() -> None:
    seconds = (100, 104, 108, 112, 117, 122.1)
    found = life(node_life(said=[missed(s, s - 84, "True" if s == 100 else "Unknown") for s in seconds]))
    assert bounds(found, PERIOD) == (4, 4, 5, "message"), "5 is a quarter more, 5.1 is too much"
    seconds = (100, 105, 110, 115, 121.2)
    found = life(node_life(said=[missed(s, s - 84) for s in seconds]))
    assert bounds(found, PERIOD) == (5, 5, 6.2, "message")
    seconds = (100, 104, 108, 112, 115, 117.9)
    found = life(node_life(said=[missed(s, s - 84) for s in seconds]))
    assert bounds(found, PERIOD) == (4, 3, 4, "message")


@pytest.mark.parametrize(
    ("first", "known"),
    [
        pytest.param([missed(100, 16, "True")], True, id="it was Ready"),
        pytest.param([missed(100, 16, "Unknown")], False, id="it was lost before"),
        pytest.param([missed(100, 16, "False", "MemoryPressure"), missed(100.4, 16.4, "True")], True, id="conditions of one look"),
        pytest.param([missed(100, 16, "True", "MemoryPressure"), missed(100.5, 16.5, "True")], False, id="Ready is another look's"),
    ],
)
def test_the_first_look_of_a_silence_knew_the_node_as_ready(first: list[Any], known: bool) -> None:
    found = life(node_life(said=[*first, missed(105, 21), missed(110, 26)]))
    assert (bounds(found, GRACE) is not None) is known


@pytest.mark.parametrize(("status", "known"), [("True", True), ("Unknown", False), ("False", False)])
def test_where_no_condition_is_named_it_is_the_first_message_s(status: str, known: bool) -> None:
    some = [missed(100, 16, status, None), missed(105, 21, "Unknown", None)]
    assert (bounds(life(node_life(said=some)), GRACE) is not None) is known


def test_messages_half_a_second_apart_are_of_one_look() -> None:
    some = [missed(100, 16, "True"), missed(100.5, 16.5), missed(105.5, 21.5), missed(106, 22), missed(110.5, 26.5)]
    (told,) = Told(life(node_life(said=some))).silences[A]
    assert [e.time for e in told.looks] == [at(100), at(105.5), at(110.5)]
    some[1] = missed(100.6, 16.6)
    (told,) = Told(life(node_life(said=some))).silences[A]
    assert [e.time for e in told.looks] == [at(100), at(100.6), at(105.5), at(110.5)]


def test_another_heartbeat_is_another_silence() -> None:
    some = [missed(100, 16, "True"), missed(105, 22), missed(110, 24.9, "True"), missed(115, 29)]
    first, second = Told(life(node_life(said=some))).silences[A]
    assert (first.heard, [e.time for e in first.looks], first.whole) == (at(84), [at(100), at(105)], True)
    assert (second.heard, [e.time for e in second.looks], second.whole) == (at(85.1), [at(110), at(115)], True)


def test_messages_without_a_length_tell_of_no_silence() -> None:
    assert Told(life(node_life(said=[missed(100, None), missed(105, None)]))).silences == {A: []}
    assert len(Told(life(node_life(said=[missed(100, 16, "True"), missed(102, None), missed(105, 21)]))).silences[A][0].looks) == 2


def test_looks_at_two_nodes_are_told_apart() -> None:
    found = life(node_life(said=silence(looks=1)), node_life(B, said=silence(first=107.01, heard=91, looks=3, node=B)))
    assert bounds(found, PERIOD) == (5, 5, 5, "message")
    assert settings(found).assume(PERIOD).proofs[0].time == at(107.01), "of the silence that lasted two looks"
    assert bounds(found, GRACE) == (16, 11.01, 16.01, "message")


# --- the timeout of evictions


def started(timeout: str, reason: str | None = None, message: str = "") -> Any:
    more = {} if reason is None else {"reason": reason}
    return said(130, E.NODE_EVICTION_STARTED, "control-plane", node=A, message=message, attributes={"timeout": timeout, **more})


@pytest.mark.parametrize(
    ("event", "found"),
    [
        pytest.param(started("14s"), (30, 30, 30), id="less the grace period"),
        pytest.param(started("14s", "NotReady"), (14, 14, 14), id="it says itself that it is not ready"),
        pytest.param(started("14s", "Unknown"), (30, 30, 30), id="it is silent"),
        pytest.param(started("14s", message="Evicting pods: x"), (14, 14, 14), id="in old words"),
        pytest.param(started("14s", message="Adding pods to evict: x"), (14, 14, 14), id="in older words"),
        pytest.param(started("14s", message="Adding pods to evict2: x"), (30, 30, 30), id="evict2 is of silent nodes"),
        pytest.param(started("soon"), None, id="no duration"),
    ],
)
def test_the_timeout_that_a_message_states(event: Any, found: tuple[float, float, float] | None) -> None:
    known = bounds(life(node_life(), said=[flag(GRACE, "16s"), event]), TIMEOUT)
    assert known == (None if found is None else (*found, "message"))


def test_the_timeout_of_a_silent_node_is_as_sure_as_the_grace_period() -> None:
    assert bounds(life(node_life(said=silence()), said=[started("14s")]), TIMEOUT) == (30, 25.01, 30.01, "message")
    assert bounds(life(node_life(), said=[started("14s")]), TIMEOUT) is None
    assert bounds(life(node_life(), said=[started("14s", "NotReady")]), TIMEOUT) == (14, 14, 14, "message")


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
