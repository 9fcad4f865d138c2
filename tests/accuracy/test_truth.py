"""The ground truth, derived from made-up polls: one letter a second."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.accuracy.poll import read_poll
from bench.accuracy.truth import Spell, Truth, derive, merge, runs

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
RC = "default/ReplicationController/web"


def poll(tmp_path: Path, kubelet: str, containers: dict[str, str], desired: int = 1, runtime: str = "") -> Truth:
    """Poll node-1 (whose kubelet is up where ``kubelet`` says 'U') and containers ``pod/id``, alive where their line says '#'."""
    lines: list[dict[str, Any]] = []
    for second, state in enumerate(kubelet):
        stamp = (BEGIN + timedelta(seconds=second)).isoformat()
        alive = [key.split("/") for key, line in containers.items() if line[second] == "#"]
        running = [{"container_id": i * 64, "pod_uid": p, "pod_name": p, "namespace": "default", "container_name": "c"} for p, i in alive]
        lines.append({"ts": stamp, "node": "node-1", "running": running, "cgroup_running_ids": [r["container_id"] for r in running]})
        docker = {"node-1": runtime[second] == "U" if runtime else True}
        lines.append(
            {"ts": stamp, "kubelet_active": {"node-1": state == "U"}, "docker_active": docker, "desired": {RC: {"desired": desired}}}
        )
    path = tmp_path / "truth.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines))
    return derive(read_poll(path))


def of(truth: Truth, kind: str) -> list[Spell]:
    return [spell for spell in truth.spells if spell.kind == kind]


def seconds(spell: Spell) -> tuple[float | None, float | None]:
    """The last second before each edge."""
    start, end = ((edge.low - BEGIN).total_seconds() if edge else None for edge in (spell.start, spell.end))
    return start, end


def test_runs_and_merge() -> None:
    assert runs([True, False, True, True]) == [range(1), range(2, 4)]
    assert merge([range(1), range(2, 4), range(6, 7)]) == [range(4), range(6, 7)]


def test_container_that_runs_on_is_adopted(tmp_path: Path) -> None:
    truth = poll(tmp_path, "UUU___UUUU", {"web-aaaaa/a": "##########"})
    (orphan,) = of(truth, "orphaned-container")
    assert (orphan.outcome, seconds(orphan)) == ("adopted", (2.0, 5.0))
    (adoption,) = of(truth, "adoption")
    assert adoption.adopted == {"a" * 12}
    assert adoption.removed == frozenset()
    assert [seconds(s) for s in of(truth, "kubelet-outage")] == [(2.0, 5.0)]


def test_container_that_ends_after_the_return_was_removed(tmp_path: Path) -> None:
    truth = poll(tmp_path, "UUU___UUUU", {"web-aaaaa/a": "########  "})
    (orphan,) = of(truth, "orphaned-container")
    assert (orphan.outcome, seconds(orphan)) == ("removed", (2.0, 7.0))


def test_adopted_container_may_end_much_later(tmp_path: Path) -> None:
    truth = poll(tmp_path, "UUU___" + "U" * 40, {"web-aaaaa/a": "#" * 30 + " " * 16})
    assert [(s.outcome, seconds(s)) for s in of(truth, "orphaned-container")] == [("adopted", (2.0, 5.0))]


def test_surplus_container_that_ignores_the_request_was_removed(tmp_path: Path) -> None:
    length = 46
    truth = poll(tmp_path, "UUU___" + "U" * 40, {"web-aaaaa/a": "#" * 38 + " " * 8, "web-bbbbb/b": "    " + "#" * (length - 4)})
    outcomes = {s.who[1][0]: s.outcome for s in of(truth, "orphaned-container")}
    assert outcomes == {"a": "removed", "b": "adopted"}
    assert [seconds(s) for s in of(truth, "overshoot-window")] == [(3.0, 37.0)]


def test_container_that_ends_during_the_outage_exited(tmp_path: Path) -> None:
    truth = poll(tmp_path, "UU_____UUU", {"web-aaaaa/a": "####      "})
    (orphan,) = of(truth, "orphaned-container")
    assert (orphan.outcome, seconds(orphan)) == ("exited", (1.0, 3.0))
    assert of(truth, "adoption") == []


def test_outage_that_outlasts_the_capture_is_open(tmp_path: Path) -> None:
    truth = poll(tmp_path, "UU____", {"web-aaaaa/a": "######"})
    (orphan,) = of(truth, "orphaned-container")
    assert (orphan.outcome, orphan.end) == ("running", None)
    assert [s.end for s in of(truth, "kubelet-outage")] == [None]


def test_lost_power_orphans_nothing(tmp_path: Path) -> None:
    truth = poll(tmp_path, "UU____UU", {"web-aaaaa/a": "###     "}, runtime="UU____UU")
    assert [s.kind for s in truth.spells] == ["kubelet-outage"]


def test_windows_merge_over_one_tick_and_short_ones_are_not_demanded(tmp_path: Path) -> None:
    truth = poll(tmp_path, "U" * 12, {"web-aaaaa/a": "#" * 12, "web-bbbbb/b": " ## ##    # "})
    assert [(seconds(s), s.scored) for s in of(truth, "overshoot-window")] == [((0.0, 5.0), True), ((9.0, 10.0), False)]
