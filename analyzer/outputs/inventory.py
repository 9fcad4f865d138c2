"""What the evidence holds: sources by what became of them, nodes, time spans, coverage, rejects, how much of the logs was understood."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from os.path import commonpath
from typing import Any

import orjson
import polars as pl

from analyzer.exceptions import EvidenceError
from analyzer.lifecycle.clocks import Clock
from analyzer.lifecycle.coverage import Coverage
from analyzer.lifecycle.model import build
from analyzer.outputs.coverage_told import clock_lines, coverage_lines
from analyzer.outputs.words import printable
from analyzer.proof import rfc3339
from analyzer.recognition import Component, Recognition, recognise, top
from analyzer.store import Store
from analyzer.vocabulary import SourceStatus

_FEW = 5
"""So many sources of one kind, of which there is nothing to tell, are listed one by one."""
_REASONS = 3
"""So many reasons for rejects of a source are told."""
_EXAMPLE = 160
_WIDEST = 72
"""Columns for the names of sources; a longer name stands out."""
_LONG = 24
"""A common folder with a longer name is told once; of another, twice as long, the middle is left out."""


def document(store: Store) -> dict[str, Any]:
    """Sources (with the node, and how it was decided; what was understood; rejects by reason), and counts by status."""
    told = store.table("attributions").select("source_id", pl.col("node").alias("of_node"), "how")
    sources = store.table("sources").join(told, on="source_id", how="left").sort("source", "sha256")
    recognised, rejects = recognise(store), _rejects(store)
    rows = []
    for row in sources.iter_rows(named=True):
        read = row["status"] == SourceStatus.READ
        found = recognised.get(row["source_id"], Recognition()) if read else Recognition()
        rows.append(
            {
                "source": row["source"],
                "format": row["format"],
                "status": row["status"],
                "node": row["of_node"] or row["node"],
                "node_from": row["how"],
                "records": row["records"] + row["objects"],
                "events": row["events"],
                "rejected": row["rejected"],
                "rejects": rejects.get(row["source_id"], []) if row["status"] != SourceStatus.DUPLICATE else [],
                "start": rfc3339(row["start"]),
                "end": rfc3339(row["end"]),
                "size": row["size"],
                "sha256": row["sha256"],
                "detail": row["detail"],
                **_understood(found),
            }
        )
    counts = dict(sorted(sources.group_by("status").len().iter_rows()))
    coverage, clocks = _known(store)
    return {
        "sources": rows,
        "statuses": counts,
        "coverage": [c.document() for c in coverage],
        "clocks": [c.document() for c in clocks],
    }


def _known(store: Store) -> tuple[Sequence[Coverage], Sequence[Clock]]:
    """What is covered, and how the clocks were: of evidence that bears a time."""
    try:
        life = build(store)
    except EvidenceError:
        return (), ()
    return life.coverage, life.clocks.clocks


def _understood(found: Recognition) -> dict[str, Any]:
    """Lines of components that we know: how many, parsed, understood; by component; and the shapes of those that were not."""
    total = found.total
    shapes = [{"shape": s.shape, "component": s.component, "count": s.count, "example": s.example, "line": s.line} for s in found.shapes]
    return {
        "lines": total.lines,
        "parsed": total.parsed,
        "understood": total.understood,
        "components": {name: asdict(part) for name, part in found.components.items()},
        "shapes": shapes,
        "unlisted": found.unlisted,
    }


def _rejects(store: Store) -> dict[str, list[dict[str, Any]]]:
    """By source_id: reasons, the most frequent first, each with its count and the first line that it befell."""
    order = pl.col("offset").arg_min()
    grouped = (
        store.scan("rejects")
        .group_by("source_id", "reason")
        .agg(pl.len().alias("count"), pl.col("line").get(order), pl.col("raw").get(order).alias("example"))
        .sort("source_id", "count", "line", "reason", descending=[False, True, False, False])
        .collect()
    )
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in grouped.iter_rows(named=True):
        found[row.pop("source_id")].append(row)
    return found


def as_json(store: Store) -> str:
    return orjson.dumps(document(store), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def as_text(store: Store, *, shapes: int = 10, everything: bool = False) -> str:
    """Sources that were read, those that tell something first; then what was not read; then what was not understood.

    shapes: how many of the shapes that were not understood are shown. everything: no source is folded into a count.
    """
    content = document(store)
    read = [r for r in content["sources"] if r["status"] == SourceStatus.READ]
    other = [r for r in content["sources"] if r["status"] != SourceStatus.READ]
    folder = _shorten(content["sources"])
    lines = [f"{len(read)} source(s) read, {len(other)} not" + (f"; all of them in {folder}" if folder else "")]
    lines += _read(read, everything)
    if other:
        lines += ["not read:", *_others(other, everything)]
    coverage, clocks = _known(store)
    if covered := list(coverage_lines(coverage, everything=everything)):
        lines += ["coverage (UTC):", *(f"  {line}" for line in covered)]
    if told := list(clock_lines(clocks)):
        lines += ["clocks, against the API server's:", *(f"  {line}" for line in told)]
    lines += _not_understood(recognise(store), read, shapes)
    return "\n".join(printable(line) for line in lines) + "\n"


def _shorten(rows: list[dict[str, Any]]) -> str | None:
    """Take the folder that all names have in common, if its name is long, off them; returns it. Long folders are cut in the middle."""
    names = [row["source"] for row in rows]
    folder = commonpath(names) if len(names) > 1 and not any(name.startswith("/") for name in names) else ""
    told = folder if len(folder) > _LONG else None
    for row in rows:
        below = row["source"].removeprefix(f"{folder}/") if told else row["source"]
        *folders, name = below.split("/")
        row["source"] = "/".join([*(f if len(f) <= 2 * _LONG else f"{f[:_LONG]}…{f[-8:]}" for f in folders), name])
    return told


def _read(rows: list[dict[str, Any]], everything: bool) -> Iterator[str]:
    def tells(row: dict[str, Any]) -> bool:
        return bool(everything or row["events"] or row["lines"] or row["rejected"])

    telling = [r for r in rows if tells(r)]
    silent = _by(lambda r: f"{r['format']} without events", [r for r in rows if not tells(r)])
    telling += [r for some in silent.values() if len(some) <= _FEW for r in some]
    width = min(max((len(r["source"]) for r in telling), default=0), _WIDEST)
    for row in sorted(telling, key=lambda r: (not r["events"], r["node"] or "~", r["source"])):
        span = f"{(row['start'] or '-')[:19]} – {(row['end'] or '-')[11:19]}"
        node = f"{row['node'] or '-'}" + (f" (by {row['node_from']})" if row["node_from"] else "")
        yield (
            f"  {row['source']:<{width}}  {row['format']:<16} {node:<28} {span}  {row['records']:,} records, {row['events']:,} events"
            + (f", {row['rejected']:,} REJECTED" if row["rejected"] else "")
            + (f"; {row['detail']}" if row["detail"] else "")
        )
        for name, part in row["components"].items():
            yield f"      {name} {_rates(Component(**part))}"
        for reject in row["rejects"][:_REASONS]:
            where = f"line {reject['line']}: " if reject["line"] is not None else ""
            yield f"      rejected: {reject['count']:,} × {reject['reason']}, first {where}{_short(reject['example'])}"
        if len(row["rejects"]) > _REASONS:
            yield f"      rejected: for {len(row['rejects']) - _REASONS} more reason(s) (--json lists them)"
    for kind, some in silent.items():
        if len(some) > _FEW:
            records = sum(r["records"] for r in some)
            yield f"  {len(some):,} more of {kind}, {records:,} records; the first: {some[0]['source']} (--all lists them)"


def _others(rows: list[dict[str, Any]], everything: bool) -> Iterator[str]:
    """By what became of them and why; numbers and names in the reason do not make it another."""
    for kind, some in _by(lambda r: f"{r['status']} {re.sub(r'[0-9]+|[^ ]*/[^ ]*', '', r['detail'] or '')}", rows).items():
        if len(some) <= _FEW or everything:
            yield from (f"  {row['source']}: {row['status']}" + (f": {row['detail']}" if row["detail"] else "") for row in some)
        else:
            first = f"{some[0]['source']}" + (f": {some[0]['detail']}" if some[0]["detail"] else "")
            yield f"  {len(some):,} {kind.split(' ')[0]}; the first: {first} (--all lists them)"


def _by(key: Callable[[dict[str, Any]], str], rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(sorted(found.items()))


def _not_understood(recognised: dict[str, Recognition], rows: list[dict[str, Any]], number: int) -> Iterator[str]:
    """The most frequent shapes over all sources, and the rates per component."""
    names = {r["sha256"][:16]: r["source"] for r in reversed(rows)}
    found = [(names[source_id], one) for source_id, one in recognised.items() if source_id in names]
    whole: dict[str, Component] = defaultdict(Component)
    for _, one in found:
        for name, part in one.components.items():
            whole[name].add(part)
    missed = Counter({name: part.lines - part.understood for name, part in whole.items()})
    if not missed.total():
        return
    ranked, many = top(iter(sorted(found, key=lambda pair: pair[0])), number)
    shown = f"the {len(ranked)} most frequent of {many:,} shapes" if len(ranked) < many else f"{many:,} shape(s)"
    yield f"not understood: {missed.total():,} of {sum(p.lines for p in whole.values()):,} lines of known components; {shown}:"
    for source, shape in ranked:
        place = source if shape.line is None else f"{source}:{shape.line}"
        yield f"  {shape.count:>8,}  {shape.component}: {shape.shape}"
        yield f"            {place}: {_short(shape.example)}"


def _rates(part: Component) -> str:
    """``10,458 lines: 100.0 % parsed, 98.7 % understood (711 events)``. Never rounded up to all of them."""
    parsed, understood = _share(part.parsed, part.lines), _share(part.understood, part.lines)
    return f"{part.lines:,} lines: {parsed} parsed, {understood} understood ({part.events:,} events)"


def _share(some: int, of: int) -> str:
    return f"{1000 * some // of / 10:.1f} %" if of else "-"


def _short(text: str) -> str:
    flat = " ".join(text.split("\n"))
    return flat if len(flat) <= _EXAMPLE else flat[: _EXAMPLE - 1] + "…"
