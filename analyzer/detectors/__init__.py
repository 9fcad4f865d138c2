"""Detectors: to add one, a module with a Detector and a line in REGISTRY (and a scenario that shows it)."""

from collections.abc import Collection

from analyzer.detectors import adoption, evidence_gap, imbalance, kubelet_outage, node_unreachable, orphaned_container, replicas
from analyzer.detectors.base import Case, Detector
from analyzer.findings import Finding
from analyzer.lifecycle.model import Lifecycle

REGISTRY: tuple[Detector, ...] = (
    kubelet_outage.DETECTOR,
    node_unreachable.DETECTOR,
    orphaned_container.DETECTOR,
    adoption.DETECTOR,
    replicas.OVERSHOOT,
    replicas.UNDERSHOOT,
    imbalance.DETECTOR,
    evidence_gap.DETECTOR,
)

__all__ = ["REGISTRY", "Detector", "detect"]


def detect(life: Lifecycle, kinds: Collection[str] | None = None) -> list[Finding]:
    """All findings (of ``kinds`` only, if given), by severity, start and id."""
    case = Case(life)
    found = [f for detector in REGISTRY if not kinds or detector.kind in kinds for f in detector.find(case)]
    return sorted(found, key=Finding.sort_key)
