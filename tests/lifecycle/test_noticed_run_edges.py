"""Which containers a kubelet alone tells of; and what is read off the columns of those."""

from typing import Any

import numpy as np
import pytest

from analyzer.lifecycle.event_table import Events, ticks
from analyzer.lifecycle.lives import read, read_kills
from analyzer.lifecycle.noticed_runs import noticed
from analyzer.lifecycle.run import BEFORE, MET, NOTICED, SEEN, UNKNOWN_EDGE, Run
from analyzer.vocabulary import SANDBOX
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at, cid
from tests.lifecycle.parts import events, said

ID, OTHER = cid("app"), cid("other")
POD = {"uid": "uid-web-0"}


def of(second: float, kind: E, component: str = "kubelet", **told: Any) -> Any:
    return said(second, kind, component, **{"id": ID} | POD | told)


def seen(second: float, **told: Any) -> Any:
    return of(second, E.CONTAINER_SEEN_RUNNING, **told)


def dead(second: float, **told: Any) -> Any:
    return of(second, E.CONTAINER_SEEN_DEAD, **told)


def killing(second: float, **told: Any) -> Any:
    return of(second, E.CONTAINER_KILLING, **told)


def from_columns(*some: Any) -> Events:
    """Without the events that they are of: each is made anew."""
    return Events.of_frame(events(*some).columns(*events(*some)._table.frame.columns))


def found(*some: Any, others: tuple[str, ...] = (), starts: dict[str | None, list[float]] | None = None) -> tuple[list[Run], Events]:
    """``starts``: when the kubelets of each node began."""
    looked = {node: np.array([ticks(at(s)) for s in when], dtype=np.int64) for node, when in (starts or {}).items()}
    return noticed(from_columns(*some), others, looked)


@pytest.mark.parametrize(
    ("some", "runs", "left"),
    [
        pytest.param([seen(5)], 1, 0, id="it runs"),
        pytest.param([seen(5), seen(9), killing(40), dead(50)], 1, 0, id="it ran"),
        pytest.param([dead(50)], 1, 0, id="it ran before"),
        pytest.param([seen(5), of(30, E.CONTAINER_SIGNALLED, "docker")], 1, 0, id="a signal alone tells of no life"),
        pytest.param([killing(40)], 0, 0, id="nobody saw it"),
        pytest.param([seen(5, uid=None), dead(50, uid=None)], 0, 0, id="of no pod"),
        pytest.param([seen(5, uid=None, pod="web-0")], 1, 0, id="of a pod by name"),
        pytest.param([seen(5), of(50, E.CONTAINER_DIED, "docker")], 0, 2, id="a runtime tells of its end"),
        pytest.param([of(4, E.CONTAINER_CREATED, "docker"), seen(5)], 0, 2, id="a runtime made it"),
        pytest.param([seen(5, attributes={"sandbox": OTHER})], 0, 1, id="its sandbox may name the pod"),
        pytest.param([seen(5, attributes={"of": "pod"})], 1, 0, id="other attributes say nothing of it"),
    ],
)
def test_a_kubelet_alone_tells(some: list[Any], runs: int, left: int) -> None:
    mine, rest = found(*some)
    assert (len(mine), len(rest)) == (runs, left)
    mine, rest = found(*some, others=(ID,))
    assert (len(mine), len(rest)) == (0, len(some)), "more is told elsewhere"
    assert len(found(*some, others=(OTHER,))[0]) == runs


def test_of_nothing_there_is_nothing() -> None:
    assert len(found()[0]) == len(found()[1]) == 0


def test_the_others_stay() -> None:
    words = [of(s, E.CONTAINER_STARTED, "docker", id=OTHER) for s in (7, 8)]
    mine, rest = found(seen(5), *words, dead(50))
    assert ([r.container_id for r in mine], list(rest)) == ([ID], words)


def test_what_is_told_of_a_run() -> None:
    (run,), _ = found(seen(5, container="app", pod="web-0", namespace="default"), seen(20), dead(50, value=137), dead(55, value=1))
    assert (run.container_id, run.node, run.namespace, run.pod, run.pod_uid, run.container) == (
        ID,
        A,
        "default",
        "web-0",
        *POD.values(),
        "app",
    )
    assert (run.start.time, run.start.earliest, run.start.latest, run.start.rule) == (at(5), at(3), at(5), SEEN)
    assert (run.end.time, run.end.earliest, run.end.latest, run.end.rule) == (at(50), at(20), at(50), NOTICED)
    assert (run.end_reason, run.exit_code) == ("noticed", 137)
    assert [(p.time, p.proves) for p in (*run.start.proofs, *run.end.proofs)] == [
        (at(5), "the kubelet saw it running"),
        (at(50), "the kubelet noticed that it had ended"),
    ]
    (run,), _ = found(seen(5), dead(50))
    assert run.end.earliest is run.start.time, "a moment is kept once"
    (run,), _ = found(seen(5))
    assert (run.end, run.end_reason, run.exit_code) == (UNKNOWN_EDGE, None, None)


