"""The optional corpus' public logs: each is known as what its index says, and nothing in it is passed over in silence."""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from analyzer.ingest import ingest
from analyzer.outputs import inventory
from analyzer.recognition import Recognising
from analyzer.store import MemoryStore

pytestmark = pytest.mark.corpus
KNOWN = (  # the first that fits counts; None: no evidence (or none of ours)
    ("bundles/*/plugins/systemd_logs/results/*", "journal-json"),
    ("bundles/*/host_service_logs/*", "journal-short"),
    ("bundles/*/namespaces/*/logs/*.log", "kubectl-logs"),
    ("bundles/*/event-filter.html", "must-gather-event-page"),
    ("bundles/*/timestamp", "capture-time"),
    ("bundles/*/core/*.yaml", "kubernetes-yaml"),
    ("bundles/*/[Ee]vents*/*.json", "kubernetes-json"),
    ("bundles/*/Events.json", "kubernetes-json"),
    ("bundles/*", "?"),
    ("controller/*docker-json-file.log", "docker-json-file"),
    ("controller/*", "klog"),
    ("docker-events/*custom-template*", "docker-template"),
    ("docker-events/*json-action*", "docker-template"),
    ("docker-events/*.jsonl", "docker-json"),
    ("docker-events/*json*golden*", "docker-json"),
    ("docker-events/*array.json", "docker-json"),
    ("docker-events/docs_*", "mixed-text"),
    ("docker-events/*", "docker-text"),
    ("journal/*.export.gz", "journal-export"),
    ("journal/*.journal.gz", "journal-binary"),
    ("journal/formats/*_cat.txt", "klog"),
    ("journal/formats/*_export.txt", "journal-export"),
    ("journal/formats/*_json*.txt", "journal-json"),
    ("journal/formats/*_verbose.txt", "journal-verbose"),
    ("journal/formats/*_short-monotonic.txt", "journal-monotonic"),
    ("journal/formats/*_short-delta.txt", "journal-monotonic"),
    ("journal/formats/*_short-iso*.txt", "journal-text"),
    ("journal/formats/*_short-full*.txt", "journal-text"),
    ("journal/formats/*_short-unix.txt", "journal-text"),
    ("journal/formats/*_with-unit.txt", "journal-text"),
    ("journal/formats/*_short*.txt", "journal-short"),
    ("journal/formats/list-boots.txt", "journal-boots"),
    ("kube-events/docs_*", "mixed-text"),
    ("kube-events/*.json", "kubernetes-json"),
    ("kube-events/*.yaml", "kubernetes-yaml"),
    ("kube-events/*.txt", "kubernetes-event-table"),
    ("kubelet/khi-cloud-logging/*", "cloud-logging"),
    ("kubelet/lnav_logfile_journald.json", "journal-json"),
    ("kubelet/*glog*", "klog"),
    ("kubelet/*grep*", "klog"),
    ("kubelet/*", "journal-short"),
    ("misc/*crio*", "journal-short"),
    ("misc/*concatenated.json", "kubernetes-json"),
    ("misc/*.csv", None),
    ("INDEX.md", None),
)


@pytest.fixture(scope="module")
def content(corpus: Path) -> dict[str, Any]:
    if not (corpus / "samples").is_dir():
        pytest.skip("the corpus lacks samples")
    store = Recognising(MemoryStore())
    ingest([corpus / "samples"], store)
    return inventory.document(store)


def test_each_is_known_as_what_it_is(content: dict[str, Any]) -> None:
    wrong = []
    for row in content["sources"]:
        expected = next(known for pattern, known in KNOWN if fnmatch(row["source"], pattern))
        empty = row["status"] in ("empty", "duplicate")
        if expected != "?" and row["format"] != expected and not empty:
            wrong.append((row["source"], row["format"], expected))
    assert wrong == []


def test_what_cannot_be_read_is_told_with_the_reason(content: dict[str, Any]) -> None:
    for row in content["sources"]:
        assert row["rejected"] == sum(reject["count"] for reject in row.get("rejects", [])), row["source"]
        assert all(reject["reason"] for reject in row.get("rejects", []))
        assert row["status"] not in ("failed", "unrecognised") or row["detail"], row["source"]
