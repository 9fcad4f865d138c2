"""duplicate-container: two attempts of one container (or two sandboxes of one pod) ran at once, by the runtime's truth."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from analyzer.detectors.base import Case, Detector, clock, confidence, seconds, unique
from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.events import Event
from analyzer.proof import Edge, rfc3339
from analyzer.vocabulary import EventKind as E
from analyzer.vocabulary import FindingKind, Severity

_RACE = timedelta(seconds=1)
"""What the kubelet's relist sees of an end and the runtime's record of it are up to this apart: less is no overlap."""
_AFTER = timedelta(seconds=60)
"""A returned kubelet or runtime starts what it misses within this."""
_RESTARTS = (E.RUNTIME_STARTED, E.RUNTIME_STARTING, E.RUNTIME_READY, E.RUNTIME_RESTORED)


def find(case: Case) -> Iterator[Finding]:
    """Two pods of one name are another thing (phantom-pod, overshoot-window): here it is one pod, by its uid."""
    attempts: dict[tuple[str, str, str], list[Run]] = {}
    for run in case.life.runs:  # by start
        if run.node and run.pod_uid and run.container:
            attempts.setdefault((run.node, run.pod_uid, run.container), []).append(run)
    for runs in attempts.values():
        overlaps = [o for older, newer in pairwise(runs) if (o := _overlap(older, newer)) is not None]
        if overlaps:
            yield _finding(case, overlaps)


class _Overlap:
    def __init__(self, older: Run, newer: Run, sign: Event | None) -> None:
        self.older, self.newer, self.sign = older, newer, sign
        self.start = newer.start
        ends = [r.end for r in (older, newer) if r.end.time is not None]
        self.end = min(ends, key=lambda e: e.time or datetime.max) if ends else Edge(None, sign.time if sign else newer.start.time, None)


def _overlap(older: Run, newer: Run) -> _Overlap | None:
    """Only what is sure: the older one's end is recorded, and well after the newer one's start; or it was seen to live on."""
    began = newer.start.latest
    if began is None or newer.start.time is None or older.container_id == newer.container_id:
        return None
    if older.end.earliest is not None and older.end.time is not None:
        return _Overlap(older, newer, None) if older.end.earliest - began > _RACE else None
    alive = [e for e in older.noticed if e.kind is E.CONTAINER_SEEN_RUNNING] + [e for e in older.kills if e.value != 0]
    sign = next((e for e in sorted(alive, key=lambda e: e.time) if e.time - began > 2 * _RACE), None)
    return _Overlap(older, newer, sign) if older.end.time is None and sign is not None else None


def _finding(case: Case, overlaps: list[_Overlap]) -> Finding:
    first, last = overlaps[0], overlaps[-1]
    run = first.newer
    pod = case.life.pod_of(run)
    controller = case.life.owner_of(pod) if pod else None
    runs = list({id(r): r for o in overlaps for r in (o.older, o.newer)}.values())
    rule = "the runtime started another attempt while the one before still ran"
    start = Edge(first.start.time, first.start.earliest, first.start.latest, first.start.proofs, rule)
    end = Edge(last.end.time, last.end.earliest, last.end.latest, last.end.proofs, "the first of the two ended" if last.end.time else "")
    at_once = sum((((o.end.time or case.life.end) - (o.start.time or case.life.end)) for o in overlaps), timedelta())
    cause = _cause(case, run)
    what = "Two sandboxes" if run.sandbox else f"Two attempts of container {run.container}"
    why = {"kubelet-restart": ", after the kubelet came back", "runtime-restart": ", after the container runtime came back"}.get(cause, "")
    told = f"{what} of pod {(pod.name if pod else run.pod) or run.pod_uid} ran at once on {run.node} for {seconds(at_once)},"
    told += f" from {clock(start.time)} to {clock(end.time)}{why}."
    proofs = [p for o in overlaps for p in (*o.older.start.proofs, *o.newer.start.proofs, *o.older.end.proofs, *o.newer.end.proofs)]
    proofs += [o.sign.proof("the older one still ran") for o in overlaps if o.sign is not None]
    ordinal = controller is not None and controller.kind == "StatefulSet"
    return Finding(
        kind=FindingKind.DUPLICATE_CONTAINER,
        severity=Severity.CRITICAL if ordinal and not run.sandbox else Severity.WARNING,
        confidence=confidence(certain=all(o.older.end_reason == "died" and o.newer.start.proofs for o in overlaps)),
        expected=False,
        start=start,
        end=end,
        summary=told,
        **case.subject(run, attempt=False),
        details={
            "cause": cause,
            "attempts": [{"container_id": r.container_id, "start": rfc3339(r.start.time), "end": rfc3339(r.end.time)} for r in runs],
            "overlaps": len(overlaps),
            "overlap_s": round(at_once.total_seconds(), 6),
        },
        evidence=unique(proofs),
    )


def _cause(case: Case, newer: Run) -> str:
    """What had just come back, and did not know of the older one."""
    began, node = newer.start.time, case.life.nodes.get(newer.node or "")
    if began is None or node is None:
        return "unknown"
    if any(o.end.time is not None and timedelta(0) <= began - o.end.time <= _AFTER for o in node.outages):
        return "kubelet-restart"
    return "runtime-restart" if any(node.index.between(kind, began - _AFTER, began) for kind in _RESTARTS) else "unknown"


DETECTOR = Detector(
    FindingKind.DUPLICATE_CONTAINER,
    "Two attempts of one container of one pod, or two sandboxes of it, ran at once from start to end.",
    "the runtime's events of the node",
    "a die event of the older attempt before the newer one's start",
    find,
)
