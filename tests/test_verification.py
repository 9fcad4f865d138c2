"""verify: what it proves, and what it notices."""

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.analysis import analyze
from analyzer.exceptions import UsageError
from analyzer.ingest import ingest
from analyzer.outputs import text, verification
from analyzer.selection import Asked
from analyzer.store import open_store
from analyzer.verification import Recorded, Verdict, Written, read_document, verify
from analyzer.verification.citations import stands
from tests.cli.running import podopsy
from tests.formats import journal_writer

KUBELET = "minion-01/kubelet.journal.json"


@pytest.fixture
def case(sample_logs: Path, tmp_path: Path) -> Path:
    """An incident that may be tampered with."""
    return Path(shutil.copytree(sample_logs / "quick-restart", tmp_path / "case"))


@pytest.fixture
def written(case: Path, tmp_path: Path) -> Written:
    """Its findings, as they were before."""
    return read_document(document(case, tmp_path / "findings.json"))


def document(case: Path, path: Path) -> Path:
    path.write_text(text.render(analyze([case]), "json"))
    return path


@pytest.fixture
def stored(case: Path, tmp_path: Path) -> Path:
    store = tmp_path / "store"
    ingest([case], open_store(store, create=True))
    return store


def told(verdict: Verdict) -> list[str]:
    return [f"{p.where}: {p.says}" for p in verdict.problems]


def cited(written: Written, source: str) -> tuple[int, str]:
    """Line and text of one citation of that source."""
    found = sorted((p["line"], p["text"]) for f in written.findings.values() for p in f["evidence"] if p["source"] == source)
    return found[len(found) // 2]


def edit(path: Path, line: int, change: Callable[[bytes], bytes]) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line - 1] = change(lines[line - 1])
    path.write_bytes(b"".join(lines))


