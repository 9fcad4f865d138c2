"""The reasoning of one finding: its edges, their bounds, and each record that proves them, with the lines around it."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import polars as pl

from analyzer.analysis import Analysis
from analyzer.evidence import walk
from analyzer.exceptions import UsageError
from analyzer.findings import Finding
from analyzer.outputs.text import printable
from analyzer.proof import Edge, Proof, rfc3339
from analyzer.store import source_names


def render(analysis: Analysis, finding_id: str, paths: Sequence[str | Path], context: int) -> str:
    """Text that ends in a newline. Raises UsageError if no finding, or more than one, begins with that id."""
    chosen = [f for f in analysis.findings if f.id.startswith(finding_id)]
    if len(chosen) != 1:
        what = "no finding has" if not chosen else f"{len(chosen)} findings have"
        raise UsageError(f"{what} an id that begins with {finding_id!r} (podopsy analyze lists them)")
    finding = chosen[0]
    around = _surroundings(analysis, finding, paths, context)
    lines = [
        f"{finding.kind} {finding.id}: {finding.severity}, {finding.confidence}" + (", by design" if finding.expected else ""),
        finding.summary,
        "",
        _edge("start", finding.start),
        _edge("end  ", finding.end),
        "",
        *(f"{key}: {value}" for key, value in finding.details.items() if value not in (None, [], {})),
        "",
        "Evidence, in the order of time:",
    ]
    for proof in finding.evidence:
        lines += ["", f"{rfc3339(proof.time) or '-'}  {proof.proves}", f"  {proof.place}"]
        nearby = around.get((proof.source, proof.line), [])
        if not any(number == proof.line and proof.text[:40] in text[:400] for number, text in nearby):
            lines.append(f"  > {proof.text}")  # a record of several lines, or one field of a document: what of it is cited
        lines += [f"  {'>' if number == proof.line else ' '} {number}: {text[:400]}" for number, text in nearby]
    return "\n".join(printable(line) for line in lines) + "\n"


def _edge(name: str, edge: Edge) -> str:
    told = rfc3339(edge.time) or "not within the evidence"
    return f"{name}  {told}  (surely not before {rfc3339(edge.earliest) or 'unknown'}, not after {rfc3339(edge.latest) or 'unknown'})"


def _surroundings(
    analysis: Analysis, finding: Finding, paths: Sequence[str | Path], context: int
) -> dict[tuple[str, int | None], list[tuple[int, str]]]:
    """The cited lines with their neighbours, from the sources if they are at hand, else from the store's records."""
    wanted: dict[str, list[Proof]] = {}
    for proof in finding.evidence:
        if proof.line is not None:
            wanted.setdefault(proof.source, []).append(proof)
    found: dict[tuple[str, int | None], list[tuple[int, str]]] = {}
    for source in walk(paths) if paths else ():
        if source.name in wanted:
            numbers = [p.line for p in wanted[source.name] if p.line is not None]
            with source.open() as stream:
                lines = {
                    n: raw for n, raw in enumerate(islice(stream, max(numbers) + context), 1) if any(abs(n - m) <= context for m in numbers)
                }
            for number in numbers:
                near = [(n, lines[n].decode(errors="replace").rstrip("\r\n")) for n in sorted(lines) if abs(n - number) <= context]
                found[(source.name, number)] = near
    return found or _from_records(analysis, wanted, context)


def _from_records(analysis: Analysis, wanted: dict[str, list[Proof]], context: int) -> dict[tuple[str, int | None], list[tuple[int, str]]]:
    records = analysis.store.table("records")
    if records.is_empty():
        return {}
    ids = {row["source"]: row["source_id"] for row in source_names(analysis.store).iter_rows(named=True)}
    found: dict[tuple[str, int | None], list[tuple[int, str]]] = {}
    for source, proofs in wanted.items():
        mine = records.filter(pl.col("source_id") == ids.get(source, ""))
        for proof in proofs:
            line = proof.line or 0
            near = mine.filter(pl.col("line").is_between(line - context, line + context)).sort("line").select("line", "raw")
            found[(source, proof.line)] = list(near.iter_rows())
    return found
