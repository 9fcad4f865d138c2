"""The story: what happened, in a few plain sentences in the order of time, from the findings alone."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from analyzer.detectors.adoption import VERDICTS
from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.lifecycle.model import Lifecycle
from analyzer.outputs import story_rare
from analyzer.outputs.coverage_told import coverage_sentence
from analyzer.outputs.story_margins import closest, margin, waited
from analyzer.outputs.story_rare import by_place, several
from analyzer.outputs.words import bare as _short
from analyzer.outputs.words import count as _count
from analyzer.outputs.words import full as _full
from analyzer.outputs.words import listed as _list
from analyzer.outputs.words import names as _names
from analyzer.outputs.words import upper as _upper
from analyzer.vocabulary import FindingKind as F

if TYPE_CHECKING:
    from analyzer.analysis import Analysis  # which tells the story in its document

_TOLD_ONE_BY_ONE = 2
"""More outages of one node than this are told in one sentence."""
_SENTENCES = 10
_NAMES = 3
_STOP, _GIVEN_UP, _EVICTED, _REPLACED, _PHANTOM, _RETURN, _DUPLICATE, _SIGTERM, _COUNT, _IMBALANCE, _REMEDY = range(11)
"""What a sentence tells; also the order among those of one second, as causes go."""
_MATTERS = (_REMEDY, _STOP, _COUNT, _RETURN, _PHANTOM, _IMBALANCE, _EVICTED, _GIVEN_UP, _REPLACED, _DUPLICATE, _SIGTERM)
"""Where there is more to tell than fits, what stays."""
_OF_A_KIND = 2
"""So many sentences of a kind come before the next ones of any other: many of one do not push out the rest."""

Told = tuple[datetime, int, str]
"""When, what it tells, and the sentence."""


def story(analysis: "Analysis") -> list[str]:
    """Five to ten sentences (fewer if little happened): what the evidence covers, what happened, what is to be done. Times are UTC.

    Names come from logs: escape them for the output.
    """
    findings = [f for f in analysis.findings if not f.expected]
    tell = _Teller(analysis.life, findings)
    first = coverage_sentence(analysis.life)
    told = list(tell.all())
    if not told:
        return [first, _nothing(analysis)]
    left = 0
    room = _SENTENCES - 1
    if len(told) > room:
        left = len(told) - room + 1
        told = _what_matters(told)[: room - 1]
    told.sort(key=lambda t: (t[1] == _REMEDY, t[0].replace(microsecond=0), *t[1:]))
    sentences = [sentence for _, _, sentence in told]
    if tell.one_day:
        sentences[0] = f"On {told[0][0]:%Y-%m-%d} (UTC): {sentences[0]}"
    return [first, *sentences, f"{left:,} more such things happened; the findings list them all."] if left else [first, *sentences]


def _what_matters(told: list[Told]) -> list[Told]:
    """The same, what matters most first."""
    ranked: list[tuple[int, int, Told]] = []
    met: dict[int, int] = defaultdict(int)
    for one in sorted(told):
        ranked.append((met[one[1]] // _OF_A_KIND, _MATTERS.index(one[1]), one))
        met[one[1]] += 1
    return [one for _, _, one in sorted(ranked)]


def _nothing(analysis: "Analysis") -> str:
    expected = sum(f.expected for f in analysis.findings)
    other = sorted({str(f.kind) for f in analysis.findings if not f.expected})
    if other:
        return f"There is no incident to tell of; what was found is of these kinds: {_list(other)}."
    text = "Nothing unexpected was found: no kubelet outage, no orphaned container, no overshoot that Kubernetes does not mean to happen."
    return text + (f" {expected} window(s) or spells are by design (starts, rollouts, graceful ends)." if expected else "")


class _Teller:
    def __init__(self, life: Lifecycle, findings: list[Finding]) -> None:
        self._life = life
        self._of: dict[str, list[Finding]] = defaultdict(list)
        for finding in sorted(findings, key=lambda f: (f.start.time or life.start, f.id)):
            self._of[finding.kind].append(finding)
        times = [t for f in findings for t in (f.start.time, f.end.time) if t is not None]
        self.one_day = len({t.date() for t in times}) <= 1
        self._api = any(c.node is None for c in life.coverage)  # else its silence says nothing
        self._used: set[int] = set()

    def all(self) -> Iterable[Told]:
        by_node: dict[str | None, list[Finding]] = defaultdict(list)
        for outage in self._of[F.KUBELET_OUTAGE]:
            by_node[outage.node].append(outage)
        if len(by_node) > _NAMES:
            yield from self._flapping(sorted((o for mine in by_node.values() for o in mine), key=self._start))
        else:
            for outages in by_node.values():
                yield from (t for o in outages for t in self._outage(o)) if len(outages) <= _TOLD_ONE_BY_ONE else self._flapping(outages)
        yield from self._unreachable()
        yield from self._deleted()
        yield from self._windows(F.OVERSHOOT_WINDOW, "more")
        yield from self._windows(F.UNDERSHOOT_WINDOW, "fewer")
        yield from self._imbalances()
        for kind, tell in ((_PHANTOM, story_rare.phantoms), (_DUPLICATE, story_rare.duplicates), (_SIGTERM, story_rare.ignored)):
            yield from ((when or self._life.start, kind, sentence) for when, sentence in tell(self._of, self._at))
        yield from ((self._life.end, _REMEDY, sentence) for sentence in story_rare.remedies(self._of))

    def _at(self, moment: datetime | None) -> str:
        if moment is None:
            return "the end of the evidence"
        return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}Z" if self.one_day else _full(moment)

    def _start(self, finding: Finding) -> datetime:
        return finding.start.time or self._life.start

    # --- a kubelet's outage, from its end to what its return made of the containers

    def _outage(self, outage: Finding) -> Iterable[Told]:
        start, details = self._start(outage), outage.details
        orphans = [o for o in self._of[F.ORPHANED_CONTAINER] if o.node == outage.node and o.start.time == outage.start.time]
        ran_on = len(details.get("containers") or ())
        what = {
            "stopped": f"the kubelet of {outage.node} was stopped",
            "killed": f"the kubelet of {outage.node} was killed",
            "crashed": f"the kubelet of {outage.node} crashed",
            "rebooted": f"node {outage.node} went down",
        }.get(str(details.get("cause")), f"the kubelet of {outage.node} fell silent")
        text = f"At {self._at(start)} {what}"
        if ran_on:
            pods = len({o.pod_uid or o.pod for o in orphans})
            text += f"; {_count(ran_on, 'container')}" + (f" of {_count(pods, 'pod')}" if pods else "") + " ran on without it"
        yield start, _STOP, text + "." + self._vague(outage)
        yield from self._verdict(outage, orphans)
        yield from self._return(outage, orphans)

    def _vague(self, outage: Finding) -> str:
        """An outage of which nothing tells when it began."""
        low, high = outage.start.earliest, outage.start.latest
        if outage.confidence != "possible" or low is None or high is None:
            return ""
        return f" That is a possibility: no line tells of its end, which lies between {self._at(low)} and {self._at(high)}."

    def _verdict(self, outage: Finding, orphans: list[Finding]) -> Iterable[Told]:
        start = self._start(outage)
        seen = (outage.details.get("deadlines") or {}).items()
        later = {k: start + timedelta(seconds=v) for k, v in seen if k.endswith("_after_s") and isinstance(v, int | float)}
        lost = later.get("not_ready_after_s")
        evicted, replaced = later.get("evicted_after_s"), later.get("replaced_after_s")
        gone = f"after {seconds(evicted - start)}, the control plane evicted its pods{waited(outage)}" if evicted is not None else ""
        if lost is not None:
            mine = [u for u in self._of[F.NODE_UNREACHABLE] if u.node == outage.node and u.start.time is not None]
            self._used |= {id(u) for u in mine if abs(self._start(u) - lost) < _NEAR}
            text = f"At {self._at(lost)}, {seconds(lost - start)} later, the API gave {outage.node} up as not Ready"
            yield lost, _GIVEN_UP, text + (f"; at {self._at(evicted)}, {gone}." if evicted is not None else ".")
        elif evicted is not None:
            yield evicted, _EVICTED, f"At {self._at(evicted)}, {gone}."
        instead = sorted({str(o.details["superseded_by"]) for o in orphans if o.details.get("superseded_by")})
        if replaced is not None and instead:
            text = f"From {self._at(replaced)} replacements ran elsewhere ({_names(instead)})"
            yield replaced, _REPLACED, f"{text} while the old containers still ran: that both run is not by design."

    def _return(self, outage: Finding, orphans: list[Finding]) -> Iterable[Told]:
        back = outage.end.time
        outcomes = {name: [o for o in orphans if o.details.get("outcome") == name] for name in ("adopted", "removed", "exited", "running")}
        if back is None:
            text = f"The kubelet of {outage.node} did not come back before the evidence ends"
            if outcomes["running"]:
                text += f"; {_count(len(outcomes['running']), 'container')} still ran unsupervised then"
            yield self._life.end, _RETURN, text + "."
            return
        lasted = seconds(back - self._start(outage))
        adoption = next((a for a in self._of[F.ADOPTION] if a.node == outage.node and a.start.time == back), None)
        verdicts = {k: len(v) for k, v in adoption.details.items() if k in VERDICTS and v} if adoption else {}
        counted = verdicts or {k: len(v) for k, v in outcomes.items() if v and k in ("adopted", "removed")}
        who = f"node {outage.node}" if outage.details.get("cause") == "rebooted" else f"the kubelet of {outage.node}"
        text = f"At {self._at(back)}, after {lasted}, {who} came back"
        if counted:
            text += f" and met the running containers: {_list(f'{n:,} {name}' for name, n in counted.items())}"
        gone = max((o.end.time for o in outcomes["removed"] if o.end.time), default=None)
        text += f", the last at {self._at(gone)}" if gone else ""
        unnoticed = outage.details.get("effect") == "none" and self._api
        close = margin(outage)
        text += ("; the API never gave the node up" if unnoticed else "") + (f"; {close}" if close else "")
        yield back, _RETURN, text + "."

    def _flapping(self, outages: list[Finding]) -> Iterable[Told]:
        """Many outages in two sentences."""
        nodes = sorted({str(o.node) for o in outages})
        first, ends = self._start(outages[0]), [o.end.time for o in outages]
        last = None if None in ends else max(t for t in ends if t is not None)
        by_outage = ("kubelet-outage", "node-loss")
        self._used |= {id(u) for u in self._of[F.NODE_UNREACHABLE] if u.node in nodes and u.details.get("cause") in by_outage}
        lengths = [(o.end.time or self._life.end) - self._start(o) for o in outages]
        who = f"the kubelet of {nodes[0]} was" if len(nodes) == 1 else f"the kubelets of {len(nodes):,} nodes ({_names(nodes)}) were"
        text = f"Between {self._at(first)} and {self._at(last)} {who} down {_count(len(outages), 'time')}"
        text += f" ({seconds(min(lengths))} to {seconds(max(lengths))} each, {seconds(sum(lengths, timedelta()))} in all)"
        effects = [str(o.details.get("effect")) for o in outages]
        noticed = [f"pods were evicted in {effects.count('evicted'):,}"] if "evicted" in effects else []
        noticed += [f"the API gave the node up as not Ready in {effects.count('not-ready'):,}"] if "not-ready" in effects else []
        silent = "; the API never gave a node up." if self._api else "."
        close = closest(outages)
        near = f" The one of {self._at(close[0].start.time)} came closest: {close[1]}." if close else ""
        yield first, _STOP, text + (f"; {_list(noticed)} of them." if noticed else silent) + near
        orphans = [o for o in self._of[F.ORPHANED_CONTAINER] if o.node in nodes and o.details.get("cause") == "kubelet-down"]
        if orphans:
            outcomes = {k: sum(o.details.get("outcome") == k for o in orphans) for k in _OUTCOMES}
            ended = _list(f"{n:,} {_OUTCOMES[k]}" for k, n in outcomes.items() if n)
            containers = len({o.container_id for o in orphans})
            yield first, _GIVEN_UP, f"{_count(containers, 'container')} ran on unsupervised, in {_count(len(orphans), 'spell')}: {ended}."

    # --- what no outage explains, and what controllers made of it

    def _unreachable(self) -> Iterable[Told]:
        """By node: spells that no outage sentence has told."""
        for node, spells in by_place(s for s in self._of[F.NODE_UNREACHABLE] if id(s) not in self._used).items():
            first, end = min(self._start(s) for s in spells), _last(spells)
            causes = sorted({str(s.details.get("cause")) for s in spells})
            why = f" (cause: {_list(causes)})"
            times = f", {_count(len(spells), 'time')}" if len(spells) > 1 else ""
            yield first, _GIVEN_UP, f"From {self._at(first)} to {self._at(end)} the API held {node} for not Ready{times}{why}."

    def _deleted(self) -> Iterable[Told]:
        orphans = [o for o in self._of[F.ORPHANED_CONTAINER] if o.details.get("cause") == "pod-deleted"]
        for node, mine in by_place(orphans).items():
            first, end = min(self._start(o) for o in mine), _last(mine)
            text = f"From {self._at(first)} to {self._at(end)} {_count(len(mine), 'container')} ran on {node} though"
            yield first, _REPLACED, f"{text} the API had deleted the pods: the kubelet did not act on it."

    def _windows(self, kind: F, word: str) -> Iterable[Told]:
        windows = self._of[kind]
        if not windows:
            return
        first = min(self._start(w) for w in windows)
        longest: dict[str, Finding] = {}
        for window in windows:
            known = longest.setdefault(str(window.controller), window)
            if self._length(window) > self._length(known):
                longest[str(window.controller)] = window
        chosen = sorted(longest.values(), key=lambda w: (-self._length(w), str(w.controller)))
        parts = [
            f"{_short(w.controller)} ran {_count(int(w.details.get('peak') or 0), 'pod')} where {_asked(w.details.get('desired'))}"
            + f" asked for, {self._at(w.start.time)} to {self._at(w.end.time)} ({seconds(self._length(w))})"
            for w in chosen[:_NAMES]
        ]
        more = len(chosen) - _NAMES
        parts += [f"{_count(more, 'more controller')} likewise"] if more > 0 else []
        again = len(windows) - len(chosen)
        text = "; ".join(parts) + (f" ({again:,} shorter windows besides)" if again > 0 else "") + "."
        yield first, _COUNT, f"{_upper(word)} instances than asked for: {text}{story_rare.perhaps(windows)}"

    def _length(self, window: Finding) -> timedelta:
        return (window.end.time or self._life.end) - self._start(window)

    def _imbalances(self) -> Iterable[Told]:
        for node, mine in by_place(self._of[F.IMBALANCE]).items():
            last = max(self._start(f) for f in mine)
            fewer = sorted({n for f in mine for n, count in (f.details.get("after") or {}).items() if count})
            who = _names(list(dict.fromkeys(_short(f.controller) for f in mine)))
            where = f"on {_names(fewer)} and none on {node}, which {'are' if several(mine) else 'is'} Ready again"
            yield last, _IMBALANCE, f"Since {self._at(last)} all pods of {who} run {where}."


_NEAR = timedelta(seconds=2)
_OUTCOMES = {
    "adopted": "ended in adoption",
    "removed": "in removal",
    "exited": "in the container's own end",
    "running": "ran to the end of the evidence",
}


def _last(findings: list[Finding]) -> datetime | None:
    """When the last of them ended; None: one of them goes on."""
    ends = [f.end.time for f in findings]
    return None if None in ends else max(e for e in ends if e is not None)


def _asked(number: object) -> str:
    return f"{number} {'was' if number == 1 else 'were'}"
