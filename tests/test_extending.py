"""The examples of docs/extending.md, as they stand there."""

import json
import os
import re
import sys
import tomllib
import types
from pathlib import Path

import pytest

from analyzer import formats
from analyzer.ingest import ingest
from analyzer.plan import Options
from analyzer.store import MemoryStore
from tests.cli.running import ROOT, podopsy
from tests.lifecycle.incident import A, Incident

LOG = """\
2024-05-06_12:00:00.12345 I0506 12:00:00.123401     812 server.go:153] "Started kubelet"
2024-05-06_12:00:01.00001 I0506 12:00:01.000001     812 manager.go:306] Recovery completed
?
"""


@pytest.fixture
def example(root: Path, monkeypatch: pytest.MonkeyPatch) -> formats.Format:
    page = (root / "docs" / "extending.md").read_text()
    code, line = re.findall(r"```(?:python)?\n(.*?)```", page, re.DOTALL)[:2]
    module = types.ModuleType("analyzer.formats.svlogd")
    exec(code, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert line.strip() == "svlogd.FORMAT,"
    monkeypatch.setattr(formats, "REGISTRY", (module.FORMAT, *formats.REGISTRY))
    known: formats.Format = module.FORMAT
    return known


def test_a_format_is_one_file_and_one_line(example: formats.Format, tmp_path: Path) -> None:
    (tmp_path / "current").write_text(LOG.replace("?\n", ""))
    store = MemoryStore()
    ingest([tmp_path], store)
    assert store.table("sources")["format"].to_list() == [example.name]
    assert store.table("events").sort("record").select("kind").to_series().to_list() == ["kubelet_ready", "recovery_completed"]


def test_what_it_cannot_read_is_kept(example: formats.Format, tmp_path: Path) -> None:
    (tmp_path / "current").write_text(LOG * 10)
    store = MemoryStore()
    ingest([tmp_path], store, Options(format="svlogd"))
    assert store.table("rejects")["reason"].to_list() == ["no time at the beginning of the line"] * 10


@pytest.fixture
def site(root: Path, tmp_path: Path) -> Path:
    """A folder into which the example's distribution is installed."""
    page = (root / "docs" / "extending.md").read_text()
    code, project = re.search(r"`failed_exit.py`:\n\n```python\n(.*?)```\n.*?```toml\n(.*?)```", page, re.DOTALL).groups()  # type: ignore[union-attr]
    told = tomllib.loads(project)["project"]
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "failed_exit.py").write_text(code)
    entries = told["entry-points"]["podopsy.detectors"]
    install(folder, told["name"], told["version"], entries)
    return folder


