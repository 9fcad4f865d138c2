"""Kubernetes objects in JSON, strung together in any way, whole and damaged."""

import io
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.json_documents import BETWEEN, JsonReader, Value
from analyzer.formats.kubernetes import api_json
from analyzer.formats.kubernetes.api_json import FORMAT
from analyzer.grammars import understand
from analyzer.vocabulary import OBJECTS

POD: dict[str, Any] = {
    "kind": "Pod",
    "apiVersion": "v1",
    "metadata": {"name": "api-9jjc4", "namespace": "default", "uid": "6434", "resourceVersion": "955", "annotations": {"ü": "a\n{"}},
    "spec": {"nodeName": "minion-01", "containers": [{"name": "api"}, {"name": "log"}]},
}
EVENT: dict[str, Any] = {
    "metadata": {"name": "api-9jjc4.18ea50f387ca1756", "namespace": "default", "uid": "643e", "resourceVersion": "913"},
    "involvedObject": {"kind": "Pod", "name": "api-9jjc4"},
    "reason": "Killing",
}
NEW_EVENT = {"metadata": {"name": "e2"}, "regarding": {"kind": "Pod"}, "note": "x"}
NODE = {"metadata": {"name": "minion-01", "selfLink": "/api/v1/nodes/minion-01"}, "status": {}}
SET = {"metadata": {"name": "s", "namespace": "n", "selfLink": "/apis/apps/v1/namespaces/n/statefulsets/s"}}
AUDIT = {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "verb": "delete", "metadata": {"name": "x"}}


