"""ignored-sigterm at its edges: who asked, who killed, what time was given, and what it took."""

from typing import Any

import pytest

from analyzer.detectors.ignored_sigterm import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.run import Run
from analyzer.vocabulary import EventKind as E
from tests.detectors.made import A, bounds, case, cited, edge, event, pod, run

_KILL = 9


def _signal(when: float, value: int | None, **more: Any) -> Event:
    return event(when, E.CONTAINER_SIGNALLED, f"signal {value} at {when:g}", component="docker", value=value, **more)


def _asked(when: float, grace: int | None = None) -> Event:
    return event(when, E.CONTAINER_KILLING, f"Killing at {when:g}", value=grace)


def _ran(end: float, *kills: Event, code: int | None = 137, **more: Any) -> Run:
    return run("c0123456789abcdef", 0, edge(end, 0.5, 0.25, text="died"), kills=kills, exit_code=code, **more)


def _found(ran: Run, grace: int | None = None) -> list[Finding]:
    return list(DETECTOR.find(case(pods=[pod("web-1", [ran], grace=grace)])))


def test_all_that_is_said_of_a_signal_that_the_runtime_tells() -> None:
    [found] = _found(_ran(131, _asked(99, 30), _signal(100, 15, resolution=1_000_000), _signal(130, 9)))
    assert (found.kind, found.severity, found.confidence, found.expected) == ("ignored-sigterm", "warning", "certain", False)
    assert bounds(found.start) == (100, 100, 100.999999)
    assert bounds(found.end) == (130.5, 131, 131.25)
    assert found.summary == (
        f"Container app of pod web-1 on {A} did not end on SIGTERM at 10:01:40.0Z and was killed 31.0 s later (grace period: 30 s)."
    )
    assert {k: v for k, v in found.details.items() if k != "note"} == {
        "signal": 15,
        "took_s": 31.0,
        "grace_s": 30,
        "grace_from": "kubelet",
        "exit_code": 137,
    }
    assert (found.pod, found.container, found.container_id) == ("web-1", "app", "c0123456789abcdef")
    assert found.start.rule == "the runtime sent the stop signal"
    assert cited(found) == ["Killing at 99", "signal 15 at 100", "signal 9 at 130", "died"]


def test_all_that_is_said_of_a_kill_that_the_kubelet_alone_tells() -> None:
    [found] = _found(_ran(130, _asked(100), _asked(101), container=None), grace=30)
    assert (found.confidence, found.start.rule) == ("likely", "the kubelet asked the runtime to stop it")
    assert found.summary.startswith("Container c0123456789a of pod web-1 ")
    assert (found.details["signal"], found.details["grace_s"], found.details["grace_from"]) == (None, 30, "pod")
    assert cited(found) == ["Killing at 100", "died"]


def test_a_run_of_no_pod_is_named_by_its_own_words() -> None:
    lonely = _ran(130, _signal(100, 15), _signal(130, 9), pod=None, pod_uid="uid-x")
    [found] = DETECTOR.find(case(runs=[lonely]))
    assert "of pod uid-x on" in found.summary
    assert found.summary.endswith("was killed 30.0 s later.")
    lonely.pod = "bare"
    assert "of pod bare on" in next(iter(DETECTOR.find(case(runs=[lonely])))).summary


def test_a_stop_that_the_runtime_was_asked_for_without_a_signal() -> None:
    [found] = _found(_ran(130, _signal(100, None, attributes={"grace": 30})))
    assert (found.start.rule, found.details["signal"]) == ("the runtime was asked to stop it", None)
    assert found.confidence == "likely"
    assert "did not end on SIGTERM at" in found.summary
    assert found.details["grace_from"] == "runtime"


def test_another_stop_signal_is_named_by_its_number() -> None:
    [found] = _found(_ran(130, _signal(100, 3), _signal(130, 9)))
    assert "did not end on its stop signal (3) at" in found.summary
    assert found.details["signal"] == 3


