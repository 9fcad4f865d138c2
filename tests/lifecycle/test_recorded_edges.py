"""An edge that an event tells is as one with its proof, which is made when it is read."""

from copy import copy
from dataclasses import replace

import pytest

from analyzer.lifecycle import event_table
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.recorded import Recorded
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import at
from tests.lifecycle.pieces import event, in_order, proof


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Events:
    monkeypatch.setattr(event_table, "_SMALL", 0)
    return Events.of_frame(in_order(event(1, E.POD_ADDED), event(2, E.POD_DELETED)).columns(*event_table._SCHEMA))


def test_its_proof_is_made_when_it_is_read(told: Events) -> None:
    more = (proof(5),)
    edge = Recorded(at(2), None, at(3), rule="why", told=told, row=1, proves="so", more=more)
    assert (edge.time, edge.earliest, edge.latest, edge.rule) == (at(2), None, at(3), "why")
    assert (edge.told, edge.row) == (told, 1)
    assert told._table.made == {}
    assert edge.proofs == (told[1].proof("so"), *more)
    assert edge.proofs is edge.proofs
    assert list(told._table.made) == [1]


def test_with_another_rule_it_keeps_its_proofs(told: Events) -> None:
    edge = replace(Recorded(at(2), at(2), at(2), told=told, row=1, proves="so"), rule="other")
    assert (edge.time, edge.rule, [p.proves for p in edge.proofs]) == (at(2), "other", ["so"])
    assert Recorded(None, None, None, ()).proofs == ()


def test_a_copy_makes_no_proof(told: Events) -> None:
    edge = Recorded(at(2), None, at(3), rule="why", told=told, row=1, proves="so", more=(proof(5),))
    again = copy(edge)
    assert told._table.made == {}
    assert (again.time, again.earliest, again.latest, again.rule, again.told, again.row) == (at(2), None, at(3), "why", told, 1)
    assert again == edge
    assert copy(edge).proofs is edge.proofs, "one that is made is kept"


def test_it_takes_little_memory(told: Events) -> None:
    edges = Edge(at(1), at(1), at(1)), Recorded(at(2), at(2), at(2), told=told, row=1), proof(3)
    assert not any(hasattr(edge, "__dict__") for edge in edges)
