"""A journal in JSON as the binary one that journald would have written, made by systemd-journal-remote."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

_PLACES = ("/usr/lib/systemd/systemd-journal-remote", "/lib/systemd/systemd-journal-remote")


def program() -> str | None:
    """systemd-journal-remote, if it is installed; it stands where no PATH leads."""
    return shutil.which("systemd-journal-remote") or next((place for place in _PLACES if Path(place).is_file()), None)


def write(journal: Path, folder: Path) -> Path:
    """The lines of ``journal`` (JSON without binary or repeated fields) into a binary file in ``folder``. Raises OSError."""
    made = folder / f"{journal.stem}.journal"
    command = [program() or _PLACES[0], "--output", str(made), "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        with journal.open("rb") as lines:
            process.stdin.writelines(map(exported, _members(lines)))
        process.stdin.close()
    if process.returncode:
        raise OSError(f"{command[0]} ended with {process.returncode}")
    return made


def _members(lines: Iterator[bytes]) -> Iterator[dict[str, str]]:
    return map(json.loads, lines)


def exported(members: dict[str, str]) -> bytes:
    """An entry in journald's export format; a value of several lines would have to be framed, there is none."""
    assert not any("\n" in value for value in members.values())
    return "".join(f"{name}={value}\n" for name, value in members.items()).encode() + b"\n"
