"""The tables as CSV, one file each, for a spreadsheet."""

from pathlib import Path

from analyzer.analysis import Analysis
from analyzer.outputs.exports.base import Export
from analyzer.outputs.exports.tables import tables
from analyzer.outputs.files import whole
from analyzer.outputs.spreadsheet import csv_text


def _write(analysis: Analysis, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for name, frame in tables(analysis):
        with whole(folder / f"{name}.csv") as out:
            out.write(csv_text(frame).encode("utf-8", "replace"))
        told.append(f"{name}.csv ({frame.height})")
    return ", ".join(told)


EXPORT = Export("csv", True, _write)
