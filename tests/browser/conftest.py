"""A browser, and a report to open in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analyzer.analysis import Analysis, analyze
from analyzer.outputs.report import write
from bench.report.browser import NoBrowserError, chromium


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    """A headless Chromium, where there is one."""
    try:
        with chromium() as running:
            yield running
    except NoBrowserError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="package")
def incident(sample_logs: Path) -> Analysis:
    return analyze([sample_logs / "long-outage-return"])


@pytest.fixture(scope="package")
def file(incident: Analysis, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    write(incident, path, title="An incident", command="podopsy report")
    return path
