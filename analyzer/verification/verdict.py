"""The sources of findings, read again and compared: with a store, with a findings document, or with an analysis made just now."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from analyzer.analysis import Analysis, analyze
from analyzer.evidence import walk
from analyzer.exceptions import UsageError
from analyzer.lifecycle.controllers import Name
from analyzer.plan import Options
from analyzer.progress import Progress
from analyzer.store import Target
from analyzer.verification.citations import Citation, failing
from analyzer.verification.sources import Fate, fates, present, recorded
from analyzer.verification.written import Written
from analyzer.version import tool_version

_WORDS = ("evidence", "summary")
"""Keys of a finding that are not compared by themselves: citations are checked one by one, and how it is told may improve."""


@dataclass(frozen=True)
class Problem:
    """What does not hold. ``where``: a source, a place in one, or a finding; ``findings``: ids of those that rest on it."""

    where: str
    says: str
    findings: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        return {"where": self.where, "says": self.says, "findings": list(self.findings)}


@dataclass
class Verdict:
    """``notes``: what is told though it does no harm (a source under another name);
    ``failed``: detectors of other distributions that could not be used."""

    findings: int = 0
    citations: int = 0
    sources: int = 0
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        return {
            "findings": self.findings,
            "citations": self.citations,
            "sources": self.sources,
            "problems": [p.document() for p in self.problems],
            "notes": [p.document() for p in self.notes],
        }


def verify(
    paths: Sequence[str | Path],
    *,
    store: Target | None = None,
    written: Written | None = None,
    options: Options | None = None,
    desired: Mapping[Name, int] | None = None,
    kinds: Collection[str] | None = None,
    without: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Whether the sources under ``paths`` say what is cited by ``written``, else by the store's findings, else by today's own.

    Nothing is written to the store. Raises EvidenceError where there is nothing usable under ``paths``.
    """
    today = analyze(paths, options=options, desired=desired, kinds=kinds, without=without, progress=progress)
    if written is not None:
        cited = written.findings
    else:
        made = today if store is None else analyze([], store=store, desired=desired, kinds=kinds, without=without)
        cited = {f.id: f.document() for f in made.findings}
    citations = _citations(cited)
    if store is not None:
        known = recorded(store.table("sources"))
    elif written is not None:
        known = written.sources
    else:
        known = recorded(today.sources)
    verdict = Verdict(len(cited), sum(len(f["evidence"]) for f in cited.values()), len(known), failed=today.failed)
    _check(verdict, fates(known, present(walk(paths))), citations, today)
    if written is not None:
        verdict.problems += _compared(written, today)
    return verdict


def _citations(findings: Mapping[str, dict[str, Any]]) -> list[Citation]:
    """Each cited record once, by source and place."""
    found: dict[tuple[str, int | None, int | None, str], list[str]] = {}
    for identity, finding in findings.items():
        for proof in finding["evidence"]:
            of = found.setdefault((proof["source"], proof.get("line"), proof.get("offset"), proof["text"]), [])
            if identity not in of:
                of.append(identity)
    order = sorted(found, key=lambda key: (key[0], key[1] or 0, key[2] or 0, key[3]))
    return [Citation(*key, findings=tuple(found[key])) for key in order]


def _check(verdict: Verdict, fared: list[Fate], citations: list[Citation], today: Analysis) -> None:
    by_source: dict[str, list[Citation]] = {}
    for citation in citations:
        by_source.setdefault(citation.source, []).append(citation)
    ids = dict(today.sources.filter(pl.col("sha256") != "").select("source", "source_id").iter_rows())
    for fate in fared:
        cited = by_source.pop(fate.recorded.name, [])
        if fate.says is not None:
            lost = f"; {len(cited)} cited record(s) with it" if fate.here is None and cited else ""
            told = Problem(fate.recorded.name, fate.says + lost, _resting(cited))
            (verdict.notes if fate.holds else verdict.problems).append(told)
        if fate.here is not None and cited:
            source = fate.here.source
            for wrong in failing(cited, source, today.store, ids.get(source.name, "")):
                verdict.problems.append(Problem(wrong.place, f"does not say what is cited: {wrong.text}", wrong.findings))
    for name, cited in by_source.items():
        verdict.problems.append(Problem(name, f"cited {len(cited)} time(s), but not one of the recorded sources", _resting(cited)))


def _resting(cited: list[Citation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(identity for citation in cited for identity in citation.findings))


def _compared(written: Written, today: Analysis) -> Iterator[Problem]:
    """Findings that the document has and an analysis does not give today, the other way round, and those that say otherwise."""
    try:
        now = {f.id: f.document() for f in today.narrowed(written.asked).findings}
    except UsageError as error:  # what was asked for is not in the evidence any more
        yield Problem("selection", str(error), tuple(written.findings))
        return
    version = "" if written.version == tool_version() else f" (written by podopsy {written.version}, this is {tool_version()})"
    for identity, old in written.findings.items():
        new = now.get(identity)
        if new is None:
            yield Problem(f"finding {identity}", f"an analysis does not give it today: {old.get('summary')}{version}", (identity,))
            continue
        keys = [key for key in {**new, **old} if key not in _WORDS and new.get(key) != old.get(key)]
        if not keys and _places(old) != _places(new):
            keys = ["evidence"]
        if keys:
            yield Problem(f"finding {identity}", f"an analysis gives it with other {', '.join(keys)} today{version}", (identity,))
    for identity, new in now.items():
        if identity not in written.findings:
            yield Problem(f"finding {identity}", f"given today, but not in {written.name}: {new['summary']}{version}", (identity,))


def _places(finding: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """What is cited, whatever its source is called now."""
    return sorted((p.get("line") or 0, p.get("offset") or 0, p.get("time") or "", p["text"]) for p in finding["evidence"])
