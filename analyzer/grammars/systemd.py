"""systemd (PID 1) about the units that matter: the kubelet's and the container runtime's.

The kubelet logs nothing when it is stopped: these lines are the only trace (Kubernetes 1.0 to 1.28).
Texts: systemd src/core/{job,unit,service}.c; MESSAGE_IDs are the same in all versions, the wording drifted:
'Started Kubernetes Kubelet.', 'Started kubelet: The Kubernetes Node Agent.', 'Started kubelet.service - kubelet: ...' (250+).
"""

import re
from collections.abc import Iterator

import orjson
import polars as pl

from analyzer.grammars.base import Fields, events_frame, fields, hits, integer, position
from analyzer.vocabulary import EventKind

KUBELET_UNIT = re.compile(
    r"^(?:(?:kube-)?kubelet(?:-wrapper)?|snap\.[\w.-]*kubel(?:et|ite)[\w.-]*|k3s(?:-agent)?|rke2-(?:server|agent)|(?:atomic-openshift|origin)-node)\.service$"
)
RUNTIME_UNIT = re.compile(r"^(?:docker|containerd|crio|cri-o|cri-docker)\.service$")
_SUBJECT = re.compile(r"^(Starting|Started|Stopping|Stopped|Finished|Failed to start) (?:(\S+\.service) - )?(.*?)\.*$")
_DESCRIPTION = re.compile(  # of a kubelet's unit, where the line bears no unit name: whole, for 'Health monitoring for kubelet' is none
    r"(?:kubernetes )?kubelet(?: server| service| agent)?(?:: .*| (?:via|using|on) .*| \(.*\))?"
    r"|kubernetes node agent|lightweight kubernetes|rancher kubernetes engine v2.*|(?:atomic )?openshift node|origin node"
    r"|service for snap application microk8s\.daemon-kubel(?:et|ite)",
    re.IGNORECASE,
)
_RUNTIME_DESCRIPTION = re.compile(
    r"docker application container engine|containerd container runtime|container runtime interface for oci.*"
    r"|open container initiative daemon|cri interface for docker application container engine",
    re.IGNORECASE,
)
_SUPPRESSED = re.compile(r"^Suppressed (\d+) messages from (\S+)")
_ABOUT = re.compile(r"^(\S+\.service): (.*)$")
_EXIT = re.compile(r"main process exited, code=(\w+), status=(\d+)(?:/(\S+))?", re.IGNORECASE)
_MESSAGE_IDS = {  # sd-messages.h
    "39f53479d3a045ac8e11786248231fbf": "Started",
    "de5b426a63be47a7b6ac3eaac82e2f6f": "Stopping",
    "9d1aaa27d60140bd96365438aad20286": "Stopped",
}
_LITERALS = ("Start", "Stopp", "process exited", "Deactivated", "Succeeded", "entered failed state", "Failed with result", "Suppressed ")


def understand(records: pl.DataFrame) -> pl.DataFrame:
    """Records of family 'journal' to EVENTS (without source_id)."""
    systemd = records.filter(pl.col("identifier").is_in(["systemd", "init", "systemd-journald", "journal"]).fill_null(False))
    return events_frame(list(_events(systemd)))


def _events(records: pl.DataFrame) -> Iterator[Fields]:
    for record in hits(records, _LITERALS):
        message: str = record["message"]
        suppressed = _SUPPRESSED.match(message)
        if suppressed:
            columns = fields(EventKind.LOG_SUPPRESSED, value=integer(suppressed[1]), attributes={"unit": suppressed[2].rsplit("/", 1)[-1]})
            yield {**position(record), **columns, "component": "journald", "message": message}
            continue
        said = _said(message, record["unit"], record["fields"])
        if said is None:
            continue
        kubelet, columns = said
        component = "systemd" if kubelet else "runtime-unit"
        yield {**position(record), **columns, "component": component, "message": message}


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
