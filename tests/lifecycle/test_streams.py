"""Several streams that tell of the same container: the runtime's own, its containerd's, the CRI's."""

from datetime import UTC, datetime, timedelta

import pytest

from analyzer.lifecycle.containers import runs
from analyzer.lifecycle.event_table import Events
from analyzer.lifecycle.events import Event
from analyzer.vocabulary import RUNTIME_LOG, EventKind

ID = "8e70aae2ff8e8133993eb171999743a30dbcedb506843b737425590fbaec39ac"
BEGIN = datetime(2026, 11, 22, 8, tzinfo=UTC)


def event(kind: EventKind, component: str, second: float, value: int | None = None) -> Event:
    return Event(
        time=BEGIN + timedelta(seconds=second), resolution=1, kind=kind, component=component, node="n", namespace="default", pod="web",
        pod_uid="u", container="web", container_id=ID, controller=None, pid=None, boot_id=None, value=value,
        message=f"{component} {kind}", source="s", line=1, offset=0, text="",
    )  # fmt: skip


@pytest.mark.parametrize("other", ["containerd", "podman", "cri", RUNTIME_LOG])
def test_one_run(other: str) -> None:
    """Else each start would begin a run of its own."""
    told = [
        event(EventKind.CONTAINER_STARTED, other, 0.9),
        event(EventKind.CONTAINER_STARTED, "docker", 1.0),
        event(EventKind.CONTAINER_STARTED, other, 1.1),
        event(EventKind.CONTAINER_DIED, other, 8.9, 143),
        event(EventKind.CONTAINER_DIED, "docker", 9.0, 143),
    ]
    (run,) = runs(Events.of_list(told), [], [])
    assert (run.start.time, run.end.time, run.exit_code) == (BEGIN + timedelta(seconds=1), BEGIN + timedelta(seconds=9), 143)


def test_a_stream_that_is_silent() -> None:
    """Docker's stream tells of its making alone: what the other says holds."""
    told = [
        event(EventKind.CONTAINER_CREATED, "docker", 0),
        event(EventKind.CONTAINER_STARTED, "cri", 1),
        event(EventKind.CONTAINER_DIED, "cri", 2, 0),
    ]
    (run,) = runs(Events.of_list(told), [], [])
    assert (run.start.time, run.end.time) == (BEGIN + timedelta(seconds=1), BEGIN + timedelta(seconds=2))
