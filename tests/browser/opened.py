"""A page of the report in a browser, and what it said and asked for."""

from pathlib import Path
from typing import Any


class Opened:
    """A report in a page, and what the page said and asked for."""

    def __init__(self, browser: Any, file: Path, *, address: str = "", width: int = 1300, ready: bool = True, **options: Any) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri() + address)
        if ready:
            self.page.wait_for_selector("html[data-ready=true]", timeout=30_000)

    def until(self, condition: str) -> None:
        """Wait until a condition holds. The page's own policy forbids the evaluation that playwright's wait_for_function needs."""
        for _ in range(100):
            if self.page.evaluate(f"Boolean({condition})"):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"never became true: {condition}")

    def range(self) -> str:
        """The range of time shown, in words."""
        told: str = self.page.locator("#range").text_content()
        return told

    def quiet(self) -> bool:
        """Nothing was said, nothing asked for but the file itself."""
        return not self.said and all(url.startswith(("file://", "data:", "blob:")) for url in self.asked)

    def point(self, x: float, y: float) -> str:
        """The hint at a place of the picture, in pixels."""
        box = self.page.locator("#canvas").bounding_box()
        self.page.mouse.move(box["x"] + x, box["y"] + y)
        return str(self.page.locator("#hint").inner_text()) if self.page.locator("#hint").is_visible() else ""
