"""What other tools read: traces, timelines, tables. Each is read back, as the tool would."""

import csv
import io
import json
from collections import defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analyzer.analysis import Analysis
from analyzer.cli.export import Tool
from analyzer.outputs.exports import REGISTRY
from analyzer.outputs.exports.perfetto import BEFORE, OPEN, trace
from analyzer.outputs.exports.tables import TABLES, tables
from analyzer.outputs.exports.timesketch import lines
from analyzer.outputs.files import whole
from analyzer.outputs.spreadsheet import csv_text
from analyzer.selection import Asked
from tests.browser import hostile
from tests.outputs.cases import CASES, shipped
from tests.outputs.trace_processor import ask, processor

WRITE = {export.name: export.write for export in REGISTRY}
NAMES = sorted(CASES)


@pytest.fixture(scope="module")
def long_outage() -> Analysis:
    return shipped()


def microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def test_the_command_line_names_them_all() -> None:
    assert [export.name for export in REGISTRY] == list(Tool)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("tool", sorted(WRITE))
def test_they_write_where_they_are_told_and_nowhere_else(tool: str, name: str, tmp_path: Path) -> None:
    """Whatever names are in the evidence; and twice the same bytes."""
    written = []
    for number in ("first", "second"):
        place = tmp_path / number
        place.mkdir()
        WRITE[tool](CASES[name](), place / "out")
        files = {p.relative_to(place).as_posix(): p.read_bytes() for p in place.rglob("*") if p.is_file()}
        folder = next(e.folder for e in REGISTRY if e.name == tool)
        assert sorted(files) == (sorted(f"out/{table}.{tool}" for table in TABLES) if folder else ["out"])
        written.append(files)
    assert written[0] == written[1]


# --- perfetto


def pairs(told: dict[str, Any]) -> dict[tuple[str, str], list[tuple[dict[str, Any], int]]]:
    """By category and id: each beginning with its end, innermost first, as the trace processor matches them."""
    begun: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    found: dict[tuple[str, str], list[tuple[dict[str, Any], int]]] = defaultdict(list)
    for event in sorted((e for e in told["traceEvents"] if e["ph"] in "be"), key=lambda e: e["ts"]):
        key = (event["cat"], event["id"])
        if event["ph"] == "b":
            begun[key].append(event)
        else:
            first = begun[key].pop()
            assert (first["name"], first["pid"]) == (event["name"], event["pid"])
            found[key].append((first, event["ts"]))
    assert not any(begun.values()), "each has an end"
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_is_whole(name: str, tmp_path: Path) -> None:
    analysis = CASES[name]()
    told = json.loads(json.dumps(trace(analysis)))
    threads: dict[int, int] = {}
    for event in told["traceEvents"]:
        assert isinstance(event["pid"], int)
        assert event["pid"] > 0, "0 is the idle process to the trace processor"
        assert threads.setdefault(event["tid"], event["pid"]) == event["pid"], "a thread's number is known in all processes"
        assert event["ph"] in "MXbeCi"
        assert None not in event.get("args", {}).values()
        if event["ph"] != "M":
            assert isinstance(event["ts"], int)
    named = {e["pid"] for e in told["traceEvents"] if e["name"] == "process_name"}
    assert named == {e["pid"] for e in told["traceEvents"]}
    lanes: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for event in told["traceEvents"]:
        if event["ph"] == "X":
            lanes[event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for spans in lanes.values():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(spans)), "nothing overlaps on a lane"
    shown = {key[1] for key in pairs(told) if key[0] == "finding"} | {e["args"]["id"] for e in told["traceEvents"] if e["ph"] == "i"}
    assert shown == {f.id for f in analysis.findings}


def test_a_trace_tells_of_each_container(long_outage: Analysis) -> None:
    found = pairs(trace(long_outage))
    runs = [r for r in long_outage.life.runs if not r.sandbox]
    assert len(runs) == sum(len(some) for key, some in found.items() if key[0] == "container")
    for run in runs:
        ((begin, end),) = found["container", run.container_id]
        assert begin["name"] == f"{run.pod}/{run.container}"
        assert begin["args"]["node"] == run.node
        assert begin["ts"] == microseconds(run.start.time or long_outage.life.start)
        assert end == microseconds(run.end.time or long_outage.life.end)
        assert (begin["args"].get("end") == OPEN) == (run.end.time is None)
    removed = [b for key, some in found.items() for b, _ in some if key[0] == "container" and b["args"]["outcome"] == "removed"]
    assert len(removed) == 3
    assert all("kubelet-down, removed" in b["args"]["unsupervised"][0] for b in removed)


