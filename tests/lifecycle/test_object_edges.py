"""Documents as state: which versions there are, and between which moments each was written."""

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from analyzer.lifecycle.objects import Listing, Version, listings, mapping, mappings, number, parse_time, stamp, text, versions
from analyzer.store import MemoryStore
from analyzer.vocabulary import OBJECTS
from tests.lifecycle.incident import at
from tests.lifecycle.parts import clock, version

Row = dict[str, Any]


def row(name: str, number: Any, kind: str = "Pod", *, watch: str | None = None, uid: str | None = None, **document: Any) -> Row:
    return {
        "kind": kind,
        "name": name,
        "uid": f"uid-{name}" if uid is None else uid or None,
        "watch": watch,
        "k8s_namespace_name": "default",
        "resource_version": None if number is None else str(number),
        "document": json.dumps(document),
    }


def event(second: float, number: Any, watch: str | None = None, field: str = "lastTimestamp") -> Row:
    stamped: Row = {"metadata": {"creationTimestamp": clock(second)}} if field == "metadata" else {field: clock(second)}
    return row(f"event-{second}-{number}", number, "Event", watch=watch, **stamped)


def store(*some: Row, **sources: list[Row]) -> MemoryStore:
    """Each source with its documents, one to a line; ``some``: of one source that bears no name."""
    made = MemoryStore()
    for source, rows in ({"dump": list(some)} | sources).items():
        writer = made.writer(source)
        numbered = [{"record": at, "line": 10 + at} | each for at, each in enumerate(rows)]
        writer.add("objects", pl.DataFrame(numbered, schema=OBJECTS))
        writer.commit({"source_id": source, "source": f"{source}.json", "status": "read"})
    return made


def seconds(*moments: datetime | None) -> tuple[float | None, ...]:
    return tuple(None if t is None else (t - at(0)).total_seconds() for t in moments)


def written(*rows: Row) -> list[tuple[Any, ...]]:
    """Name, earliest, latest."""
    return [(v.name, *seconds(v.earliest, v.latest)) for v in versions(store(*rows))]


# --- damaged evidence


@pytest.mark.parametrize(
    ("value", "of_mapping", "of_list", "of_text", "of_number"),
    [
        ({"a": 1}, {"a": 1}, [], None, None),
        ([{"a": 1}, 2, None], {}, [{"a": 1}], None, None),
        ("a", {}, [], "a", None),
        ("", {}, [], None, None),
        (7, {}, [], None, 7),
        (0, {}, [], None, 0),
        (True, {}, [], None, None),
        (1.5, {}, [], None, None),
        (None, {}, [], None, None),
    ],
)
def test_a_part_of_a_document_may_be_anything(value: Any, of_mapping: Any, of_list: Any, of_text: Any, of_number: Any) -> None:
    assert (mapping(value), mappings(value), text(value), number(value)) == (of_mapping, of_list, of_text, of_number)


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-03-01T10:00:05Z", at(5)),
        ("2026-03-01T12:00:05+02:00", at(5)),
        ("2026-03-01T10:00:05.250000Z", at(5.25)),
        ("1900-01-01T00:00:00Z", datetime(1900, 1, 1, tzinfo=UTC)),
        ("1899-12-31T23:59:59Z", None),
        ("2199-12-31T23:59:59Z", datetime(2199, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2200-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("", None),
        ("soon", None),
        (None, None),
        (5, None),
    ],
)
def test_a_time_of_the_api(told: Any, moment: datetime | None) -> None:
    assert parse_time(told) == moment


def test_a_time_as_it_is_told() -> None:
    assert (stamp(at(5)), stamp(None)) == ("2026-03-01T10:00:05.000000Z", "?")


# --- one version


def owned(*owners: Any) -> tuple[str, str] | None:
    return version(metadata={"ownerReferences": list(owners)}).owner


def test_the_owner_is_the_controller() -> None:
    web, job = {"kind": "ReplicaSet", "name": "web", "controller": True}, {"kind": "Job", "name": "x"}
    assert owned(job, web) == ("ReplicaSet", "web")
    assert owned(job) is None
    assert owned(web | {"controller": False}) is None
    assert owned(web | {"kind": 1}) is None
    assert owned(web | {"name": None}) is None
    assert version().owner is None


def test_when_its_kubelet_last_wrote_it() -> None:
    def of(*entries: tuple[str, str | None]) -> datetime | None:
        return version(metadata={"managedFields": [{"manager": who, "time": when} for who, when in entries]}).kubelet_wrote

    assert of(("kubelet", clock(5)), ("kubelet", clock(9)), ("kubectl", clock(20)), ("kubelet", None)) == at(9)
    assert of(("kubectl", clock(5)), ("zed", clock(9))) is None


