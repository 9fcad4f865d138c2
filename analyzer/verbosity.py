"""At which ``--v`` a kubelet wrote, told by its lines: some are only written from a certain level on.

Each literal stands in no line of a lower level, and its own did not change its level, from Kubernetes 0.17 (where it is as old)
to 1.28. Lines that every kubelet writes again and again at a level go first: housekeeping (2 s), relists (1 s), evictions (10 s).
"""

import re
from functools import cache
from typing import Final

import polars as pl

from analyzer.few import nulls

MARKS: Final = {
    5: (
        "GenericPLEG: Relisting",
        "Status Manager: sync",
        "Update machine info:",
        "Generated UID ",
        "from status map.",
        "Skipping findAndRemoveDeletedPods",
    ),
    4: (
        "SyncLoop (housekeeping)",
        "SyncLoop RECONCILE",
        "SyncLoop (SYNC)",
        "Setting pods for source",
        "Processing pod event",
        "Got phase for pod",
        "getSandboxIDByPodUID got sandbox IDs",
        "ignoring container",
        "syncPod enter",
        "Starting operationExecutor.MountVolume",
    ),
    3: (
        "viction manager: synchronize housekeeping",
        "viction manager: no resources are starved",
        "Generating pod status",
        "Generating status for",
        "Clean up orphaned pod",
        "Patch status for pod",
        "Status for pod updated successfully",
        "Ignoring same status for pod",
        "fully terminated and removed from etcd",
        "omputePodActions got",
        "Start housekeeping for container",
        "] Housekeeping took",
    ),
    2: (
        "SyncLoop (ADD",
        "SyncLoop ADD",
        "SyncLoop (DELETE",
        "SyncLoop DELETE",
        "SyncLoop (REMOVE",
        "SyncLoop REMOVE",
        "SyncLoop (PLEG)",
        "an be found. Need to start a new one",
        "Need to restart pod infra container for",
        "Recording event message for node",
        "Plugin Watcher Start",
        "The desired_state_of_world populator starts",
        "Starting the GRPC server for the docker CRI shim",
    ),
}
"""By level, from the highest (5: or more) to the lowest."""


def levels(messages: pl.Series, known: int) -> pl.Series:
    """For each message the level that it shows, if that is higher than ``known``; else null."""
    nothing = nulls("verbosity", pl.Int64(), len(messages))
    if known >= max(MARKS) or not (showing := messages.str.contains(_any_above(known))).any():
        return nothing
    rows = showing.arg_true()
    return nothing.scatter(rows, messages.gather(rows).alias("said").to_frame().select(_level_above(known)).to_series())


@cache
def _level_above(known: int) -> pl.Expr:
    said = pl.col("said")
    sought = [(level, list(marks)) for level, marks in MARKS.items() if level > known]
    return pl.coalesce(pl.when(said.str.contains_any(marks)).then(pl.lit(level, pl.Int64)) for level, marks in sought)


@cache
def _any_above(known: int) -> str:
    """So few are found faster than by contains_any."""
    return "|".join(re.escape(mark) for level, marks in MARKS.items() if level > known for mark in marks)
