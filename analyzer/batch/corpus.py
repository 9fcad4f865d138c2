"""A table over all findings of all cases, for questions that no single case answers."""

from pathlib import Path

import orjson
import polars as pl

from analyzer.batch.case import FINDINGS, Result
from analyzer.outputs.files import write_parquet

CORPUS = "findings.parquet"
_COLUMNS = (
    "id",
    "kind",
    "severity",
    "confidence",
    "expected",
    "start",
    "end",
    "node",
    "namespace",
    "controller",
    "pod",
    "pod_uid",
    "container",
    "container_id",
    "summary",
)


def write_corpus(results: list[Result], out: Path) -> None:
    """``findings.parquet``: one row a finding, with its case; times as the findings document writes them; details as JSON."""
    rows = []
    for result in results:
        if result.status != "done":
            continue
        document = orjson.loads((out / result.name / FINDINGS).read_bytes())
        for finding in document["findings"]:
            rows.append({"case": result.name, **{c: finding[c] for c in _COLUMNS}, "details": orjson.dumps(finding["details"]).decode()})
    schema = {"case": pl.String, **{c: pl.Boolean if c == "expected" else pl.String for c in _COLUMNS}, "details": pl.String}
    write_parquet(pl.DataFrame(rows, schema=schema), out / CORPUS)
