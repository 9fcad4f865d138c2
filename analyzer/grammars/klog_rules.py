"""Rules for klog lines: how one is written down, and how the records of a batch are taken through all of them.

A rule names a literal. One pass over the batch finds which records hold which literals; only those rules are tried, on those.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

import polars as pl

from analyzer.few import FEW
from analyzer.grammars import klog
from analyzer.grammars.base import Fields, Rule, container_id, fields, integer, located, pattern, pod_columns, pod_list
from analyzer.grammars.klog import Klog
from analyzer.grammars.relevance import said
from analyzer.vocabulary import EventKind

KlogRule = Rule[Klog]
Columns = Callable[[Klog], Iterable[Fields]]

HEADLESS = "Flag --"
"""pflag writes its warnings before there is a logger: the one line of a kubelet without a klog header."""
_CONTAINER = re.compile(r"(?:&?Container\{|\{)?(?:Name:)?(?P<name>[a-z0-9]([a-z0-9.-]*[a-z0-9])?)(?=$|[,\s}])")  # %+v of a v1.Container
_POD_KEYS, _UID_KEYS = ("pod", "podName"), ("podUID", "podID")
_ID_KEYS = ("containerID", "containerId", "podSandboxID", "podSandboxId", "sandboxID")


def text(literal: str, words: str, kind: EventKind) -> KlogRule:
    """An unstructured message. Named groups: pod, pods, uid, container, id, node, node_name, value; others go to the attributes.

    ``node_name``: how the API calls the kubelet's node, which may be longer than its host's name; ``node``: any node.
    """

    name = str(kind)

    def build(line: Klog) -> Sequence[Fields]:
        match = pattern(words).search(line.message)
        if match is None:
            return ()
        groups = match.groupdict()
        row = {"kind": name, **pod_columns(groups.pop("pod", None))}
        if uid := groups.pop("uid", None):
            row["k8s_pod_uid"] = uid
        if container := groups.pop("container", None):
            row["k8s_container_name"] = container
        if "id" in groups:
            row["container_id"] = container_id(groups.pop("id"))
        if node := groups.pop("node", None):
            row["node"] = node
        if "value" in groups:
            row["value"] = integer(groups.pop("value"))
        several = "pods" in groups
        pods = pod_list(groups.pop("pods") or "") if several else []
        own = groups.pop("node_name", None)
        attributes = {k: v for k, v in groups.items() if v} if groups else {}
        if own:
            row |= own_node(line, own)
            attributes["node_name"] = own
        if attributes:
            row["attributes"] = attributes
        return [{**row, **pod} for pod in pods] if several else (row,)

    return Rule(literal, build)


def texts(literals: Sequence[str], words: str, kind: EventKind) -> tuple[KlogRule, ...]:
    """One pattern for messages that have no telling literal in common."""
    return tuple(text(literal, words, kind) for literal in literals)


def structured(message: str, kind: EventKind, columns: Columns | None = None) -> KlogRule:
    """A structured message, by its exact text, in which there is nothing to be escaped."""
    name = str(kind)

    def build(line: Klog) -> Sequence[Fields]:
        if line.message != message or not line.structured:
            return ()
        return [{"kind": name, **more} for more in (columns(line) if columns else ({},))]

    return Rule(f'"{message}', build)  # quoted, in JSON too: the words alone stand in many another line


def told(kind: EventKind, *messages: str, keep: Sequence[str] = (), value: str | None = None) -> tuple[KlogRule, ...]:
    """Structured messages, with the columns that their keys name; ``keep``: keys for the attributes; ``value``: the key of the value."""

    def columns(line: Klog) -> Iterable[Fields]:
        row = named(line)
        if value is not None:
            row["value"] = integer(line.text(value))
        attributes = dict(row.get("attributes", {})) | _kept(line, keep)
        yield {**row, "attributes": attributes} if attributes else row

    return tuple(structured(message, kind, columns) for message in messages)


def told_of_pods(kind: EventKind, *messages: str, keep: Sequence[str] = ()) -> tuple[KlogRule, ...]:
    """Structured messages with a list of pods: an event for each."""

    def columns(line: Klog) -> Iterable[Fields]:
        attributes = _kept(line, keep)
        for row in pods(line):
            yield {**row, "attributes": attributes} if attributes else row

    return tuple(structured(message, kind, columns) for message in messages)


def _kept(line: Klog, keys: Sequence[str]) -> dict[str, str]:
    return {key: value for key in keys if (value := line.text(key)) is not None}


def plain(message: str, kind: EventKind) -> KlogRule:
    """The same words in every rendering: unstructured text, quoted, JSON."""

    def build(line: Klog) -> Iterable[Fields]:
        if line.message.rstrip(".").startswith(message):
            yield fields(kind)

    return Rule(message, build)


# --- columns of structured lines


def named(line: Klog) -> Fields:
    """Pod, container, exit code and node, under whichever key a line has them."""
    row = pod(line)
    if identity := _first(line, _ID_KEYS):
        row["container_id"] = container_id(identity)
    name = _CONTAINER.match(line.text("containerName") or line.text("container") or "")
    if name is not None:
        row["k8s_container_name"] = name["name"]
    if "exitCode" in line.values:
        row["value"] = integer(line.text("exitCode"))
    if node := line.text("node"):
        row |= {**own_node(line, node), "attributes": {"node_name": node}}
    return row


def pod(line: Klog) -> Fields:
    """The pod of a line, by name and uid as far as it is told."""
    row = pod_columns(_first(line, _POD_KEYS))
    if uid := _first(line, _UID_KEYS):
        row["k8s_pod_uid"] = uid
    return row


def _first(line: Klog, keys: Sequence[str]) -> str | None:
    """The value of the first of these keys that the line has."""
    for key in keys:
        if key in line.values:
            return line.text(key)
    return None


def pods(line: Klog) -> Iterator[Fields]:
    return (pod_columns(name) for name in line.items("pods"))


def own_node(line: Klog, name: str) -> Fields:
    """A kubelet speaks of no node but its own: that of its record, where it has one."""
    return {"node": line.host or name}


# --- all records of a batch


class Rulebook:
    """Rules by the literals that they need. The first rule that makes something of a line has it."""

    def __init__(self, rules: Sequence[KlogRule]) -> None:
        self.rules = tuple(rules)
        self._numbers: dict[str, list[int]] = {}
        for number, rule in enumerate(self.rules):
            self._numbers.setdefault(rule.literal, []).append(number)
        self.literals = tuple(self._numbers)
        self._tried: dict[str, tuple[KlogRule, ...]] = {}

    def tried(self, messages: pl.Series) -> Iterator[tuple[KlogRule, ...]]:
        """Of each message the rules whose literal it holds, in their order."""
        if len(messages) < FEW:
            held = ["\n".join(literal for literal in self.literals if literal in (message or "")) for message in messages.to_list()]
        else:
            held = messages.fill_null("").str.extract_many(list(self.literals), overlapping=True).list.join("\n").to_list()
        return map(self._of, held)

    def _of(self, literals: str) -> tuple[KlogRule, ...]:
        known = self._tried.get(literals)
        if known is None:
            numbers = sorted({number for literal in literals.split("\n") for number in self._numbers.get(literal, ())})
            known = tuple(self.rules[number] for number in numbers)
            if len(self._tried) < _SETS:
                self._tried[literals] = known
        return known


_SETS = 10_000
"""So many sets of literals are remembered: of what is written by programs there are some hundreds."""


def understand_klog(records: pl.DataFrame, rules: Rulebook, component: str) -> pl.DataFrame:
    """Records whose message is a klog line to EVENTS (without source_id)."""
    chosen = records if records.height < FEW else records.filter(said(records, rules.literals))
    return located(chosen, _events(chosen, rules), component)


def _events(chosen: pl.DataFrame, rules: Rulebook) -> Iterator[tuple[int, Fields]]:
    columns = (chosen[name].to_list() for name in ("message", "identifier", "node"))
    resolutions, times = chosen["resolution_us"].to_list(), chosen["time"]
    for at, (tried, message, writer, host) in enumerate(zip(rules.tried(chosen["message"]), *columns, strict=True)):
        line = parse(message, writer, host) if tried else None
        if line is None:
            continue
        for rule in tried:
            if rows := list(rule.build(line)):
                written = times[at] if (resolutions[at] or 0) > 1 else None
                refined = None if written is None else klog.refine(line, written)
                for row in rows:
                    yield at, row if refined is None else {"time": refined, "resolution_us": 1, **row}
                break


def parse(message: str, writer: str | None = None, host: str | None = None) -> Klog | None:
    """A message as klog wrote it, or as pflag did before there was a klog."""
    if message.startswith(HEADLESS):
        return Klog(message, False, writer, host)
    return klog.parse(message, writer, host)
