"""A mutant, tried: a process that has the libraries but nothing of the analyzer loaded forks, and the child tests the changed module."""

import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from bench.mutation.mutants import ROOT

_LIBRARIES = ["polars", "numpy", "pyarrow", "orjson", "msgspec", "hypothesis", "pytest", "jinja2", "typer", "rich"]
_WORDS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning", f"--rootdir={ROOT}")
KILLED, TIMED_OUT, SURVIVED = "killed", "timed out", "survived"


def preload() -> None:
    """Only imports: polars' threads must not run yet when the process forks."""
    for name in _LIBRARIES:
        importlib.import_module(name)


def tried(path: str, text: str, tests: Sequence[str], limit: float) -> str:
    """Whether one of the tests fails with this ``text`` for the module, or they do not end within ``limit`` seconds."""
    if not tests:
        return SURVIVED
    child = os.fork()
    if not child:
        _run(path, text, tests)
    until = time.monotonic() + limit
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return SURVIVED if status == 0 else KILLED
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMED_OUT


def _run(path: str, text: str, tests: Sequence[str]) -> None:
    """Ends its process: with 0 if all tests pass."""
    os.setpgid(0, 0)
    status = 1
    try:
        with Path(os.devnull).open("w") as nothing:
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
        sys.meta_path.insert(0, _Changed(path, text))
        os.environ["CI"] = "true"  # hypothesis: the same examples each time, none of them kept
        import pytest

        status = int(
            pytest.main(
                ["-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning", f"--rootdir={ROOT}", *tests]
            )
        )
    finally:
        os._exit(status)


class _Changed(importlib.abc.MetaPathFinder):
    """Finds the one module with its changed text, and leaves the others to those who come after."""

    def __init__(self, path: str, text: str) -> None:
        self._name = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        self._path, self._text = ROOT / path, text

    def find_spec(self, name: str, path: object, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_file_location(name, self._path, loader=_Loader(name, str(self._path), self._text))


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.path, "exec", dont_inherit=True)
