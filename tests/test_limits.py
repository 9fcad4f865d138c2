"""What hostile input may cost: refused in one line, counted, and the rest goes on."""

import bz2
import gzip
import io
import json
import lzma
import random
import stat
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import zstandard

from analyzer import grammars, limits
from analyzer.evidence import digest, walk
from analyzer.evidence.budget import Budget
from analyzer.evidence.kept import kept
from analyzer.exceptions import SourceError, UsageError
from analyzer.ingest import ingest
from analyzer.store import MemoryStore
from tests.cli.running import podopsy

LINE = "2026-11-22T07:03:20.000000+0000 n kubelet[5]: I1122 07:03:20.000000       5 kubelet.go:1] {}\n"
ZEROS = bytes(8 << 20)
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that small inputs reach."""
    monkeypatch.setenv(limits.VARIABLE, "slack=1M,ratio=50,record=10K,members=20,depth=3")


def read(folder: Path) -> tuple[dict[str, tuple[str, str]], list[tuple[str, int, str]]]:
    """Status and detail of each source, and the rejects."""
    store = MemoryStore(keep_records=True)
    ingest([folder], store)
    sources = {name: (status, detail or "") for name, status, detail in store.table("sources").select("source", "status", "detail").rows()}
    return sources, store.table("rejects").select("reason", "line", "raw").rows()


def tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.usefixtures("tight")
@pytest.mark.parametrize("kind", PACKERS)
def test_a_bomb_is_refused_and_the_rest_goes_on(tmp_path: Path, kind: str) -> None:
    (tmp_path / "bomb").write_bytes(PACKERS[kind](ZEROS))
    (tmp_path / "good").write_text(LINE)
    sources, _ = read(tmp_path)
    assert sources["good"][0] == "read"
    assert sources["bomb"][0] == "failed"
    assert "times its packed size, as of a bomb (--limit ratio=)" in sources["bomb"][1]
    assert "\n" not in sources["bomb"][1]


@pytest.mark.usefixtures("tight")
def test_a_bomb_in_an_archive_costs_itself_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", ZEROS)
        archive.writestr("good", LINE)
    (tmp_path / "x.tar").write_bytes(tar((member("good"), LINE.replace("5", "6").encode()), (member("bomb.gz"), gzip.compress(ZEROS))))
    sources, _ = read(tmp_path)
    assert {name: status for name, (status, _) in sources.items()} == {
        "x.zip/bomb": "failed",
        "x.zip/good": "read",
        "x.tar/bomb.gz": "failed",
        "x.tar/good": "read",
    }


def test_a_zip_with_a_name_that_is_no_text_costs_itself_alone(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("kubelet-ä.log", LINE)
    packed = (tmp_path / "x.zip").read_bytes()
    (tmp_path / "x.zip").write_bytes(packed.replace("ä".encode(), b"\xe4\x28"))
    (tmp_path / "good").write_text(LINE)
    sources, _ = read(tmp_path)
    assert sources["good"][0] == "read"
    assert sources["x.zip"][0] == "failed"
    assert sources["x.zip"][1].startswith("cannot be read ('utf-8' codec can't decode")


@pytest.mark.parametrize("level", [1, 3, 6, 9])
def test_zeros_are_a_bomb_however_well_they_are_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: int) -> None:
    """At its lowest level gzip makes a 229th of them."""
    monkeypatch.setenv(limits.VARIABLE, "slack=1M")
    (tmp_path / "x.gz").write_bytes(gzip.compress(ZEROS, level))
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        archive.writestr("bomb", ZEROS)
    (tmp_path / "good").write_text(LINE)
    found = {name: status for name, (status, _) in read(tmp_path)[0].items()}
    assert found == {"x.gz": "failed", "x.zip/bomb": "failed", "good": "read"}


@pytest.mark.parametrize(("kind", "most"), [("gzip", 20), ("zip", 20), ("xz", 50), ("", 50)])
def test_how_much_may_come_of_a_byte(monkeypatch: pytest.MonkeyPatch, kind: str, most: int) -> None:
    monkeypatch.setenv(limits.VARIABLE, "slack=1M,ratio=50")
    packed = 1 << 20
    Budget(packed).spend("a", most * packed, packed, kind)
    with pytest.raises(SourceError, match=f"{most} times its packed size"):
        Budget(packed).spend("a", most * packed + 1, packed, kind)


def test_layers_that_are_harmless_each_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each layer gives 40 times what it takes: allowed; both together, 1,600 times."""
    monkeypatch.setenv(limits.VARIABLE, "slack=1M,ratio=125")
    noise = gzip.compress(bytes(range(256)) * 4)
    inner = gzip.compress((noise + bytes(40 * len(noise))) * 3000, 1)
    (tmp_path / "x").write_bytes(gzip.compress(inner))
    (source,) = walk([tmp_path])
    with pytest.raises(SourceError, match="refused"):
        digest(source)


