"""Where the key comes from: a file, the environment, or chance."""

import os
import secrets
from pathlib import Path

from analyzer.exceptions import UsageError

VARIABLE = "PODOPSY_REDACT_KEY"
_SHORTEST = 16


def find_key(path: Path | None) -> tuple[bytes, bool]:
    """The key, and whether it was made up just now. Raises UsageError for one that is too short to protect anything."""
    if path is not None:
        try:
            key, where = path.read_bytes().strip(), str(path)
        except OSError as error:
            raise UsageError(f"--redact-key {path}: {error.strerror or error}") from error
    elif VARIABLE in os.environ:
        key, where = os.environ[VARIABLE].strip().encode(), VARIABLE
    else:
        return secrets.token_hex(16).encode(), True
    if len(key) < _SHORTEST:
        raise UsageError(f"{where}: a key of {len(key)} bytes can be guessed: {_SHORTEST} at least (openssl rand -hex 16 makes one)")
    return key, False
