"""Which small files of a table become one: a store of thousands of sources is then opened and read several times as fast."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
from deltalake import DeltaTable

_FULL = 16 * 1024 * 1024
"""Bytes of files that become one pack: some 200 MB when they are read."""


@dataclass
class Packed:
    """How many files the tables had and have, and how many were deleted."""

    before: int = 0
    after: int = 0
    deleted: int = 0


def groups(table: DeltaTable) -> Iterator[list[str]]:
    """Files that fit into a pack together, by source and place in it; none, where nothing is left to be put together."""
    files = pl.DataFrame(table.get_add_actions(flatten=True))
    order = [c for c in ("min.source_id", "min.record", "path") if c in files.columns]
    group: list[str] = []
    total = 0
    for path, size in files.sort(order).select("path", "size_bytes").iter_rows():
        if size > _FULL // 2:
            continue
        if total + size > _FULL:
            if len(group) > 1:
                yield group
            group, total = [], 0
        group.append(path)
        total += size
    if len(group) > 1:
        yield group
