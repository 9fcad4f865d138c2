"""What the controllers of workloads say in the controller-manager's log: how many replicas are wanted, which pods they make and end."""

import re
from collections.abc import Iterable
from typing import Final

from analyzer.grammars.base import Fields, Rule, fields, integer
from analyzer.grammars.facts import NODE, POD, fact
from analyzer.grammars.klog import Klog
from analyzer.grammars.kubelet import KlogRule
from analyzer.vocabulary import EventKind as E

_REPLICAS = re.compile(
    r'^Too (?:few|many) "(?P<ns>[^"]+)"/"(?P<name>[^"]+)" replicas, need (?P<need>\d+)(?:, (?P<act>creating|deleting) (?P<count>\d+))?'
)
_REPLICAS_FOR = re.compile(
    r"^Too (?:few|many) replicas for (?P<kind>\w+) (?P<ns>[^/\s]+)/(?P<name>[^,\s]+), need (?P<need>\d+)"
    r"(?:, (?P<act>creating|deleting) (?P<count>\d+))?"
)
_REPLICAS_OFF = re.compile(r'^Too (?:few|many) (?:"(?P<name>[^"]+)" )?replicas, (?P<act>creating|deleting) (?P<count>\d+)\s*$')  # to 0.14
_KIND_OF_FILE = {"replication_controller.go": "ReplicationController", "replica_set.go": "ReplicaSet"}  # while the text names no kind


def _need(line: Klog) -> Iterable[Fields]:
    """'Too few replicas': the count wanted at that moment. 1.19+ says replicaSet= for replication controllers too."""
    if line.message in ("Too few replicas", "Too many replicas"):
        reference, need, creating, kind = line.text("replicaSet"), line.text("need"), line.text("creating"), None
        namespace, _, name = (reference or "").partition("/")
    else:
        match = _REPLICAS.match(line.message) or _REPLICAS_FOR.match(line.message)
        if match is None:
            yield from _off(line)
            return
        namespace, name, need = match["ns"], match["name"], match["need"]
        creating = match["count"] if match["act"] == "creating" else None
        kind = match.groupdict().get("kind") or _KIND_OF_FILE.get(line.file or "")
    wanted = integer(need)
    if name and wanted is not None:
        yield fields(
            E.DESIRED_REPLICAS,
            node=None,
            k8s_namespace_name=namespace,
            controller=f"{kind or '?'}/{name}",  # which of the two kinds is settled when the pods' owners are known
            value=wanted,
            attributes={"creating": integer(creating)} if creating else {},
        )


def _off(line: Klog) -> Iterable[Fields]:
    match = _REPLICAS_OFF.match(line.message)
    if match is not None:
        name = f"ReplicationController/{match['name']}" if match["name"] else None
        yield fields(E.REPLICAS_OFF, node=None, controller=name, attributes={match["act"]: integer(match["count"])})


_SET: Final = r"(?:(?P<ns>[^\s/]+)/)?(?P<set>[^\s/]+)"
RULES: tuple[KlogRule, ...] = (
    Rule("Too few ", _need),
    Rule("Too many ", _need),
    fact(E.POD_DELETING, " deleting pod ", rf"Controller (?P<by>\S+) deleting pod {POD}"),  # 1.5 to 1.18
    fact(E.POD_DELETING, " deleted pod ", rf"Controller (?P<by>\S+) deleted pod {POD}"),  # 1.2 to 1.4
    fact(E.POD_DELETING, "Deleting pod", r"Deleting pod", keys=("controller:by",), file=r"$|controller_utils"),
    fact(E.POD_DELETING, "Marking pod ", rf"Marking pod {POD} for deletion", file=r"$|update"),  # a DaemonSet's
    fact(E.POD_CREATED, " created pod", rf"Controller (?P<by>\S+) created pod {POD}", r"Controller created pod", keys=("controller:by",)),
    fact(
        E.POD_DELETING,
        "StatefulSet",
        rf"StatefulSet {_SET} terminating Pod (?P<pod>[^\s/]+?)(?: for (?P<why>scale down|update))?",
        r"(?:Pod of StatefulSet is terminating|StatefulSet terminating Pod) for (?P<why>scale down|update)",
        keys=("statefulSet:set",),
    ),
    fact(
        E.REPLACEMENT_WAITS,
        "to Terminate",
        rf"StatefulSet {_SET} is waiting\w? for Pod (?P<pod>[^\s/]+) to Terminate(?: prior to (?P<why>scale down))?",
        r"StatefulSet is waiting for Pod to Terminate(?: prior to (?P<why>scale down))?",
        keys=("statefulSet:set",),
    ),
    fact(E.POD_RECREATING, "is recreating failed Pod", rf"StatefulSet {_SET} is recreating failed Pod (?P<pod>[^\s/]+?)"),
    fact(
        E.POD_RECREATING,
        "daemon pod",
        rf"Found (?P<why>failed|succeeded) daemon pod {POD} on node {NODE}, will try to (?:kill|delete) it",
        r"Found (?P<why>failed|succeeded) daemon pod on node, will try to (?:kill|delete) it",
        keys=("daemonset:set",),
    ),
    fact(
        E.POD_CREATE_FAILED,
        "Slow-start failure",
        r"Slow-start failure\. Skipping creation of (?P<value>\d+) pods, decrementing"
        r' expectations for \w+ "?(?P<ns>[^"\s/]+)"?/"?(?P<set>[^"\s/]+?)"?',
        r"Slow-start failure\. Skipping creation (?:of )?pods, decrementing expectations(?: for daemon set)?",
        keys=("podsSkipped:value", "skippedPods:value", "replicaSet:set", "daemonset:set"),
    ),
    fact(
        E.REPLICAS_CHANGED,
        "Desired pod count change",
        r"Observed updated replication controller (?P<set>\S+)\. Desired pod count change: (?P<from>\d+)->(?P<value>\d+)",
        rf"(?P<what>ReplicaSet|ReplicationController) {_SET} updated\. Desired pod count change: (?P<from>\d+)->(?P<value>\d+)",
        r"replicaSet updated\. Desired pod count change",
        keys=("replicaSet:set", "oldReplicas:from", "newReplicas:value"),
    ),
    fact(
        E.REPLICAS_CHANGED,
        "Observed updated replica count for",
        r"Observed updated replica count for (?P<what>ReplicaSet|StatefulSet|rc): (?P<set>\S+), (?P<from>\d+)->(?P<value>\d+)",
        r"Observed updated replica count for (?P<what>StatefulSet)",
        keys=("statefulSet:set", "oldReplicas:from", "newReplicas:value"),
    ),
)
