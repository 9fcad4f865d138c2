"""What the evidence covers, at which verbosity, and its holes; and that there are none where nothing is missing."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.findings import Finding
from analyzer.lifecycle.coverage import Coverage, Silence
from analyzer.lifecycle.coverage_hole import Hole
from analyzer.outputs.coverage_told import coverage_lines, coverage_sentence
from tests.lifecycle.incident import ORIGIN, A, B, Incident, at, cid


def gaps(analysis: Analysis) -> list[Finding]:
    return [f for f in analysis.findings if f.kind == "evidence-gap"]


def second(finding: Finding) -> tuple[float, float]:
    assert finding.start.time is not None
    assert finding.end.time is not None
    return (finding.start.time - ORIGIN).total_seconds(), (finding.end.time - ORIGIN).total_seconds()


# --- what the log itself tells


@pytest.mark.parametrize("mode", ["journald", "rsyslog"])
def test_suppressed_messages_are_a_hole(mode: str, tmp_path: Path) -> None:
    incident = Incident()
    incident.alive("node-a", 0, 100)
    incident.alive("node-b", 0, 200)
    said = {
        "journald": "systemd-journald[77]: Suppressed 1234 messages from kubelet.service",
        "rsyslog": "rsyslogd: imjournal: begin to drop messages due to rate-limiting",
    }[mode]
    incident.journals["node-a"].append((130, said))
    incident.alive("node-a", 131, 200)
    analysis = incident.analyze(tmp_path)
    (mine,) = [c for c in analysis.life.coverage if c.node == "node-a"]
    assert [(start, end) for start, end, _ in mine.gaps] == [(at(100), at(130))]
    assert ("1234 messages of kubelet.service" in mine.gaps[0][2]) is (mode == "journald")
    assert [c.gaps for c in analysis.life.coverage if c.node == "node-b"] == [()]
    (told,) = [c for c in analysis.document()["coverage"] if c["node"] == "node-a"]
    assert told["gaps"][0][:2] == ["2026-03-01T10:01:40.000000Z", "2026-03-01T10:02:10.000000Z"]
    (finding,) = gaps(analysis)
    assert (finding.node, finding.expected, finding.confidence) == ("node-a", False, "certain")
    assert [p.line for p in finding.evidence] == [12]
    assert finding.details["cause"] == "suppressed"
    assert "silence there proves nothing" in coverage_sentence(analysis.life)


def test_what_the_kernel_lost_says_nothing_of_the_kubelet(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 200)
    incident.journals[A].append((105, "systemd-journald[77]: Missed 12 kernel messages"))
    analysis = incident.analyze(tmp_path)
    assert analysis.life.silence.proves(A, "kubelet", at(50), at(150))
    (finding,) = gaps(analysis)
    assert finding.details["of"] == "kernel"


# --- silences


def quiet(tmp_path: Path, low: float, high: float, until: float = 900) -> Incident:
    """A kubelet that writes every ten seconds, but for a stretch."""
    incident = Incident()
    incident.alive(A, 0, low)
    incident.alive(A, high, until)
    return incident


def test_a_silence_far_beyond_its_pace(tmp_path: Path) -> None:
    analysis = quiet(tmp_path, 300, 420).analyze(tmp_path)
    (finding,) = gaps(analysis)
    assert second(finding) == (300, 420)
    assert (finding.severity, finding.confidence, finding.expected) == ("info", "possible", False)
    assert [p.line for p in finding.evidence] == [31, 32]
    assert "never quiet for more than 10 s" in finding.summary
    assert "journalctl -u kubelet of node-a" in finding.details["settled_by"]
    silence = analysis.life.silence
    assert silence.proves(A, "kubelet", at(0), at(299))
    assert not silence.proves(A, "kubelet", at(290), at(310))
    assert silence.proves(A, "journal", at(430), at(900))


@pytest.mark.parametrize(("low", "high"), [(300, 340), (100, 350)])
def test_a_pace_is_neither_exceeded_by_little_nor_told_by_few_lines(low: float, high: float, tmp_path: Path) -> None:
    assert gaps(quiet(tmp_path, low, high, 900 if low == 300 else 420).analyze(tmp_path)) == []


def test_who_is_quiet_for_times_of_all_lengths_has_no_pace(tmp_path: Path) -> None:
    incident, moment = Incident(), 0.0
    for n in range(200):
        incident.kubelet(A, moment, 'Using node IP: "10.0.0.1"', "setters.go:86")
        moment += 400 / (1 + n * 7 % 97)
    assert gaps(incident.analyze(tmp_path)) == []


def test_a_kubelet_that_was_down_is_no_hole(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 400)
    incident.stop(A, 405)
    incident.start(A, 600)
    incident.alive(A, 610, 1000)
    analysis = incident.analyze(tmp_path)
    assert [f.kind for f in analysis.findings] == ["kubelet-outage"]


def test_a_hole_next_to_an_outage_is_a_warning(tmp_path: Path) -> None:
    incident = quiet(tmp_path, 300, 420, 600)
    incident.stop(A, 450 + 155)
    incident.start(A, 700)
    incident.alive(A, 710, 1000)
    (finding,) = gaps(incident.analyze(tmp_path))
    assert finding.severity == "info"
    other = quiet(tmp_path, 300, 420, 440)
    other.stop(A, 445)
    other.start(A, 500)
    other.alive(A, 510, 1000)
    (finding,) = gaps(other.analyze(tmp_path / "near"))
    assert finding.severity == "warning"


def test_another_copy_of_the_log_fills_the_hole(tmp_path: Path) -> None:
    folder = quiet(tmp_path, 300, 420).write(tmp_path)
    whole = Incident()
    whole.alive(A, 0, 900)
    whole.write(tmp_path / "whole")
    assert gaps(analyze([folder])) == []


@pytest.mark.parametrize("order", ["old first", "new first"])
def test_what_lies_between_two_files_of_one_process(order: str, tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 300)
    names = ["a.log", "b.log"] if order == "old first" else ["b.log", "a.log"]
    (incident.write(tmp_path) / A / "kubelet.log").rename(tmp_path / A / names[0])
    later = Incident()
    later.alive(A, 360, 700)
    (later.write(tmp_path) / A / "kubelet.log").rename(tmp_path / A / names[1])
    (finding,) = gaps(analyze([tmp_path]))
    assert second(finding) == (300, 360)
    assert finding.details["cause"] == "between-files"
    assert [p.source.rsplit("/")[-1] for p in finding.evidence] == names
    assert finding.confidence == "certain"


# --- boots


def test_a_boot_without_a_line(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 300)
    incident.start(A, 3600)
    incident.alive(A, 3610, 4000)
    folder = incident.write(tmp_path)
    boots = "".join(
        f" -{n} {digit * 32} Sun 2026-03-01 {first} UTC Sun 2026-03-01 {last} UTC\n"
        for n, digit, first, last in ((2, "1", "09:59:00", "10:05:00"), (1, "2", "10:20:00", "10:40:00"), (0, "3", "10:59:00", "11:20:00"))
    )
    (folder / A / "list-boots.txt").write_text("IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n" + boots)
    (finding,) = [f for f in gaps(analyze([folder])) if f.details["cause"] == "boot-missing"]
    assert second(finding) == (1200, 2400)
    assert "journalctl -b 22222222" in finding.details["settled_by"]
    assert [p.line for p in finding.evidence] == [3]


# --- what a runtime's stream leaves out


def test_docker_records_nothing_while_it_is_down(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 300)
    incident.runs(A, 10, "web-aaaaa")
    incident.systemd(A, 100, "Stopped docker.service - Docker Application Container Engine.")
    incident.systemd(A, 130, "Started docker.service - Docker Application Container Engine.")
    incident.runs(A, 200, "web-bbbbb")
    analysis = incident.analyze(tmp_path)
    (finding,) = gaps(analysis)
    assert second(finding) == (100, 130)
    assert (finding.expected, finding.severity, finding.details["source_kind"]) == (True, "info", "docker-text")
    silence = analysis.life.silence
    assert silence.proves(A, "runtime", at(20), at(99))
    assert not silence.proves(A, "runtime", at(20), at(110))
    assert silence.proves(A, "journal", at(20), at(110))
    assert not silence.proves(A, "runtime", at(210), at(250))
    assert silence.proves(A, "runtime", at(210), at(250), trailing=True)
    assert not silence.proves(B, "runtime", at(20), at(99))


@pytest.mark.parametrize(("number", "full"), [(256, True), (255, False), (64, True)])
def test_a_replay_that_fills_the_buffer(number: int, full: bool, tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 2000)
    for n in range(number):
        incident.container(A, 500 + n, "create", f"web-{n:05}", "app")
    found = gaps(incident.analyze(tmp_path))
    assert [(second(f), f.expected, f.details["cause"]) for f in found] == ([((0, 500), True, "replay-limit")] if full else [])
    assert ("before 10:08:20Z" in coverage_sentence(incident.analyze(tmp_path).life)) is not full


def test_a_stream_that_misses_what_the_kubelet_saw(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 600)
    incident.runs(A, 10, "web-aaaaa")
    incident.runs(A, 500, "web-zzzzz")
    incident.sees(A, 11, "web-aaaaa", "app")
    incident.sees(A, 300, "web-bbbbb", "app")
    incident.sees(A, 320, "web-bbbbb", "app", "ContainerDied")
    incident.sees(A, 501, "web-zzzzz", "app")
    (finding,) = gaps(incident.analyze(tmp_path))
    assert second(finding) == (10, 499.6)
    assert finding.details["cause"] == "unheard"
    assert [cid("app@web-bbbbb") in p.text for p in finding.evidence] == [False, True, True, False]


def test_a_kubelet_that_starts_finds_what_has_long_been_there(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 100)
    incident.runs(A, 10, "web-aaaaa")
    incident.stop(A, 105)
    incident.start(A, 200)
    incident.sees(A, 201, "old-bbbbb", "app")
    incident.alive(A, 210, 600)
    incident.runs(A, 500, "web-zzzzz")
    assert gaps(incident.analyze(tmp_path)) == []


# --- the API


@pytest.mark.parametrize(("span", "forgot"), [(3500, True), (1800, False), (9000, False)])
def test_a_dump_of_events_that_goes_back_an_hour(span: float, forgot: bool, tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 20_000, 60)
    for n in range(11):
        incident.event(10_000 + n * span / 10, "Pod", f"web-{n}", "Pulled", "image present", component="kubelet", host=A)
    found = gaps(incident.analyze(tmp_path))
    assert [(second(f), f.node, f.expected) for f in found] == ([((0, 10_000), None, True)] if forgot else [])


def test_a_watch_forgets_nothing(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 20_000, 60)
    for n in range(11):
        incident.event(10_000 + n * 350, "Pod", f"web-{n}", "Pulled", "image present", component="kubelet", host=A)
    folder = incident.write(tmp_path)
    (folder / "cluster" / "events.json").unlink()
    watched = "".join(json.dumps({"type": "ADDED", "object": e}) + "\n" for e in incident.events)
    (folder / "cluster" / "events.watch.jsonl").write_text(watched)
    assert gaps(analyze([folder])) == []


# --- verbosity


@pytest.mark.parametrize(
    ("lines", "level"),
    [
        (['FLAG: --v="4"'], "4"),
        (['"SyncLoop (housekeeping)"'], "4"),
        (['SyncLoop (ADD, "api"): ""', 'SyncLoop (DELETE, "api"): ""'], "2"),
        (["GenericPLEG: Relisting"], "5+"),
        (['SyncLoop (ADD, "api"): ""', 'FLAG: --v="3"'], "3"),
        ([f"Something that is said at any level {n}" for n in range(40)], "0-1"),
        (["Something that is said at any level"], None),
    ],
)
def test_verbosity(lines: list[str], level: str | None, tmp_path: Path) -> None:
    incident = Incident()
    incident.start(A, 0, pid=1000)
    for n, line in enumerate(lines):
        incident.kubelet(A, 2 + n, line)
    (entry,) = incident.analyze(tmp_path).document()["coverage"]
    assert entry["verbosity"] == level


# --- what is told


def test_a_stream_that_begins_late_is_told_and_no_finding(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 2000)
    incident.runs(A, 1200, "web-aaaaa")
    analysis = incident.analyze(tmp_path)
    assert gaps(analysis) == []
    assert "runtime events of node-a before 10:19:59Z" in coverage_sentence(analysis.life)
    (line,) = [line for line in coverage_lines(analysis.life.coverage) if "runtime" in line]
    assert line.endswith("begins 19 min 59 s after the node's other evidence")


def test_a_stream_that_begins_only_after_an_outage(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 400)
    incident.stop(A, 405)
    incident.start(A, 600)
    incident.alive(A, 610, 1500)
    incident.runs(A, 1200, "web-aaaaa")
    (finding,) = gaps(incident.analyze(tmp_path))
    assert second(finding) == (0, 1199.6)
    assert (finding.details["cause"], finding.severity, finding.confidence) == ("begins-late", "info", "possible")


def test_what_is_missing_is_told_with_who_else_tells(tmp_path: Path) -> None:
    incident = Incident()
    incident.alive(A, 0, 100)
    told = coverage_sentence(incident.analyze(tmp_path).life)
    assert told == (
        "The evidence spans 2026-03-01 10:00:00Z to 10:01:40Z: the kubelet's journal of node-a. What is missing: "
        "no runtime events of node-a (what ran there is told by the kubelet); no API evidence (what was asked for is inferred)."
    )


def test_many_nodes_are_not_all_told() -> None:
    many = [Coverage(f"node-{n}", "journal-text", at(0), at(10)) for n in range(100)]
    lines = list(coverage_lines(many))
    assert len(lines) < 30
    assert lines[-1] == "and 76 more (--all lists them)"
    assert len(list(coverage_lines(many, everything=True))) == 100


def test_one_kind_of_source_must_cover_it_whole() -> None:
    """Neither two sources with a stretch between, nor one with a hole; but a hole of one does not blind another."""
    apart = ((at(0), at(10)), (at(20), at(30)))
    hole = Hole(at(22), at(23), "cut out", "silence")
    silence = Silence(
        [
            Coverage(A, "journal-text", at(0), at(30), spans=apart, kubelet=apart[:1], holes=(hole,)),
            Coverage(B, "journal-text", at(0), at(30), spans=((at(0), at(30)),), holes=(hole,)),
            Coverage(B, "journal-json", at(20), at(26), spans=((at(20), at(26)),)),
        ]
    )
    assert silence.proves(A, "journal", at(1), at(9))
    assert not silence.proves(A, "journal", at(9), at(21))
    assert not silence.proves(A, "journal", at(21), at(25))
    assert silence.proves(A, "journal", at(24), at(29))
    assert not silence.proves(A, "kubelet", at(24), at(29))
    assert silence.proves(B, "journal", at(21), at(25))
    assert not silence.proves(B, "journal", at(21), at(27))
    assert not silence.proves(None, "api", at(1), at(2))


# --- real logs


def test_captures_have_no_hole_but_by_nature(corpus: Path) -> None:
    for folder in sorted((corpus / "captures").glob("*/")):
        assert [(folder.name, f.summary) for f in gaps(analyze([folder])) if not f.expected] == []


def test_what_is_cut_out_of_a_real_journal_is_missed(capture, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    lines = (capture("s4-normal-operations") / "minion-01" / "kubelet.short-iso").read_text().splitlines(keepends=True)
    kept = [line for line in lines if not "T07:14:00" <= line[10:19] <= "T07:14:45"]
    (tmp_path / "kubelet.log").write_text("".join(kept))
    (finding,) = gaps(analyze([tmp_path]))
    assert finding.start.time is not None
    assert finding.end.time is not None
    assert finding.end.time - finding.start.time > timedelta(seconds=44)
