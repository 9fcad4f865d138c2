"""Which lines tell of one happening by two clocks, and what each pair bounds."""

from dataclasses import replace
from typing import Any

import pytest

from analyzer.lifecycle.objects import Version
from analyzer.lifecycle.sightings import pairs, reported, written_by
from analyzer.store import spilled
from analyzer.vocabulary import EventKind as E
from tests.lifecycle.incident import A, B, at, cid
from tests.lifecycle.paired import Pair, listed
from tests.lifecycle.parts import clock, events, said, version

ID = cid("app")
Bounds = tuple[float | None, ...]


def of(second: float, kind: E, component: str = "kubelet", **told: Any) -> Any:
    """An event about web-0."""
    return said(second, kind, component, **{"namespace": "default", "pod": "web-0", "uid": "uid-web-0"} | told)


def api(second: float, kind: E, created: float | None = None, component: str = "api", **told: Any) -> Any:
    """``created``: of a kubelet's event, when the API server made it."""
    more = {} if created is None else {"reporter": "kubelet", "created": clock(created)}
    return of(second, kind, component, **{"attributes": more} | told)


def bounds(pair: Pair) -> Bounds:
    """Least, most, low, high, lag."""
    spans = (pair.least, pair.most, pair.low, pair.high, pair.lag)
    return tuple(None if span is None else round(span.total_seconds(), 6) for span in spans)


def found(*some: Any) -> list[Pair]:
    return listed(pairs(events(*(s for s in some if not isinstance(s, Version))), [s for s in some if isinstance(s, Version)]))


def told(*some: Any) -> list[Bounds]:
    return [bounds(p) for p in found(*some)]


SCHEDULED = api(100, E.POD_SCHEDULED, component="api", resolution=1_000_000)


# --- each sort


def test_scheduled_and_heard_of_by_the_kubelet() -> None:
    """First the API: the node's clock shows at least what the API's did, but for what is told late."""
    (pair,) = found(SCHEDULED, of(105, E.POD_ADDED))
    assert bounds(pair) == (2.000001, 5.2, None, 5.2, 0.2)
    assert (pair.node, pair.moment, [p.time for p in pair.proofs]) == (A, at(105), [at(100), at(105)])
    assert (pair.shown.proves, pair.proofs[0].proves) == ("by the node's clock", "by the API's clock")


def test_made_or_scheduled_and_its_first_container_made() -> None:
    made = of(107, E.CONTAINER_CREATED, "docker"), of(106, E.CONTAINER_CREATED, "docker", resolution=1_000_000)
    assert told(SCHEDULED, *made) == [(-4.999999, 7.199999, None, 7.199999, None)], "the first alone"
    assert told(version(metadata={"creationTimestamp": clock(100)}), *made) == [(-4.999999, 7.199999, None, 7.199999, None)]
    assert told(SCHEDULED, of(106, E.CONTAINER_CREATED, "docker", uid=None)) == []


@pytest.mark.parametrize("kind", [E.POD_EVICTED, E.POD_DELETED, E.POD_DELETE_ASKED])
def test_asked_to_go_and_heard_of_by_the_kubelet(kind: E) -> None:
    assert told(api(100, kind), of(105, E.POD_DELETE_SEEN)) == [(3, 5.2, None, 5.2, 0.2)]
    assert told(api(100, kind, created=100), of(105, E.POD_DELETE_SEEN)) == [], "a kubelet's event is sent by itself"


def test_heard_of_by_the_kubelet_and_its_first_event_there() -> None:
    """First the node: its clock shows at most what the API's did."""
    some = [api(1, E.POD_CONTAINER_STARTED, created=103), api(2, E.POD_CONTAINER_CREATED, created=101)]
    assert told(*some, of(105, E.POD_ADDED)) == [(2.800001, 6, 2.800001, None, None)], "the first alone"