def read(data: bytes) -> Batch:
    batches = list(FORMAT.read(io.BytesIO(data), ReadContext(2026)))
    return Batch(objects=pl.concat([b.objects for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def listed(kind: str, *items: object, version: str = "v1") -> dict[str, Any]:
    return {"kind": kind, "apiVersion": version, "metadata": {}, "items": list(items)}


def canonical(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


@pytest.mark.parametrize("indent", [None, 4], ids=["compact", "pretty"])
def test_a_list(indent: int | None) -> None:
    data = json.dumps(listed("List", POD, EVENT | {"kind": "Event", "apiVersion": "v1"}), indent=indent).encode()
    assert FORMAT.sniff(data, "x")
    batch = read(data)
    pod, event = batch.objects.rows(named=True)
    assert (pod["record"], pod["kind"], pod["api_version"]) == (0, "Pod", "v1")
    assert (pod["k8s_namespace_name"], pod["name"]) == ("default", "api-9jjc4")
    assert (pod["uid"], pod["resource_version"], pod["watch"], pod["document"]) == ("6434", "955", None, canonical(POD))
    assert (event["record"], event["kind"], event["uid"]) == (1, "Event", "643e")
    for row in (pod, event):
        assert data[row["offset"] : row["offset"] + 1] == b"{"
        assert json.JSONDecoder().raw_decode(data.decode()[row["offset"] :])[0]["metadata"]["uid"] == row["uid"]
        assert data.count(b"\n", 0, row["offset"]) + 1 == row["line"]
    assert dict(batch.objects.schema) == {k: v for k, v in OBJECTS.items() if k != "source_id"}


@pytest.mark.parametrize("late", [False, True], ids=["kind first", "kind last"])
def test_a_typed_list_says_what_its_items_are(late: bool) -> None:
    bare = {key: value for key, value in POD.items() if key not in ("kind", "apiVersion")}
    whole = listed("PodList", bare, bare)
    data = json.dumps(dict(reversed(whole.items())) if late else whole).encode()
    assert read(data).objects["document"].to_list() == [canonical(POD)] * 2


def test_a_bare_array_of_client_go() -> None:
    data = json.dumps([EVENT, NEW_EVENT, NODE, SET]).encode()
    assert FORMAT.sniff(data, "x")
    batch = read(data)
    assert batch.objects.select("kind", "api_version").rows() == [
        ("Event", "v1"), ("Event", "events.k8s.io/v1"), ("Node", "v1"), ("StatefulSet", "apps/v1"),
    ]  # fmt: skip
    assert json.loads(batch.objects["document"][0])["kind"] == "Event"
    assert batch.rejects.is_empty()


@pytest.mark.parametrize(
    "write",
    [
        lambda docs: "\n".join(json.dumps(doc, indent=4) for doc in docs).encode(),
        lambda docs: "".join(json.dumps(doc) for doc in docs).encode(),
        lambda docs: b"\xef\xbb\xbf" + "\r\n".join(json.dumps(doc) for doc in docs).encode(),
        lambda docs: json.dumps(docs, indent=2, ensure_ascii=False).encode(),
    ],
    ids=["pretty", "without a gap", "lines", "pretty array"],
)
def test_documents_one_after_the_other(write: Callable[[list[Any]], bytes]) -> None:
    data = write([POD, EVENT, POD])
    assert FORMAT.sniff(data, "x")
    batch = read(data)
    assert batch.objects["kind"].to_list() == ["Pod", "Event", "Pod"]
    assert batch.rejects.is_empty()
    for line, offset in batch.objects.select("line", "offset").iter_rows():
        assert data[offset : offset + 1] == b"{"
        assert data.count(b"\n", 0, offset) + 1 == line


def test_watch_events() -> None:
    told = [
        {"type": "ADDED", "object": POD},
        {"type": "BOOKMARK", "object": {"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}}},
        {"type": "DELETED", "object": POD},
        {"type": "ERROR", "object": {"kind": "Status", "apiVersion": "v1", "metadata": {}, "message": "too old resource version"}},
    ]
    data = "".join(json.dumps(event) + "\n" for event in told).encode()
    assert FORMAT.sniff(data, "x")
    batch = read(data)
    assert batch.objects.select("line", "kind", "watch").rows() == [(1, "Pod", "ADDED"), (3, "Pod", "DELETED")]
    assert batch.rejects.select("line", "reason").rows() == [(4, "the watch failed: too old resource version")]


def test_2014() -> None:
    pod = {"kind": "Pod", "apiVersion": "v1beta1", "id": "x", "uid": "u", "namespace": "n", "resourceVersion": 7}
    columns = ("k8s_namespace_name", "name", "uid", "resource_version")
    assert read(json.dumps(pod).encode()).objects.select(columns).row(0) == ("n", "x", "u", "7")


def test_an_audit_log_is_something_else() -> None:
    audit = (json.dumps(AUDIT) + "\n").encode()
    assert not FORMAT.sniff(audit * 3, "audit.log")
    assert not FORMAT.sniff((audit * 1000)[:65536], "audit.log")
    assert not FORMAT.sniff(json.dumps(listed("EventList", AUDIT, version="audit.k8s.io/v1")).encode(), "audit.json")
    batch = read(json.dumps(POD).encode() + b"\n" + audit)
    assert batch.objects.height == 1
    assert batch.rejects.select("line", "reason").rows() == [(2, "an audit log entry, no API object")]


@pytest.mark.parametrize("items", [[], None])
def test_an_empty_list_is_a_list(items: list[Any] | None) -> None:
    data = json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}).encode()
    assert FORMAT.sniff(data, "x")
    batch = read(data)
    assert batch.objects.is_empty()
    assert batch.rejects.is_empty()


@pytest.mark.parametrize("indent", [None, 4], ids=["compact", "pretty"])
def test_what_is_whole_of_a_cut_list_is_kept(indent: int | None) -> None:
    data = json.dumps(listed("PodList", POD, POD, POD), indent=indent).encode()
    batch = read(data[: data.rindex(b'"nodeName"') + 5])
    assert batch.objects.height == 2
    assert batch.rejects["reason"].to_list() == ["cut off"]
    last = data.rindex(b'"kind"')
    assert batch.rejects["offset"].item() == data.rindex(b"{", 0, last)
    assert read(data[: data.rindex(b"]")]).objects.height == 3


def test_damage_costs_one_item_of_an_indented_list() -> None:
    data = json.dumps(listed("List", POD, POD, POD), indent=4).encode()
    at = data.index(b'"nodeName"', data.index(b'"nodeName"') + 1)
    batch = read(data[:at] + b"\x00\xff\xfe" + data[at + 3 :] + b"\n" + json.dumps(POD).encode())
    assert batch.objects.height == 3
    assert batch.rejects["reason"].str.starts_with("broken JSON").to_list() == [True]


def test_a_cut_document_does_not_swallow_the_next() -> None:
    pretty = json.dumps(POD, indent=4).encode()
    cut = json.dumps({"type": "ADDED", "object": POD}).encode()[:99]
    data = pretty + b"\n" + pretty[:150] + b"\nidx,1,LOG_TIME\n" + pretty + b"\n" + cut
    batch = read(data)
    assert batch.objects["line"].to_list() == [1, pretty.count(b"\n") + pretty[:150].count(b"\n") + 4]
    assert batch.rejects.height == 2


def test_foreign_text_between_documents() -> None:
    data = b"idx,0,LOG_TIME\n" + json.dumps(POD, indent=4).encode() + b"\n==== START logs ====\n[1] x\n{} y\n" + json.dumps(POD).encode()
    assert FORMAT.sniff(data, "x")
    batch = read(data)
    assert batch.objects.height == 2
    assert batch.rejects.height >= 2


@pytest.mark.parametrize("bad", [b'"\xff"', b'"\\ud800"', b"123456789012345678901234567890", b"9" * 5000, b"[" * 100_000, b"{[]: 1}"])
def test_no_content_raises(bad: bytes) -> None:
    data = json.dumps(POD).encode().replace(b'"minion-01"', bad) + b"\n" + json.dumps(POD).encode()
    batch = read(data)
    assert batch.objects.height + batch.rejects.height == 2
    assert batch.objects["document"][-1] == canonical(POD)


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"[]",
        b"{}",
        b'[{"Id":"9c0d","State":{"Status":"running"},"Config":{"Labels":{"io.kubernetes.pod.name":"x"}}}]',
        b'{"Command":"/pause","ID":"9c0d","Image":"pause"}\n',
        b'{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1","MESSAGE":"x"}\n',
        b'{"Type":"container","Action":"die","Actor":{"ID":"x","Attributes":{}},"time":1}\n',
        b'{"ts":"2026-11-22T07:00:00Z","action":"start"}\n',
        b'{"ts":1.0,"node":"minion-01","running":["a"]}\n',
        b'{"kind":"APIGroupList","apiVersion":"v1","groups":[]}',
        b'{"kind":"Config","apiVersion":"v1","users":[]}',
        b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n",
        b"NAME READY\nx 1/1\n",
        b"\x00\x01\x02" * 100,
    ],
)
def test_others_are_not_recognised(other: bytes) -> None:
    assert not FORMAT.sniff(other, "pods.json")


def test_an_object_longer_than_the_head() -> None:
    long = POD | {"metadata": POD["metadata"] | {"annotations": {"a": "x" * 100_000}}}
    for content in (long, listed("List", long), {"type": "ADDED", "object": long}, {"apiVersion": "v1", "data": {"a": "x" * 99_999}}):
        assert FORMAT.sniff(json.dumps(content).encode()[:65536], "x")
        assert FORMAT.sniff(json.dumps(content, indent=4).encode()[:65536], "x")


LEAVES = st.none() | st.integers() | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
WRITTEN = st.tuples(st.dictionaries(st.text(), VALUES), st.sampled_from([None, 2]), st.booleans())


@given(st.lists(WRITTEN), st.integers(1, 40))
def test_the_window_does_not_matter(written: list[tuple[dict[str, Any], int | None, bool]], size: int) -> None:
    data = "\n".join(json.dumps(value, indent=indent, ensure_ascii=escaped) for value, indent, escaped in written).encode()
    reader = JsonReader(io.BytesIO(data), size)
    found = []
    while reader.peek(BETWEEN):
        value = reader.whole()
        assert isinstance(value, Value)
        assert data[value.offset :].startswith(value.text.encode())
        assert data.count(b"\n", 0, value.offset) + 1 == value.line
        found.append(value.content)
    assert found == [value for value, _, _ in written]


SHREDS = [json.dumps(POD).encode(), json.dumps(POD, indent=1).encode()[:90], b"\n", b"{", b"}", b'"', b"\xff", b"[", b"x"]


@given(st.lists(st.sampled_from(SHREDS)))
def test_any_bytes_are_read_to_the_end(parts: list[bytes]) -> None:
    read(b"".join(parts))
    FORMAT.sniff(b"".join(parts), "x")


def test_corpus(corpus: Path) -> None:
    recognised = 0
    for source in sorted(corpus.glob("captures/*/*/*.json*")):
        data = source.read_bytes()
        ours = source.parent.name == "cluster"
        assert FORMAT.sniff(data[:65536], source.name) == ours, source
        if ours and data:
            recognised += 1
            batch = read(data)
            assert batch.rejects.is_empty(), source
            if ".watch." in source.name:
                assert batch.objects["line"].to_list() == list(range(1, data.count(b"\n") + 1))
    assert recognised
    assert not [source for source in corpus.glob("captures/*/cluster/audit.log") if FORMAT.sniff(source.read_bytes()[:65536], source.name)]


def test_a_secret_is_kept_without_what_it_holds() -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "default", "annotations": {"last-applied": "aHVudGVyMg=="}},
        "data": {"password": "aHVudGVyMg=="},
        "stringData": {"password": "hunter2"},
    }
    [batch] = list(FORMAT.read(io.BytesIO(json.dumps(secret).encode()), ReadContext(2026)))
    assert batch.objects["name"].to_list() == ["s"]
    assert "hunter2" not in batch.objects["document"][0]
    assert "aHVudGVyMg" not in batch.objects["document"][0]


