"""What ran while nobody supervised it, and what became of it: each answer at the moments that part it from the next."""

from typing import Any

import pytest

from analyzer.lifecycle.model import Lifecycle, NodeLife
from analyzer.lifecycle.orphans import Orphan, absences, met, orphans, seen_after
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.run import Run
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.orphan_case import Case, Told, about, killed, told
from tests.lifecycle.parts import controller, edge, life, node_life, outage, pod, proof, run, said, spell, twice

# --- who was met


@pytest.mark.parametrize(
    ("start", "end", "orphaned"), [(99, None, True), (100, None, True), (100.1, None, False), (5, 100, False), (5, 100.1, True)]
)
def test_what_ran_when_the_kubelet_went_is_orphaned(start: float, end: float | None, orphaned: bool) -> None:
    assert bool(Case(run(start, end)).told) is orphaned


def test_of_a_lost_node_nothing_runs_on() -> None:
    assert Case(away=[outage(100, 200, boot_lost=True)]).told == []
    case = Case()
    case.outages[0].start = edge(None)
    assert met(case.life, case.outages[0]) == []


def test_a_sandbox_is_no_orphan() -> None:
    assert [o[1] for o in Case(run(5), run(4, container="POD")).told] == ["adopted"]


# --- seen after


def test_the_kubelet_saw_it_after_its_return() -> None:
    some = [about(s, k) for s, k in ((150, E.CONTAINER_SEEN_RUNNING), (200, E.CONTAINER_SEEN_RUNNING), (201, E.CONTAINER_SEEN_DEAD))]
    ran = run(5, noticed=some)
    assert seen_after(outage(100, 200), ran) == [some[1]]
    assert seen_after(outage(100, None), ran) == []
    (orphan,) = orphans(Case(ran).life)
    assert [(p.time, p.proves) for p in orphan.evidence] == [
        (at(100), "so"),
        (at(5), "so"),
        (at(200), "so"),
        (at(200), "the kubelet saw it running after its return"),
    ]


def test_what_is_cited() -> None:
    (orphan,) = orphans(Case(run(5, 203), marked=edge(150)).life)
    assert [p.time for p in orphan.evidence] == [at(100), at(5), at(203), at(150)]
    (orphan,) = orphans(Case(run(5, 150)).life)
    assert [p.time for p in orphan.evidence] == [at(100), at(5), at(150)]
    (orphan,) = orphans(Case(away=[outage(100, None)]).life)
    assert orphan.evidence == (proof(100), proof(5))
    (orphan,) = orphans(Case(run(5, 203)).life)
    assert orphan.end.proofs == (proof(200),)


def test_of_several_proofs_of_the_deletion_and_of_seeing_it_the_first_is_cited() -> None:
    (orphan,) = orphans(Case(run(5, 203), marked=twice(edge(150))).life)
    assert [p.text for p in orphan.evidence] == ["at 100", "at 5", "at 203", "at 150"]
    (orphan,) = orphans(Case(run(5, noticed=[about(s, E.CONTAINER_SEEN_RUNNING) for s in (201, 202)])).life)
    assert [p.time for p in orphan.evidence] == [at(100), at(5), at(200), at(201)]


# --- kubelets that came to nothing


def gone_again(*words: Any, back: float = 200, again: float = 201) -> tuple[NodeLife, Lifecycle]:
    node = node_life(outages=[outage(100, back), outage(again, 300)], said=words)
    return node, life(node, pods=[pod(run(5))])


@pytest.mark.parametrize(
    ("words", "again", "count"),
    [
        ([500], 201, 1),
        ([500], 240, 1),
        ([500], 240.1, 2),
        ([], 201, 2),  # where no kubelet ever says that it has recovered, silence says nothing
        ([500, 200], 201, 2),
        ([500, 201], 201, 2),
        ([500, 199.9], 201, 1),
        ([500, 201.1], 201, 1),
    ],
)
def test_a_kubelet_that_ends_before_it_had_found_the_containers_came_to_nothing(words: list[float], again: float, count: int) -> None:
    node, found = gone_again(*(said(s, E.RECOVERY_COMPLETED) for s in words), again=again)
    groups = absences(node)
    assert len(groups) == count
    assert groups[-1][0].end.time == at(300)
    assert [len(parts) for _, parts in groups] == ([2] if count == 1 else [1, 1])
    assert [told(o)[2:] for o in orphans(found)] == ([(100, 300)] if count == 1 else [(100, 200), (again, 300)])


def test_several_that_came_to_nothing_are_one_absence() -> None:
    some = [outage(50, 60), outage(100, 200), outage(201, 210), outage(211, 300), outage(400, None)]
    node = node_life(outages=some, said=[said(61, E.RECOVERY_COMPLETED), said(350, E.RECOVERY_COMPLETED)])
    (before, one), (first, parts), (last, rest) = absences(node)
    assert (before.start.time, before.end.time, one) == (at(50), at(60), some[:1])
    assert (first.start.time, first.end.time, parts) == (at(100), at(300), some[1:4])
    assert (last.start.time, last.end.time, rest) == (at(400), None, some[4:])


