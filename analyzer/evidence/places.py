"""Places in a source, found again by counting its bytes: no format is asked where its lines are."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np

_BLOCK = 1024 * 1024


def excerpts(stream: BinaryIO, lines: Iterable[int], size: int) -> Iterator[tuple[int, bytes]]:
    """What stands from the beginning of each of these lines (1-based) on: up to ``size`` bytes. In order, without lines beyond the end.

    Reads no further than it must, and holds a block of the source at a time.
    """
    wanted = deque(sorted({line for line in lines if line > 0}))
    begun: deque[tuple[int, bytearray]] = deque()
    line, fresh = 1, True  # the line that the block begins in, and whether it begins there
    while (wanted or begun) and (block := stream.read(_BLOCK)):
        for _, held in begun:
            held += block[: size - len(held)]
        begins = np.flatnonzero(np.frombuffer(block, np.uint8) == 10) + 1
        after = line + len(begins)  # the line that the next block begins in
        ends_line = len(begins) > 0 and int(begins[-1]) == len(block)
        while wanted and wanted[0] <= after:
            number = wanted[0]
            if number == after and ends_line and number > line:
                break  # its first byte is the next block's
            wanted.popleft()
            at = 0 if number == line else int(begins[number - line - 1])
            if number > line or fresh:
                begun.append((number, bytearray(block[at : at + size])))
        line, fresh = after, ends_line
        while begun and len(begun[0][1]) >= size:
            number, held = begun.popleft()
            yield number, bytes(held)
    yield from ((number, bytes(held)) for number, held in begun)
