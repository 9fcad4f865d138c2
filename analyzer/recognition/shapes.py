"""The shape of a message: its words, with placeholders for what differs from line to line."""

import re

_LONGEST = 160
_STEPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r'"(?:[^"\\]|\\.)*"?'), "<…>"),
    (re.compile(r"(?<![\w'])'[^']*'(?!\w)"), "<…>"),
    (re.compile(r"[&*]?[\w.*/]*\{[^{}]*\}"), "<…>"),
    (re.compile(r"[&*]?[\w.*/]*\{[^{}]*\}?"), "<…>"),  # a struct in a struct, or one cut off
    (re.compile(r"(?:map)?\[[^\[\]]*[\s\d:/,][^\[\]]*\]"), "<…>"),
    (re.compile(r"[^\s,;:=()]*_[^\s,;:()]*\([0-9a-f-]{8,}\)"), "<…>"),  # name_namespace(uid)
    (re.compile(r"[^\s,;:=()<>…]*[\d/@\\][^\s,;=()<>…]*"), "<…>"),  # ids, paths, numbers, times, addresses
    (re.compile(r"[\w-]+(?:\.[\w-]+){2,}(?=[\s,;:)]|$)"), "<…>"),  # a.dotted.name
    (re.compile(r"(?:<…>[\s,:=.]*){2,}(?=$|<…>)|<…>(?:[,:=]?\s?<…>)+"), "<…>"),
    (re.compile(r"\s+"), " "),
)
_CAUSE = re.compile(r"^(?=(?:\S+ ){2})([^:]*[^:\s<>…])(?:: ).*", re.DOTALL)


def shape(message: str) -> str:
    """Values, ids, numbers, quoted strings and names become ``<…>``; what follows ``Words of a failure: `` is its cause, cut off."""
    text = message[:2000]
    for pattern, placeholder in _STEPS:
        text = pattern.sub(placeholder, text)
    text = _CAUSE.sub(r"\1: <…>", text.strip())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
