"""docker ps, crictl ps, crictl pods and ctr as tables."""

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.runtimes import container_snapshots
from analyzer.formats.runtimes.container_tables import FORMAT

ID = "84e67bdf6ff02a8cfa58f55d556630281338d934e03544ad276f7509fc299a0e"
UID = "5065d1b6-74ec-4d48-9595-85a58f68e0af"
NAME = f"k8s_crasher_crasher-gk8gt_default_{UID}_2"
ALL = ("containerID", "namespace", "pod", "podUID", "container", "running", "exitCode", "restartCount")


def table(*rows: tuple[str, ...], padding: int = 3) -> str:
    """As Go's tabwriter aligns them."""
    widths = [max(map(len, column)) + padding for column in zip(*rows, strict=True)]
    return "".join("".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows)


def read(data: str, module: Any = FORMAT) -> Batch:
    batches = list(module.read(io.BytesIO(data.encode()), ReadContext(2026)))
    return Batch(objects=pl.concat([b.objects for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


def told(data: str, module: Any = FORMAT) -> list[tuple[Any, ...]]:
    batch = read(data, module)
    assert batch.rejects.is_empty()
    return [tuple(json.loads(text)[key] for key in ALL) for text in batch.objects["document"]]


DOCKER = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES")


@pytest.mark.parametrize("padding", [2, 3, 8])
@pytest.mark.parametrize("identity", [ID, ID[:12]])
@pytest.mark.parametrize(
    ("status", "running", "code"),
    [
        ("Up 23 seconds", True, None),
        ("Up 2 hours (Paused)", True, None),
        ("Up About a minute (healthy)", True, None),
        ("Exited (137) 3 hours ago", False, 137),
        ("Restarting (1) 2 seconds ago", False, 1),
        ("Created", False, None),
        ("Dead", False, None),
        ("", False, None),
    ],
)
def test_docker_ps(padding: int, identity: str, status: str, running: bool, code: int | None) -> None:
    row = (identity, "example/api:12", '"/app/run.sh \u2026"', "24 seconds ago", status, "", NAME)
    other = (ID[::-1][:12], "nginx", '"nginx"', "2 days ago", "Up 2 days", "0.0.0.0:80->80/tcp, :::80->80/tcp", "web,alias")
    data = table(DOCKER, row, other, padding=padding)
    assert formats.detect(data.encode(), "x") is FORMAT
    assert told(data) == [(identity, "default", "crasher-gk8gt", UID, "crasher", running, code, None)]


def test_other_clients_like_docker() -> None:
    nerdctl = [(ID[:12], "i", "c", "x", "Up", "", name) for name in ("k8s://kube-system/dns-1/dns", "k8s://kube-system/dns-1", "web")]
    assert [row[1:5] for row in told(table(DOCKER, *nerdctl))] == [
        ("kube-system", "dns-1", None, "dns"), ("kube-system", "dns-1", None, "POD"),
    ]  # fmt: skip
    sized = table((*DOCKER[:4], "STATUS", "NAMES", "SIZE"), (ID[:12], "i", "c", "x", "Up 1 second", NAME, "0B (virtual 5.57MB)"))
    assert told(sized)[0][:6] == (ID[:12], "default", "crasher-gk8gt", UID, "crasher", True)


def test_crictl() -> None:
    head = ("IMAGE", "CREATED", "STATE", "NAME", "ATTEMPT", "POD ID")
    row = ("bea2d277eb715", "About a minute ago", "Running", "web", "3", "19d971fe5c478")
    old = table(("CONTAINER ID", *head), (ID[:13], *row[:2], "CONTAINER_EXITED", *row[3:]))
    new = table(
        ("CONTAINER", *head, "POD", "NAMESPACE"), (ID[:13], *row, "web-6stbc", "default"), (ID, *row[:2], "Unknown", *row[3:], "p", "n")
    )
    assert told(old) == [(ID[:13], None, None, None, "web", False, None, 3)]
    assert told(new) == [(ID[:13], "default", "web-6stbc", None, "web", True, None, 3), (ID, "n", "p", None, "web", None, None, 3)]
    pods = ("CREATED", "STATE", "NAME", "NAMESPACE", "ATTEMPT")
    ready = (ID[:13], "2 days ago", "Ready", "web-6stbc", "default", "0")
    for data in (
        table(("SANDBOX ID", *pods), (*ready[:2], "SANDBOX_READY", *ready[3:]), (*ready[:2], "SANDBOX_NOTREADY", *ready[3:])),
        table(("POD ID", *pods, "RUNTIME"), (*ready, "(default)"), (*ready[:2], "NotReady", *ready[3:], "(default)")),
    ):
        assert [(row[0], *row[1:3], row[4], row[5]) for row in told(data)] == [
            (ID[:13], "default", "web-6stbc", "POD", True), (ID[:13], "default", "web-6stbc", "POD", False),
        ]  # fmt: skip


def test_ctr() -> None:
    tasks = table(("TASK", "PID", "STATUS"), (ID, "545", "RUNNING"), (ID[::-1], "0", "STOPPED"), ("nginx", "7", "RUNNING"), padding=4)
    listed = table(("CONTAINER", "IMAGE", "RUNTIME"), (ID, "k8s.gcr.io/pause:3.6", "io.containerd.runc.v2"), padding=4)
    assert [(row[0], row[5]) for row in told(tasks)] == [(ID, True), (ID[::-1], False)]
    assert [(row[0], row[5]) for row in told(listed)] == [(ID, None)]


def test_several_tables_and_what_stands_between() -> None:
    tasks = table(("TASK", "PID", "STATUS"), (ID, "545", "RUNNING"))
    docker = table(DOCKER, (ID[:12], "i", "c", "x", "Up", "", NAME))
    batch = read(f"$ ctr t ls\n{tasks}\n$ docker ps\n{docker}shifted {docker.splitlines()[1]}\n{tasks}")
    assert batch.objects["line"].to_list() == [3, 7, 10]
    assert batch.rejects.select("line", "reason").rows() == [
        (1, "no header of a table before it"), (5, "no container id"), (8, "not under the columns of the header"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "other",
    [
        "", "CONTAINER\n", "NAME   READY   STATUS\na   1/1   Running\n", "CONTAINER   CPU %   MEM   DISK   INODES\n",
        "LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n", "a\n" * 20 + "TASK   PID   STATUS\n", "TASK   TASK   PID   STATUS\n",
    ],
)  # fmt: skip
def test_others_are_not_recognised(other: str) -> None:
    assert not FORMAT.sniff(other.encode(), "docker-ps.txt")


LINES = st.sampled_from(
    [*table(DOCKER, (ID[:12], "i", "c", "x", "Up", "", NAME)).splitlines(), "TASK   PID   STATUS", f"{ID}   5   RUNNING", "", "x"]
)


@given(st.lists(LINES | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)))
def test_no_line_breaks_it(lines: list[str]) -> None:
    list(FORMAT.read(io.BytesIO("\n".join(lines).encode()), ReadContext(2026)))


@pytest.mark.corpus
def test_corpus_says_the_same_as_the_json(corpus: Path) -> None:
    sources = sorted(corpus.glob("captures/*/*/docker-ps-*.jsonl"))
    assert sources
    for source in sources:
        if not source.read_text().startswith("{"):  # no container, or docker did not answer
            continue
        parsed = sorted(row[:7] for row in told(source.read_text(), container_snapshots.FORMAT))
        assert sorted(row[:7] for row in told(source.with_suffix(".txt").read_text())) == parsed, source
        short = source.with_suffix(".short.txt")
        if short.exists():
            running = [(row[0][:12], *row[5:7]) for row in parsed if row[5]]  # without -a
            assert sorted((row[0], *row[5:7]) for row in told(short.read_text())) == running, short
