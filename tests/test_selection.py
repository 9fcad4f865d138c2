"""What stays when somebody asks for a part: by time, and by whom it concerns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis import Analysis, analyze
from analyzer.exceptions import UsageError
from analyzer.lifecycle.pod_list import Pods
from analyzer.outputs.selected import told
from analyzer.selection import Asked, Selection, asked_of, duration, moment
from analyzer.vocabulary import FindingKind

API, SERVICE = "example-api-release-12", "example-service-release-33"
OLD, NEW = f"{API}-5mss5", f"{API}-qlwzw"


@pytest.fixture(scope="module")
def whole() -> Analysis:
    return analyze([Path(__file__).resolve().parents[1] / "sample_logs" / "long-outage-return"])


def kinds(analysis: Analysis) -> list[str]:
    return sorted(str(f.kind) for f in analysis.findings if not f.expected)


def test_nothing_asked_is_all(whole: Analysis) -> None:
    assert whole.narrowed(Asked()) is whole
    assert not Asked()
    assert "selection" not in whole.document()


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1h30m", 5400), ("1.5d", 129600), ("250ms", 0.25), ("2w", 1209600), ("0s", 0)])
def test_durations(text: str, seconds: float) -> None:
    assert duration("--window", text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5 m", "5M", "5min", "1e3s", "٣s", "9" * 400 + "d", "5m\n"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match="--window"):
        duration("--window", text)


@pytest.mark.parametrize(
    ("text", "is_"),
    [
        ("2026-11-22T07:10:00Z", datetime(2026, 11, 22, 7, 10, tzinfo=UTC)),
        ("2026-11-22T08:10:00.5+01:00", datetime(2026, 11, 22, 7, 10, 0, 500_000, tzinfo=UTC)),
        ("2026-11-22 07:10", datetime(2026, 11, 22, 7, 10, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("15m", timedelta(minutes=15)),
    ],
)
def test_moments(text: str, is_: object) -> None:
    assert moment("--since", text) == is_


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{2,12}([+-][0-9]{2}:[0-9]{2}|Z)?", fullmatch=True))
def test_any_text_is_a_moment_or_wrong_usage(text: str) -> None:
    try:
        told = moment("--since", text)
    except UsageError:
        return
    assert isinstance(told, timedelta) or told.utcoffset() == timedelta()


def test_the_shapes_of_a_question() -> None:
    with pytest.raises(UsageError, match="--around, which is missing"):
        Asked(window=timedelta(1))
    with pytest.raises(UsageError, match="one or the other"):
        Asked(around=timedelta(1), until=timedelta(1))


# --- time


def test_a_duration_counts_back_from_the_end_of_the_evidence(whole: Analysis) -> None:
    narrowed = whole.narrowed(Asked(since=timedelta(seconds=20)))
    assert narrowed.selection is not None
    assert narrowed.selection.start == whole.life.end - timedelta(seconds=20)
    assert kinds(narrowed) == ["imbalance", "imbalance"], "still open"


def test_what_overlaps_stays(whole: Analysis) -> None:
    outage = next(f for f in whole.findings if f.kind is FindingKind.KUBELET_OUTAGE)
    start, end = outage.start.time, outage.end.time
    assert start is not None
    assert end is not None
    tick = timedelta(microseconds=1)
    for asked, stays in (
        (Asked(until=start), True),
        (Asked(until=start - tick), False),
        (Asked(since=end), True),
        (Asked(since=end + tick), False),
        (Asked(since=start + tick, until=end - tick), True),
        (Asked(around=start - timedelta(seconds=1), window=timedelta(seconds=1)), True),
        (Asked(around=start - timedelta(seconds=1), window=timedelta(seconds=0.9)), False),
        (Asked(around=start), True),
    ):
        assert (outage.id in {f.id for f in whole.narrowed(asked).findings}) == stays, asked


def test_an_open_side_overlaps_all_beyond(whole: Analysis) -> None:
    outage = whole.findings[0]
    open_end = replace(whole, findings=[replace(outage, end=replace(outage.end, time=None))])
    assert open_end.narrowed(Asked(since=timedelta())).findings
    open_start = replace(whole, findings=[replace(outage, start=replace(outage.start, time=None))])
    assert open_start.narrowed(Asked(until=whole.life.start)).findings


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Asked(since=timedelta(1), until=timedelta(2)), "later than"),
        (Asked(since=datetime(2027, 1, 1, tzinfo=UTC)), "the evidence ends at 2026-11-22"),
        (Asked(until=timedelta(days=1)), "the evidence begins at 2026-11-22"),
        (Asked(around=datetime(2020, 1, 1, tzinfo=UTC)), "--around: the evidence begins at"),
        (Asked(since=timedelta(days=900_000)), "no calendar"),
        (Asked(around=timedelta(), window=timedelta(days=999_999_999)), "no calendar"),
        (Asked(namespaces=("defualt",)), "near to it: default"),
        (Asked(controllers=("ReplicaSet/x",)), "no controller of that name"),
        (Asked(pods=(OLD, "nobody")), "--pod nobody: "),
        (Asked(nodes=("minion-1",)), "--on minion-1: the evidence knows no node of that name; near to it: minion-01"),
    ],
)
def test_an_answer_of_nothing_would_mislead(whole: Analysis, asked: Asked, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        whole.narrowed(asked)


# --- whom


@pytest.mark.parametrize("name", [OLD, f"default/{OLD}", "a5ae6e45-ae06-4151-a704-4db36c030725"])
def test_a_pod(whole: Analysis, name: str) -> None:
    """Its own findings, its controller's windows while it ran, and what befell its node meanwhile."""
    narrowed = whole.narrowed(Asked(pods=(name,)))
    assert {f.pod for f in narrowed.findings if f.pod} == {OLD}
    assert {f.controller for f in narrowed.findings if f.controller} == {f"ReplicationController/{API}"}
    assert kinds(narrowed) == ["adoption", "kubelet-outage", "node-unreachable", "orphaned-container", "overshoot-window"]


