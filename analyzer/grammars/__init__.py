"""Grammars: what each component says. ``understand`` turns a batch of records and objects into events.

To add a component: one module with a GRAMMAR, one line in REGISTRY.
"""

import polars as pl

from analyzer.few import kept
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
from analyzer.grammars.relevance import Grammar, asked
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
    grammars = REGISTRY[family]
    chosen = kept(batch.records, relevant(batch.records, family)) if grammars and batch.records.height else batch.records.clear()
    parts = [grammar.understand(chosen, batch.records) for grammar in asked(chosen, grammars)] if chosen.height else []
    if not batch.objects.is_empty():
        parts.append(api_documents.understand(batch.objects))
    parts = [part for part in parts if not part.is_empty()]
    if not parts:
        return events_frame([])
    return (parts[0] if len(parts) == 1 else pl.concat(parts)).sort("record", maintain_order=True)[EVENT_COLUMNS]
