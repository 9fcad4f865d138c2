"""Many cases: each for itself, none stops the others, and a second run does what is missing."""

import json
import os
import shutil
import sys
import tarfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest

from analyzer.batch import Outcome, run_batch
from analyzer.exceptions import EvidenceError, UsageError
from tests.batch import dying
from tests.cli.running import podopsy

HOSTILE = '<img src=x onerror=alert(1)> "&\x1b[31m'


class Page(HTMLParser):
    """The tags, links and words of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory, sample_logs: Path) -> Path:
    """Two folders, an archive, and what can go wrong."""
    folder = tmp_path_factory.mktemp("archives")
    shutil.copytree(sample_logs / "quick-restart", folder / "quick")
    shutil.copytree(sample_logs / "quick-restart" / "minion-01", folder / HOSTILE / "minion-01")
    with tarfile.open(folder / "power.tar.gz", "w:gz") as packed:
        packed.add(sample_logs / "node-power-loss", "node-power-loss")
    (folder / "broken.tar.gz").write_bytes((folder / "power.tar.gz").read_bytes()[:300])
    (folder / "empty").mkdir()
    (folder / "README.txt").write_text("no case")
    return folder


@pytest.fixture(scope="module")
def out(archives: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A first run's output."""
    out = tmp_path_factory.mktemp("cases")
    assert run_batch(archives, out, jobs=2) == Outcome(done=3, kept=0, failed=2)
    return out


def times(out: Path) -> dict[str, int]:
    return {str(p.relative_to(out)): p.stat().st_mtime_ns for p in out.glob("*/*")}


def test_each_case_has_its_own_folder(out: Path) -> None:
    for name in ("quick", "power", HOSTILE):
        assert sorted(p.name for p in (out / name).iterdir()) == ["findings.json", "report.html", "status.json"]
    for name in ("broken", "empty"):
        assert [p.name for p in (out / name).iterdir()] == ["status.json"]
        assert json.loads((out / name / "status.json").read_text())["error"]
    kinds = {f["kind"] for f in json.loads((out / "power" / "findings.json").read_text())["findings"]}
    assert "undershoot-window" in kinds


def test_the_index_lists_all(out: Path) -> None:
    page = Page(out / "index.html")
    assert {"img", "script"} & page.tags == set()
    assert sorted(unquote(link) for link in page.links) == sorted(f"{name}/report.html" for name in ("quick", "power", HOSTILE))
    assert all((out / unquote(link)).is_file() for link in page.links)
    assert "5 cases: 3 analyzed" in page.words
    assert "no files there" in page.words


def test_the_table_over_all(out: Path) -> None:
    table = pl.read_parquet(out / "findings.parquet")
    for case in ("quick", "power"):
        document = json.loads((out / case / "findings.json").read_text())
        rows = table.filter(pl.col("case") == case)
        assert rows["id"].to_list() == [f["id"] for f in document["findings"]]
        assert json.loads(rows["details"][0]) == document["findings"][0]["details"]


def test_a_second_run_does_what_changed(archives: Path, out: Path) -> None:
    before, index = times(out), (out / "index.html").read_bytes()
    assert run_batch(archives, out, jobs=1) == Outcome(done=0, kept=5, failed=2)
    assert times(out) == before
    assert (out / "index.html").read_bytes() == index
    os.utime(archives / "quick" / "cluster" / "events.json", ns=(1, 1))
    (out / "power" / "report.html").unlink()
    assert run_batch(archives, out, jobs=1) == Outcome(done=2, kept=3, failed=2)
    assert {name.split("/")[0] for name, time in times(out).items() if time != before.get(name)} == {"quick", "power"}
    assert (out / "index.html").read_bytes() == index, "nothing new was found"


