"""docker events through a template."""

import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.runtimes import docker_json
from analyzer.formats.runtimes.docker_template import FORMAT, NO_TIME

ID = "9c0d1ac1f1f7a3c5d3d7f5b1a1a2e3b4c5d6e7f8091a2b3c4d5e6f708192a3b4"
NAME = "k8s_coredns_coredns-f9fd979d6-h88lr_kube-system_19cf7564-3ab0-4d6a-8ed5-8b701600fbe8_18"


def read(data: bytes, module: object = FORMAT) -> Batch:
    batches = list(module.read(io.BytesIO(data), ReadContext(2026)))  # type: ignore[attr-defined]
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


@pytest.mark.parametrize(
    ("line", "message", "fields"),
    [
        (f"1609840800 container die {ID} {NAME}", f"container die {ID}", f'{{"name":"{NAME}"}}'),
        (f"1609840800 container die {ID} [{NAME}]", f"container die {ID}", f'{{"name":"{NAME}"}}'),
        (f"1609840800 container die {ID}", f"container die {ID}", None),
        (f"1609840800 container exec_create: sh -c 'a b' {ID} n", f"container exec_create: sh -c 'a b' {ID}", '{"name":"n"}'),
        (f"1609840800 container exec_create: sh -c one\ntwo {ID} n", f"container exec_create: sh -c one\ntwo {ID}", '{"name":"n"}'),
        ("1609840800 container prune  <no value>", "container prune", None),
        ("1609840800 network disconnect  none", "network disconnect", '{"name":"none"}'),
    ],
)
def test_lines(line: str, message: str, fields: str | None) -> None:
    batch = read(f"{line}\n1609840801 container start {ID}\n".encode())
    assert batch.rejects.is_empty()
    assert batch.records.row(0, named=True)["message"] == message
    assert batch.records["fields"].to_list() == [fields, None]
    assert batch.records["resolution_us"].to_list() == [1_000_000] * 2


def test_nanoseconds() -> None:
    batch = read(f"1609840802345678901 container start {ID}\n".encode())
    assert str(batch.records["time"][0]) == "2021-01-05 10:00:02.345678+00:00"
    assert batch.records["resolution_us"][0] == 1


@pytest.mark.parametrize("data", ['"create"\n"die"\n', "Type=container  Status=die  ID=2ee3\n", "Action=start\n"])
def test_a_template_without_time(data: str) -> None:
    assert formats.detect(data.encode(), "events") is FORMAT
    batch = read(data.encode())
    assert batch.records.is_empty()
    assert set(batch.rejects["reason"]) == {NO_TIME}


@pytest.mark.parametrize("other", ["", "1609840800\n", '"create"\nand more\n', '"hello"\n', "1609840800 container\n", '{"a": 1}\n'])
def test_others_are_not_recognised(other: str) -> None:
    assert not FORMAT.sniff(other.encode(), "docker-events.txt")


@given(
    st.lists(st.sampled_from([f"1609840800 container die {ID} n\n", "line2)\n", "\n", f"1609840800 container exec_start: sh {ID}\n", "x"]))
)
def test_nothing_is_lost(parts: list[str]) -> None:
    data = "".join(parts)
    batch = read(data.encode()) if data else Batch()
    rows = sorted([*batch.records.select("line", "raw").rows(), *batch.rejects.select("line", "raw").rows()])
    assert [line for _, raw in rows for line in raw.split("\n") if line] == [line for line in data.split("\n") if line]


@pytest.mark.corpus
def test_corpus_says_the_same_as_the_json(corpus_sample: Callable[[str], Path]) -> None:
    """Only to the second, and without what the template left out: the ID of docker's that is no container's."""
    told = read(corpus_sample("docker-events/SYNTH_docker-cli-28.2.2_custom-template.txt").read_bytes())
    whole = read(corpus_sample("docker-events/SYNTH_docker-cli-28.2.2_json.jsonl").read_bytes(), docker_json.FORMAT)
    assert told.rejects.is_empty()
    mine = pl.col("message").str.starts_with("container")
    assert told.records.filter(mine)["message"].equals(whole.records.filter(mine)["message"])
    assert told.records["time"].equals(whole.records["time"].dt.truncate("1s"))
