"""Which detectors are asked, and in which order what they find is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from analyzer import detectors
from analyzer.detectors import REGISTRY, Detector, detect, kinds_known
from analyzer.lifecycle.clocks import Clock, Clocks
from analyzer.vocabulary import FindingKind
from tests.detectors.made import A, bounds, life, node, not_ready, outage, pod, run


def test_every_kind_of_finding_has_one_detector() -> None:
    assert sorted(d.kind for d in REGISTRY) == sorted(map(str, FindingKind))
    assert kinds_known()[: len(FindingKind)] == list(map(str, FindingKind))


def test_findings_come_by_severity_then_start() -> None:
    ran = pod("web-1", [run("c", 10)])
    known = life(node(A, [outage(500, 510), outage(100, 200)], [not_ready(140, 210)]), pods=[ran])
    found = [(f.severity, bounds(f.start)[1], f.kind) for f in detect(known)]
    order = {"critical": 0, "warning": 1, "info": 2}
    assert found == sorted(found, key=lambda f: (order[f[0]], f[1]))
    assert len({f[0] for f in found}) == 2


def test_only_the_kinds_asked_for_and_none_of_those_refused() -> None:
    known = life(node(A, [outage(100, 200)], [not_ready(140, 210)]))
    every = {"kubelet-outage", "node-unreachable"}
    assert {f.kind for f in detect(known)} == every
    assert {f.kind for f in detect(known, kinds=[])} == every
    assert {f.kind for f in detect(known, kinds=["kubelet-outage", "adoption"])} == {"kubelet-outage"}
    assert {f.kind for f in detect(known, without=["kubelet-outage"])} == {"node-unreachable"}
    assert not detect(known, kinds=["kubelet-outage"], without=["kubelet-outage"])


def test_what_is_found_is_as_sure_as_its_doubts_leave_it() -> None:
    [found] = detect(life(node(A, [outage(100, None)])))
    assert (found.confidence, len(found.details["depends_on"])) == ("likely", 1)


def _broken(_: Any) -> Any:
    raise RuntimeError("no such luck")


def test_a_detector_of_others_that_breaks_is_told_and_one_of_our_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Detector("broken", "a", "b", "c", _broken)
    told: list[str] = []
    monkeypatch.setattr(detectors, "known", lambda _: (replace(broken, distribution="others"),))
    assert detect(life(), complain=told.append) == []
    assert told == ["detector broken of others broke, its findings are left out: RuntimeError: no such luck"]
    monkeypatch.setattr(detectors, "known", lambda _: (broken,))
    with pytest.raises(RuntimeError):
        detect(life())


def test_a_corrected_clock_widens_the_bounds_of_what_its_node_told() -> None:
    ahead = Clock(A, timedelta(seconds=7), timedelta(seconds=8), timedelta(seconds=7.5), 5)
    known = life(node(A, [outage(100, 200)]), clocks=Clocks((ahead,), {"gone": A}))
    found = next(f for f in detect(known) if f.kind == "kubelet-outage")
    assert bounds(found.start) == (99.5, 100, 100.5)
    assert bounds(found.end) == (200, 200, 200)  # another's clock
