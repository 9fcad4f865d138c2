"""From PATHs to tables: what is read, once, in whatever order, rendering and number of threads."""

import gzip
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer import EvidenceError, UsageError, analyze
from analyzer.evidence import parse_zone
from analyzer.findings import Finding
from analyzer.ingest import ingest
from analyzer.lifecycle.events import load_events
from analyzer.outputs import text
from analyzer.plan import Options
from analyzer.store import MemoryStore, open_store
from tests.cli.running import podopsy


def rows(store: MemoryStore, *columns: str) -> list[tuple[object, ...]]:
    return store.table("sources").sort("source").select(columns).rows()


def ingested(*paths: Path, options: Options | None = None) -> MemoryStore:
    store = MemoryStore(keep_records=True)
    ingest(paths, store, options)
    return store


def essence(finding: Finding) -> tuple[object, ...]:
    """What a finding says, without the lines that it cites."""
    document = finding.document()
    del document["evidence"]
    return tuple(map(str, document.values()))


def rendered(journal: Path, style: str) -> str:
    """A JSON journal as ``journalctl -o short-iso-precise`` or ``-o short`` prints it."""
    lines = []
    for line in journal.read_text().splitlines():
        entry = json.loads(line)
        micros = int(entry.get("_SOURCE_REALTIME_TIMESTAMP") or entry["__REALTIME_TIMESTAMP"])
        moment = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
        stamp = moment.strftime("%Y-%m-%dT%H:%M:%S.%f+0000" if style == "short-iso-precise" else "%b %d %H:%M:%S")
        message = entry["MESSAGE"].replace("\n", "\n" + " " * (len(stamp) + 1))
        lines.append(f"{stamp} {entry['_HOSTNAME']} {entry['SYSLOG_IDENTIFIER']}[{entry['_PID']}]: {message}\n")
    return "".join(lines)


@pytest.fixture
def case(sample_logs: Path, tmp_path: Path) -> Path:
    """A copy of quick-restart that a test may add to."""
    return Path(shutil.copytree(sample_logs / "quick-restart", tmp_path / "case"))


def test_identical_bytes_are_read_once(case: Path) -> None:
    alone = analyze([case])
    journal = case / "minion-01" / "kubelet.journal.json"
    shutil.copy(journal, journal.with_name("z-copy.json"))
    (journal.parent / "z-copy.gz").write_bytes(gzip.compress(journal.read_bytes()))
    both = analyze([case])
    status = {row["source"]: (row["status"], row["detail"], row["records"]) for row in both.sources.iter_rows(named=True)}
    for copy in ("minion-01/z-copy.json", "minion-01/z-copy.gz"):
        assert status[copy] == ("duplicate", "the same bytes as minion-01/kubelet.journal.json", 0)
    assert both.document() == alone.document()


@pytest.mark.parametrize("name", ["quick-restart", "long-outage-return-k8s-1.0"])
def test_renderings_of_one_journal_tell_of_everything_once(sample_logs: Path, tmp_path: Path, name: str) -> None:
    case = Path(shutil.copytree(sample_logs / name, tmp_path / "case"))
    alone = analyze([case])
    for journal in case.glob("*/kubelet.journal.json"):
        for style in ("short-iso-precise", "short"):
            journal.with_name(f"kubelet.{style}").write_text(rendered(journal, style))
    together = analyze([case])
    assert (together.sources["format"] == "journal-short").sum() == 2
    assert len(load_events(together.store)) == len(load_events(alone.store))
    assert sorted(map(essence, together.findings)) == sorted(map(essence, alone.findings))


def test_order_and_threads_do_not_matter(case: Path, tmp_path: Path) -> None:
    parts = [str(case / part) for part in ("minion-01", "cluster", "minion-02")]
    one = podopsy("analyze", *parts, "-o", "json", POLARS_MAX_THREADS="1").stdout
    other = podopsy("analyze", *reversed(parts), "-o", "json", POLARS_MAX_THREADS="4", PYTHONHASHSEED="7").stdout
    assert one == other
    assert json.loads(one)["findings"]


