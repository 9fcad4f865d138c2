"""The task file's promises, short of installing anything."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def task(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("podopsy_task", root / "task.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_old_python_can_read_it(root: Path) -> None:
    tree = ast.parse((root / "task.py").read_text(), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_help_names_every_task(root: Path) -> None:
    done = subprocess.run([sys.executable, root / "task.py"], capture_output=True, text=True, check=True)
    assert all(f"\n  {name} " in done.stdout for name in ("demo", "test", "lint", "types", "reports", "accuracy", "audit", "clean"))


def test_unknown_task(root: Path) -> None:
    done = subprocess.run([sys.executable, root / "task.py", "tset"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no task 'tset'" in done.stderr


def test_foreign_environment_is_left_outside(task: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert not {"VIRTUAL_ENV", "PYTHONPATH"} & task.environment().keys()
    assert task.environment()["PATH"] == os.environ["PATH"]


def test_second_run_installs_nothing(task: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(task, "run", lambda *words, **options: pytest.fail(f"ran {words}"))
    task.STAMP.write_text(task.wanted_stamp("test"))
    task.prepare("test")
    task.prepare("")


class Machine:
    """Stands for a machine on which some commands work."""

    def __init__(self, works: Any) -> None:
        self.works = works
        self.steps: list[str] = []

    def run(self, *command: object, quiet: bool = False) -> int:
        words = " ".join(map(str, command))
        self.steps.append(words)
        return 0 if self.works(words, self.steps) else 1


def debian_without_venv(task: ModuleType, monkeypatch: pytest.MonkeyPatch, works: Any, tmp_path: Path) -> Machine:
    machine = Machine(works)
    monkeypatch.setattr(task, "run", machine.run)
    monkeypatch.setattr(task.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(task, "GET_PIP", (tmp_path / "get-pip.py").as_uri())
    (tmp_path / "get-pip.py").write_text("")
    return machine


def test_pip_of_the_outer_python_helps(task: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def works(words: str, _: list[str]) -> bool:
        return "--without-pip" in words or "-m pip" in words

    machine = debian_without_venv(task, monkeypatch, works, tmp_path)
    task.make_venv("python3", tmp_path / "venv")
    assert machine.steps[-1] == f"python3 -m pip --python {tmp_path}/venv/bin/python install --quiet pip"


def test_apt_helps(task: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def works(words: str, before: list[str]) -> bool:
        has_ensurepip = any("install -y -qq python3-venv" in step for step in before)
        return "apt-get" in words or "sudo" in words or (has_ensurepip and not words.startswith("python3 -m pip"))

    machine = debian_without_venv(task, monkeypatch, works, tmp_path)
    task.make_venv("python3", tmp_path / "venv")
    assert machine.steps[-2:] == [f"python3 -m venv {tmp_path}/venv", f"{tmp_path}/venv/bin/python -m pip --version"]


def test_download_helps(task: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = debian_without_venv(task, monkeypatch, lambda words, _: "--without-pip" in words or "get-pip.py" in words, tmp_path)
    task.make_venv("python3", tmp_path / "venv")
    assert "get-pip.py --quiet" in machine.steps[-1]


def test_one_clear_line_if_nothing_helps(
    task: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    debian_without_venv(task, monkeypatch, lambda *_: False, tmp_path)
    monkeypatch.setattr(task, "find_interpreter", lambda: "python3")
    monkeypatch.setattr(task, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(task, "VENV", tmp_path / "venv")
    monkeypatch.setattr(task, "PYTHON", tmp_path / "venv" / task.PYTHON.relative_to(task.ROOT / ".venv"))
    assert task.main(["demo"]) == 1
    assert "apt-get install python3-venv" in capsys.readouterr().err.splitlines()[-1]


def test_an_audit_that_could_not_be_made_says_so(
    task: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(task, "ADVISORIES", (tmp_path / "nowhere").as_uri())
    monkeypatch.setattr(task, "run", lambda *words, **options: pytest.fail(f"ran {words}"))
    assert task.main(["audit"]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be reached" in line
    assert "nothing was checked" in line


def test_what_was_not_checked_is_not_called_sound(task: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    sound = {"name": "a", "version": "1", "vulns": []}
    bad = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1"}]}
    skipped = {"name": "c", "skip_reason": "not found"}
    assert [task.audited(some) for some in ([sound], [sound, bad, skipped], [sound, skipped])] == [0, 1, 3]
    told = capsys.readouterr().err
    assert "b 2: PYSEC-1" in told
    assert "not checked: c (not found)" in told


def test_the_lock_has_every_dependency(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[><=]", word)[0] for word in [*project["dependencies"], *project["optional-dependencies"]["test"]]}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (root / "requirements-dev.lock").read_text(), re.MULTILINE))
    assert wanted <= locked
    table = (root / "docs" / "dependencies.md").read_text()
    assert all(name in table for name in wanted)
