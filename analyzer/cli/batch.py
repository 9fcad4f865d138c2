"""podopsy batch: many cases, one after the other on all cores."""

from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli import options as o
from analyzer.outputs.words import printable


def register(app: typer.Typer) -> None:
    app.command()(o.spread(batch))


def batch(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Each archive or folder in it is a case.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Findings, reports and the index go there.")],
    sought: o.Sought,
    again: Annotated[bool, typer.Option("--again", help="Analyze all cases, also those that have not changed.")] = False,
    jobs: Annotated[int | None, typer.Option("-j", "--jobs", min=1, help="Processes. Default: as many as there are cores.")] = None,
) -> None:
    """Analyze each case below DIR: findings.json and report.html for each, an index over all. Run again, it does what is missing."""
    from analyzer.batch import run_batch
    from analyzer.detectors import known

    sought.check()
    known(o.complain)
    with o.progress() as bar, o.writable(out):
        outcome = run_batch(directory, out, jobs=jobs, again=again, kinds=sought.kind, without=sought.without, progress=bar)
    o.say(f"{outcome.done} analyzed, {outcome.kept} unchanged, {outcome.failed} failed: {printable(str(out / 'index.html'))}\n")
    if outcome.failed:
        raise typer.Exit(4)
