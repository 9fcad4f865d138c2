"""Windows in which a controller had more, or fewer, running pods than it was asked for: a sweep over two step functions."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.intervals import value_at
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Edge, Proof

FLICKER = timedelta(seconds=1)
"""API times have seconds: a gap or a window shorter than this is not told apart from none."""


@dataclass(frozen=True)
class Window:
    """``peak``: the running count furthest from what was desired; ``excess``: pods times seconds beyond (or short of) it."""

    start: datetime
    end: datetime | None  # None: to the end of the evidence
    desired: int  # at the peak
    peak: int
    pod_seconds: float
    pods: tuple[Pod, ...]  # that ran in it
    desired_moved: bool  # it began because the number asked for changed


def windows(controller: Controller, evidence_start: datetime, evidence_end: datetime, *, over: bool) -> list[Window]:
    """Windows of one controller, in order, with flickers merged and those shorter than FLICKER left out."""
    if controller.wanted is None:
        return []
    running, wanted = controller.running(), list(controller.wanted.steps)
    moments = sorted(
        {s.time for s in (*running, *wanted) if s.time is not None and evidence_start < s.time < evidence_end} | {evidence_start}
    )
    pieces: list[tuple[datetime, datetime, int, int]] = []
    for at, moment in enumerate(moments):
        until = moments[at + 1] if at + 1 < len(moments) else evidence_end
        have, asked = value_at(running, moment), value_at(wanted, moment)
        if (have > asked) if over else (have < asked):
            pieces.append((moment, until, have, asked))
    found = []
    for group in _grouped(pieces):
        start, end = group[0][0], group[-1][1]
        if end - start < FLICKER:
            continue
        peak = max(group, key=lambda p: (p[2] - p[3]) if over else (p[3] - p[2]))
        pods = tuple(p for p in controller.pods if any(_overlaps(r.start.time, r.end.time, start, end) for r in p.apps))
        beyond = sum(abs(have - asked) * (until - since).total_seconds() for since, until, have, asked in group)
        moved = any(s.time == start for s in wanted)
        found.append(Window(start, None if end >= evidence_end else end, peak[3], peak[2], round(beyond, 3), pods, moved))
    return found


def _grouped(pieces: list[tuple[datetime, datetime, int, int]]) -> list[list[tuple[datetime, datetime, int, int]]]:
    groups: list[list[tuple[datetime, datetime, int, int]]] = []
    for piece in pieces:
        if groups and piece[0] - groups[-1][-1][1] < FLICKER:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _overlaps(start: datetime | None, end: datetime | None, low: datetime, high: datetime) -> bool:
    return (start is None or start < high) and (end is None or end > low)


def edge(controller: Controller, moment: datetime | None, fallback: datetime) -> Edge:
    """The edge at a moment at which the count or the number asked for changed, with what proves it."""
    if moment is None:
        return Edge(None, fallback, None)
    proofs: list[Proof] = []
    earliest, latest = moment, moment
    for run in (r for pod in controller.pods for r in pod.apps):
        for side in (run.start, run.end):
            if side.time == moment:
                proofs += side.proofs
                earliest = min(earliest, side.earliest or moment)
                latest = max(latest, side.latest or moment)
    if controller.wanted is not None and any(s.time == moment for s in controller.wanted.steps):
        proofs += [p for p in controller.wanted.proofs if p.time == moment]
    return Edge(moment, earliest, latest, tuple(proofs))
