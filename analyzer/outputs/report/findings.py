"""The findings as the page lists them: columns of what, where and when, their details in words, and the records that prove them."""

from collections.abc import Iterator
from typing import Any

import orjson

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.outputs.report.columns import Cited, Columns, Lists, Strings
from analyzer.outputs.report.embed import name, told
from analyzer.vocabulary import Severity

EVIDENCE = 60
"""Records of one finding that the page shows; `podopsy explain` shows all."""
MOST = 20_000
"""Findings whose details and records the page holds, the gravest first; of more it tells what, where and when."""
_DETAIL = 600
_SEVERITIES = list(Severity)


class Listed:
    """All findings: those that are not by design first, each part by severity and start."""

    def __init__(self, analysis: Analysis, say: Strings, cited: Cited) -> None:
        self._say = say
        self._findings = analysis.findings
        self.ids = [f.id for f in self._findings]
        order = sorted(range(len(self._findings)), key=lambda n: (self._findings[n].expected, n))
        whole = set(order[:MOST])
        evidence: dict[int, list[int]] = {}
        edges: dict[int, tuple[int, int]] = {}
        for n in order:
            finding = self._findings[n]
            edges[n] = (cited.edge(finding.start, line=n in whole), cited.edge(finding.end, line=n in whole))
            evidence[n] = [cited.proof(p) for p in finding.evidence[:EVIDENCE]] if n in whole else []
        self._edges = [edges[n] for n in range(len(self._findings))]
        self._evidence, self._details = Lists(), Lists()
        for n, finding in enumerate(self._findings):
            self._evidence.add(evidence[n])
            self._details.add(x for pair in details(finding) for x in (say(pair[0]), say(pair[1])) if n in whole)

    def columns(self, into: Columns) -> None:
        say, some = self._say, self._findings

        def named(field: str) -> list[int]:
            return [say(None if (v := getattr(f, field)) is None else name(v)) for f in some]

        into.add("byte", finding_severity=[_SEVERITIES.index(f.severity) for f in some], finding_expected=[f.expected for f in some])
        into.add(
            "int",
            finding_kind=[say(str(f.kind)) for f in some],
            finding_confidence=[say(str(f.confidence)) for f in some],
            finding_node=named("node"),
            finding_namespace=named("namespace"),
            finding_controller=named("controller"),
            finding_pod=named("pod"),
            finding_uid=named("pod_uid"),
            finding_container=named("container"),
            finding_container_id=named("container_id"),
            finding_summary=[say(told(f.summary)) for f in some],
            finding_begin=[e[0] for e in self._edges],
            finding_finish=[e[1] for e in self._edges],
            finding_details=self._details.first,
            detail=self._details.values,
            finding_evidence=self._evidence.first,
            evidence=self._evidence.values,
            finding_more=[len(f.evidence) - (b - a) for f, a, b in zip(some, self._evidence.first, self._evidence.first[1:], strict=False)],
        )


def details(finding: Finding) -> Iterator[tuple[str, str]]:
    """What else is told of a finding, in words."""
    for key, value in finding.details.items():
        if value not in (None, [], {}):
            yield from _named(key.replace("_", " "), value)


def _named(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Numbers by what they measure; of a group, each by its own name."""
    if isinstance(value, dict) and any(isinstance(v, dict | list) for v in value.values()):
        for name_, inner in value.items():
            if inner not in (None, [], {}):
                yield from _named(f"{key}: {name_.replace('_', ' ')}", inner)
    else:
        yield key, told(_words(value), _DETAIL)


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ("; " if any(isinstance(v, str) and " " in v for v in value) else ", ").join(_words(v) for v in value)
    if isinstance(value, dict):
        return ", ".join(f"{k}: {_words(v)}" for k, v in value.items() if v is not None)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return orjson.dumps(value).decode()
