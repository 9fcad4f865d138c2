"""Two incidents' controllers side by side: which is which, and how long each ran more pods than were asked for, or fewer."""

import re
from collections import defaultdict
from dataclasses import dataclass

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.lifecycle.model import Lifecycle
from analyzer.outputs.report.embed import name
from analyzer.vocabulary import FindingKind as F

MOST = 60
"""Controllers that are compared one by one: those whose windows are longest."""
Key = tuple[str, str]
"""A controller: its namespace and its title."""
Pair = tuple[Key | None, Key | None]
_KINDS = (F.OVERSHOOT_WINDOW, F.UNDERSHOOT_WINDOW)
_REVISION = re.compile(r"(?:-(?:\d+|v\d+|[0-9a-f]{8,10}))+$", re.ASCII)


@dataclass(frozen=True)
class Workload:
    name: str
    cells: list[str]  # more: windows and the longest, of one and of the other; then fewer, likewise


def lasted(finding: Finding, life: Lifecycle) -> float:
    """Seconds, to the end of the evidence if it was open then."""
    return ((finding.end.time or life.end) - (finding.start.time or life.start)).total_seconds()


def signed(value: float) -> str:
    """Seconds as elsewhere, with their sign."""
    size, sign = abs(value), "−" if value < 0 else ""
    if size < 60:
        return f"{sign}{size:.1f} s"
    hours, rest = divmod(int(size), 3600)
    return f"{sign}{hours} h {rest // 60} min" if hours else f"{sign}{rest // 60} min {rest % 60} s"


def workloads(one: Analysis, other: Analysis) -> tuple[list[Workload], int]:
    """Those with windows in either, the longest first; and how many more there are. Windows that are by design do not count."""
    of = _windows(one), _windows(other)
    told = [set(f) | {(c.namespace or "", c.title) for c in a.life.controllers} for f, a in zip(of, (one, other), strict=True)]

    def cells(pair: Pair) -> list[list[float] | None]:
        """None: nothing tells of it there."""
        return [of[at].get(key, {}).get(kind, []) if key else None for kind in _KINDS for at, key in enumerate(pair)]

    found = [pair for pair in paired(*told) if any(cells(pair))]
    found.sort(key=lambda pair: (-sum(max(some or (), default=0) for some in cells(pair)), [key or ("", "") for key in pair]))
    return [Workload(_called(pair), [_words(some) for some in cells(pair)]) for pair in found[:MOST]], max(len(found) - MOST, 0)


def _windows(analysis: Analysis) -> dict[Key, dict[str, list[float]]]:
    found: dict[Key, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for finding in analysis.findings:
        if finding.kind in _KINDS and not finding.expected:
            found[finding.namespace or "", finding.controller or "?"][finding.kind].append(lasted(finding, analysis.life))
    return found


def paired(ones: set[Key], others: set[Key]) -> list[Pair]:
    """Those of the same name; of the rest those alike but for a revision at the end, where that leaves no choice; the others alone."""
    found: list[Pair] = [(key, key) for key in sorted(ones & others)]
    stems: dict[Key, tuple[list[Key], list[Key]]] = defaultdict(lambda: ([], []))
    for at, rest in enumerate((ones - others, others - ones)):
        for key in sorted(rest):
            stems[key[0], _REVISION.sub("", key[1])][at].append(key)
    for left, right in stems.values():
        if len(left) == len(right) == 1:
            found.append((left[0], right[0]))
        else:
            found += [*((key, None) for key in left), *((None, key) for key in right)]
    return found


def _called(pair: Pair) -> str:
    names = [name("/".join(key)) for key in dict.fromkeys(pair) if key]
    return " → ".join(names) + (" (only in A)" if pair[1] is None else " (only in B)" if pair[0] is None else "")


def _words(some: list[float] | None) -> str:
    if some is None:
        return "–"
    return "none" if not some else signed(some[0]) if len(some) == 1 else f"{len(some)}, longest {signed(max(some))}"