def test_what_real_logs_come_to_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.VARIABLE, "slack=1M")
    dice = random.Random(1)
    lines = "".join(LINE.format(f"SyncLoop (PLEG): pod {dice.getrandbits(40):010x}") for _ in range(50_000))
    for kind, pack in PACKERS.items():
        (tmp_path / kind).write_bytes(pack(lines.encode()))
        (source,) = walk([tmp_path / kind])
        assert digest(source)[1] == len(lines)


@pytest.mark.usefixtures("tight")
def test_members_without_number(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(tar(*((member(f"{n:03}"), LINE.format(n).encode()) for n in range(30))))
    sources, _ = read(tmp_path)
    assert sum(status == "read" for status, _ in sources.values()) == 20
    assert sources["x.tar"] == ("failed", "its members beyond the first 20 are not read (--limit members=)")


@pytest.mark.usefixtures("tight")
def test_archives_in_archives(tmp_path: Path) -> None:
    data = LINE.encode()
    for depth in range(6):
        data = tar((member(f"{depth}.tar"), data), (member(f"{depth}.log"), LINE.format(depth).encode()))
    (tmp_path / "x.tar").write_bytes(data)
    sources, _ = read(tmp_path)
    assert sorted(status for status, _ in sources.values()) == ["failed", *["read"] * 4]
    assert "tar within archives that are nested 3 deep: not opened (--limit depth=)" in [detail for _, detail in sources.values()]


def test_members_that_are_no_files_and_names_that_lead_out(tmp_path: Path) -> None:
    odd = [
        (member("link", tarfile.SYMTYPE, "/etc/passwd"), b""),
        (member("hard", tarfile.LNKTYPE, "../../etc/passwd"), b""),
        (member("null", tarfile.CHRTYPE), b""),
        (member("pipe", tarfile.FIFOTYPE), b""),
        (member("../../../tmp/evil"), LINE.format(1).encode()),
        (member("/etc/cron.d/evil"), LINE.format(2).encode()),
        (member("..\\..\\evil"), LINE.format(3).encode()),
        (member("a" * 5000 + "/\x1b]0;title\x07\r\n"), LINE.format(4).encode()),
    ]
    (tmp_path / "x.tar").write_bytes(tar(*odd))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("C:\\evil", LINE.format(5))
    sources, _ = read(tmp_path)
    found = {name for name, (status, _) in sources.items() if status == "read"}
    assert {"x.tar/tmp/evil", "x.tar/etc/cron.d/evil", "x.tar/evil", "x.zip/C:/evil"} < found
    assert not [name for name in found if "link" in name or "hard" in name]
    assert "device or pipe null is not read" in sources["x.tar"][1]
    done = podopsy("inspect", tmp_path)
    assert b"\x1b" not in done.stdout + done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.tar", "x.zip"]


def test_a_header_of_any_length_is_not_taken_into_memory(tmp_path: Path) -> None:
    info = member("x", tarfile.GNUTYPE_LONGNAME)
    (tmp_path / "x.tar").write_bytes(tar((info, bytes(3 << 20))))
    sources = list(walk([tmp_path]))
    assert "a header of" in (sources[0].problem or "")


@pytest.mark.usefixtures("tight")
def test_a_line_that_is_too_long_is_a_reject(tmp_path: Path) -> None:
    (tmp_path / "kubelet.log").write_text(LINE.format("a") + LINE.format("b" * 20_000) + LINE.format("c"))
    store = MemoryStore(keep_records=True)
    ingest([tmp_path], store)
    assert [m[-1] for m in store.table("records")["message"]] == ["a", "c"]
    ((line, offset, reason, raw),) = store.table("rejects").select("line", "offset", "reason", "raw").rows()
    length = len(LINE.format("b" * 20_000)) - 1
    assert (line, offset) == (2, len(LINE.format("a")))
    assert reason == f"a line of {length:,} bytes: longer than a record may be (--limit record=)"
    assert raw.startswith("2026-11-22")
    assert store.table("sources")["rejected"].to_list() == [1]


@pytest.mark.usefixtures("tight")
def test_an_object_that_is_too_long_is_a_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analyzer.formats.json_documents.JsonReader.__init__.__defaults__", (4096,))
    nodes = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}} for name in ("a", "b" * 50_000, "c")]
    (tmp_path / "nodes.json").write_text(json.dumps({"apiVersion": "v1", "items": nodes, "kind": "List"}, indent=4))
    store = MemoryStore()
    ingest([tmp_path], store)
    assert store.table("objects")["name"].to_list() == ["a", "c"]
    assert "bytes are passed over" in store.table("rejects")["reason"][0]


