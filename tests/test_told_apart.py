"""Very many writers in one source: what is held stays bounded, and the same is told however the source was cut."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer import silences, told_apart
from analyzer.activity import Activity
from analyzer.formats.lines import conform
from analyzer.silences import Silences
from analyzer.vocabulary import RECORDS

START = datetime(2026, 11, 22, 7, tzinfo=UTC)
Row = tuple[float, str | None, int | None, str | None]


def records(rows: list[Row], first_line: int = 1) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "line": range(first_line, first_line + len(rows)),
            "time": pl.Series([START + timedelta(seconds=second) for second, *_ in rows], dtype=RECORDS["time"]),
            "resolution_us": 1,
            "node": "n",
            "identifier": pl.Series([name for _, name, *_ in rows], dtype=pl.String),
            "pid": pl.Series([pid for *_, pid, _ in rows], dtype=pl.Int64),
            "boot_id": pl.Series([boot for *_, boot in rows], dtype=pl.String),
            "message": [f"SyncLoop (PLEG) {number}" for number in range(first_line, first_line + len(rows))],
        }
    )
    return conform(frame, RECORDS)


def added(*parts: pl.DataFrame) -> Activity:
    activity = Activity()
    for part in parts:
        activity.add(part)
    return activity


NAMES = st.sampled_from(["kubelet", "k3s-a", "k3s-b", "k3s-c", "CRON", "sshd", "app-1", "app-2", "app-3", None])
ROWS = st.lists(
    st.tuples(st.integers(0, 9), NAMES, st.none() | st.integers(1, 4), st.sampled_from(["a", "b", "c", None])), min_size=1, max_size=40
)


@pytest.fixture
def few_are_many() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analyzer.activity.MOST", 3)
        yield


@pytest.mark.usefixtures("few_are_many")
@given(ROWS, st.lists(st.integers(0, 40), max_size=6), st.booleans())
def test_neither_borders_of_batches_nor_parts_matter(rows: list[Row], cuts: list[int], few: bool) -> None:
    whole = records(rows)
    borders = sorted({0, *(cut for cut in cuts if cut < len(rows)), len(rows)})
    batches = [whole[begin:end] for begin, end in pairwise(borders)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analyzer.activity.FEW", 50 if few else 0)
        once, parted, absorbed = added(whole), added(*batches), Activity()
        for batch in batches:
            absorbed.absorb(added(batch))
    assert parted.frame().equals(once.frame())
    assert absorbed.frame().equals(once.frame())
    assert once.frame().height <= 3
    assert once.frame()["records"].sum() == len(rows)
    assert once.frame()["first_time"].min() == whole["time"].min()
    assert once.frame()["last_time"].max() == whole["time"].max()


def test_a_kubelet_is_told_apart_from_thousands_of_jobs() -> None:
    jobs: list[Row] = [(n, "CRON", n, "boot") for n in range(10_000)]
    kubelet: list[Row] = [(5000.5, "kubelet", 77, "boot"), (9000.5, "kubelet", 77, "boot"), (9500.5, "kubelet", 78, "boot")]
    rows = sorted([*jobs, *kubelet, (3.5, None, 5, "boot")])
    frame = added(*(records(rows[at : at + 3000], at + 1) for at in range(0, len(rows), 3000))).frame()
    told = frame.select("identifier", "pid", "boot_id", "records", "first_line", "last_line", "verbosity").rows()
    assert told == [
        ("CRON", None, "boot", 10_000, 1, 10_004, None),
        (None, 5, "boot", 1, 5, 5, 2),
        ("kubelet", 77, "boot", 2, 5003, 9004, 2),
        ("kubelet", 78, "boot", 1, 9505, 9505, 2),
    ]


@pytest.mark.parametrize(
    ("writer", "told"),
    [
        (lambda n: (f"job-{n}", n, "boot"), [("kubelet", 77, "boot"), (told_apart.OTHERS, None, "boot")]),
        (lambda n: ("kubelet", n, "boot"), [("kubelet", None, "boot")]),
        (lambda n: ("kubelet", 77, f"boot-{n}"), [("kubelet", None, None)]),
        (lambda n: (f"k3s-{n}", 77, "boot"), [(told_apart.OTHERS, None, None)]),
    ],
)
def test_what_is_told_where_all_of_one_thing_differ(writer: object, told: list[tuple[object, ...]]) -> None:
    rows: list[Row] = [(0, "kubelet", 77, "boot")]
    rows += [(n, *writer(n)) for n in range(1, told_apart.MOST + 2)]  # type: ignore[operator]
    frame = added(records(rows)).frame()
    assert frame.select("identifier", "pid", "boot_id").rows() == told
    assert frame["records"].sum() == len(rows)


def test_silences_of_a_kubelet_are_told_to_the_second_among_thousands_of_jobs() -> None:
    jobs: list[Row] = [(n / 8, f"job-{n}", n, None) for n in range(20_000)]
    kubelet: list[Row] = [(n * 2.5, "kubelet", 77, None) for n in range(900) if not 100 <= n < 110]
    found = Silences()
    for at in range(0, 20_000, 5000):
        low, high = at / 8, (at + 5000) / 8
        some = sorted([*jobs[at : at + 5000], *(row for row in kubelet if low <= row[0] < high)])
        found.add(records(some).with_columns(text="message"))
    frame = found.frame()
    assert frame["floor_us"].unique().to_list() == [1_000_000]
    assert frame.select("identifier", "pid").unique().rows() == [("kubelet", 77)]  # nobody was quiet as long as jobs ran
    longest = (frame["first_time"] - frame["last_time"]).max()
    assert longest == timedelta(seconds=27.5)


def test_of_too_many_kubelets_no_silences_are_told_but_those_of_the_node() -> None:
    rows: list[Row] = [(n, "kubelet", n, None) for n in range(silences._KUBELETS + 1)]
    late: list[Row] = [(30_000 + n, "kubelet", 1, None) for n in range(30)]
    once, parts, reversed_parts = Silences(), Silences(), Silences()
    frames = [records(some).with_columns(text="message") for some in (rows[:3000], rows[3000:], late)]
    once.add(pl.concat(frames))
    for frame in frames:
        parts.add(frame)
        one = Silences()
        one.add(frame)
        reversed_parts.absorb(one)
    told = once.frame()
    assert told.select("identifier", "pid", "whole", "floor_us").rows() == [(None, None, True, 3_600_000_000)]
    assert parts.frame().equals(told)
    assert reversed_parts.frame().equals(told)
