"""The same log tells the same in every wrapping: a real kubelet's journal, wrapped anew."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analyzer import formats, grammars
from analyzer.formats.base import ReadContext
from analyzer.grammars import container

Line = dict[str, Any]
TOLD = ["time", "kind", "component", "k8s_pod_name", "k8s_pod_uid", "container_id", "message"]
NODE = "minion-01"


def events(data: bytes) -> pl.DataFrame:
    known = formats.detect(data[:65536], "x")
    assert known is not None
    batches = [grammars.understand(batch, known.family) for batch in known.read(io.BytesIO(data), ReadContext(2026))]
    return pl.concat(batches).filter(pl.col("component").is_in(["kubelet", "systemd"]))


def stamp(line: Line) -> str:
    return f"{line['time']:%Y-%m-%dT%H:%M:%S.%f}321Z"


def journal(line: Line) -> Line:
    names = {
        "_SYSTEMD_UNIT": "init.scope" if line["identifier"] == "systemd" else "kubelet.service",
        "SYSLOG_IDENTIFIER": line["identifier"],
    }
    return {"MESSAGE": line["message"], "_HOSTNAME": NODE, "UNIT": line["unit"], **names}


def cloud(line: Line) -> Line:
    return {"insertId": str(line["record"]), "timestamp": stamp(line), "logName": "x", "jsonPayload": journal(line)}


def elastic(line: Line) -> Line:
    fields = {name.lstrip("_").lower(): value for name, value in journal(line).items()}
    return {"_index": "logs", "_source": {"@timestamp": stamp(line), **fields}}


WRAPPINGS: dict[str, Callable[[Line], str]] = {
    "cri-log": lambda line: f"{stamp(line)} stderr F {line['message']}",
    "kubectl-logs": lambda line: f"{stamp(line)} {line['message']}",
    "docker-json-file": lambda line: json.dumps({"log": line["message"] + "\n", "stream": "stderr", "time": stamp(line)}),
    "cloud-logging": lambda line: json.dumps(cloud(line)),
    "log-export": lambda line: json.dumps(elastic(line)),
}


@pytest.fixture(scope="module")
def lines(sample_logs: Path) -> list[Line]:
    data = (sample_logs / "long-outage-return" / NODE / "kubelet.journal.export").read_bytes()
    batches = formats.named("journal-export").read(io.BytesIO(data), ReadContext(2026))
    return [line for batch in batches for line in batch.records.iter_rows(named=True)]


def whole(lines: list[Line], wrap: Callable[[Line], str]) -> Iterator[str]:
    return (wrap(line) for line in lines if "\n" not in line["message"])


@pytest.mark.parametrize("name", list(WRAPPINGS))
def test_a_kubelet_says_the_same(name: str, lines: list[Line], sample_logs: Path) -> None:
    data = "".join(line + "\n" for line in whole(lines, WRAPPINGS[name])).encode()
    known = formats.detect(data[:65536], "x")
    assert known is not None
    assert known.name == name
    plain = events((sample_logs / "long-outage-return" / NODE / "kubelet.journal.export").read_bytes())
    if known.family == "container":  # systemd does not write there
        plain = plain.filter(pl.col("component") == "kubelet")
    found = events(data)
    assert plain.height > 30
    assert found.select(TOLD).rows() == plain.select(TOLD).rows()
    assert set(found["node"]) == ({NODE} if known.family == "export" else {NODE, None})  # some lines name it themselves


@pytest.mark.parametrize("name", ["cri-log", "kubectl-logs", "docker-json-file"])
def test_few_lines_of_a_kubelet_in_a_container_are_nobodys(name: str, lines: list[Line]) -> None:
    few = [line for line in lines if "kubelet.go" not in line["message"]]
    assert events("".join(line + "\n" for line in whole(few, WRAPPINGS[name])).encode()).is_empty()


@pytest.mark.parametrize("name", ["kubelet", "hyperkube", "k8s_kubelet", "origin-node", "k3s-server"])
def test_containers_that_are_a_kubelet(name: str) -> None:
    assert pl.Series([name]).str.contains(container.KUBELETS)[0]


@pytest.mark.parametrize("name", ["kubelet-csr-approver", "cadvisor", "node", "kube-proxy"])
def test_containers_that_are_none(name: str) -> None:
    assert not pl.Series([name]).str.contains(container.KUBELETS)[0]