def test_what_has_no_end_is_followed_by_nothing() -> None:
    node = node_life(outages=[outage(100, None), outage(300, 400)], said=[said(350, E.RECOVERY_COMPLETED)])
    assert len(absences(node)) == 2
    node.outages[0].end, node.outages[1].start = edge(290), edge(None)
    assert len(absences(node)) == 2


# --- deleted under a kubelet that did not act


def deleted(second: float = 100, *runs: Run, words: Any = (), talks: bool = False, **more: Any) -> list[Told]:
    """web-0 is deleted at ``second``, by request; its kubelet is there."""
    on_node = [*words, *([said(1, E.POD_ADDED)] if talks else [])]
    return Case(*runs, away=more.pop("away", []), marked=more.pop("marked", edge(second)), on_node=on_node, on_pod=words, **more).told


@pytest.mark.parametrize(("end", "talks", "late"), [(110, True, False), (110.1, True, True), (140, False, False), (140.1, False, True)])
def test_a_living_kubelet_acts_soon(end: float, talks: bool, late: bool) -> None:
    assert deleted(100, run(5, end), talks=talks) == ([("pod-deleted", "exited", 100, end)] if late else [])


@pytest.mark.parametrize(("second", "late"), [(101, False), (101.1, True), (99, False)])
def test_one_that_is_out_of_reach_hears_nothing(second: float, late: bool) -> None:
    found = deleted(100, killed(150, second), not_ready=[spell(90, 140)])
    assert found == ([("pod-deleted", "removed", 100, 150)] if late else [])


@pytest.mark.parametrize(
    ("act", "late"),
    [
        (about(110, E.POD_DELETE_SEEN), False),
        (about(110.1, E.POD_DELETE_SEEN), True),
        (about(110, E.POD_UNWANTED), False),
        (about(99, E.POD_DELETE_SEEN), False),
        (about(98.9, E.POD_DELETE_SEEN), True),
        (about(105, E.POD_UPDATED), True),
    ],
)
def test_that_it_heard_is_a_reaction(act: Any, late: bool) -> None:
    assert bool(deleted(100, run(5, 200), words=[act], talks=True)) is late


@pytest.mark.parametrize(("second", "outcome"), [(150, "removed"), (200, "removed"), (200.1, "exited")])
def test_one_that_is_called_unwanted_is_killed_even_without_a_signal(second: float, outcome: str) -> None:
    assert deleted(100, run(5, 200), words=[about(second, E.POD_UNWANTED)]) == [("pod-deleted", outcome, 100, 200)]


def test_what_never_ends_is_late_once_the_evidence_goes_so_far() -> None:
    assert deleted(100, talks=True, end=110) == []
    assert deleted(100, talks=True, end=110.1) == [("pod-deleted", "running", 100, None)]


@pytest.mark.parametrize(("start", "end", "orphaned"), [(100, None, True), (100.1, None, False), (5, 100, False), (5, 200, True)])
def test_only_what_ran_when_it_was_deleted(start: float, end: float | None, orphaned: bool) -> None:
    assert bool(deleted(100, run(start, end))) is orphaned
    assert bool(deleted(100, run(6, container="side"), run(start, end))) is True


def test_a_deletion_of_which_nothing_tells_when_is_none() -> None:
    assert deleted(marked=None) == []
    assert deleted(marked=edge(100, known=False)) == []
    assert deleted(marked=edge(None)) == []


def test_deleted_while_the_kubelet_was_away_is_the_outage_s_orphan() -> None:
    assert deleted(150, away=[outage(100, 200)]) == [("kubelet-down", "running", 100, None)]
    assert deleted(150, run(5, 203), away=[outage(100, 200)]) == [("kubelet-down", "removed", 100, 203)]


def test_deleted_later_than_an_outage_it_is_an_orphan_again() -> None:
    """Once it had been adopted; not while it still was one."""
    assert deleted(300, run(5, 400), away=[outage(100, 200)]) == [
        ("kubelet-down", "adopted", 100, 200),
        ("pod-deleted", "exited", 300, 400),
    ]
    assert deleted(90, run(5, 400), away=[outage(150, 200)]) == [("kubelet-down", "removed", 150, 400)]
    assert deleted(200, run(5, 400), away=[outage(100, 200)])[1:] == []


def test_a_pod_whose_node_nobody_tells_of_is_left_out() -> None:
    case = Case(away=[], marked=edge(100), node=B)
    assert case.told == []


