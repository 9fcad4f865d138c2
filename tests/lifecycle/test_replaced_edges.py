"""In whose stead a pod was made: each condition at the moment at which it turns."""

from typing import Any

import pytest

from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.pods import Pod
from analyzer.lifecycle.replaced import Substitute, requested, substitutes
from analyzer.proof import Edge
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at
from tests.lifecycle.parts import controller, edge, events, life, node_life, outage, pod, proof, run, said, spell, twice

C = "node-c"


def old(name: str = "web-0", start: float | None = 5, end: float | None = None, *, node: str = A, **more: Any) -> Pod:
    return pod(run(start, end, name=name, node=node), name=name, node=node, **more)


def new(made: float | None, ran: float | None, name: str = "web-9", *, node: str = B, kind: E = E.POD_CREATED, **more: Any) -> Pod:
    words = [] if made is None else [said(made, kind, "api", node=node)]
    return pod(run(ran, name=name, node=node), name=name, node=node, said=words, **more)


def found(
    *pods: Pod, wanted: int | None = 1, away: Any = (), not_ready: Any = (), later: Any = (), until: float = 1000
) -> dict[str, Substitute]:
    """Node A is without a kubelet from 100 to 300, unless something else is said."""
    away = away or ([] if not_ready else [outage(100, 300)])
    nodes = [node_life(A, outages=away, not_ready=not_ready, until=until), node_life(B, until=until), node_life(C, until=until)]
    return substitutes(life(*nodes, controllers=[controller(*pods, wanted=wanted, later=later)], end=until))


def whom(*pods: Pod, **more: Any) -> dict[str, str]:
    return {old.removeprefix("uid-"): str(new.pod.name) for old, new in found(*pods, **more).items()}


# --- when it was made


def test_when_it_was_made_and_when_it_ran() -> None:
    (told,) = found(old(marked=edge(130)), new(150, 152)).values()
    assert (told.made, told.at, told.proof.time, told.proof.proves) == (at(150), at(152), at(150), "another pod was made in its stead")
    (told,) = found(old(marked=edge(130)), new(None, 152)).values()
    assert (told.made, told.at, told.proof) == (at(152), at(152), proof(152)), "that it ran proves that it was made"
    (told,) = found(old(marked=edge(130)), new(152, 152)).values()
    assert told.proof.proves == "another pod was made in its stead"
    (told,) = found(old(marked=edge(130)), new(153, 152)).values()
    assert told.made == at(152), "it was told late"


def test_the_first_proof_is_cited() -> None:
    one = new(None, 152)
    one.runs[0].start = twice(one.runs[0].start)
    (told,) = found(old(marked=edge(130)), one).values()
    assert told.proof == proof(152)


@pytest.mark.parametrize(("kind", "made"), [(E.POD_CREATED, 150), (E.POD_SCHEDULED, 150), (E.POD_ADDED, 150), (E.POD_UPDATED, 152)])
def test_what_tells_of_the_making(kind: E, made: float) -> None:
    (told,) = found(old(marked=edge(130)), new(150, 152, kind=kind)).values()
    assert told.made == at(made)


def test_of_several_words_and_runs_the_first() -> None:
    one = new(151, 152)
    one.events = events(said(149, E.POD_ADDED, node=B), said(151, E.POD_CREATED, "api", node=B))
    one.runs += [run(151.5, container="side", name="web-9", node=B), run(150, container="POD", name="web-9", node=B)]
    (told,) = found(old(marked=edge(130)), one).values()
    assert (told.made, told.at) == (at(149), at(151.5))


def test_a_pod_of_which_the_first_start_is_not_told_is_not_new() -> None:
    given = old(marked=edge(130))
    assert whom(given, new(150, None)) == {}
    unproven = new(150, 152)
    unproven.runs[0].start = Edge(at(152), at(152), at(152))
    assert whom(given, unproven) == {}
    half = new(150, 152)
    half.runs.append(run(None, container="side", name="web-9", node=B))
    assert whom(given, half) == {}
    never = new(150, 152)
    never.runs.clear()
    assert whom(given, never) == {}


# --- while the other's node was away