@pytest.mark.parametrize(
    "content",
    [
        b'{"apiVersion":"v1","kind":"Pod","metadata":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
        b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":' + b"[" * 1_000_000,
        b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","generation":' + b"9" * 10_000 + b"}}",
        b'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x\\u0000\\ud800","creationTimestamp":"0001-01-01T00:00:00Z"}}',
        b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  a: " + b"[" * 100_000 + b"\n",
        b"apiVersion: v1\nkind: Pod\nmetadata:\n  a: &a [x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"  %c: &%c [%s]\n" % (c, c, b",".join([b"*%c" % (c - 1)] * 9)) for c in range(ord("b"), ord("k"))),
        b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: !!python/object/apply:os.system [id]\n",
        b"\xef\xbb\xbfapiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: \xff\xfe\r\n",
        b"9999-12-31T23:59:59.999999+0000 n kubelet[5]: m\n0001-01-01T00:00:00.000000+0000 n kubelet[5]: m\n",
        b'{"__REALTIME_TIMESTAMP":"99999999999999999999","MESSAGE":"m","_HOSTNAME":"n"}\n'
        b'{"__REALTIME_TIMESTAMP":"1","MESSAGE":"m","_HOSTNAME":"n"}\n',
        b"2026-11-22T07:03:20.000000+0000 n kubelet[5]: \0\xff\xfe\r\n\0\0\0\n\xef\xbb\xbf\r\n",
        b'{"__REALTIME_TIMESTAMP":"1795331000000000","MESSAGE":' + b"[" * 100_000 + b"}\n",
    ],
    ids=["deep", "cut", "number", "surrogate", "yaml-deep", "aliases", "tag", "bytes", "years", "micros", "nul", "journal"],
)
def test_a_hostile_document_ends_with_its_source(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "hostile").write_bytes(content)
    (tmp_path / "good").write_text(LINE)
    for command in ("analyze", "inspect"):
        done = podopsy(command, tmp_path)
        assert done.returncode == 0, done.stderr
        assert not {*b"\0\x1b\x07"} & {*done.stdout, *done.stderr}


DEEP = '{"a":' * 100_000 + "1" + "}" * 100_000
POD = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"n","uid":"u"},"x":%s}'
ENTRY = '{"__REALTIME_TIMESTAMP":"1795331000000000","_HOSTNAME":"n","SYSLOG_IDENTIFIER":"%s","MESSAGE":%s}'
STARTED = (
    '{"status":"start","id":"CID","Type":"container","Action":"start","Actor":{"ID":"CID","Attributes":%s},"timeNano":1795331000000000000}'
).replace("CID", "a" * 64)
AUDIT = (
    '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Request","auditID":"a","stage":"ResponseComplete","verb":"update",'
    '"objectRef":{"resource":"pods"},"requestObject":%s,"requestReceivedTimestamp":"2026-11-22T07:00:00Z","responseStatus":{"code":200}}'
)
KLOG = '{"ts":1795331000000.1,"caller":"kubelet.go:1","msg":"SyncLoop ADD","pods":%s,"v":2}'


@pytest.mark.parametrize(
    ("good", "hostile", "read", "rejects"),
    [
        (POD % ("g", "1"), POD % ("x", DEEP), 3, 1),
        (POD % ("g", "1"), POD % ("x", "9" * 1_000_000), 3, 1),
        (POD % ("g", "1"), POD % ("x", '{"' + "k" * (1 << 20) + '":1}'), 4, 0),
        (POD % ("g", "1"), POD % ("x", "{" + ",".join(f'"k{n}":{n}' for n in range(100_000)) + "}"), 4, 0),
        (ENTRY % ("kubelet", '"m"'), ENTRY % ("kubelet", DEEP), 3, 1),
        (ENTRY % ("kubelet", '"m"'), ENTRY % ("kubelet", "[" * 100_000), 3, 1),
        (ENTRY % ("kubelet", '"m"'), ENTRY % ("dockerd", json.dumps(DEEP)), 4, 0),
        (ENTRY % ("kubelet", '"m"'), ENTRY % ("kubelet", json.dumps(KLOG % DEEP)), 4, 0),
        (STARTED % "{}", STARTED % DEEP, 3, 1),
        (AUDIT % "{}", AUDIT % DEEP, 3, 1),
        (KLOG % '["n/p"]', KLOG % DEEP, 4, 0),
    ],
    ids=["object", "digits", "key", "keys", "entry", "brackets", "in-message", "klog-in-message", "docker", "audit", "klog"],
)
def test_hostile_json_costs_itself_alone(tmp_path: Path, good: str, hostile: str, read: int, rejects: int) -> None:
    (tmp_path / "log").write_text("\n".join([good, good, hostile, good, ""]))
    store = MemoryStore(keep_records=True)
    ingest([tmp_path], store)
    (found,) = store.table("sources").select("status", pl.col("records") + pl.col("objects"), "rejected").rows()
    assert found == ("read", read, rejects)


