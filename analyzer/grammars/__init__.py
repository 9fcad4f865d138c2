"""Grammars: what each component says. ``understand`` turns a batch of records and objects into events.

To add a component: one module with ``understand``, one line in REGISTRY.
"""

from collections.abc import Callable

import polars as pl

from analyzer.formats.base import Batch
from analyzer.grammars import (
    api_documents,
    audit,
    command_line,
    container,
    containerd,
    controller_manager,
    cri,
    docker,
    event_table,
    kubelet,
    podman,
    runtime_log,
    scheduler,
    sent_events,
    systemd,
)
from analyzer.grammars.base import EVENT_COLUMNS, events_frame

Grammar = Callable[[pl.DataFrame], pl.DataFrame]

_CONTROL: tuple[Grammar, ...] = (controller_manager.understand, scheduler.understand, sent_events.understand)
_JOURNAL = (systemd.understand, kubelet.understand, command_line.understand, *_CONTROL, runtime_log.understand, podman.understand)
_CONTAINER = (container.understand, *_CONTROL)

REGISTRY: dict[str, tuple[Grammar, ...]] = {  # by family of the format
    "journal": _JOURNAL,
    "klog": (systemd.understand_bare, kubelet.understand, *_CONTROL),
    "container": _CONTAINER,
    "export": (container.parted(_JOURNAL, _CONTAINER),),
    "docker": (docker.understand,),
    "containerd": (containerd.understand,),
    "cri": (cri.understand,),
    "kubernetes": (),
    "audit": (audit.understand,),
    "event-table": (event_table.understand,),
    "capture": (),
    "mixed": (),  # each part has a family of its own
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