KILLED = {
    "metadata": {"name": "web-1.1", "namespace": "default", "creationTimestamp": "2026-11-22T08:35:21Z"}, "reason": "Killing",
    "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": "default"}, "message": "Stopping container web",
    "source": {"component": "kubelet", "host": "n1"}, "firstTimestamp": "2026-11-22T08:35:21Z",
}  # fmt: skip


def happened(text: str) -> list[tuple[object, ...]]:
    known = formats.detect(text.encode(), "")
    assert known is FORMAT
    events = pl.concat([understand(batch, known.family) for batch in known.read(io.BytesIO(text.encode()), ReadContext(2026))])
    return events.select("kind", "node", "k8s_namespace_name", "k8s_pod_name", pl.col("time").dt.strftime("%T")).rows()


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({**KILLED, "clusterName": "c", "involvedObject": {**KILLED["involvedObject"], "labels": {"a": "b"}}}),  # type: ignore[dict-item]
        json.dumps({"verb": "ADDED", "event": KILLED, "old_event": None}),
        json.dumps({"verb": "UPDATED", "event": KILLED, "old_event": {**KILLED, "reason": "Other"}}),
    ],
)
def test_what_exporters_write(text: str) -> None:
    assert happened(text) == [("pod_container_killing", "n1", "default", "web-1", "08:35:21")]


