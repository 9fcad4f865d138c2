"""systemd's binary journal files: ``system.journal``, what was rotated, and what was left behind dirty (``*.journal~``).

Read from end to end, so that files work that journalctl refuses: cut off, still open, with broken indexes. All
compressions (XZ, LZ4, ZSTD) and the compact mode of systemd 252 are known.
"""

import mmap
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from analyzer.formats.base import CHUNK, Batch, ReadContext
from analyzer.formats.journals.journal_binary_objects import SIGNATURE, Content, Damage, JournalFile
from analyzer.formats.journals.journal_fields import NEEDED, assemble, rejected
from analyzer.formats.lines import Positions
from analyzer.formats.views import address, addresses, buffers, decoded

_LARGEST = 4 * 1024**3  # bytes of a file: what the compact mode can address; journald's own limit is 128 MiB
_HELD = 192 * 1024**2  # bytes of a file that are held in memory
_ENTRIES = 16_384  # in a batch
_ITEMS = 1_000_000  # in a batch
_HEADS = ("__REALTIME_TIMESTAMP", "_BOOT_ID", "__SEQNUM")  # stand in the entry itself
_FIELDS = tuple(name for name in NEEDED if name not in _HEADS)
_ORDINALS = {name.encode(): ordinal for ordinal, name in enumerate(_FIELDS)}
_OTHER, _LOST = -1, -2  # beside ordinals: a field that is not needed; one that cannot be read
_SKIP = np.array([len(name) + 1 for name in _FIELDS], np.int64)  # 'NAME=' before a value
_LONGEST = int(_SKIP.max())


