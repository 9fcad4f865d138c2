"""Formats: how each kind of source is recognised and framed. To add one: a module, and a line in REGISTRY.

The order matters: the specific before the general.
"""

from analyzer.exceptions import UsageError
from analyzer.formats import capture_time, klog_file, mixed_text
from analyzer.formats.base import HEAD, Batch, Divisible, Format, ReadContext
from analyzer.formats.containers import container_log, log_export
from analyzer.formats.journals import (
    journal_binary,
    journal_boots,
    journal_export,
    journal_json,
    journal_monotonic,
    journal_text,
    journal_verbose,
)
from analyzer.formats.kubernetes import api_json, api_yaml, audit_log, audit_text, describe, event_page, event_table, kubernetes_table
from analyzer.formats.runtimes import (
    container_snapshots,
    container_tables,
    containerd_events,
    cri_events,
    daemon_log,
    docker_json,
    docker_template,
    docker_text,
    podman_events,
)

REGISTRY: tuple[Format, ...] = (
    journal_binary.FORMAT,
    journal_json.FORMAT,
    docker_json.FORMAT,
    podman_events.JSON,
    containerd_events.JSON,
    cri_events.FORMAT,
    container_log.JSON_FILE,
    container_snapshots.FORMAT,
    daemon_log.FORMAT,
    audit_log.FORMAT,
    log_export.CLOUD,
    audit_text.FORMAT,
    api_json.FORMAT,
    log_export.ANY,
    journal_export.FORMAT,
    docker_text.FORMAT,
    podman_events.TEXT,
    docker_template.FORMAT,
    containerd_events.FORMAT,
    container_tables.FORMAT,
    event_table.FORMAT,
    container_log.CRI,
    container_log.STAMPED,
    event_page.FORMAT,
    describe.FORMAT,
    kubernetes_table.FORMAT,
    journal_boots.FORMAT,
    journal_verbose.FORMAT,
    journal_text.FORMAT,
    journal_text.YEARLESS,
    journal_monotonic.FORMAT,
    klog_file.FORMAT,
    capture_time.FORMAT,
    api_yaml.FORMAT,
    mixed_text.FORMAT,
)

__all__ = ["HEAD", "REGISTRY", "Batch", "Divisible", "Format", "ReadContext", "detect", "named"]


def detect(head: bytes, name: str, beside: Format | None = None) -> Format | None:
    """The format of a source that begins with ``head``, by its content, other than ``beside``; None if none knows it."""
    return next((known for known in REGISTRY if known is not beside and known.sniff(head, name)), None)


def named(name: str) -> Format:
    """The format called ``name`` (--format)."""
    for known in REGISTRY:
        if known.name == name:
            return known
    raise UsageError(f"no format {name!r} (there are: {', '.join(f.name for f in REGISTRY)})")
