"""Containers' logs in the wrappings of their runtimes."""

import io
import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats import mixed_text
from analyzer.formats.base import HEAD, Batch, ReadContext
from analyzer.formats.containers.container_log import CRI, JSON_FILE, STAMPED, ContainerLog

T = "2021-09-14T09:49:03.287548376Z"
KLOG = "I0914 09:49:03.287000      12 event.go:291] x"


def read(known: ContainerLog, text: str | bytes) -> Batch:
    batches = list(known.read(io.BytesIO(text.encode() if isinstance(text, str) else text), ReadContext(2026)))
    batches.append(Batch())
    return Batch(pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def messages(known: ContainerLog, text: str) -> list[str]:
    batch = read(known, text)
    assert batch.rejects.is_empty()
    return batch.records["message"].to_list()


def detected(text: str) -> str | None:
    known = [f.name for f in formats.REGISTRY if f is not mixed_text.FORMAT and f.sniff(text.encode(), "x")]
    assert len(known) < 2, known
    return known[0] if known else None


def record(log: str, stream: str = "stderr", time: str = T, **others: object) -> str:
    return json.dumps({"log": log, "stream": stream, **others, "time": time}) + "\n"


@pytest.mark.parametrize(
    ("known", "line"),
    [(CRI, f"{T} stderr F {KLOG}\n"), (STAMPED, f"{T} {KLOG}\n"), (JSON_FILE, record(KLOG + "\n"))],
    ids=lambda x: getattr(x, "name", ""),
)
def test_one_line(known: ContainerLog, line: str) -> None:
    assert detected(line) == known.name
    got = read(known, line * 2).records.row(1, named=True)
    assert got["time"] == datetime(2021, 9, 14, 9, 49, 3, 287548, UTC)
    assert (got["record"], got["line"], got["offset"], got["resolution_us"], got["pid"]) == (1, 2, len(line), 1, 12)
    assert (got["message"], got["raw"]) == (KLOG, line.rstrip("\n"))
    assert got["node"] is got["unit"] is got["identifier"] is None


def test_a_zone_and_how_fine_the_time_is() -> None:
    got = read(CRI, "2021-09-14T11:49:03.5+02:00 stdout F a\n").records.row(0, named=True)
    assert (got["time"], got["resolution_us"]) == (datetime(2021, 9, 14, 9, 49, 3, 500000, UTC), 100_000)
    got = read(CRI, f"2021-09-14T11:49:03.5+02:00 stdout F a\n{T} stdout F a\n").records
    assert got["resolution_us"].to_list() == [1, 1]  # zeros at the end are left out
    assert read(STAMPED, "2021-09-14T09:49:03Z a\n").records["resolution_us"].to_list() == [1_000_000]


def test_parts_belong_to_their_stream() -> None:
    lines = [f"{T} stdout P:x a", f"{T} stderr P b", f"{T} stderr F  c", f"{T} stdout P ", f"{T} stdout F:y:z d", f"{T} stdout F"]
    got = read(CRI, "\n".join(lines)).records
    assert got["message"].to_list() == ["ad", "b c", ""]
    assert got["line"].to_list() == [1, 2, 6]
    assert got["raw"][0] == "\n".join([lines[0], lines[3], lines[4]])


def test_a_rotated_file_begins_and_ends_within_a_line() -> None:
    assert messages(CRI, f"{T} stderr F rest\n{T} stderr F a\n{T} stderr P begin") == ["rest", "a", "begin"]


def test_what_is_no_line_is_rejected_where_it_stands() -> None:
    batch = read(
        CRI, f"3.28Z stderr F cut\n{T} stderr P a\nfoo\n\n{T} stderr F b\n{T} stdin F a\n{T} stderr X a\n2021-99-14T09:49:03Z stdout F a\n"
    )
    assert batch.records["message"].to_list() == ["ab"]
    assert batch.rejects["line"].to_list() == [1, 3, 6, 7, 8]
    batch = read(STAMPED, f"{T} a\nunable to retrieve container logs for containerd://ad55\n")
    assert (batch.records.height, batch.rejects["reason"].to_list()) == (1, ["a line without a time"])


def test_a_message_of_klog_in_several_lines() -> None:
    lines = ["  alone", KLOG + " err=<", "\tgoroutine 1", " >", "plain", "\tindented", KLOG]
    stamped = "".join(f"{T} {line}\n" for line in lines)
    assert messages(STAMPED, stamped) == [lines[0], "\n".join(lines[1:4]), *lines[4:]]
    mixed = f"{T} stderr F {KLOG}\n{T} stderr P \tco\n{T} stdout F  x\n{T} stderr F de\n{T} stdout F y\n{T} stdout F  z\n"
    assert messages(CRI, mixed) == [f"{KLOG}\n\tcode", " x", "y", " z"]


def test_lines_of_many_pods_bear_their_names() -> None:
    text = f"[pod/a-1/kubelet] {T} {KLOG}\n[pod/b-1/b] {T} x\n[pod/a-1/kubelet] {T} y\n[INFO] x\n"
    assert detected(text) == "kubectl-logs"
    batch = read(STAMPED, text)
    assert batch.records["message"].to_list() == [KLOG, "x", "y"]
    assert batch.records["identifier"].to_list() == ["kubelet", "b", "kubelet"]
    assert batch.rejects["line"].to_list() == [4]


def test_docker_splits_what_is_long() -> None:
    text = record("a" * 16384) + record("x\n", "stdout") + record("b" * 16384) + record("c\n") + record("d")
    assert messages(JSON_FILE, text) == ["a" * 16384 + "b" * 16384 + "c", "x", "d"]


def test_what_docker_adds_and_what_a_power_loss_leaves() -> None:
    labels = {"io.kubernetes.container.name": "kubelet", "tag": "x"}
    text = (
        record("a\n", attrs=labels)
        + "\0\0\0"
        + record("b\n")
        + record("c\n", attrs="x")
        + '{"log":"cut\n{"a":1}\n[1]\n{"log":1,"stream":"stdout"}\n'
    )
    batch = read(JSON_FILE, text + record("d\n", time="yesterday") + record("e ü\n"))
    assert batch.records["message"].to_list() == ["a", "b", "c", "e ü"]
    assert batch.records["identifier"].to_list() == ["kubelet", None, None, None]
    assert batch.rejects["line"].to_list() == [4, 5, 6, 7, 8]


def test_a_kubelet_is_known_by_its_lines() -> None:
    def log(file: str, count: int) -> str:
        return f"{T} stderr F I0914 09:49:03.287548      12 {file}:1] x\n" * count

    def writers(text: str) -> set[str | None]:
        return set(read(CRI, text).records["identifier"])

    assert writers(log("kubelet.go", 5) + log("manager.go", 100)) == {"kubelet"}
    assert writers(log("kubelet.go", 4) + log("manager.go", 100)) == {None}
    assert writers(log("kubelet.go", 5) + log("manager.go", 1000)) == {None}
    assert writers(f'{T} stderr F {{"ts":1.5,"caller":"kubelet/kubelet.go:2117","msg":"x"}}\n' * 5) == {"kubelet"}


@pytest.mark.parametrize(
    "text",
    [
        "hello\n",
        "2021-09-14T09:49:03Z INFO starting\n",
        "2021-09-14T09:49:03.123Z INFO starting\n",
        "[INFO] plugin/ready\n",
        '{"level":"info","ts":1580306777.04728,"caller":"a.go:1","msg":"x"}\n',
        '{"log":"x"}\n',
    ],
)
def test_what_has_a_time_of_its_own_or_none_is_no_wrapping(text: str) -> None:
    assert detected(text * 3) is None


@given(st.data())
def test_any_split_of_any_text_comes_back(data: st.DataObject) -> None:
    texts = data.draw(
        st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=40), min_size=1, max_size=6)
    )
    written: list[list[str]] = []
    for text in texts:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
        written.append([text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)])
    streams = [data.draw(st.sampled_from(["stdout", "stderr"])) for _ in texts]
    queues = {
        name: [part for parts, s in zip(written, streams, strict=True) if s == name for part in _tagged(parts)]
        for name in ("stdout", "stderr")
    }
    cri, objects = [], []
    while any(queues.values()):
        name = data.draw(st.sampled_from([name for name, queue in queues.items() if queue]))
        part, last = queues[name].pop(0)
        cri.append(f"{T} {name} {'F' if last else 'P'} {part}\n")
        objects.append(record(part + "\n" * last, name))
    for known, lines in ((CRI, cri), (JSON_FILE, objects)):
        batch = read(known, "".join(lines))
        assert batch.rejects.is_empty()
        assert sorted(batch.records["message"]) == sorted(texts)
        assert batch.records["offset"].is_sorted()
        assert sum(raw.count("\n") + 1 for raw in batch.records["raw"]) == len(lines)


