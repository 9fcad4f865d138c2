"""Clocks that disagree: the offset is found within its bounds, told, and taken off."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.analysis import Analysis, analyze
from analyzer.lifecycle.clocks import Clock, _of_node
from analyzer.outputs.story import story
from analyzer.proof import Edge, Proof
from bench.robustness.shifted import shift, shift_node
from tests.lifecycle.incident import MAIN, A, B, Incident, short, uid
from tests.lifecycle.paired import Pair, table

_ORIGIN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def sighted(two: Incident) -> Incident:
    """A long outage of A; kubelets bind what is scheduled and report what they start."""
    for node, pod, begin in ((A, "web-aaaaa", 0.0), (B, "web-bbbbb", 0.0), (B, "web-ccccc", 80.0)):
        two.kubelet(node, begin + 0.05, f'SyncLoop (ADD, "api"): "{pod}_default({uid(pod)})"')
        two.event(
            begin + 1.02, "Pod", pod, "Started", "Started container app", component="kubelet", host=node,
            uid=uid(pod), fieldPath="spec.containers{app}",
        )  # fmt: skip
    two.alive(A, 2, 40, 5)
    two.alive(B, 2, 300, 5)
    two.stop(A, 40)
    two.not_ready(60, A)
    two.evicted(80, "web-aaaaa")
    two.made(80, "ReplicationController/web", "web-ccccc", B)
    two.runs(B, 81, "web-ccccc")
    two.start(A, 200)
    two.event(200.6, "Node", A, "Starting", "Starting kubelet.", component="kubelet", host=A, uid=A)
    two.ready(201, A)
    two.kubelet(A, 203, f'SyncLoop (DELETE, "api"): "web-aaaaa_default({uid("web-aaaaa")})"')
    two.container(A, 203, "kill", "web-aaaaa", "app", "signal=15, ")
    two.container(A, 204, "die", "web-aaaaa", "app", "exitCode=0, ")
    two.alive(A, 205, 300, 5)
    return two


def _clock(analysis: Analysis, node: str) -> Clock:
    return next(c for c in analysis.life.clocks.clocks if c.node == node)


def _seconds(offset: timedelta | None) -> float:
    assert offset is not None
    return offset.total_seconds()


def test_clocks_that_agree_are_left_alone(sighted: Incident, tmp_path: Path) -> None:
    found = sighted.analyze(tmp_path)
    for clock in found.life.clocks.clocks:
        assert not clock.skewed
        assert _seconds(clock.low) <= 0 <= _seconds(clock.high)
    assert short(found, "clock-skew") == []


@pytest.mark.parametrize("offset", [-90, -3, 2, 300])
@pytest.mark.parametrize("node", [A, B])
def test_a_clock_that_is_off_is_found_and_corrected(sighted: Incident, tmp_path: Path, node: str, offset: int) -> None:
    plain = short(sighted.analyze(tmp_path / "plain"), *MAIN)
    evidence = sighted.write(tmp_path / "skewed")
    shift_node(evidence, node, offset, 2026)
    found = analyze([evidence])
    clock = _clock(found, node)
    assert _seconds(clock.low) <= offset <= _seconds(clock.high)
    assert _seconds(clock.high) - _seconds(clock.low) < 2
    assert [s.split("..")[0].split(" ")[:2] for s in short(found, *MAIN)] == [s.split("..")[0].split(" ")[:2] for s in plain]
    outage = next(f for f in found.findings if f.kind == "kubelet-outage")
    truth = datetime(2026, 3, 1, 10, 0, 40, 40_000, tzinfo=UTC)
    assert outage.start.time
    assert abs(outage.start.time - truth) < timedelta(seconds=0.5)
    if node == A:  # the bounds tell what the correction leaves open
        assert outage.start.earliest
        assert outage.start.latest
        assert outage.start.earliest <= truth <= outage.start.latest
    told = [f for f in found.findings if f.kind == "clock-skew"]
    assert [f.node for f in told] == [node]
    assert told[0].evidence
    assert f"The clock of {node} was" in story(found)[0]
    assert [c["node"] for c in found.document()["clocks"]] == [A, B]


def test_what_a_kubelet_reports_to_the_api_is_by_its_own_clock(sighted: Incident, tmp_path: Path) -> None:
    for event in sighted.events:
        if event["source"].get("host") == A:
            event["firstTimestamp"] = event["lastTimestamp"] = shift(event["firstTimestamp"].encode() + b" ", 600, 2026).decode().strip()
            event["metadata"]["name"] = "web.1"
    evidence = sighted.write(tmp_path)
    shift_node(evidence, A, 600, 2026)
    found = analyze([evidence])
    ready = next(f for f in found.findings if f.kind == "node-unreachable")
    assert ready.end.time
    assert abs(ready.end.time - datetime(2026, 3, 1, 10, 3, 21, tzinfo=UTC)) < timedelta(seconds=2)


def test_local_times_read_as_utc_are_told_as_a_zone(sighted: Incident, tmp_path: Path) -> None:
    evidence = sighted.write(tmp_path)
    shift_node(evidence, A, 7200, 2026)
    told = next(f for f in analyze([evidence]).findings if f.kind == "clock-skew")
    assert told.details["zone"] == "+02:00"
    assert "UTC+02:00" in told.summary


def _pair(number: int, at: float, offset: float, lag: float, *, api_first: bool) -> Pair:
    """A happening that the one tells ``lag`` after the other."""
    least, most = offset + (lag if api_first else -lag) - 2, offset + (lag if api_first else -lag) + 2
    low, high = (None, offset + lag) if api_first else (offset - lag, None)
    proof = Proof(_ORIGIN + timedelta(seconds=at), f"s{number % 2}", number, None, "", "")
    second = timedelta(seconds=1)
    return Pair(
        "n", f"h{number}", f"k{number}",
        (least if api_first else low or 0) * second, (high if api_first else most) * second,  # type: ignore[operator]
        None if low is None else low * second, None if high is None else high * second,
        timedelta(0), proof, (proof,),
    )  # fmt: skip


@given(
    offset=st.floats(-86400, 86400),
    lags=st.lists(st.tuples(st.floats(0, 1.5), st.booleans()), min_size=4, max_size=30),
    strays=st.lists(st.floats(-5000, 5000), max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_the_truth_lies_within_the_bounds(offset: float, lags: list[tuple[float, bool]], strays: list[float]) -> None:
    """Whatever the lags, and with a few sightings that do not belong together."""
    good = [_pair(n, n, offset, lag, api_first=first) for n, (lag, first) in enumerate(lags)]
    bad = [_pair(100 + n, n, offset + 10_000 + stray * (n + 2), 0, api_first=True) for n, stray in enumerate(strays)]
    clock = _of_node("n", table(good + bad))[0]
    slack = timedelta(microseconds=10)
    assert clock.low is None or clock.low <= timedelta(seconds=offset) + slack
    assert clock.high is None or clock.high >= timedelta(seconds=offset) - slack
    assert clock.votes >= len(good)


def test_a_step_of_the_clock_parts_the_time() -> None:
    before = [_pair(n, n, 0, 0.1, api_first=bool(n % 2)) for n in range(6)]
    after = [_pair(10 + n, 100 + n, 60, 0.1, api_first=bool(n % 2)) for n in range(6)]
    first, second = _of_node("n", table(before + after))
    assert not first.skewed
    assert second.skewed
    assert second.since == _ORIGIN + timedelta(seconds=(5 + 100) / 2)


def test_one_sighting_proves_nothing() -> None:
    assert _of_node("n", table([_pair(1, 1, 500, 0.1, api_first=True)])) == []


def test_a_bound_that_is_missing_stays_open() -> None:
    clock = _of_node("n", table([_pair(n, n, -60, 0.1, api_first=True) for n in range(3)]))[0]
    assert clock.low is None
    assert clock.correction == clock.high
    edge = clock.widened(Edge(_ORIGIN, _ORIGIN, _ORIGIN))
    assert edge.latest is None
