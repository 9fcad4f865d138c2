"""Formats: how each kind of source is recognised and framed. To add one: a module, and a line in REGISTRY.

The order matters: the specific before the general.
"""

from analyzer.exceptions import UsageError
from analyzer.formats import (
    api_json,
    api_yaml,
    audit_log,
    container_snapshots,
    containerd_events,
    docker_json,
    docker_text,
    event_table,
    journal_binary,
    journal_boots,
    journal_export,
    journal_json,
    journal_monotonic,
    journal_text,
    journal_verbose,
    klog_file,
)
from analyzer.formats.base import HEAD, Batch, Format, ReadContext

REGISTRY: tuple[Format, ...] = (
    journal_binary.FORMAT,
    journal_json.FORMAT,
    docker_json.FORMAT,
    container_snapshots.FORMAT,
    audit_log.FORMAT,
    api_json.FORMAT,
    journal_export.FORMAT,
    docker_text.FORMAT,
    containerd_events.FORMAT,
    event_table.FORMAT,
    journal_boots.FORMAT,
    journal_verbose.FORMAT,
    journal_text.FORMAT,
    journal_text.YEARLESS,
    journal_monotonic.FORMAT,
    klog_file.FORMAT,
    api_yaml.FORMAT,
)

__all__ = ["HEAD", "REGISTRY", "Batch", "Format", "ReadContext", "detect", "named"]


def detect(head: bytes, name: str) -> Format | None:
    """The format of a source that begins with ``head``, by its content; None if none knows it."""
    return next((known for known in REGISTRY if known.sniff(head, name)), None)


def named(name: str) -> Format:
    """The format called ``name`` (--format)."""
    for known in REGISTRY:
        if known.name == name:
            return known
    raise UsageError(f"no format {name!r} (there are: {', '.join(f.name for f in REGISTRY)})")
