"""Exports of collectors: Cloud Logging, Elasticsearch, Loki and what resembles them."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats, grammars
from analyzer.formats import mixed_text
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.containers import log_export_fields
from analyzer.formats.containers.log_export import ANY, CLOUD, LogExport, epoch

KLOG = "I0803 09:31:14.768503    1675 kubelet.go:1439] x"
AT = "2021-08-03T09:31:14.768612345Z"
MOMENT = datetime(2021, 8, 3, 9, 31, 14, 768612, UTC)
JOURNAL = {
    "MESSAGE": KLOG,
    "_PID": "7",
    "_HOSTNAME": "h",
    "_BOOT_ID": "b",
    "_SYSTEMD_UNIT": "kubelet.service",
    "SYSLOG_IDENTIFIER": "kubelet",
}
NODE = {"type": "k8s_node", "labels": {"node_name": "n"}}


def entry(insert: str, **others: Any) -> dict[str, Any]:
    return {"insertId": insert, "logName": "projects/p/logs/kubelet", "timestamp": AT, "resource": NODE, **others}


def read(known: LogExport, text: str) -> Batch:
    batches = list(known.read(io.BytesIO(text.encode()), ReadContext(2026)))
    parts = [[getattr(b, name) for b in batches] for name in ("records", "objects", "rejects")]
    return Batch(*(pl.concat(some) for some in parts))


def one(known: LogExport, content: Any) -> dict[str, Any]:
    text = json.dumps(content)
    assert [f.name for f in formats.REGISTRY if f is not mixed_text.FORMAT and f.sniff(text.encode(), "x")] == [known.name]
    batch = read(known, text)
    assert batch.rejects.is_empty()
    return batch.records.row(0, named=True)


def test_an_entry_of_the_journal() -> None:
    got = one(CLOUD, entry("a", jsonPayload={**JOURNAL, "MESSAGE_ID": "c"}))
    assert (got["time"], got["resolution_us"], got["pid"], got["boot_id"]) == (MOMENT, 1, 7, "b")
    assert (got["node"], got["unit"], got["identifier"], got["message"]) == ("n", "kubelet.service", "kubelet", KLOG)
    assert orjson.loads(got["fields"]) == {"MESSAGE_ID": "c"}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("wrap", [lambda some: some, lambda some: [some], lambda some: {"entries": [some]}])
def test_lines_arrays_and_answers(indent: int | None, wrap: Callable[[Any], Any]) -> None:
    text = json.dumps(wrap(entry("a", textPayload="x\n")), indent=indent)
    assert CLOUD.sniff(text.encode(), "x")
    assert read(CLOUD, f"{text}\n").records["message"].to_list() == ["x"]


def test_what_gcloud_prints() -> None:
    text = (
        f"# a comment\ninsertId: a\nlogName: projects/p/logs/kubelet\ntextPayload: |\n  {KLOG}\ntimestamp: '{AT}'\n"
        f"---\ninsertId: b\njsonPayload:\n  MESSAGE: y\n  _PID: '5'\nlogName: x\ntimestamp: '{AT}'\n---\nbad: : :\n---\n- insertId: c\n"
        f"  textPayload: z\n  timestamp: {AT}\n---\nfoo\n"
    )
    assert [f.name for f in formats.REGISTRY if f is not mixed_text.FORMAT and f.sniff(text.encode(), "x")] == ["cloud-logging"]
    batch = read(CLOUD, text)
    assert batch.records["message"].to_list() == [KLOG, "y", "z"]
    assert batch.records["pid"].to_list() == [1675, 5, None]
    assert batch.records["identifier"].to_list() == ["kubelet", None, None]
    assert batch.records["line"].to_list() == [1, 7, 17]
    assert batch.rejects["line"].to_list() == [14, 20]


def test_older_names() -> None:
    labels = {"compute.googleapis.com/resource_name": "gke-1"}
    old = {"insertId": "a", "log": "kubelet", "metadata": {"timestamp": AT, "labels": labels}, "structPayload": {"message": KLOG}}
    got = one(CLOUD, old)
    assert (got["node"], got["identifier"], got["time"], got["message"]) == ("gke-1", "kubelet", MOMENT, KLOG)
    assert one(CLOUD, entry("b", struct_payload=JOURNAL))["unit"] == "kubelet.service"


def test_a_container_says_its_name() -> None:
    pod = {"container_name": "c", "pod_name": "p", "namespace_name": "s"}
    got = one(
        CLOUD,
        entry(
            "a", textPayload="x", resource={"type": "k8s_container", "labels": pod}, labels={"compute.googleapis.com/resource_name": "n"}
        ),
    )
    assert (got["identifier"], got["node"], got["unit"]) == ("c", "n", None)
    assert orjson.loads(got["fields"]) == {"k8s_container_name": "c", "k8s_namespace_name": "s", "k8s_pod_name": "p"}


def test_what_was_given_before_is_counted_and_dropped() -> None:
    lines = [
        entry("a", textPayload="x"),
        entry("b", textPayload="y"),
        entry("a", textPayload="x"),
        entry("a", textPayload="z", timestamp="2021-08-03T09:31:15Z"),
    ]
    batch = read(CLOUD, "\n".join(map(json.dumps, lines)))
    assert batch.records["message"].to_list() == ["x", "y", "z"]
    assert batch.rejects["line"].to_list() == [3]
    assert "insertId" in batch.rejects["reason"][0]


def test_what_was_given_before_is_known_in_later_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.formats.containers.log_export._SLICE", 2)
    lines = [entry(f"{number % 7}", textPayload=str(number)) for number in range(20)]
    batch = read(CLOUD, "\n".join(map(json.dumps, lines)))
    assert batch.records["message"].to_list() == [str(number) for number in range(7)]
    assert batch.records["record"].to_list() == list(range(7))
    assert batch.rejects.height == 13


def test_half_a_surrogate_pair_and_keys_that_json_has_not() -> None:
    lines = [
        entry("\ud800", textPayload="\ud800"),
        entry("b", jsonPayload={"a": "\ud800"}),
        entry("c", jsonPayload={"_HOSTNAME": "\ud800"}),
    ]
    batch = read(CLOUD, "\n".join(map(json.dumps, lines)))
    assert (batch.records.height, batch.rejects.height) == (3, 0)
    batch = read(CLOUD, f"insertId: a\nlogName: x\ntimestamp: {AT}\njsonPayload:\n  1: x\n  a: .nan\n")
    assert (batch.records.height, batch.rejects.height) == (1, 0)


def test_a_moment_of_the_journal_that_is_none() -> None:
    batch = read(CLOUD, json.dumps(entry("a", jsonPayload={**JOURNAL, "__REALTIME_TIMESTAMP": "0" * 16})))
    assert batch.records["time"].to_list() == [MOMENT]


def test_kubernetes_events_are_objects() -> None:
    about = {"kind": "Node", "name": "n1"}
    event = {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "n1.1", "namespace": "default"}, "involvedObject": about}
    told = {**event, "reason": "NodeNotReady", "message": "Node n1 status is now: NodeNotReady", "source": {"component": "node-controller"}}
    batch = read(CLOUD, json.dumps(entry("a", jsonPayload=told, logName="projects/p/logs/events")))
    assert batch.records.is_empty()
    (row,) = grammars.understand(batch, CLOUD.family).iter_rows(named=True)
    assert (row["kind"], row["node"], row["time"].replace(microsecond=0)) == ("node_not_ready", "n1", MOMENT.replace(microsecond=0))


def test_klog_whose_header_was_taken_apart() -> None:
    parts = {"message": "x", "pid": "1675", "source": "kubelet.go:1439"}
    got = one(CLOUD, entry("a", jsonPayload=parts, severity="INFO", timestamp="2021-08-03T09:31:14.768503Z"))
    assert (got["message"], got["pid"]) == (KLOG, 1675)
    coarse = one(CLOUD, entry("a", jsonPayload=parts, severity="INFO", timestamp="2021-08-03T09:31:14.768Z"))
    assert (coarse["message"], coarse["resolution_us"]) == ("x", 1000)  # the header's microseconds are lost: none are made up
    assert one(CLOUD, entry("a", jsonPayload=parts))["message"] == "x"


def test_klog_that_was_taken_apart_as_json() -> None:
    line = {
        "ts": 1627983074768.5,
        "caller": "kubelet/kubelet.go:1439",
        "msg": "SyncLoop ADD",
        "v": 2,
        "pods": [{"name": "a", "namespace": "b"}],
    }
    got = one(CLOUD, entry("a", jsonPayload=line))
    assert orjson.loads(got["message"]) == line


@pytest.mark.parametrize(
    "content",
    [
        {"@timestamp": AT, "message": KLOG, "hostname": "n", "SYSTEMD_UNIT": "kubelet.service"},
        {"@timestamp": AT, "MESSAGE": KLOG, "_HOSTNAME": "n", "_SYSTEMD_UNIT": "kubelet.service"},
        {
            "_index": "x",
            "_source": {"@timestamp": AT, "message": KLOG + "\n", "host": {"name": "n"}, "systemd": {"unit": "kubelet.service"}},
        },
        {"took": 1, "hits": {"hits": [{"_source": {"@timestamp": AT, "log": KLOG, "host": "n", "systemd.unit": "kubelet.service"}}]}},
        {"timestamp": AT, "line": KLOG, "labels": {"unit": "kubelet.service", "nodename": "n"}},
        {
            "status": "success",
            "data": {
                "resultType": "streams",
                "result": [{"stream": {"unit": "kubelet.service", "hostname": "n"}, "values": [["1627983074768612345", KLOG]]}],
            },
        },
        {"time": AT, "log": KLOG, "hostname": "n", "systemd_unit": "kubelet.service"},
        {"ts": 1627983074.768612, "message": KLOG, "hostname": "n", "SYSTEMD_UNIT": "kubelet.service"},
    ],
)
def test_a_kubelet_in_every_shape(content: Any) -> None:
    got = one(ANY, content)
    assert (got["time"], got["resolution_us"], got["node"]) == (MOMENT, 1, "n")
    assert (got["message"], got["unit"], got["identifier"], got["pid"]) == (KLOG, "kubelet.service", "kubelet", 1675)


def test_the_filter_of_fluentd() -> None:
    kubernetes = {"pod_name": "p", "namespace_name": "s", "container_name": "c", "host": "n"}
    got = one(ANY, {"@timestamp": "2021-08-03T09:31:14.768Z", "log": "x\n", "stream": "stdout", "kubernetes": kubernetes})
    assert (got["message"], got["identifier"], got["node"], got["resolution_us"]) == ("x", "c", "n", 1000)


def test_the_journals_own_times_go_first() -> None:
    got = one(ANY, {"@timestamp": "2021-08-03T09:31:20Z", "message": "x", "_SOURCE_REALTIME_TIMESTAMP": "1627983074768612"})
    assert (got["time"], got["resolution_us"]) == (MOMENT, 1)
    got = one(ANY, {"@timestamp": AT, "message": "x", "_SOURCE_REALTIME_TIMESTAMP": "soon"})
    assert got["time"] == MOMENT


@pytest.mark.parametrize(
    "content",
    [
        {"ts": 1580306777.04728, "caller": "kubelet/kubelet.go:2117", "msg": "SyncLoop ADD", "v": 2},
        {"log": KLOG + "\n", "stream": "stderr", "time": AT},
        {"level": "info", "ts": 1580306777.04728, "caller": "a.go:1", "msg": "x"},
        {"level": "info", "time": AT, "msg": "x"},
        {"__REALTIME_TIMESTAMP": "1627983074768612", "MESSAGE": KLOG, "_HOSTNAME": "n"},
        {"status": "start", "id": "a" * 64, "from": "x", "time": 1627983074},
        {"kind": "Event", "apiVersion": "v1", "metadata": {"name": "a"}, "involvedObject": {}, "message": "x", "time": AT},
        {"kind": "Event", "apiVersion": "audit.k8s.io/v1", "auditID": "a", "stage": "x", "timestamp": AT, "message": "x", "hostname": "n"},
        {"@timestamp": "yesterday", "message": "x"},
        {"@timestamp": AT, "text": "x"},
        {"message": KLOG, "hostname": "n"},
    ],
)
def test_what_others_own_is_left_to_them(content: Any) -> None:
    text = (json.dumps(content) + "\n").encode() * 3
    assert not ANY.sniff(text, "x")
    assert not CLOUD.sniff(text, "x")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("1627983074", (1627983074_000000, 0)),
        ("1627983074.5", (1627983074_500000, 1)),
        ("1627983074768", (1627983074_768000, 3)),
        ("1627983074768.61", (1627983074_768610, 5)),
        ("1627983074768612", (1627983074_768612, 6)),
        ("1627983074768612345", (1627983074_768612, 9)),
        ("12", None),
        ("000000000", None),
        ("-1627983074", None),
        ("1e9", None),
    ],
)
def test_unix_times(written: str, found: tuple[int, int] | None) -> None:
    assert epoch(written) == found


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from([AT, KLOG, "1627983074"])
)
KEYS = st.sampled_from(
    [*JOURNAL, "insertId", "timestamp", "@timestamp", "ts", "textPayload", "message", "msg", "line", "host", "name", "log"]
)
NESTED = st.sampled_from(
    ["jsonPayload", "resource", "labels", "kubernetes", "_source", "hits", "data", "result", "entries", "involvedObject", "metadata"]
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | NESTED, inner, max_size=5), max_leaves=12)


@given(st.lists(VALUES | st.dictionaries(KEYS | NESTED, VALUES, max_size=8), max_size=6))
def test_never_raises_and_loses_nothing(contents: list[Any]) -> None:
    text = "".join(json.dumps(content) + "\n" for content in contents if isinstance(content, dict))
    for known in (CLOUD, ANY):
        known.sniff(text.encode(), "x")
        batch = read(known, "{}\n" + text)
        grammars.understand(batch, known.family)
        lines = {*batch.records["line"], *batch.objects["line"], *batch.rejects["line"]}
        empty = {n for n, line in enumerate(text.splitlines(), 2) if not list(log_export_fields.unfolded(orjson.loads(line)))}
        assert lines | empty == set(range(1, 2 + text.count("\n")))


@pytest.mark.corpus
def test_real_entries_of_cloud_logging(corpus_sample: Callable[[str], Path]) -> None:
    files = sorted(corpus_sample("kubelet/khi-cloud-logging").glob("*.yaml"))
    assert files
    for file in files:
        data = file.read_bytes()
        assert formats.detect(data, file.name) is CLOUD
        row = read(CLOUD, data.decode()).records.row(0, named=True)
        assert row["node"] == "gke-sample-cluster-default-abcdefgh-abcd"
        assert row["identifier"] == row["unit"].removesuffix(".service") == file.name.split("_")[0]
