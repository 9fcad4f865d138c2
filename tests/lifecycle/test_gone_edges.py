"""When the API knew a pod no more: what tells it, and between which moments it lies."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from analyzer.lifecycle.controllers import Controller
from analyzer.lifecycle.event import Event
from analyzer.lifecycle.gone import Gone, gone
from analyzer.lifecycle.kubelets import Outage
from analyzer.lifecycle.model import Lifecycle
from analyzer.lifecycle.objects import Listing, Version
from analyzer.lifecycle.pod_list import Pods
from analyzer.lifecycle.pods import Pod
from analyzer.vocabulary import EventKind as E
from tests.lifecycle import pieces
from tests.lifecycle.incident import A, at, cid, uid
from tests.lifecycle.pieces import bounds, edge, event, not_ready, run

AWAY = pieces.outage(edge(50), edge(100))


def known(
    pod: Pod,
    *others: Pod,
    node_events: Iterable[Event] = (),
    outages: Sequence[Outage] = (AWAY,),
    spells: Sequence[Any] = (),
    events: Iterable[Event] = (),
    versions: Iterable[Version] = (),
    listings: Iterable[Listing] = (),
    owned: Iterable[Pod] = (),
) -> Gone | None:
    here = pieces.node(A, outages, spells, *node_events)
    controllers = [Controller("default", "ReplicationController", "web", Pods.of(list(owned)))] if owned else []
    evidence: Lifecycle = pieces.life(
        here, pods=[pod, *others], events=events, controllers=controllers, versions=list(versions), listings=list(listings)
    )
    return gone(evidence, pod)


def told(*args: Any, **more: Any) -> tuple[str, tuple[float | None, float | None, float | None]] | None:
    """How it is known, and the bounds."""
    found = known(*args, **more)
    return (found.how, bounds(found.edge)) if found is not None else None


def web(*events: Event, name: str = "web", start: float | None = 1, end: float | None = None, **more: Any) -> Pod:
    return pieces.pod(name, run(name, start, end), events=events, **more)


def test_nothing_is_told_of_static_pods_and_of_pods_that_never_ran() -> None:
    word = event(60, E.POD_REMOVE_SEEN)
    assert told(web(word)) == ("heard", (None, 60, 60))
    assert told(web(word, static=True)) is None
    assert told(pieces.pod("web", events=[word])) is None
    assert told(web()) is None


# --- requests that leave no object behind


def audited(second: float, grace: int | None = None, component: str = "audit", kind: E = E.POD_DELETE_ASKED) -> Event:
    return event(second, kind, component, attributes={} if grace is None else {"grace": grace})


def test_by_force() -> None:
    """The control plane's word, or a request with no grace period that was audited."""
    forced = event(60, E.POD_FORCE_DELETED, "controller-manager", resolution=1_000_001)
    assert told(web(forced)) == ("force", (60, 60, 61))
    assert told(web(audited(60, 0)), events=[audited(60, 0)]) == ("force", (60, 60, 60))
    assert told(web(audited(60, 0))) is None, "there is no audit log in the evidence"
    assert told(web(audited(60, 0, "api")), events=[audited(60, 0)]) is None
    assert told(web(audited(60, 30)), events=[audited(60, 0)]) is None
    assert told(web(audited(60)), events=[audited(60, 0)]) is None
    assert told(web(event(60, E.POD_REMOVE_SEEN), audited(70, 0)), events=[audited(70, 0)]) == ("force", (70, 70, 70)), "this is exact"
    assert told(web(audited(60, 0), forced, event(59, E.POD_FORCE_DELETED)), events=[audited(60, 0)]) == ("force", (59, 59, 59))
    rules = [found.edge.rule for found in (known(web(forced)), known(web(audited(60, 0)), events=[audited(60, 0)])) if found]
    assert rules == ["its object was removed by force", "it was deleted with a grace period of 0"]


