"""What is surely so: lives of containers from one sign to another, without what silence alone tells.

A container that nobody saw end is taken to run on; but a log that lost its end looks the same. Where a finding rests on that, it says so.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.intervals import Span, Step, count
from analyzer.lifecycle.lives import read
from analyzer.lifecycle.model import NodeLife
from analyzer.vocabulary import EventKind as E

_ALIVE = (E.CONTAINER_SEEN_RUNNING, E.CONTAINER_SIGNALLED)


def witnessed(run: Run, node: NodeLife | None = None) -> tuple[datetime | None, datetime | None]:
    """The first and the last sign that the container ran; None: there is none. A kubelet that lives and tells of its pods would have
    told of its end: while that goes on writing, the container ran on. ``node``: of the run, unless its pod is to be deleted."""
    signs = [e.time for e in (*run.noticed, *run.kills) if e.kind in _ALIVE]
    signs += [t for t in (run.seen, run.start.latest if run.start.time is not None else None) if t is not None]
    if run.end.time is not None and run.end.earliest is not None and run.end.proofs:
        signs.append(run.end.earliest)
    first, last = min(signs, default=None), max(signs, default=None)
    return first, _watched_until(node, last) if node is not None and last is not None and run.end.time is None else last


def _watched_until(node: NodeLife, moment: datetime) -> datetime:
    """Until when the kubelet process that lived at a moment went on telling of its pods."""
    if not node.tells_of_containers or node.outage_at(moment) is not None:
        return moment
    return max(moment, node.kubelet_writes_until(moment))


def alive_at(run: Run, moment: datetime) -> bool:
    """Whether signs on either side of the moment say that it ran."""
    first, last = witnessed(run)
    return first is not None and last is not None and first <= moment <= last


def surely_running(controller: Controller, nodes: Mapping[str, NodeLife]) -> list[Step]:
    """Pods with at least one application container that surely ran, as steps."""
    read(run for pod in controller.ran for run in pod.apps)
    return count([_spans(pod.apps, {} if pod.marked is not None else nodes) for pod in controller.ran])


def _spans(runs: Iterable[Run], nodes: Mapping[str, NodeLife]) -> list[Span]:
    known = (witnessed(run, nodes.get(run.node or "")) for run in runs)
    return [(first, last) for first, last in known if first is not None and last is not None]
