"""podopsy analyze: the findings."""

from enum import StrEnum
from typing import Annotated

import typer

from analyzer.cli import options as o


class Output(StrEnum):
    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    MARKDOWN = "markdown"
    SARIF = "sarif"


def register(app: typer.Typer) -> None:
    app.command()(o.spread(analyze))


def analyze(
    evidence: o.Evidence,
    question: o.Question,
    chosen: o.Chosen,
    shared: o.Shared,
    output: Annotated[Output, typer.Option("-o", "--output", help="How the findings are written.")] = Output.TABLE,
    fail_on: Annotated[
        str | None, typer.Option("--fail-on", metavar="KIND|SEVERITY", help="Exit with 1 if there is an unexpected finding of it.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 if some evidence could not be read, or a detector used.")] = False,
) -> None:
    """Find kubelet outages, orphaned containers, adoptions, overshoot windows; each with its proof."""
    from analyzer.detectors import kinds_known
    from analyzer.exceptions import UsageError
    from analyzer.outputs import text
    from analyzer.vocabulary import Severity

    if fail_on is not None and fail_on not in [*(kinds := kinds_known()), *Severity]:
        raise UsageError(f"--fail-on {fail_on}: neither a kind ({', '.join(kinds)}) nor a severity ({', '.join(Severity)})")
    analysis = o.run(evidence, question, chosen, shared)
    if output in text.READ:
        o.say(text.render(analysis, output, o.screen()))
    else:
        o.hand_over(text.render(analysis, output))
    if fail_on is not None and any(fail_on in (f.kind, f.severity) and not f.expected for f in analysis.findings):
        raise typer.Exit(1)
    if strict and (analysis.incomplete() or analysis.failed):
        raise typer.Exit(4)