@pytest.mark.parametrize(
    ("kills", "asked", "grace", "told_by"),
    [
        ([_asked(90, 20), _signal(95, None), _signal(100, 15), _signal(130, 9)], 100, 20, "kubelet"),  # the signal itself is nearest
        ([_asked(90, 20), _signal(95, None), _signal(130, 9)], 95, 20, "kubelet"),
        ([_asked(90, 20), _signal(130, 9)], 90, 20, "kubelet"),
        ([_asked(90, 40), _asked(91, 30), _signal(130, 9)], 90, 30, "kubelet"),  # the least that it was given
        (
            [_asked(90, 20), _signal(100, None, attributes={"grace": 25}), _signal(101, None, attributes={"grace": 35}), _signal(130, 9)],
            100,
            25,
            "runtime",
        ),
        ([_signal(100, 15), _signal(101, 15), _signal(130, 9)], 100, 50, "pod"),
        ([_signal(130, 9), _signal(100, 15)], 100, 50, "pod"),  # told in any order
    ],
)
def test_who_asked_and_what_time_it_was_given(kills: list[Event], asked: float, grace: int, told_by: str) -> None:
    [found] = _found(_ran(131, *kills), grace=50)
    assert bounds(found.start)[1] == asked
    assert (found.details["grace_s"], found.details["grace_from"]) == (grace, told_by)
    assert found.details["took_s"] == 131 - asked


@pytest.mark.parametrize(
    ("kills", "end", "sees"),
    [
        ([_signal(130, 9)], 131, False),  # nobody asked it to end
        ([_signal(132, 15), _signal(140, 9)], 131, False),  # only after its end
        ([_signal(101, 15), _signal(131, 9)], 131, True),  # at its very end
        ([_signal(101, 15), _signal(99, 9)], 131, False),  # a kill before belongs to another stop
        ([_signal(101, 15), _signal(101, 9)], 102, False),  # at once
    ],
)
def test_only_what_was_asked_before_its_end_counts(kills: list[Event], end: float, sees: bool) -> None:
    assert bool(_found(_ran(end, *kills))) == sees


@pytest.mark.parametrize(("waited", "died_after", "sees"), [(3, 0, True), (2.999, 0, False), (30, 15, True), (30, 15.001, False)])
def test_a_kill_ends_it_if_it_had_three_seconds_and_died_within_fifteen(waited: float, died_after: float, sees: bool) -> None:
    killed = 100 + waited
    assert bool(_found(_ran(killed + died_after, _signal(100, 15), _signal(killed, _KILL)))) == sees


@pytest.mark.parametrize(("took", "sees"), [(27.999, False), (28, True), (30, True), (45, True), (45.001, False)])
def test_where_no_kill_is_told_it_ends_at_the_end_of_its_time(took: float, sees: bool) -> None:
    assert bool(_found(_ran(100 + took, _signal(100, 15)), grace=30)) == sees


@pytest.mark.parametrize(("grace", "sees"), [(0, False), (2, False), (3, True)])
def test_who_gets_less_than_three_seconds_had_no_chance(grace: int, sees: bool) -> None:
    assert bool(_found(_ran(100 + grace, _signal(100, 15)), grace=grace)) == sees
    assert bool(_found(_ran(110, _signal(100, 15), _signal(109, 9)), grace=grace)) == sees


def test_without_a_kill_and_without_a_time_given_nothing_is_known() -> None:
    assert not _found(_ran(130, _signal(100, 15)))
    assert _found(_ran(130, _signal(100, 15), _signal(130, 9)))


@pytest.mark.parametrize(
    ("code", "killed", "sees"), [(137, True, True), (None, True, True), (None, False, False), (0, True, False), (143, True, False)]
)
def test_an_exit_code_other_than_137_is_an_end_of_its_own(code: int | None, killed: bool, sees: bool) -> None:
    kills = [_signal(100, 15), *([_signal(130, 9)] if killed else [])]
    found = _found(_ran(130, *kills, code=code), grace=30)
    assert bool(found) == sees
    if sees:
        assert found[0].confidence == ("certain" if code == 137 else "likely")


@pytest.mark.parametrize(
    ("reason", "sees"),
    [("died", True), ("reported", True), ("noticed", True), ("destroyed", False), ("node-lost", False), ("presumed", False)],
)
def test_only_an_end_that_somebody_saw_counts(reason: str, sees: bool) -> None:
    assert bool(_found(_ran(130, _signal(100, 15), _signal(130, 9), end_reason=reason))) == sees


def test_sandboxes_and_what_runs_on_are_left() -> None:
    assert not _found(_ran(130, _signal(100, 15), _signal(130, 9), container="POD"))
    assert not _found(run("c", 0, None, kills=[_signal(100, 15), _signal(130, 9)], exit_code=None))
    assert not _found(_ran(130))


def test_each_container_that_ignored_it_is_found() -> None:
    good = _ran(101, _signal(100, 15), code=0)
    bad = [_ran(131, _signal(100, 15), _signal(130, 9)) for _ in range(2)]
    found = DETECTOR.find(case(pods=[pod("web-1", [good, *bad])]))
    assert len(list(found)) == 2
