"""podopsy report: one self-contained HTML file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options as o


def register(app: typer.Typer) -> None:
    app.command()(o.spread(report))


def report(
    evidence: o.Evidence,
    question: o.Question,
    chosen: o.Chosen,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="Where the report goes.")] = Path("podopsy-report.html"),
    title: Annotated[str | None, typer.Option("--title", help="Its title. Default: the name of the evidence.")] = None,
) -> None:
    """Write one HTML file that works offline: story, findings, picture, evidence, provenance."""
    from analyzer.outputs.report import write

    analysis = o.run(evidence, question, chosen)
    name = title or (Path(evidence.paths[0]).resolve().name if evidence.paths else str(evidence.store))
    with o.writable(out):
        write(analysis, out, title=name, command=" ".join(["podopsy", *sys.argv[1:]]))
    typer.echo(f"{out}: {len(analysis.findings)} findings", err=True)
