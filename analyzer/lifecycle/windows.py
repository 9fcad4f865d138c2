"""Windows in which a controller had more, or fewer, running pods than it was asked for: a sweep over two step functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.intervals import Step
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Edge, Proof

_LOW = datetime.min.replace(tzinfo=UTC)
FLICKER = timedelta(seconds=1)
"""API times have seconds: a gap or a window shorter than this is not told apart from none."""
_CHANGED = "at this moment the number of pods with a running container, or the number asked for, changed so that they differ or agree"


Piece = tuple[datetime, datetime, int, int]
"""From, until, running, wanted."""


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
    pieces = [p for p in _pieces(running, wanted, evidence_start, evidence_end) if (p[2] > p[3] if over else p[2] < p[3])]
    owner = {id(r): pod for pod in controller.ran for r in pod.apps}
    found = []
    for group in _grouped(pieces):
        start, end = group[0][0], group[-1][1]
        if end - start < FLICKER:
            continue
        peak = max(group, key=lambda p: (p[2] - p[3]) if over else (p[3] - p[2]))
        pods = tuple({owner[id(r)].key: owner[id(r)] for r in controller.runs.overlapping(start, end)}.values())
        beyond = sum(abs(have - asked) * (until - since).total_seconds() for since, until, have, asked in group)
        moved = any(s.time == start for s in wanted)
        found.append(Window(start, None if end >= evidence_end else end, peak[3], peak[2], round(beyond, 3), pods, moved))
    return found


def overlap(running: list[Step], wanted: list[Step], start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Within a window, when more ran than were asked for."""
    pieces = [p for p in _pieces(running, wanted, start, end) if p[2] > p[3]]
    return [(group[0][0], group[-1][1]) for group in _grouped(pieces)]


def _pieces(running: list[Step], wanted: list[Step], start: datetime, end: datetime) -> Iterator[Piece]:
    """Both step functions together: from, until, running, wanted."""
    steps = sorted([(s.time or _LOW, 0, s.value) for s in running] + [(s.time or _LOW, 1, s.value) for s in wanted], key=lambda s: s[:2])
    values = [0, 0]
    since = start
    for time, which, value in [*steps, (end, 0, 0)]:
        moment = min(max(time, start), end)
        if moment > since:
            yield since, moment, values[0], values[1]
            since = moment
        values[which] = value


def _grouped(pieces: list[Piece]) -> list[list[Piece]]:
    groups: list[list[Piece]] = []
    for piece in pieces:
        if groups and piece[0] - groups[-1][-1][1] < FLICKER:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def edge(controller: Controller, moment: datetime | None, fallback: datetime) -> Edge:
    """The edge at a moment at which the count or the number asked for changed, with what proves it."""
    if moment is None:
        return Edge(None, fallback, None, rule="it was still so when the evidence ends")
    proofs: list[Proof] = []
    earliest, latest = moment, moment
    for run in {id(r): r for r in (*controller.runs.began(moment, moment), *controller.runs.ended(moment, moment))}.values():
        for side in (run.start, run.end):
            if side.time == moment:
                proofs += side.proofs
                earliest = min(earliest, side.earliest or moment)
                latest = max(latest, side.latest or moment)
    if controller.wanted is not None and any(s.time == moment for s in controller.wanted.steps):
        proofs += [p for p in controller.wanted.proofs if p.time == moment]
    return Edge(moment, earliest, latest, tuple(proofs), rule=_CHANGED)
