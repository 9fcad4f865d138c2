"""What the container runtime's daemon logs in the journal: containerd's CRI plugin, CRI-O, dockerd. A substitute for its events.

All three write logrus' logfmt ``time="..." level=info msg="..." key=value`` (or the same as JSON), msg as Go quotes it. Sources:
containerd's CRI plugin (to 1.7 gogo's ``&PodSandboxMetadata{Name:a,Uid:b,}``, in 2.x protobuf's ``name:"a"  uid:"b"``) and its
runtimes ('shim reaped' of v1, 'shim disconnected' of v2), CRI-O's server (from 1.22 on the container stands beside some messages),
dockerd (which container: since 20.10; before, its own containerd where that logs for debugging). Deaths are told up to half a second
late. CRI-O says 'Stopped' also of what ended by itself long before: that is no time of death.
What a container outlived of its time to stop is a signal 9 with the attribute ``forced``. What a daemon says of itself is of the
component 'runtime-unit', as what systemd says of it: it tells of no container.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl

from analyzer.grammars.base import Fields, Rule, events_frame, fields, integer, position
from analyzer.grammars.klog import unquote
from analyzer.grammars.relevance import Grammar, Seen, alone, any_of, chosen, written_by
from analyzer.vocabulary import RUNTIME_LOG, SANDBOX
from analyzer.vocabulary import EventKind as E

_DAEMON = r"(?:^|[.-])(?:containerd|crio|docker|dockerd)(?:-current|-latest)?$"  # snaps: microk8s.daemon-containerd; RHEL 7: -current
_PAIR = re.compile(r'(?<![\w.])([\w.]+)=("(?:[^"\\]|\\.)*"|\S*)', re.DOTALL)
_PRECISE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)")  # CRI-O writes a blank for the T
_MEMBER = re.compile(r'\b(\w+):(?:"([^"]*)"|([^,\s{}]*))')
_ID = r'"?(?P<id>[0-9a-f]{12,64})"?'
_OWNER = r"(?P<ns>[^/\s]+)/(?P<pod>[^/\s]+)/(?P<container>[^/\s]+)"
_NAMESPACES = (None, "k8s.io", "moby")  # containerd's own: others hold containers that are not Kubernetes'
_SIGNALS = (  # as Go's syscall.Signal prints them, from 1 on
    "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted", "bus error", "floating point exception",
    "killed", "user defined signal 1", "segmentation fault", "user defined signal 2", "broken pipe", "alarm clock", "terminated",
)  # fmt: skip


@dataclass(frozen=True)
class Logged:
    """One line: its msg, its other values, and its time where that has a fraction of a second."""

    message: str
    values: dict[str, Any]
    time: datetime | None


LogRule = Rule[Logged]


def parse(text: str) -> Logged | None:
    """A line of logrus, as text or JSON; None if it is none."""
    if text.startswith("{"):
        try:
            values = orjson.loads(text)
        except orjson.JSONDecodeError:
            return None
    elif text.startswith("time="):
        values = {}
        for key, value in _PAIR.findall(text):
            values.setdefault(key, unquote(value) if value[:1] == '"' and len(value) > 1 else value)
    else:
        return None
    message = values.pop("msg", None)
    return Logged(message, values, _moment(values.get("time"))) if isinstance(message, str) else None


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str) or not _PRECISE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _members(text: str) -> dict[str, str]:
    """The members of a message in either rendering, by name: lower case, no underscores."""
    return {key.lower().replace("_", ""): quoted or bare for key, quoted, bare in _MEMBER.findall(text)}


def said(literal: str, pattern: str, kind: E, columns: Callable[[re.Match[str]], Fields] | None = None) -> LogRule:
    """A message by its whole text. Named groups: id (the container's), ns, pod, container."""
    compiled = re.compile(pattern, re.DOTALL)

    def build(line: Logged) -> Iterable[Fields]:
        match = compiled.fullmatch(line.message)
        if match is None:
            return
        groups = match.groupdict()
        named = {"k8s_namespace_name": groups.get("ns"), "k8s_pod_name": groups.get("pod"), "k8s_container_name": groups.get("container")}
        yield {**fields(kind), "container_id": groups["id"], **named, **(columns(match) if columns else {})}

    return Rule(literal, build)


def of(literal: str, key: str, **others: str) -> LogRule:
    """The end of a container whose id stands in a value of its own beside the message."""

    def build(line: Logged) -> Iterable[Fields]:
        identity = line.values.get(key)
        if line.message != literal or line.values.get("namespace") not in _NAMESPACES or not others.items() <= line.values.items():
            return
        if isinstance(identity, str) and re.fullmatch(_ID, identity):
            yield fields(E.CONTAINER_DIED, container_id=identity)

    return Rule(literal, build)


def described(literal: str, kind: E) -> LogRule:
    """CRI-O's message about a container whose id and owner (``namespace/pod/container``) stand in values beside it."""

    def build(line: Logged) -> Iterable[Fields]:
        identity, owner = str(line.values.get("containerID")), re.fullmatch(_OWNER, str(line.values.get("description")))
        if line.message == literal and owner and re.fullmatch(_ID, identity):
            names = {"k8s_namespace_name": owner["ns"], "k8s_pod_name": owner["pod"], "k8s_container_name": owner["container"]}
            yield {**fields(kind), "container_id": identity, **names}

    return Rule(literal, build)


def itself(literal: str, kind: E, pattern: str | None = None) -> LogRule:
    """What the daemon says of itself; ``pattern`` where there is more to its message than the literal."""
    compiled = re.compile(pattern or re.escape(literal), re.DOTALL)

    def build(line: Logged) -> Iterable[Fields]:
        if compiled.fullmatch(line.message):
            yield {**fields(kind), "component": "runtime-unit"}

    return Rule(literal, build)


def _sandbox(match: re.Match[str]) -> Fields:
    pod = _members(match["of"])
    names = {"k8s_namespace_name": pod.get("namespace"), "k8s_pod_name": pod.get("name"), "k8s_pod_uid": pod.get("uid")}
    return {**names, "k8s_container_name": SANDBOX}


def _of_sandbox(_: re.Match[str]) -> Fields:
    return {"k8s_container_name": SANDBOX}


def _created(match: re.Match[str]) -> Fields:
    return {"k8s_container_name": _members(match["of"]).get("name"), "attributes": {"sandbox": match["sandbox"]}}


def _signal(match: re.Match[str]) -> Fields:
    name = match["signal"]
    return {"value": _SIGNALS.index(name) + 1 if name in _SIGNALS else integer(name.removeprefix("signal "))}


def _grace(match: re.Match[str]) -> Fields:
    """Asked to stop it, within so many seconds: the signal comes in a line of its own."""
    return {"attributes": {"grace": integer(match["grace"])}} if match["grace"] else {}


_FORCED = {"value": 9, "attributes": {"forced": True}}
_TOO_LATE = re.compile(rf"Container (?:{_ID} )?failed to exit within (?:\d+ seconds|[\d.hms]+) of (?:signal \d+|SIGTERM|kill) - .*")


def _too_late(line: Logged) -> Iterable[Fields]:
    """dockerd: its id in the message, and since 20.10.7 beside it."""
    match = _TOO_LATE.fullmatch(line.message)
    identity = match and (match["id"] or line.values.get("container"))
    if isinstance(identity, str) and re.fullmatch(_ID, identity):
        yield {**fields(E.CONTAINER_SIGNALLED), "container_id": identity, **_FORCED}


def _exited(line: Logged) -> Iterable[Fields]:
    """containerd 0.2, the child of dockerd 1.11 to 17.11, with --debug. Of an exec ``pid`` is another than that of the container."""
    identity = str(line.values.get("id"))
    if line.message == "containerd: process exited" and line.values.get("pid") == "init" and re.fullmatch(_ID, identity):
        yield {**fields(E.CONTAINER_DIED), "container_id": identity, "value": integer(line.values.get("status"))}


_EXIT = re.compile(r"(?:TaskExit event|received (?:\w+ )*?exit event)(?: in podsandbox handler)? (?P<of>.*)", re.DOTALL)


def _exit(line: Logged) -> Iterable[Fields]:
    """containerd 1.2 and 2.x (1.6 does not log it), with the exit status. Of an exec the id is another than the container's."""
    match = _EXIT.fullmatch(line.message)
    told = _members(match["of"]) if match else {}
    identity = told.get("containerid", "")
    if re.fullmatch(_ID, identity) and told.get("id") == identity:
        yield fields(E.CONTAINER_DIED, container_id=identity, value=integer(told.get("exitstatus", 0)))  # protobuf leaves 0 out


RULES: tuple[LogRule, ...] = (
    # containerd
    said("returns sandbox id", rf"RunPodSandbox for (?P<of>.+) returns sandbox id {_ID}", E.CONTAINER_STARTED, _sandbox),
    said(
        "returns container id",
        rf'CreateContainer within sandbox "(?P<sandbox>[0-9a-f]+)" for (?P<of>.+) returns container id {_ID}',
        E.CONTAINER_CREATED,
        _created,
    ),
    said("StartContainer for", rf"StartContainer for {_ID} returns successfully", E.CONTAINER_STARTED),
    said("StopContainer for", rf"StopContainer for {_ID} with timeout (?P<grace>\d*).*", E.CONTAINER_SIGNALLED, _grace),
    said("Stop container", rf"Stop container {_ID} with signal (?P<signal>.+)", E.CONTAINER_SIGNALLED, _signal),
    said("Kill container", rf"Kill container {_ID}", E.CONTAINER_SIGNALLED, lambda _: {"value": 9}),  # its time to stop is over
    Rule("exit event", _exit),
    Rule("TaskExit event", _exit),
    of("shim disconnected", "id"),
    of("shim reaped", "id"),
    said("RemoveContainer for", rf"RemoveContainer for {_ID} returns successfully", E.CONTAINER_DESTROYED),
    said("RemovePodSandbox ", rf"RemovePodSandbox (?:for )?{_ID} returns successfully", E.CONTAINER_DESTROYED, _of_sandbox),
    itself("starting containerd", E.RUNTIME_STARTING),
    itself("containerd successfully booted in", E.RUNTIME_READY, r"containerd successfully booted in \S+"),
    itself("Start recovering state", E.RUNTIME_RESTORED),
    itself("Stop CRI service", E.RUNTIME_STOPPING),
    # CRI-O
    said("Created container ", rf"Created container {_ID}: {_OWNER}", E.CONTAINER_CREATED),
    said("Started container ", rf"Started container {_ID}: {_OWNER}", E.CONTAINER_STARTED),
    said("Stopping container: ", rf"Stopping container: {_ID} \(timeout: (?P<grace>\d*).*\)", E.CONTAINER_SIGNALLED, _grace),
    said("Stopped container ", rf"Stopped container {_ID}: {_OWNER}", E.CONTAINER_STOPPED),
    said("Ran pod sandbox ", rf"Ran pod sandbox {_ID} with infra container: {_OWNER}", E.CONTAINER_STARTED),
    said("Stopped pod sandbox: ", rf"Stopped pod sandbox: {_ID}", E.CONTAINER_STOPPED, _of_sandbox),
    described("Started container", E.CONTAINER_STARTED),
    said("Removed container ", rf"Removed container {_ID}: {_OWNER}", E.CONTAINER_DESTROYED),
    said("Removed pod sandbox: ", rf"Removed pod sandbox: {_ID}", E.CONTAINER_DESTROYED, _of_sandbox),
    said("Attempting to stop container: ", rf"Attempting to stop container: {_ID}", E.CONTAINER_SIGNALLED),  # to 1.17
    said(
        " timed out", rf"Stop(?:ping)? container {_ID}(?: with stop signal\S*)? timed out[.:].*", E.CONTAINER_SIGNALLED, lambda _: _FORCED
    ),
    itself("Starting CRI-O, version", E.RUNTIME_STARTING, "Starting CRI-O, version: .*"),
    itself("Caught SIGTERM", E.RUNTIME_STOPPING),
    # dockerd
    of("ignoring event", "container", topic="/tasks/delete"),
    Rule("containerd: process exited", _exited),
    Rule("failed to exit within", _too_late),
    itself("Starting up", E.RUNTIME_STARTING),  # since 18.03
    itself("Loading containers: done.", E.RUNTIME_RESTORED),
    itself("There are old running containers", E.RUNTIME_RESTORED, "There are old running containers, the network config will not take .*"),
    itself("Daemon has completed initialization", E.RUNTIME_READY),
    itself("Processing signal", E.RUNTIME_STOPPING, "Processing signal '.*'"),
    itself("starting shutdown of docker", E.RUNTIME_STOPPING, r"Received signal '.*', starting shutdown of docker\.*"),  # to 1.9
    itself("Daemon shutdown complete", E.RUNTIME_STOPPING),
)
_WORDS = any_of(tuple(rule.literal for rule in RULES))


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'journal' that a runtime's daemon wrote to EVENTS (without source_id)."""
    return events_frame(list(_events(chosen(records, _said))))


def _said(seen: Seen) -> pl.Series | None:
    return written_by(seen, _DAEMON, _WORDS)


GRAMMAR = Grammar(alone(understand), others=_said)


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for record in records.drop("raw", strict=False).iter_rows(named=True):
        text: str = record["message"]
        line = parse(text)
        if line is None:
            continue
        where = position(record) | ({"time": line.time, "resolution_us": 1} if line.time is not None else {})
        row = next((row for rule in RULES if rule.literal in text for row in rule.build(line)), None)
        if row is not None:
            identity = row.get("container_id") or ""
            message = line.message if identity in line.message else f"{line.message} {identity}"
            yield {**where, "component": RUNTIME_LOG, **row, "message": message, "text": text}
