"""Packed bytes: what they are, by their first bytes, and streams over what lies within. Nothing is unpacked to disk.

What can be read of damaged data is read; then the damage is noted, in the list that the caller gave.
"""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import threading
import weakref
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, TypeVar, cast

import zstandard

from analyzer.evidence.kept import Anywhere
from analyzer.exceptions import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Opener = Callable[[], BinaryIO]
Spend = Callable[[int, int], None]
"""Told how many bytes a stream has given, and of how many packed ones; raises SourceError where that is too much."""
T = TypeVar("T")

HEAD = 512
"""So many first bytes say whether something is packed, and how."""

DAMAGE = (
    *(EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile),
    RuntimeError,  # a password is needed, or (NotImplementedError) the method is not known
    *(ValueError, OverflowError, struct.error),  # a zip's names and headers
)
"""What reading packed data may raise."""

_BUFFER = 1024 * 1024
_STEP = 16 * 1024  # decompressed at a time: of what comes before damage, no more than this is lost
_BLOCK = 512  # of a tar


def packing(head: bytes) -> str | None:
    """gzip, bzip2, xz, zstd, zip or tar; None: neither."""
    if head.startswith(b"\x1f\x8b\x08"):
        return "gzip"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    if head.startswith(b"\xfd7zXZ\0"):
        return "xz"
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return "zip"
    return "tar" if _is_tar(head) else None


def _is_tar(head: bytes) -> bool:
    """The header's checksum is right: holds for all kinds of tar, those of before POSIX too."""
    if len(head) < 512 or not head[0]:
        return False
    try:
        return tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape") is not None
    except tarfile.HeaderError:
        return False


def decompressed(opener: Opener, kind: str, problems: list[str], spend: Spend) -> BinaryIO:
    """A stream over the decompressed bytes; it can be read again from its beginning. ``spend`` is told how far it has been read."""
    return io.BufferedReader(_Salvaged(opener, _DECOMPRESSORS[kind], kind, problems, spend), _BUFFER)


class _Zstd(io.RawIOBase):
    """zstd frames, one after the other; unlike the library's own reader it tells when the last one is cut off."""

    _INPUT = 256  # at most 128 KiB come of each 4 bytes

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._rest = memoryview(b"")
        self._input = b""
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._inside = False

    def read1(self, size: int) -> bytes:
        while not self._rest:
            data = self._input or self._stream.read(self._INPUT)
            self._input = b""
            if not data:
                if self._inside:
                    raise EOFError("the last frame is cut off")
                return b""
            self._inside = True
            self._rest = memoryview(self._frame.decompress(data))
            if self._frame.eof:
                self._input = self._frame.unused_data
                self._frame, self._inside = zstandard.ZstdDecompressor().decompressobj(), False
        out, self._rest = self._rest[:size], self._rest[size:]
        return bytes(out)

    def close(self) -> None:
        self._stream.close()
        super().close()


_DECOMPRESSORS: dict[str, Callable[[BinaryIO], Any]] = {
    "gzip": lambda stream: gzip.GzipFile(fileobj=stream),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zstd": _Zstd,
}


class _Salvaged(io.RawIOBase):
    """Ends where its data break, and notes it. Raises SourceError if not one byte can be read, or if they are more than may be."""

    def __init__(self, opener: Opener, make: Callable[[BinaryIO], Any], kind: str, problems: list[str], spend: Spend) -> None:
        self._opener, self._make, self._kind, self._problems, self._spend = opener, make, kind, problems, spend
        self._begin()

    def _begin(self) -> None:
        self._packed = self._opener()
        self._stream = self._make(self._packed)
        self._position, self._spent, self._ended = 0, 0, False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Forwards by reading, backwards by beginning anew."""
        if whence == io.SEEK_CUR:
            offset += self._position
        elif whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end of compressed data is not known")
        if offset < self._position:
            self._end()
            self._begin()
        while self._position < offset and self.readinto(bytearray(min(_BUFFER, offset - self._position))):
            pass
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        if self._ended or not len(view):
            return 0
        try:
            data = self._stream.read1(min(len(view), _STEP))
        except DAMAGE as error:
            self._ended = True
            what = "truncated" if isinstance(error, EOFError) else f"broken ({error})"
            problem = f"{self._kind}: {what} after {self._position:,} bytes"
            if problem not in self._problems:
                self._problems.append(problem)
            if not self._position:
                raise SourceError(problem) from error
            return 0
        view[: len(data)] = data
        self._position += len(data)
        if self._position - self._spent >= _BUFFER:
            self._account()
        return len(data)

    def _account(self) -> None:
        self._spent = self._position
        try:
            self._spend(self._position, self._packed.tell())
        except SourceError as error:
            self._ended = True
            if str(error) not in self._problems:
                self._problems.append(str(error))
            raise

    def _end(self) -> None:
        self._stream.close()
        self._packed.close()

    def close(self) -> None:
        if not self.closed:
            self._end()
        super().close()


class Shared:
    """A file of which several readers read a stretch each. It is closed when nobody refers to it any more."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.lock = threading.Lock()
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        weakref.finalize(self, file.close)

    def slice(self, begin: int, size: int) -> BinaryIO:
        return io.BufferedReader(_Slice(self, begin, size), _BUFFER)


