"""Counting, batch by batch: few expressions over all lines, and Python only over the calls that wrote them."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from analyzer.grammars import klog, runtime_log
from analyzer.grammars.base import one_line
from analyzer.recognition import components
from analyzer.recognition.known import messages
from analyzer.recognition.shapes import shape

NEEDED = ("record", "line", "identifier", "unit", "message")
"""The columns of RECORDS that counting takes."""
_SITES = 5_000
"""So many distinct calls of a source are kept before they become shapes; so many shapes are kept."""
_LONGEST = 8000
"""Characters of a call's first line that are kept: enough to know its text by."""


@dataclass
class Shape:
    """Lines of one shape that were not understood; ``line`` (null in binary formats), ``record``, ``example``: of the first."""

    shape: str
    component: str
    count: int
    record: int
    line: int | None
    example: str


@dataclass
class Component:
    """Lines of one component in one source."""

    lines: int = 0
    parsed: int = 0
    understood: int = 0
    events: int = 0

    def add(self, other: "Component") -> None:
        self.lines += other.lines
        self.parsed += other.parsed
        self.understood += other.understood
        self.events += other.events


@dataclass
class Recognition:
    """What became of the lines of a source that are of components we know."""

    components: dict[str, Component] = field(default_factory=dict)
    shapes: list[Shape] = field(default_factory=list)  # most frequent first
    unlisted: int = 0  # lines not understood whose shape is not kept: there were too many

    @property
    def total(self) -> Component:
        whole = Component()
        for part in self.components.values():
            whole.add(part)
        return whole


class Tally:
    """One source. ``add`` its batches, then take the ``result``."""

    def __init__(self) -> None:
        self._components: dict[str, Component] = {}
        self._sites: dict[tuple[str, str, str], Shape] = {}
        self._parsed: dict[tuple[str, str, str], int] = {}
        self._shapes: dict[tuple[str, str], Shape] = {}
        self._files: set[str] = set()
        self._unlisted = 0

    def add(self, records: pl.DataFrame, events: pl.DataFrame) -> None:
        """Records (the columns NEEDED) and the ``record`` of each event that they gave."""
        if records.is_empty() or records["message"].null_count() == records.height:
            return
        rows = components.attributed(records.select(NEEDED))
        if rows.is_empty():
            return
        gave = events.group_by("record").len("events").with_columns(pl.col("events").cast(pl.Int64))
        rows = rows.join(gave, on="record", how="left").with_columns(components.form().alias("form"))
        rows = rows.with_columns(components.parsed().fill_null(False).alias("parsed"))
        silent = pl.col("events").is_null()
        counts = rows.group_by("component").agg(pl.len(), pl.col("parsed").sum(), (~silent).sum().alias("told"), pl.col("events").sum())
        for name, lines, parsed, told, given in counts.iter_rows():
            self._components.setdefault(name, Component()).add(Component(lines, parsed, told, given))
        if components.NAMELESS in self._components:
            self._files |= set(rows["message"].str.extract(r"\b(\w+\.go):\d+\b").drop_nulls().unique().to_list())
        self._group(rows.filter(silent))
        if len(self._sites) > _SITES:
            self._settle()

    def _group(self, rows: pl.DataFrame) -> None:
        first = pl.col("record").arg_min()
        groups = (
            components.sites(rows)
            .group_by("component", "form", "site")
            .agg(
                pl.len(),
                pl.col("parsed").sum(),
                pl.col("record").min(),
                pl.col("line").get(first),
                pl.col("message").get(first).str.slice(0, _LONGEST),
            )
        )
        for component, form, site, count, parsed, record, line, message in groups.iter_rows():
            key = (component, form, site)
            self._parsed[key] = self._parsed.get(key, 0) + parsed
            _count(self._sites, key, Shape("", component, count, record, line, message))

    def _settle(self) -> None:
        """Calls into shapes: those whose text is known are understood."""
        for key, group in self._sites.items():
            component, form, _ = key
            text, known = _judged(form, group.example)
            if known:
                self._components[component].understood += group.count
                self._components[component].parsed += group.count - self._parsed[key] if form in ("bare", "systemd") else 0
            else:
                group.shape = shape(text)
                group.example = one_line(group.example)
                _count(self._shapes, (component, group.shape), group)
        self._sites, self._parsed = {}, {}
        for rare in sorted(self._shapes, key=lambda k: -self._shapes[k].count)[_SITES:]:
            self._unlisted += self._shapes.pop(rare).count

    def absorb(self, later: "Tally") -> None:
        """Of the next part of the same source."""
        for name, component in later._components.items():
            self._components.setdefault(name, Component()).add(component)
        for site, group in later._sites.items():
            self._parsed[site] = self._parsed.get(site, 0) + later._parsed[site]
            _count(self._sites, site, group)
        for key, settled in later._shapes.items():
            _count(self._shapes, key, settled)
        self._files |= later._files
        self._unlisted += later._unlisted
        if len(self._sites) > _SITES:
            self._settle()

    def result(self, written: set[str]) -> Recognition:
        """``written``: the components that the source's events name, where the records name no writer."""
        self._settle()
        self._name(written)
        ranked = sorted(self._shapes.values(), key=lambda s: (-s.count, s.record))
        return Recognition(dict(sorted(self._components.items())), ranked, self._unlisted)

    def _name(self, written: set[str]) -> None:
        """Whose lines without a writer's name are; of a component that we do not know they do not count."""
        nameless = self._components.pop(components.NAMELESS, None)
        if nameless is None:
            return
        by_event = {"kubelet": components.KUBELET, "controller-manager": components.CONTROLLERS}
        name = components.of_files(self._files) or next((by_event[w] for w in sorted(written) if w in by_event), None)
        if name is not None:
            self._components.setdefault(name, Component()).add(nameless)
        for key in [k for k in self._shapes if k[0] == components.NAMELESS]:
            found = self._shapes.pop(key)
            if name is not None:
                found.component = name
                _count(self._shapes, (name, found.shape), found)


def _count(into: dict[Any, Shape], key: Any, found: Shape) -> None:
    """Add to what is counted under this key; the first of the records is the example."""
    held = into.get(key)
    if held is None:
        into[key] = found
        return
    first = min(held, found, key=lambda s: s.record)
    held.count += found.count
    held.record, held.line, held.example = first.record, first.line, first.example


def _judged(form: str, line: str) -> tuple[str, bool]:
    """The text of a line without its values, and whether it is known."""
    if form in ("klog", "json"):
        said = klog.parse(line)
        if said is not None:
            marks = "S" if form == "klog" and said.structured else "SF" if form == "json" else "F"
            return said.message, any(messages(mark).know(said.message) for mark in marks)
    if form == "logfmt":
        logged = runtime_log.parse(line)
        if logged is not None:
            return logged.message, messages("R").know(logged.message)
    return line, messages("U" if form == "systemd" else "B").know(line)


def top(found: Iterator[tuple[str, Recognition]], number: int) -> tuple[list[tuple[str, Shape]], int]:
    """The most frequent shapes over all sources, each with the source of its first example, and how many shapes there are."""
    merged: dict[tuple[str, str], tuple[str, Shape]] = {}
    for source, recognition in found:
        for one in recognition.shapes:
            key = (one.component, one.shape)
            where, held = merged.get(key, (source, one))
            if held is not one:
                held = replace(held, count=held.count + one.count)
            merged[key] = (where, held)
    ranked = sorted(merged.values(), key=lambda pair: (-pair[1].count, pair[1].shape))
    return ranked[:number], len(ranked)
