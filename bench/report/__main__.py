"""Command line. A line for each size: how large the file is, when the picture is drawn, how long a zoom, a finding, a search takes.

Exit status: 0 measured, 1 slower or larger than it should be (see LIMITS), or not silent, 3 no browser.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analyzer.outputs.report import write
from bench.report.browser import NoBrowserError, chromium
from bench.report.made_up import incident

LIMITS = {1_000: (2.0, 6.0), 10_000: (2.5, 7.0), 100_000: (4.0, 12.0)}
"""Containers: seconds until the picture is drawn, megabytes. On two cores without a GPU."""
ANSWER = 0.3
"""Seconds in which a zoom is answered, at any size."""
# An answer is there when the frame after the one that paints begins.
_FRAMES = "await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
_CLICK = f"async (id) => {{ const t = performance.now(); document.getElementById(id).click(); {_FRAMES}; return performance.now() - t; }}"
_SEARCH = f"""async (text) => {{ const t = performance.now(), field = document.getElementById("search"); field.value = text;
  field.dispatchEvent(new Event("input")); await new Promise((go) => setTimeout(go, 130)); {_FRAMES};
  return performance.now() - t - 130; }}"""
_FINDING = f"""async () => {{ const t = performance.now(); document.querySelector("#tree .item, #tree .group").click(); {_FRAMES};
  return performance.now() - t; }}"""
_SCROLL = f"""async () => {{ const t = performance.now(), box = document.getElementById("picture"); box.scrollTop += 400; {_FRAMES};
  return performance.now() - t; }}"""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.report", description=__doc__)
    parser.add_argument("--containers", type=int, action="append", help="may be repeated (default: 1000, 10000, 100000)")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the reports there")
    options = parser.parse_args(words)
    failed = False
    try:
        with tempfile.TemporaryDirectory(prefix="podopsy-report-") as passing, chromium() as browser:
            for containers in options.containers or LIMITS:
                path = (options.keep or Path(passing)) / f"{containers}.html"
                failed |= _one(browser, containers, path, options.rounds)
    except NoBrowserError as error:
        print(error, file=sys.stderr)
        return 3
    return int(failed)


def _one(browser: Any, containers: int, path: Path, rounds: int) -> bool:
    begun = time.process_time()
    analysis = incident(containers)
    made = time.process_time()
    write(analysis, path, title=f"{containers} containers", command=None)
    written = time.process_time()
    size = path.stat().st_size / 1e6
    took: dict[str, float] = {}
    said: list[str] = []
    for _ in range(rounds):
        for name, value in _round(browser, path, said).items():
            took[name] = min(took.get(name, value), value)
    drawn, limit = took.pop("drawn"), LIMITS.get(containers, (float("inf"), float("inf")))
    used = took.pop("used")
    print(f"{containers:>7,} containers, {len(analysis.life.nodes):,} nodes, {len(analysis.findings):,} findings: {size:.2f} MB")
    print(f"        analysed in {made - begun:.1f} s, written in {written - made:.1f} s of processor time")
    print(f"        drawn after {drawn:.2f} s; all of the browser's processes used {used:.2f} s of processor time until then")
    print("        " + ", ".join(f"{name} {value * 1000:.0f} ms" for name, value in took.items()), flush=True)
    for line in said:
        print(f"        said or asked: {line}")
    return bool(said) or drawn > limit[0] or size > limit[1] or max(took.values()) > ANSWER


def _used(browser: Any) -> float:
    """Processor seconds of all the browser's processes: what is left of a measurement where others share the machine."""
    session = browser.new_browser_cdp_session()
    told = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return float(sum(process["cpuTime"] for process in told))


def _round(browser: Any, path: Path, said: list[str]) -> dict[str, float]:
    """Seconds, by what was done. Opened anew: what the browser knows of the file does not help it."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: None if request.url.startswith(("file:", "data:", "blob:")) else said.append(request.url))
    before = _used(browser)
    page.goto(path.as_uri(), wait_until="commit")
    page.wait_for_selector("html[data-took]", timeout=120_000, state="attached")
    found = {"used": 1000 * (_used(browser) - before)}
    found["drawn"] = float(page.evaluate("Number(document.documentElement.dataset.took)"))
    found["zoom to all"] = page.evaluate(_CLICK, "whole")
    found["zoom in"] = page.evaluate(_CLICK, "nearer")
    found["pan"] = page.evaluate(_CLICK, "later")
    found["scroll"] = page.evaluate(_SCROLL)
    page.evaluate("document.querySelector('#tree .group[aria-expanded=false]')?.click()")
    found["finding"] = page.evaluate(_FINDING)
    found["search"] = page.evaluate(_SEARCH, "release-7")
    page.close()
    return {name: value / 1000 for name, value in found.items()}


if __name__ == "__main__":
    sys.exit(main())
