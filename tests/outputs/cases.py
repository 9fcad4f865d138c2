"""Analyses that every output must be able to tell: each shipped incident, all kinds, no finding, and one that is hostile."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from analyzer.analysis import Analysis, analyze
from analyzer.vocabulary import FindingKind
from tests.browser import hostile

SAMPLES = Path(__file__).resolve().parents[2] / "sample_logs"


def shipped(name: str = "long-outage-return") -> Analysis:
    return analyze([SAMPLES / name])


def all_kinds() -> Analysis:
    """A finding of each kind, closed, open on either side, and of a moment."""
    analysis = shipped("quick-restart")
    model = analysis.findings[0]
    findings = []
    for kind in FindingKind:
        start, end = replace(model.start, time=None), replace(model.end, time=None)
        pairs = ((model.start, model.end), (start, model.end), (model.start, end), (start, end), (model.start, model.start))
        findings += [replace(model, kind=kind, start=s, end=e, node=f"n{n}") for n, (s, e) in enumerate(pairs)]
    analysis.findings = findings
    return analysis


def nothing() -> Analysis:
    analysis = shipped("quick-restart")
    analysis.findings = []
    return analysis


CASES: dict[str, Callable[[], Analysis]] = {
    "long outage": shipped,
    "stays down": lambda: shipped("kubelet-stays-down"),
    "power loss": lambda: shipped("node-power-loss"),
    "normal": lambda: shipped("normal-operations"),
    "all kinds": all_kinds,
    "nothing": nothing,
    "hostile": hostile.analysis,
}
