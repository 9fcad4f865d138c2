"""A worker whose process dies: importable by the processes of a batch."""

import os
import signal

from analyzer.batch.case import Result, Sought
from analyzer.batch.case import work as really_work


def work(name: str, path: str, out: str, signed: str, sought: Sought) -> Result:
    """The real work, but for the case 'dies'."""
    if name == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    return really_work(name, path, out, signed, sought)
