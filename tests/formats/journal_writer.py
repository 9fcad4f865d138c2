"""Writes small binary journals for tests, in any of systemd's variants: what it writes, journalctl reads.

Hash tables are there but empty, since only searching needs them.
"""

import lzma
import struct
from collections.abc import Iterable, Sequence

import lz4.block
import zstandard

Entry = tuple[int, Sequence[bytes]]
"""Realtime in microseconds, and the fields as ``NAME=value``."""

_SAID = {0: "Started kubelet.service.", 2: "Stopping kubelet.service...", 3: "kubelet.service: Deactivated successfully."}
_SYSTEMD = ["_HOSTNAME=node-1", "SYSLOG_IDENTIFIER=systemd", "_PID=1", "UNIT=kubelet.service"]
KUBELET_RESTART: list[Entry] = [
    (1_795_331_000_000_000 + second * 1_000_000, [field.encode() for field in (*_SYSTEMD, f"MESSAGE={message}")])
    for second, message in {**_SAID, 9: "Started kubelet.service."}.items()
]
"""systemd's lines about a kubelet that was away for six seconds."""
BOOT = bytes.fromhex("0123456789abcdef0123456789abcdef")
_FLAGS = {"xz": 1, "lz4": 2, "zstd": 4}  # of an object
_INCOMPATIBLE = {"xz": 1, "lz4": 2, "zstd": 8}  # of the file
_COMPACT = 16


def write(
    entries: Iterable[Entry],
    *,
    compression: str | None = None,
    compact: bool = False,
    threshold: int = 64,
    header_size: int = 264,
    state: int = 2,
    first: int = 1,
    spare: int = 0,
) -> bytes:
    """A file with these entries. ``first``: sequence number of the first; ``spare``: bytes of unused room at the end."""
    return _Writer(compression, compact, threshold, header_size).file(entries, state, first, spare)


class _Writer:
    def __init__(self, compression: str | None, compact: bool, threshold: int, header_size: int) -> None:
        self.compression = compression
        self.compact = compact
        self.threshold = threshold
        self.header_size = header_size
        self.arena = bytearray()
        self.data: dict[bytes, int] = {}
        self.objects = 0
        self.tail = 0

    def file(self, entries: Iterable[Entry], state: int, first: int, spare: int) -> bytes:
        data_table = self.object(4, 0, bytes(16 * 8))
        field_table = self.object(5, 0, bytes(16 * 8))
        offsets, times = [], []
        for number, (realtime, fields) in enumerate(entries, first):
            items = sorted(self.field(field) for field in fields)
            packed = b"".join(struct.pack("<I", item) if self.compact else struct.pack("<QQ", item, 0) for item in items)
            offsets.append(self.object(3, 0, struct.pack("<QQQ", number, realtime, number) + BOOT + bytes(8) + packed))
            times.append(realtime)
        array = self.object(6, 0, bytes(8) + b"".join(struct.pack("<I" if self.compact else "<Q", o) for o in offsets))
        self.arena += bytes(spare)
        incompatible = _INCOMPATIBLE.get(self.compression or "", 0) | (_COMPACT if self.compact else 0)
        last = first + len(offsets) - 1
        header = (
            struct.pack("<8sIIB7x", b"LPKSHHRH", 0, incompatible, state) + bytes(range(16)) + bytes(range(16)) + BOOT + bytes(range(16))
        )
        header += struct.pack("<QQ", self.header_size, len(self.arena))
        header += struct.pack("<QQQQ", data_table + 16, 128, field_table + 16, 128)
        header += struct.pack("<QQQ", self.tail, self.objects, len(offsets))
        header += struct.pack("<QQQ", last, first, array)
        header += struct.pack("<QQQ", *(times[:1] or [0]), *(times[-1:] or [0]), last)
        header += struct.pack("<QQQQ", len(self.data), 0, 0, 1)
        return header[: self.header_size].ljust(self.header_size, b"\0") + bytes(self.arena)

    def object(self, kind: int, flags: int, body: bytes) -> int:
        self.tail = self.header_size + len(self.arena)
        self.objects += 1
        size = 16 + len(body)
        self.arena += struct.pack("<BB6xQ", kind, flags, size) + body + bytes(-size % 8)
        return self.tail

    def field(self, field: bytes) -> int:
        if field not in self.data:
            flags, payload = 0, field
            if self.compression and len(field) >= self.threshold:
                flags, payload = _FLAGS[self.compression], pack(self.compression, field)
            self.data[field] = self.object(1, flags, bytes(56 if self.compact else 48) + payload)
        return self.data[field]


def pack(compression: str, field: bytes) -> bytes:
    """As systemd's compress.c does it."""
    if compression == "xz":
        return lzma.compress(field, check=lzma.CHECK_NONE)
    if compression == "lz4":
        return struct.pack("<Q", len(field)) + bytes(lz4.block.compress(field, store_size=False))
    return zstandard.ZstdCompressor().compress(field)
