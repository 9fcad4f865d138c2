#!/usr/bin/env python3
"""The project's one task file: `python3 task.py demo`, `python3 task.py test`; `python3 task.py help` lists the others.

It needs python3 (3.8 or newer will do to begin with) and git, nothing else: it makes .venv in the checkout, installs the
project there and runs the task in it. The second time it only compares a hash. No activation, no exported variable.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "podopsy.stamp"

OLDEST = (3, 11)
NAMES = ["python3.14", "python3.13", "python3.12", "python3.11"]  # tried where python3 itself is older
UV_PYTHON = "3.12"
LOCK = ROOT / "requirements-dev.lock"
ADVISORIES = "https://pypi.org/pypi/pip/json"  # where pip-audit asks: a package's known vulnerabilities stand in its page
GET_PIP = "https://bootstrap.pypa.io/get-pip.py"
# Variables by which another environment, or a personal pip configuration, would leak into ours.
FOREIGN = ["VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "CONDA_PREFIX", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"]


class Failure(Exception):
    """Ends the program with one line that says what to do."""


def say(text: str) -> None:
    """One line for one step."""
    print("task: " + text, file=sys.stderr, flush=True)


def environment() -> dict[str, str]:
    """The environment of every command: ours without what would lead to another Python."""
    return {name: value for name, value in os.environ.items() if name not in FOREIGN}


def run(*command: str | Path, quiet: bool = False) -> int:
    """Run a command in the checkout; its exit status (127: there is no such command)."""
    output = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.call([str(word) for word in command], cwd=str(ROOT), env=environment(), stdout=output, stderr=output)
    except OSError:
        return 127


# --- the environment -------------------------------------------------------------------------------------------------


def is_new_enough(python: str | Path) -> bool:
    """Whether this interpreter runs, and the project runs on it."""
    return run(python, "-c", f"import sys; sys.exit(sys.version_info < {OLDEST!r})", quiet=True) == 0


def find_interpreter() -> str | None:
    """The path of an interpreter that is new enough, or None."""
    own = getattr(sys, "_base_executable", None) or sys.executable  # of a virtual environment: the one it was made from
    for python in [own, sys.executable, *map(shutil.which, ["python3", *NAMES])]:
        if python and is_new_enough(python):
            return python
    return None


def has_pip(python: str | Path) -> bool:
    return run(python, "-m", "pip", "--version", quiet=True) == 0


def apt_install(*packages: str) -> bool:
    """Install Debian packages where that needs no password; whether it did."""
    if not shutil.which("apt-get"):
        return False
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if sudo and run("sudo", "-n", "true", quiet=True) != 0:
        return False
    say("installing " + " ".join(packages) + " (apt-get)")
    noninteractive = ["env", "DEBIAN_FRONTEND=noninteractive"]
    run(*sudo, "apt-get", "update", "-qq", quiet=True)
    return run(*sudo, *noninteractive, "apt-get", "install", "-y", "-qq", *packages, quiet=True) == 0


def download_pip(python: Path) -> bool:
    """Get pip into the environment of `python` from where pip is published; whether it worked."""
    say("getting pip from " + GET_PIP)
    try:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "get-pip.py"
            with urllib.request.urlopen(GET_PIP, timeout=60) as answer:
                script.write_bytes(answer.read())
            return run(python, script, "--quiet", "--disable-pip-version-check") == 0
    except OSError as error:
        say(f"that failed: {error}")
        return False


def make_venv(interpreter: str, folder: Path) -> Path:
    """Make a virtual environment with pip. Debian's python3 lacks ensurepip unless python3-venv is installed: four ways round it."""
    python = folder / PYTHON.relative_to(VENV)

    def make(*options: str) -> bool:
        shutil.rmtree(str(folder), ignore_errors=True)
        return run(interpreter, "-m", "venv", *options, folder, quiet=True) == 0

    if make() and has_pip(python):
        return python
    if make("--without-pip"):
        say("no ensurepip here (Debian: python3-venv is not installed)")
        if has_pip(interpreter) and run(interpreter, "-m", "pip", "--python", python, "install", "--quiet", "pip", quiet=True) == 0:
            return python
    if apt_install("python3-venv") and make() and has_pip(python):
        return python
    if make("--without-pip") and download_pip(python):
        return python
    raise Failure(
        f"{interpreter} cannot make a virtual environment: install its venv module (Debian: apt-get install python3-venv), run this again"
    )


