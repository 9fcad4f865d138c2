"""Sources as they were when they were read, beside sources as they are now."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from analyzer.evidence import Source, digest
from analyzer.exceptions import SourceError

BROKEN = (OSError, EOFError, SourceError, ValueError)
"""What reading a damaged source may raise."""
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Recorded:
    """A source as a store or a findings document knows it; of one that the document only cites, nothing but the name is known."""

    name: str
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class Present:
    """A source as it is now. ``fault``: why it cannot be read."""

    source: Source
    sha256: str | None
    size: int | None
    fault: str | None = None


@dataclass(frozen=True)
class Fate:
    """What became of a recorded source.

    ``here``: where its content, or what has taken its place, can be read; ``says``: what is to be told of it; ``holds``: it is the same.
    """

    recorded: Recorded
    here: Present | None
    says: str | None
    holds: bool


def recorded(table: pl.DataFrame) -> list[Recorded]:
    """Of a sources table, those that could be read at all."""
    rows = table.filter(pl.col("sha256").fill_null("") != "").sort("source")
    return [Recorded(row["source"], row["sha256"], row["size"]) for row in rows.iter_rows(named=True)]


def present(sources: Iterable[Source]) -> dict[str, Present]:
    """Each by its name, its content hashed as it is now."""
    found: dict[str, Present] = {}
    for source in sources:
        try:
            found[source.name] = Present(source, *digest(source))
        except BROKEN as error:
            found[source.name] = Present(source, None, None, source.problem or str(error))
    return found


def fates(known: list[Recorded], now: Mapping[str, Present]) -> list[Fate]:
    """What became of each, in the order of names."""
    places: dict[str, list[str]] = {}
    for name, found in now.items():
        if found.sha256 is not None:
            places.setdefault(found.sha256, []).append(name)
    contents = {r.sha256: r.name for r in reversed(known) if r.sha256 is not None}
    names = {r.name for r in known}
    return [_fate(r, now, places, contents, names) for r in known]


def _fate(
    known: Recorded, now: Mapping[str, Present], places: Mapping[str, list[str]], contents: Mapping[str, str], names: set[str]
) -> Fate:
    here = now.get(known.name)
    if here is None:
        return _elsewhere(known, now, places, names)
    if here.fault is not None:
        return Fate(known, None, f"cannot be read: {here.fault}", holds=False)
    if known.sha256 is None or known.sha256 == here.sha256:
        return Fate(known, here, None, holds=True)
    moved = [name for name in places.get(known.sha256, ()) if name != known.name]
    others = contents.get(here.sha256 or "")
    if here.size and others is not None and others != known.name:
        return Fate(known, here, f"replaced: it is now what {others} was{_and_is(moved)}", holds=False)
    if moved:
        return Fate(known, here, f"replaced: other content{_and_is(moved)}", holds=False)
    return Fate(known, here, _changed(known, here), holds=False)


def _and_is(moved: list[str]) -> str:
    return f"; what it was is now {moved[0]}" if moved else ""


def _elsewhere(known: Recorded, now: Mapping[str, Present], places: Mapping[str, list[str]], names: set[str]) -> Fate:
    """Not under its name: under another one with the same content; if that is not known, under the one name that ends alike."""
    if known.sha256 is not None:
        found = sorted(places.get(known.sha256, ()), key=lambda name: (name in names, name))
        if found:
            return Fate(known, now[found[0]], f"moved: the same content is now {found[0]}", holds=True)
    else:
        found = [name for name in now if name.endswith(f"/{known.name}") or known.name.endswith(f"/{name}")]
        if len(found) == 1 and now[found[0]].fault is None:
            return Fate(known, now[found[0]], f"moved: taken to be {found[0]}", holds=True)
    return Fate(known, None, "missing", holds=False)


def _changed(known: Recorded, here: Present) -> str:
    was, size = known.size or 0, here.size or 0
    if size > was and _beginning(here.source, was) == known.sha256:
        return f"changed: it has grown from {was:,} to {size:,} bytes; its first {was:,} are as they were"
    sizes = f"{size:,} bytes, as before" if size == was else f"{size:,} bytes, {was:,} before"
    return f"changed: other content ({sizes})"


def _beginning(source: Source, size: int) -> str | None:
    """SHA-256 of its first bytes."""
    total = hashlib.sha256()
    try:
        with source.open() as stream:
            while size > 0 and (block := stream.read(min(size, _BLOCK))):
                total.update(block)
                size -= len(block)
    except BROKEN:
        return None
    return total.hexdigest()
