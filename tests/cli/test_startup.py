"""What a command does not need, it does not wait for: counted in modules, not in seconds."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import environment

_TOLD = """
import atexit, json, sys
atexit.register(lambda: sys.stderr.write(json.dumps(sorted(sys.modules))))
from analyzer.cli import main
main()
"""


def imported(*words: str | Path) -> set[str]:
    """The packages that a command loads."""
    done = subprocess.run([sys.executable, "-c", _TOLD, *map(str, words)], env=environment(), capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


@pytest.mark.parametrize("words", [["--help"], ["analyze", "--help"], ["--version"]])
def test_help_waits_for_nothing_heavy(words: list[str]) -> None:
    assert not {"polars", "pyarrow", "numpy", "deltalake", "jinja2"} & imported(*words)


def test_an_analysis_in_memory_waits_for_no_store_and_no_report(sample_logs: Path) -> None:
    assert not {"deltalake", "jinja2", "plotly", "pandas", "duckdb"} & imported("analyze", sample_logs / "quick-restart")


@pytest.mark.parametrize("command", ["analyze", "inspect"])
def test_a_pipe_waits_for_no_progress_bar(sample_logs: Path, command: str) -> None:
    assert "rich" not in imported(command, sample_logs / "quick-restart")
