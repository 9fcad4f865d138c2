"""What an export is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analyzer.analysis import Analysis
from analyzer.selection import Selection


@dataclass(frozen=True)
class Export:
    """``write`` makes the file, or the folder with its files, and returns what it wrote in words. OSError if it cannot be written."""

    name: str
    folder: bool
    write: Callable[[Analysis, Path], str]


def selection(analysis: Analysis) -> Selection:
    """What is shown of an analysis; all, where nothing was asked for."""
    return analysis.selection or Selection(analysis.life)
