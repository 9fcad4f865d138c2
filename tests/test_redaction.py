"""Redacted: no name of the incident is in anything that is printed, and what was the same is the same still."""

import base64
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.analysis import Analysis, analyze
from analyzer.exceptions import UsageError
from analyzer.outputs import text
from analyzer.outputs.exports import REGISTRY
from analyzer.outputs.report import render
from analyzer.redaction import Redactor, find_key, redacted
from tests.cli.running import podopsy

KEY, OTHER = b"0123456789abcdef", b"fedcba9876543210"
CASES = ("long-outage-return", "kubelet-stays-down", "long-outage-return-k8s-1.0")
FORMS = ("table", "wide", "json", "jsonl", "csv", "markdown", "sarif")


@pytest.fixture(scope="module", params=CASES)
def analysis(request: pytest.FixtureRequest, sample_logs: Path) -> Analysis:
    return analyze([sample_logs / request.param])


def secrets(analysis: Analysis) -> set[str]:
    """What must not be seen: names and ids, of all that the evidence tells of."""
    found = {*analysis.life.nodes}
    events = analysis.store.table("events")
    for column in ("k8s_pod_name", "k8s_pod_uid", "container_id"):
        found |= set(events[column].drop_nulls())
    found |= {name.partition("/")[2] for name in events["controller"].drop_nulls()}
    found |= {identity[:12] for identity in events["container_id"].drop_nulls()}
    found |= {match for text in events["text"] for match in re.findall(r"\b10\.\d+\.\d+\.\d+\b", text)}
    return {word for word in found if len(word) > 3}


def printed(analysis: Analysis, folder: Path) -> str:
    """All outputs, the report's picture unpacked."""
    page = render(analysis, title="t", command=None)
    hidden = [
        base64.b64decode(part).decode(errors="replace") for part in re.findall(r"[A-Za-z0-9+/]{200,}={0,2}", page) if len(part) % 4 == 0
    ]
    made = [text.render(analysis, form) for form in FORMS]
    for export in REGISTRY:
        if export.name != "parquet":
            export.write(analysis, folder / export.name)
    files = [path.read_text() for path in folder.rglob("*") if path.is_file()]
    return "\n".join([page, *hidden, *made, *files])


def test_no_name_of_the_incident_is_printed(analysis: Analysis, tmp_path: Path) -> None:
    hidden = secrets(analysis)
    (tmp_path / "plain").mkdir()
    (tmp_path / "redacted").mkdir()
    plain = printed(analysis, tmp_path / "plain")
    assert sum(word in plain for word in hidden) > 10
    shown = printed(redacted(analysis, KEY), tmp_path / "redacted")
    assert [word for word in hidden if word in shown] == []


def shape(document: object, known: dict[str, int] | None = None) -> object:
    """The document with its texts numbered by their first use: the same for documents that differ in names only."""
    known = {} if known is None else known
    if isinstance(document, dict):
        return {shape(key, known): shape(value, known) for key, value in document.items()}
    if isinstance(document, list):
        return [shape(value, known) for value in document]
    return known.setdefault(document, len(known)) if isinstance(document, str) else document


def test_joins_hold(analysis: Analysis) -> None:
    """Of the findings: each name, id and text that was the same is the same, and those that were not are not."""
    plain, other = analysis.document(), redacted(analysis, KEY).document()
    assert other.pop("redacted") is True
    del plain["story"], other["story"]
    for document in (plain, other):
        for finding in document["findings"]:
            del finding["evidence"]
    assert shape(other["findings"]) == shape(plain["findings"])
    assert [s["sha256"] for s in other["sources"]] == [s["sha256"] for s in plain["sources"]]
    for finding in other["findings"]:
        for name in ("pod", "node", "pod_uid", "container_id"):
            if finding[name] is not None and finding[name] != "default":
                pattern = {"pod_uid": r"[0-9a-f-]{36}", "container_id": r"[0-9a-f]{12}|[0-9a-f]{64}"}.get(name, rf"{name}-[0-9a-f]{{8}}.*")
                assert re.fullmatch(pattern, finding[name])


