"""Words that sentences are made of."""

from collections.abc import Iterable
from datetime import datetime

from analyzer.proof import Edge, Proof

NAMES = 3
"""So many names are told one by one."""


def printable(text: str) -> str:
    """Log content as it may go to a terminal: control characters, and those that turn the direction of writing, as ``\\x1b``."""
    return text if text.isprintable() else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def when(start: datetime | None, end: datetime | None) -> str:
    """From when to when, to the second."""
    begin = start.strftime("%Y-%m-%d %H:%M:%S") if start else "before the evidence"
    return f"{begin} – {end.strftime('%H:%M:%S') if end else 'open'}"


def telling(edge: Edge) -> Proof | None:
    """The record that tells of an edge: of several the one of that very moment, else the last."""
    return next((p for p in edge.proofs if p.time == edge.time), edge.proofs[-1] if edge.proofs else None)


def full(moment: datetime) -> str:
    """A moment with its date, to the tenth of a second."""
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 100_000}Z"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def listed(parts: Iterable[str]) -> str:
    """'a, b and c'."""
    given = list(parts)
    return given[0] if len(given) == 1 else ", ".join(given[:-1]) + " and " + given[-1] if given else ""


def names(given: list[str]) -> str:
    """Up to NAMES of them, then how many more."""
    more = len(given) - NAMES
    return listed([*given[:NAMES], f"{more:,} more"]) if more > 0 else listed(given)


def upper(text: str) -> str:
    """With a capital letter: for sentences that begin with a word; names stay as they are."""
    return text[:1].upper() + text[1:]


def bare(controller: str | None) -> str:
    """A controller's name without its kind."""
    return (controller or "?").partition("/")[2] or str(controller)