class JournalBinary:
    """Entries in the order of their sequence numbers. ``offset`` is that of the entry's object; there are no lines.

    ``raw`` holds the fields that a record is made of as the export format has them. An entry of which some data are lost
    is a record if it still has a message, else a reject; each data object that is lost is a reject as well.
    """

    name = "journal-binary"
    family = "journal"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        return head.startswith(SIGNATURE)

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        file = JournalFile(_all(stream))
        entries, damage = file.entries()
        if stream.read(1):
            damage.append(Damage(len(file.data), "the journal goes on: too large to be read whole"))
        if len(entries) < file.n_entries:
            reason = f"{file.n_entries - len(entries):,} of the {file.n_entries:,} entries that the journal's header counts are not there"
            damage.append(Damage(0, reason))
        yield Batch(rejects=_rejects(file.problems + damage))
        entries = entries[np.lexsort((entries, file.words[entries // 8 + 2]))]
        reader = _Reader(file)
        while len(entries):
            some = entries[:_ENTRIES]
            some = some[: max(1, int(np.searchsorted(np.cumsum(file.counts(some)), _ITEMS)))]
            batch, done = reader.batch(some)
            entries = entries[done:]
            yield batch


FORMAT = JournalBinary()


def _all(stream: BinaryIO) -> Content:
    """The whole file, as it is now: a map of a file that journald cuts meanwhile would kill the process; of a copy it is safe."""
    data = bytearray()
    while len(data) < _HELD and (block := stream.read(CHUNK)):
        data += block
    if len(data) < _HELD:
        return data
    with tempfile.TemporaryFile() as copy:
        copy.write(data)
        size = len(data)
        data.clear()
        while size < _LARGEST and (block := stream.read(CHUNK)):
            size += copy.write(block)
        copy.flush()
        return mmap.mmap(copy.fileno(), 0, access=mmap.ACCESS_READ)


@dataclass(frozen=True)
class _Fields:
    """What some data objects hold: ``field`` is an ordinal of _FIELDS, _OTHER or _LOST, ``value`` an index into ``text``."""

    field: Positions
    value: Positions
    text: pl.Series
    lost: dict[int, str]  # ordinal -> why


class _Reader:
    """What holds from one batch to the next: how many records there were, and what was already told to be lost."""

    def __init__(self, file: JournalFile) -> None:
        self.file = file
        self.buffers = buffers(np.frombuffer(file.data, np.uint8))
        self.count = 0
        self.told: set[int] = set()

    def batch(self, entries: Positions) -> tuple[Batch, int]:
        """A batch, and how many of these entries it took: not all where they would decompress to too much."""
        owners, offsets = self.file.items(entries)
        places, firsts, which = np.unique(offsets, return_index=True, return_inverse=True)
        fields, done = self._fields(places, owners[firsts], len(entries))
        own = owners < done
        owners, which, entries = owners[own], which[own], entries[:done]
        rows = pl.DataFrame([*self._heads(entries), *_columns(fields, owners, which, done)])
        raw = [pl.lit(f"{name}=") + pl.col(name) for name in rows.columns if rows[name].null_count() < done]
        lost = fields.field[which] == _LOST
        incomplete = np.zeros(done, bool)
        incomplete[owners[lost]] = True
        rows = rows.with_columns(
            offset=entries,
            raw=pl.concat_str(raw, separator="\n", ignore_nulls=True),
            reason=pl.when(pl.lit(pl.Series(incomplete)) & pl.col("MESSAGE").is_null()).then(pl.lit("journal entry whose data are lost")),
        )
        batch = assemble(rows, self.count)
        self.count += batch.records.height
        told = [Damage(int(places[i]), fields.lost[i]) for i in np.unique(which[lost]).tolist() if int(places[i]) not in self.told]
        self.told.update(damage.offset for damage in told)
        return Batch(records=batch.records, rejects=pl.concat([batch.rejects, _rejects(told)]).sort("offset")), done

    def _heads(self, entries: Positions) -> list[pl.Series]:
        """What stands in the entries themselves. journalctl, too, takes the boot from there.

        The sequence number is left out: journalctl shows it from systemd 254 on, and all renderings are to say the same.
        """
        words = self.file.words
        boots, which = np.unique(words[(entries // 8)[:, None] + [5, 6]], axis=0, return_inverse=True)
        names = pl.Series("_BOOT_ID", [boot.tobytes().hex() for boot in boots], pl.String)
        return [
            pl.Series("__REALTIME_TIMESTAMP", words[entries // 8 + 3]).cast(pl.String),
            names.gather(which.ravel()),
            pl.Series("__SEQNUM", [None] * len(entries), pl.String),
        ]

    def _fields(self, places: Positions, firsts: Positions, count: int) -> tuple[_Fields, int]:
        """What the data objects at these places hold, and how many of ``count`` entries have all of theirs among it.

        ``firsts``: the first entry that refers to each.
        """
        begins, ends, flags = self.file.payloads(places)
        field = np.where(ends == 0, _LOST, np.where(flags == 0, _named(self.file.words, begins, ends), _OTHER))
        lost = dict.fromkeys(np.flatnonzero(ends == 0).tolist(), "journal data object that cannot be read")
        unpacked: dict[int, bytes] = {}
        packed = np.flatnonzero((ends != 0) & (flags != 0))
        room = CHUNK
        for i in packed[np.argsort(firsts[packed], kind="stable")].tolist():
            if room < 0 and firsts[i] > 0:
                count = int(firsts[i])
                break
            try:
                value = self.file.unpack(int(begins[i]), int(ends[i]), int(flags[i]))
            except ValueError as error:
                field[i], lost[i] = _LOST, f"journal data object that cannot be read: {error}"
                continue
            name, _, _ = value[:_LONGEST].partition(b"=")
            if name in _ORDINALS:
                field[i], unpacked[i] = _ORDINALS[name], value
                room -= len(value)
        return self._text(field, begins, ends, unpacked, lost), count

    def _text(self, field: Positions, begins: Positions, ends: Positions, unpacked: dict[int, bytes], lost: dict[int, str]) -> _Fields:
        """What was compressed lies behind the file's own bytes."""
        needed = np.flatnonzero(field >= 0)
        value = np.full(len(field), -1, np.int64)
        value[needed] = np.arange(len(needed))
        begins, lengths = addresses(begins), ends - begins
        if unpacked:
            which = np.fromiter(unpacked, np.int64, len(unpacked))
            lengths[which] = np.fromiter(map(len, unpacked.values()), np.int64, len(unpacked))
            begins[which] = address(len(self.buffers), np.cumsum(lengths[which]) - lengths[which])
        parts = [*self.buffers, np.frombuffer(b"".join(unpacked.values()), np.uint8)]
        skip = _SKIP[field[needed]]
        return _Fields(field, value, decoded(parts, begins[needed] + skip, lengths[needed] - skip), lost)


def _columns(fields: _Fields, owners: Positions, which: Positions, height: int) -> Iterator[pl.Series]:
    """A column for each of _FIELDS; of a field that an entry has more than once the last value counts."""
    kinds, values = fields.field[which], fields.value[which]
    index = np.full((len(_FIELDS), height), -1, np.int64)
    needed = kinds >= 0
    index[kinds[needed], owners[needed]] = values[needed]
    for row, name in zip(index, _FIELDS, strict=True):
        if (row >= 0).any():
            yield fields.text.gather(pl.Series(row).set(pl.Series(row < 0), None)).alias(name)
        else:
            yield pl.Series(name, [None], pl.String).new_from_index(0, height)


def _named(words: npt.NDArray[np.uint64], begins: Positions, ends: Positions) -> Positions:
    """Which of _FIELDS begins there (ordinals), or _OTHER: names are compared 8 bytes at a time."""
    wide = -(-_LONGEST // 8)
    heads = words[np.minimum(begins[:, None] // 8 + np.arange(wide), len(words) - 1)]
    found = np.full(len(begins), _OTHER, np.int64)
    for name, ordinal in _ORDINALS.items():
        key, mask = (np.frombuffer(text.ljust(wide * 8, b"\0"), "<u8") for text in (name + b"=", b"\xff" * (len(name) + 1)))
        same = begins + len(name) < ends
        for word in range(-(-(len(name) + 1) // 8)):
            same &= heads[:, word] & mask[word] == key[word]
        found[same] = ordinal
    return found


def _rejects(damage: list[Damage]) -> pl.DataFrame:
    rows = [(d.offset, d.reason, d.raw) for d in sorted(damage, key=lambda d: d.offset)]
    return rejected(pl.DataFrame(rows, schema={"offset": pl.Int64, "reason": pl.String, "raw": pl.String}, orient="row"))
