"""Sources are found wherever they lie packed, and damage is told, not raised."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import random
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from analyzer.evidence import Source, cases, digest, walk
from analyzer.exceptions import EvidenceError, SourceError
from analyzer.ingest import ingest
from analyzer.store import MemoryStore

TEXT = b"Aug 21 20:24:53 n kubelet[5]: m\n" * 3
NOISE = random.Random(1).randbytes(400_000)
PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstandard.ZstdCompressor().compress}


def tar(members: dict[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def contents(*paths: Path | str) -> dict[str, bytes]:
    found = {}
    for source in walk(paths):
        with source.open() as stream:
            found[source.name] = stream.read()
    return found


def only(path: Path) -> Source:
    (source,) = walk([path])
    return source


def test_names_are_relative_to_the_one_directory_or_to_the_common_parent(tmp_path: Path) -> None:
    for name in ("b/x.log", "a/y.log", "z.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(TEXT)
    assert list(contents(tmp_path)) == ["a/y.log", "b/x.log", "z.log"]
    assert list(contents(tmp_path / "b", tmp_path / "z.log")) == ["b/x.log", "z.log"]
    assert list(contents(tmp_path / "b" / "x.log")) == ["x.log"]
    assert list(contents(tmp_path / "b", tmp_path / "b" / "x.log")) == ["b/x.log"]
    assert [source.root for source in walk([tmp_path / "b", tmp_path / "z.log"])] == ["b", "z.log"]


def test_a_missing_path() -> None:
    with pytest.raises(EvidenceError, match=r"no such file or directory: .*nowhere"):
        walk(["nowhere"])


@pytest.mark.parametrize("kind", PACKERS)
def test_compression_is_known_by_content(tmp_path: Path, kind: str) -> None:
    (tmp_path / "x.txt").write_bytes(PACKERS[kind](TEXT) + PACKERS[kind](TEXT))
    source = only(tmp_path / "x.txt")
    assert source.compression == kind
    assert digest(source) == digest(source) == (hashlib.sha256(TEXT * 2).hexdigest(), 2 * len(TEXT))
    with source.open() as stream:
        assert stream.read(10) == TEXT[:10]
        stream.seek(0)
        assert stream.read() == TEXT * 2
    assert source.problem is None


@pytest.mark.parametrize("kind", PACKERS)
def test_what_is_before_a_break_is_read(tmp_path: Path, kind: str) -> None:
    whole = PACKERS[kind](NOISE * (4 if kind == "bzip2" else 1))
    (tmp_path / "x").write_bytes(whole[: len(whole) * 3 // 4])
    source = only(tmp_path / "x")
    with source.open() as stream:
        data = stream.read()
    assert data
    assert (NOISE * 4).startswith(data)
    assert source.problem is not None
    assert source.problem.startswith(f"{kind}: truncated after ")


def test_damage_in_the_middle_and_at_the_beginning(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(NOISE))
    whole[200_000:200_100] = bytes(100)
    (tmp_path / "middle").write_bytes(whole)
    source = only(tmp_path / "middle")
    assert digest(source)[1] > 0
    assert "gzip: broken" in (source.problem or "")
    (tmp_path / "begin").write_bytes(gzip.compress(TEXT)[:10])
    source = only(tmp_path / "begin")
    with pytest.raises(SourceError, match="gzip"), source.open() as stream:
        stream.read()
    assert source.problem == "gzip: truncated after 0 bytes"


@pytest.mark.parametrize("pack", [tar, lambda m: tar(m, "w:gz"), lambda m: tar(m, "w:xz"), lambda m: PACKERS["zstd"](tar(m)), zipped])
def test_archives(tmp_path: Path, pack: object) -> None:
    inner = tar({"./deep/x.log": TEXT})
    members = {
        "b/two.log": b"2" + TEXT,
        "a/one.log": b"1" + TEXT,
        "a/._one.log": b"AppleDouble",
        ".git/config": b"x",
        "../../evil": b"e",
        "/etc/shadow": b"s",
        "packed.gz": gzip.compress(TEXT),
        "inner.tar": inner,
        "inner.zip": zipped({"y.log": TEXT}),
    }
    (tmp_path / "bundle").write_bytes(pack(members))  # type: ignore[operator]
    assert contents(tmp_path) == {
        "bundle/a/one.log": b"1" + TEXT,
        "bundle/b/two.log": b"2" + TEXT,
        "bundle/etc/shadow": b"s",
        "bundle/evil": b"e",
        "bundle/inner.tar/deep/x.log": TEXT,
        "bundle/inner.zip/y.log": TEXT,
        "bundle/packed.gz": TEXT,
    }
    assert all(source.problem is None for source in walk([tmp_path]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]


def test_many_archives_at_once_and_again(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.tgz").write_bytes(tar({"x": b"%d" % number}, "w:gz"))
    sources = list(walk([tmp_path]))
    streams = [source.open() for source in reversed(sources)]
    assert [stream.read() for stream in streams] == [b"%d" % number for number in reversed(range(9))]


def test_members_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tar({"a": b"1", "./a": b"2"}))
    assert contents(tmp_path) == {"x.tar/a": b"1", "x.tar/a#2": b"2"}


def test_a_truncated_tar_gives_what_is_there(tmp_path: Path) -> None:
    whole = tar({"a": TEXT, "b": NOISE, "c": TEXT})
    for name, data in (("plain", whole[:100_000]), ("packed", gzip.compress(whole)[:100_000])):
        (tmp_path / name).write_bytes(data)
        found = {source.name: source for source in walk([tmp_path / name])}
        assert set(found) == {name, f"{name}/a", f"{name}/b"}
        assert "tar: truncated or broken after 2 members" in (found[name].problem or "")
        with pytest.raises(SourceError, match="truncated"):
            found[name].open()
        assert digest(found[f"{name}/a"]) == (hashlib.sha256(TEXT).hexdigest(), len(TEXT))
        with found[f"{name}/b"].open() as stream:
            assert NOISE.startswith(stream.read())
        assert "truncated" in (found[f"{name}/b"].problem or "")


def test_a_broken_zip(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(zipped({"a": NOISE})[:1000])
    source = only(tmp_path / "x.zip")
    assert "cannot be read" in (source.problem or "")
    broken = bytearray(zipped({"a": NOISE}))
    broken[1000:1010] = bytes(10)
    (tmp_path / "x.zip").write_bytes(broken)
    source = only(tmp_path / "x.zip")
    assert source.name == "x.zip/a"
    digest(source)
    assert "zip: broken" in (source.problem or "")


def test_a_quine_ends(tmp_path: Path) -> None:
    data = TEXT
    for _ in range(20):
        data = gzip.compress(data)
    (tmp_path / "x").write_bytes(data)
    assert only(tmp_path / "x").problem == "gzip within archives that are nested 8 deep: not opened (--limit depth=)"


def test_links_loops_and_special_files(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.log").write_bytes(TEXT)
    (tmp_path / "outside.log").write_bytes(TEXT)
    (tmp_path / "in" / "a-link").symlink_to("x.log")
    (tmp_path / "in" / "link").symlink_to("../outside.log")
    (tmp_path / "in" / "loop").symlink_to(".")
    (tmp_path / "in" / "gone").symlink_to("nowhere")
    (tmp_path / "in" / "circle").symlink_to("circle")
    os.mkfifo(tmp_path / "in" / "pipe")
    found = {source.name: source.problem for source in walk([tmp_path / "in"])}
    assert found == {
        "a-link": None,
        "x.log": None,
        "link": "a link that leads out of the folder: not followed (name its target to have it read)",
        "circle": "broken symbolic link: Too many levels of symbolic links",
        "gone": "broken symbolic link: No such file or directory",
        "pipe": "a named pipe: not read",
    }


def test_no_link_leads_out_of_what_was_handed_in(tmp_path: Path) -> None:
    for folder in ("in/deep", "in-side", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.log").write_bytes(TEXT)
    inside = tmp_path / "in"
    (inside / "folder").symlink_to(tmp_path / "elsewhere")
    (inside / "beside").symlink_to("../in-side/x.log")  # its name begins like the folder's
    (inside / "first").symlink_to("second")  # out by way of another link
    (inside / "second").symlink_to(tmp_path / "elsewhere" / "x.log")
    (inside / "out-and-in").symlink_to("../in/deep/x.log")
    (inside / "up").symlink_to("..")
    found = {source.name: bool(source.problem) for source in walk([inside])}
    refused = dict.fromkeys(("folder", "beside", "first", "second", "up"), True)
    assert found == {"deep/x.log": False, "out-and-in": False, **refused}
    told = {source.name for source in walk([inside, tmp_path / "elsewhere"]) if source.problem}
    assert told == {"in/beside", "in/up"}  # the other ones lead to what was handed in, too


def test_a_link_that_was_named_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x.log").write_bytes(TEXT)
    (tmp_path / "there" / "y.log").symlink_to("x.log")
    (tmp_path / "folder").symlink_to("there")
    (tmp_path / "file").symlink_to("there/x.log")
    assert {source.name: source.problem for source in walk([tmp_path / "folder"])} == {"x.log": None, "y.log": None}
    assert {source.name: source.problem for source in walk([tmp_path / "file"])} == {"file": None}


def test_links_that_lead_out_are_counted(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "kubelet.log").write_text("I1122 07:03:20.000000       5 kubelet.go:1] x\n")
    (tmp_path / "in" / "logs").symlink_to("/etc")
    store = MemoryStore()
    ingest([tmp_path / "in"], store)
    rows = store.table("sources").select("source", "status", "detail").rows()
    assert rows[0][:2] == ("kubelet.log", "read")
    assert rows[1] == ("logs", "failed", "a link that leads out of the folder: not followed (name its target to have it read)")
    assert len(rows) == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(TEXT)
    (tmp_path / "x").chmod(0)
    assert only(tmp_path / "x").problem == "cannot be read: Permission denied"


def test_standard_input() -> None:
    script = (
        "from analyzer.evidence import walk\nfor s in walk(['-']):\n"
        "    for _ in 1, 2:\n        with s.open() as f: print(s.name, s.compression, f.read())"
    )
    result = subprocess.run([sys.executable, "-c", script], input=gzip.compress(b"x"), capture_output=True, check=True, timeout=60)
    assert result.stdout.decode().splitlines() == ["stdin gzip b'x'"] * 2


def test_cases(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "README.md").write_bytes(TEXT)
    for name in ("one.tar.gz", "two.v1.tgz", "three"):
        (tmp_path / name).write_bytes(tar({"x": TEXT}, "w:gz"))
    found = cases(tmp_path)
    assert [(case.name, case.path.name) for case in found] == [
        ("one", "one"),
        ("one-2", "one.tar.gz"),
        ("three", "three"),
        ("two.v1", "two.v1.tgz"),
    ]
