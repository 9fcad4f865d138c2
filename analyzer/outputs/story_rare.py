"""Sentences on what happens rarely (phantoms, duplicates, ignored stop signals), and on what is left to do."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.outputs.words import NAMES, count, names
from analyzer.vocabulary import FindingKind as F

Clock = Callable[[datetime | None], str]
Found = Mapping[str, Sequence[Finding]]
Sentence = tuple[datetime | None, str]
"""When (None: before the evidence), and the sentence."""
_COMMANDS = 3


def perhaps(findings: Iterable[Finding]) -> str:
    """Said of what is only possible."""
    return " This is only possible, not proved." if all(f.confidence == "possible" for f in findings) else ""


def by_place(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """By node; if there are more nodes than can be told one by one, all together under words for them."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        found[str(finding.node)].append(finding)
    if len(found) <= NAMES:
        return found
    return {f"{count(len(found), 'node')} ({names(sorted(found))})": [f for mine in found.values() for f in mine]}


def several(findings: Iterable[Finding]) -> bool:
    """Whether they are of more than one node."""
    return len({f.node for f in findings}) > 1


def phantoms(found: Found, at: Clock) -> Iterable[Sentence]:
    for node, mine in by_place(found.get(F.PHANTOM_POD, ())).items():
        pods = sorted({str(f.pod) for f in mine})
        since = min((f.start.time for f in mine if f.start.time), default=None)
        until = None if any(f.end.time is None for f in mine) else max(f.end.time for f in mine if f.end.time)
        sure = all(f.start.earliest == f.start.time for f in mine if f.start.time == since)
        text = f"{'From' if sure else 'At the latest from'} {at(since)} to {at(until)} containers of {names(pods)}"
        text += f" {'ran' if until else 'still run'} on {node} though the API knew {_them(pods)} no more:"
        yield since, f"{text} nothing in the API showed them.{perhaps(mine)}"


def duplicates(found: Found, at: Clock) -> Iterable[Sentence]:
    for node, mine in by_place(found.get(F.DUPLICATE_CONTAINER, ())).items():
        what = sorted({f"{'the sandbox' if f.container == 'POD' else f.container} of {f.pod}" for f in mine})
        longest = max(timedelta(seconds=float(f.details.get("overlap_s") or 0)) for f in mine)
        text = f"From {at(mine[0].start.time)} two attempts ran at once on {node}: {names(what)} (for up to {seconds(longest)})."
        yield mine[0].start.time, text + perhaps(mine)


def ignored(found: Found, at: Clock) -> Iterable[Sentence]:
    mine = sorted(found.get(F.IGNORED_SIGTERM, ()), key=lambda f: (f.start.time is not None, f.start.time, f.id))
    if mine:
        what = sorted({f"{f.container or '?'} of {f.pod or f.pod_uid}" for f in mine})
        took = max(timedelta(seconds=float(f.details.get("took_s") or 0)) for f in mine)
        text = f"{count(len(mine), 'container')} did not end on SIGTERM and {'was' if len(mine) == 1 else 'were'} killed ({names(what)};"
        yield mine[0].start.time, f"{text} up to {seconds(took)} after it, the first asked at {at(mine[0].start.time)})."


def remedies(found: Found) -> Iterable[str]:
    """What is due: the gravest first."""
    yield from _unsupervised(found)
    yield from _moves(found)


def _unsupervised(found: Found) -> Iterable[str]:
    orphans = [f for f in found.get(F.ORPHANED_CONTAINER, ()) if f.end.time is None]
    phantom = [f for f in found.get(F.PHANTOM_POD, ()) if f.end.time is None]
    away = {f.node for f in (*orphans, *phantom) if f.details.get("cause") == "kubelet-down"}
    for down in (True, False):
        for node, mine in by_place(f for f in (*orphans, *phantom) if (f.node in away) is down).items():
            pods = names(sorted({str(f.pod or f.pod_uid) for f in mine}))
            do = "end them there by hand"
            if down:
                whose, adopt, end = ("their kubelets", "they adopt", "end") if several(mine) else ("its kubelet", "it adopts", "ends")
                do = f"bring {whose} back (systemctl start kubelet): {adopt} what is wanted and {end} the rest"
                do += "; until then do not delete these pods by force, or nobody knows of them any more" if orphans else ""
            yield f"To do: look at {node}, where containers of {pods} still run unsupervised (crictl ps or docker ps), and {do}."


def _moves(found: Found) -> Iterable[str]:
    moves = [f.details["move"] for f in found.get(F.IMBALANCE, ()) if (f.details.get("move") or {}).get("command")]
    if not moves:
        return
    ways = sorted({f"from {m['from']} to {m['to']}" for m in moves})
    commands = [str(m["command"]) for m in moves]
    rest = f" (and {len(commands) - _COMMANDS:,} more; the findings have them)" if len(commands) > _COMMANDS else ""
    which = count(len(moves), "pod")
    text = f"To do: Kubernetes does not rebalance by itself. To move {which} {names(ways)}, one after the other, each when its"
    yield f"{text} replacement is ready: {'; '.join(commands[:_COMMANDS])}{rest}."


def _them(pods: list[str]) -> str:
    return "it" if len(pods) == 1 else "them"
