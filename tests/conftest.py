"""Where tests find real logs: the shipped samples, and an optional corpus.

The corpus is a folder that holds ``captures/`` and ``samples/``. The environment variable PODOPSY_CORPUS names it; without
it, a folder next to the checkout is tried. Tests that need the corpus are skipped where it is absent.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# a busy machine is slow, which is no failure
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).resolve().parents[1]


def corpus_folder() -> Path | None:
    """The optional corpus, or None."""
    folder = Path(os.environ.get("PODOPSY_CORPUS", ROOT.parent / "shared"))
    return folder if (folder / "captures").is_dir() else None


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def sample_logs() -> Path:
    """The folder of the shipped incidents."""
    return ROOT / "sample_logs"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The optional corpus."""
    folder = corpus_folder()
    if folder is None:
        pytest.skip("no corpus: set PODOPSY_CORPUS")
    return folder


@pytest.fixture(scope="session")
def capture(corpus: Path) -> Callable[[str], Path]:
    """The folder of one capture of the corpus, by name."""

    def find(name: str) -> Path:
        folder = corpus / "captures" / name
        if not folder.is_dir():
            pytest.skip(f"the corpus lacks the capture {name}")
        return folder

    return find


@pytest.fixture(scope="session")
def corpus_sample(corpus: Path) -> Callable[[str], Path]:
    """A file below the corpus's ``samples/``, by its path there."""

    def find(name: str) -> Path:
        path = corpus / "samples" / name
        if not path.exists():
            pytest.skip(f"the corpus lacks the sample {name}")
        return path

    return find
