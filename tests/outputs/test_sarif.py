"""SARIF as the standard's own schema has it, and as dashboards read it."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from analyzer.detectors import REGISTRY
from analyzer.outputs.sarif import FINGERPRINT
from analyzer.outputs.text import render
from tests.browser import hostile
from tests.outputs.cases import CASES, shipped

SCHEMA = Path(__file__).parent / "schemas" / "sarif-2.1.0.json"


def run(name: str) -> dict[str, Any]:
    (told,) = json.loads(render(CASES[name](), "sarif"))["runs"]
    return told  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_is_valid(name: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(SCHEMA.read_text())
    document = json.loads(render(CASES[name](), "sarif"))
    assert [e.message for e in jsonschema.Draft202012Validator(schema).iter_errors(document)] == []
    document["runs"][0]["results"].append({"message": {}, "level": "fatal"})
    assert not jsonschema.Draft202012Validator(schema).is_valid(document), "the schema does look at results"


@pytest.mark.parametrize("name", sorted(CASES))
def test_indices_and_ids_hold(name: str) -> None:
    """What a schema does not see."""
    told = run(name)
    rules = told["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules][: len(REGISTRY)] == [d.kind for d in REGISTRY]
    for result in told["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        related = result.get("relatedLocations", [])
        assert len({location["id"] for location in related}) == len(related)
        for location in [*result["locations"], *related]:
            physical = location["physicalLocation"]["artifactLocation"]
            assert ".." not in physical["uri"].split("/")
            if "index" in physical:
                assert told["artifacts"][physical["index"]]["location"]["uri"] == physical["uri"]
    for artifact in told["artifacts"]:
        assert len(artifact["hashes"]["sha-256"]) == 64


def test_results_say_what_findings_say() -> None:
    analysis = shipped()
    told = run("long outage")
    levels = {"critical": "error", "warning": "warning", "info": "note"}
    assert [r["partialFingerprints"][FINGERPRINT] for r in told["results"]] == [f.id for f in analysis.findings]
    for result, finding in zip(told["results"], analysis.findings, strict=True):
        assert (result["ruleId"], result["level"], result["message"]["text"]) == (finding.kind, levels[finding.severity], finding.summary)
        places = {
            (unquote(p["artifactLocation"]["uri"]), p["region"].get("startLine"), p["region"]["snippet"]["text"])
            for p in (location["physicalLocation"] for location in [*result["locations"], *result.get("relatedLocations", [])])
        }
        assert {(p.source, p.line, p.text) for p in finding.evidence} <= places
    outage = told["results"][0]
    assert outage["locations"][0]["physicalLocation"]["region"]["snippet"]["text"] == "kubelet.service: Deactivated successfully."
    assert outage["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "node=minion-01"
    hashes = {s["source"]: s["sha256"] for s in analysis.cited()}
    assert {unquote(a["location"]["uri"]): a["hashes"]["sha-256"] for a in told["artifacts"]} == hashes


def test_a_binary_source_has_offsets() -> None:
    from dataclasses import replace

    analysis = shipped("quick-restart")
    first = analysis.findings[0]
    proofs = tuple(replace(p, line=None, offset=4096 + n) for n, p in enumerate(first.evidence))
    analysis.findings = [replace(first, evidence=proofs, start=replace(first.start, proofs=proofs))]
    (result,) = json.loads(render(analysis, "sarif"))["runs"][0]["results"]
    regions = [loc["physicalLocation"]["region"] for loc in [*result["locations"], *result["relatedLocations"]]]
    assert {r["byteOffset"] for r in regions} == {p.offset for p in proofs}
    assert not any("startLine" in r for r in regions)


def test_hostile_names_are_no_markup() -> None:
    analysis = hostile.analysis()
    results = json.loads(render(analysis, "sarif"))["runs"][0]["results"]
    assert results
    for result in results:
        assert result["message"]["text"].isprintable()
        for location in (*result["locations"], *result.get("relatedLocations", [])):
            assert location["physicalLocation"]["region"]["snippet"]["text"].isprintable()
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert uri.isascii()
            assert uri.startswith("dir/")
            assert not set(uri) & set(' <>"\\^`{|}')
        assert "{{{{ 7*191 }}}}" in result["message"]["text"], "braces are doubled: {0} would be a placeholder"


def test_what_was_not_read_is_told() -> None:
    notes = run("hostile")["invocations"][0]["toolExecutionNotifications"]
    assert len(notes) == 2
    assert all("2 record(s) rejected" in n["message"]["text"] for n in notes)
