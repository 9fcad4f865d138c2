"""podman events as text and as JSON."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import formats
from analyzer.formats.base import Batch, ReadContext
from analyzer.formats.runtimes.podman_events import JSON, TEXT

ID = "319da37bf7e6ee1b078b7d4e348710a67083b10b7ed7cf7e61e166bda92ab074"
TIME = "2019-03-02 10:33:42.312377447 -0600 CST"
OLD = (
    f'{{"ContainerExitCode":3,"ID":"{ID}","Image":"i","Name":"n","Status":"died",'
    '"Time":"2019-03-02T10:33:42.312377447-06:00","Type":"container"}'
)
NEW = OLD.replace('"Time":"2019-03-02T10:33:42.312377447-06:00"', '"time":1551544422,"timeNano":1551544422312377447')


def read(data: str, module: object = TEXT) -> Batch:
    batches = list(module.read(io.BytesIO(data.encode()), ReadContext(2026)))  # type: ignore[attr-defined]
    return Batch(records=pl.concat([b.records for b in batches]), rejects=pl.concat([b.rejects for b in batches]))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (f"container died {ID} (image=i, name=n)", f"container died {ID}"),
        ("container create 34503c192940 (image=i, name=n, b=1, a=2)", "container create 34503c192940"),
        ("pod create 1df5ebca7b44 (image=, name=confident_hawking)", "pod create 1df5ebca7b44"),
        ("image pull 4d1b1fab docker.io/library/alpine:latest", "image pull 4d1b1fab"),
        ("image pull-error  docker.io/x initializing source: no such host", "image pull-error"),
        ("volume create data", "volume create data"),
        ("system refresh", "system refresh"),
        (f"network connect {ID} (container={ID}, name=podman)", f"network connect {ID}"),
    ],
)
@pytest.mark.parametrize("monotonic", ["", " m=+0.123456789"])
def test_text(body: str, message: str, monotonic: str) -> None:
    line = f"{TIME}{monotonic} {body}\n"
    assert formats.detect(line.encode(), "events") is TEXT
    batch = read(line)
    assert batch.rejects.is_empty()
    (record,) = batch.records.iter_rows(named=True)
    assert (record["message"], record["identifier"], record["resolution_us"]) == (message, "podman", 1)
    assert str(record["time"]) == "2019-03-02 16:33:42.312377+00:00"


@pytest.mark.parametrize("zone", ["+0000 UTC", "+0300 +03", "-0300 -0300", "+0545 +0545", "+0100 CET"])
def test_zones(zone: str) -> None:
    batch = read(f"2019-03-02 10:33:42 {zone} container start {ID} (image=, name=n)\n")
    assert batch.rejects.is_empty()


def test_a_label_may_hold_anything() -> None:
    """Labels come in random order: nothing tells which key is one."""
    batch = read(
        f"{TIME} container start {ID} (image=i, name=n, motto=a, b), io.kubernetes.pod.name=p, x=two\nlines)\n{TIME} system refresh\n"
    )
    assert batch.rejects.is_empty()
    assert batch.records["fields"][0] == '{"image":"i","io.kubernetes.pod.name":"p","name":"n"}'


@pytest.mark.parametrize("line", [OLD, NEW])
def test_json_of_both_generations(line: str) -> None:
    assert formats.detect(line.encode(), "events") is JSON
    batch = read(line, JSON)
    (record,) = batch.records.iter_rows(named=True)
    assert str(record["time"]) == "2019-03-02 16:33:42.312377+00:00"
    assert (record["message"], record["identifier"]) == (f"container died {ID}", "podman")
    assert record["fields"] == '{"containerExitCode":"3","image":"i","name":"n"}'


def test_an_exit_code_that_was_left_out() -> None:
    """It was 0, until 0 was written too."""
    lines = [line.replace('"ContainerExitCode":3,', "") for line in (OLD, NEW)]
    assert [("ExitCode" in f) for f in read("\n".join(lines), JSON).records["fields"]] == [True, False]


def test_damage() -> None:
    lines = [OLD, OLD[:-9], OLD.replace("2019-03", "2019-13"), OLD.replace("-06:00", ""), OLD.replace('"container"', '"planet"')]
    batch = read("\n".join(lines), JSON)
    assert batch.records.height == 1
    assert batch.rejects["line"].to_list() == [2, 3, 4, 5]
    assert batch.rejects["reason"].to_list()[1:] == ["no such time", "a time without a zone", "no podman event"]
    text = read(f"{TIME} container died\n{TIME} planet died {ID}\n2019-02-30 10:00:00 +0000 UTC container died {ID} (name=n)\n")
    assert text.rejects["reason"].to_list() == ["cut off", "no podman event", "no such date"]


@given(
    st.lists(
        st.sampled_from([f"{TIME} container start {ID} (name=n)\n", f"{TIME} image pull a b\n", "x=two)\n", "junk\n", f"{TIME} \n", "\n"])
    )
)
def test_nothing_is_lost(parts: list[str]) -> None:
    data = "".join(parts)
    batch = read(data) if data else Batch()
    rows = sorted([*batch.records.select("line", "raw").rows(), *batch.rejects.select("line", "raw").rows()])
    assert [line for _, raw in rows for line in raw.split("\n") if line] == [line for line in data.split("\n") if line]


@pytest.mark.corpus
def test_the_examples_of_the_manual(corpus_sample: Callable[[str], Path]) -> None:
    manual = corpus_sample("docker-events/docs_podman-events.1.md").read_text()
    for pattern, known in ((r"(?m)^\d{4}-\d\d-\d\d .*$", TEXT), (r"(?m)^\{.*$", JSON)):
        lines = re.findall(pattern, manual)
        batch = read("\n".join(lines), known)
        assert lines
        assert batch.rejects.is_empty()
        assert batch.records.height == len(lines)
