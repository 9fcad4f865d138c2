"""How many of the tool's own Python functions are called: what work costs in Python, the same on every machine."""

import itertools
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import analyzer

_OURS = str(Path(analyzer.__file__).parent)


def counted(work: Callable[[], object]) -> int:
    """Calls of functions in ``analyzer`` (each step of a generator is one) while ``work`` runs, in threads that it starts, too.

    Do the work once before: what is made at first use is not counted then.
    """
    calls = itertools.count()  # one step cannot be interrupted by another thread

    def hook(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(_OURS):
            next(calls)

    former = sys.getprofile()
    threading.setprofile(hook)
    sys.setprofile(hook)
    try:
        work()
    finally:
        sys.setprofile(former)
        threading.setprofile(None)
    return next(calls)
