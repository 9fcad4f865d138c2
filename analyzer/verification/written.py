"""A findings document that was printed earlier (``analyze -o json``)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from analyzer.exceptions import UsageError
from analyzer.findings import SCHEMA_VERSION
from analyzer.selection import ALL, Asked, asked_of
from analyzer.verification.sources import Recorded


@dataclass(frozen=True)
class Written:
    """Its findings by id, as they stand there, the sources that they cite, the version of the tool that wrote them, and what was asked
    for of all that an analysis found."""

    name: str
    version: str
    findings: dict[str, dict[str, Any]]
    sources: list[Recorded]
    asked: Asked = ALL


def read_document(path: Path) -> Written:
    """Raises UsageError, in one line, for a file that is no findings document."""
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path}: not a findings document: {error} (write one with: podopsy analyze PATH -o json)") from error
    fault = next(_faults(document), None)
    if fault is not None:
        raise UsageError(f"{path}: not a findings document: {fault} (write one with: podopsy analyze PATH -o json)")
    findings = {f["id"]: f for f in document["findings"]}
    digests = {s["source"]: Recorded(s["source"], s["sha256"], s["size"]) for s in document.get("sources", ())}
    names = sorted({*digests, *(proof["source"] for finding in findings.values() for proof in finding["evidence"])})
    sources = [digests.get(name, Recorded(name)) for name in names]
    asked = asked_of(document["selection"]) if "selection" in document else ALL
    return Written(path.name, str(document.get("tool", {}).get("version")), findings, sources, asked)


def _faults(document: Any) -> Iterator[str]:
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        yield "it has no list of findings"
    elif document.get("schema_version") != SCHEMA_VERSION:
        yield f"its schema_version is {document.get('schema_version')!r}, not {SCHEMA_VERSION!r}"
    elif document.get("redacted"):
        yield "it is redacted, so that no source says what it cites: verify the one it was made of"
    elif not isinstance(document.get("tool", {}), dict):
        yield "its tool is no object"
    elif not isinstance(document.get("sources", []), list) or not all(map(_is_source, document.get("sources", []))):
        yield "its sources are no list of names with SHA-256 and size"
    else:
        for number, finding in enumerate(document["findings"]):
            proofs = finding.get("evidence") if isinstance(finding, dict) else None
            if not isinstance(proofs, list) or not isinstance(finding.get("id"), str):
                yield f"finding {number} has no id or no evidence"
            elif not all(_is_proof(proof) for proof in proofs):
                yield f"finding {finding['id']} has evidence without source, place or text"
        try:
            asked_of(document.get("selection", {}))
        except UsageError as error:
            yield str(error)


def _is_source(source: Any) -> bool:
    keys = {"source": str, "sha256": str, "size": int}
    return isinstance(source, dict) and all(isinstance(source.get(key), kind) for key, kind in keys.items())


def _is_proof(proof: Any) -> bool:
    if not isinstance(proof, dict) or not isinstance(proof.get("source"), str) or not isinstance(proof.get("text"), str):
        return False
    return all(isinstance(proof.get(name), int | None) for name in ("line", "offset")) and ("line" in proof or "offset" in proof)
