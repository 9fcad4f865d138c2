"""Binary journals of real nodes say what journalctl makes of them, record by record and finding by finding."""

import gzip
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analyzer import analyze
from analyzer.formats.base import Format, ReadContext
from analyzer.formats.journals import journal_binary, journal_export, journal_json
from analyzer.outputs import explanation

pytestmark = pytest.mark.corpus
CORPUS = Path(os.environ.get("PODOPSY_CORPUS", Path(__file__).parents[3] / "shared"))
NODES = sorted(path.parent for path in CORPUS.glob("captures/*/*/journal"))
OWN = ["line", "offset", "raw"]


def read(data: bytes, known: Format = journal_binary.FORMAT) -> tuple[pl.DataFrame, pl.DataFrame]:
    batches = list(known.read(io.BytesIO(data), ReadContext(2026)))
    return pl.concat([b.records for b in batches]), pl.concat([b.rejects for b in batches])


def unpacked(sample: Path) -> bytes:
    return gzip.decompress(sample.read_bytes())


@pytest.mark.parametrize(
    "variant",
    [
        "default_compact_zstd_keyed",
        "noncompact_jenkins",
        "noncompact_jenkins_uncompressed",
        "noncompact_zstd_keyed",
        "state_ONLINE_dirty",
    ],
)
def test_all_variants_say_what_the_export_says(variant: str, corpus_sample: Callable[[str], Path]) -> None:
    records, rejects = read(unpacked(corpus_sample(f"journal/c7_{variant}.journal.gz")))
    export, _ = read(unpacked(corpus_sample("journal/c7_input.export.gz")), journal_export.FORMAT)
    assert rejects.is_empty()
    assert records.drop(OWN).equals(export.drop(OWN))


def test_a_copy_that_was_cut_off(corpus_sample: Callable[[str], Path]) -> None:
    """The shipped one ends before the first entry; cut later, all that lies before the cut is there."""
    records, rejects = read(unpacked(corpus_sample("journal/c7_truncated_copy.journal.gz")))
    assert records.is_empty()
    assert rejects["reason"].str.contains("binary journal cut off").any()
    whole = unpacked(corpus_sample("journal/c7_default_compact_zstd_keyed.journal.gz"))
    expected, _ = read(whole)
    middle = int(expected["offset"][expected.height // 2])
    records, rejects = read(whole[:middle])
    assert records.equals(expected[: expected.height // 2])
    assert "1,107 of the 2,214 entries" in rejects["reason"][0]


@pytest.mark.parametrize("node", NODES, ids=lambda path: "-".join(path.parts[-2:]))
def test_the_same_records_as_from_json(node: Path) -> None:
    parts = [read(path.read_bytes()) for path in sorted(node.glob("journal/*.journal*"))]
    assert all(rejects.is_empty() for _, rejects in parts)
    binary = pl.concat([records for records, _ in parts]).drop("record", *OWN)
    binary = binary.filter(pl.col("unit") == "kubelet.service")
    as_json = read((node / "kubelet.journal.json").read_bytes(), journal_json.FORMAT)[0].drop("record", *OWN)
    assert as_json.join(binary, on=as_json.columns, how="anti", nulls_equal=True).is_empty()
    within = binary.filter(pl.col("time") > as_json["time"].min(), pl.col("time") < as_json["time"].max())
    assert within.join(as_json, on=as_json.columns, how="anti", nulls_equal=True).is_empty()


def findings(evidence: Path) -> dict[str, Any]:
    """Findings by id, without the places of their evidence."""
    documents = [finding.document() for finding in analyze([evidence]).findings]
    for document in documents:
        told = ((proof["time"] or "", proof["proves"], proof["text"]) for proof in document["evidence"])
        document["evidence"] = sorted(t for t in told if not t[2].startswith("_CMDLINE"))  # stands in every entry: the first one counts
    return {document["id"]: document for document in documents}


def gather(capture: Path, target: Path, *patterns: str) -> Path:
    for path in (path for pattern in patterns for path in capture.glob(pattern)):
        copy = target / path.relative_to(capture)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return target


@pytest.mark.parametrize("capture", sorted({node.parent for node in NODES}), ids=lambda path: path.name)
def test_the_same_findings_as_from_json(capture: Path, tmp_path: Path) -> None:
    """The node's whole journal tells of the runtime's unit as well; beside JSON of the kubelet's unit that stands in a text."""
    daemons = ("minion-*/docker.short-iso", "minion-*/containerd.short-iso")
    others = ("minion-*/docker-events.jsonl", "minion-*/containerd-events.txt", "cluster/events.json", *daemons)
    from_json = findings(gather(capture, tmp_path / "json", "minion-*/kubelet.journal.json", *others))
    from_binary = findings(gather(capture, tmp_path / "binary", "minion-*/journal/*", *others))
    assert from_binary == from_json
    assert from_json


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="needs journalctl")
@pytest.mark.parametrize("capture", sorted({node.parent for node in NODES}), ids=lambda path: path.name)
def test_the_same_document_as_from_all_of_it_as_json(capture: Path, tmp_path: Path) -> None:
    """Byte for byte, but for the sources' names and kinds and the places within them."""
    binary, as_json = (gather(capture, tmp_path / name, "cluster/*") for name in ("binary", "json"))
    gather(capture, binary, "minion-*/journal/*")
    for journal in capture.glob("minion-*/journal/*"):
        target = as_json / journal.relative_to(capture)
        target.parent.mkdir(parents=True, exist_ok=True)
        written = subprocess.run(["journalctl", "--all", "--output=json", f"--file={journal}"], check=True, capture_output=True)
        target.write_bytes(written.stdout)

    def told(evidence: Path) -> str:
        document = analyze([evidence]).document()
        del document["sources"]  # their digests
        for proof in (proof for finding in document["findings"] for proof in finding["evidence"]):
            proof.pop("line", proof.pop("offset", None))
        for covered in document["coverage"]:
            covered["source_kind"] = covered["source_kind"].replace("journal-binary", "journal-json")
        return json.dumps(document)

    assert told(binary) == told(as_json)


def test_both_renderings_together_change_nothing(capture: Callable[[str], Path], tmp_path: Path) -> None:
    """Rotated file, the dirty one before it and JSON of the same entries: each happening counts once."""
    folder = capture("s5-node-dies")
    others = ("minion-*/docker-events.jsonl", "minion-*/docker.short-iso", "cluster/events.json")
    alone = findings(gather(folder, tmp_path / "one", "minion-*/journal/*", *others))
    both = findings(gather(folder, tmp_path / "two", "minion-*/journal/*", "minion-*/kubelet.journal.json", *others))
    assert alone.keys() == both.keys()


def test_findings_are_explained_without_lines(capture: Callable[[str], Path], tmp_path: Path) -> None:
    evidence = gather(capture("s3-long-outage-return"), tmp_path / "e", "minion-*/journal/*", "minion-*/docker-events.jsonl")
    analysis = analyze([evidence])
    outage = next(finding for finding in analysis.findings if finding.kind == "kubelet-outage")
    text = explanation.render(analysis, outage.id, [evidence], 2)
    assert all(proof.line is None and proof.offset for proof in outage.evidence if "journal" in proof.source)
    assert ".journal@" in text
    assert "MESSAGE=Stopping" in text or "MESSAGE=kubelet.service: Deactivated" in text
