"""One node, asked about single moments: at, just before and just after each edge."""

from typing import Any

import pytest

from analyzer.lifecycle.intervals import Span
from analyzer.lifecycle.model import NodeLife
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import at
from tests.lifecycle.parts import edge, node_life, outage, pod, run, said, spell, writes

TICK = 1e-6


def cut(*seconds: float) -> list[Any]:
    return [said(second, E.NODE_LEASE_FAILED) for second in seconds]


def _seconds(spans: list[Span]) -> list[tuple[float | None, ...]]:
    return [tuple(None if t is None else (t - at(0)).total_seconds() for t in span) for span in spans]


# --- what its kubelet tells


@pytest.mark.parametrize(
    ("kind", "talkative", "of_containers"),
    [
        (E.POD_ADDED, True, False),
        (E.POD_DELETE_SEEN, True, False),
        (E.CONTAINER_KILLING, True, False),
        (E.CONTAINER_SEEN_RUNNING, False, True),
        (E.CONTAINER_SEEN_DEAD, False, True),
        (E.KUBELET_STARTED, False, False),
    ],
)
def test_what_a_kubelet_that_says_this_would_have_said(kind: E, talkative: bool, of_containers: bool) -> None:
    node = node_life(said=[said(5, kind)])
    assert (node.talkative, node.tells_of_containers) == (talkative, of_containers)


def test_the_first_report_after_a_moment() -> None:
    def report(second: float, reporter: str = "kubelet", component: str = "api") -> Any:
        return said(second, E.POD_CONTAINER_STARTED, component, attributes={"reporter": reporter})

    node = node_life(said=[report(10), report(20, "scheduler"), report(30), report(25, component="kubelet")])
    assert node.reported_after(at(9)) == at(10)
    assert node.reported_after(at(10)) == at(30), "after it, not at it"
    assert node.reported_after(at(29)) == at(30)
    assert node.reported_after(at(30)) is None


def test_lines_of_the_kubelet_between_two_moments() -> None:
    node = node_life(said=[said(10, E.KUBELET_STARTED), said(20, E.NODE_READY, "api"), said(30, E.RECOVERY_COMPLETED)])
    assert node.kubelet_wrote(at(9), at(11))
    assert not node.kubelet_wrote(at(10), at(30)), "neither at the one nor at the other"
    assert node.kubelet_wrote(at(10), at(30 + TICK))
    assert node.kubelet_wrote(at(10 - TICK), at(30))
    assert not node.kubelet_wrote(at(15), at(25)), "what the API tells is no line of the kubelet's"
    assert not node.kubelet_wrote(at(31), at(99))


def test_when_its_runtime_told_anything() -> None:
    some = [said(1, E.CONTAINER_STARTED, "docker"), said(2, E.RUNTIME_STARTED, "runtime-log"), said(3, E.KUBELET_STARTED)]
    assert len(node_life(said=some).runtime_times) == 2


# --- outages


def two_outages() -> NodeLife:
    return node_life(outages=[outage(100, 110), outage(200, 230, early=190), outage(300, None)])


@pytest.mark.parametrize(
    ("low", "high", "count"),
    [
        (None, 100, 0),
        (None, 100 + TICK, 1),
        (100, 101, 1),
        (100 + TICK, 101, 0),
        (150, 150, 0),
        (50, 200, 1),
        (50, 201, 2),
        (None, 999, 3),
        (250, 150, 0),
    ],
)
def test_outages_that_began_from_one_moment_on_and_before_another(low: float | None, high: float, count: int) -> None:
    assert two_outages().outages_begun(None if low is None else at(low), at(high)) == count


def test_when_its_kubelet_came_back() -> None:
    assert two_outages().returns == [at(110), at(230)]


@pytest.mark.parametrize(
    ("second", "which"), [(99, None), (100, 0), (109, 0), (110, None), (200, 1), (229, 1), (230, None), (300, 2), (999, 2)]
)
def test_the_outage_under_way(second: float, which: int | None) -> None:
    node = two_outages()
    assert node.outage_at(at(second)) is (None if which is None else node.outages[which])


def test_an_outage_from_before_the_evidence_does_not_hide_the_others() -> None:
    node = node_life(outages=[outage(100, 110), outage(200, 210)])
    node.outages[0].start = edge(None)
    assert node.outage_at(at(205)) is node.outages[1]
    assert node.outages_begun(None, at(999)) == 1
    node.outages[0].end = edge(None)
    assert node.returns == [at(210)]


# --- how long it went on writing


@pytest.mark.parametrize(
    ("second", "until"),
    [
        (5, 5),  # before it wrote anything
        (10, 50),
        (30, 50),
        (50, 50),
        (60, 60),  # it was silent then
        (70, 100),  # the next process is gone at 100, whatever else wrote
        (99, 100),
        (150, 190),  # it may have gone at 190
        (195, 190),
        (250, 280),
        (301, 301),
    ],
)
def test_until_when_the_kubelet_of_a_moment_wrote(second: float, until: float) -> None:
    node = two_outages()
    node.spells = [writes(10, 50), writes(70, 130), writes(20, 40), writes(140, 280), writes(0, 900, "dockerd")]
    assert node.kubelet_writes_until(at(second)) == at(until)


def test_a_later_outage_that_may_have_begun_earlier_counts() -> None:
    node = node_life(outages=[outage(100, 110), outage(200, 210, early=90)], spells=[writes(10, 300)])
    assert node.kubelet_writes_until(at(50)) == at(90)
    assert node.kubelet_writes_until(at(250)) == at(300)
    assert node_life(spells=[writes(10, 300)]).kubelet_writes_until(at(50)) == at(300)


