"""orphaned-container: how a spell without supervision is told, and how sure it is."""

from typing import Any

import pytest

from analyzer.detectors.orphaned_container import DETECTOR
from analyzer.findings import Finding
from analyzer.lifecycle.orphans import Orphan
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Edge
from tests.detectors.made import A, B, at, case, cited, edge, outage, pod, proof, run


def _told(outcome: str = "removed", *, cause: str = "kubelet-down", start: Any = 100, end: Any = 200, **more: Any) -> Finding:
    owned: Pod = more.pop("of", None) or pod("web-1", [run("c0123456789abcdef", 10)])
    known = case(pods=[owned] if owned.runs else [])
    began, ended = (s if isinstance(s, Edge) else edge(s) for s in (start, end))
    spell = Orphan(owned.runs[0], owned, cause, outcome, began, ended, **{"outage": None, **more})
    known.orphans = [spell]
    [found] = DETECTOR.find(known)
    return found


def test_all_that_is_said_of_an_orphan() -> None:
    instead = pod("web-2", node=B)
    said: dict[str, Any] = {
        "superseded_by": instead,
        "superseded_at": at(150),
        "evidence": (proof(200, "killed"), proof(100, "gone"), proof(100, "gone")),
    }
    found = _told(outage=outage(100, 300), **said)
    assert (found.kind, found.severity, found.confidence, found.expected) == ("orphaned-container", "warning", "certain", False)
    assert found.summary == (
        f"Container app of pod web-1 ran unsupervised on {A} for 1 min 40 s because its kubelet was down, and was removed"
        f" at 10:03:20.0Z; web-2 on {B} ran in its stead from 10:02:30.0Z."
    )
    assert found.details == {
        "cause": "kubelet-down",
        "outcome": "removed",
        "superseded_by": "web-2",
        "superseded_at": "2026-03-01T10:02:30.000000Z",
    }
    assert (found.pod, found.container, found.container_id) == ("web-1", "app", "c0123456789abcdef")
    assert cited(found) == ["gone", "killed"]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("adopted", "and was adopted by the returned kubelet at 10:03:20.0Z."),
        ("removed", "and was removed at 10:03:20.0Z."),
        ("exited", "and ended by itself at 10:03:20.0Z."),
    ],
)
def test_what_became_of_it(outcome: str, told: str) -> None:
    found = _told(outcome)
    assert found.summary.endswith(told)
    assert found.severity == ("info" if outcome == "adopted" else "warning")
    assert (found.details["superseded_by"], found.details["superseded_at"]) == (None, None)


def test_one_that_runs_on() -> None:
    found = _told("running", end=None, cause="pod-deleted")
    assert found.summary == (
        f"Container app of pod web-1 ran unsupervised on {A} for 15 min 0 s because its pod was deleted and the kubelet did not act on it,"
        " and was still running when the evidence ends."
    )
    assert " ran unsupervised on node-a for an unknown time because" in _told("running", start=None, end=None).summary


def test_a_container_without_a_name_is_told_by_its_id() -> None:
    nameless = pod("web-1", [run("c0123456789abcdef", 10, container=None)])
    assert _told(of=nameless).summary.startswith("Container c0123456789a of pod web-1 ")


def test_a_replacement_whose_moment_is_not_known_is_not_told() -> None:
    assert "in its stead" not in _told(superseded_by=pod("web-2")).summary
    assert "in its stead" not in _told(superseded_at=at(150)).summary


@pytest.mark.parametrize(("cause", "told"), [("stopped", "certain"), ("killed", "certain"), ("unknown", "likely")])
def test_it_is_as_sure_as_its_outage(cause: str, told: str) -> None:
    assert _told(outage=outage(100, 300, cause)).confidence == told
    assert _told(outage=outage(100, 300, cause), start=edge(100, None)).confidence == told


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (edge(100, 0.5, 0.5), "certain"),
        (edge(100, 0.5, 0.501), "likely"),
        (edge(100, None, 0), "likely"),
        (edge(100, 0, None), "likely"),
    ],
)
def test_a_deletion_is_certain_if_its_second_is_told(start: Edge, told: str) -> None:
    assert _told(cause="pod-deleted", start=start).confidence == told


def test_a_run_of_no_known_pod_is_named_by_what_it_says_itself() -> None:
    alone = run("c", 10, pod_uid="uid-x")
    for name, told in ((None, "uid-x"), ("bare", "bare")):
        alone.pod = name
        known = case(runs=[alone])
        known.orphans = [Orphan(alone, None, "kubelet-down", "removed", edge(100), edge(200), None)]
        [found] = DETECTOR.find(known)
        assert f"Container app of pod {told} ran" in found.summary