def test_a_version_as_proof() -> None:
    told = version("Node", "node-a", namespace="").proof("so it is", "why")
    assert (told.time, told.source, told.line, told.text, told.proves) == (
        *(at(0), "objects.json", 3),
        *("Node node-a (resourceVersion 7): so it is", "why"),
    )
    assert version().proof("so it is", "why").text == "Pod default/web-0 (resourceVersion 7): so it is"


# --- when it was written


def test_events_on_either_side_bound_a_version() -> None:
    events = [event(10, 100), event(20, 200), event(30, 300)]
    numbers = (50, 100, 150, 200, 299, 300, 301)
    assert written(*events, *(row(f"w{n:03}", n) for n in numbers)) == [
        ("w050", None, 10),
        ("w100", 10, 10),
        ("w150", 10, 20),
        ("w200", 20, 20),
        ("w299", 20, 30),
        ("w300", 30, 30),
        ("w301", 30, None),
    ]


def test_clocks_of_several_senders_widen_the_bounds() -> None:
    events = [event(10, 100), event(25, 200), event(20, 300), event(40, 400)]
    assert written(*events, *(row(f"w{n:03}", n) for n in (150, 250, 350, 450))) == [
        ("w150", 10, 20),
        ("w250", 25, 20),
        ("w350", 25, 40),
        ("w450", 40, None),
    ]


@pytest.mark.parametrize(
    ("of", "counts"),
    [
        (event(10, 100), True),
        (event(10, 100, field="eventTime"), True),
        (event(10, 100, field="metadata"), True),
        (event(10, 100, "ADDED"), True),
        (event(10, 100, "MODIFIED"), True),
        (event(10, 100, "DELETED"), False),
        (event(10, None), False),
        (event(10, "abc"), False),
        (event(10, 100) | {"kind": "Node", "name": "x"}, False),
        (event(10, 100) | {"document": '{"lastTimestamp": "soon"}'}, False),
        (event(10, 100) | {"document": "{}"}, False),
    ],
)
def test_what_is_a_point_on_the_clock(of: Row, counts: bool) -> None:
    (found,) = [v for v in versions(store(of, row("web", 150))) if v.name == "web"]
    assert seconds(found.earliest, found.latest) == ((10, None) if counts else (None, None))


def test_the_last_time_of_an_event_goes_before_its_making() -> None:
    both = row("e", 100, "Event", lastTimestamp=clock(20), eventTime=clock(15), metadata={"creationTimestamp": clock(10)})
    assert written(both, row("web", 150)) == [("web", 20, None)]
    both["document"] = json.dumps({"eventTime": clock(15), "metadata": {"creationTimestamp": clock(10)}})
    assert written(both, row("web", 150)) == [("web", 15, None)]


def test_what_stands_in_it_was_written_by_then() -> None:
    fields = {"metadata": {"creationTimestamp": clock(5), "managedFields": [{"time": clock(15)}, {"time": clock(12)}, {"time": None}]}}
    assert written(row("web", 150, **fields)) == [("web", 15, None)]
    assert written(row("web", 150, metadata={"creationTimestamp": clock(5)})) == [("web", 5, None)]
    assert written(event(10, 100), event(20, 200), row("web", 150, **fields)) == [("web", 15, 20)]
    assert written(event(17, 100), event(20, 200), row("web", 150, **fields)) == [("web", 17, 20)]
    assert written(row("web", None, **fields)) == [("web", 15, None)]


def test_what_stands_in_a_deleted_object_says_nothing_of_the_deletion() -> None:
    fields = {"metadata": {"managedFields": [{"time": clock(15)}]}}
    assert written(event(10, 100), event(20, 200), row("web", 150, watch="DELETED", **fields)) == [("web", 10, 20)]
    assert written(event(10, 100), event(20, 200), row("web", 150, watch="MODIFIED", **fields)) == [("web", 15, 20)]


# --- which versions there are


def test_each_version_once_in_order() -> None:
    rows = [
        row("b", 5),
        row("a", 12),
        row("a", 7),
        row("a", 7, changed=True),
        row("a", 9, "Node"),
        row("a", None),
        row("a", 12, watch="DELETED"),
        row("a", 12, watch="MODIFIED"),
        row("a", 12, uid="another"),
        row("a", 5, "ConfigMap"),
    ]
    found = [(v.kind, v.name, v.version, v.watch, v.uid) for v in versions(store(*rows))]
    assert found == [
        ("Node", "a", 9, None, "uid-a"),
        ("Pod", "a", None, None, "uid-a"),
        ("Pod", "a", 7, None, "uid-a"),
        ("Pod", "a", 12, None, "uid-a"),
        ("Pod", "a", 12, None, "another"),
        ("Pod", "a", 12, "DELETED", "uid-a"),
        ("Pod", "b", 5, None, "uid-b"),
    ]