class _Slice(Anywhere):
    """One reader's stretch."""

    def __init__(self, shared: Shared, begin: int, size: int) -> None:
        self._shared, self._begin, self._size = shared, begin, size

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        wanted = min(len(view), self._size - self._position)
        if wanted <= 0:
            return 0
        with self._shared.lock:
            self._shared.file.seek(self._begin + self._position)
            data = self._shared.file.read(wanted)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)


class Held:
    """Archives that are open at the moment: a few, so that neither files nor disk run out. What is dropped is opened again."""

    def __init__(self, limit: int = 4) -> None:
        self._limit = limit
        self._open: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str, make: Callable[[], T]) -> T:
        if key not in self._open:
            self._open[key] = make()
            while len(self._open) > self._limit:
                self._open.popitem(last=False)  # closed when its last reader lets go of it
        self._open.move_to_end(key)
        return cast(T, self._open[key])


class Archive(Protocol):
    """Members by name, where each is (only the archive itself understands that), and when it was last written (Unix time, if told)."""

    def members(self, problems: list[str]) -> Iterator[tuple[str, Any, float | None]]: ...

    def open(self, where: Any, problems: list[str], spend: Spend) -> BinaryIO: ...


class _Headers:
    """A tar's file as tarfile reads it: headers, among them names of any length, which it would take into memory."""

    _LONGEST = 1024 * 1024

    def __init__(self, file: BinaryIO) -> None:
        self.seek, self.tell, self._read = file.seek, file.tell, file.read

    def read(self, size: int) -> bytes:
        if size > self._LONGEST:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self._read(size)


class TarArchive:
    """The regular files of an uncompressed tar."""

    def __init__(self, file: BinaryIO) -> None:
        self._shared = Shared(file)

    def members(self, problems: list[str]) -> Iterator[tuple[str, tuple[int, int], float | None]]:
        """Names, where their bytes are, and when they were written. Links are left out: what they point to stands elsewhere."""
        count, end = 0, 0
        try:
            with tarfile.open(fileobj=cast(BinaryIO, _Headers(self._shared.file)), mode="r:") as archive:
                while (member := archive.next()) is not None:
                    archive.members = []  # type: ignore[attr-defined]  # it would keep them all
                    count += 1
                    if member.isreg() and member.sparse is None:
                        yield member.name, (member.offset_data, member.size), member.mtime or None
                    elif member.isreg():
                        problems.append(f"tar: sparse member {member.name} is not read")
                    elif member.isdev():
                        problems.append(f"tar: device or pipe {member.name} is not read")
                end = archive.offset
            self._shared.file.seek(end)
            if self._shared.file.read(_BLOCK) != bytes(_BLOCK):  # tarfile ends there without a word
                raise EOFError("no end mark")
        except (tarfile.TarError, *DAMAGE) as error:
            problems.append(f"tar: truncated or broken after {count:,} members ({error})")

    def open(self, where: tuple[int, int], problems: list[str], spend: Spend) -> BinaryIO:
        missing = sum(where) - self._shared.size
        if missing > 0 and not problems:
            problems.append(f"tar: truncated, {missing:,} of its {where[1]:,} bytes are missing")
        return self._shared.slice(*where)


class ZipArchive:
    """The files of a zip."""

    def __init__(self, file: BinaryIO) -> None:
        weakref.finalize(self, file.close)
        self._archive = zipfile.ZipFile(file)

    def members(self, problems: list[str]) -> Iterator[tuple[str, zipfile.ZipInfo, float | None]]:
        """A zip writes local times, and not of which zone: they are left out. Links are, too."""
        infos = [info for info in self._archive.infolist() if not info.is_dir()]
        return ((info.filename, info, None) for info in infos if not stat.S_ISLNK(info.external_attr >> 16))

    def open(self, info: zipfile.ZipInfo, problems: list[str], spend: Spend) -> BinaryIO:
        def packed() -> BinaryIO:
            return cast(BinaryIO, self._archive.open(info))

        try:
            spend(info.file_size, info.compress_size)  # no more comes of it than is told
        except SourceError as error:
            problems.append(str(error))
            raise
        return io.BufferedReader(_Salvaged(packed, lambda stream: stream, "zip", problems, lambda *_: None), _BUFFER)


ARCHIVES: Mapping[str, Callable[[BinaryIO], Archive]] = {"tar": TarArchive, "zip": ZipArchive}
