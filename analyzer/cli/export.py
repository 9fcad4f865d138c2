"""podopsy export: for the tools that people have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options as o


class Tool(StrEnum):
    PERFETTO = "perfetto"
    TIMESKETCH = "timesketch"
    CSV = "csv"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    app.command()(o.spread(export))


def export(
    tool: Annotated[Tool, typer.Argument(metavar="perfetto|timesketch|csv|parquet", help="What it is for.")],
    evidence: o.Evidence,
    question: o.Question,
    chosen: o.Chosen,
    shared: o.Shared,
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE|DIR", help="A file (perfetto, timesketch; or - for stdout), or a folder (csv, parquet)."),
    ],
) -> None:
    """Write a Perfetto trace, a Timesketch timeline, or the tables as CSV or Parquet."""
    from analyzer.exceptions import UsageError
    from analyzer.outputs.exports import REGISTRY
    from analyzer.outputs.files import STDOUT

    chosen_one = next(e for e in REGISTRY if e.name == tool)
    if chosen_one.folder and out == STDOUT:
        raise UsageError(f"--out -: {tool} writes several files: name a folder")
    analysis = o.run(evidence, question, chosen, shared)
    with o.writable(out):
        told = chosen_one.write(analysis, out)
    o.note(f"{out}: {told}")
