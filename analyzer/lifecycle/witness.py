"""What is surely so: lives of containers from one sign to another, without what silence alone tells.

A container that nobody saw end is taken to run on; but a log that lost its end looks the same. Where a finding rests on that, it says so.
"""

from collections.abc import Iterable
from datetime import datetime

from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.intervals import Span, Step, count
from analyzer.vocabulary import EventKind as E

_ALIVE = (E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SIGNALLED)


def witnessed(run: Run) -> tuple[datetime | None, datetime | None]:
    """The first and the last sign that the container ran; None: there is none."""
    signs = [e.time for e in (*run.noticed, *run.kills) if e.kind in _ALIVE]
    signs += [t for t in (run.seen, run.start.latest if run.start.time is not None else None) if t is not None]
    if run.end.time is not None and run.end.earliest is not None and run.end.proofs:
        signs.append(run.end.earliest)
    return min(signs, default=None), max(signs, default=None)


def alive_at(run: Run, moment: datetime) -> bool:
    """Whether signs on either side of the moment say that it ran."""
    first, last = witnessed(run)
    return first is not None and last is not None and first <= moment <= last


def surely_running(controller: Controller) -> list[Step]:
    """Pods with at least one application container that surely ran, as steps."""
    return count([_spans(pod.apps) for pod in controller.pods])


def _spans(runs: Iterable[Run]) -> list[Span]:
    return [(first, last) for first, last in map(witnessed, runs) if first is not None and last is not None]
