"""What the place where words are printed can show: how wide it is, whether it has colours, and whether it knows more than ASCII."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

WIDTH = 80
"""Of a pipe, unless COLUMNS says otherwise: so the same evidence gives the same bytes there."""
_NARROWEST = 60
_POSIX = ("C", "POSIX")
_INSTEAD = str.maketrans({"–": "-", "—": "-", "−": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "×": "x", "µ": "u", "μ": "u"})
"""What we write ourselves, and journals often, has a likeness in ASCII; all else becomes a question mark."""

BOLD, DIM, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN = 1, 2, 31, 32, 33, 34, 35, 36
"""Of the colours the sixteen that the terminal's own theme sets: they can be read on light and on dark."""
SEVERITY = {"critical": (BOLD, RED), "warning": (YELLOW,), "info": (BLUE,)}


@dataclass(frozen=True)
class Screen:
    """``width``: columns; ``colour``: whether escape sequences are understood; ``ascii_only``: whether nothing else can be shown."""

    width: int = WIDTH
    colour: bool = False
    ascii_only: bool = False

    def paint(self, text: str, *codes: int) -> str:
        """The text in these colours, where there are any."""
        return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m" if self.colour and codes and text else text

    def glyph(self, drawn: str, typed: str) -> str:
        """One character, or what stands for it in ASCII."""
        return typed if self.ascii_only else drawn


PIPE = Screen()


def screen_of(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Screen:
    """COLUMNS goes before the window's own width. No colours in a pipe, under NO_COLOR, nor on a terminal that is dumb or unnamed."""
    width = max(shutil.get_terminal_size((WIDTH, 24)).columns, _NARROWEST)
    return Screen(width, colour=moves(stream, environ) and not environ.get("NO_COLOR"), ascii_only=only_ascii(stream, environ))


def moves(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether it is a terminal that understands escape sequences."""
    return stream.isatty() and environ.get("TERM", "dumb") not in ("", "dumb", "unknown")


def only_ascii(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """By its encoding, and by the locale that was asked for: Python itself writes UTF-8 in the locale C. None asked for counts as UTF-8."""
    try:
        "█─┬…╳▚┄◆▲▁".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    if environ.get("PYTHONIOENCODING") or environ.get("PYTHONUTF8") == "1":
        return False
    asked = environ.get("LC_ALL")
    if not asked:
        kind, general = environ.get("LC_CTYPE", ""), environ.get("LANG", "")
        coerced = kind in ("C.UTF-8", "C.utf8", "UTF-8") and general in _POSIX  # Python's own doing (PEP 538)
        asked = general if coerced or not kind else kind
    return asked in _POSIX


def fitting(text: str, stream: TextIO, environ: Mapping[str, str] = os.environ) -> str:
    """The text as the stream can take it: nothing in it fails to be encoded."""
    if text.isascii():
        return text
    if only_ascii(stream, environ):
        return text.translate(_INSTEAD).encode("ascii", "replace").decode()
    return text.encode(encoding := stream.encoding or "ascii", "replace").decode(encoding)
