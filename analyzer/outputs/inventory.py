"""What the evidence holds: sources by what became of them, nodes, time spans, coverage."""

from typing import Any

import orjson
import polars as pl

from analyzer.outputs.text import printable
from analyzer.proof import rfc3339
from analyzer.store import Store
from analyzer.vocabulary import SourceStatus


def document(store: Store) -> dict[str, Any]:
    """Sources (with the node, and how it was decided), and counts by status."""
    told = store.table("attributions").select("source_id", pl.col("node").alias("of_node"), "how")
    sources = store.table("sources").join(told, on="source_id", how="left").sort("source", "sha256")
    rows = [
        {
            "source": row["source"],
            "format": row["format"],
            "status": row["status"],
            "node": row["of_node"] or row["node"],
            "node_from": row["how"],
            "records": row["records"] + row["objects"],
            "understood": row["events"],
            "rejected": row["rejected"],
            "start": rfc3339(row["start"]),
            "end": rfc3339(row["end"]),
            "size": row["size"],
            "sha256": row["sha256"],
            "detail": row["detail"],
        }
        for row in sources.iter_rows(named=True)
    ]
    counts = dict(sorted(sources.group_by("status").len().iter_rows()))
    return {"sources": rows, "statuses": counts}


def as_json(store: Store) -> str:
    return orjson.dumps(document(store), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def as_text(store: Store) -> str:
    """Read sources first, by node; then what was not read, with the reason."""
    content = document(store)
    read = [r for r in content["sources"] if r["status"] == SourceStatus.READ]
    other = [r for r in content["sources"] if r["status"] != SourceStatus.READ]
    lines = [f"{len(read)} source(s) read, {len(other)} not"]
    width = max((len(r["source"]) for r in read), default=0)
    for row in sorted(read, key=lambda r: (r["node"] or "~", r["source"])):
        span = f"{(row['start'] or '-')[:19]} – {(row['end'] or '-')[11:19]}"
        node = f"{row['node'] or '-'}" + (f" (by {row['node_from']})" if row["node_from"] else "")
        lines.append(
            f"  {row['source']:<{width}}  {row['format']:<16} {node:<28} {span}  {row['records']} records, {row['understood']} events"
            + (f", {row['rejected']} REJECTED" if row["rejected"] else "")
            + (f"; {row['detail']}" if row["detail"] else "")
        )
    if other:
        lines.append("not read:")
        lines += [f"  {row['source']}: {row['status']}" + (f": {row['detail']}" if row["detail"] else "") for row in other]
    return "\n".join(printable(line) for line in lines) + "\n"
