"""One analysis: a store, the lifecycle rebuilt from it, the findings, and the document that holds them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from analyzer.detectors import detect
from analyzer.findings import SCHEMA_VERSION, Finding
from analyzer.ingest import Progress, ingest
from analyzer.lifecycle.controllers import Name
from analyzer.lifecycle.model import Lifecycle, build
from analyzer.plan import Options
from analyzer.proof import rfc3339
from analyzer.store import MemoryStore, Store
from analyzer.version import tool_version
from analyzer.vocabulary import SourceStatus


@dataclass
class Analysis:
    """What outputs read. ``findings``: by severity, start, id; ``sources``: the table of that name, by source."""

    life: Lifecycle
    findings: list[Finding]
    sources: pl.DataFrame
    store: Store

    def document(self) -> dict[str, Any]:
        """The findings document; the same evidence gives the same document."""
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "podopsy", "version": tool_version()},
            "evidence": self.evidence(),
            "coverage": [c.document() for c in self.life.coverage],
            "clocks": [],
            "findings": [f.document() for f in self.findings],
        }

    def evidence(self) -> dict[str, Any]:
        """How much was read: sources, records (lines and documents), and what could not be read."""
        read = self.sources.filter(pl.col("status") == str(SourceStatus.READ))
        return {
            "start": rfc3339(self.life.start),
            "end": rfc3339(self.life.end),
            "sources": read.height,
            "records": int((read["records"] + read["objects"]).sum()),
            "rejected": int(self.sources["rejected"].sum()),
        }

    def incomplete(self) -> list[str]:
        """What stands in the way of completeness, a line each: rejects, and sources that broke off or failed."""
        lines = []
        for row in self.sources.iter_rows(named=True):
            if row["rejected"] or row["status"] == SourceStatus.FAILED:
                what = f"{row['rejected']} record(s) rejected" if row["rejected"] else "could not be read"
                lines.append(f"{row['source']}: {what}" + (f" ({row['detail']})" if row["detail"] else ""))
        return lines


def analyze(
    paths: Sequence[str | Path],
    *,
    store: Store | None = None,
    options: Options | None = None,
    desired: Mapping[Name, int] | None = None,
    kinds: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Findings of the evidence under ``paths``, together with what ``store`` already holds.

    Without a store nothing is written: the evidence is read into memory, its raw records left where they are.
    Raises EvidenceError where there is nothing usable.
    """
    store = store if store is not None else MemoryStore()
    if paths:
        ingest(paths, store, options, progress)
    life = build(store, desired)
    return Analysis(life, detect(life, kinds), store.table("sources").sort("source", "sha256"), store)