def test_hostile_depth_in_all_that_is_made_of_it(tmp_path: Path) -> None:
    folder, store = tmp_path / "in", tmp_path / "store"
    folder.mkdir()
    for name, hostile in (("a", ENTRY % ("kubelet", json.dumps(KLOG % DEEP))), ("b", KLOG % DEEP), ("c", POD % ("x", DEEP))):
        (folder / name).write_text("\n".join([ENTRY % ("kubelet", '"m"'), hostile, ""]))
    for words in (
        ("analyze", "--redact", folder),
        ("report", "--redact", "--out", tmp_path / "report.html", folder),
        ("ingest", "--store", store, folder),
        ("verify", "--store", store, folder),
        ("query", "SELECT count(*) FROM records", folder),
    ):
        done = podopsy(*words)
        assert done.returncode == 0, (words, done.stderr)


def test_limits_are_set_in_one_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(limits.VARIABLE, "record=2M, ratio=7")
    assert (limits.current().record, limits.current().ratio, limits.current().depth) == (2 << 20, 7, limits.Limits.depth)
    limits.add(["depth=1"])
    assert (limits.current().record, limits.current().depth) == (2 << 20, 1)
    for wrong in ("nonsense=1", "record", "record=many", "record=-1"):
        monkeypatch.setenv(limits.VARIABLE, wrong)
        with pytest.raises(UsageError, match="write NAME=NUMBER"):
            limits.current()
    monkeypatch.delenv(limits.VARIABLE)
    (tmp_path / "x.gz").write_bytes(gzip.compress(LINE.encode() + ZEROS))
    assert b"refused" not in podopsy("inspect", tmp_path).stdout
    assert b"refused" in podopsy("--limit", "ratio=9", "--limit", "slack=1M", "inspect", tmp_path).stdout
    assert podopsy("--limit", "ratio", "inspect", tmp_path).returncode == 2


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_500_000])
def test_what_is_kept_can_be_read_from_anywhere(size: int) -> None:
    data = bytes(n * n % 251 for n in range(997)) * (size // 997 + 1)
    stream = kept(io.BytesIO(data[:size]))
    assert stream.read() == data[:size]
    for at in (0, size // 2, max(size - 5, 0), size + 10):
        stream.seek(at)
        assert stream.read(100) == data[:size][at : at + 100]
    assert stream.seek(0, io.SEEK_END) == size


def test_an_event_whose_client_wrote_null_as_gos_zero_time_has_the_moment_of_its_creation(tmp_path: Path) -> None:
    zero = "0001-01-01T00:00:00Z"
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "a", "creationTimestamp": "2026-11-22T07:04:02Z"}}
    event |= {"involvedObject": {"kind": "Pod", "name": "a", "namespace": "default"}, "reason": "Killing"}
    event |= {"firstTimestamp": zero, "lastTimestamp": zero, "eventTime": zero}
    (tmp_path / "events.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [event]}))
    store = MemoryStore()
    ingest([tmp_path], store)
    assert store.table("events")["time"].to_list() == [datetime(2026, 11, 22, 7, 4, 2, tzinfo=UTC)]
    assert store.table("rejects").is_empty()


def test_an_event_of_a_time_that_nobody_means_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = datetime(2500, 1, 1, tzinfo=UTC)
    understand = grammars.understand
    monkeypatch.setattr(grammars, "understand", lambda batch, family: understand(batch, family).with_columns(time=pl.lit(far)))
    (tmp_path / "kubelet.log").write_text(LINE.format('"SyncLoop ADD" source="api" pods=[default/a]'))
    store = MemoryStore()
    ingest([tmp_path], store)
    assert store.table("events").is_empty()
    assert store.table("sources")["rejected"].to_list() == [1]
    assert store.table("rejects")["reason"].to_list() == ["a time in the year 2500"]
