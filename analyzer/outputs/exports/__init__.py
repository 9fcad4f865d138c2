"""What other tools read: to add one, a module with an EXPORT and a line in REGISTRY (and its name in cli/export.py).

An export writes below the place it is given and nowhere else: what files are called is never taken from the evidence.
"""

from analyzer.outputs.exports import csv, parquet, perfetto, timesketch
from analyzer.outputs.exports.base import Export

REGISTRY: tuple[Export, ...] = (perfetto.EXPORT, timesketch.EXPORT, csv.EXPORT, parquet.EXPORT)

__all__ = ["REGISTRY", "Export"]
