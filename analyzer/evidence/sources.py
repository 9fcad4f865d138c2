"""PATHs become sources: files, members of archives, compressed or not, known by content and never by name."""

import hashlib
import io
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from analyzer import limits
from analyzer.evidence.budget import Budget
from analyzer.evidence.kept import kept
from analyzer.evidence.packed import ARCHIVES, DAMAGE, HEAD, Archive, Held, Opener, Shared, Spend, decompressed, packing
from analyzer.exceptions import EvidenceError, SourceError

_SUFFIX = re.compile(r"(?:\.(?:tar|tgz|tbz2?|txz|tzst|gz|bz2|xz|zst|zip))+$", re.IGNORECASE)
_LEADS_OUT = "a link that leads out of the folder: not followed (name its target to have it read)"
_SPECIAL = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


@dataclass(frozen=True)
class Source:
    """One file or archive member, as bytes.

    name: POSIX path within the evidence; a member's is its archive's name, ``/``, and its own.
    root: the base name of the PATH that it was found under.
    compression: what it is packed in, from the outside in (``gzip``, ``xz+tar``), or None.
    problems: what is wrong with it; reading it may add to them.
    path: where it lies on disk, as it is; None for what is packed.
    written: when it was last written, as its folder or archive says (a copy may have got a time of its own).
    """

    name: str
    root: str
    opener: Opener = field(repr=False, compare=False)
    compression: str | None = None
    problems: list[str] = field(default_factory=list, compare=False)
    written: datetime | None = field(default=None, compare=False)
    path: Path | None = field(default=None, compare=False)

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
    given = [Path(os.path.abspath(path)) for path in paths if str(path) != "-"]  # noqa: PTH100  links stay as they are named
    for path in given:
        if not os.path.lexists(path):
            raise EvidenceError(f"no such file or directory: {path} (check the path)")
    whole = len(given) == len(paths) == 1 and given[0].is_dir()
    base = given[0] if whole else Path(os.path.commonpath([path.parent for path in given]) if given else "/")
    walker = _Walker(base, [path.resolve() for path in given if path.is_dir()])
    found = [source for path in given for source in walker.under(path)]
    if len(given) < len(paths):
        found += walker.stdin()
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
    """What lies directly in a directory: each subdirectory and each archive or compressed file is a case.

    A file that is only named like an archive is one too: that it is broken must be told, not passed over.
    """
    found: list[Case] = []
    names: set[str] = set()
    for path in sorted(directory.iterdir()):
        if _skipped(path.name) or not (path.is_dir() or _is_packed(path) or (path.is_file() and _SUFFIX.search(path.name))):
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

    def __init__(self, base: Path, folders: Sequence[Path]) -> None:
        self._base = base
        self._folders = folders  # those that were handed in: no link leads out of them
        self._seen: set[tuple[int, int]] = set()
        self._held = Held()

    def under(self, path: Path) -> Iterator[Source]:
        """All that one PATH gives."""
        root = _printable(path.name)
        return self._directory(path, root) if path.is_dir() else self._file(path, root)

    def stdin(self) -> Iterator[Source]:
        """Standard input, copied, so that it can be read more than once."""
        copy = Shared(kept(io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))))
        return self._expand(Source("stdin", "-", lambda: copy.slice(0, copy.size)), Budget(copy.size))

    def _name(self, path: Path) -> str:
        return _printable(path.relative_to(self._base).as_posix())

    def _directory(self, path: Path, root: str) -> Iterator[Source]:
        try:
            status = path.stat()
            children = sorted(path.iterdir())
        except OSError as error:
            yield _unreadable(self._name(path), root, f"cannot be listed: {error.strerror}")
            return
        if (status.st_dev, status.st_ino) in self._seen:  # a loop of links, or given twice
            return
        self._seen.add((status.st_dev, status.st_ino))
        for child in children:
            if _skipped(child.name):
                continue
            if child.is_symlink() and self._leads_out(child):
                yield _unreadable(self._name(child), root, _LEADS_OUT)
            elif not child.is_dir():
                yield from self._file(child, root)
            elif not child.is_symlink():  # what a link leads to is met on its own
                yield from self._directory(child, root)

    def _leads_out(self, link: Path) -> bool:
        try:
            target = link.resolve(strict=True)
        except (OSError, RuntimeError):  # broken, or in a circle: told as such
            return False
        return not any(target.is_relative_to(folder) for folder in self._folders)

    def _file(self, path: Path, root: str) -> Iterator[Source]:
        name = self._name(path)
        try:
            status = path.stat()
        except OSError as error:
            yield _unreadable(name, root, f"{'broken symbolic link: ' if path.is_symlink() else ''}{error.strerror}")
            return
        if kind := _SPECIAL.get(stat.S_IFMT(status.st_mode)):
            yield _unreadable(name, root, f"{kind}: not read")
            return
        if not path.is_symlink() and status.st_nlink == 1:
            if (status.st_dev, status.st_ino) in self._seen:  # under two of the PATHs
                return
            self._seen.add((status.st_dev, status.st_ino))
        source = Source(name, root, partial(_open, path), written=_moment(status.st_mtime), path=path)
        yield from self._expand(source, Budget(status.st_size), plain=True)

    def _expand(self, source: Source, budget: Budget, depth: int = 0, plain: bool = False) -> Iterator[Source]:
        """The source itself, decompressed, or the members of the archive that it is. ``plain``: it is a file on disk."""
        try:
            with source.opener() as stream:
                kind = packing(stream.read(HEAD))
        except (*DAMAGE, SourceError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            yield replace(source, problems=source.problems or [f"cannot be read: {reason}"])
            return
        if kind is None:
            yield source
        elif depth > limits.current().depth:
            problem = f"{kind} within archives that are nested {limits.current().depth} deep: not opened (--limit depth=)"
            yield _unreadable(source.name, source.root, problem)
        elif kind in ARCHIVES:
            yield from self._members(_packed(source, kind), ARCHIVES[kind], budget, depth, plain)
        else:
            opener, problems, inner = source.opener, source.problems, _packed(source, kind)
            spend = partial(budget.spend, f"{inner.name} {inner.compression}", kind=kind)
            yield from self._expand(replace(inner, opener=lambda: decompressed(opener, kind, problems, spend)), budget, depth + 1)

    def _members(self, archive: Source, make: Callable[[BinaryIO], Archive], budget: Budget, depth: int, plain: bool) -> Iterator[Source]:
        """What is in an archive; and the archive itself if something is wrong with it."""

        def opened() -> Archive:
            return self._held.get(archive.name, lambda: make(archive.opener() if plain else kept(archive.opener())))

        def member_opener(where: Any, problems: list[str], spend: Spend) -> Opener:
            return lambda: opened().open(where, problems, spend)

        members = []
        try:
            for member in opened().members(archive.problems):
                budget.member()
                members.append(member)
        except SourceError as error:
            archive.problems.append(str(error))
        except DAMAGE as error:
            archive.problems.append(f"cannot be read ({error})")
        for number, (told, where, written) in enumerate(members):
            if name := _member_name(told):
                problems: list[str] = []
                spend = partial(budget.spend, f"{archive.name} {archive.compression} {number}", kind="zip")  # a tar's spend nothing
                opener = member_opener(where, problems, spend)
                inner = replace(archive, name=f"{archive.name}/{name}", opener=opener, problems=problems, written=_moment(written))
                yield from self._expand(inner, budget, depth + 1)
        if archive.problems:
            yield _unreadable(archive.name, archive.root, *archive.problems)


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _moment(unix: float | None) -> datetime | None:
    try:
        return None if unix is None else datetime.fromtimestamp(unix, UTC)
    except (OverflowError, OSError, ValueError):  # a header may say anything
        return None


def _packed(source: Source, kind: str) -> Source:
    return replace(source, compression=f"{source.compression}+{kind}" if source.compression else kind, path=None)


def _member_name(name: str) -> str | None:
    """A member's name as text to show, never as a path; None: not to be read."""
    parts = [part for part in re.split(r"[/\\]", _printable(name)) if part not in ("", ".", "..")]
    return "/".join(parts) if parts and not any(map(_skipped, parts)) else None


def _unreadable(name: str, root: str, *problems: str) -> Source:
    def fail() -> BinaryIO:
        raise SourceError(f"{name}: {'; '.join(problems)}")

    return Source(name, root, fail, problems=list(problems))
