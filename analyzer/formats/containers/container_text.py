"""What formats of container logs share: the klog lines in them, and whose they are where nothing but the lines tells it."""

from typing import Final

import polars as pl

KLOG: Final = r"^[IWEF][0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} "
"""How a klog line begins. The wrapper's time is better than this one: UTC, with a year, and finer."""
_PID: Final = KLOG + r" *([0-9]{1,10}) "
_JSON: Final = r'^\{"ts":[0-9.]+,"caller":"'
_ANY: Final = rf"{KLOG}|{_JSON}"
_FILE: Final = rf"(?:{KLOG} *[0-9]+ |{_JSON}(?:[\w.-]+/)*)([\w.-]+\.go):[0-9]+"
CONTROL_FILES: Final = (
    r"(?:node_?controller|node_lifecycle_controller|node_lifecycle|controller_utils|taint_manager|taint_eviction|replication_controller|replica_set"
    r"|gc_controller|deployment_controller|stateful_set\w*|scheduler|schedule_one)\.go"
)
"""Source files of the controllers and the scheduler, which no kubelet has, though one process may hold both."""
_LINES: Final = 5
_SHARE: Final = 0.01
"""A kubelet's log has more lines of kubelet.go than these: of real ones, 3 to 60 in a hundred. Others have none."""
_YEAR_10000: Final = 253_402_300_800_000_000
_FRACTION: Final = r"[0-9]\.([0-9]{1,9})(?:Z|[+-]|$)"


def pids(messages: pl.Series) -> pl.Series:
    """The process id in a klog header: that in the container's own pid namespace."""
    return messages.str.extract(_PID, 1).cast(pl.Int64, strict=False)


def utc(written: pl.Series) -> pl.Series:
    """RFC 3339 as microseconds of Unix time; null where it is no time after 1970 and before the year 10000."""
    micros = written.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False).dt.epoch("us").alias("us")
    return micros.to_frame().select(pl.when(pl.col("us").is_between(1, _YEAR_10000, closed="left")).then("us")).to_series()


class Fineness:
    """How fine the times of a source are: Go leaves trailing zeros out, so that the longest fraction seen tells it of all."""

    def __init__(self) -> None:
        self._digits = 0

    def see(self, written: pl.Series) -> int:
        """The resolution in microseconds, with these taken into account."""
        digits = written.str.extract(_FRACTION, 1).str.len_bytes().max()
        self._digits = max(self._digits, digits if isinstance(digits, int) else 0)
        return self.resolution

    @property
    def resolution(self) -> int:
        return int(10 ** max(0, 6 - self._digits))


class Writer:
    """Whether lines of unknown origin are a kubelet's: counted over a source until it is settled."""

    def __init__(self) -> None:
        self._klog = 0
        self._kubelet = 0
        self._both = False

    def see(self, messages: pl.Series) -> str | None:
        """The identifier, with these lines taken into account. What was said of earlier ones is not taken back."""
        if self.identifier is None and not self._both:
            named = messages.filter(messages.str.contains("kubelet.go:", literal=True))
            self._both = bool(messages.filter(messages.str.contains(CONTROL_FILES)).str.extract(_FILE, 1).str.contains(CONTROL_FILES).any())
            self._klog += int(messages.str.contains(_ANY).sum())
            self._kubelet += int((named.str.extract(_FILE, 1) == "kubelet.go").sum())
        return self.identifier

    @property
    def identifier(self) -> str | None:
        """``kubelet``, or None: also for a process that is all components in one."""
        return "kubelet" if not self._both and self._kubelet >= _LINES and self._kubelet >= _SHARE * self._klog else None
