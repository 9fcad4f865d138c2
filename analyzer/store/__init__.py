"""Where the tables live: on disk as Delta Lake (``open_store``), or in memory for one analysis (``MemoryStore``)."""

from analyzer.store.base import Store, Writer, source_names
from analyzer.store.delta import DeltaStore, open_store
from analyzer.store.memory import MemoryStore

__all__ = ["DeltaStore", "MemoryStore", "Store", "Writer", "open_store", "source_names"]
