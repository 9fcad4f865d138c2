"""What a block of ``kubectl describe`` says of its object: kind, name, and as much of the API's document as is stated.

The layout is kubectl's own (pkg/kubectl/describe.go, later staging/src/k8s.io/kubectl/pkg/describe): two blanks of indentation a level,
tabs or blanks between key and value, times in RFC 1123 with the zone of who asked. The kind is nowhere written: it follows from the keys.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_KEY: Final = re.compile(r"(?P<indent> *)(?P<key>[A-Z][^:]{0,60}|[a-z0-9][a-z0-9.-]{0,62}):(?:\s+(?P<value>\S.*))?\s*$")
_DATE: Final = re.compile(r"[A-Z][a-z]{2}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d{4})")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TOLERATED: Final = re.compile(
    r"^(?:Tolerations:)?\s+(?P<key>node\.(?:alpha\.)?kubernetes\.io/[\w-]+):NoExecute(?: op=Exists)?(?: for (?P<seconds>\d{1,9})s)?\s*$"
)
_CONDITION: Final = re.compile(
    rf"\s*(?P<type>\w+)\s+(?P<status>True|False|Unknown)\s+(?P<seen>{_DATE.pattern}|<\w+>)\s+(?P<since>{_DATE.pattern}|<\w+>)\s*(?P<why>.*)"
)
_NOTHING: Final = frozenset({"<none>", "<unset>", "<unknown>", "<nil>", "/", ""})
_MIRROR: Final = "kubernetes.io/config.mirror"
_KINDS: Final = (  # by keys that only such an object has; the first that fits
    ("Node", {"Capacity", "Addresses"}, {"Conditions", "System Info", "Version", "ExternalID"}),
    ("Pod", {"Node"}, {"Containers", "Image(s)"}),
    ("Deployment", {"StrategyType"}, {"Replicas"}),
    ("DaemonSet", {"Desired Number of Nodes Scheduled"}, {"Selector"}),
    ("StatefulSet", {"Volume Claims", "Update Strategy"}, {"Replicas"}),
    ("CronJob", {"Concurrency Policy"}, {"Schedule"}),
    ("Job", {"Parallelism"}, {"Completions"}),
    ("Service", {"Session Affinity"}, {"Selector"}),
    ("PersistentVolumeClaim", {"VolumeMode", "Access Modes"}, {"StorageClass", "Volume"}),
    ("Namespace", {"Resource Quotas", "No resource quota."}, {"Status"}),
)
"""A ReplicationController and a ReplicaSet that nobody owns look the same: of unknown kind."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Outline:
    """A block: its lines with a key, as (indentation, key, value)."""

    lines: Sequence[str]
    rows: Sequence[tuple[int, str, str]]

    def value(self, *keys: str) -> str | None:
        """Of the first of these keys on the outermost level; None where nothing is stated."""
        for wanted in keys:
            for indent, key, value in self.rows:
                if indent == 0 and key == wanted:
                    return None if value in _NOTHING else value
        return None

    @property
    def keys(self) -> set[str]:
        return {key for indent, key, _ in self.rows if indent == 0}

    def section(self, name: str) -> Iterator[tuple[int, str, str]]:
        """What is indented below a key of the outermost level."""
        inside = False
        for indent, key, value in self.rows:
            if indent == 0:
                inside = key == name
            elif inside:
                yield indent, key, value

    @property
    def kind(self) -> str:
        """``?``: not to be told."""
        owner = self.value("Controlled By") or ""
        if "Pods Status" in self.keys and owner.startswith("Deployment/"):
            return "ReplicaSet"
        return next((kind for kind, some, others in _KINDS if some & self.keys and others & self.keys), "?")


def outline(lines: Sequence[str]) -> Outline:
    """The keys of a block's lines."""
    rows = []
    for line in lines:
        found = _KEY.match(line.expandtabs(8))
        if found:
            rows.append((len(found["indent"]), found["key"], (found["value"] or "").strip()))
    return Outline(lines, rows)


def document(block: Outline) -> Document | None:
    """The API's document, of a Pod or a Node, as far as it is stated; None for others."""
    kind, name = block.kind, block.value("Name")
    if name is None or kind not in ("Pod", "Node"):
        return None
    content = {"kind": kind, "apiVersion": "v1", **(_pod(block) if kind == "Pod" else _node(block))}
    content["metadata"] = {"name": name, **content["metadata"]}
    return content


