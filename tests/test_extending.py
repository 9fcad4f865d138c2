"""The example of docs/extending.md, as it stands there."""

import re
import sys
import types
from pathlib import Path

import pytest

from analyzer import formats
from analyzer.ingest import ingest
from analyzer.plan import Options
from analyzer.store import MemoryStore

LOG = """\
2024-05-06_12:00:00.12345 I0506 12:00:00.123401     812 server.go:153] "Started kubelet"
2024-05-06_12:00:01.00001 I0506 12:00:01.000001     812 manager.go:306] Recovery completed
?
"""


@pytest.fixture
def example(root: Path, monkeypatch: pytest.MonkeyPatch) -> formats.Format:
    page = (root / "docs" / "extending.md").read_text()
    code, line = re.findall(r"```(?:python)?\n(.*?)```", page, re.DOTALL)[:2]
    module = types.ModuleType("analyzer.formats.svlogd")
    exec(code, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert line.strip() == "svlogd.FORMAT,"
    monkeypatch.setattr(formats, "REGISTRY", (module.FORMAT, *formats.REGISTRY))
    known: formats.Format = module.FORMAT
    return known


def test_a_format_is_one_file_and_one_line(example: formats.Format, tmp_path: Path) -> None:
    (tmp_path / "current").write_text(LOG.replace("?\n", ""))
    store = MemoryStore()
    ingest([tmp_path], store)
    assert store.table("sources")["format"].to_list() == [example.name]
    assert store.table("events").sort("record").select("kind").to_series().to_list() == ["kubelet_ready", "recovery_completed"]


def test_what_it_cannot_read_is_kept(example: formats.Format, tmp_path: Path) -> None:
    (tmp_path / "current").write_text(LOG * 10)
    store = MemoryStore()
    ingest([tmp_path], store, Options(format="svlogd"))
    assert store.table("rejects")["reason"].to_list() == ["no time at the beginning of the line"] * 10
