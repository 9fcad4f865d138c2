"""systemd (PID 1) about the units that matter: the kubelet's and the container runtime's.

The kubelet logs nothing when it is stopped: these lines are the only trace (Kubernetes 1.0 to 1.28).
Texts: systemd src/core/{job,unit,service}.c; MESSAGE_IDs are the same in all versions, the wording drifted:
'Started Kubernetes Kubelet.', 'Started kubelet: The Kubernetes Node Agent.', 'Started kubelet.service - kubelet: ...' (250+).
"""

import re
from collections.abc import Iterator
from datetime import datetime

import orjson
import polars as pl

from analyzer.formats.journals.journal_said import DROPPED, KUBELET_DESCRIPTION, MARK, RUNTIME_DESCRIPTION, SAID
from analyzer.grammars.base import Fields, events_frame, fields, integer, position
from analyzer.grammars.relevance import Choose, Grammar, Seen, Understand, any_of, chosen, nameless, written_by
from analyzer.vocabulary import EventKind

KUBELET_UNIT = re.compile(
    r"^(?:(?:kube-)?kubelet(?:-wrapper)?|snap\.[\w.-]*kubel(?:et|ite)[\w.-]*|k3s(?:-agent)?|rke2-(?:server|agent)|(?:atomic-openshift|origin)-node)\.service$"
)
RUNTIME_UNIT = re.compile(r"^(?:docker(?:-latest)?|containerd|crio|cri-o|cri-docker)\.service$")
_SUBJECT = re.compile(r"^(Starting|Started|Stopping|Stopped|Finished|Failed to start) (?:(\S+\.service) - )?(.*?)\.*$")
_DESCRIPTION = re.compile(KUBELET_DESCRIPTION)
_RUNTIME_DESCRIPTION = re.compile(RUNTIME_DESCRIPTION)
_DROPPED = re.compile("|".join(rf"(?:{text})" for text in (*DROPPED, rf"{MARK}$")))
_COUNTS = ("suppressed", "kernel", "syslog", "lost", "limited", "lines")
_ABOUT = re.compile(r"^(\S+\.service): (.*)$")
_EXIT = re.compile(r"main process exited, code=(\w+), status=(\d+)(?:/(\S+))?", re.IGNORECASE)
_MESSAGE_IDS = {  # sd-messages.h
    "39f53479d3a045ac8e11786248231fbf": "Started",
    "de5b426a63be47a7b6ac3eaac82e2f6f": "Stopping",
    "9d1aaa27d60140bd96365438aad20286": "Stopped",
}
_WRITERS = r"^(?:systemd|init|systemd-journald|systemd-journal|journal|rsyslogd(?:-\d+)?)$"  # rsyslogd with the number of its message
_WORDS = any_of(
    (
        *("Start", "Stopp", "process exited", "Deactivated", "Succeeded", "entered failed state", "Failed with result"),
        *("Suppressed ", "Missed ", "missed ", "rate-limiting", "lines suppressed"),
    )
)


def _spoken(seen: Seen) -> pl.Series | None:
    named, mark = written_by(seen, _WRITERS, _WORDS), nameless(seen, f"^{MARK}$")
    return named if mark is None else mark if named is None else named | mark


def _bare(seen: Seen) -> pl.Series | None:
    return nameless(seen, _WORDS, SAID)


def _understand(choose: Choose) -> Understand:
    return lambda records, batch: events_frame(list(_events(chosen(records, choose), batch)))


IN_JOURNALS = Grammar(_understand(_spoken), others=_spoken)
"""Of family 'journal'."""
BARE = Grammar(_understand(_bare), others=_bare)
"""Of family 'klog', whose records bear no writer: none but whole sentences that only PID 1, journald or rsyslogd prints."""


