"""What the evidence covers, in a sentence or two, and in lines: without it 'nothing was found' means nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from analyzer.detectors.base import seconds
from analyzer.lifecycle.clocks import Clock
from analyzer.lifecycle.coverage import Coverage, family
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.lifecycle.model import Lifecycle
from analyzer.outputs.words import listed, names, upper
from analyzer.vocabulary import RUNTIME_LOG

_LATE = timedelta(seconds=60)
"""A stream that begins so much later than the other evidence of its node leaves a stretch open."""
_ROWS = 24
_HOLES = 3
"""So many holes of a node and kind are told one by one."""
_API = {"kubernetes": "API objects and events", "event-table": "tables of events", "audit": "the audit log"}
_OTHERS = {
    "snapshots": "snapshots of containers",
    "container": "containers' logs",
    "export": "exported logs",
    "mixed": "notes with evidence in them",
}
_KINDS = {
    "journal": "journal",
    "klog": "component logs",
    "runtime": "runtime events",
    "boots": "list of boots",
    "capture": "time of capture",
    **_API,
    **_OTHERS,
}


def coverage_sentence(life: Lifecycle) -> str:
    """What can be said and what cannot: the span, of which nodes there are kubelet logs and runtime events, what there is of the API;
    then, where something is missing, what that leaves open. Times are UTC. Names come from logs: escape them for the output."""
    parts = _parts(life.coverage)
    limits = [*_unseen(life, parts), *_late(parts), *_lost(life.coverage)]
    has = list(_has(life, parts))
    text = f"The evidence spans {_full(life.start, life.end)}" + (f": {listed(has)}." if has else ".")
    off = [f"the clock of {c.node} was {_off(c)}" for c in life.clocks.clocks if c.skewed]
    text += f" {upper(names(off))}: times are corrected by that." if off else ""
    return text + (f" What is missing: {'; '.join(limits)}." if limits else "")


def _off(clock: Clock) -> str:
    return f"{seconds(abs(clock.correction))} {'ahead' if clock.correction > timedelta(0) else 'behind'}"


def clock_lines(clocks: Sequence[Clock]) -> Iterator[str]:
    """A line for each clock of a node: how far it was from the API server's, the bounds, and whether its times are corrected."""
    width = max((len(c.node) for c in clocks), default=0)
    for clock in clocks:
        bounds = " to ".join("unknown" if b is None else f"{b.total_seconds():+.2f} s" for b in (clock.low, clock.high))
        since = f" from {clock.since:%Y-%m-%d %H:%M:%S}Z on" if clock.since else ""
        where = f" in {', '.join(sorted(clock.sources))}" if clock.sources else ""
        told = f"{_off(clock)}, corrected" if clock.skewed else "right, as far as can be told"
        yield f"{clock.node:<{width}}  {told}{since}{where} ({bounds} by {clock.votes} sightings)"


def covered(life: Lifecycle) -> str:
    """The same, under the name by which the report asks for it."""
    return coverage_sentence(life)


def coverage_lines(coverage: Iterable[Coverage], *, everything: bool = False) -> Iterator[str]:
    """A line for each node and family of sources: from when to when, at which verbosity; below it the holes."""
    parts = _parts(coverage)
    shown = parts if everything else parts[:_ROWS]
    width = max((len(p.node or "cluster") for p in shown), default=0)
    for part in shown:
        told = f"{part.node or 'cluster':<{width}}  {_KINDS.get(part.family, part.family):<22}  {_full(part.start, part.end)}"
        told += f"  kubelet at --v={part.verbosity} ({part.why})" if part.verbosity else ""
        late = _begins_late(part, parts)
        yield told + (f"  begins {seconds(late)} after the node's other evidence" if late else "")
        holes = part.holes if everything else part.holes[:_HOLES]
        yield from (f"    hole {_full(h.start, h.end)}: {h.why}" for h in holes)
        if len(part.holes) > len(holes):
            yield f"    and {len(part.holes) - len(holes)} more holes (--all lists them)"
    if len(parts) > len(shown):
        yield f"and {len(parts) - len(shown)} more (--all lists them)"


@dataclass
class _Part:
    """One node's evidence of one family, of all kinds of source."""

    node: str | None
    family: str
    start: datetime
    end: datetime
    holes: list[Hole] = field(default_factory=list)
    verbosity: str = ""
    why: str = ""


