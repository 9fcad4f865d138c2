"""What is shown of an analysis: by time, and by whom it concerns. It leaves out; it never changes what was found.

A node's or a whole cluster's finding names no pod. It stays under ``--namespace``, ``--controller`` or ``--pod`` if a pod of theirs was
on that node meanwhile, or its details name a container of theirs; what concerns the whole cluster (a gap of the API's evidence) stays.
"""

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np

from analyzer.exceptions import UsageError
from analyzer.findings import Finding
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.events import Event
from analyzer.lifecycle.intervals import Span
from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.proof import rfc3339

WINDOW = timedelta(minutes=5)
"""Either side of ``--around``, unless ``--window`` says otherwise."""
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)", re.ASCII)
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SHORT = 12
"""Hex digits of a short container id."""

Moment = datetime | timedelta
"""A moment, or so long before the end of the evidence."""


def duration(option: str, text: str) -> timedelta:
    """``90s``, ``1h30m``, ``1.5d``. Raises UsageError."""
    if not _DURATION.fullmatch(text):
        raise UsageError(f"{option} {text}: write a duration as 90s, 15m, 1h30m or 2d")
    try:
        return sum((timedelta(**{_UNITS[unit]: float(number)}) for number, unit in _PART.findall(text)), timedelta())
    except OverflowError as error:
        raise UsageError(f"{option} {text}: no calendar reaches that far") from error


def moment(option: str, text: str) -> Moment:
    """RFC 3339 (UTC where it names no zone), or a duration. Raises UsageError."""
    if _DURATION.fullmatch(text):
        return duration(option, text)
    try:
        told = datetime.fromisoformat(text)
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        form = "write a time as 2024-05-06T12:00:00Z, or as 15m: so long before the end of the evidence"
        raise UsageError(f"{option} {text}: {form}") from error


@dataclass(frozen=True)
class Asked:
    """What a command line asks for, read but not yet held against any evidence. Empty: all."""

    namespaces: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()
    pods: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    since: Moment | None = None
    until: Moment | None = None
    around: Moment | None = None
    window: timedelta | None = None

    def __post_init__(self) -> None:
        if self.window is not None and self.around is None:
            raise UsageError("--window says how far to look on either side of --around, which is missing")
        if self.around is not None and (self.since is not None or self.until is not None):
            raise UsageError("--around T says the same as --since and --until together: give one or the other")

    @property
    def of_somebody(self) -> bool:
        return self.of_pods or bool(self.nodes)

    @property
    def whom(self) -> tuple[tuple[str, ...], ...]:
        """In the order of _WHOM."""
        return self.namespaces, self.controllers, self.pods, self.nodes

    @property
    def of_pods(self) -> bool:
        """Whether by what pods bear: a node as a whole bears none of it."""
        return bool(self.namespaces or self.controllers or self.pods)

    def __bool__(self) -> bool:
        return self.of_somebody or any(t is not None for t in (self.since, self.until, self.around))


ALL = Asked()


_WHOM = ("namespaces", "controllers", "pods", "nodes")


def asked_of(document: Any) -> Asked:
    """What ``Selection.document`` wrote. Raises UsageError for anything else."""
    names = {key: document.get(key, []) if isinstance(document, dict) else None for key in _WHOM}
    edges = {key: document.get(key) if isinstance(document, dict) else None for key in ("since", "until")}
    if not all(isinstance(some, list) and all(isinstance(n, str) for n in some) for some in names.values()):
        raise UsageError("its selection has no lists of names")
    if not all(isinstance(edge, str | None) for edge in edges.values()):
        raise UsageError("its selection has no times")
    times = {key: moment(key, edge) for key, edge in edges.items() if edge is not None}
    return Asked(*(tuple(some) for some in names.values()), **times)  # type: ignore[arg-type]  # checked above


