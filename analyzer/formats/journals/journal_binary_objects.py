"""A binary journal file as bytes: its header, where its entries lie, and what a data object holds.

The layout is that of systemd's docs/JOURNAL_FILE_FORMAT and journal-def.h (from 187, with shorter headers, to 257): a header,
then objects, each on an offset that is a multiple of 8 and with its size in front. Hash tables and the chains of arrays
between objects serve searching; whoever reads a file from end to end needs none of them, nor the key of the hashes.
"""

import lzma
import mmap
import re
import struct
from dataclasses import dataclass

import lz4.block  # type: ignore[import-untyped,unused-ignore]
import numpy as np
import zstandard

from analyzer.formats.lines import Positions

Content = bytes | bytearray | mmap.mmap
SIGNATURE = b"LPKSHHRH"
LARGEST_VALUE = 64 * 1024 * 1024
"""A compressed value that claims to be longer is not decompressed: no line of a log is."""

DATA, ENTRY = 1, 3
XZ, LZ4, ZSTD = 1, 2, 4  # flags of a data object
_FLAG_COMPACT = 16  # incompatible flag, systemd >= 252: offsets of 32 bits, entry items without hash
_FLAGS_KNOWN = 31  # XZ, LZ4, keyed hash, ZSTD, compact
_SHORTEST_HEADER = 208  # systemd 187
_HEADER = struct.Struct("<8sIIB7x64xQQ")  # signature, compatible and incompatible flags, state, ids, header and arena size
_N_ENTRIES = struct.Struct("<152xQ")
_OBJECT = struct.Struct("<QQ")  # type, flags and reserved bytes as one number; size
_NEVER = 1 << 64  # more than any size
_IMPOSSIBLE = (1 << 64) - 1
_ZEROS = 1 << 20  # bytes
_SCANNED = 1 << 20  # words that are searched for objects in one go
_HIGHEST = (ZSTD << 8) + DATA  # what the first 8 bytes of an object may be at most
_MOST_FIELDS = 8192  # of an entry; journald takes 1024 and adds its own
_WORDS = re.compile(rb"[\x20-\x7e]{6,}")


@dataclass(frozen=True)
class Damage:
    """A stretch of the file that cannot be read, why, and the words that stand in it."""

    offset: int
    reason: str
    raw: str = ""


