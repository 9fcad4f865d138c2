"""What an archive of a journal has lost before it came here: counted, and told in notes."""

import polars as pl

_BLOB = r"^\[[0-9.]+[BKMGTPE] blob data\]$"
_CUT = r"\.\.\.|…|>$"
_HINT = "Hint: Some lines were ellipsized"
_WIDEST = 1000  # columns of a terminal
_SHARE = 20
"""One line in so many is cut at least, where a terminal was too narrow."""


class Losses:
    """Counts over a source.

    A narrow terminal cuts lines to its width: none is longer, and those of that width all bear the dots, or the pager's ``>``.
    """

    def __init__(self) -> None:
        self.binary = 0  # messages that are no text
        self._lines = 0
        self._width = 0
        self._widest = 0  # lines of that width
        self._dotted = 0  # of these, with a mark of a cut
        self._hint = False

    def of_lines(self, raw: pl.Series) -> None:
        """Physical lines."""
        if not len(raw):
            return
        widths = raw.str.len_chars()
        width = int(widths.max() or 0)  # type: ignore[arg-type]
        self._hint |= bool(raw.str.starts_with(_HINT).any())
        self._lines += len(raw)
        if width > self._width:
            self._width, self._widest, self._dotted = width, 0, 0
        widest = raw.filter(widths == self._width)
        self._widest += len(widest)
        self._dotted += int(widest.str.contains(_CUT).sum())

    def of_messages(self, messages: pl.Series) -> None:
        """Messages of the text modes."""
        ends = messages.str.ends_with(" blob data]")
        self.binary += int(messages.filter(ends).str.contains(_BLOB).sum()) if ends.any() else 0

    def notes(self) -> tuple[str, ...]:
        """A line for each kind of loss that there is."""
        told = []
        if self.binary:
            told.append(messages(self.binary, "binary: [.. blob data]"))
        enough = self._dotted >= 2 and self._dotted * _SHARE >= self._lines and self._dotted * 10 >= self._widest * 9
        if self._width <= _WIDEST and (enough or self._hint):
            told.append(f"{self._dotted} lines are cut with ... at {self._width} columns")
        return tuple(told)


def messages(count: int, lost: str) -> str:
    """How many were lost, and how."""
    return f"1 message was {lost}" if count == 1 else f"{count} messages were {lost}"
