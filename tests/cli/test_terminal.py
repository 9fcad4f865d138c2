"""What a terminal gets: its own width, colours where it has them."""

import os
import pty
import re
import subprocess
import termios
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, environment, until


def on_a_terminal(columns: int, *words: str | Path, **more: str) -> str:
    """What a command prints to a terminal so wide."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    here = {k: v for k, v in environment(**{"TERM": "xterm", "LC_ALL": "C.UTF-8", **more}).items() if k != "COLUMNS"}
    try:
        process = subprocess.Popen([*COMMAND, *map(str, words)], env=here, stdout=theirs, stderr=subprocess.DEVNULL)
        os.close(theirs)
        told = until(ours)
        assert process.wait(60) == 0
    finally:
        os.close(ours)
    return told.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(("more", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)], ids=str)
def test_colours(sample_logs: Path, more: dict[str, str], coloured: bool) -> None:
    text = on_a_terminal(90, "timeline", "minion-01", sample_logs / "quick-restart", **more)
    assert ("\x1b[" in text) is coloured
    drawn = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert max(len(line) for line in drawn[2:]) == 90
    assert any(line.startswith("minion-01 kubelet") for line in drawn)


def test_inspect_folds_its_lines(sample_logs: Path) -> None:
    lines = on_a_terminal(80, "inspect", sample_logs / "quick-restart").splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert any("kubelet.journal.json" in line for line in lines)
