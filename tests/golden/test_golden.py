"""Raw lines of every era, and what they prove. See golden.py for how the files are written."""

from pathlib import Path

import pytest

from analyzer.grammars import controller_manager, klog_rules, kubelet, scheduler, sent_events
from analyzer.vocabulary import EventKind
from tests.golden.golden import Golden, comparable, load

ALL = list(load(Path(__file__).parent))
RULES = (*kubelet.RULES, *controller_manager.RULES, *scheduler.RULES, *sent_events.RULES)


@pytest.mark.parametrize("golden", [pytest.param(g, id=g.where) for g in ALL])
def test_golden(golden: Golden) -> None:
    found = golden.events()
    assert len(found) == len(golden.expected), found
    assert [comparable(f, e) for f, e in zip(found, golden.expected, strict=True)] == golden.expected


@pytest.mark.parametrize("rule", [pytest.param(rule, id=f"{number}-{rule.literal}") for number, rule in enumerate(RULES)])
def test_every_rule_has_a_golden_line(rule: kubelet.KlogRule) -> None:
    lines = (klog_rules.parse(golden.raw) for golden in ALL if rule.literal in golden.raw)
    assert any(line is not None and list(rule.build(line)) for line in lines)


def test_every_kind_of_event_has_a_golden_line() -> None:
    assert {event["kind"] for golden in ALL for event in golden.expected} == set(EventKind)
