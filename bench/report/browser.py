"""The browser that reports are opened in: a headless Chromium, driven by Playwright. CHROMIUM names it where it has another name."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (  # it draws without a GPU, and asks nothing of any network by itself
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowserError(Exception):
    """Its text says what is missing."""


@contextmanager
def chromium() -> Iterator[Any]:
    """Playwright's Browser. Raises NoBrowserError."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowserError("playwright is not installed (pip install playwright)") from None
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise NoBrowserError("no Chromium (CHROMIUM names it)")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=list(_FLAGS))
        yield running
        running.close()
