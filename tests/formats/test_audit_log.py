"""The API server's audit log."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.kubernetes.audit_log import FORMAT
from analyzer.grammars import understand
from analyzer.vocabulary import RECORDS


def event(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Request",
        "auditID": "8730954e",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/default/pods/web-1?x=1",
        "verb": "delete",
        "user": {"username": "admin", "groups": ["system:masters"]},
        "userAgent": "kubectl/v1.20.2",
        "objectRef": {"resource": "pods", "namespace": "default", "name": "web-1", "apiVersion": "v1"},
        "responseStatus": {"metadata": {}, "code": 200},
        "requestObject": {"kind": "DeleteOptions", "preconditions": {"uid": "u1"}},
        "requestReceivedTimestamp": "2026-11-22T07:10:43.761382Z",
        "stageTimestamp": "2026-11-22T07:10:43.784111Z",
    } | changes


def lines(*events: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(e).encode() + b"\n" for e in events)


def read(data: bytes) -> Batch:
    batches = [*FORMAT.read(io.BytesIO(data), ReadContext(2026)), Batch()]
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def test_lines_become_records() -> None:
    data = lines(event(), event(verb="list", objectRef={"resource": "nodes"}, requestObject=None))
    batch = read(data)
    assert dict(batch.records.schema) == {k: v for k, v in RECORDS.items() if k != "source_id"}
    deleted, listed = batch.records.rows(named=True)
    assert deleted["message"] == "delete pods default/web-1 by admin: 200"
    assert deleted["time"] == datetime(2026, 11, 22, 7, 10, 43, 761382, UTC)
    assert (deleted["resolution_us"], deleted["line"], deleted["offset"]) == (1, 1, 0)
    assert json.loads(deleted["fields"]) == {
        "stage": "ResponseComplete", "verb": "delete", "user": "admin", "auditID": "8730954e", "code": 200, "userAgent": "kubectl/v1.20.2",
        "objectRef": {"resource": "pods", "namespace": "default", "name": "web-1"},
        "requestObject": {"kind": "DeleteOptions", "preconditions": {"uid": "u1"}},
    }  # fmt: skip
    assert listed["message"] == "list nodes by admin: 200"
    assert data.decode().splitlines() == batch.records["raw"].to_list()
    assert (listed["record"], listed["line"], listed["offset"]) == (1, 2, data.index(b"\n") + 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objectRef": None, "requestURI": "/healthz?timeout=32s", "verb": "get"}, "get /healthz by admin: 200"),
        ({"responseStatus": None, "stage": "RequestReceived"}, "delete pods default/web-1 by admin: RequestReceived"),
        (
            {"objectRef": {"resource": "pods", "subresource": "eviction", "namespace": "a", "name": "b"}},
            "delete pods/eviction a/b by admin: 200",
        ),
        ({"impersonatedUser": {"username": "jane"}}, "delete pods default/web-1 by jane: 200"),
    ],
)
def test_messages(changes: dict[str, Any], message: str) -> None:
    assert read(lines(event(**changes))).records["message"].to_list() == [message]


def test_every_stage_is_a_record_but_only_the_answer_an_event() -> None:
    batch = read(lines(*(event(stage=s) for s in ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"))))
    assert batch.records.height == 4
    assert understand(batch, FORMAT.family)["record"].to_list() == [2]


def test_a_watch_bears_the_time_at_which_it_was_written() -> None:
    written = read(lines(event(verb="watch", stageTimestamp="2026-11-22T07:18:43.784111Z"))).records["time"].to_list()
    assert written == [datetime(2026, 11, 22, 7, 18, 43, 784111, UTC)]


def test_the_first_version_has_whole_seconds() -> None:
    old = event(apiVersion="audit.k8s.io/v1alpha1", timestamp="2017-07-01T10:00:00Z")
    for later in ("requestReceivedTimestamp", "stageTimestamp"):
        del old[later]
    (row,) = read(lines(old)).records.rows(named=True)
    assert (row["time"], row["resolution_us"]) == (datetime(2017, 7, 1, 10, tzinfo=UTC), 1_000_000)


@pytest.mark.parametrize("indent", [None, 2])
def test_lists(indent: int | None) -> None:
    items = [{k: v for k, v in event(verb=verb).items() if k not in ("kind", "apiVersion")} for verb in ("get", "delete")]
    text = json.dumps(
        {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": [*items, {"a": "ü"}, items[0]]}, indent=indent
    )
    data = ("\n" + text + "\n").encode()
    assert FORMAT.sniff(data, "")
    batch = read(data)
    assert [m.partition(" ")[0] for m in batch.records["message"]] == ["get", "delete", "get"]
    assert batch.rejects["reason"].to_list() == ["Object missing required field `auditID`"]
    for line, offset, raw in batch.records.select("line", "offset", "raw").iter_rows():
        assert data[offset : offset + len(raw.encode())].decode() == raw
        assert line == data.count(b"\n", 0, offset) + 1


def test_pretty_printed_documents_and_an_array() -> None:
    one = json.dumps(event(), indent=2)
    assert read(f"{one}\n{one}\n".encode()).records["line"].to_list() == [1, one.count("\n") + 2]
    assert read(f"[{json.dumps(event())},\n{json.dumps(event())}]".encode()).records.height == 2


def test_damage() -> None:
    whole = lines(event())
    undated = event(requestReceivedTimestamp="2026-13-22T07:10:43.761382Z")
    others = [undated, event(requestReceivedTimestamp=None), event(apiVersion="v1"), event(user="admin")]
    batch = read(whole[40:] + whole + b"\x00\xff\n\n" + whole[:90] + b"\n" + lines(*others, event(requestObject={"spec": [1]})))
    assert batch.records["line"].to_list() == [2, 10]
    assert batch.rejects["line"].to_list() == [1, 3, 5, 6, 7, 8, 9]
    assert batch.rejects["reason"].to_list()[3:6] == ["no such date", "no time", "no audit event"]


@pytest.mark.parametrize("name", [b"web\\udc00", b"web\xed\xa0\x80", b"web\xff"])
def test_what_is_no_character_is_no_reason_to_stop(name: bytes) -> None:
    batch = read(lines(event()).replace(b"web-1", name))
    assert batch.records.height + batch.rejects.height == 1
    assert understand(batch, FORMAT.family).height == batch.records.height


def test_sniff() -> None:
    long = event(requestObject={"data": "x" * formats.HEAD})
    assert FORMAT.sniff(lines(event()), "")
    assert FORMAT.sniff(lines(long)[: formats.HEAD], "")
    assert FORMAT.sniff(json.dumps(event(), sort_keys=True).encode(), "")
    assert FORMAT.sniff(lines(event())[40:] + lines(event(), event()), "")  # its first line was cut off
    assert formats.detect(lines(event()), "") is FORMAT


@pytest.mark.parametrize(
    "other", [b"", b"{}", b'{"kind":"Event","apiVersion":"v1","metadata":{}}\n', b"audit.k8s.io/v1\n", b"\x00\x01" * 50]
)
def test_others_are_not_recognised(other: bytes) -> None:
    assert not FORMAT.sniff(other, "audit.log")


def test_corpus(corpus: Path) -> None:
    sources = sorted(corpus.glob("captures/*/cluster/audit.log"))
    assert sources
    for source in sources:
        data = source.read_bytes()
        batch = read(data)
        assert formats.detect(data[: formats.HEAD], source.name) is FORMAT
        assert (batch.records.height, batch.rejects.height) == (data.count(b"\n"), 0), source
        asked = understand(batch, FORMAT.family).filter(pl.col("kind") == "desired_replicas")
        assert asked.filter(pl.col("controller").str.starts_with("ReplicationController/example-"))["value"].to_list() == [2, 2]


JSON = st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
KEYS = [
    "objectRef",
    "requestObject",
    "responseObject",
    "responseStatus",
    "user",
    "verb",
    "requestReceivedTimestamp",
    "userAgent",
    "requestURI",
]


@given(st.dictionaries(st.sampled_from(KEYS), JSON), st.sampled_from(["delete", "create", "delete pods"]))
def test_nothing_is_lost_and_nothing_raised(changes: dict[str, Any], verb: str) -> None:
    batch = read(lines(event(**{"verb": verb, **changes})))
    assert batch.records.height + batch.rejects.height == 1
    understand(batch, FORMAT.family)


@given(st.integers(0, 800), st.binary(max_size=20))
def test_damage_anywhere(place: int, noise: bytes) -> None:
    data = lines(event(), event())
    batch = read(data[:place] + noise + data[place:])
    understand(batch, FORMAT.family)
