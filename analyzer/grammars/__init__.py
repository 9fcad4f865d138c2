"""Grammars: what each component says. ``understand`` turns a batch of records and objects into events.

To add a component: one module with a GRAMMAR, one line in REGISTRY.
"""

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
from analyzer.grammars.relevance import Grammar
from analyzer.grammars.relevance import relevant as _relevant

_CONTROL = (controller_manager.GRAMMAR, scheduler.GRAMMAR, sent_events.GRAMMAR)
_JOURNAL = (systemd.IN_JOURNALS, kubelet.GRAMMAR, command_line.GRAMMAR, *_CONTROL, runtime_log.GRAMMAR, podman.GRAMMAR)
_CONTAINER = (container.GRAMMAR, *_CONTROL)

REGISTRY: dict[str, tuple[Grammar, ...]] = {  # by family of the format
    "journal": _JOURNAL,
    "klog": (systemd.BARE, kubelet.GRAMMAR, *_CONTROL),
    "container": _CONTAINER,
    "export": (container.parted(_JOURNAL, _CONTAINER),),
    "docker": (docker.GRAMMAR,),
    "containerd": (containerd.GRAMMAR,),
    "cri": (cri.GRAMMAR,),
    "kubernetes": (),
    "audit": (audit.GRAMMAR,),
    "event-table": (event_table.GRAMMAR,),
    "capture": (),
    "mixed": (),  # each part has a family of its own
}


def relevant(records: pl.DataFrame, family: str) -> pl.Series:
    """A mask of the records of which ``understand`` may make events; the others it does not look at."""
    return _relevant(records, REGISTRY[family])


def understand(batch: Batch, family: str) -> pl.DataFrame:
    """Events of one batch (EVENTS without source_id), in the order of the records."""
    chosen = batch.records if batch.records.is_empty() else batch.records.filter(relevant(batch.records, family))
    parts = [] if chosen.is_empty() else [grammar.understand(chosen, batch.records) for grammar in REGISTRY[family]]
    if not batch.objects.is_empty():
        parts.append(api_documents.understand(batch.objects))
    parts = [part for part in parts if not part.is_empty()]
    if not parts:
        return events_frame([])
    return pl.concat(parts).sort("record", maintain_order=True).select(EVENT_COLUMNS)
