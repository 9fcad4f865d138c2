"""podopsy report: one self-contained HTML file."""

import sys
from dataclasses import replace
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
    shared: o.Shared,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="Where the report goes.")] = Path("podopsy-report.html"),
    title: Annotated[str | None, typer.Option("--title", help="Its title. Default: the name of the evidence.")] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="A B", help="Instead: two incidents side by side, as before and after a change. A PATH each."),
    ] = None,
) -> None:
    """Write one HTML file that works offline: story, verdict, picture, findings, evidence, provenance."""
    command = "podopsy report --redact" if shared.redact else " ".join(["podopsy", *sys.argv[1:]])
    if compare is not None:
        _compare(compare, evidence, question, chosen, shared, out, title, command)
        return
    from analyzer.outputs.report import write

    analysis = o.run(evidence, question, chosen, shared)
    name = (
        title
        or ("redacted" if shared.redact else None)
        or (Path(evidence.paths[0]).resolve().name if evidence.paths else str(evidence.store))
    )
    with o.writable(out), o.busy("writing the report"):
        write(analysis, out, title=name, command=command)
    o.note(f"{out}: {len(analysis.findings)} findings")


def _compare(
    two: tuple[str, str],
    evidence: o.Evidence,
    question: o.Question,
    chosen: o.Chosen,
    shared: o.Shared,
    out: Path,
    title: str | None,
    command: str,
) -> None:
    """What is said of the evidence (zone, year, replicas asked for, what is shown) is said of both."""
    from analyzer.exceptions import UsageError
    from analyzer.outputs.report import write_comparison

    if evidence.paths or evidence.store is not None:
        raise UsageError("--compare A B names the evidence itself: no other PATH and no --store beside it")
    one, other = (o.run(replace(evidence, paths=[path]), question, chosen, shared) for path in two)
    names = [Path(path).resolve().name for path in two]
    if names[0] == names[1]:
        names = list(two)
    if shared.redact:
        names = ["A", "B"]
    with o.writable(out), o.busy("writing the report"):
        write_comparison(one, other, out, names=(names[0], names[1]), command=command, title=title)
    o.note(f"{out}: {len(one.findings)} findings against {len(other.findings)}")