def test_a_container_started_and_the_event_of_it() -> None:
    started = of(105, E.CONTAINER_STARTED, "docker", container="app", id=ID)
    assert told(api(1, E.POD_CONTAINER_STARTED, created=106, container="app"), started) == [(-2.199999, 1, -2.199999, None, None)]
    assert told(api(1, E.POD_CONTAINER_STARTED, created=106, container="side"), started) == []
    assert told(api(1, E.POD_CONTAINER_STARTED, created=106), started) == []
    assert told(api(1, E.POD_CONTAINER_CREATED, created=106, container="app"), started) == []


def test_only_a_runtime_s_stream_tells_of_a_start() -> None:
    event = api(1, E.POD_CONTAINER_STARTED, created=106, container="app")
    assert told(event, of(105, E.CONTAINER_STARTED, "runtime-log", container="app", id=ID)) == []
    assert told(event, of(105, E.CONTAINER_STARTED, "docker", container="app")) != []
    assert told(event, of(105, E.CONTAINER_STARTED, "docker", container="app", uid=None)) == []
    assert told(event, of(105, E.CONTAINER_STARTED, "docker", id=ID)) == []


def status(latest: float | None, state: str = "running", identity: str = ID, **more: Any) -> Version:
    entries = [] if latest is None else [{"manager": "kubelet", "time": clock(latest)}]
    container = {"containerID": f"docker://{identity}", "state": {state: {"startedAt": clock(1)}}}
    return version(metadata={"managedFields": entries}, status={"containerStatuses": [container]}, **more)


def test_a_container_started_and_the_pod_s_status_with_it() -> None:
    started = of(105, E.CONTAINER_STARTED, "docker", id=ID)
    (pair,) = found(status(110), status(107, number=8), started)
    assert bounds(pair) == (-3.199999, 8, -3.199999, None, None), "the first alone"
    assert pair.proofs[1].text.endswith(f": the kubelet wrote at 2026-03-01T10:01:47Z that {ID[:12]} runs")
    assert told(status(110, "waiting"), started) == []
    assert told(status(None), started) == []
    assert told(status(110, identity=cid("other")), started) == []
    assert told(status(110), of(105, E.CONTAINER_STARTED, "docker", id=cid("other"))) == []
    assert told(status(110), of(105, E.CONTAINER_STARTED, "docker", id=ID[:12])) != []


def test_the_kubelet_started_and_the_event_of_it() -> None:
    event = api(1, E.NODE_KUBELET_STARTING, created=106)
    (pair,) = found(event, of(105, E.KUBELET_READY))
    assert bounds(pair) == (-2.199999, 1, -2.199999, None, None)
    assert pair.proofs[1].proves == "created by the API's clock at 10:01:46Z"
    assert told(event, of(105, E.KUBELET_STARTED)) == []
    assert told(event, of(105, E.KUBELET_READY, node=B)) == []


def test_killing_bounds_nothing() -> None:
    """A hook may run first; but the two agree as a rule."""
    some = of(105, E.CONTAINER_KILLING), api(1, E.POD_CONTAINER_KILLING, created=106)
    assert told(*some) == [(-2.199999, 1, None, None, None)]


# --- what is no pair


@pytest.mark.parametrize(
    "some",
    [
        pytest.param([SCHEDULED], id="the API alone"),
        pytest.param([of(105, E.POD_ADDED)], id="the node alone"),
        pytest.param([SCHEDULED, of(105, E.POD_ADDED, uid="another", pod="other")], id="another pod"),
        pytest.param([SCHEDULED, of(105, E.POD_DELETE_SEEN)], id="another happening"),
        pytest.param([SCHEDULED, of(105, E.POD_ADDED, node=None)], id="nobody knows on which node"),
        pytest.param([SCHEDULED, of(105, E.POD_ADDED, "api")], id="by the API's clock as well"),
        pytest.param([of(100, E.POD_SCHEDULED), of(105, E.POD_ADDED)], id="by the node's clock as well"),
        pytest.param([api(100, E.POD_SCHEDULED, uid=None, pod=None), of(105, E.POD_ADDED)], id="of no pod"),
        pytest.param([version("Node", metadata={"creationTimestamp": clock(100)}), of(106, E.CONTAINER_CREATED, "docker")], id="no pod"),
        pytest.param([version("Zone", metadata={"creationTimestamp": clock(100)}), of(106, E.CONTAINER_CREATED, "docker")], id="no pod's"),
    ],
)
def test_one_half_makes_no_pair(some: list[Any]) -> None:
    assert told(*some) == []


