"""At which verbosity a kubelet wrote: as its flags say, else as its lines show. Coarse: 0-1, 2, 3, 4, 5+."""

from dataclasses import dataclass

import polars as pl

from analyzer.grammars.writers import KUBELET_IDENTIFIERS
from analyzer.lifecycle.coverage_hole import Where
from analyzer.lifecycle.event_table import Events
from analyzer.verbosity import MARKS
from analyzer.vocabulary import EventKind as E

_HIGHEST = 5
_ENOUGH = 30
"""A kubelet that has logged its start, and so many lines, would have shown V(2) had it been asked to."""


@dataclass(frozen=True)
class Verbosity:
    """``level``: '0-1', '2', '3', '4', '5+'; the lowest where several kubelets of one source differ. ``why``: what tells it."""

    level: str
    why: str


def by_kubelet(events: Events) -> pl.Expr:
    """Whether a row of ACTIVITY, with ``source``, is a kubelet's: by its name; of a writer without one, by what was understood."""
    speaking = events.by("kubelet").column("source").unique().sort().to_list()
    named = pl.col("identifier").str.contains(KUBELET_IDENTIFIERS).fill_null(False)
    return named | (pl.col("identifier").is_null() & pl.col("source").is_in(speaking))


def verbosities(lines: pl.DataFrame, events: Events) -> dict[Where, Verbosity]:
    """By node and format. ``lines``: ACTIVITY with settled nodes, and with the ``format`` of each row."""
    flags: dict[tuple[str | None, int | None], int] = {}
    started: set[tuple[str | None, int | None]] = set()
    for event in events.of(E.KUBELET_FLAG, E.KUBELET_READY):
        if event.kind is E.KUBELET_FLAG and event.attributes.get("flag") == "v" and str(event.attributes.get("is")).strip('"').isdigit():
            flags[(event.node, event.pid)] = int(str(event.attributes["is"]).strip('"'))
        elif event.kind is E.KUBELET_READY:
            started.add((event.node, event.pid))
    mine = lines.filter(by_kubelet(events))
    found: dict[Where, tuple[int, str]] = {}
    for row in mine.sort("node", "format", "pid", "source", nulls_last=True).iter_rows(named=True):
        key = (row["node"], row["pid"])
        told = _told(flags.get(key), row["verbosity"], row["verbosity_text"], key in started and row["records"] >= _ENOUGH)
        where = Where(row["node"], row["format"])
        if told is not None and (where not in found or told[0] < found[where][0]):
            found[where] = told
    return {where: Verbosity(_name(level), why) for where, (level, why) in found.items()}


def _told(flag: int | None, shown: int | None, text: str | None, would_show: bool) -> tuple[int, str] | None:
    if flag is not None:
        return flag, f"its flags say --v={flag}"
    if shown is not None:
        mark = next((m.strip() for m in MARKS[shown] if m in (text or "")), "such lines")
        return shown, f"it wrote '{mark}', which it only does from --v={shown} on"
    return (1, "it logged its start, but nothing that it writes at --v=2") if would_show else None


def _name(level: int) -> str:
    return "0-1" if level < 2 else f"{_HIGHEST}+" if level >= _HIGHEST else str(level)