@pytest.mark.parametrize(
    ("made", "ran", "instead"),
    [
        (99, 99.9, False),
        (99, 100, True),
        (100, 100.1, True),
        (299, 330, True),  # made while it was away
        (300, 309, True),  # ran just after it
        (300, 310, False),
        (300, 312, False),
    ],
)
def test_made_or_run_while_the_node_was_away(made: float, ran: float, instead: bool) -> None:
    assert whom(old(end=305, marked=edge(93)), new(made, ran)) == ({"web-0": "web-9"} if instead else {})


@pytest.mark.parametrize(
    ("start", "end", "instead"),
    [(5, 99, False), (5, 100, False), (5, 100.1, True), (None, None, True), (150, None, True), (150.1, None, False)],
)
def test_the_other_ran_on_when_its_node_went(start: float | None, end: float | None, instead: bool) -> None:
    assert whom(old(start=start, end=end, marked=edge(90)), new(150, 152)) == ({"web-0": "web-9"} if instead else {})


@pytest.mark.parametrize(("end", "instead"), [(140, False), (150, False), (150.1, True)])
def test_on_a_node_out_of_reach_it_ran_when_the_new_one_was_made(end: float, instead: bool) -> None:
    gone = old(end=end, marked=edge(120))
    assert whom(gone, new(150, 152), not_ready=[spell(100, 300)]) == ({"web-0": "web-9"} if instead else {})


def test_of_a_node_without_kubelet_and_out_of_reach_too() -> None:
    """Lost from 120 on, its kubelet had gone at 100: what counts is what ran when the new one was made."""
    more: dict[str, Any] = {"away": [outage(100, 300)], "not_ready": [spell(120, 310)]}
    assert whom(old(end=110, marked=edge(105)), new(150, 152), **more) == {}
    assert whom(old(end=160, marked=edge(105)), new(150, 152), **more) == {"web-0": "web-9"}


def test_not_on_its_own_node() -> None:
    assert whom(old(marked=edge(130)), new(150, 152, node=A)) == {}


def test_no_node_away_no_substitute() -> None:
    assert whom(old(marked=edge(130)), new(150, 152), not_ready=[spell(100, 300, "kubelet")]) == {}
    assert whom(old(marked=edge(130), node=C), new(150, 152)) == {}
    assert whom(old(marked=edge(130), node="node-d"), new(150, 152)) == {}


# --- given up


@pytest.mark.parametrize(("marked", "instead"), [(90, True), (152, True), (152.1, False)])
def test_deleted_by_the_time_the_new_one_ran(marked: float, instead: bool) -> None:
    assert whom(old(end=400, marked=edge(marked)), new(150, 152), wanted=None) == ({"web-0": "web-9"} if instead else {})


@pytest.mark.parametrize(("marked", "instead"), [(301, True), (345, True), (345.1, False)])
def test_what_its_kubelet_heard_of_at_the_return_was_deleted_before(marked: float, instead: bool) -> None:
    assert whom(old(end=400, marked=edge(marked, known=False)), new(150, 152), wanted=None) == ({"web-0": "web-9"} if instead else {})


def test_without_a_word_of_a_deletion_more_ran_than_were_asked_for() -> None:
    assert whom(old(end=302), new(150, 152), wanted=1) == {"web-0": "web-9"}
    assert whom(old(end=302), new(150, 152), wanted=2) == {}
    assert whom(old(end=302), new(150, 152), wanted=None) == {}
    assert whom(old(), new(150, 152), wanted=1) == {}, "it ran on long after the return"
    assert whom(old(end=302), new(150, 152), wanted=2, later=[(151, 1)]) == {"web-0": "web-9"}
    assert whom(old(end=302), new(150, 152), wanted=1, later=[(151, 2)]) == {}
    assert whom(old(end=400, marked=edge(320)), new(150, 152), wanted=1) == {}, "it is told that it was deleted later"


def test_those_on_their_way_are_not_too_many() -> None:
    def here(end: float | None, marked: Any = None) -> Pod:
        return old("web-1", end=end, node=C, marked=marked)

    assert whom(old(end=302), here(None), new(150, 152), wanted=2) == {"web-0": "web-9"}
    assert whom(old(end=302), here(200, edge(110)), new(150, 152), wanted=2) == {}
    assert whom(old(end=302), here(200, edge(152)), new(110, 152), wanted=2) == {}
    assert whom(old(end=302), here(200, edge(152.1)), new(110, 152), wanted=2) == {"web-0": "web-9"}
    assert whom(old(end=302), here(200, edge(180)), new(150, 152), wanted=2) == {"web-0": "web-9"}