def test_each_pod_and_each_container_is_asked_for_itself() -> None:
    """What is in order hides nothing that comes after it."""
    asked = edge(100)
    some = [
        pod(run(5, name="a"), name="a"),  # nobody asked
        pod(run(5, 50, name="b"), name="b", marked=asked),  # it had ended
        pod(run(5, 50, "x", name="c"), run(5, 101, "y", name="c"), run(5, 300, "z", name="c"), name="c", marked=asked),
        pod(run(5, name="d"), name="d", marked=asked, node="node-c"),  # on a node of which nothing is told
        pod(run(5, name="e"), name="e", marked=asked),
    ]
    found = orphans(life(node_life(), pods=some))
    assert [(o.run.pod, o.run.container, o.outcome) for o in found] == [("c", "z", "exited"), ("e", "app", "running")]
    (first, second) = (o.run for o in found)
    first.kills = [about(99.5, E.CONTAINER_SIGNALLED)]
    second.end = edge(300)
    found = orphans(life(node_life(), pods=some))
    assert [(o.run.pod, o.outcome) for o in found] == [("e", "exited")], "killed just before the request it was in order"


# --- in whose stead another was made


def replaced(
    made: float, *, ran: float | None = None, marked: Any = None, away: Any = None, not_ready: Any = (), beside: Any = ()
) -> tuple[Orphan, Pod]:
    """web-0 goes at 303; web-1 is made in its stead. ``beside``: its other containers."""
    old = pod(run(5, 303, kills=[about(302, E.CONTAINER_SIGNALLED)]), marked=marked or edge(130))
    ran_it = run(made if ran is None else ran, name="web-1", node=B)
    new = pod(ran_it, *beside, name="web-1", node=B, said=[said(made, E.POD_CREATED, "api")])
    node = node_life(outages=[outage(100, 300)] if away is None else away, not_ready=not_ready)
    (orphan,) = orphans(life(node, node_life(B), controllers=[controller(old, new)]))
    return orphan, new


def test_superseded() -> None:
    orphan, new = replaced(150)
    assert (orphan.outcome, orphan.superseded_by, orphan.superseded_at) == ("removed", new, at(150))
    assert [p.time for p in orphan.evidence] == [at(100), at(5), at(303), at(130), at(150)]


@pytest.mark.parametrize(("made", "ran", "superseded"), [(100.1, 100.1, True), (299, 310, True), (299, 310.1, False)])
def test_superseded_while_it_was_an_orphan(made: float, ran: float, superseded: bool) -> None:
    orphan, new = replaced(made, ran=ran, marked=edge(100))
    assert orphan.superseded_by is (new if superseded else None)
    assert orphan.superseded_at == (at(ran) if superseded else None)


@pytest.mark.parametrize("more", [{}, {"away": [], "not_ready": [spell(100, 290)]}])
def test_of_the_substitute_s_containers_the_first_is_cited(more: dict[str, Any]) -> None:
    beside = [run(151, container="side", name="web-1", node=B), run(149, container="POD", name="web-1", node=B)]
    orphan, _ = replaced(150, marked=edge(140), beside=beside, **more)
    assert [p.time for p in orphan.evidence if p.time is not None and at(140) < p.time < at(200)] == [at(150)]


def test_cut_off_and_superseded() -> None:
    orphan, new = replaced(150, marked=edge(140), away=[], not_ready=[spell(100, 290)])
    assert (orphan.cause, orphan.outcome, orphan.superseded_by, orphan.outage) == ("pod-deleted", "removed", new, None)
    assert [p.time for p in orphan.evidence] == [at(140), at(5), at(303), at(150)]
    assert told(orphan)[2] == 140


def test_of_a_node_out_of_reach_the_substitute_tells_by_when_it_was_deleted() -> None:
    """The kubelet only heard of it."""
    orphan, _ = replaced(150, marked=edge(301, known=False), away=[], not_ready=[spell(100, 290)])
    assert (orphan.cause, told(orphan)[2], orphan.start.earliest, orphan.start.latest) == ("pod-deleted", 150, at(100), at(150))
    assert [p.time for p in orphan.start.proofs] == [at(150), at(301)]


def test_an_outage_in_several_parts_was_under_way_when_it_was_superseded() -> None:
    def during(ran: float) -> Any:
        old = pod(run(5, 403), marked=edge(120))
        new = pod(run(ran, name="web-1", node=B), name="web-1", node=B)
        node = node_life(outages=[outage(100, 200), outage(201, 300)], said=[said(350, E.RECOVERY_COMPLETED)])
        (orphan,) = orphans(life(node, node_life(B), controllers=[controller(old, new)]))
        assert orphan.superseded_by is not None
        return node.outages.index(orphan.outage)  # type: ignore[arg-type]

    assert [during(150), during(250), during(200.5)] == [0, 1, 0]


# --- their order


def test_orphans_come_by_start_node_and_id() -> None:
    nodes = [node_life(B, outages=[outage(100, 200, node=B)]), node_life(A, outages=[outage(100, 200), outage(300, 400)])]
    runs = [run(5, name="z"), run(5, node=B, name="b"), run(5, name="a"), run(250, node=B, name="late")]
    found = orphans(life(*nodes, pods=[pod(r, name=str(r.pod), node=r.node) for r in runs]))
    assert [(told(o)[2], o.run.pod) for o in found] == [(100, "a"), (100, "z"), (100, "b"), (300, "a"), (300, "z")]
