"""clock-skew: a node's clock differs from the API server's by more than the bounds of what pairs of sightings allow."""

from collections.abc import Iterator
from datetime import timedelta

from analyzer.detectors.base import Case, Detector, confidence, unique
from analyzer.findings import Finding
from analyzer.lifecycle.clocks import Clock
from analyzer.proof import Edge
from analyzer.vocabulary import FindingKind, Severity

_HARMLESS = timedelta(seconds=1)
"""Kubernetes itself writes most times in whole seconds."""
_ZONES = timedelta(minutes=15)
_MANY = 3
_UNTIL = "until there the sightings agree on this offset"


def find(case: Case) -> Iterator[Finding]:
    clocks = case.life.clocks
    skewed = [c for c in clocks.clocks if c.skewed]
    told = {c.node for c in skewed}
    for at, clock in enumerate(skewed):
        following = next((c.since for c in skewed[at + 1 :] if c.node == clock.node and c.since is not None), None)
        yield _finding(case, clock, Edge(following, following, following, rule=_UNTIL), "")
    for node, clock in sorted(clocks.reported.items()):
        if clock.skewed and node not in told:
            yield _finding(case, clock, Edge(None, None, None, rule=_UNTIL), " in what its kubelet reports to the API")


def _finding(case: Case, clock: Clock, end: Edge, where: str) -> Finding:
    off = clock.correction
    zone = round(off / _ZONES) * _ZONES
    bounds = [b for b in (clock.low, clock.high) if b is not None]
    told = f"The clock of {clock.node}{where} was {_words(abs(off))} {'ahead of' if off > timedelta(0) else 'behind'} the API server's"
    told += f" ({' to '.join(f'{b.total_seconds():+.3f} s' for b in bounds)} by {clock.votes} sightings"
    told += ")" if len(bounds) > 1 else ", bounded on one side only)"
    own = f" in {', '.join(sorted(clock.sources))}" if clock.sources else ""
    told += f"{own}; its times are corrected by that."
    looks = bool(zone) and clock.low is not None and clock.high is not None and clock.low <= zone <= clock.high
    told += f" It looks like a zone: local times at UTC{_offset(zone)} read as UTC." if looks else ""
    begin = clock.since or case.life.start
    return Finding(
        kind=FindingKind.CLOCK_SKEW,
        severity=Severity.WARNING if abs(off) >= _HARMLESS else Severity.INFO,
        confidence=confidence(certain=len(bounds) > 1 and clock.votes >= _MANY),
        expected=False,
        start=Edge(begin, begin, begin, clock.proofs[:1], rule="from there on the sightings agree on this offset"),
        end=end,
        summary=told,
        node=clock.node,
        details={
            **clock.document(),
            "offset_s": round(off.total_seconds(), 6),
            "sightings": clock.votes,
            "zone": _offset(zone) if looks else None,
        },
        evidence=unique(clock.proofs),
    )


def _words(off: timedelta) -> str:
    total = off.total_seconds()
    return f"{total:.2f} s" if total < 120 else f"{total:.1f} s ({int(total // 3600)} h {int(total % 3600 // 60)} min {int(total % 60)} s)"


def _offset(zone: timedelta) -> str:
    minutes = round(abs(zone) / timedelta(minutes=1))
    return f"{'-' if zone < timedelta(0) else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


DETECTOR = Detector(
    FindingKind.CLOCK_SKEW,
    "The node's clock was off by the given offset: what the API did before it was told to the node, and what the node did before it"
    " told the API, leave no other.",
    "pairs of sightings: the kubelet's journal or the runtime's events, and Kubernetes events or pod objects of the same pods",
    "a pair of sightings of one happening that allows no offset between the bounds",
    find,
)