def rfc3339(text: str | None) -> str | None:
    """A written time (RFC 1123) as the API writes it; None if it is none."""
    found = _DATE.search(text or "")
    if found is None or found[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second = int(found[1]), _MONTHS.index(found[2]) + 1, *(int(found[n]) for n in range(3, 7))
    try:
        ahead = timedelta(hours=int(found[7][:3]), minutes=int(found[7][0] + found[7][3:]))
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - ahead
    except (ValueError, OverflowError):
        return None
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _stated(**parts: Any) -> Document:
    return {key: value for key, value in parts.items() if value not in (None, {}, [])}


def _pod(block: Outline) -> Document:
    status, grace = block.value("Status") or "", block.value("Termination Grace Period") or ""
    expires = rfc3339(status) if "expires" in status else None  # to 1.7; since then it is an age
    seconds = re.match(r"(\d{1,9})s$", grace)
    node = (block.value("Node") or "").partition("/")[0]
    mirrored = any(line.strip().removeprefix("Annotations:").strip().startswith(_MIRROR) for line in block.lines)
    return {
        "metadata": _stated(
            namespace=block.value("Namespace"),
            ownerReferences=_owners(block),
            annotations={_MIRROR: "stated"} if mirrored else None,
            deletionTimestamp=expires,
            deletionGracePeriodSeconds=int(seconds[1]) if expires and seconds else None,
        ),
        "spec": _stated(
            nodeName=node or None, terminationGracePeriodSeconds=int(seconds[1]) if seconds else None, tolerations=_tolerations(block)
        ),
        "status": _stated(
            phase=status if status.isalpha() else None,
            reason=block.value("Reason"),
            podIP=block.value("IP"),
            startTime=rfc3339(block.value("Start Time")),
            initContainerStatuses=_containers(block, "Init Containers"),
            containerStatuses=_containers(block, "Containers"),
        ),
    }


def _tolerations(block: Outline) -> list[Document]:
    """``node.kubernetes.io/unreachable:NoExecute op=Exists for 300s``, one a line (``op=Exists`` since 1.18)."""
    found = (_TOLERATED.search(line) for line in block.lines)
    return [
        _stated(key=m["key"], operator="Exists", effect="NoExecute", tolerationSeconds=int(m["seconds"]) if m["seconds"] else None)
        for m in found
        if m
    ]


def _owners(block: Outline) -> list[Document]:
    """``Controlled By`` since 1.8, ``Controllers`` since 1.5, before a list of replication controllers."""
    kind, _, name = (block.value("Controlled By", "Controllers") or "").partition("/")
    old = re.match(r"(\S+) \(\d+/\d+ replicas created\)$", block.value("Replication Controllers") or "")
    if old:
        kind, name = "ReplicationController", old[1]
    return [{"kind": kind, "name": name, "controller": True}] if re.fullmatch(r"[A-Z]\w+", kind) and re.fullmatch(r"[^\s,]+", name) else []


def _containers(block: Outline, section: str) -> list[Document]:
    found: list[Document] = []
    state: Document = {}
    for indent, key, value in block.section(section):
        stated = None if value in _NOTHING else value
        if indent == 2 and not value:
            found.append({"name": key})
            state = {}
        elif not found:
            continue
        elif indent == 4:
            entry = found[-1]
            state = {}
            if key == "Container ID" and stated:
                entry["containerID"] = stated
            elif key in ("Ready", "Restart Count") and stated:
                if key == "Ready":
                    entry["ready"] = stated == "True"
                elif re.fullmatch(r"\d{1,9}", stated):
                    entry["restartCount"] = int(stated)
            elif key in ("State", "Last State", "Last Termination State") and stated in ("Running", "Waiting", "Terminated"):
                entry["state" if key == "State" else "lastState"] = {stated.lower(): state}
        elif indent == 6 and stated:
            _detail(state, key, stated)
    return found


def _detail(state: Document, key: str, value: str) -> None:
    """A line below a container's state."""
    times = {"Started": "startedAt", "Finished": "finishedAt"}
    if key in times and rfc3339(value):
        state[times[key]] = rfc3339(value)
    elif key == "Exit Code" and re.fullmatch(r"\d{1,9}", value):
        state["exitCode"] = int(value)
    elif key == "Reason":
        state["reason"] = value


def _node(block: Outline) -> Document:
    versions = {key: value for _, key, value in (*block.section("System Info"), *block.section("Version"))}
    return {
        "metadata": _stated(creationTimestamp=rfc3339(block.value("CreationTimestamp"))),
        "spec": _stated(unschedulable=True if block.value("Unschedulable") == "true" else None),
        "status": _stated(
            conditions=list(_conditions(block.lines)),
            nodeInfo=_stated(
                bootID=versions.get("Boot ID"),
                kubeletVersion=versions.get("Kubelet Version"),
                containerRuntimeVersion=versions.get("Container Runtime Version"),
            ),
        ),
    }


def _conditions(lines: Sequence[str]) -> Iterator[Document]:
    for line in lines:
        found = _CONDITION.fullmatch(line.expandtabs(8))
        if found:
            reason, _, message = re.sub(r"\s{2,}", "\t", found["why"].strip()).partition("\t")
            yield _stated(
                type=found["type"],
                status=found["status"],
                lastHeartbeatTime=rfc3339(found["seen"]),
                lastTransitionTime=rfc3339(found["since"]),
                reason=reason or None,
                message=message or None,
            )
