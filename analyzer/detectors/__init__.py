"""Detectors: to add one, a module with a Detector and a line in REGISTRY (and a scenario that shows it).

Other distributions may bring more (``plugins``): they come after our own.
"""

from collections.abc import Callable, Collection

from analyzer.detectors import (
    adoption,
    clock_skew,
    duplicate_container,
    evidence_gap,
    ignored_sigterm,
    imbalance,
    kubelet_outage,
    node_unreachable,
    orphaned_container,
    phantom_pod,
    plugins,
    replicas,
)
from analyzer.detectors.base import Case, Detector
from analyzer.detectors.doubts import tempered
from analyzer.findings import Finding
from analyzer.lifecycle.model import Lifecycle
from analyzer.vocabulary import FindingKind

REGISTRY: tuple[Detector, ...] = (
    kubelet_outage.DETECTOR,
    node_unreachable.DETECTOR,
    orphaned_container.DETECTOR,
    adoption.DETECTOR,
    replicas.OVERSHOOT,
    replicas.UNDERSHOOT,
    imbalance.DETECTOR,
    duplicate_container.DETECTOR,
    phantom_pod.DETECTOR,
    ignored_sigterm.DETECTOR,
    evidence_gap.DETECTOR,
    clock_skew.DETECTOR,
)

__all__ = ["REGISTRY", "Detector", "detect", "kinds_known", "known"]


def _ignore(problem: str) -> None:
    pass


def known(complain: Callable[[str], None] = _ignore) -> tuple[Detector, ...]:
    """Our own detectors and those installed; ``complain`` is told, a line each, of those that cannot be used."""
    more = plugins.installed(frozenset({*map(str, FindingKind), *(d.kind for d in REGISTRY)}))
    for problem in more.problems:
        complain(problem)
    return (*REGISTRY, *more.detectors)


def kinds_known() -> list[str]:
    """All kinds that a finding may be of: our own, then those of installed detectors."""
    return list(dict.fromkeys([*map(str, FindingKind), *(d.kind for d in known())]))


def detect(
    life: Lifecycle,
    kinds: Collection[str] | None = None,
    without: Collection[str] | None = None,
    complain: Callable[[str], None] = _ignore,
) -> list[Finding]:
    """All findings (of ``kinds`` only, if given; none of ``without``), by severity, start and id.

    ``complain``: told, a line each, what went wrong with detectors that are not our own.
    """
    case = Case(life)
    wanted = [d for d in known(complain) if (not kinds or d.kind in kinds) and d.kind not in (without or ())]
    found = [f for d in wanted for f in (d.find(case) if d.distribution is None else plugins.run(d, case, complain))]
    return sorted((tempered(case, f).widened(life.clocks.widened) for f in found), key=Finding.sort_key)
