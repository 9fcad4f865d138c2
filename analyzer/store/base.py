"""What the rest of the program asks of a store."""

from collections.abc import Callable, Collection
from typing import Any, Protocol, Self

import polars as pl

from analyzer.vocabulary import SourceStatus


class Writer(Protocol):
    """Takes the tables of one source. Nothing is visible before ``commit``; without it nothing stays."""

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Rows for one table (its schema without ``source_id``, which the writer adds)."""
        ...

    def flush(self) -> None:
        """Write out what is to be written out: then it can be sent to another process."""
        ...

    def absorb(self, part: Self) -> None:
        """Take over the rows that another writer has taken of a part of the same source; they come after those that are here."""
        ...

    def discard(self) -> None:
        """Take away what was written out: it is not going to be committed."""
        ...

    def commit(self, source: dict[str, Any]) -> None:
        """Make the rows visible, together with the source's own row."""
        ...


class Writers(Protocol):
    """Where the rows of a source can go."""

    def writer(self, source_id: str) -> Writer: ...


class Apart(Writers, Protocol):
    """What a source was read into in another process. It can be pickled."""


class Store(Writers, Protocol):
    """Tables as vocabulary.TABLES describes them; rows only of sources that were committed."""

    def scan(self, name: str) -> pl.LazyFrame: ...

    def table(self, name: str) -> pl.DataFrame: ...

    def settle(self, name: str, make: Callable[[], pl.DataFrame]) -> None:
        """Put what ``make`` reads off the other tables in the place of a small one, if it differs; no writer comes between."""
        ...

    def mend(self, source_ids: Collection[str]) -> frozenset[str]:
        """Forget those of these sources whose rows are damaged, so that they can be read again; returns which."""
        ...


class Target(Store, Protocol):
    """A store that several processes can fill for one ingest."""

    def apart(self) -> Callable[[], Apart]:
        """Makes, in another process, what sources are read into there. It can be pickled."""
        ...

    def join(self, made: Any) -> None:
        """Take in what was read apart."""
        ...


def source_names(store: Store) -> pl.DataFrame:
    """(source_id, source) of the sources that were read; a duplicate has the same id, but it is the read one that is cited.

    Two processes may each have read the same bytes under another name: then the first of the names counts.
    """
    read = store.table("sources").filter(pl.col("status") == str(SourceStatus.READ)).select("source_id", "source")
    return read.sort("source").unique("source_id", keep="first", maintain_order=True)
