"""When a source was captured: what ages in it count back from.

Bundles tell it (must-gather's ``timestamp``, sosreport's ``date``): the nearest such file counts. Else it is when the source was last
written, as its folder or archive says; but a copy may have got a time of its own, so that it counts only if the dated evidence
goes on until about then.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

CAPTURE_NAMES = frozenset({"timestamp", "date"})
"""What bundles call the files that hold the moment."""
_LATER = timedelta(minutes=10)
"""So much later than the last line of a log may what is captured together with it be written."""


def captured(
    name: str, written: datetime | None, marks: Mapping[str, datetime], span: tuple[datetime, datetime] | None
) -> tuple[datetime, str] | None:
    """The moment, and how it is known, of the source called ``name``; None if it is not.

    marks: moments of capture by the folder that they stand in. span: first and last moment of the dated evidence.
    """
    folder = name
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in marks:
            return marks[folder], "as the bundle tells"
    if written is not None and span is not None and span[0] <= written <= span[1] + _LATER:
        return written, "when the file was written"
    return None
