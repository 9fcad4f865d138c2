"""What is told is told: values of the lifecycle that several readers share are not changed."""

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from analyzer.lifecycle.clocks import Clock, Clocks
from analyzer.lifecycle.containers import Status
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.lifecycle.coverage_verbosity import Verbosity
from analyzer.lifecycle.deadlines import Due
from analyzer.lifecycle.desired import Wanted
from analyzer.lifecycle.gone import Gone
from analyzer.lifecycle.intervals import Step
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, at
from tests.lifecycle.pieces import edge, event, proof


@pytest.mark.parametrize(
    "value",
    [
        Clock(A, None, None, None, 2),
        Clocks(),
        Coverage(A, "journal-text", at(0), at(1)),
        Due(1, 0, 2),
        Gone(edge(1), "watch"),
        Hole(at(0), at(1), "", "silence"),
        Status("c", "default", "web", "u", "app", A, None, None, None, proof(1)),
        Step(None, 1),
        Verbosity("2", ""),
        Wanted((Step(None, 1),), "stated"),
        event(1, E.POD_ADDED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_is_not_changed(value: Any) -> None:
    for field in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field.name, None)
