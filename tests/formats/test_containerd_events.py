"""What ``ctr events`` prints."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.runtimes.containerd_events import FORMAT, JSON
from analyzer.vocabulary import RECORDS

EXIT = (
    "2026-11-22 08:39:54.239402707 +0000 UTC k8s.io /tasks/exit "
    '{"container_id":"8e70","id":"8e70","pid":2050,"exited_at":"2026-11-22T08:39:54.23Z"}\n'
)
KILLED = EXIT.replace('"pid"', '"exit_status":137,"pid"').replace(".239402707", ".2")
UPDATE = (
    "2026-11-22 08:35:21 +0000 UTC k8s.io /containers/update "
    '{"id":"bee1","image":"pause:3.6","labels":{"io.cri-containerd.kind":"sandbox","io.kubernetes.pod.name":"p","release":"12"}}\n'
)


def read(data: bytes) -> Batch:
    batches = list(FORMAT.read(io.BytesIO(data), ReadContext(2026)))
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def test_lines_become_records() -> None:
    batch = read((EXIT + KILLED + UPDATE).encode())
    ended, killed, updated = batch.records.rows(named=True)
    assert ended["message"] == "/tasks/exit 8e70"
    assert ended["time"] == datetime(2026, 11, 22, 8, 39, 54, 239402, tzinfo=UTC)
    assert json.loads(ended["fields"]) == {
        "container_id": "8e70", "id": "8e70", "pid": 2050, "exit_status": 0, "exited_at": "2026-11-22T08:39:54.23Z", "namespace": "k8s.io",
    }  # fmt: skip
    assert killed["time"] == datetime(2026, 11, 22, 8, 39, 54, 200000, tzinfo=UTC)
    assert json.loads(killed["fields"])["exit_status"] == 137
    assert updated["time"] == datetime(2026, 11, 22, 8, 35, 21, tzinfo=UTC)
    assert (updated["message"], updated["identifier"], updated["resolution_us"]) == ("/containers/update bee1", "containerd", 1)
    assert json.loads(updated["fields"])["labels"] == {"io.cri-containerd.kind": "sandbox", "io.kubernetes.pod.name": "p"}
    assert json.loads(updated["fields"])["container_id"] == "bee1"
    assert "exit_status" not in json.loads(updated["fields"])
    assert batch.records["offset"].to_list() == [0, len(EXIT), len(EXIT + KILLED)]
    assert dict(batch.records.schema) == {k: v for k, v in RECORDS.items() if k != "source_id"}


def test_the_end_as_an_object() -> None:
    line = EXIT.replace('"2026-11-22T08:39:54.23Z"', '{"seconds":1795336794,"nanos":230000000}')
    assert json.loads(read(line.encode()).records["fields"][0])["exited_at"] == "2026-11-22T08:39:54.230000000Z"


def test_damage() -> None:
    data = EXIT.encode() + b"\x00\xff\n" + (EXIT.replace("2026-11", "2026-13") + EXIT.replace("2050", "x") + EXIT[:90]).encode()
    batch = read(data)
    assert (batch.records.height, batch.rejects["line"].to_list()) == (1, [2, 3, 4, 5])
    assert batch.rejects["reason"].to_list()[:2] == ["no containerd event", "no such date"]


def test_windows_line_ends() -> None:
    plain, windows = read((EXIT + UPDATE).encode()), read((EXIT + UPDATE).replace("\n", "\r\n").encode())
    assert plain.records.drop("offset").equals(windows.records.drop("offset"))


@pytest.mark.parametrize("other", [b"", b"2026-11-22 08:39:54 host kubelet: x\n", b'{"a":1}\n', b"\x00\x01" * 50])
def test_others_are_not_recognised(other: bytes) -> None:
    assert not FORMAT.sniff(other, "containerd-events.txt")


def test_corpus(corpus: Path) -> None:
    sources = sorted(corpus.glob("captures/*/*/containerd-events.txt"))
    assert sources
    for source in sources:
        data = source.read_bytes()
        batch = read(data)
        assert FORMAT.sniff(data[:65536], source.name)
        assert (batch.records.height, batch.rejects.height) == (data.count(b"\n"), 0), source
        assert not batch.records["message"].str.ends_with(" ").any()


def as_json(line: str) -> str:
    """As ``nerdctl events --format json`` wraps what ctr prints."""
    date, clock, _, _, namespace, topic, content = line.strip().split(" ", 6)
    return json.dumps(
        {"Timestamp": f"{date}T{clock}Z", "ID": "", "Namespace": namespace, "Topic": topic, "Status": "unknown", "Event": content}
    )


def test_json_says_the_same() -> None:
    lines = [EXIT, KILLED, UPDATE]
    data = "\n\n".join(map(as_json, lines)).encode()
    assert formats.detect(data, "events") is JSON
    (batch,) = JSON.read(io.BytesIO(data), ReadContext(2026))
    told = read("".join(lines).encode()).records
    assert batch.rejects.is_empty()
    assert batch.records.drop("line", "offset", "raw").equals(told.drop("line", "offset", "raw"))


def test_damaged_json() -> None:
    good = as_json(EXIT)
    lines = [
        good,
        good.replace("2026-11", "2026-13"),
        good.replace("/tasks", "tasks"),
        good.replace("54.239402707Z", "54"),
        "{}",
        good[:-5],
    ]
    batch = next(JSON.read(io.BytesIO("\n".join(lines).encode()), ReadContext(2026)))
    assert (batch.records.height, batch.rejects["line"].to_list()) == (1, [2, 3, 4, 5, 6])


@pytest.mark.parametrize("content", ["", " ", " null", " {}"])
def test_an_event_without_content(content: str) -> None:
    batch = read(f"2026-11-22 08:39:54 +0000 UTC k8s.io /namespaces/create{content}\n".encode())
    assert batch.records["message"].to_list() == ["/namespaces/create"]
