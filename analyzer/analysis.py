"""One analysis: a store, the lifecycle rebuilt from it, the findings, and the document that holds them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from analyzer.detectors import detect
from analyzer.findings import SCHEMA_VERSION, Finding
from analyzer.ingest import ingest
from analyzer.lifecycle.controllers import Name
from analyzer.lifecycle.model import Lifecycle, build
from analyzer.outputs.selected import told
from analyzer.plan import Options
from analyzer.progress import Progress
from analyzer.proof import rfc3339
from analyzer.selection import Asked, Selection
from analyzer.store import MemoryStore, Store, Target
from analyzer.version import tool_version
from analyzer.vocabulary import SourceStatus


@dataclass
class Analysis:
    """What outputs read. ``findings``: by severity, start, id; ``sources``: the table of that name, by source;
    ``failed``: detectors of other distributions that could not be used, a line each."""

    life: Lifecycle
    findings: list[Finding]
    sources: pl.DataFrame
    store: Store
    failed: list[str] = field(default_factory=list)
    selection: Selection | None = None  # what ``findings`` are narrowed to; None: nothing was left out
    found: int | None = None  # how many findings there were before that
    redacted: bool = False  # names, addresses and ids are replaced

    def narrowed(self, asked: Asked) -> "Analysis":
        """With the findings that are asked for alone. Raises UsageError for names and times that the evidence does not know."""
        if not asked:
            return self
        selection = Selection(self.life, asked)
        kept = [f for f in self.findings if selection.finding(f)]
        return replace(self, findings=kept, selection=selection, found=len(self.findings))

    def document(self) -> dict[str, Any]:
        """The findings document; the same evidence gives the same document."""
        return {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "podopsy", "version": tool_version()},
            "evidence": self.evidence(),
            **({"redacted": True} if self.redacted else {}),
            **({"selection": self.selection.document()} if self.selection else {}),
            "coverage": [c.document() for c in self.life.coverage],
            "clocks": [c.document() for c in self.life.clocks.clocks],
            "story": told(self),
            "sources": self.cited(),
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

    def cited(self) -> list[dict[str, Any]]:
        """The sources that the findings cite, with the SHA-256 and the size of their decompressed content, by name."""
        names = {proof.source for finding in self.findings for proof in finding.evidence}
        read = self.sources.filter(pl.col("status") == str(SourceStatus.READ), pl.col("source").is_in(sorted(names)))
        return read.select("source", "sha256", "size").to_dicts()

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
    store: Target | None = None,
    options: Options | None = None,
    desired: Mapping[Name, int] | None = None,
    kinds: Collection[str] | None = None,
    without: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Findings of the evidence under ``paths``, together with what ``store`` already holds.

    Without a store nothing is written: the evidence is read into memory, its raw records left where they are.
    ``kinds``: only findings of these; ``without``: none of these. Raises EvidenceError where there is nothing usable.
    """
    store = store if store is not None else MemoryStore()
    if paths:
        ingest(paths, store, options, progress)
    if progress:
        progress("working out what happened", 0, 0)
    life = build(store, desired)
    failed: list[str] = []
    findings = detect(life, kinds, without, failed.append)
    return Analysis(life, findings, store.table("sources").sort("source", "sha256"), store, failed)
