"""A pod on a node whose kubelet is away, and what is said of it: for tests of orphans."""

from typing import Any

from analyzer.lifecycle.orphans import Orphan, orphans, verdict
from analyzer.lifecycle.run import Run
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import ORIGIN
from tests.lifecycle.parts import life, node_life, outage, pod, run, said

Told = tuple[str, str, float, float | None]


def told(orphan: Orphan) -> Told:
    """Cause, outcome, start, end."""
    start, end = orphan.start.time, orphan.end.time
    assert start is not None
    return orphan.cause, orphan.outcome, (start - ORIGIN).total_seconds(), None if end is None else (end - ORIGIN).total_seconds()


def about(second: float, kind: E, component: str = "kubelet", **more: Any) -> Any:
    return said(second, kind, component, namespace="default", pod="web-0", uid="uid-web-0", **more)


class Case:
    """web-0 on a node whose kubelet is away from 100 to 200."""

    def __init__(
        self, *runs: Run, away: Any = None, on_node: Any = (), on_pod: Any = (), not_ready: Any = (), end: float = 1000, **of_pod: Any
    ) -> None:
        self.outages = [outage(100, 200)] if away is None else away
        self.pod = pod(*(runs or [run(5)]), said=on_pod, **of_pod)
        self.run = self.pod.runs[0]
        self.node = node_life(outages=self.outages, not_ready=not_ready, said=on_node, until=end)
        self.life = life(self.node, pods=[self.pod], end=end)

    @property
    def verdict(self) -> str:
        return verdict(self.life, self.outages[0], self.run)

    @property
    def told(self) -> list[Told]:
        return [told(o) for o in orphans(self.life)]


def killed(end: float, *seconds: float, kind: E = E.CONTAINER_SIGNALLED, **more: Any) -> Run:
    return run(5, end, kills=[about(s, kind, id="web-0/app/5") for s in seconds], **more)
