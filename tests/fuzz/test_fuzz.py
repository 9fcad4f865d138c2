"""A short run of what ``python -m bench.fuzz`` does at length, and every input that ever broke something."""

import os
import time
from io import BytesIO
from pathlib import Path
from random import Random

import pytest

from analyzer import formats
from bench.fuzz.mutate import LONGEST, mutated
from bench.fuzz.run import Asked, Fault, Inputs, outcome, run
from bench.fuzz.save import reduced
from bench.fuzz.seeds import WHOLE, seeds
from bench.fuzz.trial import Broken, check, nothing_written, try_one

CRASHES = sorted((Path(__file__).parent / "crashes").glob("*/*.bin"))


@pytest.mark.parametrize("path", CRASHES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_once_broke_a_reader_no_longer_does(path: Path) -> None:
    try_one(path.parent.name, path.read_bytes())


def test_all_that_once_broke_something_is_there() -> None:
    assert CRASHES


@pytest.fixture(scope="module")
def inputs() -> Inputs:
    return Inputs(Asked(seed=20221122))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_no_broken_input_breaks_a_reader(inputs: Inputs, block: int) -> None:
    faults = [fault for number in range(block * 40, block * 40 + 40) if (fault := outcome(inputs, number))]
    assert not faults, "\n".join(f"{fault.number} {fault.name}: {fault.what}" for fault in faults)


def test_there_is_good_input_for_what_the_shipped_incidents_hold() -> None:
    names = set(seeds())
    assert {
        "journal-json",
        "journal-export",
        "journal-text",
        "docker-json",
        "docker-text",
        "kubernetes-json",
        "kubernetes-yaml",
        "klog",
        WHOLE,
    } <= names
    assert names <= {known.name for known in formats.REGISTRY} | {WHOLE}


def test_an_input_is_the_same_for_the_same_number(inputs: Inputs) -> None:
    again = Inputs(Asked(seed=20221122))
    assert [inputs.make(n) for n in range(50)] == [again.make(n) for n in range(50)]
    assert inputs.make(1) != Inputs(Asked(seed=1)).make(1)


@pytest.mark.parametrize("seed", [b"", b"a", b"\n\n", b'{"a": 1}\n' * 20])
def test_any_input_can_be_broken(seed: bytes) -> None:
    rng = Random(1)
    made = {mutated(rng, seed, b"other\nlines 12\n") for _ in range(300)}
    assert len(made) > 20
    assert all(len(data) <= LONGEST for data in made)


def test_what_breaks_is_told(inputs: Inputs) -> None:
    def broken(name: str, data: bytes) -> None:
        raise KeyError("node")

    fault = outcome(inputs, 7, broken)
    assert fault == Fault(7, *inputs.make(7)[:1], "KeyError: 'node'", inputs.make(7)[1])


def test_what_breaks_is_made_small() -> None:
    def broken(name: str, data: bytes) -> None:
        if b"x" in data and b"y" in data:
            raise KeyError
        if data:
            raise ValueError

    assert reduced(Fault(0, "klog", "KeyError", b"a" * 50 + b"x" + b"b" * 77 + b"y"), broken) == b"xy"
    assert reduced(Fault(0, "klog", "took more than 10 s", b"abc"), lambda name, data: None) == b"abc"


def test_records_that_are_not_as_promised_are_told() -> None:
    (batch,) = formats.named("klog").read(BytesIO(b"I1122 07:09:48.357765   12753 a.go:1] x\n"), formats.ReadContext(2022))
    check(batch, 0, 1000)
    with pytest.raises(Broken, match="ordinals"):
        check(batch, 5, 1000)
    with pytest.raises(Broken, match="offset"):
        check(formats.Batch(records=batch.records.with_columns(offset=2000 + batch.records["offset"])), 0, 1000)
    with pytest.raises(Broken, match="records: "):
        check(formats.Batch(records=batch.records.drop("node")), 0, 1000)


def test_what_is_written_elsewhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(inside))
    with nothing_written() as found:
        (inside / "a").write_bytes(b"")
        (tmp_path / "b").write_bytes(b"")
        (tmp_path / "b").read_bytes()
        (tmp_path / "b").unlink()
    assert found == [f"open {tmp_path / 'b'}", f"os.remove {tmp_path / 'b'}"]
    (tmp_path / "c").write_bytes(b"")
    assert len(found) == 2


def dies_and_hangs(name: str, data: bytes) -> None:
    """What no exception tells: a process that ends, and one that does not."""
    size = len(data)
    if size % 3 == 0:
        os._exit(9)
    if size % 3 == 1:
        time.sleep(3600)


@pytest.mark.slow
def test_a_process_that_dies_or_hangs_is_told_and_the_rest_goes_on() -> None:
    asked = Asked(seed=3, names=("klog",))
    inputs = Inputs(asked)
    sizes = {number: len(inputs.make(number)[1]) % 3 for number in range(4, 12)}
    faults = {told.number: told.what for told in run(asked, range(4, 12), 2, dies_and_hangs, hang=1.0) if isinstance(told, Fault)}
    assert faults == {n: "the process died (9)" if size == 0 else "took more than 1 s" for n, size in sizes.items() if size != 2}
    assert set(sizes.values()) == {0, 1, 2}
