"""PATHs become sources: files, members of archives, compressed or not, known by content and never by name."""

import hashlib
import io
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from analyzer.evidence.packed import ARCHIVES, DAMAGE, HEAD, Archive, Held, Opener, Shared, decompressed, packing, spool
from analyzer.exceptions import EvidenceError, SourceError

_DEEPEST = 8  # archives within archives; a file can be made that holds itself
_SUFFIX = re.compile(r"(?:\.(?:tar|tgz|tbz2?|txz|tzst|gz|bz2|xz|zst|zip))+$", re.IGNORECASE)
_SPECIAL = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


@dataclass(frozen=True)
class Source:
    """One file or archive member, as bytes.

    name: POSIX path within the evidence; a member's is its archive's name, ``/``, and its own.
    root: the base name of the PATH that it was found under.
    compression: what it is packed in, from the outside in (``gzip``, ``xz+tar``), or None.
    problems: what is wrong with it; reading it may add to them.
    """

    name: str
    root: str
    opener: Opener = field(repr=False, compare=False)
    compression: str | None = None
    problems: list[str] = field(default_factory=list, compare=False)

    def open(self) -> BinaryIO:
        """The decompressed bytes, from the beginning. SourceError if there is nothing to be read."""
        try:
            return self.opener()
        except DAMAGE as error:
            raise SourceError(f"{self.name}: {self.problem or error}") from error

    @property
    def problem(self) -> str | None:
        """What is wrong with it, in one line, as far as known: damage within shows once it has been read."""
        return " ".join("; ".join(self.problems).split()) or None


@dataclass(frozen=True)
class Case:
    """One incident of many: a directory, or an archive or compressed file."""

    name: str
    path: Path


def walk(paths: Sequence[Path | str]) -> Iterator[Source]:
    """All sources under the PATHs, sorted by name. EvidenceError if a PATH does not exist."""
    given = [os.path.abspath(path) if str(path) != "-" else "-" for path in paths]
    for path in given:
        if path != "-" and not os.path.lexists(path):
            raise EvidenceError(f"no such file or directory: {path} (check the path)")
    files = [path for path in given if path != "-"]
    base = os.path.commonpath([os.path.dirname(path) for path in files]) if files else ""
    if len(given) == 1 and os.path.isdir(given[0]):
        base = given[0]
    walker = _Walker(base)
    found = [source for path in given for source in walker.under(path)]
    found.sort(key=lambda source: source.name)
    return _distinct(found)


def _distinct(sources: list[Source]) -> Iterator[Source]:
    """An archive may hold two members of one name: the second one gets a number."""
    seen: dict[str, int] = {}
    for source in sources:
        seen[source.name] = count = seen.get(source.name, 0) + 1
        yield source if count == 1 else replace(source, name=f"{source.name}#{count}")


def digest(source: Source) -> tuple[str, int]:
    """SHA-256 (hex) and number of the decompressed bytes."""
    total, size = hashlib.sha256(), 0
    with source.open() as stream:
        while block := stream.read(1024 * 1024):
            total.update(block)
            size += len(block)
    return total.hexdigest(), size


def cases(directory: Path) -> list[Case]:
    """What lies directly in a directory: each subdirectory and each archive or compressed file is a case."""
    found: list[Case] = []
    names: set[str] = set()
    for path in sorted(directory.iterdir()):
        if _skipped(path.name) or not (path.is_dir() or _is_packed(path)):
            continue
        stem = path.name if path.is_dir() else _SUFFIX.sub("", path.name) or path.name
        name = next(n for n in (stem, *(f"{stem}-{i}" for i in range(2, len(names) + 3))) if n not in names)
        names.add(name)
        found.append(Case(name, path))
    return found


