"""SARIF 2.1.0 (OASIS), for code-scanning dashboards and viewers: detectors are rules, findings are results, cited records are locations."""

from typing import Any, Final
from urllib.parse import quote

import orjson

from analyzer.analysis import Analysis
from analyzer.detectors import known
from analyzer.detectors.base import Detector
from analyzer.findings import Finding
from analyzer.outputs.words import printable, telling
from analyzer.proof import Proof
from analyzer.version import tool_version
from analyzer.vocabulary import Severity

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Final = {Severity.CRITICAL: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_BASE: Final = "EVIDENCE"
"""Sources are named within the evidence; where that lies is not told, so that the same evidence gives the same bytes."""
FINGERPRINT: Final = "podopsyFindingId/v1"
_SUBJECT: Final = ("node", "namespace", "controller", "pod", "pod_uid", "container", "container_id")

Object = dict[str, Any]


def render(analysis: Analysis) -> str:
    """One run. The same evidence gives the same bytes."""
    return orjson.dumps(document(analysis), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def document(analysis: Analysis) -> Object:
    detectors = {d.kind: d for d in known()}
    kinds = [*detectors, *sorted({f.kind for f in analysis.findings} - {*detectors})]
    artifacts = _artifacts(analysis)
    narrowed = {"selection": analysis.selection.document()} if analysis.selection else {}
    places = {artifact["location"]["uri"]: index for index, artifact in enumerate(artifacts)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "podopsy",
                        "fullName": f"podopsy {tool_version()}",
                        "version": tool_version(),
                        "shortDescription": {"text": "Forensic analysis of Kubernetes node failures from the logs that are left."},
                        "rules": [_rule(kind, detectors.get(kind)) for kind in kinds],
                    }
                },
                "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(analysis)}],
                "originalUriBaseIds": {_BASE: {"description": {"text": "The evidence: the files, folders or archives that were read."}}},
                "artifacts": artifacts,
                "results": [_result(f, kinds.index(f.kind), places) for f in analysis.findings],
                "columnKind": "unicodeCodePoints",
                "properties": {"evidence": analysis.evidence(), **narrowed},
            }
        ],
    }


def _rule(kind: str, detector: Detector | None) -> Object:
    rule: Object = {
        "id": kind,
        "defaultConfiguration": {"level": "warning"},
    }
    if detector is not None:
        told = f"Needs: {detector.needs}. It would be contradicted by: {detector.contradicted_by}."
        rule |= {
            "shortDescription": {"text": _message(detector.proves)},
            "fullDescription": {"text": _message(detector.proves)},
            "help": {"text": _message(f"{detector.proves} {told}")},
            "properties": {"from": detector.distribution or "podopsy itself"},
        }
    return rule


def _artifacts(analysis: Analysis) -> list[Object]:
    """What the findings cite. The hash and the length are those of the decompressed content."""
    return [
        {"location": _location(row["source"]), "length": row["size"], "hashes": {"sha-256": row["sha256"]}}
        for row in sorted({row["source"]: row for row in analysis.cited()}.values(), key=lambda row: row["source"])
    ]


def _location(source: str) -> Object:
    return {"uri": quote(source.encode("utf-8", "surrogateescape"), safe="/"), "uriBaseId": _BASE}


def _notifications(analysis: Analysis) -> list[Object]:
    """What was not wholly read, or not usable: silence of it proves nothing."""
    return [{"level": "warning", "message": {"text": _message(printable(line))}} for line in (*analysis.incomplete(), *analysis.failed)]


def _result(finding: Finding, rule: int, places: dict[str, int]) -> Object:
    """It lies where its start is told; all else that proves it is related. ``expected`` findings are results like others: a property
    tells them apart."""
    primary = telling(finding.start) or finding.evidence[0]
    proofs = [primary, *(p for p in finding.evidence if _key(p) != _key(primary))]
    related = [
        _physical(proof, places) | {"id": number, "message": {"text": _message(proof.proves)}} for number, proof in enumerate(proofs)
    ]
    told = finding.document()
    result: Object = {
        "ruleId": finding.kind,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": _message(finding.summary)},
        "locations": [related[0] | {"logicalLocations": _logical(finding)} if _logical(finding) else related[0]],
        "partialFingerprints": {FINGERPRINT: finding.id},
        "properties": {key: value for key, value in told.items() if key not in ("kind", "summary", "evidence") and value is not None},
    }
    return result | ({"relatedLocations": related[1:]} if related[1:] else {})


def _key(proof: Proof) -> tuple[str, int | None, int | None]:
    return proof.source, proof.line, proof.offset


def _physical(proof: Proof, places: dict[str, int]) -> Object:
    location = _location(proof.source)
    if location["uri"] in places:
        location["index"] = places[location["uri"]]
    snippet = {"snippet": {"text": printable(proof.text)}}
    if proof.line is not None:
        region: Object = {"startLine": proof.line, **snippet}
    elif proof.offset is not None:
        region = {"byteOffset": proof.offset, **snippet}
    else:
        return {"physicalLocation": {"artifactLocation": location}}
    return {"physicalLocation": {"artifactLocation": location, "region": region}}


def _logical(finding: Finding) -> list[Object]:
    """The object that it is about."""
    told = [(kind, value) for kind in _SUBJECT if (value := getattr(finding, kind)) and not kind.endswith(("_uid", "_id"))]
    if not told:
        return []
    kind, name = told[-1]
    return [{"name": name, "fullyQualifiedName": " ".join(f"{k}={v}" for k, v in told), "kind": kind}]


def _message(text: str) -> str:
    """A literal message, printable: SARIF reads ``{0}`` as a placeholder, and ``[text](1)`` as a link to a location."""
    escaped = printable(text).replace("{", "{{").replace("}", "}}")
    return escaped.replace("[", "\\[").replace("]", "\\]") if "](" in escaped else escaped