def test_a_pod_without_a_uid_is_known_by_none() -> None:
    assert told(version(uid="", metadata={"creationTimestamp": clock(100)}), of(106, E.CONTAINER_CREATED, "docker", uid="")) == []


def test_of_nothing_there_are_no_pairs() -> None:
    assert listed(pairs(events(), [])) == []
    assert told(version(metadata={"creationTimestamp": clock(100)})) == []


@pytest.mark.parametrize(("second", "pair"), [(99, True), (100, False), (115, False), (115.1, True)])
@pytest.mark.parametrize("kind", [E.KUBELET_STARTED, E.KUBELET_READY])
def test_at_its_start_a_kubelet_tells_of_the_pods_that_there_are(kind: E, second: float, pair: bool) -> None:
    assert bool(told(SCHEDULED, of(100, kind), of(second, E.POD_ADDED))) is pair
    assert told(SCHEDULED, of(100, kind, node=B), of(second, E.POD_ADDED)) != [], "another node's kubelet"


def test_after_each_start_anew() -> None:
    some = [SCHEDULED, of(100, E.KUBELET_STARTED), of(200, E.KUBELET_READY)]
    assert [len(told(*some, of(s, E.POD_ADDED))) for s in (110, 150, 210, 216)] == [0, 1, 0, 1]


# --- names


def test_places_are_lines_or_offsets() -> None:
    places = [
        pairs(events(SCHEDULED, of(105, E.POD_ADDED, **place)), []).frame["place"].to_list()
        for place in ({"line": 7}, {"line": None, "offset": 7}, {"line": None})
    ]
    assert places == [[7], [-8], [None]]
    made = version(metadata={"creationTimestamp": clock(100)}), of(106, E.CONTAINER_CREATED, "docker")
    assert pairs(events(made[1]), [made[0]]).frame["place_known"].to_list() == [3]
    assert pairs(events(made[1]), [replace(made[0], line=None, offset=3)]).frame["place_known"].to_list() == [-4]
    assert pairs(events(made[1]), [replace(made[0], line=None)]).frame["place_known"].to_list() == [None]


def test_of_first_ones_at_once_that_of_the_first_place_counts() -> None:
    made = [of(107, E.CONTAINER_CREATED, "docker", line=line, source=source) for line, source in ((3, "b"), (9, "a"), (8, "a"))]
    (pair,) = found(SCHEDULED, *made)
    assert (pair.shown.source, pair.shown.line) == ("a", 8)
    sent = [api(1, E.POD_CONTAINER_STARTED, created=103, line=line, source=source) for line, source in ((3, "b"), (9, "a"), (8, "a"))]
    (pair,) = found(*sent, of(105, E.POD_ADDED))
    assert (pair.proofs[1].source, pair.proofs[1].line) == ("a", 8)


def test_a_line_without_a_uid_means_the_pod_that_alone_bore_the_name() -> None:
    added = of(105, E.POD_ADDED, uid=None)
    assert told(SCHEDULED, added) != []
    assert told(SCHEDULED, added, version(uid="uid-web-0")) != []
    assert told(SCHEDULED, added, version(uid="another")) == []
    assert told(SCHEDULED, added, version("Node", uid="another")) != []
    assert told(SCHEDULED, added, of(1, E.POD_UPDATED, uid="another")) == []
    assert told(api(100, E.POD_SCHEDULED, namespace=None), of(105, E.POD_ADDED, uid=None, namespace=None)) != []
    assert told(api(100, E.POD_SCHEDULED, namespace="shop"), of(105, E.POD_ADDED, uid=None, namespace=None)) == []
    assert told(api(100, E.POD_SCHEDULED, uid=None), added, version(uid="uid-web-0")) != []


