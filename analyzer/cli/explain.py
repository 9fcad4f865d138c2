"""podopsy explain: the reasoning of one finding, with its raw lines."""

from typing import Annotated

import typer

from analyzer.cli import options as o


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    finding: Annotated[str, typer.Argument(metavar="FINDING-ID", help="Its id, or the beginning of it.")],
    paths: o.Paths = None,
    store: o.StoreDir = None,
    context: Annotated[int, typer.Option("-C", "--context", min=0, max=50, help="Lines of the source around each cited one.")] = 1,
    node: o.Node = None,
    source_format: o.Format = None,
    tz: o.Zone = None,
    year: o.Year = None,
    captured: o.Captured = None,
    desired: o.Desired = None,
) -> None:
    """Tell how a finding was reached: its edges, their bounds, and each record that proves them, with context."""
    from analyzer.outputs import explanation

    analysis = o.run(paths, store, node=node, source_format=source_format, zone=tz, year=year, captured=captured, desired=desired)
    typer.echo(explanation.render(analysis, finding, paths or [], context), nl=False)
