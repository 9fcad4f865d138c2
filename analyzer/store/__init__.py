"""Where the tables live: on disk as Delta Lake (``open_store``), or in memory for one analysis (``MemoryStore``)."""

from typing import TYPE_CHECKING, Any

from analyzer.store.base import Apart, Store, Target, Writer, Writers, source_names
from analyzer.store.memory import MemoryStore

if TYPE_CHECKING:
    from analyzer.store.delta import DeltaStore, open_store

__all__ = ["Apart", "DeltaStore", "MemoryStore", "Store", "Target", "Writer", "Writers", "open_store", "source_names"]


def __getattr__(name: str) -> Any:
    """What is on disk is imported when first used: an analysis in memory does not wait for deltalake."""
    if name not in ("DeltaStore", "open_store"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analyzer.store import delta

    return getattr(delta, name)
