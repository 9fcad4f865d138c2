"""A daemon's log in a file of its own."""

import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.runtimes.daemon_log import FORMAT

ID = "8e70aae2ff8e8133993eb171999743a30dbcedb506843b737425590fbaec39ac"
DOCKER = 'time="2026-11-22T08:39:54.639534883Z" level=info msg="Daemon has completed initialization"'
OLD = f'time="2016-11-22T08:39:54+01:00" level=info msg="Container {ID} failed to exit within 10 seconds of signal 15 - using the force"'
CRIO = 'time="2021-08-03 09:17:57.266790381Z" level=info msg="Removed" id=2f8a79bf name=/runtime.v1alpha2.RuntimeService/RemoveContainer'
CONTAINERD = f'time="2026-11-22T08:39:54.639534883Z" level=info msg="shim disconnected" id={ID} namespace=k8s.io'
JSON = f'{{"id":"{ID}","level":"info","msg":"shim disconnected","namespace":"k8s.io","time":"2026-11-22T08:39:54.639534883Z"}}'


def read(data: str) -> Batch:
    batches = list(FORMAT.read(io.BytesIO(data.encode()), ReadContext(2026)))
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


@pytest.mark.parametrize(
    ("line", "daemon", "time", "resolution"),
    [
        (DOCKER, "dockerd", "2026-11-22 08:39:54.639534", 1),
        (OLD, "dockerd", "2016-11-22 07:39:54", 1_000_000),
        (CRIO, "crio", "2021-08-03 09:17:57.266790", 1),
        (CONTAINERD, "containerd", "2026-11-22 08:39:54.639534", 1),
        (JSON, "containerd", "2026-11-22 08:39:54.639534", 1),
    ],
)
def test_who_wrote_it_and_when(line: str, daemon: str, time: str, resolution: int) -> None:
    assert formats.detect(line.encode(), "x") is FORMAT
    (record,) = read(line).records.iter_rows(named=True)
    assert (record["identifier"], record["resolution_us"], record["message"]) == (daemon, resolution, line)
    assert str(record["time"]) == f"{time}+00:00"


def test_docker_repeats_its_containerd() -> None:
    """To 18.06 the child's lines stood in dockerd's log."""
    lines = [CONTAINERD, DOCKER, CONTAINERD.replace("k8s.io", "moby"), DOCKER]
    assert set(read("\n".join(lines)).records["identifier"]) == {"dockerd"}


def test_lines_of_others() -> None:
    panic = "panic: runtime error: invalid memory address\n\ngoroutine 1 [running]:\n\tmain.main()"
    batch = read(f"{JSON}\n{panic}\n{JSON}\n{DOCKER.replace('-22T', '-32T')}\n")
    assert batch.records["line"].to_list() == [1, 2, 4, 5, 6]
    assert batch.records["time"].is_null().to_list() == [False, True, True, True, False]
    assert batch.records["identifier"].is_null().to_list() == [False, True, True, True, False]
    assert batch.rejects.select("line", "reason").rows() == [(7, "no such date")]


@pytest.mark.parametrize(
    "other",
    [
        "",
        'time="2026-11-22T08:39:54Z" level=info msg="listening on :8080"\n',
        '{"level":"info","msg":"hello","time":"2026-11-22T08:39:54Z"}\n',
        f"2026-11-22T08:39:54.639534+0000 minion-01 dockerd[1]: {DOCKER}\n",
        "I1122 07:09:48.357765   12753 replica_set.go:559] x\n" * 3 + DOCKER,
        f"# a note\n\nsome prose about\nwhat the log says:\n\n{DOCKER}\n",
    ],
)
def test_others_are_not_recognised(other: str) -> None:
    assert not FORMAT.sniff(other.encode(), "docker.log")


@given(st.lists(st.sampled_from([DOCKER, OLD, JSON, JSON[:50], "", "junk", "\ttab", DOCKER.replace("2026-11-22", "2026-99-22")])))
def test_nothing_is_lost(lines: list[str]) -> None:
    batch = read("\n".join(lines)) if any(lines) else Batch()
    rows = sorted([*batch.records.select("line", "raw").rows(), *batch.rejects.select("line", "raw").rows()])
    assert [raw for _, raw in rows] == [line for line in lines if line]


@pytest.mark.corpus
@pytest.mark.parametrize(("capture_name", "unit"), [("s12-docker-restart", "docker"), ("m3-normal-operations", "containerd")])
def test_a_file_says_what_the_journal_says(capture: Callable[[str], Path], capture_name: str, unit: str) -> None:
    """The same events, whether journald or the daemon itself kept the lines."""
    source = capture(capture_name) / "minion-01" / f"{unit}.short-iso"
    journal = formats.detect(source.read_bytes()[:65536], source.name)
    assert journal is not None
    daemon = "dockerd" if unit == "docker" else unit
    kept = pl.concat([b.records for b in journal.read(io.BytesIO(source.read_bytes()), ReadContext(2026))])
    kept = kept.filter(pl.col("identifier") == daemon)
    told = read("\n".join(kept["message"])).records
    assert told["message"].equals(kept["message"])
    assert set(told["identifier"]) == {daemon}
    late = (kept["time"] - told["time"]).dt.total_microseconds()
    assert 0 <= late.min() <= late.max() < 1_000_000  # type: ignore[operator]