def test_kubernetes_1_0_deletes_a_pod_at_once() -> None:
    assert told(web(event(60, E.POD_EVICTED, message="Delete pod web"))) == ("request", (60, 60, 60))
    assert told(web(event(60, E.POD_EVICTED, message="Marking for deletion Pod web"))) is None
    assert told(web(event(60, E.POD_DELETED, message="Delete pod web"))) is None


def deleted(earliest: float | None, latest: float | None = None, name: str = "web", **more: Any) -> Version:
    return pieces.version("Pod", name, earliest, latest, watch=more.pop("watch", "DELETED"), **more)


def test_by_a_watch() -> None:
    assert told(web(), versions=[deleted(60, 62)]) == ("watch", (60, 62, 62))
    assert told(web(), versions=[deleted(60)]) == ("watch", (60, 60, None))
    assert told(web(), versions=[deleted(None, 62)]) == ("watch", (None, 62, 62))
    assert told(web(), versions=[deleted(None)]) is None
    assert told(web(), versions=[deleted(60, watch="MODIFIED")]) is None
    assert told(web(), versions=[deleted(60, name="other")]) is None
    assert told(web(), versions=[deleted(None, number=1), deleted(70, number=2)]) == ("watch", (70, 70, None))


def test_without_a_mark_the_request_was_the_end_of_the_object() -> None:
    asked = web(marked=edge(55, 55, 56, pieces.proof(55)))
    assert told(asked, versions=[deleted(60, 62)]) == ("watch", (55, 55, 56))
    found = known(asked, versions=[deleted(60, 62)])
    assert found is not None
    assert [p.source for p in found.edge.proofs] == ["log", "objects"]
    assert told(asked, versions=[deleted(60, 62, meta={"deletionTimestamp": "x"})]) == ("watch", (60, 62, 62)), "it was marked"
    for late in (edge(55, 54, 56), edge(55, None, 55), edge(None, None, 55)):
        assert told(web(marked=late), versions=[deleted(60, 62)]) == ("watch", (60, 62, 62)), "the request's moment is not known"


def test_of_several_the_first() -> None:
    assert told(web(event(61, E.POD_FORCE_DELETED)), versions=[deleted(60)]) == ("watch", (60, 60, None))
    assert told(web(event(59, E.POD_FORCE_DELETED)), versions=[deleted(60)]) == ("force", (59, 59, 59))
    assert told(web(event(60, E.POD_FORCE_DELETED)), versions=[deleted(60)]) == ("force", (60, 60, 60))
    words = [event(63, E.POD_GONE, "scheduler"), event(62, E.POD_OBJECT_GONE), event(64, E.POD_REMOVE_SEEN)]
    found = known(web(*words))
    assert found is not None
    assert (bounds(found.edge), found.edge.rule) == ((None, 62, 62), "the API knew the pod no more")


# --- the last word of the API


@pytest.mark.parametrize(
    ("word", "since"),
    [
        (event(40, E.POD_SCHEDULED, "api"), 40),
        (event(60, E.POD_SCHEDULED, "api"), 60),
        (event(60.1, E.POD_SCHEDULED, "api"), None),
        (event(40, E.POD_DELETE_ASKED, "audit"), 40),
        (event(40, E.POD_ADDED, "kubelet"), None),
    ],
)
def test_its_object_was_there_at_the_last_word_of_the_api(word: Event, since: float | None) -> None:
    assert told(web(word, event(60, E.POD_REMOVE_SEEN))) == ("heard", (since, 60, 60))


def test_versions_and_the_mark_are_words_of_the_api() -> None:
    word = event(60, E.POD_REMOVE_SEEN)
    assert told(web(word), versions=[deleted(30, watch="ADDED"), deleted(45, watch="MODIFIED", number=2)]) == ("heard", (45, 60, 60))
    assert told(web(word), versions=[deleted(None, watch="ADDED")]) == ("heard", (None, 60, 60))
    assert told(web(word, marked=edge(55, 50, 55))) == ("heard", (55, 60, 60))
    assert told(web(word, marked=edge(55, None, 55))) == ("heard", (None, 60, 60)), "when it was asked for is not known"
    assert told(web(word, marked=edge(None, 50, 55))) == ("heard", (None, 60, 60))


