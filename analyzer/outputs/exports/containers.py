"""A container's run as every export tells it: what it is called, whose it is, and its spells without supervision."""

from collections import defaultdict
from typing import Any

from analyzer.detectors.base import Case
from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.orphans import Orphan


class Containers:
    """Of one lifecycle; orphans are worked out once."""

    def __init__(self, life: Lifecycle) -> None:
        self._life = life
        self._spells: dict[int, list[Orphan]] = defaultdict(list)
        for orphan in Case(life).orphans:
            self._spells[id(orphan.run)].append(orphan)

    def spells(self, run: Run) -> list[Orphan]:
        """In the order of their starts; of one that began before the evidence, with it."""
        return sorted(self._spells.get(id(run), ()), key=lambda o: o.start.time or self._life.start)

    def named(self, run: Run) -> dict[str, Any]:
        """The words that name it, the same in every export."""
        pod = self._life.pod_of(run)
        owner = self._life.owner_of(pod) if pod is not None else None
        return {
            "node": run.node,
            "namespace": run.namespace,
            "controller": owner.title if owner else None,
            "pod": run.pod,
            "pod_uid": run.pod_uid,
            "container": run.container,
            "container_id": run.container_id,
            "end_reason": run.end_reason,
            "exit_code": run.exit_code,
        }
