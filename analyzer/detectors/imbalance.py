"""imbalance: after an outage all replicas sit on fewer nodes than before, though the node is back. Kubernetes does not rebalance."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from analyzer.detectors.base import Case, Detector, clock, unique
from analyzer.findings import Finding
from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import NodeLife
from analyzer.lifecycle.pods import Pod
from analyzer.proof import Edge
from analyzer.vocabulary import APP_KINDS_WITH_REPLICAS, Confidence, FindingKind, Severity


def find(case: Case) -> Iterator[Finding]:
    returned = [(node, up) for node in case.life.nodes.values() if (up := _ready_since(case, node)) is not None]
    for controller in case.life.controllers:
        if controller.kind not in APP_KINDS_WITH_REPLICAS:
            continue
        theirs = {p.node for p in controller.ran}
        now = [p for p in controller.ran if p.node and any(r.alive(case.life.end) for r in p.apps)]
        found = [
            finding
            for node, (outage, since) in returned
            if node.name in theirs
            for finding in _of_node(case, controller, now, node, outage, since)
        ]
        yield from found[-1:]  # of several outages the last one tells how it stands


def _of_node(case: Case, controller: Controller, after_pods: list[Pod], node: NodeLife, outage: Outage, since: Edge) -> Iterator[Finding]:
    gone = outage.start.time
    before = _placement(controller, gone)
    after = Counter(str(p.node) for p in after_pods)
    if node.name not in before or node.name in after or sum(after.values()) < 2 or len(after) >= len(before):
        return
    left = [r.end for p in controller.ran if p.node == node.name for r in p.apps if r.end.time is not None and gone and r.end.time >= gone]
    start = max([since, *left], key=lambda e: e.time or case.life.start)
    yield _finding(case, controller, node, start, before, after, after_pods, outage)


def _ready_since(case: Case, node: NodeLife) -> tuple[Outage, Edge] | None:
    """The node's last outage, if it is over and the API holds the node for Ready; and since when."""
    if not node.outages or node.outages[-1].end.time is None:
        return None
    if node.not_ready and node.not_ready[-1].end.time is None:
        return None
    edges = [node.outages[-1].end, *(s.end for s in node.not_ready[-1:])]
    return node.outages[-1], max(edges, key=lambda e: e.time or case.life.start)


def _placement(controller: Controller, moment: datetime | None) -> Counter[str]:
    if moment is None:
        return Counter()
    return Counter(
        str(p.node) for p in controller.ran if p.node and any(r.began_by(moment) and _lasted(r.end.time, moment) for r in p.apps)
    )


def _lasted(end: datetime | None, moment: datetime) -> bool:
    return end is None or end >= moment


def _finding(
    case: Case,
    controller: Controller,
    node: NodeLife,
    start: Edge,
    before: Counter[str],
    after: Counter[str],
    pods: list[Pod],
    outage: Outage,
) -> Finding:
    fullest = max(sorted(after), key=lambda n: after[n])
    mover = max((p for p in pods if p.node == fullest), key=lambda p: (max(r.start.time or case.life.start for r in p.apps), p.key))
    told = (
        f"Since {clock(start.time)} all {sum(after.values())} pods of {controller.title} run on {', '.join(sorted(after))}, "
        f"none on {node.name}, which is Ready again; Kubernetes does not rebalance: "
        f"delete pod {mover.name} to let the scheduler place it anew."
    )
    proofs = [*outage.evidence[-1:], *start.proofs, *(p for pod in pods for r in pod.apps[:1] for p in r.start.proofs)]
    return Finding(
        kind=FindingKind.IMBALANCE,
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN,
        expected=False,
        start=start,
        end=Edge(None, start.time, None, rule="it is still so when the evidence ends"),
        summary=told,
        node=node.name,
        namespace=controller.namespace,
        controller=controller.title,
        details={
            "before": dict(sorted(before.items())),
            "after": {**dict(sorted(after.items())), node.name: 0},
            "move": {
                "pod": mover.name,
                "from": fullest,
                "to": node.name,
                "command": f"kubectl -n {controller.namespace} delete pod {mover.name}",
            },
        },
        evidence=unique(proofs),
    )


DETECTOR = Detector(
    FindingKind.IMBALANCE,
    "After the outage every replica sits on fewer nodes than before, though the node is Ready: it stays so until someone moves pods.",
    "what overshoot-window needs, and the node's return (journal or node events)",
    "a pod of the controller that runs on that node at the end of the evidence, a node that is not Ready, or fewer nodes before",
    find,
)
