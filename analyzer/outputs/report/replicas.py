"""How many pods of a controller ran, against how many were asked for, as stairs."""

from dataclasses import dataclass
from datetime import datetime

from analyzer.analysis import Analysis
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.intervals import Step
from analyzer.vocabulary import APP_KINDS_WITH_REPLICAS
from analyzer.vocabulary import FindingKind as F

_WINDOWS = (F.OVERSHOOT_WINDOW, F.UNDERSHOOT_WINDOW, F.IMBALANCE)
_SOURCES = {
    "stated": "as stated on the command line",
    "objects": "as API objects say",
    "audit": "as requests to the API say",
    "controller-manager": "as the controller-manager logged",
    "events": "as events tell",
    "inferred": "inferred from the steady state",
}


@dataclass(frozen=True)
class Chart:
    """One controller. The value at ``times[i]`` holds to ``times[i + 1]``; ``wanted`` None: nothing tells. ``asked``: how it is known."""

    controller: Controller
    times: list[datetime]
    running: list[int]
    wanted: list[int] | None
    asked: str
    grave: bool


def charts(analysis: Analysis) -> list[Chart]:
    """Those with unexpected findings first, the gravest before the others; of a selection, those that it keeps."""
    rank: dict[tuple[str | None, str | None], tuple[int, int]] = {}
    for number, finding in enumerate(analysis.findings):
        if finding.kind in _WINDOWS:
            name, mine = (finding.namespace, finding.controller), (int(finding.expected), number)
            rank[name] = min(rank.get(name, mine), mine)
    kept, none = analysis.selection, (2, 0)
    some = [c for c in analysis.life.controllers if kept is None or kept.controller(c.namespace, c.title)]
    ordered = sorted(some, key=lambda c: (rank.get((c.namespace, c.title), none), c.namespace, c.kind, c.name))
    return [_chart(c, analysis.life.start, analysis.life.end, rank.get((c.namespace, c.title), none)[0] == 0) for c in ordered]


def _chart(controller: Controller, start: datetime, end: datetime, grave: bool) -> Chart:
    running = controller.running()
    wanted: list[Step] = list(controller.wanted.steps) if controller.wanted is not None else []
    moments = {s.time for s in (*running, *wanted) if s.time is not None and start < s.time < end}
    times = [start, *sorted(moments), end]
    values = _values(wanted, times) if wanted else None
    return Chart(controller, times, _values(running, times), values, _asked(controller), grave)


def _asked(controller: Controller) -> str:
    if controller.wanted is not None:
        return _SOURCES.get(controller.wanted.source, f"as known from {controller.wanted.source}")
    return "nothing tells" if controller.kind in APP_KINDS_WITH_REPLICAS else f"a {controller.kind} has no fixed number"


def _values(steps: list[Step], times: list[datetime]) -> list[int]:
    """The value at each time; both in order."""
    found: list[int] = []
    at = 0
    for time in times:
        while at + 1 < len(steps) and (steps[at + 1].time or time) <= time:
            at += 1
        found.append(steps[at].value)
    return found
