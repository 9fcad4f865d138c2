"""Events that a table's ages tell fill holes, and double nothing."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from analyzer.lifecycle.events import unique, without_echoes
from analyzer.vocabulary import EVENTS

AT = datetime(2026, 11, 22, 8, 36, tzinfo=UTC)
SECOND = 1_000_000
SCHEMA = dict(EVENTS) | {"source": pl.String}


def event(
    source: str, seconds: float, resolution: int, message: str = "Pod/a Killing: Stopping container c", **columns: object
) -> dict[str, object]:
    return {
        "source_id": source, "source": source, "record": 0, "component": "api", "kind": "api_event", "message": message,
        "k8s_namespace_name": "default", "time": AT + timedelta(seconds=seconds), "resolution_us": resolution, **columns,
    }  # fmt: skip


def left(*rows: dict[str, object]) -> list[tuple[str, float]]:
    frame = pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in rows], schema=SCHEMA)
    kept = [(row["source"], (row["time"] - AT).total_seconds()) for row in without_echoes(frame).iter_rows(named=True)]
    assert set(kept) >= {(row["source"], (row["time"] - AT).total_seconds()) for row in unique(frame).iter_rows(named=True)}
    return kept


EXACT = event("events.json", 30, 1)
ROUGH = event("events.txt", 0, 61 * SECOND)


def test_a_hole_is_filled() -> None:
    assert left(ROUGH) == [("events.txt", 0)]
    assert left(EXACT, event("events.txt", 100, 61 * SECOND)) == [("events.json", 30), ("events.txt", 100)]
    assert left(EXACT, ROUGH | {"message": "Pod/a Killing: Stopping container d"}) == [("events.json", 30), ("events.txt", 0)]
    assert left(EXACT, ROUGH | {"message": "Pod/b Killing: Stopping container c"}) == [("events.json", 30), ("events.txt", 0)]


def test_what_is_known_better_is_not_doubled() -> None:
    assert left(EXACT, ROUGH) == left(ROUGH, EXACT) == [("events.json", 30)]


@pytest.mark.parametrize(("seconds", "echo"), [(-1.5, False), (-0.5, True), (61.5, True), (62.5, False)])
def test_clocks_may_differ_by_a_second(seconds: float, echo: bool) -> None:
    assert len(left(event("events.json", seconds, 1), ROUGH)) == (1 if echo else 2)


def test_the_namespace_counts_where_both_have_it() -> None:
    assert len(left(EXACT, ROUGH | {"k8s_namespace_name": "other"})) == 2
    assert len(left(EXACT, ROUGH | {"k8s_namespace_name": None})) == 1


def test_a_rendering_that_names_no_kind() -> None:
    assert len(left(EXACT, ROUGH | {"message": "?/a Killing: Stopping container c"})) == 1
    assert len(left(EXACT, ROUGH | {"message": "ReplicaSet/a Killing: Stopping container c"})) == 2


def test_messages_that_kubectl_cut_off() -> None:
    whole = "Pod/a Failed: Error: first\nsecond"
    assert len(left(EXACT | {"message": whole}, ROUGH | {"message": "Pod/a Failed: Error: first..."})) == 1


def test_of_rough_ones_the_finest_stays() -> None:
    finer = event("later.txt", 20, 2 * SECOND)
    assert left(ROUGH, finer) == left(finer, ROUGH) == [("later.txt", 20)]
    assert left(ROUGH | {"node": None}, ROUGH | {"source": "wide.txt", "source_id": "wide.txt", "node": "n"}) == [("wide.txt", 0)]


def test_rows_of_one_table_are_different_events() -> None:
    assert len(left(ROUGH, ROUGH | {"record": 1})) == 2


def test_what_yields_takes_no_other_with_it() -> None:
    """The widest overlaps both others, which do not overlap each other; nor may the middle one, gone, take the last one along."""
    fine, middle, wide = event("a", 0, 2 * SECOND), event("b", 1, 60 * SECOND), event("c", 50, 90 * SECOND)
    assert left(fine, middle, wide) == [("a", 0), ("c", 50)]


def test_other_components_are_left_alone() -> None:
    assert len(left(EXACT | {"component": "kubelet"}, ROUGH)) == 2
    assert len(left(EXACT, ROUGH | {"component": "docker"})) == 2
