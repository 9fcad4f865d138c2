"""What a notebook imports."""

import subprocess
import sys
from pathlib import Path

import analyzer
from analyzer import exceptions
from tests.cli.running import environment


def test_all_is_sorted_and_whole() -> None:
    assert analyzer.__all__ == sorted(analyzer.__all__)
    for name in analyzer.__all__:
        assert getattr(analyzer, name).__name__ == name


def test_what_is_not_there() -> None:
    assert not hasattr(analyzer, "analyse")


def test_errors_are_one_family() -> None:
    assert {exceptions.UsageError.exit_status, exceptions.EvidenceError.exit_status, exceptions.StoreError.exit_status} == {2, 3}
    for name in ("UsageError", "EvidenceError", "SourceError", "StoreError"):
        assert issubclass(getattr(analyzer, name), analyzer.PodopsyError)
        assert name in (exceptions.__doc__ or "")


def test_the_example_of_the_docstring(sample_logs: Path) -> None:
    code = (analyzer.__doc__ or "").partition("\n\n")[2].replace('"incident/"', repr(str(sample_logs / "quick-restart")))
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True)
    assert "The kubelet of minion-01 was down for 8.8 s" in done.stdout


def test_importing_is_cheap() -> None:
    code = "import sys, analyzer; sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=environment(), check=False).returncode == 0
