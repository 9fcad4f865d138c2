"""kubelet-outage: no kubelet process on a node, from the end of one to the start of the next."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from analyzer.detectors.base import Case, Detector, clock, confidence, seconds, unique
from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.deadlines import Deadlines, deadlines
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.orphans import met
from analyzer.lifecycle.readiness import Spell
from analyzer.vocabulary import FindingKind, Severity

_VAGUE = timedelta(seconds=60)
"""A start that lies somewhere within more than this is a possibility, not a likelihood."""
_FIRST_HEARTBEAT = timedelta(seconds=60)
"""A kubelet that starts reports to the API within seconds; with a slow runtime it takes longer."""
_SEVERITY = {"none": Severity.INFO, "not-ready": Severity.WARNING, "evicted": Severity.CRITICAL}


def find(case: Case) -> Iterator[Finding]:
    for node in case.life.nodes.values():
        for outage in node.outages:
            yield _finding(case, outage)


def _finding(case: Case, outage: Outage) -> Finding:
    ran_on = met(case.life, outage)
    effect, due, timed, proofs = _effect(case, outage)
    start, end = outage.start.time, outage.end.time
    lasted = end - start if start and end else None
    unmeasured = start is not None and start == end and outage.cause in ("unknown", "rebooted")
    told = f"The kubelet of {outage.node} was down"
    if unmeasured:
        told += f" for an unknown time until it started at {clock(end)}"
    else:
        told += (
            f" for {seconds(lasted)}, from {clock(start)} to {clock(end)}" if end else f" from {clock(start)} to the end of the evidence"
        )
    told += f" ({outage.cause})"
    if ran_on:
        told += f"; {len(ran_on)} container(s) ran on without it"
    told += {"none": "", "not-ready": "; the node became NotReady", "evicted": "; its pods were evicted"}[effect]
    told += _margin(outage, effect, due) + "."
    bounds = outage.start.latest, outage.start.earliest
    vague = (
        unmeasured
        or (outage.cause == "unknown" and bounds[0] and bounds[1] and bounds[0] - bounds[1] > _VAGUE)
        or (outage.cause == "unknown" and outage.boot_lost)
    )
    return Finding(
        kind=FindingKind.KUBELET_OUTAGE,
        severity=_SEVERITY[effect] if not outage.boot_lost else max(_SEVERITY[effect], Severity.WARNING, key=_rank),
        confidence=confidence(certain=outage.cause in ("stopped", "killed", "crashed", "rebooted"), likely=not vague),
        expected=False,
        start=outage.start,
        end=outage.end,
        summary=told,
        node=outage.node,
        details={
            "cause": outage.cause,
            "effect": effect,
            "containers": sorted(r.container_id for r in ran_on),
            "duration_s": round(lasted.total_seconds(), 6) if lasted else None,
            "deadlines": timed,
            **_meant(outage, effect, ran_on, timed),
        },
        evidence=unique([*outage.evidence, *proofs]),
    )


def _rank(severity: Severity) -> int:
    return [Severity.INFO, Severity.WARNING, Severity.CRITICAL].index(severity)


def _effect(case: Case, outage: Outage) -> tuple[str, Deadlines, dict[str, Any], list[Any]]:
    """What the control plane made of it, how long after the start, and how close it came."""
    start = outage.start.time
    node = case.life.nodes[outage.node]
    lost = next((s for s in node.not_ready if s.start.time and outage.covers(s.start.time) and s.reporters != {"kubelet"}), None)
    evicted = next((e for e in case.evictions.get(outage.node, ()) if outage.covers(e.time) or _too_late(outage, lost, e.time)), None)
    superseded = case.superseded.get(id(outage), ())
    replaced = min(superseded, key=lambda o: o.superseded_at or case.life.end, default=None)
    after = {
        "not_ready_after_s": lost.start.time if lost else None,
        "evicted_after_s": evicted.time if evicted else None,
        "replaced_after_s": replaced.superseded_at if replaced else None,
    }
    seen = {k: round((t - start).total_seconds(), 6) if t and start else None for k, t in after.items()}
    due = deadlines(case.life, case.settings, outage, lost, evicted)
    proofs = [*(lost.start.proofs if lost else ()), *([evicted.proof("its pods were evicted")] if evicted else []), *due.proofs]
    effect = "evicted" if evicted or replaced else "not-ready" if lost else "none"
    return effect, due, {**seen, **due.document(outage)}, proofs


def _too_late(outage: Outage, lost: Spell | None, moment: datetime) -> bool:
    """Whether the kubelet was back, but the API had not yet heard of it."""
    end = outage.end.time
    return lost is not None and end is not None and lost.covers(moment) and end <= moment <= end + _FIRST_HEARTBEAT


def _margin(outage: Outage, effect: str, due: Deadlines) -> str:
    """How close it came to the next thing that would have happened, in words."""
    name, deadline = {"none": ("NotReady", due.not_ready), "not-ready": ("eviction", due.eviction)}.get(effect, ("", None))
    margin = deadline.margin(outage) if deadline is not None else None
    if margin is None or margin.best <= 0:
        return ""
    sure = "" if margin.low > 0 else "about "
    return f"; the kubelet was back {f'{sure}{margin.best:.0f} s' if margin.best >= 1 else 'just'} before {name}"


def _meant(outage: Outage, effect: str, ran_on: list[Run], seen: dict[str, Any]) -> dict[str, list[str]]:
    """What Kubernetes is meant to do in such a case, and what it is not."""
    design, not_design = [], []
    if seen["not_ready_after_s"] is not None:
        design.append("the node was NotReady once the grace period had passed without a heartbeat")
    if effect == "evicted":
        design.append("its pods were evicted once the timeout had passed, and replaced elsewhere")
    if ran_on:
        not_design.append(f"{len(ran_on)} container(s) ran on with no kubelet to supervise them: nobody could restart or stop them")
    if ran_on and seen["replaced_after_s"] is not None:
        not_design.append("the old containers ran beside their replacements")
    if outage.cause in ("killed", "crashed"):
        not_design.append("the kubelet's process ended without being asked to")
    return {"by_design": design, "not_by_design": not_design}


DETECTOR = Detector(
    FindingKind.KUBELET_OUTAGE,
    "No kubelet process ran on the node from start to end; cause and effect in the details.",
    "the node's journal with systemd's lines about the kubelet's unit (journalctl -u kubelet has them), or the kubelet's own lines",
    "a line of a kubelet process of the node, or a report of it to the API, between start and end",
    find,
)