def test_one_for_one_in_the_order_in_which_they_ran() -> None:
    some = [old("web-0", end=302), old("web-1", end=302), new(160, 162, "web-8"), new(150, 152, "web-9")]
    assert whom(*some, wanted=2) == {"web-0": "web-9", "web-1": "web-8"}
    assert whom(*some, wanted=3) == {"web-0": "web-8"}, "the second is one too many"
    assert whom(*some, wanted=4) == {}
    some = [
        old("web-1", marked=edge(110), end=302),
        old("web-0", marked=edge(120), end=302),
        new(150, 152, "web-8"),
        new(150, 152, "web-7"),
    ]
    assert whom(*some) == {"web-1": "web-7", "web-0": "web-8"}, "the first deleted first, the first by name first"
    some = [old("web-1", end=302), old("web-0", marked=edge(149), end=302), new(150, 152, "web-8"), new(155, 156, "web-7")]
    assert whom(*some, wanted=2) == {"web-0": "web-8", "web-1": "web-7"}, "what is told goes before what is guessed"


# --- ordinary replacements


@pytest.mark.parametrize(("marked", "ordinary"), [(144.9, False), (145, True), (150, True), (155, True), (155.1, False)])
def test_a_pod_deleted_on_a_node_within_reach_was_made_good_for_at_once(marked: float, ordinary: bool) -> None:
    some = [old(end=302, marked=edge(110)), old("web-1", end=marked + 1, node=C, marked=edge(marked)), new(150, 152)]
    assert whom(*some) == ({} if ordinary else {"web-0": "web-9"})


def test_each_is_made_good_for_once() -> None:
    here = old("web-1", end=151, node=C, marked=edge(150))
    some = [old(end=302, marked=edge(110)), here, new(150, 152, "web-8"), new(151, 153, "web-9")]
    assert whom(*some) == {"web-0": "web-9"}
    two = [old("web-2", end=151, node=C, marked=edge(150.5)), *some]
    assert whom(*two) == {}


def test_a_pod_deleted_on_a_node_out_of_reach_is_none_of_them() -> None:
    some = [old(end=302, marked=edge(110)), old("web-1", end=302, marked=edge(150)), new(150, 152)]
    assert whom(*some) == {"web-0": "web-9"}
    assert whom(*some, not_ready=[spell(100, 300)]) == {"web-0": "web-9"}


def test_that_it_is_deleted_itself_replaces_nothing() -> None:
    assert whom(old(end=302, marked=edge(110)), new(150, 152, marked=edge(153))) == {"web-0": "web-9"}


def test_a_pod_of_an_unknown_node_is_made_good_for_by_nobody() -> None:
    some = [old(end=302, marked=edge(110)), old("web-1", end=151, node="node-d", marked=edge(150)), new(150, 152)]
    assert whom(*some) == {"web-0": "web-9"}


def test_each_controller_for_itself() -> None:
    def of(name: str) -> Controller:
        gone = pod(run(5, 302, name=f"{name}-0"), name=f"{name}-0", marked=edge(130))
        made = pod(run(152, name=f"{name}-9", node=B), name=f"{name}-9", node=B)
        return controller(gone, made, name=name)

    away = controller(pod(run(5, name="x", node=C), name="x", node=C))
    nodes = [node_life(A, outages=[outage(100, 300)]), node_life(B), node_life(C)]
    told = substitutes(life(*nodes, controllers=[away, of("shop"), of("web")]))
    assert {key: s.pod.name for key, s in told.items()} == {"uid-shop-0": "shop-9", "uid-web-0": "web-9"}


# --- when the deletion was asked for


def test_between_the_loss_of_the_node_and_the_making_of_the_other() -> None:
    made = Substitute(new(150, 152), at(150), at(152), proof(150))
    node = node_life(not_ready=[spell(100, 300)])
    told = requested(node, old(), made)
    assert (told.time, told.earliest, told.latest, told.proofs) == (at(150), at(100), at(150), (proof(150),))
    told = requested(node, old(marked=edge(301)), made)
    assert told.proofs == (proof(150), proof(301))
    assert requested(node_life(), old(), made).earliest is None
