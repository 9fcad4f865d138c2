"""JSON of docker events, in every shape that docker has given it."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.runtimes.docker_json import FORMAT
from analyzer.vocabulary import RECORDS, REJECTS

ID = "9c0d1ac1f1f7a3c5d3d7f5b1a1a2e3b4c5d6e7f8091a2b3c4d5e6f708192a3b4"
ATTRIBUTES = {
    "annotation.io.kubernetes.container.ports": '[{"name":"dns","containerPort":53}]',
    "annotation.io.kubernetes.container.restartCount": "18",
    "exitCode": "137",
    "image": "sha256:bfe3",
    "io.kubernetes.pod.name": "coredns-h88lr",
    "name": "k8s_coredns_coredns-h88lr_kube-system_19cf7564_18",
    "release": "12",
}
DIE = {
    "status": "die",
    "id": ID,
    "from": "sha256:bfe3",
    "Type": "container",
    "Action": "die",
    "Actor": {"ID": ID, "Attributes": ATTRIBUTES},
    "scope": "local",
    "time": 1609840802,
    "timeNano": 1609840802345678901,
}
NETWORK = {
    "Type": "network",
    "Action": "connect",
    "Actor": {"ID": "b3ab", "Attributes": {"container": ID, "name": "bridge", "type": "bridge"}},
    "time": 1609840803,
    "timeNano": 1609840803000000000,
}
UNTYPED = {"status": "start", "id": ID, "from": "busybox:latest", "time": 1434622957}


def read(data: bytes) -> Batch:
    batches = list(FORMAT.read(io.BytesIO(data), ReadContext(2026)))
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def lines(*events: object) -> bytes:
    return b"".join(json.dumps(event, separators=(",", ":")).encode() + b"\n" for event in events)


def test_a_line_becomes_a_record() -> None:
    data = lines(DIE, NETWORK)
    batch = read(data)
    die, network = batch.records.rows(named=True)
    assert die["time"] == datetime(2021, 1, 5, 10, 0, 2, 345678, tzinfo=UTC)
    assert (die["resolution_us"], die["line"], die["offset"], die["record"], die["identifier"]) == (1, 1, 0, 0, "docker")
    assert die["message"] == f"container die {ID}"
    assert json.loads(die["fields"]) == {key: ATTRIBUTES[key] for key in sorted(ATTRIBUTES) if key != "release" and ".ports" not in key}
    assert list(json.loads(die["fields"])) == sorted(json.loads(die["fields"]))
    assert die["raw"].encode() + b"\n" == data[: network["offset"]]
    assert (network["line"], network["message"], network["node"]) == (2, "network connect b3ab", None)
    assert json.loads(network["fields"]) == {"container": ID, "name": "bridge"}
    assert dict(batch.records.schema) == {k: v for k, v in RECORDS.items() if k != "source_id"}
    assert dict(batch.rejects.schema) == {k: v for k, v in REJECTS.items() if k != "source_id"}
    assert batch.rejects.is_empty()


def test_before_1_10_there_are_seconds_and_no_type() -> None:
    pull = {"status": "pull", "id": "busybox:latest", "time": 1434622950}
    batch = read(lines(pull, UNTYPED, UNTYPED | {"timeNano": 1434622957123456789}))
    assert batch.records["message"].to_list() == ["image pull busybox:latest", f"container start {ID}", f"container start {ID}"]
    assert batch.records["resolution_us"].to_list() == [1_000_000, 1_000_000, 1]
    assert batch.records["fields"].to_list() == [None, '{"image":"busybox:latest"}', '{"image":"busybox:latest"}']


def test_since_29_there_is_no_status() -> None:
    modern = {key: value for key, value in DIE.items() if key not in ("status", "id", "from")}
    kept = [column for column in RECORDS if column not in ("source_id", "raw")]
    assert read(lines(modern)).records.select(kept).equals(read(lines(DIE)).records.select(kept))


def test_no_identity() -> None:
    prune = {"Type": "container", "Action": "prune", "Actor": {"ID": "", "Attributes": {"reclaimed": "1024"}}, "time": 1, "timeNano": 1}
    assert read(lines(prune)).records.select("message", "fields").row(0) == ("container prune", None)


@pytest.mark.parametrize(
    "write",
    [
        lambda events: json.dumps(events).encode(),
        lambda events: json.dumps(events, indent=2).encode(),
        lambda events: "\n".join(json.dumps(event, indent=4) for event in events).encode(),
        lambda events: b"".join(b"\x1e" + json.dumps(event).encode() + b"\n" for event in events),
        lambda events: b"\xef\xbb\xbf" + lines(*events).replace(b"\n", b"\r\n"),
        lambda events: b"\n\n" + lines(*events).replace(b"\n", b"\n\n"),
    ],
    ids=["array", "pretty array", "pretty", "sequence", "windows", "blank lines"],
)
def test_however_they_are_strung_together(write: object) -> None:
    events = [DIE, NETWORK, UNTYPED]
    data = write(events)  # type: ignore[operator]
    assert FORMAT.sniff(data[:65536], "x")
    batch = read(data)
    same = [column for column in RECORDS if column not in ("source_id", "raw", "line", "offset")]
    assert batch.rejects.is_empty()
    assert batch.records.select(same).equals(read(lines(*events)).records.select(same))
    for line, offset, raw in batch.records.select("line", "offset", "raw").iter_rows():
        assert data[offset:].lstrip(b"\x1e").startswith(raw.encode())
        assert data.count(b"\n", 0, offset) + 1 == line


def test_what_cannot_be_read_is_told() -> None:
    data = lines(DIE) + b"\x00\xff garbage\n" + lines({"hello": 1}) + lines(DIE | {"timeNano": 2**70}) + lines(DIE)[:200]
    batch = read(data)
    assert batch.records.height == 1
    assert batch.rejects["line"].to_list() == [2, 3, 4, 5]
    assert [data[offset : offset + 2] for offset in batch.rejects["offset"]] == [b"\x00\xff", b'{"', b'{"', b'{"']
    assert batch.rejects["reason"].to_list()[1] == "no time"


def test_a_broken_array_keeps_the_others() -> None:
    data = json.dumps([DIE, NETWORK, DIE, NETWORK], indent=2).encode()
    cut = read(data[:-200])
    assert (cut.records.height, cut.rejects["reason"].to_list()) == (3, ["cut off"])
    hurt = read(data.replace(b'"status": "die"', b'"status"\x00"die"', 1))
    assert (hurt.records["message"].to_list()[0], hurt.rejects.height) == ("network connect b3ab", 1)
    assert hurt.records.height == 3


@pytest.mark.parametrize(
    "other",
    [
        b"",
        b"[]\n",
        b'{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1","MESSAGE":"x"}\n',
        b'[\n {\n  "Id": "9c0d",\n  "State": {"Status": "running"}\n }\n]',
        b'{"Command":"\\"/pause\\"","ID":"9c0d","Image":"pause","Status":"Up 1 second"}\n',
        b'{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{}}}\n',
        b'{"ts":"2026-11-22T07:00:00Z","action":"start","status":"ok","id":"x","time":1}\n',
        b"2021-01-05T10:00:00.1Z container die 9c0d (exitCode=0)\n",
        b"\x00\x01\x02" * 100,
    ],
)
def test_others_are_not_recognised(other: bytes) -> None:
    assert not FORMAT.sniff(other, "docker-events.json")


def test_the_head_may_end_within_an_event() -> None:
    assert FORMAT.sniff((lines(DIE) * 200)[:65536], "x")
    assert FORMAT.sniff(json.dumps([DIE] * 200).encode()[:65536], "x")


def test_corpus(corpus: Path) -> None:
    sources = sorted(corpus.glob("captures/*/*/docker-events.jsonl"))
    assert sources
    for source in sources:
        data = source.read_bytes()
        batch = read(data)
        assert FORMAT.sniff(data[:65536], source.name)
        assert (batch.records.height, batch.rejects.height) == (data.count(b"\n"), 0), source
    assert not [s for s in corpus.glob("captures/*/*/docker-[ip]*.json*") if FORMAT.sniff(s.read_bytes()[:65536], s.name)]


@pytest.mark.parametrize("name", [b"k8s_\\udc00", b"k8s_\xed\xa0\x80", b"k8s_\xff"])
def test_what_is_no_character_is_no_reason_to_stop(name: bytes) -> None:
    event = b'{"Type":"container","Action":"die","Actor":{"ID":"%s","Attributes":{"name":"%s"}},"time":1,"timeNano":1000000000}\n'
    content = event % (b"a" * 64, name)
    FORMAT.sniff(content, "docker-events.jsonl")
    [batch] = list(FORMAT.read(io.BytesIO(content), ReadContext(2026)))
    assert batch.records.height + batch.rejects.height == 1
