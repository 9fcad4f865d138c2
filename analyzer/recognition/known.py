"""Messages known from the components' own source: they say nothing about lifecycles, or a rule would read them.

Two files of text hold them: kubernetes.txt (made from the log calls of Kubernetes' source trees by bench/known_messages.py)
and others.txt (written by hand: libraries, runtimes, systemd). A line is a mark, a blank, and a text:

S  structured klog: the quoted text, exact but for printf verbs
F  unstructured klog, in printf notation
R  the msg of a runtime's daemon
U  systemd's sentence about a unit
B  what a kubelet prints without klog's header
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from analyzer.grammars.klog import unquote

LITERAL = 8
"""A template with fewer letters than this besides its values would pass for anything."""

_VERB = re.compile(r"%(?:%|[-+# 0]*(?:\[\d+\])?(?:\*|\d+)?(?:\.(?:\*|\d+)?)?[a-zA-Z])")
_FIRST = re.compile(r"\S+(?=\s)")
_ENDS = ".\n\r\t "


@dataclass(frozen=True)
class Template:
    """The literal pieces of a printf text, in order; between two of them stands any value."""

    pieces: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Template":
        pieces = [""]
        at = 0
        for verb in _VERB.finditer(text):
            pieces[-1] += text[at : verb.start()]
            at = verb.end()
            if verb[0] == "%%":
                pieces[-1] += "%"
            else:
                pieces.append("")
        pieces[-1] = (pieces[-1] + text[at:]).rstrip(_ENDS)
        return cls(tuple(pieces))

    @property
    def letters(self) -> int:
        return sum(c.isalpha() for piece in self.pieces for c in piece)

    def matches(self, message: str) -> bool:
        """Whether the message is this text with some values. Each piece where it is found first: one pass, no going back."""
        message = message.rstrip(_ENDS)
        first, last = self.pieces[0], self.pieces[-1]
        if len(self.pieces) == 1:
            return message == first
        if not (message.startswith(first) and message.endswith(last)):
            return False
        at, end = len(first), len(message) - len(last)
        for piece in self.pieces[1:-1]:
            found = message.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return at <= end


class Messages:
    """All known texts of one mark, found by their first word."""

    def __init__(self, texts: list[str]) -> None:
        self._exact: set[str] = set()
        self._by_word: dict[str, list[Template]] = defaultdict(list)
        for text in texts:
            template = Template.of(text)
            if len(template.pieces) == 1:
                self._exact.add(template.pieces[0])
            else:
                word = _FIRST.match(template.pieces[0])
                self._by_word[word[0] if word else ""].append(template)

    def know(self, message: str) -> bool:
        message = message.lstrip().rstrip(_ENDS)
        if message in self._exact:
            return True
        word = message.split(None, 1)[0] if message else ""
        return any(t.matches(message) for key in {word, ""} for t in self._by_word.get(key, ()))


@cache
def messages(mark: str) -> Messages:
    return Messages(_texts().get(mark, []))


@cache
def _texts() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in _lines():
        mark, _, text = line.partition(" ")
        found[mark].append(unquote(f'"{text}"'))
    return found


def _lines() -> Iterator[str]:
    for name in ("kubernetes.txt", "others.txt"):
        for line in files(__package__).joinpath(name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                yield line