def test_events_of_v1beta1() -> None:
    item = {
        "id": "web-1.1", "namespace": "default", "creationTimestamp": "2015-02-21T02:59:53Z", "reason": "killing", "message": "x",
        "involvedObject": {"kind": "Pod", "namespace": "default", "name": "web-1"}, "source": "kubelet", "host": "n1",
    }  # fmt: skip
    events = {"kind": "EventList", "apiVersion": "v1beta1", "items": [item, {**item, "timestamp": "2015-02-21T02:59:52Z"}]}
    killed = ("pod_container_killing", "n1", "default", "web-1")
    assert happened(json.dumps(events, indent=4)) == [(*killed, "02:59:53"), (*killed, "02:59:52")]


def table(columns: list[str], cells: list[object], whole: dict[str, object] | None) -> str:
    rows = [{"cells": cells, "object": whole}]
    return json.dumps({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": [{"name": name} for name in columns], "rows": rows,
    })  # fmt: skip


EVENT_COLUMNS = ["Last Seen", "Type", "Reason", "Object", "Subobject", "Source", "Message", "First Seen", "Count", "Name"]
EVENT_CELLS: list[object] = ["3m", "Normal", "Killing", "pod/web-1", "", "kubelet, n1", "Stopping container web", "3m", 1, "web-1.1"]


def test_a_table_of_events() -> None:
    metadata = {"name": "web-1.1", "namespace": "default", "creationTimestamp": "2026-11-22T08:35:21Z", "resourceVersion": "7"}
    whole: dict[str, object] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    assert happened(table(EVENT_COLUMNS, EVENT_CELLS, whole)) == [("pod_container_killing", "n1", "default", "web-1", "08:35:21")]


def test_other_tables() -> None:
    metadata = {"name": "web-1", "namespace": "default", "uid": "u1", "resourceVersion": "7"}
    whole: dict[str, object] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    text = table(["Name", "Ready", "Status", "Restarts", "Node"], ["web-1", "1/1", "Running", 0, "n1"], whole)
    (batch,) = FORMAT.read(io.BytesIO(text.encode()), ReadContext(2026))
    (row,) = batch.objects.rows(named=True)
    assert (row["kind"], row["uid"], row["resource_version"], json.loads(row["document"])["spec"]) == (
        "Pod",
        "u1",
        None,
        {"nodeName": "n1"},
    )
    (batch,) = FORMAT.read(io.BytesIO(table(["Name", "Age"], ["x", "3m"], None).encode()), ReadContext(2026))
    assert batch.rejects["reason"].to_list() == ["a row of a Table of unknown kind"]