def test_a_case_that_was_mended_and_one_that_broke(sample_logs: Path, tmp_path: Path) -> None:
    archives, out = tmp_path / "archives", tmp_path / "out"
    shutil.copytree(sample_logs / "quick-restart" / "minion-01", archives / "mended")
    journal = archives / "mended" / "kubelet.journal.json"
    docker = archives / "mended" / "docker-events.jsonl"
    content = journal.read_bytes()
    journal.write_bytes(b"\0\1\2")
    docker.unlink()
    assert run_batch(archives, out, jobs=1) == Outcome(0, 0, 1)
    journal.write_bytes(content)
    assert run_batch(archives, out, jobs=1) == Outcome(1, 0, 0)
    journal.unlink()
    assert run_batch(archives, out, jobs=1) == Outcome(0, 0, 1)
    assert [p.name for p in (out / "mended").iterdir()] == ["status.json"], "what was found before no longer holds"


def test_a_process_that_dies_is_reported(sample_logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archives, out = tmp_path / "archives", tmp_path / "out"
    for name in ("dies", "lives"):
        shutil.copytree(sample_logs / "quick-restart" / "minion-01", archives / name)
    monkeypatch.setattr("analyzer.batch.run.work", dying.work)
    assert run_batch(archives, out, jobs=2) == Outcome(done=1, kept=0, failed=1)
    assert "its process died" in Page(out / "index.html").words
    assert (out / "lives" / "report.html").is_file()
    monkeypatch.undo()
    (out / "dies" / "status.json").unlink()
    assert run_batch(archives, out, jobs=1) == Outcome(done=1, kept=1, failed=0)


NO_TEXT = pytest.param(os.fsdecode(b"n\xe4me"), marks=pytest.mark.skipif(sys.platform == "darwin", reason="its file names are text"))


@pytest.mark.parametrize("name", ["..tar.gz", "...tar.gz", "index.html", "findings.parquet", NO_TEXT])
def test_names_that_are_no_folder_of_their_own(sample_logs: Path, tmp_path: Path, name: str) -> None:
    """'..' as a case's name would lead out of the output; others are taken by the batch's own files, or are no text."""
    archives, out = tmp_path / "archives", tmp_path / "below" / "out"
    archives.mkdir()
    source = sample_logs / "quick-restart" / "minion-01"
    if name.endswith(".gz"):
        with tarfile.open(archives / name, "w:gz") as packed:
            packed.add(source, "node")
    else:
        shutil.copytree(source, archives / name)
    assert run_batch(archives, out, jobs=1) == Outcome(1, 0, 0)
    (link,) = Page(out / "index.html").links
    assert (out / unquote(link)).resolve().parent.parent == out.resolve()
    assert [p.name for p in out.parent.iterdir()] == ["out"]
    assert pl.read_parquet(out / "findings.parquet").height > 0


def test_nothing_to_do(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="no such folder"):
        run_batch(tmp_path / "absent", tmp_path / "out")
    with pytest.raises(EvidenceError, match="no cases"):
        run_batch(tmp_path, tmp_path / "out")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        run_batch(tmp_path, tmp_path / "file")


def test_the_command(archives: Path, out: Path) -> None:
    done = podopsy("batch", archives, "--out", out, "-j", "1")
    assert done.returncode == 4, "some cases failed"
    assert done.stdout.decode() == f"0 analyzed, 5 unchanged, 2 failed: {out / 'index.html'}\n"


def test_what_is_looked_for_is_part_of_what_was_done(sample_logs: Path, tmp_path: Path) -> None:
    """With other detectors a case is analyzed anew; with the same ones it is not."""
    shutil.copytree(sample_logs / "quick-restart", tmp_path / "cases" / "quick")

    def kinds() -> set[str]:
        return {f["kind"] for f in json.loads((tmp_path / "out" / "quick" / "findings.json").read_text())["findings"]}

    run_batch(tmp_path / "cases", tmp_path / "out", jobs=1)
    before = kinds()
    assert "adoption" in before
    assert run_batch(tmp_path / "cases", tmp_path / "out", jobs=1, without=["adoption"]) == Outcome(done=1, kept=0, failed=0)
    assert kinds() == before - {"adoption"}
    assert run_batch(tmp_path / "cases", tmp_path / "out", jobs=1, without=["adoption"]) == Outcome(done=0, kept=1, failed=0)
    assert run_batch(tmp_path / "cases", tmp_path / "out", jobs=1, kinds=["adoption"]) == Outcome(done=1, kept=0, failed=0)
    assert kinds() == {"adoption"}
