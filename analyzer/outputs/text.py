"""Findings as text: tables for the terminal, JSON, JSON lines; and the forms that have modules of their own. Log content is stripped of
control characters."""

from collections.abc import Callable

import orjson

from analyzer.analysis import Analysis
from analyzer.findings import Finding
from analyzer.outputs import postmortem, sarif
from analyzer.outputs.exports import tables
from analyzer.outputs.findings_table import counted, filled, rows
from analyzer.outputs.screen import PIPE, Screen
from analyzer.outputs.selected import told
from analyzer.outputs.spreadsheet import csv_text
from analyzer.outputs.words import count, printable

_WIDE = 200
"""What ``wide`` has room for, whatever the screen is."""
_HANGING = "  "


def render(analysis: Analysis, form: str, screen: Screen = PIPE) -> str:
    """The findings in one of READ or FORMS, ending in a newline. ``screen``: for those that are made to be read there."""
    return READ[form](analysis, screen) if form in READ else FORMS[form](analysis)


def _json(analysis: Analysis) -> str:
    return orjson.dumps(analysis.document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _jsonl(analysis: Analysis) -> str:
    return "".join(orjson.dumps(f.document(), option=orjson.OPT_APPEND_NEWLINE).decode() for f in analysis.findings)


def _table(analysis: Analysis, screen: Screen) -> str:
    """The story, then a finding a paragraph: made to be read, not parsed."""
    lines = [filled(s, screen, hanging=_HANGING) for s in told(analysis)]
    shown = [f for f in analysis.findings if not f.expected]
    if shown:
        lines += ["", *rows(shown, screen), "", counted(shown, screen), "podopsy explain ID shows the lines that prove one."]
    hidden = len(analysis.findings) - len(shown)
    if hidden:
        told_of = f"{count(hidden, 'more finding')} by design (rollouts, starts, graceful ends): -o wide shows them."
        lines += [*([] if shown else [""]), filled(told_of, screen)]
    return "\n".join(lines) + "\n"


def _wide(analysis: Analysis, screen: Screen) -> str:
    """The story, then all findings with all that is told of each, and the proofs."""
    wide = Screen(max(screen.width, _WIDE), screen.colour, screen.ascii_only)
    lines = [filled(s, wide, hanging=_HANGING) for s in told(analysis)] + [""]
    return "\n".join([*lines, *rows(analysis.findings, wide, more=_proofs)]) + "\n"


def _proofs(finding: Finding) -> list[str]:
    return [printable(f"    {p.place}: {p.proves}: {p.text}") for p in finding.evidence]


READ: dict[str, Callable[[Analysis, Screen], str]] = {"table": _table, "wide": _wide}
"""Forms for a terminal; they fit it."""
FORMS: dict[str, Callable[[Analysis], str]] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": lambda analysis: csv_text(tables.findings(analysis)),
    "markdown": postmortem.render,
    "sarif": sarif.render,
}
"""Forms for other tools: the same everywhere, and in UTF-8."""