def test_a_trace_counts_replicas(long_outage: Analysis) -> None:
    counted = [e for e in trace(long_outage)["traceEvents"] if e["ph"] == "C" and e["name"].endswith("example-api-release-12")]
    assert [(e["args"]["running"], e["args"]["desired"]) for e in counted] == [(0, 2), (1, 2), (2, 2), (3, 2), (2, 2), (2, 2)]
    assert counted[-1]["ts"] == microseconds(long_outage.life.end)


def test_what_is_open_in_a_trace_says_so() -> None:
    analysis = hostile.analysis()
    found = pairs(trace(analysis))
    ((begin, end),) = found["container", "b" * 64]  # neither its start nor its end is told
    assert (begin["args"]["start"], begin["args"]["end"]) == (BEFORE, OPEN)
    assert (begin["ts"], end) == (microseconds(analysis.life.start), microseconds(analysis.life.end))


def test_the_trace_processor_answers(long_outage: Analysis, tmp_path: Path) -> None:
    """A container's lifetime, and how many pods ran, by its own SQL."""
    place = processor()
    WRITE["perfetto"](long_outage, tmp_path / "trace.json")
    lives, counts, names = ask(
        place,
        tmp_path / "trace.json",
        "select ts, dur, extract_arg(arg_set_id, 'args.container_id') as id from slice where category = 'container'",
        "select t.name as name, c.ts as ts, c.value as value from counter c join counter_track t on c.track_id = t.id order by c.ts",
        "select name from process where name is not null",
    )
    life = long_outage.life
    runs = [r for r in life.runs if not r.sandbox]
    spans = {r.container_id: (r.start.time or life.start, r.end.time or life.end) for r in runs}
    assert {row["id"]: (row["ts"], row["dur"]) for row in lives} == {
        identity: (microseconds(start) * 1000, (microseconds(end) - microseconds(start)) * 1000) for identity, (start, end) in spans.items()
    }
    running = [row["value"] for row in counts if "example-api-release-12" in row["name"] and "running" in row["name"]]
    assert running == [0, 1, 2, 3, 2, 2]
    assert {"cluster", "node minion-01", "node minion-02"} <= {row["name"] for row in names}


@pytest.mark.parametrize("name", NAMES)
def test_the_trace_processor_loses_nothing(name: str, tmp_path: Path) -> None:
    place, analysis = processor(), CASES[name]()
    WRITE["perfetto"](analysis, tmp_path / "trace.json")
    troubles, counts = ask(
        place,
        tmp_path / "trace.json",
        "select name, value from stats where severity in ('error', 'data_loss') and value > 0",
        "select category, count(*) as n from slice group by category",
    )
    assert troubles == []
    written: dict[str, int] = defaultdict(int)
    for event in trace(analysis)["traceEvents"]:
        written[event.get("cat", "")] += event["ph"] in "Xbi"
    assert {row["category"]: row["n"] for row in counts} == {cat: n for cat, n in written.items() if n}


# --- timesketch


@pytest.mark.parametrize("name", NAMES)
def test_timesketch_can_import_each_line(name: str, tmp_path: Path) -> None:
    """By the rules of its importer and of the index behind it."""
    analysis = CASES[name]()
    WRITE["timesketch"](analysis, tmp_path / "out.jsonl")
    raw = (tmp_path / "out.jsonl").read_bytes()
    told = [json.loads(line) for line in raw.splitlines()]
    assert raw.count(b"\n") == len(told)
    last = 0
    types: dict[str, type] = {}
    for line in told:
        assert line["message"]
        assert line["timestamp_desc"]
        assert line["timestamp"] == microseconds(datetime.fromisoformat(line["datetime"]))
        assert line["timestamp"] >= last
        last = line["timestamp"]
        assert not [key for key in line if key.startswith("_") or key == "label"], "its importers take these away"
        for key, value in line.items():
            assert value is not None
            assert types.setdefault(key, type(value)) is type(value), "a field of the index has one type"
            assert isinstance(value, str | int | bool) or (key == "tag" and all(isinstance(v, str) for v in value))
    assert sum("finding_id" not in line for line in told) == len(analysis.life.events)
    assert {line["finding_id"] for line in told if "finding_id" in line} == {f.id for f in analysis.findings}


def test_timesketch_has_both_edges(long_outage: Analysis) -> None:
    outage = next(f for f in long_outage.findings if f.kind == "kubelet-outage")
    mine = [line for line in lines(long_outage) if line.get("finding_id") == outage.id]
    assert [line["timestamp_desc"] for line in mine] == ["Finding start", "Finding end"]
    assert [datetime.fromisoformat(line["datetime"]) for line in mine] == [outage.start.time, outage.end.time]
    assert mine[0]["tag"] == ["kubelet-outage", "critical", "certain"]
    assert mine[0]["k8s_node_name"] == "minion-01"
    died = next(line for line in lines(long_outage) if line["data_type"] == "podopsy:event:container_died")
    assert {"k8s_pod_name", "k8s_pod_uid", "k8s_container_name", "k8s_namespace_name", "container_id"} <= died.keys()


