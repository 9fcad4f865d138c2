"""What a line costs in Python, counted in calls of our functions: a guard against loops over lines, the same on every machine.

The counts are slopes: of two evidences of one kind, how many calls more the larger takes to each event or line that it has more. What
a run costs whatever it reads is not in them. The limits are some multiple of what was counted when they were set.
"""

from pathlib import Path
from random import Random

import pytest

from analyzer.ahead import ahead
from analyzer.analysis import analyze
from analyzer.grammars.base import one_line
from analyzer.ingest import ingest
from analyzer.store import MemoryStore
from bench.speed import evidence
from bench.speed.calls import counted
from bench.speed.life import life

SMALL, LARGE = 1_000_000, 3_000_000  # bytes
PER_EVENT = {  # calls to an event: of reading, and of the whole analysis; three times what they were
    "journal-json": (60, 135),
    "journal-text": (60, 135),
    "docker-events": (3, 30),
    "api-events": (36, 160),
}
PER_QUIET_LINE = 0.5
"""Calls to a line of which no rule knows anything: less than one, or there is a loop over lines."""


def slope(small: Path, large: Path, whole: bool) -> tuple[int, int]:
    """How many calls and events (or, where they have the same events, records) the larger takes more."""
    figures = []
    for path in (small, small, large):  # the first is to warm up
        store = MemoryStore()
        calls = counted(lambda path=path, store=store: analyze([path], store=store) if whole else ingest([path], store))  # type: ignore[misc]
        figures.append((calls, store.table("events").height, store.table("sources")["records"].sum()))
    (calls, events, records), (more_calls, more_events, more_records) = figures[1:]
    return more_calls - calls, more_events - events or more_records - records


@pytest.mark.parametrize("whole", [False, True], ids=["ingest", "analyze"])
@pytest.mark.parametrize("kind", evidence.KINDS)
def test_calls_to_an_event(kind: str, whole: bool, tmp_path: Path) -> None:
    paths = [tmp_path / "small", tmp_path / "large"]
    for path, size in zip(paths, (SMALL, LARGE), strict=True):
        evidence.write(kind, path, size)
    calls, events = slope(*paths, whole)
    assert events > 50
    assert calls / events <= PER_EVENT[kind][whole]


def test_a_quiet_line_costs_no_call(tmp_path: Path) -> None:
    """The same happenings, with more noise between them."""
    paths = []
    for quiet in (100, 5000):
        paths.append(tmp_path / str(quiet))
        lines = list(evidence.kubelet(life(Random(1), 20), Random(1), noise=0))
        start = lines[0][0] - 3_600_000_000
        noise = [(start + n * 100_000, "kubelet", 4215, "Using node IP: 10.0.0.1") for n in range(quiet)]
        paths[-1].write_text("".join(evidence.as_json(line, "minion-01", n) for n, line in enumerate([*noise, *lines])))
    calls, lines_more = slope(*paths, whole=True)
    assert lines_more == 4900
    assert calls / lines_more <= PER_QUIET_LINE


def test_what_is_counted(tmp_path: Path) -> None:
    """Our own functions, the same number at every run, also in threads."""
    path = tmp_path / "log"
    evidence.write("journal-text", path, SMALL)

    def work() -> None:
        ingest([path], MemoryStore())

    work()
    assert counted(work) == counted(work) > 100
    assert counted(lambda: [one_line("x") for _ in range(500)]) == 500
    assert counted(lambda: list(ahead(iter([one_line("x")])))) > counted(lambda: one_line("x")) == 1
    assert counted(lambda: [str(n) for n in range(500)]) == 0
