"""Timesketch's JSON lines: one event a line, and the edges of findings among them, in the order of time.

Its importer (timesketch/lib/utils.py, read_and_validate_jsonl) wants message, datetime and timestamp_desc in each line, takes
timestamp as microseconds, and scrubs _id, _type, _index, _source. It stores a line as it is: a null would be stored, so what is
not known is left out; attributes and details are one JSON text each, for each further key would become a field of the index.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path
from typing import Any

import orjson

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.lifecycle.events import Event
from analyzer.outputs.exports.base import Export, selection
from analyzer.outputs.files import whole
from analyzer.proof import Proof

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Line = dict[str, Any]
Keyed = tuple[datetime, int, Line]


def lines(analysis: Analysis) -> Iterator[Line]:
    """Rows without nulls, by time; of one moment the events first, each kind in its own order."""
    chosen = selection(analysis)
    events = ((e.time, 0, _event(e)) for e in analysis.life.events if chosen.event(e))
    edges: list[Keyed] = sorted((edge for f in analysis.findings for edge in _edges(analysis, f)), key=lambda k: k[:2])
    yield from (line for _, _, line in merge(events, edges, key=lambda k: k[:2]))


def _event(event: Event) -> Line:
    return _line(
        event.time,
        message=event.message or event.text or str(event.kind),
        timestamp_desc=f"Event: {event.kind}",
        data_type=f"podopsy:event:{event.kind}",
        component=event.component,
        k8s_node_name=event.node,
        k8s_namespace_name=event.namespace,
        k8s_pod_name=event.pod,
        k8s_pod_uid=event.pod_uid,
        k8s_container_name=event.container,
        container_id=event.container_id,
        controller=event.controller,
        pid=event.pid,
        boot_id=event.boot_id,
        value=event.value,
        resolution_us=event.resolution or None,
        attributes=orjson.dumps(event.attributes, option=orjson.OPT_SORT_KEYS).decode() if event.attributes else None,
        evidence=event.proof("").place,
        text=event.text,
    )


def _edges(analysis: Analysis, finding: Finding) -> Iterator[Keyed]:
    """Its start and its end, as far as they lie within the evidence; of one that has neither, the evidence's beginning."""
    for rank, (name, edge) in enumerate((("start", finding.start), ("end", finding.end)), 1):
        if edge.time is not None:
            bounds = {"earliest": edge.earliest, "latest": edge.latest}
            yield edge.time, rank, _finding(finding, edge.time, name, edge.proofs or finding.evidence[:1], **bounds)
    if finding.start.time is None and finding.end.time is None:
        yield analysis.life.start, 1, _finding(finding, analysis.life.start, "under way when the evidence begins", finding.evidence[:1])


def _finding(finding: Finding, moment: datetime, edge: str, proofs: tuple[Proof, ...], **bounds: datetime | None) -> Line:
    return _line(
        moment,
        message=f"{finding.kind} {edge}: {finding.summary}",
        timestamp_desc=f"Finding {edge}",
        data_type=f"podopsy:finding:{finding.kind}",
        tag=[str(finding.kind), str(finding.severity), str(finding.confidence), *(["by-design"] if finding.expected else [])],
        finding_id=finding.id,
        severity=str(finding.severity),
        confidence=str(finding.confidence),
        expected=finding.expected,
        k8s_node_name=finding.node,
        k8s_namespace_name=finding.namespace,
        k8s_pod_name=finding.pod,
        k8s_pod_uid=finding.pod_uid,
        k8s_container_name=finding.container,
        container_id=finding.container_id,
        controller=finding.controller,
        open_end=True if finding.end.time is None else None,
        details=orjson.dumps(finding.details).decode(),
        evidence=proofs[0].place if proofs else None,
        text=proofs[0].text if proofs else None,
        **{name: _iso(bound) for name, bound in bounds.items() if bound is not None},
    )


def _line(moment: datetime, **columns: Any) -> Line:
    stamp = {"datetime": _iso(moment), "timestamp": (moment - _EPOCH) // _EPOCH.resolution}
    return {"message": columns.pop("message")} | stamp | {name: value for name, value in columns.items() if value is not None}


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _write(analysis: Analysis, path: Path) -> str:
    written = 0
    with whole(path) as out:
        for line in lines(analysis):
            out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            written += 1
    return f"{written} lines"


EXPORT = Export("timesketch", False, _write)