def _is_packed(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            return path.is_file() and packing(stream.read(HEAD)) is not None
    except OSError:
        return False


def _skipped(name: str) -> bool:
    """A repository's own files, and what macOS puts beside files (AppleDouble)."""
    return name == ".git" or name.startswith("._")


def _printable(path: str) -> str:
    """A name as Unicode, whatever bytes the file system has."""
    return os.fsencode(path).decode(errors="replace")


class _Walker:
    """What is known while PATHs are walked: where names begin, what has been met, which archives are open."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._seen: set[tuple[int, int]] = set()
        self._held = Held()

    def under(self, path: str) -> Iterator[Source]:
        if path == "-":
            yield from self._stdin()
        elif os.path.isdir(path):
            yield from self._directory(path, _printable(os.path.basename(path)), os.path.realpath(path))
        else:
            yield from self._file(path, _printable(os.path.basename(path)))

    def _stdin(self) -> Iterator[Source]:
        copy = Shared(spool(io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))))
        yield from self._expand(Source("stdin", "-", lambda: copy.slice(0, copy.size)), 0)

    def _name(self, path: str) -> str:
        return PurePosixPath(*Path(_printable(os.path.relpath(path, self._base))).parts).as_posix()

    def _directory(self, path: str, root: str, top: str) -> Iterator[Source]:
        try:
            status = os.stat(path)
            entries = sorted(os.listdir(path))
        except OSError as error:
            yield _unreadable(self._name(path), root, f"cannot be listed: {error.strerror}")
            return
        if (status.st_dev, status.st_ino) in self._seen:  # a loop of links, or given twice
            return
        self._seen.add((status.st_dev, status.st_ino))
        for entry in entries:
            child = os.path.join(path, entry)
            if _skipped(entry):
                continue
            if not os.path.isdir(child):
                yield from self._file(child, root)
            elif not os.path.islink(child) or not Path(os.path.realpath(child)).is_relative_to(top):  # else met on its own
                yield from self._directory(child, root, top)

    def _file(self, path: str, root: str) -> Iterator[Source]:
        name = self._name(path)
        try:
            status = os.stat(path)
        except OSError as error:
            yield _unreadable(name, root, f"broken symbolic link: {error.strerror}" if os.path.islink(path) else f"{error.strerror}")
            return
        if kind := _SPECIAL.get(stat.S_IFMT(status.st_mode)):
            yield _unreadable(name, root, f"{kind}: not read")
            return
        key = (status.st_dev, status.st_ino)
        if not os.path.islink(path) and status.st_nlink == 1:
            if key in self._seen:  # under two of the PATHs
                return
            self._seen.add(key)
        yield from self._expand(Source(name, root, lambda: open(path, "rb")), 0, plain=True)  # noqa: SIM115

    def _expand(self, source: Source, depth: int, plain: bool = False) -> Iterator[Source]:
        """The source itself, decompressed, or the members of the archive that it is. ``plain``: it is a file on disk."""
        try:
            with source.opener() as stream:
                kind = packing(stream.read(HEAD)) if depth <= _DEEPEST else None
        except (*DAMAGE, SourceError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            yield replace(source, problems=source.problems or [f"cannot be read: {reason}"])
            return
        if kind is None:
            yield source
        elif kind in ARCHIVES:
            yield from self._members(_packed(source, kind), ARCHIVES[kind], depth, plain)
        else:
            opener, problems = source.opener, source.problems
            yield from self._expand(replace(_packed(source, kind), opener=lambda: decompressed(opener, kind, problems)), depth + 1)

    def _members(self, archive: Source, make: Callable[[BinaryIO], Archive], depth: int, plain: bool) -> Iterator[Source]:
        """What is in an archive; and the archive itself if something is wrong with it."""

        def opened() -> Archive:
            return self._held.get(archive.name, lambda: make(archive.opener() if plain else spool(archive.opener())))

        def member_opener(where: Any, problems: list[str]) -> Opener:
            return lambda: opened().open(where, problems)

        try:
            members = list(opened().members(archive.problems))
        except DAMAGE as error:
            archive.problems.append(f"cannot be read ({error})")
            members = []
        for name, where in members:
            if member := _member_name(name):
                problems: list[str] = []
                opener = member_opener(where, problems)
                inner = replace(archive, name=f"{archive.name}/{member}", opener=opener, problems=problems)
                yield from self._expand(inner, depth + 1)
        if archive.problems:
            yield _unreadable(archive.name, archive.root, *archive.problems)


def _packed(source: Source, kind: str) -> Source:
    return replace(source, compression=f"{source.compression}+{kind}" if source.compression else kind)


def _member_name(name: str) -> str | None:
    """A member's name as text to show, never as a path; None: not to be read."""
    parts = [part for part in re.split(r"[/\\]", _printable(name)) if part not in ("", ".", "..")]
    return "/".join(parts) if parts and not any(map(_skipped, parts)) else None


def _unreadable(name: str, root: str, *problems: str) -> Source:
    def fail() -> BinaryIO:
        raise SourceError(f"{name}: {'; '.join(problems)}")

    return Source(name, root, fail, problems=list(problems))
