"""What the page says in words: findings, what was read and what not, coverage. Plain values; the template escapes them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from analyzer.analysis import Analysis
from analyzer.detectors.base import seconds
from analyzer.findings import Finding
from analyzer.outputs.coverage_told import covered
from analyzer.outputs.report.embed import clock, plain
from analyzer.outputs.selected import told
from analyzer.proof import Edge, Proof, rfc3339
from analyzer.vocabulary import SourceStatus

EVIDENCE = 60
"""Evidence lines of one finding that the page shows; `podopsy explain` shows all."""
_DETAIL = 600


def content(analysis: Analysis) -> dict[str, Any]:
    """The template's variables, but for title, command and the picture."""
    findings = [_finding(f) for f in analysis.findings]
    sources = list(_sources(analysis))
    return {
        "span": f"{clock(analysis.life.start)} to {clock(analysis.life.end)} ({seconds(analysis.life.end - analysis.life.start)})",
        "readable": _readable(analysis),
        "covered": plain(covered(analysis.life)),
        "story": [plain(sentence) for sentence in told(analysis)],
        "counts": _counts(analysis.findings),
        "unexpected": [f for f in findings if not f["expected"]],
        "expected": [f for f in findings if f["expected"]],
        "sources": [s for s in sources if s["status"] == SourceStatus.READ],
        "unread": [s for s in sources if s["status"] != SourceStatus.READ],
        "coverage": [
            {
                "node": plain(c.node or "(cluster)"),
                "kind": plain(c.source_kind),
                "start": clock(c.start),
                "end": clock(c.end),
                "gaps": [plain(f"{clock(start)} to {clock(end)}: {why}") for start, end, why in c.gaps],
            }
            for c in analysis.life.coverage
        ],
    }


def _readable(analysis: Analysis) -> str:
    """One sentence: what could be read, and what could not."""
    evidence = analysis.evidence()
    text = f"{evidence['records']:,} records of {evidence['sources']} sources were read"
    troubles = []
    if evidence["rejected"]:
        troubles.append(f"{evidence['rejected']:,} records could not be understood and are kept as rejects")
    told = analysis.sources.group_by("status").len().sort("status")
    words = {
        SourceStatus.FAILED: "broken or unreadable",
        SourceStatus.UNRECOGNISED: "of no known format",
        SourceStatus.EMPTY: "empty",
        SourceStatus.DUPLICATE: "copies of others",
    }
    counts: dict[str, int] = dict(told.iter_rows())
    others = [f"{counts[status]} {what}" for status, what in words.items() if counts.get(status)]
    if others:
        troubles.append(f"other sources: {', '.join(others)} (listed below)")
    return text + (f"; {'; '.join(troubles)}." if troubles else "; nothing was left out.")


def _counts(findings: list[Finding]) -> str:
    shown = [f for f in findings if not f.expected]
    by_severity = {s: sum(f.severity == s for f in shown) for s in ("critical", "warning", "info")}
    return ", ".join(f"{n} {s}" for s, n in by_severity.items() if n) or "none"


def _finding(finding: Finding) -> dict[str, Any]:
    begin, end = finding.start.time, finding.end.time
    places = [
        ("node", finding.node),
        ("namespace", finding.namespace),
        ("controller", finding.controller),
        ("pod", finding.pod),
        ("pod uid", finding.pod_uid),
        ("container", finding.container),
        ("container id", finding.container_id),
    ]
    return {
        "id": finding.id,
        "kind": str(finding.kind),
        "severity": str(finding.severity),
        "confidence": str(finding.confidence),
        "expected": finding.expected,
        "when": _when(begin, end),
        "exact": f"{clock(begin)} to {clock(end) if end else 'the end of the evidence'}",
        "start": rfc3339(begin),
        "where": plain(" · ".join(str(w) for w in _where(finding))),
        "summary": plain(finding.summary),
        "bounds": [("start", _bounds(finding.start)), ("end", _bounds(finding.end))],
        "places": [(name, plain(value)) for name, value in places if value is not None],
        "details": [(name.replace("_", " "), _detail(value)) for name, value in finding.details.items() if value not in (None, [], {})],
        "evidence": [_proof(p) for p in finding.evidence[:EVIDENCE]],
        "more": max(len(finding.evidence) - EVIDENCE, 0),
    }


def _where(finding: Finding) -> Iterable[str]:
    if finding.node:
        yield finding.node
    if finding.pod:
        yield finding.pod + (f" / {finding.container}" if finding.container else "")
    elif finding.controller:
        yield finding.controller


def _when(begin: datetime | None, end: datetime | None) -> str:
    """Short, to the tenth of a second: date once, and how long it lasted."""
    if begin is None:
        return "from before the evidence" + (f" to {_tenth(end)}" if end else "")
    text = f"{begin:%Y-%m-%d} {_tenth(begin)}"
    if end is None:
        return text + " – still open at the end"
    other_day = f"{end:%Y-%m-%d} " if end.date() != begin.date() else ""
    return f"{text} – {other_day}{_tenth(end)}" + (f" ({seconds(end - begin)})" if end > begin else "")


def _tenth(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}.{moment.microsecond // 100_000}Z"


def _bounds(edge: Edge) -> str:
    told = clock(edge.time)
    if edge.earliest == edge.latest == edge.time:
        return told
    low, high = (clock(t) if t else "unknown" for t in (edge.earliest, edge.latest))
    return f"{told} (not before: {low}; not after: {high})"


def _detail(value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, list):
        text = ", ".join(str(v) for v in value)
    elif isinstance(value, dict):
        text = ", ".join(f"{k}: {v if isinstance(v, str) else orjson.dumps(v).decode()}" for k, v in value.items() if v is not None)
    else:
        text = orjson.dumps(value).decode()
    shown = plain(text)
    return shown if len(shown) <= _DETAIL else shown[:_DETAIL] + "…"


def _proof(proof: Proof) -> dict[str, str]:
    return {
        "place": plain(proof.place),
        "time": clock(proof.time) if proof.time else "",
        "text": plain(proof.text),
        "proves": plain(proof.proves),
    }


def _sources(analysis: Analysis) -> Iterable[dict[str, Any]]:
    told = (
        analysis.store.table("attributions").select("source_id", pl.col("node").alias("of_node"), "how").unique("source_id", keep="first")
    )
    for row in analysis.sources.join(told, on="source_id", how="left", maintain_order="left").iter_rows(named=True):
        node = row["of_node"] or row["node"]
        yield {
            "source": plain(row["source"]),
            "format": plain(row["format"] or "–"),
            "node": plain(node or "–") + (f" (by {plain(row['how'])})" if row["how"] else ""),
            "records": (row["records"] or 0) + (row["objects"] or 0),
            "rejected": row["rejected"] or 0,
            "status": row["status"],
            "detail": plain(row["detail"] or ""),
            "sha256": plain(row["sha256"] or ""),
            "start": clock(row["start"]) if row["start"] else "–",
            "end": clock(row["end"]) if row["end"] else "–",
        }