# --- not Ready, lost, cut off


def test_held_for_lost_by_the_node_controller_not_by_the_kubelet_itself() -> None:
    node = node_life(not_ready=[spell(100, 110, "kubelet"), spell(200, 210), spell(300, None, "kubelet", "node-controller")])
    assert [node.lost_at(at(s)) for s in (99, 105, 199, 200, 209, 210, 305)] == [False, False, False, True, True, False, True]
    assert [node.not_ready_at(at(s)) for s in (99, 100, 110, 205)] == [None, node.not_ready[0], None, node.not_ready[1]]
    assert [node.out_of_reach(at(s)) for s in (105, 205, 215, 999)] == [False, True, False, True]


def test_away_is_without_a_kubelet_lost_or_cut_off() -> None:
    node = node_life(
        outages=[outage(100, 120), outage(500, None)],
        not_ready=[spell(115, 130), spell(200, 210, "kubelet"), spell(300, 310)],
        said=cut(400, 420, 440),
    )
    assert _seconds(node.away) == [(100, 130), (300, 310), (400, 440), (500, None)]


@pytest.mark.parametrize(
    ("second", "since"), [(99, None), (100, 100), (110, 100), (115, 100), (140, 100), (140.1, 120), (149, 120), (150, None)]
)
def test_since_when_it_was_out_of_reach(second: float, since: float | None) -> None:
    node = node_life(not_ready=[spell(120, 150), spell(200, 210, "kubelet")], said=cut(100, 120, 140))
    assert node.out_of_reach_since(at(second)) == (None if since is None else at(since))
    assert node.out_of_reach_since(at(205)) is None


# --- whether a pod may have been let go


@pytest.mark.parametrize(("second", "may"), [(99, False), (100, True), (150, True), (200, True), (202, True), (202.1, False), (300, False)])
def test_a_pod_may_be_let_go_only_while_its_node_is_away(second: float, may: bool) -> None:
    node = node_life(outages=[outage(100, 200)], until=1000)
    assert node.may_have_let_go(pod(run(5, 240)), at(second)) is may


@pytest.mark.parametrize(("end", "may"), [(244, True), (245, True), (245.1, False), (None, False)])
def test_a_pod_that_ran_on_after_the_return_was_not_let_go(end: float | None, may: bool) -> None:
    """By 45 s after it the kubelet would have heard."""
    node = node_life(outages=[outage(100, 200)], until=1000)
    assert node.may_have_let_go(pod(run(5, end)), at(150)) is may
    assert node.may_have_let_go(pod(run(5, None, "POD"), run(5, end)), at(150)) is may, "its sandbox is no sign"


@pytest.mark.parametrize(("until", "may"), [(244, True), (245, False), (246, False)])
def test_of_what_came_after_the_evidence_nothing_is_known(until: float, may: bool) -> None:
    node = node_life(outages=[outage(100, 200)], until=until)
    assert node.may_have_let_go(pod(run(5)), at(150)) is may


@pytest.mark.parametrize(("marked", "may"), [(120, True), (245, True), (245.1, False)])
def test_what_tells_of_a_deletion_tells_when(marked: float, may: bool) -> None:
    node = node_life(outages=[outage(100, 200)], until=1000)
    assert node.may_have_let_go(pod(run(5, 999), marked=edge(marked)), at(150)) is may


def test_a_node_that_never_came_back_may_have_let_go_of_anything() -> None:
    node = node_life(outages=[outage(100, None)], until=1000)
    assert node.may_have_let_go(pod(run(5)), at(900))
    assert node.may_have_let_go(pod(run(5), marked=edge(800)), at(900))
    assert not node.may_have_let_go(pod(run(5)), at(50))


# --- whether another was made in a pod's stead


def replaceable(second: float, *, untold: bool = False, lost: bool = True, ran: float | None = None, **told: Any) -> bool:
    """Of a node without a kubelet from 100 to 200, which the API held for lost from 120 on."""
    node = node_life(outages=[outage(100, 200)], not_ready=[spell(120, 210)] if lost else [], until=1000)
    return node.may_be_replaced(pod(run(5, ran), **told), at(second), untold=untold)


@pytest.mark.parametrize(("second", "may"), [(147.9, False), (148, True), (150, True), (999, True)])
def test_an_evicted_pod_is_made_anew(second: float, may: bool) -> None:
    assert replaceable(second, evicted=said(150, E.POD_EVICTED, "api"), lost=False) is may


@pytest.mark.parametrize(("second", "may"), [(119, False), (127.9, False), (128, True), (150, True), (209, True), (210, False)])
def test_one_that_was_deleted_is_so_while_its_node_is_lost(second: float, may: bool) -> None:
    assert replaceable(second, marked=edge(130)) is may
    assert replaceable(second, marked=edge(500, early=130)) is may, "it counts when it was deleted at the earliest"
    assert not replaceable(second, marked=edge(130), lost=False, untold=True)


def test_one_whose_deletion_was_noticed_late_may_have_been_deleted_before() -> None:
    late = edge(205, known=False)
    assert replaceable(110, marked=late)
    assert not replaceable(99, marked=late)
    assert not replaceable(110, marked=edge(256, known=False))


@pytest.mark.parametrize(("second", "untold", "may"), [(110, False, False), (110, True, True), (130, False, True), (90, True, False)])
def test_of_one_of_which_nothing_is_told(second: float, untold: bool, may: bool) -> None:
    """Only if it did not run on after the return: where the API would tell, only while the node is lost."""
    assert replaceable(second, untold=untold, ran=220) is may
    assert not replaceable(second, untold=untold)
