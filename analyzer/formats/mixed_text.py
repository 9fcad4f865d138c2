"""Text in which evidence stands between other text: tickets, Markdown, a terminal's scrollback, ``minikube logs``.

The text is cut into blocks, at blank lines, fences, prompts and section headers; each block is read by the format that knows it,
as if it were a source of its own, and keeps its lines' places. Blocks of one format that follow one another are read as one. What no
format knows is kept as a reject a block. Last in the registry: asked only where no format knows the source as a whole.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO, Final

import polars as pl

from analyzer.formats.base import HEAD, Batch, Format, ReadContext
from analyzer.formats.lines import LINES, chunks
from analyzer.formats.tables import Reject, reject_frame

_SECTION: Final = r"^(?:\* )?==> (?P<writer>[a-z][a-z-]*)(?: \[.*\])? <==$"
"""minikube's, tail's: what follows is of this writer."""
_BORDER: Final = rf"^\s*$|^\s*(?:```|~~~)|^\s*[$#%>] |^==== |{_SECTION}"
_BLOCKS: Final = 400  # of a head that are looked at
_LEAST: Final = 2
"""Lines of evidence without which a text is none: a single one may be a quotation."""


@dataclass(frozen=True)
class _Block:
    """Consecutive lines (line, offset, raw ...) of one kind: ``known`` is None where no format knows them."""

    lines: pl.DataFrame
    known: Format | None
    writer: str | None

    @property
    def indent(self) -> int:
        """Blanks that all lines begin with."""
        filled = self.lines["raw"].filter(self.lines["raw"].str.contains(r"\S"))
        blanks = filled.str.len_chars() - filled.str.strip_chars_start(" ").str.len_chars()
        return int(blanks.min() or 0)  # type: ignore[arg-type]

    def text(self) -> bytes:
        return ("\n".join(self.lines["raw"].str.slice(self.indent)) + "\n").encode()


class MixedText:
    """Evidence between other text."""

    name = "mixed-text"
    family = "mixed"
    dated = True

    def sniff(self, head: bytes, name: str) -> bool:
        if b"\0" in head[:4096]:
            return False
        text = head.rpartition(b"\n")[0] if len(head) >= HEAD else head
        found = sum(block.lines.height for block in islice(self._blocks(io.BytesIO(text)), _BLOCKS) if block.known)
        return found >= _LEAST

    def read(self, stream: BinaryIO, context: ReadContext) -> Iterator[Batch]:
        records = objects = 0
        for block in self._blocks(stream):
            if block.known is None:
                filled = block.lines.filter(pl.col("raw").str.contains(r"\S"))
                if filled.height:
                    line, offset, _ = filled.row(0)
                    text = "\n".join(filled["raw"].head(40))
                    yield Batch(rejects=reject_frame([Reject(line, offset, f"other text ({_counted(filled.height)})", text)]))
                continue
            before = (records, objects)
            for batch in block.known.read(io.BytesIO(block.text()), context):
                records += batch.records.height
                objects += batch.objects.height
                assumed = () if block.known.dated else (f"times of some parts lack the year: taken as {context.year}",)
                yield replace(_placed(batch, block, block.known, *before), notes=(*batch.notes, *assumed))

    def _blocks(self, stream: BinaryIO) -> Iterator[_Block]:
        """Blocks of one kind; those of a chunk that ends within one are cut there."""
        from analyzer.formats import detect

        writer: str | None = None
        for frame in chunks(stream):
            told = pl.col("raw").str.extract(_SECTION, 1).forward_fill()
            marked = frame.with_columns(
                border=pl.col("raw").str.contains(_BORDER),
                blank=~pl.col("raw").str.contains(r"\S"),
                writer=told if writer is None else told.fill_null(pl.lit(writer)),
            )
            writer = marked["writer"][-1]
            numbered = marked.with_columns(block=(pl.col("border") != pl.col("border").shift(1)).fill_null(True).cum_sum())
            held: _Block | None = None
            gap = numbered.clear()
            for lines in numbered.partition_by("block", maintain_order=True):
                if lines["blank"].all():
                    gap = lines
                    continue
                block = _Block(lines.select(LINES.names()), None, lines["writer"][0])
                if not lines["border"][0]:
                    block = replace(block, known=detect(block.text()[:HEAD], "", beside=self))
                if held is not None and held.known is block.known and held.writer == block.writer:
                    held = replace(held, lines=pl.concat([held.lines, gap.select(LINES.names()), block.lines]))
                else:
                    if held is not None:
                        yield held
                    held = block
                gap = numbered.clear()
            if held is not None:
                yield held


FORMAT = MixedText()


def _placed(batch: Batch, block: _Block, known: Format, records: int, objects: int) -> Batch:
    """As part of the whole: with its lines' places there, and its ordinals after those of the blocks before it."""
    places = block.lines.select(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("line"), whole_line="line", whole_offset="offset")

    def moved(frame: pl.DataFrame) -> pl.DataFrame:
        joined = frame.join(places, on="line", how="left", maintain_order="left")
        return joined.with_columns(line="whole_line", offset="whole_offset").select(frame.columns)

    return replace(
        batch,
        records=moved(batch.records).with_columns(pl.col("record") + records, pl.col("identifier").fill_null(pl.lit(block.writer))),
        objects=moved(batch.objects).with_columns(pl.col("record") + objects),
        rejects=moved(batch.rejects),
        family=known.family,
    )


def _counted(lines: int) -> str:
    return f"{lines:,} lines" if lines > 1 else "1 line"