def make_venv_by_uv() -> None:
    """Without a new enough interpreter: uv brings one. uv itself comes by pip into a passing environment."""
    say("no Python 3.11 or newer here: fetching one with uv")
    with tempfile.TemporaryDirectory() as folder:
        passing = make_venv(sys.executable, Path(folder) / "passing")
        shutil.rmtree(str(VENV), ignore_errors=True)
        if (
            run(passing, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv") != 0
            or run(passing, "-m", "uv", "venv", "--quiet", "--seed", "--python", UV_PYTHON, VENV) != 0
        ):
            raise Failure("this needs Python 3.11 or newer: install it, then run this again")


def wanted_stamp(extra: str) -> str:
    """What an installation depends on: the project's metadata, where the checkout lies, what is installed beside it."""
    parts = [(ROOT / "pyproject.toml").read_bytes(), os.fsencode(str(ROOT)), extra.encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def prepare(extra: str) -> None:
    """Make .venv hold the project, with the extra's dependencies if one is named. Quick where it already does."""
    stamps = STAMP.read_text().split() if STAMP.exists() else []
    # What was installed for the tests serves the other tasks too.
    if wanted_stamp(extra) in stamps or wanted_stamp("test") in stamps:
        return
    if not (is_new_enough(PYTHON) and has_pip(PYTHON)):
        interpreter = find_interpreter()
        if interpreter:
            say("making .venv with " + interpreter)
            make_venv(interpreter, VENV)
        else:
            make_venv_by_uv()
    what = f".[{extra}]" if extra else "."
    say("installing the project into .venv (" + what + ")")
    if run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", what) != 0:
        raise Failure("the installation failed: see pip's words above; once they are dealt with, run this again")
    STAMP.write_text(wanted_stamp(extra) + "\n")


def inside(module: str, *arguments: str | Path) -> int:
    """Run a module in the environment; its exit status."""
    return run(PYTHON, "-m", module, *arguments)


# --- the tasks -------------------------------------------------------------------------------------------------------


def demo(arguments: list[str]) -> int:
    """the findings of the shipped incident, and its HTML report"""
    prepare("")
    return inside("analyzer", "demo", *arguments)


def lint(arguments: list[str]) -> int:
    """ruff: rules and format (with --fix it mends both)"""
    prepare("test")
    fix = "--fix" in arguments
    rules = inside("ruff", "check", *(["--fix"] if fix else []))
    form = inside("ruff", "format", *([] if fix else ["--check"]))
    return rules or form


def types(arguments: list[str]) -> int:
    """mypy --strict"""
    prepare("test")
    return inside("mypy", *arguments)


def test(arguments: list[str]) -> int:
    """everything: ruff, mypy, pytest (further words go to pytest)"""
    prepare("test")
    failed = []
    for name, check in [("lint", lint), ("types", types)]:
        say(name)
        if check([]) != 0:
            failed.append(name)
    for name in failed:  # before pytest, whose closing line is the last
        say(name + " FAILED")
    say("pytest")
    workers = [] if any(word.startswith(("-n", "--pdb")) for word in arguments) else ["-n", "2"]
    return inside("pytest", *workers, *arguments) or int(bool(failed))


def reports(arguments: list[str]) -> int:
    """what the tool makes of sample_logs/, written to reports/; where Chromium is, with a picture of each"""
    prepare("")
    made = inside("analyzer", "batch", "sample_logs", "--out", "reports", "--again", *arguments)
    return made or inside("bench.report.pictures", "reports")


def accuracy(arguments: list[str]) -> int:
    """score the findings against a corpus with ground truth (bench/accuracy; further words go to it)"""
    prepare("")
    return inside("bench.accuracy", *arguments)


def audit(arguments: list[str]) -> int:
    """ask the advisory database about the locked dependencies (exit 1: it knows something of them; 3: it was not asked about all)"""
    try:
        with urllib.request.urlopen(ADVISORIES, timeout=20):
            pass
    except OSError as error:
        say(f"the advisory database cannot be reached ({ADVISORIES}: {getattr(error, 'reason', error)}): nothing was checked")
        return 3
    prepare("test")
    if run(PYTHON, "-m", "pip_audit", "--version", quiet=True) != 0:
        say("installing pip-audit into .venv")
        if run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pip-audit") != 0:
            raise Failure("pip-audit could not be installed: see pip's words above")
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "audit.json"
        options: list[str | Path] = ["--requirement", LOCK, "--require-hashes", "--disable-pip", "--progress-spinner", "off", *arguments]
        status = run(PYTHON, "-m", "pip_audit", *options, "--format", "json", "--output", told, quiet=True)
        if not told.exists():
            say("pip-audit could not be asked: nothing was checked")
            return 3
        return audited(json.loads(told.read_text(encoding="utf-8"))["dependencies"]) or min(status, 1)


def audited(dependencies: list[dict[str, Any]]) -> int:
    """Tell what pip-audit found; its word that nothing is known also holds of what it could not ask about."""
    bad = [d for d in dependencies if d.get("vulns")]
    skipped = [d for d in dependencies if d.get("skip_reason")]
    for found in bad:
        say("{} {}: {}".format(found["name"], found["version"], ", ".join(v["id"] for v in found["vulns"])))
    say(f"{len(dependencies) - len(skipped)} of {len(dependencies)} locked dependencies checked, {len(bad)} with known vulnerabilities")
    if skipped:
        say("not checked: {} ({})".format(", ".join(d["name"] for d in skipped[:3]), skipped[0]["skip_reason"]))
    return 1 if bad else 3 if skipped else 0


def clean(_: list[str]) -> int:
    """remove .venv, caches and builds"""
    folders = [VENV, *(ROOT / name for name in [".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "build", "dist"])]
    caches = [path for top in ["analyzer", "bench", "tests"] for path in (ROOT / top).rglob("__pycache__")]
    for folder in folders + caches:
        shutil.rmtree(str(folder), ignore_errors=True)
    return 0


TASKS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo,
    "test": test,
    "lint": lint,
    "types": types,
    "reports": reports,
    "accuracy": accuracy,
    "audit": audit,
    "clean": clean,
}


def main(words: list[str]) -> int:
    name, arguments = (words[0], words[1:]) if words else ("help", [])
    if name in ("help", "-h", "--help"):
        print("usage: python3 task.py TASK [WORD…]\n")
        for task_name, task in TASKS.items():
            print(f"  {task_name:10} {task.__doc__}")
        return 0
    if name not in TASKS:
        say(f"there is no task '{name}': {', '.join(TASKS)}")
        return 2
    try:
        return TASKS[name](arguments)
    except Failure as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