def test_what_belongs_together_stays_together(analysis: Analysis) -> None:
    """Runs and their pods, pods and their controllers, and what each was asked for."""
    old, new = analysis.life, redacted(analysis, KEY).life
    assert any(old.pod_of(run) for run in old.runs)
    assert [new.pod_of(run) is None for run in new.runs] == [old.pod_of(run) is None for run in old.runs]
    owners = [[life.owner_of(pod) for pod in life.pods] for life in (old, new)]
    assert any(owners[0])
    assert [bool(o) for o in owners[0]] == [bool(o) for o in owners[1]]
    assert [c.wanted and c.wanted.steps for c in new.controllers] == [c.wanted and c.wanted.steps for c in old.controllers]


def test_the_key_decides(analysis: Analysis) -> None:
    once, again, other = (text.render(redacted(analysis, key), "json") for key in (KEY, KEY, OTHER))
    assert once == again != other
    assert text.render(analysis, "json") == text.render(analysis, "json"), "and the analysis itself is left as it is"
    assert "redacted" not in analysis.document()


NAME = st.from_regex(r"[a-z][a-z0-9]{2,8}(-[a-z0-9]{2,8}){0,3}", fullmatch=True).filter(lambda name: name not in ("pod-0", "default"))


@given(st.lists(NAME, min_size=1, max_size=5, unique=True), st.text(max_size=60))
def test_known_names_are_replaced_wherever_they_stand(names: list[str], around: str) -> None:
    redactor = Redactor(KEY, dict.fromkeys(names, "pod"))
    for name in names:
        for written in (name, f'"{name}"', f"k8s_api_{name}_default_0", f"({name})", f"ns/{name}:", f"{name}.service"):
            shown = redactor.text(f" {written} ")
            assert not re.search(rf"(?<![a-z0-9-]){re.escape(name)}(?![a-z0-9-])", shown)
            assert redactor.text(name) in shown
    assert redactor.text(around) == Redactor(KEY, dict.fromkeys(names, "pod")).text(around)


def test_shapes() -> None:
    redactor = Redactor(KEY, {"web": "pod"})
    full = "b0" * 32
    assert redactor.text(full)[:12] == redactor.text(full[:12])
    assert re.fullmatch(r"ip-[0-9a-f]{8}:80", redactor.text("10.1.2.3:80"))
    assert re.fullmatch(r"ip-[0-9a-f]{8}", redactor.text("fe80::1:2"))
    assert re.fullmatch(r"user-[0-9a-f]{8}@host.invalid", redactor.text("ann@example.com"))
    assert re.fullmatch(r"host-[0-9a-f]{8}.invalid", redactor.text("db1.corp.example.com"))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", redactor.text("12345678-1234-1234-1234-123456789abc"))
    for kept in ("127.0.0.1", "2026-11-22T07:10:04.182948Z", "I1122 07:10:04.182948 77 kubelet.go:1888]", "1795331000000000", "k8s.gcr.io"):
        assert redactor.text(kept) == kept


def test_on_the_command_line(sample_logs: Path, tmp_path: Path) -> None:
    case = sample_logs / "quick-restart"
    done = podopsy("analyze", case, "-o", "json", "--redact")
    key = re.search(r"with the key ([0-9a-f]{32}) ", done.stderr.decode())
    assert key is not None
    again = podopsy("analyze", case, "-o", "json", "--redact", PODOPSY_REDACT_KEY=key[1])
    assert again.stdout == done.stdout
    assert again.stderr == b""
    (tmp_path / "key").write_text(key[1] + "\n")
    assert podopsy("analyze", case, "-o", "json", "--redact", "--redact-key", tmp_path / "key").stdout == done.stdout
    out = tmp_path / "report.html"
    assert podopsy("report", case, "--redact", "--out", out).returncode == 0
    assert "quick-restart" not in out.read_text()
    (tmp_path / "findings.json").write_bytes(done.stdout)
    verified = podopsy("verify", case, "--findings", tmp_path / "findings.json")
    assert verified.returncode == 2
    assert b"it is redacted" in verified.stderr
    assert podopsy("explain", json.loads(done.stdout)["findings"][0]["id"], case, "--redact").returncode == 2
    (tmp_path / "key").write_text("short")
    with pytest.raises(UsageError, match="can be guessed"):
        find_key(tmp_path / "key")
