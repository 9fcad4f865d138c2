"""What truly happened in a cluster of a test, as findings are defined; and whether the findings say so.

Derived from what ran and from the kubelets' lives alone, by counting, with none of the analysis's own means.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from tests.lifecycle.cluster import Cluster
from tests.lifecycle.incident import ORIGIN
from tests.lifecycle.telling import SANDBOX, Ran, Up

KINDS = ("kubelet-outage", "orphaned-container", "adoption", "overshoot-window")
COUNTED = ("ReplicationController", "ReplicaSet", "Deployment", "StatefulSet")
Told = tuple[str, str, float, float | None, str]
"""Kind, of what, from, until (None: open), and how it went."""


def truth(cluster: Cluster) -> list[Told]:
    return sorted([*_outages(cluster), *_orphans(cluster), *_cut_off(cluster), *_adoptions(cluster), *_overshoots(cluster)])


def told(analysis: Analysis) -> list[Told]:
    """The findings in the same words."""
    return sorted(_told(f) for f in analysis.findings if f.kind in KINDS)


def differences(cluster: Cluster, analysis: Analysis, *, slack: float = 0.06) -> list[str]:
    """What the findings miss ('missing'), and what they say without ground ('wrong'). Deletions have whole seconds."""
    wanted, found = truth(cluster), told(analysis)
    missing: list[str] = []
    for one in wanted:
        match = next((f for f in found if _same(one, f, slack)), None)
        if match is None:
            missing.append(f"missing {_say(one)}")
        else:
            found.remove(match)
    return missing + [f"wrong {_say(f)}" for f in found]


def _same(one: Told, other: Told, slack: float) -> bool:
    starts = 1.2 if one[4].endswith("pod-deleted") else slack  # whole seconds; else when its substitute ran at the latest
    if one[:2] != other[:2] or one[4] != other[4] or abs(one[2] - other[2]) > starts:
        return False
    if one[0] == "adoption":  # its end is a line, and no truth
        return True
    return (one[3] is None) == (other[3] is None) and abs((one[3] or 0) - (other[3] or 0)) <= slack


def _say(one: Told) -> str:
    return f"{one[0]} {one[1]} {one[2]:g}..{'' if one[3] is None else f'{one[3]:g}'} {one[4]}"


def _told(f: Finding) -> Told:
    start, end = _second(f.start.time), _second(f.end.time)
    assert start is not None
    if f.kind == "kubelet-outage":
        return f.kind, str(f.node), start, end, f.details["cause"]
    if f.kind == "orphaned-container":
        return f.kind, str(f.container_id), start, end, f"{f.details['outcome']} {f.details['cause']}"
    if f.kind == "adoption":
        lists = (f"{k}:{','.join(sorted(c[:12] for c in f.details[k]))}" for k in ("adopted", "removed", "restarted", "lost"))
        return f.kind, str(f.node), start, None, " ".join(lists)
    return f.kind, str(f.controller), start, end, f"{f.details['peak']} of {f.details['desired']}"


def _second(moment: datetime | None) -> float | None:
    return None if moment is None else (moment - ORIGIN).total_seconds()


def _gaps(cluster: Cluster) -> Iterator[tuple[Up, Up | None]]:
    for ups in cluster.kubelets.values():
        yield from zip(ups, [*ups[1:], None], strict=True)


def _outages(cluster: Cluster) -> Iterator[Told]:
    for old, new in _gaps(cluster):
        if old.end < cluster.end:
            cause = "rebooted" if new is not None and new.booted else "unknown" if old.cause == "power" else old.cause
            yield "kubelet-outage", old.node, old.end, new.start if new else None, cause


def _apps(cluster: Cluster, node: str) -> list[Ran]:
    return [r for r in cluster.runs if r.pod.node == node and r.container != SANDBOX and r.start < cluster.end]


def _until(cluster: Cluster, ran: Ran) -> float | None:
    return ran.end if ran.end < cluster.end else None


def _fate(cluster: Cluster, ran: Ran, new: Up | None) -> tuple[str, float | None]:
    """What became of a container that ran when its kubelet ended."""
    if new is None or ran.end < new.start:
        return ("exited", ran.end) if ran.end < cluster.end else ("running", None)
    if ran.pod.marked <= new.start:
        return ("removed", ran.end) if ran.end < cluster.end else ("running", None)
    return "adopted", new.start


def _orphans(cluster: Cluster) -> Iterator[Told]:
    for old, new in _gaps(cluster):
        if (new is not None and new.booted) or old.cause in ("", "power"):
            continue
        if old.end - old.start < cluster.starting + 0.3:
            continue  # it came to nothing: what was orphaned stayed so
        last = new
        while last is not None and last.end - last.start < cluster.starting + 0.3:
            ups = cluster.kubelets[old.node]
            last = ups[ups.index(last) + 1] if last is not ups[-1] else None
        for ran in _apps(cluster, old.node):
            if ran.start <= old.end < ran.end:
                outcome, end = _fate(cluster, ran, last)
                yield "orphaned-container", ran.id, old.end, end, f"{outcome} kubelet-down"


def _cut_off(cluster: Cluster) -> Iterator[Told]:
    """Deleted while its kubelet lived, but could not hear."""
    for ran in cluster.runs:
        asked = ran.pod.marked
        deaf = any(start <= asked < end for node, start, end in cluster.cuts if node == ran.pod.node)
        gone = any(asked < k.end < min(ran.end, cluster.end) for k in cluster.kubelets[ran.pod.node])  # then that spell tells of it
        if ran.container != SANDBOX and deaf and not gone and cluster.up(ran.pod.node, asked) and ran.start <= asked < ran.end:
            end = _until(cluster, ran)
            outcome = "running" if end is None else "removed" if ran.by == "kubelet" else "exited"
            yield "orphaned-container", ran.id, asked, end, f"{outcome} pod-deleted"


def _adoptions(cluster: Cluster) -> Iterator[Told]:
    for old, new in _gaps(cluster):
        if new is None or new.booted or new.end - new.start < cluster.starting + 0.3:
            continue
        met = [r for r in _apps(cluster, old.node) if r.start <= old.end < r.end]
        if not any(r.end > new.start for r in met):
            continue
        lists: dict[str, list[str]] = {"adopted": [], "removed": [], "restarted": [], "lost": []}
        for ran in met:
            outcome, _ = _fate(cluster, ran, new)
            lists[{"exited": "lost", "running": "removed"}.get(outcome, outcome)].append(ran.id[:12])
        yield "adoption", old.node, new.start, None, " ".join(f"{k}:{','.join(sorted(v))}" for k, v in lists.items())


def _overshoots(cluster: Cluster) -> Iterator[Told]:
    for owner, sizes in cluster.asked.items():
        if owner.partition("/")[0] not in COUNTED:
            continue
        pods = [p for p in cluster.all_pods if cluster.parents.get(p.owner, p.owner) == owner]
        runs = [[r for r in cluster.runs if r.pod is p and r.container != SANDBOX] for p in pods]
        moments = sorted({0.0, cluster.end, *(t for t, _ in sizes), *(t for some in runs for r in some for t in (r.start, r.end))})
        moments = [t for t in moments if 0 <= t <= cluster.end]
        windows: list[list[tuple[float, float, int, int]]] = []
        for since, until in pairwise(moments):
            if until - since < 1e-5:  # sums of seconds are not exact
                continue
            middle = (since + until) / 2
            have = sum(any(r.start <= middle < r.end for r in some) for some in runs)
            asked = [n for t, n in sizes if t <= middle][-1]
            if have > asked and windows and since - windows[-1][-1][1] < 1:
                windows[-1].append((since, until, have, asked))
            elif have > asked:
                windows.append([(since, until, have, asked)])
        for window in windows:
            start, end = window[0][0], window[-1][1]
            _, _, have, asked = max(window, key=lambda w: w[2] - w[3])
            if end - start >= 1:
                yield "overshoot-window", owner, start, None if end >= cluster.end else end, f"{have} of {asked}"


def right(cluster: Cluster, folder: Path, api: bool = True, *, slack: float = 0.06) -> Analysis:
    """The findings, when they are what truly happened."""
    found = cluster.analyze(folder, api=api)
    apart = differences(cluster, found, slack=slack)
    assert not apart, "\n".join(apart)
    return found


def one(found: Analysis, kind: str) -> Finding:
    """The only finding of its kind."""
    (finding,) = [f for f in found.findings if f.kind == kind]
    return finding


def unexpected(found: Analysis, *kinds: str) -> list[str]:
    """Findings that are no one's design."""
    return [f.summary for f in found.findings if not f.expected and (not kinds or f.kind in kinds)]
