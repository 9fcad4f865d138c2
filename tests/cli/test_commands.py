"""The command line as users and scripts meet it."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from analyzer.cli import app
from analyzer.vocabulary import FindingKind
from tests.cli.running import COMMAND, ROOT, environment, podopsy

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def quick(sample_logs: Path) -> Path:
    return sample_logs / "quick-restart"


def told(done: subprocess.CompletedProcess[bytes], status: int) -> str:
    """The one line on stderr of a command that failed."""
    error = done.stderr.decode()
    assert done.returncode == status, error
    assert error.startswith("podopsy: ")
    assert error.count("\n") == 1
    return error.removeprefix("podopsy: ").rstrip("\n")


def test_version_and_help() -> None:
    assert re.fullmatch(rb"podopsy \S+\n", podopsy("--version").stdout)
    assert b"analyze" in podopsy("--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_described(command: str) -> None:
    """In its help, and, with all of its options, in docs/commands.md."""
    described = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    assert len(described.help) > 20
    page = (ROOT / "docs" / "commands.md").read_text()
    section = re.search(rf"^## .*\b{command}\b.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section, f"docs/commands.md lacks {command}"
    for parameter in described.params:
        for option in parameter.opts:
            if option.startswith("--"):
                assert option in page, f"docs/commands.md lacks {command} {option}"


def test_each_kind_of_finding_is_described() -> None:
    page = (ROOT / "docs" / "findings.md").read_text()
    assert [kind for kind in FindingKind if f"\n## {kind}\n" not in page] == []


def test_each_format_is_described() -> None:
    from analyzer.formats import REGISTRY

    page = (ROOT / "docs" / "formats.md").read_text()
    assert [known.name for known in REGISTRY if f"| `{known.name}` |" not in page] == []


def test_the_library_waits_for_a_command() -> None:
    code = "import sys, analyzer.cli; sys.exit(any(m in sys.modules for m in ('polars', 'numpy', 'pyarrow', 'deltalake', 'rich.progress')))"
    assert subprocess.run([sys.executable, "-c", code], env=environment(), check=False).returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["analyze"], 2, "nothing to read"),
        (["inspect"], 2, "nothing to read"),
        (["analyze", "QUICK", "--format", "nope"], 2, "no format 'nope'"),
        (["analyze", "QUICK", "--desired", "web=3"], 2, "NAMESPACE/KIND/NAME=NUMBER"),
        (["analyze", "QUICK", "--desired", "a/b/c=many"], 2, "NAMESPACE/KIND/NAME=NUMBER"),
        (["analyze", "QUICK", "--kind", "outage"], 2, "there is no such kind"),
        (["analyze", "QUICK", "--fail-on", "fatal"], 2, "neither a kind"),
        (["analyze", "QUICK", "--tz", "Mars/Olympus"], 2, "no time zone"),
        (["explain", "ffff", "QUICK"], 2, "no finding has an id"),
        (["explain", "", "QUICK"], 2, "findings have an id"),
        (["timeline", "nobody", "QUICK"], 2, "nobody"),
        (["report", "QUICK", "--out", "/nowhere/report.html"], 2, "/nowhere/report.html: No such file or directory"),
        (["batch", "QUICK", "--out", "/dev/null/x"], 2, "/dev/null"),
        (["export", "csv", "QUICK", "--out", "/dev/null/x"], 2, "/dev/null/x: Not a directory"),
        (["export", "parquet", "QUICK", "--out", "-"], 2, "name a folder"),
        (["export", "perfetto", "QUICK", "--out", "EMPTY"], 2, "EMPTY: Is a directory"),
        (["export", "perfetto", "--out", "x"], 2, "nothing to read"),
        (["export", "perfetto", "QUICK", "--out", "/dev/null/x"], 2, "/dev/null/x: Not a directory"),
        (["export", "timesketch", "QUICK", "--out", "/nowhere/x.jsonl"], 2, "/nowhere/x.jsonl: No such file or directory"),
        (["analyze", "QUICK", "-n", "defualt"], 2, "no namespace of that name; near to it: default"),
        (["report", "QUICK", "--pod", "nobody"], 2, "no pod of that name"),
        (["analyze", "QUICK", "--controller", "Deployment/x"], 2, "no controller of that name"),
        (["analyze", "/nowhere", "--since", "yesterday"], 2, "--since yesterday: write a time as"),
        (["analyze", "/nowhere", "--around", "2026-13-01"], 2, "--around 2026-13-01: write a time as"),
        (["timeline", "minion-01", "QUICK", "--around", "10s", "--window", "wide"], 2, "--window wide: write a duration as"),
        (["analyze", "/nowhere", "--window", "5m"], 2, "--around, which is missing"),
        (["analyze", "/nowhere", "--around", "1m", "--since", "2m"], 2, "give one or the other"),
        (["analyze", "QUICK", "--since", "1s", "--until", "2s"], 2, "is later than --until"),
        (["analyze", "QUICK", "--until", "2h"], 2, "the evidence begins at"),
        (["analyze", "QUICK", "--since", "2999-01-01T00:00:00Z"], 2, "the evidence ends at"),
        (["analyze", "/nowhere"], 3, "no such file or directory: /nowhere"),
        (["analyze", "EMPTY"], 3, "no files there"),
        (["analyze", "BINARY"], 3, "binary data"),
        (["analyze", "BROKEN.gz"], 3, "gzip"),
        (["inspect", "EMPTY"], 3, "no files there"),
        (["batch", "EMPTY", "--out", "EMPTY/out"], 3, "no cases there"),
        (["analyze", "--store", "EMPTY"], 3, "no store there"),
        (["ingest", "QUICK", "--store", "FOREIGN"], 3, "neither empty nor a store"),
    ],
)
def test_what_goes_wrong_is_one_line(quick: Path, tmp_path: Path, words: list[str], status: int, says: str) -> None:
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "FOREIGN").mkdir()
    (tmp_path / "FOREIGN" / "mine.txt").write_text("mine")
    (tmp_path / "BINARY").write_bytes(bytes(range(256)) * 9)
    (tmp_path / "BROKEN.gz").write_bytes(b"\x1f\x8b\x08nonsense")
    assert says in told(podopsy(*(str(quick) if w == "QUICK" else w for w in words), cwd=tmp_path), status)


def test_wrong_words_are_usage() -> None:
    for words in (["analyse", "x"], ["analyze", "x", "-o", "xml"], ["analyze", "x", "--year", "soon"], ["report", "--nope"]):
        done = podopsy(*words)
        assert done.returncode == 2
        assert done.stdout == b""


def test_exit_statuses_for_scripts(quick: Path, sample_logs: Path, tmp_path: Path) -> None:
    assert podopsy("analyze", quick, "--fail-on", "critical", "--strict").returncode == 0
    assert podopsy("analyze", quick, "--fail-on", "adoption").returncode == 1
    assert podopsy("analyze", sample_logs / "normal-operations", "--fail-on", "overshoot-window").returncode == 0  # by design
    cut = tmp_path / "kubelet.json"
    cut.write_bytes((quick / "minion-01" / "kubelet.journal.json").read_bytes()[:-300])
    done = podopsy("analyze", cut, "--strict")
    assert done.returncode == 4
    assert b"kubelet.json: 1 record(s) rejected" in done.stderr
    assert podopsy("analyze", cut).returncode == 0


def test_standard_input(quick: Path) -> None:
    journal = (quick / "minion-01" / "kubelet.journal.json").read_bytes()
    found = json.loads(podopsy("analyze", "-", "-o", "json", stdin=journal).stdout)["findings"]
    assert "kubelet-outage" in {f["kind"] for f in found}
    assert {e["source"] for f in found for e in f["evidence"]} == {"stdin"}
    assert "standard input" not in told(podopsy("analyze", "-", stdin=b""), 3)


def test_forms_of_output(quick: Path) -> None:
    document = json.loads(podopsy("analyze", quick, "-o", "json").stdout)
    lines = podopsy("analyze", quick, "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == document["findings"]
    for finding in document["findings"]:
        assert finding["id"].encode() in podopsy_wide(quick)
    assert podopsy("analyze", quick, "-o", "markdown").stdout.startswith(b"# Post-mortem (draft), ")


_WIDE: dict[Path, bytes] = {}


def podopsy_wide(path: Path) -> bytes:
    if path not in _WIDE:
        _WIDE[path] = podopsy("analyze", path, "-o", "wide").stdout
    return _WIDE[path]


def test_what_the_demo_and_the_table_commands_print(tmp_path: Path) -> None:
    demo = podopsy("demo", cwd=tmp_path)
    assert demo.returncode == 0
    assert b"kubelet-outage" in demo.stdout
    assert (tmp_path / "podopsy-demo.html").read_bytes().startswith(b"<!doctype html>")
    assert b"container_id" in podopsy("schema").stdout
    assert b"orphaned-container\n  proves:" in podopsy("detectors").stdout


def test_inspect(quick: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    done = podopsy("inspect", quick, tmp_path / "notes.txt", "--json")
    rows = {row["source"].split("/")[-1]: row for row in json.loads(done.stdout)["sources"]}
    assert rows["notes.txt"]["status"] == "unrecognised"
    assert rows["kubelet.journal.json"]["format"] == "journal-json"
    assert podopsy("inspect", tmp_path).returncode == 3, "a list, and yet nothing usable"
    kubelet = rows["kubelet.journal.json"]
    assert kubelet["lines"] == kubelet["parsed"] >= kubelet["understood"] > kubelet["events"] > 0
    assert sum(shape["count"] for shape in kubelet["shapes"]) == kubelet["lines"] - kubelet["understood"]


def test_inspect_tells_what_was_not_understood(tmp_path: Path) -> None:
    line = "Aug 22 00:23:09 node-1 kubelet[77]: I0822 00:23:09.000001      77 kubelet.go:9] {}\n"
    (tmp_path / "kubelet.log").write_text("".join(line.format(f"Terminating workload {n}, politely") for n in range(5)))
    text = podopsy("inspect", tmp_path).stdout.decode()
    assert "kubelet 5 lines: 100.0 % parsed, 0.0 % understood (0 events)" in text
    assert re.search(r"^ +5 +kubelet: Terminating workload <…>, politely$", text, re.MULTILINE)
    assert "politely" not in podopsy("inspect", tmp_path, "--shapes", "0").stdout.decode()
    assert podopsy("ingest", tmp_path, "--store", tmp_path / "store").returncode == 0
    assert "kubelet: Terminating workload <…>, politely" in podopsy("inspect", "--store", tmp_path / "store").stdout.decode()


def test_explain_shows_the_lines(quick: Path) -> None:
    document = json.loads(podopsy("analyze", quick, "-o", "json").stdout)
    outage = next(f for f in document["findings"] if f["kind"] == "kubelet-outage")
    text = podopsy("explain", outage["id"][:8], quick).stdout.decode()
    for proof in outage["evidence"]:
        assert f"{proof['source']}:{proof['line']}" in text
        assert proof["proves"] in text
        assert proof["text"][:60] in text


def test_a_reader_that_goes_away(sample_logs: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "analyze", str(sample_logs / "normal-operations"), "-o", "json"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) in (0, 1, 141)


def test_interrupted() -> None:
    process = subprocess.Popen(
        [*COMMAND, "analyze", "-"], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(2)  # it waits for standard input
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in error


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\x08\rx"


def test_log_content_does_not_reach_the_terminal_raw(tmp_path: Path) -> None:
    """Pod names, messages and file names with control characters, in every command that prints words."""
    uid, cid = "00000000-0000-4000-8000-000000000001", "a" * 64
    folder = tmp_path / "case\x1b[31m"
    folder.mkdir()
    header = "I1122 07:00:0{}.000001       9 kubelet.go:1888] "
    records = [
        ("kubelet", 0, header.format(0) + f'SyncLoop (ADD, "api"): "web{HOSTILE}_default({uid})"'),
        ("kubelet", 1, header.format(1) + f"Recovery completed {HOSTILE}"),
        ("systemd", 2, f"Stopping kubelet.service - kubelet{HOSTILE}..."),
        ("systemd", 3, "kubelet.service: Deactivated successfully."),
        ("systemd", 5, f"Started kubelet.service - kubelet{HOSTILE}."),
    ]
    with (folder / f"kubelet{chr(27)}.json").open("w") as out:
        for identifier, second, message in records:
            entry = {"_HOSTNAME": "node-1", "SYSLOG_IDENTIFIER": identifier, "_PID": "9", "MESSAGE": message, "UNIT": "kubelet.service"}
            out.write(json.dumps({**entry, "__REALTIME_TIMESTAMP": str(1_795_331_000_000_000 + second * 1_000_000)}) + "\n")
        out.write("{ broken \x1b[31m\n")
    attributes = {"name": f"k8s_web_web{HOSTILE}_default_{uid}_0", "io.kubernetes.pod.name": f"web{HOSTILE}"}
    attributes |= {"io.kubernetes.pod.uid": uid, "io.kubernetes.container.name": "web", "io.kubernetes.pod.namespace": "default"}
    start = {"status": "start", "id": cid, "Type": "container", "Action": "start", "Actor": {"ID": cid, "Attributes": attributes}}
    (folder / "docker.jsonl").write_text(json.dumps({**start, "time": 1_795_330_999, "timeNano": 1_795_330_999_000_000_001}) + "\n")
    found = json.loads(podopsy("analyze", folder, "-o", "json").stdout)["findings"]
    assert {"kubelet-outage", "orphaned-container"} <= {f["kind"] for f in found}
    orphan = next(f for f in found if f["kind"] == "orphaned-container")
    runs = [podopsy("analyze", folder, "-o", form) for form in ("table", "wide", "csv", "markdown")]
    runs += [podopsy("export", "csv", folder, "--out", tmp_path / "out\x1b")]
    runs += [podopsy("explain", orphan["id"], folder), podopsy("inspect", folder), podopsy("timeline", "node-1", folder)]
    runs += [podopsy("analyze", folder / "absent\x1b"), podopsy("explain", "\x1bx", folder), podopsy("timeline", "\x1bx", folder)]
    for done in runs:
        shown = (done.stdout + done.stderr).decode()
        assert shown
        assert [c for c in shown if not c.isprintable() and c != "\n"] == [], done.args


def test_export(quick: Path, tmp_path: Path) -> None:
    done = podopsy("export", "csv", quick, "--out", tmp_path / "tables" / "csv", "-n", "default")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"tables/csv: findings.csv (" in done.stderr
    assert (tmp_path / "tables" / "csv" / "findings.csv").read_bytes() == podopsy("analyze", quick, "-o", "csv").stdout
    trace = json.loads(podopsy("export", "perfetto", quick, "--out", "-").stdout)
    assert trace["traceEvents"]
    assert podopsy("ingest", quick, "--store", tmp_path / "store").returncode == 0
    assert podopsy("export", "timesketch", quick, "--out", tmp_path / "a.jsonl").returncode == 0
    assert podopsy("export", "timesketch", "--store", tmp_path / "store", "--out", tmp_path / "b.jsonl").returncode == 0
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()
    assert podopsy("export", "excel", quick, "--out", tmp_path / "x").returncode == 2
    assert podopsy("export", "csv", quick).returncode == 2


def test_filters(quick: Path) -> None:
    whole = json.loads(podopsy("analyze", quick, "-o", "json").stdout)
    assert "selection" not in whole
    done = json.loads(podopsy("analyze", quick, "-o", "json", "--since", whole["evidence"]["end"]).stdout)
    assert done["selection"]["since"] == whole["evidence"]["end"]
    assert done["findings"] == [f for f in whole["findings"] if f["end"] is None]
    assert done["story"][-1] == "Nothing unexpected was found of it."
    orphan = next(f for f in whole["findings"] if f["kind"] == "orphaned-container")
    text = podopsy("analyze", quick, "--pod", orphan["pod"], "--kind", "orphaned-container").stdout.decode()
    assert f"Only a part is told here (pod {orphan['pod']}): " in " ".join(text.split())
    assert orphan["id"] in text
    zoomed = podopsy("timeline", "minion-01", quick, "--around", whole["evidence"]["start"], "--window", "2s").stdout.decode()
    assert len(zoomed.splitlines()) < len(podopsy("timeline", "minion-01", quick).stdout.decode().splitlines())


def test_no_colour_in_a_pipe(quick: Path) -> None:
    for more in ({}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}):
        assert b"\x1b" not in podopsy("timeline", "minion-01", quick, **more).stdout


ASCII = [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}, {"LANG": "C", "LC_ALL": "", "LC_CTYPE": ""}, {"PYTHONIOENCODING": "latin-1"}]


@pytest.mark.parametrize("more", ASCII, ids=str)
def test_where_there_is_only_ascii(quick: Path, more: dict[str, str]) -> None:
    """Words are in ASCII, nothing fails; data is UTF-8 all the same."""
    lanes = podopsy("timeline", "minion-01", quick, COLUMNS="80", **more)
    assert lanes.returncode == 0, lanes.stderr
    assert lanes.stdout.isascii()
    assert b"X kubelet down" in lanes.stdout
    assert podopsy("analyze", quick, **more).stdout.isascii()
    assert podopsy("analyze", quick, "-o", "json", **more).stdout == podopsy("analyze", quick, "-o", "json", PYTHONUTF8="1").stdout


def test_the_width_is_that_of_columns(quick: Path) -> None:
    for width in (70, 133):
        lines = podopsy("timeline", "minion-01", quick, COLUMNS=str(width), LC_ALL="C.UTF-8").stdout.decode().splitlines()
        assert max(len(line) for line in lines[2:]) == width


def test_on_a_node(quick: Path, tmp_path: Path) -> None:
    whole = json.loads(podopsy("analyze", quick, "-o", "json").stdout)["findings"]
    done = json.loads(podopsy("analyze", quick, "-o", "json", "--on", "minion-01").stdout)
    assert done["selection"]["nodes"] == ["minion-01"]
    assert done["findings"] == [f for f in whole if f["node"] in ("minion-01", None)]
    assert {f["node"] for f in done["findings"]} >= {"minion-01"}
    assert "near to it: minion-0" in told(podopsy("analyze", quick, "--on", "minion-1"), 2)
    mixed = "podopsy: --node minion-01: the evidence names minion-01 and minion-02; all of it counts as minion-01's"
    assert podopsy("analyze", quick, "--node", "minion-01").stderr.decode().startswith(mixed)
    assert podopsy("analyze", quick / "minion-01", "--node", "renamed").stderr == b""
    assert podopsy("ingest", quick, "--store", tmp_path / "store").returncode == 0
    for option in ("--on", "--node"):
        again = json.loads(podopsy("analyze", "--store", tmp_path / "store", "-o", "json", option, "minion-02").stdout)
        assert again["selection"]["nodes"] == ["minion-02"], "of what is not read again nothing can be said: --node chooses"
        assert {f["node"] for f in again["findings"]} <= {"minion-02", None}


def test_query(quick: Path, tmp_path: Path) -> None:
    sql = "select count(*) as n from events where kind = 'recovery_completed'"
    assert podopsy("query", sql, quick, "-o", "csv").stdout == b"n\n1\n"
    assert podopsy("ingest", quick, "--store", tmp_path / "store").returncode == 0
    assert podopsy("query", sql, "--store", tmp_path / "store", "-o", "json").stdout == b'[{"n":1}]\n'
    assert told(podopsy("query", "select nope from events", quick), 2).startswith("query: ")


def test_query_klog(quick: Path) -> None:
    assert b"\nklog\n  source_id" in podopsy("schema").stdout
    sql = "select file, severity, count(*) as n from klog where message like 'Recovery completed%' group by file, severity"
    assert podopsy("query", sql, quick, "-o", "csv").stdout == b"file,severity,n\nmanager.go,I,1\n"
