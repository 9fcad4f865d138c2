"""``python -m bench.report.pictures [DIR]``: of each DIR/*/report.html a picture.png beside it, for pages that show no HTML.

DIR is reports/ unless it is named. Without a browser it says so and leaves the pictures as they are: exit status 0 all the same.
"""

import argparse
import base64
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.report.browser import NoBrowserError, chromium
from bench.report.png import encode

WIDTH = 1280
_READY = "html[data-ready=true]"
# What a picture cannot answer is left out: links and controls.
_STILL = "document.querySelectorAll('nav, .tools, .keys').forEach((one) => { one.hidden = true; })"
_HEIGHT = "Math.ceil(document.querySelector('.drawing').getBoundingClientRect().bottom + scrollY)"
# The browser reads its own PNG: what is in it, by rows, red, green, blue and opacity.
_PIXELS = """async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const bytes = pen.getImageData(0, 0, image.width, image.height).data, parts = [];
  for (let at = 0; at < bytes.length; at += 32768) parts.push(String.fromCharCode(...bytes.subarray(at, at + 32768)));
  return [image.width, image.height, btoa(parts.join(""))];
}"""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m bench.report.pictures", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("reports"), metavar="DIR")
    folder = parser.parse_args(words).folder
    try:
        with chromium() as browser:
            for report in sorted(folder.glob("*/report.html")):
                picture(browser, report, report.with_name("picture.png"))
    except NoBrowserError as error:
        print(f"the pictures stay as they are: {error}", file=sys.stderr)
    return 0


def picture(browser: Any, report: Path, to: Path, scheme: str = "light") -> None:
    """The page from its top to the end of its picture, in UTC."""
    page = browser.new_page(viewport={"width": WIDTH, "height": 1000}, color_scheme=scheme, timezone_id="UTC")
    page.goto(report.resolve().as_uri())
    page.wait_for_selector(_READY)
    page.evaluate(_STILL)
    page.wait_for_timeout(200)  # what was resized is drawn in the next frame
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": page.evaluate(_HEIGHT) + 12}
    shown = page.screenshot(clip=clip, full_page=True)
    page.goto("about:blank")
    width, height, pixels = page.evaluate(_PIXELS, base64.b64encode(shown).decode())
    page.close()
    rgba = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)
    to.write_bytes(encode(rgba[:, :, :3]))


if __name__ == "__main__":
    sys.exit(main())