class JournalFile:
    """A journal file's bytes, also as words of 8 and of 4.

    problems: what is wrong with the header, or with the file as a whole. n_entries: how many entries the header counts.
    compact: with offsets of 32 bits (systemd >= 252).
    """

    def __init__(self, data: Content) -> None:
        self.data = data
        self.words = np.frombuffer(data, "<u8", len(data) // 8)
        self.halves = np.frombuffer(data, "<u4", len(data) // 4)
        self.problems: list[Damage] = []
        self._wrong: list[int] = []  # objects that are not as long as they say
        self.begin, self.n_entries = len(data), 0
        self.compact = False
        if data[: len(SIGNATURE)] != SIGNATURE:
            self.problems.append(Damage(0, "no binary journal: it does not begin with LPKSHHRH"))
        elif len(data) < _SHORTEST_HEADER:
            self.problems.append(Damage(0, "binary journal cut off within its header"))
        else:
            self._header()
        self._payload = 72 if self.compact else 64
        self._item = 4 if self.compact else 16
        self._longest_entry = 64 + _MOST_FIELDS * self._item
        # What the first 8 bytes of an object may be -> its least size. The other kinds: field, hash tables, entry array, tag.
        self._least = {ENTRY: 64, 2: 40, 4: 16, 5: 16, 6: 24, 7: 64} | {DATA | flag << 8: self._payload for flag in (0, XZ, LZ4, ZSTD)}
        self._least_sizes = np.full((ZSTD << 8) + DATA + 1, _IMPOSSIBLE, np.uint64)
        self._least_sizes[list(self._least)] = list(self._least.values())
        self._zstd = zstandard.ZstdDecompressor().decompress

    def _header(self) -> None:
        _, _, flags, _, size, arena = _HEADER.unpack_from(self.data)
        (self.n_entries,) = _N_ENTRIES.unpack_from(self.data)
        self.compact = bool(flags & _FLAG_COMPACT)
        self.begin = size
        if flags & ~_FLAGS_KNOWN:
            self.problems.append(Damage(12, f"unknown incompatible flags {flags & ~_FLAGS_KNOWN:#x} of the journal: read regardless"))
        if not _SHORTEST_HEADER <= size <= len(self.data) or size % 8:
            self.problems.append(Damage(88, f"impossible header size {size}: objects are searched for"))
            self.begin = _SHORTEST_HEADER
        elif size + arena > len(self.data):
            missing = size + arena - len(self.data)
            self.problems.append(Damage(len(self.data), f"binary journal cut off: {missing:,} of its {size + arena:,} bytes are missing"))

    def entries(self) -> tuple[Positions, list[Damage]]:
        """The offsets of all entries, as they lie, and the stretches between objects that are none. To be called first."""
        found: list[Positions] = []
        damage = []
        last = len(self.data) - _OBJECT.size
        at = before = self.begin  # before: where the last object lies
        used = _used(self.data)
        while at <= last:
            objects, entries, at = self._chain(at)
            if len(objects):
                before = int(objects[-1])
                found.append(entries)
            elif at <= last:
                if at >= used:  # room for what is to come
                    break
                following = self._resume(before + 8)
                if following < at:  # an object within the last one, whose size is wrong
                    at = before
                    self._wrong.append(at)
                    if found and len(found[-1]) and found[-1][-1] == at:
                        found[-1] = found[-1][:-1]
                damage.append(self._unreadable(at, following))
                before = at = following
        return np.concatenate([np.empty(0, np.int64), *found]), damage

    def _chain(self, at: int) -> tuple[Positions, Positions, int]:
        """Objects that follow one upon the other from here on, some of those at least; the entries among them; and where to go on.

        Whatever looks like an object's head is followed by where the object would end. Payloads hold but few such heads, so that
        the next one is nearly always the next object, and only where it is not must the chain be looked for.
        """
        begin, end = at // 8, min(at // 8 + _SCANNED, len(self.words) - 1)
        kinds = self.words[begin:end]
        heads = np.flatnonzero((kinds - np.uint64(1)) < _HIGHEST)
        kinds, sizes = kinds[heads], self.words[begin + 1 : end + 1][heads]
        heads = (heads + begin) * 8
        least = self._least_sizes[kinds]
        most = np.where(kinds == ENTRY, self._longest_entry, len(self.data) - heads).astype(np.uint64)
        fits = (sizes >= least) & (sizes <= np.minimum(most, (len(self.data) - heads).astype(np.uint64)))
        heads, sizes, kinds = heads[fits], sizes[fits].astype(np.int64), kinds[fits]
        if not len(heads) or heads[0] != at:
            return np.empty(0, np.int64), np.empty(0, np.int64), at
        following = heads + ((sizes + 7) & ~7)
        leaps = np.flatnonzero(following[:-1] != heads[1:])  # behind these, something lies within the object, or nothing follows it
        chain, here = np.zeros(len(heads), np.bool_), 0
        while True:
            leap = int(np.searchsorted(leaps, here))
            stop = int(leaps[leap]) if leap < len(leaps) else len(heads) - 1
            chain[here : stop + 1] = True
            here = int(np.searchsorted(heads, following[stop]))
            if here == len(heads) or heads[here] != following[stop]:
                return heads[chain], heads[chain & (kinds == ENTRY)], int(following[stop])

    def _fits(self, kind: int, size: int, at: int) -> bool:
        """Whether an object may begin so at this offset."""
        most = self._longest_entry if kind == ENTRY else len(self.data)
        return self._least.get(kind, _NEVER) <= size <= min(most, len(self.data) - at)

    def _resume(self, at: int) -> int:
        """The next offset at which an object may lie; the file's size if there is none."""
        begin, step = at // 8, 64
        while begin < len(self.words) - 1:
            kinds = self.words[begin : begin + step]
            for index in np.flatnonzero((kinds > 0) & (kinds < (ZSTD + 1) << 8)).tolist():
                place = (begin + index) * 8
                if place + _OBJECT.size <= len(self.data):
                    kind, size = _OBJECT.unpack_from(self.data, place)
                    if self._fits(kind, size, place):
                        return int(place)
            begin += step
            step = min(step * 8, 1 << 20)
        return len(self.data)

    def _unreadable(self, begin: int, end: int) -> Damage:
        words = b"\n".join(_WORDS.findall(self.data, begin, min(end, begin + 65536))).decode("ascii")
        return Damage(begin, f"{end - begin:,} bytes of the journal are no readable object", words)

    def counts(self, entries: Positions) -> Positions:
        """How many data objects each of the entries refers to."""
        return (self.words[entries // 8 + 1].astype(np.int64) - 64) // self._item

    def items(self, entries: Positions) -> tuple[Positions, Positions]:
        """For each data object that one of the entries refers to: the ordinal of the entry, and the object's offset."""
        counts = self.counts(entries)
        owners = np.repeat(np.arange(len(entries)), counts)
        nth = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        begins = np.repeat(entries + 64, counts)
        offsets = self.halves[begins // 4 + nth] if self.compact else self.words[begins // 8 + 2 * nth]
        return owners, offsets.astype(np.int64)

    def payloads(self, places: Positions) -> tuple[Positions, Positions, Positions]:
        """Of the data objects at these offsets, which may be any: where their payloads begin and end, and how they are compressed.

        Where there is no data object, the end is 0.
        """
        size = len(self.data)
        at = np.where((places % 8 == 0) & (places > 0) & (places <= size - self._payload), places, 0)  # the signature is no object
        kinds, sizes = self.words[at // 8], self.words[at // 8 + 1]
        flags = (kinds >> 8).astype(np.int64)
        fits = (sizes >= self._payload) & (sizes <= (size - at).astype(np.uint64))
        fits &= (kinds & 0xFF == DATA) & np.isin(flags, (0, XZ, LZ4, ZSTD)) & ~np.isin(at, self._wrong)
        return at + self._payload, np.where(fits, at + sizes.astype(np.int64), 0), flags

    def unpack(self, begin: int, end: int, flag: int) -> bytes:
        """A compressed payload's ``NAME=value``. ValueError: why it cannot be read."""
        try:
            packed = bytes(self.data[begin:end])
            if flag != ZSTD:
                return _UNPACK[flag](packed)
            _bounded(zstandard.frame_content_size(packed))  # systemd always writes it; -1: unknown
            return self._zstd(packed)
        except (lzma.LZMAError, lz4.block.LZ4BlockError, zstandard.ZstdError, struct.error, EOFError, MemoryError) as error:
            raise ValueError(f"broken compression: {error}") from error


def _used(data: Content) -> int:
    """Bytes up to the zeros at the end."""
    end = len(data)
    while end:
        block = data[max(0, end - _ZEROS) : end].rstrip(b"\0")
        if block:
            return max(0, end - _ZEROS) + len(block)
        end = max(0, end - _ZEROS)
    return 0


def _bounded(size: int) -> int:
    if not 0 <= size <= LARGEST_VALUE:
        raise ValueError(f"claims to hold {size:,} bytes")
    return size


def _xz(packed: bytes) -> bytes:
    stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=4 * LARGEST_VALUE)
    value = stream.decompress(packed, LARGEST_VALUE)
    if not stream.eof:
        raise ValueError("broken compression (cut off, or too long)")
    return value


def _lz4(packed: bytes) -> bytes:
    return bytes(lz4.block.decompress(packed[8:], _bounded(*struct.unpack_from("<Q", packed))))


_UNPACK = {XZ: _xz, LZ4: _lz4}
