"""Many runs, asked by time: which were alive, which began or ended between two moments. Arrays, so that thousands cost little."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from analyzer.lifecycle.containers import Run
from analyzer.lifecycle.event_table import ticks

_LOW, _HIGH = np.iinfo(np.int64).min, np.iinfo(np.int64).max


class RunIndex:
    """Answers come in the order in which the runs were given."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = list(runs)
        self._starts = np.array([_LOW if r.start.time is None else ticks(r.start.time) for r in runs], dtype=np.int64)
        self._ends = np.array([_HIGH if r.end.time is None else ticks(r.end.time) for r in runs], dtype=np.int64)

    def alive(self, moment: datetime) -> list[Run]:
        """Runs with start <= moment < end."""
        at = ticks(moment)
        return self._chosen((self._starts <= at) & (self._ends > at))

    def overlapping(self, low: datetime, high: datetime) -> list[Run]:
        """Runs of which a part lies between the moments."""
        return self._chosen((self._starts < ticks(high)) & (self._ends > ticks(low)))

    def began(self, low: datetime, high: datetime) -> list[Run]:
        """Runs that began between the moments, both included."""
        return self._chosen((self._starts >= ticks(low)) & (self._starts <= ticks(high)))

    def ended(self, low: datetime, high: datetime) -> list[Run]:
        """Runs that ended between the moments, both included."""
        return self._chosen((self._ends >= ticks(low)) & (self._ends <= ticks(high)))

    def _chosen(self, mask: npt.NDArray[np.bool_]) -> list[Run]:
        return [self._runs[i] for i in np.flatnonzero(mask)]
