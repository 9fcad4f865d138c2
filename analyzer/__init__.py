"""podopsy: forensic analysis of Kubernetes node failures from the logs that are left.

from analyzer import analyze
analysis = analyze(["incident/"])
for finding in analysis.findings:
    print(finding.summary)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analyzer.analysis import Analysis, analyze
    from analyzer.exceptions import EvidenceError, PodopsyError, SourceError, StoreError, UsageError
    from analyzer.findings import Finding
    from analyzer.proof import Edge, Proof

__all__ = [
    "Analysis",
    "Edge",
    "EvidenceError",
    "Finding",
    "PodopsyError",
    "Proof",
    "SourceError",
    "StoreError",
    "UsageError",
    "analyze",
]

_HOMES = {"Analysis": "analysis", "analyze": "analysis", "Finding": "findings", "Edge": "proof", "Proof": "proof"}


def __getattr__(name: str) -> Any:
    """Imported when first used: the command line must answer before polars is loaded."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'exceptions')}"), name)
