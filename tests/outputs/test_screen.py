"""What a stream can show, and what it gets."""

import io
from typing import Any

import pytest

from analyzer.outputs.screen import Screen, fitting, moves, only_ascii, screen_of


class Stream(io.StringIO):
    def __init__(self, encoding: str | None = "utf-8", terminal: bool = False) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> Any:
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("terminal", "environ", "colour"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (True, {"TERM": "xterm", "NO_COLOR": "0"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {}, False),
        (False, {"TERM": "xterm"}, False),
    ],
)
def test_colours(terminal: bool, environ: dict[str, str], colour: bool) -> None:
    assert screen_of(Stream(terminal=terminal), environ).colour is colour
    assert moves(Stream(terminal=terminal), environ) is (colour or "NO_COLOR" in environ)


@pytest.mark.parametrize(
    ("encoding", "environ", "ascii_only"),
    [
        ("utf-8", {}, False),
        ("utf-8", {"LANG": "de_DE.UTF-8"}, False),
        ("utf-8", {"LANG": "C"}, True),
        ("utf-8", {"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ("utf-8", {"LANG": "C", "LC_CTYPE": "en_US.UTF-8"}, False),
        ("utf-8", {"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, True),
        ("utf-8", {"LC_ALL": "C.UTF-8", "LANG": "C"}, False),
        ("utf-8", {"LANG": "C", "PYTHONIOENCODING": "utf-8"}, False),
        ("ascii", {"PYTHONIOENCODING": "ascii"}, True),
        ("iso-8859-1", {}, True),
        (None, {}, True),
        ("no-such", {}, True),
    ],
)
def test_ascii_where_there_is_nothing_else(encoding: str | None, environ: dict[str, str], ascii_only: bool) -> None:
    assert only_ascii(Stream(encoding), environ) is ascii_only


def test_what_cannot_be_shown_does_not_fail() -> None:
    assert fitting("a – b… «é» 🙂 \ud800", Stream("ascii"), {}) == "a - b... ??? ? ?"
    assert fitting("a – b \ud800", Stream(), {}) == "a – b ?"


def test_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "132")
    assert screen_of(Stream(), {}).width == 132
    monkeypatch.setenv("COLUMNS", "7")
    assert screen_of(Stream(), {}).width == 60
    monkeypatch.setenv("COLUMNS", "wide")
    assert screen_of(Stream(), {}).width >= 60


def test_colours_are_put_around_text() -> None:
    assert Screen().paint("x", 31) == "x"
    assert Screen(colour=True).paint("x", 1, 31) == "\x1b[1;31mx\x1b[0m"
    assert Screen(colour=True).paint("", 31) == ""
