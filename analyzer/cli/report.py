"""podopsy report: one self-contained HTML file."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options as o


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    paths: o.Paths = None,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="Where the report goes.")] = Path("podopsy-report.html"),
    store: o.StoreDir = None,
    title: Annotated[str | None, typer.Option("--title", help="Its title. Default: the name of the evidence.")] = None,
    node: o.Node = None,
    source_format: o.Format = None,
    tz: o.Zone = None,
    year: o.Year = None,
    captured: o.Captured = None,
    desired: o.Desired = None,
) -> None:
    """Write one HTML file that works offline: story, findings, picture, evidence, provenance."""
    from analyzer.outputs.report import write

    analysis = o.run(paths, store, node=node, source_format=source_format, zone=tz, year=year, captured=captured, desired=desired)
    name = title or (Path(paths[0]).resolve().name if paths else str(store))
    with o.writable(out):
        write(analysis, out, title=name, command=" ".join(["podopsy", *sys.argv[1:]]))
    typer.echo(f"{out}: {len(analysis.findings)} findings", err=True)