def pod_names(namespace: str | None, name: str | None, uid: str | None) -> set[str]:
    """What a pod may be called on a command line: NAME, NAMESPACE/NAME, uid."""
    return {n for n in (name, f"{namespace}/{name}" if namespace and name else None, uid) if n}


def controller_names(namespace: str | None, title: str | None) -> set[str]:
    """NAME, KIND/NAME, each with or without NAMESPACE/. An event may know the name alone ('?/web')."""
    if not title:
        return set()
    told = {title, title.partition("/")[2] or title}
    return told | {f"{namespace}/{t}" for t in told if namespace}


class Subject(NamedTuple):
    """Whom something concerns, and when (None: on that side without bound). ``containers``: ids that it names, among other words."""

    start: datetime | None
    end: datetime | None
    node: str | None = None
    namespace: str | None = None
    controller: str | None = None
    pod: str | None = None
    pod_uid: str | None = None
    container_id: str | None = None
    containers: Collection[str] = ()

    @property
    def of_cluster(self) -> bool:
        return not any((self.node, self.namespace, self.controller, self.pod, self.pod_uid, self.container_id))


class Selection:
    """``asked``, held against a lifecycle. Raises UsageError for a name that nothing bears and a time that the evidence does not reach:
    an answer of nothing would read as if nothing had happened."""

    def __init__(self, life: Lifecycle, asked: Asked = ALL) -> None:
        self.asked = asked
        self._life = life
        self.start, self.end = _span(life, asked)
        _known(life, asked)
        pods = [p for p in self._candidates() if self._of(self._subject(p))] if asked.of_somebody else []
        self._chosen = pods
        self._pods = {p.key for p in pods}
        self._ids = {r.container_id[:_SHORT] for p in pods for r in p.runs}
        self._on: dict[str | None, list[Pod]] = defaultdict(list)
        self._owned: dict[str, list[Pod]] = defaultdict(list)
        self._controllers: set[tuple[str, str]] = set()
        for pod in pods:
            for node in {pod.node, *(r.node for r in pod.runs)} - {None}:
                self._on[node].append(pod)
            if (owner := life.owner_of(pod)) is not None:
                self._controllers.add((owner.namespace, owner.title))
                for title in (owner.title, f"?/{owner.name}"):
                    self._owned[title].append(pod)

    def _candidates(self) -> Pods:
        """Those that may be somebody asked for, as far as columns tell: who goes through all pods has them all made."""
        pods, plain, asked = self._life.pods, self._life.pods.plain, self.asked
        may = np.ones(len(plain), dtype=np.bool_)
        if asked.namespaces:
            may &= plain.within(asked.namespaces)
        if asked.pods:
            may &= plain.bears(asked.pods)
        if asked.nodes:
            may &= np.isin(plain.node, [code for code, node in enumerate(plain.nodes) if node in asked.nodes])
        if asked.controllers:
            theirs = [c for c in self._life.controllers if controller_names(c.namespace, c.title).intersection(asked.controllers)]
            owned = np.concatenate([np.flatnonzero(plain.static), *(c.pods.plain_numbers for c in theirs)])
            may &= np.isin(np.arange(len(plain)), owned)
        return pods.where(may)

    def __bool__(self) -> bool:
        return bool(self.asked)

    # --- what stays

    def finding(self, finding: Finding) -> bool:
        named = {v for value in finding.details.values() if isinstance(value, list) for v in value if isinstance(v, str)}
        return self.subject(
            Subject(
                finding.start.time,
                finding.end.time,
                finding.node,
                finding.namespace,
                finding.controller,
                finding.pod,
                finding.pod_uid,
                finding.container_id,
                named,
            )
        )

    def subject(self, subject: Subject) -> bool:
        """Whether a part of it lies in the time asked for, and it is, or involves, somebody asked for."""
        if not self._when(subject.start, subject.end):
            return False
        if not self.asked.of_somebody:
            return True
        told = self._of(subject)
        return self._involves(subject) if told is None else told

    def run(self, run: Run) -> bool:
        pod = self._life.pod_of(run)
        return self._when(run.start.time, run.end.time) and (
            not self.asked.of_somebody or (pod is not None and pod.key in self._pods) or run.container_id[:_SHORT] in self._ids
        )

    def pod(self, pod: Pod) -> bool:
        return (not self.asked.of_somebody or pod.key in self._pods) and self._when(*_there(pod))

    def controller(self, namespace: str, title: str) -> bool:
        return not self.asked.of_somebody or (namespace, title) in self._controllers

    def node(self, name: str | None) -> bool:
        """Whether somebody asked for ran there. None, the whole cluster, stays."""
        if name is None or not self.asked.of_somebody:
            return True
        if self.asked.nodes and name not in self.asked.nodes:
            return False
        return not self.asked.of_pods or any(self._when(*_there(p)) for p in self._on.get(name, ()))

    def event(self, event: Event) -> bool:
        """As a finding of that moment; a node's own event stays if somebody asked for ran on it at all."""
        if not self._when(event.time, event.time):
            return False
        if not self.asked.of_somebody:
            return True
        about = Subject(event.time, event.time, event.node, event.namespace, event.controller, event.pod, event.pod_uid, event.container_id)
        told = self._of(about)
        if told is not None:
            return told
        if event.container_id or event.pod or event.pod_uid or event.controller or event.namespace:
            return self._involves(about)
        return self.node(event.node)

    def overlaps(self, start: datetime | None, end: datetime | None) -> bool:
        return self._when(start, end)

    def _when(self, start: datetime | None, end: datetime | None) -> bool:
        return _meet((start, end), (self.start, self.end))

    def _of(self, subject: Subject) -> bool | None:
        """Whether it is somebody asked for, by what it says of itself; None: it does not say all that is asked."""
        tests: list[tuple[Collection[str], set[str]]] = [
            (self.asked.namespaces, {subject.namespace} if subject.namespace else set()),
            (self.asked.controllers, controller_names(subject.namespace, subject.controller)),
            (self.asked.pods, pod_names(subject.namespace, subject.pod, subject.pod_uid)),
            (self.asked.nodes, {subject.node} if subject.node else set()),
        ]
        answers = [bool(names.intersection(asked)) if names else None for asked, names in tests if asked]
        return False if False in answers else None if None in answers else True

    def _involves(self, subject: Subject) -> bool:
        if subject.of_cluster:
            return True
        if subject.container_id:
            return subject.container_id[:_SHORT] in self._ids
        if any(c[:_SHORT] in self._ids for c in subject.containers):
            return True
        pods = self._chosen
        if subject.controller:
            pods = self._owned.get(subject.controller, [])
        elif subject.node:
            pods = self._on.get(subject.node, [])
        return any(self._may_be(subject, pod) and _meet((subject.start, subject.end), _there(pod)) for pod in pods)

    @staticmethod
    def _may_be(subject: Subject, pod: Pod) -> bool:
        """Whether what it says of a pod holds for this one. A controller's finding may name a node that this one is not on."""
        return subject.namespace in (None, pod.namespace) and subject.pod in (None, pod.name) and subject.pod_uid in (None, pod.uid)

    def _subject(self, pod: Pod) -> Subject:
        owner = self._life.owner_of(pod)
        title = owner.title if owner else "/".join(pod.owner) if pod.owner else "none/"
        node = pod.node or next((r.node for r in pod.runs if r.node), None)
        return Subject(None, None, node, pod.namespace, title, pod.name, pod.uid)

    # --- told

    def words(self) -> str:
        """'namespace default; from 2026-03-01T10:00:00.000000Z; to 2026-03-01T10:05:00.000000Z'. Names are the user's: escape them."""
        said = [
            f"{word} {' or '.join(names)}"
            for word, names in zip(("namespace", "controller", "pod", "node"), self.asked.whom, strict=True)
            if names
        ]
        said += [f"from {rfc3339(self.start)}"] if self.start else []
        said += [f"to {rfc3339(self.end)}"] if self.end else []
        return "; ".join(said)

    def document(self) -> dict[str, Any]:
        return {
            **{key: list(names) for key, names in zip(_WHOM, self.asked.whom, strict=True)},
            "since": rfc3339(self.start),
            "until": rfc3339(self.end),
        }


