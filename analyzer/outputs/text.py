"""Findings as text: tables for the terminal, JSON, JSON lines; and the forms that have modules of their own. Log content is stripped of
control characters."""

import shutil
import textwrap
from collections.abc import Callable

import orjson

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.outputs import postmortem, sarif
from analyzer.outputs.exports import tables
from analyzer.outputs.selected import told
from analyzer.outputs.spreadsheet import csv_text
from analyzer.outputs.words import printable, when
from analyzer.proof import Proof


def render(analysis: Analysis, form: str) -> str:
    """The findings in one of FORMS, ending in a newline."""
    return FORMS[form](analysis)


def _json(analysis: Analysis) -> str:
    return orjson.dumps(analysis.document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _jsonl(analysis: Analysis) -> str:
    return "".join(orjson.dumps(f.document(), option=orjson.OPT_APPEND_NEWLINE).decode() for f in analysis.findings)


def _table(analysis: Analysis) -> str:
    """The story, then a finding a paragraph: made to be read, not parsed."""
    width = min(max(shutil.get_terminal_size((120, 24)).columns, 80), 140)
    lines = [_filled(s, width) for s in told(analysis)]
    shown = [f for f in analysis.findings if not f.expected]
    lines += ["", *_rows(shown, width)] if shown else []
    hidden = len(analysis.findings) - len(shown)
    if hidden:
        lines += ["", f"{hidden} more finding(s) by design (rollouts, starts, graceful ends): -o wide shows them."]
    return "\n".join(lines) + "\n"


def _wide(analysis: Analysis) -> str:
    """The story, then all findings with the proofs of each."""
    lines = [_filled(s, 200) for s in told(analysis)] + [""]
    for finding in analysis.findings:
        lines += _rows([finding], 200)
        lines += [f"    {_proof(p)}" for p in finding.evidence]
    return "\n".join(lines) + "\n"


def _rows(findings: list[Finding], width: int) -> list[str]:
    rows = []
    for f in findings:
        head = f"{f.severity.upper():<8} {f.kind:<19} {f.id}  {when(f.start.time, f.end.time)}" + ("  (by design)" if f.expected else "")
        rows += [head, _filled(f.summary, width, "  ")]
    return rows


def _filled(text: str, width: int, indent: str = "") -> str:
    """Wrapped, but no name cut at its hyphens: it is there to be copied."""
    return textwrap.fill(
        printable(text), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


def _proof(proof: Proof) -> str:
    return printable(f"{proof.place}: {proof.proves}: {proof.text}")


FORMS: dict[str, Callable[[Analysis], str]] = {
    "table": _table,
    "wide": _wide,
    "json": _json,
    "jsonl": _jsonl,
    "csv": lambda analysis: csv_text(tables.findings(analysis)),
    "markdown": postmortem.render,
    "sarif": sarif.render,
}