def test_the_first_of_several_renderings_is_cited() -> None:
    found = versions(store(late=[row("z", 1), row("a", 7)], early=[row("a", 7), row("a", 7)]))
    assert [(v.name, v.source, v.line) for v in found] == [("a", "early.json", 10), ("z", "late.json", 10)]


def test_documents_without_a_number_are_told_apart_by_what_they_say() -> None:
    rows = [row("a", None, spec={"x": 1}), row("a", None, spec={"x": 2}), row("a", None, spec={"x": 1}), row("a", "", spec={"x": 3})]
    assert [(v.version, v.spec, v.line) for v in versions(store(*rows))] == [
        (None, {"x": 1}, 10),
        (None, {"x": 2}, 11),
        (None, {"x": 3}, 13),
    ]


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        *((kind, True) for kind in ("Pod", "Node", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "Container")),
        *((kind, False) for kind in ("Event", "Service")),
    ],
)
def test_kinds_that_are_read(kind: str, read: bool) -> None:
    assert bool(versions(store(row("a", 7, kind)))) is read


def test_what_a_row_lacks_is_empty() -> None:
    (found,) = versions(store({**row("a", "x7", uid=""), "k8s_namespace_name": None, "name": None}))
    assert (found.namespace, found.name, found.uid, found.version) == ("", "", "", None)


# --- dumps of pods


def pod(name: str, number: Any, second: float | None = None, **more: Any) -> Row:
    return row(name, number, **({} if second is None else {"metadata": {"creationTimestamp": clock(second)}}), **more)


def dumps(*some: Row, **sources: list[Row]) -> list[Listing]:
    made = store(*some, **sources)
    return listings(made, versions(made))


def test_a_dump_was_not_taken_before_the_newest_time_in_it() -> None:
    (found,) = dumps(pod("a", 7, 10), pod("b", 8, 20), pod("c", 9))
    assert (found.source, seconds(found.since, found.until), found.last.name) == ("dump.json", (20, None), "b")
    assert found.pods == {("default", name, f"uid-{name}") for name in "abc"}


def test_nor_after_one_of_its_pods_was_written_anew() -> None:
    events = [event(30, 100), event(40, 200), event(50, 300)]
    one, two = [pod("a", 7, 10), pod("b", 8, 20)], [pod("a", 150, 10), pod("b", 250, 20), pod("c", 260, 48)]
    first, second = dumps(*events, one=one, two=two)
    assert (first.source, *seconds(first.since, first.until)) == ("one.json", 20, 40)
    assert (second.source, *seconds(second.since, second.until)) == ("two.json", 48, None)
    first, _, _ = dumps(*events, one=one, two=two, three=[pod("a", 50, 10), pod("b", 250, 20)])
    assert seconds(first.until) == (30,), "the next version, not the last"


def test_dumps_come_by_time_and_source() -> None:
    early, late = [pod("a", 7, 10), pod("b", 8, 20)], [pod("a", 17, 10), pod("c", 18, 30)]
    found = dumps(z=early, y=late, x=early)
    assert [d.source for d in found] == ["x.json", "z.json", "y.json"]
    assert found[0].pods == found[1].pods, "a version that several hold is in each"


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([pod("a", 7, 10)], id="one pod is no dump"),
        pytest.param([pod("a", 7), pod("b", 8)], id="no time"),
        pytest.param([pod("a", 7, 10, watch="ADDED"), pod("b", 8, 20, watch="ADDED")], id="a watch"),
        pytest.param([pod("a", None, 10), pod("b", None, 20)], id="no numbers"),
        pytest.param([pod("a", "7x", 10), pod("b", "x8", 20)], id="no numbers of etcd's"),
        pytest.param([pod("a", "1" * 19, 10), pod("b", 8, 20)], id="a number that is too long"),
        pytest.param([pod("a", 7, 10), row("b", 8, "Node", metadata={"creationTimestamp": clock(20)})], id="other things"),
    ],
)
def test_what_is_no_dump_of_pods(rows: list[Row]) -> None:
    assert dumps(*rows) == []


def test_a_number_of_eighteen_digits_is_one() -> None:
    assert len(dumps(pod("a", "1" * 18, 10), pod("b", 8, 20))) == 1


def test_of_one_moment_the_last_by_name() -> None:
    (found,) = dumps(pod("b", 8, 20), pod("c", 7, 20), pod("a", 9, 20))
    assert found.last.name == "c"
    assert isinstance(found.last, Version)