def install(site: Path, name: str, version: str, entries: dict[str, str]) -> None:
    """What pip leaves of a distribution, as far as entry points go."""
    info = site / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text("[podopsy.detectors]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()))


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    incident = Incident()
    incident.alive(A, 0, 60)
    incident.runs(A, 1, "web-aaaaa", end=30, code=3)
    incident.runs(A, 2, "web-bbbbb", end=31, kill=30.5, code=137)
    return incident.write(tmp_path / "evidence")


def run(site: Path, *words: str | Path) -> tuple[int, str, str]:
    done = podopsy(*words, PYTHONPATH=os.pathsep.join([str(ROOT), str(site)]))
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_a_detector_comes_from_a_distribution_of_its_own(site: Path, evidence: Path) -> None:
    status, out, error = run(site, "analyze", evidence, "-o", "json")
    assert (status, error) == (0, "")
    found = [f for f in json.loads(out)["findings"] if f["kind"] == "failed-exit"]
    assert [(f["pod"], f["details"]) for f in found] == [("web-aaaaa", {"exit_code": 3})]
    assert [p["proves"] for p in found[0]["evidence"]] == ["the runtime started it", "the runtime saw it end"]
    _, out, _ = run(site, "analyze", evidence, "-o", "jsonl", "--kind", "failed-exit")
    assert [json.loads(line) for line in out.splitlines()] == found
    _, out, _ = run(site, "analyze", evidence, "-o", "jsonl", "--without", "failed-exit")
    assert "failed-exit" not in out
    assert run(site, "analyze", evidence, "--fail-on", "failed-exit")[0] == 1
    assert "nobody asked it to stop" in run(site, "explain", found[0]["id"], evidence)[1]
    status, out, _ = run(site, "verify", evidence, "--kind", "failed-exit")
    assert (status, out) == (0, "1 finding(s), 2 citation(s), 2 source(s): all as cited\n")
    _, out, _ = run(site, "detectors")
    assert re.search(r"^failed-exit\n  proves: .*\n  needs:  .*\n  not if: .*\n  from:   podopsy-failed-exit\n\Z", out, re.MULTILINE)
    for form in ("table", "wide", "markdown"):
        assert "exit code 3" in run(site, "analyze", evidence, "-o", form)[1]
    assert run(site, "report", evidence, "--out", site / "report.html")[0] == 0
    assert "exit code 3" in (site / "report.html").read_text()


def test_detectors_that_cannot_be_used_are_named(site: Path, evidence: Path) -> None:
    """One line each, with who brought it; the rest goes on."""
    head = "from dataclasses import replace\nfrom analyzer.vocabulary import Severity\nimport failed_exit\nD = failed_exit.DETECTOR\n"
    bad = {
        "raises": "1 / 0",
        "exits": "import sys\nsys.exit(3)",
        "absent": None,
        "other": "DETECTOR = 'no detector'",
        "clash": "DETECTOR = replace(D, kind='kubelet-outage')",
        "again": "DETECTOR = D",
        "named": "DETECTOR = replace(D, kind='Not \x1b a kind')",
        "severe": "DETECTOR = replace(D, kind='warning')",
        "breaks": "DETECTOR = replace(D, kind='breaks', find=lambda case: [*D.find(case), 1 / 0])",
        "fatal": "DETECTOR = replace(D, kind='fatal', find=lambda c: [replace(f, kind='fatal', severity='fatal') for f in D.find(c)])",
        "sure": "DETECTOR = replace(D, kind='sure', find=lambda c: [replace(f, kind='sure', confidence='very') for f in D.find(c)])",
        "stray": "DETECTOR = replace(D, kind='stray')",
        "bare": "DETECTOR = replace(D, kind='bare', find=lambda c: [replace(f, kind='bare', evidence=()) for f in D.find(c)])",
        "binary": "DETECTOR = replace(D, kind='binary', find=lambda c: [replace(f, kind='binary', details={1: b''}) for f in D.find(c)])",
    }
    for name, code in bad.items():
        if code is not None:
            (site / f"bad_{name}.py").write_text(head + code + "\n")
    install(site, "zz-bad", "1", {name: f"bad_{name}" for name in bad})
    status, out, error = run(site, "analyze", evidence, "-o", "jsonl")
    assert status == 0
    assert [json.loads(line)["kind"] for line in out.splitlines()].count("failed-exit") == 1
    assert not {json.loads(line)["kind"] for line in out.splitlines()} & {"breaks", "fatal", "sure", "stray", "bare", "binary"}
    reasons = {
        "raises": "ZeroDivisionError: division by zero",
        "exits": "SystemExit: 3",
        "absent": "ModuleNotFoundError",
        "other": "neither a Detector nor a module",
        "clash": "the kind kubelet-outage are those of podopsy",
        "again": "the kind failed-exit are those of podopsy-failed-exit",
        "named": "cannot be a kind",
        "severe": "cannot be a kind",
        "breaks": "ZeroDivisionError",
        "fatal": "the severity 'fatal' is none of",
        "sure": "the confidence 'very' is none of",
        "stray": "a finding of the kind 'failed-exit'",
        "bare": "at least one Proof",
        "binary": "TypeError",
    }
    lines = error.splitlines()
    assert len(lines) == len(bad)
    for name, reason in reasons.items():
        told = [line for line in lines if line.startswith(f"podopsy: detector {name} of zz-bad ")]
        assert len(told) == 1, (name, lines)
        assert reason in told[0]
    assert run(site, "analyze", evidence, "--strict")[0] == 4
    _, out, error = run(site, "detectors")
    assert "clash" in error
    assert out.count("kubelet-outage\n") == 1


def test_our_own_detectors_can_be_switched_off(evidence: Path, site: Path, sample_logs: Path) -> None:
    quick = sample_logs / "quick-restart"
    _, out, _ = run(site, "analyze", quick, "-o", "jsonl")
    kinds = {json.loads(line)["kind"] for line in out.splitlines()}
    assert {"kubelet-outage", "adoption", "orphaned-container"} <= kinds
    _, out, _ = run(site, "analyze", quick, "-o", "jsonl", "--without", "adoption", "--without", "kubelet-outage")
    assert {json.loads(line)["kind"] for line in out.splitlines()} == kinds - {"adoption", "kubelet-outage"}
    status, _, error = run(site, "analyze", quick, "--without", "nothing")
    assert status == 2
    assert "--without nothing: there is no such kind" in error
    assert "failed-exit" in error