def _events(said: pl.DataFrame, records: pl.DataFrame) -> Iterator[Fields]:
    before = _Before(records)
    for record in said.drop("raw", strict=False).iter_rows(named=True):
        message: str = record["message"]
        dropped = _dropped(record)
        if dropped is not None:
            since = before.of(record["record"], dropped["attributes"].get("unit"))
            attributes = dropped["attributes"] | ({"since": f"{since:%Y-%m-%dT%H:%M:%S.%fZ}"} if since else {})
            yield {**position(record), **dropped, "attributes": attributes, "component": "journald", "message": message}
            continue
        what = _said(message, record["unit"], record["fields"])
        if what is None:
            continue
        kubelet, columns = what
        component = "systemd" if kubelet else "runtime-unit"
        yield {**position(record), **columns, "component": component, "message": message}


def _dropped(record: Fields) -> Fields | None:
    """Messages that were not kept: how many, and whose, where it is told."""
    match = _DROPPED.match(record["message"])
    if match is None:
        return None
    told = match.groupdict()
    unit = told["unit"].rsplit("/", 1)[-1] if told["unit"] else None
    attributes = {"unit": unit, "writer": told["writer"], "writer_pid": told["pid"]}
    value = next((integer(told[name]) for name in _COUNTS if told[name]), None)
    return fields(EventKind.LOG_SUPPRESSED, value=value, attributes={k: v for k, v in attributes.items() if v})


class _Before:
    """When something was last written before a record: since then, messages may be missing."""

    def __init__(self, records: pl.DataFrame) -> None:
        self._records = records
        self._known: dict[str | None, pl.DataFrame] = {}

    def of(self, record: int, unit: str | None) -> datetime | None:
        """The last time before ``record`` that the unit wrote, or anybody if it is not there; reversed sources end with their first."""
        last = self._last(record, unit) if unit else None
        return last if last is not None else self._last(record, None)

    def _last(self, record: int, unit: str | None) -> datetime | None:
        if unit not in self._known:
            mine = pl.lit(True) if unit is None else (pl.col("unit") == unit) | (pl.col("identifier") == unit.rsplit(".", 1)[0])
            self._known[unit] = self._records.filter(mine & pl.col("time").is_not_null()).select("record", "time")
        rows = self._known[unit]
        reverse = rows.height > 1 and bool(rows["time"][0] > rows["time"][-1])
        at = int(rows["record"].search_sorted(record, side="right" if reverse else "left")) - (not reverse)
        found: datetime | None = rows["time"][at] if 0 <= at < rows.height else None
        return found


def _said(message: str, unit: str | None, extra: str | None) -> tuple[bool, Fields] | None:
    """Which of the two units the line is about, and what it says of it."""
    about = _ABOUT.match(message)
    subject = _SUBJECT.match(message)
    unit = (about[1] if about else None) or (subject[2] if subject else None) or unit
    if unit and unit.endswith(".service"):
        kubelet, runtime = bool(KUBELET_UNIT.match(unit)), bool(RUNTIME_UNIT.match(unit))
    else:  # the short formats of older systemd name only the description
        kubelet = subject is not None and _DESCRIPTION.fullmatch(subject[3]) is not None
        runtime = subject is not None and _RUNTIME_DESCRIPTION.fullmatch(subject[3]) is not None
    if not (kubelet or runtime):
        return None
    verb = subject[1] if subject else _MESSAGE_IDS.get(_message_id(extra) or "")
    if verb == "Started":
        return kubelet, fields(EventKind.KUBELET_STARTED if kubelet else EventKind.RUNTIME_STARTED)
    if verb == "Stopping":
        return (kubelet, fields(EventKind.KUBELET_STOPPING)) if kubelet else None
    if verb == "Stopped":
        return kubelet, fields(EventKind.KUBELET_STOPPED if kubelet else EventKind.RUNTIME_STOPPED)
    if not kubelet or about is None:
        return None
    ended = _EXIT.search(about[2])
    if ended:
        attributes = {"code": ended[1], "signal": ended[3]}
        return kubelet, fields(EventKind.KUBELET_EXITED, value=integer(ended[2]), attributes=attributes)
    if about[2] in ("Deactivated successfully.", "Succeeded."):
        return kubelet, fields(EventKind.KUBELET_DEACTIVATED)
    return None


def _message_id(extra: str | None) -> str | None:
    return orjson.loads(extra).get("MESSAGE_ID") if extra else None