def test_each_line_of_the_node_with_each_of_the_api() -> None:
    some = [SCHEDULED, api(101, E.POD_SCHEDULED), of(105, E.POD_ADDED), of(106, E.POD_ADDED)]
    assert sorted(p.most.total_seconds() for p in found(*some)) == [4.2, 5.2, 5.2, 6.2]


def test_what_stands_in_one_line_is_one_happening() -> None:
    some = [SCHEDULED, of(105, E.POD_ADDED, line=7), of(105, E.POD_ADDED, line=8)]
    first, second = found(*some)
    assert first.happening != second.happening
    assert first.known == second.known


# --- what a kubelet reports


def test_a_kubelet_s_report_by_its_own_clock_and_its_creation() -> None:
    (pair,) = listed(reported(events(api(105, E.POD_CONTAINER_STARTED, created=106))))
    assert bounds(pair) == (105 - 107 - 0.2, 1, 105 - 107 - 0.2, 1, 2)
    assert [p.proves for p in pair.proofs] == ["by the kubelet's clock", "its creation"]
    assert pair.node == A


@pytest.mark.parametrize(
    "event",
    [
        api(105, E.POD_CONTAINER_STARTED, created=106, node=None),
        api(105, E.POD_CONTAINER_STARTED),
        api(105, E.POD_CONTAINER_STARTED, attributes={"reporter": "scheduler", "created": clock(106)}),
        api(105, E.POD_CONTAINER_STARTED, attributes={"reporter": "attacher", "created": clock(106)}),
        api(105, E.POD_CONTAINER_STARTED, created=106, component="kubelet"),
    ],
)
def test_what_is_no_report_of_a_kubelet_s(event: Any) -> None:
    assert listed(reported(events(event))) == []


# --- who wrote a source


def test_a_source_that_one_node_s_own_components_wrote() -> None:
    some = [
        of(1, E.POD_ADDED, source="one"),
        of(2, E.KUBELET_READY, source="one"),
        of(3, E.POD_ADDED, source="two"),
        of(4, E.POD_ADDED, source="two", node=B),
        of(5, E.POD_ADDED, source="three", node=None),
        of(6, E.POD_SCHEDULED, "api", source="four"),
        of(7, E.CONTAINER_STARTED, "docker", source="five", node=B),
        of(8, E.POD_ADDED, source="five", node=None),
    ]
    assert written_by(events(*some)) == {"one": A, "five": B}


# --- whose a line is that names a pod by half


def test_a_uid_that_only_others_tell_of_a_name() -> None:
    """The node's line has the uid alone, the API's the name alone: a third line has both."""
    runtime = of(105, E.CONTAINER_CREATED, "docker", pod=None, namespace=None)
    scheduled = api(100, E.POD_SCHEDULED, uid=None, resolution=1_000_000)
    assert told(runtime, scheduled) == []
    assert len(found(runtime, scheduled, of(300, E.POD_DELETE_SEEN))) == 1


def test_a_name_that_was_given_twice_is_nobodys() -> None:
    runtime = of(105, E.CONTAINER_CREATED, "docker", pod=None, namespace=None)
    scheduled = api(100, E.POD_SCHEDULED, uid=None, resolution=1_000_000)
    again = of(400, E.POD_DELETE_SEEN, uid="uid-another")
    assert found(runtime, scheduled, of(300, E.POD_DELETE_SEEN), again) == []


def test_stretches_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    some = [
        each
        for n in range(12)
        for each in (
            api(100 + 20 * n, E.POD_SCHEDULED, pod=f"web-{n}", uid=f"uid-{n}" if n % 2 else None, resolution=1_000_000),
            of(105 + 20 * n, E.POD_ADDED, pod=f"web-{n}", uid=None if n % 2 else f"uid-{n}"),
            api(106 + 20 * n, E.POD_SCHEDULED, pod=f"other-{n}", uid=f"uid-other-{n}", resolution=1_000_000),
        )
    ]
    whole = found(*some)
    assert len(whole) == 12
    monkeypatch.setattr(spilled, "AT_ONCE", 3)
    assert found(*some) == whole