def test_a_store_gives_the_same_bytes(sample_logs: Path, tmp_path: Path) -> None:
    for name in ("long-outage-return", "kubelet-stays-down"):
        direct = text.render(analyze([sample_logs / name]), "json")
        store = open_store(tmp_path / name, create=True)
        ingest([sample_logs / name], store)
        assert text.render(analyze([], store=open_store(tmp_path / name)), "json") == direct
        assert text.render(analyze([sample_logs / name], store=open_store(tmp_path / name)), "json") == direct


def test_in_two_steps_a_store_gives_the_same_bytes(case: Path, tmp_path: Path) -> None:
    """Names are relative to the PATHs: the folders come one after the other from the folder that holds both."""
    direct = text.render(analyze([case]), "json")
    later, store = tmp_path / "later", open_store(tmp_path / "store", create=True)
    shutil.move(case / "cluster", later)
    ingest([case], store)
    shutil.move(later, case / "cluster")
    assert ingest([case], store) == 7
    assert text.render(analyze([], store=store), "json") == direct


SHORT = (
    "Nov 22 07:04:19 node-1 systemd[1]: Stopping kubelet: The Kubernetes Node Agent...\n"
    "Nov 22 07:04:28 node-1 systemd[1]: Started kubelet: The Kubernetes Node Agent.\n"
)


def test_year_and_zone_as_stated(tmp_path: Path) -> None:
    (tmp_path / "kubelet.log").write_text(SHORT)
    store = ingested(tmp_path, options=Options(year=2015, zone=parse_zone("+02:00")))
    assert rows(store, "start", "detail") == [(datetime(2015, 11, 22, 5, 4, 19, tzinfo=UTC), None)]


def test_year_of_the_other_evidence(tmp_path: Path) -> None:
    (tmp_path / "kubelet.log").write_text(SHORT)
    (tmp_path / "docker.txt").write_text(f"2016-01-05T07:04:20.000000001Z container die {'a' * 64} (exitCode=0, name=x)\n")
    store = ingested(tmp_path)
    year = {name: (start.year, detail) for name, start, detail in rows(store, "source", "start", "detail")}  # type: ignore[attr-defined]
    assumed = "its times lack the year: taken as 2016; its times lack the zone: taken as UTC"
    assert year == {"docker.txt": (2016, None), "kubelet.log": (2016, assumed)}


def test_year_of_what_the_store_already_has(tmp_path: Path) -> None:
    (tmp_path / "docker.txt").write_text(f"2016-01-05T07:04:20.000000001Z container die {'a' * 64} (exitCode=0, name=x)\n")
    store = ingested(tmp_path)
    (tmp_path / "kubelet.log").write_text(SHORT)
    ingest([tmp_path], store)
    assert max(rows(store, "start"))[0] == datetime(2016, 11, 22, 7, 4, 19, tzinfo=UTC)


def test_what_is_not_evidence_is_told(case: Path) -> None:
    (case / "notes.md").write_text("# My notes\n\nIt broke.\n")
    (case / "core").write_bytes(bytes(range(256)) * 20)
    (case / "nothing").touch()
    (case / "broken.gz").write_bytes(b"\x1f\x8b\x08\0nonsense")
    journal = (case / "minion-02" / "kubelet.journal.json").read_bytes()
    (case / "minion-02" / "cut.gz").write_bytes(gzip.compress(journal[: len(journal) // 2])[:-2000])
    analysis = analyze([case])
    status = {row["source"]: (row["status"], row["detail"]) for row in analysis.sources.iter_rows(named=True)}
    assert status["notes.md"] == ("unrecognised", "text of no known format")
    assert status["core"] == ("unrecognised", "binary data")
    assert status["nothing"] == ("empty", None)
    assert status["broken.gz"][0] == "failed"
    assert status["minion-02/cut.gz"][0] == "read"
    assert "truncated" in str(status["minion-02/cut.gz"][1])
    assert [line.split(":")[0] for line in analysis.incomplete()] == ["broken.gz", "minion-02/cut.gz"]


def test_nothing_usable(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no files there"):
        analyze([tmp_path])
    (tmp_path / "notes.md").write_text("# My notes\n")
    with pytest.raises(EvidenceError, match="no usable evidence in 1 file"):
        analyze([tmp_path])
    with pytest.raises(UsageError, match="no format 'nope'"):
        analyze([tmp_path], options=Options(format="nope"))