# --- another pod of its name


def test_another_pod_of_its_name() -> None:
    mine = web(start=5)
    assert told(mine, web(start=60, uid="next")) == ("name", (None, 60, 60))
    assert told(mine, web(start=60, uid="next", created=at(58))) == ("name", (None, 58, 58))
    assert told(mine, web(start=60, uid="next", created=at(61))) == ("name", (None, 60, 60))
    assert told(mine, web(start=70, uid="later"), web(start=60, uid="next")) == ("name", (None, 60, 60))
    assert told(mine, web(start=5, uid="next")) is None, "not made afterwards"
    assert told(mine, web(start=None, uid="next")) is None
    assert told(mine, pieces.pod("web", uid="next")) is None
    assert told(mine, web(start=60, uid=None)) is None
    assert told(mine, web(start=60, uid="next", static=True)) is None
    assert told(mine, web(start=60, uid="next", name="other")) is None
    assert told(web(start=5, uid=None), web(start=60, uid="next")) is None
    assert told(web(start=None), web(start=60, uid="next")) is None
    again = pieces.pod("web", run("web", None, 4), run("web", 5, id="second"))
    assert told(again, web(start=4.5, uid="next")) is None
    assert told(mine, pieces.pod("web", run("n", None, 4), run("n", 60, id="m"), uid="next")) == ("name", (None, 60, 60))


# --- a kubelet that came back and killed it unasked

ADDED = event(101, E.POD_ADDED)
UNWANTED = event(110, E.POD_UNWANTED)


@pytest.mark.parametrize(("second", "said"), [(100, True), (140, True), (140.1, False), (99.9, False)])
@pytest.mark.parametrize(("kind", "component"), [(E.POD_UNWANTED, "kubelet"), (E.CONTAINER_KILLING, "kubelet"), (E.POD_UNWANTED, "x")])
def test_what_a_returned_kubelet_kills_in_its_first_rounds_it_was_not_named(second: float, said: bool, kind: E, component: str) -> None:
    word = event(second, kind, component)
    assert told(web(word), node_events=[ADDED]) == (("kubelet", (None, 100, second)) if said else None)
    assert told(web(word)) is None, "it does not log what it is named"
    assert told(web(word), node_events=[ADDED], outages=[]) is None
    assert told(web(word, node="other"), node_events=[ADDED]) is None


def test_that_a_container_is_killed_counts_by_the_kubelet_s_word_alone() -> None:
    assert told(web(event(110, E.CONTAINER_KILLING, "api")), node_events=[ADDED]) is None


@pytest.mark.parametrize(("named", "said"), [(100, False), (99.9, True), (111, False), (111.1, True)])
@pytest.mark.parametrize("kind", [E.POD_ADDED, E.POD_DELETE_SEEN, E.POD_UPDATED, E.POD_RECONCILED])
def test_a_pod_that_it_was_named_is_known_to_the_api(named: float, said: bool, kind: E) -> None:
    assert (told(web(UNWANTED, event(named, kind)), node_events=[ADDED]) is not None) == said


def test_the_first_killing_after_a_return_that_names_it_not() -> None:
    twice = [AWAY, pieces.outage(edge(200), edge(300))]
    words = [event(305, E.POD_UNWANTED), UNWANTED, event(101, E.POD_ADDED)]
    assert told(web(*words), node_events=[ADDED], outages=twice) == ("kubelet", (None, 300, 305))
    assert told(web(*words[:2]), node_events=[ADDED], outages=twice) == ("kubelet", (None, 100, 110))


@pytest.mark.parametrize(("second", "of", "said"), [(110, "web", True), (150, "web", True), (150.1, "web", False), (110, "x", False)])
def test_kubernetes_1_0_says_of_which_containers_it_never_knew(second: float, of: str, said: bool) -> None:
    unknown = event(second, E.CONTAINER_UNKNOWN, node=A, container_id=cid(f"app@{of}"))
    assert (told(web(UNWANTED), node_events=[unknown]) is not None) == said


