"""podopsy timeline: the lanes of one object in the terminal."""

import os
import shutil
import sys
from typing import Annotated

import typer

from analyzer.cli import options as o


def register(app: typer.Typer) -> None:
    app.command()(o.spread(timeline))


def timeline(
    name: Annotated[str, typer.Argument(metavar="OBJECT", help="A pod, container (name or id), node or controller.")],
    evidence: o.Evidence,
    span: o.Span,
) -> None:
    """Draw what one object went through, and list its events."""
    from analyzer.outputs import timeline as drawing

    analysis = o.run(evidence, chosen=span)
    width = shutil.get_terminal_size((100, 24)).columns
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    typer.echo("\n".join(drawing.lanes(analysis, name, width, colour=colour)))
