"""How many pods of a controller ran, against how many were asked for, as stairs; and where they were more."""

from dataclasses import dataclass
from datetime import datetime

from analyzer.analysis import Analysis
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.intervals import Step
from analyzer.vocabulary import FindingKind as F

MOST = 24
"""Charts drawn: those of controllers with findings first."""
_WINDOWS = (F.OVERSHOOT_WINDOW, F.UNDERSHOOT_WINDOW, F.IMBALANCE)


@dataclass(frozen=True)
class Chart:
    """One controller. The value at ``times[i]`` holds to ``times[i + 1]``; ``wanted`` None: nothing tells."""

    controller: Controller
    times: list[datetime]
    running: list[int]
    wanted: list[int] | None


def charts(analysis: Analysis) -> tuple[list[Chart], int]:
    """Charts, those with unexpected findings first, and how many controllers have none."""
    weight: dict[tuple[str | None, str | None], int] = {}
    for finding in analysis.findings:
        if finding.kind in _WINDOWS:
            name = (finding.namespace, finding.controller)
            weight[name] = min(weight.get(name, 1), int(finding.expected))
    ordered = sorted(analysis.life.controllers, key=lambda c: (weight.get((c.namespace, c.title), 2), c.namespace, c.kind, c.name))
    return [_chart(c, analysis.life.start, analysis.life.end) for c in ordered[:MOST]], max(len(ordered) - MOST, 0)


def _chart(controller: Controller, start: datetime, end: datetime) -> Chart:
    running = controller.running()
    wanted: list[Step] = list(controller.wanted.steps) if controller.wanted is not None else []
    moments = {s.time for s in (*running, *wanted) if s.time is not None and start < s.time < end}
    times = [start, *sorted(moments), end]
    return Chart(controller, times, _values(running, times), _values(wanted, times) if wanted else None)


def _values(steps: list[Step], times: list[datetime]) -> list[int]:
    """The value at each time; both in order."""
    found: list[int] = []
    at = 0
    for time in times:
        while at + 1 < len(steps) and (steps[at + 1].time or time) <= time:
            at += 1
        found.append(steps[at].value)
    return found
