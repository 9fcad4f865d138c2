"""What flags and messages say of the control plane's settings, and between which bounds."""

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
    WAIT,
    Setting,
    Told,
    settings,
)
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.parts import life, node_life, said, version
from tests.lifecycle.settings_told import Bounds, bounds, flag, missed, silence

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