def _there(pod: Pod) -> Span:
    """From when it was made, or its first container began, to when its last one ended and, as far as is told, its object was given up."""
    starts = [r.start.time for r in pod.apps]
    began = [t for t in (*starts, pod.created) if t is not None]
    ends = [*(r.end.time for r in pod.apps), pod.marked.time if pod.marked else None]
    return None if None in starts or not began else min(began), None if None in ends else max(t for t in ends if t is not None)


def _meet(one: Span, other: Span) -> bool:
    """Whether two spans, borders included, have a moment in common."""
    return not any(end is not None and start is not None and start > end for start, end in ((one[0], other[1]), (other[0], one[1])))


def _span(life: Lifecycle, asked: Asked) -> tuple[datetime | None, datetime | None]:
    """The moments asked for; a duration counts back from the end of the evidence, never from now."""

    def at(option: str, told: Moment | None, further: timedelta = timedelta()) -> datetime | None:
        try:
            if told is None:
                return None
            return (life.end - told if isinstance(told, timedelta) else told) + further
        except OverflowError as error:
            raise UsageError(f"{option}: no calendar reaches that far") from error

    if asked.around is not None:
        wide = asked.window if asked.window is not None else WINDOW
        first, last = "--around", "--around"
        start, end = at("--around", asked.around, -wide), at("--around", asked.around, wide)
    else:
        first, last = "--since", "--until"
        start, end = at("--since", asked.since), at("--until", asked.until)
    if start is not None and end is not None and start > end:
        raise UsageError(f"--since {rfc3339(start)} is later than --until {rfc3339(end)}")
    if start is not None and start > life.end:
        raise UsageError(f"{first}: the evidence ends at {rfc3339(life.end)}, before {rfc3339(start)}")
    if end is not None and end < life.start:
        raise UsageError(f"{last}: the evidence begins at {rfc3339(life.start)}, after {rfc3339(end)}")
    return start, end


