"""Detectors of other distributions: what they install under the entry points ``podopsy.detectors``.

An entry is a Detector, or a module with a DETECTOR. Nothing that they do wrong ends an analysis: it is told in one line, and what
they found is left out.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, NamedTuple

import orjson

from analyzer.detectors.base import Case, Detector
from analyzer.findings import Finding
from analyzer.proof import Edge, Proof
from analyzer.vocabulary import Confidence, Severity

GROUP = "podopsy.detectors"
_KIND = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Installed(NamedTuple):
    """``problems``: what could not be taken, a line each."""

    detectors: tuple[Detector, ...]
    problems: tuple[str, ...]


@cache
def installed(taken: frozenset[str]) -> Installed:
    """Those that can be used, by distribution and name of the entry. ``taken``: kinds that are others' already."""
    found: list[Detector] = []
    problems: list[str] = []
    for distribution, entry in sorted(((_distribution(e), e) for e in entry_points(group=GROUP)), key=lambda pair: (pair[0], pair[1].name)):
        try:
            detector = replace(_loaded(entry), distribution=distribution)
            _check(detector, {**dict.fromkeys(taken, "podopsy"), **{d.kind: d.distribution or "" for d in found}})
        except (Exception, SystemExit) as error:  # whatever a module does when it is imported
            problems.append(f"detector {entry.name} of {distribution} is left out: {_reason(error)}")
        else:
            found.append(detector)
    return Installed(tuple(found), tuple(problems))


def run(detector: Detector, case: Case, complain: Callable[[str], None]) -> list[Finding]:
    """All that it finds, or nothing: half of it would look like the whole."""
    try:
        found = list(detector.find(case))
        for finding in found:
            _check_finding(detector, finding)
    except (Exception, SystemExit) as error:
        complain(f"detector {detector.kind} of {detector.distribution} broke, its findings are left out: {_reason(error)}")
        return []
    return found


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.value


def _reason(error: BaseException) -> str:
    told = " ".join(str(error).split())
    return told if isinstance(error, _Refused) else f"{type(error).__name__}: {told}" if told else type(error).__name__


class _Refused(Exception):
    """It is no detector, or no finding, as we know them."""


def _loaded(entry: EntryPoint) -> Detector:
    content = entry.load()
    detector = getattr(content, "DETECTOR", None) if isinstance(content, ModuleType) else content
    if not isinstance(detector, Detector):
        raise _Refused(f"{entry.value} is neither a Detector nor a module with a DETECTOR")
    return detector


def _check(detector: Detector, taken: dict[str, str]) -> None:
    if not isinstance(detector.kind, str) or not _KIND.fullmatch(detector.kind) or detector.kind in list(Severity):
        raise _Refused(f"{detector.kind!r} cannot be a kind: write lower case words with hyphens, no severity")
    if detector.kind in taken:
        raise _Refused(f"findings of the kind {detector.kind} are those of {taken[detector.kind]}")
    for name in ("proves", "needs", "contradicted_by"):
        if not isinstance(told := getattr(detector, name), str) or not told.strip():
            raise _Refused(f"{name} is no text")
    if not callable(detector.find):
        raise _Refused("find is no function")


def _check_finding(detector: Detector, finding: Any) -> None:
    if not isinstance(finding, Finding):
        raise _Refused(f"it gave {type(finding).__name__}, not a Finding")
    if finding.kind != detector.kind:
        raise _Refused(f"it gave a finding of the kind {finding.kind!r}")
    for name, known in (("severity", Severity), ("confidence", Confidence)):
        if getattr(finding, name) not in list(known):
            raise _Refused(f"the {name} {getattr(finding, name)!r} is none of {', '.join(known)}")
    if not isinstance(finding.summary, str) or not finding.summary.strip():
        raise _Refused("a finding has no summary")
    if not all(isinstance(edge, Edge) for edge in (finding.start, finding.end)):
        raise _Refused("start and end of a finding are Edges")
    if not finding.evidence or not all(isinstance(proof, Proof) for proof in finding.evidence):
        raise _Refused("a finding needs evidence: at least one Proof")
    edges = [moment for edge in (finding.start, finding.end) for moment in (edge.time, edge.earliest, edge.latest)]
    for moment in (*edges, *(proof.time for proof in finding.evidence)):
        if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is None):
            raise _Refused(f"{moment!r} is no time with a zone")
    orjson.dumps(finding.document())  # raises where the details cannot be written