def test_only_a_death_after_it_was_last_seen_running_is_its_end() -> None:
    (run,), _ = found(seen(5), dead(20), seen(30))
    assert run.end is UNKNOWN_EDGE
    (run,), _ = found(seen(5), dead(20), seen(20))
    assert run.end is UNKNOWN_EDGE, "at the same moment it is not after"
    (run,), _ = found(seen(5), dead(20), seen(30), dead(30), dead(31))
    assert (run.end.time, run.end.earliest) == (at(31), at(30))


def test_of_one_that_was_never_seen_running_the_first_death_is_told() -> None:
    (run,), _ = found(dead(50, value=2), dead(60, value=3), killing(40))
    assert (run.start.time, run.start.latest, run.start.rule, run.start.proofs) == (None, at(50), BEFORE, ())
    assert (run.end.time, run.end.earliest, run.exit_code) == (at(50), None, 2)
    assert [k.time for k in run.kills] == [at(40)], "it ran before all that is told"


@pytest.mark.parametrize(("second", "met"), [(0.999, False), (1, True), (3, True), (5, True), (5.000001, False)])
def test_what_a_kubelet_sees_when_it_has_just_started_was_there_before(second: float, *, met: bool) -> None:
    starts: dict[str | None, list[float]] = {A: [-100, 1]}
    (run,), _ = found(seen(second), killing(0), dead(50), starts=starts)
    assert (run.start.time, run.start.latest) == (None if met else at(second), at(second))
    assert run.start.rule == (MET if met else SEEN)
    assert [k.time for k in run.kills] == ([at(0)] if met else []), "since when it ran"
    assert len(found(dead(second), starts=starts)[0]) == (not met), "nobody knows since when it was dead"


@pytest.mark.parametrize(("node", "where"), [(A, B), (None, A), (A, None)])
def test_the_kubelet_of_another_node_says_nothing_of_it(node: str | None, where: str | None) -> None:
    (run,), _ = found(seen(5, node=node), starts={where: [4]})
    assert run.start.rule == SEEN
    (run,), _ = found(seen(5, node=node), starts={node: [4], where: [-100]})
    assert run.start.rule == MET


@pytest.mark.parametrize(
    ("some", "name"),
    [
        pytest.param([dead(5), seen(6)], SANDBOX, id="dead, then running"),
        pytest.param([dead(5), seen(35)], SANDBOX, id="half a minute later"),
        pytest.param([dead(5), seen(35.1)], None, id="later than that"),
        pytest.param([dead(5), dead(5.5), seen(6)], None, id="dead twice"),
        pytest.param([seen(5), dead(6), seen(7)], None, id="running first"),
        pytest.param([dead(5), killing(5.5), seen(6)], SANDBOX, id="a kill is no sighting"),
        pytest.param([dead(5, container="app"), seen(6)], "app", id="it has a name"),
        pytest.param([dead(5)], None, id="dead alone"),
    ],
)
def test_a_sandbox_is_said_to_die_before_it_comes_up(some: list[Any], name: str | None) -> None:
    (run,), _ = found(*some)
    assert run.container == name


def test_what_was_done_to_it_and_noticed_of_it_while_it_ran_or_just_after() -> None:
    some = [seen(5), dead(4.9), killing(4.9), killing(5), seen(30), dead(50), killing(52), killing(52.1), dead(52), dead(52.1)]
    (run,), _ = found(*some)
    assert [e.time for e in run.kills] == [at(5), at(52)]
    assert [e.time for e in run.noticed] == [at(5), at(30), at(50), at(52)]
    (run,), _ = found(seen(5), killing(500))
    assert [e.time for e in run.kills] == [at(500)]


def test_each_run_has_its_own() -> None:
    runs, _ = found(seen(5), seen(6, id=OTHER), killing(7, id=OTHER), dead(9, id=OTHER, value=3), killing(8), seen(1, id="x", uid=None))
    assert [(r.container_id, [e.time for e in r.kills], r.end.time, r.exit_code) for r in runs] == [
        (ID, [at(8)], None, None),
        (OTHER, [at(7)], at(9), 3),
    ]


def test_an_event_is_made_only_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.lifecycle.event_table._SMALL", 0)
    table = from_columns(seen(5), killing(40), dead(50), seen(60, id=OTHER), killing(70, id=OTHER))
    runs, _ = noticed(table, (), {})
    made = table._table.made
    assert made == {}
    read_kills(runs[:1])
    assert [e.time for e in made.values()] == [at(40)]
    read(runs[1:])
    assert sorted(e.time for e in made.values()) == [at(40), at(60), at(70)]