# --- tables


@pytest.mark.parametrize("name", NAMES)
def test_tables_have_their_documented_columns(name: str) -> None:
    for table, frame in tables(CASES[name]()):
        assert frame.columns == list(TABLES[table])
        assert all(told.meaning for told in TABLES[table].values())
        assert frame.schema == pl.Schema({column: told.type for column, told in TABLES[table].items()})


def test_tables_tell_the_incident(long_outage: Analysis) -> None:
    told = dict(tables(long_outage))
    assert told["findings"]["id"].to_list() == [f.id for f in long_outage.findings]
    assert [json.loads(d) for d in told["findings"]["details"]] == [f.document()["details"] for f in long_outage.findings]
    outage = told["outages"].row(0, named=True)
    assert outage["finding"] == long_outage.findings[0].id
    assert outage["duration_s"] == pytest.approx(59.456969)
    removed = told["containers"].filter(pl.col("outcome") == "removed")
    assert set(removed["container"]) == {"api", "service", "log-shipper"}
    assert removed["orphaned_s"].min() > 60  # type: ignore[operator]
    assert told["containers"]["sandbox"].sum() == 6
    assert told["pods"].height == 6
    assert {"docker-json", "journal-export"} <= set(told["coverage"]["source_kind"])


def test_the_same_rows_in_both_forms(long_outage: Analysis, tmp_path: Path) -> None:
    WRITE["csv"](long_outage, tmp_path / "csv")
    WRITE["parquet"](long_outage, tmp_path / "parquet")
    for table, frame in tables(long_outage):
        assert pl.read_parquet(tmp_path / "parquet" / f"{table}.parquet").equals(frame)
        with (tmp_path / "csv" / f"{table}.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row.keys() == TABLES[table].keys() for row in rows] == [True] * frame.height
        for row, truth in zip(rows, frame.iter_rows(named=True), strict=True):
            for column, value in truth.items():
                if isinstance(value, datetime):
                    assert datetime.fromisoformat(row[column]) == value
                elif value is None:
                    assert row[column] == ""
                elif isinstance(value, str):
                    assert row[column] == value


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(start: str) -> None:
    frame = pl.DataFrame({"text": [f"{start}cmd|'/c calc'!A1", "a=b", None, "", 'say "x", y'], "number": [-1, 2, None, 0, 3]})
    rows = list(csv.reader(io.StringIO(csv_text(frame))))
    assert rows[0] == ["text", "number"]
    assert rows[1][0].startswith("'")
    assert rows[1][1] == "-1", "a number is none"
    assert [row[0] for row in rows[2:]] == ["a=b", "", "", 'say "x", y']


def test_csv_is_printable() -> None:
    for _, frame in tables(hostile.analysis()):
        assert [c for c in csv_text(frame) if not c.isprintable() and c != "\n"] == []


# --- narrowed, and whole or not at all


def test_exports_are_narrowed_as_findings_are(long_outage: Analysis) -> None:
    some = long_outage.narrowed(Asked(pods=("example-api-release-12-5mss5",)))
    told = dict(tables(some))
    assert set(told["pods"]["pod"]) == {"example-api-release-12-5mss5"}
    assert set(told["containers"]["pod"]) == {"example-api-release-12-5mss5"}
    assert set(told["outages"]["node"]) == {"minion-01"}
    assert set(told["coverage"]["node"].drop_nulls()) == {"minion-01"}
    assert {key[1] for key in pairs(trace(some)) if key[0] == "container"} == set(
        told["containers"].filter(~pl.col("sandbox"))["container_id"]
    )
    pods = {line.get("k8s_pod_name") for line in lines(some) if "finding_id" not in line}
    assert pods == {None, "example-api-release-12-5mss5"}
    before = long_outage.narrowed(Asked(until=datetime(2026, 11, 22, 7, 10, tzinfo=UTC)))
    assert dict(tables(before))["outages"].is_empty()
    assert all(line["datetime"] < "2026-11-22T07:10:00.1" for line in lines(before) if "finding_id" not in line)


def test_a_file_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    kept, elsewhere = tmp_path / "out.json", tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    kept.symlink_to(elsewhere)
    with pytest.raises(TypeError), whole(kept) as out:
        out.writelines([b"half", None])  # type: ignore[list-item]
    assert kept.read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["elsewhere", "out.json"]
    with whole(kept) as out:
        out.write(b"all")
    assert (kept.read_text(), elsewhere.read_text()) == ("all", "mine"), "a link is replaced, not followed"
    with pytest.raises(IsADirectoryError), whole(tmp_path):
        pass
