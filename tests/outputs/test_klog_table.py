"""The virtual table klog: what klog.parse says, as columns."""

import json
from pathlib import Path

import polars as pl

from analyzer import ingest
from analyzer.grammars import klog
from analyzer.outputs import klog_table
from analyzer.store import MemoryStore, open_store

LINES = [
    'I0822 00:23:09.000001      77 kubelet/kubelet.go:2117] "SyncLoop \\"ADD\\"" source="api" pods=["a/b"]',
    'W0822 00:23:09.000002      77 manager.go:1] plain text with "quotes" and key=value',
    'E0822 00:23:09.000003 12345678 a.go:3] "No values"',
    '{"ts":1580306777047.28,"caller":"kubelet/kubelet.go:2117","msg":"JSON \\"quoted\\"","v":2,"pod":{"name":"a","namespace":"n"}}',
    '{"ts":1580306777047.28,"caller":"kubelet/kubelet.go:7","msg":"Bad","err":"boom"}',
    "time=x no klog",
]


def table(tmp_path: Path) -> pl.DataFrame:
    entry = {"_HOSTNAME": "n", "SYSLOG_IDENTIFIER": "kubelet", "__REALTIME_TIMESTAMP": "1795331000000000"}
    path = tmp_path / "journal.json"
    path.write_text("".join(json.dumps({**entry, "MESSAGE": line}) + "\n" for line in LINES))
    store = MemoryStore(keep_records=True)
    ingest.ingest([path], store)
    return klog_table.frame(store).collect()


def test_rows(tmp_path: Path) -> None:
    rows = table(tmp_path)
    assert rows.schema == klog_table.KLOG
    found = rows.select("severity", "file", "file_line", "thread", "message", "key_values").rows()
    assert found == [
        ("I", "kubelet.go", 2117, 77, 'SyncLoop "ADD"', '{"source":"api","pods":["a/b"]}'),
        ("W", "manager.go", 1, 77, 'plain text with "quotes" and key=value', None),
        ("E", "a.go", 3, 12345678, "No values", None),
        ("I", "kubelet.go", 2117, None, 'JSON "quoted"', '{"pod":{"name":"a","namespace":"n"}}'),
        ("E", "kubelet.go", 7, None, "Bad", '{"err":"boom"}'),
    ]


def test_the_same_as_the_parser(sample_logs: Path, tmp_path: Path) -> None:
    """Over a shipped incident, from a store on disk."""
    store = open_store(tmp_path / "store", create=True)
    ingest.ingest([sample_logs / "long-outage-return"], store)
    rows = klog_table.frame(store).sort("source_id", "record").collect()
    texts = store.table("records").select("source_id", "record", pl.col("message").alias("raw"))
    parsed = [klog.parse(text) for text in rows.join(texts, on=["source_id", "record"], how="left", maintain_order="left")["raw"]]
    assert len(parsed) > 100
    assert [p.message for p in parsed if p] == rows["message"].to_list()
    assert [p.severity for p in parsed if p] == rows["severity"].to_list()
    assert [p.file for p in parsed if p] == rows["file"].to_list()
    assert [bool(p.values) for p in parsed if p] == rows["key_values"].is_not_null().to_list()