def test_logs_between_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    log = '==== START logs for container web of pod default/web-1 ====\n{\n[INFO] x\n{"kind": 1}\n'
    end = "==== END logs for container web of pod default/web-1 ====\n"
    document = json.dumps({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-1"}}, indent=4) + "\n"
    for size in (1, 7, 100, 10_000):
        monkeypatch.setattr(api_json, "JsonReader", partial(JsonReader, size=size))
        batches = [*FORMAT.read(io.BytesIO((document + log + end + document + log).encode()), ReadContext(2026))]
        assert sum(batch.objects.height for batch in batches) == 2
        reasons = [reason for batch in batches for reason in batch.rejects["reason"]]
        assert reasons == ["log of container web of pod default/web-1: not read here"] * 2


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Pod", {"containers": []}),
        ("Deployment", {"replicas": 1, "template": {}, "selector": {"matchLabels": {}}, "strategy": {}}),
        ("StatefulSet", {"replicas": 1, "template": {}, "selector": {}, "serviceName": "a", "updateStrategy": {}}),
        ("ReplicaSet", {"replicas": 1, "template": {}, "selector": {"matchLabels": {"a": "b"}}}),
        ("ReplicationController", {"replicas": 1, "template": {}, "selector": {"a": "b"}}),
    ],
)
def test_dumps_without_kind_or_link_tell_it_by_what_they_hold(kind: str, spec: dict[str, Any]) -> None:
    """client-go decodes items without their kind, and the API writes no selfLink since 1.20."""
    item = {"metadata": {"name": "a", "namespace": "b", "uid": "c"}, "spec": spec, "status": {}}
    node = {"metadata": {"name": "n"}, "spec": {}, "status": {"nodeInfo": {}}}
    other = {"metadata": {"name": "o"}, "spec": {"replicas": 1}, "status": {}}
    batch = read(json.dumps([item, node, other]).encode())
    assert batch.objects["kind"].to_list() == [kind, "Node"]
    assert batch.rejects["reason"].to_list() == ["not a Kubernetes object"]


ITEMS = [POD, EVENT | {"kind": "Event", "apiVersion": "v1"}, NODE | {"kind": "Node", "apiVersion": "v1", "é": [{"a": {}}, {}]}]
BETWEEN_ITEMS = st.sampled_from([",\n    ", ",\r\n    ", "\n    ,", "\n    , ", ",", ", ", ",\n", ",\n      ", ",,\n    ", " ,\n    "])
WRITTEN = st.sampled_from([None, 0, 2, 4]).flatmap(lambda indent: st.sampled_from([json.dumps(item, indent=indent) for item in ITEMS]))
BROKEN = st.sampled_from(
    ['{"kind": "Pod", "apiVersion": "v1", "metadata": {}, "a": 1e999}', '{"kind": 1', "{", "5", '{"a": "\\ud800"}', '{"a": 01}']
)


@given(st.lists(st.tuples(WRITTEN | BROKEN, BETWEEN_ITEMS), min_size=1, max_size=8), st.sampled_from([7, 200, 10_000]))
def test_a_list_however_it_is_indented(items: list[tuple[str, str]], size: int) -> None:
    """What is plain to see is read as what is looked at item by item."""
    text = '{"kind": "List", "apiVersion": "v1", "items": [\n    ' + "".join(item + gap for item, gap in items[:-1]) + items[-1][0] + "\n]}"
    data = text.replace("\n", "\n    ").encode()

    def made(alike: Callable[[JsonReader], Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(api_json, "JsonReader", partial(JsonReader, size=size))
            patch.setattr(JsonReader, "alike", alike)
            batch = read(data)
        return batch.objects, batch.rejects

    quick, slow = made(JsonReader.alike), made(lambda _: iter(()))
    assert quick[0].equals(slow[0])
    assert quick[1].equals(slow[1])


def test_an_indented_list_goes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    data = json.dumps(listed("List", *(POD | {"n": n} for n in range(1000))), indent=4, ensure_ascii=False).encode()
    seen: list[int] = []
    whole = JsonReader.whole
    monkeypatch.setattr(JsonReader, "whole", lambda reader: seen.append(1) or whole(reader))  # type: ignore[func-returns-value]
    assert read(data).objects.height == 1000
    assert len(seen) < 10
