"""orphaned-container: an application container ran while nobody supervised it."""

from collections.abc import Iterator
from datetime import timedelta

from analyzer.detectors.base import Case, Detector, clock, confidence, seconds, unique
from analyzer.findings import Finding
from analyzer.lifecycle.orphans import Orphan
from analyzer.proof import rfc3339
from analyzer.vocabulary import FindingKind, Severity

_SECONDS = timedelta(seconds=1)
"""The API's times."""
_ENDS = {
    "adopted": "was adopted by the returned kubelet",
    "removed": "was removed",
    "exited": "ended by itself",
    "running": "was still running when the evidence ends",
}


def find(case: Case) -> Iterator[Finding]:
    for orphan in case.orphans:
        yield _finding(case, orphan)


def _finding(case: Case, orphan: Orphan) -> Finding:
    run, pod = orphan.run, orphan.pod
    start, end = orphan.start.time, orphan.end.time
    why = "its kubelet was down" if orphan.cause == "kubelet-down" else "its pod was deleted and the kubelet did not act on it"
    lasted = seconds((end or case.life.end) - start) if start else "an unknown time"
    name = f"{run.container or run.container_id[:12]} of pod {(pod.name if pod else run.pod) or run.pod_uid}"
    told = f"Container {name} ran unsupervised on {run.node} for {lasted} because {why}, and {_ENDS[orphan.outcome]}"
    told += f" at {clock(end)}" if end else ""
    if orphan.superseded_by and orphan.superseded_at:
        told += f"; {orphan.superseded_by.name} on {orphan.superseded_by.node} ran in its stead from {clock(orphan.superseded_at)}"
    told += "."
    return Finding(
        kind=FindingKind.ORPHANED_CONTAINER,
        severity=Severity.INFO if orphan.outcome == "adopted" else Severity.WARNING,
        confidence=confidence(certain=orphan.outage.cause != "unknown" if orphan.outage is not None else not _vague(orphan)),
        expected=False,
        start=orphan.start,
        end=orphan.end,
        summary=told,
        **case.subject(run),
        details={
            "cause": orphan.cause,
            "outcome": orphan.outcome,
            "superseded_by": orphan.superseded_by.name if orphan.superseded_by else None,
            "superseded_at": rfc3339(orphan.superseded_at),
        },
        evidence=unique(orphan.evidence),
    )


def _vague(orphan: Orphan) -> bool:
    """Whether the deletion is not told, only that another pod was made in its stead."""
    low, high = orphan.start.earliest, orphan.start.latest
    return low is None or high is None or high - low > _SECONDS


DETECTOR = Detector(
    FindingKind.ORPHANED_CONTAINER,
    "The container ran from start to end while no kubelet supervised it, or after its pod had been deleted.",
    "the node's journal, and the runtime's events (or the kubelet's PLEG lines, or pod objects)",
    "a die event of the container before the start, a kubelet process of the node that wrote between start and end,"
    " or, for a deleted pod, a 'Killing' of it within seconds of the request",
    find,
)