def _called(pods: Pods, names: tuple[str, ...]) -> set[str | None]:
    """What pods are called: those that bear the names, or all, where one is borne by none."""
    there: set[str | None] = set()
    for some in (pods.where(pods.plain.bears(names)), pods):
        there = {n for row in some.names.iter_rows() for n in pod_names(*row)}
        if there.issuperset(names):
            break
    return there


def _known(life: Lifecycle, asked: Asked) -> None:
    """UsageError for the first name that nothing in the evidence bears."""
    known: dict[str, tuple[tuple[str, ...], Callable[[], set[str | None]]]] = {
        "namespace": (
            asked.namespaces,
            lambda: (
                {*life.pods.names["namespace"].unique()}
                | {c.namespace for c in life.controllers}
                | {*life.events.column("k8s_namespace_name").unique()}
            ),
        ),
        "controller": (asked.controllers, lambda: {n for c in life.controllers for n in controller_names(c.namespace, c.title)}),
        "pod": (asked.pods, lambda: _called(life.pods, asked.pods)),
        "node": (asked.nodes, lambda: set(life.nodes)),
    }
    for word, (names, all_names) in known.items():
        there = {n for n in all_names() if n} if names else set()
        for name in names:
            if name not in there:
                near = difflib.get_close_matches(name, sorted(there), 3, 0.5)
                more = f"; near to it: {', '.join(near)}" if near else ""
                raise UsageError(f"--{'on' if word == 'node' else word} {name}: the evidence knows no {word} of that name{more}")
