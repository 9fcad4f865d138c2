"""Large tables go from one process to another by files that are open in both, never through its memory."""

import os
import pickle
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from analyzer import handover, workers
from analyzer.store import spilled
from analyzer.store.spilled import Frames

LARGE = pl.DataFrame({"number": range(40_000), "text": [None if n % 9 == 0 else f"a line of some length, {n}" for n in range(40_000)]})
SMALL = LARGE.head(5)


@pytest.fixture
def giving() -> Iterator[None]:
    """As a worker does, but to itself."""
    handover.begin(handover.channel())
    yield
    handover.begin(None)


def make(count: int) -> Frames:
    """In a worker."""
    return Frames([LARGE.with_columns(pl.col("number") + n) for n in range(count)])


def sent(frames: Frames) -> tuple[int, Frames]:
    """How many bytes they take on the way, and what arrives."""
    data = pickle.dumps(frames)
    return len(data), pickle.loads(data)


def test_large_ones_go_by_a_file(giving: None) -> None:
    size, found = sent(Frames([LARGE, LARGE[::-1]]))
    assert size < 50_000 < LARGE.estimated_size()
    assert_frame_equal(pl.concat(found.all), pl.concat([LARGE, LARGE[::-1]]))


def test_those_that_lie_in_files_already_go_by_others(giving: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spilled, "least", lambda: 0)
    frames = Frames([LARGE])
    frames.spill()
    size, found = sent(frames)
    found.add(SMALL)
    assert size < 50_000
    assert_frame_equal(pl.concat(found.all), pl.concat([LARGE, SMALL]))


def test_small_ones_go_as_they_are(giving: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "give", pytest.fail)
    assert_frame_equal(pl.concat(sent(Frames([SMALL, SMALL]))[1].all), pl.concat([SMALL, SMALL]))


def test_where_nobody_takes_files_they_go_as_they_are() -> None:
    size, found = sent(Frames([LARGE]))
    assert size > LARGE.height * 20
    assert_frame_equal(pl.concat(found.all), LARGE)


def test_without_a_place_for_files_they_go_as_they_are(giving: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert_frame_equal(pl.concat(sent(Frames([LARGE]))[1].all), LARGE)


def test_what_was_given_is_told_by_its_token_whatever_the_order(giving: None, tmp_path: Path) -> None:
    tokens = []
    for n in range(4):
        path = tmp_path / f"{n}"
        path.write_text(f"file {n}")
        with path.open("rb") as file:
            tokens.append(handover.give(file.fileno()))
        path.unlink()
    for n in (2, 0, 3, 1):
        with handover.take(tokens[n]) as file:
            assert file.read() == f"file {n}".encode()


def test_what_nobody_gave_is_an_error() -> None:
    with pytest.raises(OSError, match="did not arrive"):
        handover.take((1, 1 << 40), wait=0.01)


def test_what_has_no_bytes_of_its_own_goes_as_it_is(giving: None) -> None:
    flags = LARGE.with_columns(flag=pl.col("number") % 3 == 0)
    assert_frame_equal(pl.concat(sent(Frames([flags]))[1].all), flags)


def give_many(path: str, number: int) -> list[handover.Token]:
    """In a worker."""
    with Path(path).open("rb") as file:
        return [handover.give(file.fileno()) for _ in range(number)]


@pytest.mark.slow
def test_a_worker_may_give_more_than_a_socket_holds_before_it_tells_of_any(tmp_path: Path) -> None:
    """Some hundred messages, with what Linux has by default."""
    path = tmp_path / "file"
    path.write_bytes(b"the same")
    with workers.pool(1, 1) as pool:
        for token in pool.submit(give_many, str(path), 400).result(timeout=60):
            with handover.take(token) as file:
                assert os.pread(file.fileno(), 99, 0) == b"the same"


@pytest.mark.slow
def test_many_come_from_workers() -> None:
    with workers.pool(2, 1) as pool:
        for count, frames in enumerate(pool.map(make, range(12))):
            assert_frame_equal(pl.concat([LARGE.clear(), *frames.all]), pl.concat([LARGE.clear(), *make(count).all]))