def _parts(coverage: Iterable[Coverage]) -> list[_Part]:
    """By node, the cluster's last, and family. A hole that several renderings share is told once."""
    found: dict[tuple[str | None, str], _Part] = {}
    for one in coverage:
        key = (one.node, family(one.source_kind))
        part = found.setdefault(key, _Part(*key, one.start, one.end))
        part.start, part.end = min(part.start, one.start), max(part.end, one.end)
        part.holes += one.holes
        if one.verbosity is not None and (not part.verbosity or one.verbosity.level < part.verbosity):
            part.verbosity, part.why = one.verbosity.level, one.verbosity.why
    for part in found.values():
        part.holes = list(_once(part.holes))
    order = [*_KINDS]
    return sorted(
        found.values(), key=lambda p: (p.node is None, p.node or "", order.index(p.family) if p.family in order else len(order), p.family)
    )


def _once(holes: list[Hole]) -> Iterator[Hole]:
    """In the order of time; of those of one cause that overlap, the first."""
    until: dict[str, datetime] = {}
    for hole in sorted(holes, key=lambda h: (h.start, h.end)):
        if hole.cause not in until or hole.start >= until[hole.cause]:
            until[hole.cause] = hole.end
            yield hole


def _has(life: Lifecycle, parts: list[_Part]) -> Iterator[str]:
    """What there is, the node's own evidence first."""
    families = {p.family for p in parts}
    journals = {p.node for p in parts if p.family == "journal"}
    logged = [n.name for n in life.nodes.values() if n.has_kubelet_log]
    runtime = sorted(p.node for p in parts if p.family == "runtime" and p.node)
    if logged:
        yield f"the kubelet's {'journal' if journals & set(logged) else 'log'} of {names(logged)}"
    elif journals:
        yield "a journal" + (f" of {names(sorted(n for n in journals if n))}" if journals - {None} else "")
    if "runtime" in families:
        same = runtime == logged
        yield "runtime events" + (
            " of both" if same and len(runtime) == 2 else " of them" if same else f" of {names(runtime)}" if runtime else ""
        )
    if any(p.family == "klog" and p.node not in logged for p in parts):
        yield "component logs"
    yield from (words for name, words in (*_API.items(), *_OTHERS.items()) if name in families)


def _unseen(life: Lifecycle, parts: list[_Part]) -> Iterator[str]:
    """Whose evidence is missing altogether, and who is left to tell."""
    blind = [n.name for n in life.nodes.values() if not n.has_kubelet_log]
    if blind:
        yield f"no kubelet log of {names(blind)} (an outage there could not be seen)"
    streams = {p.node for p in parts if p.family == "runtime"}
    told = streams | set(life.events.by(RUNTIME_LOG).column("node").unique())
    silent = [n for n in life.nodes if n not in told]
    api = any(p.family in _API for p in parts)
    if silent and None not in streams:
        witness = "kubelet and API, to the second" if api else "the kubelet"
        yield f"no runtime events of {names(silent)} (what ran there is told by {witness})"
    if not api:
        yield "no API evidence (what was asked for is inferred)"


def _late(parts: list[_Part]) -> Iterator[str]:
    late = [
        p
        for p in parts
        if p.family == "runtime" and _begins_late(p, parts) and not any(h.cause in ("replay-limit", "begins-late") for h in p.holes)
    ]
    if late:
        more = f" (and {len(late) - 1} more begin late)" if len(late) > 1 else ""
        yield f"runtime events of {late[0].node} before {late[0].start:%H:%M:%S}Z{more}"


def _begins_late(part: _Part, parts: list[_Part]) -> timedelta | None:
    """How much later than the journal or log of its node a stream of events begins, if that is much."""
    if part.family != "runtime" or part.node is None:
        return None
    late = part.start - min((p.start for p in parts if p.node == part.node), default=part.start)
    return late if late > _LATE else None


def _lost(coverage: Iterable[Coverage]) -> Iterator[str]:
    """The longest stretch in which lines are missing that should be there, and how many more there are; then what is so by nature."""
    holes = [(p.node or "the API", h) for p in _parts(coverage) for h in p.holes]
    missing = sorted((w for w in holes if not w[1].by_nature), key=lambda w: (w[1].start - w[1].end, w[1].start, w[0]))
    natural = sorted((w for w in holes if w[1].by_nature), key=lambda w: (w[1].start - w[1].end, w[1].start, w[0]))
    for what, some in (("lines of", missing), ("what was not recorded of", natural)):
        if some:
            where, hole = some[0]
            more = f", and {len(some) - 1} more such holes" if len(some) > 1 else ""
            yield f"{what} {where} from {_full(hole.start, hole.end)} ({hole.why}){more}: silence there proves nothing"


def _full(start: datetime, end: datetime) -> str:
    same = start.date() == end.date()
    return f"{start:%Y-%m-%d %H:%M:%S}Z to {end:%H:%M:%S}Z" if same else f"{start:%Y-%m-%d %H:%M:%S}Z to {end:%Y-%m-%d %H:%M:%S}Z"
