"""The kubelet about its node: registration, status, lease, and whether the API server can be reached.

What it says of Ready is its own opinion; that a heartbeat was lost is the node controller's.
"""

import re
from collections.abc import Iterable

from analyzer.grammars.base import Fields, Rule, fields
from analyzer.grammars.klog import Klog
from analyzer.grammars.klog_rules import KlogRule, own_node, text, texts, told
from analyzer.vocabulary import EventKind as E

_NODE_STATUS = {"NodeReady": E.NODE_READY, "NodeNotReady": E.NODE_NOT_READY}
_NODE_CONTROLLER_FILES = ("nodecontroller.go", "node_controller.go", "controller_utils.go")
_RECORDING = re.compile(r"^Recording (?P<of>status change )?(?P<event>\w+) event message for node (?P<node>\S+)")


def _recorded(line: Klog) -> tuple[str, str, bool] | None:
    """Event, node, and whether it is the node controller's: 'status change' (1.1+), or by the file (to 1.0)."""
    event, node = line.text("event") or line.text("status"), line.text("node")
    if not (line.message.startswith("Recording") and event and node):
        match = _RECORDING.match(line.message)
        if match is None:
            return None
        event, node = match["event"], match["node"]
    return event, node, "status change" in line.message or line.file in _NODE_CONTROLLER_FILES


def _node_status(line: Klog) -> Iterable[Fields]:
    """A kubelet speaks of no node but its own, whose name in the API may be longer than the host's."""
    found = _recorded(line)
    if found is None or found[2]:
        return
    event, node, _ = found
    if event in _NODE_STATUS:
        yield fields(_NODE_STATUS[event], node=line.host or node, attributes={"reporter": "kubelet", "node_name": node})
    else:
        yield fields(E.NODE_CONDITION, **own_node(line, node), attributes={"event": event, "node_name": node})


def _status_change(line: Klog) -> Iterable[Fields]:
    found = _recorded(line)
    if found is not None and found[2] and found[0] in _NODE_STATUS:
        event, node, _ = found
        yield fields(_NODE_STATUS[event], node=node, attributes={"reporter": "node-controller"}, component="controller-manager")


# --- the API server

_LOST = re.compile(
    r"connection refused|connection reset|client connection lost|closed network connection|no route to host|network is unreachable"
    r"|i/o timeout|TLS handshake timeout|deadline exceeded|Client\.Timeout|request canceled|\bEOF\b|no such host|server misbehaving"
    r"|http2: |GOAWAY|dial tcp|ServiceUnavailable|unable to handle the request|etcdserver"
)
_REFUSED = re.compile(r"\bis forbidden\b|\bcannot (?:list|get|watch)\b|Unauthorized|must be logged in|x509: ")
_REFLECTOR = re.compile(r"(?:Failed to (?:list|watch)|failed to list|watch of) (?P<what>\*\S+?|\S+?)(?:[:\s]|$)")


def _reason(line: Klog) -> str:
    return f"{line.message} {line.text('err') or ''}"


def _reflector(line: Klog) -> Iterable[Fields]:
    """client-go's watches: lost, refused by a server that answers, or ended as they do from time to time.

    Also in a controller: who wrote it must be known otherwise.
    """
    if line.file != "reflector.go":
        return
    reason = _reason(line)
    match = _REFLECTOR.search(reason)
    what = line.text("type") or (match["what"] if match else None)
    if what is None:
        return
    if _REFUSED.search(reason):
        kind = E.API_REFUSED
    elif _LOST.search(reason) or "ailed to list" in reason:
        kind = E.API_UNREACHABLE
    else:
        kind = E.API_WATCH_ENDED
    yield fields(kind, attributes={"of": what})


def _failed_call(line: Klog) -> Iterable[Fields]:
    """A call to the API for want of a connection, of whatever it was: status of a pod, an event, the node itself."""
    reason = _reason(line)
    if line.file in _CALLERS and not _REFUSED.search(reason) and _LOST.search(reason):
        yield fields(E.API_UNREACHABLE)


