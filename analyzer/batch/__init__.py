"""Many cases: each archive or folder below a directory is one; findings and a report for each, and an index over all."""

from analyzer.batch.run import Outcome, run_batch

__all__ = ["Outcome", "run_batch"]
