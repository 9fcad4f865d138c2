"""Grammars: what each component says. ``understand`` turns a batch of records and objects into events.

To add a component: one module with ``understand``, one line in REGISTRY.
"""

from collections.abc import Callable

import polars as pl

from analyzer.formats.base import Batch
from analyzer.grammars import api_documents, audit, containerd, controller_manager, docker, event_table, kubelet, runtime_log, systemd
from analyzer.grammars.base import EVENT_COLUMNS, events_frame

Grammar = Callable[[pl.DataFrame], pl.DataFrame]

REGISTRY: dict[str, tuple[Grammar, ...]] = {  # by family of the format
    "journal": (systemd.understand, kubelet.understand, controller_manager.understand, runtime_log.understand),
    "klog": (systemd.understand_bare, kubelet.understand, controller_manager.understand),
    "docker": (docker.understand,),
    "containerd": (containerd.understand,),
    "kubernetes": (),
    "audit": (audit.understand,),
    "event-table": (event_table.understand,),
}


def understand(batch: Batch, family: str) -> pl.DataFrame:
    """Events of one batch (EVENTS without source_id), in the order of the records."""
    parts = [grammar(batch.records) for grammar in REGISTRY[family]]
    if not batch.objects.is_empty():
        parts.append(api_documents.understand(batch.objects))
    parts = [part for part in parts if not part.is_empty()]
    if not parts:
        return events_frame([])
    return pl.concat(parts).sort("record", maintain_order=True).select(EVENT_COLUMNS)
