"""How far long work has come: told on a terminal, and nowhere else. What is waited for is what appears, never a time."""

import io
import os
import pty
import subprocess
import threading
from pathlib import Path

import pytest

from analyzer.cli import progress as shown
from analyzer.evidence import walk
from analyzer.ingest import ingest
from analyzer.progress import Reading
from analyzer.store import MemoryStore
from tests.cli.running import COMMAND, environment, until


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


def waited(bar: shown._Bar, what: str, stream: Terminal) -> str:
    """Steps are told until the bar shows one: it draws in a thread of its own."""
    for _ in range(600):
        if what in stream.getvalue():
            break
        threading.Event().wait(0.05)
    return stream.getvalue()


def test_a_bar_shows_the_last_step(terminal: Terminal) -> None:
    bar = shown._Bar(terminal)
    bar.step("node-1/kubelet.json", 25, 100)
    assert terminal.getvalue() == "", "it is not shown yet"
    bar.show()
    text = waited(bar, "25%", terminal)
    bar.close()
    assert "node-1/kubelet.json" in text
    assert "25%" in text
    assert terminal.getvalue().endswith("\x1b[2K"), "it leaves nothing behind"
    before = terminal.getvalue()
    bar.step("late", 1, 2)
    bar.show()
    assert terminal.getvalue() == before


def test_names_on_the_bar_are_harmless(terminal: Terminal) -> None:
    bar = shown._Bar(terminal)
    bar.step("[red]x[/]\x1b]0;owned\x07\u202e" + "long/" * 20 + "kubelet[1].log", 1, 2)
    bar.show()
    text = waited(bar, "kubelet[1].log", terminal)
    bar.close()
    assert "kubelet[1].log" in text
    assert "owned\x07" not in text
    assert "\u202e" not in text


def test_what_is_done_soon_shows_nothing(terminal: Terminal) -> None:
    with shown.progress(after=3600, stream=terminal) as bar:
        assert bar is not None
        bar("x", 1, 2)
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("term", ["dumb", ""])
def test_nothing_on_a_dumb_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setenv("TERM", term)
    with shown.progress(after=0, stream=terminal) as bar:
        assert bar is None
    assert terminal.getvalue() == ""


def test_nothing_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = io.StringIO()
    with shown.progress(after=0, stream=stream) as bar:
        assert bar is None
    assert stream.getvalue() == ""


def test_the_reading_is_told_by_bytes(sample_logs: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    folder = sample_logs / "long-outage-return"
    ingest([folder], MemoryStore(), progress=lambda *step: steps.append(step))
    names = {source.name for source in walk([folder])}
    assert {name for name, _, _ in steps} == names
    wholes = {whole for _, _, whole in steps}
    assert wholes == {sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())}
    done = [done for _, done, _ in steps]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] <= max(wholes)


def test_a_stream_that_cannot_tell_where_it_is() -> None:
    class Blind(io.BytesIO):
        def tell(self) -> int:
            raise io.UnsupportedOperation

    steps: list[int] = []
    reading = Reading(lambda _name, done, _whole: steps.append(done), 30)
    reading.begin("a", 10)
    assert list(reading.watched(iter("xy"), Blind())) == ["x", "y"]
    reading.begin("b", 20)
    assert list(reading.watched(iter("z"), io.BytesIO(b"1"))) == ["z"]
    assert steps == [0, 0, 0, 10, 10]


def test_on_a_terminal_it_appears_and_goes(sample_logs: Path) -> None:
    """Standard input is held back until the bar is there."""
    journal = (sample_logs / "quick-restart" / "minion-01" / "kubelet.journal.json").read_bytes()
    ours, theirs = pty.openpty()
    try:
        process = subprocess.Popen(
            [*COMMAND, "analyze", "-", "-o", "jsonl"],
            env=environment(TERM="xterm"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=theirs,
        )
        os.close(theirs)
        told = until(ours, b"looking at the evidence")
        assert b"looking at the evidence" in told
        found, _ = process.communicate(journal, timeout=60)
        told += until(ours)
        assert process.returncode == 0
        assert found.startswith(b'{"id":'), "data on stdout alone"
        assert told.rstrip(b"\r\n").endswith(b"\x1b[2K")
        assert b"\x1b[?25h" in told, "the cursor is there again"
    finally:
        os.close(ours)
