"""Many runs, asked by time: which were alive, which began or ended between two moments. Arrays, so that thousands cost little."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from analyzer.lifecycle.containers import Run

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_LOW, _HIGH = np.iinfo(np.int64).min, np.iinfo(np.int64).max


class RunIndex:
    """Answers come in the order in which the runs were given."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = list(runs)
        self._starts = np.array([_LOW if r.start.time is None else _ticks(r.start.time) for r in runs], dtype=np.int64)
        self._ends = np.array([_HIGH if r.end.time is None else _ticks(r.end.time) for r in runs], dtype=np.int64)

    def alive(self, moment: datetime) -> list[Run]:
        """Runs with start <= moment < end."""
        at = _ticks(moment)
        return self._chosen((self._starts <= at) & (self._ends > at))

    def overlapping(self, low: datetime, high: datetime) -> list[Run]:
        """Runs of which a part lies between the moments."""
        return self._chosen((self._starts < _ticks(high)) & (self._ends > _ticks(low)))

    def began(self, low: datetime, high: datetime) -> list[Run]:
        """Runs that began between the moments, both included."""
        return self._chosen((self._starts >= _ticks(low)) & (self._starts <= _ticks(high)))

    def ended(self, low: datetime, high: datetime) -> list[Run]:
        """Runs that ended between the moments, both included."""
        return self._chosen((self._ends >= _ticks(low)) & (self._ends <= _ticks(high)))

    def _chosen(self, mask: npt.NDArray[np.bool_]) -> list[Run]:
        return [self._runs[i] for i in np.flatnonzero(mask)]


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK
