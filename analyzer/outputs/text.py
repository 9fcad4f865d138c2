"""Findings as text: a table for the terminal, JSON, JSON lines, Markdown. Log content is stripped of control characters."""

import shutil
import textwrap
from collections.abc import Callable

import orjson

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.outputs.story import story
from analyzer.proof import Proof


def render(analysis: Analysis, form: str) -> str:
    """The findings in one of FORMS, ending in a newline."""
    return FORMS[form](analysis)


def printable(text: str) -> str:
    """Log content as it may go to a terminal: no control bytes, no escapes."""
    return "".join(c if c.isprintable() else "�" for c in text)


def _json(analysis: Analysis) -> str:
    return orjson.dumps(analysis.document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _jsonl(analysis: Analysis) -> str:
    return "".join(orjson.dumps(f.document(), option=orjson.OPT_APPEND_NEWLINE).decode() for f in analysis.findings)


def _when(finding: Finding) -> str:
    start, end = finding.start.time, finding.end.time
    begin = start.strftime("%Y-%m-%d %H:%M:%S") if start else "before the evidence"
    until = end.strftime("%H:%M:%S") if end else "open"
    return f"{begin} – {until}"


def _table(analysis: Analysis) -> str:
    """The story, then a finding a paragraph: made to be read, not parsed."""
    width = min(max(shutil.get_terminal_size((120, 24)).columns, 80), 140)
    lines = [_filled(s, width) for s in story(analysis)]
    shown = [f for f in analysis.findings if not f.expected]
    lines += ["", *_rows(shown, width)] if shown else []
    hidden = len(analysis.findings) - len(shown)
    if hidden:
        lines += ["", f"{hidden} more finding(s) by design (rollouts, starts, graceful ends): -o wide shows them."]
    return "\n".join(lines) + "\n"


def _wide(analysis: Analysis) -> str:
    """The story, then all findings with the proofs of each."""
    lines = [_filled(s, 200) for s in story(analysis)] + [""]
    for finding in analysis.findings:
        lines += _rows([finding], 200)
        lines += [f"    {_proof(p)}" for p in finding.evidence]
    return "\n".join(lines) + "\n"


def _rows(findings: list[Finding], width: int) -> list[str]:
    rows = []
    for f in findings:
        head = f"{f.severity.upper():<8} {f.kind:<19} {f.id}  {_when(f)}" + ("  (by design)" if f.expected else "")
        rows += [head, _filled(f.summary, width, "  ")]
    return rows


def _filled(text: str, width: int, indent: str = "") -> str:
    """Wrapped, but no name cut at its hyphens: it is there to be copied."""
    return textwrap.fill(
        printable(text), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False
    )


def _proof(proof: Proof) -> str:
    return printable(f"{proof.place}: {proof.proves}: {proof.text}")


def _markdown(analysis: Analysis) -> str:
    """For a post-mortem document: story, a table of findings, and the evidence of each."""
    lines = [
        "# Findings",
        "",
        *(f"- {_md(s)}" for s in story(analysis)),
        "",
        "| severity | kind | when (UTC) | what | id |",
        "|---|---|---|---|---|",
    ]
    for f in analysis.findings:
        note = " (by design)" if f.expected else ""
        lines.append(f"| {f.severity} | {f.kind}{note} | {_when(f)} | {_md(f.summary)} | `{f.id}` |")
    lines += ["", "## Evidence"]
    for f in analysis.findings:
        lines += ["", f"### {f.kind} `{f.id}`", "", _md(f.summary), ""]
        lines += [f"- `{_code(p.place)}` {_md(p.proves)}: `{_code(p.text)}`" for p in f.evidence]
    return "\n".join(lines) + "\n"


def _md(text: str) -> str:
    """Log content as Markdown text: nothing in it is markup."""
    escaped = printable(text)
    for mark in "\\`*_[]<>|#":
        escaped = escaped.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return escaped


def _code(text: str) -> str:
    return printable(text).replace("`", "'").replace("|", "¦")


FORMS: dict[str, Callable[[Analysis], str]] = {"table": _table, "wide": _wide, "json": _json, "jsonl": _jsonl, "markdown": _markdown}
