"""Files are there whole or not at all."""

import io
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import polars as pl

STDOUT = Path("-")
_PARTIAL = re.compile(r"\..+\.[0-9]+")


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write into, which takes its place at the end; a link there is replaced, not followed. ``-``: standard output.

    Raises OSError, and leaves what was there before, if it cannot be written.
    """
    if path == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(21, "Is a directory", str(path))
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    out = _opened(partial, path)
    try:
        with out:
            yield out
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """As ``whole``: polars itself tells of a full disk in words of Parquet's, without the system's."""
    content = io.BytesIO()
    frame.write_parquet(content, compression="zstd")
    with whole(path) as out:
        out.write(content.getbuffer())


def sweep(folder: Path) -> None:
    """Take away what a killed process had begun to write there under ``whole``; of one that still lives, nothing."""
    for partial in folder.glob(".*"):
        number = partial.name.rpartition(".")[2]
        if _PARTIAL.fullmatch(partial.name) and partial.is_file() and not _lives(int(number)):
            partial.unlink(missing_ok=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:  # somebody else's
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return process != os.getpid()


def _opened(partial: Path, path: Path) -> BinaryIO:
    """Opened anew, whatever a process of the same number left behind."""
    try:
        partial.unlink(missing_ok=True)
        return partial.open("xb")
    except OSError as error:  # the user knows the file by its own name
        raise OSError(error.errno, error.strerror, str(path)) from error