def one_byte(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(line: bytes) -> bytes:
        assert old in line
        assert len(old) == len(new)
        return line.replace(old, new, 1)

    return change


def test_all_as_cited(case: Path, stored: Path, written: Written) -> None:
    citations = sum(len(f["evidence"]) for f in written.findings.values())
    for verdict in (verify([case]), verify([case], store=open_store(stored)), verify([case], written=written)):
        assert told(verdict) == []
        assert verdict.notes == []
        assert (verdict.findings, verdict.citations) == (len(written.findings), citations)
        assert verification.as_text(verdict).endswith(f"{citations} citation(s), {verdict.sources} source(s): all as cited\n")


def test_a_changed_byte_in_a_cited_line(case: Path, stored: Path, written: Written) -> None:
    line, says = cited(written, KUBELET)
    word = next(w for w in says.split() if w.isalpha() and len(w) > 5).encode()
    edit(case / KUBELET, line, one_byte(word, b"X" + word[1:]))
    for verdict in (verify([case], store=open_store(stored)), verify([case], written=written)):
        assert any(p.startswith(f"{KUBELET}:{line}: does not say what is cited: ") for p in told(verdict))
    assert any(p.startswith(f"{KUBELET}: changed: other content (") for p in told(verify([case], store=open_store(stored))))


def test_a_changed_time_of_a_cited_line(case: Path, written: Written) -> None:
    """The text is as it was; the finding is not."""
    path = case / KUBELET
    proof = next(p for f in written.findings.values() for p in f["evidence"] if "Deactivated" in p["text"])
    stamp = json.loads(path.read_text().splitlines()[proof["line"] - 1])["_SOURCE_REALTIME_TIMESTAMP"].encode()
    edit(path, proof["line"], one_byte(stamp, stamp[:-1] + (b"0" if stamp[-1:] != b"0" else b"1")))
    says = told(verify([case], written=written))
    assert says[0].startswith(f"{KUBELET}: changed: other content (")
    assert len(says) > 1
    assert all(
        re.match(r"finding \w+: an analysis (does not give it|gives it with other .*) today|finding \w+: given today", p) for p in says[1:]
    )


def test_a_document_without_digests_is_verified_by_its_citations(case: Path, written: Written) -> None:
    bare = replace(written, sources=[Recorded(s.name) for s in written.sources])
    assert told(verify([case], written=bare)) == []
    line, says = cited(written, KUBELET)
    edit(case / KUBELET, line, one_byte(says[:9].encode(), b"x" + says[1:9].encode()))
    assert told(verify([case], written=bare))[0].startswith(f"{KUBELET}:{line}: does not say what is cited: ")
    (case / KUBELET).rename(case / "kubelet.journal.json")
    verdict = verify([case / "kubelet.journal.json"], written=bare)
    assert f"{KUBELET}: moved: taken to be kubelet.journal.json" in [f"{n.where}: {n.says}" for n in verdict.notes]


def test_any_changed_byte_of_a_cited_source_is_noticed(case: Path, written: Written) -> None:
    """The document has digests of what it cites: also what no citation shows."""
    content = bytearray((case / KUBELET).read_bytes())
    at = content.index(b'"PRIORITY":"6"')
    content[at + 12] ^= 1
    (case / KUBELET).write_bytes(content)
    assert told(verify([case], written=written)) == [f"{KUBELET}: changed: other content ({len(content):,} bytes, as before)"]


def test_a_truncated_source(case: Path, stored: Path, written: Written) -> None:
    path = case / KUBELET
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[: size * 2 // 3])
    by_store, by_document = verify([case], store=open_store(stored)), verify([case], written=written)
    assert f"{KUBELET}: changed: other content ({size * 2 // 3:,} bytes, {size:,} before)" in told(by_store)
    for verdict in (by_store, by_document):
        assert any(p.startswith(f"{KUBELET}:") and "does not say" in p for p in told(verdict))


def test_a_source_that_has_grown(case: Path, stored: Path) -> None:
    with (case / KUBELET).open("ab") as out:
        out.write(b"\n")
    assert [p for p in told(verify([case], store=open_store(stored))) if "does not say" in p] == []
    assert any("it has grown from" in p for p in told(verify([case], store=open_store(stored))))


def test_a_missing_source(case: Path, stored: Path, written: Written) -> None:
    (case / KUBELET).unlink()
    for verdict in (verify([case], store=open_store(stored)), verify([case], written=written)):
        assert any(p.startswith(f"{KUBELET}: missing; ") for p in told(verdict))


def test_swapped_sources(case: Path, stored: Path, written: Written) -> None:
    one, other = case / "minion-01" / "docker-events.jsonl", case / "minion-02" / "docker-events.jsonl"
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    verdict = verify([case], store=open_store(stored))
    assert "minion-01/docker-events.jsonl: replaced: it is now what minion-02/docker-events.jsonl was" in told(verdict)[0]
    assert verify([case], written=written).problems


def test_a_moved_source_does_no_harm(case: Path, stored: Path, tmp_path: Path) -> None:
    (case / "minion-01" / "kubelet.journal.json").rename(case / "minion-01" / "journal")
    verdict = verify([case], store=open_store(stored))
    assert told(verdict) == []
    assert [(n.where, n.says) for n in verdict.notes] == [(KUBELET, "moved: the same content is now minion-01/journal")]
    packed = tmp_path / "case.tar.gz"
    subprocess.run(["tar", "-czf", packed, "-C", case.parent, case.name], check=True)
    verdict = verify([packed], store=open_store(stored))
    assert told(verdict) == []
    assert len(verdict.notes) == verdict.sources


def test_a_packed_source_is_the_same_source(case: Path, stored: Path) -> None:
    path = case / KUBELET
    content = path.read_bytes()
    path.write_bytes(gzip.compress(content))
    assert told(verify([case], store=open_store(stored))) == []
    path.write_bytes(gzip.compress(content)[:-200])
    assert any(p.startswith(f"{KUBELET}: changed") for p in told(verify([case], store=open_store(stored))))


def test_an_edited_document(case: Path, written: Written) -> None:
    identity, finding = next((i, f) for i, f in written.findings.items() if f["kind"] == "kubelet-outage")
    finding["start"] = "2020-01-01T00:00:00.000000Z"
    finding["evidence"][0]["text"] += " and more"
    finding["evidence"][1]["line"] = 10**9
    finding["evidence"][2]["source"] = "elsewhere"
    written.findings["0" * 12] = {**finding, "summary": "made up", "evidence": []}
    del written.findings[next(i for i, f in written.findings.items() if f["kind"] == "adoption")]
    says = told(verify([case], written=written))
    assert any("does not say" in p and p.endswith("and more") for p in says)
    assert any(":1000000000: does not say" in p for p in says)
    assert any(p.startswith("elsewhere: cited 1 time(s), but not one of the recorded sources") for p in says)
    assert any(p.startswith(f"finding {identity}: an analysis gives it with other start today") for p in says)
    assert any(p.startswith("finding 000000000000: an analysis does not give it today: made up") for p in says)
    assert any("given today, but not in findings.json" in p for p in says)


def test_a_document_of_a_part_is_held_against_that_part(case: Path, tmp_path: Path) -> None:
    analysis = analyze([case])
    pod = next(f.pod for f in analysis.findings if f.pod)
    path = tmp_path / "part.json"
    path.write_text(text.render(analysis.narrowed(Asked(pods=(str(pod),), since=analysis.life.start)), "json"))
    part = read_document(path)
    assert 0 < len(part.findings) < len(analysis.findings)
    assert told(verify([case], written=part)) == []
    part.findings.popitem()
    assert len(told(verify([case], written=part))) == 1
    gone = replace(part, asked=Asked(pods=("nobody",)))
    assert any("selection: --pod nobody" in p for p in told(verify([case], written=gone)))
    for wrong in ([], {"pods": "x"}, {"since": 3}, {"since": "soon"}):
        path.write_text(json.dumps({**analysis.document(), "selection": wrong}))
        with pytest.raises(UsageError, match="not a findings document"):
            read_document(path)


@pytest.mark.parametrize("name", ["long-outage-return", "normal-operations", "quick-restart"])
def test_the_findings_of_the_samples_hold(sample_logs: Path, name: str) -> None:
    assert told(verify([sample_logs / name])) == []


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["m8-json-logging", "s1-quick-restart", "k3-long-outage-return"])
def test_the_findings_of_captures_hold(capture: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    """Journals in all renderings, binary ones too; containerd's events; API objects as JSON and YAML; an audit log."""
    folder = capture(name)
    before = read_document(document(folder, tmp_path / "findings.json"))
    assert told(verify([folder], written=before)) == []


def test_a_binary_journal(tmp_path: Path) -> None:
    """Cited by offset; a changed byte in a message is noticed."""
    path = tmp_path / "system.journal"
    path.write_bytes(journal_writer.write(journal_writer.KUBELET_RESTART))
    before = read_document(document(path, tmp_path / "findings.json"))
    assert {p["offset"] for f in before.findings.values() for p in f["evidence"]}
    assert told(verify([path], written=before)) == []
    path.write_bytes(path.read_bytes().replace(b"Deactivated", b"deactivated"))
    assert told(verify([path], written=before))


def test_the_last_line_of_a_process_in_a_binary_journal(tmp_path: Path) -> None:
    """What is cited as a sign of life has a place as well."""
    process = ["_HOSTNAME=node-1", "SYSLOG_IDENTIFIER=kubelet"]
    lines = [(second, 900, 'setters.go:86] Using node IP: "10.0.0.1"') for second in range(0, 60, 10)]
    lines.append((100, 1900, "server.go:1176] Started kubelet"))
    start = 1_795_331_000_000_000
    fields = {s: [*process, f"_PID={pid}", f"MESSAGE=I1122 07:0{s // 60}:{s % 60:02}.000000    {pid} {said}"] for s, pid, said in lines}
    path = tmp_path / "system.journal"
    path.write_bytes(journal_writer.write([(start + s * 1_000_000, [f.encode() for f in told]) for s, told in fields.items()]))
    before = read_document(document(path, tmp_path / "findings.json"))
    places = [(p.get("line"), p.get("offset")) for f in before.findings.values() for p in f["evidence"]]
    assert places
    assert all(line is None and offset for line, offset in places)
    assert told(verify([path], written=before)) == []


def test_where_a_text_stands() -> None:
    assert stands("Started  x", b"Jan 1 systemd: Started x\nnext")
    assert stands("one two", b"head one\n    two\nnext")
    assert not stands("next", b"first line\nnext")
    assert stands('say "hi"', b'{"MESSAGE": "I say \\"hi\\" twice"}\n')
    assert stands("b\ufffdd", json.dumps({"MESSAGE": [98, 255, 100]}).encode())
    assert stands("x" * 1999 + "…", b"x" * 3000)
    assert not stands("gone", b"{ not JSON gone-ish".replace(b"gone", b"gine"))


def test_on_the_command_line(case: Path, stored: Path, tmp_path: Path) -> None:
    findings = document(case, tmp_path / "findings.json")
    done = podopsy("verify", case, "--findings", findings)
    assert done.returncode == 0
    assert done.stdout.decode().endswith("all as cited\n")
    assert done.stdout.count(b"\n") == 1
    (case / KUBELET).unlink()
    done = podopsy("verify", case, "--store", stored, "-o", "json")
    assert done.returncode == 1
    assert KUBELET in {p["where"] for p in json.loads(done.stdout)["problems"]}
    done = podopsy("verify", case, "--store", stored)
    assert done.stdout.decode().splitlines()[0].startswith(f"{KUBELET}: missing; ")
    (tmp_path / "empty").mkdir()
    (tmp_path / "not.json").write_text('{"findings": [{}]}')
    for words, status, says in (
        (["--store", stored], 2, "give the PATHs"),
        (["-"], 2, "only once"),
        ([tmp_path / "empty"], 3, "no files there"),
        ([case, "--findings", tmp_path / "not.json"], 2, "not a findings document"),
        ([case, "--findings", tmp_path / "absent.json"], 2, "No such file"),
        ([case, "--store", tmp_path / "absent"], 3, "no store there"),
    ):
        done = podopsy("verify", *words)
        assert done.returncode == status, words
        assert says in done.stderr.decode()
        assert done.stderr.count(b"\n") == 1


def test_hostile_text_stays_off_the_terminal(case: Path, written: Written) -> None:
    next(iter(written.findings.values()))["evidence"][0]["text"] = "\x1b[2Jowned\x07"
    shown = verification.as_text(verify([case], written=written))
    assert "owned" in shown
    assert [c for c in shown if not c.isprintable() and c != "\n"] == []
