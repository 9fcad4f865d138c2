"""A first look, begun early or not."""

import hashlib
from pathlib import Path

import pytest

from analyzer.evidence.looked import HEAD, begin, look
from analyzer.exceptions import EvidenceError

TEXT = b"0123456789" * HEAD


def test_it_tells_of_bytes_and_how_they_begin(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    [found] = look([tmp_path])
    assert (found.source.name, found.sha256, found.size) == ("a", hashlib.sha256(TEXT).hexdigest(), len(TEXT))
    assert found.head == TEXT[:HEAD]


def test_what_was_begun_is_taken_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(TEXT)
    begin([str(tmp_path)])
    first = look([tmp_path])
    (tmp_path / "a").write_bytes(b"other")
    assert [found.size for found in first] == [len(TEXT)]
    assert [found.size for found in look([tmp_path])] == [5]


def test_who_looks_is_told_what_went_wrong(tmp_path: Path) -> None:
    begin([str(tmp_path / "nowhere")])
    with pytest.raises(EvidenceError, match="no such file"):
        look([tmp_path / "nowhere"])


def test_what_cannot_be_read_is_a_fault_of_its_source(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "gone")
    [found] = look([tmp_path])
    assert found.fault is not None
    assert "broken symbolic link" in found.fault