# --- a later dump without it


def listing(since: float, *names: str, until: float | None = None, source: str = "dump") -> Listing:
    pods = frozenset(("default", name, uid(name)) for name in names)
    last = pieces.version("Pod", names[0], since, source=source)
    return Listing(source, pods, at(since), at(until) if until is not None else None, last)


OTHER = web(name="other")
BEFORE = listing(20, "other", "web", source="before")


def dumped(mine: Pod | None = None, *listings: Listing, owned: Sequence[str] = ("web", "other"), **more: Any) -> Any:
    pod = mine or web()
    by_name = {"web": pod, "other": OTHER}
    return told(pod, OTHER, listings=[BEFORE, *listings], owned=[by_name[name] for name in owned], **more)


def test_a_later_dump_that_lacks_it() -> None:
    lacking = listing(120, "other")
    assert dumped(None, lacking) == ("dump", (None, 120, None))
    assert dumped(web(event(60, E.POD_SCHEDULED, "api")), lacking) == ("dump", (60, 120, None))
    assert dumped(None, listing(120, "other", "web")) is None
    assert dumped(None, listing(120, "stranger")) is None, "none of its controller: it may be of other pods alone"
    assert dumped(None, lacking, owned=()) is None
    assert dumped(None, lacking, owned=("other",)) is None
    assert dumped(web(uid=None), lacking) is None
    assert dumped(web(node="unknown"), lacking) is None
    assert dumped(None, lacking, outages=()) is None, "its node was never away"
    assert dumped(None, lacking, outages=(), spells=[not_ready(60, 70)]) == ("dump", (None, 120, None))
    assert told(web(), OTHER, listings=[lacking], owned=[web(), OTHER]) is None, "nothing shows that such dumps would name it"
    found = known(web(), OTHER, listings=[BEFORE, listing(120, "other", "third")], owned=[web(), OTHER])
    assert found is not None
    assert "listed with 1 other(s), without web" in found.edge.proofs[0].text


@pytest.mark.parametrize(("begun", "counts"), [(119.9, True), (120, False), (None, True)])
def test_a_dump_of_before_its_start_says_nothing(begun: float | None, counts: bool) -> None:
    assert (dumped(web(start=begun), listing(120, "other")) is not None) == counts


@pytest.mark.parametrize(("until", "counts"), [(199.9, True), (200, False), (None, False)])
def test_the_dump_must_be_from_before_its_end(until: float | None, counts: bool) -> None:
    assert (dumped(web(end=200), listing(120, "other", until=until)) is not None) == counts
    still = pieces.pod("web", run("web", 1, 200), run("web", 1, id="still"))
    assert dumped(still, listing(120, "other")) is not None, "something of it runs on"
    both = pieces.pod("web", run("web", 1, 150), run("web", 1, 200, id="later"))
    assert (dumped(both, listing(120, "other", until=until)) is not None) == counts


@pytest.mark.parametrize(("second", "counts"), [(119, True), (120, True), (120.1, False)])
def test_nobody_may_have_known_it_afterwards(second: float, counts: bool) -> None:
    lacking = listing(120, "other")
    assert (dumped(web(event(second, E.POD_UPDATED)), lacking) is not None) == counts
    assert (dumped(web(marked=edge(second, 50, second)), lacking) is not None) == counts
    assert dumped(web(marked=edge(second, None, second)), lacking) is not None, "when it was asked for is not known"
    assert dumped(web(event(second, E.POD_REMOVE_SEEN)), lacking) is not None


def test_the_first_dump_that_says_so() -> None:
    assert dumped(None, listing(120, "stranger"), listing(130, "other"), listing(140, "other")) == ("dump", (None, 130, None))
    assert dumped(web(event(150, E.POD_REMOVE_SEEN)), listing(120, "other")) == ("dump", (None, 120, None)), "the earliest of all words"
    assert dumped(web(event(119, E.POD_REMOVE_SEEN)), listing(120, "other")) == ("heard", (None, 119, 119))