_CALLERS = ("event.go", "status_manager.go", "manager.go", "kubelet.go", "kubelet_getters.go", "kubelet_node_status.go", "csi_plugin.go")

ANY_PROGRAM: tuple[KlogRule, ...] = (  # client-go's words, in every program of Kubernetes
    Rule("ailed to list ", _reflector),
    Rule("ailed to watch ", _reflector),
    Rule("watch of *", _reflector),
    Rule("Unable to write event", _failed_call),
)

STATUS_CHANGE: KlogRule = Rule("event message for node", _status_change)
"""The node controller's, of any node."""

RULES: tuple[KlogRule, ...] = (
    Rule("event message for node", _node_status),
    text("Attempting to register node ", r"^Attempting to register node (?P<node_name>\S+)$", E.NODE_REGISTERING),
    *told(E.NODE_REGISTERING, "Attempting to register node"),
    text(" was previously registered", r"^Node (?P<node_name>\S+) was previously registered$", E.NODE_PREVIOUSLY_REGISTERED),
    *told(E.NODE_PREVIOUSLY_REGISTERED, "Node was previously registered"),
    text("Successfully registered node ", r"^Successfully registered node (?P<node_name>\S+)$", E.NODE_REGISTERED),
    *told(E.NODE_REGISTERED, "Successfully registered node"),
    *texts(
        ("with the apiserver:", "with API server:"),
        r'^Unable to (?:register|reconcile) (?:node )?"?(?P<node_name>[^"\s]+?)"? with (?:the apiserver|API server):',
        E.NODE_REGISTER_FAILED,
    ),
    *told(
        E.NODE_REGISTER_FAILED,
        "Unable to register node with API server",
        "Unable to register node with API server, error getting existing node",
        "Unable to register node with API server, no node instance returned",
        "Unable to reconcile node with API server,error updating node",
    ),
    text("Deleted old node object ", r'^Deleted old node object "(?P<node_name>[^"]+)"', E.NODE_RECREATED),
    text(
        "will delete and recreate", r'^Previously node "(?P<node_name>[^"]+)" had externalID .* will delete and recreate', E.NODE_RECREATED
    ),
    text("rror updating node status, will retry", r"^[Ee]rror updating node status, will retry", E.NODE_STATUS_FAILED),
    text("Unable to update node status", r"^Unable to update node status", E.NODE_STATUS_FAILED),
    text("Couldn't update node status", r"^Couldn't update node status, maybe offline", E.NODE_STATUS_FAILED),
    text("ailed to ensure ", r"^[Ff]ailed to ensure (?:node )?lease exists", E.NODE_LEASE_FAILED),
    text("ailed to update ", r"^[Ff]ailed to update (?:node )?lease\b", E.NODE_LEASE_FAILED),
    text("attempts to update node lease", r"^failed (?P<value>\d+) attempts to update node lease", E.NODE_LEASE_FAILED),
    text("Failed to get node when trying to set owner ref", r"^Failed to get node when trying to set owner ref", E.NODE_LEASE_FAILED),
    text("when trying to set owner ref", r'^failed to get node "(?P<node_name>[^"]+)" when trying to set owner ref', E.NODE_LEASE_FAILED),
    *told(E.NODE_SET_NOT_READY, "Node became not ready"),
    text("Node became not ready", r"^Node became not ready", E.NODE_SET_NOT_READY),
    text("Fast updating node status", r"^Fast updating node status as it just became ready", E.NODE_SET_READY),
    text("Node not becoming ready in time", r"^Node not becoming ready in time after startup", E.NODE_SET_NOT_READY),
    Rule("Failed to update status for pod", _failed_call),
    Rule("Failed to get status for pod", _failed_call),
    Rule("rror getting node", _failed_call),
)
