"""podopsy explain: the reasoning of one finding, with its raw lines."""

from typing import Annotated

import typer

from analyzer.cli import options as o


def register(app: typer.Typer) -> None:
    app.command()(o.spread(explain))


def explain(
    finding: Annotated[str, typer.Argument(metavar="FINDING-ID", help="Its id, or the beginning of it.")],
    evidence: o.Evidence,
    question: o.Question,
    context: Annotated[int, typer.Option("-C", "--context", min=0, max=50, help="Lines of the source around each cited one.")] = 1,
) -> None:
    """Tell how a finding was reached: its edges, their bounds, and each record that proves them, with context."""
    from analyzer.outputs import explanation

    analysis = o.run(evidence, question)
    o.say(explanation.render(analysis, finding, evidence.paths or [], context))
