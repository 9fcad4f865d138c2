"""How collectors name what a journal entry has: from an exported entry, whoever stored it, to the fields of the journal.

Cloud Logging (LogEntry, as fluentd's and fluent-bit's plugins fill it), Elasticsearch (fluentd with its kubernetes filter, filebeat,
journalbeat), Loki (promtail's labels). A dot stands for a level of nesting, or for itself: some flatten what others nest.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from analyzer.formats.journals.journal_fields import NEEDED
from analyzer.formats.tables import packed, storable

PAYLOADS: Final = ("jsonPayload", "structPayload", "struct_payload")
"""Where Cloud Logging keeps what was structured; the latter two until 2016."""
TIMES: Final = ("@timestamp", "timestamp", "time", "ts", "metadata.timestamp")
KUBERNETES: Final = {
    "k8s_container_name": (
        *("kubernetes.container_name", "kubernetes.container.name", "resource.labels.container_name"),
        *("labels.container", "labels.container_name"),
    ),
    "k8s_pod_name": (
        *("kubernetes.pod_name", "kubernetes.pod.name", "resource.labels.pod_name", "labels.container.googleapis.com/pod_name"),
        *("resource.labels.pod_id", "labels.pod"),
    ),
    "k8s_namespace_name": (
        *("kubernetes.namespace_name", "kubernetes.namespace", "resource.labels.namespace_name", "resource.labels.namespace_id"),
        "labels.namespace",
    ),
}
"""What an entry says of the container that wrote it, by the name of our column."""
NODE: Final = (
    *("resource.labels.node_name", "labels.compute.googleapis.com/resource_name", "metadata.labels.compute.googleapis.com/resource_name"),
    *("kubernetes.host", "kubernetes.node.name"),
)
"""The node as the API knows it: better than a host name."""
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "_HOSTNAME": ("kubernetes.node_name", "labels.node_name", "labels.nodename", "labels.hostname", "host.hostname", "host.name", "host"),
    "_SYSTEMD_UNIT": ("systemd.unit", "labels.unit", "labels.systemd_unit", "labels.__journal__systemd_unit"),
    "SYSLOG_IDENTIFIER": ("syslog.identifier", "log.syslog.appname", "labels.syslog_identifier", "resource.labels.component_name", "ident"),
    "_PID": ("process.pid", "journald.pid"),
    "_BOOT_ID": ("journald.host.boot_id", "host.boot_id"),
}
_TEXTS: Final = ("MESSAGE", "message", "textPayload", "log", "msg", "line")
_SEVERITIES: Final = {"I": "I", "INFO": "I", "W": "W", "WARNING": "W", "E": "E", "ERROR": "E", "F": "F", "FATAL": "F", "CRITICAL": "F"}


def _variants(name: str) -> tuple[str, ...]:
    """As journald names it; without the leading underscores, and in lower case, as plugins are set to name it."""
    bare = name.lstrip("_")
    return tuple(dict.fromkeys((name, bare, bare.lower())))


_FIELDS: Final = {name: (*_variants(name), *_ALSO.get(name, ())) for name in NEEDED if name != "MESSAGE"}


def dig(entry: Mapping[str, Any], key: str) -> Any:
    """The value under a key, whose dots are levels or belong to it; None if there is none."""
    if key in entry:
        return entry[key]
    head, dot, rest = key.partition(".")
    inner = entry.get(head) if dot else None
    return dig(inner, rest) if isinstance(inner, dict) else None


def first(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    """The first of these that holds text or a number, as text."""
    for key in keys:
        value = entry.get(key)
        if value is None and "." in key:
            value = dig(entry, key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return None


def journal_fields(entry: Mapping[str, Any]) -> dict[str, str | None]:
    """The fields of the journal but MESSAGE, of what was logged, and of what the collector says of it."""
    logged = payload(entry)
    found = {name: first(logged, keys) for name, keys in _FIELDS.items()}
    if logged is not entry:
        found |= {name: first(entry, _FIELDS[name]) for name in _ALSO if found[name] is None}
    found["_HOSTNAME"] = first(entry, NODE) or found["_HOSTNAME"]
    found["SYSLOG_IDENTIFIER"] = found["SYSLOG_IDENTIFIER"] or found["_COMM"] or _writer(entry, found["_SYSTEMD_UNIT"])
    return found


def _writer(entry: Mapping[str, Any], unit: str | None) -> str | None:
    """Who wrote it, where only the container, the unit or the log's name tells. (Cloud Logging's 'container-runtime' may be any.)"""
    if (container := first(entry, KUBERNETES["k8s_container_name"])) is not None:
        return container
    if unit is not None:
        return "systemd" if unit == "init.scope" else unit.removesuffix(".service")
    log = first(entry, ("logName",)) or (first(entry, ("log",)) if payload(entry) is not entry else None)
    return "kubelet" if log is not None and log.rpartition("/")[2] == "kubelet" else None


def payload(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was logged, as against what the collector says of it; the same where nothing parts them."""
    return next((entry[key] for key in PAYLOADS if isinstance(entry.get(key), dict)), entry)


def text(entry: Mapping[str, Any]) -> str | None:
    """The line as it was written. One that the collector has taken apart as JSON is put together again: klog's says more than its msg."""
    logged = payload(entry)
    apart = "msg" in logged and "ts" in logged
    found = None if apart else next((logged[key] for key in _TEXTS if isinstance(logged.get(key), str)), None)
    if found is None and (apart or logged is not entry):
        return as_json(logged)
    return found.removesuffix("\n") if found is not None else None


def as_json(value: Mapping[str, Any]) -> str:
    """Compact JSON; of what YAML may hold and JSON may not, as Python shows it."""
    try:
        return packed(value)
    except (TypeError, ValueError):
        return storable(str(value)) or ""


def klog_parts(entry: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Severity, thread and ``file:line`` of a klog line whose header the collector has taken apart (Kubernetes' own configurations of
    fluentd do: ``severity``, ``pid``, ``source``, ``message``); None if it has not."""
    logged = payload(entry)
    source, pid = first(logged, ("source",)), first(logged, ("pid",))
    severity = _SEVERITIES.get(first(logged, ("severity",)) or first(entry, ("severity",)) or "")
    if source is None or pid is None or severity is None or not pid.isdecimal():
        return None
    file, colon, line = source.rpartition(":")
    return (severity, pid, source) if colon and file.endswith(".go") and line.isdecimal() else None


def unfolded(content: Any) -> Iterator[Any]:
    """The entries of an answer of Elasticsearch, Loki or Cloud Logging, or the value itself as the one entry it is."""
    if not isinstance(content, dict):
        yield content
    elif isinstance(hits := dig(content, "hits.hits"), list):
        for hit in hits:
            yield from unfolded(hit)
    elif isinstance(streams := dig(content, "data.result"), list):
        for stream in streams:
            yield from _values(stream)
    elif isinstance(entries := content.get("entries"), list):
        yield from entries
    else:
        yield content["_source"] if isinstance(content.get("_source"), dict) else content


def _values(stream: Any) -> Iterator[Any]:
    """The lines of a stream of Loki's, which come in pairs with their times."""
    values = stream.get("values") if isinstance(stream, dict) else None
    if not isinstance(values, list):
        yield stream
        return
    for pair in values:
        several = isinstance(pair, list) and len(pair) >= 2
        yield {"labels": stream.get("stream"), "timestamp": pair[0], "line": pair[1]} if several else pair
