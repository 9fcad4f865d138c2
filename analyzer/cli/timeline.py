"""podopsy timeline: the lanes of one object in the terminal."""

from typing import Annotated

import typer

from analyzer.cli import options as o


def register(app: typer.Typer) -> None:
    app.command()(o.spread(timeline))


def timeline(
    name: Annotated[str, typer.Argument(metavar="OBJECT", help="A pod, container (name or id), node or controller.")],
    evidence: o.Evidence,
    span: o.Span,
    everything: Annotated[bool, typer.Option("--all", help="All lanes, findings and events, and these not cut to the width.")] = False,
) -> None:
    """Draw what one object went through, with its findings, and list its events."""
    from analyzer.outputs import timeline as drawing

    analysis = o.run(evidence, chosen=span)
    o.say("\n".join(drawing.lanes(analysis, name, o.screen(), everything=everything)) + "\n")
