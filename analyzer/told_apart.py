"""Which writers of a source are told apart: all of them, while they are few; of thousands those that somebody asks for.

A journal may name another process with each line (jobs, logins, containers that log into it), and what is told of a writer is held until
the source ends. A step tells fewer apart than the one before it, so which one is needed depends on all writers of a source together:
neither on their order nor on how the source was cut.
"""

from typing import Final

import polars as pl

from analyzer.grammars.writers import KUBELET_IDENTIFIERS

MOST: Final = 4096
"""So many writers of a source are told apart: some megabytes."""
OTHERS: Final = "(others)"
"""The identifier of those of which only together is told when they wrote."""
_ASKED_FOR: Final = rf"{KUBELET_IDENTIFIERS}|kubelet|^systemd$"
"""A process with ``kubelet`` in its name shows that a node's kubelet wrote (node_unreachable); lines of systemd alone do not show that a
journal went on (doubts)."""
_WITHOUT_PIDS, _WITHOUT_NAMES, _NO_PIDS, _NO_BOOTS, _NO_NAMES = range(1, 6)
"""First those that nobody asks for are without pids and without names; then all."""
LAST: Final = _NO_NAMES


def _asked_for(identifiers: pl.Series) -> pl.Series:
    """Of which writers more is asked than when anybody wrote. One without a name may be a kubelet."""
    return _matching(identifiers, _ASKED_FOR, nameless=True)


def of_kubelets(identifiers: pl.Series) -> pl.Series:
    """Which writers are kubelets by their names."""
    return _matching(identifiers, KUBELET_IDENTIFIERS, nameless=False)


def _matching(identifiers: pl.Series, pattern: str, *, nameless: bool) -> pl.Series:
    """Whose names have a pattern; each name is looked at once."""
    names = identifiers.unique()
    matching = names.filter(names.str.contains(pattern).fill_null(nameless))
    return identifiers.is_in(matching.implode(), nulls_equal=True)


def named(frame: pl.DataFrame, step: int) -> pl.DataFrame:
    """The same rows, their ``identifier``, ``pid`` and ``boot_id`` as they are told apart at a step; 0: as they are."""
    if not step:
        return frame
    asked = _asked_for(frame["identifier"])
    keeps_name = (asked | (step < _WITHOUT_NAMES)) & (step < _NO_NAMES)
    return frame.with_columns(
        identifier=pl.when(keeps_name).then("identifier").otherwise(pl.lit(OTHERS)),
        pid=pl.when(asked & (step < _NO_PIDS)).then("pid"),
        boot_id=pl.when(pl.lit(step < _NO_BOOTS)).then("boot_id"),
    )


def alone(frame: pl.DataFrame, step: int) -> pl.Series:
    """Which rows that were named so are of a single writer each."""
    return _asked_for(frame["identifier"]) & (step < _NO_PIDS)
