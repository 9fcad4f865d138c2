"""The report's first line: what is the matter, in one sentence; how grave and how sure; and what the evidence covers, in a small table."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from analyzer.analysis import Analysis
from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.lifecycle.coverage import Coverage, family
from analyzer.outputs.report.embed import name, told
from analyzer.outputs.words import NAMES, bare, listed, upper
from analyzer.vocabulary import FindingKind as F

_SEVERITIES = ("critical", "warning", "info")
_CONFIDENCES = ("certain", "likely", "possible")
FEW, ROWS = 6, 12
"""Nodes in the table of what is covered: all, if they are few; of more those that lack something, up to so many."""
_NEAR = timedelta(seconds=60)
_COLUMNS = {"kubelet log": ("journal", "klog"), "runtime events": ("runtime",)}
_LOGS = ("journal", "klog", "audit")
_OF_CLUSTER = {"API objects and events": ("kubernetes", "event-table"), "audit log": ("audit",)}


@dataclass(frozen=True)
class Verdict:
    """``level``: the gravest severity, or 'calm'. ``sure``: counts in words."""

    level: str
    headline: str
    counts: str
    sure: str


def verdict(analysis: Analysis) -> Verdict:
    """Of what is not by design. Names come from logs: escape them for the output."""
    shown = [f for f in analysis.findings if not f.expected]
    designed = len(analysis.findings) - len(shown)
    also = f"{designed:,} more by design" if designed else ""
    if not shown:
        text = "Nothing unexpected was found" + (" of it." if analysis.selection else " in what the evidence covers.")
        return Verdict("calm", text, f"{_count(designed, 'finding')}, by design" if designed else "", "")
    severities = [f"{n:,} {s}" for s in _SEVERITIES if (n := sum(f.severity == s for f in shown))]
    sure = [f"{n:,} {c}" for c in _CONFIDENCES if (n := sum(f.confidence == c for f in shown))]
    counts = f"{_count(len(shown), 'finding')}: {', '.join(severities)}" + (f"; {also}" if also else "")
    parts = list(_parts(shown))[:3] or [f"{_count(len(shown), 'finding')} of {listed(sorted({str(f.kind) for f in shown}))}"]
    level = min((str(f.severity) for f in shown), key=_SEVERITIES.index)
    return Verdict(level, told(upper("; ".join(parts)) + ".", 600), counts, ", ".join(sure))


def _parts(findings: list[Finding]) -> Iterator[str]:
    """What went wrong first, then what came of it; at most a clause a kind."""
    of: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        of[finding.kind].append(finding)
    if outages := of[F.KUBELET_OUTAGE]:
        nodes = sorted({str(o.node) for o in outages})
        if len(outages) == 1:
            whole = outages[0].details.get("cause") == "rebooted"
            who = f"node {nodes[0]}" if whole else f"the kubelet of {nodes[0]}"
            yield f"{who} was away for {_lasted(outages[0])}" if outages[0].end.time else f"{who} went away and did not come back"
        elif len(nodes) == 1:
            yield f"the kubelet of {nodes[0]} was away {_count(len(outages), 'time')}"
        else:
            yield f"the kubelets of {_those(nodes, 'node')} were away, {_count(len(outages), 'time')} in all"
    elif spells := of[F.NODE_UNREACHABLE]:
        yield f"the API held {_those(sorted({str(s.node) for s in spells}), 'node')} for not Ready"
    if orphans := of[F.ORPHANED_CONTAINER]:
        yield f"{_count(len({o.container_id for o in orphans}), 'container')} ran unsupervised"
    for kind, word in ((F.OVERSHOOT_WINDOW, "more"), (F.UNDERSHOOT_WINDOW, "fewer")):
        if windows := of[kind]:
            yield f"{_those(sorted({bare(w.controller) for w in windows}), 'controller')} ran {word} pods than asked for"
    for kind, noun in ((F.PHANTOM_POD, "pod"), (F.DUPLICATE_CONTAINER, "container"), (F.IGNORED_SIGTERM, "container")):
        if some := of[kind]:
            what = {F.PHANTOM_POD: "ran on after the API had forgotten it", F.DUPLICATE_CONTAINER: "ran twice at once"}
            yield f"{_count(len(some), noun)} {what.get(kind, 'did not end when asked to')}"
    if lost := of[F.IMBALANCE]:
        who = bare(lost[0].controller) if len(lost) == 1 else _count(len(lost), "controller")
        yield f"{who} {'sits' if len(lost) == 1 else 'sit'} on fewer nodes than before"


def _those(some: list[str], noun: str) -> str:
    """Few by name, many by number."""
    return listed(some) if len(some) <= NAMES else _count(len(some), noun)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _lasted(finding: Finding) -> str:
    return seconds(finding.end.time - finding.start.time) if finding.end.time and finding.start.time else "an unknown time"


@dataclass(frozen=True)
class Cell:
    """``state``: whole, part or none; ``words`` say how much."""

    state: str
    words: str


@dataclass(frozen=True)
class Table:
    """Rows of (name, cells); ``more`` nodes are not listed: they lack no more than those."""

    columns: list[str]
    rows: list[tuple[str, list[Cell]]]
    cluster: list[tuple[str, Cell]]
    more: int


def covered(analysis: Analysis) -> Table:
    """Of each node: is there a log of its kubelet, are there events of its runtime, and for how much of the time."""
    life = analysis.life
    of: dict[tuple[str | None, str], list[Coverage]] = defaultdict(list)
    for one in life.coverage:
        of[one.node, family(one.source_kind)].append(one)
    rows = [
        (name(node), [_cell([c for f in families for c in of[node, f]], life.start, life.end) for families in _COLUMNS.values()])
        for node in life.nodes
    ]
    rank = ("none", "part", "whole")
    rows.sort(key=lambda r: (sum(rank.index(c.state) for c in r[1]), r[0]))
    cluster = [(what, _cell([c for f in some for c in of[None, f]], life.start, life.end)) for what, some in _OF_CLUSTER.items()]
    lacking = sum(any(c.state != "whole" for c in cells) for _, cells in rows)
    shown = sorted(rows) if len(rows) <= FEW else rows[: max(min(lacking, ROWS), FEW // 2)]
    return Table(list(_COLUMNS), shown, [c for c in cluster if c[1].state != "none" or c[0] != "audit log"], len(rows) - len(shown))


def _cell(some: list[Coverage], start: datetime, end: datetime) -> Cell:
    """Of a log, how much of the time it covers. A stream of events begins and ends without a mark: of it, from when to when it tells."""
    if not some:
        return Cell("none", "none")
    low, high = min(c.start for c in some), max(c.end for c in some)
    lost = {(h.start, h.end) for c in some for h in c.holes if not h.by_nature}
    natural = {(h.start, h.end) for c in some for h in c.holes if h.by_nature}
    partly = low - start > _NEAR or end - high > _NEAR
    if any(family(c.source_kind) in _LOGS for c in some):
        words = f"{seconds(high - low)} of {seconds(end - start)}" if partly else "the whole time"
    else:
        form = "%H:%M:%SZ" if start.date() == end.date() else "%Y-%m-%d %H:%M:%SZ"
        words, partly = f"from {low.strftime(form)} to {high.strftime(form)}", False
    words += f"; {_count(len(lost), 'hole')}" if lost else f"; {_count(len(natural), 'hole')} by nature" if natural else ""
    return Cell("part" if partly or lost or natural else "whole", words)
