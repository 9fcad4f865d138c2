"""What goes wrong with files and tables, as one line that says what to do."""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from deltalake.exceptions import DeltaError

from analyzer.exceptions import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EROFS, errno.EACCES, errno.EPERM}
_OS_ERROR = re.compile(r"\(os error (\d+)\)")


@contextmanager
def told(directory: Path) -> Iterator[None]:
    """StoreError for whatever the libraries or the operating system raise."""
    try:
        yield
    except (DeltaError, pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise StoreError(f"{directory}: the store cannot be read or written: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    """What went wrong, and what to do: the operating system's word, however deep in the libraries' words it stands."""
    text = " ".join(str(error).split()) or type(error).__name__
    number = error.errno if isinstance(error, OSError) else None
    if number is None and (found := _OS_ERROR.search(text)):
        number = int(found[1])
    if number in _FULL:
        return f"{os.strerror(number)} (make room and run it again: what is in stays, and the rest is completed)"
    if number in _FORBIDDEN:
        return f"{os.strerror(number)} (choose another place)"
    return f"{text[:300]} (damaged? ingest into a new one)"
