"""What a detector is: one pure function from the lifecycle to findings, and words about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypedDict

from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.orphans import Orphan, orphans
from analyzer.lifecycle.settings import Settings, settings
from analyzer.proof import Proof
from analyzer.vocabulary import RUNTIME_LOG, RUNTIME_STREAMS, Confidence


class Subject(TypedDict):
    """What a finding about a container is about: fields of Finding."""

    node: str | None
    namespace: str | None
    controller: str | None
    pod: str | None
    pod_uid: str | None
    container: str | None
    container_id: str | None


class Case:
    """The lifecycle, and what several detectors derive from it, computed once."""

    def __init__(self, life: Lifecycle) -> None:
        self.life = life

    @cached_property
    def orphans_of(self) -> dict[str, list[Orphan]]:
        """Orphaned spells by the key of their pod."""
        found: dict[str, list[Orphan]] = {}
        for orphan in self.orphans:
            if orphan.pod is not None:
                found.setdefault(orphan.pod.key, []).append(orphan)
        return found

    @cached_property
    def superseded(self) -> dict[int, list[Orphan]]:
        """Orphaned spells during which others took the place of their pods, by the ``id`` of the outage in which that was."""
        found: dict[int, list[Orphan]] = {}
        for orphan in self.orphans:
            if orphan.outage is not None and orphan.superseded_at is not None:
                found.setdefault(id(orphan.outage), []).append(orphan)
        return found

    @cached_property
    def evictions(self) -> dict[str, list[Event]]:
        """By node: when the control plane deleted a pod because of it, the first word on each pod, in order of time."""
        found: dict[str, list[Event]] = {}
        for pod in self.life.pods.evicted:
            if pod.evicted is not None and pod.node is not None:
                found.setdefault(pod.node, []).append(pod.evicted)
        return {node: sorted(some, key=lambda e: e.time) for node, some in found.items()}

    @cached_property
    def runtime_nodes(self) -> set[str | None]:
        """Nodes whose container runtime itself tells what ran."""
        return set(self.life.events.by(*RUNTIME_STREAMS, RUNTIME_LOG).column("node").unique())

    def subject(self, run: Run, *, attempt: bool = True) -> Subject:
        """A run, as a finding names it; ``attempt``: this attempt of the container, not all of them."""
        pod = self.life.pod_of(run)
        controller = self.life.owner_of(pod) if pod is not None else None
        return Subject(
            node=run.node,
            namespace=pod.namespace if pod is not None else run.namespace,
            controller=controller.title if controller is not None else None,
            pod=pod.name if pod is not None else run.pod,
            pod_uid=run.pod_uid,
            container=run.container,
            container_id=run.container_id if attempt else None,
        )

    @cached_property
    def outages(self) -> dict[tuple[str | None, datetime | None], Outage]:
        """Outages by node and start."""
        return {(o.node, o.start.time): o for node in self.life.nodes.values() for o in node.outages}

    @cached_property
    def returns(self) -> dict[tuple[str | None, datetime | None], Outage]:
        """Outages by node and end."""
        return {(o.node, o.end.time): o for o in self.outages.values()}

    @cached_property
    def orphaned(self) -> dict[tuple[str | None, datetime | None], Orphan]:
        """Orphaned spells by container and start."""
        return {(o.run.container_id, o.start.time): o for o in self.orphans}

    @cached_property
    def controllers(self) -> dict[tuple[str | None, str | None], Controller]:
        """By namespace and title."""
        return {(c.namespace, c.title): c for c in self.life.controllers}

    @cached_property
    def orphans(self) -> list[Orphan]:
        return orphans(self.life)

    @cached_property
    def settings(self) -> Settings:
        """How long this cluster's control plane waits, as far as the evidence tells."""
        return settings(self.life)


@dataclass(frozen=True)
class Detector:
    """``proves``: what a finding of this kind says; ``needs``: the evidence without which it stays silent;
    ``contradicted_by``: what, had it been in the evidence, would have led to another finding or to none;
    ``distribution``: who installed it, None for our own. ``kind`` is a FindingKind or, of others' detectors, any such word."""

    kind: str
    proves: str
    needs: str
    contradicted_by: str
    find: Callable[[Case], Iterable[Finding]]
    distribution: str | None = None


def seconds(duration: timedelta | None) -> str:
    """A duration in words for a summary: '7.1 s', '2 min 5 s', '1 h 4 min'."""
    if duration is None:
        return "an unknown time"
    total = duration.total_seconds()
    if total < 60:
        return f"{total:.1f} s"
    minutes, left = divmod(int(total), 60)
    return f"{minutes} min {left} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def clock(moment: datetime | None) -> str:
    """A moment in a sentence: UTC, to the tenth of a second."""
    return moment.strftime("%H:%M:%S.") + str(moment.microsecond // 100_000) + "Z" if moment else "the end of the evidence"


def unique(proofs: Iterable[Proof]) -> tuple[Proof, ...]:
    """Each cited record once, in the order of time."""
    first: dict[tuple[str, int | None, int | None], Proof] = {}
    for proof in proofs:
        first.setdefault((proof.source, proof.line, proof.offset), proof)
    return tuple(sorted(first.values(), key=lambda p: (p.time is None, p.time or datetime.min, p.source, p.line or p.offset or 0)))


def confidence(*, certain: bool, likely: bool = True) -> Confidence:
    return Confidence.CERTAIN if certain else Confidence.LIKELY if likely else Confidence.POSSIBLE