def _tagged(parts: list[str]) -> list[tuple[str, bool]]:
    return [(part, number == len(parts) - 1) for number, part in enumerate(parts)]


@given(
    st.lists(
        st.sampled_from(
            [f"{T} stdout P a", f"{T} stderr F b", f"{T} c", f"{T} stdout F \t d", "x", "", record("e").strip(), record("f\n").strip(), "{"]
        )
    )
)
def test_every_line_ends_in_a_record_or_a_reject(lines: list[str]) -> None:
    text = "\n".join(lines)
    for known in (CRI, STAMPED, JSON_FILE):
        batch = read(known, text)
        raw = [*batch.records["raw"], *batch.rejects["raw"]]
        assert sorted("\n".join(raw).split("\n")) == sorted(line for line in lines if line) or not raw
        assert bool(raw) == any(lines)


def test_parts_meet_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"{T} stdout P {number} \n{T} stderr F x\n{T} stdout F y\n" for number in range(50))
    for size in (150, 333, 10_000):
        monkeypatch.setattr("analyzer.formats.lines.chunks.__defaults__", (size, 1 << 20))
        monkeypatch.setattr("analyzer.formats.lines.whole.__defaults__", (size,))
        got = read(CRI, text).records
        assert got.filter(pl.col("message") != "x")["message"].to_list() == [f"{number} y" for number in range(50)]
        assert got["record"].to_list() == list(range(100))


@pytest.mark.corpus
def test_every_log_of_a_must_gather_is_read(corpus_sample: Callable[[str], Path]) -> None:
    with tarfile.open(corpus_sample("bundles/ocp-4.8_must-gather-aws.tar.xz")) as archive:
        logs = [member for member in archive if member.isfile() and "/logs/" in member.name and member.size]
        assert logs
        for member in logs:
            file = archive.extractfile(member)
            assert file is not None
            data = file.read()
            assert formats.detect(data[:HEAD], member.name) is STAMPED, member.name
            batch = read(STAMPED, data)
            assert batch.rejects.is_empty()
            assert batch.records["time"].is_not_null().all()
            assert sum(raw.count("\n") + 1 for raw in batch.records["raw"]) == len([x for x in data.split(b"\n") if x.strip(b"\r")])
