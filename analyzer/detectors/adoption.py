"""adoption: a kubelet came back to running containers; a verdict on each."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from analyzer.detectors.base import Case, Detector, clock, confidence, unique
from analyzer.findings import Finding
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.event_table import EventIndex
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.orphans import absences, met, seen_after, verdict
from analyzer.proof import Edge, rfc3339
from analyzer.vocabulary import EventKind as E
from analyzer.vocabulary import FindingKind, Severity

_STARTING = timedelta(minutes=10)
"""With a runtime that does not answer, 'Recovery completed' may come minutes after the process began."""
VERDICTS = ("adopted", "removed", "restarted", "lost")


def find(case: Case) -> Iterator[Finding]:
    for node in case.life.nodes.values():
        found = [whole for whole, _ in absences(node)]
        for number, outage in enumerate(found):
            following = found[number + 1].start.time if number + 1 < len(found) else None
            ran_on = met(case.life, outage)
            back = outage.end.time
            if back is None or not any(r.alive(back) for r in ran_on):
                continue
            recovery = _recovery(node.index, outage, following)
            yield _finding(case, outage, recovery)


def _recovery(index: EventIndex, outage: Outage, following: datetime | None) -> Event | None:
    """The first of this process: after its start, before its own end."""
    back = outage.end.time
    if back is None:
        return None
    found = index.between(E.RECOVERY_COMPLETED, back, min(back + _STARTING, following) if following else back + _STARTING)
    return found[0] if found else None


def _finding(case: Case, outage: Outage, recovery: Event | None) -> Finding:
    lists: dict[str, list[str]] = {name: [] for name in VERDICTS}
    proofs = list(outage.end.proofs)
    for run in met(case.life, outage):
        found = verdict(case.life, outage, run)
        lists[found].append(run.container_id)
        if found == "adopted":
            proofs += [e.proof("the kubelet saw it running after its return") for e in seen_after(outage, run)[:1]]
        else:
            proofs += run.end.proofs[:1]
    end = outage.end
    if recovery is not None:
        proof = recovery.proof("cAdvisor has found the containers that exist; it says nothing of their fate")
        proofs.append(proof)
        end = Edge(recovery.time, recovery.time, recovery.time, (proof,), rule="the first 'Recovery completed' of this kubelet process")
    counted = ", ".join(f"{len(ids)} {name}" for name, ids in lists.items() if ids)
    told = f"The kubelet of {outage.node} came back at {clock(outage.end.time)} to running containers: {counted}."
    return Finding(
        kind=FindingKind.ADOPTION,
        severity=Severity.INFO if not lists["removed"] else Severity.WARNING,
        confidence=confidence(certain=recovery is not None and outage.cause != "unknown"),
        expected=False,
        start=outage.end,
        end=end,
        summary=told,
        node=outage.node,
        details={"recovery_completed_at": rfc3339(recovery.time) if recovery else None, **{k: sorted(v) for k, v in lists.items()}},
        evidence=unique(proofs),
    )


DETECTOR = Detector(
    FindingKind.ADOPTION,
    "The kubelet started at 'start' and found these containers running; each was adopted, removed, restarted, or had been lost.",
    "the node's journal, and the runtime's events (or pod objects)",
    "a die event of the container before the kubelet's start, 'Killing' of it or 'Need to start a new one' for its pod soon after,"
    " or a deletion mark on the pod from before",
    find,
)