def test_a_pod_elsewhere(whole: Analysis) -> None:
    """It ran on the other node: the outage is not its, the imbalance that it is a part of is."""
    assert kinds(whole.narrowed(Asked(pods=(NEW,)))) == ["imbalance", "overshoot-window"]


@pytest.mark.parametrize("name", [API, f"ReplicationController/{API}", f"default/{API}", f"default/ReplicationController/{API}"])
def test_a_controller(whole: Analysis, name: str) -> None:
    narrowed = whole.narrowed(Asked(controllers=(name,)))
    assert {f.controller for f in narrowed.findings if f.controller} == {f"ReplicationController/{API}"}
    assert {"kubelet-outage", "imbalance", "orphaned-container", "overshoot-window"} <= set(kinds(narrowed))


def test_several_names_are_either_and_several_options_are_both(whole: Analysis) -> None:
    both = whole.narrowed(Asked(controllers=(API, SERVICE)))
    assert [f.id for f in both.findings] == [f.id for f in whole.findings]
    narrowed = whole.narrowed(Asked(controllers=(SERVICE,), pods=(OLD,)))
    assert narrowed.findings == [], "a pod of another controller"


def test_a_namespace(whole: Analysis) -> None:
    assert whole.narrowed(Asked(namespaces=("default",))).findings == whole.findings


def test_a_node(whole: Analysis) -> None:
    """All that bears its name; and windows of controllers of which a pod was there meanwhile."""
    here = whole.narrowed(Asked(nodes=("minion-01",)))
    assert {f.node for f in here.findings} == {"minion-01", None}
    assert {f.id for f in whole.findings if f.node == "minion-01"} <= {f.id for f in here.findings}
    assert "overshoot-window" in kinds(here)
    there = whole.narrowed(Asked(nodes=("minion-02",)))
    assert {"kubelet-outage", "orphaned-container"}.isdisjoint(kinds(there))
    assert here.selection is not None
    assert here.selection.words() == "node minion-01"
    assert [name for name in whole.life.nodes if here.selection.node(name)] == ["minion-01"]
    assert asked_of(here.selection.document()) == here.selection.asked


def test_a_node_without_pods_is_still_a_node(whole: Analysis) -> None:
    life = replace(whole.life, pods=Pods.of([]))
    selection = Selection(life, Asked(nodes=("minion-01",)))
    assert selection.node("minion-01")
    assert not selection.node("minion-02")


def test_a_pod_and_another_node(whole: Analysis) -> None:
    assert whole.narrowed(Asked(pods=(OLD,), nodes=("minion-02",))).findings == []
    assert kinds(whole.narrowed(Asked(pods=(OLD,), nodes=("minion-01",)))) == kinds(whole.narrowed(Asked(pods=(OLD,))))


def test_a_document_from_before_nodes_could_be_asked_for() -> None:
    old = {"namespaces": ["default"], "controllers": [], "pods": [], "since": None, "until": None}
    assert asked_of(old) == Asked(namespaces=("default",))


def test_a_nodes_finding_needs_a_container_of_the_namespace(whole: Analysis) -> None:
    """One namespace on each node: the outage concerns the one whose containers ran there."""
    for pod in whole.life.pods:
        assert pod.node is not None
    life = replace(whole.life, pods=Pods.of([replace(p, namespace=p.node) for p in whole.life.pods]))
    split = replace(whole, life=life)
    here = split.narrowed(Asked(namespaces=("minion-01",)))
    assert {"kubelet-outage", "node-unreachable", "adoption"} <= set(kinds(here))
    assert kinds(split.narrowed(Asked(namespaces=("minion-02",)))) == []


def test_what_befell_a_node_that_took_its_containers_with_it(root: Path) -> None:
    """The containers ended with the node; the API gave it up, and evicted their pods, when none of them ran any more."""
    lost = analyze([root / "sample_logs" / "node-power-loss"])
    spell = next(f for f in lost.findings if f.kind is FindingKind.NODE_UNREACHABLE)
    ended = [r.end.time for p in lost.life.pods if p.node == spell.node for r in p.apps if r.end.time is not None]
    assert spell.start.time is not None
    assert min(ended) < spell.start.time
    assert spell in lost.narrowed(Asked(namespaces=("default",))).findings


def test_what_concerns_the_whole_cluster_stays(whole: Analysis) -> None:
    gap = replace(whole.findings[0], kind=FindingKind.EVIDENCE_GAP, node=None)
    assert replace(whole, findings=[gap]).narrowed(Asked(pods=(NEW,))).findings == [gap]


def test_a_selection_never_says_that_nothing_happened(whole: Analysis) -> None:
    nothing = whole.narrowed(Asked(until=datetime(2026, 11, 22, 7, 10, tzinfo=UTC)))
    assert told(nothing)[1:] == [
        "Only a part is told here (to 2026-11-22T07:10:00.000000Z): 2 of 12 findings.",
        "Nothing unexpected was found of it.",
    ]
    assert nothing.document()["selection"]["until"] == "2026-11-22T07:10:00.000000Z"
    untold = replace(whole, findings=[f for f in whole.findings if f.kind is FindingKind.ADOPTION]).narrowed(Asked(namespaces=("default",)))
    assert not any("Nothing" in sentence for sentence in told(untold))
