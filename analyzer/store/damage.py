"""Files of a store that are not as they were written: missing, of another size, or of other content.

A file's name ends with the beginning of the SHA-256 of its content, so that it can be told without asking any table.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

_DIGEST = re.compile(r"-([0-9a-f]{32})\.parquet$")
_BLOCK = 1024 * 1024
PACK = "pack"
"""What stands in the place of the owner where a file holds rows of several sources."""
_NAMED = 5
"""So many sources are named one by one."""


def file_name(owner: str, unique: str, content: bytes) -> str:
    """Whose rows it holds, what tells it from every other file, and its content's digest."""
    return f"{owner}-{unique}-{hashlib.sha256(content).hexdigest()[:32]}.parquet"


def owner(path: str) -> str:
    """The source_id of a file's rows, or PACK (of ``sources`` itself: any word)."""
    return path.rpartition("/")[2].partition("-")[0]


def resized(folder: Path, files: Iterable[tuple[str, int]]) -> dict[str, str]:
    """Those of these files (path and size in bytes) that are missing or of another size, and which it is."""
    found = {}
    for path, size in files:
        try:
            there = (folder / path).stat().st_size
        except OSError as error:
            found[path] = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
            continue
        if there != size:
            found[path] = f"is of {there:,} bytes, not {size:,}"
    return found


def altered(folder: Path, paths: Iterable[str]) -> dict[str, str]:
    """Those of these files whose content is not what their names say."""
    return {path: fault for path in paths if (fault := _fault(folder / path)) is not None}


def _fault(path: Path) -> str | None:
    told = _DIGEST.search(path.name)
    if told is None:  # of a store made before names told it
        return None
    total = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                total.update(block)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if total.hexdigest().startswith(told[1]) else "is not as it was written"


def told(faults: Iterable[tuple[str, str]], names: dict[str, str] | None, owners: Callable[[str], frozenset[str]]) -> str:
    """One line: what is wrong with the first of these files (``table/name``), and what is to be ingested again.

    names: of the sources, by id; None: they are not known either. owners: of a file's rows.
    """
    given = sorted(faults)
    path, fault = given[0]
    more = f" (and {len(given) - 1} more files)" if len(given) > 1 else ""
    return f"the store is damaged: {path} {fault}{more}: {_remedy([p for p, _ in given], names, owners)}"


def _remedy(paths: list[str], names: dict[str, str] | None, owners: Callable[[str], frozenset[str]]) -> str:
    if names is None:
        return "which sources it held cannot be told: ingest the evidence into a new one"
    whose = {one for path in paths if not path.startswith("attributions/") for one in owners(path)}
    lost = sorted(names[one] for one in whose if one in names)
    some = lost[:_NAMED]
    if len(lost) > _NAMED:
        some.append(f"{len(lost) - _NAMED} more")
    if whose - names.keys():
        some.append("what an ingest that was cut off had begun")
    return f"ingest again: {', '.join(some) or 'any of its sources'}"
