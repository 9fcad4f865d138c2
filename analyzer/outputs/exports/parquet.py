"""The tables as Parquet, one file each, for polars, DuckDB and the like: typed, and as it was read."""

from pathlib import Path

from analyzer.analysis import Analysis
from analyzer.outputs.exports.base import Export
from analyzer.outputs.exports.tables import tables
from analyzer.outputs.files import write_parquet


def _write(analysis: Analysis, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for name, frame in tables(analysis):
        write_parquet(frame, folder / f"{name}.parquet")
        told.append(f"{name}.parquet ({frame.height})")
    return ", ".join(told)


EXPORT = Export("parquet", True, _write)
