"""What the evidence covers, in a sentence or two: without it 'nothing was found' means nothing."""

from collections.abc import Iterable
from datetime import datetime

from analyzer.lifecycle.coverage import family
from analyzer.lifecycle.model import Lifecycle
from analyzer.vocabulary import RUNTIME_LOG

_NAMES = 3
_API = {"kubernetes": "API objects and events", "event-table": "tables of events", "audit": "the audit log"}
_OTHERS = {
    "container": "containers' logs",
    "export": "exported logs",
    "mixed": "notes with evidence in them",
}


def coverage_sentence(life: Lifecycle) -> str:
    """What can be said and what cannot: the span, of which nodes there are kubelet logs and runtime events, what there is of the API;
    then, where something is missing, what that leaves open. Times are UTC. Names come from logs: escape them for the output."""
    limits = list(_limits(life))
    text = f"The evidence spans {_span(life.start, life.end)}" + (f": {_list(has)}." if (has := list(_has(life))) else ".")
    return text + (f" What it cannot say: {'; '.join(limits)}." if limits else "")


def covered(life: Lifecycle) -> str:
    """The same, under the name by which the report asks for it."""
    return coverage_sentence(life)


def _has(life: Lifecycle) -> Iterable[str]:
    """What there is, the node's own evidence first."""
    families = _families(life)
    logged = [n.name for n in life.nodes.values() if n.has_kubelet_log]
    if logged:
        kind = "journal" if set(logged) & {n for n in families.get("journal", ()) if n} else "log"
        yield f"the kubelet's {kind} of {_names(logged)}"
    elif "journal" in families:
        nodes = sorted(n for n in families["journal"] if n)
        yield "a journal" + (f" of {_names(nodes)}" if nodes else "")
    runtime = sorted(n for n in families.get("runtime", ()) if n)
    if "runtime" in families:
        yield "runtime events" + (f" of {_names(runtime)}" if runtime else " of an unnamed node")
    if "klog" in families and not families["klog"] <= set(logged):
        yield "component logs"
    yield from (words for name, words in (*_API.items(), *_OTHERS.items()) if name in families)


def _limits(life: Lifecycle) -> Iterable[str]:
    """What is missing, and what that means."""
    families = _families(life)
    unseen = [n.name for n in life.nodes.values() if not n.has_kubelet_log]
    if unseen:
        yield f"there is no kubelet log of {_names(unseen)}: an outage there could not be seen"
    logged = {e.node for e in life.events if e.component == RUNTIME_LOG}
    silent = [n for n in life.nodes if n not in families.get("runtime", ()) and n not in logged]
    api = any(name in families for name in _API)
    if silent and families.get("runtime") != {None}:
        witness = "kubelet and API, to the second" if api else "the kubelet"
        yield f"no runtime events of {_names(silent)}: what ran there is told by {witness}"
    if not api:
        yield "no API evidence: what was asked for is inferred"
    yield from _holes(life)


def _holes(life: Lifecycle) -> Iterable[str]:
    """The first stretch in which a source has a hole, and how many more there are."""
    gaps = sorted({(*gap, c.node or "the cluster") for c in life.coverage for gap in c.gaps})
    if gaps:
        start, end, why, node = gaps[0]
        more = f" (and {len(gaps) - 1} more such holes)" if len(gaps) > 1 else ""
        yield f"lines are missing of {node} from {_span(start, end)}, {why}{more}: silence there proves nothing"


def _families(life: Lifecycle) -> dict[str, set[str | None]]:
    """Nodes by family of sources."""
    found: dict[str, set[str | None]] = {}
    for one in life.coverage:
        found.setdefault(family(one.source_kind), set()).add(one.node)
    return found


def _span(start: datetime, end: datetime) -> str:
    same = start.date() == end.date()
    return f"{start:%Y-%m-%d %H:%M:%S}Z to {end:%H:%M:%S}Z" if same else f"{start:%Y-%m-%d %H:%M:%S}Z to {end:%Y-%m-%d %H:%M:%S}Z"


def _names(names: list[str]) -> str:
    more = len(names) - _NAMES
    return _list([*names[:_NAMES], f"{more} more"]) if more > 0 else _list(names)


def _list(parts: Iterable[str]) -> str:
    given = list(parts)
    return given[0] if len(given) == 1 else ", ".join(given[:-1]) + " and " + given[-1] if given else ""
