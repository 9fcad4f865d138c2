"""What breaks something is kept as a file, made as small as it goes: what is left shows why."""

from hashlib import sha256
from pathlib import Path

from bench.fuzz.run import Fault, Try
from bench.fuzz.trial import try_one

_TRIES = 3000


def keep(fault: Fault, folder: Path) -> Path:
    """The input, made small, as a file whose folder says by which reader it is to be read."""
    dead = fault.what.startswith(("took", "the process"))  # to try it here would end or hang this process
    data = fault.data if dead else reduced(fault)
    path = folder / fault.name / f"{sha256(data).hexdigest()[:16]}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def reduced(fault: Fault, trial: Try = try_one) -> bytes:
    """Less and less of the input, as long as the same kind of error comes; as it is where none comes (it hangs, or ends its process)."""
    data, kind, tries = fault.data, _kind(fault.name, fault.data, trial), 0
    if kind is None:
        return data
    size = len(data) // 2
    while size and tries < _TRIES:
        at = 0
        while at < len(data) and tries < _TRIES:
            less = data[:at] + data[at + size :]
            tries += 1
            if _kind(fault.name, less, trial) == kind:
                data = less
            else:
                at += size
        size //= 2
    return data


def _kind(name: str, data: bytes, trial: Try) -> str | None:
    try:
        trial(name, data)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # polars' panics are no Exceptions
        return type(error).__name__
    return None
