"""When a node was cut off from the API, by its kubelet's own words: heartbeats that it could not deliver."""

from datetime import datetime, timedelta

from analyzer.lifecycle.event_table import Events
from analyzer.vocabulary import EventKind as E

_FAILED = (E.NODE_LEASE_FAILED, E.NODE_STATUS_FAILED)
_BETWEEN = timedelta(seconds=40)
"""Two failures further apart than this (a lease is renewed every 10 s, with a timeout of as much) do not tell of one cut."""
_LASTING = timedelta(seconds=10)
"""A single failure, or a burst of them, is a hiccup."""


def cut_offs(events: Events) -> list[tuple[datetime, datetime]]:
    """From the first failure to the last of each series, in order. ``events``: of one node, in order of time."""
    found: list[tuple[datetime, datetime]] = []
    for event in events.of(*_FAILED):
        if event.component != "kubelet":
            continue
        if found and event.time - found[-1][1] <= _BETWEEN:
            found[-1] = (found[-1][0], event.time)
        else:
            found.append((event.time, event.time))
    return [(start, end) for start, end in found if end - start >= _LASTING]
